#include "router/session.h"

#include <assert.h>
#include <stdlib.h>

#include "router/authn.h"
#include "router/authorize.h"

void session_init(struct session *s, struct turn *turn,
		  const struct link *link)
{
	*s = (struct session){ .turn = turn, .link = *link };
	s->limits = &limits_joining;
	ring_init(&s->feeders);
	ring_init(&s->feeds);
	ring_init(&s->callees);
	ring_init(&s->calls);
	ring_init(&s->subscribers);
	ring_init(&s->testaments);
	ring_init(&s->in_router);
	ring_init(&s->waiting);
	ring_init(&s->throttled);
	id_map_init(&s->requests);
	id_map_init(&s->invocations);
}

void session_deinit(struct session *s)
{
	assert(ring_is_empty(&s->callees) && ring_is_empty(&s->calls));
	assert(ring_is_empty(&s->subscribers));
	assert(ring_is_empty(&s->testaments));
	session_release_feeders(s);
	ring_remove(&s->feeds);
	ring_remove(&s->in_router);
	ring_remove(&s->waiting);
	ring_remove(&s->throttled);
	id_map_deinit(&s->requests);
	id_map_deinit(&s->invocations);
	free(s->authid);
	authn_attempt_free(s->attempt);
	authz_free(s->authz);
}

/* "Session Establishment", "Session Closing": who may follow whom. */
static const unsigned moves[] = {
	[SESSION_NEW] = 1 << SESSION_CHALLENGING | 1 << SESSION_ASKING |
			1 << SESSION_ESTABLISHED | 1 << SESSION_OVER,
	[SESSION_CHALLENGING] = 1 << SESSION_ASKING |
				1 << SESSION_ESTABLISHED | 1 << SESSION_OVER,
	[SESSION_ASKING] = 1 << SESSION_CHALLENGING |
			   1 << SESSION_ESTABLISHED | 1 << SESSION_OVER,
	[SESSION_ESTABLISHED] = 1 << SESSION_CLOSING | 1 << SESSION_OVER,
	[SESSION_CLOSING] = 1 << SESSION_OVER,
	[SESSION_OVER] = 0,
};

void session_set_state(struct session *s, enum session_state to)
{
	assert(moves[s->state] >> to & 1);
	s->state = to;
}

/* --- sending ------------------------------------------------------------- */

/* After our GOODBYE nothing follows. */
static bool is_mute(const struct session *s)
{
	return s->state == SESSION_CLOSING || s->state == SESSION_OVER;
}

/* With an ABORT, if that can be said. */
static void break_off(struct session *s, const char *why)
{
	const struct message abort = {
		.type = MSG_ABORT, .uri = bytes_str("wamp.error.unavailable"),
	};
	struct buf *out = &s->turn->out;

	buf_clear(out);
	if (!is_mute(s) &&
	    !message_encode(out, s->link.serializer, &abort, &s->turn->arena,
			    &s->turn->limits))
		(void)s->link.ops->send(s->link.ctx, buf_bytes(out));
	s->link.ops->close(s->link.ctx, 1011, why);
}

/* A longer one would end the connection of who has done nothing wrong. */
static bool is_too_long(const struct session *s, struct bytes message)
{
	return s->link.message_max && message.len > s->link.message_max;
}

int session_send_raw(struct session *s, struct bytes message)
{
	if (is_mute(s))
		return 0;
	if (is_too_long(s, message))
		return ERR_LIMIT;
	s->link.ops->send(s->link.ctx, message);
	return 0;
}

int session_send(struct session *s, const struct message *m)
{
	struct buf *out = &s->turn->out;
	int err;

	if (is_mute(s))
		return ERR_CLOSED;
	buf_clear(out);
	err = message_encode(out, s->link.serializer, m, &s->turn->arena,
			     &s->turn->limits);
	if (err == ERR_NOMEM)
		break_off(s, "out of memory");
	if (err)
		return err == ERR_NOMEM ? ERR_CLOSED : err;
	if (is_too_long(s, buf_bytes(out)))
		return ERR_LIMIT;
	return s->link.ops->send(s->link.ctx, buf_bytes(out)) ? ERR_CLOSED
							      : 0;
}

/* What the router itself says can be said in every serializer. */
static void say(struct session *s, const struct message *m)
{
	int err = session_send(s, m);

	if (err && err != ERR_CLOSED)
		break_off(s, "a message can not be encoded");
}

/* A payload of one text, in the session's serializer. */
static bool text_payload(struct session *s, struct buf *storage,
			 const char *text, struct payload *out)
{
	struct value args = value_list();

	*out = (struct payload){ .serializer = s->link.serializer };
	return !text ||
	       (!list_add(&s->turn->arena, &args, value_str(text)) &&
		!payload_encode(out, s->link.serializer, storage, &args,
				NULL));
}

void session_error(struct session *s, enum message_type type,
		   uint64_t request, const char *uri, const char *text)
{
	struct message m = { .type = MSG_ERROR, .request_type = type,
			     .request = request, .uri = bytes_str(uri) };
	struct buf storage;

	buf_init(&storage);
	if (text_payload(s, &storage, text, &m.payload))
		say(s, &m);
	else
		break_off(s, "out of memory");
	buf_deinit(&storage);
}

void session_acknowledge(struct session *s, enum message_type type,
			 uint64_t request, uint64_t subject)
{
	say(s, &(struct message){ .type = type, .request = request,
				  .subject = subject });
}

void session_result(struct session *s, uint64_t request,
		    const struct value *args)
{
	session_result_with(s, request, args, NULL);
}

void session_result_with(struct session *s, uint64_t request,
			 const struct value *args, const struct value *kwargs)
{
	struct message m = { .type = MSG_RESULT, .request = request };
	struct buf storage;
	int err;

	buf_init(&storage);
	err = payload_encode(&m.payload, s->link.serializer, &storage, args,
			     kwargs);
	if (!err)
		err = session_send(s, &m);
	if (err == ERR_NOMEM)
		break_off(s, "out of memory");
	else if (err == ERR_LIMIT)
		session_error(s, MSG_CALL, request,
			      "wamp.error.payload_size_exceeded",
			      "the result is longer than the caller takes");
	else if (err && err != ERR_CLOSED)
		session_error(s, MSG_CALL, request,
			      "wamp.error.invalid_argument",
			      "the result can not be said in the caller's "
			      "serializer");
	buf_deinit(&storage);
}

static void farewell(struct session *s, enum message_type type,
		     const char *uri, const char *text)
{
	struct message m = { .type = type, .uri = bytes_str(uri) };
	struct value details = value_dict();

	if (text && !dict_set(&s->turn->arena, &details, "message",
			      value_str(text)))
		m.options = &details;
	say(s, &m);
}

void session_abort(struct session *s, const char *uri, const char *text)
{
	if (s->state == SESSION_OVER)
		return;
	farewell(s, MSG_ABORT, uri, text);
	session_set_state(s, SESSION_OVER);
	s->link.ops->close(s->link.ctx, 1002, text ? text : uri);
}

void session_goodbye(struct session *s, const char *uri, const char *text)
{
	farewell(s, MSG_GOODBYE, uri, text);
}

/* --- back-pressure ------------------------------------------------------- */

void session_pause(struct session *s, enum pause_reason reason, bool on)
{
	unsigned before = s->paused;

	s->paused = on ? before | reason : before & ~(unsigned)reason;
	if (!before != !s->paused && s->state != SESSION_OVER)
		s->link.ops->pause(s->link.ctx, s->paused != 0);
}

bool session_is_congested(const struct session *s)
{
	return s->limits->backpressure && s->state == SESSION_ESTABLISHED &&
	       s->link.ops->output(s->link.ctx) >= s->limits->output_bytes / 2;
}

void session_hold(struct session *s, struct session *from)
{
	if (s == from || !ring_is_empty(&from->feeds))
		return;
	ring_add(&s->feeders, &from->feeds);
	session_pause(from, PAUSE_FEEDS, true);
}

void session_release_feeders(struct session *s)
{
	while (!ring_is_empty(&s->feeders)) {
		struct session *from = ring_item(s->feeders.next,
						 struct session, feeds);

		ring_remove(&from->feeds);
		session_pause(from, PAUSE_FEEDS, false);
	}
}

/* --- features ------------------------------------------------------------ */

/* "Feature Announcement" of each; both spellings are about. */
static const struct {
	const char *role, *name;
	unsigned feature;
} announced[] = {
	{ "callee", "call_canceling", CALLEE_CANCELING },
	{ "callee", "call_cancelling", CALLEE_CANCELING },
	{ "callee", "progressive_call_results", CALLEE_PROGRESSIVE },
	{ "callee", "call_timeout", CALLEE_TIMEOUT },
	{ "callee", "registration_revocation", CALLEE_REVOCATION },
	{ "subscriber", "subscription_revocation", SUBSCRIBER_REVOCATION },
	{ "caller", "progressive_call_invocations", CALLER_STREAMING },
	{ "callee", "progressive_call_invocations", CALLEE_STREAMING },
	{ "caller", "payload_passthru_mode", CALLER_PASSTHRU },
	{ "callee", "payload_passthru_mode", CALLEE_PASSTHRU },
	{ "publisher", "payload_passthru_mode", PUBLISHER_PASSTHRU },
	{ "subscriber", "payload_passthru_mode", SUBSCRIBER_PASSTHRU },
};

bool session_learn_features(struct session *s, const struct value *details)
{
	static const char *const names[] = { "caller", "callee", "publisher",
					     "subscriber" };
	const struct value *roles = dict_get(details, "roles");
	unsigned count = 0;

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		const struct value *role = dict_get(roles, names[i]);

		count += role && role->type == VALUE_DICT;
	}
	for (unsigned i = 0; i < sizeof announced / sizeof *announced; i++) {
		const struct value *role = dict_get(roles, announced[i].role);

		if (value_is_true(dict_get(dict_get(role, "features"),
					   announced[i].name)))
			s->features |= announced[i].feature;
	}
	/* "Progressive Call Invocations": not without canceling. Progressive
	 * results the specification would disregard for the same reason, but
	 * Autobahn|JS announces them without, and its users expect them; all
	 * that is lost is that such a callee is not told when nobody listens
	 * any more. */
	if (!(s->features & CALLEE_CANCELING))
		s->features &= ~(unsigned)CALLEE_STREAMING;
	return count > 0;
}
