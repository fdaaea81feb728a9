#include "crypto/cra.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "crypto/openssl.h"
#include "wamp/serializer.h"

int cra_derive_key(struct bytes password, const struct cra_salting *salting,
		   char out[CRA_KEY_SIZE_MAX])
{
	uint8_t key[PBKDF2_KEY_BYTES_MAX];
	int err;

	if (salting->key_bytes < CRA_KEY_BYTES_MIN ||
	    salting->key_bytes > PBKDF2_KEY_BYTES_MAX)
		return ERR_RANGE;
	err = pbkdf2_sha256(password, salting->salt, salting->iterations, key,
			    (size_t)salting->key_bytes);
	if (!err)
		base64_encode(bytes_of(key, (size_t)salting->key_bytes), out);
	OPENSSL_cleanse(key, sizeof key);
	return err;
}

int cra_sign(struct bytes key, struct bytes challenge,
	     char out[CRA_SIGNATURE_SIZE])
{
	uint8_t mac[SHA256_BYTES];
	int err = hmac_sha256(key, challenge, mac);

	if (!err)
		base64_encode(bytes_of(mac, sizeof mac), out);
	return err;
}

/* --- the router ---------------------------------------------------------- */

enum { TIMESTAMP_SIZE = 40 };

/* ISO 8601, UTC, milliseconds. */
static int timestamp(int64_t now_ms, char out[TIMESTAMP_SIZE])
{
	time_t seconds = (time_t)(now_ms / 1000);
	char day[TIMESTAMP_SIZE - 8];
	struct tm tm;

	if (now_ms < 0 || !gmtime_r(&seconds, &tm) ||
	    !strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm))
		return ERR_RANGE;
	snprintf(out, TIMESTAMP_SIZE, "%s.%03dZ", day, (int)(now_ms % 1000));
	return 0;
}

static int describe(struct arena *a, const struct cra_claim *claim,
		    const char *nonce, const char *time, struct value *out)
{
	const struct {
		const char *key;
		struct value value;
	} parts[] = {
		{ "authid", value_text(claim->authid) },
		{ "authrole", value_text(claim->authrole) },
		{ "authmethod", value_str("wampcra") },
		{ "authprovider", value_text(claim->authprovider) },
		{ "nonce", value_str(nonce) },
		{ "timestamp", value_str(time) },
		{ "session", value_uint(claim->session) },
	};
	int err = 0;

	for (size_t i = 0; !err && i < sizeof parts / sizeof *parts; i++)
		err = dict_set(a, out, parts[i].key, parts[i].value);
	return err;
}

static int add_challenge(struct arena *a, const struct value *description,
			 struct value *extra)
{
	struct buf text;
	char *copy = NULL;
	int err;

	buf_init(&text);
	err = serializer_json.encode(&text, description);
	if (!err) {
		copy = arena_str(a, buf_bytes(&text));
		err = copy ? 0 : ERR_NOMEM;
	}
	buf_deinit(&text);
	return err ? err : dict_set(a, extra, "challenge", value_str(copy));
}

static int add_salting(struct arena *a, const struct cra_salting *salting,
		       struct value *extra)
{
	int err = dict_set(a, extra, "salt", value_text(salting->salt));

	if (!err)
		err = dict_set(a, extra, "keylen",
			       value_uint(salting->key_bytes));
	if (!err)
		err = dict_set(a, extra, "iterations",
			       value_uint(salting->iterations));
	return err;
}

int cra_challenge(struct arena *a, const struct cra_claim *claim,
		  const struct cra_salting *salting,
		  const uint8_t nonce[CRA_NONCE_BYTES], int64_t now_ms,
		  struct value *extra)
{
	char nonce_text[BASE64_SIZE(CRA_NONCE_BYTES)], time[TIMESTAMP_SIZE];
	struct value description = value_dict();
	int err = timestamp(now_ms, time);

	base64_encode(bytes_of(nonce, CRA_NONCE_BYTES), nonce_text);
	if (!err)
		err = describe(a, claim, nonce_text, time, &description);
	if (!err)
		err = add_challenge(a, &description, extra);
	if (!err && salting)
		err = add_salting(a, salting, extra);
	return err;
}

int cra_verify(struct bytes key, struct bytes challenge,
	       struct bytes signature)
{
	char expected[CRA_SIGNATURE_SIZE];
	int err = cra_sign(key, challenge, expected);

	if (err)
		return err;
	return secret_equal(bytes_str(expected), signature) ? 0 : ERR_DENIED;
}

/* --- the client ---------------------------------------------------------- */

/* A number of extra, or what stands for it when it is absent. */
static int read_number(const struct value *extra, const char *key,
		       uint64_t min, uint64_t max, uint64_t standard,
		       uint64_t *out, struct why *why)
{
	const struct value *v = dict_get(extra, key);

	*out = standard;
	if (!v || value_get_range(v, min, max, out))
		return 0;
	return why_set(why, ERR_RANGE,
		       "wampcra: %s in CHALLENGE: accepted is a number from "
		       "%llu to %llu", key, (unsigned long long)min,
		       (unsigned long long)max);
}

static int read_salting(const struct value *extra, struct cra_salting *out,
			struct why *why)
{
	int err;

	if (!value_get_str(dict_get(extra, "salt"), &out->salt))
		return why_set(why, ERR_MALFORMED,
			       "wampcra: salt in CHALLENGE is not a string");
	err = read_number(extra, "iterations", 1, PBKDF2_ITERATIONS_MAX,
			  CRA_ITERATIONS_DEFAULT, &out->iterations, why);
	if (!err)
		err = read_number(extra, "keylen", CRA_KEY_BYTES_MIN,
				  PBKDF2_KEY_BYTES_MAX, CRA_KEY_BYTES_DEFAULT,
				  &out->key_bytes, why);
	return err;
}

static int sign_salted(struct bytes secret, const struct value *extra,
		       struct bytes challenge, char out[CRA_SIGNATURE_SIZE],
		       struct why *why)
{
	struct cra_salting salting;
	char key[CRA_KEY_SIZE_MAX];
	int err = read_salting(extra, &salting, why);

	if (!err)
		err = cra_derive_key(secret, &salting, key);
	if (!err)
		err = cra_sign(bytes_str(key), challenge, out);
	OPENSSL_cleanse(key, sizeof key);
	return err;
}

int cra_answer(struct bytes secret, const struct value *extra,
	       struct buf *signature, struct why *why)
{
	char text[CRA_SIGNATURE_SIZE];
	struct bytes challenge;
	int err;

	if (!value_get_str(dict_get(extra, "challenge"), &challenge))
		return why_set(why, ERR_MALFORMED,
			       "wampcra: CHALLENGE has no string challenge");
	if (dict_get(extra, "salt"))
		err = sign_salted(secret, extra, challenge, text, why);
	else
		err = cra_sign(secret, challenge, text);
	return err ? err : buf_add_str(signature, text);
}
