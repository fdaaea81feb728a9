/*
 * request: what a session that has joined says: the protocol's rules for each
 * message, whether the role may (its permissions, or its authorizer), and on
 * to dealer, broker and meta. May touch the router's cores; no I/O. Spec:
 * "Protocol Errors", "IDs", "URIs" (basic), "Authorization" (advanced).
 */
#ifndef ROUTER_REQUEST_H
#define ROUTER_REQUEST_H

#include "router/router.h"

void router_request(struct router *r, struct session *s,
		    const struct message *m);

/* --- router.c, for here -------------------------------------------------- */

/* ABORT, and out of its realm. */
void router_violation(struct session *s, const char *text);
void router_unexpected(struct session *s, enum message_type type,
		       const char *when);
/* Nothing is said any more. */
void router_finish(struct session *s, unsigned code, const char *why);

#endif
