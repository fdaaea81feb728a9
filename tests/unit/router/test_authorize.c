/* Authorizers that are procedures: what they are asked, that messages keep
 * their order while they think, and that nothing is done without an answer. */
#include "tests/unit/base/fail_malloc.h"

#include "room.h"

#include "router/ask.h"
#include "router/authorize.h"

struct office {
	struct room room;
	struct peer judge, kim;
	unsigned invocation;
};

/* kim is a guest, whose actions com.may decides; the judge is anyone. */
static void office_open(struct office *o)
{
	memset(o, 0, sizeof *o);
	room_init_with(&o->room, NULL, 0);
	room_allow(&o->room.roles[1], "com.free", URI_EXACT, ALLOW_ALL);
	o->room.roles[1].authorizer = (char *)"com.may";
	room_open(&o->room);
	peer_join(&o->judge, &o->room);
	peer_register(&o->judge, 1, "", "com.may");
	o->room.authn.anonymous_role = (char *)"guest";
	peer_join(&o->kim, &o->room);
}

static void office_close(struct office *o)
{
	peer_deinit(&o->kim);
	peer_deinit(&o->judge);
	room_deinit(&o->room);
}

static void asked(struct office *o, const char *about)
{
	char want[256];

	snprintf(want, sizeof want, "[68,%u,*,{*},[{'session':*,"
				    "'realm':'realm1',*'authrole':'guest',*},"
				    "%s]]", ++o->invocation, about);
	hears(&o->judge, want);
}

static void answer(struct office *o, const char *result)
{
	say(&o->judge, "[70,%u,{},[%s]]", o->invocation, result);
}

#define NO_PROCEDURE(n) "[8,48," n ",*'wamp.error.no_such_procedure'*"
#define FORBIDDEN(n) "[8,48," n ",{},'wamp.error.not_authorized']"
#define UNDECIDED(n) "[8,48," n ",*'wamp.error.authorization_failed'*"

static void test_authorize__yes_and_no(void **state)
{
	struct office o;

	(void)state;
	office_open(&o);
	say(&o.kim, "[48,1,{'timeout':7},'com.x']");
	hears_nothing(&o.kim);
	assert_true(o.kim.paused);
	asked(&o, "'com.x','call',{'timeout':7}");
	answer(&o, "true");
	hears(&o.kim, NO_PROCEDURE("1"));
	assert_false(o.kim.paused);
	say(&o.kim, "[48,2,{},'com.x']");
	asked(&o, "'com.x','call',{}");
	answer(&o, "{'allow':false}");
	hears(&o.kim, FORBIDDEN("2"));
	office_close(&o);
}

static void test_authorize__asks_about_every_action(void **state)
{
	struct office o;

	(void)state;
	office_open(&o);
	say(&o.kim, "[64,1,{},'com.x']");
	asked(&o, "'com.x','register',{}");
	answer(&o, "true");
	hears(&o.kim, "[65,1,*]");
	say(&o.kim, "[32,2,{'match':'prefix'},'com.y']");
	asked(&o, "'com.y','subscribe',{'match':'prefix'}");
	answer(&o, "true");
	hears(&o.kim, "[33,2,*]");
	say(&o.kim, "[16,3,{'acknowledge':true},'com.z']");
	asked(&o, "'com.z','publish',{'acknowledge':true}");
	answer(&o, "false");
	hears(&o.kim, "[8,16,3,{},'wamp.error.not_authorized']");
	say(&o.kim, "[66,4,7]"); /* not an action */
	hears(&o.kim, "[8,66,4,*");
	office_close(&o);
}

static void test_authorize__order_is_kept_meanwhile(void **state)
{
	struct office o;

	(void)state;
	office_open(&o);
	say(&o.kim, "[48,1,{},'com.x']");
	say(&o.kim, "[48,2,{},'com.free']");
	say(&o.kim, "[48,3,{},'com.y']");
	say(&o.kim, "[48,4,{},'com.free']");
	hears_nothing(&o.kim);
	asked(&o, "'com.x','call',{}");
	hears_nothing(&o.judge);
	answer(&o, "false");
	hears(&o.kim, FORBIDDEN("1"));
	hears(&o.kim, NO_PROCEDURE("2"));
	hears_nothing(&o.kim);
	assert_true(o.kim.paused);
	asked(&o, "'com.y','call',{}");
	answer(&o, "true");
	hears(&o.kim, NO_PROCEDURE("3"));
	hears(&o.kim, NO_PROCEDURE("4"));
	assert_false(o.kim.paused);
	office_close(&o);
}

static void test_authorize__static_permissions_need_no_question(void **state)
{
	struct office o;

	(void)state;
	office_open(&o);
	say(&o.kim, "[48,1,{},'com.free']");
	hears(&o.kim, NO_PROCEDURE("1"));
	hears_nothing(&o.judge);
	/* Nor does what is wrong anyway. */
	say(&o.kim, "[64,2,{},'wamp.mine']");
	hears(&o.kim, "[8,64,2,*'wamp.error.invalid_uri'*");
	say(&o.kim, "[48,3,{'disclose_me':1},'com.x']");
	hears(&o.kim, "[8,48,3,*'wamp.error.invalid_argument'*");
	hears_nothing(&o.judge);
	office_close(&o);
}

static void test_authorize__fails_closed(void **state)
{
	static const char *const answers[] = { "", "null", "1", "'yes'", "{}",
					       "{'allow':1}" };
	struct office o;
	unsigned request = 0;
	char want[96];

	(void)state;
	office_open(&o);
	for (unsigned i = 0; i < sizeof answers / sizeof *answers; i++) {
		say(&o.kim, "[48,%u,{},'com.x']", ++request);
		asked(&o, "'com.x','call',{}");
		answer(&o, answers[i]);
		snprintf(want, sizeof want, "[8,48,%u,*"
			 "'wamp.error.authorization_failed'*", request);
		hears(&o.kim, want);
	}
	say(&o.kim, "[48,%u,{},'com.x']", ++request);
	asked(&o, "*");
	say(&o.judge, "[8,68,%u,{},'com.error']", o.invocation);
	hears(&o.kim, UNDECIDED("7"));
	say(&o.kim, "[48,%u,{},'com.x']", ++request);
	asked(&o, "*");
	room_wait(&o.room, ASK_MS);
	hears(&o.kim, UNDECIDED("8"));
	peer_lose(&o.judge);
	say(&o.kim, "[48,%u,{},'com.x']", ++request);
	hears(&o.kim, UNDECIDED("9"));
	office_close(&o);
}

static void test_authorize__a_decision_may_be_kept(void **state)
{
	struct office o;

	(void)state;
	office_open(&o);
	say(&o.kim, "[48,1,{},'com.x']");
	asked(&o, "'com.x','call',{}");
	answer(&o, "{'allow':true,'cache':true}");
	hears(&o.kim, NO_PROCEDURE("1"));
	say(&o.kim, "[48,2,{},'com.x']");
	hears(&o.kim, NO_PROCEDURE("2"));
	hears_nothing(&o.judge);
	/* For this action only. */
	say(&o.kim, "[64,3,{},'com.x']");
	asked(&o, "'com.x','register',{}");
	answer(&o, "{'allow':false,'cache':true}");
	hears(&o.kim, "[8,64,3,{},'wamp.error.not_authorized']");
	say(&o.kim, "[64,4,{},'com.x']");
	hears(&o.kim, "[8,64,4,{},'wamp.error.not_authorized']");
	hears_nothing(&o.judge);
	/* And no more than the latest. */
	for (unsigned i = 0; i < AUTHZ_CACHE; i++) {
		say(&o.kim, "[48,%u,{},'com.n%u']", 5 + i, i);
		asked(&o, "*");
		answer(&o, "{'allow':true,'cache':true}");
	}
	say(&o.kim, "[48,%u,{},'com.x']", 5 + AUTHZ_CACHE);
	asked(&o, "'com.x','call',{}");
	office_close(&o);
}

static void test_authorize__discloses_the_caller(void **state)
{
	struct office o;

	(void)state;
	office_open(&o);
	peer_register(&o.judge, 2, "", "com.x");
	say(&o.kim, "[48,1,{},'com.x']");
	asked(&o, "*");
	answer(&o, "{'allow':true,'disclose':true}");
	hears(&o.judge, "[68,2,*{*'caller':*}*");
	say(&o.kim, "[48,2,{},'com.x']");
	o.invocation = 2;
	asked(&o, "*");
	answer(&o, "{'allow':true}");
	hears(&o.judge, "[68,4,*,{}]");
	office_close(&o);
}

static void test_authorize__a_session_may_go_meanwhile(void **state)
{
	struct office o;

	(void)state;
	office_open(&o);
	say(&o.kim, "[48,1,{},'com.x']");
	say(&o.kim, "[48,2,{},'com.free']");
	asked(&o, "*");
	peer_lose(&o.kim);
	answer(&o, "true");
	peer_forget(&o.kim);
	peer_join(&o.kim, &o.room);
	say(&o.kim, "[48,1,{},'com.x']");
	asked(&o, "*");
	/* Killed while it waits: its GOODBYE is heard. */
	say(&o.judge, "[48,2,{},'wamp.session.kill',[%llu]]",
	    (unsigned long long)o.kim.session->id);
	hears(&o.kim, "[6,*");
	assert_false(o.kim.paused);
	say(&o.kim, "[6,{},'wamp.close.goodbye_and_out']");
	assert_true(o.kim.closed);
	answer(&o, "true");
	hears_nothing(&o.kim);
	office_close(&o);
}

static void test_authorize__what_is_kept_has_a_limit(void **state)
{
	static char text[3000];
	struct office o;
	unsigned request = 1;

	(void)state;
	office_open(&o);
	memset(text, 'x', sizeof text - 1);
	say(&o.kim, "[48,1,{},'com.x']");
	asked(&o, "*");
	while (!o.kim.closed && request < 2000)
		say(&o.kim, "[48,%u,{},'com.free',['%s']]", ++request, text);
	assert_true(o.kim.closed);
	hears(&o.kim, "[3,*'wamp.error.unavailable']");
	answer(&o, "true");
	hears_nothing(&o.kim);
	office_close(&o);
}

static void test_authorize__each_allocation_fails_once(void **state)
{
	static const char call[] = "[48,1,{},\"com.x\"]";
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct office o;

		office_open(&o);
		peer_lose(&o.judge);
		o.kim.closed = true; /* hears nothing */
		fail_malloc_at(n);
		router_receive(&o.room.router, o.kim.session,
			       bytes_of((const uint8_t *)call,
					sizeof call - 1));
		failed = fail_malloc_off();
		assert_true(n < 500);
		office_close(&o);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authorize__yes_and_no),
		cmocka_unit_test(test_authorize__asks_about_every_action),
		cmocka_unit_test(test_authorize__order_is_kept_meanwhile),
		cmocka_unit_test(
			test_authorize__static_permissions_need_no_question),
		cmocka_unit_test(test_authorize__fails_closed),
		cmocka_unit_test(test_authorize__a_decision_may_be_kept),
		cmocka_unit_test(test_authorize__discloses_the_caller),
		cmocka_unit_test(test_authorize__a_session_may_go_meanwhile),
		cmocka_unit_test(test_authorize__what_is_kept_has_a_limit),
		cmocka_unit_test(test_authorize__each_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
