#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "worker/core.h"
#include "worker/options.h"

enum { ARGS_MAX = 16 };

static int read_line(struct options *o, struct why *why, const char *line)
{
	static char copy[512];
	char *argv[ARGS_MAX] = { "worker" };
	int argc = 1;

	assert_true(strlen(line) < sizeof copy);
	strcpy(copy, line);
	for (char *at = strtok(copy, " "); at; at = strtok(NULL, " "))
		argv[argc++] = at;
	assert_true(argc < ARGS_MAX);
	why->text[0] = '\0';
	return options_read(o, argc, argv, why);
}

static void test_options__the_three_ways(void **state)
{
	struct options o;
	struct why why;

	(void)state;
	assert_int_equal(read_line(&o, &why,
				   "--router ws://h:1/ws --realm r --name Ana "
				   "--threads 3 --kinds pi --ca ca.pem"),
			 0);
	assert_int_equal(o.mode, MODE_SERVE);
	assert_string_equal(o.router, "ws://h:1/ws");
	assert_string_equal(o.realm, "r");
	assert_string_equal(o.name, "Ana");
	assert_int_equal(o.threads, 3);
	assert_int_equal(o.kinds, 2);
	assert_string_equal(o.ca, "ca.pem");
	assert_int_equal(read_line(&o, &why,
				   "--solve pi:5 --seconds 1.5 --seed 7 "
				   "--json"),
			 0);
	assert_int_equal(o.mode, MODE_SOLVE);
	assert_string_equal(o.what, "pi:5");
	assert_true(o.json && o.seconds == 1.5);
	assert_int_equal(o.seed, 7);
	assert_int_equal(read_line(&o, &why, "--bench tsp"), 0);
	assert_int_equal(o.mode, MODE_BENCH);
	assert_true(o.threads >= 1);
	assert_string_equal(o.realm, "realm1");
	assert_int_equal(o.kinds, CORE_ALL_KINDS);
	assert_int_equal(read_line(&o, &why, "--bench tsp --help"), 0);
	assert_int_equal(o.mode, MODE_HELP);
}

static void test_options__what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *line, *named;
	} wrong[] = {
		{ "", "--router" },
		{ "--colour red", "--colour" },
		{ "extra", "extra" },
		{ "--router", "--router needs" },
		{ "--router u --threads 0", "--threads 0" },
		{ "--router u --threads 1025", "1024" },
		{ "--router u --threads two", "--threads two" },
		{ "--router u --threads 3x", "--threads 3x" },
		{ "--router u --name \x01", "--name" },
		{ "--router u --name \xff", "--name" },
		{ "--router u --name 1234567890123456789012345", "--name" },
		{ "--router u --kinds chess", "tsp, pi" },
		{ "--router u --trusted", "--ticket-file" },
		{ "--router u --ticket-file /dev/null", "/dev/null" },
		{ "--router u --trusted --ticket-file /nowhere/t",
		  "/nowhere/t" },
		{ "--router u --seed 4", "--seed does not go" },
		{ "--solve pi:1 --seconds 0", "--seconds 0" },
		{ "--solve pi:1 --seconds nan", "--seconds nan" },
		{ "--solve pi:1 --seed 9007199254740992", "--seed" },
		{ "--solve pi:1 --router u", "--router does not go" },
		{ "--bench pi --threads 2", "--threads does not go" },
	};
	struct options o;
	struct why why;

	(void)state;
	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		assert_int_equal(read_line(&o, &why, wrong[i].line),
				 ERR_USAGE);
		if (!strstr(why.text, wrong[i].named))
			fail_msg("'%s': %s", wrong[i].line, why.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options__the_three_ways),
		cmocka_unit_test(test_options__what_is_wrong_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
