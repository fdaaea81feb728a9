/* The meta API: procedures and events of sessions, registrations and
 * subscriptions. */
#include "room.h"

struct trio {
	struct room room;
	struct peer a, b, watcher;
};

static void trio_init(struct trio *t)
{
	room_init(&t->room);
	peer_join(&t->watcher, &t->room);
	peer_join(&t->a, &t->room);
	peer_join(&t->b, &t->room);
}

static void trio_deinit(struct trio *t)
{
	peer_deinit(&t->a);
	peer_deinit(&t->b);
	peer_deinit(&t->watcher);
	room_deinit(&t->room);
}

static unsigned long long id_of(const struct peer *p)
{
	return p->session->id;
}

static void watch(struct peer *p, unsigned request, const char *topic)
{
	say(p, "[32,%u,{},'%s']", request, topic);
	hears(p, "[33,*");
}

static void test_meta__session_count_list_get(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	say(&t.a, "[48,1,{},'wamp.session.count']");
	hears(&t.a, "[50,1,{},[3]]");
	say(&t.a, "[48,2,{},'wamp.session.count',[['keeper']]]");
	hears(&t.a, "[50,2,{},[0]]");
	say(&t.a, "[48,3,{},'wamp.session.list',[['anyone','x']]]");
	hears(&t.a, "[50,3,{},[[*,*,*]]]");
	say(&t.a, "[48,4,{},'wamp.session.get',[%llu]]", id_of(&t.b));
	hears(&t.a, "[50,4,{},[{'session':*,'authid':'*','authrole':'anyone',"
		    "'authmethod':'anonymous','authprovider':'static',"
		    "'transport':{'type':'fake',*}}]]");
	say(&t.a, "[48,5,{},'wamp.session.get',[1]]");
	hears(&t.a, "[8,48,5,{},'wamp.error.no_such_session']");
	say(&t.a, "[48,6,{},'wamp.session.get']");
	hears(&t.a, "[8,48,6,{},'wamp.error.invalid_argument',*]");
	/* as wampy says it in MessagePack and CBOR */
	say(&t.a, "[48,7,{},'wamp.session.get',[%llu.0]]", id_of(&t.b));
	hears(&t.a, "[50,7,{},[{'session':*,*}]]");
	trio_deinit(&t);
}

static void test_meta__session_kill(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	watch(&t.watcher, 1, "wamp.session.on_leave");
	say(&t.a, "[48,1,{},'wamp.session.kill',[%llu]]", id_of(&t.a));
	hears(&t.a, "[8,48,1,{},'wamp.error.no_such_session']");
	say(&t.a, "[48,2,{},'wamp.session.kill',[%llu],{'reason':'a b'}]",
	    id_of(&t.b));
	hears(&t.a, "[8,48,2,{},'wamp.error.invalid_uri',*]");
	say(&t.a, "[48,3,{},'wamp.session.kill',[%llu],"
		  "{'reason':'go.away','message':'enough'}]",
	    id_of(&t.b));
	hears(&t.b, "[6,{'message':'enough'},'go.away']");
	hears(&t.a, "[50,3,{}]");
	hears(&t.watcher, "[36,*,*,{},[*,'*','anyone']]");
	say(&t.b, "[48,1,{},'a.b']"); /* out of the realm already */
	hears_nothing(&t.b);
	say(&t.b, "[6,{},'wamp.close.goodbye_and_out']");
	assert_true(t.b.closed);
	trio_deinit(&t);
}

static void test_meta__session_kill_many(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	say(&t.a, "[48,1,{},'wamp.session.kill_by_authid',['%s']]",
	    t.b.session->authid);
	hears(&t.a, "[50,1,{},[[*]]]");
	hears(&t.b, "[6,{},'wamp.close.killed']");
	say(&t.a, "[48,2,{},'wamp.session.kill_by_authrole',['keeper']]");
	hears(&t.a, "[50,2,{},[0]]");
	say(&t.a, "[48,3,{},'wamp.session.kill_all']");
	hears(&t.a, "[50,3,{},[1]]");
	hears(&t.watcher, "[6,{},'wamp.close.killed']");
	hears_nothing(&t.a);
	trio_deinit(&t);
}

static void test_meta__session_events(void **state)
{
	struct trio t;
	struct peer late;

	(void)state;
	trio_init(&t);
	watch(&t.watcher, 1, "wamp.session.on_join");
	watch(&t.watcher, 2, "wamp.session.on_leave");
	peer_join(&late, &t.room);
	hears(&t.watcher, "[36,*,*,{},[{'session':*,'authid':'*'*}]]");
	peer_lose(&late);
	hears(&t.watcher, "[36,*,*,{},[*,'*','anyone']]");
	hears_nothing(&t.watcher);
	peer_deinit(&late);
	trio_deinit(&t);
}

static void test_meta__registration_procedures(void **state)
{
	struct trio t;
	unsigned long long id;

	(void)state;
	trio_init(&t);
	id = peer_register(&t.a, 1, "'invoke':'roundrobin'", "a.b");
	peer_register(&t.b, 1, "'invoke':'roundrobin'", "a.b");
	peer_register(&t.b, 2, "'match':'prefix'", "x.");
	say(&t.a, "[48,2,{},'wamp.registration.list']");
	hears(&t.a, "[50,2,{},[{'exact':[*],'prefix':[*],'wildcard':[]}]]");
	say(&t.a, "[48,3,{},'wamp.registration.lookup',['a.b']]");
	hears(&t.a, "[50,3,{},[*]]");
	say(&t.a, "[48,4,{},'wamp.registration.lookup',['x.y']]");
	hears(&t.a, "[50,4,{},[null]]");
	say(&t.a, "[48,5,{},'wamp.registration.lookup',['x.',"
		  "{'match':'prefix'}]]");
	hears(&t.a, "[50,5,{},[*]]");
	say(&t.a, "[48,6,{},'wamp.registration.match',['x.y']]");
	hears(&t.a, "[50,6,{},[*]]");
	say(&t.a, "[48,7,{},'wamp.registration.get',[%llu]]", id);
	hears(&t.a, "[50,7,{},[{'id':*,'created':'2023-11-14T22:13:20.000Z',"
		    "'uri':'a.b','match':'exact','invoke':'roundrobin'}]]");
	say(&t.a, "[48,8,{},'wamp.registration.list_callees',[%llu]]", id);
	hears(&t.a, "[50,8,{},[[*,*]]]");
	say(&t.a, "[48,9,{},'wamp.registration.count_callees',[%llu]]", id);
	hears(&t.a, "[50,9,{},[2]]");
	say(&t.a, "[48,10,{},'wamp.registration.count_callees',[1]]");
	hears(&t.a, "[8,48,10,{},'wamp.error.no_such_registration']");
	trio_deinit(&t);
}

static void test_meta__remove_callee(void **state)
{
	struct trio t;
	unsigned long long id;

	(void)state;
	trio_init(&t);
	id = peer_register(&t.a, 1, "'invoke':'roundrobin'", "a.b");
	say(&t.b, "[48,1,{},'a.b']");
	hears(&t.a, "[68,1,*");
	say(&t.b, "[48,2,{},'wamp.registration.remove_callee',"
		  "[%llu,%llu,'silent']]",
	    id, id_of(&t.b));
	hears(&t.b, "[8,48,2,{},'wamp.error.no_such_session',*]");
	say(&t.b, "[48,3,{},'wamp.registration.remove_callee',"
		  "[%llu,%llu,'silent']]",
	    id, id_of(&t.a));
	hears(&t.a, "[67,0,{'registration':*,'reason':'silent'}]");
	hears(&t.b, "[50,3,{}]");
	say(&t.b, "[48,4,{},'a.b']");
	hears(&t.b, "[8,48,4,{},'wamp.error.no_such_procedure']");
	say(&t.a, "[70,1,{},['still']]"); /* what it has it may answer */
	hears(&t.b, "[50,1,{},['still']]");
	trio_deinit(&t);
}

static void test_meta__registration_events(void **state)
{
	struct trio t;
	unsigned long long id;

	(void)state;
	trio_init(&t);
	watch(&t.watcher, 1, "wamp.registration.on_create");
	watch(&t.watcher, 2, "wamp.registration.on_register");
	watch(&t.watcher, 3, "wamp.registration.on_unregister");
	watch(&t.watcher, 4, "wamp.registration.on_delete");
	id = peer_register(&t.a, 1, "'invoke':'last'", "a.b");
	hears(&t.watcher, "[36,*,*,{},[*,{'id':*,'created':'*','uri':'a.b',"
			  "'match':'exact','invoke':'last'}]]");
	hears(&t.watcher, "[36,*,*,{},[*,*]]");
	peer_register(&t.b, 1, "'invoke':'last'", "a.b");
	hears(&t.watcher, "[36,*,*,{},[*,*]]");
	hears_nothing(&t.watcher);
	say(&t.a, "[66,2,%llu]", id);
	hears(&t.watcher, "[36,*,*,{},[*,*]]");
	hears_nothing(&t.watcher);
	peer_lose(&t.b);
	hears(&t.watcher, "[36,*,*,{},[*,*]]"); /* on_unregister */
	hears(&t.watcher, "[36,*,*,{},[*,*]]"); /* on_delete */
	hears_nothing(&t.watcher);
	trio_deinit(&t);
}

static void test_meta__subscription_procedures(void **state)
{
	struct trio t;
	unsigned long long id;

	(void)state;
	trio_init(&t);
	watch(&t.a, 1, "a.b");
	id = number_at(&t.a, 2);
	say(&t.b, "[32,1,{'match':'prefix'},'a.']");
	hears(&t.b, "[33,*");
	say(&t.a, "[48,2,{},'wamp.subscription.list']");
	hears(&t.a, "[50,2,{},[{'exact':[*],'prefix':[*],'wildcard':[]}]]");
	say(&t.a, "[48,3,{},'wamp.subscription.lookup',['a.b']]");
	hears(&t.a, "[50,3,{},[*]]");
	say(&t.a, "[48,4,{},'wamp.subscription.match',['a.b']]");
	hears(&t.a, "[50,4,{},[[*,*]]]");
	say(&t.a, "[48,5,{},'wamp.subscription.match',['b.b']]");
	hears(&t.a, "[50,5,{},[null]]");
	say(&t.a, "[48,6,{},'wamp.subscription.get',[%llu]]", id);
	hears(&t.a, "[50,6,{},[{'id':*,'created':'*','uri':'a.b',"
		    "'match':'exact'}]]");
	say(&t.a, "[48,7,{},'wamp.subscription.list_subscribers',[%llu]]",
	    id);
	hears(&t.a, "[50,7,{},[[*]]]");
	say(&t.a, "[48,8,{},'wamp.subscription.count_subscribers',[%llu]]",
	    id);
	hears(&t.a, "[50,8,{},[1]]");
	say(&t.a, "[48,9,{},'wamp.subscription.get',[1]]");
	hears(&t.a, "[8,48,9,{},'wamp.error.no_such_subscription']");
	trio_deinit(&t);
}

static void test_meta__subscription_events(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	watch(&t.watcher, 1, "wamp.subscription.on_create");
	watch(&t.watcher, 2, "wamp.subscription.on_delete");
	watch(&t.a, 1, "a.b");
	hears(&t.watcher, "[36,*,*,{},[*,{'id':*,'created':'*','uri':'a.b',"
			  "'match':'exact'}]]");
	peer_lose(&t.a);
	hears(&t.watcher, "[36,*,*,{},[*,*]]");
	hears_nothing(&t.watcher);
	trio_deinit(&t);
}

/* Who watches does not hear of watching, neither its own nor others'. */
static void test_meta__subscriptions_of_meta_topics_are_no_news(void **state)
{
	static const char *const events[] = { "create", "subscribe",
					      "unsubscribe", "delete" };
	struct trio t;
	char topic[64];

	(void)state;
	trio_init(&t);
	for (unsigned i = 0; i < 4; i++) {
		snprintf(topic, sizeof topic, "wamp.subscription.on_%s",
			 events[i]);
		watch(&t.watcher, i + 1, topic);
	}
	watch(&t.a, 1, "wamp.session.on_join");
	say(&t.a, "[32,2,{'match':'prefix'},'wamp.registration.']");
	hears(&t.a, "[33,*");
	peer_lose(&t.a);
	hears_nothing(&t.watcher);
	watch(&t.b, 1, "wampum.belt");
	for (unsigned i = 0; i < 2; i++)
		hears(&t.watcher, "[36,*");
	hears_nothing(&t.watcher);
	trio_deinit(&t);
}

/* Wrong types are refused. */
static void test_meta__bad_arguments(void **state)
{
	static const struct {
		const char *call, *uri;
	} bad[] = {
		{ "'wamp.session.count',['anyone']", "invalid_argument" },
		{ "'wamp.session.count',[[7]]", "invalid_argument" },
		{ "'wamp.session.list',[{}]", "invalid_argument" },
		{ "'wamp.session.list',[['anyone',null]]",
		  "invalid_argument" },
		{ "'wamp.session.get',['1']", "invalid_argument" },
		{ "'wamp.session.get',[0]", "invalid_argument" },
		{ "'wamp.session.get',[true]", "invalid_argument" },
		{ "'wamp.session.kill'", "invalid_argument" },
		{ "'wamp.session.kill',[1]", "no_such_session" },
		{ "'wamp.session.kill_by_authid',[7]", "invalid_argument" },
		{ "'wamp.session.kill_by_authid',['x'],{'reason':''}",
		  "invalid_uri" },
		{ "'wamp.session.kill_by_authrole',['x'],{'reason':7}",
		  "invalid_uri" },
		{ "'wamp.session.kill_by_authrole',[]", "invalid_argument" },
		{ "'wamp.session.kill_all',[],{'reason':'a..b'}",
		  "invalid_uri" },
		{ "'wamp.session.kill_all',[],{'message':7}",
		  "invalid_argument" },
		{ "'wamp.subscription.lookup',[7]", "invalid_argument" },
		{ "'wamp.subscription.lookup',['a.b',7]",
		  "invalid_argument" },
		{ "'wamp.subscription.lookup',['a.b',{'match':'regex'}]",
		  "invalid_argument" },
		{ "'wamp.subscription.match'", "invalid_argument" },
		{ "'wamp.subscription.get',[-1]", "invalid_argument" },
		{ "'wamp.subscription.list_subscribers',[1]",
		  "no_such_subscription" },
		{ "'wamp.subscription.count_subscribers',[1]",
		  "no_such_subscription" },
		{ "'wamp.subscription.remove_subscriber',[1,1]",
		  "no_such_subscription" },
		{ "'wamp.session.modify'", "no_such_procedure" },
	};
	struct trio t;

	(void)state;
	trio_init(&t);
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		char pattern[96];

		snprintf(pattern, sizeof pattern,
			 "[8,48,%u,{},'wamp.error.%s'*]", i + 1, bad[i].uri);
		say(&t.a, "[48,%u,{},%s]", i + 1, bad[i].call);
		hears(&t.a, pattern);
	}
	hears_nothing(&t.b);
	trio_deinit(&t);
}

static void test_meta__null_is_as_absent(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	say(&t.a, "[48,1,{},'wamp.session.count',[null]]");
	hears(&t.a, "[50,1,{},[3]]");
	say(&t.a, "[48,2,{},'wamp.session.kill_by_authid',['x'],"
		  "{'reason':null,'message':null}]");
	hears(&t.a, "[50,2,{},[[]]]");
	say(&t.a, "[48,3,{},'wamp.subscription.lookup',['a.b',null]]");
	hears(&t.a, "[50,3,{},[null]]");
	hears_nothing(&t.b);
	trio_deinit(&t);
}

/* Whose permission does not cover it ends nobody's session. */
static void test_meta__kill_is_for_who_may_call_it(void **state)
{
	struct trio t;

	(void)state;
	room_init_with(&t.room, NULL, 0);
	room_allow(&t.room.roles[0], "wamp.session.kill", URI_PREFIX, 0);
	room_open(&t.room);
	peer_join(&t.watcher, &t.room);
	peer_join(&t.a, &t.room);
	peer_join(&t.b, &t.room);
	say(&t.a, "[48,1,{},'wamp.session.kill',[%llu]]", id_of(&t.b));
	hears(&t.a, "[8,48,1,{},'wamp.error.not_authorized'*]");
	say(&t.a, "[48,2,{},'wamp.session.kill_all']");
	hears(&t.a, "[8,48,2,{},'wamp.error.not_authorized'*]");
	hears_nothing(&t.b);
	trio_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meta__session_count_list_get),
		cmocka_unit_test(test_meta__session_kill),
		cmocka_unit_test(test_meta__session_kill_many),
		cmocka_unit_test(test_meta__session_events),
		cmocka_unit_test(test_meta__registration_procedures),
		cmocka_unit_test(test_meta__remove_callee),
		cmocka_unit_test(test_meta__registration_events),
		cmocka_unit_test(test_meta__subscription_procedures),
		cmocka_unit_test(test_meta__subscription_events),
		cmocka_unit_test(
			test_meta__subscriptions_of_meta_topics_are_no_news),
		cmocka_unit_test(test_meta__bad_arguments),
		cmocka_unit_test(test_meta__null_is_as_absent),
		cmocka_unit_test(test_meta__kill_is_for_who_may_call_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
