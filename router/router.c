#include "router/router.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/ask.h"
#include "router/authorize.h"
#include "router/join.h"
#include "router/local.h"
#include "router/meta.h"

enum { ARENA_BLOCK_BYTES = 16384, OUT_KEEP_BYTES = 256 << 10 };

static void kill_session(void *ctx, struct session *s, const char *reason,
			 const char *message);

int router_init(struct router *r, const struct router_config *config)
{
	*r = (struct router){ .session_count = 0 };
	r->realms = calloc(config->realm_count, sizeof *r->realms);
	if (!r->realms)
		return ERR_NOMEM;
	if (ask_init(r)) {
		free(r->realms);
		return ERR_NOMEM;
	}
	r->turn.random = config->random;
	r->turn.random_ctx = config->random_ctx;
	r->turn.uri_strict = config->uri_strict;
	r->turn.limits = wamp_limits_default;
	arena_init(&r->turn.arena, ARENA_BLOCK_BYTES);
	buf_init(&r->turn.out);
	ring_init(&r->sessions);
	ring_init(&r->joining);
	ring_init(&r->closing);
	ring_init(&r->throttled);
	ring_init(&r->locals);
	ring_init(&r->locals_waiting);
	cookies_init(&r->cookies);
	for (size_t i = 0; i < sizeof r->pretend; i++)
		r->pretend[i] = (uint8_t)turn_random(&r->turn);
	router_set_time(r, 0, config->unix_ms);
	for (unsigned i = 0; i < config->realm_count; i++) {
		r->realm_count++;
		if (realm_init(&r->realms[i], &config->realms[i], &r->turn,
			       kill_session, r)) {
			router_deinit(r);
			return ERR_NOMEM;
		}
	}
	return 0;
}

void router_deinit(struct router *r)
{
	locals_deinit(r);
	ask_deinit(r);
	cookies_deinit(&r->cookies);
	explicit_bzero(r->pretend, sizeof r->pretend);
	assert(!r->session_count);
	for (unsigned i = 0; i < r->realm_count; i++)
		realm_deinit(&r->realms[i]);
	free(r->realms);
	arena_deinit(&r->turn.arena);
	buf_deinit(&r->turn.out);
}

void router_set_time(struct router *r, uint64_t now_ms, uint64_t unix_ms)
{
	r->turn.now_ms = now_ms;
	r->turn.unix_ms = unix_ms;
}

struct realm *router_realm(struct router *r, struct bytes name)
{
	for (unsigned i = 0; i < r->realm_count; i++)
		if (bytes_equal_str(name, r->realms[i].config->name))
			return &r->realms[i];
	return NULL;
}

/* --- connections --------------------------------------------------------- */

static void wait_in(struct router *r, struct ring *list, struct session *s,
		    uint64_t ms)
{
	s->deadline_ms = r->turn.now_ms + ms;
	ring_remove(&s->waiting);
	ring_add(list, &s->waiting);
}

struct session *router_connect(struct router *r, const struct link *link,
			       const struct authn *authn)
{
	struct session *s = malloc(sizeof *s);

	if (!s)
		return NULL;
	session_init(s, &r->turn, link);
	s->authn = authn;
	ring_add(&r->sessions, &s->in_router);
	r->session_count++;
	wait_in(r, &r->joining, s, HELLO_MS);
	return s;
}

/* Out of its realm; what else it was in goes with it. */
static void leave(struct session *s)
{
	authz_leave(s);
	if (s->realm)
		realm_leave(s->realm, s);
	ring_remove(&s->waiting);
	ring_remove(&s->throttled);
	ring_remove(&s->feeds);
}

/* Nothing is said any more. */
static void finish(struct session *s, unsigned code, const char *why)
{
	session_set_state(s, SESSION_OVER);
	s->link.ops->close(s->link.ctx, code, why);
	leave(s);
}

static void end_turn(struct router *r)
{
	arena_reset(&r->turn.arena);
	buf_clear(&r->turn.out);
	if (r->turn.out.cap > OUT_KEEP_BYTES)
		buf_deinit(&r->turn.out);
	locals_settle(r);
}

void router_settle(struct router *r)
{
	end_turn(r);
}

void router_lost(struct router *r, struct session *s)
{
	if (s->state != SESSION_OVER)
		session_set_state(s, SESSION_OVER);
	leave(s);
	session_deinit(s);
	free(s);
	r->session_count--;
	end_turn(r);
}

void router_drained(struct router *r, struct session *s)
{
	session_release_feeders(s);
	end_turn(r);
}

static void say_goodbye(struct router *r, struct session *s,
			const char *reason, const char *message)
{
	session_goodbye(s, reason, message);
	session_set_state(s, SESSION_CLOSING);
	leave(s);
	session_pause(s, PAUSE_RATE, false);
	session_pause(s, PAUSE_FEEDS, false);
	wait_in(r, &r->closing, s, GOODBYE_MS);
}

static void kill_session(void *ctx, struct session *s, const char *reason,
			 const char *message)
{
	say_goodbye(ctx, s, reason, message);
}

void router_shutdown(struct router *r, const char *reason)
{
	r->going_down = true;
	ring_each(at, &r->sessions) {
		struct session *s = ring_item(at, struct session, in_router);

		if (s->state == SESSION_ESTABLISHED)
			say_goodbye(r, s, reason, NULL);
		else if (s->state == SESSION_NEW ||
			 s->state == SESSION_CHALLENGING ||
			 s->state == SESSION_ASKING)
			session_abort(s, reason, NULL);
	}
	end_turn(r);
}

/* --- protocol rules ------------------------------------------------------ */

static void violation(struct session *s, const char *text)
{
	session_abort(s, "wamp.error.protocol_violation", text);
	leave(s);
}

static void unexpected(struct session *s, enum message_type type,
		       const char *when)
{
	const char *text = arena_printf(&s->turn->arena,
					"received %s %s", message_name(type),
					when);

	violation(s, text ? text : when);
}

/* "IDs", session scope: sequential from 1, beginning again behind 2^53. */
static bool is_next_request(const struct session *s, uint64_t request)
{
	return request == (s->last_request == WAMP_ID_MAX
				   ? 1
				   : s->last_request + 1);
}

static bool take_request(struct session *s, uint64_t request)
{
	if (!is_next_request(s, request)) {
		violation(s, "request ids must count from 1 in steps of 1");
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
	/* "PUBLISH": an ERROR only if an acknowledgement was asked for. */
	if (m->type != MSG_PUBLISH ||
	    value_is_true(dict_get(m->options, "acknowledge")))
		session_error(s, m->type, m->request, uri, text);
}

/* By the role's authorizer where one was asked, or its permissions. */
static bool is_permitted(struct session *s, const struct message *m,
			 enum uri_match match)
{
	switch (authz_verdict(s).decision) {
	case DECISION_YES:
		return true;
	case DECISION_FAILED:
		refuse(s, m, "wamp.error.authorization_failed",
		       "the authorizer did not decide");
		return false;
	case DECISION_NONE:
		if (access_allows(&s->role->access, actions[m->type], m->uri,
				  match))
			return true;
		break;
	case DECISION_NO:
		break;
	}
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
	violation(s, "payload_passthru_mode was not announced in HELLO");
	return false;
}

/* --- messages of a session that has joined ------------------------------- */

static void on_publish(struct session *s, const struct message *m)
{
	if (!take_request(s, m->request) ||
	    !passthru_allowed(s, m, PUBLISHER_PASSTHRU) || !is_allowed(s, m))
		return;
	broker_publish(&s->realm->broker, s, m,
		       grant_of(s, ACTION_PUBLISH, m));
}

static void on_subscribe(struct session *s, const struct message *m)
{
	if (take_request(s, m->request) && is_allowed(s, m))
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
static void call_router(struct session *s, const struct message *m)
{
	if (passthru_asked(m->options) || is_progressive(m))
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
	       !is_next_request(s, request) && request <= s->last_request;
}

static void continue_call(struct session *s, const struct message *m)
{
	const char *wrong = dealer_continue(&s->realm->dealer, s, m);

	if (wrong)
		violation(s, wrong);
}

static void on_call(struct session *s, const struct message *m)
{
	if (is_continuation(s, m->request)) {
		continue_call(s, m);
		return;
	}
	if (is_progressive(m) && !(s->features & CALLER_STREAMING)) {
		violation(s, "progressive_call_invocations was not announced "
			     "in HELLO");
		return;
	}
	if (!take_request(s, m->request) ||
	    !passthru_allowed(s, m, CALLER_PASSTHRU) || !is_allowed(s, m))
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
	if (take_request(s, m->request) && is_allowed(s, m))
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
		violation(s, "YIELD to an invocation that never was");
}

static void on_error(struct session *s, const struct message *m)
{
	if (!dealer_error(&s->realm->dealer, s, m))
		violation(s, "ERROR to an invocation that never was");
}

static void on_goodbye(struct session *s, const struct message *m)
{
	(void)m;
	session_goodbye(s, "wamp.close.goodbye_and_out", NULL);
	finish(s, 1000, "goodbye");
}

static void on_abort(struct session *s, const struct message *m)
{
	(void)m;
	finish(s, 1000, "aborted by the client");
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
	    (own && uri_reserved(m->uri)))
		return false;
	return authz_ask(r, s, &matter, r->message);
}

static void in_session(struct router *r, struct session *s,
		       const struct message *m)
{
	unsigned type = (unsigned)m->type;

	if (is_asked_about(r, s, m))
		return;
	if (type < sizeof handlers / sizeof *handlers && handlers[type])
		handlers[type](s, m);
	else
		unexpected(s, m->type, "after the session was established");
	authz_done(s);
}

/* --- messages ------------------------------------------------------------ */

static void before_session(struct router *r, struct session *s,
			   const struct message *m)
{
	enum message_type wanted = s->state == SESSION_NEW ?
					   MSG_HELLO :
					   MSG_AUTHENTICATE;

	if (m->type == MSG_ABORT)
		on_abort(s, m);
	else if (m->type != wanted || s->state == SESSION_ASKING)
		unexpected(s, m->type, "before the session was established");
	else if (wanted == MSG_HELLO)
		join_hello(r, s, m);
	else
		join_authenticate(r, s, m);
}

static void handle(struct router *r, struct session *s,
		   const struct message *m)
{
	switch (s->state) {
	case SESSION_NEW:
	case SESSION_CHALLENGING:
	case SESSION_ASKING:
		before_session(r, s, m);
		break;
	case SESSION_ESTABLISHED:
		in_session(r, s, m);
		break;
	case SESSION_CLOSING:
		if (m->type == MSG_GOODBYE)
			finish(s, 1000, "goodbye");
		break;
	case SESSION_OVER:
		break;
	}
}

/* The sender of what can not be read is closed, never a receiver. */
static void undecodable(struct session *s, int err, const struct why *why)
{
	if (s->state == SESSION_CLOSING || s->state == SESSION_OVER)
		return;
	if (err == ERR_NOMEM)
		session_abort(s, "wamp.error.unavailable", "out of memory");
	else
		session_abort(s, "wamp.error.protocol_violation", why->text);
	leave(s);
}

static void mind_rate(struct router *r, struct session *s)
{
	if (s->state != SESSION_ESTABLISHED ||
	    bucket_take(&s->bucket, s->limits, r->turn.now_ms))
		return;
	session_pause(s, PAUSE_RATE, true);
	ring_remove(&s->throttled);
	ring_add(&r->throttled, &s->throttled);
}

static void receive(struct router *r, struct session *s,
		    struct bytes message)
{
	struct wamp_limits limits = r->turn.limits;
	struct message m;
	struct why why = { "" };
	int err;

	r->message = message;
	limits.bytes_max = s->limits->message_bytes;
	err = message_decode(&r->turn.arena, s->link.serializer, message,
			     &limits, FROM_CLIENT, &m, &why);
	if (err) {
		undecodable(s, err, &why);
	} else {
		/* Once only when it was kept for a decision. */
		r->received[m.type] +=
			authz_verdict(s).decision == DECISION_NONE;
		handle(r, s, &m);
	}
}

/* Behind what waits for a decision. */
static void keep(struct session *s, struct bytes message)
{
	if (!authz_keep(s, message))
		return;
	session_abort(s, "wamp.error.unavailable",
		      "too much was said while a decision was waited for");
	leave(s);
}

void router_receive(struct router *r, struct session *s,
		    struct bytes message)
{
	if (authz_is_waiting(s))
		keep(s, message);
	else
		receive(r, s, message);
	mind_rate(r, s);
	end_turn(r);
}

void router_resume(struct router *r, struct session *s)
{
	struct bytes message;

	while ((message = authz_first(s)).data) {
		receive(r, s, message);
		end_turn(r);
		if (authz_is_waiting(s))
			return;
		authz_drop(s);
	}
}

/* --- time ---------------------------------------------------------------- */

static struct session *first_due(struct ring *list, uint64_t now_ms)
{
	struct session *s;

	if (ring_is_empty(list))
		return NULL;
	s = ring_item(list->next, struct session, waiting);
	return s->deadline_ms <= now_ms ? s : NULL;
}

static void unthrottle(struct router *r)
{
	ring_each_safe(at, &r->throttled) {
		struct session *s = ring_item(at, struct session, throttled);

		if (bucket_ready_ms(&s->bucket, s->limits) > r->turn.now_ms)
			continue;
		ring_remove(&s->throttled);
		session_pause(s, PAUSE_RATE, false);
	}
}

void router_tick(struct router *r)
{
	struct session *s;

	while ((s = first_due(&r->joining, r->turn.now_ms))) {
		session_abort(s, "wamp.error.timeout",
			      "HELLO and AUTHENTICATE took too long");
		leave(s);
	}
	while ((s = first_due(&r->closing, r->turn.now_ms)))
		finish(s, 1000, "no answer to GOODBYE");
	unthrottle(r);
	for (unsigned i = 0; i < r->realm_count; i++)
		dealer_tick(&r->realms[i].dealer);
	end_turn(r);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t router_due_ms(const struct router *r)
{
	uint64_t due = locals_are_waiting(r) ? r->turn.now_ms : UINT64_MAX;

	if (!ring_is_empty(&r->joining))
		due = earlier(due, ring_item(r->joining.next, struct session,
					     waiting)->deadline_ms);
	if (!ring_is_empty(&r->closing))
		due = earlier(due, ring_item(r->closing.next, struct session,
					     waiting)->deadline_ms);
	ring_each(at, &r->throttled) {
		const struct session *s = ring_item(at, struct session,
						    throttled);

		due = earlier(due, bucket_ready_ms(&s->bucket, s->limits));
	}
	for (unsigned i = 0; i < r->realm_count; i++)
		due = earlier(due, dealer_due_ms(&r->realms[i].dealer));
	return due;
}
