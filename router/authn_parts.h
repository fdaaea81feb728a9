/*
 * authn_parts: what the files of authn know of each other; nobody else
 * includes it.
 */
#ifndef ROUTER_AUTHN_PARTS_H
#define ROUTER_AUTHN_PARTS_H

#include "crypto/cryptosign.h"
#include "router/authn.h"
#include "router/router.h"

struct authn_question;

/* One HELLO, until WELCOME or ABORT. */
struct authn_attempt {
	enum authn_method method;
	const char *name; /* of the method, as the client says it */
	const char *provider;
	struct realm *realm; /* that is asked for; NULL: none */
	const struct authn_way *way;
	char *authid; /* owned; as claimed, or NULL */
	const struct principal *principal; /* NULL: nobody; never fits */
	struct principal own; /* owned; as an authenticator said */
	struct value *extra;  /* likewise, in the arena: WELCOME's */
	struct value *asked;  /* HELLO's authextra, in the arena; or NULL */
	struct arena arena;
	char *nonce;          /* owned; SCRAM, the client's */
	struct buf text;      /* WAMP-CRA's challenge, SCRAM's AuthMessage */
	struct scram_keys keys;
	uint8_t public_key[CRYPTOSIGN_KEY_BYTES];
	uint8_t challenge[CRYPTOSIGN_CHALLENGE_BYTES];
	struct authn_question *question; /* its answer is waited for */
};

void authn_refuse(struct authn_result *out, const char *uri,
		  const char *text);
void authn_out_of_memory(struct authn_result *out);
/* WELCOME as the principal. */
void authn_accept(struct authn_attempt *a, struct authn_result *out);

/* Of the attempt's authid; NULL: nobody. */
const struct principal *authn_find(const struct authn_attempt *a);

/* --- authn_prove.c: challenges ------------------------------------------- */

/* HELLO has what the method needs? false: refused. */
bool prove_read_hello(struct authn_attempt *a, const struct value *authextra,
		      struct authn_result *out);
/* Makes the challenge for a->principal, or for nobody. */
void prove_begin(struct router *r, struct session *s,
		 struct authn_result *out);
/* Does AUTHENTICATE answer it? */
void prove_finish(struct session *s, const struct message *m,
		  struct authn_result *out);

/* --- authn_ask.c: dynamic authenticators --------------------------------- */

/* "Dynamic Authentication API": (realm, authid, details) -> a role, or a dict
 * {role, realm?, authid?, secret?, …, extra?}. What it answers becomes the
 * attempt's own principal; then the challenge follows, or the welcome. `ticket`
 * may be NULL. Without an answer within ASK_MS, or with one that can not be
 * used, nobody joins. */
void authn_ask(struct router *r, struct session *s,
	       const struct bytes *ticket, struct authn_result *out);
void authn_question_drop(struct authn_question *q);

#endif
