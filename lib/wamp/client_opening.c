#include "wamp/client_private.h"

#include <string.h>

/* --- HELLO --------------------------------------------------------------- */

static int add_role(struct arena *a, struct value *roles, const char *role,
		    const char *const *names)
{
	struct value features = value_dict(), details = value_dict();
	int err = 0;

	for (; !err && *names; names++)
		err = dict_set(a, &features, *names, value_bool(true));
	if (!err)
		err = dict_set(a, &details, "features", features);
	return err ? err : dict_set(a, roles, role, details);
}

static int add_roles(struct arena *a, struct value *details)
{
	static const char *const caller[] = { "progressive_call_results",
					      "call_timeout",
					      "call_canceling", NULL };
	static const char *const callee[] = {
		"progressive_call_results",   "call_canceling",
		"pattern_based_registration", "shared_registration",
		"caller_identification",      "registration_revocation",
		NULL
	};
	static const char *const publisher[] = {
		"publisher_exclusion", "subscriber_blackwhite_listing", NULL
	};
	static const char *const subscriber[] = {
		"pattern_based_subscription", "publisher_identification",
		"subscription_revocation", NULL
	};
	struct value roles = value_dict();
	int err = add_role(a, &roles, "caller", caller);

	if (!err)
		err = add_role(a, &roles, "callee", callee);
	if (!err)
		err = add_role(a, &roles, "publisher", publisher);
	if (!err)
		err = add_role(a, &roles, "subscriber", subscriber);
	return err ? err : dict_set(a, details, "roles", roles);
}

static int add_auth(struct arena *a, const struct client_config *config,
		    struct value *details)
{
	struct value methods = value_list();
	int err = 0;

	if (config->authmethod && config->challenge)
		err = list_add(a, &methods, value_str(config->authmethod));
	if (!err && config->ticket)
		err = list_add(a, &methods, value_str("ticket"));
	if (!err && !value_count(&methods))
		err = list_add(a, &methods, value_str("anonymous"));
	if (!err)
		err = dict_set(a, details, "authmethods", methods);
	if (!err && config->authid)
		err = dict_set(a, details, "authid",
			       value_str(config->authid));
	if (!err && config->agent)
		err = dict_set(a, details, "agent", value_str(config->agent));
	if (!err && config->authextra)
		err = dict_set(a, details, "authextra", *config->authextra);
	return err;
}

int client_open(struct client *c)
{
	struct value details = value_dict();
	struct message hello = {
		.type = MSG_HELLO,
		.uri = bytes_str(c->config.realm),
		.options = &details,
	};
	int err;

	if (c->state != CLIENT_CLOSED)
		return ERR_STATE;
	err = add_roles(&c->out, &details);
	if (!err)
		err = add_auth(&c->out, &c->config, &details);
	if (!err)
		err = client_encode(c, &hello, NULL, NULL);
	arena_reset(&c->out);
	if (err)
		return err;
	c->session = 0;
	c->last_request = 0;
	client_set_state(c, CLIENT_OPENING);
	client_flush(c);
	return 0;
}

/* --- WELCOME and CHALLENGE ----------------------------------------------- */

static int fail_auth(struct client *c, const char *text, int err)
{
	client_abort(c, "wamp.error.authentication_failed", text);
	return client_end(c, bytes_str("wamp.error.authentication_failed"),
			  bytes_str(text), err);
}

/* Details or Extra; an empty dict where there is none. */
static const struct value *details_of(const struct message *m)
{
	return m->options ? m->options : client_no_data.details;
}

static int on_welcome(struct client *c, const struct message *m)
{
	const struct value *details = details_of(m);
	int err = c->config.welcome ?
			  c->config.welcome(c->config.ctx, details) : 0;

	if (err)
		return fail_auth(c, "the router did not prove itself", err);
	c->session = m->subject;
	client_set_state(c, CLIENT_JOINED);
	if (c->config.joined)
		c->config.joined(c->config.ctx, c->session, details);
	return 0;
}

/* Ticket's answer is known here; the owner knows the others'. */
static int find_answer(struct client *c, const struct message *m,
		       struct buf *signature, struct value *extra)
{
	const struct client_config *config = &c->config;
	int err;

	if (config->ticket && bytes_equal_str(m->uri, "ticket"))
		return buf_add_str(signature, config->ticket);
	if (!config->challenge)
		return ERR_DENIED;
	err = config->challenge(config->ctx, m->uri, details_of(m), signature);
	if (!err && config->answer)
		err = config->answer(config->ctx, &c->out, extra);
	return err;
}

static int on_challenge(struct client *c, const struct message *m)
{
	struct value extra = value_dict();
	struct message answer = { .type = MSG_AUTHENTICATE,
				  .options = &extra };
	struct buf signature;
	int err;

	buf_init(&signature);
	err = find_answer(c, m, &signature, &extra);
	answer.uri = buf_bytes(&signature);
	if (!err)
		err = client_send(c, &answer, NULL, NULL);
	arena_reset(&c->out);
	if (signature.data)
		explicit_bzero(signature.data, signature.cap);
	buf_deinit(&signature);
	return err ? fail_auth(c, "no answer to the router's challenge", err)
		   : 0;
}

int client_receive_opening(struct client *c, const struct message *m)
{
	switch (m->type) {
	case MSG_WELCOME:
		return on_welcome(c, m);
	case MSG_CHALLENGE:
		return on_challenge(c, m);
	default:
		return client_violation(c, "no session is open yet");
	}
}
