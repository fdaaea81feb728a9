/* authn: which method, and for whom. */
#include <stdlib.h>
#include <string.h>

#include "router/authn_parts.h"
#include "router/cookies.h"

static const struct {
	const char *name;
	enum authn_method method;
} methods[] = {
	{ "anonymous", AUTHN_ANONYMOUS },
	{ "ticket", AUTHN_TICKET },
	{ "wampcra", AUTHN_WAMPCRA },
	{ "wamp-scram", AUTHN_SCRAM },
	{ "scram", AUTHN_SCRAM }, /* Crossbar.io's name, and its draft */
	{ "cryptosign", AUTHN_CRYPTOSIGN },
	{ "tls", AUTHN_TLS },
	{ "cookie", AUTHN_COOKIE },
};

/* --- lives --------------------------------------------------------------- */

static void free_secret(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void principal_deinit(struct principal *p)
{
	free(p->authid);
	free(p->role);
	free(p->realm);
	free_secret(p->secret);
	free(p->salt);
	free(p->keys);
	free(p->cert_sha1);
	explicit_bzero(p, sizeof *p);
}

void authn_deinit(struct authn *a)
{
	for (unsigned i = 0; i < AUTHN_METHODS; i++) {
		struct authn_way *way = &a->ways[i];

		for (unsigned j = 0; j < way->count; j++)
			principal_deinit(&way->principals[j]);
		free(way->principals);
		free(way->authenticator);
		free(way->realm);
		free(way->role);
	}
	free(a->anonymous_role);
	free(a->anonymous_realm);
	free(a->anonymous_authid);
	*a = (struct authn){ .anonymous_role = NULL };
}

void authn_attempt_free(struct authn_attempt *a)
{
	if (!a)
		return;
	if (a->question)
		authn_question_drop(a->question);
	free(a->authid);
	free(a->nonce);
	principal_deinit(&a->own);
	buf_deinit(&a->text);
	arena_deinit(&a->arena);
	explicit_bzero(a, sizeof *a);
	free(a);
}

struct realm *authn_realm(const struct authn_attempt *a)
{
	return a->realm;
}

/* The second try of the same session takes the first one's place. */
static struct authn_attempt *new_attempt(struct session *s,
					 const struct value *authid)
{
	struct authn_attempt *a = calloc(1, sizeof *a);
	struct bytes text;

	authn_attempt_free(s->attempt);
	s->attempt = a;
	if (!a)
		return NULL;
	arena_init(&a->arena, 1024);
	buf_init(&a->text);
	if (!value_get_str(authid, &text))
		return a;
	a->authid = strndup((const char *)text.data, text.len);
	return a->authid ? a : NULL;
}

/* --- results ------------------------------------------------------------- */

void authn_refuse(struct authn_result *out, const char *uri, const char *text)
{
	*out = (struct authn_result){ AUTHN_REFUSED, .uri = uri,
				      .text = text };
}

void authn_out_of_memory(struct authn_result *out)
{
	authn_refuse(out, "wamp.error.unavailable", "out of memory");
}

void authn_accept(struct authn_attempt *a, struct authn_result *out)
{
	const struct principal *p = a->principal;

	*out = (struct authn_result){ AUTHN_WELCOME, .method = a->name,
				      .provider = a->provider,
				      .role = p->role, .realm = p->realm,
				      .authid = p->authid ? p->authid
							  : a->authid,
				      .extra = a->extra };
}

const struct principal *authn_find(const struct authn_attempt *a)
{
	const struct authn_way *way = a->way;

	for (unsigned i = 0; i < way->count; i++) {
		const struct principal *p = &way->principals[i];

		if (p->authid && !strcmp(a->authid, p->authid))
			return p;
	}
	return NULL;
}

/* --- each method's beginning --------------------------------------------- */

/* For an authenticator. */
static bool keep_extra(struct authn_attempt *a, const struct value *extra)
{
	if (!a->way->authenticator || !extra || extra->type != VALUE_DICT)
		return true;
	a->asked = value_copy(&a->arena, extra);
	return a->asked != NULL;
}

/* Keeps what HELLO said; false: refused. */
static bool start(struct session *s, struct realm *realm, unsigned index,
		  const struct value *details, struct authn_result *out)
{
	const struct authn *authn = s->authn;
	struct authn_attempt *a = new_attempt(s, dict_get(details, "authid"));

	if (!a) {
		authn_out_of_memory(out);
		return false;
	}
	a->method = methods[index].method;
	a->name = methods[index].name;
	a->realm = realm;
	a->way = &authn->ways[a->method];
	a->provider = a->way->authenticator ? "dynamic" : "static";
	if (!keep_extra(a, dict_get(details, "authextra"))) {
		authn_out_of_memory(out);
		return false;
	}
	return prove_read_hello(a, dict_get(details, "authextra"), out);
}

static const struct principal anybody = { .authid = NULL };

static void begin_anonymous(struct session *s, struct authn_result *out)
{
	const struct authn *authn = s->authn;

	s->attempt->principal = &anybody;
	authn_accept(s->attempt, out);
	out->role = authn->anonymous_role;
	out->realm = authn->anonymous_realm;
	/* Nobody proved that the one they say is theirs. */
	out->authid = authn->anonymous_authid;
}

/* "certificate-sha1": net has verified the certificate already. */
static void begin_tls(struct session *s, struct authn_result *out)
{
	struct authn_attempt *a = s->attempt;

	for (unsigned i = 0; i < a->way->count; i++) {
		const struct principal *p = &a->way->principals[i];

		if (!strcasecmp(p->cert_sha1, s->link.cert_sha1) &&
		    (!a->authid || !strcmp(a->authid, p->authid))) {
			a->principal = p;
			authn_accept(a, out);
			return;
		}
	}
	authn_refuse(out, "wamp.error.authentication_denied",
		     "the certificate is nobody's here");
}

static void begin_cookie(struct router *r, struct session *s,
			 struct authn_result *out)
{
	struct authn_attempt *a = s->attempt;

	if (cookies_principal(&r->cookies, s->link.cookie,
			      a->realm->config->name, r->turn.now_ms,
			      &a->own)) {
		authn_out_of_memory(out);
		return;
	}
	a->principal = &a->own;
	authn_accept(a, out);
}

static void begin(struct router *r, struct session *s,
		  struct authn_result *out)
{
	struct authn_attempt *a = s->attempt;

	if (a->method == AUTHN_COOKIE)
		begin_cookie(r, s, out);
	else if (a->way->authenticator && a->method != AUTHN_TICKET)
		authn_ask(r, s, NULL, out);
	else if (a->method == AUTHN_ANONYMOUS)
		begin_anonymous(s, out);
	else if (a->method == AUTHN_TLS)
		begin_tls(s, out);
	else
		prove_begin(r, s, out);
}

/* --- which method -------------------------------------------------------- */

/* Could it lead anywhere, for this connection and HELLO? */
static bool is_possible(struct router *r, const struct session *s,
			const struct realm *realm, enum authn_method method,
			const struct value *details)
{
	const struct authn *authn = s->authn;
	const struct authn_way *way = &authn->ways[method];
	struct bytes authid;

	switch (method) {
	case AUTHN_ANONYMOUS:
		return authn->anonymous_role || way->authenticator;
	case AUTHN_TLS:
		return way->on && s->link.cert_sha1[0];
	case AUTHN_COOKIE:
		return way->on && s->link.confidential && realm &&
		       cookies_known(&r->cookies, s->link.cookie,
				     realm->config->name, r->turn.now_ms);
	case AUTHN_CRYPTOSIGN:
		return way->on;
	case AUTHN_TICKET:
		if (!s->link.confidential)
			return false;
		/* fall through */
	default:
		return way->on &&
		       value_get_str(dict_get(details, "authid"), &authid);
	}
}

static bool try_method(struct router *r, struct session *s,
		       struct realm *realm, struct bytes method,
		       const struct value *details, struct authn_result *out)
{
	unsigned i = 0, count = sizeof methods / sizeof *methods;

	while (i < count && !bytes_equal_str(method, methods[i].name))
		i++;
	if (i == count ||
	    !is_possible(r, s, realm, methods[i].method, details))
		return false;
	if (start(s, realm, i, details, out))
		begin(r, s, out);
	return true;
}

/* "accepted here: ticket, wampcra" */
static const char *accepted(const struct session *s)
{
	const struct authn *a = s->authn;
	const char *text = NULL;

	for (unsigned i = 0; i < sizeof methods / sizeof *methods; i++)
		if (a->ways[methods[i].method].on)
			text = arena_printf(&s->turn->arena, "%s%s",
					    text ? arena_printf(
							   &s->turn->arena,
							   "%s, ", text)
						 : "accepted here: ",
					    methods[i].name);
	return text ? text : "nobody may join here without a method";
}

void authn_begin(struct router *r, struct session *s, struct realm *realm,
		 const struct value *details, struct authn_result *out)
{
	const struct value *offered = dict_get(details, "authmethods");

	if (!value_count(offered)) {
		if (!try_method(r, s, realm, bytes_str("anonymous"), details,
				out))
			authn_refuse(out, "wamp.error.authentication_required",
				     accepted(s));
		return;
	}
	for (uint32_t i = 0; i < value_count(offered); i++) {
		struct bytes method;

		if (value_get_str(list_at(offered, i), &method) &&
		    try_method(r, s, realm, method, details, out))
			return;
	}
	authn_refuse(out, "wamp.error.no_matching_auth_method",
		     s->link.confidential ?
			     "none of the offered methods is accepted here" :
			     "none of the offered methods is accepted here "
			     "(a ticket or a cookie only over TLS, from this "
			     "machine or by a unix socket)");
}

void authn_finish(struct router *r, struct session *s,
		  const struct message *m, struct authn_result *out)
{
	const struct authn_attempt *a = s->attempt;

	if (a->method == AUTHN_TICKET && a->way->authenticator)
		authn_ask(r, s, &m->uri, out);
	else
		prove_finish(s, m, out);
}
