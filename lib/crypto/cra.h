/*
 * cra: WAMP-CRA, both sides: the router makes a challenge, the client signs
 * it with the secret they share (or with a key derived from it and a salt),
 * the router compares. Spec: "Challenge Response Authentication" (advanced
 * profile, method "wampcra").
 *
 * Pure functions: time and randomness are arguments, what the router must
 * remember between CHALLENGE and AUTHENTICATE is the challenge's text. Base,
 * wamp and this library.
 */
#ifndef CRYPTO_CRA_H
#define CRYPTO_CRA_H

#include "base/buf.h"
#include "crypto/base64.h"
#include "crypto/mac.h"
#include "wamp/value.h"

enum {
	CRA_NONCE_BYTES = 16,
	CRA_SIGNATURE_SIZE = BASE64_SIZE(SHA256_BYTES), /* with the NUL */
	CRA_KEY_BYTES_MIN = 16,
	CRA_KEY_SIZE_MAX = BASE64_SIZE(PBKDF2_KEY_BYTES_MAX),
	/* Of a CHALLENGE that has a salt but says no more. */
	CRA_ITERATIONS_DEFAULT = 1000,
	CRA_KEY_BYTES_DEFAULT = 32,
};

/* Who the session will be when the signature is right. */
struct cra_claim {
	struct bytes authid, authrole, authprovider;
	uint64_t session;
};

/* How the shared key comes from a password; salt is taken as it is written. */
struct cra_salting {
	struct bytes salt;
	uint64_t iterations; /* 1 … PBKDF2_ITERATIONS_MAX */
	uint64_t key_bytes;  /* CRA_KEY_BYTES_MIN … PBKDF2_KEY_BYTES_MAX */
};

/* The derived key in base64: with salting this text is the shared secret, and
 * what the router's configuration holds. ERR_RANGE says that a number is out
 * of its range. */
int cra_derive_key(struct bytes password, const struct cra_salting *salting,
		   char out[CRA_KEY_SIZE_MAX]) MUST_CHECK;
int cra_sign(struct bytes key, struct bytes challenge,
	     char out[CRA_SIGNATURE_SIZE]) MUST_CHECK;

/* --- the router ---------------------------------------------------------- */

/* Puts `challenge` into extra, and the salting unless it is NULL; the texts
 * are the arena's, but the salt is borrowed. now_ms: Unix milliseconds. */
int cra_challenge(struct arena *a, const struct cra_claim *claim,
		  const struct cra_salting *salting,
		  const uint8_t nonce[CRA_NONCE_BYTES], int64_t now_ms,
		  struct value *extra) MUST_CHECK;
/* AUTHENTICATE's signature: 0, ERR_DENIED or ERR_NOMEM. The comparison takes
 * the same time wherever they differ. */
int cra_verify(struct bytes key, struct bytes challenge,
	       struct bytes signature) MUST_CHECK;

/* --- the client ---------------------------------------------------------- */

/* Appends the answer to a CHALLENGE with this extra. `why` may be NULL. */
int cra_answer(struct bytes secret, const struct value *extra,
	       struct buf *signature, struct why *why) MUST_CHECK;

#endif
