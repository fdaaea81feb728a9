/*
 * scram: WAMP-SCRAM, both sides, with SHA-256 and PBKDF2: neither the wire nor
 * the router's configuration ever holds the password, and the router proves
 * to the client that it knows the keys. Spec: "Salted Challenge Response
 * Authentication" (advanced profile, method "wamp-scram"), RFC 5802, RFC 7677.
 *
 * Not here: channel binding, and a client's derivation by "argon2id13"
 * (OpenSSL 3.0 has none), both refused by name; a router only tells its client
 * how a key was derived. Names and passwords are normalized as far as ASCII goes:
 * control characters are refused; other UTF-8 is taken as it is, that is, as
 * in SASLprep's normal form already. Pure functions, randomness is an
 * argument; base, wamp and this library.
 */
#ifndef CRYPTO_SCRAM_H
#define CRYPTO_SCRAM_H

#include "base/buf.h"
#include "crypto/base64.h"
#include "crypto/mac.h"
#include "wamp/value.h"

#define SCRAM_METHOD "wamp-scram"

enum {
	SCRAM_RANDOM_BYTES = 16, /* of each side's nonce */
	SCRAM_NONCE_MAX = 256,   /* characters, of both together */
	SCRAM_SALT_BYTES_MIN = 8,
	SCRAM_SALT_BYTES_MAX = 64,
	SCRAM_SALT_SIZE = BASE64_SIZE(SCRAM_SALT_BYTES_MAX),
	/* RFC 7677, section 4: a router that asks for less may be after a
	 * hash that is easy to crack. */
	SCRAM_ITERATIONS_MIN = 4096,
	SCRAM_TEXT_SIZE = BASE64_SIZE(SHA256_BYTES), /* proof, verifier */
};

/* What the router keeps of a password. */
struct scram_keys {
	uint8_t stored[SHA256_BYTES], server[SHA256_BYTES];
};

/* What a configuration says of a user. */
struct scram_user {
	struct bytes authid;
	struct bytes salt; /* base64 */
	uint64_t iterations;
	bool argon2;     /* the kdf is argon2id13, not pbkdf2 */
	uint64_t memory; /* argon2's, in KiB */
	struct scram_keys keys;
	/* As Autobahn|Python and Crossbar.io do it by the name "scram", after
	 * an earlier draft: AuthMessage has an empty channel binding. */
	bool draft;
};

/* The keys of a new user, from a salt in base64 of SCRAM_SALT_BYTES_MIN …
 * MAX random bytes: ERR_MALFORMED names what is wrong in `why` (may be
 * NULL); ERR_RANGE: iterations not SCRAM_ITERATIONS_MIN … PBKDF2's limit. */
int scram_derive(struct bytes password, struct bytes salt,
		 uint64_t iterations, struct scram_keys *out,
		 struct why *why) MUST_CHECK;

/* --- the router ---------------------------------------------------------- */

/* HELLO.Details.authextra: the client's nonce, borrowed. ERR_MALFORMED or
 * ERR_UNSUPPORTED (channel binding) with `why`. */
int scram_hello(const struct value *authextra, struct bytes *client_nonce,
		struct why *why) MUST_CHECK;
/* A user who does not exist gets a challenge as well, with a salt that is
 * always the same, and keys that no password has; iterations, and the salt
 * whose length it has (empty: 16 bytes), are another user's. `secret` is the
 * router's own; salt holds SCRAM_SALT_SIZE and is user->salt afterwards. */
int scram_pretend(struct bytes secret, struct bytes authid,
		  struct bytes like, uint64_t iterations, char *salt,
		  struct scram_user *user) MUST_CHECK;
/* CHALLENGE.Extra into extra, and AuthMessage into auth_message (emptied
 * before): what the router remembers until AUTHENTICATE. */
int scram_challenge(struct arena *a, const struct scram_user *user,
		    struct bytes client_nonce,
		    const uint8_t random[SCRAM_RANDOM_BYTES],
		    struct value *extra, struct buf *auth_message) MUST_CHECK;
/* AUTHENTICATE: 0, ERR_DENIED, ERR_UNSUPPORTED (channel binding) or
 * ERR_NOMEM. AUTHENTICATE.Extra may lack the nonce: the proof contains it;
 * a wrong one is denied. */
int scram_verify(const struct scram_keys *keys, struct bytes auth_message,
		 struct bytes proof, const struct value *extra,
		 struct why *why) MUST_CHECK;
/* Sets `verifier` in WELCOME.Details.authextra. */
int scram_welcome(struct arena *a, const struct scram_keys *keys,
		  struct bytes auth_message,
		  struct value *authextra) MUST_CHECK;

/* --- the client ---------------------------------------------------------- */

/* One attempt to join: from scram_client_init, before HELLO, to WELCOME. */
struct scram_client {
	struct bytes authid, password; /* borrowed */
	char nonce[BASE64_SIZE(SCRAM_RANDOM_BYTES)];
	struct buf auth_message;       /* owned; empty before CHALLENGE */
	uint8_t server_key[SHA256_BYTES];
};

void scram_client_init(struct scram_client *c, struct bytes authid,
		       struct bytes password,
		       const uint8_t random[SCRAM_RANDOM_BYTES]);
void scram_client_deinit(struct scram_client *c);
/* HELLO.Details.authextra; the nonce is borrowed from c. */
int scram_client_authextra(struct arena *a, const struct scram_client *c,
			   struct value *authextra) MUST_CHECK;
/* Appends the proof for a CHALLENGE with this extra. `why` may be NULL. Takes
 * as long as the iterations that the router asks for. */
int scram_answer(struct scram_client *c, const struct value *extra,
		 struct buf *signature, struct why *why) MUST_CHECK;
/* AUTHENTICATE.Extra after scram_answer; the nonce is borrowed from c. */
int scram_answer_extra(struct arena *a, const struct scram_client *c,
		       struct value *extra) MUST_CHECK;
/* Does the router know the keys? WELCOME.Details.authextra: 0, ERR_DENIED
 * (then leave), ERR_NOMEM; ERR_STATE when there was no answer. */
int scram_check_welcome(const struct scram_client *c,
			const struct value *authextra) MUST_CHECK;

/* --- the algorithms: "SCRAM Algorithms" ---------------------------------- */

struct scram_terms {
	struct bytes authid, client_nonce, nonce, salt; /* salt: base64 */
	uint64_t iterations;
	bool draft;
};

/* Appends AuthMessage, without channel binding. */
int scram_auth_message(struct buf *out, const struct scram_terms *terms);
/* ServerSignature in base64. */
int scram_verifier(const uint8_t server_key[SHA256_BYTES],
		   struct bytes auth_message,
		   char out[SCRAM_TEXT_SIZE]) MUST_CHECK;

#endif
