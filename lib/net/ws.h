/*
 * ws: WebSocket frames (RFC 6455) of one connection, both sides, without I/O:
 * bytes in, whole messages out; messages in, bytes out. The frames are cut by
 * wslay's frame layer, which allocates nothing per frame, and masked by it;
 * everything about messages (fragments, limits, UTF-8, control frames) is
 * here, so that memory grows only with bytes that have arrived. What a server
 * sends is not masked: a header and the bytes, put down at once, as a third of
 * what an event to 1,000 subscribers cost was wslay's way of doing so. No
 * extension is spoken.
 */
#ifndef NET_WS_H
#define NET_WS_H

#include <wslay/wslay.h>

#include "base/buf.h"

enum {
	WS_CONTROL_MAX = 125,
	WS_NORMAL = 1000,
	WS_GOING_AWAY = 1001,
	WS_PROTOCOL = 1002,
	WS_UNSUPPORTED = 1003,
	WS_NO_STATUS = 1005, /* never on the wire */
	WS_INVALID = 1007,
	WS_POLICY = 1008,
	WS_TOO_BIG = 1009,
	WS_INTERNAL = 1011,
};

/* All bytes are borrowed until the callback returns. */
struct ws_handler {
	void (*message)(void *ctx, bool binary, struct bytes message);
	void (*ping)(void *ctx, struct bytes payload); /* answer with a PONG */
	void (*closing)(void *ctx, unsigned code, struct bytes reason);
};

struct ws {
	wslay_frame_context_ptr frames; /* owned */
	const struct ws_handler *handler;
	void *ctx;
	bool client; /* we mask, the peer does not */
	bool stopped;

	size_t message_max;
	unsigned fragments_max;

	struct bytes in;     /* what is being fed */
	uint64_t fed, done;  /* bytes given; bytes of whole frames */
	bool in_frame;
	uint64_t frame_left;
	bool in_message, binary;
	uint64_t message_at; /* `done` when its first frame began */
	unsigned fragments;
	struct buf message;  /* of several frames or reads */
	uint8_t control[WS_CONTROL_MAX];
	unsigned control_len;

	unsigned code; /* of the violation, 0: none */
	const char *what;

	struct buf *out;      /* where a frame is being written to */
	uint8_t masks[256];   /* random numbers for the next frames */
	unsigned masks_left;
};

int ws_init(struct ws *ws, bool client, const struct ws_handler *handler,
	    void *ctx) MUST_CHECK;
void ws_deinit(struct ws *ws);

/* Takes bytes of the peer. Not 0: the peer broke a rule or a limit; ws->code
 * and ws->what say which; nothing is taken any more. */
int ws_feed(struct ws *ws, struct bytes data) MUST_CHECK;
/* From a callback or outside: what is fed from now on is ignored. */
void ws_stop(struct ws *ws);
/* Is a frame or message begun and not ended? *at is where it began, in bytes
 * since the start: another one, another number. */
bool ws_is_partial(const struct ws *ws, uint64_t *at);
/* Gives back the memory of an empty buffer. */
void ws_trim(struct ws *ws);

/* Append one frame: a message of two parts, a control frame. ERR_NOMEM leaves
 * out as it was. */
int ws_message(struct ws *ws, struct buf *out, bool binary, struct bytes head,
	       struct bytes tail) MUST_CHECK;
int ws_control(struct ws *ws, struct buf *out, enum wslay_opcode opcode,
	       struct bytes payload) MUST_CHECK;
/* A CLOSE frame; the reason is cut to what fits. */
int ws_close(struct ws *ws, struct buf *out, unsigned code,
	     const char *reason) MUST_CHECK;

#endif
