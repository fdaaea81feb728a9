/*
 * attributes: of which type the attributes in Options and Details are that this
 * router reads as true or false. May touch wamp's message only. Spec:
 * "Messages" (an integer is no bool), "Extensibility" (what is unknown is
 * ignored).
 *
 * An attribute that the router knows, of a type that it does not have, is the
 * sender's mistake, and told as one wherever an answer is possible: ERROR
 * wamp.error.invalid_argument to a request, and nothing was done. For PUBLISH
 * that is where `acknowledge` is anything but false, a wrong one too: who
 * says 1 waits for an answer. A callee's YIELD ends its call with that ERROR.
 * HELLO is no request: ABORT, wamp.error.protocol_violation. In CANCEL a mode
 * that is none of the three is as absent: that the call is not wanted any
 * more is clear. What an attribute must be beyond its type is told by who
 * reads it, with the same URI. Roles and features of HELLO that are no dicts
 * and bools are not announced.
 */
#ifndef ROUTER_ATTRIBUTES_H
#define ROUTER_ATTRIBUTES_H

#include "wamp/message.h"

/* NULL, or what is wrong: "CALL.Options.progress: a bool is wanted". */
const char *attributes_wrong(const struct message *m);

#endif
