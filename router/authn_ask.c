/* Dynamic authenticators, as Crossbar.io's: a procedure is asked who somebody
 * is. It fails closed: what is not an answer is a no. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cra.h"
#include "router/ask.h"
#include "router/authn_parts.h"
#include "router/config_keys.h"
#include "router/join.h"

/* Outlives its session when that is gone before the answer comes. */
struct authn_question {
	struct router *router;
	struct session *session; /* NULL: nobody waits any more */
};

void authn_question_drop(struct authn_question *q)
{
	q->session = NULL;
}

/* --- the question -------------------------------------------------------- */

static int set_text(struct arena *a, struct value *dict, const char *key,
		    const char *text)
{
	return text && *text ? dict_set(a, dict, key, value_str(text)) : 0;
}

static int describe_transport(struct arena *a, const struct session *s,
			      struct value *details)
{
	struct value transport = value_dict(), cert = value_dict();
	int err = set_text(a, &transport, "type", s->link.transport);

	if (!err)
		err = set_text(a, &transport, "peer", s->link.peer);
	if (!err && s->link.cert_sha1[0])
		err = set_text(a, &cert, "sha1", s->link.cert_sha1);
	if (!err && s->link.cert_sha1[0])
		err = set_text(a, &cert, "cn", s->link.cert_cn);
	if (!err && s->link.cert_sha1[0])
		err = dict_set(a, &transport, "client_cert", cert);
	return err ? err : dict_set(a, details, "transport", transport);
}

/* What HELLO had; a public key is written as it was read. */
static int describe_extra(struct arena *a, const struct authn_attempt *t,
			  struct value *details)
{
	struct value *extra = t->asked ? value_copy(a, t->asked) : NULL;
	char hex[2 * CRYPTOSIGN_KEY_BYTES + 1], *copy;

	if (!extra)
		return t->asked ? ERR_NOMEM : 0;
	if (t->method != AUTHN_CRYPTOSIGN)
		return dict_set(a, details, "authextra", *extra);
	for (unsigned i = 0; i < CRYPTOSIGN_KEY_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", t->public_key[i]);
	copy = arena_str(a, bytes_str(hex));
	if (!copy || dict_set(a, extra, "pubkey", value_str(copy)))
		return ERR_NOMEM;
	return dict_set(a, details, "authextra", *extra);
}

/* (realm, authid, details) */
static int fill_args(struct session *s, const struct bytes *ticket,
		     struct value *args)
{
	struct arena *a = &s->turn->arena;
	const struct authn_attempt *t = s->attempt;
	struct value details = value_dict();
	int err = set_text(a, &details, "authmethod", t->name);

	if (!err)
		err = describe_transport(a, s, &details);
	if (!err)
		err = describe_extra(a, t, &details);
	if (!err && ticket)
		err = dict_set(a, &details, "ticket", value_text(*ticket));
	if (!err)
		err = list_add(a, args, t->realm ?
					value_str(t->realm->config->name) :
					value_null());
	if (!err)
		err = list_add(a, args, t->authid ? value_str(t->authid)
						  : value_null());
	return err ? err : list_add(a, args, details);
}

/* --- the answer ---------------------------------------------------------- */

static bool copy_text(const struct value *dict, const char *key, char **out)
{
	struct bytes text;

	if (!value_get_str(dict_get(dict, key), &text))
		return true;
	free(*out);
	*out = strndup((const char *)text.data, text.len);
	return *out != NULL;
}

static bool read_number(const struct value *dict, const char *key,
			uint64_t fallback, uint64_t max, uint64_t *out)
{
	const struct value *v = dict_get(dict, key);

	*out = fallback;
	return !v || value_get_range(v, 1, max, out);
}

static bool add_key(struct principal *p, const struct value *v)
{
	struct bytes hex;
	uint8_t *more = realloc(p->keys, (p->key_count + 1) *
						 CRYPTOSIGN_KEY_BYTES);

	if (!more)
		return false;
	p->keys = more;
	if (!value_get_str(v, &hex) ||
	    cryptosign_key(hex, "pubkey",
			   more + p->key_count * CRYPTOSIGN_KEY_BYTES, NULL))
		return false;
	p->key_count++;
	return true;
}

static bool read_keys(const struct value *dict, struct principal *p)
{
	const struct value *keys = dict_get(dict, "pubkey");

	if (keys && keys->type != VALUE_LIST)
		return add_key(p, keys);
	for (uint32_t i = 0; i < value_count(keys); i++)
		if (!add_key(p, list_at(keys, i)))
			return false;
	return p->key_count > 0;
}

static bool read_scram(const struct value *dict, struct principal *p)
{
	struct bytes kdf, stored, server;
	uint64_t least;

	if (value_get_str(dict_get(dict, "kdf"), &kdf) &&
	    !keys_read_kdf(kdf, &p->argon2))
		return false;
	least = p->argon2 ? 1 : SCRAM_ITERATIONS_MIN;
	if (p->argon2 &&
	    !value_get_range(dict_get(dict, "memory"), 1, UINT32_MAX,
			     &p->memory))
		return false;
	return value_get_str(dict_get(dict, "stored-key"), &stored) &&
	       value_get_str(dict_get(dict, "server-key"), &server) &&
	       keys_read_scram(stored, p->scram.stored) &&
	       keys_read_scram(server, p->scram.server) && p->salt &&
	       !keys_read_salt(&p->salt) && p->iterations >= least;
}

/* What the method needs for its challenge. */
static bool read_proof(const struct value *dict, enum authn_method method,
		       struct principal *p)
{
	if (!copy_text(dict, "salt", &p->salt) ||
	    !read_number(dict, "iterations", CRA_ITERATIONS_DEFAULT,
			 PBKDF2_ITERATIONS_MAX, &p->iterations) ||
	    !read_number(dict, "keylen", CRA_KEY_BYTES_DEFAULT,
			 PBKDF2_KEY_BYTES_MAX, &p->key_bytes))
		return false;
	switch (method) {
	case AUTHN_WAMPCRA:
		return copy_text(dict, "secret", &p->secret) && p->secret &&
		       *p->secret;
	case AUTHN_SCRAM:
		return read_scram(dict, p);
	case AUTHN_CRYPTOSIGN:
		return read_keys(dict, p);
	default:
		return true;
	}
}

/* The one that is joined, whatever was asked for. */
static bool read_realm(const struct value *dict, struct principal *p)
{
	const struct value *v = dict_get(dict, "realm");

	return !v || v->type == VALUE_NULL ||
	       (copy_text(dict, "realm", &p->realm) && p->realm);
}

static bool read_answer(struct authn_attempt *a, const struct value *v)
{
	struct principal *p = &a->own;
	const struct value *extra = dict_get(v, "extra");
	struct bytes role;

	if (value_get_str(v, &role)) {
		p->role = strndup((const char *)role.data, role.len);
		/* A role alone proves nothing where a proof is wanted. */
		return p->role && read_proof(NULL, a->method, p);
	}
	if (!read_realm(v, p) || !copy_text(v, "role", &p->role) ||
	    !copy_text(v, "authid", &p->authid) || !p->role)
		return false;
	if (extra && extra->type == VALUE_DICT) {
		a->extra = value_copy(&a->arena, extra);
		if (!a->extra)
			return false;
	}
	return read_proof(v, a->method, p);
}

static bool proves_by_challenge(enum authn_method method)
{
	return method == AUTHN_WAMPCRA || method == AUTHN_SCRAM ||
	       method == AUTHN_CRYPTOSIGN;
}

/* An application's own error is its no; the router's: nobody decided. */
static void judge(struct router *r, struct session *s, struct bytes error,
		  const struct value *answer, struct authn_result *out)
{
	struct authn_attempt *a = s->attempt;

	if (error.len && !uri_reserved(error))
		authn_refuse(out, "wamp.error.authentication_denied",
			     "the authenticator refused");
	else if (error.len)
		authn_refuse(out, "wamp.error.authentication_failed",
			     "the authenticator did not answer");
	else if (!answer || !read_answer(a, answer))
		authn_refuse(out, "wamp.error.authentication_failed",
			     "the authenticator's answer can not be used");
	else {
		a->principal = &a->own;
		if (proves_by_challenge(a->method))
			prove_begin(r, s, out);
		else
			authn_accept(a, out);
		/* A name that nobody proved is not theirs. */
		if (a->method == AUTHN_ANONYMOUS)
			out->authid = a->own.authid;
	}
}

static void on_answer(void *ctx, struct bytes error,
		      const struct client_data *data)
{
	struct authn_question *q = ctx;
	struct session *s = q->session;
	struct authn_result result;

	if (s && s->state == SESSION_ASKING) {
		s->attempt->question = NULL;
		judge(q->router, s, error, list_at(data->args, 0), &result);
		join_decided(q->router, s, &result);
	} else if (s) {
		s->attempt->question = NULL;
	}
	free(q);
}

/* --- asking -------------------------------------------------------------- */

static int send_question(struct router *r, struct session *s,
			 const struct bytes *ticket)
{
	struct authn_attempt *a = s->attempt;
	const struct authn_way *way = a->way;
	struct realm *realm = way->realm ?
				      router_realm(r, bytes_str(way->realm)) :
				      a->realm;
	const struct role *role = way->role && realm ?
					  realm_role(realm, way->role) :
					  NULL;
	bool own = !way->role || !strcmp(way->role, AUTHN_TRUSTED);
	struct value args = value_list();
	int err;

	if (!realm || (!own && !role))
		return ERR_NOT_FOUND;
	err = fill_args(s, ticket, &args);
	return err ? err : ask(r, realm, role, way->authenticator, &args,
			       on_answer, a->question);
}

void authn_ask(struct router *r, struct session *s,
	       const struct bytes *ticket, struct authn_result *out)
{
	struct authn_attempt *a = s->attempt;
	struct authn_question *q = malloc(sizeof *q);

	if (!q) {
		authn_out_of_memory(out);
		return;
	}
	*q = (struct authn_question){ r, s };
	a->question = q;
	*out = (struct authn_result){ .outcome = AUTHN_WAIT };
	if (send_question(r, s, ticket)) {
		a->question = NULL;
		free(q);
		authn_refuse(out, "wamp.error.authentication_failed",
			     "the authenticator can not be asked");
	}
}
