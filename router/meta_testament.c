/* Spec: "Session Testament" (advanced), its meta procedures. */
#include "router/meta_parts.h"
#include "router/testament.h"

static bool read_scope(struct meta_call *c, enum testament_scope *out)
{
	const struct value *v = meta_kwarg(c, "scope");
	struct bytes text;

	*out = SCOPE_DESTROYED;
	if (!v)
		return true;
	if (value_get_str(v, &text) && bytes_equal_str(text, "detached"))
		*out = SCOPE_DETACHED;
	else if (!value_get_str(v, &text) ||
		 !bytes_equal_str(text, "destroyed"))
		return meta_refuse(c, "scope: accepted are destroyed, "
				      "detached");
	return true;
}

/* An optional value of one type: NULL when absent or null. */
static bool take(struct meta_call *c, const struct value *v,
		 enum value_type type, const char *text,
		 const struct value **out)
{
	*out = v && v->type != VALUE_NULL ? v : NULL;
	return !*out || v->type == type || meta_refuse(c, text);
}

/* null is as absent in PUBLISH.Options, too. */
static const struct value *without_nulls(struct arena *a,
					 const struct value *options)
{
	struct value *out = options ? arena_alloc(a, sizeof *out) : NULL;

	if (!out)
		return options;
	*out = value_dict();
	for (uint32_t i = 0; i < options->dict.count; i++) {
		const struct value_pair *pair = &options->dict.pairs[i];

		if (pair->value.type != VALUE_NULL &&
		    dict_add(a, out, pair->key, pair->value))
			return options;
	}
	return out;
}

/* (topic, args, kwargs; publish_options, scope) */
static bool read_will(struct meta_call *c, struct last_will *w)
{
	if (!meta_arg_text(c, 0, &w->topic) ||
	    !take(c, list_at(c->args, 1), VALUE_LIST,
		  "args: a list is wanted", &w->args) ||
	    !take(c, list_at(c->args, 2), VALUE_DICT,
		  "kwargs: a dict is wanted", &w->kwargs) ||
	    !take(c, meta_kwarg(c, "publish_options"), VALUE_DICT,
		  "publish_options: a dict is wanted", &w->options) ||
	    !read_scope(c, &w->scope))
		return false;
	w->options = without_nulls(c->arena, w->options);
	return true;
}

static bool is_topic(const struct session *s, struct bytes topic)
{
	return uri_valid(topic, URI_EXACT, s->turn->uri_strict) &&
	       !uri_reserved(topic);
}

static struct matter matter_of(const struct last_will *w)
{
	return (struct matter){ .action = ACTION_PUBLISH, .uri = w->topic,
				.options = w->options };
}

/* Whatever else is wrong with it will be said when it is called. */
bool meta_testament_matter(struct meta_call *c, struct matter *out)
{
	const struct value *options = meta_kwarg(c, "publish_options");
	struct last_will w = { .options = NULL };

	if (!value_get_str(list_at(c->args, 0), &w.topic) ||
	    !is_topic(c->caller, w.topic) ||
	    (options && options->type != VALUE_DICT))
		return false;
	w.options = options;
	*out = matter_of(&w);
	return true;
}

/* As for a PUBLISH; what the events will tell of the session with it. */
static bool may_publish(struct meta_call *c, struct last_will *w)
{
	const struct session *s = c->caller;
	const struct matter matter = matter_of(w);
	struct verdict verdict = authz_further(s);

	if (!is_topic(s, w->topic)) {
		meta_error(c, "wamp.error.invalid_uri",
			   "topic: a URI is wanted, not below wamp.");
		return false;
	}
	w->grant = verdict.decision == DECISION_NONE ?
			   access_grant(&s->role->access, ACTION_PUBLISH,
					w->topic) :
			   (struct grant){ .disclose = verdict.disclose };
	return meta_may(c, &matter,
			"topic: publishing there is not allowed");
}

static void refuse(struct meta_call *c, int err)
{
	if (err == ERR_USAGE)
		meta_refuse(c, "publish_options: exclude and eligible are "
			       "lists of ids, or of texts; ppt attributes "
			       "are texts, for who announced the mode");
	else if (err == ERR_LIMIT)
		meta_error(c, "manyhands.error.limit",
			   "too many testaments in this session, or too "
			   "large ones");
	else
		meta_error(c, "wamp.error.unavailable", err_text(err));
}

static void session_add_testament(struct meta_call *c)
{
	struct last_will will;
	int err;

	if (!read_will(c, &will) || !may_publish(c, &will))
		return;
	err = testament_add(c->caller, &will);
	if (err)
		refuse(c, err);
	else
		meta_done(c);
}

static void session_flush_testaments(struct meta_call *c)
{
	enum testament_scope scope;

	if (!read_scope(c, &scope))
		return;
	testaments_flush(c->caller, scope);
	meta_done(c);
}

const struct meta_procedure meta_testament_procedures[] = {
	{ "wamp.session.add_testament", session_add_testament },
	{ "wamp.session.flush_testaments", session_flush_testaments },
	{ NULL, NULL },
};
