#include "router/authn.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/hash.h"

void authn_deinit(struct authn *a)
{
	for (unsigned i = 0; i < a->count; i++) {
		free(a->principals[i].authid);
		free(a->principals[i].role);
		free(a->principals[i].ticket);
	}
	free(a->principals);
	free(a->anonymous_role);
	*a = (struct authn){ .count = 0 };
}

static void refuse(struct authn_result *out, const char *uri, const char *text)
{
	*out = (struct authn_result){ AUTHN_REFUSED, .uri = uri,
				      .text = text };
}

static const struct principal *find(const struct authn *a,
				    struct bytes authid)
{
	for (unsigned i = 0; i < a->count; i++)
		if (bytes_equal_str(authid, a->principals[i].authid))
			return &a->principals[i];
	return NULL;
}

static bool try_anonymous(struct session *s, const struct authn *a,
			  struct authn_result *out)
{
	(void)s;
	if (!a->anonymous_role)
		return false;
	*out = (struct authn_result){ AUTHN_WELCOME, .method = "anonymous",
				      .role = a->anonymous_role };
	return true;
}

/* An authid that does not exist is asked for its ticket, too: who is there is
 * nobody's business. */
static bool try_ticket(struct session *s, const struct authn *a,
		       const struct value *details, struct authn_result *out)
{
	struct bytes authid;

	if (!a->count || !value_get_str(dict_get(details, "authid"), &authid))
		return false;
	if (!s->link.confidential) {
		refuse(out, "wamp.error.no_matching_auth_method",
		       "tickets are accepted over TLS, from this machine and "
		       "by unix sockets only");
		return true;
	}
	s->pending.principal = find(a, authid);
	*out = (struct authn_result){ AUTHN_CHALLENGE, .method = "ticket" };
	return true;
}

static bool try_method(struct session *s, const struct value *details,
		       struct bytes method, struct authn_result *out)
{
	const struct authn *a = s->authn;

	if (bytes_equal_str(method, "anonymous"))
		return try_anonymous(s, a, out);
	if (bytes_equal_str(method, "ticket"))
		return try_ticket(s, a, details, out);
	return false;
}

void authn_begin(struct session *s, const struct value *details,
		 struct authn_result *out)
{
	const struct value *methods = dict_get(details, "authmethods");

	if (!value_count(methods)) {
		if (!try_anonymous(s, s->authn, out))
			refuse(out, "wamp.error.authentication_required",
			       "accepted here: ticket");
		return;
	}
	for (uint32_t i = 0; i < value_count(methods); i++) {
		struct bytes method;

		if (value_get_str(list_at(methods, i), &method) &&
		    try_method(s, details, method, out))
			return;
	}
	refuse(out, "wamp.error.no_matching_auth_method",
	       "none of the offered methods is accepted here");
}

void authn_finish(struct session *s, struct bytes signature,
		  struct authn_result *out)
{
	const struct principal *p = s->pending.principal;
	/* Nobody's ticket is compared in the same way, and never fits. */
	const char *ticket = p ? p->ticket : "";

	if (!secret_equal(signature, bytes_str(ticket)) || !p) {
		refuse(out, "wamp.error.authentication_denied",
		       "authid and ticket do not fit");
		return;
	}
	*out = (struct authn_result){ AUTHN_WELCOME, .method = "ticket",
				      .role = p->role, .authid = p->authid };
}
