/*
 * testament: events that a session leaves behind: published when it ends, in
 * whichever way, in the order of adding, those of scope `detached` before
 * those of `destroyed` (there is no session resumption, so both happen at
 * once). Spec: "Session Testament" (advanced). May touch base, wamp, session,
 * audience and broker.
 *
 * Whether the session may publish there is asked when a testament is added, of
 * its permissions or its authorizer, so that its owner learns of a refusal;
 * nobody could be asked any more when it has gone. How many there may be, and
 * of how many bytes, is the role's limit (`testaments`, `testament_bytes`).
 */
#ifndef ROUTER_TESTAMENT_H
#define ROUTER_TESTAMENT_H

#include "router/broker.h"

enum testament_scope { SCOPE_DETACHED, SCOPE_DESTROYED };

/* What is to be published; options, args and kwargs may be NULL. */
struct last_will {
	enum testament_scope scope;
	struct bytes topic;
	const struct value *options, *args, *kwargs;
	struct grant grant;
};

/* ERR_USAGE: options that PUBLISH would refuse; ERR_LIMIT; ERR_NOMEM; others:
 * it can not be encoded. */
int testament_add(struct session *s, const struct last_will *will) MUST_CHECK;
void testaments_flush(struct session *s, enum testament_scope scope);
/* The session hears nothing any more, but knows who it was. None are left. */
void testaments_publish(struct broker *b, struct session *s);

#endif
