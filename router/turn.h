/*
 * turn: what every part of the router needs while it handles one event: the
 * clock, random numbers, scratch memory. Passed in, so that the parts decide
 * without a socket or a sleep and tests can hold the clock. May touch base
 * and wamp.
 */
#ifndef ROUTER_TURN_H
#define ROUTER_TURN_H

#include "base/arena.h"
#include "base/buf.h"
#include "wamp/serializer.h"
#include "wamp/uri.h"

struct turn {
	uint64_t now_ms;  /* monotonic */
	uint64_t unix_ms; /* for what people read */
	uint64_t (*random)(void *ctx);
	void *random_ctx;
	struct arena arena; /* owned; emptied after each message */
	struct buf out;     /* owned; the message that is being written */
	struct wamp_limits limits;
	bool uri_strict;
};

static inline uint64_t turn_random(struct turn *t)
{
	return t->random(t->random_ctx);
}

/* Session and publication ids: uniform ("IDs", global scope). */
static inline uint64_t turn_random_id(struct turn *t)
{
	return wamp_id_from_random(turn_random(t));
}

#endif
