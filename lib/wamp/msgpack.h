/*
 * msgpack: the heads of MessagePack items, read by our own walk
 * (msgpack_walk.c), which checks a message without building anything; what
 * passed is built by msgpack-c's templates (msgpack.c). Base and walk only.
 * https://github.com/msgpack/msgpack/blob/master/spec.md
 */
#ifndef WAMP_MSGPACK_H
#define WAMP_MSGPACK_H

#include "wamp/serializer.h"

/* One complete item, nothing after it. */
int msgpack_check(struct bytes item, const struct wamp_limits *limits);
int msgpack_split(struct bytes message, const struct wamp_limits *limits,
		  struct bytes elements[MESSAGE_ELEMENTS_MAX],
		  unsigned *count);
int msgpack_cut(struct bytes message, const struct wamp_limits *limits,
		struct bytes elements[MESSAGE_ELEMENTS_MAX], unsigned *count);

#endif
