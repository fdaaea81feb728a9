/* Deadlines of calls: a binary heap. Spec: "Call Timeouts" (advanced):
 * CALL.Options.timeout in milliseconds; between progressive results it starts
 * anew. */
#include "router/dealer_parts.h"

#include <stdlib.h>

int deadline_reserve(struct dealer *d)
{
	size_t cap = d->heap_cap ? 2 * d->heap_cap : 64;
	struct call **more;

	if (d->call_count + 1 < d->heap_cap)
		return 0;
	more = realloc(d->heap, cap * sizeof *more);
	if (!more)
		return ERR_NOMEM;
	d->heap = more;
	d->heap_cap = cap;
	return 0;
}

static void put(struct dealer *d, size_t at, struct call *call)
{
	d->heap[at] = call;
	call->heap_at = at;
}

static void sift_up(struct dealer *d, size_t at, struct call *call)
{
	while (at > 1 &&
	       d->heap[at / 2]->deadline_ms > call->deadline_ms) {
		put(d, at, d->heap[at / 2]);
		at /= 2;
	}
	put(d, at, call);
}

static void sift_down(struct dealer *d, size_t at, struct call *call)
{
	for (;;) {
		size_t child = 2 * at;

		if (child > d->heap_count)
			break;
		if (child < d->heap_count &&
		    d->heap[child + 1]->deadline_ms <
			    d->heap[child]->deadline_ms)
			child++;
		if (d->heap[child]->deadline_ms >= call->deadline_ms)
			break;
		put(d, at, d->heap[child]);
		at = child;
	}
	put(d, at, call);
}

void deadline_set(struct dealer *d, struct call *call)
{
	deadline_clear(d, call);
	if (!call->timeout_ms)
		return;
	call->deadline_ms = d->turn->now_ms + call->timeout_ms;
	sift_up(d, ++d->heap_count, call);
}

void deadline_clear(struct dealer *d, struct call *call)
{
	size_t at = call->heap_at;
	struct call *last;

	if (!at)
		return;
	call->heap_at = 0;
	call->deadline_ms = 0;
	last = d->heap[d->heap_count--];
	if (last == call)
		return;
	if (at > 1 && d->heap[at / 2]->deadline_ms > last->deadline_ms)
		sift_up(d, at, last);
	else
		sift_down(d, at, last);
}

uint64_t dealer_due_ms(const struct dealer *d)
{
	return d->heap_count ? d->heap[1]->deadline_ms : UINT64_MAX;
}

void dealer_tick(struct dealer *d)
{
	while (dealer_due_ms(d) <= d->turn->now_ms) {
		struct call *call = d->heap[1];

		if (call->state == CALL_IN_FLIGHT && !call->killed)
			call_interrupt(call, "killnowait");
		d->timeouts_total++;
		call_fail(d, call, "wamp.error.timeout", NULL);
	}
}
