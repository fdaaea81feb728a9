/*
 * serializer: what a message looks like on the wire, JSON, MessagePack or
 * CBOR. (How several of them share one WebSocket message is batch.h's.)
 *
 * Two paths. `decode` and `encode` go through the value tree. `split` walks a
 * whole message once without building anything - lengths, depth, element
 * budget, UTF-8, unique string keys - and gives the raw slices of the
 * elements of the outer list, so that a router forwards payloads unopened.
 * Spec: "Serializers" (basic profile).
 * What does not pass is the sender's fault. Budgets are checked before
 * anything is allocated; no walk recurses deeper than depth_max.
 * No I/O; base only (msgpack-c's headers in msgpack.c).
 */
#ifndef WAMP_SERIALIZER_H
#define WAMP_SERIALIZER_H

#include "base/buf.h"
#include "wamp/value.h"

struct wamp_limits {
	size_t bytes_max;      /* of a message */
	uint32_t depth_max;    /* nested lists and dicts, the outer one is 1 */
	uint32_t elements_max; /* cumulative: items, keys and values; it is
				  also never more than the message's bytes */
};

/* 1 MiB, depth 32, 2^20 elements. A depth_max over VALUE_DEPTH_MAX counts as
 * that. */
extern const struct wamp_limits wamp_limits_default;

enum { MESSAGE_ELEMENTS_MAX = 8 };

enum serializer_id { SERIALIZER_JSON, SERIALIZER_MSGPACK, SERIALIZER_CBOR };

struct serializer {
	enum serializer_id id;
	const char *name;        /* "json" */
	const char *subprotocol; /* "wamp.2.json" */
	const char *batched;     /* "wamp.2.json.batched" */
	bool binary;             /* WebSocket frame type */
	uint8_t rawsocket;       /* number in the RawSocket handshake */

	/* One complete item; trailing bytes are ERR_MALFORMED. Strings may
	 * borrow from `data`. */
	int (*decode)(struct arena *a, struct bytes data,
		      const struct wamp_limits *limits, struct value **out);
	/* Appends. ERR_UNSUPPORTED for what the language can not say (JSON:
	 * infinities, NaN, text that begins with NUL but is not WAMP's binary
	 * convention; MessagePack: integers beyond 64 bits): a number is
	 * carried exactly or not at all. ERR_LIMIT when deeper than
	 * VALUE_DEPTH_MAX. On error `out` is as long as before. */
	int (*encode)(struct buf *out, const struct value *v);
	/* The two halves of decode: is it one complete item within the
	 * limits; and, for an item that check or split has passed: its value,
	 * nothing checked again. ERR_UNSUPPORTED: it has one that only the
	 * same language can say (a date), and is for forwarding only. */
	int (*check)(struct bytes item, const struct wamp_limits *limits);
	int (*build)(struct arena *a, struct bytes item, struct value *out);

	/* Walks a message: the outer item must be a list of 1 …
	 * MESSAGE_ELEMENTS_MAX elements; slices go to `elements`. */
	int (*split)(struct bytes message, const struct wamp_limits *limits,
		     struct bytes elements[MESSAGE_ELEMENTS_MAX],
		     unsigned *count);
	/* As split, but the elements are only cut apart, not checked: for a
	 * client, which a payload that nobody can decode must not end. */
	int (*cut)(struct bytes message, const struct wamp_limits *limits,
		   struct bytes elements[MESSAGE_ELEMENTS_MAX],
		   unsigned *count);
	/* Writing a list of raw elements: begin(count), then for each one
	 * `item` (a separator if needed) followed by the element's bytes
	 * appended to `out` directly, then end. */
	int (*list_begin)(struct buf *out, unsigned count);
	int (*list_item)(struct buf *out, unsigned index);
	int (*list_end)(struct buf *out);
};

extern const struct serializer serializer_json, serializer_msgpack,
	serializer_cbor;

/* By WebSocket subprotocol (of batches, that is another one), name, or
 * RawSocket number; NULL when unknown. */
const struct serializer *serializer_by_subprotocol(struct bytes subprotocol);
const struct serializer *serializer_by_batched(struct bytes subprotocol);
const struct serializer *serializer_by_name(const char *name);
const struct serializer *serializer_by_rawsocket(uint8_t number);

/* One raw item of `from`'s language appended in `to`'s. The arena is scratch.
 */
int serializer_transcode(const struct serializer *from, struct bytes item,
			 const struct serializer *to, struct arena *scratch,
			 const struct wamp_limits *limits, struct buf *out);

#endif
