#include "crypto/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

#include "wamp/uri.h"

/* More than one request to the generator, and nothing behind the end. The
 * odds that a right generator fails here are below 2^-100. */
static void test_random__fills_exactly_what_it_is_given(void **state)
{
	static uint8_t bytes[10000 + 16];
	unsigned zeros = 0;

	(void)state;
	memset(bytes, 0, sizeof bytes);
	random_bytes(bytes, 10000);
	for (size_t i = 0; i < 10000; i++)
		zeros += bytes[i] == 0;
	assert_true(zeros < 200);
	for (size_t i = 10000; i < sizeof bytes; i++)
		assert_int_equal(bytes[i], 0);
	random_bytes(bytes, 0);
}

static void test_random__two_numbers_differ(void **state)
{
	(void)state;
	assert_true(random_u64() != random_u64() ||
		    random_u64() != random_u64());
}

static void test_random__wamp_ids_are_in_range_and_large(void **state)
{
	uint64_t all = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		uint64_t id = random_wamp_id();

		assert_in_range(id, 1, WAMP_ID_MAX);
		all |= id;
	}
	/* Each of the 53 bits was seen. */
	assert_true((all & (WAMP_ID_MAX - 1)) == WAMP_ID_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random__fills_exactly_what_it_is_given),
		cmocka_unit_test(test_random__two_numbers_differ),
		cmocka_unit_test(test_random__wamp_ids_are_in_range_and_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
