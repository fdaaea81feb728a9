/* The dealer's invariants, as dealer.h states them. */
#include "router/dealer_parts.h"

#include <assert.h>

static void check_call(const struct dealer *d, const struct call *call)
{
	if (call->heap_at) {
		assert(call->heap_at <= d->heap_count);
		assert(d->heap[call->heap_at] == call);
		assert(call->state != CALL_ANSWERED);
	}
	if (call->stream)
		stream_check(call);
	if (call->state == CALL_QUEUED) {
		assert(call->registration && !call->callee);
		assert(call->is_kept && !call->registration->is_over);
	} else {
		assert(call->callee && !call->registration);
		assert(id_map_get(&call->callee->session->invocations,
				  call->invocation) == call);
	}
	/* Answered exactly once: open for its caller just as long. */
	if (call->state != CALL_ANSWERED)
		assert(id_map_get(&call->caller->requests, call->request) ==
		       call);
	else
		assert(!call->is_kept);
}

static size_t check_callee(const struct callee *c)
{
	uint32_t in_flight = 0, most = c->concurrency;

	ring_each(at, &c->calls) {
		const struct call *call = ring_item(at, struct call,
						    in_place);

		assert(call->callee == c && call->state != CALL_QUEUED);
		in_flight++;
	}
	assert(in_flight == c->in_flight);
	assert(c->is_free == callee_has_slot(c));
	if (c->carried > most)
		most = c->carried;
	assert(!c->concurrency || in_flight <= most);
	return in_flight;
}

/* Nothing waits while a callee that has not declined it has a free slot, nor
 * for callees that have all declined it. */
static void check_queued(const struct dealer *d, const struct registration *r,
			 const struct call *call)
{
	bool all_declined = true;
	const struct callee *owner = call->is_sharded &&
				     r->invoke != INVOKE_SINGLE ?
					     shard_owner(r, call) :
					     NULL;

	assert(call->state == CALL_QUEUED && call->registration == r);
	assert(!owner || !owner->is_free);
	ring_each(at, &r->callees) {
		const struct callee *c = ring_item(at, struct callee,
						   in_registration);
		bool declined = call_is_declined_by(call, c->session);

		assert(owner || declined || !c->is_free);
		all_declined = all_declined && declined;
	}
	/* Without any callee it waits, for one that does not exist yet. */
	if (r->is_waiting)
		assert(!dealer_match(d, call->procedure));
	else
		assert(!all_declined);
}

static size_t check_queue(const struct dealer *d,
			  const struct registration *r)
{
	uint32_t queued = 0, declined = 0, needy = 0;

	ring_each(at, &r->queue) {
		const struct call *call = ring_item(at, struct call,
						    in_place);

		check_queued(d, r, call);
		queued++;
		declined += call->declined_count > 0;
		needy += call->needs != 0;
	}
	assert(queued == r->queue_count && declined == r->declined_count);
	assert(needy == r->needy_count);
	assert(queued - declined <= r->queue_max ||
	       queued - declined <= r->queue_carried);
	return queued;
}

static size_t check_leaving(const struct registration *r)
{
	size_t calls = 0;

	ring_each(at, &r->leaving) {
		const struct callee *c = ring_item(at, struct callee,
						   in_registration);

		assert(!c->attached && c->in_flight);
		calls += check_callee(c);
	}
	return calls;
}

static size_t check_registration(const struct dealer *d,
				 const struct registration *r)
{
	uint32_t callees = 0, free_count = 0;
	size_t calls = check_queue(d, r) + check_leaving(r);

	assert(!r->is_over && !r->is_waiting && !ring_is_empty(&r->callees));
	assert(dealer_lookup(d, r->match, r->uri) == r);
	ring_each(at, &r->callees) {
		const struct callee *c = ring_item(at, struct callee,
						   in_registration);

		assert(c->attached && c->registration == r);
		calls += check_callee(c);
		callees++;
		free_count += c->is_free;
	}
	assert(callees == r->callee_count && free_count == r->free_count);
	return calls;
}

/* Only for the sake of its queue, and of those that still have calls. */
static size_t check_waiting(const struct dealer *d,
			    const struct registration *r)
{
	assert(r->is_waiting && !r->is_over && !ring_is_empty(&r->queue));
	assert(ring_is_empty(&r->callees) && !r->callee_count);
	assert(!r->free_count);
	assert(uri_map_get(&d->waits, r->match, r->uri) == r);
	return check_queue(d, r) + check_leaving(r);
}

static size_t check_all_waiting(const struct dealer *d)
{
	size_t calls = 0, count = 0;

	ring_each(at, &d->waiting) {
		calls += check_waiting(d, ring_item(at, struct registration,
						    of_waiting));
		count++;
	}
	assert(count == d->waits.count);
	return calls;
}

static void check_heap(const struct dealer *d)
{
	for (size_t i = 2; i <= d->heap_count; i++)
		assert(d->heap[i / 2]->deadline_ms <= d->heap[i]->deadline_ms);
}

void dealer_check(const struct dealer *d)
{
	size_t calls = 0, reached = check_all_waiting(d);

	for (size_t i = 0; i < d->by_id.cap; i++)
		if (d->by_id.slots[i].id)
			reached += check_registration(d,
						      d->by_id.slots[i].item);
	ring_each(at, &d->calls) {
		const struct call *call = ring_item(at, struct call,
						    in_dealer);

		check_call(d, call);
		if (call->callee && call->callee->registration->is_over)
			reached++;
		calls++;
	}
	assert(calls == d->call_count && calls == reached);
	assert(d->registrations.count == d->by_id.count);
	check_heap(d);
}
