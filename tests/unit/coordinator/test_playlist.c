#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "coordinator/playlist.h"

static char spec[128];

static void test_playlist__starts_in_spain(void **state)
{
	(void)state;
	playlist_spec(0, 1, spec, sizeof spec);
	assert_memory_equal(spec, "tsp:places?region=ES&count=2000&kicks=", 38);
}

static void test_playlist__kicks_follow_the_devices(void **state)
{
	unsigned long long one, many;

	(void)state;
	playlist_spec(0, 1, spec, sizeof spec);
	one = strtoull(strstr(spec, "kicks=") + 6, NULL, 10);
	playlist_spec(0, 50, spec, sizeof spec);
	many = strtoull(strstr(spec, "kicks=") + 6, NULL, 10);
	assert_int_equal(many, 50 * one);
}

static void test_playlist__pi_is_second_and_round(void **state)
{
	(void)state;
	playlist_spec(1, 1, spec, sizeof spec);
	assert_memory_equal(spec, "pi:", 3);
	assert_string_equal(spec + strlen(spec) - 5, "00000");
	playlist_spec(1, 1e9, spec, sizeof spec);
	assert_string_equal(spec, "pi:100000000");
}

static void test_playlist__regions_grow_and_stay_at_the_world(void **state)
{
	(void)state;
	playlist_spec(2, 100, spec, sizeof spec);
	assert_non_null(strstr(spec, "region=FR&count=4500&"));
	playlist_spec(40, 1000, spec, sizeof spec);
	assert_non_null(strstr(spec, "region=world&count=100000&"));
}

static void test_playlist__no_speed_counts_as_one_core(void **state)
{
	char none[128];

	(void)state;
	playlist_spec(0, 0, none, sizeof none);
	playlist_spec(0, 1, spec, sizeof spec);
	assert_string_equal(none, spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_playlist__starts_in_spain),
		cmocka_unit_test(test_playlist__kicks_follow_the_devices),
		cmocka_unit_test(test_playlist__pi_is_second_and_round),
		cmocka_unit_test(
			test_playlist__regions_grow_and_stay_at_the_world),
		cmocka_unit_test(test_playlist__no_speed_counts_as_one_core),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
