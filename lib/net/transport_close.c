#include "net/transport_state.h"

#include <assert.h>
#include <stdio.h>

static void set_state(struct transport *t, enum transport_state to)
{
	static const bool allowed[TRANSPORT_STATES][TRANSPORT_STATES] = {
		[TRANSPORT_OPEN][TRANSPORT_CLOSING] = true,
		[TRANSPORT_OPEN][TRANSPORT_DRAINING] = true,
		[TRANSPORT_CLOSING][TRANSPORT_DRAINING] = true,
	};

	assert(allowed[t->state][to]);
	t->state = to;
}

static void because(struct transport *t, const char *why)
{
	if (!*t->why)
		snprintf(t->why, sizeof t->why, "%s", why);
}

void transport_drop(struct transport *t, const char *why)
{
	because(t, why);
	frames_stop(&t->frames);
	stream_close(t->stream);
}

/* Queues our CLOSE and goes on to the state. */
static void say_close(struct transport *t, unsigned code, const char *reason,
		      enum transport_state to)
{
	uint32_t limit = t->limits.close_ms ? t->limits.close_ms
					    : TRANSPORT_CLOSE_MS;

	set_state(t, to);
	t->close_by_ms = transport_now_ms(t) + limit;
	if (transport_seal_batch(t) ||
	    frames_close(&t->frames, stream_out(t->stream), code, reason)) {
		transport_drop(t, reason);
		return;
	}
	stream_dirty(t->stream);
	if (to == TRANSPORT_DRAINING)
		stream_shutdown(t->stream);
	transport_update_reading(t);
}

void transport_fail(struct transport *t, unsigned code, const char *why)
{
	because(t, why);
	frames_stop(&t->frames);
	if (t->state == TRANSPORT_OPEN) {
		say_close(t, code, why, TRANSPORT_DRAINING);
	} else if (t->state == TRANSPORT_CLOSING) {
		set_state(t, TRANSPORT_DRAINING);
		stream_shutdown(t->stream);
	}
}

void transport_close(struct transport *t, unsigned code, const char *why)
{
	if (t->state != TRANSPORT_OPEN || stream_is_closing(t->stream))
		return;
	because(t, why);
	/* A RawSocket's peer says no goodbye. */
	say_close(t, code, why,
		  t->frames.raw ? TRANSPORT_DRAINING : TRANSPORT_CLOSING);
}

void transport_on_close(void *ctx, unsigned code, struct bytes reason)
{
	struct transport *t = ctx;
	char why[sizeof t->why];

	if (t->state == TRANSPORT_OPEN) {
		snprintf(why, sizeof why, "the peer said goodbye: %u %.*s",
			 code, (int)reason.len, (const char *)reason.data);
		because(t, why);
		say_close(t, code, "", TRANSPORT_DRAINING);
	} else if (t->state == TRANSPORT_CLOSING) {
		set_state(t, TRANSPORT_DRAINING);
		stream_shutdown(t->stream);
	}
}
