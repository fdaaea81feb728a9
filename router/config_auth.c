#include "router/config_auth.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/cryptosign.h"
#include "router/config_keys.h"
#include "router/config_parts.h"
#include "router/cookies.h"

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

static void read_ticket(struct cfg *c, const json_t *json,
			struct principal *p)
{
	read_secret(c, json, "ticket", "ticket_file", p);
}

static void read_range(struct cfg *c, const json_t *json, const char *key,
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

static void read_cra(struct cfg *c, const json_t *json, struct principal *p)
{
	p->iterations = CRA_ITERATIONS_DEFAULT;
	p->key_bytes = CRA_KEY_BYTES_DEFAULT;
	read_secret(c, json, "secret", "secret_file", p);
	cfg_string(c, json, "salt", false, &p->salt);
	read_range(c, json, "iterations", 1, PBKDF2_ITERATIONS_MAX,
		   &p->iterations);
	read_range(c, json, "keylen", CRA_KEY_BYTES_MIN,
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
	read_range(c, json, "iterations",
		   p->argon2 ? 1 : SCRAM_ITERATIONS_MIN,
		   PBKDF2_ITERATIONS_MAX, &p->iterations);
	if (!p->argon2)
		return;
	read_range(c, json, "memory", 1, UINT32_MAX, &p->memory);
	if (!json_object_get(json, "memory"))
		cfg_fail(c, "memory", "is missing, in KiB");
}

static void read_scram(struct cfg *c, const json_t *json, struct principal *p)
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

static void read_cryptosign(struct cfg *c, const json_t *json,
			    struct principal *p)
{
	void *keys = NULL;

	cfg_list(c, json, "authorized_keys", true, read_public_key, NULL,
		 sizeof(struct public_key), &keys, &p->key_count);
	p->keys = keys;
}

static void read_tls(struct cfg *c, const json_t *json, struct principal *p)
{
	cfg_string(c, json, "certificate-sha1", true, &p->cert_sha1);
	if (p->cert_sha1 && !keys_is_sha1(p->cert_sha1))
		cfg_fail(c, "certificate-sha1",
			 "wanted are 20 bytes as in AB:CD:…");
}

/* --- ways ---------------------------------------------------------------- */

static const struct form {
	const char *name;
	enum authn_method method;
	const char *list; /* what its principals are called */
	const char *keys;
	const char *file_key; /* a secret in a file; NULL: there is none */
	void (*read)(struct cfg *c, const json_t *json, struct principal *p);
} forms[] = {
	{ "ticket", AUTHN_TICKET, "principals", "ticket ticket_file role realm",
	  "ticket_file", read_ticket },
	{ "wampcra", AUTHN_WAMPCRA, "users",
	  "secret secret_file role realm salt iterations keylen",
	  "secret_file", read_cra },
	{ "scram", AUTHN_SCRAM, "principals",
	  "kdf iterations memory salt stored-key server-key role realm",
	  NULL, read_scram },
	{ "cryptosign", AUTHN_CRYPTOSIGN, "principals",
	  "authorized_keys role realm", NULL, read_cryptosign },
	{ "tls", AUTHN_TLS, "principals", "certificate-sha1 role realm",
	  NULL, read_tls },
};

static void read_principal(struct cfg *c, const struct form *form,
			   const char *authid, const json_t *json,
			   struct authn_way *way)
{
	struct principal *more, *p;

	if (!cfg_object(c, json, form->keys))
		return;
	/* The built-in configuration has no folder to read files from. */
	if (!c->dir && form->file_key &&
	    json_object_get(json, form->file_key))
		return;
	more = realloc(way->principals, (way->count + 1) * sizeof *more);
	if (!more) {
		cfg_fail(c, NULL, "out of memory");
		return;
	}
	way->principals = more;
	p = &more[way->count++];
	*p = (struct principal){ .authid = strdup(authid) };
	if (!p->authid)
		cfg_fail(c, NULL, "out of memory");
	cfg_string(c, json, "role", true, &p->role);
	cfg_string(c, json, "realm", false, &p->realm);
	form->read(c, json, p);
}

static void read_principals(struct cfg *c, const struct form *form,
			    const json_t *json, struct authn_way *way)
{
	const json_t *all = cfg_member(c, json, form->list, true);
	unsigned length = cfg_enter(c, form->list);
	const char *authid;
	json_t *one;

	if (all && !json_is_object(all))
		cfg_fail(c, NULL, "an object is wanted, a member each authid");
	json_object_foreach((json_t *)all, authid, one) {
		unsigned inner = cfg_enter(c, authid);

		read_principal(c, form, authid, one, way);
		cfg_leave(c, inner);
	}
	cfg_leave(c, length);
	way->on = way->count > 0;
}

/* true: it is, and was read. */
static bool read_dynamic(struct cfg *c, const json_t *json,
			 struct authn_way *way)
{
	const char *type = json_string_value(json_object_get(json, "type"));

	if (!type || strcmp(type, "dynamic"))
		return false;
	if (!cfg_object(c, json, "type authenticator authenticator-realm "
				 "authenticator-role"))
		return true;
	cfg_string(c, json, "authenticator", true, &way->authenticator);
	cfg_string(c, json, "authenticator-realm", false, &way->realm);
	cfg_string(c, json, "authenticator-role", false, &way->role);
	if (way->authenticator &&
	    !uri_valid(bytes_str(way->authenticator), URI_EXACT, false))
		cfg_fail(c, "authenticator", "not a valid URI");
	way->on = true;
	return true;
}

/* Crossbar.io's that nobody joins by here. */
static bool is_foreign(struct cfg *c, const json_t *json)
{
	const char *type = json_string_value(json_object_get(json, "type"));

	if (type && !strcmp(type, "function"))
		cfg_warn(c, "type", "function: Python is not run here: left "
				    "out, nobody joins by it");
	else if (json_object_get(json, "trustroots"))
		cfg_warn(c, "trustroots", "are not looked at here: left out, "
					  "nobody joins by them");
	else
		return false;
	return true;
}

static void read_form(struct cfg *c, const json_t *auth,
		      const struct form *form, struct authn *out)
{
	const json_t *json = cfg_member(c, auth, form->name, false);
	struct authn_way *way = &out->ways[form->method];
	unsigned length = cfg_enter(c, form->name);
	char keys[32];

	snprintf(keys, sizeof keys, "type %s", form->list);
	if (json && !is_foreign(c, json) && !read_dynamic(c, json, way) &&
	    cfg_object(c, json, keys)) {
		cfg_type(c, json, "static dynamic");
		read_principals(c, form, json, way);
	}
	cfg_leave(c, length);
}

/* Their role is anonymous, if it is not said. */
static void be_anonymous(struct cfg *c, struct authn *out)
{
	out->ways[AUTHN_ANONYMOUS].on = true;
	if (!out->anonymous_role)
		out->anonymous_role = strdup("anonymous");
	if (!out->anonymous_role)
		cfg_fail(c, NULL, "out of memory");
}

static void read_anonymous(struct cfg *c, const json_t *auth,
			   struct authn *out)
{
	const json_t *json = cfg_member(c, auth, "anonymous", false);
	struct authn_way *way = &out->ways[AUTHN_ANONYMOUS];
	unsigned length = cfg_enter(c, "anonymous");

	if (json && !is_foreign(c, json) && !read_dynamic(c, json, way) &&
	    cfg_object(c, json, "type role realm authid")) {
		cfg_type(c, json, "static dynamic");
		cfg_string(c, json, "role", false, &out->anonymous_role);
		cfg_string(c, json, "realm", false, &out->anonymous_realm);
		cfg_string(c, json, "authid", false, &out->anonymous_authid);
		be_anonymous(c, out);
	}
	cfg_leave(c, length);
}

static void read_cookie(struct cfg *c, const json_t *auth, struct authn *out)
{
	const json_t *json = cfg_member(c, auth, "cookie", false);
	unsigned length = cfg_enter(c, "cookie");
	uint64_t seconds = COOKIE_DAYS * 86400;

	if (json && cfg_object(c, json, "type max_age")) {
		read_range(c, json, "max_age", 1, 366 * 86400, &seconds);
		out->ways[AUTHN_COOKIE].on = true;
		out->cookie_ms = seconds * 1000;
	}
	cfg_leave(c, length);
}

void config_read_auth(struct cfg *c, const json_t *json, struct authn *out)
{
	unsigned length = cfg_enter(c, "auth");

	out->implied = !json;
	if (!json) {
		be_anonymous(c, out);
	} else if (cfg_object_but(c, json,
				  "anonymous ticket wampcra scram cryptosign "
				  "tls cookie",
				  "anonymous-proxy cryptosign-proxy")) {
		read_anonymous(c, json, out);
		for (unsigned i = 0; i < sizeof forms / sizeof *forms; i++)
			read_form(c, json, &forms[i], out);
		read_cookie(c, json, out);
	}
	cfg_leave(c, length);
}

/* --- what belongs together ----------------------------------------------- */

static bool realm_has_role(const struct realm_config *r, const char *name)
{
	for (unsigned i = 0; i < r->role_count; i++)
		if (!strcmp(r->roles[i].name, name))
			return true;
	return false;
}

/* In that realm; NULL: in any. */
static bool has_role(const struct config *c, const char *realm,
		     const char *name)
{
	for (unsigned i = 0; i < c->realm_count; i++)
		if ((!realm || !strcmp(realm, c->realms[i].name)) &&
		    realm_has_role(&c->realms[i], name))
			return true;
	return false;
}

static bool has_realm(const struct config *c, const char *name)
{
	for (unsigned i = 0; i < c->realm_count; i++)
		if (!strcmp(name, c->realms[i].name))
			return true;
	return false;
}

static void check_principal(struct cfg *c, const struct config *config,
			    const struct form *form,
			    const struct principal *p)
{
	if (p->realm && !has_realm(config, p->realm))
		cfg_fail(c, form->list, "%s: there is no realm %s", p->authid,
			 p->realm);
	else if (p->realm && !has_role(config, p->realm, p->role))
		cfg_fail(c, form->list, "%s: realm %s has no role %s",
			 p->authid, p->realm, p->role);
	else if (!has_role(config, NULL, p->role))
		cfg_fail(c, form->list, "%s: no realm has a role %s",
			 p->authid, p->role);
}

static void check_dynamic(struct cfg *c, const struct config *config,
			  const struct authn_way *way)
{
	if (way->realm && !has_realm(config, way->realm))
		cfg_fail(c, "authenticator-realm", "there is no realm %s",
			 way->realm);
	else if (way->role && strcmp(way->role, AUTHN_TRUSTED) &&
		 !has_role(config, way->realm, way->role))
		cfg_fail(c, "authenticator-role", "no realm has a role %s",
			 way->role);
}

static void check_form(struct cfg *c, const struct config *config,
		       const struct form *form, const struct authn_way *way)
{
	unsigned length = cfg_enter(c, form->name);

	check_dynamic(c, config, way);
	for (unsigned i = 0; i < way->count; i++)
		check_principal(c, config, form, &way->principals[i]);
	cfg_leave(c, length);
}

static void check_anonymous(struct cfg *c, const struct config *config,
			    const struct authn *a)
{
	const char *role = a->anonymous_role, *realm = a->anonymous_realm;

	if (!role)
		return;
	if (realm && !has_realm(config, realm))
		cfg_fail(c, "realm", "there is no realm %s", realm);
	else if (has_role(config, realm, role))
		return;
	else if (a->implied)
		cfg_warn(c, NULL, "nobody may join here: no realm has a role "
				  "anonymous");
	else
		cfg_fail(c, "role", "no realm has a role %s", role);
}

void config_check_auth(struct cfg *c, const struct config *config,
		       const struct authn *a)
{
	unsigned length = cfg_enter(c, "auth"), inner;

	inner = cfg_enter(c, "anonymous");
	check_anonymous(c, config, a);
	check_dynamic(c, config, &a->ways[AUTHN_ANONYMOUS]);
	cfg_leave(c, inner);
	for (unsigned i = 0; i < sizeof forms / sizeof *forms; i++)
		check_form(c, config, &forms[i],
			   &a->ways[forms[i].method]);
	cfg_leave(c, length);
}
