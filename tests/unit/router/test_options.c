/* The router's command line: what is kept, and that each mistake is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "router/options.h"

enum { ARGS_MAX = 64, LINE_MAX_BYTES = 1024 };

static char line_copy[LINE_MAX_BYTES];
static struct options options;
static struct why why;

/* The line's words, read. */
static int read_line(const char *line)
{
	char *argv[ARGS_MAX] = { "router" };
	int argc = 1;

	assert_true(strlen(line) < sizeof line_copy);
	strcpy(line_copy, line);
	for (char *at = strtok(line_copy, " "); at; at = strtok(NULL, " ")) {
		assert_true(argc < ARGS_MAX);
		argv[argc++] = at;
	}
	why.text[0] = '\0';
	return options_read(&options, argc, argv, &why);
}

static void test_options__nothing_is_wanted(void **state)
{
	(void)state;
	assert_int_equal(read_line(""), 0);
	assert_null(options.config);
	assert_null(options.web);
	assert_null(options.public_url);
	assert_null(options.pages_for);
	assert_null(options.tls.certificate);
	assert_null(options.tls.key);
	assert_null(options.tls.ca);
	assert_int_equal(options.listen_count, 0);
	assert_false(options.check || options.open);
	assert_null(options_ws_path(&options));
}

static void test_options__all_are_kept(void **state)
{
	(void)state;
	assert_int_equal(read_line("--config c.json --check --web pages "
				   "--public-url http://h:1/ "
				   "--pages-for ws://r:2/ws --cert a --key b "
				   "--ca c"),
			 0);
	assert_string_equal(options.config, "c.json");
	assert_string_equal(options.web, "pages");
	assert_string_equal(options.public_url, "http://h:1/");
	assert_string_equal(options.pages_for, "ws://r:2/ws");
	assert_string_equal(options.tls.certificate, "a");
	assert_string_equal(options.tls.key, "b");
	assert_string_equal(options.tls.ca[0], "c");
	assert_null(options.tls.ca[1]);
	assert_true(options.check);
	assert_false(options.open);
	assert_int_equal(read_line("--open"), 0);
	assert_true(options.open);
}

/* RawSocket and unix sockets have no path to agree on. */
static void test_options__listens_at_many_places(void **state)
{
	(void)state;
	assert_int_equal(read_line("--listen rs://127.0.0.1:1 "
				   "--listen unix:///tmp/r.sock "
				   "--listen ws://127.0.0.1:2/here "
				   "--listen wss://[::1]:3/here"),
			 0);
	assert_int_equal(options.listen_count, 4);
	assert_int_equal(options.listen[0].scheme, URL_RS);
	assert_string_equal(options.listen[1].path, "/tmp/r.sock");
	assert_int_equal(options.listen[2].port, 2);
	assert_string_equal(options.listen[3].host, "::1");
	assert_string_equal(options_ws_path(&options), "/here");
}

static void test_options__at_most_so_many_places(void **state)
{
	char line[LINE_MAX_BYTES] = "";

	(void)state;
	for (unsigned i = 0; i < LISTEN_MAX; i++)
		strcat(line, " --listen rs://h:1");
	assert_int_equal(read_line(line), 0);
	assert_int_equal(options.listen_count, LISTEN_MAX);
	strcat(line, " --listen rs://h:1");
	assert_int_equal(read_line(line), ERR_USAGE);
	assert_string_equal(why.text, "--listen: at most 16 are accepted");
}

static void test_options__what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *line, *named;
	} wrong[] = {
		{ "--colour", "unknown argument --colour; accepted are "
			      "--config FILE" },
		{ "extra", "unknown argument extra" },
		{ "--config", "--config needs a value; accepted are" },
		{ "--check --listen", "--listen needs a value" },
		{ "--listen http://h/", "--listen http://h/: " },
		{ "--listen ws://h:1/a --listen ws://h:2/b",
		  "--listen ws://h:2/b: the path must be /a, as in the first "
		  "one" },
		{ "--public-url ftp://h/", "--public-url ftp://h/: accepted "
					   "is http://host[:port]/" },
		{ "--pages-for http://h/", "--pages-for http://h/: accepted "
					   "is ws://host[:port]/path" },
		{ "--cert a", "--cert, --key: both are wanted" },
		{ "--key b", "--cert, --key: both are wanted" },
		{ "--ca c", "--ca needs them" },
		{ "--open --config c.json", "only one is accepted" },
		{ "--config c.json --open", "only one is accepted" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(read_line(wrong[i].line), ERR_USAGE);
		if (!strstr(why.text, wrong[i].named))
			fail_msg("%s: %s", wrong[i].line, why.text);
	}
}

/* A long argument does not push out what is accepted. */
static void test_options__a_long_argument_is_cut(void **state)
{
	char line[LINE_MAX_BYTES];

	(void)state;
	memset(line, 'x', 500);
	line[500] = '\0';
	assert_int_equal(read_line(line), ERR_USAGE);
	assert_non_null(strstr(why.text, "xxx; accepted are --config FILE"));
	assert_non_null(strstr(why.text, "--ca FILE"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options__nothing_is_wanted),
		cmocka_unit_test(test_options__all_are_kept),
		cmocka_unit_test(test_options__listens_at_many_places),
		cmocka_unit_test(test_options__at_most_so_many_places),
		cmocka_unit_test(test_options__what_is_wrong_is_named),
		cmocka_unit_test(test_options__a_long_argument_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
