/*
 * msgpack: the heads of MessagePack items, read by our own walk
 * (msgpack_walk.c), which checks a message without building anything; what
 * passed is built by msgpack-c's templates (msgpack.c). Base and walk only.
 * Extensions are refused, but for two: undefined, as JavaScript's encoder says
 * it, is null; a timestamp is passed on unopened, if it is one (date.h), and
 * building it is ERR_UNSUPPORTED.
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 */
#ifndef WAMP_MSGPACK_H
#define WAMP_MSGPACK_H

#include "wamp/serializer.h"

/* Of an extension that was passed: its type, and what follows. */
static inline bool msgpack_is_date(const uint8_t *type)
{
	return *type == 0xff; /* -1 */
}

/* One complete item, nothing after it. */
int msgpack_check(struct bytes item, const struct wamp_limits *limits);
int msgpack_split(struct bytes message, const struct wamp_limits *limits,
		  struct bytes elements[MESSAGE_ELEMENTS_MAX],
		  unsigned *count);
int msgpack_cut(struct bytes message, const struct wamp_limits *limits,
		struct bytes elements[MESSAGE_ELEMENTS_MAX], unsigned *count);

#endif
