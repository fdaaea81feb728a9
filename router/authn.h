/*
 * authn: who may join, and how to prove it: anonymously, or by a ticket from
 * the configuration. One of these belongs to each place where the router
 * listens. WAMP-CRA, SCRAM and cryptosign take their place beside ticket.
 * Spec: "Authentication Methods", "Ticket-based Authentication" (advanced).
 * May touch base, wamp and crypto.
 */
#ifndef ROUTER_AUTHN_H
#define ROUTER_AUTHN_H

#include "router/session.h"

struct principal {
	char *authid, *role; /* owned */
	char *ticket;        /* owned; never logged */
};

struct authn {
	char *anonymous_role; /* owned; NULL: nobody is anonymous */
	struct principal *principals; /* owned */
	unsigned count;
};

void authn_deinit(struct authn *a);

enum authn_outcome {
	AUTHN_REFUSED,
	AUTHN_WELCOME,   /* role and method are known */
	AUTHN_CHALLENGE, /* method is to be asked for */
};

struct authn_result {
	enum authn_outcome outcome;
	const char *method;
	const char *role;     /* WELCOME */
	const char *authid;   /* WELCOME; NULL: one is made */
	const char *uri, *text; /* REFUSED: why */
};

/* HELLO: takes the first of the client's methods that is possible. What the
 * challenge is about is kept in s->pending. */
void authn_begin(struct session *s, const struct value *details,
		 struct authn_result *out);
/* AUTHENTICATE: its signature. */
void authn_finish(struct session *s, struct bytes signature,
		  struct authn_result *out);

#endif
