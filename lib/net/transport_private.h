/*
 * transport_private: how server and dial make transports out of streams on
 * which the handshake is done. Nobody else includes this but peer.
 */
#ifndef NET_TRANSPORT_PRIVATE_H
#define NET_TRANSPORT_PRIVATE_H

#include "net/stream.h"
#include "net/transport.h"

struct transport_origin {
	const struct serializer *serializer;
	bool batched;        /* several of its messages in one of a WebSocket's */
	bool client;         /* this side asked for it */
	size_t peer_max;     /* a RawSocket whose peer takes messages of so
				many bytes; 0: a WebSocket */
	struct bytes origin; /* the Origin header, or empty; copied */
	char tag[TRANSPORT_TAG_SIZE];
	bool forwarded;      /* a proxy speaks for somebody else: not local */
	bool proxy_tls;      /* and says that it is asked over TLS */
	uint64_t age_ms;     /* that TLS and the handshake took */
	/* Told after `closed`, as the transport goes; may be NULL. */
	void (*gone)(void *ctx);
	void *ctx;
};

/* Takes the stream, unless NULL (out of memory) is returned. Does not read
 * yet. */
struct transport *transport_new(struct stream *s,
				const struct transport_origin *origin,
				const struct transport_limits *limits);
/* It has its handler: begins with the bytes that came with the handshake. */
void transport_start(struct transport *t, struct bytes first);
/* Closes at once, without a goodbye; `closed` follows as always. */
void transport_drop(struct transport *t, const char *why);

#endif
