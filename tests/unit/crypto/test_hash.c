#include "crypto/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/base/fail_malloc.h"

static void assert_digest(const uint8_t digest[SHA256_BYTES], const char *hex)
{
	char got[2 * SHA256_BYTES + 1];

	bytes_hex(bytes_of(digest, SHA256_BYTES), got);
	assert_string_equal(got, hex);
}

/* FIPS 180-2, appendix B, and the empty message. */
static void test_hash__known_digests(void **state)
{
	static const struct {
		const char *text, *hex;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb924"
		      "27ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223"
			 "b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039"
		  "a33ce45964ff2167f6ecedd419db06c1" },
	};
	uint8_t digest[SHA256_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(sha256_of(bytes_str(cases[i].text), digest),
				 0);
		assert_digest(digest, cases[i].hex);
	}
}

static void test_hash__parts_are_one_message(void **state)
{
	const struct bytes parts[] = { bytes_str("a"), bytes_of(NULL, 0),
				       bytes_str("bc") };
	uint8_t whole[SHA256_BYTES], digest[SHA256_BYTES];

	(void)state;
	assert_int_equal(sha256_of(bytes_str("abc"), whole), 0);
	assert_int_equal(sha256(parts, 3, digest), 0);
	assert_memory_equal(whole, digest, SHA256_BYTES);
	assert_int_equal(sha256(parts, 2, digest), 0);
	assert_memory_not_equal(whole, digest, SHA256_BYTES);
}

static void test_hash__secrets_are_compared_whole(void **state)
{
	(void)state;
	assert_true(secret_equal(bytes_str("secret"), bytes_str("secret")));
	assert_false(secret_equal(bytes_str("secret"), bytes_str("secreT")));
	assert_false(secret_equal(bytes_str("Secret"), bytes_str("secret")));
	assert_false(secret_equal(bytes_str("secret"), bytes_str("secre")));
	assert_false(secret_equal(bytes_str("secret"), bytes_str("")));
	assert_true(secret_equal(bytes_of(NULL, 0), bytes_str("")));
}

static void test_hash__each_allocation_may_fail(void **state)
{
	uint8_t digest[SHA256_BYTES];
	size_t n = 1;
	bool hit;

	(void)state;
	do {
		int err;

		fail_malloc_at(n++);
		err = sha256_of(bytes_str("abc"), digest);
		hit = fail_malloc_off();
		if (err)
			assert_int_equal(err, ERR_NOMEM);
		else
			assert_int_equal(digest[0], 0xba);
	} while (hit);
	assert_true(n > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash__known_digests),
		cmocka_unit_test(test_hash__parts_are_one_message),
		cmocka_unit_test(test_hash__secrets_are_compared_whole),
		cmocka_unit_test(test_hash__each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
