#include "net/frames.h"

int frames_init(struct frames *f, size_t peer_max, bool client,
		const struct frames_handler *handler, void *ctx)
{
	f->raw = peer_max != 0;
	if (!f->raw)
		return ws_init(&f->u.ws, client, &handler->ws, ctx);
	rawsocket_init(&f->u.raw, peer_max, &handler->raw, ctx);
	return 0;
}

void frames_deinit(struct frames *f)
{
	if (f->raw)
		rawsocket_deinit(&f->u.raw);
	else
		ws_deinit(&f->u.ws);
}

void frames_limit(struct frames *f, size_t message_max,
		  unsigned fragments_max)
{
	if (f->raw) {
		f->u.raw.message_max = message_max;
	} else {
		f->u.ws.message_max = message_max;
		f->u.ws.fragments_max = fragments_max;
	}
}

int frames_feed(struct frames *f, struct bytes data, unsigned *code,
		const char **what)
{
	int err = f->raw ? rawsocket_feed(&f->u.raw, data)
			 : ws_feed(&f->u.ws, data);

	*code = f->raw ? f->u.raw.code : f->u.ws.code;
	*what = f->raw ? f->u.raw.what : f->u.ws.what;
	return err;
}

void frames_stop(struct frames *f)
{
	if (f->raw)
		rawsocket_stop(&f->u.raw);
	else
		ws_stop(&f->u.ws);
}

bool frames_is_partial(const struct frames *f, uint64_t *at)
{
	return f->raw ? rawsocket_is_partial(&f->u.raw, at)
		      : ws_is_partial(&f->u.ws, at);
}

void frames_trim(struct frames *f)
{
	if (f->raw)
		rawsocket_trim(&f->u.raw);
	else
		ws_trim(&f->u.ws);
}

int frames_message(struct frames *f, struct buf *out, bool binary,
		   struct bytes head, struct bytes tail)
{
	return f->raw ? rawsocket_frame(&f->u.raw, out, RAWSOCKET_MESSAGE,
					head, tail)
		      : ws_message(&f->u.ws, out, binary, head, tail);
}

int frames_ping(struct frames *f, struct buf *out)
{
	struct bytes none = bytes_of(NULL, 0);

	return f->raw ? rawsocket_frame(&f->u.raw, out, RAWSOCKET_PING, none,
					none)
		      : ws_control(&f->u.ws, out, WSLAY_PING, none);
}

int frames_pong(struct frames *f, struct buf *out, struct bytes payload)
{
	return f->raw ? rawsocket_frame(&f->u.raw, out, RAWSOCKET_PONG,
					payload, bytes_of(NULL, 0))
		      : ws_control(&f->u.ws, out, WSLAY_PONG, payload);
}

int frames_close(struct frames *f, struct buf *out, unsigned code,
		 const char *reason)
{
	return f->raw ? 0 : ws_close(&f->u.ws, out, code, reason);
}
