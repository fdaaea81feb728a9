/*
 * wire: joins net's connections to the router's sessions, and the loop's time
 * to the router's deadlines. May touch net and router.h; decides nothing.
 */
#ifndef ROUTER_WIRE_H
#define ROUTER_WIRE_H

#include "net/loop.h"
#include "net/transport.h"
#include "router/router.h"

struct wires {
	struct loop *loop;
	struct router *router;
	struct timer *timer;
	uint64_t armed_ms; /* UINT64_MAX: not */
	uint64_t now_ms;   /* that the router was told last */
	size_t count;
	struct traffic { /* since the start */
		uint64_t messages, bytes;
	} received, sent;
	loop_fn *emptied; /* the last connection is gone; may be NULL */
	void *ctx;
};

int wires_init(struct wires *w, struct loop *loop, struct router *router)
	MUST_CHECK;
/* When all connections are closed. */
void wires_deinit(struct wires *w);

/* `endpoint` and `authn` outlive it. */
void wires_accept(struct wires *w, struct transport *t,
		  const struct authn *authn,
		  const struct endpoint_limits *endpoint);
/* router_settle, by the loop's clock: after a local client (local.h) said
 * something outside of a message from a connection. */
void wires_settle(struct wires *w);
void wires_shutdown(struct wires *w, const char *reason);

/* What net enforces of a role's limits and of an endpoint's. */
struct transport_limits wire_limits(const struct role_limits *l,
				    const struct endpoint_limits *endpoint);

#endif
