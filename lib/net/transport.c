#include "net/transport_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* PINGs answered one by one while the output waits; of more, only the last
 * (RFC 6455, 5.5.3). */
enum { PONGS_MAX = 32 };

const struct transport_limits transport_limits_default = {
	.message_max = 1 << 20,
	.fragments_max = 1024,
	.message_ms = 15000,
	.output_max = 16 << 20,
	.stall_ms = 60000,
	.ping_ms = 20000,
	.silence_ms = 60000,
	.close_ms = TRANSPORT_CLOSE_MS,
};

uint64_t transport_now_ms(const struct transport *t)
{
	return loop_now_ms(stream_loop(t->stream));
}

void transport_update_reading(struct transport *t)
{
	bool on = transport_is_reading(t) || t->state != TRANSPORT_OPEN;

	if (on) /* what was not read was not silence */
		t->heard_ms = transport_now_ms(t);
	t->begun_ms = on && t->begun_ms ? transport_now_ms(t) : 0;
	stream_read(t->stream, on);
	transport_arm(t);
}

/* --- room in the output --------------------------------------------------- */

static const char not_reading[] = "it does not read what it is sent";

static const char *send_error_text(int err)
{
	return err == ERR_LIMIT ? "a message longer than it takes"
				: err_text(err);
}

/* Is there room for so many more bytes? What is queued may first go to the
 * kernel: the limit is for what it does not take. */
static bool has_room(struct transport *t, size_t len)
{
	size_t max = t->limits.output_max;
	size_t queued = stream_queued(t->stream) + t->batch.len;

	if (queued <= max && len <= max - queued)
		return true;
	if (transport_seal_batch(t))
		return false;
	stream_push(t->stream);
	queued = stream_queued(t->stream);
	return !stream_output(t->stream) ||
	       (queued <= max && len <= max - queued);
}

/* --- what comes in ------------------------------------------------------- */

void transport_give(struct transport *t, struct bytes message)
{
	t->handler->message(t->ctx, message);
}

static void on_message(void *ctx, bool binary, struct bytes message)
{
	struct transport *t = ctx;

	if (t->state != TRANSPORT_OPEN)
		return;
	if (binary != t->serializer->binary)
		transport_fail(t, WS_UNSUPPORTED,
		     binary ? "a binary frame where text is spoken"
			    : "a text frame where binary is spoken");
	else if (t->framing != BATCH_NONE)
		transport_give_batch(t, message);
	else
		transport_give(t, message);
}

static void on_raw_message(void *ctx, struct bytes message)
{
	struct transport *t = ctx;

	if (t->state != TRANSPORT_OPEN)
		return;
	if (!t->serializer->binary && !utf8_valid(message))
		transport_fail(t, WS_INVALID, "text that is not UTF-8");
	else
		transport_give(t, message);
}

static void send_pong(struct transport *t, struct bytes payload)
{
	int err = frames_pong(&t->frames, stream_out(t->stream), payload);

	if (err)
		transport_drop(t, send_error_text(err));
	else
		stream_dirty(t->stream);
}

static void on_ping(void *ctx, struct bytes payload)
{
	struct transport *t = ctx;

	if (t->state != TRANSPORT_OPEN)
		return;
	if (t->pongs < PONGS_MAX) {
		t->pongs++;
		send_pong(t, payload);
		return;
	}
	t->pong_waits = true;
	t->pong_len = payload.len;
	memcpy(t->pong, payload.data, payload.len);
}

/* Each is owed a PONG: one that sends them and does not read is as one that
 * does not read messages. */
static void on_raw_ping(void *ctx, struct bytes payload)
{
	struct transport *t = ctx;

	if (t->state != TRANSPORT_OPEN)
		return;
	if (has_room(t, payload.len))
		send_pong(t, payload);
	else
		transport_drop(t, not_reading);
}

static const struct frames_handler frames_handler = {
	.ws = { on_message, on_ping, transport_on_close },
	.raw = { on_raw_message, on_raw_ping },
};

/* Is something begun that must end in time? */
static void note_partial(struct transport *t)
{
	uint64_t at;

	if (!frames_is_partial(&t->frames, &at)) {
		t->begun_ms = 0;
	} else if (!t->begun_ms || t->begun_at != at) {
		t->begun_ms = transport_now_ms(t);
		t->begun_at = at;
		transport_arm(t);
	}
}

static void note_output(struct transport *t, size_t output);

/* A socket gives many such pieces in a turn, and nothing is written before its
 * end: who asks much must be read no more in between, or its answers would
 * pass output_max though it reads them. */
static void note_answers(struct transport *t)
{
	size_t output = transport_output(t);

	if (output >= t->limits.output_max / 2)
		note_output(t, output);
}

static void on_data(void *ctx, struct bytes data)
{
	struct transport *t = ctx;
	unsigned code;
	const char *what;

	t->heard_ms = transport_now_ms(t);
	t->pinged = false;
	t->suspect_ms = 0;
	if (frames_feed(&t->frames, data, &code, &what))
		transport_fail(t, code, what);
	else
		note_partial(t);
	if (t->state == TRANSPORT_OPEN && !stream_is_closing(t->stream))
		note_answers(t);
}

static void on_ended(void *ctx, const char *why)
{
	transport_drop(ctx, why);
}

/* --- what goes out ------------------------------------------------------- */

int transport_send2(struct transport *t, struct bytes head, struct bytes tail)
{
	int err;

	if (t->state != TRANSPORT_OPEN || stream_is_closing(t->stream))
		return ERR_CLOSED;
	if (!has_room(t, head.len + tail.len)) {
		transport_drop(t, not_reading);
		return ERR_LIMIT;
	}
	err = transport_put(t, head, tail);
	if (err) {
		transport_drop(t, send_error_text(err));
		return err;
	}
	t->high |= transport_output(t) >= t->limits.output_max / 2;
	stream_dirty(t->stream);
	return 0;
}

int transport_send(struct transport *t, struct bytes message)
{
	return transport_send2(t, message, bytes_of(NULL, 0));
}

/* The kernel took some: has the peer begun to lag, or caught up? */
static void note_output(struct transport *t, size_t output)
{
	if (!output) {
		t->looked_ms = 0;
	} else if (!t->looked_ms) {
		t->looked_ms = transport_now_ms(t);
		t->looks = 0;
		t->taken = stream_taken(t->stream);
		transport_arm(t);
	}
	if (t->self_paused && output < t->limits.output_max / 4) {
		t->self_paused = false;
		transport_update_reading(t);
	} else if (!t->client && !t->self_paused &&
		   t->state == TRANSPORT_OPEN &&
		   output >= t->limits.output_max / 2) {
		t->self_paused = true;
		transport_update_reading(t);
	}
}

static void on_flushing(void *ctx)
{
	struct transport *t = ctx;
	int err = transport_seal_batch(t);

	if (err)
		transport_drop(t, send_error_text(err));
}

static void on_flushed(void *ctx)
{
	struct transport *t = ctx;
	size_t output = transport_output(t);

	if (!output) {
		t->pongs = 0;
		if (t->pong_waits && t->state == TRANSPORT_OPEN) {
			t->pong_waits = false;
			t->pongs = 1;
			send_pong(t, bytes_of(t->pong, t->pong_len));
		}
	}
	note_output(t, output);
	if (t->high && output < t->limits.output_max / 4) {
		t->high = false;
		if (t->handler->drained && t->state == TRANSPORT_OPEN)
			t->handler->drained(t->ctx);
	}
}

/* --- life ---------------------------------------------------------------- */

static void on_closed(void *ctx)
{
	struct transport *t = ctx;

	if (t->handler)
		t->handler->closed(t->ctx, t->why);
	if (t->gone)
		t->gone(t->gone_ctx);
	frames_deinit(&t->frames);
	buf_deinit(&t->batch);
	free(t->origin);
	free(t);
}

static const struct stream_handler stream_handler = {
	.data = on_data,
	.ended = on_ended,
	.flushing = on_flushing,
	.flushed = on_flushed,
	.due = transport_due,
	.closed = on_closed,
};

struct transport *transport_new(struct stream *s,
				const struct transport_origin *origin,
				const struct transport_limits *limits)
{
	struct transport *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->origin = origin->origin.len
			    ? strndup((const char *)origin->origin.data,
				      origin->origin.len)
			    : strdup("");
	if (!t->origin ||
	    frames_init(&t->frames, origin->peer_max, origin->client,
			&frames_handler, t)) {
		free(t->origin);
		free(t);
		return NULL;
	}
	t->stream = s;
	t->client = origin->client;
	t->serializer = origin->serializer;
	t->framing = origin->batched ? batch_framing_of(t->serializer)
				     : BATCH_NONE;
	buf_init(&t->batch);
	memcpy(t->tag, origin->tag, sizeof t->tag);
	t->tag[sizeof t->tag - 1] = '\0';
	t->gone = origin->gone;
	t->gone_ctx = origin->ctx;
	t->age_ms = origin->age_ms;
	t->heard_ms = transport_now_ms(t);
	stream_peer(s, t->peer, &t->local);
	/* A proxy on another machine is not believed: what it says crosses
	 * the net as it is. */
	t->proxy_tls = t->local && origin->proxy_tls;
	t->local = t->local && !origin->forwarded;
	transport_limit(t, limits);
	stream_handle(s, &stream_handler, t);
	return t;
}

void transport_handle(struct transport *t,
		      const struct transport_handler *handler, void *ctx)
{
	t->handler = handler;
	t->ctx = ctx;
}

void transport_start(struct transport *t, struct bytes first)
{
	assert(t->handler);
	if (first.len)
		on_data(t, first);
	transport_update_reading(t);
}

/* --- small ones ---------------------------------------------------------- */

void transport_pause(struct transport *t)
{
	t->owner_paused = true;
	transport_update_reading(t);
}

void transport_resume(struct transport *t)
{
	t->owner_paused = false;
	transport_update_reading(t);
}

void transport_limit(struct transport *t, const struct transport_limits *l)
{
	t->limits = *l;
	frames_limit(&t->frames, transport_frame_max(t), l->fragments_max);
	transport_arm(t);
}

size_t transport_output(const struct transport *t)
{
	return stream_output(t->stream) + t->batch.len;
}

const struct serializer *transport_serializer(const struct transport *t)
{
	return t->serializer;
}

const char *transport_peer(const struct transport *t)
{
	return t->peer;
}

uint64_t transport_age_ms(const struct transport *t)
{
	return t->age_ms;
}

const char *transport_tag(const struct transport *t)
{
	return t->tag;
}

const char *transport_origin(const struct transport *t)
{
	return t->origin;
}

size_t transport_peer_max(const struct transport *t)
{
	return t->frames.raw ? t->frames.u.raw.peer_max : 0;
}

bool transport_is_local(const struct transport *t)
{
	return t->local;
}

bool transport_is_proxied_tls(const struct transport *t)
{
	return t->proxy_tls;
}

bool transport_is_secure(const struct transport *t)
{
	return stream_is_secure(t->stream);
}

const struct tls_cert *transport_client_cert(const struct transport *t)
{
	return t->client ? NULL : stream_cert(t->stream);
}
