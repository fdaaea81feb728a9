/* What the tests of Crossbar.io, nexus and wampproto say of a router, where
 * no other test here says it. */
#include "callees.h"

/* --- whose id it is ------------------------------------------------------ */

/* Request ids are of a session: that another one has the same is nothing. */
static void test_cancel__the_same_request_of_two_callers(void **state)
{
	struct trio t;
	struct peer other;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_join(&other, &t.room);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b',['mine']]");
	hears(&t.a, "[68,1,*,{},['mine']]");
	say(&other, "[48,1,{},'a.b',['other']]");
	hears(&t.a, "[68,2,*,{},['other']]");
	say(&t.caller, "[49,1,{'mode':'kill'}]");
	hears(&t.a, "[69,1,*]");
	hears_nothing(&t.a);
	say(&t.a, "[8,68,1,{},'wamp.error.canceled']");
	hears(&t.caller, "[8,48,1,{},'wamp.error.canceled']");
	hears_nothing(&other);
	say(&t.a, "[70,2,{},['well']]");
	hears(&other, "[50,1,{},['well']]");
	hears_nothing(&t.caller);
	peer_deinit(&other);
	trio_deinit(&t);
}

static void check_impostor(const char *word)
{
	struct trio t;

	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	hears(&t.a, "[68,1,*");
	say(&t.b, "%s", word);
	hears(&t.b, "[3,{'message':'*'},'wamp.error.protocol_violation']");
	hears_nothing(&t.caller);
	say(&t.a, "[70,1,{},['mine']]");
	hears(&t.caller, "[50,1,{},['mine']]");
	hears_nothing(&t.caller);
	trio_deinit(&t);
}

static void test_yield__of_anothers_invocation(void **state)
{
	(void)state;
	check_impostor("[70,1,{},['stolen']]");
	check_impostor("[8,68,1,{},'a.stolen']");
	check_impostor("[70,1,{'progress':true},['stolen']]");
}

/* Each callee's invocations count from 1: theirs are told apart. */
static void test_yield__the_same_id_of_two_callees(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "of.a");
	peer_register(&t.b, 1, "", "of.b");
	say(&t.caller, "[48,1,{},'of.a']");
	say(&t.caller, "[48,2,{},'of.b']");
	hears(&t.a, "[68,1,*");
	hears(&t.b, "[68,1,*");
	say(&t.b, "[70,1,{},['b']]");
	hears(&t.caller, "[50,2,{},['b']]");
	say(&t.b, "[70,1,{},['b again']]"); /* it is over, not a's */
	hears_nothing(&t.caller);
	say(&t.a, "[70,1,{},['a']]");
	hears(&t.caller, "[50,1,{},['a']]");
	trio_deinit(&t);
}

/* --- the order of callees ------------------------------------------------ */

static void calls(struct trio *t, unsigned request, struct peer *wanted)
{
	say(&t->caller, "[48,%u,{},'a.b']", request);
	hears(wanted, "[68,*");
	say(wanted, "[70,%llu,{}]",
	    (unsigned long long)strtoull(
		    wanted->heard[wanted->heard_next - 1] + 4, NULL, 10));
	hears_as(&t->caller, "[50,%u,*", request);
}

/* Who registers again is the last one. */
static void test_shared__who_comes_back_is_the_last(void **state)
{
	struct trio t;
	uint64_t id;

	(void)state;
	trio_init(&t, NULL, 0);
	id = peer_register(&t.a, 1, "'invoke':'first'", "a.b");
	peer_register(&t.b, 1, "'invoke':'first'", "a.b");
	calls(&t, 1, &t.a);
	say(&t.a, "[66,2,%llu]", (unsigned long long)id);
	hears(&t.a, "[67,2]");
	calls(&t, 2, &t.b);
	peer_register(&t.a, 3, "'invoke':'first'", "a.b");
	calls(&t, 3, &t.b);
	trio_deinit(&t);
}

static void test_shared__the_last_one_is_the_newest(void **state)
{
	struct trio t;
	uint64_t id;

	(void)state;
	trio_init(&t, NULL, 0);
	id = peer_register(&t.a, 1, "'invoke':'last'", "a.b");
	peer_register(&t.b, 1, "'invoke':'last'", "a.b");
	calls(&t, 1, &t.b);
	say(&t.a, "[66,2,%llu]", (unsigned long long)id);
	hears(&t.a, "[67,2]");
	calls(&t, 2, &t.b);
	peer_register(&t.a, 3, "'invoke':'last'", "a.b");
	calls(&t, 3, &t.a);
	trio_deinit(&t);
}

/* --- sessions ------------------------------------------------------------ */

static void test_session__roles_by_their_name(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	say(&t.a, "[48,1,{},'wamp.session.count',[],"
		  "{'filter_authroles':['nobody']}]");
	hears(&t.a, "[50,1,{},[0]]");
	say(&t.a, "[48,2,{},'wamp.session.list',[],"
		  "{'filter_authroles':['nobody','anyone']}]");
	hears(&t.a, "[50,2,{},[[*,*,*]]]");
	say(&t.a, "[48,3,{},'wamp.session.count',[],"
		  "{'filter_authroles':'anyone'}]");
	hears(&t.a, "[8,48,3,{},'wamp.error.invalid_argument',*]");
	/* What stands in its place counts. */
	say(&t.a, "[48,4,{},'wamp.session.count',[['anyone']],"
		  "{'filter_authroles':['nobody']}]");
	hears(&t.a, "[50,4,{},[3]]");
	trio_deinit(&t);
}

/* --- patterns ------------------------------------------------------------ */

static void test_pattern__wildcards_at_every_place(void **state)
{
	static const char *const patterns[] = {
		"a..", ".b.", "..c", "a.b.", "a..c", ".b.c", "...", ".",
		"", "..", /* which matches the meta API's topics, too */
	};
	/* Which of them match, in their order. */
	static const struct {
		const char *topic, *matching;
	} cases[] = {
		{ "a.b.c", "1111110001" },   { "x.y.z", "0000000001" },
		{ "a.y.c", "1010100001" },   { "x.b.z", "0100000001" },
		{ "a.b", "0000000100" },     { "a.b.c.d", "0000001000" },
		{ "abc", "0000000010" },     { "ab.b.cc", "0100000001" },
	};
	struct trio t;
	unsigned long long ids[10];

	(void)state;
	trio_init(&t, NULL, 0);
	for (unsigned i = 0; i < 10; i++)
		ids[i] = peer_subscribe(&t.a, "'match':'wildcard'",
					patterns[i]);
	peer_forget(&t.a);
	for (unsigned c = 0; c < sizeof cases / sizeof *cases; c++) {
		const char *text;

		say(&t.caller, "[16,%u,{},'%s']", c + 1, cases[c].topic);
		for (unsigned i = 0; i < 10; i++) {
			if (cases[c].matching[i] == '0')
				continue;
			hears(&t.a, "[36,*");
			assert_int_equal(number_at(&t.a, 1), ids[i]);
		}
		text = heard(&t.a);
		if (text)
			fail_msg("%s: heard %s", cases[c].topic, text);
	}
	trio_deinit(&t);
}

/* --- history ------------------------------------------------------------- */

static void keeps(struct trio *t, const char *uri, const char *match,
		  const char *wanted)
{
	unsigned long long id;
	const char *text;

	say(&t->a, "[48,%llu,{},'wamp.subscription.lookup',['%s',"
		   "{'match':'%s'}]]",
	    (unsigned long long)t->a.session->last_request + 1, uri, match);
	text = heard(&t->a);
	assert_non_null(text);
	id = strtoull(strstr(text, ",[") + 2, NULL, 10);
	say(&t->a, "[48,%llu,{},'wamp.subscription.get_events',[%llu]]",
	    (unsigned long long)t->a.session->last_request + 1, id);
	hears(&t->a, wanted);
}

/* An event is in each history that it matches, and each has its own limit. */
static void test_history__each_pattern_has_its_own(void **state)
{
	struct history_rule rules[] = {
		{ bytes_str("a.b.c"), URI_EXACT, 2 },
		{ bytes_str("a."), URI_PREFIX, 3 },
		{ bytes_str("a..c"), URI_WILDCARD, 100 },
	};
	struct trio t;

	(void)state;
	room_init_with(&t.room, NULL, 0);
	t.room.realm.histories = rules;
	t.room.realm.history_count = 3;
	room_open(&t.room);
	peer_join(&t.caller, &t.room);
	peer_join(&t.a, &t.room);
	peer_join(&t.b, &t.room);
	for (unsigned i = 1; i <= 6; i += 2) {
		say(&t.caller, "[16,%u,{},'a.b.c',[%u]]", i, i);
		say(&t.caller, "[16,%u,{},'a.x',[%u]]", i + 1, i + 1);
	}
	keeps(&t, "a.b.c", "exact",
	      "[50,*,{},[{*'args':[3]},{*'args':[5]}],*");
	keeps(&t, "a.", "prefix",
	      "[50,*,{},[{*'args':[4]},{*'args':[5]},{*'args':[6]}],*");
	keeps(&t, "a..c", "wildcard",
	      "[50,*,{},[{*'args':[1]},{*'args':[3]},{*'args':[5]}],*");
	trio_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_cancel__the_same_request_of_two_callers),
		cmocka_unit_test(test_yield__of_anothers_invocation),
		cmocka_unit_test(test_yield__the_same_id_of_two_callees),
		cmocka_unit_test(test_shared__who_comes_back_is_the_last),
		cmocka_unit_test(test_shared__the_last_one_is_the_newest),
		cmocka_unit_test(test_session__roles_by_their_name),
		cmocka_unit_test(test_pattern__wildcards_at_every_place),
		cmocka_unit_test(test_history__each_pattern_has_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
