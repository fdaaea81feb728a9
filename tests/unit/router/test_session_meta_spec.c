/* The specification of "Session Meta API", procedure by procedure, with the
 * ids that they are about, and that realms know nothing of each other. */
#include "trio.h"

#define asks(t, wanted, ...) \
	peer_asks(&(t)->publisher, "session", wanted, __VA_ARGS__)

/* What asks heard last has this id in it. */
static bool was_told(const struct peer *p, ull id)
{
	char text[32];

	snprintf(text, sizeof text, "%llu", id);
	return strstr(p->heard[p->heard_next - 1], text) != NULL;
}

/* --- wamp.session.count, list, get --------------------------------------- */

static void test_session__count(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	asks(&t, "[50,*,{},[3]]", "count'");
	asks(&t, "[50,*,{},[2]]", "count',[['anyone']]");
	asks(&t, "[50,*,{},[3]]", "count',[['keeper','anyone','x']]");
	asks(&t, "[50,*,{},[0]]", "count',[[]]");
	peer_lose(&t.kim);
	asks(&t, "[50,*,{},[0]]", "count',[['keeper']]");
	asks(&t, "[50,*,{},[2]]", "count',[]");
	trio_deinit(&t);
}

static void test_session__list(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	asks(&t, "[50,*,{},[[*,*,*]]]", "list'");
	assert_true(was_told(&t.publisher, id_of(&t.a)));
	assert_true(was_told(&t.publisher, id_of(&t.kim)));
	assert_true(was_told(&t.publisher, id_of(&t.publisher)));
	asks(&t, "[50,*,{},[[*]]]", "list',[['keeper']]");
	assert_true(was_told(&t.publisher, id_of(&t.kim)));
	assert_false(was_told(&t.publisher, id_of(&t.a)));
	asks(&t, "[50,*,{},[[]]]", "list',[['guest']]");
	trio_deinit(&t);
}

static void test_session__get(void **state)
{
	struct trio t;
	char wanted[256];
	ull id;

	(void)state;
	trio_init(&t);
	id = id_of(&t.kim);
	snprintf(wanted, sizeof wanted,
		 "[50,*,{},[{'session':%llu,'authid':'kim','authrole':"
		 "'keeper','authmethod':'ticket','authprovider':'static',"
		 "'transport':{*}}]]", id);
	asks(&t, wanted, "get',[%llu]", id);
	snprintf(wanted, sizeof wanted, "[50,*,{},[{'session':%llu,*}]]",
		 id_of(&t.publisher));
	asks(&t, wanted, "get',[%llu]", id_of(&t.publisher));
	peer_lose(&t.kim);
	asks(&t, "[8,48,*,{},'wamp.error.no_such_session']", "get',[%llu]",
	     id);
	trio_deinit(&t);
}

/* --- wamp.session.kill… -------------------------------------------------- */

/* "Specifying the caller's own session will result in a no_such_session". */
static void test_kill__never_the_caller(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	asks(&t, "[8,48,*,{},'wamp.error.no_such_session']", "kill',[%llu]",
	     id_of(&t.publisher));
	asks(&t, "[50,*,{},[[]]]", "kill_by_authid',['%s']",
	     t.publisher.session->authid);
	asks(&t, "[50,*,{},[1]]", "kill_by_authrole',['anyone']");
	hears(&t.a, "[6,{},'wamp.close.killed']");
	asks(&t, "[50,*,{},[1]]", "kill_all'"); /* kim */
	hears(&t.kim, "[6,{},'wamp.close.killed']");
	asks(&t, "[50,*,{},[1]]", "count'");
	hears_nothing(&t.publisher);
	trio_deinit(&t);
}

/* kim is killed: by session, authid, authrole, with all. */
static void kill_kim(struct trio *t, unsigned way, const char *kwargs)
{
	static const char *const calls[] = {
		"kill_by_authid',['kim']", "kill_by_authrole',['keeper']",
		"kill_all',[]",
	};

	if (way == 0)
		asks(t, "[50,*]", "kill',[%llu]%s", id_of(&t->kim), kwargs);
	else
		asks(t, "[50,*]", "%s%s", calls[way - 1], kwargs);
}

/* Reason and message as they were given; the defaults otherwise. */
static void test_kill__reason_and_message(void **state)
{
	static const char *const said[][2] = {
		{ "", "[6,{},'wamp.close.killed']" },
		{ ",{'reason':'my.reason'}", "[6,{},'my.reason']" },
		{ ",{'message':'why'}",
		  "[6,{'message':'why'},'wamp.close.killed']" },
		{ ",{'reason':'my.reason','message':''}",
		  "[6,{'message':''},'my.reason']" },
	};

	(void)state;
	for (unsigned way = 0; way < 4; way++)
		for (unsigned i = 0; i < 4; i++) {
			struct trio t;

			trio_init(&t);
			kill_kim(&t, way, said[i][0]);
			hears(&t.kim, said[i][1]);
			trio_deinit(&t);
		}
}

/* "a value that is not a valid non-empty URI": and nobody is killed. */
static void test_kill__bad_reasons(void **state)
{
	static const char *const bad[] = { "''", "'a b'", "'a..b'", "'.a'",
					   "'a#b'", "7", "true", "['a']" };
	static const char *const calls[] = {
		"kill_by_authid',['kim']", "kill_by_authrole',['keeper']",
		"kill_all',[]",
	};
	struct trio t;

	(void)state;
	trio_init(&t);
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		asks(&t, "[8,48,*,{},'wamp.error.invalid_uri',*]",
		     "kill',[%llu],{'reason':%s}", id_of(&t.kim), bad[i]);
		for (unsigned j = 0; j < 3; j++)
			asks(&t, "[8,48,*,{},'wamp.error.invalid_uri',*]",
			     "%s,{'reason':%s}", calls[j], bad[i]);
	}
	hears_nothing(&t.kim);
	asks(&t, "[50,*,{},[3]]", "count'");
	trio_deinit(&t);
}

/* A list of ids by authid, a number by authrole: that is how they are. */
static void test_kill__results(void **state)
{
	struct trio t;
	struct peer kim;
	ull first, second;

	(void)state;
	trio_init(&t);
	join_as_kim(&kim, &t.room);
	first = id_of(&t.kim);
	second = id_of(&kim);
	asks(&t, "[50,*,{},[[*,*]]]", "kill_by_authid',['kim']");
	assert_true(was_told(&t.publisher, first));
	assert_true(was_told(&t.publisher, second));
	hears(&t.kim, "[6,*");
	hears(&kim, "[6,*");
	asks(&t, "[50,*,{},[0]]", "kill_by_authrole',['keeper']");
	asks(&t, "[50,*,{}]", "kill',[%llu]", id_of(&t.a));
	asks(&t, "[50,*,{},[0]]", "kill_all'");
	peer_deinit(&kim);
	trio_deinit(&t);
}

/* --- events -------------------------------------------------------------- */

static void test_session__on_join_and_on_leave(void **state)
{
	struct trio t;
	struct peer late;
	ull id;

	(void)state;
	trio_init(&t);
	peer_subscribe(&t.a, "'match':'prefix'", "wamp.session.");
	join_as_kim(&late, &t.room);
	id = id_of(&late);
	hears_as(&t.a, "[36,*,*,{'topic':'wamp.session.on_join'},["
		       "{'session':%llu,'authid':'kim','authrole':'keeper',"
		       "'authmethod':'ticket','authprovider':'static',"
		       "'transport':{*}}]]", id);
	say(&late, "[6,{},'wamp.close.close_realm']");
	hears_as(&t.a, "[36,*,*,{'topic':'wamp.session.on_leave'},"
		       "[%llu,'kim','keeper']]", id);
	id = id_of(&t.kim);
	asks(&t, "[50,*,{}]", "kill',[%llu]", id);
	hears_as(&t.a, "[36,*,*,{'topic':'wamp.session.on_leave'},"
		       "[%llu,'kim','keeper']]", id);
	peer_lose(&t.publisher);
	hears(&t.a, "[36,*,*,{'topic':'wamp.session.on_leave'},"
		    "[*,'*','anyone']]");
	hears_nothing(&t.a);
	peer_deinit(&late);
	trio_deinit(&t);
}

/* Who never joined never leaves. */
static void test_session__no_event_without_a_session(void **state)
{
	struct trio t;
	struct peer late;

	(void)state;
	trio_init(&t);
	peer_subscribe(&t.a, "'match':'prefix'", "wamp.session.");
	peer_init(&late, &t.room);
	say(&late, "[1,'realm1',{'authid':'kim','authmethods':['ticket'],"
		   ALL_ROLES "}]");
	hears(&late, "[4,*");
	say(&late, "[5,'wrong',{}]");
	hears(&late, "[3,*");
	peer_lose(&late);
	hears_nothing(&t.a);
	peer_deinit(&late);
	trio_deinit(&t);
}

/* "will not generate session meta events": neither for who is killed, nor of
 * one killed for another. */
static void test_kill__all_is_silent(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	peer_subscribe(&t.publisher, "", "wamp.session.on_leave");
	peer_subscribe(&t.a, "", "wamp.session.on_leave");
	asks(&t, "[50,*,{},[2]]", "kill_all'");
	hears_nothing(&t.publisher);
	hears(&t.a, "[6,*");
	hears_nothing(&t.a);
	trio_deinit(&t);
}

/* --- realms -------------------------------------------------------------- */

static void join_realm(struct peer *p, struct room *room, const char *realm)
{
	peer_init(p, room);
	say(p, "[1,'%s',{" ALL_ROLES "}]", realm);
	hears(p, "[2,*");
}

/* "dispatched to the same realm as the session which triggered the event",
 * "registered on the same realm": another one knows nothing of it. */
static void test_session__realms_are_apart(void **state)
{
	struct trio t;
	struct realm_config realms[2];
	struct peer watcher, other;

	(void)state;
	trio_prepare(&t);
	realms[0] = realms[1] = t.room.realm;
	realms[1].name = (char *)"realm2";
	room_open_realms(&t.room, realms, 2);
	join_realm(&t.publisher, &t.room, "realm1");
	join_realm(&watcher, &t.room, "realm1");
	peer_subscribe(&watcher, "'match':'prefix'", "wamp.");
	peer_forget(&watcher);
	join_realm(&other, &t.room, "realm2");
	peer_subscribe(&other, "", "a.b");
	peer_register(&other, 2, "", "a.b");
	asks(&t, "[50,*,{},[2]]", "count'");
	asks(&t, "[8,48,*,{},'wamp.error.no_such_session']", "get',[%llu]",
	     id_of(&other));
	asks(&t, "[8,48,*,{},'wamp.error.no_such_session']", "kill',[%llu]",
	     id_of(&other));
	asks(&t, "[50,*,{},[[]]]", "kill_by_authid',['%s']",
	     other.session->authid);
	say(&t.publisher, "[48,5,{},'wamp.subscription.match',['a.b']]");
	hears(&t.publisher, "[50,5,{},[null]]");
	publish(&t.publisher, "", "'a.b'");
	peer_lose(&other);
	hears_nothing(&other);
	hears_nothing(&watcher);
	peer_deinit(&other);
	peer_deinit(&watcher);
	peer_deinit(&t.publisher);
	room_deinit(&t.room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_session__count),
		cmocka_unit_test(test_session__list),
		cmocka_unit_test(test_session__get),
		cmocka_unit_test(test_kill__never_the_caller),
		cmocka_unit_test(test_kill__reason_and_message),
		cmocka_unit_test(test_kill__bad_reasons),
		cmocka_unit_test(test_kill__results),
		cmocka_unit_test(test_session__on_join_and_on_leave),
		cmocka_unit_test(test_session__no_event_without_a_session),
		cmocka_unit_test(test_kill__all_is_silent),
		cmocka_unit_test(test_session__realms_are_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
