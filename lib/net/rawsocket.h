/*
 * rawsocket: the RawSocket transport of WAMP (the specification's section
 * "RawSocket Transport"), both sides, without I/O: the handshake of four bytes
 * each way, and frames: bytes in, whole messages out; messages in, bytes out.
 * Memory grows only with bytes that have arrived, whatever length a frame
 * declares.
 */
#ifndef NET_RAWSOCKET_H
#define NET_RAWSOCKET_H

#include "base/buf.h"
#include "wamp/serializer.h"

enum {
	RAWSOCKET_MAGIC = 0x7F, /* no HTTP request begins with it */
	RAWSOCKET_HELLO_BYTES = 4,
	/* A peer that takes less could not even be welcomed. */
	RAWSOCKET_PEER_MIN = 1024,
};

/* Of the handshake; ILLEGAL has no answer: the connection fails. */
enum rawsocket_error {
	RAWSOCKET_OK = 0,
	RAWSOCKET_SERIALIZER = 1,
	RAWSOCKET_LENGTH = 2,
	RAWSOCKET_RESERVED = 3,
	RAWSOCKET_CONNECTIONS = 4,
	RAWSOCKET_ILLEGAL = 16,
};

/* --- the handshake ------------------------------------------------------- */

/* A client's four bytes, of which `offered` (NULL-ended subprotocols) are the
 * serializers; *peer_max becomes what it takes in one message. */
enum rawsocket_error rawsocket_check(const uint8_t *hello,
				     const char *const *offered,
				     const struct serializer **serializer,
				     size_t *peer_max);
/* What either side says: its serializer and the longest message it takes. */
int rawsocket_hello(struct buf *out, const struct serializer *serializer,
		    size_t message_max) MUST_CHECK;
/* A server's refusal, with one of 1 … 4. */
int rawsocket_refuse(struct buf *out, enum rawsocket_error error) MUST_CHECK;
/* Is this the welcome to our hello? ERR_DENIED with the reason. */
int rawsocket_confirm(const uint8_t *answer,
		      const struct serializer *serializer, size_t *peer_max,
		      struct why *why);

/* --- frames -------------------------------------------------------------- */

enum rawsocket_type { RAWSOCKET_MESSAGE, RAWSOCKET_PING, RAWSOCKET_PONG };

/* All bytes are borrowed until the callback returns. */
struct rawsocket_handler {
	void (*message)(void *ctx, struct bytes message);
	void (*ping)(void *ctx, struct bytes payload); /* answer each */
};

struct rawsocket {
	const struct rawsocket_handler *handler;
	void *ctx;
	size_t message_max; /* in, of any type of frame */
	size_t peer_max;    /* out */
	bool stopped;

	uint8_t head[4];
	unsigned head_len;
	size_t length; /* of the frame whose head is complete */
	uint64_t done; /* whole frames so far */
	struct buf body; /* of it, when it comes in pieces */

	unsigned code; /* of the violation, in WebSocket's numbers, 0: none */
	const char *what;
};

void rawsocket_init(struct rawsocket *r, size_t peer_max,
		    const struct rawsocket_handler *handler, void *ctx);
void rawsocket_deinit(struct rawsocket *r);
/* Takes bytes of the peer. Not 0: the peer broke a rule or a limit; r->code
 * and r->what say which; nothing is taken any more. */
int rawsocket_feed(struct rawsocket *r, struct bytes data) MUST_CHECK;
/* From a callback or outside: what is fed from now on is ignored. */
void rawsocket_stop(struct rawsocket *r);
/* Is a frame begun and not ended? *at: another one, another number. */
bool rawsocket_is_partial(const struct rawsocket *r, uint64_t *at);
/* Gives back the memory of an empty buffer. */
void rawsocket_trim(struct rawsocket *r);
/* Appends one frame, of two parts. ERR_LIMIT: longer than the peer takes.
 * After an error `out` is as it was. */
int rawsocket_frame(const struct rawsocket *r, struct buf *out,
		    enum rawsocket_type type, struct bytes head,
		    struct bytes tail) MUST_CHECK;

#endif
