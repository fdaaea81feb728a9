#include "net/ws.h"

#include <assert.h>
#include <string.h>

#include "base/utf8.h"
#include "crypto/random.h"

enum { KEEP_BYTES = 64 * 1024, FRAME_HEADER_MAX = 14 };

/* --- wslay's callbacks --------------------------------------------------- */

static ssize_t give(uint8_t *buf, size_t len, int flags, void *ctx)
{
	struct ws *ws = ctx;

	(void)flags;
	if (!ws->in.len)
		return -1; /* wslay then wants to be called again */
	if (len > ws->in.len)
		len = ws->in.len;
	memcpy(buf, ws->in.data, len);
	ws->in = bytes_of(ws->in.data + len, ws->in.len - len);
	return (ssize_t)len;
}

static ssize_t take(const uint8_t *data, size_t len, int flags, void *ctx)
{
	struct ws *ws = ctx;

	(void)flags;
	return buf_add(ws->out, data, len) ? -1 : (ssize_t)len;
}

static int mask(uint8_t *buf, size_t len, void *ctx)
{
	struct ws *ws = ctx;

	if (ws->masks_left < len) {
		random_bytes(ws->masks, sizeof ws->masks);
		ws->masks_left = sizeof ws->masks;
	}
	ws->masks_left -= (unsigned)len;
	memcpy(buf, ws->masks + ws->masks_left, len);
	return 0;
}

/* --- life ---------------------------------------------------------------- */

int ws_init(struct ws *ws, bool client, const struct ws_handler *handler,
	    void *ctx)
{
	static const struct wslay_frame_callbacks callbacks = { take, give,
								mask };

	memset(ws, 0, sizeof *ws);
	ws->client = client;
	ws->handler = handler;
	ws->ctx = ctx;
	buf_init(&ws->message);
	return wslay_frame_context_init(&ws->frames, &callbacks, ws)
		       ? ERR_NOMEM
		       : 0;
}

void ws_deinit(struct ws *ws)
{
	if (ws->frames)
		wslay_frame_context_free(ws->frames);
	ws->frames = NULL;
	buf_deinit(&ws->message);
}

void ws_stop(struct ws *ws)
{
	ws->stopped = true;
}

void ws_trim(struct ws *ws)
{
	if (!ws->message.len)
		buf_deinit(&ws->message);
}

bool ws_is_partial(const struct ws *ws, uint64_t *at)
{
	*at = ws->in_message ? ws->message_at : ws->done;
	return ws->in_message || ws->fed != ws->done;
}

/* --- bytes in ------------------------------------------------------------ */

static int violation(struct ws *ws, unsigned code, const char *what)
{
	ws->code = code;
	ws->what = what;
	ws->stopped = true;
	return ERR_MALFORMED;
}

static int begin_data(struct ws *ws, const struct wslay_frame_iocb *f)
{
	bool first = f->opcode != WSLAY_CONTINUATION_FRAME;

	if (first == ws->in_message)
		return violation(ws, WS_PROTOCOL,
				 first ? "a message inside a message"
				       : "a continuation of nothing");
	if (first) {
		ws->in_message = true;
		ws->message_at = ws->done;
		ws->binary = f->opcode == WSLAY_BINARY_FRAME;
		ws->fragments = 0;
	}
	if (ws->message.len > ws->message_max ||
	    f->payload_length > ws->message_max - ws->message.len)
		return violation(ws, WS_TOO_BIG, "message too big");
	if (++ws->fragments > ws->fragments_max)
		return violation(ws, WS_TOO_BIG, "too many fragments");
	return 0;
}

/* The checks of RFC 6455, section 5.2, that wslay leaves to us. */
static int begin_frame(struct ws *ws, const struct wslay_frame_iocb *f)
{
	ws->in_frame = true;
	ws->frame_left = f->payload_length;
	if (f->rsv)
		return violation(ws, WS_PROTOCOL, "reserved bits");
	if (!f->mask != ws->client)
		return violation(ws, WS_PROTOCOL,
				 ws->client ? "a masked frame of a server"
					    : "an unmasked frame of a client");
	switch (f->opcode) {
	case WSLAY_CONTINUATION_FRAME:
	case WSLAY_TEXT_FRAME:
	case WSLAY_BINARY_FRAME:
		return begin_data(ws, f);
	case WSLAY_CONNECTION_CLOSE:
	case WSLAY_PING:
	case WSLAY_PONG:
		ws->control_len = 0;
		return 0;
	default:
		return violation(ws, WS_PROTOCOL, "reserved opcode");
	}
}

static int deliver(struct ws *ws, struct bytes message)
{
	ws->in_message = false;
	if (!ws->binary && !utf8_valid(message))
		return violation(ws, WS_INVALID, "text that is not UTF-8");
	ws->handler->message(ws->ctx, ws->binary, message);
	return 0;
}

static bool is_close_code(unsigned code)
{
	return (code >= 1000 && code <= 1014 && code != 1004 &&
		code != WS_NO_STATUS && code != 1006) ||
	       (code >= 3000 && code <= 4999);
}

static int end_close(struct ws *ws)
{
	struct bytes payload = bytes_of(ws->control, ws->control_len);
	struct bytes reason = bytes_of(NULL, 0);
	unsigned code = WS_NO_STATUS;

	if (payload.len == 1)
		return violation(ws, WS_PROTOCOL, "half a close code");
	if (payload.len) {
		code = (unsigned)(payload.data[0] << 8 | payload.data[1]);
		reason = bytes_of(payload.data + 2, payload.len - 2);
		if (!is_close_code(code))
			return violation(ws, WS_PROTOCOL, "bad close code");
		if (!utf8_valid(reason))
			return violation(ws, WS_INVALID,
					 "a reason that is not UTF-8");
	}
	ws->stopped = true;
	ws->handler->closing(ws->ctx, code, reason);
	return 0;
}

static void frame_is_done(struct ws *ws, const struct wslay_frame_iocb *f)
{
	ws->in_frame = false;
	ws->done += f->payload_length + (f->mask ? 6u : 2u);
	if (f->payload_length > 125)
		ws->done += f->payload_length > 65535 ? 8 : 2;
}

static int end_frame(struct ws *ws, const struct wslay_frame_iocb *f)
{
	int err;

	frame_is_done(ws, f);
	switch (f->opcode) {
	case WSLAY_CONNECTION_CLOSE:
		return end_close(ws);
	case WSLAY_PING:
		ws->handler->ping(ws->ctx,
				  bytes_of(ws->control, ws->control_len));
		return 0;
	case WSLAY_PONG: /* heard is all that counts */
		return 0;
	default:
		if (!f->fin)
			return 0;
		err = deliver(ws, buf_bytes(&ws->message));
		if (ws->message.cap > KEEP_BYTES)
			buf_deinit(&ws->message);
		buf_clear(&ws->message);
		return err;
	}
}

/* A piece of a frame's payload. */
static int add_piece(struct ws *ws, const struct wslay_frame_iocb *f)
{
	if (!wslay_is_ctrl_frame(f->opcode))
		return buf_add(&ws->message, f->data, f->data_length)
			       ? violation(ws, WS_INTERNAL, "out of memory")
			       : 0;
	assert(ws->control_len + f->data_length <= WS_CONTROL_MAX);
	memcpy(ws->control + ws->control_len, f->data, f->data_length);
	ws->control_len += (unsigned)f->data_length;
	return 0;
}

/* A message of one frame that came whole needs no copy. */
static bool is_whole(const struct ws *ws, const struct wslay_frame_iocb *f)
{
	return f->fin && f->data_length == f->payload_length &&
	       ws->fragments == 1 && !wslay_is_ctrl_frame(f->opcode) &&
	       !ws->message.len;
}

static int on_piece(struct ws *ws, const struct wslay_frame_iocb *f)
{
	int err = ws->in_frame ? 0 : begin_frame(ws, f);

	if (err)
		return err;
	if (is_whole(ws, f)) {
		frame_is_done(ws, f);
		return deliver(ws, bytes_of(f->data, f->data_length));
	}
	err = f->data_length ? add_piece(ws, f) : 0;
	if (err)
		return err;
	ws->frame_left -= f->data_length;
	return ws->frame_left ? 0 : end_frame(ws, f);
}

int ws_feed(struct ws *ws, struct bytes data)
{
	int err = ws->code ? ERR_MALFORMED : 0;

	ws->in = data;
	ws->fed += data.len;
	while (!ws->stopped) {
		struct wslay_frame_iocb frame;
		ssize_t len = wslay_frame_recv(ws->frames, &frame);

		if (len == WSLAY_ERR_WANT_READ)
			break;
		if (len < 0)
			return violation(ws, WS_PROTOCOL, "malformed frame");
		err = on_piece(ws, &frame);
	}
	ws->in = bytes_of(NULL, 0);
	return err;
}

/* --- bytes out ----------------------------------------------------------- */

/* RFC 6455, section 5.2: in one byte, in three or in nine. */
static uint8_t *put_length(uint8_t *at, uint64_t len)
{
	if (len <= 125) {
		*at++ = (uint8_t)len;
	} else if (len <= UINT16_MAX) {
		*at++ = 126;
		*at++ = (uint8_t)(len >> 8);
		*at++ = (uint8_t)len;
	} else {
		*at++ = 127;
		for (unsigned bits = 64; bits; bits -= 8)
			*at++ = (uint8_t)(len >> (bits - 8));
	}
	return at;
}

static void add_unmasked(struct buf *out, uint8_t opcode, struct bytes head,
			 struct bytes tail)
{
	enum { FIN = 0x80 };
	uint8_t *at = out->data + out->len;

	*at++ = FIN | opcode;
	at = put_length(at, head.len + tail.len);
	out->len = (size_t)(at - out->data);
	buf_put(out, head);
	buf_put(out, tail);
}

static void add_masked(struct ws *ws, struct buf *out, uint8_t opcode,
		       struct bytes head, struct bytes tail)
{
	struct wslay_frame_iocb f = {
		.fin = 1,
		.opcode = opcode,
		.mask = 1,
		.payload_length = head.len + tail.len,
		.data = head.data,
		.data_length = head.len,
	};

	ws->out = out;
	(void)wslay_frame_send(ws->frames, &f);
	if (tail.len) {
		f.data = tail.data;
		f.data_length = tail.len;
		(void)wslay_frame_send(ws->frames, &f);
	}
	ws->out = NULL;
}

static int add_frame(struct ws *ws, struct buf *out, uint8_t opcode,
		     struct bytes head, struct bytes tail)
{
	/* With the room there, nothing below can fail. */
	if (head.len > SIZE_MAX / 2 || tail.len > SIZE_MAX / 2 - 64 ||
	    buf_reserve(out, head.len + tail.len + FRAME_HEADER_MAX)) {
		out->failed = false;
		return ERR_NOMEM;
	}
	if (ws->client)
		add_masked(ws, out, opcode, head, tail);
	else
		add_unmasked(out, opcode, head, tail);
	return 0;
}

int ws_message(struct ws *ws, struct buf *out, bool binary, struct bytes head,
	       struct bytes tail)
{
	return add_frame(ws, out,
			 binary ? WSLAY_BINARY_FRAME : WSLAY_TEXT_FRAME, head,
			 tail);
}

int ws_control(struct ws *ws, struct buf *out, enum wslay_opcode opcode,
	       struct bytes payload)
{
	assert(payload.len <= WS_CONTROL_MAX);
	return add_frame(ws, out, (uint8_t)opcode, payload,
			 bytes_of(NULL, 0));
}

int ws_close(struct ws *ws, struct buf *out, unsigned code, const char *reason)
{
	uint8_t payload[WS_CONTROL_MAX];
	size_t len = strnlen(reason, sizeof payload - 2);

	if (code == WS_NO_STATUS) /* an empty close is answered with one */
		return ws_control(ws, out, WSLAY_CONNECTION_CLOSE,
				  bytes_of(NULL, 0));
	/* Not in the middle of a character. */
	while (len && !utf8_valid(bytes_of(reason, len)))
		len--;
	payload[0] = (uint8_t)(code >> 8);
	payload[1] = (uint8_t)code;
	memcpy(payload + 2, reason, len);
	return ws_control(ws, out, WSLAY_CONNECTION_CLOSE,
			  bytes_of(payload, len + 2));
}
