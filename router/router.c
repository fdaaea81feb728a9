#include "router/router.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/ask.h"
#include "router/authorize.h"
#include "router/join.h"
#include "router/local.h"
#include "router/request.h"

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

void router_pretend(struct router *r,
		    const uint8_t key[ROUTER_PRETEND_BYTES])
{
	memcpy(r->pretend, key, sizeof r->pretend);
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

/* The lists are by deadline; most are the last one of theirs. */
static void wait_in(struct router *r, struct ring *list, struct session *s,
		    uint64_t ms)
{
	struct ring *before;

	s->deadline_ms = r->turn.now_ms + ms;
	ring_remove(&s->waiting);
	before = list->prev;
	while (before != list &&
	       ring_item(before, struct session, waiting)->deadline_ms >
		       s->deadline_ms)
		before = before->prev;
	ring_add(before->next, &s->waiting);
}

static uint64_t time_to_join(const struct link *link)
{
	return link->age_ms < HELLO_MS - HELLO_LEAST_MS
		       ? HELLO_MS - link->age_ms
		       : HELLO_LEAST_MS;
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
	wait_in(r, &r->joining, s, time_to_join(link));
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
void router_finish(struct session *s, unsigned code, const char *why)
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

void router_violation(struct session *s, const char *text)
{
	session_abort(s, "wamp.error.protocol_violation", text);
	leave(s);
}

void router_unexpected(struct session *s, enum message_type type,
		       const char *when)
{
	const char *text = arena_printf(&s->turn->arena,
					"received %s %s", message_name(type),
					when);

	router_violation(s, text ? text : when);
}

/* --- messages ------------------------------------------------------------ */

static void before_session(struct router *r, struct session *s,
			   const struct message *m)
{
	enum message_type wanted = s->state == SESSION_NEW ?
					   MSG_HELLO :
					   MSG_AUTHENTICATE;

	if (m->type == MSG_ABORT)
		router_finish(s, 1000, "aborted by the client");
	else if (m->type != wanted || s->state == SESSION_ASKING)
		router_unexpected(s, m->type,
				  "before the session was established");
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
		router_request(r, s, m);
		break;
	case SESSION_CLOSING:
		if (m->type == MSG_GOODBYE)
			router_finish(s, 1000, "goodbye");
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
		r->received[m.type] += !authz_was_asked(s);
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
		router_finish(s, 1000, "no answer to GOODBYE");
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
