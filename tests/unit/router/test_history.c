/* Event history: what is kept, who may read it, and the conditions. */
#include "tests/unit/base/fail_malloc.h"

#include "room.h"

#include "router/rfc3339.h"

struct duo {
	struct room room;
	struct history_rule rules[2];
	struct peer a, b;
	unsigned next; /* request of b */
	unsigned long long id; /* of the pattern's subscription */
};

static void duo_init(struct duo *d, uint32_t limit)
{
	memset(d, 0, sizeof *d);
	room_init_with(&d->room, NULL, 0);
	d->rules[0] = (struct history_rule){ bytes_str("a."), URI_PREFIX,
					     limit };
	d->rules[1] = (struct history_rule){ bytes_str("b.c"), URI_EXACT,
					     limit };
	d->room.realm.histories = d->rules;
	d->room.realm.history_count = 2;
	room_open(&d->room);
	peer_join(&d->a, &d->room);
	peer_join(&d->b, &d->room);
	say(&d->b, "[48,1,{},'wamp.subscription.lookup',['a.',"
		   "{'match':'prefix'}]]");
	hears(&d->b, "[50,1,{},[*]]");
	d->id = strtoull(strstr(d->b.heard[1], ",[") + 2, NULL, 10);
	d->next = 2;
}

static void duo_deinit(struct duo *d)
{
	peer_deinit(&d->a);
	peer_deinit(&d->b);
	room_deinit(&d->room);
}

static void publish(struct duo *d, unsigned request, const char *options,
		    unsigned number)
{
	say(&d->a, "[16,%u,{%s},'a.%u',[%u]]", request, options, number,
	    number);
}

static void ask(struct duo *d, const char *kwargs)
{
	say(&d->b, "[48,%u,{},'wamp.subscription.get_events',[%llu],{%s}]",
	    d->next++, d->id, kwargs);
}

static void test_history__is_kept_without_subscribers(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d, 2);
	publish(&d, 1, "", 1);
	publish(&d, 2, "'disclose_me':true", 2);
	publish(&d, 3, "", 3); /* the first is too much */
	ask(&d, "");
	hears(&d.b, "[50,*,{},[{'timestamp':'2023-11-14T22:13:20.000Z',"
		    "'subscription':*,'publication':*,'details':{"
		    "'publisher':*,'topic':'a.2'},'args':[2]},"
		    "{*'details':{'topic':'a.3'},'args':[3]}],"
		    "{'is_limit_reached':false}]");
	ask(&d, "'reverse':true,'limit':1");
	hears(&d.b, "[50,*,{},[{*'args':[3]}],{'is_limit_reached':true}]");
	ask(&d, "'topic':'a.2'");
	hears(&d.b, "[50,*,{},[{*'args':[2]}],{'is_limit_reached':false}]");
	duo_deinit(&d);
}

static void test_history__times(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d, 9);
	publish(&d, 1, "", 1);
	ask(&d, "'from_time':'2023-11-14T22:13:20Z',"
		"'until_time':'2023-11-14T23:13:20+01:00'");
	hears(&d.b, "[50,*,{},[{*}],*");
	ask(&d, "'after_time':'2023-11-14T22:13:20Z'");
	hears(&d.b, "[50,*,{},[],*");
	ask(&d, "'before_time':'2023-11-14T22:13:20Z'");
	hears(&d.b, "[50,*,{},[],*");
	ask(&d, "'from_time':'yesterday'");
	hears(&d.b, "[8,48,*'wamp.error.invalid_argument'*");
	ask(&d, "'limit':0");
	hears(&d.b, "[8,48,*'wamp.error.invalid_argument'*");
	duo_deinit(&d);
}

static void test_history__publications(void **state)
{
	struct duo d;
	char text[96];
	unsigned long long id;

	(void)state;
	duo_init(&d, 9);
	publish(&d, 1, "", 1);
	publish(&d, 2, "'acknowledge':true", 2);
	hears(&d.a, "[17,*");
	id = number_at(&d.a, 2);
	publish(&d, 3, "", 3);
	snprintf(text, sizeof text, "'from_publication':%llu", id);
	ask(&d, text);
	hears(&d.b, "[50,*,{},[{*'args':[2]},{*'args':[3]}],*");
	snprintf(text, sizeof text, "'after_publication':%llu", id);
	ask(&d, text);
	hears(&d.b, "[50,*,{},[{*'topic':'a.3'},'args':[3]}],*");
	snprintf(text, sizeof text, "'before_publication':%llu", id);
	ask(&d, text);
	hears(&d.b, "[50,*,{},[{*'topic':'a.1'},'args':[1]}],*");
	snprintf(text, sizeof text, "'until_publication':%llu", id);
	ask(&d, text);
	hears(&d.b, "[50,*,{},[{*'args':[1]},{*'args':[2]}],*");
	ask(&d, "'after_publication':1");
	hears(&d.b, "[50,*,{},[],*");
	duo_deinit(&d);
}

/* Lists of sessions: not kept; of identities: asked when it is read. */
static void test_history__respects_the_audience(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d, 9);
	publish(&d, 1, "'exclude':[7]", 1);
	publish(&d, 2, "'eligible_authrole':['keeper']", 2);
	publish(&d, 3, "'eligible_authrole':['anyone']", 3);
	ask(&d, "");
	hears(&d.b, "[50,*,{},[{*'topic':'a.3'},'args':[3]}],*");
	assert_null(strstr(d.b.heard[d.b.heard_next - 1], "a.1"));
	assert_null(strstr(d.b.heard[d.b.heard_next - 1], "a.2"));
	duo_deinit(&d);
}

static void test_history__none_there(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d, 9);
	say(&d.b, "[32,2,{},'x.y']");
	hears(&d.b, "[33,*");
	d.next = 3;
	d.id = number_at(&d.b, 2);
	ask(&d, "");
	hears(&d.b, "[8,48,*'wamp.error.history_unavailable'*");
	d.id = 1;
	ask(&d, "");
	hears(&d.b, "[8,48,*'wamp.error.no_such_subscription'*");
	duo_deinit(&d);
}

static void test_history__times_as_texts(void **state)
{
	int64_t us;

	(void)state;
	assert_true(rfc3339_parse(bytes_str("1970-01-01T00:00:00Z"), &us));
	assert_true(us == 0);
	assert_true(rfc3339_parse(bytes_str("2024-02-29T12:00:00.5+01:00"),
				  &us));
	assert_true(us == 1709204400500000);
	assert_false(rfc3339_parse(bytes_str("2023-02-29T12:00:00Z"), &us));
	assert_false(rfc3339_parse(bytes_str("2024-02-29T12:00:00"), &us));
	assert_false(rfc3339_parse(bytes_str("2024-02-29T12:00:00.Z"), &us));
	assert_false(rfc3339_parse(bytes_str("2024-02-29T12:00:00Zx"), &us));
}

/* Its subscription outlives its subscribers, id and all. */
static void test_history__keeps_its_subscription(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d, 9);
	say(&d.b, "[32,2,{'match':'prefix'},'a.']");
	hears(&d.b, "[33,2,*");
	assert_int_equal(number_at(&d.b, 2), d.id);
	publish(&d, 1, "", 1);
	hears(&d.b, "[36,*,*,{'topic':'a.1'},[1]]");
	say(&d.b, "[34,3,%llu]", d.id);
	hears(&d.b, "[35,3]");
	d.next = 4;
	ask(&d, "");
	hears(&d.b, "[50,4,{},[{*'args':[1]}],*");
	duo_deinit(&d);
}

/* No more than the caller's output holds; the rest by asking on. */
static void test_history__pages_fit_the_caller(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d, 9);
	d.room.roles[0].limits.output_bytes = 2048;
	for (unsigned i = 1; i < 5; i++)
		say(&d.a, "[16,%u,{},'a.%u',['%0300d']]", i, i, 0);
	ask(&d, "");
	hears(&d.b, "[50,*,{},[{*'topic':'a.1'*}],"
		    "{'is_limit_reached':true}]");
	assert_null(strstr(d.b.heard[d.b.heard_next - 1], "a.4"));
	duo_deinit(&d);
}

/* "a peer must be allowed to subscribe to a desired subscription first". */
static void test_history__only_where_one_may_subscribe(void **state)
{
	struct duo d;

	(void)state;
	memset(&d, 0, sizeof d);
	room_init_with(&d.room, NULL, 0);
	room_allow(&d.room.roles[0], "b.c", URI_EXACT, 0);
	d.rules[0] = (struct history_rule){ bytes_str("b.c"), URI_EXACT, 9 };
	d.room.realm.histories = d.rules;
	d.room.realm.history_count = 1;
	room_open(&d.room);
	peer_join(&d.a, &d.room);
	peer_join(&d.b, &d.room);
	d.next = 1;
	d.id = broker_lookup(&d.room.router.realms[0].broker, URI_EXACT,
			     bytes_str("b.c"))->id;
	ask(&d, "");
	hears(&d.b, "[8,48,1,{},'wamp.error.not_authorized'*");
	duo_deinit(&d);
}

static uint64_t next_random(void *ctx)
{
	return ++*(uint64_t *)ctx << 40;
}

/* A router that has no memory for its histories does not start. */
static void test_history__each_allocation_fails_once(void **state)
{
	struct history_rule rule = { bytes_str("a."), URI_PREFIX, 9 };
	struct realm_config realm = { .name = (char *)"realm1",
				      .histories = &rule,
				      .history_count = 1 };
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct router r;
		uint64_t seed = 1;
		struct router_config config = { .realms = &realm,
						.realm_count = 1,
						.random = next_random,
						.random_ctx = &seed };
		int err;

		fail_malloc_at(n);
		err = router_init(&r, &config);
		failed = fail_malloc_off();
		assert_int_equal(err, failed ? ERR_NOMEM : 0);
		if (!err)
			router_deinit(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_history__is_kept_without_subscribers),
		cmocka_unit_test(test_history__times),
		cmocka_unit_test(test_history__publications),
		cmocka_unit_test(test_history__respects_the_audience),
		cmocka_unit_test(test_history__none_there),
		cmocka_unit_test(test_history__times_as_texts),
		cmocka_unit_test(test_history__keeps_its_subscription),
		cmocka_unit_test(test_history__pages_fit_the_caller),
		cmocka_unit_test(test_history__only_where_one_may_subscribe),
		cmocka_unit_test(test_history__each_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
