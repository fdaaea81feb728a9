/*
 * meta: the realm's own procedures and events under `wamp.`: sessions,
 * registrations, subscriptions, testaments, event histories, and our own about
 * procedures (meta_procedure.c). Who may use them is for the roles' permissions
 * to say: whoever may call wamp.session.kill may end any other session. Spec:
 * "Session Meta API", "Registration Meta API", "Subscriptions Meta API",
 * "Session Testament", "Event History" (advanced). May touch the router's
 * cores; no I/O.
 */
#ifndef ROUTER_META_H
#define ROUTER_META_H

#include "router/authorize.h"
#include "router/realm.h"

/* A CALL, authorised, of a procedure under `wamp.`. */
void meta_call(struct realm *r, struct session *s, const struct message *m);

/* What such a CALL needs to be permitted beside itself (authorize.h); in the
 * arena. False: nothing, or it will be refused for its arguments. */
bool meta_matter(struct realm *r, struct session *s, const struct message *m,
		 struct matter *out);

void meta_session_joined(struct realm *r, const struct session *s);
void meta_session_left(struct realm *r, const struct session *s);
/* A happened_fn; ctx is the realm. */
void meta_happened(void *ctx, enum happening what, uint64_t session,
		   const void *subject);

#endif
