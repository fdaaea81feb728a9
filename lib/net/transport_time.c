#include "net/transport_state.h"

enum {
	STALL_LOOKS = 4, /* in stall_ms */
	GRACE_MS = 1000, /* for what is not read yet, when it seems silent */
};

bool transport_is_reading(const struct transport *t)
{
	return !t->owner_paused && !t->self_paused;
}

static uint64_t earlier(uint64_t a, uint64_t since, uint64_t limit)
{
	return limit && since + limit < a ? since + limit : a;
}

/* A process that was stopped for long finds its timers due before it has read
 * what came meanwhile. */
static uint64_t grace_ms(const struct transport *t)
{
	uint64_t half = t->limits.silence_ms / 2 + 1;

	return half < GRACE_MS ? half : GRACE_MS;
}

static uint64_t look_ms(const struct transport *t)
{
	return t->limits.stall_ms ? t->limits.stall_ms / STALL_LOOKS + 1 : 0;
}

/* One lazy timer for all: it comes at the first of these, looks, and is set
 * again. What is heard only moves them away. */
void transport_arm(struct transport *t)
{
	const struct transport_limits *l = &t->limits;
	uint64_t at = UINT64_MAX;

	if (t->state != TRANSPORT_OPEN) {
		stream_wake_by(t->stream, t->close_by_ms);
		return;
	}
	if (transport_is_reading(t)) {
		at = t->suspect_ms
			     ? earlier(at, t->suspect_ms, grace_ms(t))
			     : earlier(at, t->heard_ms, l->silence_ms);
		if (!t->pinged)
			at = earlier(at, t->heard_ms, l->ping_ms);
		if (t->begun_ms)
			at = earlier(at, t->begun_ms, l->message_ms);
	}
	if (t->looked_ms)
		at = earlier(at, t->looked_ms, look_ms(t));
	if (at != UINT64_MAX)
		stream_wake_by(t->stream, at);
}

static bool is_over(uint64_t now, uint64_t since, uint64_t limit)
{
	return limit && now >= since + limit;
}

/* Counted in looks, not by the clock alone: see grace_ms. */
static bool has_stalled(struct transport *t, uint64_t now)
{
	uint64_t taken = stream_taken(t->stream);

	if (!t->looked_ms)
		return false;
	if (taken != t->taken) {
		t->taken = taken;
		t->looked_ms = now;
		t->looks = 0;
	}
	if (!is_over(now, t->looked_ms, look_ms(t)))
		return false;
	t->looked_ms = now;
	return ++t->looks >= STALL_LOOKS;
}

static bool is_silent(struct transport *t, uint64_t now)
{
	if (!is_over(now, t->heard_ms, t->limits.silence_ms)) {
		t->suspect_ms = 0;
		return false;
	}
	if (!t->suspect_ms)
		t->suspect_ms = now;
	return is_over(now, t->suspect_ms, grace_ms(t));
}

static void ping_if_quiet(struct transport *t, uint64_t now)
{
	if (t->pinged || !is_over(now, t->heard_ms, t->limits.ping_ms))
		return;
	t->pinged = true;
	stream_trim(t->stream);
	frames_trim(&t->frames);
	if (!t->batch.len)
		buf_deinit(&t->batch);
	if (frames_ping(&t->frames, stream_out(t->stream)))
		transport_drop(t, err_text(ERR_NOMEM));
	else
		stream_dirty(t->stream);
}

static void look_open(struct transport *t, uint64_t now)
{
	if (has_stalled(t, now)) {
		transport_drop(t, "it has read nothing for too long");
		return;
	}
	if (!transport_is_reading(t))
		return;
	if (is_silent(t, now))
		transport_drop(t, "it has been silent for too long");
	else if (t->begun_ms && is_over(now, t->begun_ms, t->limits.message_ms))
		transport_fail(t, WS_POLICY, "a message took too long");
	else
		ping_if_quiet(t, now);
}

void transport_due(void *ctx)
{
	struct transport *t = ctx;
	uint64_t now = transport_now_ms(t);

	if (t->state == TRANSPORT_OPEN)
		look_open(t, now);
	else if (now >= t->close_by_ms)
		transport_drop(t, "no goodbye");
	if (!stream_is_closing(t->stream))
		transport_arm(t);
}
