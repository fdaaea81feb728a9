/*
 * crowd_world: what a crowd (crowd.h) is, its queue of events, the router of
 * the simulation, and what becomes of coord's effects. For crowd.h only.
 */
#ifndef TESTS_CROWD_WORLD_H
#define TESTS_CROWD_WORLD_H

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/coord.h"
#include "coordinator/store.h"
#include "tests/sim/fake_kind.h"

enum {
	CROWD_COMMIT_MS = 20,
	CROWD_TICK_MS = 100,
	CROWD_FIRST_BUDGET_MS = 250,
	CROWD_SLOTS = 2,
};

struct crowd_device {
	/* Settings. */
	double speed;        /* of the reference core, a thread */
	double units_per_s;  /* or so many units a second; 0: by speed */
	unsigned threads;
	bool trusted;
	unsigned latency_ms; /* one way */
	double forge;        /* part of the results that are forged */
	double garbage;      /* part that is refused at once */
	double stall;        /* part of the chunks that take stall_ms more */
	uint32_t stall_ms;
	uint32_t stay_ms, away_ms; /* means; 0: stays */

	/* State. */
	uint64_t session; /* 0: away */
	uint64_t donor;
	char token[SECRET_BYTES], pass[SECRET_BYTES];
	bool registered;
	unsigned calls, computing;
	struct crowd_call *first; /* its open calls, in order */
	uint32_t budget_ms;
	uint64_t results, forged;
};

/* A call that is open at the router. */
struct crowd_call {
	uint64_t lease, from, count, seed, piece;
	uint32_t budget_ms;
	bool audit, open, arrived, started;
	unsigned refs; /* events that know it */
	struct crowd_call *next; /* of the same device */
	const struct kind *kind;
	struct buf input;
	unsigned device;
	uint64_t session; /* of the device, when it was called */
};

enum crowd_what {
	CROWD_COMMIT,
	CROWD_TICK,
	CROWD_PREPARED,
	CROWD_JOIN,
	CROWD_REGISTER,
	CROWD_ARRIVE, /* of a call at its device */
	CROWD_FINISH, /* the device has computed */
	CROWD_RESULT, /* at the coordinator */
	CROWD_FAIL,
	CROWD_TIMEOUT,
	CROWD_LEAVE,
};

struct crowd_event {
	uint64_t at_ms, order; /* order: of those at the same time */
	enum crowd_what what;
	unsigned device;
	struct crowd_call *call; /* the last event of it frees it */
	struct prep *prep;
	struct buf *output;      /* owned */
	uint64_t units;
	enum coord_failure failure;
};

struct crowd {
	struct coord *coord;
	struct store *store;
	struct rng rng, secret;
	uint64_t now_ms, order, unix_ms;
	struct crowd_event *heap; /* owned */
	size_t count, cap;
	struct crowd_device *devices; /* owned */
	unsigned device_count, next_device;
	struct op *ops, **last_op;
	struct map calls; /* lease -> struct crowd_call */
	uint64_t last_session;
	bool done;
	int done_err;
	/* Counted. */
	uint64_t called, busy, joined, finished, refused, told, logged;
	bool verbose;
};

/* --- small things -------------------------------------------------------- */

static uint64_t crowd_random(void *ctx)
{
	struct crowd *w = ctx;

	return rng_next(&w->secret);
}

static bool crowd_happens(struct crowd *w, double odds)
{
	return odds > 0 && rng_real(&w->rng) < odds;
}

/* Around the mean, from a quarter to seven quarters. */
static uint64_t crowd_about(struct crowd *w, uint32_t mean)
{
	return mean / 4 + rng_below(&w->rng, mean + mean / 2 + 1);
}

static bool crowd_before(const struct crowd_event *a,
			 const struct crowd_event *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms :
				      a->order < b->order;
}

static void crowd_push(struct crowd *w, struct crowd_event e)
{
	size_t i = w->count++;

	if (w->count > w->cap) {
		w->cap = w->cap ? 2 * w->cap : 256;
		w->heap = realloc(w->heap, w->cap * sizeof *w->heap);
		assert(w->heap);
	}
	e.order = w->order++;
	if (e.call)
		e.call->refs++;
	while (i && crowd_before(&e, &w->heap[(i - 1) / 2])) {
		w->heap[i] = w->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	w->heap[i] = e;
}

static struct crowd_event crowd_pop(struct crowd *w)
{
	struct crowd_event first = w->heap[0], last = w->heap[--w->count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < w->count) {
		if (child + 1 < w->count &&
		    crowd_before(&w->heap[child + 1], &w->heap[child]))
			child++;
		if (!crowd_before(&w->heap[child], &last))
			break;
		w->heap[i] = w->heap[child];
		i = child;
	}
	w->heap[i] = last;
	return first;
}

static void crowd_at(struct crowd *w, uint64_t in_ms, enum crowd_what what,
		     unsigned device, struct crowd_call *call)
{
	crowd_push(w, (struct crowd_event){ .at_ms = w->now_ms + in_ms,
					    .what = what,
					    .device = device,
					    .call = call });
}

static void crowd_unref(struct crowd_call *call)
{
	if (!call || --call->refs)
		return;
	buf_deinit(&call->input);
	free(call);
}

/* --- the router ---------------------------------------------------------- */

static void crowd_fail(struct crowd *w, struct crowd_call *call,
		       enum coord_failure failure, uint64_t in_ms)
{
	crowd_push(w, (struct crowd_event){ .at_ms = w->now_ms + in_ms,
					    .what = CROWD_FAIL,
					    .call = call,
					    .failure = failure });
}

/* Round robin over those with a free slot. */
static int crowd_pick(struct crowd *w, bool audit)
{
	for (unsigned i = 0; i < w->device_count; i++) {
		unsigned at = (w->next_device + i) % w->device_count;
		struct crowd_device *d = &w->devices[at];

		if (d->session && d->registered && (!audit || d->trusted) &&
		    d->calls < CROWD_SLOTS * d->threads) {
			w->next_device = (at + 1) % w->device_count;
			return (int)at;
		}
	}
	return -1;
}

static void crowd_append(struct crowd_device *d, struct crowd_call *call)
{
	struct crowd_call **at = &d->first;

	while (*at)
		at = &(*at)->next;
	*at = call;
	d->calls++;
}

static void crowd_remove(struct crowd_device *d, struct crowd_call *call)
{
	struct crowd_call **at = &d->first;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	call->next = NULL;
	d->calls--;
}

static void crowd_call(struct crowd *w, uint64_t lease)
{
	struct crowd_call *call;
	struct coord_call c;
	int device;

	if (!coord_call(w->coord, lease, &c))
		return;
	call = calloc(1, sizeof *call);
	assert(call && map_put(&w->calls, lease, call) == 0);
	buf_init(&call->input);
	buf_add_bytes(&call->input, c.input);
	call->lease = lease;
	call->open = true;
	call->audit = c.audit;
	call->from = c.from;
	call->count = c.count;
	call->seed = c.seed;
	call->piece = c.piece;
	call->budget_ms = c.budget_ms;
	call->kind = fake_find(bytes_str(c.kind));
	w->called++;
	device = crowd_pick(w, c.procedure == PROCEDURE_AUDIT);
	if (device < 0) {
		w->busy++;
		crowd_fail(w, call, FAILURE_BUSY, 1);
		return;
	}
	call->device = (unsigned)device;
	call->session = w->devices[device].session;
	crowd_append(&w->devices[device], call);
	crowd_at(w, w->devices[device].latency_ms, CROWD_ARRIVE,
		 call->device, call);
	crowd_at(w, c.timeout_ms, CROWD_TIMEOUT, call->device, call);
}

/* Closed for the coordinator; the slot at the device is free. */
static void crowd_close(struct crowd *w, struct crowd_call *call)
{
	struct crowd_device *d = &w->devices[call->device];

	if (call->session && d->session == call->session)
		crowd_remove(d, call);
	call->open = false;
	map_del(&w->calls, call->lease);
}

/* --- effects ------------------------------------------------------------- */

static void crowd_store(struct crowd *w, struct op *op)
{
	if (!w->ops)
		crowd_at(w, CROWD_COMMIT_MS, CROWD_COMMIT, 0, NULL);
	op->next = NULL;
	*w->last_op = op;
	w->last_op = &op->next;
}

static void crowd_joined(struct crowd *w, const struct coord_effect *e)
{
	struct crowd_device *d = &w->devices[e->tag - 1];

	snprintf(d->token, sizeof d->token, "%s", e->token);
	snprintf(d->pass, sizeof d->pass, "%s", e->pass);
	d->donor = e->donor;
	w->joined++;
	crowd_at(w, 2 * d->latency_ms, CROWD_REGISTER,
		 (unsigned)(e->tag - 1), NULL);
}

static void crowd_unregister(struct crowd *w, uint64_t session)
{
	for (unsigned i = 0; i < w->device_count; i++)
		if (w->devices[i].session == session)
			w->devices[i].registered = false;
}

static void crowd_effect(struct crowd *w, struct coord_effect *e)
{
	switch (e->type) {
	case EF_CALL:
		crowd_call(w, e->lease);
		break;
	case EF_STORE:
		crowd_store(w, e->op);
		break;
	case EF_PREPARE:
		prep_run(e->prep, &(struct job_env){ .threads = 1 });
		crowd_push(w, (struct crowd_event){ .at_ms = w->now_ms + 10,
						    .what = CROWD_PREPARED,
						    .prep = e->prep });
		break;
	case EF_JOINED:
		crowd_joined(w, e);
		break;
	case EF_REMOVE:
		crowd_unregister(w, e->session);
		break;
	case EF_REFUSE:
		w->refused++;
		break;
	case EF_LOG:
		w->logged++;
		if (w->verbose)
			printf("%8.1f s  %s\n", (double)w->now_ms / 1e3,
			       e->why.text);
		break;
	case EF_TELL_FINISHED:
		w->finished++;
		break;
	case EF_DONE:
		w->done = true;
		w->done_err = e->err;
		break;
	default:
		w->told++;
		break;
	}
}

static void crowd_step(struct crowd *w, const struct coord_event *event)
{
	struct coord_effect e;

	coord_step(w->coord, event, w->now_ms);
	while (coord_effect(w->coord, &e))
		crowd_effect(w, &e);
}

#endif
