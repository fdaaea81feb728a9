/* Calls that wait for a callee: first in, first out, across new and queued
 * ones, with an enforced limit; drained whenever a slot becomes free. */
#include "router/dealer_parts.h"

#include <assert.h>

static struct call *at_queue(struct ring *at)
{
	return ring_item(at, struct call, in_place);
}

static void enter(struct registration *r, struct call *call)
{
	call->state = CALL_QUEUED;
	call->registration = r;
	call->owner = NULL;
	r->queue_count++;
	r->declined_count += call->declined_count > 0;
	r->needy_count += call->needs != 0;
}

int queue_add(struct dealer *d, struct registration *r, struct call *call)
{
	int err;

	(void)d;
	if (r->queue_count - r->declined_count >= r->queue_max)
		return ERR_LIMIT;
	err = call_keep_payload(call);
	if (err)
		return err;
	enter(r, call);
	ring_add(&r->queue, &call->in_place);
	return 0;
}

void queue_put_back(struct registration *r, struct call *call)
{
	assert(call->is_kept);
	enter(r, call);
	ring_push(&r->queue, &call->in_place);
}

void queue_insert(struct registration *r, struct call *call)
{
	struct ring *at = r->queue.prev;

	assert(call->is_kept);
	while (at != &r->queue && at_queue(at)->number > call->number)
		at = at->prev;
	enter(r, call);
	ring_push(at, &call->in_place);
	if (r->queue_carried < r->queue_count - r->declined_count)
		r->queue_carried = r->queue_count - r->declined_count;
}

void queue_remove(struct dealer *d, struct call *call)
{
	struct registration *r = call->registration;

	assert(call->state == CALL_QUEUED);
	ring_remove(&call->in_place);
	call->registration = NULL;
	r->queue_count--;
	r->declined_count -= call->declined_count > 0;
	if (r->queue_carried > r->queue_count - r->declined_count)
		r->queue_carried = r->queue_count - r->declined_count;
	r->needy_count -= call->needs != 0;
	if (r->is_waiting && ring_is_empty(&r->queue))
		wait_forget(d, r);
}

void queue_drain(struct dealer *d, struct registration *r)
{
	ring_each_safe(at, &r->queue) {
		struct call *call = at_queue(at);
		struct callee *c = policy_pick(d, r, call);

		if (!r->free_count)
			return;
		if (!c)
			continue; /* declined by all that are free */
		queue_remove(d, call);
		call_dispatch(d, call, c);
	}
}

static bool is_declined_by_all(const struct registration *r,
			       const struct call *call)
{
	ring_each(at, &r->callees)
		if (!call_is_declined_by(call,
					 ring_item(at, struct callee,
						   in_registration)->session))
			return false;
	return true;
}

void queue_fail_declined(struct dealer *d, struct registration *r)
{
	if ((!r->declined_count && !r->needy_count) ||
	    ring_is_empty(&r->callees))
		return;
	ring_each_safe(at, &r->queue) {
		struct call *call = at_queue(at);

		if (call_needs_too_much(call, r))
			call_fail(d, call, "wamp.error.feature_not_supported",
				  "no callee that is left has announced what "
				  "the call needs");
		else if (is_declined_by_all(r, call))
			call_fail(d, call, "wamp.error.no_available_callee",
				  "all callees have declined the call");
	}
}

void queue_fail(struct dealer *d, struct registration *r, const char *uri,
		const char *text)
{
	/* Where calls only wait, `r` goes with the last one. */
	for (uint32_t left = r->queue_count; left; left--)
		call_fail(d, at_queue(r->queue.next), uri, text);
}
