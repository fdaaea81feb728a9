/* From PUBLISH to EVENTs. Spec: "Publishing and Events" (basic); "Publisher
 * Identification", "Pattern-based Subscription" (advanced). */
#include "router/audience.h"
#include "router/broker.h"
#include "router/role.h"

struct publication {
	struct broker *broker;
	struct session *publisher; /* NULL: the router */
	const struct audience *audience;
	bool disclose;
	struct bytes topic;
	struct message event;
};

static int add_publisher(struct arena *a, struct value *details,
			 const struct session *publisher)
{
	int err = dict_set(a, details, "publisher",
			   value_int((int64_t)publisher->id));

	if (!err)
		err = dict_set(a, details, "publisher_authid",
			       value_str(publisher->authid));
	if (!err)
		err = dict_set(a, details, "publisher_authrole",
			       value_str(role_name(publisher->role)));
	return err;
}

static int make_details(const struct publication *p,
			const struct subscription *sub, struct value *details)
{
	struct arena *a = &p->broker->turn->arena;
	int err = 0;

	*details = value_dict();
	if (sub->match != URI_EXACT)
		err = dict_set(a, details, "topic", value_text(p->topic));
	if (!err && p->disclose && p->publisher)
		err = add_publisher(a, details, p->publisher);
	return err;
}

/* What cannot be said in a serializer is an empty buffer. */
static struct bytes encoded(struct publication *p,
			    const struct serializer *serializer)
{
	struct buf *out = &p->broker->encoded[serializer->id];

	if (!out->len &&
	    message_encode(out, serializer, &p->event,
			   &p->broker->turn->arena, &p->broker->turn->limits))
		out->len = 0;
	return buf_bytes(out);
}

static void deliver(struct publication *p, struct session *s)
{
	struct bytes event = encoded(p, s->link.serializer);

	if (!event.len)
		return;
	session_send_raw(s, event);
	p->broker->events_total++;
	if (p->publisher && session_is_congested(s))
		session_hold(s, p->publisher);
}

static void dispatch(void *ctx, void *item)
{
	struct publication *p = ctx;
	struct subscription *sub = item;
	struct value details;

	if (make_details(p, sub, &details))
		return;
	p->event.subject = sub->id;
	p->event.options = &details;
	for (unsigned i = 0; i < SERIALIZERS; i++)
		buf_clear(&p->broker->encoded[i]);
	ring_each(at, &sub->subscribers) {
		struct subscriber *one = ring_item(at, struct subscriber,
						   in_subscription);

		if (!p->audience || audience_has(p->audience, one->session))
			deliver(p, one->session);
	}
	p->event.options = NULL;
}

static uint64_t publish(struct publication *p, const struct payload *payload)
{
	struct broker *b = p->broker;

	p->event = (struct message){
		.type = MSG_EVENT,
		.publication = turn_random_id(b->turn),
		.payload = *payload,
	};
	b->publications_total++;
	uri_map_matching(&b->subscriptions, p->topic, dispatch, p);
	return p->event.publication;
}

static void refuse(struct session *s, const struct message *m, int err)
{
	if (!value_is_true(dict_get(m->options, "acknowledge")))
		return;
	if (err == ERR_USAGE)
		session_error(s, m->type, m->request,
			      "wamp.error.invalid_argument",
			      "exclude and eligible: accepted are lists of "
			      "ids, or of texts");
	else
		session_error(s, m->type, m->request,
			      "wamp.error.unavailable", err_text(err));
}

void broker_publish(struct broker *b, struct session *s,
		    const struct message *m, bool disclose)
{
	struct audience audience;
	struct publication p = {
		.broker = b, .publisher = s, .audience = &audience,
		.topic = m->uri,
		.disclose = disclose ||
			    value_is_true(dict_get(m->options, "disclose_me")),
	};
	uint64_t id;
	int err = audience_read(&audience, &b->turn->arena, m->options, s);

	if (err) {
		refuse(s, m, err);
		return;
	}
	id = publish(&p, &m->payload);
	if (value_is_true(dict_get(m->options, "acknowledge")))
		session_acknowledge(s, MSG_PUBLISHED, m->request, id);
}

void broker_publish_meta(struct broker *b, const char *topic,
			 const struct value *args)
{
	struct publication p = { .broker = b, .topic = bytes_str(topic) };
	struct payload payload;
	struct buf storage;

	buf_init(&storage);
	if (!payload_encode(&payload, &serializer_msgpack, &storage, args,
			    NULL))
		publish(&p, &payload);
	buf_deinit(&storage);
}
