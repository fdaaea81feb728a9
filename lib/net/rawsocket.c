#include "net/rawsocket.h"

#include <string.h>

#include "net/ws.h"

enum {
	KEEP_BYTES = 64 * 1024,
	LENGTH_MIN_BITS = 9,  /* LENGTH 0: 2^9 bytes */
	LENGTH_MAX = 15,      /* LENGTH 15: 2^24 bytes */
	TYPE_MASK = 0x07,
	LENGTH_BIT = 0x08,    /* the 25th of a frame's length */
	RESERVED_MASK = 0xF0,
};

/* --- the handshake ------------------------------------------------------- */

static size_t length_bytes(uint8_t second)
{
	return (size_t)1 << ((second >> 4) + LENGTH_MIN_BITS);
}

/* The longest that can be said and is not more than that. */
static unsigned length_for(size_t message_max)
{
	unsigned n = LENGTH_MAX;

	while (n && (size_t)1 << (n + LENGTH_MIN_BITS) > message_max)
		n--;
	return n;
}

static bool is_offered(const struct serializer *s, const char *const *offered)
{
	for (; offered && *offered; offered++) {
		if (strcmp(*offered, s->subprotocol) == 0)
			return true;
	}
	return false;
}

enum rawsocket_error rawsocket_check(const uint8_t *hello,
				     const char *const *offered,
				     const struct serializer **serializer,
				     size_t *peer_max)
{
	uint8_t number = hello[1] & 0x0F;

	if (hello[0] != RAWSOCKET_MAGIC || number == 0)
		return RAWSOCKET_ILLEGAL;
	if (hello[2] || hello[3])
		return RAWSOCKET_RESERVED;
	*serializer = serializer_by_rawsocket(number);
	if (!*serializer || !is_offered(*serializer, offered))
		return RAWSOCKET_SERIALIZER;
	*peer_max = length_bytes(hello[1]);
	return *peer_max < RAWSOCKET_PEER_MIN ? RAWSOCKET_LENGTH
					      : RAWSOCKET_OK;
}

static int say(struct buf *out, unsigned high, unsigned low)
{
	const uint8_t four[RAWSOCKET_HELLO_BYTES] = {
		RAWSOCKET_MAGIC, (uint8_t)(high << 4 | low), 0, 0
	};

	return buf_add(out, four, sizeof four);
}

int rawsocket_hello(struct buf *out, const struct serializer *serializer,
		    size_t message_max)
{
	return say(out, length_for(message_max), serializer->rawsocket);
}

int rawsocket_refuse(struct buf *out, enum rawsocket_error error)
{
	return say(out, error, 0);
}

static const char *error_text(unsigned error)
{
	static const char *const texts[] = {
		[RAWSOCKET_SERIALIZER] = "it does not speak our serializer",
		[RAWSOCKET_LENGTH] = "it does not accept our message length",
		[RAWSOCKET_RESERVED] = "it says we used reserved bits",
		[RAWSOCKET_CONNECTIONS] = "it has too many connections",
	};
	unsigned count = sizeof texts / sizeof *texts;

	return error && error < count ? texts[error]
				      : "it refused for an unknown reason";
}

int rawsocket_confirm(const uint8_t *answer,
		      const struct serializer *serializer, size_t *peer_max,
		      struct why *why)
{
	unsigned number = answer[1] & 0x0F;

	if (answer[0] != RAWSOCKET_MAGIC)
		return why_set(why, ERR_DENIED, "its answer is not RawSocket");
	if (answer[2] || answer[3])
		return why_set(why, ERR_DENIED,
			       "its answer uses reserved bits");
	if (!number)
		return why_set(why, ERR_DENIED, "%s",
			       error_text(answer[1] >> 4));
	if (number != serializer->rawsocket)
		return why_set(why, ERR_DENIED,
			       "it answered with another serializer");
	*peer_max = length_bytes(answer[1]);
	return 0;
}

/* --- life ---------------------------------------------------------------- */

void rawsocket_init(struct rawsocket *r, size_t peer_max,
		    const struct rawsocket_handler *handler, void *ctx)
{
	memset(r, 0, sizeof *r);
	r->handler = handler;
	r->ctx = ctx;
	r->peer_max = peer_max;
	buf_init(&r->body);
}

void rawsocket_deinit(struct rawsocket *r)
{
	buf_deinit(&r->body);
}

void rawsocket_stop(struct rawsocket *r)
{
	r->stopped = true;
}

void rawsocket_trim(struct rawsocket *r)
{
	if (!r->body.len)
		buf_deinit(&r->body);
}

bool rawsocket_is_partial(const struct rawsocket *r, uint64_t *at)
{
	*at = r->done;
	return r->head_len > 0;
}

/* --- bytes in ------------------------------------------------------------ */

static int violation(struct rawsocket *r, unsigned code, const char *what)
{
	r->code = code;
	r->what = what;
	r->stopped = true;
	return ERR_MALFORMED;
}

/* The head is complete. */
static int begin_frame(struct rawsocket *r)
{
	const uint8_t *h = r->head;

	r->length = (size_t)h[1] << 16 | (size_t)h[2] << 8 | h[3];
	if (h[0] & RESERVED_MASK)
		return violation(r, WS_PROTOCOL, "reserved bits");
	if ((h[0] & TYPE_MASK) > RAWSOCKET_PONG)
		return violation(r, WS_PROTOCOL, "reserved type of frame");
	if (h[0] & LENGTH_BIT) {
		if (r->length)
			return violation(r, WS_PROTOCOL, "a length over 2^24");
		r->length = (size_t)1 << 24;
	}
	if (r->length > r->message_max)
		return violation(r, WS_TOO_BIG, "message too big");
	return 0;
}

static void end_frame(struct rawsocket *r, struct bytes body)
{
	unsigned type = r->head[0] & TYPE_MASK;

	r->head_len = 0;
	r->done++;
	if (type == RAWSOCKET_MESSAGE)
		r->handler->message(r->ctx, body);
	else if (type == RAWSOCKET_PING)
		r->handler->ping(r->ctx, body);
	/* Of a PONG, that it was heard is all that counts. */
}

static struct bytes take(struct bytes *in, size_t most)
{
	struct bytes taken = bytes_of(in->data, in->len < most ? in->len
							       : most);

	*in = bytes_of(in->data + taken.len, in->len - taken.len);
	return taken;
}

/* A frame that came whole needs no copy. */
static int take_body(struct rawsocket *r, struct bytes *in)
{
	struct bytes piece = take(in, r->length - r->body.len);

	if (piece.len == r->length) {
		end_frame(r, piece);
		return 0;
	}
	if (buf_add_bytes(&r->body, piece))
		return violation(r, WS_INTERNAL, "out of memory");
	if (r->body.len < r->length)
		return 0;
	end_frame(r, buf_bytes(&r->body));
	if (r->body.cap > KEEP_BYTES)
		buf_deinit(&r->body);
	buf_clear(&r->body);
	return 0;
}

static int take_head(struct rawsocket *r, struct bytes *in)
{
	struct bytes piece = take(in, sizeof r->head - r->head_len);
	int err;

	memcpy(r->head + r->head_len, piece.data, piece.len);
	r->head_len += (unsigned)piece.len;
	if (r->head_len < sizeof r->head)
		return 0;
	err = begin_frame(r);
	if (!err && !r->length)
		end_frame(r, bytes_of(r->head, 0));
	return err;
}

int rawsocket_feed(struct rawsocket *r, struct bytes data)
{
	int err = r->code ? ERR_MALFORMED : 0;

	while (!r->stopped && data.len)
		err = r->head_len < sizeof r->head ? take_head(r, &data)
						   : take_body(r, &data);
	return err;
}

/* --- bytes out ----------------------------------------------------------- */

/* A byte of type, three of length. */
static void put_header(uint8_t *at, enum rawsocket_type type, size_t len)
{
	at[0] = (uint8_t)(type | (len >> 24 ? LENGTH_BIT : 0));
	at[1] = (uint8_t)(len >> 16);
	at[2] = (uint8_t)(len >> 8);
	at[3] = (uint8_t)len;
}

int rawsocket_frame(const struct rawsocket *r, struct buf *out,
		    enum rawsocket_type type, struct bytes head,
		    struct bytes tail)
{
	size_t len;

	if (head.len > r->peer_max || tail.len > r->peer_max - head.len)
		return ERR_LIMIT;
	len = head.len + tail.len;
	if (buf_reserve(out, len + 4)) {
		out->failed = false;
		return ERR_NOMEM;
	}
	/* With the room there, nothing below can fail. */
	put_header(out->data + out->len, type, len);
	out->len += 4;
	buf_put(out, head);
	buf_put(out, tail);
	return 0;
}
