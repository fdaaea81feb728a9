/* RawSocket input: the first byte chooses how the rest is cut into reads, the
 * next four are a handshake, either side's. Whatever comes, memory stays
 * within the message's limit, and the same bytes in one read give the same
 * messages. */
#include <assert.h>

#include "net/rawsocket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MESSAGE_MAX = 1000, PEER_MAX = 512 };

struct seen {
	unsigned messages, pings;
	size_t bytes;
	uint32_t sum; /* of what they say, in their order */
};

static void note(struct seen *s, struct bytes what)
{
	assert(what.len <= MESSAGE_MAX);
	s->bytes += what.len;
	for (size_t i = 0; i < what.len; i++)
		s->sum = s->sum * 31 + what.data[i];
}

static void on_message(void *ctx, struct bytes message)
{
	struct seen *s = ctx;

	s->messages++;
	note(s, message);
}

static void on_ping(void *ctx, struct bytes payload)
{
	struct seen *s = ctx;

	s->pings++;
	note(s, payload);
}

static const struct rawsocket_handler handler = { on_message, on_ping };

static unsigned feed(struct bytes data, size_t step, struct seen *seen)
{
	struct rawsocket r;
	unsigned code;
	uint64_t at;

	rawsocket_init(&r, PEER_MAX, &handler, seen);
	r.message_max = MESSAGE_MAX;
	for (size_t i = 0; i < data.len; i += step) {
		size_t len = data.len - i < step ? data.len - i : step;

		if (rawsocket_feed(&r, bytes_of(data.data + i, len)))
			break;
		assert(r.body.cap <= 4 * MESSAGE_MAX);
		if (!rawsocket_is_partial(&r, &at))
			rawsocket_trim(&r);
	}
	code = r.code;
	assert(!code || r.what);
	rawsocket_deinit(&r);
	return code;
}

static void shake(const uint8_t *four)
{
	static const char *const offered[] = { "wamp.2.json", "wamp.2.cbor",
					       NULL };
	const struct serializer *s = NULL;
	size_t max = 0;
	struct why why;

	if (rawsocket_check(four, offered, &s, &max) == 0)
		assert(s && s != &serializer_msgpack && max >= PEER_MAX);
	max = 0;
	if (rawsocket_confirm(four, &serializer_json, &max, &why) == 0)
		assert(max >= PEER_MAX);
	else
		assert(*why.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen whole = { 0 }, parts = { 0 };
	unsigned code, code_in_parts;
	struct bytes rest;

	if (size < 1 + RAWSOCKET_HELLO_BYTES)
		return 0;
	shake(data + 1);
	rest = bytes_of(data + 1 + RAWSOCKET_HELLO_BYTES,
			size - 1 - RAWSOCKET_HELLO_BYTES);
	code = feed(rest, size, &whole);
	code_in_parts = feed(rest, (size_t)data[0] + 1, &parts);
	assert(code == code_in_parts && whole.messages == parts.messages &&
	       whole.bytes == parts.bytes && whole.pings == parts.pings &&
	       whole.sum == parts.sum);
	return 0;
}
