#include "router/request.h"

#include "router/attributes.h"
#include "router/authorize.h"
#include "router/meta.h"

static bool is_next_request(const struct session *s, uint64_t request)
{
	return request == session_next_id(s->last_request);
}

static bool take_request(struct session *s, uint64_t request)
{
	if (!is_next_request(s, request)) {
		router_violation(s, "request ids must count from 1 in steps "
				    "of 1");
		return false;
	}
	s->last_request = request;
	return true;
}

/* What the message is about; an unknown policy is told by who reads it. */
static enum uri_match match_of(const struct message *m)
{
	enum uri_match match = URI_EXACT;
	struct bytes text;

	if ((m->type == MSG_SUBSCRIBE || m->type == MSG_REGISTER) &&
	    value_get_str(dict_get(m->options, "match"), &text))
		(void)uri_match_parse(text, &match);
	return match;
}

static const enum action actions[] = {
	[MSG_CALL] = ACTION_CALL,
	[MSG_REGISTER] = ACTION_REGISTER,
	[MSG_PUBLISH] = ACTION_PUBLISH,
	[MSG_SUBSCRIBE] = ACTION_SUBSCRIBE,
};

static void refuse(struct session *s, const struct message *m,
		   const char *uri, const char *text)
{
	bool acknowledge = false;

	/* "PUBLISH": an ERROR only if an acknowledgement was asked for, be it
	 * by a value that is no bool. */
	if (m->type != MSG_PUBLISH ||
	    (dict_get(m->options, "acknowledge") &&
	     (!value_get_bool(dict_get(m->options, "acknowledge"),
			      &acknowledge) || acknowledge)))
		session_error(s, m->type, m->request, uri, text);
}

static bool has_options(struct session *s, const struct message *m)
{
	const char *wrong = attributes_wrong(m);

	if (wrong)
		refuse(s, m, "wamp.error.invalid_argument", wrong);
	return !wrong;
}

/* By the role's authorizer where one was asked, or its permissions. */
static bool is_granted(const struct session *s, const struct message *m,
		       enum uri_match match)
{
	enum decision decision = authz_verdict(s).decision;

	return decision == DECISION_NONE ?
		       access_allows(&s->role->access, actions[m->type],
				     m->uri, match) :
		       decision == DECISION_YES;
}

static bool is_permitted(struct session *s, const struct message *m,
			 enum uri_match match)
{
	if (is_granted(s, m, match))
		return true;
	if (authz_verdict(s).decision == DECISION_FAILED)
		refuse(s, m, "wamp.error.authorization_failed",
		       "the authorizer did not decide");
	else
		refuse(s, m, "wamp.error.not_authorized", NULL);
	return false;
}

/* May `s` do this with this URI? Answers when not. */
static bool is_allowed(struct session *s, const struct message *m)
{
	enum uri_match match = match_of(m);
	bool own = m->type == MSG_REGISTER || m->type == MSG_PUBLISH;

	if (!uri_valid(m->uri, match, s->turn->uri_strict) ||
	    (own && uri_reserved(m->uri))) {
		refuse(s, m, "wamp.error.invalid_uri",
		       own && uri_reserved(m->uri) ?
			       "what begins with wamp. is the router's" :
			       "not a valid URI or pattern");
		return false;
	}
	return is_permitted(s, m, match);
}

/* Of an allowed call or publication. */
static struct grant grant_of(const struct session *s, enum action action,
			     const struct message *m)
{
	struct verdict verdict = authz_verdict(s);

	if (verdict.decision == DECISION_NONE)
		return access_grant(&s->role->access, action, m->uri);
	return (struct grant){ .disclose = verdict.disclose };
}

/* "Payload Passthru Mode": who has not announced it must not use it. */
static bool passthru_allowed(struct session *s, const struct message *m,
			     enum feature feature)
{
	if (s->features & (unsigned)feature || !passthru_asked(m->options))
		return true;
	router_violation(s, "payload_passthru_mode was not announced in HELLO");
	return false;
}

/* --- messages of a session that has joined ------------------------------- */

static void on_publish(struct session *s, const struct message *m)
{
	if (!take_request(s, m->request) ||
	    !passthru_allowed(s, m, PUBLISHER_PASSTHRU) ||
	    !has_options(s, m) || !is_allowed(s, m))
		return;
	broker_publish(&s->realm->broker, s, m,
		       grant_of(s, ACTION_PUBLISH, m));
}

static void on_subscribe(struct session *s, const struct message *m)
{
	if (take_request(s, m->request) && has_options(s, m) &&
	    is_allowed(s, m))
		broker_subscribe(&s->realm->broker, s, m);
}

static void on_unsubscribe(struct session *s, const struct message *m)
{
	if (take_request(s, m->request))
		broker_unsubscribe(&s->realm->broker, s, m);
}

static bool is_progressive(const struct message *call)
{
	return value_is_true(dict_get(call->options, "progress"));
}

/* The router is the callee, and one that reads its arguments. */
static bool is_readable(const struct message *call)
{
	return !passthru_asked(call->options) && !is_progressive(call);
}

static void call_router(struct session *s, const struct message *m)
{
	if (!is_readable(m))
		refuse(s, m, "wamp.error.feature_not_supported",
		       "the router's procedures read their arguments, and at "
		       "once");
	else
		meta_call(s->realm, s, m);
}

/* "Verification of CALL Request IDs": does it continue a call? Only of who
 * has announced it. */
static bool is_continuation(const struct session *s, uint64_t request)
{
	return s->features & CALLER_STREAMING &&
	       !is_next_request(s, request) &&
	       (request <= s->last_request ||
		id_map_get(&s->requests, request));
}

static void continue_call(struct session *s, const struct message *m)
{
	const char *wrong = dealer_continue(&s->realm->dealer, s, m);

	if (wrong)
		router_violation(s, wrong);
}

static void on_call(struct session *s, const struct message *m)
{
	if (is_continuation(s, m->request)) {
		continue_call(s, m);
		return;
	}
	if (is_progressive(m) && !(s->features & CALLER_STREAMING)) {
		router_violation(s, "progressive_call_invocations was not "
				    "announced in HELLO");
		return;
	}
	if (!take_request(s, m->request) ||
	    !passthru_allowed(s, m, CALLER_PASSTHRU) ||
	    !has_options(s, m) || !is_allowed(s, m))
		return;
	if (uri_reserved(m->uri)) {
		call_router(s, m);
		return;
	}
	dealer_call(&s->realm->dealer, s, m,
		    grant_of(s, ACTION_CALL, m));
}

static void on_cancel(struct session *s, const struct message *m)
{
	dealer_cancel(&s->realm->dealer, s, m);
}

static void on_register(struct session *s, const struct message *m)
{
	if (take_request(s, m->request) && has_options(s, m) &&
	    is_allowed(s, m))
		dealer_register(&s->realm->dealer, s, m);
}

static void on_unregister(struct session *s, const struct message *m)
{
	if (take_request(s, m->request))
		dealer_unregister(&s->realm->dealer, s, m);
}

static void on_yield(struct session *s, const struct message *m)
{
	if (!passthru_allowed(s, m, CALLEE_PASSTHRU))
		return;
	if (!dealer_yield(&s->realm->dealer, s, m))
		router_violation(s, "YIELD to an invocation that never was");
}

static void on_error(struct session *s, const struct message *m)
{
	if (!dealer_error(&s->realm->dealer, s, m))
		router_violation(s, "ERROR to an invocation that never was");
}

static void on_goodbye(struct session *s, const struct message *m)
{
	(void)m;
	session_goodbye(s, "wamp.close.goodbye_and_out", NULL);
	router_finish(s, 1000, "goodbye");
}

static void on_abort(struct session *s, const struct message *m)
{
	(void)m;
	router_finish(s, 1000, "aborted by the client");
}

typedef void message_fn(struct session *s, const struct message *m);

static message_fn *const handlers[] = {
	[MSG_ABORT] = on_abort,
	[MSG_GOODBYE] = on_goodbye,
	[MSG_ERROR] = on_error,
	[MSG_PUBLISH] = on_publish,
	[MSG_SUBSCRIBE] = on_subscribe,
	[MSG_UNSUBSCRIBE] = on_unsubscribe,
	[MSG_CALL] = on_call,
	[MSG_CANCEL] = on_cancel,
	[MSG_REGISTER] = on_register,
	[MSG_UNREGISTER] = on_unregister,
	[MSG_YIELD] = on_yield,
};

/* Is it for an authorizer to decide, and not yet decided? Then the message is
 * kept. What is no valid request is answered without asking. */
static bool is_asked_about(struct router *r, struct session *s,
			   const struct message *m)
{
	struct matter matter = { .uri = m->uri, .options = m->options };
	bool own = m->type == MSG_REGISTER || m->type == MSG_PUBLISH;

	if (!s->role->authorizer ||
	    (m->type != MSG_CALL && m->type != MSG_SUBSCRIBE && !own) ||
	    (m->type == MSG_CALL && is_continuation(s, m->request)))
		return false;
	matter.action = actions[m->type];
	matter.match = match_of(m);
	if (!uri_valid(m->uri, matter.match, s->turn->uri_strict) ||
	    (own && uri_reserved(m->uri)) || attributes_wrong(m))
		return false;
	return authz_ask(r, s, &matter, r->message);
}

/* The second matter of a call that may be made. */
static bool is_asked_further(struct router *r, struct session *s,
			     const struct message *m)
{
	struct matter matter;

	return s->role->authorizer && m->type == MSG_CALL &&
	       uri_reserved(m->uri) && is_next_request(s, m->request) &&
	       is_readable(m) && is_granted(s, m, URI_EXACT) &&
	       meta_matter(s->realm, s, m, &matter) &&
	       authz_ask_further(r, s, &matter, r->message);
}

void router_request(struct router *r, struct session *s,
		    const struct message *m)
{
	unsigned type = (unsigned)m->type;

	if (is_asked_about(r, s, m) || is_asked_further(r, s, m))
		return;
	if (type < sizeof handlers / sizeof *handlers && handlers[type])
		handlers[type](s, m);
	else
		router_unexpected(s, m->type,
				  "after the session was established");
	authz_done(s);
}
