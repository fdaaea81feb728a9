#include "router/retained.h"

#include <stdlib.h>
#include <string.h>

#include "router/role.h"

/* What the members of a role have kept. */
struct quota {
	const struct role *role;
	struct ring in_retained;
	struct ring events; /* struct kept, oldest first */
	uint32_t count;
	size_t bytes;
};

struct retained_topic {
	struct bytes uri; /* owned */
	struct ring in_all;
	struct ring events; /* struct kept, newest first */
	unsigned count;
};

struct kept {
	struct event *event; /* a reference */
	struct retained_topic *topic;
	struct quota *quota;
	struct ring in_topic, in_quota;
};

void retained_init(struct retained *r, uint64_t seed)
{
	uri_map_init(&r->topics, seed);
	ring_init(&r->all);
	ring_init(&r->quotas);
}

/* --- forgetting ---------------------------------------------------------- */

static void topic_free(struct retained_topic *t)
{
	free((void *)t->uri.data);
	free(t);
}

static void kept_free(struct kept *k)
{
	k->topic->count--;
	k->quota->count--;
	k->quota->bytes -= k->event->bytes;
	ring_remove(&k->in_topic);
	ring_remove(&k->in_quota);
	event_drop(k->event);
	free(k);
}

static void tidy(struct retained *r, struct retained_topic *t)
{
	if (t->count)
		return;
	uri_map_remove(&r->topics, URI_EXACT, t->uri);
	ring_remove(&t->in_all);
	topic_free(t);
}

static struct kept *first_of(const struct quota *q)
{
	return ring_item(q->events.next, struct kept, in_quota);
}

static void forget(struct retained *r, struct kept *k)
{
	struct retained_topic *t = k->topic;

	kept_free(k);
	tidy(r, t);
}

void retained_deinit(struct retained *r)
{
	while (!ring_is_empty(&r->quotas)) {
		struct quota *q = ring_item(r->quotas.next, struct quota,
					    in_retained);

		while (q->count)
			forget(r, first_of(q));
		ring_remove(&q->in_retained);
		free(q);
	}
	uri_map_deinit(&r->topics);
}

/* --- keeping ------------------------------------------------------------- */

static struct quota *quota_of(struct retained *r, const struct role *role)
{
	struct quota *q;

	ring_each(at, &r->quotas) {
		q = ring_item(at, struct quota, in_retained);
		if (q->role == role)
			return q;
	}
	q = calloc(1, sizeof *q);
	if (!q)
		return NULL;
	q->role = role;
	ring_init(&q->events);
	ring_add(&r->quotas, &q->in_retained);
	return q;
}

static struct retained_topic *topic_new(struct retained *r, struct bytes uri)
{
	struct retained_topic *t = calloc(1, sizeof *t);
	uint8_t *copy = malloc(uri.len + 1);

	if (!t || !copy) {
		free(t);
		free(copy);
		return NULL;
	}
	memcpy(copy, uri.data, uri.len);
	t->uri = bytes_of(copy, uri.len);
	ring_init(&t->events);
	ring_init(&t->in_all);
	if (uri_map_add(&r->topics, URI_EXACT, t->uri, t)) {
		topic_free(t);
		return NULL;
	}
	ring_add(&r->all, &t->in_all);
	return t;
}

/* Newest first: each that somebody would still get stays. Behind one for
 * everybody that is only its publisher, until another's event for everybody;
 * and of those for some the oldest go when there are too many. */
static void make_place(struct retained_topic *t)
{
	const struct audience *last = NULL; /* of the newest for everybody */
	unsigned for_some = 0;
	bool is_settled = false;

	ring_each_safe(at, &t->events) {
		struct kept *k = ring_item(at, struct kept, in_topic);
		const struct audience *a = &k->event->audience;

		if (is_settled || (last && a->excluded == last->excluded) ||
		    (!a->is_everybody && ++for_some > RETAINED_FOR_SOME_MAX)) {
			kept_free(k);
		} else if (a->is_everybody) {
			is_settled = last || !a->excluded;
			last = last ? last : a;
		}
	}
}

static bool is_over(const struct quota *q, size_t extra)
{
	const struct role_limits *l = &q->role->limits;

	return (l->retained && q->count >= l->retained) ||
	       (l->retained_bytes && q->bytes + extra > l->retained_bytes);
}

static struct kept *kept_new(struct retained *r, struct quota *q,
			     struct event *e)
{
	struct kept *k = calloc(1, sizeof *k);

	if (!k)
		return NULL;
	k->topic = uri_map_get(&r->topics, URI_EXACT, e->topic);
	if (!k->topic)
		k->topic = topic_new(r, e->topic);
	if (!k->topic) {
		free(k);
		return NULL;
	}
	k->event = event_keep(e);
	k->quota = q;
	k->topic->count++;
	q->count++;
	q->bytes += e->bytes;
	ring_push(&k->topic->events, &k->in_topic);
	ring_add(&q->events, &k->in_quota);
	return k;
}

void retained_add(struct retained *r, const struct role *role,
		  struct event *e)
{
	struct quota *q = quota_of(r, role);
	struct kept *k;

	if (!q || (role->limits.retained_bytes &&
		   e->bytes > role->limits.retained_bytes))
		return;
	while (q->count && is_over(q, e->bytes))
		forget(r, first_of(q));
	k = kept_new(r, q, e);
	if (k)
		make_place(k->topic);
}

uint32_t retained_count(const struct retained *r)
{
	uint32_t count = 0;

	ring_each(at, &r->quotas)
		count += ring_item(at, struct quota, in_retained)->count;
	return count;
}

/* --- sending ------------------------------------------------------------- */

static bool has_room(const struct session *s)
{
	return !s->limits->output_bytes ||
	       s->link.ops->output(s->link.ctx) < s->limits->output_bytes / 2;
}

static void send_event(struct session *s, uint64_t subscription, bool pattern,
		       const struct event *e)
{
	struct arena *a = &s->turn->arena;
	struct value details;
	struct message m = { .type = MSG_EVENT, .subject = subscription,
			     .publication = e->publication,
			     .options = &details, .payload = e->payload };

	if (event_details(a, e, pattern, &details) ||
	    dict_set(a, &details, "retained", value_bool(true)))
		return;
	(void)session_send(s, &m);
}

static void send_topic(struct session *s, uint64_t subscription, bool pattern,
		       const struct retained_topic *t)
{
	ring_each(at, &t->events) {
		const struct kept *k = ring_item(at, struct kept, in_topic);

		if (!audience_has(&k->event->audience, s))
			continue;
		if (has_room(s))
			send_event(s, subscription, pattern, k->event);
		return;
	}
}

void retained_send(const struct retained *r, struct session *s,
		   uint64_t subscription, enum uri_match match,
		   struct bytes uri)
{
	const struct retained_topic *t;

	if (match == URI_EXACT) {
		t = uri_map_get(&r->topics, URI_EXACT, uri);
		if (t)
			send_topic(s, subscription, false, t);
		return;
	}
	ring_each(at, &r->all) {
		t = ring_item(at, struct retained_topic, in_all);
		if (uri_matches(uri, match, t->uri))
			send_topic(s, subscription, true, t);
	}
}
