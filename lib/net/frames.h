/*
 * frames: what a transport speaks, a WebSocket or a RawSocket, behind one
 * face. Without I/O; transport's only.
 */
#ifndef NET_FRAMES_H
#define NET_FRAMES_H

#include "net/rawsocket.h"
#include "net/ws.h"

struct frames_handler {
	struct ws_handler ws;
	struct rawsocket_handler raw;
};

struct frames {
	bool raw;
	union {
		struct ws ws;
		struct rawsocket raw;
	} u;
};

/* peer_max 0: a WebSocket; else a RawSocket whose peer takes so much. */
int frames_init(struct frames *f, size_t peer_max, bool client,
		const struct frames_handler *handler, void *ctx) MUST_CHECK;
void frames_deinit(struct frames *f);
void frames_limit(struct frames *f, size_t message_max,
		  unsigned fragments_max);
/* Not 0: the peer broke a rule, or there is no memory: *code and *what. */
int frames_feed(struct frames *f, struct bytes data, unsigned *code,
		const char **what) MUST_CHECK;
void frames_stop(struct frames *f);
bool frames_is_partial(const struct frames *f, uint64_t *at);
void frames_trim(struct frames *f);

int frames_message(struct frames *f, struct buf *out, bool binary,
		   struct bytes head, struct bytes tail) MUST_CHECK;
int frames_ping(struct frames *f, struct buf *out) MUST_CHECK;
int frames_pong(struct frames *f, struct buf *out,
		struct bytes payload) MUST_CHECK;
/* A goodbye; a RawSocket has none but the end of the connection. */
int frames_close(struct frames *f, struct buf *out, unsigned code,
		 const char *reason) MUST_CHECK;

#endif
