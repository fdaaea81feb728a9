/* Spec: "Registration Meta API" (advanced); remove_callee as Crossbar.io has
 * it. */
#include "router/meta_parts.h"

struct value meta_registration_details(struct arena *a,
				       const struct registration *r)
{
	struct value dict = value_dict();

	meta_set(a, &dict, "id", meta_id(r->id));
	meta_set(a, &dict, "created", meta_time(a, r->created_unix_ms));
	meta_set(a, &dict, "uri", value_text(r->uri));
	meta_set(a, &dict, "match", value_str(uri_match_name(r->match)));
	meta_set(a, &dict, "invoke", value_str(invoke_name(r->invoke)));
	return dict;
}

static void registration_list(struct meta_call *c)
{
	struct value lists[] = { value_list(), value_list(), value_list() };
	const struct id_map *all = &c->realm->dealer.by_id;
	struct value dict = value_dict();

	for (size_t i = 0; i < all->cap; i++) {
		const struct registration *r = all->slots[i].item;

		if (all->slots[i].id)
			meta_add(c->arena, &lists[r->match], meta_id(r->id));
	}
	for (unsigned i = 0; i < 3; i++)
		meta_set(c->arena, &dict, uri_match_name((enum uri_match)i),
			 lists[i]);
	meta_result(c, dict);
}

static void answer_id(struct meta_call *c, const struct registration *r)
{
	meta_result(c, r ? meta_id(r->id) : value_null());
}

static void registration_lookup(struct meta_call *c)
{
	enum uri_match match;
	struct bytes uri;

	if (meta_arg_text(c, 0, &uri) && meta_arg_match(c, 1, &match))
		answer_id(c, dealer_lookup(&c->realm->dealer, match, uri));
}

static void registration_match(struct meta_call *c)
{
	struct bytes uri;

	if (meta_arg_text(c, 0, &uri))
		answer_id(c, dealer_match(&c->realm->dealer, uri));
}

/* NULL: the call is ended. */
static struct registration *arg_registration(struct meta_call *c)
{
	struct registration *r;
	uint64_t id;

	if (!meta_arg_id(c, 0, &id))
		return NULL;
	r = dealer_get(&c->realm->dealer, id);
	if (!r)
		meta_error(c, "wamp.error.no_such_registration", NULL);
	return r;
}

static void registration_get(struct meta_call *c)
{
	const struct registration *r = arg_registration(c);

	if (r)
		meta_result(c, meta_registration_details(c->arena, r));
}

static void registration_list_callees(struct meta_call *c)
{
	const struct registration *r = arg_registration(c);
	struct value ids = value_list();

	if (!r)
		return;
	ring_each(at, &r->callees) {
		const struct callee *callee = ring_item(at, struct callee,
							in_registration);

		meta_add(c->arena, &ids, meta_id(callee->session->id));
	}
	meta_result(c, ids);
}

static void registration_count_callees(struct meta_call *c)
{
	const struct registration *r = arg_registration(c);

	if (r)
		meta_result(c, value_int(r->callee_count));
}

/* (registration, session, reason?) */
static void registration_remove_callee(struct meta_call *c)
{
	const struct registration *r = arg_registration(c);
	const char *reason;
	uint64_t session;

	if (!r || !meta_arg_id(c, 1, &session) ||
	    !meta_arg_reason(c, 2, &reason))
		return;
	if (dealer_remove_callee(&c->realm->dealer, r->id, session, reason))
		meta_done(c);
	else
		meta_error(c, "wamp.error.no_such_session",
			   "not a callee of this registration");
}

const struct meta_procedure meta_registration_procedures[] = {
	{ "wamp.registration.list", registration_list },
	{ "wamp.registration.lookup", registration_lookup },
	{ "wamp.registration.match", registration_match },
	{ "wamp.registration.get", registration_get },
	{ "wamp.registration.list_callees", registration_list_callees },
	{ "wamp.registration.count_callees", registration_count_callees },
	{ "wamp.registration.remove_callee", registration_remove_callee },
	{ NULL, NULL },
};
