/*
 * hall: coord's step by hand, on a store: what it calls is kept, what it
 * stores is committed at once (or held back), what it prepares is prepared at
 * once.
 */
#ifndef TEST_COORDINATOR_HALL_H
#define TEST_COORDINATOR_HALL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "coordinator/coord.h"
#include "coordinator/store.h"
#include "tests/sim/fake_kind.h"

#define UNUSED_OK __attribute__((unused))

enum { CALLS_MAX = 512, PHONE = 11, LAPTOP = 12, TRUSTED = 13 };

struct hall {
	struct coord *c;
	struct store *store;
	struct rng rng;
	uint64_t now_ms;
	uint64_t calls[CALLS_MAX];
	unsigned called;
	bool hold; /* commits wait */
	bool hold_preps;
	struct prep *prep; /* that waits */
	struct op *held, **last;
	char token[SECRET_BYTES], pass[SECRET_BYTES], why[256];
	uint64_t donor, removed, cancelled, tag;
	unsigned replies, refused, boards, finished, found;
	bool done;
};

UNUSED_OK static uint64_t hall_random(void *ctx)
{
	return rng_next(&((struct hall *)ctx)->rng);
}

static void step(struct hall *h, const struct coord_event *e);

UNUSED_OK static void commit(struct hall *h)
{
	struct coord_event e = { .type = EV_COMMITTED, .ops = h->held };
	struct why why = { "" };

	if (!h->held)
		return;
	if (store_apply(h->store, h->held, 1700000000000 + h->now_ms, &why))
		fail_msg("%s", why.text);
	h->held = NULL;
	h->last = &h->held;
	step(h, &e);
}

UNUSED_OK static void prepare(struct hall *h, struct prep *prep)
{
	prep_run(prep, &(struct job_env){ .threads = 1 });
	step(h, &(struct coord_event){ .type = EV_PREPARED, .prep = prep });
}

UNUSED_OK static void effect(struct hall *h, struct coord_effect *e)
{
	switch (e->type) {
	case EF_CALL:
		assert_true(h->called < CALLS_MAX);
		h->calls[h->called++] = e->lease;
		break;
	case EF_STORE:
		e->op->next = NULL;
		*h->last = e->op;
		h->last = &e->op->next;
		break;
	case EF_PREPARE:
		if (h->hold_preps)
			h->prep = e->prep;
		else
			prepare(h, e->prep);
		break;
	case EF_JOINED:
		memcpy(h->token, e->token, SECRET_BYTES);
		memcpy(h->pass, e->pass, SECRET_BYTES);
		h->donor = e->donor;
		h->tag = e->tag;
		break;
	case EF_REPLY:
		h->replies++;
		break;
	case EF_REFUSE:
		h->refused++;
		snprintf(h->why, sizeof h->why, "%s", e->why.text);
		break;
	case EF_REMOVE:
		h->removed = e->session;
		break;
	case EF_CANCEL:
		h->cancelled = e->lease;
		break;
	case EF_TELL_BOARD:
		h->boards++;
		break;
	case EF_TELL_FINISHED:
		h->finished++;
		break;
	case EF_TELL_FOUND:
		h->found++;
		break;
	case EF_DONE:
		h->done = true;
		break;
	default:
		break;
	}
}

UNUSED_OK static void step(struct hall *h, const struct coord_event *event)
{
	struct coord_effect e;

	coord_step(h->c, event, h->now_ms);
	while (coord_effect(h->c, &e))
		effect(h, &e);
	if (!h->hold)
		commit(h);
}

UNUSED_OK static void open_hall(struct hall *h, const char *path)
{
	struct coord_config config = { .random = hall_random,
				       .random_ctx = h,
				       .find_kind = fake_find,
				       .exit_when_done = true };
	struct why why = { "" };

	*h = (struct hall){ .now_ms = 1000 };
	h->last = &h->held;
	fake_planned = 0;
	rng_seed(&h->rng, 3);
	h->c = coord_new(&config);
	assert_non_null(h->c);
	if (store_open(&h->store, path, &why) != 0 ||
	    store_read(h->store, &coord_reader, h->c, &why) != 0)
		fail_msg("%s", why.text);
}

UNUSED_OK static void tick(struct hall *h)
{
	step(h, &(struct coord_event){ .type = EV_TICK });
}

UNUSED_OK static void wait_ms(struct hall *h, uint64_t ms)
{
	uint64_t end = h->now_ms + ms;

	while (h->now_ms < end) {
		h->now_ms += end - h->now_ms < 100 ? end - h->now_ms : 100;
		tick(h);
	}
}

UNUSED_OK static void begin(struct hall *h, const char *spec)
{
	open_hall(h, ":memory:");
	assert_int_equal(coord_queue(h->c, spec), 0);
	step(h, &(struct coord_event){ .type = EV_READY });
}

UNUSED_OK static void end(struct hall *h)
{
	struct op *op = h->held;

	while (op) {
		struct op *next = op->next;

		op_free(op);
		op = next;
	}
	coord_free(h->c);
	store_close(h->store);
	assert_int_equal(fake_planned, 0);
}

UNUSED_OK
static void join_as(struct hall *h, uint64_t session, unsigned threads,
		    const char *token, const char *name, bool trusted)
{
	struct coord_event e = { .type = EV_JOIN, .tag = 5 };

	e.join = (struct coord_join){ .session = session,
				      .threads = threads,
				      .trusted = trusted,
				      .token = bytes_str(token),
				      .name = bytes_str(name),
				      .device = bytes_str("phone") };
	step(h, &e);
}

UNUSED_OK static void registered(struct hall *h, uint64_t session, bool audit)
{
	step(h, &(struct coord_event){
			.type = EV_REGISTERED,
			.session = session,
			.procedure = audit ? PROCEDURE_AUDIT :
					     PROCEDURE_CHUNK });
}

/* Joined and registered; the pass is copied. */
UNUSED_OK
static void come(struct hall *h, uint64_t session, unsigned threads,
		 bool trusted, char pass[SECRET_BYTES])
{
	join_as(h, session, threads, "", "", trusted);
	memcpy(pass, h->pass, SECRET_BYTES);
	if (trusted)
		registered(h, session, true);
	registered(h, session, false);
}

/* The true output of a call that was made, `units` of it. */
UNUSED_OK
static void compute_call(struct hall *h, uint64_t lease, uint64_t units,
			 struct buf *out)
{
	struct coord_call call;
	struct chunk chunk;
	struct compute *c;
	struct why why;

	assert_true(coord_call(h->c, lease, &call));
	chunk = (struct chunk){ .from = call.from,
				.count = units,
				.piece = call.piece,
				.input = call.input };
	assert_int_equal(fake_begin(&c, &chunk, &why), 0);
	while (fake_slice(c) < units)
		;
	assert_int_equal(fake_end(c, out), 0);
	fake_compute_free(c);
}

UNUSED_OK
static void say_result(struct hall *h, uint64_t lease, uint64_t says,
		       const char *pass, uint64_t units, struct bytes output)
{
	struct coord_event e = { .type = EV_RESULT };

	e.result = (struct coord_result){ .call = lease,
					  .lease = says,
					  .units = units,
					  .pass = bytes_str(pass),
					  .output = output };
	step(h, &e);
}

/* units 0: all that was asked. */
UNUSED_OK
static void answer(struct hall *h, uint64_t lease, const char *pass,
		   uint64_t units, bool lie)
{
	struct coord_call call;
	struct buf out;

	assert_true(coord_call(h->c, lease, &call));
	units = units ? units : call.count;
	buf_init(&out);
	compute_call(h, lease, units, &out);
	if (lie)
		out.data[0] ^= 1;
	say_result(h, lease, lease, pass, units, buf_bytes(&out));
	buf_deinit(&out);
}

UNUSED_OK
static void fails(struct hall *h, uint64_t lease, enum coord_failure failure)
{
	step(h, &(struct coord_event){ .type = EV_FAILED,
				       .lease = lease,
				       .failure = failure });
}

UNUSED_OK static struct coord_status look(const struct hall *h)
{
	struct coord_status s;

	coord_status(h->c, h->now_ms, &s);
	return s;
}

UNUSED_OK static uint64_t from_of(const struct hall *h, unsigned i)
{
	struct coord_call call;

	assert_true(coord_call(h->c, h->calls[i], &call));
	return call.from;
}

#endif
