#include "coordinator/coord_state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "coordinator/names.h"

enum { NAME_TRIES = 8, NAMES_FEW = 3000 };

/* --- join ---------------------------------------------------------------- */

static bool is_taken(const struct coord *c, const char *name)
{
	size_t at = 0;
	const struct donor *d;

	while ((d = donors_next(&c->donors, &at)) != NULL)
		if (strcmp(d->record.name, name) == 0)
			return true;
	return false;
}

/* Two words that nobody has; a number more when that does not come soon, or
 * when there are so many donors that looking for it would take long. */
static void make_name(struct coord *c, struct donor_record *r)
{
	bool few = c->donors.by_id.count < NAMES_FEW;

	for (unsigned i = 0; i < NAME_TRIES; i++) {
		name_make(coord_random(c), r->name);
		if (few && !is_taken(c, r->name))
			return;
	}
	snprintf(r->name + strlen(r->name), sizeof r->name - strlen(r->name),
		 " %llu", (unsigned long long)(r->id % 1000000));
}

static void set_device(struct donor_record *r, struct bytes device)
{
	struct why why;
	char checked[NAME_BYTES];

	if (device.len >= sizeof r->device ||
	    name_check(device, checked, &why) != 0)
		snprintf(r->device, sizeof r->device, "device");
	else
		snprintf(r->device, sizeof r->device, "%.64s", checked);
}

static int make_record(struct coord *c, const struct coord_join *j,
		       const char *token, struct donor_record *r,
		       struct why *why)
{
	char pass[SECRET_BYTES];
	int err;

	*r = (struct donor_record){ .id = c->donors.last_id + 1,
				    .trusted = j->trusted };
	err = secret_pass(token, pass);
	if (!err)
		err = sha256_of(bytes_str(token), r->token_sha256);
	if (!err)
		err = sha256_of(bytes_str(pass), r->pass_sha256);
	if (err)
		return why_set(why, err, "out of memory");
	set_device(r, j->device);
	if (j->name.len)
		return name_check(j->name, r->name, why);
	make_name(c, r);
	return 0;
}

static void emit_joined(struct coord *c, uint64_t tag,
			const struct donor *donor, const char *token)
{
	struct coord_effect e = { .type = EF_JOINED,
				  .tag = tag,
				  .donor = donor->record.id };

	snprintf(e.token, sizeof e.token, "%s", token);
	if (secret_pass(token, e.pass) != 0)
		coord_refuse(c, tag, ERR_NOMEM, "out of memory");
	else
		coord_emit(c, &e);
}

static bool add_session(struct coord *c, const struct coord_join *j,
			struct donor *donor)
{
	struct session *s = session_join(&c->donors, j->session, donor,
					 (uint32_t)j->threads);

	if (!s)
		return false;
	donor->heard_ms = c->now_ms;
	donor->rejected = 0;
	return !c->no_meta ||
	       session_register(&c->donors, j->session, false, true) == 0;
}

static void join_new(struct coord *c, const struct coord_event *e)
{
	struct op *op = op_new(OP_JOIN);
	char token[SECRET_BYTES];
	struct donor *donor = NULL;
	struct why why = { "out of memory" };
	int err = op ? 0 : ERR_NOMEM;

	secret_make(coord_random(c), coord_random(c), token);
	if (!err)
		err = make_record(c, &e->join, token, &op->donor, &why);
	if (!err)
		op->text = strdup(token);
	if (!err && op->text)
		donor = donors_add(&c->donors, &op->donor);
	if (!donor || !add_session(c, &e->join, donor)) {
		op_free(op);
		coord_refuse(c, e->tag, err ? err : ERR_NOMEM, why.text);
		return;
	}
	op->session = (struct session_record){ e->join.session,
					       donor->record.id,
					       e->join.threads };
	op->tag = e->tag;
	coord_store(c, op);
}

static void join_again(struct coord *c, const struct coord_event *e,
		       struct donor *donor)
{
	struct op *op = op_new(OP_SESSION);
	char token[SECRET_BYTES];

	if (!op || !add_session(c, &e->join, donor)) {
		op_free(op);
		coord_refuse(c, e->tag, ERR_NOMEM, "out of memory");
		return;
	}
	op->session = (struct session_record){ e->join.session,
					       donor->record.id,
					       e->join.threads };
	coord_store(c, op);
	snprintf(token, sizeof token, "%.*s", (int)e->join.token.len,
		 (const char *)e->join.token.data);
	emit_joined(c, e->tag, donor, token);
}

/* A token of the other role is an unknown one: a pass of a trusted donor is
 * verified at once, and must not come into other hands by its token. */
static void join(struct coord *c, const struct coord_event *e)
{
	const struct coord_join *j = &e->join;
	struct donor *donor = j->token.len == SECRET_BYTES - 1 ?
				      donors_by_token(&c->donors, j->token) :
				      NULL;

	if (donor && donor->record.trusted == j->trusted)
		join_again(c, e, donor);
	else
		join_new(c, e);
}

void people_joined(struct coord *c, const struct op *op)
{
	struct donor *donor = donors_by_id(&c->donors, op->donor.id);

	emit_joined(c, op->tag, donor, op->text);
	coord_emit(c, &(struct coord_effect){ .type = EF_TELL_JOINED,
					      .donor = op->donor.id });
}

/* --- rename, wave, freeze ------------------------------------------------ */

static struct donor *own(struct coord *c, const struct coord_event *e)
{
	struct session *s = session_find(&c->donors, e->session);

	if (s && s->donor)
		return s->donor;
	coord_refuse(c, e->tag, ERR_NOT_FOUND, "call donor.join first");
	return NULL;
}

static void rename_donor(struct coord *c, const struct coord_event *e)
{
	struct donor *donor = own(c, e);
	struct op *op;
	struct why why = { "out of memory" };
	int err;

	if (!donor)
		return;
	op = op_new(OP_RENAME);
	err = op ? name_check(e->name, op->donor.name, &why) : ERR_NOMEM;
	if (err) {
		op_free(op);
		coord_refuse(c, e->tag, err, why.text);
		return;
	}
	op->donor.id = donor->record.id;
	op->tag = e->tag;
	coord_store(c, op);
}

void people_renamed(struct coord *c, const struct op *op)
{
	struct donor *donor = donors_by_id(&c->donors, op->donor.id);

	memcpy(donor->record.name, op->donor.name, NAME_BYTES);
	board_touch(&c->board);
	coord_emit(c, &(struct coord_effect){ .type = EF_REPLY,
					      .tag = op->tag,
					      .donor = op->donor.id });
}

static void wave(struct coord *c, const struct coord_event *e)
{
	struct donor *donor = own(c, e);

	if (!donor)
		return;
	coord_reply(c, e->tag, NULL);
	if (donor->waved_ms && c->now_ms - donor->waved_ms < WAVE_MS)
		return;
	donor->waved_ms = c->now_ms;
	coord_emit(c, &(struct coord_effect){ .type = EF_TELL_FOUND,
					      .donor = donor->record.id,
					      .text = "wave" });
}

static void freeze(struct coord *c, const struct coord_event *e)
{
	struct donor *donor = donors_by_id(&c->donors, e->donor);
	struct op *op;

	if (!donor) {
		coord_refuse(c, e->tag, ERR_NOT_FOUND, "no such donor");
		return;
	}
	op = op_new(OP_NOTE);
	if (!op) {
		coord_refuse(c, e->tag, ERR_NOMEM, "out of memory");
		return;
	}
	op->row.type = e->frozen ? LEDGER_FROZEN : LEDGER_THAWED;
	op->row.donor = e->donor;
	op->tag = e->tag;
	coord_store(c, op);
}

void people_noted(struct coord *c, const struct op *op)
{
	struct donor *donor = donors_by_id(&c->donors, op->row.donor);

	donor->frozen = op->row.type == LEDGER_FROZEN;
	if (!donor->frozen)
		donor->failures = 0;
	board_touch(&c->board);
	coord_reply(c, op->tag, NULL);
}

void people_step(struct coord *c, const struct coord_event *e)
{
	switch (e->type) {
	case EV_JOIN:
		join(c, e);
		break;
	case EV_RENAME:
		rename_donor(c, e);
		break;
	case EV_WAVE:
		wave(c, e);
		break;
	default:
		freeze(c, e);
		break;
	}
}

/* --- who is registered --------------------------------------------------- */

static void set_registered(struct coord *c, uint64_t session,
			   enum coord_procedure procedure, bool registered)
{
	struct session *s;

	if (session_register(&c->donors, session, procedure == PROCEDURE_AUDIT,
			     registered) != 0)
		return; /* learned again at the next look */
	s = session_find(&c->donors, session);
	if (!registered || !s)
		return;
	s->heard_ms = c->now_ms;
	c->limit = UINT32_MAX;
	c->slow_ms = 0;
	c->slow_until_ms = 0;
}

static bool is_registered(const struct session *s,
			  enum coord_procedure procedure)
{
	return procedure == PROCEDURE_AUDIT ? s->audit : s->chunk;
}

/* Sessions to unregister one by one: a walk must not change the map. */
static const struct session *not_seen(const struct coord *c,
				      enum coord_procedure procedure)
{
	size_t at = 0;
	const struct session *s;

	while ((s = session_next(&c->donors, &at)) != NULL)
		if (is_registered(s, procedure) && s->seen != c->generation)
			return s;
	return NULL;
}

static void exactly(struct coord *c, const struct coord_event *e)
{
	const struct session *gone;

	c->generation++;
	for (size_t i = 0; i < e->session_count; i++) {
		struct session *s = session_find(&c->donors, e->sessions[i]);

		if (!s || !is_registered(s, e->procedure))
			set_registered(c, e->sessions[i], e->procedure, true);
		s = session_find(&c->donors, e->sessions[i]);
		if (s)
			s->seen = c->generation;
	}
	while ((gone = not_seen(c, e->procedure)) != NULL)
		set_registered(c, gone->id, e->procedure, false);
}

static void left(struct coord *c, uint64_t session)
{
	struct session *s = session_find(&c->donors, session);
	struct op *op;

	if (!s)
		return;
	op = s->donor ? op_new(OP_LEFT) : NULL;
	if (op) {
		op->session.session = session;
		coord_store(c, op);
	}
	session_leave(&c->donors, session);
}

static void no_meta(struct coord *c)
{
	size_t at = 0;
	struct session *s;

	c->no_meta = true;
	while ((s = session_next(&c->donors, &at)) != NULL)
		if (s->donor && !s->chunk)
			set_registered(c, s->id, PROCEDURE_CHUNK, true);
}

void people_callees(struct coord *c, const struct coord_event *e)
{
	switch (e->type) {
	case EV_REGISTERED:
		set_registered(c, e->session, e->procedure, true);
		break;
	case EV_UNREGISTERED:
		set_registered(c, e->session, e->procedure, false);
		break;
	case EV_CALLEES:
		c->no_meta = false;
		exactly(c, e);
		break;
	case EV_SESSION_LEFT:
		left(c, e->session);
		break;
	default:
		no_meta(c);
		break;
	}
}
