/* Registrations: made, joined, left, revoked. Spec: "Registering and
 * Unregistering"; "Shared Registration", "Pattern-based Registrations",
 * "Registration Revocation" (advanced). */
#include "router/dealer_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const invoke_names[] = {
	[INVOKE_SINGLE] = "single",         [INVOKE_FIRST] = "first",
	[INVOKE_LAST] = "last",             [INVOKE_RANDOM] = "random",
	[INVOKE_ROUNDROBIN] = "roundrobin",
	[INVOKE_LEASTLOADED] = "leastloaded",
};

bool invoke_parse(struct bytes text, enum invoke_policy *out)
{
	for (unsigned i = 0; i <= INVOKE_LEASTLOADED; i++) {
		if (bytes_equal_str(text, invoke_names[i])) {
			*out = (enum invoke_policy)i;
			return true;
		}
	}
	return false;
}

const char *invoke_name(enum invoke_policy policy)
{
	return invoke_names[policy];
}

void dealer_init(struct dealer *d, struct turn *turn,
		 const struct procedure_rule *rules, unsigned rule_count,
		 happened_fn *happened, void *ctx)
{
	*d = (struct dealer){ .turn = turn, .rules = rules,
			      .rule_count = rule_count, .happened = happened,
			      .happened_ctx = ctx };
	uri_map_init(&d->registrations, turn_random(turn));
	d->seed = turn_random(turn);
	id_map_init(&d->by_id);
	uri_map_init(&d->waits, turn_random(turn));
	ring_init(&d->waiting);
	ring_init(&d->calls);
	ring_init(&d->spare);
}

void dealer_deinit(struct dealer *d)
{
	assert(ring_is_empty(&d->calls) && !d->by_id.count);
	assert(ring_is_empty(&d->waiting));
	while (!ring_is_empty(&d->spare)) {
		struct call *call = ring_item(d->spare.next, struct call,
					      in_dealer);

		ring_remove(&call->in_dealer);
		buf_deinit(&call->kept);
		free(call);
	}
	uri_map_deinit(&d->registrations);
	uri_map_deinit(&d->waits);
	id_map_deinit(&d->by_id);
	free(d->heap);
	rules_deinit(d);
}

struct registration *dealer_lookup(const struct dealer *d,
				   enum uri_match match, struct bytes uri)
{
	return uri_map_get(&d->registrations, match, uri);
}

struct registration *dealer_match(const struct dealer *d, struct bytes uri)
{
	return uri_map_best(&d->registrations, uri);
}

struct registration *dealer_get(const struct dealer *d, uint64_t id)
{
	return id_map_get(&d->by_id, id);
}

void dealer_each_registration(const struct dealer *d,
			      dealer_registration_fn *fn, void *ctx)
{
	for (size_t i = 0; i < d->by_id.cap; i++)
		if (d->by_id.slots[i].id)
			fn(ctx, d->by_id.slots[i].item);
}

void dealer_tell(struct dealer *d, enum happening what,
		 const struct session *s, const struct registration *r)
{
	if (d->happened)
		d->happened(d->happened_ctx, what, s->id, r);
}

/* --- registrations ------------------------------------------------------- */

void registration_free(struct registration *r)
{
	free((void *)r->uri.data);
	free(r);
}

static uint64_t unused_id(struct dealer *d)
{
	uint64_t id;

	do
		id = turn_random_id(d->turn);
	while (id_map_get(&d->by_id, id));
	return id;
}

struct registration *registration_alloc(struct dealer *d,
					enum uri_match match,
					struct bytes uri)
{
	struct registration *r = calloc(1, sizeof *r);
	uint8_t *copy = malloc(uri.len + 1);

	if (!r || !copy) {
		free(r);
		free(copy);
		return NULL;
	}
	if (uri.len)
		memcpy(copy, uri.data, uri.len);
	r->uri = bytes_of(copy, uri.len);
	r->match = match;
	r->created_unix_ms = d->turn->unix_ms;
	ring_init(&r->callees);
	ring_init(&r->leaving);
	ring_init(&r->queue);
	ring_init(&r->of_waiting);
	return r;
}

static struct registration *registration_new(struct dealer *d,
					     enum uri_match match,
					     struct bytes uri,
					     enum invoke_policy invoke)
{
	const struct procedure_rule *rule = dealer_rule(d, match, uri);
	struct registration *r = registration_alloc(d, match, uri);

	if (!r)
		return NULL;
	r->invoke = rule && rule->pins_invoke ? rule->invoke : invoke;
	r->concurrency_max = rule ? rule->concurrency_max : 0;
	r->queue_max = rule ? rule->queue_max : 0;
	r->id = unused_id(d);
	if (id_map_reserve(&d->by_id, d->by_id.count + 1) ||
	    uri_map_add(&d->registrations, match, r->uri, r)) {
		registration_free(r);
		return NULL;
	}
	id_map_add(&d->by_id, r->id, r);
	return r;
}

void registration_delete(struct dealer *d, struct registration *r)
{
	uri_map_remove(&d->registrations, r->match, r->uri);
	id_map_take(&d->by_id, r->id);
	if (wait_keep(d, r))
		return;
	r->is_over = true;
	queue_fail(d, r, "wamp.error.no_such_procedure",
		   "the last callee has left before the call was begun");
	if (ring_is_empty(&r->leaving))
		registration_free(r);
}

/* --- the messages -------------------------------------------------------- */

struct register_options {
	enum uri_match match;
	enum invoke_policy invoke;
	uint32_t concurrency;
	bool forward_timeout, disclose_caller, force;
};

static const char *read_options(const struct value *options,
				struct register_options *out)
{
	const struct value *v = dict_get(options, "match");
	struct bytes text;
	uint64_t number;

	*out = (struct register_options){ .match = URI_EXACT };
	if (v && !(value_get_str(v, &text) &&
		   uri_match_parse(text, &out->match)))
		return "match: accepted are exact, prefix, wildcard";
	v = dict_get(options, "invoke");
	if (v && !(value_get_str(v, &text) &&
		   invoke_parse(text, &out->invoke)))
		return "invoke: accepted are single, first, last, random, "
		       "roundrobin, leastloaded";
	v = dict_get(options, "concurrency");
	if (v && v->type != VALUE_NULL) {
		if (!value_get_range(v, 1, UINT32_MAX, &number))
			return "concurrency: accepted is an integer from 1";
		out->concurrency = (uint32_t)number;
	}
	out->forward_timeout =
		value_is_true(dict_get(options, "forward_timeout"));
	out->disclose_caller =
		value_is_true(dict_get(options, "disclose_caller"));
	out->force = value_is_true(dict_get(options, "force_reregister"));
	return NULL;
}

static void refuse(struct session *s, const struct message *m,
		   const char *uri, const char *text)
{
	session_error(s, m->type, m->request, uri, text);
}

/* May `s` take the place of those that are there? Answers when not. */
static bool may_force(struct dealer *d, struct session *s,
		      const struct message *m, const struct registration *r)
{
	const struct procedure_rule *rule = dealer_rule(d, r->match, r->uri);

	if (!rule || !rule->denies_force)
		return true;
	refuse(s, m, "wamp.error.not_authorized",
	       "force_reregister is not allowed for this procedure");
	return false;
}

/* May `s` join what is there already? Answers when not. */
static bool may_share(struct dealer *d, struct session *s,
		      const struct message *m, const struct registration *r,
		      const struct register_options *options)
{
	const struct procedure_rule *rule = dealer_rule(d, r->match, r->uri);
	bool pinned = rule && rule->pins_invoke;
	const struct callee *c = callee_find(r, s);
	char text[96];

	if (r->invoke == INVOKE_SINGLE || (c && c->attached)) {
		refuse(s, m, "wamp.error.procedure_already_exists",
		       c && c->attached ? "registered by this session already"
					: "registered already");
		return false;
	}
	if (pinned || options->invoke == r->invoke)
		return true;
	snprintf(text, sizeof text, "registered with invoke %s already",
		 invoke_name(r->invoke));
	refuse(s, m,
	       "wamp.error.procedure_exists_with_different_invocation_policy",
	       text);
	return false;
}

static bool within_limits(struct session *s, const struct message *m,
			  enum uri_match match)
{
	const struct role_limits *l = s->limits;

	if (l->registrations && s->registration_count >= l->registrations) {
		refuse(s, m, "manyhands.error.limit",
		       "too many registrations in this session");
		return false;
	}
	if (match != URI_EXACT && l->patterns &&
	    s->pattern_count >= l->patterns) {
		refuse(s, m, "manyhands.error.limit",
		       "too many patterns in this session");
		return false;
	}
	return true;
}

/* Attaches and answers. */
static void join_registration(struct dealer *d, struct session *s,
			      const struct message *m, struct registration *r,
			      const struct register_options *options)
{
	bool is_first = !r->callee_count;
	struct callee *c = callee_new(r, s);

	if (!c) {
		if (is_first)
			registration_delete(d, r);
		refuse(s, m, "wamp.error.unavailable", "out of memory");
		return;
	}
	c->forward_timeout = options->forward_timeout;
	c->disclose_caller = options->disclose_caller;
	callee_attach(c, options->concurrency);
	session_acknowledge(s, MSG_REGISTERED, m->request, r->id);
	if (is_first)
		dealer_tell(d, REGISTRATION_CREATED, s, r);
	dealer_tell(d, REGISTRATION_REGISTERED, s, r);
	if (is_first)
		wait_end(d, r);
	queue_drain(d, r);
	queue_fail_declined(d, r);
}

/* A callee that has no call in flight goes with its registration. */
static void callee_remove(struct dealer *d, struct callee *c)
{
	callee_detach(d, c);
	if (!c->in_flight)
		callee_free(d, c);
}

static void tell_revoked(struct session *s, uint64_t registration,
			 const char *reason)
{
	struct message m = { .type = MSG_UNREGISTERED };
	struct value details = value_dict();

	if (!(s->features & CALLEE_REVOCATION) ||
	    dict_set(&s->turn->arena, &details, "registration",
		     value_int((int64_t)registration)))
		return;
	if (reason && dict_set(&s->turn->arena, &details, "reason",
			       value_str(reason)))
		return;
	m.options = &details;
	(void)session_send(s, &m);
}

/* All but `kept` go. The reason is a URI, as Crossbar.io's is: Autobahn|Python
 * takes another text for a protocol violation and leaves. */
static void evict(struct dealer *d, struct registration *r,
		  const struct callee *kept)
{
	ring_each_safe(at, &r->callees) {
		struct callee *c = ring_item(at, struct callee,
					     in_registration);

		if (c == kept)
			continue;
		tell_revoked(c->session, r->id, "wamp.error.unregistered");
		callee_remove(d, c);
	}
}

/* The newcomer is there before the others go, so that the registration and
 * its queue live on. */
static void force_registration(struct dealer *d, struct session *s,
			       const struct message *m,
			       struct registration *r,
			       const struct register_options *options)
{
	const struct procedure_rule *rule = dealer_rule(d, r->match, r->uri);
	struct callee *c = callee_find(r, s);
	bool is_new = !c || !c->attached;

	if (is_new && !within_limits(s, m, r->match))
		return;
	if (is_new)
		c = callee_new(r, s);
	if (!c) {
		refuse(s, m, "wamp.error.unavailable", "out of memory");
		return;
	}
	if (!rule || !rule->pins_invoke)
		r->invoke = options->invoke;
	c->forward_timeout = options->forward_timeout;
	c->disclose_caller = options->disclose_caller;
	if (is_new)
		callee_attach(c, options->concurrency);
	else
		callee_want(c, options->concurrency);
	session_acknowledge(s, MSG_REGISTERED, m->request, r->id);
	if (is_new)
		dealer_tell(d, REGISTRATION_REGISTERED, s, r);
	evict(d, r, c);
	queue_drain(d, r);
	queue_fail_declined(d, r);
}

void dealer_register(struct dealer *d, struct session *s,
		     const struct message *m)
{
	struct register_options options;
	const char *wrong = read_options(m->options, &options);
	struct registration *r;

	if (wrong) {
		refuse(s, m, "wamp.error.invalid_argument", wrong);
		return;
	}
	r = dealer_lookup(d, options.match, m->uri);
	if (r && options.force) {
		if (may_force(d, s, m, r))
			force_registration(d, s, m, r, &options);
		return;
	}
	if ((r && !may_share(d, s, m, r, &options)) ||
	    !within_limits(s, m, options.match))
		return;
	if (!r)
		r = registration_new(d, options.match, m->uri,
				     options.invoke);
	if (r)
		join_registration(d, s, m, r, &options);
	else
		refuse(s, m, "wamp.error.unavailable", "out of memory");
}

void dealer_unregister(struct dealer *d, struct session *s,
		       const struct message *m)
{
	struct registration *r = dealer_get(d, m->subject);
	struct callee *c = r ? callee_find(r, s) : NULL;

	if (!c || !c->attached) {
		refuse(s, m, "wamp.error.no_such_registration", NULL);
		return;
	}
	session_acknowledge(s, MSG_UNREGISTERED, m->request, 0);
	callee_remove(d, c);
}

bool dealer_remove_callee(struct dealer *d, uint64_t registration,
			  uint64_t session, const char *reason)
{
	struct registration *r = dealer_get(d, registration);

	if (!r)
		return false;
	ring_each(at, &r->callees) {
		struct callee *c = ring_item(at, struct callee,
					     in_registration);

		if (c->session->id == session) {
			tell_revoked(c->session, registration, reason);
			callee_remove(d, c);
			return true;
		}
	}
	return false;
}
