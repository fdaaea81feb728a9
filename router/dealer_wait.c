/* Calls that wait for a callee to come: a registration without any lives on,
 * or is made, for its queue alone. Ours; the reading is in dealer.h. */
#include "router/dealer_parts.h"

bool wait_allowed(const struct dealer *d, enum uri_match match,
		  struct bytes uri)
{
	const struct procedure_rule *rule = dealer_rule(d, match, uri);

	return rule && rule->waits;
}

static int begin(struct dealer *d, struct registration *r)
{
	int err = uri_map_add(&d->waits, r->match, r->uri, r);

	if (err)
		return err;
	r->is_waiting = true;
	ring_add(&d->waiting, &r->of_waiting);
	return 0;
}

void wait_forget(struct dealer *d, struct registration *r)
{
	uri_map_remove(&d->waits, r->match, r->uri);
	ring_remove(&r->of_waiting);
	r->is_waiting = false;
	r->is_over = true;
	if (ring_is_empty(&r->leaving))
		registration_free(r);
}

/* Where calls of this URI wait. NULL when out of memory. */
static struct registration *place_for(struct dealer *d, struct bytes uri)
{
	struct registration *r = uri_map_get(&d->waits, URI_EXACT, uri);

	if (r)
		return r;
	r = registration_alloc(d, URI_EXACT, uri);
	if (!r)
		return NULL;
	r->queue_max = dealer_rule(d, URI_EXACT, uri)->queue_max;
	if (begin(d, r)) {
		registration_free(r);
		return NULL;
	}
	return r;
}

int wait_add(struct dealer *d, struct call *call)
{
	struct registration *r = place_for(d, call->procedure);
	int err = r ? queue_add(d, r, call) : ERR_NOMEM;

	if (r && !r->queue_count)
		wait_forget(d, r);
	return err;
}

static void move(struct dealer *d, struct call *call, struct registration *to)
{
	queue_remove(d, call);
	queue_insert(to, call);
}

void wait_end(struct dealer *d, struct registration *r)
{
	if (ring_is_empty(&d->waiting) ||
	    (r->match == URI_EXACT && !uri_map_matches_any(&d->waits, r->uri)))
		return;
	/* In the order of age, over all places where they have waited. */
	ring_each(at, &d->calls) {
		struct call *call = ring_item(at, struct call, in_dealer);

		if (call->registration && call->registration->is_waiting &&
		    uri_matches(r->uri, r->match, call->procedure))
			move(d, call, r);
	}
}

static void give_to_others(struct dealer *d, struct registration *r)
{
	ring_each_safe(at, &r->queue) {
		struct call *call = ring_item(at, struct call, in_place);
		struct registration *to = dealer_match(d, call->procedure);

		if (!to)
			continue;
		move(d, call, to);
		queue_drain(d, to);
		queue_fail_declined(d, to);
	}
}

bool wait_keep(struct dealer *d, struct registration *r)
{
	if (!wait_allowed(d, r->match, r->uri))
		return false;
	give_to_others(d, r);
	if (ring_is_empty(&r->queue))
		return false;
	if (!begin(d, r))
		return true;
	queue_fail(d, r, "wamp.error.unavailable", "out of memory");
	return false;
}

struct registration *wait_successor(struct dealer *d, const struct call *call)
{
	struct registration *r = dealer_match(d, call->procedure);

	if (r)
		return r;
	r = call->callee->registration;
	if (r->is_waiting)
		return r;
	return wait_allowed(d, URI_EXACT, call->procedure) ?
		       place_for(d, call->procedure) :
		       NULL;
}
