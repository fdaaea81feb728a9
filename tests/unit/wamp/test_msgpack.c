#include "arena_fixture.h"

#include <stdio.h>

#include "base/buf.h"

/* The smallest form of each value, byte for byte, and back. */
static void test_msgpack__each_type_in_its_smallest_form(void **state)
{
	static const struct {
		const char *json, *hex;
	} cases[] = {
		{ "null", "c0" },
		{ "false", "c2" },
		{ "true", "c3" },
		{ "0", "00" },
		{ "127", "7f" },
		{ "128", "cc80" },
		{ "255", "ccff" },
		{ "256", "cd0100" },
		{ "65536", "ce00010000" },
		{ "4294967296", "cf0000000100000000" },
		{ "9007199254740992", "cf0020000000000000" },
		{ "18446744073709551615", "cfffffffffffffffff" },
		{ "-1", "ff" },
		{ "-32", "e0" },
		{ "-33", "d0df" },
		{ "-129", "d1ff7f" },
		{ "-32769", "d2ffff7fff" },
		{ "-9223372036854775808", "d38000000000000000" },
		{ "1.5", "cb3ff8000000000000" },
		{ "\"\"", "a0" },
		{ "\"\xc3\xa9\"", "a2c3a9" },
		{ "\"\\u0000\"", "c400" },
		{ "\"\\u0000AQI=\"", "c4020102" },
		{ "[]", "90" },
		{ "{}", "80" },
		{ "[[],{\"a\":{}}]", "929081a16180" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct value *v = tree(&arena, cases[i].json);
		struct bytes raw = from_hex(cases[i].hex);
		struct value *back;
		struct buf out;

		buf_init(&out);
		assert_int_equal(serializer_msgpack.encode(&out, v), 0);
		assert_bytes(buf_bytes(&out), cases[i].hex);
		assert_int_equal(serializer_msgpack.decode(&arena, raw, limits,
							   &back),
				 0);
		assert_true(value_equal(v, back));
		buf_deinit(&out);
		free((void *)raw.data);
	}
}

/* What others write: forms that are longer than they need be. */
static void test_msgpack__longer_forms_are_read_too(void **state)
{
	static const struct {
		const char *hex, *json;
	} cases[] = {
		{ "cf0000000000000005", "5" },
		{ "d30000000000000005", "5" },
		{ "d1ffff", "-1" },
		{ "ca3fc00000", "1.5" },
		{ "d90161", "\"a\"" },
		{ "da000161", "\"a\"" },
		{ "db0000000161", "\"a\"" },
		{ "c5000101", "\"\\u0000AQ==\"" },
		{ "c60000000101", "\"\\u0000AQ==\"" },
		{ "dc00020102", "[1,2]" },
		{ "dd0000000101", "[1]" },
		{ "de0001a16101", "{\"a\":1}" },
		{ "df00000001d9016101", "{\"a\":1}" },
		{ "dc0000", "[]" },
		{ "df00000000", "{}" },
		{ "d40000", "null" }, /* msgpackr's undefined */
		{ "81a161d40000", "{\"a\":null}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bytes raw = from_hex(cases[i].hex);
		struct value *v;

		assert_int_equal(serializer_msgpack.decode(&arena, raw, limits,
							   &v),
				 0);
		assert_true(value_equal(v, tree(&arena, cases[i].json)));
		free((void *)raw.data);
	}
}

static void test_msgpack__what_wamp_does_not_know_is_refused(void **state)
{
	static const char *const bad[] = {
		"c1",                         /* never used */
		"d40100", "d40001", "d400",   /* fixext 1 */
		"d5000000", "81d4000001",
		"d801000102030405060708090a0b0c0d0e0f",
		"c7010100",                   /* ext 8 */
		"c8000101 00",
		"c90000000101 00",
		"d5ff0000", "d4ff00",         /* no timestamps */
		"81d6ff0000000001", "d6ff000000",
		"8101 02",                    /* an integer as a key */
		"81c002", "81c302", "819002", "818002",
		"81c4016102",                 /* a byte string as a key */
		"a1ff", "a2c328", "a3eda080", /* not UTF-8 */
		"a2c080", "a4f4908080",
		"81a1ff01",                   /* nor is a key */
		"9200", "92",
		"0000", "9000", "c0c0",       /* something behind the end */
		"82a16101a16102",             /* a key twice */
		"8281a161a161",
		"82d90161 01a16102",          /* in two forms */
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_true(check_hex(bad[i]) < 0);
	assert_int_equal(check_hex("82a16101a16102"), ERR_MALFORMED);
	assert_int_equal(check_hex(""), ERR_TRUNCATED);
}

/* Each proper beginning of a valid item ends too early: none may pass, be
 * read over its end (sanitizers), or be taken for anything else. */
static void test_msgpack__truncated_at_each_byte(void **state)
{
	struct bytes whole = from_hex(
		"91 9b 30ce00773bf7 82a16bcb3ff8000000000000a16cd1ff7f"
		"d903616263 da0003646566 c403010203 c5000101"
		"93c0c2c3 de0001a17adb0000000178 dd00000001cf0000000100000000"
		"ca3fc00000");

	(void)state;
	assert_int_equal(serializer_msgpack.check(whole, limits), 0);
	for (size_t len = 0; len < whole.len; len++) {
		struct bytes part = exact(bytes_of(whole.data, len));
		struct bytes elements[MESSAGE_ELEMENTS_MAX];
		unsigned count;
		int err = serializer_msgpack.check(part, limits);

		assert_true(err == ERR_TRUNCATED || err == ERR_LIMIT);
		assert_true(serializer_msgpack.split(part, limits, elements,
						     &count) < 0);
		assert_true(serializer_msgpack.cut(part, limits, elements,
						   &count) < 0);
		free((void *)part.data);
	}
	free((void *)whole.data);
}

/* Five bytes that announce 2^29 or 2^32 - 1 elements: refused before
 * anything is allocated, however they are nested. */
static void test_msgpack__announced_bombs(void **state)
{
	static const char *const bombs[] = {
		"dd20000000", "ddffffffff", "df20000000", "dfffffffff",
		"dfffffffff a16101", "91dd20000000", "81a161dfffffffff",
		"93 dc0003c0c0 dc0003c0c0 dc0003c0c0", "dcffff c0c0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++)
		assert_true(check_hex(bombs[i]) == ERR_LIMIT ||
			    check_hex(bombs[i]) == ERR_TRUNCATED);
	assert_int_equal(check_hex("dd20000000"), ERR_LIMIT);
	assert_int_equal(check_hex("dbffffffff61"), ERR_TRUNCATED);
	assert_int_equal(check_hex("c6ffffffff61"), ERR_TRUNCATED);
}

static void test_msgpack__elements_count_together(void **state)
{
	struct wamp_limits few = *limits;
	struct bytes raw = from_hex("93 920102 81a161c0 05");

	(void)state;
	few.elements_max = 7;
	assert_int_equal(serializer_msgpack.check(raw, &few), 0);
	few.elements_max = 6;
	assert_int_equal(serializer_msgpack.check(raw, &few), ERR_LIMIT);
	few.elements_max = 7;
	few.bytes_max = raw.len - 1;
	assert_int_equal(serializer_msgpack.check(raw, &few), ERR_LIMIT);
	free((void *)raw.data);
}

static void test_msgpack__depth(void **state)
{
	struct wamp_limits deep = *limits;
	uint8_t raw[200];

	(void)state;
	for (size_t n = 1; n < sizeof raw; n++) {
		memset(raw, 0x91, n);
		raw[n - 1] = 0x90;
		assert_int_equal(
			serializer_msgpack.check(bytes_of(raw, n), limits),
			n <= limits->depth_max ? 0 : ERR_LIMIT);
	}
	deep.depth_max = 1000;
	memset(raw, 0x91, sizeof raw);
	raw[VALUE_DEPTH_MAX - 1] = 0x90;
	assert_int_equal(serializer_msgpack.check(
				 bytes_of(raw, VALUE_DEPTH_MAX), &deep),
			 0);
	raw[VALUE_DEPTH_MAX - 1] = 0x91;
	raw[VALUE_DEPTH_MAX] = 0x90;
	assert_int_equal(serializer_msgpack.check(
				 bytes_of(raw, VALUE_DEPTH_MAX + 1), &deep),
			 ERR_LIMIT);
}

/* Dicts of many keys, nested ones too: each pair of equal keys is found, and
 * nothing else is. */
static void test_msgpack__duplicate_keys_in_dicts_of_any_size(void **state)
{
	(void)state;
	for (unsigned n = 2; n < 200; n = n < 40 ? n + 1 : n + 37) {
		for (unsigned twin = 0; twin < n; twin += n / 3 + 1) {
			struct buf b;
			int want;

			buf_init(&b);
			buf_add(&b, "\x81\xa1x\xde\0", 5);
			buf_add_u8(&b, (uint8_t)n);
			for (unsigned i = 0; i < n; i++) {
				unsigned key = i == n - 1 && twin ? twin - 1
								  : i;
				char text[8];

				snprintf(text, sizeof text, "k%03u", key);
				buf_add_u8(&b, 0xa4);
				buf_add_str(&b, text);
				buf_add(&b, "\x81\xa4k001\x01", 7);
			}
			want = twin ? ERR_MALFORMED : 0;
			assert_int_equal(serializer_msgpack.check(buf_bytes(&b),
								  limits),
					 want);
			buf_deinit(&b);
		}
	}
}

static void test_msgpack__split_gives_each_element(void **state)
{
	struct bytes raw = from_hex("96 30 80 a3616263 9101 81a16181a162c0 c3");
	struct bytes e[MESSAGE_ELEMENTS_MAX];
	unsigned count;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal((i ? serializer_msgpack.cut
				    : serializer_msgpack.split)(raw, limits, e,
								&count),
				 0);
		assert_int_equal(count, 6);
		assert_bytes(e[0], "30");
		assert_bytes(e[1], "80");
		assert_bytes(e[2], "a3616263");
		assert_bytes(e[3], "9101");
		assert_bytes(e[4], "81a16181a162c0");
		assert_bytes(e[5], "c3");
	}
	free((void *)raw.data);
}

static void test_msgpack__split_wants_a_list_of_one_to_eight(void **state)
{
	static const struct splittable cases[] = {
		{ "90", false },
		{ "9101", true },
		{ "980102030405060708", true },
		{ "99010203040506070809", false },
		{ "dc00020102", true },
		{ "81a16101", false },
		{ "01", false },
		{ "a161", false },
		{ "", false },
		{ "910100", false },
	};

	(void)state;
	assert_splits(&serializer_msgpack, cases,
		      sizeof cases / sizeof *cases);
}

/* What a client must survive in a payload: cut passes over it, check says
 * no. */
static void test_msgpack__cut_passes_what_check_refuses(void **state)
{
	static const char *const payloads[] = {
		"91d40100", "91c7020100ff", "91c1"/* not even this */,
		"91a1ff", "8101 02", "82a16101a16102",
	};
	struct bytes e[MESSAGE_ELEMENTS_MAX];
	unsigned count;

	(void)state;
	for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
		char hex[64];
		struct bytes raw;

		snprintf(hex, sizeof hex, "9201%s", payloads[i]);
		raw = from_hex(hex);
		assert_true(serializer_msgpack.split(raw, limits, e,
						     &count) < 0);
		assert_int_equal(serializer_msgpack.cut(raw, limits, e,
							&count) == 0,
				 i != 2);
		if (i != 2) {
			assert_int_equal(count, 2);
			assert_bytes(e[1], payloads[i]);
		}
		free((void *)raw.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_msgpack__each_type_in_its_smallest_form),
		cmocka_unit_test(test_msgpack__longer_forms_are_read_too),
		cmocka_unit_test(
			test_msgpack__what_wamp_does_not_know_is_refused),
		cmocka_unit_test(test_msgpack__truncated_at_each_byte),
		cmocka_unit_test(test_msgpack__announced_bombs),
		cmocka_unit_test(test_msgpack__elements_count_together),
		cmocka_unit_test(test_msgpack__depth),
		cmocka_unit_test(
			test_msgpack__duplicate_keys_in_dicts_of_any_size),
		cmocka_unit_test(test_msgpack__split_gives_each_element),
		cmocka_unit_test(
			test_msgpack__split_wants_a_list_of_one_to_eight),
		cmocka_unit_test(test_msgpack__cut_passes_what_check_refuses),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
