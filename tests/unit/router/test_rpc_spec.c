/* What the specification says of a router, sentence by sentence: "Remote
 * Procedure Calls" (basic) with "Ordering Guarantees" and "IDs"; "Caller
 * Identification", "Progressive Call Results", "Call Trust Levels" (advanced).
 * What test_dealer.c shows is not here again. */
#include "callees.h"

/* --- Registering and Unregistering --------------------------------------- */

static void test_register__before_the_first_invocation(void **state)
{
	struct procedure_rule rule = { .uri = bytes_str("a.b"),
				       .queue_max = 9, .waits = true };
	struct trio t;

	(void)state;
	trio_init(&t, &rule, 1);
	say(&t.caller, "[48,1,{},'a.b']");
	say(&t.a, "[64,1,{},'a.b']");
	hears(&t.a, "[65,1,*]");
	hears(&t.a, "[68,1,*");
	trio_deinit(&t);
}

/* While calls are open: none comes any more, and what is open is answered. */
static void test_unregister__with_open_invocations(void **state)
{
	struct trio t;
	uint64_t id;

	(void)state;
	trio_init(&t, NULL, 0);
	id = peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{'receive_progress':true},'a.b']");
	say(&t.caller, "[48,2,{},'a.b']");
	hears(&t.a, "[68,1,*");
	hears(&t.a, "[68,2,*");
	say(&t.a, "[66,2,%llu]", (unsigned long long)id);
	hears(&t.a, "[67,2]");
	say(&t.caller, "[48,3,{},'a.b']");
	hears(&t.caller, "[8,48,3,{},'wamp.error.no_such_procedure']");
	say(&t.a, "[70,1,{'progress':true},[1]]");
	say(&t.a, "[70,1,{},[2]]");
	hears(&t.caller, "[50,1,{'progress':true},[1]]");
	hears(&t.caller, "[50,1,{},[2]]");
	say(&t.caller, "[49,2,{'mode':'kill'}]");
	hears(&t.a, "[69,2,{'mode':'kill'}]");
	say(&t.a, "[8,68,2,{},'wamp.error.canceled']");
	hears(&t.caller, "[8,48,2,{},'wamp.error.canceled']");
	trio_deinit(&t);
}

static void test_unregister__of_another_or_of_none(void **state)
{
	struct trio t;
	uint64_t id;

	(void)state;
	trio_init(&t, NULL, 0);
	id = peer_register(&t.a, 1, "", "a.b");
	say(&t.b, "[66,1,%llu]", (unsigned long long)id);
	hears(&t.b, "[8,66,1,{},'wamp.error.no_such_registration']");
	say(&t.b, "[66,2,%llu]", (unsigned long long)id + 1);
	hears(&t.b, "[8,66,2,{},'wamp.error.no_such_registration']");
	say(&t.caller, "[48,1,{},'a.b']");
	hears(&t.a, "[68,1,*");
	trio_deinit(&t);
}

/* --- Calling and Invocations --------------------------------------------- */

/* The payload is the original one, absent where it was absent. */
static void test_call__payloads(void **state)
{
	static const char *const payloads[] = {
		"", ",[]", ",['Hello, world!']", ",[23,7]",
		",['johnny'],{'firstname':'John','surname':'Doe'}",
		",[],{'userid':123,'karma':10}", ",[null],{}",
		",[[[]],{'a':{'b':[{}]}},true,-1.5]",
	};
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "com.myapp.user.new");
	for (unsigned i = 0; i < sizeof payloads / sizeof *payloads; i++) {
		char want[160];

		say(&t.caller, "[48,%u,{},'com.myapp.user.new'%s]", i + 1,
		    payloads[i]);
		snprintf(want, sizeof want, "[68,%u,*,{}%s]", i + 1,
			 payloads[i]);
		hears(&t.a, want);
		say(&t.a, "[70,%u,{}%s]", i + 1, payloads[i]);
		snprintf(want, sizeof want, "[50,%u,{}%s]", i + 1,
			 payloads[i]);
		hears(&t.caller, want);
	}
	trio_deinit(&t);
}

static void test_call__errors_travel_whole(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	say(&t.a, "[8,68,1,{},'com.myapp.error.object_write_protected',"
		  "['Object is write protected.'],{'severity':3}]");
	hears(&t.caller,
	      "[8,48,1,{},'com.myapp.error.object_write_protected',"
	      "['Object is write protected.'],{'severity':3}]");
	hears_nothing(&t.caller);
	trio_deinit(&t);
}

/* Of Options and Details only what the specification forwards is forwarded:
 * nobody can forge what the router says, nor say past it. */
static void test_call__details_are_the_routers(void **state)
{
	static const char forged[] =
		"'caller':1,'caller_authid':'root','caller_authrole':'root',"
		"'trustlevel':9,'procedure':'x.y','registration':1,"
		"'_custom':7,'x_other':[1],'timeout':0,'unknown':{'a':null}";
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, forged, "a.b");
	say(&t.caller, "[48,1,{%s},'a.b']", forged);
	hears(&t.a, "[68,1,*,{}]");
	say(&t.a, "[70,1,{%s}]", forged);
	hears(&t.caller, "[50,1,{}]");
	say(&t.caller, "[48,2,{%s},'a.b']", forged);
	hears(&t.a, "[68,2,*,{}]");
	say(&t.a, "[8,68,2,{%s},'a.error']", forged);
	hears(&t.caller, "[8,48,2,{},'a.error']");
	say(&t.caller, "[48,3,{'receive_progress':true,%s},'a.b']", forged);
	hears(&t.a, "[68,3,*,{'receive_progress':true}]");
	say(&t.a, "[70,3,{'progress':true,%s}]", forged);
	hears(&t.caller, "[50,3,{'progress':true}]");
	trio_deinit(&t);
}

/* The registration's id is the one that the callee got. */
static void test_call__invocation_names_the_registration(void **state)
{
	struct trio t;
	uint64_t id;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	id = peer_register(&t.a, 2, "", "a.c");
	say(&t.caller, "[48,1,{},'a.c']");
	hears(&t.a, "[68,1,*");
	assert_int_equal(number_at(&t.a, 2), id);
	trio_deinit(&t);
}

/* An error that is no URI is not passed on: it would be the caller's end. */
static void test_call__error_that_is_no_uri(void **state)
{
	static const char *const bad[] = { "", "a..b", "a b", ".a", "a.",
					   "a#b", "a\\u00a0b" };
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		say(&t.caller, "[48,%u,{},'a.b']", i + 1);
		hears(&t.a, "[68,*");
		say(&t.a, "[8,68,%u,{},'%s',['x']]", i + 1, bad[i]);
		hears(&t.caller, "[8,48,*,{},'wamp.error.invalid_uri',['*']]");
	}
	assert_false(t.a.closed);
	trio_deinit(&t);
}

/* --- who plays which role ------------------------------------------------ */

/* What a session may do its permissions say: roles that it did not announce
 * only mean that it does not know their features. */
static void test_roles__not_announced(void **state)
{
	struct trio t;
	struct peer p;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_init(&p, &t.room);
	say(&p, "[1,'realm1',{'roles':{'subscriber':{}}}]");
	hears(&p, "[2,*");
	peer_register(&p, 1, "", "a.b");
	say(&p, "[48,2,{},'a.b',[1]]");
	hears(&p, "[68,1,*,{},[1]]");
	say(&p, "[70,1,{},[2]]");
	hears(&p, "[50,2,{},[2]]");
	peer_deinit(&p);
	trio_deinit(&t);
}

/* --- Ordering Guarantees ------------------------------------------------- */

static void test_order__of_two_procedures(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	peer_register(&t.a, 2, "'match':'prefix'", "c");
	for (unsigned i = 1; i <= 9; i++)
		say(&t.caller, "[48,%u,{},'%s',[%u]]", i,
		    i % 3 ? "a.b" : "c.d", i);
	for (unsigned i = 1; i <= 9; i++) {
		char want[64];

		snprintf(want, sizeof want, "[68,%u,*,[%u]]", i, i);
		hears(&t.a, want);
	}
	trio_deinit(&t);
}

/* Answers come in any order. */
static void test_order__of_results_is_free(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	say(&t.caller, "[48,2,{},'a.b']");
	say(&t.a, "[70,2,{}]");
	hears(&t.caller, "[50,2,{}]");
	say(&t.a, "[70,1,{}]");
	hears(&t.caller, "[50,1,{}]");
	trio_deinit(&t);
}

/* --- IDs ----------------------------------------------------------------- */

static void test_ids__in_sequence_for_each_callee(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	peer_register(&t.a, 2, "", "a.c");
	peer_register(&t.b, 1, "", "a.d");
	say(&t.caller, "[48,1,{},'a.b']");
	say(&t.caller, "[48,2,{},'a.d']");
	say(&t.caller, "[48,3,{},'a.c']");
	hears(&t.a, "[68,1,*");
	hears(&t.a, "[68,2,*");
	hears(&t.b, "[68,1,*");
	trio_deinit(&t);
}

static void test_ids__wrap_to_1_after_2_to_the_53(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	t.caller.session->last_request = (1ULL << 53) - 1;
	t.a.session->last_invocation = (1ULL << 53) - 1;
	say(&t.caller, "[48,9007199254740992,{},'a.b']");
	hears(&t.a, "[68,9007199254740992,*");
	say(&t.caller, "[48,1,{},'a.b']");
	hears(&t.a, "[68,1,*");
	say(&t.a, "[70,9007199254740992,{},[1]]");
	hears(&t.caller, "[50,9007199254740992,{},[1]]");
	say(&t.a, "[70,9007199254740992,{},[1]]"); /* was issued, and is over */
	say(&t.a, "[70,1,{},[2]]");
	hears(&t.caller, "[50,1,{},[2]]");
	say(&t.caller, "[48,3,{},'a.b']");
	hears(&t.caller, "[3,*,'wamp.error.protocol_violation']");
	trio_deinit(&t);
}

/* A stream that was begun before goes on after. */
static void test_ids__wrap_within_a_stream(void **state)
{
	static const char streams[] =
		"'progressive_call_invocations':true,'call_canceling':true";
	struct trio t;
	struct peer from, to;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_join_with(&from, &t.room, streams);
	peer_join_with(&to, &t.room, streams);
	peer_register(&to, 1, "", "a.b");
	from.session->last_request = (1ULL << 53) - 1;
	say(&from, "[48,9007199254740992,{'progress':true},'a.b',[1]]");
	hears(&to, "[68,1,*,{'progress':true},[1]]");
	say(&from, "[48,1,{},'a.b',[2]]");
	hears(&to, "[68,2,*,{},[2]]");
	say(&from, "[48,9007199254740992,{},'a.b',[3]]");
	hears(&to, "[68,1,*,{},[3]]");
	peer_deinit(&from);
	peer_deinit(&to);
	trio_deinit(&t);
}

/* --- Caller Identification ----------------------------------------------- */

static void test_caller__callee_asks_for_it(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "'disclose_caller':true,'invoke':'roundrobin'",
		      "a.b");
	peer_register(&t.b, 1, "'invoke':'roundrobin'", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	hears(&t.a, "[68,1,*,{'caller':*,'caller_authid':'*',"
		    "'caller_authrole':'anyone'}]");
	/* Each callee asks for itself. */
	say(&t.caller, "[48,2,{'disclose_me':false},'a.b']");
	hears(&t.b, "[68,1,*,{}]");
	trio_deinit(&t);
}

/* --- Progressive Call Results -------------------------------------------- */

/* Whether it is a progressive one or the last one, it may be empty and of
 * another structure. */
static void test_progress__each_of_its_own_structure(void **state)
{
	static const char *const results[] = {
		",['partial 1',10]", "", ",[],{'foo':10,'bar':'partial 1'}",
		",[[]]",
	};
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{'receive_progress':true},'a.b']");
	for (unsigned i = 0; i < sizeof results / sizeof *results; i++) {
		char want[96];

		say(&t.a, "[70,1,{'progress':true}%s]", results[i]);
		snprintf(want, sizeof want, "[50,1,{'progress':true}%s]",
			 results[i]);
		hears(&t.caller, want);
	}
	say(&t.a, "[70,1,{}]");
	hears(&t.caller, "[50,1,{}]");
	say(&t.a, "[70,1,{'progress':true},[1]]"); /* it is over */
	say(&t.a, "[70,1,{}]");
	hears_nothing(&t.caller);
	trio_deinit(&t);
}

static void test_progress__ends_with_an_error(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{'receive_progress':true},'a.b']");
	say(&t.a, "[70,1,{'progress':true},[1]]");
	hears(&t.caller, "[50,1,*");
	say(&t.a, "[8,68,1,{},'com.myapp.invalid_revenue_year',[1830]]");
	hears(&t.caller,
	      "[8,48,1,{},'com.myapp.invalid_revenue_year',[1830]]");
	trio_deinit(&t);
}

/* A callee that does not know it is not told that it is wanted. */
static void test_progress__callee_without_it(void **state)
{
	struct trio t;
	struct peer plain;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_join_plain(&plain, &t.room);
	peer_register(&plain, 1, "", "a.b");
	say(&t.caller, "[48,1,{'receive_progress':true},'a.b']");
	hears(&plain, "[68,1,*,{}]");
	peer_deinit(&plain);
	trio_deinit(&t);
}

static void test_progress__caller_and_callee_leave(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{'receive_progress':true},'a.b']");
	say(&t.b, "[48,1,{'receive_progress':true},'a.b']");
	hears(&t.a, "[68,1,*");
	hears(&t.a, "[68,2,*");
	say(&t.a, "[70,1,{'progress':true}]");
	say(&t.a, "[70,2,{'progress':true}]");
	peer_lose(&t.caller);
	hears(&t.a, "[69,1,{'mode':'killnowait'}]");
	hears(&t.b, "[50,1,{'progress':true}]");
	peer_lose(&t.a);
	hears(&t.b, "[8,48,1,{},'wamp.error.canceled',*]");
	trio_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_register__before_the_first_invocation),
		cmocka_unit_test(test_unregister__with_open_invocations),
		cmocka_unit_test(test_unregister__of_another_or_of_none),
		cmocka_unit_test(test_call__payloads),
		cmocka_unit_test(test_call__errors_travel_whole),
		cmocka_unit_test(test_call__details_are_the_routers),
		cmocka_unit_test(test_call__invocation_names_the_registration),
		cmocka_unit_test(test_call__error_that_is_no_uri),
		cmocka_unit_test(test_roles__not_announced),
		cmocka_unit_test(test_order__of_two_procedures),
		cmocka_unit_test(test_order__of_results_is_free),
		cmocka_unit_test(test_ids__in_sequence_for_each_callee),
		cmocka_unit_test(test_ids__wrap_to_1_after_2_to_the_53),
		cmocka_unit_test(test_ids__wrap_within_a_stream),
		cmocka_unit_test(test_caller__callee_asks_for_it),
		cmocka_unit_test(test_progress__each_of_its_own_structure),
		cmocka_unit_test(test_progress__ends_with_an_error),
		cmocka_unit_test(test_progress__callee_without_it),
		cmocka_unit_test(test_progress__caller_and_callee_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
