/*
 * cryptosign: WAMP-Cryptosign, both sides: the client shows its Ed25519
 * public key in HELLO and signs the router's random challenge. Spec:
 * "Cryptosign-based Authentication", "Client Authentication" (advanced
 * profile, method "cryptosign").
 *
 * Without channel binding: TLS 1.3 has no "tls-unique", and a client that
 * asks for a binding is refused rather than left to believe in it. Without
 * certificates. Pure functions, randomness is an argument; base, wamp and
 * this library.
 */
#ifndef CRYPTO_CRYPTOSIGN_H
#define CRYPTO_CRYPTOSIGN_H

#include "base/buf.h"
#include "wamp/value.h"

enum {
	CRYPTOSIGN_KEY_BYTES = 32, /* private (RFC 8032's seed) and public */
	CRYPTOSIGN_CHALLENGE_BYTES = 32,
	CRYPTOSIGN_SIGNATURE_BYTES = 64,
	/* Signature and what was signed, in hex, with the NUL. */
	CRYPTOSIGN_TEXT_SIZE = 2 * (CRYPTOSIGN_SIGNATURE_BYTES +
				    CRYPTOSIGN_CHALLENGE_BYTES) + 1,
};

/* A key from its 64 hex digits, with nothing around them; `what` names it in
 * the message: ERR_MALFORMED. The text itself is not repeated. */
int cryptosign_key(struct bytes hex, const char *what,
		   uint8_t key[CRYPTOSIGN_KEY_BYTES],
		   struct why *why) MUST_CHECK;
int cryptosign_public_key(const uint8_t seed[CRYPTOSIGN_KEY_BYTES],
			  uint8_t key[CRYPTOSIGN_KEY_BYTES]) MUST_CHECK;
int cryptosign_sign(const uint8_t seed[CRYPTOSIGN_KEY_BYTES],
		    const uint8_t challenge[CRYPTOSIGN_CHALLENGE_BYTES],
		    char out[CRYPTOSIGN_TEXT_SIZE]) MUST_CHECK;

/* --- the router ---------------------------------------------------------- */

/* The public key of HELLO.Details.authextra. ERR_MALFORMED when there is none,
 * ERR_UNSUPPORTED when a channel binding is asked for. `why` may be NULL. */
int cryptosign_hello(const struct value *authextra,
		     uint8_t key[CRYPTOSIGN_KEY_BYTES],
		     struct why *why) MUST_CHECK;
/* CHALLENGE.Extra; the router keeps the challenge. */
int cryptosign_challenge(
	struct arena *a, const uint8_t challenge[CRYPTOSIGN_CHALLENGE_BYTES],
	struct value *extra) MUST_CHECK;
/* AUTHENTICATE's signature: 0, ERR_DENIED or ERR_NOMEM. Signed must be this
 * very challenge. */
int cryptosign_verify(const uint8_t key[CRYPTOSIGN_KEY_BYTES],
		      const uint8_t challenge[CRYPTOSIGN_CHALLENGE_BYTES],
		      struct bytes signature) MUST_CHECK;

/* --- the client ---------------------------------------------------------- */

/* What HELLO.Details.authextra must hold: the public key. */
int cryptosign_authextra(struct arena *a,
			 const uint8_t seed[CRYPTOSIGN_KEY_BYTES],
			 struct value *authextra) MUST_CHECK;
/* Appends the answer to a CHALLENGE with this extra. `why` may be NULL. */
int cryptosign_answer(const uint8_t seed[CRYPTOSIGN_KEY_BYTES],
		      const struct value *extra, struct buf *signature,
		      struct why *why) MUST_CHECK;

#endif
