#include "crypto/mac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/base64.h"
#include "tests/unit/base/fail_malloc.h"

static void assert_hex(const uint8_t *bytes, size_t len, const char *hex)
{
	char got[2 * PBKDF2_KEY_BYTES_MAX + 1];

	bytes_hex(bytes_of(bytes, len), got);
	assert_string_equal(got, hex);
}

/* RFC 4231, test cases 1, 2 and 6. */
static void test_mac__hmac_of_the_rfc(void **state)
{
	uint8_t key[131], mac[SHA256_BYTES];

	(void)state;
	memset(key, 0x0b, 20);
	assert_int_equal(hmac_sha256(bytes_of(key, 20), bytes_str("Hi There"),
				     mac), 0);
	assert_hex(mac, sizeof mac, "b0344c61d8db38535ca8afceaf0bf12b"
				    "881dc200c9833da726e9376c2e32cff7");
	assert_int_equal(
		hmac_sha256(bytes_str("Jefe"),
			    bytes_str("what do ya want for nothing?"), mac),
		0);
	assert_hex(mac, sizeof mac, "5bdcc146bf60754e6a042426089575c7"
				    "5a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof key);
	assert_int_equal(
		hmac_sha256(bytes_of(key, sizeof key),
			    bytes_str("Test Using Larger Than Block-Size Key "
				      "- Hash Key First"), mac), 0);
	assert_hex(mac, sizeof mac, "60e431591ee0b67f0d8a26aacbf5b77f"
				    "8e0bc6213728c5140546040f0ee37f54");
}

static void test_mac__hmac_of_nothing(void **state)
{
	uint8_t mac[SHA256_BYTES];

	(void)state;
	assert_int_equal(hmac_sha256(bytes_of(NULL, 0), bytes_of(NULL, 0),
				     mac), 0);
	assert_hex(mac, sizeof mac, "b613679a0814d9ec772f95d778c35fc5"
				    "ff1697c493715653c6c712144292c5ad");
}

/* RFC 7914, section 11. */
static void test_mac__pbkdf2_of_the_rfc(void **state)
{
	uint8_t key[64];

	(void)state;
	assert_int_equal(pbkdf2_sha256(bytes_str("passwd"), bytes_str("salt"),
				       1, key, sizeof key), 0);
	assert_hex(key, sizeof key, "55ac046e56e3089fec1691c22544b605"
				    "f94185216dde0465e68b9d57c20dacbc"
				    "49ca9cccf179b645991664b39d77ef31"
				    "7c71b845b1e30bd509112041d3a19783");
}

static void test_mac__pbkdf2_keeps_its_limits(void **state)
{
	struct bytes text = bytes_str("x");
	uint8_t key[PBKDF2_KEY_BYTES_MAX];

	(void)state;
	assert_int_equal(pbkdf2_sha256(text, text, 0, key, 32), ERR_RANGE);
	assert_int_equal(pbkdf2_sha256(text, text, PBKDF2_ITERATIONS_MAX + 1,
				       key, 32), ERR_RANGE);
	assert_int_equal(pbkdf2_sha256(text, text, UINT64_MAX, key, 32),
			 ERR_RANGE);
	assert_int_equal(pbkdf2_sha256(text, text, 1, key, 0), ERR_RANGE);
	assert_int_equal(pbkdf2_sha256(text, text, 1, key, sizeof key + 1),
			 ERR_RANGE);
	assert_int_equal(pbkdf2_sha256(bytes_of(NULL, 0), bytes_of(NULL, 0),
				       1, key, 32), 0);
}

/* RFC 4648, section 10. */
static void test_base64__of_the_rfc(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },         { "f", "Zg==" },
		{ "fo", "Zm8=" },   { "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bytes plain = bytes_str(cases[i][0]);
		uint8_t out[8];
		char text[BASE64_SIZE(6)];
		size_t len;

		base64_encode(plain, text);
		assert_string_equal(text, cases[i][1]);
		assert_true(base64_decode(bytes_str(text), out, plain.len,
					  &len));
		assert_true(bytes_equal(bytes_of(out, len), plain));
	}
}

static void test_base64__only_the_canonical_form(void **state)
{
	static const char *const wrong[] = {
		"Zg=", "Zg", "Z===", "====", "Zh==", "Zm9=", " Zg==", "Zg== ",
		"Zg==\n", "   Z", "Zg==Zg==", "Zm8=Zm9v", "Zm-v", "Zm_v",
		"Zm9v\n\n\n\n", "Z g=", "\xff\xff\xff\xff",
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		uint8_t out[16];
		size_t len;

		if (base64_decode(bytes_str(wrong[i]), out, sizeof out, &len))
			fail_msg("accepted: \"%s\"", wrong[i]);
	}
}

static void test_base64__no_more_than_there_is_room(void **state)
{
	uint8_t out[6] = { 0 };
	size_t len;

	(void)state;
	assert_false(base64_decode(bytes_str("Zm9vYmFy"), out, 5, &len));
	assert_int_equal(out[5], 0);
	assert_true(base64_decode(bytes_str("Zm9vYmFy"), out, 6, &len));
	assert_false(base64_decode(bytes_of("Zg\0=", 4), out, 6, &len));
}

static void test_mac__each_allocation_may_fail(void **state)
{
	struct bytes text = bytes_str("x");
	size_t n = 1;
	bool hit;

	(void)state;
	do {
		uint8_t mac[SHA256_BYTES], key[32];
		int err;

		fail_malloc_at(n++);
		err = hmac_sha256(text, text, mac);
		if (!err)
			err = pbkdf2_sha256(text, text, 2, key, sizeof key);
		hit = fail_malloc_off();
		assert_true(err == 0 || err == ERR_NOMEM);
		assert_true(err == 0 || hit);
	} while (hit);
	assert_true(n > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mac__hmac_of_the_rfc),
		cmocka_unit_test(test_mac__hmac_of_nothing),
		cmocka_unit_test(test_mac__pbkdf2_of_the_rfc),
		cmocka_unit_test(test_mac__pbkdf2_keeps_its_limits),
		cmocka_unit_test(test_base64__of_the_rfc),
		cmocka_unit_test(test_base64__only_the_canonical_form),
		cmocka_unit_test(test_base64__no_more_than_there_is_room),
		cmocka_unit_test(test_mac__each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
