/* The client's half of scram.h. */
#include <string.h>

#include "crypto/channel.h"
#include "crypto/openssl.h"
#include "crypto/scram_private.h"

void scram_client_init(struct scram_client *c, struct bytes authid,
		       struct bytes password,
		       const uint8_t random[SCRAM_RANDOM_BYTES])
{
	memset(c, 0, sizeof *c);
	c->authid = authid;
	c->password = password;
	base64_encode(bytes_of(random, SCRAM_RANDOM_BYTES), c->nonce);
	buf_init(&c->auth_message);
}

void scram_client_deinit(struct scram_client *c)
{
	buf_deinit(&c->auth_message);
	OPENSSL_cleanse(c->server_key, sizeof c->server_key);
}

int scram_client_authextra(struct arena *a, const struct scram_client *c,
			   struct value *authextra)
{
	int err = dict_set(a, authextra, "nonce", value_str(c->nonce));

	return err ? err :
		     dict_set(a, authextra, "channel_binding", value_null());
}

/* It must begin with ours, have something of the router's, and nothing that
 * means something in AuthMessage (RFC 5802, section 7: printable). */
static bool nonce_fits(const struct scram_client *c, struct bytes nonce)
{
	size_t own = strlen(c->nonce);

	if (nonce.len <= own || nonce.len > SCRAM_NONCE_MAX ||
	    memcmp(nonce.data, c->nonce, own) != 0)
		return false;
	for (size_t i = own; i < nonce.len; i++)
		if (nonce.data[i] < 0x21 || nonce.data[i] > 0x7e ||
		    nonce.data[i] == ',')
			return false;
	return true;
}

static int check_kdf(const struct value *extra, struct why *why)
{
	struct bytes kdf;

	if (!value_get_str(dict_get(extra, "kdf"), &kdf))
		return why_set(why, ERR_MALFORMED,
			       SCRAM_METHOD ": CHALLENGE has no string kdf");
	if (bytes_equal_str(kdf, "pbkdf2"))
		return 0;
	if (bytes_equal_str(kdf, "argon2id13"))
		return why_set(why, ERR_UNSUPPORTED,
			       SCRAM_METHOD ": kdf argon2id13 is not "
			       "supported: accepted is pbkdf2");
	return why_set(why, ERR_UNSUPPORTED,
		       SCRAM_METHOD ": unknown kdf: accepted is pbkdf2");
}

static int read_challenge(const struct scram_client *c,
			  const struct value *extra, struct scram_terms *out,
			  struct why *why)
{
	int err = channel_refuse(SCRAM_METHOD, extra, why);

	if (!err)
		err = check_kdf(extra, why);
	if (err)
		return err;
	out->authid = c->authid;
	out->client_nonce = bytes_str(c->nonce);
	if (!value_get_str(dict_get(extra, "nonce"), &out->nonce) ||
	    !nonce_fits(c, out->nonce))
		return why_set(why, ERR_DENIED,
			       SCRAM_METHOD ": the nonce in CHALLENGE does "
			       "not continue ours");
	if (!value_get_str(dict_get(extra, "salt"), &out->salt) ||
	    !value_get_uint(dict_get(extra, "iterations"), &out->iterations))
		return why_set(why, ERR_MALFORMED,
			       SCRAM_METHOD ": CHALLENGE lacks salt or "
			       "iterations");
	return 0;
}

/* ClientProof in base64. */
static int prove(const uint8_t client[SHA256_BYTES],
		 struct bytes auth_message, struct buf *out)
{
	uint8_t stored[SHA256_BYTES], proof[SHA256_BYTES];
	char text[SCRAM_TEXT_SIZE];
	int err = sha256_of(bytes_of(client, SHA256_BYTES), stored);

	if (!err)
		err = hmac_sha256(bytes_of(stored, sizeof stored),
				  auth_message, proof);
	if (err)
		return err;
	for (int i = 0; i < SHA256_BYTES; i++)
		proof[i] ^= client[i];
	base64_encode(bytes_of(proof, sizeof proof), text);
	return buf_add_str(out, text);
}

int scram_answer(struct scram_client *c, const struct value *extra,
		 struct buf *signature, struct why *why)
{
	uint8_t client[SHA256_BYTES];
	struct scram_terms terms = { .draft = false };
	int err;

	if (!scram_text_valid(c->authid))
		return why_set(why, ERR_MALFORMED,
			       SCRAM_METHOD ": the authid is not UTF-8 text "
			       "without control characters");
	err = read_challenge(c, extra, &terms, why);
	if (!err)
		err = scram_client_keys(c->password, terms.salt,
					terms.iterations, client,
					c->server_key, why);
	if (err)
		return err;
	buf_clear(&c->auth_message);
	err = scram_auth_message(&c->auth_message, &terms);
	if (!err)
		err = prove(client, buf_bytes(&c->auth_message), signature);
	if (err)
		buf_clear(&c->auth_message);
	OPENSSL_cleanse(client, sizeof client);
	return err;
}

int scram_answer_extra(struct arena *a, const struct scram_client *c,
		       struct value *extra)
{
	struct bytes nonce = scram_nonce_of(buf_bytes(&c->auth_message));
	int err = dict_set(a, extra, "nonce", value_text(nonce));

	if (!err)
		err = dict_set(a, extra, "channel_binding", value_null());
	return err ? err : dict_set(a, extra, "cbind_data", value_null());
}

/* The spec's example has RFC 5802's "v=" before the signature, its text says
 * that there is nothing but base64: both are understood. */
int scram_check_welcome(const struct scram_client *c,
			const struct value *authextra)
{
	char expected[SCRAM_TEXT_SIZE];
	struct bytes verifier;
	int err;

	if (c->auth_message.len == 0)
		return ERR_STATE;
	if (!value_get_str(dict_get(authextra, "verifier"), &verifier))
		return ERR_DENIED;
	if (verifier.len >= 2 && memcmp(verifier.data, "v=", 2) == 0)
		verifier = bytes_of(verifier.data + 2, verifier.len - 2);
	err = scram_verifier(c->server_key, buf_bytes(&c->auth_message),
			     expected);
	if (err)
		return err;
	return secret_equal(bytes_str(expected), verifier) ? 0 : ERR_DENIED;
}
