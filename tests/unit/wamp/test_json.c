#include "arena_fixture.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/rng.h"
#include "wamp/json.h"

static void test_json__the_grammar_is_strict(void **state)
{
	static const char *const good[] = {
		"0", "-0", "1e5", "1E+5", "1.5e-3", "-12.25", "\"\"",
		" \t\r\n[ ] ", "{ }", "[1 , 2]", "{\"a\" : 1 , \"b\":[]}",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"", "\"\x7f\"",
		"\"\\ud83d\\ude00\"", "\"\\u0000\"", "\"a\\u0000b\"",
		"[[],[[]],{\"\":{}}]", "null", "true", "false",
		"\"\\u0000AQI=\"", "\"\\u0000AQ\\u0049=\"",
		"\"\\u0000\\/\\/\\/\\/\"",
	};
	static const char *const bad[] = {
		"", " ", "01", "-", "+1", "1.", ".5", "1e", "1e+", "0x10",
		"1.e5", "--1", "- 1", "NaN", "Infinity", "-Infinity", "nul",
		"nulll", "True", "'a'", "\"", "\"a", "\"\\", "\"\\x\"",
		"\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "\"\t\"", "\"\x01\"",
		"\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\n\"",
		"\"\\ud800\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"",
		"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "[", "]",
		"[1", "[1,", "[1,]", "[,1]", "[,]", "[1 2]", "{", "}", "{\"a\"",
		"{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}",
		"{a:1}", "{1:2}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "[1}",
		"{\"a\":1]", "[]]", "1 2", "[] []", "{\"a\":1,\"a\":2}",
		"{\"a\":1,\"\\u0061\":2}", "{\"\\u0061\":1,\"a\":2}",
		"{\"\":1,\"\":2}", "// x\n1", ("\xef\xbb\xbf" "1"),
		"\v1", "1e400", "-1e400", "\"\\u0000A\"", "\"\\u0000=\"",
		"\"\\u0000====\"", "\"\\u0000AQ\"", "\"\\u0000A Q=\"",
		"\"\\u0000A===\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(check_text(good[i]), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (check_text(bad[i]) >= 0)
			fail_msg("passed: %s", bad[i]);
	assert_int_equal(serializer_json.check(bytes_of("[1]\0", 4), limits),
			 ERR_MALFORMED);
	assert_int_equal(check_text("{\"a\":1,\"a\":2}"), ERR_MALFORMED);
}

static const struct value *number(const char *text)
{
	return tree(&arena, text);
}

static void test_json__integers_stay_integers(void **state)
{
	const struct {
		const char *text;
		struct value want;
	} cases[] = {
		{ "0", { .type = VALUE_INT, .integer = 0 } },
		{ "-0", { .type = VALUE_INT, .integer = 0 } },
		{ "9007199254740993",
		  { .type = VALUE_INT, .integer = 9007199254740993 } },
		{ "9223372036854775807",
		  { .type = VALUE_INT, .integer = INT64_MAX } },
		{ "-9223372036854775808",
		  { .type = VALUE_INT, .integer = INT64_MIN } },
		{ "9223372036854775808",
		  { .type = VALUE_UINT, .uinteger = 1ull << 63 } },
		{ "18446744073709551615",
		  { .type = VALUE_UINT, .uinteger = UINT64_MAX } },
		{ "18446744073709551616",
		  value_big(bytes_str("18446744073709551616")) },
		{ "-9223372036854775809",
		  value_big(bytes_str("-9223372036854775809")) },
		{ "1.0", { .type = VALUE_REAL, .real = 1 } },
		{ "1e2", { .type = VALUE_REAL, .real = 100 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_true(value_equal(number(cases[i].text), &cases[i].want));
}

static void encoded(const struct value *v, const char *want)
{
	struct buf out;

	buf_init(&out);
	assert_int_equal(serializer_json.encode(&out, v), 0);
	assert_text(buf_bytes(&out), want);
	buf_deinit(&out);
}

static void test_json__reals_are_short_and_no_integers(void **state)
{
	static const struct {
		double real;
		const char *text;
	} cases[] = {
		{ 1, "1.0" },
		{ -0.0, "-0.0" },
		{ 0.1, "0.1" },
		{ 1.5, "1.5" },
		{ 1e300, "1e+300" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 123456789012345680.0, "1.2345678901234568e+17" },
		{ 5e-324, "4.94065645841247e-324" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct value v = value_real(cases[i].real);

		encoded(&v, cases[i].text);
		assert_true(value_equal(number(cases[i].text), &v));
	}
}

static void test_json__what_it_can_not_say_is_refused(void **state)
{
	struct value bad[] = {
		value_real(NAN),
		value_real(INFINITY),
		value_real(-INFINITY),
		/* A receiver would take this for a byte string. */
		value_text(bytes_of("\0AQI=", 5)),
		value_text(bytes_of("\0", 1)),
	};
	struct value list = value_list();
	struct buf out;

	(void)state;
	buf_init(&out);
	buf_add_str(&out, "kept");
	assert_int_equal(list_add(&arena, &list, value_int(1)), 0);
	assert_int_equal(list_add(&arena, &list, value_int(1)), 0);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		list.list.items[1] = bad[i];
		assert_int_equal(serializer_json.encode(&out, &list),
				 ERR_UNSUPPORTED);
		assert_text(buf_bytes(&out), "kept");
	}
	buf_deinit(&out);
}

static void test_json__strings_with_every_kind_of_escape(void **state)
{
	const struct value v = value_text(bytes_of(
		"a\"\\/\b\f\n\r\t\x01\x1f\x7f\0\xc3\xa9\xf0\x9f\x98\x80", 19));
	const struct value *back;

	(void)state;
	encoded(&v, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000"
		    "\xc3\xa9\xf0\x9f\x98\x80\"");
	back = tree(&arena, "\"\\u0061\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0001\\u001F"
			    "\\u007f\\u0000\\u00e9\\uD83D\\ude00\"");
	assert_true(value_equal(back, &v));
}

/* "Binary conversion of JSON Strings". */
static void test_json__byte_strings_travel_as_base64(void **state)
{
	static const char *const texts[] = {
		"\"\\u0000\"",         "\"\\u0000AA==\"",
		"\"\\u0000AP8=\"",     "\"\\u0000AP+/\"",
		"\"\\u0000AP+/EA==\"",
	};
	static const uint8_t data[] = { 0x00, 0xff, 0xbf, 0x10 };

	(void)state;
	for (size_t n = 0; n < 5; n++) {
		struct value v = value_bin(bytes_of(data, n));

		encoded(&v, texts[n]);
		assert_true(value_equal(tree(&arena, texts[n]), &v));
	}
	/* Keys are text always. */
	assert_true(value_equal(
		tree(&arena, "{\"\\u0000\":1}"),
		tree(&arena, "{\"\\u0000\":1}")));
	assert_int_equal(check_text("{\"\\u0000!\":1}"), 0);
}

static void test_json__truncated_at_each_byte(void **state)
{
	const char *whole = " [ 48, {\"a\\n\\ud83d\\ude00\": [1.5e-3, true], "
			    "\"\": null}, \"\\u0000AQI=\", -12, false ]";
	size_t end = strlen(whole);

	(void)state;
	assert_int_equal(check_text(whole), 0);
	for (size_t len = 0; len < end; len++) {
		struct bytes part = exact(bytes_of(whole, len));
		struct bytes e[MESSAGE_ELEMENTS_MAX];
		unsigned count;

		assert_true(serializer_json.check(part, limits) < 0);
		assert_true(serializer_json.split(part, limits, e,
						  &count) < 0);
		assert_true(serializer_json.cut(part, limits, e, &count) < 0);
		free((void *)part.data);
	}
}

static void test_json__limits(void **state)
{
	struct wamp_limits few = *limits;
	const char *text = "[[1,2],{\"a\":null},5]";
	char deep[200], digits[JSON_NUMBER_BYTES_MAX + 2];

	(void)state;
	few.elements_max = 7;
	assert_int_equal(serializer_json.check(bytes_str(text), &few), 0);
	few.elements_max = 6;
	assert_int_equal(serializer_json.check(bytes_str(text), &few),
			 ERR_LIMIT);
	few = *limits;
	few.bytes_max = strlen(text) - 1;
	assert_int_equal(serializer_json.check(bytes_str(text), &few),
			 ERR_LIMIT);
	for (size_t n = 1; n < sizeof deep / 2; n++) {
		memset(deep, '[', n);
		memset(deep + n, ']', n);
		assert_int_equal(
			serializer_json.check(bytes_of(deep, 2 * n), limits),
			n <= limits->depth_max ? 0 : ERR_LIMIT);
	}
	memset(digits, '1', sizeof digits);
	assert_int_equal(serializer_json.check(
				 bytes_of(digits, sizeof digits), limits),
			 ERR_LIMIT);
	assert_int_equal(serializer_json.check(bytes_of(digits, 300), limits),
			 0);
	assert_int_equal(serializer_json.check(bytes_of(digits, 400), limits),
			 0);
	/* As a real 400 digits are over the range. */
	digits[398] = '.';
	assert_int_equal(serializer_json.check(bytes_of(digits, 400), limits),
			 ERR_MALFORMED);
}

static void test_json__split_trims_the_elements(void **state)
{
	struct bytes raw = exact(bytes_str(
		" [ 48 ,{ } , \"a,]\\\"\" ,[1, [2]],{\"}\":\"]\"}\n, -1] "));
	struct bytes e[MESSAGE_ELEMENTS_MAX];
	unsigned count;

	(void)state;
	assert_int_equal(serializer_json.split(raw, limits, e, &count), 0);
	assert_int_equal(count, 6);
	assert_text(e[0], "48");
	assert_text(e[1], "{ }");
	assert_text(e[2], "\"a,]\\\"\"");
	assert_text(e[3], "[1, [2]]");
	assert_text(e[4], "{\"}\":\"]\"}");
	assert_text(e[5], "-1");
	assert_int_equal(serializer_json.cut(raw, limits, e, &count), 0);
	assert_int_equal(count, 6);
	assert_text(e[3], "[1, [2]]");
	free((void *)raw.data);
}

static void test_json__split_wants_a_list_of_one_to_eight(void **state)
{
	static const char *const bad[] = {
		"[]", "[ ]", "{}", "1", "\"a\"", "[1,2,3,4,5,6,7,8,9]",
		"[1]x", "[1],",
	};
	struct bytes e[MESSAGE_ELEMENTS_MAX];
	unsigned count;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_true(serializer_json.split(bytes_str(bad[i]), limits, e,
						  &count) < 0);
	assert_int_equal(serializer_json.split(bytes_str("[1,2,3,4,5,6,7,8]"),
					       limits, e, &count),
			 0);
	assert_int_equal(count, 8);
}

/* --- against another reader of JSON -------------------------------------- */

/* Text that is JSON, or nearly so. */
static size_t random_text(struct rng *rng, char *text, size_t cap)
{
	static const char *const piece[] = {
		"[", "]", "{", "}", ",", ":", "\"a\"", "\"b\"", "\"\\n\"", " ",
		"1", "-2.5", "1e3", "null", "true", "\"\xc3\xa9\"", "0", "-",
		"\"", "\\", "\"\\u00e9\"", "\"c\":", "[1,2]", "{\"a\":[]}",
		"\"\\ud800\"", "1e999", "\xff",
	};
	size_t len = 0;
	unsigned n = 1 + rng_below(rng, 8);

	while (n--) {
		const char *p = piece[rng_below(rng, sizeof piece /
						     sizeof *piece)];

		if (len + strlen(p) >= cap)
			break;
		memcpy(text + len, p, strlen(p));
		len += strlen(p);
	}
	return len;
}

static void test_json__accepts_what_jansson_accepts(void **state)
{
	const size_t flags = JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES |
			     JSON_DECODE_ANY;
	unsigned accepted = 0;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 2016);
	for (int i = 0; i < 200000; i++) {
		char text[64];
		size_t len = random_text(&rng, text, sizeof text);
		json_t *theirs = json_loadb(text, len, flags, NULL);
		struct value *ours;
		int err = serializer_json.decode(&arena, bytes_of(text, len),
						 limits, &ours);

		if ((theirs != NULL) != (err == 0))
			fail_msg("%.*s", (int)len, text);
		accepted += err == 0;
		json_decref(theirs);
		arena_reset(&arena);
	}
	assert_true(accepted > 1000);
}

static void same(const struct value *ours, json_t *theirs)
{
	uint32_t n = value_count(ours);

	switch (ours->type) {
	case VALUE_INT:
		assert_true(json_integer_value(theirs) == ours->integer);
		break;
	case VALUE_REAL:
		assert_true(json_real_value(theirs) == ours->real);
		break;
	case VALUE_STR:
		assert_int_equal(json_string_length(theirs), ours->str.len);
		assert_memory_equal(json_string_value(theirs), ours->str.data,
				    ours->str.len);
		break;
	case VALUE_LIST:
		assert_int_equal(json_array_size(theirs), n);
		for (uint32_t i = 0; i < n; i++)
			same(&ours->list.items[i], json_array_get(theirs, i));
		break;
	case VALUE_DICT:
		assert_int_equal(json_object_size(theirs), n);
		for (uint32_t i = 0; i < n; i++) {
			struct bytes key = ours->dict.pairs[i].key;

			same(&ours->dict.pairs[i].value,
			     json_object_getn(theirs, (const char *)key.data,
					      key.len));
		}
		break;
	default:
		assert_int_equal(json_is_null(theirs),
				 ours->type == VALUE_NULL);
	}
}

static void test_json__reads_what_jansson_reads(void **state)
{
	const char *text =
		"{\"list\":[1,-2,3.25,1e-7,\"x\\u20ac\\ud83d\\ude00\\n\","
		"null,true,[[[]]],123456789.123456789],\"k\\t\":{\"a\":{}},"
		"\"big\":9223372036854775807,\"tiny\":2.2250738585072014e-308}";
	json_t *theirs = json_loads(text, 0, NULL);
	struct buf out;
	json_t *again;

	(void)state;
	assert_non_null(theirs);
	same(tree(&arena, text), theirs);
	buf_init(&out);
	assert_int_equal(serializer_json.encode(&out, tree(&arena, text)), 0);
	again = json_loadb((const char *)out.data, out.len, 0, NULL);
	assert_true(json_equal(theirs, again));
	json_decref(theirs);
	json_decref(again);
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json__the_grammar_is_strict),
		cmocka_unit_test(test_json__integers_stay_integers),
		cmocka_unit_test(test_json__reals_are_short_and_no_integers),
		cmocka_unit_test(test_json__what_it_can_not_say_is_refused),
		cmocka_unit_test(test_json__strings_with_every_kind_of_escape),
		cmocka_unit_test(test_json__byte_strings_travel_as_base64),
		cmocka_unit_test(test_json__truncated_at_each_byte),
		cmocka_unit_test(test_json__limits),
		cmocka_unit_test(test_json__split_trims_the_elements),
		cmocka_unit_test(
			test_json__split_wants_a_list_of_one_to_eight),
		cmocka_unit_test(test_json__accepts_what_jansson_accepts),
		cmocka_unit_test(test_json__reads_what_jansson_reads),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
