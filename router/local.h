/*
 * local: a WAMP client inside the router's own process, for what the router
 * itself asks of its realms: dynamic authenticators and authorizers, the HTTP
 * bridges. It is a session like any other (the meta API shows it, with
 * authmethod "internal" and authprovider "local"; dealer and broker route to
 * and from it), joined to a realm with a role given to it, whose connection is
 * a queue in memory: what it says is heard when the router's current turn
 * ends, never in the middle of one, and so is what it is told. An
 * administrator can kill it; its next use joins it again. May touch the
 * router's cores and wamp's client.
 */
#ifndef ROUTER_LOCAL_H
#define ROUTER_LOCAL_H

#include "router/router.h"
#include "wamp/client.h"

/* So many messages a turn; the rest waits for the next one, which the router
 * wants at once. */
enum { LOCAL_TURN_MESSAGES = 1024 };

struct local;

/* Joins the realm, as `authid` in the role; both borrowed for its life.
 * NULL when out of memory. router_deinit closes those that are left. */
struct local *local_open(struct router *r, struct realm *realm,
			 const struct role *role, const char *authid);
/* All open calls fail with wamp.error.closed; may be said from within the
 * client's callbacks. */
void local_close(struct local *l);

/* Joined already: client_call, client_publish and the like work at once. Ask
 * for it each time: it joins again what was thrown out. Only when out of
 * memory, or while the router goes down, is it not joined, and requests fail
 * with ERR_STATE. Who says something outside of a turn of the router (in an
 * HTTP request) says router_settle after it. */
struct client *local_client(struct local *l);

/* --- for router.c -------------------------------------------------------- */

/* The end of a turn: hands on what is waiting, both ways. */
void locals_settle(struct router *r);
bool locals_are_waiting(const struct router *r);
void locals_deinit(struct router *r);

#endif
