#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "coordinator/budget.h"

static void test_budget__grows_with_the_devices(void **state)
{
	struct budget b = { 0 };

	(void)state;
	assert_int_equal(budget_ms(&b, 0), 2000);
	assert_int_equal(budget_ms(&b, 16), 2000);
	assert_int_equal(budget_ms(&b, 158), 11000);
	assert_int_equal(budget_ms(&b, 300), 20000);
	assert_int_equal(budget_ms(&b, 100000), 20000);
}

static void test_budget__many_threads_ask_less_often(void **state)
{
	struct budget b = { .threads = 8 };
	double bytes_a_minute;

	(void)state;
	budget_saw(&b, 3000);
	bytes_a_minute = 8 * (3000.0 + CALL_BYTES) * 60000 / budget_ms(&b, 2);
	assert_true(bytes_a_minute <= 1.001 * TRAFFIC_BYTES_A_MINUTE);
	assert_true(budget_ms(&b, 2) > 2000);
}

static void test_budget__small_inputs_change_nothing(void **state)
{
	struct budget b = { .threads = 4 };

	(void)state;
	for (int i = 0; i < 100; i++)
		budget_saw(&b, 9);
	assert_int_equal(budget_ms(&b, 5), 2000);
}

static void test_budget__is_never_over_the_most(void **state)
{
	struct budget b = { .threads = 1024 };

	(void)state;
	budget_saw(&b, 64 * 1024);
	assert_int_equal(budget_ms(&b, 1), 20000);
}

static void test_budget__the_mean_follows(void **state)
{
	struct budget b = { .threads = 1 };

	(void)state;
	budget_saw(&b, 1000);
	assert_true(b.input_bytes == 1000);
	for (int i = 0; i < 200; i++)
		budget_saw(&b, 5000);
	assert_true(b.input_bytes > 4990 && b.input_bytes < 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_budget__grows_with_the_devices),
		cmocka_unit_test(test_budget__many_threads_ask_less_often),
		cmocka_unit_test(test_budget__small_inputs_change_nothing),
		cmocka_unit_test(test_budget__is_never_over_the_most),
		cmocka_unit_test(test_budget__the_mean_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
