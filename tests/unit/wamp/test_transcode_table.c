/* Values that the three languages say differently, or that one of them can
 * not say: each from each language into each. Spec: "Serializers", "Binary
 * support in JSON". */
#include "support.h"

#include <stdio.h>

#include "base/buf.h"
#include "tests/unit/base/fail_malloc.h"
#include "wamp/bigint.h"
#include "wamp/date.h"

static const struct wamp_limits *const limits = &wamp_limits_default;

enum { PACK, JSON, CBOR }; /* as in `every` */

struct row {
	const char *name;
	/* msgpack and cbor in hex; NULL: the language can not say it. */
	const char *say[LANGUAGES];
};

/* As we write them: what one says comes out of all as the other's. */
static const struct row rows[] = {
	/* --- integers --- */
	{ "0", { "00", "0", "00" } },
	{ "-1", { "ff", "-1", "20" } },
	{ "127", { "7f", "127", "187f" } },
	{ "128", { "cc80", "128", "1880" } },
	{ "-32", { "e0", "-32", "381f" } },
	{ "-33", { "d0df", "-33", "3820" } },
	{ "2^32", { "cf0000000100000000", "4294967296",
		    "1b0000000100000000" } },
	{ "2^53", { "cf0020000000000000", "9007199254740992",
		    "1b0020000000000000" } },
	{ "2^53 + 1", { "cf0020000000000001", "9007199254740993",
			"1b0020000000000001" } },
	{ "-2^53 - 1", { "d3ffdfffffffffffff", "-9007199254740993",
			 "3b0020000000000000" } },
	{ "2^63 - 1", { "cf7fffffffffffffff", "9223372036854775807",
			"1b7fffffffffffffff" } },
	{ "2^63", { "cf8000000000000000", "9223372036854775808",
		    "1b8000000000000000" } },
	{ "2^64 - 1", { "cfffffffffffffffff", "18446744073709551615",
			"1bffffffffffffffff" } },
	{ "-2^63", { "d38000000000000000", "-9223372036854775808",
		     "3b7fffffffffffffff" } },
	{ "2^64", { NULL, "18446744073709551616", "c249010000000000000000" } },
	{ "-2^63 - 1", { NULL, "-9223372036854775809",
			 "3b8000000000000000" } },
	{ "-2^64", { NULL, "-18446744073709551616", "3bffffffffffffffff" } },
	{ "-2^64 - 1", { NULL, "-18446744073709551617",
			 "c349010000000000000000" } },
	{ "10^30", { NULL, "1000000000000000000000000000000",
		     "c24d0c9f2c9cd04674edea40000000" } },
	{ "-10^30", { NULL, "-1000000000000000000000000000000",
		      "c34d0c9f2c9cd04674edea3fffffff" } },
	{ "among others",
	  { NULL, "[1,{\"n\":18446744073709551616},-2.5]",
	    "8301a1616ec249010000000000000000f9c100" } },
	/* --- reals --- */
	{ "0.0", { "cb0000000000000000", "0.0", "f90000" } },
	{ "-0.0", { "cb8000000000000000", "-0.0", "f98000" } },
	{ "1.0 is no 1", { "cb3ff0000000000000", "1.0", "f93c00" } },
	{ "the largest half", { "cb40effc0000000000", "65504.0", "f97bff" } },
	{ "the smallest half", { "cb3e70000000000000",
				 "5.9604644775390625e-08", "f90001" } },
	{ "the largest single", { "cb47efffffe0000000",
				  "3.4028234663852886e+38", "fa7f7fffff" } },
	{ "a single", { "cb3fb99999a0000000", "0.10000000149011612",
			"fa3dcccccd" } },
	{ "0.1", { "cb3fb999999999999a", "0.1", "fb3fb999999999999a" } },
	{ "2^53 as a real", { "cb4340000000000000", "9007199254740992.0",
			      "fa5a000000" } },
	{ "2^64 as a real", { "cb43f0000000000000", "1.8446744073709552e+19",
			      "fa5f800000" } },
	{ "the largest", { "cb7fefffffffffffff", "1.7976931348623157e+308",
			   "fb7fefffffffffffff" } },
	{ "the smallest", { "cb0000000000000001", "4.94065645841247e-324",
			    "fb0000000000000001" } },
	{ "infinity", { "cb7ff0000000000000", NULL, "f97c00" } },
	{ "-infinity", { "cbfff0000000000000", NULL, "f9fc00" } },
	{ "NaN", { "cb7ff8000000000000", NULL, "f97e00" } },
	{ "a NaN in a list", { "92 01 cb7ff8000000000000", NULL,
			       "82 01 f97e00" } },
	/* --- texts --- */
	{ "empty", { "a0", "\"\"", "60" } },
	{ "beyond ASCII", { "a8c3a9f09f988020 7f", "\"\xc3\xa9\xf0\x9f\x98\x80"
			    " \x7f\"", "68c3a9f09f988020 7f" } },
	{ "escapes", { "a7225c2f080c0a1f", "\"\\\"\\\\/\\b\\f\\n\\u001f\"",
		       "67225c2f080c0a1f" } },
	{ "NUL within", { "a36100 62", "\"a\\u0000b\"", "636100 62" } },
	{ "NUL in front", { "a2006a", NULL, "62006a" } },
	{ "NUL alone", { "a100", NULL, "6100" } },
	{ "U+FFFF", { "a3efbfbf", "\"\xef\xbf\xbf\"", "63efbfbf" } },
	/* --- binaries --- */
	{ "empty", { "c400", "\"\\u0000\"", "40" } },
	{ "one byte", { "c40100", "\"\\u0000AA==\"", "4100" } },
	{ "two bytes", { "c402fbff", "\"\\u0000+/8=\"", "42fbff" } },
	{ "the specification's",
	  { "c41010e3ff9053075c526f5fc06d4fe37cdb",
	    "\"\\u0000EOP/kFMHXFJvX8BtT+N82w==\"",
	    "5010e3ff9053075c526f5fc06d4fe37cdb" } },
	/* --- the rest --- */
	{ "null", { "c0", "null", "f6" } },
	{ "bools", { "92c3c2", "[true,false]", "82f5f4" } },
	{ "empty ones", { "929080", "[[],{}]", "8280a0" } },
	{ "an empty key", { "81a001", "{\"\":1}", "a16001" } },
	{ "NUL in a key", { "81a2006b01", "{\"\\u0000k\":1}",
			    "a162006b01" } },
	{ "the order of keys", { "82a16201a16102", "{\"b\":1,\"a\":2}",
				 "a2616201616102" } },
};

static struct bytes raw_of(int language, const char *text)
{
	return language == JSON ? exact(bytes_str(text)) : from_hex(text);
}

static int check_one(int from, int to, const char *in, const char *want,
		     const char *name)
{
	struct bytes raw = raw_of(from, in), expected;
	struct arena a;
	struct buf out;
	int err;

	arena_init(&a, 4096);
	buf_init(&out);
	/* Not as it stands: through the values. */
	err = every[from]->check(raw, limits);
	if (!err) {
		struct value v;

		assert_int_equal(every[from]->build(&a, raw, &v), 0);
		err = every[to]->encode(&out, &v);
	}
	if (err)
		assert_int_equal(out.len, 0);
	if (!err && want) {
		expected = raw_of(to, want);
		if (!bytes_equal(buf_bytes(&out), expected))
			fail_msg("%s: from %s to %s: %s", name,
				 every[from]->name, every[to]->name,
				 to == JSON ? (char *)out.data : "");
		free((void *)expected.data);
	}
	buf_deinit(&out);
	arena_deinit(&a);
	free((void *)raw.data);
	return err;
}

static void test_transcode__each_to_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (int k = 0; k < LANGUAGES * LANGUAGES; k++) {
			int from = k / LANGUAGES, to = k % LANGUAGES, err;
			const char *const *say = rows[i].say;

			if (!say[from])
				continue;
			err = check_one(from, to, say[from], say[to],
					rows[i].name);
			if (err != (say[to] ? 0 : ERR_UNSUPPORTED))
				fail_msg("%s: from %s to %s: %d", rows[i].name,
					 every[from]->name, every[to]->name,
					 err);
		}
	}
}

/* Other ways to say what is said above: `as` is JSON's. */
static const struct {
	int language;
	const char *in, *as;
} others[] = {
	{ JSON, " -0 ", "0" }, { JSON, "-0e0", "-0.0" },
	{ JSON, "1E2", "100.0" }, { JSON, "1.50", "1.5" },
	{ JSON, "0.15e1", "1.5" },
	/* Reals are the nearest ones, integers never are. */
	{ JSON, "0.1000000000000000055511151231257827", "0.1" },
	{ JSON, "9007199254740993.0", "9007199254740992.0" },
	{ JSON, "1e-400", "0.0" }, { JSON, "-1e-400", "-0.0" },
	{ JSON, "\"\\ud83d\\uDE00\\/\\u0041\"", "\"\xf0\x9f\x98\x80/A\"" },
	{ JSON, "\"\\u0000\\u0041A==\"", "\"\\u0000AA==\"" },
	{ JSON, "{\"\\u0061\":1 , \"b\" : [ ] }", "{\"a\":1,\"b\":[]}" },
	{ PACK, "cc01", "1" }, { PACK, "cd0001", "1" },
	{ PACK, "cf0000000000000001", "1" }, { PACK, "d0ff", "-1" },
	{ PACK, "d3ffffffffffffffff", "-1" }, { PACK, "d20000 0001", "1" },
	{ PACK, "ca3fc00000", "1.5" }, { PACK, "ca80000000", "-0.0" },
	{ PACK, "ca00000001", "1.401298464324817e-45" },
	{ PACK, "d90161", "\"a\"" }, { PACK, "da000161", "\"a\"" },
	{ PACK, "db0000000161", "\"a\"" }, { PACK, "c50000", "\"\\u0000\"" },
	{ PACK, "c600000000", "\"\\u0000\"" }, { PACK, "dc000101", "[1]" },
	{ PACK, "dd00000000", "[]" }, { PACK, "de0001a16101", "{\"a\":1}" },
	{ PACK, "df00000000", "{}" },
	{ PACK, "d40000", "null" }, /* undefined, as msgpackr says it */
	{ CBOR, "1801", "1" }, { CBOR, "1b0000000000000001", "1" },
	{ CBOR, "3800", "-1" }, { CBOR, "f93e00", "1.5" },
	{ CBOR, "fa3fc00000", "1.5" }, { CBOR, "fb3ff8000000000000", "1.5" },
	{ CBOR, "f90001", "5.9604644775390625e-08" },
	{ CBOR, "9f019fffff", "[1,[]]" }, { CBOR, "bf616101ff", "{\"a\":1}" },
	{ CBOR, "7f61617f", NULL }, { CBOR, "7f616160 6162ff", "\"ab\"" },
	{ CBOR, "7fff", "\"\"" }, { CBOR, "5f40ff", "\"\\u0000\"" },
	{ CBOR, "5f41 00 41 00ff", "\"\\u0000AAA=\"" },
	{ CBOR, "bf7f6161 6162ff01ff", "{\"ab\":1}" },
	{ CBOR, "f7", "null" }, { CBOR, "d9d9f701", "1" },
	{ CBOR, "d8404100", "\"\\u0000AA==\"" },
	{ CBOR, "c240", "0" }, { CBOR, "c340", "-1" }, { CBOR, "c24101", "1" },
	{ CBOR, "c2 4a 0000 ffffffffffffffff", "18446744073709551615" },
	{ CBOR, "c2 4a 0001 0000000000000000", "18446744073709551616" },
	{ CBOR, "c3487fffffffffffffff", "-9223372036854775808" },
	{ CBOR, "c3488000000000000000", "-9223372036854775809" },
};

static void test_transcode__other_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		int err = check_one(others[i].language, JSON, others[i].in,
				    others[i].as, others[i].in);

		if ((err == 0) != (others[i].as != NULL))
			fail_msg("%s: %d", others[i].in, err);
	}
}

/* The sender's fault, whoever is to read it. */
static const struct {
	int language;
	const char *in;
} refused[] = {
	{ JSON, "NaN" }, { JSON, "Infinity" }, { JSON, "-Infinity" },
	{ JSON, "1e400" }, { JSON, "-1e400" }, { JSON, "01" }, { JSON, "+1" },
	{ JSON, "\"\\ud800\"" }, { JSON, "\"\\udc00\\ud800\"" },
	{ JSON, "\"\\ud800\\u0041\"" }, { JSON, "\"\xed\xa0\x80\"" },
	{ JSON, "\"\xc0\x80\"" }, { JSON, "\"\xff\"" },
	{ JSON, "\"\\u0000not base64\"" }, { JSON, "\"\\u0000AA\"" },
	{ JSON, "\"\\u0000A-_=\"" }, { JSON, "\"\\u0000AA==\\n\"" },
	{ JSON, "{\"a\":1,\"a\":1}" }, { JSON, "{\"a\":1,\"\\u0061\":2}" },
	{ JSON, "{1:2}" }, { JSON, "{\"a\":{\"k\":1,\"k\":1}}" },
	{ PACK, "a1ff" }, { PACK, "a2c080" }, { PACK, "a3eda080" },
	{ PACK, "81 01 02" }, { PACK, "81 c4016b 01" }, { PACK, "81 c0 01" },
	{ PACK, "82 a16101 a16102" }, { PACK, "c1" },
	{ PACK, "d40100" }, { PACK, "c70000" }, /* extensions */
	{ PACK, "c7020000 00" }, { PACK, "d6fe00000000" },
	{ PACK, "d7ffee6b280000000000" }, /* timestamps: 10^9 nanoseconds */
	{ PACK, "c70cff3b9aca000000000000000000" },
	{ PACK, "c70cff000000007fffffffffffffff" }, /* beyond the year 9999 */
	{ PACK, "c70cff000000000000003afff44180" },
	{ PACK, "c70cff00000000fffffff1886e08ff" }, /* before the year 1 */
	{ PACK, "c705ff0000000000" }, { PACK, "d8ff00000000000000000000000000"
					      "000000" },
	{ PACK, "81 d6ff00000000 01" }, /* a key */
	{ CBOR, "61ff" }, { CBOR, "63eda080" }, { CBOR, "a10102" },
	{ CBOR, "a1416b01" }, { CBOR, "a1c2410101" }, { CBOR, "a1f601" },
	{ CBOR, "a2616101616102" }, { CBOR, "bf616101616102ff" },
	{ CBOR, "c1f97e00" }, { CBOR, "c1f97c00" }, { CBOR, "c1fb7e37e43c8800"
							    "759c" },
	{ CBOR, "c11bffffffffffffffff" }, { CBOR, "c1 1b0000003afff44180" },
	{ CBOR, "c1c11a514b67b0" }, { CBOR, "c1f5" }, { CBOR, "c1f6" },
	{ CBOR, "a1 c11a514b67b0 01" }, { CBOR, "c05f4130ff" },
	{ CBOR, "c07f61 30ff" }, { CBOR, "c060" }, { CBOR, "c01a514b67b0" },
	{ CBOR, "c48221196ab3" }, { CBOR, "d82550 00000000000000000000000000"
				    "000000" }, /* decimals, UUIDs */
	{ CBOR, "c25f4101ff" }, { CBOR, "c201" }, { CBOR, "c26131" },
	{ CBOR, "f0" }, { CBOR, "f820" }, { CBOR, "7f4161ff" },
};

static void test_transcode__refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		const struct serializer *s = every[refused[i].language];
		struct bytes raw = raw_of(refused[i].language, refused[i].in);

		if (s->check(raw, limits) != ERR_MALFORMED)
			fail_msg("passed: %s", refused[i].in);
		free((void *)raw.data);
	}
}

/* --- dates --------------------------------------------------------------- */

/* To who speaks the same they go as they are; nobody else can say them. */
static const struct {
	int language;
	const char *in;
} dates[] = {
	{ PACK, "d6ff00000000" }, { PACK, "d6ffffffffff" },
	{ PACK, "d7ff0000000000000000" }, { PACK, "d7ffee6b27ffffffffff" },
	{ PACK, "c70cff3b9ac9ff0000003afff4417f" },
	{ PACK, "c70cff00000000fffffff1886e0900" },
	{ PACK, "92 01 d6ff514b67b0" }, { PACK, "81 a16b d6ff514b67b0" },
	{ PACK, "c704ff514b67b0" },
	{ CBOR, "c074323031332d30332d32315432303a30343a30305a" },
	{ CBOR, "c11a514b67b0" }, { CBOR, "c1fb41d452d9ec200000" },
	{ CBOR, "c120" }, { CBOR, "c1f93c00" }, { CBOR, "c1fa4ea296cf" },
	{ CBOR, "c11b0000003afff4417f" }, { CBOR, "c13b0000000e7791f6ff" },
	{ CBOR, "82 01 c11a514b67b0" }, { CBOR, "bf616b c100ff" },
};

static void test_transcode__dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
		const struct serializer *from = every[dates[i].language];
		struct bytes raw = raw_of(dates[i].language, dates[i].in);

		if (from->check(raw, limits))
			fail_msg("refused: %s", dates[i].in);
		for (int to = 0; to < LANGUAGES; to++) {
			struct arena a;
			struct buf out;
			int err;

			arena_init(&a, 256);
			buf_init(&out);
			err = serializer_transcode(from, raw, every[to], &a,
						   limits, &out);
			assert_int_equal(err, every[to] == from
						      ? 0
						      : ERR_UNSUPPORTED);
			assert_true(err ||
				    bytes_equal(buf_bytes(&out), raw));
			buf_deinit(&out);
			arena_deinit(&a);
		}
		free((void *)raw.data);
	}
}

static void test_transcode__dates_as_text(void **state)
{
	static const char *const good[] = {
		"2013-03-21T20:04:00Z", "0001-01-01T00:00:00Z",
		"9999-12-31T23:59:59.999999Z", "2024-02-29T00:00:00Z",
		"2000-02-29T00:00:00Z", "2013-03-21T20:04:00.5+05:30",
		"2013-03-21T20:04:00-23:59", "2013-04-30T00:00:00Z",
	};
	static const char *const bad[] = {
		"", "2013", "2013-03-21", "2013-03-21T20:04:00",
		"2013-03-21 20:04:00Z", "2013-03-21t20:04:00z",
		"0000-01-01T00:00:00Z", "2013-00-21T20:04:00Z",
		"2013-13-21T20:04:00Z", "2013-03-00T20:04:00Z",
		"2013-03-32T20:04:00Z", "2013-04-31T20:04:00Z",
		"2013-02-29T20:04:00Z", "1900-02-29T20:04:00Z",
		"2013-03-21T24:00:00Z", "2013-03-21T20:60:00Z",
		"2013-03-21T20:04:60Z", "2013-03-21T20:04:00.Z",
		"2013-03-21T20:04:00+24:00", "2013-03-21T20:04:00+0530",
		"2013-03-21T20:04:00Zx", "2013-03-21T20:04:00.1",
		"+013-03-21T20:04:00Z", "2013-3-21T20:04:00Z",
		"2013-03-21T20:04:00+05:60", "2013-03-21T20:04Z",
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		if (!date_text_valid(bytes_str(good[i])))
			fail_msg("refused: %s", good[i]);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (date_text_valid(bytes_str(bad[i])))
			fail_msg("passed: %s", bad[i]);
}

/* --- the longest integers ------------------------------------------------ */

/* Of each length: there and back is the same, digit by digit. */
static void test_transcode__bignums_of_each_length(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 4096);
	for (unsigned len = 9; len <= BIGINT_BYTES_MAX; len++) {
		uint8_t bytes[BIGINT_BYTES_MAX], back[BIGINT_BYTES_MAX];

		for (unsigned kind = 0; kind < 3; kind++) {
			struct bytes in = bytes_of(bytes, len), out, decimal;

			memset(bytes, kind ? 0xff : 0, len);
			bytes[0] = kind == 2 ? 1 : 0xff;
			for (unsigned negative = 0; negative < 2; negative++) {
				assert_int_equal(
					bigint_decimal(&a, in, negative,
						       &decimal), 0);
				assert_true(decimal.len <= BIGINT_DIGITS_MAX);
				assert_int_equal(decimal.data[0] == '-',
						 negative);
				assert_int_equal(
					bigint_argument(decimal, back, &out),
					0);
				assert_true(bytes_equal(in, out));
			}
		}
		arena_reset(&a);
	}
	arena_deinit(&a);
}

static void test_transcode__bignums_over_the_limit(void **state)
{
	char hex[2 * 300], digits[BIGINT_DIGITS_MAX + 2];
	uint8_t room[BIGINT_BYTES_MAX];
	struct bytes raw, out;

	(void)state;
	for (unsigned len = 212; len <= 213; len++) {
		snprintf(hex, sizeof hex, "c258%02x", len);
		memset(hex + 6, '1', 2 * len);
		hex[6 + 2 * len] = '\0';
		raw = from_hex(hex);
		assert_int_equal(serializer_cbor.check(raw, limits),
				 len == 212 ? 0 : ERR_LIMIT);
		free((void *)raw.data);
	}
	memset(digits, '9', sizeof digits);
	assert_int_equal(bigint_argument(bytes_of(digits, 512), room, &out),
			 0);
	assert_int_equal(bigint_argument(bytes_of(digits, 515), room, &out),
			 ERR_LIMIT);
}

static void test_transcode__each_allocation_may_fail(void **state)
{
	struct bytes raw = from_hex("82 c249010000000000000000"
				    "3bffffffffffffffff");
	bool hit = true;

	(void)state;
	for (size_t n = 1; hit; n++) {
		struct arena a;
		struct buf out;
		int err;

		arena_init(&a, 16);
		buf_init(&out);
		fail_malloc_at(n);
		err = serializer_transcode(&serializer_cbor, raw,
					   &serializer_json, &a, limits, &out);
		hit = fail_malloc_off();
		assert_int_equal(err, hit ? ERR_NOMEM : 0);
		buf_deinit(&out);
		arena_deinit(&a);
	}
	free((void *)raw.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transcode__each_to_each),
		cmocka_unit_test(test_transcode__other_forms),
		cmocka_unit_test(test_transcode__refused),
		cmocka_unit_test(test_transcode__dates),
		cmocka_unit_test(test_transcode__dates_as_text),
		cmocka_unit_test(test_transcode__bignums_of_each_length),
		cmocka_unit_test(test_transcode__bignums_over_the_limit),
		cmocka_unit_test(test_transcode__each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
