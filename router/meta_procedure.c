/* Procedures of our own about procedures, under `wamp.x_manyhands.`, as only
 * what begins with `wamp.` can not be registered by a client; who may call
 * them is for the roles' permissions to say.
 *
 *   …procedure.set(rule)
 *       rule: {uri, match?, invoke?, concurrency_max?, queue?, force?, wait?},
 *       as in `procedures` of the configuration (config.h); what is left out
 *       stays as the rule for this uri and match has it, null takes it away.
 *       Holds at once (dealer_set_rule) and until the router ends. The result
 *       is the whole rule; wamp.error.invalid_argument, manyhands.error.limit
 *
 *   …procedure.list()
 *       [rule], those that were set first, then the configuration's; the first
 *       for a uri and match counts
 *
 *   …procedure.callees(registration)
 *       {registration, done, errors, declined, mean_ms, queued, callees:
 *       [{session, concurrency | null, in_flight, done, errors, declined,
 *       mean_ms | null}]}; wamp.error.no_such_registration
 *
 * done, errors: the callee's last words, also to calls that their caller has
 * given up; declined: rerouted to another; mean_ms: over done and errors. */
#include "router/meta_parts.h"

static void add_work(struct arena *a, struct value *dict,
		     const struct callee_work *w)
{
	uint64_t count = w->done + w->errors;

	meta_set(a, dict, "done", value_int((int64_t)w->done));
	meta_set(a, dict, "errors", value_int((int64_t)w->errors));
	meta_set(a, dict, "declined", value_int((int64_t)w->declined));
	meta_set(a, dict, "mean_ms",
		 count ? value_real((double)w->busy_ms / (double)count)
		       : value_null());
}

static struct value callee_value(struct arena *a, const struct callee *c)
{
	struct value dict = value_dict();

	meta_set(a, &dict, "session", meta_id(c->session->id));
	meta_set(a, &dict, "concurrency",
		 c->concurrency ? value_int(c->concurrency) : value_null());
	meta_set(a, &dict, "in_flight", value_int(c->in_flight));
	add_work(a, &dict, &c->work);
	return dict;
}

static void procedure_callees(struct meta_call *c)
{
	struct value dict = value_dict(), list = value_list();
	const struct registration *r;
	uint64_t id;

	if (!meta_arg_id(c, 0, &id))
		return;
	r = dealer_get(&c->realm->dealer, id);
	if (!r) {
		meta_error(c, "wamp.error.no_such_registration", NULL);
		return;
	}
	meta_set(c->arena, &dict, "registration", meta_id(r->id));
	add_work(c->arena, &dict, &r->work);
	meta_set(c->arena, &dict, "queued", value_int(r->queue_count));
	ring_each(at, &r->callees)
		meta_add(c->arena, &list,
			 callee_value(c->arena,
				      ring_item(at, struct callee,
						in_registration)));
	meta_set(c->arena, &dict, "callees", list);
	meta_result(c, dict);
}

/* --- rules --------------------------------------------------------------- */

static struct value rule_value(struct arena *a,
			       const struct procedure_rule *rule)
{
	struct value dict = value_dict();

	meta_set(a, &dict, "uri", value_text(rule->uri));
	meta_set(a, &dict, "match", value_str(uri_match_name(rule->match)));
	meta_set(a, &dict, "invoke",
		 rule->pins_invoke ? value_str(invoke_name(rule->invoke))
				   : value_null());
	meta_set(a, &dict, "concurrency_max",
		 rule->concurrency_max ? value_int(rule->concurrency_max)
				       : value_null());
	meta_set(a, &dict, "queue", value_int(rule->queue_max));
	meta_set(a, &dict, "force", value_bool(!rule->denies_force));
	meta_set(a, &dict, "wait", value_bool(rule->waits));
	return dict;
}

static bool read_invoke(const struct value *v, struct procedure_rule *rule)
{
	struct bytes text;

	if (!v)
		return true;
	rule->pins_invoke = v->type != VALUE_NULL;
	return !rule->pins_invoke || (value_get_str(v, &text) &&
				      invoke_parse(text, &rule->invoke));
}

static bool read_count(const struct value *v, uint32_t *out)
{
	uint64_t number = 0;

	if (v && v->type != VALUE_NULL &&
	    !value_get_range(v, 0, UINT32_MAX, &number))
		return false;
	if (v)
		*out = (uint32_t)number;
	return true;
}

/* null is `otherwise`; what is left out stays. */
static bool read_flag(const struct value *v, bool otherwise, bool *out)
{
	if (v && v->type == VALUE_NULL)
		*out = otherwise;
	else if (v)
		return value_get_bool(v, out);
	return true;
}

/* Only words that are known: one that is misspelt would do nothing. */
static bool knows_all(const struct value *dict)
{
	static const char *const words[] = { "uri", "match", "invoke",
					     "concurrency_max", "queue",
					     "force", "wait" };
	uint32_t known = 0;

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		known += dict_get(dict, words[i]) != NULL;
	return known == value_count(dict);
}

static bool read_rule(struct meta_call *c, const struct value *dict,
		      struct procedure_rule *rule)
{
	bool force = !rule->denies_force;

	if (!dict || dict->type != VALUE_DICT || !knows_all(dict))
		return meta_refuse(c, "a rule is wanted: {uri, match?, "
				      "invoke?, concurrency_max?, queue?, "
				      "force?, wait?}");
	if (!read_invoke(dict_get(dict, "invoke"), rule))
		return meta_refuse(c, "invoke: accepted are single, first, "
				      "last, random, roundrobin, "
				      "leastloaded");
	if (!read_count(dict_get(dict, "concurrency_max"),
			&rule->concurrency_max) ||
	    !read_count(dict_get(dict, "queue"), &rule->queue_max))
		return meta_refuse(c, "concurrency_max, queue: accepted are "
				      "integers from 0 to 2^32 - 1");
	if (!read_flag(dict_get(dict, "force"), true, &force) ||
	    !read_flag(dict_get(dict, "wait"), false, &rule->waits))
		return meta_refuse(c, "force, wait: true or false is wanted");
	rule->denies_force = !force;
	if (rule->waits && !rule->queue_max)
		return meta_refuse(c, "wait: a queue of at least 1 is wanted "
				      "with it");
	return true;
}

static void procedure_set(struct meta_call *c)
{
	struct dealer *d = &c->realm->dealer;
	const struct value *dict = list_at(c->args, 0);
	struct procedure_rule rule = { .match = URI_EXACT };
	const struct procedure_rule *before;
	struct bytes uri;
	enum uri_match match;
	int err;

	if (!meta_arg_match(c, 0, &match))
		return;
	if (!value_get_str(dict_get(dict, "uri"), &uri) ||
	    !uri_valid(uri, match, false) || uri_reserved(uri)) {
		meta_refuse(c, "uri: a URI valid for its match is wanted");
		return;
	}
	before = dealer_rule(d, match, uri);
	if (before && before->match == match && bytes_equal(before->uri, uri))
		rule = *before;
	rule.uri = uri;
	rule.match = match;
	if (!read_rule(c, dict, &rule))
		return;
	err = dealer_set_rule(d, &rule);
	if (err)
		meta_error(c, err == ERR_LIMIT ? "manyhands.error.limit"
					       : "wamp.error.unavailable",
			   err == ERR_LIMIT ? "too many rules are set"
					    : "out of memory");
	else
		meta_result(c, rule_value(c->arena, &rule));
}

static void procedure_list(struct meta_call *c)
{
	const struct dealer *d = &c->realm->dealer;
	struct value list = value_list();

	for (unsigned i = 0; i < d->set_count; i++)
		meta_add(c->arena, &list, rule_value(c->arena, &d->set[i]));
	for (unsigned i = 0; i < d->rule_count; i++)
		meta_add(c->arena, &list, rule_value(c->arena, &d->rules[i]));
	meta_result(c, list);
}

const struct meta_procedure meta_procedure_procedures[] = {
	{ "wamp.x_manyhands.procedure.set", procedure_set },
	{ "wamp.x_manyhands.procedure.list", procedure_list },
	{ "wamp.x_manyhands.procedure.callees", procedure_callees },
	{ NULL, NULL },
};
