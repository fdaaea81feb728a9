/* A session's place in a registration: slots, leaving, coming back. Spec:
 * "Shared Registration" (advanced). */
#include "router/dealer_parts.h"

#include <assert.h>
#include <stdlib.h>

bool callee_has_slot(const struct callee *c)
{
	return c->attached && c->session->state == SESSION_ESTABLISHED &&
	       (!c->concurrency || c->in_flight < c->concurrency);
}

void callee_update(struct callee *c)
{
	bool is_free = callee_has_slot(c);

	if (is_free && !c->is_free)
		c->registration->free_count++;
	if (!is_free && c->is_free)
		c->registration->free_count--;
	c->is_free = is_free;
	if (c->carried > c->in_flight)
		c->carried = c->in_flight;
}

struct callee *callee_find(const struct registration *r,
			   const struct session *s)
{
	ring_each(at, &s->callees) {
		struct callee *c = ring_item(at, struct callee, of_session);

		if (c->registration == r)
			return c;
	}
	return NULL;
}

/* Left over from an earlier registering of the same procedure: the calls that
 * it still has to answer go on counting. */
static struct callee *callee_find_leaving(const struct registration *r,
					  const struct session *s)
{
	ring_each(at, &s->callees) {
		struct callee *c = ring_item(at, struct callee, of_session);

		if (!c->attached && c->registration->match == r->match &&
		    bytes_equal(c->registration->uri, r->uri))
			return c;
	}
	return NULL;
}

static void leave_registration(struct callee *c)
{
	struct registration *r = c->registration;

	ring_remove(&c->in_registration);
	if (r->is_over && ring_is_empty(&r->leaving))
		registration_free(r);
}

static struct callee *callee_revive(struct callee *c, struct registration *r)
{
	if (c->registration != r)
		leave_registration(c);
	else
		ring_remove(&c->in_registration);
	c->registration = r;
	c->carried = c->in_flight;
	return c;
}

struct callee *callee_new(struct registration *r, struct session *s)
{
	struct callee *c = callee_find_leaving(r, s);

	if (c)
		return callee_revive(c, r);
	c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	c->registration = r;
	c->session = s;
	ring_init(&c->in_registration);
	ring_init(&c->calls);
	ring_add(&s->callees, &c->of_session);
	return c;
}

static uint32_t lowered(uint32_t wanted, uint32_t max)
{
	return max && (!wanted || wanted > max) ? max : wanted;
}

void callee_attach(struct callee *c, uint32_t concurrency)
{
	struct registration *r = c->registration;

	c->wanted = concurrency;
	c->concurrency = lowered(concurrency, r->concurrency_max);
	c->attached = true;
	r->membership++;
	ring_add(&r->callees, &c->in_registration);
	r->callee_count++;
	c->session->registration_count++;
	c->session->pattern_count += r->match != URI_EXACT;
	callee_update(c);
}

void callee_limit(struct callee *c)
{
	c->concurrency = lowered(c->wanted, c->registration->concurrency_max);
	c->carried = c->in_flight;
	callee_update(c);
}

void callee_want(struct callee *c, uint32_t concurrency)
{
	c->wanted = concurrency;
	callee_limit(c);
}

void callee_free(struct dealer *d, struct callee *c)
{
	(void)d;
	assert(!c->attached && ring_is_empty(&c->calls));
	leave_registration(c);
	ring_remove(&c->of_session);
	free(c);
}

void callee_done(struct dealer *d, struct callee *c)
{
	c->in_flight--;
	callee_update(c);
	if (c->attached)
		queue_drain(d, c->registration);
	else if (!c->in_flight)
		callee_free(d, c);
}

static void note(struct callee_work *work, enum word word, uint64_t ms)
{
	if (word == WORD_DECLINED) {
		work->declined++;
		return;
	}
	work->busy_ms += ms;
	if (word == WORD_DONE)
		work->done++;
	else
		work->errors++;
}

void callee_note(const struct dealer *d, const struct call *call,
		 enum word word)
{
	uint64_t ms = d->turn->now_ms - call->begun_ms;

	note(&call->callee->work, word, ms);
	note(&call->callee->registration->work, word, ms);
}

/* roundrobin goes on with the one after whoever has left. */
static void step_back(struct registration *r, struct callee *c)
{
	struct ring *before = c->in_registration.prev;

	if (r->last_picked != c)
		return;
	r->last_picked = before == &r->callees ?
				 NULL :
				 ring_item(before, struct callee,
					   in_registration);
}

void callee_detach(struct dealer *d, struct callee *c)
{
	struct registration *r = c->registration;
	struct session *s = c->session;
	bool is_last = r->callee_count == 1;

	step_back(r, c);
	c->attached = false;
	r->membership++;
	callee_update(c);
	ring_remove(&c->in_registration);
	ring_add(&r->leaving, &c->in_registration);
	r->callee_count--;
	s->registration_count--;
	s->pattern_count -= r->match != URI_EXACT;
	dealer_tell(d, REGISTRATION_UNREGISTERED, s, r);
	if (is_last) {
		dealer_tell(d, REGISTRATION_DELETED, s, r);
		registration_delete(d, r);
	} else {
		queue_fail_declined(d, r);
		/* Its shards are another's now, who may be free. */
		queue_drain(d, r);
	}
}
