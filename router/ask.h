/*
 * ask: the router calls a procedure in one of its realms, as a client inside
 * its process (local.h), and does not wait longer than ASK_MS. For
 * authenticators and authorizers; what they decide is their caller's. May
 * touch local and the router's cores.
 *
 * The built-in role of who asks is "trusted": it may call everything and is
 * subject to no authorizer, so that none is asked about its own questions.
 */
#ifndef ROUTER_ASK_H
#define ROUTER_ASK_H

#include "router/router.h"
#include "wamp/client.h"

enum { ASK_MS = 5000 };

/* args is borrowed; fn is called exactly once, in a later turn. An error:
 * it will not be called. `role` NULL: the built-in one. */
int ask(struct router *r, struct realm *realm, const struct role *role,
	const char *procedure, const struct value *args, client_reply_fn *fn,
	void *ctx) MUST_CHECK;

/* For router.c. */
int ask_init(struct router *r) MUST_CHECK;
void ask_deinit(struct router *r);

#endif
