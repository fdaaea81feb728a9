#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "coordinator/ranges.h"

static void test_ranges__all_free_at_first(void **state)
{
	struct ranges *r = ranges_new(100);
	uint64_t from, count;

	(void)state;
	assert_true(ranges_first_free(r, &from, &count));
	assert_int_equal(from, 0);
	assert_int_equal(count, 100);
	assert_int_equal(ranges_units(r, RANGE_FREE), 100);
	ranges_free(r);
}

static void test_ranges__no_units(void **state)
{
	struct ranges *r = ranges_new(0);
	uint64_t from, count;

	(void)state;
	assert_false(ranges_first_free(r, &from, &count));
	assert_int_equal(ranges_move(r, 0, 1, RANGE_FREE, RANGE_LENT),
			 ERR_RANGE);
	ranges_free(r);
}

static void test_ranges__part_done_and_rest_back(void **state)
{
	struct ranges *r = ranges_new(100);
	uint64_t from, count;

	(void)state;
	assert_int_equal(ranges_move(r, 0, 40, RANGE_FREE, RANGE_LENT), 0);
	assert_int_equal(ranges_move(r, 0, 25, RANGE_LENT, RANGE_DONE), 0);
	assert_int_equal(ranges_move(r, 25, 15, RANGE_LENT, RANGE_FREE), 0);
	assert_true(ranges_first_free(r, &from, &count));
	assert_int_equal(from, 25);
	assert_int_equal(count, 75); /* joined with the rest */
	assert_int_equal(ranges_intervals(r), 2);
	ranges_free(r);
}

static void test_ranges__done_is_not_done_again(void **state)
{
	struct ranges *r = ranges_new(100);

	(void)state;
	assert_int_equal(ranges_move(r, 10, 20, RANGE_FREE, RANGE_LENT), 0);
	assert_int_equal(ranges_move(r, 10, 20, RANGE_LENT, RANGE_DONE), 0);
	assert_int_equal(ranges_move(r, 10, 20, RANGE_LENT, RANGE_DONE),
			 ERR_STATE);
	assert_int_equal(ranges_move(r, 29, 2, RANGE_FREE, RANGE_LENT),
			 ERR_STATE);
	assert_int_equal(ranges_units(r, RANGE_DONE), 20);
	ranges_free(r);
}

static void test_ranges__outside_is_refused(void **state)
{
	struct ranges *r = ranges_new(100);

	(void)state;
	assert_int_equal(ranges_move(r, 90, 11, RANGE_FREE, RANGE_LENT),
			 ERR_RANGE);
	assert_int_equal(ranges_move(r, 5, UINT64_MAX, RANGE_FREE, RANGE_LENT),
			 ERR_RANGE);
	assert_int_equal(ranges_move(r, 5, 0, RANGE_FREE, RANGE_LENT),
			 ERR_RANGE);
	ranges_free(r);
}

enum { MODEL_UNITS = 300, MODEL_STEPS = 40000 };

static void compare(const struct ranges *r, const uint8_t *model)
{
	uint64_t units[RANGE_STATES] = { 0 }, from = 0, count = 0;
	unsigned intervals = 0, first = MODEL_UNITS;

	for (unsigned i = 0; i < MODEL_UNITS; i++) {
		units[model[i]]++;
		intervals += i == 0 || model[i] != model[i - 1];
		if (model[i] == RANGE_FREE && first == MODEL_UNITS)
			first = i;
	}
	for (unsigned s = 0; s < RANGE_STATES; s++)
		assert_int_equal(ranges_units(r, s), units[s]);
	assert_int_equal(ranges_intervals(r), intervals);
	assert_int_equal(ranges_first_free(r, &from, &count),
			 first < MODEL_UNITS);
	if (first < MODEL_UNITS)
		assert_int_equal(from, first);
}

/* Against one byte a unit, with moves at random, most of them refused. */
static void test_ranges__as_the_model(void **state)
{
	struct ranges *r = ranges_new(MODEL_UNITS);
	uint8_t model[MODEL_UNITS] = { 0 };
	struct rng rng;

	(void)state;
	rng_seed(&rng, 7);
	for (unsigned step = 0; step < MODEL_STEPS; step++) {
		uint32_t from = rng_below(&rng, MODEL_UNITS);
		uint32_t count = 1 + rng_below(&rng, 12);
		uint8_t was = model[from];
		uint8_t now = (uint8_t)rng_below(&rng, RANGE_STATES);
		int want = 0;

		if (count > MODEL_UNITS - from)
			want = ERR_RANGE;
		for (uint32_t i = 0; !want && i < count; i++)
			if (model[from + i] != was)
				want = ERR_STATE;
		assert_int_equal(ranges_move(r, from, count, was, now), want);
		if (!want)
			memset(model + from, now, count);
		if (step % 16 == 0)
			compare(r, model);
	}
	compare(r, model);
	ranges_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges__all_free_at_first),
		cmocka_unit_test(test_ranges__no_units),
		cmocka_unit_test(test_ranges__part_done_and_rest_back),
		cmocka_unit_test(test_ranges__done_is_not_done_again),
		cmocka_unit_test(test_ranges__outside_is_refused),
		cmocka_unit_test(test_ranges__as_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
