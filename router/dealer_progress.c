/* Calls whose arguments come in parts, "streams". Spec: "Progressive Call
 * Invocations" (advanced).
 *
 * All parts of a stream go to the callee that got the first one, with one
 * invocation id and the first one's Details. What waits in the queue keeps
 * its parts in order, within the caller's held_bytes. A stream is rerouted
 * only with all that was sent of it: its parts are kept for that until the
 * callee begins to answer, or they grow over REROUTE_BYTES_MAX; then it has
 * taken the stream, and its wamp.error.unavailable is the caller's.
 *
 * Of the readings that the specification allows: a CALL that continues what
 * is over is discarded, without a table of past requests; one that continues
 * a call which is not progressive, or whose final part was sent, or by the
 * name of another procedure, violates the protocol. */
#include "router/dealer_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { REROUTE_BYTES_MAX = 256 << 10 };

/* What follows the first part. */
struct part {
	struct ring in_stream;
	struct payload payload; /* in `data` */
	bool more;
	size_t held_bytes;
	uint8_t data[];
};

/* --- the record ---------------------------------------------------------- */

static struct bytes copied(struct buf *to, struct bytes text)
{
	size_t at = to->len;

	if (!text.data)
		return text;
	(void)buf_add_bytes(to, text); /* reserved */
	return bytes_of(to->data + at, text.len);
}

static int keep_header(struct stream *stream, struct call *call,
		       struct bytes uri)
{
	size_t len = uri.len + 1;

	for (unsigned i = 0; i < PASSTHRU_ATTRIBUTES; i++)
		len += call->passthru.text[i].len;
	if (buf_reserve(&stream->header, len))
		return ERR_NOMEM;
	stream->uri = copied(&stream->header, uri);
	for (unsigned i = 0; i < PASSTHRU_ATTRIBUTES; i++)
		call->passthru.text[i] = copied(&stream->header,
						call->passthru.text[i]);
	if (call->procedure.data)
		call->procedure = stream->uri;
	return 0;
}

int stream_begin(struct call *call, struct bytes uri)
{
	struct stream *stream = calloc(1, sizeof *stream);

	if (!stream)
		return ERR_NOMEM;
	buf_init(&stream->header);
	ring_init(&stream->parts);
	if (keep_header(stream, call, uri)) {
		stream_free(stream);
		return ERR_NOMEM;
	}
	stream->more = true;
	call->stream = stream;
	call->needs |= CALLEE_STREAMING;
	return 0;
}

void stream_drop_parts(struct call *call)
{
	struct stream *stream = call->stream;

	ring_each_safe(at, &stream->parts) {
		struct part *part = ring_item(at, struct part, in_stream);

		ring_remove(&part->in_stream);
		free(part);
	}
	if (call->caller)
		call->caller->held_bytes -= stream->held_bytes;
	stream->held_bytes = 0;
}

void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	buf_deinit(&stream->header);
	free(stream);
}

/* --- parts --------------------------------------------------------------- */

static struct bytes put(uint8_t **at, struct bytes item)
{
	uint8_t *start = *at;

	if (!item.data)
		return item;
	if (item.len)
		memcpy(start, item.data, item.len);
	*at += item.len;
	return bytes_of(start, item.len);
}

static int keep_part(struct call *call, const struct payload *payload,
		     bool more)
{
	struct session *caller = call->caller;
	size_t held = sizeof(struct part) + payload->args.len +
		      payload->kwargs.len + 1;
	struct part *part;
	uint8_t *at;

	if (caller->held_bytes + held > caller->limits->held_bytes)
		return ERR_LIMIT;
	part = malloc(held);
	if (!part)
		return ERR_NOMEM;
	at = part->data;
	part->payload = (struct payload){ .serializer = payload->serializer };
	part->payload.args = put(&at, payload->args);
	part->payload.kwargs = put(&at, payload->kwargs);
	part->more = more;
	part->held_bytes = held;
	ring_add(&call->stream->parts, &part->in_stream);
	call->stream->held_bytes += held;
	caller->held_bytes += held;
	return 0;
}

/* What the callee has of it is of no use without this part. */
static void break_off(struct dealer *d, struct call *call, int err)
{
	call_interrupt(call, "killnowait");
	call_refuse_payload(d, call, err);
}

static void mind_congestion(struct call *call)
{
	struct session *callee = call->callee->session;

	if (session_is_congested(callee))
		session_hold(callee, call->caller);
}

/* Another callee may have to be asked: not for ever, nor with everything. */
static void mind_rerouting(struct call *call)
{
	if (call->stream->held_bytes > REROUTE_BYTES_MAX)
		call_drop_payload(call);
}

bool stream_send_kept(struct dealer *d, struct call *call)
{
	ring_each(at, &call->stream->parts) {
		struct part *part = ring_item(at, struct part, in_stream);
		int err = call_send(d, call, &part->payload, part->more);

		if (err) {
			break_off(d, call, err);
			return false;
		}
	}
	mind_rerouting(call);
	return true;
}

static void send_part(struct dealer *d, struct call *call,
		      const struct message *m, bool more)
{
	int err = call_send(d, call, &m->payload, more);

	if (err) {
		break_off(d, call, err);
		return;
	}
	if (call->is_kept && keep_part(call, &m->payload, more))
		call_drop_payload(call); /* it can only not be rerouted */
	mind_rerouting(call);
	mind_congestion(call);
}

static void queue_part(struct dealer *d, struct call *call,
		       const struct message *m, bool more)
{
	int err = keep_part(call, &m->payload, more);

	if (err == ERR_LIMIT)
		call_fail(d, call, "crossbar.error.max_concurrency_reached",
			  "the parts that wait for a callee are over the "
			  "role's held_bytes");
	else if (err)
		call_fail(d, call, "wamp.error.unavailable", "out of memory");
}

/* --- CALL ---------------------------------------------------------------- */

const char *dealer_continue(struct dealer *d, struct session *s,
			    const struct message *m)
{
	struct call *call = id_map_get(&s->requests, m->request);
	const struct value *progress = dict_get(m->options, "progress");
	bool more = value_is_true(progress);

	if (!call)
		return NULL; /* it was answered meanwhile */
	if (!call->stream)
		return "CALL: the request is open, and not progressive";
	if (!call->stream->more)
		return "CALL: the final part of the request was sent before";
	if (!bytes_equal(call->stream->uri, m->uri))
		return "CALL: the request is of another procedure";
	if (progress && progress->type != VALUE_BOOL)
		return "CALL.Options.progress: a bool is wanted";
	if (call->killed)
		return NULL; /* nobody wants it any more */
	call->stream->more = more;
	if (call->state == CALL_QUEUED)
		queue_part(d, call, m, more);
	else
		send_part(d, call, m, more);
	return NULL;
}

void stream_check(const struct call *call)
{
	size_t held = 0;

	ring_each(at, &call->stream->parts)
		held += ring_item(at, struct part, in_stream)->held_bytes;
	assert(held == call->stream->held_bytes);
	assert(!held || call->is_kept);
	assert(call->needs & CALLEE_STREAMING);
}
