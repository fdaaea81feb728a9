#include "arena_fixture.h"

#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/utf8.h"

static int check_cbor(const char *hex)
{
	struct bytes raw = from_hex(hex);
	int err = serializer_cbor.check(raw, limits);

	free((void *)raw.data);
	return err;
}

/* The tree borrows from `raw`. */
static struct value *decoded(struct bytes raw)
{
	struct value *v = NULL;

	assert_int_equal(serializer_cbor.decode(&arena, raw, limits, &v), 0);
	return v;
}

/* The smallest form of each value. The numbers are those of RFC 8949, appendix
 * A, where it has them. */
static const struct {
	const char *json, *hex;
} smallest[] = {
	{ "null", "f6" },
	{ "false", "f4" },
	{ "true", "f5" },
	{ "0", "00" },
	{ "23", "17" },
	{ "24", "1818" },
	{ "255", "18ff" },
	{ "256", "190100" },
	{ "65535", "19ffff" },
	{ "65536", "1a00010000" },
	{ "4294967296", "1b0000000100000000" },
	{ "9007199254740993", "1b0020000000000001" },
	{ "18446744073709551615", "1bffffffffffffffff" },
	{ "-1", "20" },
	{ "-24", "37" },
	{ "-25", "3818" },
	{ "-256", "38ff" },
	{ "-257", "390100" },
	{ "-65537", "3a00010000" },
	{ "-4294967297", "3b0000000100000000" },
	{ "-9223372036854775808", "3b7fffffffffffffff" },
	{ "0.0", "f90000" },
	{ "-0.0", "f98000" },
	{ "1.5", "f93e00" },
	{ "65504.0", "f97bff" },
	{ "5.960464477539063e-8", "f90001" },
	{ "0.00006103515625", "f90400" },
	{ "-4.0", "f9c400" },
	{ "100000.0", "fa47c35000" },
	{ "65505.0", "fa477fe100" },
	{ "2.9802322387695312e-8", "fa33000000" },
	{ "3.4028234663852886e+38", "fa7f7fffff" },
	{ "1.1", "fb3ff199999999999a" },
	{ "1.0e+300", "fb7e37e43c8800759c" },
	{ "\"\"", "60" },
	{ "\"\xc3\xa9\"", "62c3a9" },
	{ "\"\\u0000\"", "40" },
	{ "\"\\u0000AQI=\"", "420102" },
	{ "[]", "80" },
	{ "{}", "a0" },
	{ "[[],{\"a\":{}}]", "8280a16161a0" },
};

/* Byte for byte, and back. */
static void test_cbor__each_type_in_its_smallest_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof smallest / sizeof *smallest; i++) {
		const struct value *v = tree(&arena, smallest[i].json);
		struct bytes raw = from_hex(smallest[i].hex);
		struct buf out;

		buf_init(&out);
		assert_int_equal(serializer_cbor.encode(&out, v), 0);
		assert_bytes(buf_bytes(&out), smallest[i].hex);
		assert_true(value_equal(v, decoded(raw)));
		buf_deinit(&out);
		free((void *)raw.data);
	}
}

/* All halves and singles of a kind come back bit by bit, as short as they
 * were; what JSON can not say too. */
static void test_cbor__reals_keep_their_bits(void **state)
{
	(void)state;
	for (uint32_t half = 0; half <= UINT16_MAX; half++) {
		uint8_t raw[3] = { 0xf9, (uint8_t)(half >> 8), (uint8_t)half };
		struct buf out;

		buf_init(&out);
		assert_int_equal(serializer_cbor.encode(
					 &out, decoded(bytes_of(raw, 3))),
				 0);
		assert_int_equal(out.len, 3);
		assert_memory_equal(out.data, raw, 3);
		buf_deinit(&out);
		arena_reset(&arena);
	}
	for (uint64_t i = 0; i < 100000; i++) {
		uint64_t bits = i * 0x9e3779b97f4a7c15u;
		uint8_t raw[9] = { 0xfb };
		const struct value *v;
		struct buf out;

		if (i % 2) /* one that a single can say */
			bits &= ~UINT64_C(0x1fffffff);
		for (unsigned k = 0; k < 8; k++)
			raw[1 + k] = (uint8_t)(bits >> (56 - 8 * k));
		buf_init(&out);
		v = decoded(bytes_of(raw, 9));
		assert_int_equal(serializer_cbor.encode(&out, v), 0);
		assert_true(value_equal(v, decoded(buf_bytes(&out))));
		buf_deinit(&out);
		arena_reset(&arena);
	}
}

/* What others write: longer forms, indefinite lengths, undefined, the two
 * tags. The latter are as JavaScript's cbor and cbor-x write them. */
static void test_cbor__other_forms_are_read_too(void **state)
{
	static const struct {
		const char *hex, *json;
	} cases[] = {
		{ "1805", "5" },
		{ "1b0000000000000005", "5" },
		{ "3b0000000000000000", "-1" },
		{ "fa3fc00000", "1.5" },
		{ "fb3ff8000000000000", "1.5" },
		{ "f7", "null" },
		{ "780161", "\"a\"" },
		{ "7b000000000000000161", "\"a\"" },
		{ "5b000000000000000101", "\"\\u0000AQ==\"" },
		{ "98020102", "[1,2]" },
		{ "9b000000000000000101", "[1]" },
		{ "b80161 6101", "{\"a\":1}" },
		{ "b90001616101", "{\"a\":1}" },
		{ "bb0000000000000000", "{}" },
		{ "9fff", "[]" },
		{ "bfff", "{}" },
		{ "9f 01 820203 9f0405ff ff", "[1,[2,3],[4,5]]" },
		{ "82 01 9f 02 03 ff", "[1,[2,3]]" },
		{ "bf 6161 01 6162 9f0203ff ff", "{\"a\":1,\"b\":[2,3]}" },
		{ "826161 bf 6162 6163 ff", "[\"a\",{\"b\":\"c\"}]" },
		{ "7f 657374726561 646d696e67 ff", "\"streaming\"" },
		{ "7fff", "\"\"" },
		{ "7f60 60ff", "\"\"" },
		{ "5f 42 0102 40 41 03 ff", "\"\\u0000AQID\"" },
		{ "5fff", "\"\\u0000\"" },
		{ "a1 7f6161 6162ff 01", "{\"ab\":1}" },
		{ "a1 7fff 01", "{\"\":1}" },
		{ "d840 420102", "\"\\u0000AQI=\"" },
		{ "81 d840 5f4101ff", "[\"\\u0000AQ==\"]" },
		{ "a1 6161 d840 4101", "{\"a\":\"\\u0000AQ==\"}" },
		{ "c2488000000000000000", "9223372036854775808" },
		{ "82 c248ffffffffffffffff 00", "[18446744073709551615,0]" },
		{ "c240", "0" },
		{ "c2420001", "1" },
		{ "c3487fffffffffffffff", "-9223372036854775808" },
		{ "a16161 c340", "{\"a\":-1}" },
		{ "d9d9f7 8101", "[1]" },
		{ "d9d9f7 9f01ff", "[1]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bytes raw = from_hex(cases[i].hex);

		assert_true(value_equal(decoded(raw),
					tree(&arena, cases[i].json)));
		free((void *)raw.data);
	}
}

static void test_cbor__what_wamp_does_not_know_is_refused(void **state)
{
	static const char *const bad[] = {
		"1c", "1d", "1e", "3c", "5d", "7e", "9c", "bd", "dc", "fc",
		"1f", "3f", "df00",         /* no indefinite length there */
		"ff", "82ff00", "8201ff",   /* a break of nothing */
		"9f81ff", "a1ff", "a16161ff", "9f82 01ff ff",
		"bf6161ff",                 /* a key without a value */
		"f0", "e0", "f3", "f800", "f814", "f820", "f8ff", /* simple */
		"c200", "c26161", "c25f4101ff", "c2c24101", "c280",
		"a1c2410101",
		"c16130", "c120f6", "c1f6", "c06130", /* no dates */
		"d81845 6449455446",        /* CBOR in a string */
		"d82076687474703a2f2f7777772e6578616d706c652e636f6d",
		"d840 01", "d840 6161", "d840 80", "d840 d840 4101",
		"d841 4101",                /* a typed array of others */
		"81d9d9f701",               /* the mark, not in front */
		"d9d9f7d9d9f701", "da0000d9f701",
		"a10102",                   /* keys that are no text */
		"a1f602", "a18002", "a1a002", "a1416102", "a1f502",
		"a1f93c0002",
		"a1 5f4161ff 02", "a1 d8404161 02", "bf 01 02 ff",
		"61ff", "62c328", "63eda080", "62c080", "64f4908080",
		"a161ff01",                 /* not UTF-8 */
		"7f61c361a9ff",             /* a character over two chunks */
		"7f4161ff", "5f6161ff",     /* chunks of another kind */
		"7f7f6161ffff", "5f5f4161ffff", "7f01ff", "5fd8404161ff",
		"0000", "8000", "f6f6", "9fff00",
		"a26161016161 02",          /* a key twice */
		"bf6161016161 02ff",
		"a2616101780161 02", "a26161017f6161ff 02",
		"a2 7f616160ff 01 7f606161ff 02", "a2 60 01 7fff 02",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (check_cbor(bad[i]) != ERR_MALFORMED)
			fail_msg("%s: %d", bad[i], check_cbor(bad[i]));
	assert_int_equal(check_cbor(""), ERR_TRUNCATED);
	assert_int_equal(check_cbor("d9d9f7"), ERR_TRUNCATED);
}

/* Each proper beginning of a valid item ends too early. */
static void truncate(const char *hex)
{
	struct bytes whole = from_hex(hex);

	assert_int_equal(serializer_cbor.check(whole, limits), 0);
	for (size_t len = 0; len < whole.len; len++) {
		struct bytes part = exact(bytes_of(whole.data, len));
		struct bytes elements[MESSAGE_ELEMENTS_MAX];
		unsigned count;
		int err = serializer_cbor.check(part, limits);

		assert_true(err == ERR_TRUNCATED || err == ERR_LIMIT);
		assert_true(serializer_cbor.split(part, limits, elements,
						  &count) < 0);
		assert_true(serializer_cbor.cut(part, limits, elements,
						&count) < 0);
		free((void *)part.data);
	}
	free((void *)whole.data);
}

static void test_cbor__truncated_at_each_byte(void **state)
{
	static const char *const items =
		"18301a00773bf7 a2616bfb3ff8000000000000616c39ff7f"
		"7803616263 790003646566 5803010203 5900 0101"
		"83f6f4f5 b90001617a7a0000000178 9a000000011b0000000100000000"
		"fa3fc00000 f93c00 bf617a9f01ff7f6162ff80ff5f4101ff d8404101";
	char hex[300];

	(void)state;
	snprintf(hex, sizeof hex, "81 8f%s", items);
	truncate(hex);
	snprintf(hex, sizeof hex, "d9d9f7 9f 9f%s ff ff", items);
	truncate(hex);
}

/* Few bytes that announce much: refused before anything is allocated,
 * however they are nested. */
static void test_cbor__announced_bombs(void **state)
{
	static const char *const bombs[] = {
		"9a20000000", "9affffffff", "9bffffffffffffffff",
		"9b8000000000000001", "ba20000000", "bbffffffffffffffff",
		"bb8000000000000000", "bb7fffffffffffffff",
		"bb0000000080000001",
		"bbffffffffffffffff 616101", "819a20000000",
		"a16161bbffffffffffffffff", "9f9b00000000ffffffffff",
		"83 990003f6f6 990003f6f6 990003f6f6", "99fffff6f6",
		"5bffffffffffffffff61", "7bffffffffffffffff61",
		"7a8000000061", "5f5bffffffffffffffff61ff",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
		struct bytes e[MESSAGE_ELEMENTS_MAX];
		struct bytes raw = from_hex(bombs[i]);
		unsigned count;
		int err = serializer_cbor.check(raw, limits);

		assert_true(err == ERR_LIMIT || err == ERR_TRUNCATED);
		assert_true(serializer_cbor.cut(raw, limits, e, &count) < 0);
		free((void *)raw.data);
	}
	assert_int_equal(check_cbor("9a20000000"), ERR_LIMIT);
	assert_int_equal(check_cbor("9bffffffffffffffff"), ERR_LIMIT);
	assert_int_equal(check_cbor("5bffffffffffffffff61"), ERR_TRUNCATED);
}

/* With and without lengths the same is counted. */
static void test_cbor__elements_count_together(void **state)
{
	static const char *const same[] = {
		"83 820102 a16161f6 05", "9f 820102 a16161f6 05 ff",
		"83 9f0102ff bf6161f6ff 05", "9f 9f0102ff bf7f6161fff6ff 05ff",
	};

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		struct wamp_limits few = *limits;
		struct bytes raw = from_hex(same[i]);

		few.elements_max = 7;
		assert_int_equal(serializer_cbor.check(raw, &few), 0);
		few.elements_max = 6;
		assert_int_equal(serializer_cbor.check(raw, &few), ERR_LIMIT);
		few.elements_max = 7;
		few.bytes_max = raw.len - 1;
		assert_int_equal(serializer_cbor.check(raw, &few), ERR_LIMIT);
		free((void *)raw.data);
	}
}

/* n lists, each in the one before; `begin` opens one. */
static size_t nested(uint8_t *raw, uint8_t begin, size_t n)
{
	memset(raw, begin, n);
	if (begin == 0x9f) {
		memset(raw + n, 0xff, n);
		return 2 * n;
	}
	raw[n - 1] = 0x80;
	return n;
}

static void test_cbor__depth(void **state)
{
	struct wamp_limits deep = *limits;
	uint8_t raw[1000];

	(void)state;
	deep.depth_max = 1000;
	for (int kind = 0; kind < 2; kind++) {
		for (size_t n = 1; n < 400; n++) {
			size_t len = nested(raw, kind ? 0x9f : 0x81, n);
			struct bytes b = bytes_of(raw, len);
			struct value *v;

			assert_int_equal(serializer_cbor.check(b, limits),
					 n <= limits->depth_max ? 0
								: ERR_LIMIT);
			assert_int_equal(serializer_cbor.decode(&arena, b,
								&deep, &v),
					 n <= VALUE_DEPTH_MAX ? 0 : ERR_LIMIT);
		}
	}
}

/* Dicts of many keys: each pair of equal keys is found, in pieces too, and
 * nothing else is. */
static void test_cbor__duplicate_keys_in_dicts_of_any_size(void **state)
{
	(void)state;
	for (unsigned n = 2; n < 200; n = n < 40 ? n + 1 : n + 37) {
		for (unsigned twin = 0; twin < n; twin += n / 3 + 1) {
			struct buf b;

			buf_init(&b);
			buf_add(&b, "\xa1\x61x\xbf", 4);
			for (unsigned i = 0; i < n; i++) {
				unsigned key = i == n - 1 && twin ? twin - 1
								  : i;
				char text[16];

				snprintf(text, sizeof text, "dk%03u", key);
				text[0] = 0x64;
				buf_add(&b, "\x7f\x60", i % 3 ? 0 : 2);
				buf_add_str(&b, text);
				buf_add(&b, "\xff", i % 3 ? 0 : 1);
				buf_add(&b, "\xa1\x64k001\x01", 7);
			}
			buf_add_u8(&b, 0xff);
			assert_int_equal(serializer_cbor.check(buf_bytes(&b),
							       limits),
					 twin ? ERR_MALFORMED : 0);
			buf_deinit(&b);
		}
	}
}

static void test_cbor__split_gives_each_element(void **state)
{
	static const char *const outer[] = { "86", "9f", "d9d9f7 86",
					     "d9d9f7 9f", "9806" };
	struct bytes e[MESSAGE_ELEMENTS_MAX];
	unsigned count;

	(void)state;
	for (int i = 0; i < 10; i++) {
		char hex[100];
		struct bytes raw;

		snprintf(hex, sizeof hex,
			 "%s 1830 a0 7f616160ff 8101 bf616181a17f6161fff6ff"
			 "f5 %s",
			 outer[i / 2], i / 2 % 2 ? "ff" : "");
		raw = from_hex(hex);
		assert_int_equal((i % 2 ? serializer_cbor.cut
					: serializer_cbor.split)(raw, limits,
								 e, &count),
				 0);
		assert_int_equal(count, 6);
		assert_bytes(e[0], "1830");
		assert_bytes(e[1], "a0");
		assert_bytes(e[2], "7f616160ff");
		assert_bytes(e[3], "8101");
		assert_bytes(e[4], "bf616181a17f6161fff6ff");
		assert_bytes(e[5], "f5");
		free((void *)raw.data);
	}
}

static void test_cbor__split_wants_a_list_of_one_to_eight(void **state)
{
	static const struct splittable cases[] = {
		{ "80", false },
		{ "9fff", false },
		{ "8101", true },
		{ "9f01ff", true },
		{ "880102030405060708", true },
		{ "9f0102030405060708ff", true },
		{ "89010203040506070809", false },
		{ "9f010203040506070809ff", false },
		{ "99000201 02", true },
		{ "a1616101", false },
		{ "bf616101ff", false },
		{ "01", false },
		{ "6161", false },
		{ "d9d9f7", false },
		{ "", false },
		{ "810100", false },
		{ "9f01ff00", false },
		{ "9f01ffff", false },
		{ "81ff", false },
	};

	(void)state;
	assert_splits(&serializer_cbor, cases,
		      sizeof cases / sizeof *cases);
}

/* What a client must survive in a payload: cut passes over it, check says
 * no. */
static void test_cbor__cut_passes_what_check_refuses(void **state)
{
	static const char *const payloads[] = {
		"81c26101", "81f0", "81f820",
		"8161ff", "a10102", "a2616101616102", "9fc4f90000ff",
		"bf6161ff", "7f4161ff", "d9d9f7d9d9f780",
		"9fa1c240bfff05ff",
	};
	static const char *const never[] = { "1c", "1f", "df", "81ff", "9f",
					     "9f1f" };
	struct bytes e[MESSAGE_ELEMENTS_MAX];
	unsigned count;
	char hex[100];

	(void)state;
	for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
		struct bytes raw;

		snprintf(hex, sizeof hex, "8201%s", payloads[i]);
		raw = from_hex(hex);
		assert_true(serializer_cbor.split(raw, limits, e, &count) < 0);
		assert_int_equal(serializer_cbor.cut(raw, limits, e, &count),
				 0);
		assert_int_equal(count, 2);
		assert_bytes(e[1], payloads[i]);
		assert_true(serializer_cbor.check(e[1], limits) < 0);
		free((void *)raw.data);
	}
	for (size_t i = 0; i < sizeof never / sizeof *never; i++) {
		struct bytes raw;

		snprintf(hex, sizeof hex, "8201%s", never[i]);
		raw = from_hex(hex);
		assert_true(serializer_cbor.cut(raw, limits, e, &count) < 0);
		free((void *)raw.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cbor__each_type_in_its_smallest_form),
		cmocka_unit_test(test_cbor__reals_keep_their_bits),
		cmocka_unit_test(test_cbor__other_forms_are_read_too),
		cmocka_unit_test(
			test_cbor__what_wamp_does_not_know_is_refused),
		cmocka_unit_test(test_cbor__truncated_at_each_byte),
		cmocka_unit_test(test_cbor__announced_bombs),
		cmocka_unit_test(test_cbor__elements_count_together),
		cmocka_unit_test(test_cbor__depth),
		cmocka_unit_test(
			test_cbor__duplicate_keys_in_dicts_of_any_size),
		cmocka_unit_test(test_cbor__split_gives_each_element),
		cmocka_unit_test(
			test_cbor__split_wants_a_list_of_one_to_eight),
		cmocka_unit_test(test_cbor__cut_passes_what_check_refuses),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
