/*
 * history: the last events of a subscription whose topic or pattern the
 * configuration names (`store.event-history`). It belongs to a subscription
 * that is always there, with or without subscribers, so that its id can be
 * looked up and its events asked for. Spec: "Event History" (advanced). In
 * memory only. May touch base, wamp and event.
 *
 * Bounded in events (the configured limit) and in bytes: the oldest go. What
 * was published with a list of sessions is not kept at all, as the
 * specification wants; authid and authrole are asked when it is read.
 */
#ifndef ROUTER_HISTORY_H
#define ROUTER_HISTORY_H

#include "router/event.h"

enum {
	HISTORY_EVENTS_DEFAULT = 1000,
	HISTORY_EVENTS_MAX = 1000000,
	HISTORY_BYTES_MAX = 16 << 20, /* of the events of one history */
};

/* Of the configuration. */
struct history_rule {
	struct bytes uri; /* owned */
	enum uri_match match;
	uint32_t limit;
};

struct history {
	struct event **events; /* owned, with a reference to each; a circle */
	uint32_t cap, first, count, limit;
	size_t bytes;
};

void history_init(struct history *h, uint32_t limit);
void history_deinit(struct history *h);
/* Keeps a reference; out of memory, or more than HISTORY_BYTES_MAX by itself:
 * it is not kept. */
void history_add(struct history *h, struct event *e);

/* Conditions, all of which must be met. */
struct history_query {
	int64_t min_us, max_us; /* Unix time, both included */
	/* Ids of publications; 0: absent. One that is not there (any more)
	 * leaves nothing: what came after it, nobody can say. */
	uint64_t from, after, before, until;
	struct bytes topic; /* data NULL: any */
	bool reverse;       /* newest first */
};

void history_query_init(struct history_query *q); /* everything */
/* false: enough. */
typedef bool history_fn(void *ctx, const struct event *e);
void history_each(const struct history *h, const struct history_query *q,
		  history_fn *fn, void *ctx);

#endif
