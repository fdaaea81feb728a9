/* The specification of who gets an event and what it is told of the publisher:
 * "Subscriber Black- and Whitelisting", "Publisher Identification",
 * "Publication Trust Levels", "Subscription Revocation", and what the router
 * announces. */
#include "trio.h"

/* --- "Subscriber Black- and Whitelisting" -------------------------------- */

/* $a, $k, $p: sessions; $n: the authid of a, whose name is random. */
static void fill(char *out, const char *text, const struct trio *t)
{
	for (; *text; text++) {
		if (*text != '$') {
			*out++ = *text;
			continue;
		}
		text++;
		if (*text == 'n')
			out += sprintf(out, "%s", t->a.session->authid);
		else
			out += sprintf(out, "%llu",
				       id_of(*text == 'a' ? &t->a :
					     *text == 'k' ? &t->kim :
							    &t->publisher));
	}
	*out = '\0';
}

struct listing {
	const char *options;
	bool a, kim, publisher;
};

static void check_listing(struct trio *t, const struct listing *l)
{
	char options[256];

	fill(options, l->options, t);
	publish(&t->publisher, options, "'a.b'");
	if (l->a)
		hears(&t->a, "[36,*");
	if (l->kim)
		hears(&t->kim, "[36,*");
	if (l->publisher)
		hears(&t->publisher, "[36,*");
	hears_nothing(&t->a);
	hears_nothing(&t->kim);
	hears_nothing(&t->publisher);
}

/* "if and only if all of the following statements hold true". */
static void test_listing__all_conditions_must_hold(void **state)
{
	static const struct listing listings[] = {
		{ "", true, true, false },
		/* each condition by itself */
		{ "'eligible':[$a]", true, false, false },
		{ "'eligible':[$a.0]", true, false, false }, /* wampy's */
		{ "'eligible':[$k,$a]", true, true, false },
		{ "'eligible_authid':['kim']", false, true, false },
		{ "'eligible_authid':['x','$n']", true, false, false },
		{ "'eligible_authrole':['keeper']", false, true, false },
		{ "'exclude':[$k]", true, false, false },
		{ "'exclude_authid':['kim']", true, false, false },
		{ "'exclude_authrole':['anyone']", false, true, false },
		/* present, and empty */
		{ "'eligible':[]", false, false, false },
		{ "'eligible_authid':[]", false, false, false },
		{ "'eligible_authrole':[]", false, false, false },
		{ "'exclude':[]", true, true, false },
		{ "'exclude_authid':[],'exclude_authrole':[]", true, true,
		  false },
		/* together */
		{ "'eligible':[$a,$k],'exclude':[$a]", false, true, false },
		{ "'eligible_authid':['kim'],'eligible_authrole':['anyone']",
		  false, false, false },
		{ "'eligible_authrole':['anyone','keeper'],"
		  "'exclude_authid':['kim']", true, false, false },
		{ "'eligible_authid':['kim'],'exclude_authrole':['keeper']",
		  false, false, false },
		{ "'eligible':[$k],'eligible_authid':['kim'],"
		  "'eligible_authrole':['keeper'],'exclude':[$a],"
		  "'exclude_authid':['$n'],'exclude_authrole':['anyone']",
		  false, true, false },
		/* the same twice, and who is not there */
		{ "'eligible':[$a,$a,1,2,3]", true, false, false },
		/* not the publishing session, unless it wants to */
		{ "'eligible':[$p,$a]", true, false, false },
		{ "'eligible':[$p],'exclude_me':false", false, false, true },
		{ "'exclude':[$p],'exclude_me':false", true, true, false },
		{ "'exclude_me':false", true, true, true },
	};
	struct trio t;

	(void)state;
	trio_init(&t);
	peer_subscribe(&t.a, "", "a.b");
	peer_subscribe(&t.kim, "", "a.b");
	peer_subscribe(&t.publisher, "", "a.b");
	for (unsigned i = 0; i < sizeof listings / sizeof *listings; i++)
		check_listing(&t, &listings[i]);
	trio_deinit(&t);
}

/* To be on a list is not to be subscribed. */
static void test_listing__only_subscribers(void **state)
{
	struct trio t;
	char options[96];

	(void)state;
	trio_init(&t);
	peer_subscribe(&t.a, "", "a.b");
	fill(options, "'eligible':[$a,$k]", &t);
	publish(&t.publisher, options, "'a.b'");
	hears(&t.a, "[36,*");
	hears_nothing(&t.kim);
	trio_deinit(&t);
}

/* A list that is none: nobody gets the event, and who asked is told. */
static void test_listing__what_is_no_list(void **state)
{
	static const char *const bad[] = {
		"'exclude':7", "'exclude':['a']", "'exclude':[1.5]",
		"'exclude':[-1]", "'eligible':{}", "'eligible':[null]",
		"'exclude_authid':'kim'", "'exclude_authid':[7]",
		"'exclude_authrole':[['keeper']]", "'eligible_authid':true",
		"'eligible_authrole':[null]",
	};
	struct trio t;
	char options[96];

	(void)state;
	trio_init(&t);
	peer_subscribe(&t.a, "", "a.b");
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		publish(&t.publisher, bad[i], "'a.b'");
		hears_nothing(&t.publisher);
		snprintf(options, sizeof options, "%s,'acknowledge':true",
			 bad[i]);
		publish(&t.publisher, options, "'a.b'");
		hears(&t.publisher,
		      "[8,16,*,{},'wamp.error.invalid_argument',['*']]");
	}
	hears_nothing(&t.a);
	trio_deinit(&t);
}

/* --- "Publisher Identification" ------------------------------------------ */

static void test_identification__who_it_is(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	peer_subscribe(&t.a, "", "a.b");
	peer_subscribe(&t.a, "'match':'prefix'", "a.");
	publish(&t.kim, "'disclose_me':true", "'a.b'");
	hears_as(&t.a, "[36,*,*,{'publisher':%llu,'publisher_authid':'kim',"
		       "'publisher_authrole':'keeper'}]", id_of(&t.kim));
	hears_as(&t.a, "[36,*,*,{'topic':'a.b','publisher':%llu,"
		       "'publisher_authid':'kim',"
		       "'publisher_authrole':'keeper'}]", id_of(&t.kim));
	publish(&t.kim, "'disclose_me':false", "'a.b'");
	hears(&t.a, "[36,*,*,{}]");
	hears(&t.a, "[36,*,*,{'topic':'a.b'}]");
	trio_deinit(&t);
}

/* "even without the Publisher having explicitly requested to do so". */
static void test_identification__by_configuration(void **state)
{
	struct trio t;
	struct permission p = { .uri = bytes_str("a.open"),
				.allow = ALLOW_ALL,
				.disclose_publisher = true };

	(void)state;
	trio_prepare(&t);
	assert_int_equal(access_add(&t.room.roles[0].access, &p), 0);
	trio_open(&t);
	peer_subscribe(&t.a, "'match':'prefix'", "a.");
	publish(&t.publisher, "", "'a.open'");
	hears_as(&t.a, "[36,*,*,{'topic':'a.open','publisher':%llu,*}]",
		 id_of(&t.publisher));
	publish(&t.publisher, "", "'a.b'");
	hears(&t.a, "[36,*,*,{'topic':'a.b'}]");
	trio_deinit(&t);
}

/* --- "Publication Trust Levels" ------------------------------------------ */

/* By topic and by the publisher's role. */
static void test_trustlevel__of_topic_and_role(void **state)
{
	struct permission low = { .uri = bytes_str("a."), .match = URI_PREFIX,
				  .allow = ALLOW_ALL, .has_trustlevel = true,
				  .trustlevel = 0 };
	struct permission high = low;
	struct trio t;

	(void)state;
	trio_prepare(&t);
	high.trustlevel = 2;
	assert_int_equal(access_add(&t.room.roles[0].access, &low), 0);
	assert_int_equal(access_add(&t.room.roles[2].access, &high), 0);
	trio_open(&t);
	peer_subscribe(&t.a, "", "a.b");
	publish(&t.publisher, "'trustlevel':9", "'a.b'");
	hears(&t.a, "[36,*,*,{'trustlevel':0}]");
	publish(&t.kim, "", "'a.b'");
	hears(&t.a, "[36,*,*,{'trustlevel':2}]");
	trio_deinit(&t);
}

/* --- "Subscription Revocation" ------------------------------------------- */

static void revoke(struct trio *t, ull subscription, const struct peer *of)
{
	say(&t->publisher, "[48,%llu,{},"
			   "'wamp.subscription.remove_subscriber',"
			   "[%llu,%llu]]",
	    (ull)t->publisher.session->last_request + 1, subscription,
	    id_of(of));
}

/* The request is 0, Details say which; a reason only where there is one. */
static void test_revocation__what_is_said(void **state)
{
	struct trio t;
	struct peer aware;
	ull id;

	(void)state;
	trio_init(&t);
	peer_join_with(&aware, &t.room, "'subscription_revocation':true");
	id = peer_subscribe(&aware, "", "a.b");
	peer_subscribe(&aware, "", "a.c");
	revoke(&t, id, &aware);
	hears_as(&aware, "[35,0,{'subscription':%llu}]", id);
	publish(&t.a, "", "'a.b'");
	hears_nothing(&aware);
	publish(&t.a, "", "'a.c'"); /* the other one stays */
	hears(&aware, "[36,*");
	peer_subscribe(&aware, "", "a.b"); /* and it may come back */
	publish(&t.a, "", "'a.b'");
	hears(&aware, "[36,*");
	peer_deinit(&aware);
	trio_deinit(&t);
}

/* "MUST NOT send an UNSUBSCRIBED"; the meta event says it. */
static void test_revocation__without_the_feature(void **state)
{
	struct trio t;
	ull id;

	(void)state;
	trio_init(&t);
	peer_subscribe(&t.a, "", "wamp.subscription.on_unsubscribe");
	id = peer_subscribe(&t.a, "", "a.b");
	peer_subscribe(&t.kim, "", "a.b");
	revoke(&t, id, &t.a);
	hears_as(&t.a, "[36,*,*,{},[%llu,%llu]]", id_of(&t.a), id);
	hears_nothing(&t.a);
	publish(&t.publisher, "", "'a.b'");
	hears_nothing(&t.a);
	hears(&t.kim, "[36,*");
	trio_deinit(&t);
}

/* --- "Feature Announcement" ---------------------------------------------- */

static void welcome_has(const char *features, bool history)
{
	static const char *const wanted[] = {
		"publisher_identification", "publisher_exclusion",
		"subscriber_blackwhite_listing", "pattern_based_subscription",
		"subscription_revocation", "event_retention",
		"publication_trustlevels", "session_meta_api",
		"subscription_meta_api",
	};

	for (unsigned i = 0; i < sizeof wanted / sizeof *wanted; i++)
		assert_non_null(strstr(features, wanted[i]));
	assert_int_equal(strstr(features, "event_history") != NULL, history);
	/* A draft, under a misspelt name; nothing is promised. */
	assert_null(strstr(features, "sharded_subscription"));
	assert_null(strstr(features, "shareded_subscription"));
}

/* Of the broker only: what stands before the dealer's. */
static void check_welcome(const struct history_rule *rules, unsigned count)
{
	struct trio t;
	char *dealer;

	trio_prepare(&t);
	t.room.realm.histories = (struct history_rule *)rules;
	t.room.realm.history_count = count;
	trio_open(&t);
	dealer = strstr(t.a.heard[0], "\"dealer\"");
	assert_non_null(dealer);
	assert_non_null(strstr(dealer, "session_meta_api"));
	assert_non_null(strstr(dealer, "testament_meta_api"));
	*dealer = '\0';
	welcome_has(t.a.heard[0], count > 0);
	trio_deinit(&t);
}

static void test_features__exactly_what_is_there(void **state)
{
	struct history_rule rule = { bytes_str("a."), URI_PREFIX, 9 };

	(void)state;
	check_welcome(NULL, 0);
	check_welcome(&rule, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listing__all_conditions_must_hold),
		cmocka_unit_test(test_listing__only_subscribers),
		cmocka_unit_test(test_listing__what_is_no_list),
		cmocka_unit_test(test_identification__who_it_is),
		cmocka_unit_test(test_identification__by_configuration),
		cmocka_unit_test(test_trustlevel__of_topic_and_role),
		cmocka_unit_test(test_revocation__what_is_said),
		cmocka_unit_test(test_revocation__without_the_feature),
		cmocka_unit_test(test_features__exactly_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
