/*
 * join: from HELLO to WELCOME or ABORT. Spec: "Session Establishment" (basic);
 * "Authentication" (advanced). May touch the router's cores.
 */
#ifndef ROUTER_JOIN_H
#define ROUTER_JOIN_H

#include "router/router.h"

void join_hello(struct router *r, struct session *s, const struct message *m);
void join_authenticate(struct router *r, struct session *s,
		       const struct message *m);
/* What was waited for, AUTHN_WAIT, is known now. */
void join_decided(struct router *r, struct session *s,
		  const struct authn_result *result);

#endif
