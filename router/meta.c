/* Dispatch of the meta procedures, and the events of registrations and
 * subscriptions. */
#include <time.h>

#include "router/meta_parts.h"

/* --- helpers ------------------------------------------------------------- */

void meta_set(struct arena *a, struct value *dict, const char *key,
	      struct value v)
{
	if (dict_set(a, dict, key, v))
		return;
}

void meta_add(struct arena *a, struct value *list, struct value v)
{
	if (list_add(a, list, v))
		return;
}

struct value meta_id(uint64_t id)
{
	return value_int((int64_t)id);
}

struct value meta_time(struct arena *a, uint64_t unix_ms)
{
	time_t seconds = (time_t)(unix_ms / 1000);
	struct tm tm;
	const char *text;

	if (!gmtime_r(&seconds, &tm))
		return value_null();
	text = arena_printf(a, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ",
			    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			    tm.tm_hour, tm.tm_min, tm.tm_sec,
			    (unsigned)(unix_ms % 1000));
	return text ? value_str(text) : value_null();
}

void meta_result(struct meta_call *c, struct value result)
{
	struct value args = value_list();

	meta_add(c->arena, &args, result);
	session_result(c->caller, c->request, &args);
}

void meta_done(struct meta_call *c)
{
	session_result(c->caller, c->request, NULL);
}

void meta_error(struct meta_call *c, const char *uri, const char *text)
{
	session_error(c->caller, MSG_CALL, c->request, uri, text);
}

bool meta_refuse(struct meta_call *c, const char *text)
{
	meta_error(c, "wamp.error.invalid_argument", text);
	return false;
}

const struct value *meta_kwarg(const struct meta_call *c, const char *key)
{
	const struct value *v = dict_get(c->kwargs, key);

	return v && v->type != VALUE_NULL ? v : NULL;
}

bool meta_arg_id(struct meta_call *c, uint32_t at, uint64_t *out)
{
	return value_get_id(list_at(c->args, at), 1, out) ||
	       meta_refuse(c, "an id, 1 to 2^53, is wanted");
}

bool meta_arg_text(struct meta_call *c, uint32_t at, struct bytes *out)
{
	return value_get_str(list_at(c->args, at), out) ||
	       meta_refuse(c, "a text is wanted");
}

bool meta_arg_reason(struct meta_call *c, uint32_t at, const char **out)
{
	const struct value *v = list_at(c->args, at);
	struct bytes text;

	*out = NULL;
	if (!v || v->type == VALUE_NULL)
		v = meta_kwarg(c, "reason");
	if (!v)
		return true;
	if (!value_get_str(v, &text))
		return meta_refuse(c, "reason: a text is wanted");
	*out = arena_str(c->arena, text);
	return true;
}

bool meta_arg_match(struct meta_call *c, uint32_t at, enum uri_match *out)
{
	const struct value *options = list_at(c->args, at);
	const struct value *v = dict_get(options, "match");
	struct bytes text;

	*out = URI_EXACT;
	if (options && options->type != VALUE_DICT &&
	    options->type != VALUE_NULL)
		return meta_refuse(c, "options: a dict is wanted");
	return !v || v->type == VALUE_NULL ||
	       (value_get_str(v, &text) && uri_match_parse(text, out)) ||
	       meta_refuse(c, "match: accepted are exact, prefix, wildcard");
}

/* --- calls --------------------------------------------------------------- */

static meta_fn *find(struct bytes uri)
{
	static const struct meta_procedure *const tables[] = {
		meta_session_procedures,
		meta_testament_procedures,
		meta_registration_procedures,
		meta_procedure_procedures,
		meta_subscription_procedures,
		meta_history_procedures,
	};

	for (unsigned i = 0; i < sizeof tables / sizeof *tables; i++)
		for (const struct meta_procedure *p = tables[i]; p->uri; p++)
			if (bytes_equal_str(uri, p->uri))
				return p->fn;
	return NULL;
}

static struct meta_call call_of(struct realm *r, struct session *s,
				const struct message *m)
{
	return (struct meta_call){ .realm = r, .caller = s,
				   .request = m->request,
				   .arena = &r->turn->arena };
}

static bool read_payload(struct meta_call *c, const struct message *m)
{
	struct value *args, *kwargs;

	if (payload_decode(c->arena, &m->payload, &c->realm->turn->limits,
			   &args, &kwargs))
		return false;
	c->args = args;
	c->kwargs = kwargs;
	return true;
}

void meta_call(struct realm *r, struct session *s, const struct message *m)
{
	struct meta_call c = call_of(r, s, m);
	meta_fn *fn = find(m->uri);

	if (!fn)
		meta_error(&c, "wamp.error.no_such_procedure", NULL);
	else if (!read_payload(&c, m))
		meta_error(&c, "wamp.error.invalid_argument",
			   "the arguments can not be read");
	else
		fn(&c);
}

/* --- what else must be permitted ----------------------------------------- */

bool meta_matter(struct realm *r, struct session *s, const struct message *m,
		 struct matter *out)
{
	static const struct {
		const char *uri;
		meta_matter_fn *fn;
	} needing[] = {
		{ "wamp.session.add_testament", meta_testament_matter },
		{ "wamp.subscription.get_events", meta_history_matter },
	};
	struct meta_call c = call_of(r, s, m);

	for (unsigned i = 0; i < sizeof needing / sizeof *needing; i++)
		if (bytes_equal_str(m->uri, needing[i].uri))
			return read_payload(&c, m) && needing[i].fn(&c, out);
	return false;
}

bool meta_may(struct meta_call *c, const struct matter *m, const char *text)
{
	const struct session *s = c->caller;
	enum decision decision = authz_further(s).decision;

	if (decision == DECISION_FAILED)
		meta_error(c, "wamp.error.authorization_failed",
			   "the authorizer did not decide");
	else if (decision == DECISION_NO ||
		 (decision == DECISION_NONE &&
		  !access_allows(&s->role->access, m->action, m->uri,
				 m->match)))
		meta_error(c, "wamp.error.not_authorized", text);
	else
		return true;
	return false;
}

/* --- events -------------------------------------------------------------- */

static const char *const topics[] = {
	[REGISTRATION_CREATED] = "wamp.registration.on_create",
	[REGISTRATION_REGISTERED] = "wamp.registration.on_register",
	[REGISTRATION_UNREGISTERED] = "wamp.registration.on_unregister",
	[REGISTRATION_DELETED] = "wamp.registration.on_delete",
	[SUBSCRIPTION_CREATED] = "wamp.subscription.on_create",
	[SUBSCRIPTION_SUBSCRIBED] = "wamp.subscription.on_subscribe",
	[SUBSCRIPTION_UNSUBSCRIBED] = "wamp.subscription.on_unsubscribe",
	[SUBSCRIPTION_DELETED] = "wamp.subscription.on_delete",
};

static struct value subject_of(struct arena *a, enum happening what,
			       const void *subject)
{
	switch (what) {
	case REGISTRATION_CREATED:
		return meta_registration_details(a, subject);
	case SUBSCRIPTION_CREATED:
		return meta_subscription_details(a, subject);
	case REGISTRATION_REGISTERED:
	case REGISTRATION_UNREGISTERED:
	case REGISTRATION_DELETED:
		return meta_id(((const struct registration *)subject)->id);
	case SUBSCRIPTION_SUBSCRIBED:
	case SUBSCRIPTION_UNSUBSCRIBED:
	case SUBSCRIPTION_DELETED:
		return meta_id(((const struct subscription *)subject)->id);
	}
	return value_null();
}

/* Subscriptions to the meta API's own topics are nobody's news, as in the
 * other routers: who watches would hear of watching. */
static bool is_news(enum happening what, const void *subject)
{
	return what < SUBSCRIPTION_CREATED ||
	       !uri_reserved(((const struct subscription *)subject)->uri);
}

void meta_happened(void *ctx, enum happening what, uint64_t session,
		   const void *subject)
{
	struct realm *r = ctx;
	struct arena *a = &r->turn->arena;
	struct value args = value_list();

	if (!broker_has_subscribers(&r->broker, topics[what]) ||
	    !is_news(what, subject))
		return;
	meta_add(a, &args, meta_id(session));
	meta_add(a, &args, subject_of(a, what, subject));
	broker_publish_meta(&r->broker, topics[what], &args);
}
