#include "crypto/cryptosign.h"

#include <string.h>

#include "crypto/channel.h"
#include "crypto/hash.h"
#include "crypto/openssl.h"

enum { SIGNED_BYTES = CRYPTOSIGN_SIGNATURE_BYTES + CRYPTOSIGN_CHALLENGE_BYTES };

/* Exactly `len` bytes (at most SIGNED_BYTES) from hex that a peer wrote. */
static bool unhex(struct bytes hex, uint8_t *out, size_t len)
{
	char text[2 * SIGNED_BYTES + 1];
	bool ok;

	if (hex.len != 2 * len)
		return false;
	memcpy(text, hex.data, hex.len);
	text[hex.len] = '\0';
	ok = bytes_unhex(text, out, len);
	OPENSSL_cleanse(text, sizeof text);
	return ok;
}

int cryptosign_key(struct bytes hex, const char *what,
		   uint8_t key[CRYPTOSIGN_KEY_BYTES], struct why *why)
{
	if (unhex(hex, key, CRYPTOSIGN_KEY_BYTES))
		return 0;
	return why_set(why, ERR_MALFORMED,
		       "%s: accepted are %d hex digits, an Ed25519 key", what,
		       2 * CRYPTOSIGN_KEY_BYTES);
}

static EVP_PKEY *private_key(const uint8_t seed[CRYPTOSIGN_KEY_BYTES])
{
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed,
					    CRYPTOSIGN_KEY_BYTES);
}

int cryptosign_public_key(const uint8_t seed[CRYPTOSIGN_KEY_BYTES],
			  uint8_t key[CRYPTOSIGN_KEY_BYTES])
{
	EVP_PKEY *pair = private_key(seed);
	size_t len = CRYPTOSIGN_KEY_BYTES;
	bool ok = pair && EVP_PKEY_get_raw_public_key(pair, key, &len) == 1;

	EVP_PKEY_free(pair);
	return ok ? 0 : ERR_NOMEM;
}

static int ed25519_sign(const uint8_t seed[CRYPTOSIGN_KEY_BYTES],
			struct bytes message,
			uint8_t out[CRYPTOSIGN_SIGNATURE_BYTES])
{
	EVP_PKEY *key = private_key(seed);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = CRYPTOSIGN_SIGNATURE_BYTES;
	bool ok = key && ctx &&
		  EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
		  EVP_DigestSign(ctx, out, &len, message.data, message.len) ==
			  1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok ? 0 : ERR_NOMEM;
}

int cryptosign_sign(const uint8_t seed[CRYPTOSIGN_KEY_BYTES],
		    const uint8_t challenge[CRYPTOSIGN_CHALLENGE_BYTES],
		    char out[CRYPTOSIGN_TEXT_SIZE])
{
	uint8_t whole[SIGNED_BYTES];
	int err = ed25519_sign(
		seed, bytes_of(challenge, CRYPTOSIGN_CHALLENGE_BYTES), whole);

	if (err)
		return err;
	memcpy(whole + CRYPTOSIGN_SIGNATURE_BYTES, challenge,
	       CRYPTOSIGN_CHALLENGE_BYTES);
	bytes_hex(bytes_of(whole, sizeof whole), out);
	return 0;
}

/* --- the router ---------------------------------------------------------- */

int cryptosign_hello(const struct value *authextra,
		     uint8_t key[CRYPTOSIGN_KEY_BYTES], struct why *why)
{
	int err = channel_refuse("cryptosign", authextra, why);
	struct bytes hex;

	if (err)
		return err;
	if (!value_get_str(dict_get(authextra, "pubkey"), &hex))
		return why_set(why, ERR_MALFORMED,
			       "cryptosign: HELLO has no authextra.pubkey");
	return cryptosign_key(hex, "cryptosign: authextra.pubkey", key, why);
}

int cryptosign_challenge(struct arena *a,
			 const uint8_t challenge[CRYPTOSIGN_CHALLENGE_BYTES],
			 struct value *extra)
{
	char hex[2 * CRYPTOSIGN_CHALLENGE_BYTES + 1];
	char *text;
	int err;

	bytes_hex(bytes_of(challenge, CRYPTOSIGN_CHALLENGE_BYTES), hex);
	text = arena_str(a, bytes_str(hex));
	if (!text)
		return ERR_NOMEM;
	err = dict_set(a, extra, "challenge", value_str(text));
	return err ? err : dict_set(a, extra, "channel_binding", value_null());
}

static int ed25519_verify(const uint8_t key[CRYPTOSIGN_KEY_BYTES],
			  struct bytes signature, struct bytes message)
{
	EVP_PKEY *public = EVP_PKEY_new_raw_public_key(
		EVP_PKEY_ED25519, NULL, key, CRYPTOSIGN_KEY_BYTES);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int err = ERR_NOMEM;

	if (public && ctx &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, public) == 1)
		err = EVP_DigestVerify(ctx, signature.data, signature.len,
				       message.data, message.len) == 1 ?
			      0 :
			      ERR_DENIED;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(public);
	return err;
}

int cryptosign_verify(const uint8_t key[CRYPTOSIGN_KEY_BYTES],
		      const uint8_t challenge[CRYPTOSIGN_CHALLENGE_BYTES],
		      struct bytes signature)
{
	struct bytes asked = bytes_of(challenge, CRYPTOSIGN_CHALLENGE_BYTES);
	uint8_t whole[SIGNED_BYTES];

	if (!unhex(signature, whole, sizeof whole) ||
	    !secret_equal(bytes_of(whole + CRYPTOSIGN_SIGNATURE_BYTES,
				   CRYPTOSIGN_CHALLENGE_BYTES), asked))
		return ERR_DENIED;
	return ed25519_verify(
		key, bytes_of(whole, CRYPTOSIGN_SIGNATURE_BYTES), asked);
}

/* --- the client ---------------------------------------------------------- */

int cryptosign_authextra(struct arena *a,
			 const uint8_t seed[CRYPTOSIGN_KEY_BYTES],
			 struct value *authextra)
{
	uint8_t key[CRYPTOSIGN_KEY_BYTES];
	char hex[2 * CRYPTOSIGN_KEY_BYTES + 1];
	int err = cryptosign_public_key(seed, key);
	char *text;

	if (err)
		return err;
	bytes_hex(bytes_of(key, sizeof key), hex);
	text = arena_str(a, bytes_str(hex));
	return text ? dict_set(a, authextra, "pubkey", value_str(text)) :
		      ERR_NOMEM;
}

int cryptosign_answer(const uint8_t seed[CRYPTOSIGN_KEY_BYTES],
		      const struct value *extra, struct buf *signature,
		      struct why *why)
{
	uint8_t challenge[CRYPTOSIGN_CHALLENGE_BYTES];
	char text[CRYPTOSIGN_TEXT_SIZE];
	struct bytes hex;
	int err = channel_refuse("cryptosign", extra, why);

	if (err)
		return err;
	if (!value_get_str(dict_get(extra, "challenge"), &hex) ||
	    !unhex(hex, challenge, sizeof challenge))
		return why_set(why, ERR_MALFORMED,
			       "cryptosign: the challenge in CHALLENGE is not "
			       "%d hex digits", 2 * CRYPTOSIGN_CHALLENGE_BYTES);
	err = cryptosign_sign(seed, challenge, text);
	return err ? err : buf_add_str(signature, text);
}
