/* Spec: "Event History" (advanced), wamp.subscription.get_events. Events come
 * as the RESULT's Arguments, one each; ArgumentsKw says in
 * `is_limit_reached` whether more would meet the conditions: the caller asks
 * on with after_publication, or before_publication when going back; and in
 * `left_out` how many did that can not be given at all. The role of a callee,
 * which the section wants announced, is not: in WELCOME there are a router's
 * roles, and Autobahn refuses any other. */
#include "router/meta_parts.h"
#include "router/rfc3339.h"

enum { RESULT_HEAD_BYTES = 256 }; /* what is around the events */

struct page {
	struct meta_call *call;
	const struct subscription *subscription;
	struct history_query query;
	uint64_t limit;
	size_t bytes_left; /* of what the caller may be sent at once */
	struct buf scratch;
	struct value events;
	bool is_full; /* and there would be more */
	uint64_t left_out;
	bool failed;  /* out of memory: no page is better than one with gaps */
};

/* --- the question -------------------------------------------------------- */

/* A time; `by` is added: 1 where the moment itself does not count. */
static bool read_min(struct meta_call *c, const char *key, int64_t by,
		     int64_t *min)
{
	const struct value *v = meta_kwarg(c, key);
	struct bytes text;
	int64_t us;

	if (!v)
		return true;
	if (!value_get_str(v, &text) || !rfc3339_parse(text, &us))
		return meta_refuse(c, "times are texts as RFC 3339 says, "
				      "2024-02-29T12:00:00.000Z");
	if (us + by > *min)
		*min = us + by;
	return true;
}

static bool read_max(struct meta_call *c, const char *key, int64_t by,
		     int64_t *max)
{
	int64_t us = INT64_MIN;

	if (!read_min(c, key, -by, &us))
		return false;
	if (us != INT64_MIN && us < *max)
		*max = us;
	return true;
}

static bool read_publication(struct meta_call *c, const char *key,
			     uint64_t *out)
{
	const struct value *v = meta_kwarg(c, key);

	return !v || value_get_id(v, 1, out) ||
	       meta_refuse(c, "publications are ids, 1 to 2^53");
}

static bool read_publications(struct meta_call *c, struct history_query *q)
{
	return read_publication(c, "from_publication", &q->from) &&
	       read_publication(c, "after_publication", &q->after) &&
	       read_publication(c, "before_publication", &q->before) &&
	       read_publication(c, "until_publication", &q->until);
}

static bool read_times(struct meta_call *c, struct history_query *q)
{
	return read_min(c, "from_time", 0, &q->min_us) &&
	       read_min(c, "after_time", 1, &q->min_us) &&
	       read_max(c, "before_time", 1, &q->max_us) &&
	       read_max(c, "until_time", 0, &q->max_us);
}

static bool read_topic(struct meta_call *c, struct bytes *topic)
{
	const struct value *v = meta_kwarg(c, "topic");

	if (!v)
		return true;
	if (value_get_str(v, topic) && uri_valid(*topic, URI_EXACT, false))
		return true;
	meta_error(c, "wamp.error.invalid_uri", "topic: a URI is wanted");
	return false;
}

/* A keyword, or the second argument, as older routers have it. */
static bool read_limit(struct meta_call *c, uint64_t *limit)
{
	const struct value *v = meta_kwarg(c, "limit");

	if (!v)
		v = list_at(c->args, 1);
	*limit = UINT64_MAX;
	return !v || v->type == VALUE_NULL ||
	       value_get_range(v, 1, INT64_MAX, limit) ||
	       meta_refuse(c, "limit: an integer from 1 is wanted");
}

static bool read_question(struct meta_call *c, struct page *p)
{
	const struct value *reverse = meta_kwarg(c, "reverse");

	history_query_init(&p->query);
	if (reverse && !value_get_bool(reverse, &p->query.reverse))
		return meta_refuse(c, "reverse: true or false is wanted");
	return read_limit(c, &p->limit) && read_times(c, &p->query) &&
	       read_publications(c, &p->query) &&
	       read_topic(c, &p->query.topic);
}

/* --- the answer ---------------------------------------------------------- */

static int add_payload(struct arena *a, const struct event *e,
		       const struct wamp_limits *limits, struct value *dict)
{
	struct value *args, *kwargs;
	int err = payload_decode(a, &e->payload, limits, &args, &kwargs);

	if (!err && e->payload.args.data)
		err = dict_set(a, dict, "args", *args);
	if (!err && e->payload.kwargs.data)
		err = dict_set(a, dict, "kwargs", *kwargs);
	return err;
}

static int describe(const struct page *p, const struct event *e,
		    struct value *dict)
{
	struct arena *a = p->call->arena;
	struct value details, time = meta_time(a, e->unix_ms);
	int err = event_details(a, e, p->subscription->match != URI_EXACT,
				&details);

	*dict = value_dict();
	if (!err)
		err = time.type == VALUE_NULL ?
			      ERR_NOMEM :
			      dict_set(a, dict, "timestamp", time);
	if (!err)
		err = dict_set(a, dict, "subscription",
			       meta_id(p->subscription->id));
	if (!err)
		err = dict_set(a, dict, "publication",
			       meta_id(e->publication));
	if (!err)
		err = dict_set(a, dict, "details", details);
	return err ? err : add_payload(a, e, &p->call->realm->turn->limits,
				       dict);
}

/* And its bytes in the caller's serializer. */
static int describe_sized(struct page *p, const struct event *e,
			  struct value *dict, size_t *size)
{
	const struct serializer *in = p->call->caller->link.serializer;
	int err = describe(p, e, dict);

	buf_clear(&p->scratch);
	if (!err)
		err = in->encode(&p->scratch, dict);
	*size = p->scratch.len + 1;
	return err;
}

static bool fail(struct page *p)
{
	p->failed = true;
	return false;
}

/* What can not be said in the caller's serializer could not when it was
 * published, either; what alone is more than may wait for the caller, it can
 * not be given. */
static bool leave_out(struct page *p)
{
	p->left_out++;
	return true;
}

static bool add_event(void *ctx, const struct event *e)
{
	struct page *p = ctx;
	struct value dict;
	size_t size;
	int err;

	if (!audience_has_identity(&e->audience, p->call->caller))
		return true;
	p->is_full = value_count(&p->events) >= p->limit;
	if (p->is_full)
		return false;
	err = describe_sized(p, e, &dict, &size);
	if (err)
		return err == ERR_NOMEM ? fail(p) : leave_out(p);
	p->is_full = size > p->bytes_left && value_count(&p->events);
	if (p->is_full)
		return false;
	if (size > p->bytes_left)
		return leave_out(p);
	p->bytes_left -= size;
	return !list_add(p->call->arena, &p->events, dict) || fail(p);
}

/* Half of the output that may wait, and never more than a message. */
static size_t budget(const struct session *s)
{
	size_t most = s->turn->limits.bytes_max;

	if (s->limits->output_bytes && s->limits->output_bytes / 2 < most)
		most = s->limits->output_bytes / 2;
	if (s->link.message_max && s->link.message_max < most)
		most = s->link.message_max;
	return most > RESULT_HEAD_BYTES ? most - RESULT_HEAD_BYTES : 0;
}

static void answer(struct page *p)
{
	struct meta_call *c = p->call;
	struct value kwargs = value_dict();

	p->events = value_list();
	p->bytes_left = budget(c->caller);
	buf_init(&p->scratch);
	history_each(p->subscription->history, &p->query, add_event, p);
	buf_deinit(&p->scratch);
	meta_set(c->arena, &kwargs, "is_limit_reached",
		 value_bool(p->is_full));
	if (p->left_out)
		meta_set(c->arena, &kwargs, "left_out", meta_id(p->left_out));
	if (p->failed)
		meta_error(c, "wamp.error.unavailable", "out of memory");
	else
		session_result_with(c->caller, c->request, &p->events,
				    &kwargs);
}

/* --- the procedure ------------------------------------------------------- */

/* "a peer must be allowed to subscribe to a desired subscription first". The
 * options are those of such a SUBSCRIBE. */
static bool matter_of(struct arena *a, const struct subscription *s,
		      struct matter *out)
{
	struct value *options = arena_alloc(a, sizeof *options);

	if (!options)
		return false;
	*options = value_dict();
	if (s->match != URI_EXACT)
		meta_set(a, options, "match",
			 value_str(uri_match_name(s->match)));
	*out = (struct matter){ ACTION_SUBSCRIBE, s->uri, s->match, options };
	return true;
}

bool meta_history_matter(struct meta_call *c, struct matter *out)
{
	const struct subscription *s;
	uint64_t id;

	if (!value_get_range(list_at(c->args, 0), 1, WAMP_ID_MAX, &id))
		return false;
	s = broker_get(&c->realm->broker, id);
	return s && matter_of(c->arena, s, out);
}

static bool may_ask(struct meta_call *c, const struct subscription *s)
{
	const struct matter matter = { .action = ACTION_SUBSCRIBE,
				       .uri = s->uri, .match = s->match };

	if (!meta_may(c, &matter, "subscribing there is not allowed"))
		return false;
	if (!s->history)
		meta_error(c, "wamp.error.history_unavailable",
			   "the subscription has no event history");
	return s->history != NULL;
}

static void subscription_get_events(struct meta_call *c)
{
	struct page page = { .call = c };

	page.subscription = meta_arg_subscription(c);
	if (page.subscription && may_ask(c, page.subscription) &&
	    read_question(c, &page))
		answer(&page);
}

const struct meta_procedure meta_history_procedures[] = {
	{ "wamp.subscription.get_events", subscription_get_events },
	{ NULL, NULL },
};
