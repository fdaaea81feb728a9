/*
 * event: one publication, kept for later: for retained events and for event
 * histories, which share it. Holds all that an EVENT says, and who may have
 * it. May touch base, wamp and audience.
 */
#ifndef ROUTER_EVENT_H
#define ROUTER_EVENT_H

#include "router/audience.h"

struct event {
	unsigned references;
	size_t bytes; /* of memory, all in all */
	uint64_t publication, unix_ms;
	/* All that follows is in the same piece of memory. */
	struct bytes topic;
	struct bytes details; /* MessagePack; without topic and retained */
	struct payload payload;
	struct audience audience;
};

/* A copy of what `like` says, with one reference; NULL: out of memory. */
struct event *event_new(const struct event *like);
struct event *event_keep(struct event *e);
void event_drop(struct event *e);

/* EVENT.Details in the arena; `topic`: for a pattern-based subscription.
 * ERR_NOMEM. */
int event_details(struct arena *a, const struct event *e, bool topic,
		  struct value *out) MUST_CHECK;

#endif
