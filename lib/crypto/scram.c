#include "crypto/scram.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "crypto/channel.h"
#include "crypto/openssl.h"
#include "crypto/pretend.h"
#include "crypto/scram_private.h"

/* --- the algorithms ------------------------------------------------------ */

/* RFC 5802, section 5.1: the two characters that have a meaning. */
static void add_escaped(struct buf *out, struct bytes text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == ',')
			buf_add_str(out, "=2C");
		else if (text.data[i] == '=')
			buf_add_str(out, "=3D");
		else
			buf_add_u8(out, text.data[i]);
	}
}

/* Base64 of "n,,": no channel binding, no authzid. */
#define NO_BINDING "biws"

int scram_auth_message(struct buf *out, const struct scram_terms *terms)
{
	buf_add_str(out, "n=");
	add_escaped(out, terms->authid);
	buf_add_str(out, ",r=");
	buf_add_bytes(out, terms->client_nonce);
	buf_add_str(out, ",r=");
	buf_add_bytes(out, terms->nonce);
	buf_add_str(out, ",s=");
	buf_add_bytes(out, terms->salt);
	buf_printf(out, ",i=%" PRIu64 ",c=%s,r=", terms->iterations,
		   terms->draft ? "" : NO_BINDING);
	buf_add_bytes(out, terms->nonce);
	return buf_ok(out) ? 0 : ERR_NOMEM;
}

struct bytes scram_nonce_of(struct bytes auth_message)
{
	size_t at = auth_message.len;

	while (at > 0 && auth_message.data[at - 1] != ',')
		at--;
	if (auth_message.len - at < 2)
		return bytes_of(NULL, 0);
	return bytes_of(auth_message.data + at + 2, auth_message.len - at - 2);
}

int scram_verifier(const uint8_t server_key[SHA256_BYTES],
		   struct bytes auth_message, char out[SCRAM_TEXT_SIZE])
{
	uint8_t signature[SHA256_BYTES];
	int err = hmac_sha256(bytes_of(server_key, SHA256_BYTES),
			      auth_message, signature);

	if (!err)
		base64_encode(bytes_of(signature, sizeof signature), out);
	return err;
}

/* ClientKey and ServerKey. */
static int expand(const uint8_t salted[SHA256_BYTES],
		  uint8_t client[SHA256_BYTES], uint8_t server[SHA256_BYTES])
{
	struct bytes key = bytes_of(salted, SHA256_BYTES);
	int err = hmac_sha256(key, bytes_str("Client Key"), client);

	return err ? err :
		     hmac_sha256(key, bytes_str("Server Key"), server);
}

bool scram_text_valid(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < 0x20 || text.data[i] == 0x7f)
			return false;
	return utf8_valid(text);
}

static int check_cost(struct bytes password, uint64_t iterations,
		      struct why *why)
{
	if (!scram_text_valid(password))
		return why_set(why, ERR_MALFORMED,
			       SCRAM_METHOD ": the password is not UTF-8 "
			       "text without control characters");
	if (iterations < SCRAM_ITERATIONS_MIN ||
	    iterations > PBKDF2_ITERATIONS_MAX)
		return why_set(why, ERR_RANGE,
			       SCRAM_METHOD ": iterations %" PRIu64
			       ": accepted are %d to %d", iterations,
			       SCRAM_ITERATIONS_MIN, PBKDF2_ITERATIONS_MAX);
	return 0;
}

int scram_client_keys(struct bytes password, struct bytes salt,
		      uint64_t iterations, uint8_t client[SHA256_BYTES],
		      uint8_t server[SHA256_BYTES], struct why *why)
{
	uint8_t raw[SCRAM_SALT_BYTES_MAX], salted[SHA256_BYTES];
	int err = check_cost(password, iterations, why);
	size_t len = 0;

	if (err)
		return err;
	if (!base64_decode(salt, raw, sizeof raw, &len) ||
	    len < SCRAM_SALT_BYTES_MIN)
		return why_set(why, ERR_MALFORMED,
			       SCRAM_METHOD ": the salt is not base64 of %d "
			       "to %d bytes", SCRAM_SALT_BYTES_MIN,
			       SCRAM_SALT_BYTES_MAX);
	err = pbkdf2_sha256(password, bytes_of(raw, len), iterations, salted,
			    sizeof salted);
	if (!err)
		err = expand(salted, client, server);
	OPENSSL_cleanse(salted, sizeof salted);
	return err;
}

int scram_derive(struct bytes password, struct bytes salt,
		 uint64_t iterations, struct scram_keys *out, struct why *why)
{
	uint8_t client[SHA256_BYTES];
	int err = scram_client_keys(password, salt, iterations, client,
				    out->server, why);

	if (!err)
		err = sha256_of(bytes_of(client, sizeof client), out->stored);
	OPENSSL_cleanse(client, sizeof client);
	return err;
}

/* --- the router ---------------------------------------------------------- */

/* Base64 with room left for the router's half. */
static bool client_nonce_valid(struct bytes nonce)
{
	uint8_t raw[SCRAM_NONCE_MAX / 2];
	size_t len;

	return nonce.len <= SCRAM_NONCE_MAX / 2 &&
	       base64_decode(nonce, raw, sizeof raw, &len) && len > 0;
}

int scram_hello(const struct value *authextra, struct bytes *client_nonce,
		struct why *why)
{
	int err = channel_refuse(SCRAM_METHOD, authextra, why);

	if (err)
		return err;
	if (!value_get_str(dict_get(authextra, "nonce"), client_nonce) ||
	    !client_nonce_valid(*client_nonce))
		return why_set(why, ERR_MALFORMED,
			       SCRAM_METHOD ": authextra.nonce in HELLO is "
			       "not base64 of at most %d characters",
			       SCRAM_NONCE_MAX / 2);
	return 0;
}

int scram_pretend(struct bytes secret, struct bytes authid, struct bytes like,
		  uint64_t iterations, char *salt, struct scram_user *user)
{
	uint8_t raw[SCRAM_SALT_BYTES_MAX];
	size_t len = SCRAM_RANDOM_BYTES;
	int err;

	if (like.len && !base64_decode(like, raw, sizeof raw, &len))
		return ERR_MALFORMED;
	err = pretend_bytes(secret, authid, "salt", raw, len);
	if (err)
		return err;
	base64_encode(bytes_of(raw, len), salt);
	user->authid = authid;
	user->salt = bytes_str(salt);
	user->iterations = iterations;
	user->draft = user->argon2 = false;
	/* Nobody knows a ClientKey whose hash this is. */
	err = pretend_bytes(secret, authid, "stored", user->keys.stored,
			    SHA256_BYTES);
	return err ? err : pretend_bytes(secret, authid, "server",
					 user->keys.server, SHA256_BYTES);
}

/* Both nonces, one after the other. */
static char *join_nonces(struct arena *a, struct bytes client_nonce,
			 const uint8_t random[SCRAM_RANDOM_BYTES])
{
	char own[BASE64_SIZE(SCRAM_RANDOM_BYTES)];

	base64_encode(bytes_of(random, SCRAM_RANDOM_BYTES), own);
	return arena_printf(a, "%.*s%s", (int)client_nonce.len,
			    (const char *)client_nonce.data, own);
}

static int fill_challenge(struct arena *a, const struct scram_user *user,
			  const char *nonce, struct value *extra)
{
	const struct {
		const char *key;
		struct value value;
	} parts[] = {
		{ "nonce", value_str(nonce) },
		{ "salt", value_text(user->salt) },
		{ "kdf", value_str(!user->argon2 ? "pbkdf2"
				   : user->draft ? "argon2id-13"
						 : "argon2id13") },
		{ "iterations", value_uint(user->iterations) },
		{ "memory", user->argon2 ? value_uint(user->memory)
					 : value_null() },
	};
	/* The draft's clients can not read that "memory", which comes last,
	 * is null. */
	bool short_of = user->draft && !user->argon2;
	int err = 0;

	for (size_t i = 0; !err && i < sizeof parts / sizeof *parts - short_of;
	     i++)
		err = dict_set(a, extra, parts[i].key, parts[i].value);
	return err;
}

int scram_challenge(struct arena *a, const struct scram_user *user,
		    struct bytes client_nonce,
		    const uint8_t random[SCRAM_RANDOM_BYTES],
		    struct value *extra, struct buf *auth_message)
{
	char *nonce = join_nonces(a, client_nonce, random);
	int err = nonce ? fill_challenge(a, user, nonce, extra) : ERR_NOMEM;

	if (err)
		return err;
	buf_clear(auth_message);
	return scram_auth_message(
		auth_message,
		&(struct scram_terms){ .authid = user->authid,
				       .client_nonce = client_nonce,
				       .nonce = bytes_str(nonce),
				       .salt = user->salt,
				       .iterations = user->iterations,
				       .draft = user->draft });
}

/* ClientProof XOR ClientSignature is ClientKey, and StoredKey its hash. */
static int recover_stored(const struct scram_keys *keys,
			  struct bytes auth_message,
			  const uint8_t proof[SHA256_BYTES],
			  uint8_t stored[SHA256_BYTES])
{
	uint8_t client[SHA256_BYTES];
	int err = hmac_sha256(bytes_of(keys->stored, SHA256_BYTES),
			      auth_message, client);

	for (int i = 0; !err && i < SHA256_BYTES; i++)
		client[i] ^= proof[i];
	if (!err)
		err = sha256_of(bytes_of(client, sizeof client), stored);
	OPENSSL_cleanse(client, sizeof client);
	return err;
}

static bool nonce_agrees(const struct value *extra, struct bytes auth_message)
{
	const struct value *v = dict_get(extra, "nonce");
	struct bytes nonce;

	return !v || (value_get_str(v, &nonce) &&
		      bytes_equal(nonce, scram_nonce_of(auth_message)));
}

int scram_verify(const struct scram_keys *keys, struct bytes auth_message,
		 struct bytes proof, const struct value *extra,
		 struct why *why)
{
	uint8_t raw[SHA256_BYTES], stored[SHA256_BYTES];
	int err = channel_refuse(SCRAM_METHOD, extra, why);
	size_t len = 0;

	if (err)
		return err;
	if (!nonce_agrees(extra, auth_message) ||
	    !base64_decode(proof, raw, sizeof raw, &len) || len != sizeof raw)
		return ERR_DENIED;
	err = recover_stored(keys, auth_message, raw, stored);
	if (err)
		return err;
	return secret_equal(bytes_of(stored, sizeof stored),
			    bytes_of(keys->stored, sizeof keys->stored)) ?
		       0 :
		       ERR_DENIED;
}

int scram_welcome(struct arena *a, const struct scram_keys *keys,
		  struct bytes auth_message, struct value *authextra)
{
	char text[SCRAM_TEXT_SIZE];
	int err = scram_verifier(keys->server, auth_message, text);
	char *copy;

	if (err)
		return err;
	copy = arena_str(a, bytes_str(text));
	return copy ? dict_set(a, authextra, "verifier", value_str(copy)) :
		      ERR_NOMEM;
}
