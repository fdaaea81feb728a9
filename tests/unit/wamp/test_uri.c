#include "wamp/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct bytes b(const char *s)
{
	return bytes_str(s);
}

static void test_uri__loose_and_strict(void **state)
{
	static const struct {
		const char *uri;
		bool loose, strict;
	} cases[] = {
		{ "com.myapp.topic1", true, true },
		{ "a", true, true },
		{ "com.my_app.0", true, true },
		{ "com.MyApp", true, false },
		{ "com.m\xc3\xbc.x", true, false },
		{ "com.my-app", true, false },
		{ "", false, false },
		{ ".", false, false },
		{ "a..b", false, false },
		{ ".a", false, false },
		{ "a.", false, false },
		{ "a b", false, false },
		{ "a\tb", false, false },
		{ "a#b", false, false },
		{ "a\x7f", false, false },
		{ "a\n", false, false },
		/* Unicode has more white space. */
		{ "a\xc2\xa0", false, false },
		{ "a\xc2\x85", false, false },
		{ "\xe1\x9a\x80", false, false },
		{ "a\xe2\x80\x80z", false, false },
		{ "a\xe2\x80\x8a", false, false },
		{ "a\xe2\x80\x8b", true, false }, /* of no width */
		{ "a\xe2\x80\xa8", false, false },
		{ "a\xe2\x80\xa9", false, false },
		{ "a\xe2\x80\xaf", false, false },
		{ "a\xe2\x81\x9f", false, false },
		{ "a\xe3\x80\x80", false, false },
		{ "a\xe3\x80\x81", true, false },
		{ "\xe2\x82\xac", true, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bytes uri = b(cases[i].uri);

		assert_int_equal(uri_valid(uri, URI_EXACT, false),
				 cases[i].loose);
		assert_int_equal(uri_valid(uri, URI_EXACT, true),
				 cases[i].strict);
	}
}

static void test_uri__empty_components_in_patterns_only(void **state)
{
	(void)state;
	assert_true(uri_valid(b("a..c"), URI_WILDCARD, true));
	assert_true(uri_valid(b(".."), URI_WILDCARD, true));
	assert_true(uri_valid(b("a.b."), URI_PREFIX, true));
	assert_true(uri_valid(b("a.b"), URI_PREFIX, true));
	assert_true(uri_valid(b(""), URI_PREFIX, true));
	assert_false(uri_valid(b("a..b"), URI_PREFIX, false));
	assert_false(uri_valid(b(".a"), URI_PREFIX, false));
	assert_true(uri_valid(b(""), URI_WILDCARD, true));
	assert_false(uri_valid(b(""), URI_EXACT, false));
	assert_false(uri_valid(b("a..#"), URI_WILDCARD, false));
}

static void test_uri__a_longer_one_is_refused(void **state)
{
	uint8_t text[URI_BYTES_MAX + 1];

	(void)state;
	memset(text, 'a', sizeof text);
	assert_true(uri_valid(bytes_of(text, URI_BYTES_MAX), URI_EXACT, true));
	assert_false(
		uri_valid(bytes_of(text, sizeof text), URI_EXACT, true));
}

static void test_uri__wamp_is_reserved(void **state)
{
	(void)state;
	assert_true(uri_reserved(b("wamp.session.count")));
	assert_true(uri_reserved(b("wamp")));
	assert_true(uri_reserved(b("wamp.")));
	assert_false(uri_reserved(b("wampum.x")));
	assert_false(uri_reserved(b("com.wamp.x")));
	assert_false(uri_reserved(b("")));
}

static void test_uri__matching(void **state)
{
	static const struct {
		const char *pattern;
		enum uri_match match;
		const char *uri;
		bool matches;
	} cases[] = {
		{ "a.b", URI_EXACT, "a.b", true },
		{ "a.b", URI_EXACT, "a.b.c", false },
		{ "a.b", URI_PREFIX, "a.b", true },
		{ "a.b", URI_PREFIX, "a.b.c", true },
		{ "a.b", URI_PREFIX, "a.bc", true },
		{ "a.b.", URI_PREFIX, "a.b", false },
		{ "", URI_PREFIX, "x", true },
		{ "", URI_WILDCARD, "x", true },
		{ "", URI_WILDCARD, "x.y", false },
		{ "a..c", URI_WILDCARD, "a.b.c", true },
		{ "a..c", URI_WILDCARD, "a.b.d", false },
		{ "a..c", URI_WILDCARD, "a.b.c.d", false },
		{ "a..c", URI_WILDCARD, "a.c", false },
		{ "a..", URI_WILDCARD, "a.b.c", true },
		{ ".b.", URI_WILDCARD, "a.b.c", true },
		{ "..", URI_WILDCARD, "a.b", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(uri_matches(b(cases[i].pattern),
					     cases[i].match, b(cases[i].uri)),
				 cases[i].matches);
}

static void test_uri__overlap_is_symmetric(void **state)
{
	static const struct {
		const char *a;
		enum uri_match ma;
		const char *b;
		enum uri_match mb;
		bool overlap;
	} cases[] = {
		{ "a.b", URI_PREFIX, "a.b.c", URI_PREFIX, true },
		{ "a.b", URI_PREFIX, "a.c", URI_PREFIX, false },
		{ "a.b", URI_EXACT, "a.", URI_PREFIX, true },
		{ "a..c", URI_WILDCARD, "a.b.", URI_WILDCARD, true },
		{ "a..c", URI_WILDCARD, "a.b.d", URI_WILDCARD, false },
		{ "a..c", URI_WILDCARD, "a.b", URI_WILDCARD, false },
		{ "a.b", URI_PREFIX, "..c", URI_WILDCARD, true },
		{ "a.b.c.", URI_PREFIX, "a..c", URI_WILDCARD, false },
		{ "x.", URI_PREFIX, "a..c", URI_WILDCARD, false },
		{ "a.b", URI_PREFIX, "a.bx.c", URI_WILDCARD, true },
		{ "a.b.", URI_PREFIX, "a.bx.c", URI_WILDCARD, false },
		{ "", URI_PREFIX, "a..c", URI_WILDCARD, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(uri_overlap(b(cases[i].a), cases[i].ma,
					     b(cases[i].b), cases[i].mb),
				 cases[i].overlap);
		assert_int_equal(uri_overlap(b(cases[i].b), cases[i].mb,
					     b(cases[i].a), cases[i].ma),
				 cases[i].overlap);
	}
}

static void test_uri__covering(void **state)
{
	static const struct {
		const char *a;
		enum uri_match ma;
		const char *b;
		enum uri_match mb;
		bool covers;
	} cases[] = {
		{ "a.", URI_PREFIX, "a.b.", URI_PREFIX, true },
		{ "a.b.", URI_PREFIX, "a.", URI_PREFIX, false },
		{ "a.", URI_PREFIX, "a..c", URI_WILDCARD, true },
		{ "a.b", URI_PREFIX, "a..c", URI_WILDCARD, false },
		{ "a.b", URI_PREFIX, "a.bc.", URI_WILDCARD, true },
		{ "", URI_PREFIX, "..", URI_WILDCARD, true },
		{ "a..", URI_WILDCARD, "a.b.", URI_WILDCARD, true },
		{ "a.b.", URI_WILDCARD, "a..", URI_WILDCARD, false },
		{ "a..", URI_WILDCARD, "a.", URI_PREFIX, false },
		{ "a.b", URI_EXACT, "a.b", URI_PREFIX, false },
		{ "a.b", URI_EXACT, "a.b", URI_EXACT, true },
		{ "a.b", URI_EXACT, "a.b", URI_WILDCARD, true },
		{ "a.", URI_EXACT, "a.", URI_WILDCARD, false },
		{ "a..", URI_WILDCARD, "a.b.c", URI_EXACT, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(uri_covers(b(cases[i].a), cases[i].ma,
					    b(cases[i].b), cases[i].mb),
				 cases[i].covers);
}

/* All URIs of up to three components over {a, ab}, and all patterns made from
 * them: overlap and covers must agree with trying each URI. Covering is
 * only compared one way for prefixes: what they match has no end. */
static unsigned list_uris(char uris[][12], bool empty)
{
	static const char *const part[] = { "a", "ab", "" };
	unsigned parts = empty ? 3 : 2, n = 0;

	for (unsigned i = 0; i < parts; i++) {
		if (*part[i] || empty)
			sprintf(uris[n++], "%s", part[i]);
		for (unsigned j = 0; j < parts; j++) {
			sprintf(uris[n++], "%s.%s", part[i], part[j]);
			for (unsigned k = 0; k < parts; k++)
				sprintf(uris[n++], "%s.%s.%s", part[i],
					part[j], part[k]);
		}
	}
	return n;
}

static void test_uri__overlap_and_covers_agree_with_trial(void **state)
{
	char uris[64][12], patterns[64][12];
	unsigned nu = list_uris(uris, false), np = list_uris(patterns, true);

	(void)state;
	for (unsigned i = 0; i < np * 3; i++) {
		for (unsigned j = 0; j < np * 3; j++) {
			enum uri_match mi = i % 3, mj = j % 3;
			struct bytes pi = b(patterns[i / 3]);
			struct bytes pj = b(patterns[j / 3]);
			bool both = false, all = true;

			if (!uri_valid(pi, mi, true) ||
			    !uri_valid(pj, mj, true))
				continue;
			for (unsigned u = 0; u < nu; u++) {
				bool in_i = uri_matches(pi, mi, b(uris[u]));
				bool in_j = uri_matches(pj, mj, b(uris[u]));

				both |= in_i && in_j;
				all &= in_i || !in_j;
			}
			if (both)
				assert_true(uri_overlap(pi, mi, pj, mj));
			if (uri_covers(pi, mi, pj, mj))
				assert_true(all);
			if (!both && mi != URI_PREFIX && mj != URI_PREFIX)
				assert_false(uri_overlap(pi, mi, pj, mj));
		}
	}
}

static void test_uri__names_of_matches(void **state)
{
	enum uri_match m;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(uri_match_parse(
			b(uri_match_name((enum uri_match)i)), &m));
		assert_int_equal(m, i);
	}
	assert_false(uri_match_parse(b("Exact"), &m));
	assert_false(uri_match_parse(b(""), &m));
}

static void test_uri__random_ids_reach_both_ends(void **state)
{
	(void)state;
	assert_true(wamp_id_from_random(0) == 1);
	assert_true(wamp_id_from_random(UINT64_MAX) == WAMP_ID_MAX);
	assert_true(wamp_id_from_random(1ull << 63) == (1ull << 52) + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_uri__loose_and_strict),
		cmocka_unit_test(test_uri__empty_components_in_patterns_only),
		cmocka_unit_test(test_uri__a_longer_one_is_refused),
		cmocka_unit_test(test_uri__wamp_is_reserved),
		cmocka_unit_test(test_uri__matching),
		cmocka_unit_test(test_uri__overlap_is_symmetric),
		cmocka_unit_test(test_uri__covering),
		cmocka_unit_test(
			test_uri__overlap_and_covers_agree_with_trial),
		cmocka_unit_test(test_uri__names_of_matches),
		cmocka_unit_test(test_uri__random_ids_reach_both_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
