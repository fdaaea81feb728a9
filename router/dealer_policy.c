/* Which callee gets a call. Spec: "Shared Registration" (advanced), "Load
 * Balancing", "Hot Stand-By"; "Call Re-Routing". Every policy honours
 * concurrency, and passes over who has declined the call. */
#include "router/dealer_parts.h"

static bool is_eligible(const struct callee *c, const struct call *call)
{
	return c->is_free && !call_is_declined_by(call, c->session);
}

static struct callee *at_ring(struct ring *at)
{
	return ring_item(at, struct callee, in_registration);
}

static struct callee *pick_first(struct registration *r,
				 const struct call *call)
{
	ring_each(at, &r->callees)
		if (is_eligible(at_ring(at), call))
			return at_ring(at);
	return NULL;
}

static struct callee *pick_last(struct registration *r,
				const struct call *call)
{
	for (struct ring *at = r->callees.prev; at != &r->callees;
	     at = at->prev)
		if (is_eligible(at_ring(at), call))
			return at_ring(at);
	return NULL;
}

static struct callee *pick_next(struct registration *r,
				const struct call *call)
{
	struct ring *start = r->last_picked ?
				     &r->last_picked->in_registration :
				     &r->callees;
	struct ring *at = start;

	do {
		at = at->next;
		if (at == &r->callees)
			continue;
		if (is_eligible(at_ring(at), call)) {
			r->last_picked = at_ring(at);
			return r->last_picked;
		}
	} while (at != start);
	return NULL;
}

/* Uniform: one of those that are eligible, by going through them once. */
static struct callee *pick_random(struct dealer *d, struct registration *r,
				  const struct call *call)
{
	struct callee *picked = NULL;
	uint64_t seen = 0;

	ring_each(at, &r->callees) {
		if (!is_eligible(at_ring(at), call))
			continue;
		seen++;
		if (turn_random(d->turn) % seen == 0)
			picked = at_ring(at);
	}
	return picked;
}

struct callee *policy_pick(struct dealer *d, struct registration *r,
			   const struct call *call)
{
	if (!r->free_count)
		return NULL;
	switch (r->invoke) {
	case INVOKE_SINGLE:
	case INVOKE_FIRST:
		return pick_first(r, call);
	case INVOKE_LAST:
		return pick_last(r, call);
	case INVOKE_RANDOM:
		return pick_random(d, r, call);
	case INVOKE_ROUNDROBIN:
		return pick_next(r, call);
	}
	return NULL;
}
