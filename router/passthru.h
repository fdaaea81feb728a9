/*
 * passthru: the attributes by which peers tell each other of a payload that
 * the router is not to understand: read from Options, written unchanged into
 * Details. The payload itself goes the way of every other. Touches wamp only.
 * Spec: "Payload Passthru Mode" (advanced).
 *
 * The mode is on where `ppt_scheme` is a text that is not empty; without it
 * the other attributes are as unknown as any. What they say, and how the
 * payload is built, is not looked at: "a Router shall not inspect". Which
 * sessions may use it, by their HELLO, is for router.c and the dealer.
 */
#ifndef ROUTER_PASSTHRU_H
#define ROUTER_PASSTHRU_H

#include "wamp/value.h"

enum {
	PASSTHRU_SCHEME,
	PASSTHRU_SERIALIZER,
	PASSTHRU_CIPHER,
	PASSTHRU_KEYID,
	PASSTHRU_ATTRIBUTES
};

/* Borrowed from the message; absent: data NULL. All are, when it is off. */
struct passthru {
	struct bytes text[PASSTHRU_ATTRIBUTES];
};

/* false: one of the attributes is no text, `*wrong` says what is accepted.
 */
bool passthru_read(const struct value *options, struct passthru *out,
		   const char **wrong) MUST_CHECK;
bool passthru_is_on(const struct passthru *p);
/* Is it on in these Options? */
bool passthru_asked(const struct value *options);
/* The attributes that are there. ERR_NOMEM or 0. */
int passthru_add(struct arena *a, struct value *details,
		 const struct passthru *p) MUST_CHECK;

#endif
