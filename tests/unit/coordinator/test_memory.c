#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "coordinator/coord.h"
#include "tests/sim/fake_kind.h"
#include "tests/unit/base/fail_malloc.h"

/*
 * A short life of the coordinator, without a database, in which the n-th
 * allocation fails, for every n: it goes on, refuses that one thing, or ends
 * (EF_DONE), and leaks nothing (under SANITIZE=1).
 */

struct life {
	struct coord *c;
	struct rng rng;
	uint64_t now_ms, seq;
	uint64_t calls[64];
	unsigned called;
	char pass[SECRET_BYTES];
	struct op *ops, **last;
	bool done;
};

static uint64_t life_random(void *ctx)
{
	return rng_next(&((struct life *)ctx)->rng);
}

static void step(struct life *l, const struct coord_event *event);

/* As the store would: rows get their numbers; there is no job yet. */
static void commit(struct life *l)
{
	struct coord_event e = { .type = EV_COMMITTED, .ops = l->ops };

	for (struct op *op = l->ops; op; op = op->next) {
		if (op->row.type)
			op->row.seq = ++l->seq;
		if (op->type == OP_LOAD || op->row.type == LEDGER_DROPPED) {
			op->loaded = FAIL_MALLOC_REAL(calloc)(
				1, sizeof *op->loaded);
			arena_init(&op->loaded->arena, 4096);
		}
	}
	if (!l->ops)
		return;
	l->ops = NULL;
	l->last = &l->ops;
	step(l, &e);
}

static void effect(struct life *l, struct coord_effect *e)
{
	switch (e->type) {
	case EF_CALL:
		if (l->called < 64)
			l->calls[l->called++] = e->lease;
		break;
	case EF_STORE:
		e->op->next = NULL;
		*l->last = e->op;
		l->last = &e->op->next;
		break;
	case EF_PREPARE:
		prep_run(e->prep, &(struct job_env){ .threads = 1 });
		step(l, &(struct coord_event){ .type = EV_PREPARED,
					       .prep = e->prep });
		break;
	case EF_JOINED:
		memcpy(l->pass, e->pass, SECRET_BYTES);
		break;
	case EF_DONE:
		l->done = true;
		break;
	default:
		break;
	}
}

static void step(struct life *l, const struct coord_event *event)
{
	struct coord_effect e;

	coord_step(l->c, event, l->now_ms);
	while (coord_effect(l->c, &e))
		effect(l, &e);
	commit(l);
}

static void join(struct life *l, uint64_t session, bool trusted)
{
	struct coord_event e = { .type = EV_JOIN, .tag = 1 };

	e.join = (struct coord_join){ .session = session,
				      .threads = 1,
				      .trusted = trusted,
				      .device = bytes_str("phone") };
	step(l, &e);
	step(l, &(struct coord_event){ .type = EV_REGISTERED,
				       .session = session });
	step(l, &(struct coord_event){ .type = EV_REGISTERED,
				       .procedure = PROCEDURE_AUDIT,
				       .session = session });
}

static void answer(struct life *l, uint64_t lease, const char *pass)
{
	uint8_t output[8 * FAKE_CHUNK_UNITS];
	struct coord_event e = { .type = EV_RESULT };
	struct coord_call call;

	if (!coord_call(l->c, lease, &call))
		return;
	for (uint64_t i = 0; i < call.count && i < 40; i++)
		put_u64(output + 8 * i, fake_value(call.from + i));
	if (call.audit)
		put_u64(output, fake_value(call.from + call.piece));
	e.result = (struct coord_result){
		.call = lease,
		.lease = lease,
		.units = call.audit || call.count < 40 ? call.count : 40,
		.pass = bytes_str(pass),
		.output = bytes_of(output, call.audit	   ? 8 :
					   call.count < 40 ? 8 * call.count :
							     320),
	};
	step(l, &e);
}

static void live(struct life *l)
{
	struct coord_config config = { .random = life_random,
				       .random_ctx = l,
				       .find_kind = fake_find,
				       .exit_when_done = true };
	char phone[SECRET_BYTES];

	*l = (struct life){ .now_ms = 1000 };
	l->last = &l->ops;
	rng_seed(&l->rng, 1);
	l->c = coord_new(&config);
	if (!l->c)
		return;
	if (coord_queue(l->c, "fake:200") != 0)
		return;
	step(l, &(struct coord_event){ .type = EV_READY });
	join(l, 1, false);
	memcpy(phone, l->pass, sizeof phone);
	join(l, 2, true);
	for (unsigned i = 0; i < l->called && i < 40; i++) {
		l->now_ms += 400;
		step(l, &(struct coord_event){ .type = EV_TICK });
		answer(l, l->calls[i], i % 2 ? phone : l->pass);
	}
	step(l, &(struct coord_event){ .type = EV_LOST });
}

static void test_memory__each_allocation_fails_once(void **state)
{
	unsigned ended = 0;
	size_t n = 1;

	(void)state;
	for (bool hit = true; hit; n++) {
		struct life l;

		fail_malloc_at(n);
		live(&l);
		hit = fail_malloc_off();
		ended += l.done;
		if (!hit) {
			struct coord_status s;

			coord_status(l.c, l.now_ms, &s);
			assert_int_equal(s.units, 200);
			assert_string_equal(s.state, "finished");
		}
		coord_free(l.c);
		assert_true(n < 100000);
	}
	assert_true(ended > 1);
	assert_true(n > 100);
	print_message("%zu allocations\n", n - 2);
	assert_int_equal(fake_planned, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory__each_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
