#include "router/join.h"

#include <stdlib.h>
#include <string.h>

#include "router/attributes.h"

/* "Feature Announcement": exactly what is true. The first is left out in a
 * realm that keeps no history. */
static const char *const broker_features[] = {
	"event_history", "publisher_identification", "publisher_exclusion",
	"subscriber_blackwhite_listing", "pattern_based_subscription",
	"subscription_revocation", "event_retention",
	"publication_trustlevels", "payload_passthru_mode",
	"session_meta_api", "subscription_meta_api", NULL,
};
static const char *const dealer_features[] = {
	"progressive_call_results", "progressive_call_invocations",
	"call_timeout",
	/* "Progressive Call Invocations" spells it so. */
	"call_canceling", "call_cancelling",
	"caller_identification", "call_trustlevels",
	"payload_passthru_mode", "pattern_based_registration",
	"shared_registration", "sharded_registration", "call_reroute",
	"registration_revocation",
	"testament_meta_api", "session_meta_api", "registration_meta_api",
	NULL,
};

static int add_role(struct arena *a, struct value *roles, const char *name,
		    const char *const *features)
{
	struct value list = value_dict(), role = value_dict();
	int err = 0;

	for (; !err && *features; features++)
		err = dict_set(a, &list, *features, value_bool(true));
	if (!err)
		err = dict_set(a, &role, "features", list);
	return err ? err : dict_set(a, roles, name, role);
}

static int welcome_details(struct arena *a, const struct session *s,
			   const struct value *extra, struct value *out)
{
	struct value roles = value_dict();
	bool has_history = s->realm->config->history_count > 0;
	int err = add_role(a, &roles, "broker",
			   broker_features + !has_history);

	*out = value_dict();
	if (!err)
		err = add_role(a, &roles, "dealer", dealer_features);
	if (!err)
		err = dict_set(a, out, "roles", roles);
	if (!err)
		err = dict_set(a, out, "realm",
			       value_str(s->realm->config->name));
	if (!err)
		err = dict_set(a, out, "authid", value_str(s->authid));
	if (!err)
		err = dict_set(a, out, "authrole",
			       value_str(role_name(s->role)));
	if (!err)
		err = dict_set(a, out, "authmethod",
			       value_str(s->authmethod));
	if (!err)
		err = dict_set(a, out, "authprovider",
			       value_str(s->authprovider));
	if (!err && extra)
		err = dict_set(a, out, "authextra", *extra);
	return err ? err : dict_set(a, out, "agent", value_str("manyhands"));
}

/* For who has no name: 24 letters and digits. */
static char *random_authid(struct turn *turn)
{
	static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ"
				      "abcdefghijkmnpqrstuvwxyz23456789";
	enum { LENGTH = 24 };
	char *out = malloc(LENGTH + 1);

	for (unsigned i = 0; out && i < LENGTH; i++)
		out[i] = letters[turn_random(turn) % (sizeof letters - 1)];
	if (out)
		out[LENGTH] = '\0';
	return out;
}

static void start(struct router *r, struct session *s)
{
	s->limits = &s->role->limits;
	bucket_init(&s->bucket, s->limits, r->turn.now_ms);
	s->link.ops->limit(s->link.ctx, s->limits);
	ring_remove(&s->waiting);
	r->joined_total++;
}

/* Its cookie proves from now on what was proved here. */
static void keep_cookie(struct router *r, const struct session *s)
{
	const struct authn *a = s->authn;

	if (a->ways[AUTHN_COOKIE].on && s->link.confidential &&
	    strcmp(s->authmethod, "anonymous") &&
	    strcmp(s->authmethod, "cookie"))
		cookies_keep(&r->cookies, s->link.cookie,
			     s->realm->config->name, s->authid,
			     role_name(s->role), r->turn.now_ms,
			     a->cookie_ms);
}

static void welcome(struct router *r, struct session *s, struct realm *realm,
		    const struct authn_result *who)
{
	struct message m = { .type = MSG_WELCOME };
	struct value details;

	if (who->realm)
		realm = router_realm(r, bytes_str(who->realm));
	if (!realm) {
		session_abort(s, "wamp.error.no_such_realm",
			      who->realm ? NULL : "none is asked for, and "
						  "nobody says which it is");
		return;
	}
	s->role = realm_role(realm, who->role);
	if (!s->role) {
		session_abort(s, "wamp.error.no_such_role", NULL);
		return;
	}
	s->authmethod = who->method;
	s->authprovider = who->provider;
	s->authid = who->authid ? strdup(who->authid)
				: random_authid(&r->turn);
	if (!s->authid || realm_join(realm, s)) {
		session_abort(s, "wamp.error.unavailable", "out of memory");
		return;
	}
	session_set_state(s, SESSION_ESTABLISHED);
	start(r, s);
	m.subject = s->id;
	m.options = &details;
	if (welcome_details(&r->turn.arena, s, who->extra, &details) ||
	    session_send(s, &m)) {
		s->link.ops->close(s->link.ctx, 1011, "out of memory");
		return;
	}
	keep_cookie(r, s);
	realm_announce(realm, s);
	authn_attempt_free(s->attempt);
	s->attempt = NULL;
}

static void challenge(struct session *s, const struct authn_result *result)
{
	struct message m = { .type = MSG_CHALLENGE,
			     .uri = bytes_str(result->method),
			     .options = result->extra };

	session_set_state(s, SESSION_CHALLENGING);
	(void)session_send(s, &m);
}

static void decide(struct router *r, struct session *s, struct realm *realm,
		   const struct authn_result *result)
{
	switch (result->outcome) {
	case AUTHN_REFUSED:
		session_abort(s, result->uri, result->text);
		break;
	case AUTHN_WELCOME:
		welcome(r, s, realm, result);
		break;
	case AUTHN_CHALLENGE:
		challenge(s, result);
		break;
	case AUTHN_WAIT:
		session_set_state(s, SESSION_ASKING);
		break;
	}
}

void join_decided(struct router *r, struct session *s,
		  const struct authn_result *result)
{
	decide(r, s, authn_realm(s->attempt), result);
}

void join_hello(struct router *r, struct session *s, const struct message *m)
{
	bool asked = m->uri.data != NULL; /* or left to who authenticates */
	struct realm *realm = asked ? router_realm(r, m->uri) : NULL;
	struct authn_result result;
	const char *wrong;

	if (asked && !uri_valid(m->uri, URI_EXACT, r->turn.uri_strict)) {
		session_abort(s, "wamp.error.invalid_uri", "realm");
		return;
	}
	if (asked && !realm) {
		session_abort(s, "wamp.error.no_such_realm",
			      "there is no realm of that name");
		return;
	}
	wrong = attributes_wrong(m);
	if (wrong) {
		session_abort(s, "wamp.error.protocol_violation", wrong);
		return;
	}
	if (!session_learn_features(s, m->options)) {
		session_abort(s, "wamp.error.protocol_violation",
			      "HELLO.Details.roles: at least one of caller, "
			      "callee, publisher, subscriber");
		return;
	}
	authn_begin(r, s, realm, m->options, &result);
	decide(r, s, realm, &result);
}

void join_authenticate(struct router *r, struct session *s,
		       const struct message *m)
{
	struct authn_result result;

	authn_finish(r, s, m, &result);
	join_decided(r, s, &result);
}
