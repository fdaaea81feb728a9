/* The specification of "Subscriptions Meta API", and of the subscription that
 * stands for an event history. */
#include "trio.h"

__attribute__((format(printf, 3, 4)))
static void hears_of(struct peer *p, const char *what, const char *fmt, ...)
{
	char args[256];
	va_list list;

	va_start(list, fmt);
	vsnprintf(args, sizeof args, fmt, list);
	va_end(list);
	hears_as(p, "[36,*,*,{'topic':'wamp.subscription.on_%s'},[%s]]",
		 what, args);
}

#define asks(t, wanted, ...) \
	peer_asks(&(t)->publisher, "subscription", wanted, __VA_ARGS__)

static void watch(struct peer *p)
{
	peer_subscribe(p, "'match':'prefix'", "wamp.subscription.on_");
}

/* --- events -------------------------------------------------------------- */

#define DETAILS(uri, match)                                                   \
	"{'id':%llu,'created':'2023-11-14T22:13:20.000Z','uri':'" uri         \
	"','match':'" match "'}"

/* "A on_subscribe event MUST always be fired subsequent to a on_create", "the
 * on_delete event MUST always be preceded by a on_unsubscribe". */
static void test_subscription__events_in_their_order(void **state)
{
	struct trio t;
	ull id;

	(void)state;
	trio_init(&t);
	watch(&t.publisher);
	id = peer_subscribe(&t.a, "'match':'wildcard'", "a..b");
	hears_of(&t.publisher, "create", "%llu," DETAILS("a..b", "wildcard"),
		 id_of(&t.a), id);
	hears_of(&t.publisher, "subscribe", "%llu,%llu", id_of(&t.a), id);
	peer_subscribe(&t.kim, "'match':'wildcard'", "a..b");
	hears_of(&t.publisher, "subscribe", "%llu,%llu", id_of(&t.kim), id);
	peer_subscribe(&t.kim, "'match':'wildcard'", "a..b");
	hears_nothing(&t.publisher); /* it was subscribed */
	say(&t.a, "[34,2,%llu]", id);
	hears_of(&t.publisher, "unsubscribe", "%llu,%llu", id_of(&t.a), id);
	hears_nothing(&t.publisher);
	say(&t.a, "[48,3,{},'wamp.subscription.remove_subscriber',"
		  "[%llu,%llu]]", id, id_of(&t.kim));
	hears_of(&t.publisher, "unsubscribe", "%llu,%llu", id_of(&t.kim), id);
	hears_of(&t.publisher, "delete", "%llu,%llu", id_of(&t.kim), id);
	hears_nothing(&t.publisher);
	trio_deinit(&t);
}

static void test_subscription__the_last_one_goes(void **state)
{
	struct trio t;
	ull id, last;

	(void)state;
	trio_init(&t);
	watch(&t.publisher);
	id = peer_subscribe(&t.kim, "", "a.b");
	last = id_of(&t.kim);
	hears_of(&t.publisher, "create", "%llu," DETAILS("a.b", "exact"),
		 last, id);
	hears_of(&t.publisher, "subscribe", "%llu,%llu", last, id);
	peer_lose(&t.kim);
	hears_of(&t.publisher, "unsubscribe", "%llu,%llu", last, id);
	hears_of(&t.publisher, "delete", "%llu,%llu", last, id);
	hears_nothing(&t.publisher);
	asks(&t, "[8,48,*,{},'wamp.error.no_such_subscription']",
	     "get',[%llu]", id);
	trio_deinit(&t);
}

/* What is refused is no subscription. */
static void test_subscription__no_event_of_a_refusal(void **state)
{
	struct trio t;

	(void)state;
	trio_prepare(&t);
	room_allow(&t.room.roles[0], "no.", URI_PREFIX, 0);
	trio_open(&t);
	watch(&t.publisher);
	say(&t.a, "[32,1,{},'no.way']");
	hears(&t.a, "[8,32,1,{},'wamp.error.not_authorized']");
	say(&t.a, "[32,2,{'match':'suffix'},'a.b']");
	hears(&t.a, "[8,32,2,{},'wamp.error.invalid_argument',*]");
	say(&t.a, "[34,3,7]");
	hears(&t.a, "[8,34,3,{},'wamp.error.no_such_subscription']");
	hears_nothing(&t.publisher);
	asks(&t, "[50,*,{},[null]]", "lookup',['no.way']");
	trio_deinit(&t);
}

/* --- procedures ---------------------------------------------------------- */

static void test_subscription__list(void **state)
{
	struct trio t;
	ull exact, prefix, wildcard;
	char wanted[160];

	(void)state;
	trio_init(&t);
	asks(&t, "[50,*,{},[{'exact':[],'prefix':[],'wildcard':[]}]]",
	     "list'");
	exact = peer_subscribe(&t.a, "", "a.b");
	prefix = peer_subscribe(&t.a, "'match':'prefix'", "a.b");
	wildcard = peer_subscribe(&t.kim, "'match':'wildcard'", "a.b");
	snprintf(wanted, sizeof wanted,
		 "[50,*,{},[{'exact':[%llu],'prefix':[%llu],"
		 "'wildcard':[%llu]}]]", exact, prefix, wildcard);
	asks(&t, wanted, "list'");
	trio_deinit(&t);
}

/* By the pattern itself; match: by a topic. */
static void test_subscription__lookup_and_match(void **state)
{
	struct trio t;
	ull exact, prefix;
	char wanted[160];

	(void)state;
	trio_init(&t);
	exact = peer_subscribe(&t.a, "", "a.b");
	prefix = peer_subscribe(&t.a, "'match':'prefix'", "a.b");
	snprintf(wanted, sizeof wanted, "[50,*,{},[%llu]]", exact);
	asks(&t, wanted, "lookup',['a.b']");
	asks(&t, wanted, "lookup',['a.b',{'match':'exact'}]");
	snprintf(wanted, sizeof wanted, "[50,*,{},[%llu]]", prefix);
	asks(&t, wanted, "lookup',['a.b',{'match':'prefix'}]");
	asks(&t, "[50,*,{},[null]]", "lookup',['a.b',{'match':'wildcard'}]");
	asks(&t, "[50,*,{},[null]]", "lookup',['a.b.c']");
	asks(&t, "[50,*,{},[[*,*]]]", "match',['a.b']");
	snprintf(wanted, sizeof wanted, "[50,*,{},[[%llu]]]", prefix);
	asks(&t, wanted, "match',['a.b.c']");
	asks(&t, "[50,*,{},[null]]", "match',['a']");
	trio_deinit(&t);
}

static void test_subscription__get_and_subscribers(void **state)
{
	struct trio t;
	ull id;
	char wanted[200];

	(void)state;
	trio_init(&t);
	id = peer_subscribe(&t.a, "'match':'prefix'", "a.b");
	snprintf(wanted, sizeof wanted, "[50,*,{},[" DETAILS("a.b", "prefix")
		 "]]", id);
	asks(&t, wanted, "get',[%llu]", id);
	asks(&t, "[50,*,{},[1]]", "count_subscribers',[%llu]", id);
	peer_subscribe(&t.kim, "'match':'prefix'", "a.b");
	asks(&t, "[50,*,{},[2]]", "count_subscribers',[%llu]", id);
	snprintf(wanted, sizeof wanted, "[50,*,{},[[%llu,%llu]]]",
		 id_of(&t.a), id_of(&t.kim));
	asks(&t, wanted, "list_subscribers',[%llu]", id);
	trio_deinit(&t);
}

/* --- the subscription of an event history -------------------------------- */

static void with_history(struct trio *t, struct history_rule *rule)
{
	*rule = (struct history_rule){ bytes_str("a."), URI_PREFIX, 9 };
	trio_prepare(t);
	t->room.realm.histories = rule;
	t->room.realm.history_count = 1;
	trio_open(t);
}

static ull standing(const struct trio *t)
{
	return broker_lookup(&t->room.router.realms[0].broker, URI_PREFIX,
			     bytes_str("a."))->id;
}

/* Its events are those of any other subscription (broker.h): a topic that was
 * without subscribers gets its first, and loses its last. */
static void test_standing__is_created_and_deleted_for_who_watches(void **state)
{
	struct history_rule rule;
	struct trio t;

	(void)state;
	with_history(&t, &rule);
	watch(&t.publisher);
	for (unsigned round = 0; round < 2; round++) {
		ull id = peer_subscribe(&t.a, "'match':'prefix'", "a.");

		assert_int_equal(id, standing(&t));
		hears_of(&t.publisher, "create",
			 "%llu," DETAILS("a.", "prefix"), id_of(&t.a), id);
		hears_of(&t.publisher, "subscribe", "%llu,%llu",
			 id_of(&t.a), id);
		peer_subscribe(&t.kim, "'match':'prefix'", "a.");
		hears_of(&t.publisher, "subscribe", "%llu,%llu",
			 id_of(&t.kim), id);
		say(&t.a, "[34,%llu,%llu]",
		    (ull)t.a.session->last_request + 1, id);
		hears(&t.a, "[35,*");
		hears_of(&t.publisher, "unsubscribe", "%llu,%llu",
			 id_of(&t.a), id);
		say(&t.kim, "[34,%llu,%llu]",
		    (ull)t.kim.session->last_request + 1, id);
		hears(&t.kim, "[35,*");
		hears_of(&t.publisher, "unsubscribe", "%llu,%llu",
			 id_of(&t.kim), id);
		hears_of(&t.publisher, "delete", "%llu,%llu",
			 id_of(&t.kim), id);
		hears_nothing(&t.publisher);
	}
	trio_deinit(&t);
}

/* And without any subscriber it can be found. */
static void test_standing__is_there_for_the_procedures(void **state)
{
	struct history_rule rule;
	struct trio t;
	char wanted[160];
	ull id;

	(void)state;
	with_history(&t, &rule);
	id = standing(&t);
	snprintf(wanted, sizeof wanted, "[50,*,{},[%llu]]", id);
	asks(&t, wanted, "lookup',['a.',{'match':'prefix'}]");
	snprintf(wanted, sizeof wanted, "[50,*,{},[[%llu]]]", id);
	asks(&t, wanted, "match',['a.b']");
	snprintf(wanted, sizeof wanted, "[50,*,{},[{'exact':[],"
					"'prefix':[%llu],'wildcard':[]}]]",
		 id);
	asks(&t, wanted, "list'");
	asks(&t, "[50,*,{},[{'id':*,'uri':'a.','match':'prefix'}]]",
	     "get',[%llu]", id);
	asks(&t, "[50,*,{},[0]]", "count_subscribers',[%llu]", id);
	asks(&t, "[50,*,{},[[]]]", "list_subscribers',[%llu]", id);
	trio_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subscription__events_in_their_order),
		cmocka_unit_test(test_subscription__the_last_one_goes),
		cmocka_unit_test(test_subscription__no_event_of_a_refusal),
		cmocka_unit_test(test_subscription__list),
		cmocka_unit_test(test_subscription__lookup_and_match),
		cmocka_unit_test(test_subscription__get_and_subscribers),
		cmocka_unit_test(
			test_standing__is_created_and_deleted_for_who_watches),
		cmocka_unit_test(test_standing__is_there_for_the_procedures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
