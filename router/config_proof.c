#include "router/config_proof.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/cryptosign.h"
#include "router/config_keys.h"
#include "router/config_parts.h"

enum { SECRET_BYTES_MAX = 1024 };

/* --- secrets ------------------------------------------------------------- */

/* The first line of a small file; NULL: a mistake. */
static char *read_secret_file(struct cfg *c, const char *key,
			      const char *name)
{
	char line[SECRET_BYTES_MAX + 2], *path, *secret = NULL;
	FILE *f;

	path = config_file_name(c, key, name);
	if (!path)
		return NULL;
	f = fopen(path, "re");
	if (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\r\n")] = '\0';
		secret = strdup(line);
	}
	if (f)
		fclose(f);
	explicit_bzero(line, sizeof line);
	if (!secret)
		cfg_fail(c, key, "%s: can not be read", path);
	free(path);
	return secret;
}

/* In the file itself, or in another one. */
static void read_secret(struct cfg *c, const json_t *json, const char *key,
			const char *file_key, struct principal *p)
{
	char *file = NULL;

	cfg_string(c, json, key, false, &p->secret);
	cfg_from_env(c, key, false, &p->secret);
	cfg_string(c, json, file_key, false, &file);
	if (file && p->secret)
		cfg_fail(c, file_key, "there is a %s already", key);
	else if (file && !c->err)
		p->secret = read_secret_file(c, file_key, file);
	free(file);
	if (!c->err && (!p->secret || !*p->secret))
		cfg_fail(c, NULL, "a %s or %s is wanted, not empty", key,
			 file_key);
}

/* --- what each method's principals have ---------------------------------- */

void proof_read_ticket(struct cfg *c, const json_t *json,
			struct principal *p)
{
	read_secret(c, json, "ticket", "ticket_file", p);
}

void proof_read_range(struct cfg *c, const json_t *json, const char *key,
		       unsigned long long min, unsigned long long max,
		       uint64_t *out)
{
	unsigned long long number;

	if (!cfg_uint(c, json, key, false, max, &number))
		return;
	if (number < min)
		cfg_fail(c, key, "accepted are %llu to %llu", min, max);
	*out = number;
}

void proof_read_cra(struct cfg *c, const json_t *json, struct principal *p)
{
	p->iterations = CRA_ITERATIONS_DEFAULT;
	p->key_bytes = CRA_KEY_BYTES_DEFAULT;
	read_secret(c, json, "secret", "secret_file", p);
	cfg_string(c, json, "salt", false, &p->salt);
	proof_read_range(c, json, "iterations", 1, PBKDF2_ITERATIONS_MAX,
		   &p->iterations);
	proof_read_range(c, json, "keylen", CRA_KEY_BYTES_MIN,
		   PBKDF2_KEY_BYTES_MAX, &p->key_bytes);
	if (!c->err && !p->salt && (json_object_get(json, "iterations") ||
				    json_object_get(json, "keylen")))
		cfg_fail(c, "salt", "iterations and keylen belong to a salt");
}

static void read_scram_key(struct cfg *c, const json_t *json,
			   const char *name, uint8_t key[SHA256_BYTES])
{
	char *text = NULL;

	cfg_string(c, json, name, true, &text);
	if (text && !keys_read_scram(bytes_str(text), key))
		cfg_fail(c, name, "wanted are 32 bytes, in hex or base64");
	free(text);
}

/* The router tells it to clients, and derives nothing itself. */
static void read_kdf(struct cfg *c, const json_t *json, struct principal *p)
{
	char *name = NULL;

	cfg_string(c, json, "kdf", false, &name);
	if (name && !keys_read_kdf(bytes_str(name), &p->argon2))
		cfg_fail(c, "kdf", "accepted are pbkdf2, argon2id-13");
	free(name);
	p->iterations = SCRAM_ITERATIONS_MIN;
	proof_read_range(c, json, "iterations",
		   p->argon2 ? 1 : SCRAM_ITERATIONS_MIN,
		   PBKDF2_ITERATIONS_MAX, &p->iterations);
	if (!p->argon2)
		return;
	proof_read_range(c, json, "memory", 1, UINT32_MAX, &p->memory);
	if (!json_object_get(json, "memory"))
		cfg_fail(c, "memory", "is missing, in KiB");
}

void proof_read_scram(struct cfg *c, const json_t *json, struct principal *p)
{
	int err = 0;

	read_kdf(c, json, p);
	cfg_string(c, json, "salt", true, &p->salt);
	if (p->salt)
		err = keys_read_salt(&p->salt);
	if (err == ERR_NOMEM)
		cfg_fail(c, "salt", "out of memory");
	else if (err)
		cfg_fail(c, "salt", "wanted are %d to %d bytes, in base64 or "
				    "hex", SCRAM_SALT_BYTES_MIN,
			 SCRAM_SALT_BYTES_MAX);
	read_scram_key(c, json, "stored-key", p->scram.stored);
	read_scram_key(c, json, "server-key", p->scram.server);
}

struct public_key {
	uint8_t bytes[CRYPTOSIGN_KEY_BYTES];
};

static void read_public_key(struct cfg *c, const json_t *json, void *item,
			    void *ctx)
{
	struct public_key *key = item;
	struct why why = { "" };

	(void)ctx;
	if (!json_is_string(json))
		cfg_fail(c, NULL, "a text is wanted");
	else if (cryptosign_key(bytes_str(json_string_value(json)),
				"a public key", key->bytes, &why))
		cfg_fail(c, NULL, "%s", why.text);
}

void proof_read_cryptosign(struct cfg *c, const json_t *json,
			    struct principal *p)
{
	void *keys = NULL;

	cfg_list(c, json, "authorized_keys", true, read_public_key, NULL,
		 sizeof(struct public_key), &keys, &p->key_count);
	p->keys = keys;
}

void proof_read_tls(struct cfg *c, const json_t *json, struct principal *p)
{
	cfg_string(c, json, "certificate-sha1", true, &p->cert_sha1);
	if (p->cert_sha1 && !keys_is_sha1(p->cert_sha1))
		cfg_fail(c, "certificate-sha1",
			 "wanted are 20 bytes as in AB:CD:…");
}
