/*
 * authn: who may join, and how to prove it: anonymously, by a ticket, by
 * WAMP-CRA, SCRAM or cryptosign, by a client's TLS certificate, or by the
 * cookie of a connection that proved it before. One of these belongs to each
 * place where the router listens. Principals are the configuration's, or a
 * procedure is asked (authn_ask.c). Spec: "Authentication Methods" (advanced).
 * May touch base, wamp, crypto and the router's cores.
 *
 * SECURITY: who does not exist is challenged as others are, and fails in the
 * same way (an authenticator's refusal comes at once: it may hide that).
 * Secrets are compared in constant time and never logged. Tickets and cookies
 * are taken over confidential connections only (this machine, unix sockets,
 * TLS): the other methods never show a secret. What can not be decided (no
 * memory, an authenticator that does not answer) is refused.
 */
#ifndef ROUTER_AUTHN_H
#define ROUTER_AUTHN_H

#include "crypto/scram.h"
#include "router/session.h"

enum authn_method {
	AUTHN_ANONYMOUS,
	AUTHN_TICKET,
	AUTHN_WAMPCRA,
	AUTHN_SCRAM,
	AUTHN_CRYPTOSIGN,
	AUTHN_TLS,
	AUTHN_COOKIE,
	AUTHN_METHODS,
};

/* Each has what its method needs. */
struct principal {
	char *authid, *role; /* owned, all of them */
	char *realm;  /* that they join, whatever they ask for; or NULL */
	char *secret; /* the ticket, or WAMP-CRA's key; never logged */
	char *salt;   /* WAMP-CRA's, NULL: none; SCRAM's, in base64 */
	uint64_t iterations, key_bytes;
	bool argon2; /* SCRAM's kdf, in place of PBKDF2 */
	uint64_t memory; /* argon2's, in KiB */
	struct scram_keys scram;
	uint8_t *keys; /* cryptosign: of CRYPTOSIGN_KEY_BYTES each */
	unsigned key_count;
	char *cert_sha1; /* TLS: "AB:CD:…" */
};

void principal_deinit(struct principal *p);

/* The router's own role, in `authenticator-role`. */
#define AUTHN_TRUSTED "trusted"

struct authn_way {
	bool on;
	struct principal *principals; /* owned */
	unsigned count;
	/* Dynamic: the procedure that is asked, in this realm (NULL: the one
	 * that is joined), by the router in that role (NULL: its own). */
	char *authenticator, *realm, *role; /* owned */
};

struct authn {
	/* owned; NULL: nobody is, unless its way is dynamic */
	char *anonymous_role;
	/* owned; NULL: the realm that is asked for, a name for each */
	char *anonymous_realm, *anonymous_authid;
	bool implied; /* the configuration says nothing of it */
	struct authn_way ways[AUTHN_METHODS];
	uint64_t cookie_ms; /* how long one lasts */
};

void authn_deinit(struct authn *a);

enum authn_outcome {
	AUTHN_REFUSED,
	AUTHN_WELCOME,   /* role and method are known */
	AUTHN_CHALLENGE, /* method is to be asked for, with extra */
	AUTHN_WAIT,      /* join_decided follows, in a later turn */
};

/* Borrowed from the configuration, the session's attempt or the arena. */
struct authn_result {
	enum authn_outcome outcome;
	const char *method, *provider;
	const char *role;       /* WELCOME */
	const char *realm;      /* WELCOME; NULL: that was asked for */
	const char *authid;     /* WELCOME; NULL: one is made */
	struct value *extra;    /* of CHALLENGE; WELCOME's authextra; or NULL */
	const char *uri, *text; /* REFUSED: why */
};

struct router;
struct authn_attempt;

/* HELLO: takes the first of the client's methods that is possible. What is to
 * be remembered is kept in s->attempt. realm: NULL when it is left to the
 * principal, or to the authenticator. */
void authn_begin(struct router *r, struct session *s, struct realm *realm,
		 const struct value *details, struct authn_result *out);
/* AUTHENTICATE. */
void authn_finish(struct router *r, struct session *s,
		  const struct message *m, struct authn_result *out);
struct realm *authn_realm(const struct authn_attempt *a);
/* Forgets all of it. NULL is fine. */
void authn_attempt_free(struct authn_attempt *a);

#endif
