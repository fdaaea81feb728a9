/*
 * authorize: a role whose actions a procedure decides: (session, uri, action,
 * options) -> true, false, or {allow, disclose?, cache?}, as Crossbar.io's
 * dynamic authorizers. While the answer is waited for, the session is not read
 * from and what it said already is kept in its order. It fails closed: no
 * answer within ASK_MS, an error, anything else than an answer is a no. Spec:
 * "Authorization" (advanced). May touch ask and the router's cores.
 *
 * A call of wamp.session.add_testament or wamp.subscription.get_events is
 * about a second matter, too: publishing at the testament's topic, subscribing
 * where the history is. That is asked further, when the call itself may be
 * made; only what both allow is done.
 *
 * What the role's static permissions allow is not asked about. Who asks is the
 * router's own session, which no authorizer decides over; the sessions that
 * offer the procedure need a role of their own, as nobody could answer for
 * them.
 */
#ifndef ROUTER_AUTHORIZE_H
#define ROUTER_AUTHORIZE_H

#include "router/router.h"

enum {
	AUTHZ_CACHE = 64,       /* decisions kept for a session, the latest */
	AUTHZ_URI_MAX = 256,    /* a longer URI's is not */
	AUTHZ_KEPT_SPARE = 256 << 10, /* beyond one message of the role's */
};

enum decision { DECISION_NONE, DECISION_YES, DECISION_NO, DECISION_FAILED };

struct verdict {
	enum decision decision;
	bool disclose; /* caller or publisher */
};

struct authz;

/* What an action is about; borrowed. */
struct matter {
	enum action action;
	struct bytes uri;
	enum uri_match match;
	const struct value *options;
};

/* True: the procedure is being asked; the message is kept, to be said again by
 * router_resume. False: authz_verdict says what is known. */
bool authz_ask(struct router *r, struct session *s,
	       const struct matter *matter, struct bytes message);
/* About the message that is being handled; DECISION_NONE: the role's
 * permissions decide. */
struct verdict authz_verdict(const struct session *s);
/* The same of the second matter of a message. */
bool authz_ask_further(struct router *r, struct session *s,
		       const struct matter *matter, struct bytes message);
struct verdict authz_further(const struct session *s);
/* Was the message that is being handled kept for a decision? */
bool authz_was_asked(const struct session *s);
/* The message is handled. */
void authz_done(struct session *s);

bool authz_is_waiting(const struct session *s);
/* Behind the one that waits. ERR_LIMIT, ERR_NOMEM. */
int authz_keep(struct session *s, struct bytes message) MUST_CHECK;
/* The first of those kept; NULL data: none. authz_drop takes it out. */
struct bytes authz_first(const struct session *s);
void authz_drop(struct session *s);

/* Its session is out of its realm: an answer is of no use any more. */
void authz_leave(struct session *s);
void authz_free(struct authz *a);

#endif
