#include "coordinator/coord_state.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EFFECTS_FIRST = 64 };

struct coord *coord_new(const struct coord_config *config)
{
	struct coord *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->config = *config;
	c->limit = UINT32_MAX;
	TAILQ_INIT(&c->programme);
	TAILQ_INIT(&c->leases);
	TAILQ_INIT(&c->again);
	donors_init(&c->donors);
	trust_init(&c->trust);
	board_init(&c->board);
	map_init(&c->leases_by_id);
	return c;
}

void coord_free(struct coord *c)
{
	struct coord_effect e;

	if (!c)
		return;
	while (coord_effect(c, &e)) {
		op_free(e.op);
		prep_free(e.prep);
	}
	free(c->effects);
	lend_free(c);
	programme_free(c);
	board_deinit(&c->board);
	trust_deinit(&c->trust);
	donors_deinit(&c->donors);
	map_deinit(&c->leases_by_id);
	free(c);
}

uint64_t coord_random(struct coord *c)
{
	return c->config.random(c->config.random_ctx);
}

/* --- effects ------------------------------------------------------------- */

static int effects_grow(struct coord *c)
{
	size_t cap = c->effect_cap ? 2 * c->effect_cap : EFFECTS_FIRST;
	struct coord_effect *bigger = calloc(cap, sizeof *bigger);

	if (!bigger)
		return ERR_NOMEM;
	for (size_t i = 0; i < c->effect_count; i++)
		bigger[i] = c->effects[(c->effect_first + i) % c->effect_cap];
	free(c->effects);
	c->effects = bigger;
	c->effect_first = 0;
	c->effect_cap = cap;
	return 0;
}

void coord_emit(struct coord *c, const struct coord_effect *e)
{
	if (c->effect_count == c->effect_cap && effects_grow(c) != 0) {
		op_free(e->op);
		prep_free(e->prep);
		c->fatal = true;
		return;
	}
	c->effects[(c->effect_first + c->effect_count) % c->effect_cap] = *e;
	c->effect_count++;
}

bool coord_effect(struct coord *c, struct coord_effect *out)
{
	if (c->effect_count == 0 && c->fatal && !c->done) {
		c->done = true;
		*out = (struct coord_effect){ .type = EF_DONE,
					      .err = ERR_NOMEM };
		return true;
	}
	if (c->effect_count == 0)
		return false;
	*out = c->effects[c->effect_first];
	c->effect_first = (c->effect_first + 1) % c->effect_cap;
	c->effect_count--;
	return true;
}

void coord_out_of_memory(struct coord *c)
{
	c->fatal = true;
}

void coord_store(struct coord *c, struct op *op)
{
	c->depth++;
	coord_emit(c, &(struct coord_effect){ .type = EF_STORE, .op = op });
}

void coord_reply(struct coord *c, uint64_t tag, const char *text)
{
	if (tag)
		coord_emit(c, &(struct coord_effect){ .type = EF_REPLY,
						      .tag = tag,
						      .text = text });
}

void coord_refuse(struct coord *c, uint64_t tag, int err, const char *text)
{
	struct coord_effect e = { .type = EF_REFUSE, .tag = tag, .err = err };

	snprintf(e.why.text, sizeof e.why.text, "%s", text);
	if (tag)
		coord_emit(c, &e);
}

void coord_log(struct coord *c, const char *fmt, ...)
{
	struct coord_effect e = { .type = EF_LOG };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e.why.text, sizeof e.why.text, fmt, ap);
	va_end(ap);
	coord_emit(c, &e);
}

/* --- restore ------------------------------------------------------------- */

static int restore_donor(void *ctx, const struct donor_record *record)
{
	struct coord *c = ctx;

	return donors_add(&c->donors, record) ? 0 : ERR_NOMEM;
}

/* Joined before this process was there; registered or not is yet to learn. */
static int restore_session(void *ctx, const struct session_record *r)
{
	struct coord *c = ctx;
	struct donor *donor = donors_by_id(&c->donors, r->donor);

	if (!donor || r->threads < 1 || r->threads > THREADS_MAX)
		return ERR_MALFORMED;
	return session_join(&c->donors, r->session, donor,
			    (uint32_t)r->threads) ?
		       0 :
		       ERR_NOMEM;
}

static int restore_job(void *ctx, const struct job_record *job)
{
	struct coord *c = ctx;

	if (job->id > c->last_job)
		c->last_job = job->id;
	if (!job->playlist)
		return 0;
	if (job->playlist > c->playlist)
		c->playlist = job->playlist;
	c->resume = *job;
	if (job->finished)
		c->resume.id = 0;
	return 0;
}

static int restore_chunk(struct donor *donor, const struct ledger_row *row)
{
	donor->chunks++;
	if (row->batch)
		donor->pending_us += row->credit_us;
	else
		donor->verified_us += row->credit_us;
	return 0;
}

static int restore_settled(struct donor *donor, const struct ledger_row *row)
{
	if (donor->pending_us < row->credit_us)
		return ERR_MALFORMED;
	donor->pending_us -= row->credit_us;
	if (row->type == LEDGER_VERIFIED) {
		donor->verified_us += row->credit_us;
		donor->audits++;
		return 0;
	}
	donor->unconfirmed++;
	donor->frozen |= ++donor->failures >= FAILURES_MAX;
	return 0;
}

static int restore_row(void *ctx, const struct ledger_row *row)
{
	struct coord *c = ctx;
	struct donor *donor = donors_by_id(&c->donors, row->donor);

	c->seq = row->seq;
	if (row->batch > c->trust.last_id)
		c->trust.last_id = row->batch;
	if (row->type == LEDGER_FINISHED)
		return 0;
	if (!donor)
		return ERR_MALFORMED;
	switch (row->type) {
	case LEDGER_CHUNK:
		return restore_chunk(donor, row);
	case LEDGER_VERIFIED:
	case LEDGER_DROPPED:
		return restore_settled(donor, row);
	case LEDGER_FROZEN:
		donor->frozen = true;
		return 0;
	case LEDGER_THAWED:
		donor->frozen = false;
		donor->failures = 0;
		return 0;
	case LEDGER_FINISHED:
		break;
	}
	return ERR_MALFORMED;
}

static int restore_batch(void *ctx, struct batch_record *batch)
{
	struct coord *c = ctx;
	struct donor *donor = donors_by_id(&c->donors, batch->donor);

	if (!donor)
		return ERR_MALFORMED;
	return trust_restore(&c->trust, donor, batch) ? 0 : ERR_NOMEM;
}

const struct store_reader coord_reader = {
	.donor = restore_donor,
	.session = restore_session,
	.job = restore_job,
	.row = restore_row,
	.batch = restore_batch,
};

/* --- the step ------------------------------------------------------------ */

static void set_trouble(struct coord *c, struct bytes text)
{
	bool had = c->trouble[0] != '\0';

	snprintf(c->trouble, sizeof c->trouble, "%.*s", (int)text.len,
		 text.len ? (const char *)text.data : "");
	c->progress_due |= had != (text.len > 0);
	if (text.len && !had)
		coord_log(c, "%s: waiting, nothing counts until it is "
			     "written",
			  c->trouble);
	else if (!text.len && had)
		coord_log(c, "the database can be written again");
}

static void host(struct coord *c, const struct coord_event *e)
{
	char spec[SPEC_BYTES];

	switch (e->type) {
	case EV_START:
	case EV_PAUSE:
		c->paused = e->type == EV_PAUSE;
		c->progress_due = true;
		coord_reply(c, e->tag, NULL);
		break;
	case EV_NEXT:
		programme_next(c);
		coord_reply(c, e->tag, NULL);
		break;
	case EV_QUEUE:
		if (e->text.len >= sizeof spec ||
		    memchr(e->text.data ? e->text.data : (const void *)"", 0,
			   e->text.len)) {
			coord_refuse(c, e->tag, ERR_LIMIT,
				     "a job's spec is too long");
			break;
		}
		snprintf(spec, sizeof spec, "%.*s", (int)e->text.len,
			 (const char *)e->text.data);
		if (coord_queue(c, spec) != 0)
			coord_refuse(c, e->tag, ERR_LIMIT,
				     "the queue is full");
		else
			coord_reply(c, e->tag, "queue");
		break;
	default:
		people_step(c, e);
		break;
	}
}

static void tick(struct coord *c)
{
	lend_tick(c);
	programme_snapshots(c);
	if (board_update(&c->board, &c->donors, c->now_ms))
		coord_emit(c,
			   &(struct coord_effect){ .type = EF_TELL_BOARD });
	if (c->now_ms - c->progress_ms >= 1000 || c->progress_due) {
		c->progress_ms = c->now_ms;
		c->progress_due = false;
		c->budget.threads = donors_threads_most(&c->donors);
		coord_emit(c, &(struct coord_effect){
				      .type = EF_TELL_PROGRESS });
	}
}

static void handle(struct coord *c, const struct coord_event *e)
{
	switch (e->type) {
	case EV_TICK:
		tick(c);
		break;
	case EV_READY:
		c->ready = true;
		c->slow_ms = 0;
		c->slow_until_ms = 0;
		break;
	case EV_LOST:
		c->ready = false;
		lend_lost(c);
		break;
	case EV_RESULT:
		result_step(c, &e->result);
		break;
	case EV_FAILED:
		lend_failed(c, e->lease, e->failure);
		break;
	case EV_COMMITTED:
		commit_step(c, e->ops);
		break;
	case EV_STORE:
		set_trouble(c, e->text);
		break;
	case EV_PREPARED:
		programme_prepared(c, e->prep);
		break;
	case EV_REGISTERED:
	case EV_UNREGISTERED:
	case EV_CALLEES:
	case EV_NO_META:
	case EV_SESSION_LEFT:
		people_callees(c, e);
		break;
	default:
		host(c, e);
		break;
	}
}

void coord_step(struct coord *c, const struct coord_event *e, uint64_t now_ms)
{
	c->now_ms = now_ms;
	handle(c, e);
	programme_step(c);
	audit_step(c);
	lend_step(c);
}
