/* Subscriptions and events, through a router with fake connections. */
#include "room.h"

struct trio {
	struct room room;
	struct peer a, b, c;
};

static void trio_init(struct trio *t)
{
	room_init(&t->room);
	peer_join(&t->a, &t->room);
	peer_join(&t->b, &t->room);
	peer_join(&t->c, &t->room);
}

static void trio_deinit(struct trio *t)
{
	peer_deinit(&t->a);
	peer_deinit(&t->b);
	peer_deinit(&t->c);
	room_deinit(&t->room);
}

static uint64_t subscribe(struct peer *p, unsigned request,
			  const char *options, const char *uri)
{
	say(p, "[32,%u,{%s},'%s']", request, options, uri);
	hears(p, "[33,*,*]");
	return number_at(p, 2);
}

static void test_broker__publish_and_event(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	subscribe(&t.a, 1, "", "a.b");
	subscribe(&t.b, 1, "", "a.b");
	say(&t.c, "[16,1,{},'a.b',[1,'x'],{'k':true}]");
	hears(&t.a, "[36,*,*,{},[1,'x'],{'k':true}]");
	hears(&t.b, "[36,*,*,{},[1,'x'],{'k':true}]");
	say(&t.c, "[16,2,{},'a.c']");
	hears_nothing(&t.a);
	hears_nothing(&t.c);
	trio_deinit(&t);
}

static void test_broker__acknowledge(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	subscribe(&t.a, 1, "", "a.b");
	say(&t.c, "[16,1,{'acknowledge':true},'a.b']");
	hears(&t.c, "[17,1,*]");
	hears(&t.a, "[36,*,*,{}]");
	assert_int_equal(number_at(&t.a, 2), number_at(&t.c, 2));
	trio_deinit(&t);
}

static void test_broker__subscribing_twice_is_once(void **state)
{
	struct trio t;
	uint64_t id;

	(void)state;
	trio_init(&t);
	id = subscribe(&t.a, 1, "", "a.b");
	assert_int_equal(subscribe(&t.a, 2, "", "a.b"), id);
	assert_int_equal(subscribe(&t.b, 1, "", "a.b"), id);
	assert_int_not_equal(subscribe(&t.a, 3, "'match':'prefix'", "a.b"),
			     id);
	say(&t.c, "[16,1,{},'a.b']");
	hears(&t.a, "[36,*,*,{}]");
	hears(&t.a, "[36,*,*,{'topic':'a.b'}]");
	hears_nothing(&t.a);
	trio_deinit(&t);
}

/* One subscriber gets an event once for each of its matching subscriptions,
 * under the same publication; another router delivered to one only. */
static void test_broker__every_matching_subscription(void **state)
{
	struct trio t;
	uint64_t publication;

	(void)state;
	trio_init(&t);
	subscribe(&t.a, 1, "", "a.b.c");
	subscribe(&t.a, 2, "'match':'prefix'", "a.");
	subscribe(&t.a, 3, "'match':'prefix'", "a.b");
	subscribe(&t.a, 4, "'match':'wildcard'", "a..c");
	subscribe(&t.a, 5, "'match':'wildcard'", "b..c");
	subscribe(&t.a, 6, "'match':'wildcard'", "a..");
	say(&t.c, "[16,1,{},'a.b.c']");
	hears(&t.a, "[36,*,*,{}]");
	publication = number_at(&t.a, 2);
	for (unsigned i = 0; i < 4; i++) {
		hears(&t.a, "[36,*,*,{'topic':'a.b.c'}]");
		assert_int_equal(number_at(&t.a, 2), publication);
	}
	hears_nothing(&t.a);
	trio_deinit(&t);
}

static void test_broker__own_events_only_if_wanted(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	subscribe(&t.a, 1, "", "a.b");
	say(&t.a, "[16,2,{},'a.b']");
	hears_nothing(&t.a);
	say(&t.a, "[16,3,{'exclude_me':false},'a.b']");
	hears(&t.a, "[36,*,*,{}]");
	trio_deinit(&t);
}

static void test_broker__unsubscribe(void **state)
{
	struct trio t;
	unsigned long long id;

	(void)state;
	trio_init(&t);
	id = subscribe(&t.a, 1, "", "a.b");
	subscribe(&t.b, 1, "", "a.b");
	say(&t.c, "[34,1,%llu]", id);
	hears(&t.c, "[8,34,1,{},'wamp.error.no_such_subscription']");
	say(&t.a, "[34,2,%llu]", id);
	hears(&t.a, "[35,2]");
	say(&t.a, "[34,3,%llu]", id);
	hears(&t.a, "[8,34,3,{},'wamp.error.no_such_subscription']");
	say(&t.c, "[16,2,{},'a.b']");
	hears_nothing(&t.a);
	hears(&t.b, "[36,*");
	trio_deinit(&t);
}

static void test_broker__who_has_left_hears_nothing(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	subscribe(&t.a, 1, "", "a.b");
	subscribe(&t.b, 1, "", "a.b");
	peer_lose(&t.a);
	say(&t.c, "[16,1,{},'a.b']");
	hears(&t.b, "[36,*");
	trio_deinit(&t);
}

static void publish_with(struct peer *p, unsigned request,
			 const char *options)
{
	say(p, "[16,%u,{%s},'a.b']", request, options);
}

static void test_broker__black_and_white_lists(void **state)
{
	struct trio t;
	char options[128];
	unsigned long long a;

	(void)state;
	trio_init(&t);
	subscribe(&t.a, 1, "", "a.b");
	subscribe(&t.b, 1, "", "a.b");
	a = t.a.session->id;
	snprintf(options, sizeof options, "'exclude':[7,%llu]", a);
	publish_with(&t.c, 1, options);
	hears_nothing(&t.a);
	hears(&t.b, "[36,*");
	snprintf(options, sizeof options, "'eligible':[%llu,9]", a);
	publish_with(&t.c, 2, options);
	hears(&t.a, "[36,*");
	hears_nothing(&t.b);
	snprintf(options, sizeof options,
		 "'eligible':[%llu],'exclude':[%llu]", a, a);
	publish_with(&t.c, 3, options);
	hears_nothing(&t.a);
	publish_with(&t.c, 4, "'eligible':[]");
	hears_nothing(&t.a);
	snprintf(options, sizeof options, "'exclude_authid':['%s']",
		 t.a.session->authid);
	publish_with(&t.c, 5, options);
	hears_nothing(&t.a);
	hears(&t.b, "[36,*");
	publish_with(&t.c, 6, "'eligible_authrole':['keeper','guest']");
	publish_with(&t.c, 7, "'exclude_authrole':['anyone']");
	hears_nothing(&t.a);
	hears_nothing(&t.b);
	publish_with(&t.c, 8, "'eligible_authrole':['anyone']");
	hears(&t.a, "[36,*");
	hears(&t.b, "[36,*");
	publish_with(&t.c, 9, "'exclude':['text'],'acknowledge':true");
	hears(&t.c, "[8,16,9,{},'wamp.error.invalid_argument',*]");
	publish_with(&t.c, 10, "'exclude':['text']");
	hears_nothing(&t.c);
	hears_nothing(&t.a);
	trio_deinit(&t);
}

static void test_broker__publisher_is_disclosed_on_request(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	subscribe(&t.a, 1, "", "a.b");
	say(&t.c, "[16,1,{'disclose_me':true},'a.b']");
	hears(&t.a, "[36,*,*,{'publisher':*,'publisher_authid':'*',"
		    "'publisher_authrole':'anyone'}]");
	trio_deinit(&t);
}

static void test_broker__transcodes_once_for_each_serializer(void **state)
{
	struct trio t;
	struct peer packed;

	(void)state;
	trio_init(&t);
	memset(&packed, 0, sizeof packed);
	packed.serializer = &serializer_msgpack;
	peer_connect(&packed, &t.room);
	say(&packed, "[1,'realm1',{" ALL_ROLES "}]");
	hears(&packed, "[2,*");
	subscribe(&packed, 1, "", "a.b");
	subscribe(&t.a, 1, "", "a.b");
	say(&t.c, "[16,1,{},'a.b',['\\u0000AAEC'],{'k':[1.5,null]}]");
	hears(&packed, "[36,*,*,{},['\\u0000AAEC'],{'k':[1.5,null]}]");
	hears(&t.a, "[36,*,*,{},['\\u0000AAEC'],{'k':[1.5,null]}]");
	peer_deinit(&packed);
	trio_deinit(&t);
}

static void test_broker__unknown_match(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	say(&t.a, "[32,1,{'match':'regex'},'a.b']");
	hears(&t.a, "[8,32,1,{},'wamp.error.invalid_argument',*]");
	trio_deinit(&t);
}

/* "Subscription Revocation": who announced it is told, others are not. */
static void test_broker__revocation(void **state)
{
	struct trio t;
	struct peer aware;
	unsigned long long id;

	(void)state;
	trio_init(&t);
	peer_init(&aware, &t.room);
	say(&aware, "[1,'realm1',{'roles':{'subscriber':{'features':"
		    "{'subscription_revocation':true}}}}]");
	hears(&aware, "[2,*");
	id = subscribe(&aware, 1, "", "a.b");
	subscribe(&t.a, 1, "", "a.b");
	say(&t.c, "[48,1,{},'wamp.subscription.remove_subscriber',"
		  "[%llu,%llu,'enough']]",
	    id, (unsigned long long)aware.session->id);
	hears(&aware, "[35,0,{'subscription':*,'reason':'enough'}]");
	hears(&t.c, "[50,1,{}]");
	say(&t.c, "[48,2,{},'wamp.subscription.remove_subscriber',"
		  "[%llu,%llu]]",
	    id, (unsigned long long)aware.session->id);
	hears(&t.c, "[8,48,2,{},'wamp.error.no_such_session',*]");
	say(&t.c, "[48,3,{},'wamp.subscription.remove_subscriber',"
		  "[%llu,%llu]]",
	    id, (unsigned long long)t.a.session->id);
	hears(&t.c, "[50,3,{}]");
	hears_nothing(&t.a);
	say(&t.c, "[48,4,{},'wamp.subscription.remove_subscriber',"
		  "[%llu,%llu]]",
	    id, (unsigned long long)t.a.session->id);
	hears(&t.c, "[8,48,4,{},'wamp.error.no_such_subscription']");
	say(&t.c, "[16,5,{},'a.b']");
	hears_nothing(&t.a);
	hears_nothing(&aware);
	peer_deinit(&aware);
	trio_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broker__publish_and_event),
		cmocka_unit_test(test_broker__acknowledge),
		cmocka_unit_test(test_broker__subscribing_twice_is_once),
		cmocka_unit_test(test_broker__every_matching_subscription),
		cmocka_unit_test(test_broker__own_events_only_if_wanted),
		cmocka_unit_test(test_broker__unsubscribe),
		cmocka_unit_test(test_broker__who_has_left_hears_nothing),
		cmocka_unit_test(test_broker__black_and_white_lists),
		cmocka_unit_test(
			test_broker__publisher_is_disclosed_on_request),
		cmocka_unit_test(
			test_broker__transcodes_once_for_each_serializer),
		cmocka_unit_test(test_broker__unknown_match),
		cmocka_unit_test(test_broker__revocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
