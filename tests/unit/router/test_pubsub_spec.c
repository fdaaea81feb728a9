/* The specification of publish and subscribe, rule by rule: what is not shown
 * by the tests of the broker already. Each names its section. */
#include "trio.h"

/* --- basic --------------------------------------------------------------- */

/* "EVENT": its payload is that of PUBLISH, element by element. */
static void test_publish__the_payload_is_the_publishers(void **state)
{
	static const char *const payloads[][2] = {
		{ "", "" },
		{ ",['Hello, world!']", ",['Hello, world!']" },
		{ ",[],{'color':'orange','sizes':[23,42,7]}",
		  ",[],{'color':'orange','sizes':[23,42,7]}" },
		{ ",[[],{},null,true,1.5,'']", ",[[],{},null,true,1.5,'']" },
		{ ",[],{'':{'a':[]}}", ",[],{'':{'a':[]}}" },
	};
	struct trio t;
	char rest[128];

	(void)state;
	trio_init(&t);
	peer_subscribe(&t.a, "", "a.b");
	for (unsigned i = 0; i < sizeof payloads / sizeof *payloads; i++) {
		snprintf(rest, sizeof rest, "'a.b'%s", payloads[i][0]);
		publish(&t.publisher, "", rest);
		hears_as(&t.a, "[36,*,*,{}%s]", payloads[i][1]);
	}
	trio_deinit(&t);
}

/* "PUBLISHED", "SUBSCRIBED": ids are of the whole router, 1 to 2^53, and the
 * same for the publisher and every subscriber. */
static void test_publish__ids(void **state)
{
	struct trio t;
	uint64_t last = 0;

	(void)state;
	trio_init(&t);
	assert_int_equal(peer_subscribe(&t.a, "", "a.b"),
			 peer_subscribe(&t.kim, "", "a.b"));
	for (unsigned i = 0; i < 50; i++) {
		uint64_t id;

		publish(&t.publisher, "'acknowledge':true", "'a.b'");
		hears(&t.publisher, "[17,*,*]");
		id = number_at(&t.publisher, 2);
		assert_true(id >= 1 && id <= WAMP_ID_MAX);
		assert_int_not_equal(id, last);
		last = id;
		hears(&t.a, "[36,*");
		assert_int_equal(number_at(&t.a, 2), id);
		hears(&t.kim, "[36,*");
		assert_int_equal(number_at(&t.kim, 2), id);
	}
	trio_deinit(&t);
}

/* "Publish & Subscribe Ordering": over topics and subscriptions, too. */
static void test_publish__order_of_a_pair(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	peer_subscribe(&t.a, "'match':'prefix'", "a.");
	peer_subscribe(&t.a, "", "b.c");
	for (unsigned i = 0; i < 20; i++) {
		char rest[32];

		snprintf(rest, sizeof rest, "'%s',[%u]",
			 i % 3 ? "a.x" : "b.c", i);
		publish(&t.publisher, "", rest);
	}
	for (unsigned i = 0; i < 20; i++)
		hears_as(&t.a, "[36,*,[%u]]", i);
	trio_deinit(&t);
}

/* "Publish ERROR", "PUBLISH": only who asked is answered, and who may not
 * publish is not heard. */
static void test_publish__a_refusal_is_for_who_asked(void **state)
{
	static const char *const quiet[] = { "", "'acknowledge':false",
					     "'acknowledge':null" };
	struct trio t;

	(void)state;
	trio_prepare(&t);
	room_allow(&t.room.roles[0], "no.", URI_PREFIX,
		   1 << ACTION_SUBSCRIBE);
	trio_open(&t);
	peer_subscribe(&t.a, "", "no.way");
	for (unsigned i = 0; i < sizeof quiet / sizeof *quiet; i++)
		publish(&t.publisher, quiet[i], "'no.way'");
	hears_nothing(&t.publisher);
	publish(&t.publisher, "'acknowledge':true", "'no.way'");
	hears(&t.publisher, "[8,16,4,{},'wamp.error.not_authorized']");
	hears_nothing(&t.a);
	publish(&t.kim, "", "'no.way'");
	hears(&t.a, "[36,*");
	trio_deinit(&t);
}

/* "Protocol Errors": subscriptions are disposed of with the session. */
static void test_subscribe__a_violation_ends_it(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	peer_subscribe(&t.a, "", "a.b");
	say(&t.a, "[32,7,{},'a.c']");
	hears(&t.a, "[3,{*},'wamp.error.protocol_violation']");
	publish(&t.publisher, "", "'a.b'");
	hears_nothing(&t.a);
	say(&t.kim, "[48,1,{},'wamp.subscription.match',['a.b']]");
	hears(&t.kim, "[50,1,{},[null]]");
	trio_deinit(&t);
}

/* --- "Pattern-based Subscription" ---------------------------------------- */

static void subscribe_and_try(const char *options, const char *uri,
			      const char *const *topics, bool wanted)
{
	struct trio t;

	trio_init(&t);
	peer_subscribe(&t.a, options, uri);
	for (; *topics; topics++) {
		say(&t.publisher, "[16,%llu,{},'%s']",
		    (ull)t.publisher.session->last_request + 1, *topics);
		if (wanted)
			hears_as(&t.a, "[36,*,*,{'topic':'%s'}]", *topics);
		hears_nothing(&t.a);
	}
	trio_deinit(&t);
}

static void test_pattern__prefix(void **state)
{
	static const char *const yes[] = {
		"com.myapp.topic.emergency.11",
		"com.myapp.topic.emergency-low",
		"com.myapp.topic.emergency.category.severe",
		"com.myapp.topic.emergency", NULL,
	};
	static const char *const no[] = {
		"com.myapp.topic.emerge", "com.myapp.topic",
		"x.com.myapp.topic.emergency", NULL,
	};

	(void)state;
	subscribe_and_try("'match':'prefix'", "com.myapp.topic.emergency",
			  yes, true);
	subscribe_and_try("'match':'prefix'", "com.myapp.topic.emergency", no,
			  false);
	subscribe_and_try("'match':'prefix'", "co", yes, true);
}

static void test_pattern__wildcard(void **state)
{
	static const char *const yes[] = {
		"com.myapp.foo.userevent", "com.myapp.bar.userevent",
		"com.myapp.a12.userevent", NULL,
	};
	static const char *const no[] = {
		"com.myapp.foo.userevent.bar", "com.myapp.foo.user",
		"com.myapp2.foo.userevent", "com.myapp.userevent",
		"com.myapp.foo.bar.userevent", NULL,
	};

	(void)state;
	subscribe_and_try("'match':'wildcard'", "com.myapp..userevent", yes,
			  true);
	subscribe_and_try("'match':'wildcard'", "com.myapp..userevent", no,
			  false);
	subscribe_and_try("'match':'wildcard'", "com...", yes, true);
	subscribe_and_try("'match':'wildcard'", "com..", yes, false);
}

/* "exact" may be said, too, and is what is meant without a word. */
static void test_pattern__exact_is_the_default(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	assert_int_equal(peer_subscribe(&t.a, "'match':'exact'", "a.b"),
			 peer_subscribe(&t.kim, "", "a.b"));
	publish(&t.publisher, "", "'a.b'");
	hears(&t.a, "[36,*,*,{}]");
	publish(&t.publisher, "", "'a.b.c'");
	hears_nothing(&t.a);
	trio_deinit(&t);
}

/* "No set semantics": each subscription stands on its own. */
static void test_pattern__no_set_semantics(void **state)
{
	struct trio t;
	ull narrow, wide;

	(void)state;
	trio_init(&t);
	wide = peer_subscribe(&t.a, "'match':'prefix'", "a.");
	narrow = peer_subscribe(&t.a, "", "a.b");
	say(&t.a, "[34,3,%llu]", narrow);
	hears(&t.a, "[35,3]");
	publish(&t.publisher, "", "'a.b'");
	hears_as(&t.a, "[36,%llu,*,{'topic':'a.b'}]", wide);
	hears_nothing(&t.a);
	trio_deinit(&t);
}

/* Subscribers of the same topic and match have the same id, others not. */
static void test_pattern__ids(void **state)
{
	static const char *const matches[] = { "'match':'exact'",
					       "'match':'prefix'",
					       "'match':'wildcard'" };
	struct trio t;
	ull ids[3];

	(void)state;
	trio_init(&t);
	for (unsigned i = 0; i < 3; i++) {
		ids[i] = peer_subscribe(&t.a, matches[i], "a.b");
		assert_int_equal(peer_subscribe(&t.kim, matches[i], "a.b"),
				 ids[i]);
		for (unsigned j = 0; j < i; j++)
			assert_int_not_equal(ids[i], ids[j]);
	}
	trio_deinit(&t);
}

/* --- "Publisher Exclusion" ----------------------------------------------- */

static void test_exclusion__by_any_subscription(void **state)
{
	static const char *const options[] = { "", "'exclude_me':true",
					       "'exclude_me':null" };
	struct trio t;

	(void)state;
	trio_init(&t);
	peer_subscribe(&t.publisher, "", "a.b");
	peer_subscribe(&t.publisher, "'match':'prefix'", "a.");
	for (unsigned i = 0; i < 3; i++)
		publish(&t.publisher, options[i], "'a.b'");
	hears_nothing(&t.publisher);
	publish(&t.publisher, "'exclude_me':false", "'a.b'");
	hears(&t.publisher, "[36,*,*,{}]");
	hears(&t.publisher, "[36,*,*,{'topic':'a.b'}]");
	publish(&t.publisher, "'exclude_me':false", "'b.b'");
	hears_nothing(&t.publisher); /* is not subscribed there */
	trio_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_publish__the_payload_is_the_publishers),
		cmocka_unit_test(test_publish__ids),
		cmocka_unit_test(test_publish__order_of_a_pair),
		cmocka_unit_test(test_publish__a_refusal_is_for_who_asked),
		cmocka_unit_test(test_subscribe__a_violation_ends_it),
		cmocka_unit_test(test_pattern__prefix),
		cmocka_unit_test(test_pattern__wildcard),
		cmocka_unit_test(test_pattern__exact_is_the_default),
		cmocka_unit_test(test_pattern__no_set_semantics),
		cmocka_unit_test(test_pattern__ids),
		cmocka_unit_test(test_exclusion__by_any_subscription),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
