/*
 * retained: the last event of each topic that its publisher asked to keep,
 * for who subscribes later. Spec: "Event Retention" (advanced). Kept in
 * memory only. A topic has one event that everybody may have, a few newer ones
 * for an audience, and the one before for the publisher of the first, who does
 * not get its own; a subscriber gets the newest that it would have got as it
 * was published. What a role's members keep is bounded by its limits
 * `retained` and `retained_bytes`: over them the role's own oldest events go,
 * nobody else's. May touch base, wamp, session, event and uri_map.
 */
#ifndef ROUTER_RETAINED_H
#define ROUTER_RETAINED_H

#include "router/event.h"
#include "router/uri_map.h"

enum { RETAINED_FOR_SOME_MAX = 8 }; /* of a topic, besides everybody's */

struct retained {
	struct uri_map topics; /* struct retained_topic */
	struct ring all;       /* of them, as they came */
	struct ring quotas;    /* one a role that has kept anything */
};

void retained_init(struct retained *r, uint64_t seed);
void retained_deinit(struct retained *r);

/* Keeps a reference. What can not be kept is not: retention is best effort
 * by its specification. */
void retained_add(struct retained *r, const struct role *role,
		  struct event *e);

/* Events that are kept, of all topics. */
uint32_t retained_count(const struct retained *r);

/* EVENTs of a subscription that asked for them. Of a pattern's many, those
 * that do not fit in half of what the session's output may hold are left
 * out. */
void retained_send(const struct retained *r, struct session *s,
		   uint64_t subscription, enum uri_match match,
		   struct bytes uri);

#endif
