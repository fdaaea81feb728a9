/* Subscriptions. Spec: "Subscribing and Unsubscribing" (basic),
 * "Pattern-based Subscription", "Subscription Revocation", "Event Retention",
 * "Event History" (advanced). */
#include "router/broker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void broker_init(struct broker *b, struct turn *turn, happened_fn *happened,
		 void *ctx)
{
	*b = (struct broker){ .turn = turn, .happened = happened,
			      .happened_ctx = ctx };
	uri_map_init(&b->subscriptions, turn_random(turn));
	id_map_init(&b->by_id);
	retained_init(&b->retained, turn_random(turn));
	for (unsigned i = 0; i < SERIALIZERS; i++)
		buf_init(&b->encoded[i]);
}

struct subscription *broker_lookup(const struct broker *b,
				   enum uri_match match, struct bytes uri)
{
	return uri_map_get(&b->subscriptions, match, uri);
}

struct subscription *broker_get(const struct broker *b, uint64_t id)
{
	return id_map_get(&b->by_id, id);
}

bool broker_has_subscribers(const struct broker *b, const char *topic)
{
	return b->by_id.count &&
	       uri_map_matches_any(&b->subscriptions, bytes_str(topic));
}

static void tell(struct broker *b, enum happening what,
		 const struct session *s, const struct subscription *sub)
{
	if (b->happened)
		b->happened(b->happened_ctx, what, s->id, sub);
}

static void subscription_free(struct subscription *sub)
{
	if (sub->history)
		history_deinit(sub->history);
	free(sub->history);
	free((void *)sub->uri.data);
	free(sub);
}

static struct subscription *subscription_alloc(struct broker *b,
					       enum uri_match match,
					       struct bytes uri)
{
	struct subscription *sub = calloc(1, sizeof *sub);
	uint8_t *copy = malloc(uri.len + 1);

	if (!sub || !copy) {
		free(sub);
		free(copy);
		return NULL;
	}
	if (uri.len)
		memcpy(copy, uri.data, uri.len);
	sub->uri = bytes_of(copy, uri.len);
	sub->match = match;
	sub->created_unix_ms = b->turn->unix_ms;
	ring_init(&sub->subscribers);
	do
		sub->id = turn_random_id(b->turn);
	while (id_map_get(&b->by_id, sub->id));
	return sub;
}

static struct subscription *subscription_new(struct broker *b,
					     enum uri_match match,
					     struct bytes uri)
{
	struct subscription *sub = subscription_alloc(b, match, uri);

	if (!sub)
		return NULL;
	if (id_map_reserve(&b->by_id, b->by_id.count + 1) ||
	    uri_map_add(&b->subscriptions, match, sub->uri, sub)) {
		subscription_free(sub);
		return NULL;
	}
	id_map_add(&b->by_id, sub->id, sub);
	return sub;
}

static void subscription_delete(struct broker *b, struct subscription *sub)
{
	uri_map_remove(&b->subscriptions, sub->match, sub->uri);
	id_map_take(&b->by_id, sub->id);
	subscription_free(sub);
}

/* --- histories ----------------------------------------------------------- */

static int add_history(struct broker *b, const struct history_rule *rule)
{
	struct history *h = malloc(sizeof *h);
	struct subscription *sub;

	if (!h)
		return ERR_NOMEM;
	sub = subscription_new(b, rule->match, rule->uri);
	if (!sub) {
		free(h);
		return ERR_NOMEM;
	}
	history_init(h, rule->limit);
	sub->history = h;
	return 0;
}

int broker_add_histories(struct broker *b, const struct history_rule *rules,
			 unsigned count)
{
	int err = 0;

	for (unsigned i = 0; i < count && !err; i++)
		err = add_history(b, &rules[i]);
	return err;
}

/* All that is left are those with a history. */
static void remove_histories(struct broker *b)
{
	for (size_t i = 0; i < b->by_id.cap; i++) {
		struct subscription *sub = b->by_id.slots[i].item;

		if (b->by_id.slots[i].id && sub->history) {
			subscription_delete(b, sub);
			i = (size_t)-1; /* others may have moved */
		}
	}
}

void broker_deinit(struct broker *b)
{
	remove_histories(b);
	assert(!b->by_id.count);
	retained_deinit(&b->retained);
	uri_map_deinit(&b->subscriptions);
	id_map_deinit(&b->by_id);
	for (unsigned i = 0; i < SERIALIZERS; i++)
		buf_deinit(&b->encoded[i]);
}

/* --- subscribers --------------------------------------------------------- */

static struct subscriber *subscriber_find(const struct subscription *sub,
					  const struct session *s)
{
	ring_each(at, &s->subscribers) {
		struct subscriber *each = ring_item(at, struct subscriber,
						    of_session);

		if (each->subscription == sub)
			return each;
	}
	return NULL;
}

static struct subscriber *subscriber_new(struct subscription *sub,
					 struct session *s)
{
	struct subscriber *one = calloc(1, sizeof *one);

	if (!one)
		return NULL;
	one->subscription = sub;
	one->session = s;
	ring_add(&sub->subscribers, &one->in_subscription);
	ring_add(&s->subscribers, &one->of_session);
	sub->subscriber_count++;
	s->subscription_count++;
	s->pattern_count += sub->match != URI_EXACT;
	return one;
}

static void subscriber_remove(struct broker *b, struct subscriber *one)
{
	struct subscription *sub = one->subscription;
	struct session *s = one->session;

	ring_remove(&one->in_subscription);
	ring_remove(&one->of_session);
	free(one);
	sub->subscriber_count--;
	s->subscription_count--;
	s->pattern_count -= sub->match != URI_EXACT;
	tell(b, SUBSCRIPTION_UNSUBSCRIBED, s, sub);
	if (sub->subscriber_count)
		return;
	tell(b, SUBSCRIPTION_DELETED, s, sub);
	if (!sub->history)
		subscription_delete(b, sub);
}

static bool within_limits(struct session *s, const struct message *m,
			  enum uri_match match)
{
	const struct role_limits *l = s->limits;
	const char *text = NULL;

	if (l->subscriptions && s->subscription_count >= l->subscriptions)
		text = "too many subscriptions in this session";
	else if (match != URI_EXACT && l->patterns &&
		 s->pattern_count >= l->patterns)
		text = "too many patterns in this session";
	if (text)
		session_error(s, m->type, m->request,
			      "manyhands.error.limit", text);
	return !text;
}

/* Tells the subscriber and the others; false: out of memory, it is told. */
static bool join_subscription(struct broker *b, struct session *s,
			      const struct message *m,
			      struct subscription *sub)
{
	bool is_first = !sub->subscriber_count;

	if (!subscriber_new(sub, s)) {
		if (is_first && !sub->history)
			subscription_delete(b, sub);
		session_error(s, m->type, m->request,
			      "wamp.error.unavailable", "out of memory");
		return false;
	}
	session_acknowledge(s, MSG_SUBSCRIBED, m->request, sub->id);
	if (is_first)
		tell(b, SUBSCRIPTION_CREATED, s, sub);
	tell(b, SUBSCRIPTION_SUBSCRIBED, s, sub);
	return true;
}

/* NULL: the request is answered. Subscribing twice is subscribing once. */
static struct subscription *subscribe(struct broker *b, struct session *s,
				      const struct message *m,
				      enum uri_match match)
{
	struct subscription *sub = broker_lookup(b, match, m->uri);

	if (sub && subscriber_find(sub, s)) {
		session_acknowledge(s, MSG_SUBSCRIBED, m->request, sub->id);
		return sub;
	}
	if (!within_limits(s, m, match))
		return NULL;
	if (!sub)
		sub = subscription_new(b, match, m->uri);
	if (sub)
		return join_subscription(b, s, m, sub) ? sub : NULL;
	session_error(s, m->type, m->request, "wamp.error.unavailable",
		      "out of memory");
	return NULL;
}

void broker_subscribe(struct broker *b, struct session *s,
		      const struct message *m)
{
	const struct value *v = dict_get(m->options, "match");
	enum uri_match match = URI_EXACT;
	const struct subscription *sub;
	struct bytes text;

	if (v && !(value_get_str(v, &text) && uri_match_parse(text, &match))) {
		session_error(s, m->type, m->request,
			      "wamp.error.invalid_argument",
			      "match: accepted are exact, prefix, wildcard");
		return;
	}
	sub = subscribe(b, s, m, match);
	if (sub && value_is_true(dict_get(m->options, "get_retained")))
		retained_send(&b->retained, s, sub->id, match, sub->uri);
}

void broker_unsubscribe(struct broker *b, struct session *s,
			const struct message *m)
{
	struct subscription *sub = broker_get(b, m->subject);
	struct subscriber *one = sub ? subscriber_find(sub, s) : NULL;

	if (!one) {
		session_error(s, m->type, m->request,
			      "wamp.error.no_such_subscription", NULL);
		return;
	}
	session_acknowledge(s, MSG_UNSUBSCRIBED, m->request, 0);
	subscriber_remove(b, one);
}

void broker_leave(struct broker *b, struct session *s)
{
	while (!ring_is_empty(&s->subscribers))
		subscriber_remove(b, ring_item(s->subscribers.next,
					       struct subscriber,
					       of_session));
}

/* Who has not announced revocation is not told. */
static void tell_revoked(struct session *s, uint64_t subscription,
			 const char *reason)
{
	struct message m = { .type = MSG_UNSUBSCRIBED };
	struct arena *a = &s->turn->arena;
	struct value details = value_dict();

	if (!(s->features & SUBSCRIBER_REVOCATION) ||
	    dict_set(a, &details, "subscription",
		     value_int((int64_t)subscription)) ||
	    (reason && dict_set(a, &details, "reason", value_str(reason))))
		return;
	m.options = &details;
	(void)session_send(s, &m);
}

bool broker_remove_subscriber(struct broker *b, uint64_t subscription,
			      uint64_t session, const char *reason)
{
	struct subscription *sub = broker_get(b, subscription);

	if (!sub)
		return false;
	ring_each(at, &sub->subscribers) {
		struct subscriber *one = ring_item(at, struct subscriber,
						   in_subscription);

		if (one->session->id == session) {
			tell_revoked(one->session, subscription, reason);
			subscriber_remove(b, one);
			return true;
		}
	}
	return false;
}
