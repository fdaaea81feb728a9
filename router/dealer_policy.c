/* Which callee gets a call. Spec: "Shared Registration" (advanced), "Load
 * Balancing", "Hot Stand-By"; "Call Re-Routing"; leastloaded is ours. Every
 * policy honours concurrency, and passes over who has declined the call. */
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

/* A callee without a concurrency counts as one with 1. */
static bool is_less_loaded(const struct callee *a, const struct callee *b)
{
	uint64_t room_a = a->concurrency ? a->concurrency : 1;
	uint64_t room_b = b->concurrency ? b->concurrency : 1;

	return a->in_flight * room_b < b->in_flight * room_a;
}

/* From the one after whoever was picked last, so that ties go in turn. */
static struct callee *pick_least(struct registration *r,
				 const struct call *call)
{
	struct ring *start = r->last_picked ?
				     &r->last_picked->in_registration :
				     &r->callees;
	struct ring *at = start;
	struct callee *least = NULL;

	do {
		at = at->next;
		if (at == &r->callees || !is_eligible(at_ring(at), call))
			continue;
		if (!least || is_less_loaded(at_ring(at), least))
			least = at_ring(at);
		if (!least->in_flight)
			break;
	} while (at != start);
	if (least)
		r->last_picked = least;
	return least;
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
			   struct call *call)
{
	if (!r->free_count)
		return NULL;
	if (call->is_sharded && r->invoke != INVOKE_SINGLE) {
		struct callee *c = shard_find(r, call);

		return c && c->is_free ? c : NULL;
	}
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
	case INVOKE_LEASTLOADED:
		return pick_least(r, call);
	}
	return NULL;
}
