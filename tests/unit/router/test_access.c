/* Permissions, patterns, and the map that they share with the cores. */
#include "room.h"

#include "router/uri_map.h"

static struct bytes b(const char *s)
{
	return bytes_str(s);
}

static void allow(struct access *a, const char *uri, enum uri_match match,
		  unsigned what)
{
	struct permission p = { .uri = b(uri), .match = match,
				.allow = what };

	assert_int_equal(access_add(a, &p), 0);
}

static bool may(const struct access *a, enum action action, const char *uri,
		enum uri_match match)
{
	return access_allows(a, action, b(uri), match);
}

static void test_access__denied_by_default(void **state)
{
	struct access a;

	(void)state;
	access_init(&a, 1);
	assert_int_equal(access_seal(&a), 0);
	assert_false(may(&a, ACTION_CALL, "a.b", URI_EXACT));
	assert_false(may(&a, ACTION_SUBSCRIBE, "", URI_PREFIX));
	access_deinit(&a);
}

static void test_access__the_best_match_decides(void **state)
{
	struct access a;

	(void)state;
	access_init(&a, 1);
	allow(&a, "", URI_PREFIX, ALLOW_ALL);
	allow(&a, "a.secret.", URI_PREFIX, 0);
	allow(&a, "a.secret.open", URI_EXACT, 1 << ACTION_CALL);
	allow(&a, "b..c", URI_WILDCARD, 1 << ACTION_CALL);
	allow(&a, "b.", URI_PREFIX, 0); /* loses to the wildcard */
	allow(&a, "b.d.c", URI_EXACT, 0);
	assert_int_equal(access_seal(&a), 0);
	assert_true(may(&a, ACTION_CALL, "a.b", URI_EXACT));
	assert_false(may(&a, ACTION_CALL, "a.secret.x", URI_EXACT));
	assert_true(may(&a, ACTION_CALL, "a.secret.open", URI_EXACT));
	assert_false(may(&a, ACTION_REGISTER, "a.secret.open", URI_EXACT));
	assert_true(may(&a, ACTION_CALL, "b.x.c", URI_EXACT));
	assert_false(may(&a, ACTION_PUBLISH, "b.x.c", URI_EXACT));
	assert_false(may(&a, ACTION_CALL, "b.d.c", URI_EXACT));
	assert_false(may(&a, ACTION_CALL, "b.x", URI_EXACT));
	access_deinit(&a);
}

/* A pattern is allowed only when all that it could match is. */
static void test_access__patterns_may_not_shadow(void **state)
{
	struct access a;

	(void)state;
	access_init(&a, 1);
	allow(&a, "compute.chunk", URI_EXACT, 1 << ACTION_REGISTER);
	allow(&a, "mine.", URI_PREFIX, 1 << ACTION_REGISTER);
	allow(&a, "mine.but.not.this", URI_EXACT, 0);
	assert_int_equal(access_seal(&a), 0);
	assert_true(may(&a, ACTION_REGISTER, "compute.chunk", URI_EXACT));
	assert_false(may(&a, ACTION_REGISTER, "compute.", URI_PREFIX));
	assert_false(may(&a, ACTION_REGISTER, "compute.chunk", URI_PREFIX));
	assert_false(may(&a, ACTION_REGISTER, "compute.", URI_WILDCARD));
	assert_false(may(&a, ACTION_REGISTER, "", URI_PREFIX));
	assert_true(may(&a, ACTION_REGISTER, "mine.own.", URI_PREFIX));
	assert_true(may(&a, ACTION_REGISTER, "mine..x", URI_WILDCARD));
	assert_false(may(&a, ACTION_REGISTER, "mine.", URI_PREFIX));
	assert_false(may(&a, ACTION_REGISTER, "mine.but.", URI_PREFIX));
	assert_false(may(&a, ACTION_REGISTER, "mine.but..this",
			 URI_WILDCARD));
	access_deinit(&a);
}

/* A wider denial does not matter where a narrower permission decides. */
/* A wildcard decides over a prefix, as in Crossbar.io. */
static void test_access__patterns_and_the_wildcard_among_them(void **state)
{
	struct access a;

	(void)state;
	access_init(&a, 1);
	allow(&a, "open.", URI_PREFIX, 1 << ACTION_SUBSCRIBE);
	allow(&a, "open..secret", URI_WILDCARD, 0);
	allow(&a, "shut.", URI_PREFIX, 0);
	allow(&a, "shut..open", URI_WILDCARD, 1 << ACTION_SUBSCRIBE);
	assert_int_equal(access_seal(&a), 0);
	assert_true(may(&a, ACTION_SUBSCRIBE, "open.x", URI_EXACT));
	assert_false(may(&a, ACTION_SUBSCRIBE, "open.x.secret", URI_EXACT));
	assert_false(may(&a, ACTION_SUBSCRIBE, "open.", URI_PREFIX));
	assert_false(may(&a, ACTION_SUBSCRIBE, "open.x", URI_PREFIX));
	assert_false(may(&a, ACTION_SUBSCRIBE, "open..", URI_WILDCARD));
	assert_true(may(&a, ACTION_SUBSCRIBE, "open..public", URI_WILDCARD));
	assert_true(may(&a, ACTION_SUBSCRIBE, "shut.x.open", URI_EXACT));
	assert_true(may(&a, ACTION_SUBSCRIBE, "shut..open", URI_WILDCARD));
	assert_false(may(&a, ACTION_SUBSCRIBE, "shut..", URI_WILDCARD));
	assert_false(may(&a, ACTION_SUBSCRIBE, "shut.", URI_PREFIX));
	access_deinit(&a);
}

static void test_access__narrow_permission_in_a_wide_denial(void **state)
{
	struct access a;

	(void)state;
	access_init(&a, 1);
	allow(&a, "", URI_PREFIX, 0);
	allow(&a, "events.", URI_PREFIX, 1 << ACTION_SUBSCRIBE);
	assert_int_equal(access_seal(&a), 0);
	assert_true(may(&a, ACTION_SUBSCRIBE, "events.", URI_PREFIX));
	assert_true(may(&a, ACTION_SUBSCRIBE, "events.a..b", URI_WILDCARD));
	assert_false(may(&a, ACTION_SUBSCRIBE, "event", URI_PREFIX));
	access_deinit(&a);
}

static void test_access__one_permission_a_pattern(void **state)
{
	struct permission p = { .uri = bytes_str("a.b") };
	struct access a;

	(void)state;
	access_init(&a, 1);
	assert_int_equal(access_add(&a, &p), 0);
	assert_int_equal(access_add(&a, &p), ERR_EXISTS);
	access_deinit(&a);
}

/* --- the map ------------------------------------------------------------- */

static const char *best(const struct uri_map *map, const char *uri)
{
	const char *item = uri_map_best(map, b(uri));

	return item ? item : "nothing";
}

static void add(struct uri_map *map, enum uri_match match, const char *uri,
		const char *item)
{
	assert_int_equal(uri_map_add(map, match, b(uri), (void *)item), 0);
}

/* The examples of "Pattern-based Registrations", and their order. */
static void test_uri_map__best_as_the_spec_says(void **state)
{
	struct uri_map map;

	(void)state;
	uri_map_init(&map, 42);
	add(&map, URI_EXACT, "a1.b2.c3.d4.e55", "1");
	add(&map, URI_PREFIX, "a1.b2.c3", "2");
	add(&map, URI_PREFIX, "a1.b2.c3.d4", "3");
	add(&map, URI_WILDCARD, "a1.b2..d4.e5", "4");
	add(&map, URI_WILDCARD, "a1.b2.c33..e5", "5");
	add(&map, URI_WILDCARD, "a1.b2..d4.e5..g7", "6");
	add(&map, URI_WILDCARD, "a1.b2..d4..f6.g7", "7");
	assert_string_equal(best(&map, "a1.b2.c3.d4.e55"), "1");
	assert_string_equal(best(&map, "a1.b2.c3.d98.e74"), "2");
	assert_string_equal(best(&map, "a1.b2.c3.d4.e325"), "3");
	assert_string_equal(best(&map, "a1.b2.c55.d4.e5"), "4");
	assert_string_equal(best(&map, "a1.b2.c88.d4.e5.f6.g7"), "6");
	assert_string_equal(best(&map, "a2.b2.c2.d2.e2"), "nothing");
	/* Without the prefix that it also begins with: */
	uri_map_remove(&map, URI_PREFIX, b("a1.b2.c3"));
	assert_string_equal(best(&map, "a1.b2.c33.d4.e5"), "5");
	uri_map_deinit(&map);
}

static void test_uri_map__against_plain_search(void **state)
{
	static const char *const parts[] = { "a", "b", "" };
	enum { ITEMS = 60 };
	struct uri_map map;
	char uris[ITEMS][16];
	enum uri_match matches[ITEMS];
	bool in[ITEMS] = { false };
	struct rng rng;

	(void)state;
	rng_seed(&rng, 5);
	uri_map_init(&map, 9);
	for (unsigned round = 0; round < 4000; round++) {
		unsigned i = rng_below(&rng, ITEMS);
		struct bytes uri;
		char text[16];
		bool expected = false;

		if (in[i]) {
			assert_ptr_equal(uri_map_remove(&map, matches[i],
							b(uris[i])),
					 uris[i]);
			in[i] = false;
		} else {
			matches[i] = (enum uri_match)rng_below(&rng, 3);
			snprintf(uris[i], sizeof uris[i], "%s.%s.%s",
				 parts[rng_below(&rng, 3)],
				 parts[rng_below(&rng, 3)],
				 parts[rng_below(&rng, 2)]);
			if (!uri_map_get(&map, matches[i], b(uris[i]))) {
				add(&map, matches[i], uris[i], uris[i]);
				in[i] = true;
			}
		}
		snprintf(text, sizeof text, "%s.%s.%s",
			 parts[rng_below(&rng, 2)], parts[rng_below(&rng, 2)],
			 parts[rng_below(&rng, 2)]);
		uri = b(text);
		for (unsigned j = 0; j < ITEMS; j++)
			expected = expected ||
				   (in[j] && uri_matches(b(uris[j]),
							 matches[j], uri));
		assert_int_equal(uri_map_matches_any(&map, uri), expected);
		assert_int_equal(uri_map_best(&map, uri) != NULL, expected);
	}
	uri_map_deinit(&map);
}

/* --- the bucket ---------------------------------------------------------- */

static void test_bucket__rate_and_burst(void **state)
{
	struct role_limits l = { .rate = 2, .burst = 3 };
	struct bucket bucket;

	(void)state;
	bucket_init(&bucket, &l, 1000);
	assert_true(bucket_take(&bucket, &l, 1000));
	assert_true(bucket_take(&bucket, &l, 1000));
	assert_true(bucket_take(&bucket, &l, 1000));
	assert_false(bucket_take(&bucket, &l, 1000));
	assert_int_equal(bucket_ready_ms(&bucket, &l), 1500);
	assert_true(bucket_take(&bucket, &l, 2000));
	/* A debt has an end: what a transport had read. */
	for (unsigned i = 0; i < 1000; i++)
		(void)bucket_take(&bucket, &l, 2000);
	assert_true(bucket_ready_ms(&bucket, &l) <= 2000 + 2 * 1500);
}

static void test_bucket__no_rate_is_no_limit(void **state)
{
	struct role_limits l = { .rate = 0 };
	struct bucket bucket;

	(void)state;
	bucket_init(&bucket, &l, 0);
	for (unsigned i = 0; i < 1000; i++)
		assert_true(bucket_take(&bucket, &l, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_access__denied_by_default),
		cmocka_unit_test(test_access__the_best_match_decides),
		cmocka_unit_test(test_access__patterns_may_not_shadow),
		cmocka_unit_test(
			test_access__patterns_and_the_wildcard_among_them),
		cmocka_unit_test(
			test_access__narrow_permission_in_a_wide_denial),
		cmocka_unit_test(test_access__one_permission_a_pattern),
		cmocka_unit_test(test_uri_map__best_as_the_spec_says),
		cmocka_unit_test(test_uri_map__against_plain_search),
		cmocka_unit_test(test_bucket__rate_and_burst),
		cmocka_unit_test(test_bucket__no_rate_is_no_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
