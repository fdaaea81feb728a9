/*
 * batch: several messages in one WebSocket message, in the subprotocols
 * wamp.2.*.batched (spec: "Message Batching"). In JSON each one ends with
 * 0x1e, in the binary serializers each one begins with its length in 32 bits,
 * big-endian. Autobahn|Python ends JSON's with 0x18, which is the octal 30
 * where the specification draws the decimal one: who is spoken to like that
 * answers like that. Pure; base and this library only. Not in the WebAssembly
 * build.
 */
#ifndef WAMP_BATCH_H
#define WAMP_BATCH_H

#include "wamp/serializer.h"

enum batch_framing {
	BATCH_NONE,      /* one message, as it is */
	BATCH_SEPARATED, /* JSON */
	BATCH_OCTAL,     /* JSON of Autobahn|Python */
	BATCH_PREFIXED,  /* the binary serializers */
};

/* That of a serializer's batched subprotocol. */
enum batch_framing batch_framing_of(const struct serializer *serializer);

/* The framing, or, when a peer's batch is Autobahn|Python's, that one. */
enum batch_framing batch_framing_seen(enum batch_framing framing,
				      struct bytes batch);

/* Takes the next message (borrowed) off `rest`. A batch has one message at
 * least, and none is empty, so read it with
 *     do err = batch_next(&rest, framing, &message); … while (rest.len);
 * ERR_TRUNCATED when its end is missing, ERR_MALFORMED when there is none;
 * the connection is then to be closed. */
int batch_next(struct bytes *rest, enum batch_framing framing,
	       struct bytes *message) MUST_CHECK;

/* Appends a message, framed. ERR_LIMIT when its length does not fit, then and
 * with ERR_NOMEM `out` is as long as before. JSON has no 0x1e and 0x18 in it:
 * control characters are escaped in strings, and the walk passes no others. */
int batch_wrap(struct buf *out, enum batch_framing framing,
	       struct bytes message) MUST_CHECK;
/* Two parts, one message. */
int batch_wrap2(struct buf *out, enum batch_framing framing, struct bytes head,
		struct bytes tail) MUST_CHECK;

#endif
