/*
 * local: a WAMP client inside the router's own process, for what the router
 * itself asks of its realms: dynamic authenticators and authorizers, the HTTP
 * bridges. It is a session like any other (found by the meta API, routed by
 * dealer and broker), joined to a realm with a role given to it, whose
 * connection is a queue in memory: what it says is heard when the router's
 * current turn ends, never in the middle of one, and so is what it is told.
 * May touch the router's cores and wamp's client.
 */
#ifndef ROUTER_LOCAL_H
#define ROUTER_LOCAL_H

#include "router/router.h"
#include "wamp/client.h"

struct local;

/* Joins the realm, as `authid` in the role; both borrowed for its life.
 * NULL when out of memory. router_deinit closes those that are left. */
struct local *local_open(struct router *r, struct realm *realm,
			 const struct role *role, const char *authid);
/* All open calls fail with wamp.error.closed; may be said from within the
 * client's callbacks. */
void local_close(struct local *l);

/* Joined already: client_call, client_publish and the like work at once. */
struct client *local_client(struct local *l);

#endif
