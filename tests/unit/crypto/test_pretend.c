/* What is made up for who does not exist. */
#include "crypto/pretend.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/base/fail_malloc.h"

static const char secret[] = "the router's own";

static void make(const char *authid, const char *what, uint8_t *out,
		 size_t len)
{
	assert_int_equal(pretend_bytes(bytes_str(secret), bytes_str(authid),
				       what, out, len), 0);
}

static void test_pretend__the_same_for_the_same_name(void **state)
{
	uint8_t one[100], two[100], part[40];

	(void)state;
	make("kim", "salt", one, sizeof one);
	make("kim", "salt", two, sizeof two);
	assert_memory_equal(one, two, sizeof one);
	make("kim", "salt", part, sizeof part);
	assert_memory_equal(one, part, sizeof part);
	make("lea", "salt", two, sizeof two);
	assert_memory_not_equal(one, two, 16);
	make("kim", "server", two, sizeof two);
	assert_memory_not_equal(one, two, 16);
	/* No block is another one's. */
	assert_memory_not_equal(one, one + SHA256_BYTES, SHA256_BYTES);
	assert_int_equal(pretend_bytes(bytes_str("another"), bytes_str("kim"),
				       "salt", two, sizeof two), 0);
	assert_memory_not_equal(one, two, 16);
}

static void test_pretend__a_text_has_the_form_of_another(void **state)
{
	static const char like[] = "Salt-123/äz=Salt-123Salt-123Salt-123Salt-1";
	char text[sizeof like], again[sizeof like];

	(void)state;
	assert_int_equal(pretend_text(bytes_str(secret), bytes_str("kim"),
				      bytes_str(like), text), 0);
	assert_int_equal(strlen(text), strlen(like));
	assert_string_not_equal(text, like);
	for (size_t i = 0; i < strlen(like); i++) {
		const unsigned char a = (unsigned char)like[i],
				    b = (unsigned char)text[i];

		assert_int_equal(!isdigit(a), !isdigit(b));
		assert_int_equal(!islower(a), !islower(b));
		assert_int_equal(!isupper(a), !isupper(b));
		assert_true(isalnum(a) || a == b);
	}
	assert_int_equal(pretend_text(bytes_str(secret), bytes_str("kim"),
				      bytes_str(like), again), 0);
	assert_string_equal(text, again);
	assert_int_equal(pretend_text(bytes_str(secret), bytes_str("lea"),
				      bytes_str(like), again), 0);
	assert_string_not_equal(text, again);
}

static void test_pretend__too_long_a_text(void **state)
{
	static char like[PRETEND_BYTES_MAX + 1], out[PRETEND_BYTES_MAX + 2];

	(void)state;
	memset(like, 'x', sizeof like);
	assert_int_equal(pretend_text(bytes_str(secret), bytes_str("kim"),
				      bytes_of(like, sizeof like), out),
			 ERR_LIMIT);
	assert_int_equal(pretend_text(bytes_str(secret), bytes_str("kim"),
				      bytes_of(like, sizeof like - 1), out),
			 0);
	assert_int_equal(strlen(out), sizeof like - 1);
}

static void test_pretend__each_allocation_may_fail(void **state)
{
	char text[8];
	bool hit = true;

	(void)state;
	for (size_t n = 1; hit; n++) {
		int err;

		fail_malloc_at(n);
		err = pretend_text(bytes_str(secret), bytes_str("kim"),
				   bytes_str("salt123"), text);
		hit = fail_malloc_off();
		assert_true(err == 0 || (hit && err == ERR_NOMEM));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pretend__the_same_for_the_same_name),
		cmocka_unit_test(test_pretend__a_text_has_the_form_of_another),
		cmocka_unit_test(test_pretend__too_long_a_text),
		cmocka_unit_test(test_pretend__each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
