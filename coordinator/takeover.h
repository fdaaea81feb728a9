/*
 * takeover: what a coordinator started with --takeover does before it opens
 * its database: it registers the first of its procedures by force, so that
 * the one that is there is told, stops, and lets go of the database. Has a
 * loop and a session of its own for it. May touch base, net, wamp and store.
 */
#ifndef COORDINATOR_TAKEOVER_H
#define COORDINATOR_TAKEOVER_H

#include "coordinator/store.h"
#include "net/peer.h"

enum {
	TAKEOVER_MS = 10000,  /* for the router to answer */
	HANDOVER_MS = 15000,  /* for the other one to let go of a database */
	HANDOVER_LOOK_MS = 20,
};

/* `base`: where, client and transport are read. 0; ERR_CLOSED: the router is
 * not there or refuses, which `why` says in one line. */
int takeover(const struct peer_config *base, const char *procedure,
	     struct why *why) MUST_CHECK;
/* store_open, when it is in use again and again for HANDOVER_MS: who was
 * evicted first writes what it has accepted. */
int takeover_store(struct store **out, const char *path, struct why *why)
	MUST_CHECK;

#endif
