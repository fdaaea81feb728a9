#include "router/config_auth.h"

#include <stdlib.h>
#include <string.h>

#include "router/config_parts.h"
#include "router/config_proof.h"
#include "router/cookies.h"

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
	  "ticket_file", proof_read_ticket },
	{ "wampcra", AUTHN_WAMPCRA, "users",
	  "secret secret_file role realm salt iterations keylen",
	  "secret_file", proof_read_cra },
	{ "scram", AUTHN_SCRAM, "principals",
	  "kdf iterations memory salt stored-key server-key role realm",
	  NULL, proof_read_scram },
	{ "cryptosign", AUTHN_CRYPTOSIGN, "principals",
	  "authorized_keys role realm", NULL, proof_read_cryptosign },
	{ "tls", AUTHN_TLS, "principals", "certificate-sha1 role realm",
	  NULL, proof_read_tls },
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
		proof_read_range(c, json, "max_age", 1, 366 * 86400, &seconds);
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
