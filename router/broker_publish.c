/* From PUBLISH to EVENTs. Spec: "Publishing and Events" (basic); "Publisher
 * Identification", "Publication Trust Levels", "Pattern-based Subscription",
 * "Event Retention", "Event History", "Payload Passthru Mode" (advanced). */
#include "router/audience.h"
#include "router/broker.h"
#include "router/passthru.h"
#include "router/role.h"

struct publication {
	struct broker *broker;
	struct session *publisher; /* NULL: the router */
	const struct audience *audience;
	struct bytes topic;
	struct value details; /* what is the same for all subscriptions */
	struct message event;
	struct event *kept;   /* a copy; NULL: not made yet */
	unsigned unsaid;      /* serializers that can not say it, a bit each */
	int err;              /* ERR_NOMEM: not all have got it */
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

/* An exact subscription says all of it already; others tell the topic. */
static int details_for(const struct publication *p,
		       const struct subscription *sub, struct value *out)
{
	struct arena *a = &p->broker->turn->arena;
	int err;

	*out = p->details;
	if (sub->match == URI_EXACT)
		return 0;
	*out = value_dict();
	err = dict_set(a, out, "topic", value_text(p->topic));
	for (uint32_t i = 0; !err && i < p->details.dict.count; i++)
		err = dict_add(a, out, p->details.dict.pairs[i].key,
			       p->details.dict.pairs[i].value);
	return err;
}

/* --- keeping ------------------------------------------------------------- */

static struct event *make_copy(struct publication *p)
{
	struct event like = {
		.publication = p->event.publication,
		.unix_ms = p->broker->turn->unix_ms,
		.topic = p->topic,
		.payload = p->event.payload,
		.audience = *p->audience,
	};
	struct event *e = NULL;
	struct buf details;

	buf_init(&details);
	if (!serializer_msgpack.encode(&details, &p->details)) {
		like.details = buf_bytes(&details);
		e = event_new(&like);
	}
	buf_deinit(&details);
	return e;
}

/* One copy for all who keep it; NULL: out of memory, and it is not kept. */
static struct event *kept(struct publication *p)
{
	if (!p->kept)
		p->kept = make_copy(p);
	return p->kept;
}

/* Sessions named in lists are gone when it is asked for. */
static void remember(struct publication *p, struct history *history)
{
	if (!audience_names_sessions(p->audience) && kept(p))
		history_add(history, p->kept);
}

/* --- delivering ---------------------------------------------------------- */

/* Empty: it can not be said in this serializer, which is tried once only; or
 * there is no memory for it, which may be different for the next. */
static struct bytes encoded(struct publication *p,
			    const struct serializer *serializer)
{
	struct buf *out = &p->broker->encoded[serializer->id];
	int err;

	if (out->len || p->unsaid >> serializer->id & 1)
		return buf_bytes(out);
	err = message_encode(out, serializer, &p->event,
			     &p->broker->turn->arena,
			     &p->broker->turn->limits);
	if (err == ERR_NOMEM)
		p->err = err;
	else if (err)
		p->unsaid |= 1u << serializer->id;
	return buf_bytes(out);
}

static void deliver(struct publication *p, struct session *s)
{
	struct bytes event = encoded(p, s->link.serializer);

	if (!event.len || session_send_raw(s, event)) {
		p->broker->events_unsaid_total++;
		return;
	}
	p->broker->events_total++;
	if (p->publisher && p->publisher->state == SESSION_ESTABLISHED &&
	    session_is_congested(s))
		session_hold(s, p->publisher);
}

static void deliver_all(struct publication *p, const struct subscription *sub)
{
	for (unsigned i = 0; i < SERIALIZERS; i++)
		buf_clear(&p->broker->encoded[i]);
	ring_each(at, &sub->subscribers) {
		struct subscriber *one = ring_item(at, struct subscriber,
						   in_subscription);

		if (audience_has(p->audience, one->session))
			deliver(p, one->session);
	}
}

static void dispatch(void *ctx, void *item)
{
	struct publication *p = ctx;
	struct subscription *sub = item;
	struct value details;
	int err;

	if (sub->history)
		remember(p, sub->history);
	if (!sub->subscriber_count)
		return;
	err = details_for(p, sub, &details);
	if (err) {
		p->err = err;
		p->broker->events_unsaid_total += sub->subscriber_count;
		return;
	}
	p->event.subject = sub->id;
	p->event.options = &details;
	deliver_all(p, sub);
	p->event.options = NULL;
}

static void retain(struct publication *p)
{
	if (kept(p))
		retained_add(&p->broker->retained, p->publisher->role,
			     p->kept);
}

/* --- publishing ---------------------------------------------------------- */

static void publish(struct publication *p, const struct payload *payload)
{
	struct broker *b = p->broker;

	p->event = (struct message){
		.type = MSG_EVENT,
		.publication = turn_random_id(b->turn),
		.payload = *payload,
	};
	b->publications_total++;
	uri_map_matching(&b->subscriptions, p->topic, dispatch, p);
}

static void publication_end(struct publication *p)
{
	if (p->kept)
		event_drop(p->kept);
}

static void refuse(struct session *s, const struct message *m, int err,
		   const char *wrong)
{
	if (!value_is_true(dict_get(m->options, "acknowledge")))
		return;
	if (err == ERR_USAGE)
		session_error(s, m->type, m->request,
			      "wamp.error.invalid_argument", wrong);
	else
		session_error(s, m->type, m->request,
			      "wamp.error.unavailable", err_text(err));
}

/* What subscribers may know of it; ERR_NOMEM, ERR_USAGE. */
static int prepare(struct publication *p, struct audience *audience,
		   const struct value *options, struct grant grant,
		   const char **wrong)
{
	struct arena *a = &p->broker->turn->arena;
	struct passthru passthru;
	int err = audience_read(audience, a, options, p->publisher);

	*wrong = "exclude and eligible: accepted are lists of ids, or of "
		 "texts";
	p->audience = audience;
	p->details = value_dict();
	if (!err && !passthru_read(options, &passthru, wrong))
		err = ERR_USAGE;
	if (!err && (grant.disclose ||
		     value_is_true(dict_get(options, "disclose_me"))))
		err = add_publisher(a, &p->details, p->publisher);
	if (!err && grant.has_trustlevel)
		err = dict_set(a, &p->details, "trustlevel",
			       value_int(grant.trustlevel));
	return err ? err : passthru_add(a, &p->details, &passthru);
}

void broker_publish(struct broker *b, struct session *s,
		    const struct message *m, struct grant grant)
{
	struct audience audience;
	struct publication p = { .broker = b, .publisher = s,
				 .topic = m->uri };
	const char *wrong;
	int err = prepare(&p, &audience, m->options, grant, &wrong);

	if (err) {
		refuse(s, m, err, wrong);
		return;
	}
	publish(&p, &m->payload);
	if (value_is_true(dict_get(m->options, "retain")))
		retain(&p);
	if (p.err)
		refuse(s, m, p.err, NULL);
	else if (value_is_true(dict_get(m->options, "acknowledge")))
		session_acknowledge(s, MSG_PUBLISHED, m->request,
				    p.event.publication);
	publication_end(&p);
}

void broker_publish_meta(struct broker *b, const char *topic,
			 const struct value *args)
{
	static const struct audience everybody = { .is_everybody = true };
	struct publication p = { .broker = b, .audience = &everybody,
				 .topic = bytes_str(topic),
				 .details = value_dict() };
	struct payload payload;
	struct buf storage;

	buf_init(&storage);
	if (!payload_encode(&payload, &serializer_msgpack, &storage, args,
			    NULL))
		publish(&p, &payload);
	buf_deinit(&storage);
	publication_end(&p);
}
