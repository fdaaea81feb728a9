#include "base/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static void test_bytes__equal_and_compare(void **state)
{
	struct bytes none = bytes_of(NULL, 0);

	(void)state;
	assert_true(bytes_equal(none, bytes_str("")));
	assert_true(bytes_equal_str(bytes_of("ab\0c", 2), "ab"));
	assert_false(bytes_equal_str(bytes_of("ab\0c", 3), "ab"));
	assert_false(bytes_equal_str(bytes_str("ab"), "ac"));
	assert_int_equal(bytes_compare(none, none), 0);
	assert_true(bytes_compare(none, bytes_str("a")) < 0);
	assert_true(bytes_compare(bytes_str("ab"), bytes_str("a")) > 0);
	assert_true(bytes_compare(bytes_str("b"), bytes_str("ab")) > 0);
	assert_true(bytes_compare(bytes_str("a"), bytes_str("\xff")) < 0);
}

static void test_bytes__hex_there_and_back(void **state)
{
	uint8_t all[256], back[256];
	char hex[2 * sizeof all + 1];

	(void)state;
	for (unsigned i = 0; i < sizeof all; i++)
		all[i] = (uint8_t)i;
	bytes_hex(bytes_of(all, sizeof all), hex);
	assert_int_equal(strlen(hex), 512);
	assert_memory_equal(hex + 0x9e * 2, "9e9fa0", 6);
	assert_true(bytes_unhex(hex, back, sizeof back));
	assert_memory_equal(all, back, sizeof all);
	bytes_hex(bytes_of(NULL, 0), hex);
	assert_string_equal(hex, "");
}

static void test_bytes__unhex_refuses(void **state)
{
	uint8_t out[2];

	(void)state;
	assert_true(bytes_unhex("aB09", out, 2));
	assert_int_equal(get_u16(out), 0x09ab);
	assert_true(bytes_unhex("", out, 0));
	assert_false(bytes_unhex("aB0", out, 2));
	assert_false(bytes_unhex("aB091", out, 2));
	assert_false(bytes_unhex("aB0g", out, 2));
	assert_false(bytes_unhex("aB0/", out, 2));
	assert_false(bytes_unhex("aB0:", out, 2));
	assert_false(bytes_unhex("aB0@", out, 2));
	assert_false(bytes_unhex(" B09", out, 2));
}

static void test_bytes__percent_escapes(void **state)
{
	const struct bytes text = bytes_str("a%4Fb%7e%");

	(void)state;
	assert_int_equal(percent_byte(text, 1), 'O');
	assert_int_equal(percent_byte(text, 5), '~');
	assert_int_equal(percent_byte(bytes_str("%ff"), 0), 255);
	assert_int_equal(percent_byte(text, 0), -1); /* none begins here */
	assert_int_equal(percent_byte(text, 8), -1);
	assert_int_equal(percent_byte(text, 9), -1);
	assert_int_equal(percent_byte(bytes_str("%4"), 0), -1);
	assert_int_equal(percent_byte(bytes_str("%4g"), 0), -1);
	assert_int_equal(percent_byte(bytes_str("%g4"), 0), -1);
	assert_int_equal(percent_byte(bytes_of(NULL, 0), 0), -1);
}

static void test_bytes__integers_round_trip(void **state)
{
	uint8_t p[8];

	(void)state;
	for (unsigned bit = 0; bit < 64; bit++) {
		uint64_t v = UINT64_C(0x8000000000000001) >> bit;

		put_u64(p, v);
		assert_true(get_u64(p) == v);
		put_u32(p, (uint32_t)v);
		assert_int_equal(get_u32(p), (uint32_t)v);
		put_u16(p, (uint16_t)v);
		assert_int_equal(get_u16(p), (uint16_t)v);
	}
	put_u32(p, 0x01020304);
	assert_int_equal(p[0], 4);
	assert_int_equal(p[3], 1);
}

static void test_reader__reads_what_buf_wrote(void **state)
{
	struct buf b;
	struct reader r;

	(void)state;
	buf_init(&b);
	buf_add_u8(&b, 200);
	buf_add_u16(&b, 60000);
	buf_add_u32(&b, 4000000000u);
	buf_add_u64(&b, UINT64_MAX - 1);
	buf_add_str(&b, "xyz");
	r = reader_of(buf_bytes(&b));
	assert_int_equal(read_u8(&r), 200);
	assert_int_equal(read_u16(&r), 60000);
	assert_int_equal(read_u32(&r), 4000000000u);
	assert_true(read_u64(&r) == UINT64_MAX - 1);
	assert_int_equal(reader_left(&r), 3);
	assert_false(reader_done(&r));
	assert_true(bytes_equal_str(read_bytes(&r, 3), "xyz"));
	assert_true(reader_done(&r));
	buf_deinit(&b);
}

static void test_reader__varints_round_trip(void **state)
{
	struct buf b;
	struct reader r;

	(void)state;
	buf_init(&b);
	for (unsigned bit = 0; bit < 64; bit++) {
		buf_add_varint(&b, UINT64_MAX >> bit);
		buf_add_svarint(&b, INT64_MIN >> bit);
		buf_add_svarint(&b, INT64_MAX >> bit);
	}
	r = reader_of(buf_bytes(&b));
	for (unsigned bit = 0; bit < 64; bit++) {
		assert_true(read_varint(&r) == UINT64_MAX >> bit);
		assert_true(read_svarint(&r) == INT64_MIN >> bit);
		assert_true(read_svarint(&r) == INT64_MAX >> bit);
	}
	assert_true(reader_done(&r));
	buf_deinit(&b);
}

static void test_reader__overrun_is_remembered(void **state)
{
	static const uint8_t raw[] = { 1, 2, 3 };
	struct reader r = reader_of(bytes_of(raw, sizeof raw));

	(void)state;
	assert_int_equal(read_u16(&r), 0x0201);
	assert_int_equal(read_u32(&r), 0);
	assert_false(reader_ok(&r));
	assert_false(reader_done(&r));
	assert_int_equal(reader_left(&r), 0);
	assert_int_equal(read_u8(&r), 0);
	assert_int_equal(read_u64(&r), 0);
	assert_int_equal(read_bytes(&r, 0).len, 0);
	assert_false(reader_ok(&r));
	r = reader_of(bytes_of(raw, sizeof raw));
	assert_int_equal(read_bytes(&r, SIZE_MAX).len, 0);
	assert_false(reader_ok(&r));
	r = reader_of(bytes_of(NULL, 0));
	assert_true(reader_done(&r));
	assert_int_equal(read_u8(&r), 0);
	assert_false(reader_ok(&r));
}

static uint64_t varint_of(const char *hex, bool *ok)
{
	uint8_t raw[16];
	size_t len = strlen(hex) / 2;
	struct reader r;
	uint64_t v;

	assert_true(bytes_unhex(hex, raw, len));
	r = reader_of(bytes_of(raw, len));
	v = read_varint(&r);
	*ok = reader_done(&r);
	return v;
}

static void test_reader__varint_limits(void **state)
{
	bool ok;

	(void)state;
	assert_true(varint_of("ffffffffffffffffff01", &ok) == UINT64_MAX);
	assert_true(ok);
	assert_int_equal(varint_of("ffffffffffffffffff02", &ok), 0);
	assert_false(ok);
	assert_int_equal(varint_of("ffffffffffffffffff81", &ok), 0);
	assert_false(ok);
	assert_int_equal(varint_of("8080808080808080808000", &ok), 0);
	assert_false(ok);
	assert_int_equal(varint_of("80", &ok), 0);
	assert_false(ok);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes__equal_and_compare),
		cmocka_unit_test(test_bytes__hex_there_and_back),
		cmocka_unit_test(test_bytes__unhex_refuses),
		cmocka_unit_test(test_bytes__percent_escapes),
		cmocka_unit_test(test_bytes__integers_round_trip),
		cmocka_unit_test(test_reader__reads_what_buf_wrote),
		cmocka_unit_test(test_reader__varints_round_trip),
		cmocka_unit_test(test_reader__overrun_is_remembered),
		cmocka_unit_test(test_reader__varint_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
