/*
 * peer: a client session that is kept: dials, joins, and after a loss dials
 * again with jittered, growing delays (0.2 s doubling to 10 s, reset once
 * joined), for coordinator, workers and wampload. Joins lib/wamp/client to
 * lib/net; may touch these two.
 */
#ifndef NET_PEER_H
#define NET_PEER_H

#include "net/dial.h"
#include "wamp/client.h"

struct peer;

struct peer_config {
	struct url where;
	/* serializer, limits, realm, agent, authid, ticket, authmethod,
	 * challenge and its ctx are read; send, joined, left, revoked are
	 * peer's own. */
	struct client_config client;
	struct transport_limits transport;
	bool batched; /* its turns' messages share WebSocket messages */
	struct tls *tls; /* borrowed; for wss:// and rss:// */
	bool once; /* do not dial again */
	/* Register and subscribe here: again after each reconnect. */
	void (*joined)(void *ctx, struct client *c, uint64_t session,
		       const struct value *details);
	/* Lost, or refused (`refused`: the router said ABORT: reason is its
	 * URI); `again`: it will dial in a while. */
	void (*left)(void *ctx, bool refused, const char *reason,
		     const char *message, bool again);
	/* A registration was taken away (lib/wamp/client.h). May be NULL. */
	void (*revoked)(void *ctx, uint64_t registration, const char *reason);
	void *ctx;
};

struct peer *peer_new(struct loop *l, const struct peer_config *config);
struct client *peer_client(struct peer *p); /* NULL while not joined */
/* The queue out is long (half of output_max): stop making more. */
bool peer_is_congested(const struct peer *p);
/* Says GOODBYE, and calls `left` (again: false) when over, 2 s at most. */
void peer_leave(struct peer *p, const char *reason);
/* Drops the connection at once and dials again. */
void peer_reconnect(struct peer *p);
void peer_free(struct peer *p);

#endif
