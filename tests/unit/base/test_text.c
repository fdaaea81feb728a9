/* err, log, utf8: what people read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/log.h"
#include "base/utf8.h"

static void test_err__every_code_has_its_text(void **state)
{
	static const int codes[] = {
#define X(name, code, text) code,
		ERR_LIST(X)
#undef X
	};
	size_t n = sizeof codes / sizeof codes[0];

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_true(codes[i] < 0);
		assert_string_not_equal(err_text(codes[i]), "unknown error");
		for (size_t j = 0; j < i; j++) {
			assert_int_not_equal(codes[i], codes[j]);
			assert_string_not_equal(err_text(codes[i]),
						err_text(codes[j]));
		}
	}
	assert_string_equal(err_text(0), "no error");
	assert_string_equal(err_text(5), "unknown error");
	assert_string_equal(err_text(-999), "unknown error");
}

static void test_why__writes_cuts_and_returns(void **state)
{
	struct why why;

	(void)state;
	assert_int_equal(why_set(&why, ERR_RANGE, "count %d", 7), ERR_RANGE);
	assert_string_equal(why.text, "count 7");
	assert_int_equal(why_set(NULL, ERR_IO, "%s", "x"), ERR_IO);
	why_set(&why, ERR_IO, "%1000d", 1);
	assert_int_equal(strlen(why.text), sizeof why.text - 1);
}

/* What log_line writes to standard error, in `out`. */
static void logged(enum log_level level, const char *text, char out[2048])
{
	FILE *file = tmpfile();
	int saved = dup(STDERR_FILENO);
	size_t len;

	assert_non_null(file);
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	log_line(level, "%s", text);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	len = fread(out, 1, 2047, file);
	out[len] = '\0';
	fclose(file);
}

static void test_log__one_line_whatever_the_text(void **state)
{
	char out[2048], text[3000];

	(void)state;
	unsetenv("MANYHANDS_LOG");
	log_open("prog");
	logged(LOG_ERROR, "a\nb\x1b[0m\x7f \xc3\xa9", out);
	assert_string_equal(out, "prog: error: a?b?[0m? \xc3\xa9\n");
	memset(text, 'y', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	logged(LOG_WARN, text, out);
	assert_true(strlen(out) < 1100);
	assert_int_equal(out[strlen(out) - 1], '\n');
}

static void test_log__level_from_the_environment(void **state)
{
	char out[2048];

	(void)state;
	setenv("MANYHANDS_LOG", "warn", 1);
	log_open("prog");
	logged(LOG_INFO, "x", out);
	assert_string_equal(out, "");
	logged(LOG_WARN, "x", out);
	assert_string_equal(out, "prog: warn: x\n");
	setenv("MANYHANDS_LOG", "debug", 1);
	log_open("prog");
	logged(LOG_DEBUG, "x", out);
	assert_string_equal(out, "prog: debug: x\n");
	setenv("MANYHANDS_LOG", "nonsense", 1);
	log_open("prog");
	logged(LOG_DEBUG, "x", out);
	assert_string_equal(out, "prog: debug: x\n");
	unsetenv("MANYHANDS_LOG");
}

/* UTF-8 straight from the definition; returns its length. */
static size_t encode(uint32_t code, uint8_t out[4])
{
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = n; i-- > 1; code >>= 6)
		out[i] = (uint8_t)(0x80 | (code & 0x3f));
	out[0] = (uint8_t)(lead[n] | code);
	return n;
}

static void test_utf8__every_code_point(void **state)
{
	(void)state;
	for (uint32_t code = 0; code < 0x120000; code++) {
		uint8_t raw[4];
		size_t n = encode(code, raw), pos = 0;
		bool text = code <= 0x10ffff &&
			    (code < 0xd800 || code > 0xdfff);
		uint32_t got = utf8_next(bytes_of(raw, n), &pos);

		if (got != (text ? code : UINT32_MAX) ||
		    pos != (text ? n : 0))
			fail_msg("code point %x gives %x", code, got);
		if (utf8_valid(bytes_of(raw, n)) != text ||
		    (n > 1 && utf8_valid(bytes_of(raw, n - 1))))
			fail_msg("code point %x", code);
	}
}

static void test_utf8__refuses_what_is_no_text(void **state)
{
	static const char *const bad[] = {
		"\x80",         "\xbf",         "\xc0\x80",
		"\xc1\xbf",     "\xe0\x80\x80", "\xe0\x9f\xbf",
		"\xed\xa0\x80", "\xff",         "\xf0\x8f\xbf\xbf",
		"\xfe",         "\xc3(",        "\xf4\x90\x80\x80",
		"\xe2\x82",     "\xe2(\xa1",    "\xf5\x80\x80\x80",
		"\xf0\x9f\x98", "\xf8\x88\x80\x80\x80",
	};
	uint8_t text[40];

	(void)state;
	/* at each distance from the quick way over eight ASCII bytes */
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		for (size_t at = 0; at < 20; at++) {
			size_t len = strlen(bad[i]);

			memset(text, 'a', sizeof text);
			memcpy(text + at, bad[i], len);
			assert_false(utf8_valid(bytes_of(text, at + len)));
			assert_false(utf8_valid(bytes_of(text, sizeof text)));
		}
}

static void test_utf8__good_text(void **state)
{
	size_t pos = 0;

	(void)state;
	assert_true(utf8_valid(bytes_of(NULL, 0)));
	assert_true(utf8_valid(bytes_of("a\0b", 3)));
	assert_true(utf8_valid(bytes_str("plain ASCII, rather long")));
	assert_true(utf8_valid(bytes_str(
		"1234567\xc3\xa9 \xe2\x82\xac" "12345678\xf0\x9f\x98\x80")));
	assert_true(utf8_next(bytes_str(""), &pos) == UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_err__every_code_has_its_text),
		cmocka_unit_test(test_why__writes_cuts_and_returns),
		cmocka_unit_test(test_log__one_line_whatever_the_text),
		cmocka_unit_test(test_log__level_from_the_environment),
		cmocka_unit_test(test_utf8__every_code_point),
		cmocka_unit_test(test_utf8__refuses_what_is_no_text),
		cmocka_unit_test(test_utf8__good_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
