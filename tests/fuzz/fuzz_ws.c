/* WebSocket input: the first byte chooses the side and how the rest is cut
 * into reads. Whatever comes, memory stays within the message's limit, and the
 * same bytes in one read give the same messages. */
#include <assert.h>
#include <stdlib.h>

#include "net/ws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGE_MAX = 1000, FRAGMENTS_MAX = 16 };

struct seen {
	unsigned messages, pings, closings;
	size_t bytes;
};

static void on_message(void *ctx, bool binary, struct bytes message)
{
	struct seen *s = ctx;

	(void)binary;
	assert(message.len <= MESSAGE_MAX);
	s->messages++;
	s->bytes += message.len;
}

static void on_ping(void *ctx, struct bytes payload)
{
	struct seen *s = ctx;

	assert(payload.len <= WS_CONTROL_MAX);
	s->pings++;
}

static void on_closing(void *ctx, unsigned code, struct bytes reason)
{
	struct seen *s = ctx;

	(void)code;
	(void)reason;
	s->closings++;
}

static const struct ws_handler handler = { on_message, on_ping, on_closing };

static unsigned feed(struct bytes data, bool client, size_t step,
		     struct seen *seen)
{
	unsigned code;
	struct ws ws;

	if (ws_init(&ws, client, &handler, seen))
		abort();
	ws.message_max = MESSAGE_MAX;
	ws.fragments_max = FRAGMENTS_MAX;
	for (size_t at = 0; at < data.len; at += step) {
		size_t len = data.len - at < step ? data.len - at : step;

		if (ws_feed(&ws, bytes_of(data.data + at, len)))
			break;
		assert(ws.message.cap <= 4 * MESSAGE_MAX);
	}
	code = ws.code;
	ws_deinit(&ws);
	return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = { 0 }, parts = { 0 };
	unsigned code, code_in_parts;
	struct bytes rest;
	bool client;
	size_t step;

	if (!size)
		return 0;
	client = data[0] & 1;
	step = (size_t)(data[0] >> 1) + 1;
	rest = bytes_of(data + 1, size - 1);
	code = feed(rest, client, size, &whole);
	code_in_parts = feed(rest, client, step, &parts);
	assert(code == code_in_parts && whole.messages == parts.messages &&
	       whole.bytes == parts.bytes && whole.pings == parts.pings &&
	       whole.closings == parts.closings);
	return 0;
}
