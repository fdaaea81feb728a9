#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker/pool.h"

enum { THREADS = 4, CHUNKS = 200, UNITS = 8, PATIENCE_MS = 20000 };

/* A position whose 64-term blocks are many. */
static const uint8_t small_input[9] = { 1, 0x10, 0x27, 0, 0, 64, 0, 0, 0 };
/* Blocks of 2^20 terms at 10^8: hours for the whole chunk. */
static const uint8_t large_input[9] = { 1,    0x00, 0xe1, 0xf5, 0x05,
					0x00, 0x00, 0x10, 0x00 };

static struct core_chunk chunk_of(const uint8_t *input, uint64_t from,
				  uint64_t count)
{
	return (struct core_chunk){
		.kind = kind_find(bytes_str("pi")),
		.chunk = { .from = from,
			   .count = count,
			   .piece = PIECE_ALL,
			   .input = bytes_of(input, 9) },
		.budget_ms = CORE_NO_BUDGET,
	};
}

/* Waits for a result; the tests' own time limit is only to end them. */
static struct pool_result take(struct pool *p)
{
	struct pool_result r;

	pool_wait(p, PATIENCE_MS);
	assert_true(pool_take(p, &r));
	return r;
}

static void expect_alone(const struct core_chunk *c, struct bytes got)
{
	const struct compute_ops *ops = c->kind->compute;
	struct compute *compute;
	struct buf out;
	struct why why;

	buf_init(&out);
	assert_int_equal(ops->begin(&compute, &c->chunk, &why), 0);
	while (ops->slice(compute) < c->chunk.count)
		;
	assert_int_equal(ops->end(compute, &out), 0);
	assert_true(bytes_equal(buf_bytes(&out), got));
	ops->free(compute);
	buf_deinit(&out);
}

static void test_pool__threads_compute_what_one_does(void **state)
{
	struct pool *p = pool_new(THREADS, NULL, NULL);
	struct core_chunk chunks[THREADS];
	unsigned given = 0, taken = 0;

	(void)state;
	assert_non_null(p);
	for (; given < THREADS; given++) {
		chunks[given] = chunk_of(small_input, given, UNITS);
		pool_start(p, given, &chunks[given]);
	}
	while (taken < CHUNKS) {
		struct pool_result r = take(p);

		taken++;
		assert_int_equal(r.result.err, 0);
		assert_int_equal(r.result.units, UNITS);
		if (taken % 20 == 0)
			expect_alone(&chunks[r.thread], r.result.output);
		if (given == CHUNKS)
			continue;
		chunks[r.thread] = chunk_of(small_input, given % 97, UNITS);
		pool_start(p, r.thread, &chunks[r.thread]);
		given++;
	}
	pool_free(p);
}

static void test_pool__a_budget_ends_it_after_some_units(void **state)
{
	struct pool *p = pool_new(1, NULL, NULL);
	struct core_chunk c = chunk_of(large_input, 0, 64);
	struct pool_result r;

	(void)state;
	assert_non_null(p);
	c.budget_ms = 0;
	pool_start(p, 0, &c);
	r = take(p);
	assert_int_equal(r.result.err, 0);
	assert_in_range(r.result.units, 1, 63);
	assert_int_equal(r.result.output.len, 1 + 16 * r.result.units);
	pool_free(p);
}

static void test_pool__stopped_and_wanted_or_not(void **state)
{
	struct pool *p = pool_new(2, NULL, NULL);
	struct core_chunk c = chunk_of(large_input, 0, 64);

	(void)state;
	assert_non_null(p);
	pool_start(p, 0, &c);
	pool_start(p, 1, &c);
	pool_stop(p, 0, true);
	pool_stop(p, 1, true);
	pool_stop(p, 1, false);
	pool_stop(p, 1, true); /* what is unwanted stays so */
	for (int i = 0; i < 2; i++) {
		struct pool_result r = take(p);

		assert_int_equal(r.result.err, 0);
		assert_in_range(r.result.units, 0, r.thread == 0 ? 63 : 0);
		assert_int_equal(r.result.output.len,
				 r.result.units ? 1 + 16 * r.result.units : 0);
	}
	/* A thread that was stopped takes the next chunk. */
	c = chunk_of(small_input, 0, UNITS);
	pool_start(p, 1, &c);
	assert_int_equal(take(p).result.units, UNITS);
	pool_free(p);
}

static void test_pool__a_refused_input(void **state)
{
	struct pool *p = pool_new(1, NULL, NULL);
	struct core_chunk c = chunk_of(small_input, 0, UNITS);
	struct pool_result r;

	(void)state;
	assert_non_null(p);
	c.chunk.input.len = 3;
	pool_start(p, 0, &c);
	r = take(p);
	assert_int_equal(r.result.err, ERR_MALFORMED);
	assert_non_null(strstr(r.result.why, "3 bytes"));
	assert_int_equal(r.result.units, 0);
	pool_free(p);
}

static void test_pool__freed_while_it_computes(void **state)
{
	struct pool *p = pool_new(THREADS, NULL, NULL);
	struct core_chunk c = chunk_of(large_input, 0, 64);

	(void)state;
	assert_non_null(p);
	for (unsigned i = 0; i < THREADS; i++)
		pool_start(p, i, &c);
	pool_free(p);
}

static void on_wake(void *ctx)
{
	unsigned *wakes = ctx;

	__atomic_add_fetch(wakes, 1, __ATOMIC_SEQ_CST);
}

static void test_pool__wakes_its_owner(void **state)
{
	unsigned wakes = 0;
	struct pool *p = pool_new(1, on_wake, &wakes);
	struct core_chunk c = chunk_of(small_input, 0, UNITS);

	(void)state;
	assert_non_null(p);
	pool_start(p, 0, &c);
	take(p);
	pool_free(p);
	assert_int_equal(wakes, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pool__threads_compute_what_one_does),
		cmocka_unit_test(test_pool__a_budget_ends_it_after_some_units),
		cmocka_unit_test(test_pool__stopped_and_wanted_or_not),
		cmocka_unit_test(test_pool__a_refused_input),
		cmocka_unit_test(test_pool__freed_while_it_computes),
		cmocka_unit_test(test_pool__wakes_its_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
