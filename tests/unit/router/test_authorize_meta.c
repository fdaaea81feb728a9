/* Authorizers and what a meta procedure needs beside being called: publishing
 * at a testament's topic, subscribing where a history is ("Authorization",
 * "Session Testament", "Event History"). */
#include "tests/unit/base/fail_malloc.h"

#include "room.h"

#include "router/ask.h"
#include "router/authorize.h"

struct office {
	struct room room;
	struct history_rule rule;
	struct peer judge, kim;
	unsigned invocation;
};

/* kim is a guest, whose actions com.may decides; the judge is anyone. */
static void office_prepare(struct office *o)
{
	memset(o, 0, sizeof *o);
	room_init_with(&o->room, NULL, 0);
	o->room.roles[1].authorizer = (char *)"com.may";
	o->rule = (struct history_rule){ bytes_str("a."), URI_PREFIX, 9 };
	o->room.realm.histories = &o->rule;
	o->room.realm.history_count = 1;
}

static void office_start(struct office *o)
{
	room_open(&o->room);
	peer_join(&o->judge, &o->room);
	peer_register(&o->judge, 1, "", "com.may");
	o->room.authn.anonymous_role = (char *)"guest";
	peer_join(&o->kim, &o->room);
}

/* kim may call the meta procedures; the rest is for the judge. */
static void office_open(struct office *o)
{
	office_prepare(o);
	room_allow(&o->room.roles[1], "wamp.", URI_PREFIX, 1 << ACTION_CALL);
	office_start(o);
}

static void office_close(struct office *o)
{
	peer_deinit(&o->kim);
	peer_deinit(&o->judge);
	room_deinit(&o->room);
}

static void asked(struct office *o, const char *about)
{
	hears_as(&o->judge, "[68,%u,*,{*},[{'session':*,*'authrole':'guest',"
			    "*},%s]]", ++o->invocation, about);
}

static void answer(struct office *o, const char *result)
{
	say(&o->judge, "[70,%u,{},[%s]]", o->invocation, result);
}

static void add(struct office *o, const char *arguments)
{
	say(&o->kim, "[48,%llu,{},'wamp.session.add_testament',%s]",
	    (unsigned long long)o->kim.session->last_request + 1, arguments);
}

static void get_events(struct office *o)
{
	uint64_t id = broker_lookup(&o->room.router.realms[0].broker,
				    URI_PREFIX, bytes_str("a."))->id;

	say(&o->kim, "[48,%llu,{},'wamp.subscription.get_events',[%llu]]",
	    (unsigned long long)o->kim.session->last_request + 1,
	    (unsigned long long)id);
}

/* --- testaments ---------------------------------------------------------- */

/* First about the call, then about the topic; then it is as any other. */
static void test_authorize__a_testament(void **state)
{
	struct office o;

	(void)state;
	office_prepare(&o);
	office_start(&o);
	peer_subscribe(&o.judge, "", "a.b");
	add(&o, "['a.b',['bye'],{}],{'publish_options':{'exclude_me':true}}");
	asked(&o, "'wamp.session.add_testament','call',{}");
	hears_nothing(&o.judge);
	answer(&o, "true");
	hears_nothing(&o.kim);
	assert_true(o.kim.paused);
	asked(&o, "'a.b','publish',{'exclude_me':true}");
	answer(&o, "true");
	hears(&o.kim, "[50,1,{}]");
	assert_false(o.kim.paused);
	peer_lose(&o.kim);
	hears(&o.judge, "[36,*,*,{},['bye']]");
	hears_nothing(&o.judge);
	office_close(&o);
}

static void test_authorize__a_refused_testament(void **state)
{
	struct office o;

	(void)state;
	office_prepare(&o);
	office_start(&o);
	peer_subscribe(&o.judge, "", "a.b");
	add(&o, "['a.b']");
	asked(&o, "'wamp.session.add_testament','call',{}");
	answer(&o, "true");
	asked(&o, "'a.b','publish',{}");
	answer(&o, "false");
	hears(&o.kim, "[8,48,1,{},'wamp.error.not_authorized',"
		      "['topic: publishing there is not allowed']]");
	add(&o, "['a.b']");
	asked(&o, "'wamp.session.add_testament','call',{}");
	answer(&o, "false"); /* then nothing further is asked */
	hears(&o.kim, "[8,48,2,{},'wamp.error.not_authorized']");
	peer_lose(&o.kim);
	hears_nothing(&o.judge);
	office_close(&o);
}

/* What permissions allow needs no question, one by one. */
static void test_authorize__permissions_go_before(void **state)
{
	struct office o;

	(void)state;
	office_prepare(&o);
	room_allow(&o.room.roles[1], "wamp.", URI_PREFIX, 1 << ACTION_CALL);
	room_allow(&o.room.roles[1], "a.free", URI_EXACT,
		   1 << ACTION_PUBLISH);
	office_start(&o);
	add(&o, "['a.free']");
	hears(&o.kim, "[50,1,{}]");
	add(&o, "['a.b']");
	asked(&o, "'a.b','publish',{}");
	answer(&o, "true");
	hears(&o.kim, "[50,2,{}]");
	hears_nothing(&o.judge);
	office_close(&o);
}

/* What is said meanwhile keeps its place, and is counted once. */
static void test_authorize__order_is_kept_over_both(void **state)
{
	struct office o;

	(void)state;
	office_prepare(&o);
	office_start(&o);
	add(&o, "['a.b']");
	say(&o.kim, "[48,2,{},'com.x']");
	asked(&o, "'wamp.session.add_testament','call',{}");
	answer(&o, "true");
	asked(&o, "'a.b','publish',{}");
	answer(&o, "true");
	hears(&o.kim, "[50,1,{}]");
	hears_nothing(&o.kim);
	asked(&o, "'com.x','call',{}");
	answer(&o, "true");
	hears(&o.kim, "[8,48,2,*'wamp.error.no_such_procedure'*");
	assert_false(o.kim.paused);
	assert_int_equal(o.room.router.received[MSG_CALL], 2 + 3);
	office_close(&o);
}

/* A decision that is kept is one about publishing, wherever it was made. */
static void test_authorize__a_kept_decision_is_for_both(void **state)
{
	struct office o;

	(void)state;
	office_open(&o);
	peer_subscribe(&o.judge, "", "a.b");
	add(&o, "['a.b']");
	asked(&o, "'a.b','publish',{}");
	answer(&o, "{'allow':true,'cache':true}");
	hears(&o.kim, "[50,1,{}]");
	add(&o, "['a.b']");
	hears(&o.kim, "[50,2,{}]");
	say(&o.kim, "[16,3,{},'a.b']");
	hears(&o.judge, "[36,*");
	hears_nothing(&o.judge);
	office_close(&o);
}

/* What the authorizer wants disclosed is, when the time has come. */
static void test_authorize__a_testament_discloses(void **state)
{
	struct office o;

	(void)state;
	office_open(&o);
	peer_subscribe(&o.judge, "'match':'prefix'", "a.");
	add(&o, "['a.open']");
	asked(&o, "'a.open','publish',{}");
	answer(&o, "{'allow':true,'disclose':true}");
	hears(&o.kim, "[50,1,{}]");
	add(&o, "['a.b']");
	asked(&o, "'a.b','publish',{}");
	answer(&o, "{'allow':true}");
	hears(&o.kim, "[50,2,{}]");
	peer_lose(&o.kim);
	hears(&o.judge, "[36,*,*,{'topic':'a.open','publisher':*,*}]");
	hears(&o.judge, "[36,*,*,{'topic':'a.b'}]");
	office_close(&o);
}

/* --- histories ----------------------------------------------------------- */

static void test_authorize__a_history(void **state)
{
	struct office o;

	(void)state;
	office_open(&o);
	say(&o.judge, "[16,2,{},'a.b',[7]]");
	get_events(&o);
	hears_nothing(&o.kim);
	asked(&o, "'a.','subscribe',{'match':'prefix'}");
	answer(&o, "true");
	hears(&o.kim, "[50,1,{},[{*'args':[7]}],*]");
	get_events(&o);
	asked(&o, "'a.','subscribe',{'match':'prefix'}");
	answer(&o, "false");
	hears(&o.kim, "[8,48,2,{},'wamp.error.not_authorized',"
		      "['subscribing there is not allowed']]");
	/* Yes to one call is no yes to the next. */
	get_events(&o);
	asked(&o, "*");
	answer(&o, "false");
	hears(&o.kim, "[8,48,3,{},'wamp.error.not_authorized',*]");
	office_close(&o);
}

/* --- when nobody is asked ------------------------------------------------ */

/* What is wrong anyway is refused without a question. */
static void test_authorize__nothing_to_ask_about(void **state)
{
	static const struct {
		const char *call, *uri;
	} wrong[] = {
		{ "'wamp.session.add_testament'", "invalid_argument" },
		{ "'wamp.session.add_testament',[7]", "invalid_argument" },
		{ "'wamp.session.add_testament',['a..b']", "invalid_uri" },
		{ "'wamp.session.add_testament',['wamp.x']", "invalid_uri" },
		{ "'wamp.session.add_testament',['a.b'],"
		  "{'publish_options':7}", "invalid_argument" },
		{ "'wamp.subscription.get_events'", "invalid_argument" },
		{ "'wamp.subscription.get_events',[0]", "invalid_argument" },
		{ "'wamp.subscription.get_events',[7]",
		  "no_such_subscription" },
		{ "'wamp.session.no_such'", "no_such_procedure" },
	};
	struct office o;

	(void)state;
	office_open(&o);
	for (unsigned i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		say(&o.kim, "[48,%u,{},%s]", i + 1, wrong[i].call);
		hears_as(&o.kim, "[8,48,%u,{},'wamp.error.%s'*]", i + 1,
			 wrong[i].uri);
	}
	say(&o.kim, "[48,77,{},'wamp.session.add_testament',['a.b']]");
	hears(&o.kim, "[3,{*},'wamp.error.protocol_violation']");
	hears_nothing(&o.judge);
	office_close(&o);
}

static void test_authorize__further_fails_closed(void **state)
{
	static const char *const answers[] = { "", "null", "1", "{}" };
	struct office o;
	unsigned i;

	(void)state;
	office_open(&o);
	for (i = 0; i < sizeof answers / sizeof *answers; i++) {
		add(&o, "['a.b']");
		asked(&o, "'a.b','publish',{}");
		answer(&o, answers[i]);
		hears_as(&o.kim, "[8,48,%u,*'wamp.error."
				 "authorization_failed'*", i + 1);
	}
	get_events(&o);
	asked(&o, "*");
	room_wait(&o.room, ASK_MS);
	hears(&o.kim, "[8,48,5,*'wamp.error.authorization_failed'*");
	peer_lose(&o.judge);
	add(&o, "['a.b']");
	hears(&o.kim, "[8,48,6,*'wamp.error.authorization_failed'*");
	assert_int_equal(o.kim.session->testament_count, 0);
	office_close(&o);
}

static void test_authorize__gone_before_the_second_answer(void **state)
{
	struct office o;

	(void)state;
	office_prepare(&o);
	office_start(&o);
	peer_subscribe(&o.judge, "", "a.b");
	add(&o, "['a.b']");
	asked(&o, "*");
	answer(&o, "true");
	asked(&o, "'a.b','publish',{}");
	peer_lose(&o.kim);
	answer(&o, "true");
	hears_nothing(&o.judge);
	office_close(&o);
}

static void test_authorize__further_each_allocation_fails_once(void **state)
{
	static const char call[] = "[48,1,{},\"wamp.session.add_testament\","
				   "[\"a.b\",[1],{}]]";
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct office o;

		office_open(&o);
		peer_lose(&o.judge);
		o.kim.closed = true; /* hears nothing */
		fail_malloc_at(n);
		router_receive(&o.room.router, o.kim.session,
			       bytes_str(call));
		failed = fail_malloc_off();
		assert_int_equal(o.kim.session->testament_count, 0);
		assert_true(n < 500);
		office_close(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authorize__a_testament),
		cmocka_unit_test(test_authorize__a_refused_testament),
		cmocka_unit_test(test_authorize__permissions_go_before),
		cmocka_unit_test(test_authorize__order_is_kept_over_both),
		cmocka_unit_test(test_authorize__a_kept_decision_is_for_both),
		cmocka_unit_test(test_authorize__a_testament_discloses),
		cmocka_unit_test(test_authorize__a_history),
		cmocka_unit_test(test_authorize__nothing_to_ask_about),
		cmocka_unit_test(test_authorize__further_fails_closed),
		cmocka_unit_test(
			test_authorize__gone_before_the_second_answer),
		cmocka_unit_test(
			test_authorize__further_each_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
