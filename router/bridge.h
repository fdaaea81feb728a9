/*
 * bridge: WAMP by HTTP, as Crossbar.io's bridges of the types publisher and
 * caller: a POST of JSON to a path of the configuration publishes or calls in
 * a realm, as a session of the path's own (local.h) whose role and permissions
 * are the path's; the meta API shows it with the path's type as authid. May
 * touch net's server.h, local and the router's cores; no I/O.
 *
 *   {"topic": URI, "args"?: […], "kwargs"?: {…}, "options"?: {…}}
 *     200 {"id": PUBLICATION}
 *   {"procedure": URI, "args"?: […], "kwargs"?: {…}, "options"?: {…}}
 *     200 {"args": […], "kwargs"?: {…}}
 *   200 {"error": URI, "args": […], "kwargs": {…}}: what WAMP answers
 *   other {"error": text, "args": [], "kwargs": {}}: the request was refused
 *
 * With Crossbar.io's statuses: 400 a malformed request, of another type than
 * JSON, from another address or not over TLS, or one whose signature
 * (bridge_sign.h) lacks something or is out of time; 401 a wrong one; 405,
 * 413. And our own: 401 a signature that came before; 403 a page whose origin
 * may not connect (the same as for WebSockets; there all may); 503 there is
 * no memory, too many wait (server.h), or the router goes down; 504 no result
 * within BRIDGE_CALL_MS. Who closes the connection before the answer comes has
 * its call canceled (killnowait); an event is published all the same.
 */
#ifndef ROUTER_BRIDGE_H
#define ROUTER_BRIDGE_H

#include "net/server.h"
#include "router/bridge_config.h"
#include "router/router.h"

enum { BRIDGE_CALL_MS = 120000 };

struct bridge;

/* What is said outside of the router's turns is heard when this is called:
 * wires_settle. */
typedef void bridge_settle_fn(void *ctx);

/* `calls`: it is a caller, otherwise a publisher. The config is borrowed. NULL
 * when out of memory. */
struct bridge *bridge_new(struct router *r, const struct bridge_config *c,
			  bool calls, bridge_settle_fn *settle, void *ctx);
/* No request is waiting, and the router is deinited. */
void bridge_free(struct bridge *b);

/* `welcome`: the request's origin, if it has one, may connect. */
void bridge_http(struct bridge *b, const struct http_request *q, bool welcome,
		 struct http_response *r);

#endif
