/* What of the files that may be open is for connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "router/descriptors.h"

static void test_descriptors__all_of_it_is_enough(void **state)
{
	static const uint64_t files[] = { 20, 64, 65, 127, 1024, 20000,
					  1u << 20, UINT64_MAX };
	struct descriptors d;
	struct why why;

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		for (unsigned n = 1; n < 8; n++) {
			int err = descriptors_share(files[i], n, &d, &why);

			if (err)
				continue;
			assert_true(d.connections_max >= 6);
			assert_true(d.half_open_max >= 2);
			assert_true(d.connections_max <= CONNECTIONS_MAX);
			assert_true(d.half_open_max <= HALF_OPEN_MAX);
			assert_true(DESCRIPTORS_OWN +
					    (uint64_t)n *
						    (1 + d.connections_max +
						     d.half_open_max) <=
				    files[i]);
		}
}

static void test_descriptors__where_there_are_many(void **state)
{
	struct descriptors d;
	struct why why;

	(void)state;
	assert_int_equal(descriptors_share(20000, 1, &d, &why), 0);
	assert_int_equal(d.connections_max, CONNECTIONS_MAX);
	assert_int_equal(d.half_open_max, HALF_OPEN_MAX);
}

static void test_descriptors__too_few(void **state)
{
	struct descriptors d;
	struct why why = { "" };

	(void)state;
	assert_int_equal(descriptors_share(33, 1, &d, &why), 0);
	assert_int_equal(descriptors_share(32, 1, &d, &why), ERR_USAGE);
	assert_non_null(strstr(why.text, "32 files may be open (ulimit -n)"));
	assert_non_null(strstr(why.text, "at least 33"));
	assert_int_equal(descriptors_share(0, 3, &d, &why), ERR_USAGE);
}

static void test_descriptors__the_limit_is_raised(void **state)
{
	struct rlimit before, limit;
	uint64_t files;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	limit = before;
	limit.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	files = descriptors_raise();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(files, limit.rlim_cur);
	assert_int_equal(limit.rlim_cur, before.rlim_max);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_descriptors__all_of_it_is_enough),
		cmocka_unit_test(test_descriptors__where_there_are_many),
		cmocka_unit_test(test_descriptors__too_few),
		cmocka_unit_test(test_descriptors__the_limit_is_raised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
