#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* splitmix64 from state 0 begins with the value of its reference code. */
static void test_rng__splitmix_known_values(void **state)
{
	uint64_t s = 0;

	(void)state;
	assert_true(splitmix64(&s) == UINT64_C(0xe220a8397b1dcdaf));
	assert_true(splitmix64(&s) == UINT64_C(0x6e789e6aa1b965f4));
	assert_true(splitmix64(&s) == UINT64_C(0x06c45d188009454f));
}

/* xoshiro256** from the state 1, 2, 3, 4: its reference code's values. */
static void test_rng__xoshiro_known_values(void **state)
{
	struct rng r = { { 1, 2, 3, 4 } };

	(void)state;
	assert_true(rng_next(&r) == UINT64_C(11520));
	assert_true(rng_next(&r) == UINT64_C(0));
	assert_true(rng_next(&r) == UINT64_C(1509978240));
	assert_true(rng_next(&r) == UINT64_C(1215971899390074240));
}

static void test_rng__same_seed_same_numbers(void **state)
{
	struct rng a, b, c;
	int differing = 0;

	(void)state;
	rng_seed(&a, 42);
	rng_seed(&b, 42);
	rng_seed(&c, 43);
	for (int i = 0; i < 100; i++) {
		uint64_t v = rng_next(&a);

		assert_true(v == rng_next(&b));
		differing += v != rng_next(&c);
	}
	assert_int_equal(differing, 100);
}

static void test_rng__below_is_even(void **state)
{
	struct rng r;
	unsigned count[7] = { 0 };

	(void)state;
	rng_seed(&r, 1);
	for (int i = 0; i < 70000; i++)
		count[rng_below(&r, 7)]++;
	for (int i = 0; i < 7; i++)
		assert_in_range(count[i], 9600, 10400);
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(rng_below(&r, 1), 0);
		assert_true(rng_below(&r, UINT32_MAX) < UINT32_MAX);
		assert_true(rng_below(&r, 0x80000001u) <= 0x80000000u);
	}
}

static void test_rng__real_in_its_interval(void **state)
{
	struct rng r;
	double sum = 0, low = 1, high = 0;

	(void)state;
	rng_seed(&r, 9);
	for (int i = 0; i < 100000; i++) {
		double v = rng_real(&r);

		assert_true(v >= 0 && v < 1);
		sum += v;
		low = v < low ? v : low;
		high = v > high ? v : high;
	}
	assert_true(sum > 49500 && sum < 50500);
	assert_true(low < 0.001 && high > 0.999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rng__splitmix_known_values),
		cmocka_unit_test(test_rng__xoshiro_known_values),
		cmocka_unit_test(test_rng__same_seed_same_numbers),
		cmocka_unit_test(test_rng__below_is_even),
		cmocka_unit_test(test_rng__real_in_its_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
