/* Challenges, and whether they were answered: "Ticket-based Authentication",
 * "Challenge Response Authentication", "Salted Challenge Response
 * Authentication", "Cryptosign-based Authentication" (advanced). */
#include <stdlib.h>
#include <string.h>

#include "crypto/cra.h"
#include "crypto/pretend.h"
#include "router/authn_parts.h"

/* --- HELLO --------------------------------------------------------------- */

static int read_nonce(struct authn_attempt *a, const struct value *authextra,
		      struct why *why)
{
	struct bytes nonce;
	int err = scram_hello(authextra, &nonce, why);

	if (err)
		return err;
	a->nonce = strndup((const char *)nonce.data, nonce.len);
	return a->nonce ? 0 : ERR_NOMEM;
}

bool prove_read_hello(struct authn_attempt *a, const struct value *authextra,
		      struct authn_result *out)
{
	struct why why = { "" };
	const char *text;
	int err = 0;

	if (a->method == AUTHN_SCRAM)
		err = read_nonce(a, authextra, &why);
	else if (a->method == AUTHN_CRYPTOSIGN)
		err = cryptosign_hello(authextra, a->public_key, &why);
	if (!err)
		return true;
	text = arena_str(&a->arena, bytes_str(why.text));
	if (err == ERR_NOMEM || !text)
		authn_out_of_memory(out);
	else
		authn_refuse(out, "wamp.error.authentication_failed", text);
	return false;
}

/* --- CHALLENGE ----------------------------------------------------------- */

/* Random bytes that nobody can guess. */
static void fill_random(struct turn *turn, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i += 8) {
		uint64_t n = turn_random(turn);

		memcpy(out + i, &n, len - i < 8 ? len - i : 8);
	}
}

static struct bytes pretending(const struct router *r)
{
	return bytes_of(r->pretend, sizeof r->pretend);
}

/* Whom somebody who does not exist is like: one of those who do, always the
 * same for this name. `none`: there is nobody. */
static int choose_model(const struct router *r, const struct authn_attempt *a,
			const struct principal *none,
			const struct principal **out)
{
	uint32_t choice = 0;

	*out = none;
	if (pretend_bytes(pretending(r), bytes_str(a->authid), "model",
			  (uint8_t *)&choice, sizeof choice))
		return ERR_NOMEM;
	if (a->way->count)
		*out = &a->way->principals[choice % a->way->count];
	return 0;
}

/* The salt that WAMP-CRA shows. */
static int show_salting(struct router *r, const struct authn_attempt *a,
			const struct principal *model, struct cra_salting *out)
{
	struct bytes salt = bytes_str(model->salt ? model->salt : "");
	char *copy;

	if (!model->salt)
		return 0;
	*out = (struct cra_salting){ salt, model->iterations,
				     model->key_bytes };
	if (model == a->principal)
		return 0;
	copy = arena_alloc(&r->turn.arena, salt.len + 1);
	if (!copy ||
	    pretend_text(pretending(r), bytes_str(a->authid), salt, copy))
		return ERR_NOMEM;
	out->salt = bytes_str(copy);
	return 0;
}

static int challenge_cra(struct router *r, struct session *s,
			 struct value *extra)
{
	static const struct principal nobody = { .role = (char *)"" };
	struct authn_attempt *a = s->attempt;
	const struct principal *p = a->principal, *model = p;
	struct cra_salting salting = { .iterations = 0 };
	struct cra_claim claim = { .authprovider = bytes_str(a->provider) };
	uint8_t nonce[CRA_NONCE_BYTES];
	struct bytes text;
	int err = p ? 0 : choose_model(r, a, &nobody, &model);

	if (!err)
		err = show_salting(r, a, model, &salting);
	claim.authid = bytes_str(p && p->authid ? p->authid : a->authid);
	claim.authrole = bytes_str(model->role);
	s->id = claim.session = turn_random_id(&r->turn);
	fill_random(&r->turn, nonce, sizeof nonce);
	if (!err)
		err = cra_challenge(&r->turn.arena, &claim,
				    salting.iterations ? &salting : NULL,
				    nonce, (int64_t)r->turn.unix_ms, extra);
	if (err || !value_get_str(dict_get(extra, "challenge"), &text))
		return ERR_NOMEM;
	return buf_add_bytes(&a->text, text);
}

/* How the client is to derive its key. */
static void show_kdf(const struct principal *p, struct scram_user *user)
{
	user->argon2 = p->argon2;
	user->memory = p->memory;
}

static int pretend_scram(struct router *r, const struct authn_attempt *a,
			 struct scram_user *user)
{
	static const struct principal nobody = {
		.salt = (char *)"", .iterations = SCRAM_ITERATIONS_MIN,
	};
	const struct principal *model;
	char *salt = arena_alloc(&r->turn.arena, SCRAM_SALT_SIZE);
	int err = ERR_NOMEM;

	if (salt && !choose_model(r, a, &nobody, &model))
		err = scram_pretend(pretending(r), bytes_str(a->authid),
				    bytes_str(model->salt), model->iterations,
				    salt, user);
	if (!err)
		show_kdf(model, user);
	return err;
}

static int challenge_scram(struct router *r, struct session *s,
			   struct value *extra)
{
	struct authn_attempt *a = s->attempt;
	const struct principal *p = a->principal;
	struct scram_user user = { .authid = bytes_str(a->authid) };
	uint8_t random[SCRAM_RANDOM_BYTES];

	if (p) {
		user.salt = bytes_str(p->salt);
		user.iterations = p->iterations;
		user.keys = p->scram;
		show_kdf(p, &user);
	} else if (pretend_scram(r, a, &user)) {
		return ERR_NOMEM;
	}
	user.draft = !strcmp(a->name, "scram");
	a->keys = user.keys;
	fill_random(&r->turn, random, sizeof random);
	return scram_challenge(&r->turn.arena, &user, bytes_str(a->nonce),
			       random, extra, &a->text);
}

static int make_challenge(struct router *r, struct session *s,
			  struct value *extra)
{
	struct authn_attempt *a = s->attempt;

	switch (a->method) {
	case AUTHN_WAMPCRA:
		return challenge_cra(r, s, extra);
	case AUTHN_SCRAM:
		return challenge_scram(r, s, extra);
	case AUTHN_CRYPTOSIGN:
		fill_random(&r->turn, a->challenge, sizeof a->challenge);
		return cryptosign_challenge(&r->turn.arena, a->challenge,
					    extra);
	default:
		return 0;
	}
}

static bool has_key(const struct principal *p, const uint8_t *key)
{
	for (unsigned i = 0; p && i < p->key_count; i++)
		if (!memcmp(p->keys + i * CRYPTOSIGN_KEY_BYTES, key,
			    CRYPTOSIGN_KEY_BYTES))
			return true;
	return false;
}

/* By the name, or, when cryptosign is without one, by the key. */
static const struct principal *find(const struct authn_attempt *a)
{
	if (a->authid)
		return authn_find(a);
	for (unsigned i = 0; i < a->way->count; i++)
		if (has_key(&a->way->principals[i], a->public_key))
			return &a->way->principals[i];
	return NULL;
}

void prove_begin(struct router *r, struct session *s,
		 struct authn_result *out)
{
	struct authn_attempt *a = s->attempt;
	struct value *extra = arena_alloc(&r->turn.arena, sizeof *extra);

	if (!a->principal && !a->way->authenticator)
		a->principal = find(a);
	if (extra)
		*extra = value_dict();
	if (!extra || make_challenge(r, s, extra)) {
		authn_out_of_memory(out);
		return;
	}
	*out = (struct authn_result){ AUTHN_CHALLENGE, .method = a->name,
				      .extra = extra };
}

/* --- AUTHENTICATE -------------------------------------------------------- */

/* Nobody's is compared in the same way, and never fits. */
static bool fits(struct authn_attempt *a, const struct message *m)
{
	const struct principal *p = a->principal;
	struct bytes secret = bytes_str(p && p->secret ? p->secret : "");

	switch (a->method) {
	case AUTHN_TICKET:
		return secret_equal(m->uri, secret) && p;
	case AUTHN_WAMPCRA:
		return !cra_verify(secret, buf_bytes(&a->text), m->uri) && p;
	case AUTHN_SCRAM:
		return !scram_verify(&a->keys, buf_bytes(&a->text), m->uri,
				     m->options, NULL) && p;
	case AUTHN_CRYPTOSIGN:
		return !cryptosign_verify(a->public_key, a->challenge,
					  m->uri) &&
		       has_key(p, a->public_key);
	default:
		return false;
	}
}

/* SCRAM: the router shows that it knows the keys. */
static int add_verifier(struct authn_attempt *a)
{
	struct value *extra = a->extra;
	int err;

	if (!extra) {
		extra = arena_alloc(&a->arena, sizeof *extra);
		if (!extra)
			return ERR_NOMEM;
		*extra = value_dict();
	}
	a->extra = extra;
	err = scram_welcome(&a->arena, &a->keys, buf_bytes(&a->text), extra);
	/* The draft's word for it. */
	if (!err && !strcmp(a->name, "scram"))
		err = dict_set(&a->arena, extra, "scram_server_signature",
			       *dict_get(extra, "verifier"));
	return err;
}

void prove_finish(struct session *s, const struct message *m,
		  struct authn_result *out)
{
	struct authn_attempt *a = s->attempt;

	if (!fits(a, m))
		authn_refuse(out, "wamp.error.authentication_denied",
			     a->method == AUTHN_TICKET ?
				     "authid and ticket do not fit" :
				     "authid and proof do not fit");
	else if (a->method == AUTHN_SCRAM && add_verifier(a))
		authn_out_of_memory(out);
	else
		authn_accept(a, out);
}
