#include "net/transport_state.h"

enum {
	/* What we put together; one message may be longer, alone. Nobody
	 * tells how much it takes, so it is what every side takes on top of
	 * its limit of one message. */
	BATCH_BYTES = 64 * 1024,
	/* A turn of the loop takes what is in one. */
	BATCH_MESSAGES_MAX = 4096,
};

size_t transport_frame_max(const struct transport *t)
{
	size_t max = t->limits.message_max;

	if (t->framing == BATCH_NONE)
		return max;
	return max > SIZE_MAX - BATCH_BYTES ? SIZE_MAX : max + BATCH_BYTES;
}

/* --- in ------------------------------------------------------------------ */

/* What is wrong with the next message, which is the count-th; NULL: nothing. */
static const char *next_in(const struct transport *t, struct bytes *rest,
			   unsigned count, struct bytes *message,
			   unsigned *code)
{
	int err = batch_next(rest, t->framing, message);

	*code = WS_PROTOCOL;
	if (err == ERR_TRUNCATED)
		return "a batch that ends within a message";
	if (err)
		return "a batch with nothing where a message must be";
	*code = WS_TOO_BIG;
	if (message->len > t->limits.message_max)
		return "message too big";
	return count > BATCH_MESSAGES_MAX ? "too many messages in a batch"
					  : NULL;
}

/* The handler may close it, or change its limits, in the middle. */
void transport_give_batch(struct transport *t, struct bytes batch)
{
	unsigned count = 0, code;
	struct bytes message;
	const char *wrong;

	t->framing = batch_framing_seen(t->framing, batch);
	do {
		wrong = next_in(t, &batch, ++count, &message, &code);
		if (wrong) {
			transport_fail(t, code, wrong);
			return;
		}
		transport_give(t, message);
	} while (batch.len && t->state == TRANSPORT_OPEN &&
		 !stream_is_closing(t->stream));
}

/* --- out ----------------------------------------------------------------- */

static int put_frame(struct transport *t, struct bytes head, struct bytes tail)
{
	return frames_message(&t->frames, stream_out(t->stream),
			      t->serializer->binary, head, tail);
}

int transport_seal_batch(struct transport *t)
{
	int err;

	if (!t->batch.len)
		return 0;
	err = put_frame(t, buf_bytes(&t->batch), bytes_of(NULL, 0));
	if (err)
		return err;
	if (t->batch.cap > 2 * BATCH_BYTES)
		buf_deinit(&t->batch);
	buf_clear(&t->batch);
	t->batch_messages = 0;
	return 0;
}

static bool fits(const struct transport *t, size_t len)
{
	return t->batch.len <= BATCH_BYTES &&
	       len <= BATCH_BYTES - t->batch.len &&
	       t->batch_messages < BATCH_MESSAGES_MAX;
}

int transport_put(struct transport *t, struct bytes head, struct bytes tail)
{
	enum { FRAMING_BYTES = 4 };
	int err = 0;

	if (t->framing == BATCH_NONE)
		return put_frame(t, head, tail);
	if (!fits(t, head.len + tail.len + FRAMING_BYTES))
		err = transport_seal_batch(t);
	if (!err)
		err = batch_wrap2(&t->batch, t->framing, head, tail);
	t->batch_messages += !err;
	return err;
}
