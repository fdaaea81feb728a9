/* Spec: "Subscriptions Meta API" (advanced); remove_subscriber, of
 * "Subscription Revocation", as Crossbar.io has it. */
#include "router/meta_parts.h"

struct value meta_subscription_details(struct arena *a,
				       const struct subscription *s)
{
	struct value dict = value_dict();

	meta_set(a, &dict, "id", meta_id(s->id));
	meta_set(a, &dict, "created", meta_time(a, s->created_unix_ms));
	meta_set(a, &dict, "uri", value_text(s->uri));
	meta_set(a, &dict, "match", value_str(uri_match_name(s->match)));
	return dict;
}

static void subscription_list(struct meta_call *c)
{
	struct value lists[] = { value_list(), value_list(), value_list() };
	const struct id_map *all = &c->realm->broker.by_id;
	struct value dict = value_dict();

	for (size_t i = 0; i < all->cap; i++) {
		const struct subscription *s = all->slots[i].item;

		if (all->slots[i].id)
			meta_add(c->arena, &lists[s->match], meta_id(s->id));
	}
	for (unsigned i = 0; i < 3; i++)
		meta_set(c->arena, &dict, uri_match_name((enum uri_match)i),
			 lists[i]);
	meta_result(c, dict);
}

static void subscription_lookup(struct meta_call *c)
{
	const struct subscription *s;
	enum uri_match match;
	struct bytes uri;

	if (!meta_arg_text(c, 0, &uri) || !meta_arg_match(c, 1, &match))
		return;
	s = broker_lookup(&c->realm->broker, match, uri);
	meta_result(c, s ? meta_id(s->id) : value_null());
}

struct found {
	struct arena *arena;
	struct value ids;
};

static void add_found(void *ctx, void *item)
{
	struct found *f = ctx;

	meta_add(f->arena, &f->ids,
		 meta_id(((const struct subscription *)item)->id));
}

static void subscription_match(struct meta_call *c)
{
	struct found f = { c->arena, value_list() };
	struct bytes uri;

	if (!meta_arg_text(c, 0, &uri))
		return;
	uri_map_matching(&c->realm->broker.subscriptions, uri, add_found, &f);
	meta_result(c, value_count(&f.ids) ? f.ids : value_null());
}

const struct subscription *meta_arg_subscription(struct meta_call *c)
{
	const struct subscription *s;
	uint64_t id;

	if (!meta_arg_id(c, 0, &id))
		return NULL;
	s = broker_get(&c->realm->broker, id);
	if (!s)
		meta_error(c, "wamp.error.no_such_subscription", NULL);
	return s;
}

static void subscription_get(struct meta_call *c)
{
	const struct subscription *s = meta_arg_subscription(c);

	if (s)
		meta_result(c, meta_subscription_details(c->arena, s));
}

static void subscription_list_subscribers(struct meta_call *c)
{
	const struct subscription *s = meta_arg_subscription(c);
	struct value ids = value_list();

	if (!s)
		return;
	ring_each(at, &s->subscribers) {
		const struct subscriber *one =
			ring_item(at, struct subscriber, in_subscription);

		meta_add(c->arena, &ids, meta_id(one->session->id));
	}
	meta_result(c, ids);
}

static void subscription_count_subscribers(struct meta_call *c)
{
	const struct subscription *s = meta_arg_subscription(c);

	if (s)
		meta_result(c, value_int(s->subscriber_count));
}

/* (subscription, session, reason?) */
static void subscription_remove_subscriber(struct meta_call *c)
{
	const struct subscription *s = meta_arg_subscription(c);
	uint64_t session;
	const char *reason;

	if (!s || !meta_arg_id(c, 1, &session) ||
	    !meta_arg_reason(c, 2, &reason))
		return;
	if (broker_remove_subscriber(&c->realm->broker, s->id, session,
				     reason))
		meta_done(c);
	else
		meta_error(c, "wamp.error.no_such_session",
			   "not a subscriber of this subscription");
}

const struct meta_procedure meta_subscription_procedures[] = {
	{ "wamp.subscription.list", subscription_list },
	{ "wamp.subscription.lookup", subscription_lookup },
	{ "wamp.subscription.match", subscription_match },
	{ "wamp.subscription.get", subscription_get },
	{ "wamp.subscription.list_subscribers",
	  subscription_list_subscribers },
	{ "wamp.subscription.count_subscribers",
	  subscription_count_subscribers },
	{ "wamp.subscription.remove_subscriber",
	  subscription_remove_subscriber },
	{ NULL, NULL },
};
