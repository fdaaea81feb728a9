#include "router/authorize.h"

#include <stdlib.h>
#include <string.h>

#include "router/ask.h"
#include "router/parcels.h"

/* A decision for the rest of the session. */
struct known {
	enum action action;
	enum uri_match match;
	struct verdict verdict;
	char *uri; /* owned; NULL: this place is free */
	size_t len;
};

/* Outlives its session when that is gone before the answer comes. */
struct question {
	struct router *router;
	struct session *session; /* NULL: nobody waits any more */
	bool is_further; /* the second matter of its message */
	enum action action;
	enum uri_match match;
	size_t len;
	char uri[];
};

struct authz {
	struct question *question; /* NULL: none is open */
	struct verdict verdict, further;
	struct parcels kept;
	struct known known[AUTHZ_CACHE];
	unsigned next; /* place in known */
};

/* --- lives --------------------------------------------------------------- */

static struct authz *authz_of(struct session *s)
{
	if (!s->authz) {
		s->authz = calloc(1, sizeof *s->authz);
		if (s->authz)
			parcels_init(&s->authz->kept);
	}
	return s->authz;
}

void authz_leave(struct session *s)
{
	if (!s->authz || !s->authz->question)
		return;
	s->authz->question->session = NULL;
	s->authz->question = NULL;
	session_pause(s, PAUSE_DECISION, false);
}

void authz_free(struct authz *a)
{
	if (!a)
		return;
	if (a->question)
		a->question->session = NULL;
	parcels_clear(&a->kept);
	for (unsigned i = 0; i < AUTHZ_CACHE; i++)
		free(a->known[i].uri);
	free(a);
}

/* --- messages that wait -------------------------------------------------- */

int authz_keep(struct session *s, struct bytes message)
{
	struct parcels *kept = &s->authz->kept;
	size_t most = s->limits->message_bytes ? s->limits->message_bytes
					       : wamp_limits_default.bytes_max;

	if (kept->bytes + message.len > most + AUTHZ_KEPT_SPARE)
		return ERR_LIMIT;
	return parcels_add(kept, message);
}

struct bytes authz_first(const struct session *s)
{
	return s->authz ? parcels_first(&s->authz->kept) : bytes_of(NULL, 0);
}

void authz_drop(struct session *s)
{
	parcel_free(parcels_take(&s->authz->kept));
}

bool authz_is_waiting(const struct session *s)
{
	return s->authz && s->authz->question;
}

struct verdict authz_verdict(const struct session *s)
{
	return s->authz ? s->authz->verdict
			: (struct verdict){ DECISION_NONE, false };
}

struct verdict authz_further(const struct session *s)
{
	return s->authz ? s->authz->further
			: (struct verdict){ DECISION_NONE, false };
}

bool authz_was_asked(const struct session *s)
{
	return authz_verdict(s).decision != DECISION_NONE ||
	       authz_further(s).decision != DECISION_NONE;
}

void authz_done(struct session *s)
{
	if (!s->authz)
		return;
	s->authz->verdict.decision = DECISION_NONE;
	s->authz->further.decision = DECISION_NONE;
}

/* --- decisions that are known -------------------------------------------- */

static const struct known *find(const struct authz *a,
				const struct matter *m)
{
	for (unsigned i = 0; i < AUTHZ_CACHE; i++) {
		const struct known *k = &a->known[i];

		if (k->uri && k->action == m->action && k->match == m->match &&
		    k->len == m->uri.len &&
		    !memcmp(k->uri, m->uri.data, k->len))
			return k;
	}
	return NULL;
}

/* In the place of the oldest. Without memory it is asked again. */
static void remember(struct authz *a, const struct question *q,
		     struct verdict verdict)
{
	struct known *k = &a->known[a->next++ % AUTHZ_CACHE];

	free(k->uri);
	*k = (struct known){ q->action, q->match, verdict,
			     q->len <= AUTHZ_URI_MAX ? malloc(q->len + 1)
						     : NULL,
			     q->len };
	if (k->uri)
		memcpy(k->uri, q->uri, q->len);
}

/* --- the answer ---------------------------------------------------------- */

static struct verdict verdict_of(bool allow, bool disclose)
{
	return (struct verdict){ allow ? DECISION_YES : DECISION_NO,
				 allow && disclose };
}

static struct verdict read_answer(struct authz *a, const struct question *q,
				  struct bytes error,
				  const struct value *answer)
{
	struct verdict verdict = { DECISION_FAILED, false };
	bool allow;

	if (error.len)
		return verdict;
	if (value_get_bool(answer, &allow))
		return verdict_of(allow, false);
	if (!value_get_bool(dict_get(answer, "allow"), &allow))
		return verdict;
	verdict = verdict_of(allow, value_is_true(dict_get(answer,
							   "disclose")));
	if (value_is_true(dict_get(answer, "cache")))
		remember(a, q, verdict);
	return verdict;
}

static struct verdict *slot_of(struct authz *a, bool is_further)
{
	return is_further ? &a->further : &a->verdict;
}

static void on_answer(void *ctx, struct bytes error,
		      const struct client_data *data)
{
	struct question *q = ctx;
	struct session *s = q->session;

	if (s) {
		s->authz->question = NULL;
		*slot_of(s->authz, q->is_further) =
			read_answer(s->authz, q, error,
				    list_at(data->args, 0));
		session_pause(s, PAUSE_DECISION, false);
		router_resume(q->router, s);
	}
	free(q);
}

/* --- the question -------------------------------------------------------- */

static const char *const names[] = {
	[ACTION_CALL] = "call",
	[ACTION_REGISTER] = "register",
	[ACTION_PUBLISH] = "publish",
	[ACTION_SUBSCRIBE] = "subscribe",
};

static int describe(struct arena *a, const struct session *s,
		    struct value *out)
{
	const struct {
		const char *key, *text;
	} parts[] = {
		{ "realm", s->realm->config->name },
		{ "authid", s->authid },
		{ "authrole", role_name(s->role) },
		{ "authmethod", s->authmethod },
		{ "authprovider", s->authprovider },
	};
	int err = dict_set(a, out, "session", value_int((int64_t)s->id));

	for (unsigned i = 0; !err && i < sizeof parts / sizeof *parts; i++)
		err = dict_set(a, out, parts[i].key, value_str(parts[i].text));
	return err;
}

static int fill_args(struct arena *a, const struct session *s,
		     const struct matter *m, struct value *args)
{
	struct value session = value_dict();
	int err = describe(a, s, &session);

	if (!err)
		err = list_add(a, args, session);
	if (!err)
		err = list_add(a, args, value_text(m->uri));
	if (!err)
		err = list_add(a, args, value_str(names[m->action]));
	return err ? err : list_add(a, args,
				    m->options ? *m->options : value_dict());
}

static int send_question(struct router *r, struct session *s,
			 const struct matter *m, bool is_further,
			 struct bytes message)
{
	struct question *q = malloc(sizeof *q + m->uri.len);
	struct value args = value_list();
	bool said_again = authz_first(s).data == message.data;
	int err;

	if (!q)
		return ERR_NOMEM;
	*q = (struct question){ r, s, is_further, m->action, m->match,
				 m->uri.len };
	memcpy(q->uri, m->uri.data, m->uri.len);
	err = said_again ? 0 : authz_keep(s, message);
	if (!err) {
		err = fill_args(&r->turn.arena, s, m, &args);
		if (!err)
			err = ask(r, s->realm, NULL, s->role->authorizer,
				  &args, on_answer, q);
		if (err && !said_again)
			authz_drop(s);
	}
	if (err)
		free(q);
	else
		s->authz->question = q;
	return err;
}

static bool ask_about(struct router *r, struct session *s,
		      const struct matter *m, bool is_further,
		      struct bytes message)
{
	struct authz *a;
	const struct known *known;

	if (access_allows(&s->role->access, m->action, m->uri, m->match))
		return false;
	a = authz_of(s);
	known = a ? find(a, m) : NULL;
	if (known) {
		*slot_of(a, is_further) = known->verdict;
		return false;
	}
	if (a && !send_question(r, s, m, is_further, message)) {
		session_pause(s, PAUSE_DECISION, true);
		return true;
	}
	if (a)
		slot_of(a, is_further)->decision = DECISION_FAILED;
	return false;
}

bool authz_ask(struct router *r, struct session *s,
	       const struct matter *m, struct bytes message)
{
	return authz_verdict(s).decision == DECISION_NONE &&
	       ask_about(r, s, m, false, message);
}

bool authz_ask_further(struct router *r, struct session *s,
		       const struct matter *m, struct bytes message)
{
	return authz_further(s).decision == DECISION_NONE &&
	       ask_about(r, s, m, true, message);
}
