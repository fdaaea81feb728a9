/* Calls, registrations, policies: the dealer through a router with fake
 * connections; dealer_check runs after every message. */
#include "callees.h"

static void test_dealer__call_without_callee(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	say(&t.caller, "[48,1,{},'a.b']");
	hears(&t.caller, "[8,48,1,{},'wamp.error.no_such_procedure']");
	trio_deinit(&t);
}

static void test_dealer__call_and_result(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b',[1,'x'],{'k':2}]");
	hears(&t.a, "[68,1,*,{},[1,'x'],{'k':2}]");
	say(&t.a, "[70,1,{},[3]]");
	hears(&t.caller, "[50,1,{},[3]]");
	say(&t.caller, "[48,2,{},'a.b']");
	hears(&t.a, "[68,2,*,{}]");
	say(&t.a, "[8,68,2,{'d':1},'a.error',['why'],{'k':1}]");
	hears(&t.caller, "[8,48,2,{},'a.error',['why'],{'k':1}]");
	hears_nothing(&t.caller);
	trio_deinit(&t);
}

static void test_dealer__single_is_for_one(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.b, "[64,1,{},'a.b']");
	hears(&t.b, "[8,64,1,{},'wamp.error.procedure_already_exists',*]");
	say(&t.b, "[64,2,{'invoke':'roundrobin'},'a.b']");
	hears(&t.b, "[8,64,2,{},'wamp.error.procedure_already_exists',*]");
	trio_deinit(&t);
}

static void test_dealer__policies_must_agree(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "'invoke':'first'", "a.b");
	say(&t.b, "[64,1,{'invoke':'last'},'a.b']");
	hears(&t.b, "[8,64,1,{},'wamp.error.procedure_exists_with_different_"
		    "invocation_policy',*]");
	say(&t.a, "[64,2,{'invoke':'first'},'a.b']");
	hears(&t.a, "[8,64,2,{},'wamp.error.procedure_already_exists',*]");
	say(&t.a, "[64,3,{'invoke':'best'},'a.c']");
	hears(&t.a, "[8,64,3,{},'wamp.error.invalid_argument',*]");
	say(&t.a, "[64,4,{'concurrency':0},'a.c']");
	hears(&t.a, "[8,64,4,{},'wamp.error.invalid_argument',*]");
	trio_deinit(&t);
}

static void test_dealer__roundrobin_in_turn(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "'invoke':'roundrobin'", "a.b");
	peer_register(&t.b, 1, "'invoke':'roundrobin'", "a.b");
	for (unsigned i = 1; i <= 4; i++)
		say(&t.caller, "[48,%u,{},'a.b',[%u]]", i, i);
	hears(&t.a, "[68,1,*,{},[1]]");
	hears(&t.b, "[68,1,*,{},[2]]");
	hears(&t.a, "[68,2,*,{},[3]]");
	hears(&t.b, "[68,2,*,{},[4]]");
	trio_deinit(&t);
}

/* In turn also when the one whose turn it was has left. */
static void test_dealer__roundrobin_goes_on_after_a_loss(void **state)
{
	struct trio t;
	struct peer c;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_join(&c, &t.room);
	peer_register(&t.a, 1, "'invoke':'roundrobin'", "a.b");
	peer_register(&t.b, 1, "'invoke':'roundrobin'", "a.b");
	peer_register(&c, 1, "'invoke':'roundrobin'", "a.b");
	say(&t.caller, "[48,1,{},'a.b',[1]]");
	say(&t.caller, "[48,2,{},'a.b',[2]]");
	peer_lose(&t.b);
	hears(&t.caller, "[8,48,2,{},'wamp.error.canceled',*]");
	say(&t.caller, "[48,3,{},'a.b',[3]]");
	say(&t.caller, "[48,4,{},'a.b',[4]]");
	hears(&c, "[68,1,*,{},[3]]");
	hears(&t.a, "[68,1,*,{},[1]]");
	hears(&t.a, "[68,2,*,{},[4]]");
	peer_deinit(&c);
	trio_deinit(&t);
}

static void check_standby(const char *policy, bool a_first)
{
	struct trio t;
	struct peer *first, *second;
	char options[64];

	trio_init(&t, NULL, 0);
	snprintf(options, sizeof options, "'invoke':'%s','concurrency':1",
		 policy);
	peer_register(&t.a, 1, options, "a.b");
	peer_register(&t.b, 1, options, "a.b");
	first = a_first ? &t.a : &t.b;
	second = a_first ? &t.b : &t.a;
	say(&t.caller, "[48,1,{},'a.b']");
	hears(first, "[68,1,*");
	say(&t.caller, "[48,2,{},'a.b']"); /* it is busy */
	hears(second, "[68,1,*");
	say(first, "[70,1,{}]");
	say(&t.caller, "[48,3,{},'a.b']");
	hears(first, "[68,2,*");
	peer_lose(first);
	say(second, "[70,1,{}]");
	say(&t.caller, "[48,4,{},'a.b']");
	hears(second, "[68,2,*");
	trio_deinit(&t);
}

static void test_dealer__first_and_last(void **state)
{
	(void)state;
	check_standby("first", true);
	check_standby("last", false);
}

static void test_dealer__concurrency_is_kept(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "'concurrency':2", "a.b");
	for (unsigned i = 1; i <= 3; i++)
		say(&t.caller, "[48,%u,{},'a.b']", i);
	hears(&t.a, "[68,1,*");
	hears(&t.a, "[68,2,*");
	hears_nothing(&t.a);
	hears(&t.caller,
	      "[8,48,3,{},'crossbar.error.max_concurrency_reached',*]");
	trio_deinit(&t);
}

static void test_dealer__patterns(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "'match':'prefix'", "a1.b2.c3");
	peer_register(&t.a, 2, "'match':'prefix'", "a1.b2.c3.d4");
	peer_register(&t.a, 3, "'match':'wildcard'", "a1.b2..d4.e5");
	peer_register(&t.b, 1, "'match':'wildcard'", "a1.b2.c33..e5");
	peer_register(&t.b, 2, "", "a1.b2.c3.d4.e55");
	say(&t.caller, "[48,1,{},'a1.b2.c3.d4.e55']");
	hears(&t.b, "[68,1,*,{}]");
	say(&t.caller, "[48,2,{},'a1.b2.c3.d98.e74']");
	hears(&t.a, "[68,1,*,{'procedure':'a1.b2.c3.d98.e74'}]");
	say(&t.caller, "[48,3,{},'a1.b2.c55.d4.e5']");
	hears(&t.a, "[68,2,*,{'procedure':'a1.b2.c55.d4.e5'}]");
	/* c33 also begins with the prefix a1.b2.c3, which comes first. */
	say(&t.caller, "[48,4,{},'a1.b2.c33.d4.e5']");
	hears(&t.a, "[68,3,*,{'procedure':'a1.b2.c33.d4.e5'}]");
	say(&t.caller, "[48,5,{},'a2.b2.c2.d2.e2']");
	hears(&t.caller, "[8,48,5,{},'wamp.error.no_such_procedure']");
	trio_deinit(&t);
}

static void test_dealer__unregister(void **state)
{
	struct trio t;
	uint64_t id;

	(void)state;
	trio_init(&t, NULL, 0);
	id = peer_register(&t.a, 1, "", "a.b");
	say(&t.b, "[66,1,%llu]", (unsigned long long)id);
	hears(&t.b, "[8,66,1,{},'wamp.error.no_such_registration']");
	say(&t.a, "[66,2,%llu]", (unsigned long long)id);
	hears(&t.a, "[67,2]");
	say(&t.a, "[66,3,%llu]", (unsigned long long)id);
	hears(&t.a, "[8,66,3,{},'wamp.error.no_such_registration']");
	say(&t.caller, "[48,1,{},'a.b']");
	hears(&t.caller, "[8,48,1,{},'wamp.error.no_such_procedure']");
	trio_deinit(&t);
}

/* What a callee has when it unregisters it still answers; registered again,
 * those calls count. */
static void test_dealer__unregistered_callee_still_answers(void **state)
{
	struct trio t;
	uint64_t id;

	(void)state;
	trio_init(&t, NULL, 0);
	id = peer_register(&t.a, 1, "'concurrency':2", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	say(&t.caller, "[48,2,{},'a.b']");
	say(&t.a, "[66,2,%llu]", (unsigned long long)id);
	peer_forget(&t.a);
	peer_register(&t.a, 3, "'concurrency':1", "a.b");
	say(&t.caller, "[48,3,{},'a.b']");
	hears(&t.caller,
	      "[8,48,3,{},'crossbar.error.max_concurrency_reached',*]");
	say(&t.a, "[70,1,{},['late']]");
	hears(&t.caller, "[50,1,{},['late']]");
	say(&t.caller, "[48,4,{},'a.b']");
	hears(&t.caller, "[8,48,4,*");
	say(&t.a, "[70,2,{}]");
	hears(&t.caller, "[50,2,{}]");
	say(&t.caller, "[48,5,{},'a.b']");
	hears(&t.a, "[68,3,*");
	trio_deinit(&t);
}

static void test_dealer__rules_pin_policy_and_concurrency(void **state)
{
	struct procedure_rule rule = {
		.uri = bytes_str("compute.chunk"), .pins_invoke = true,
		.invoke = INVOKE_ROUNDROBIN, .concurrency_max = 1,
		.queue_max = 2,
	};
	struct trio t;

	(void)state;
	trio_init(&t, &rule, 1);
	peer_register(&t.a, 1, "'invoke':'single','concurrency':9",
		      "compute.chunk");
	peer_register(&t.b, 1, "'invoke':'last'", "compute.chunk");
	for (unsigned i = 1; i <= 5; i++)
		say(&t.caller, "[48,%u,{},'compute.chunk',[%u]]", i, i);
	hears(&t.a, "[68,1,*,[1]]");
	hears(&t.b, "[68,1,*,[2]]");
	hears(&t.caller,
	      "[8,48,5,{},'crossbar.error.max_concurrency_reached',*]");
	say(&t.b, "[70,1,{}]");
	hears(&t.b, "[68,2,*,[3]]");
	trio_deinit(&t);
}

static void test_dealer__caller_is_disclosed_on_request(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{'disclose_me':true},'a.b']");
	hears(&t.a, "[68,1,*,{'caller':*,'caller_authid':'*',"
		    "'caller_authrole':'anyone'}]");
	trio_deinit(&t);
}

static void test_dealer__progressive_results(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{'receive_progress':true,'timeout':50},'a.b']");
	hears(&t.a, "[68,1,*,{'receive_progress':true}]");
	say(&t.a, "[70,1,{'progress':true},[1]]");
	hears(&t.caller, "[50,1,{'progress':true},[1]]");
	room_wait(&t.room, 40);
	say(&t.a, "[70,1,{'progress':true},[2]]");
	hears(&t.caller, "[50,1,{'progress':true},[2]]");
	room_wait(&t.room, 40); /* the time starts anew with each result */
	say(&t.a, "[70,1,{},[3]]");
	hears(&t.caller, "[50,1,{},[3]]");
	trio_deinit(&t);
}

static void test_dealer__progress_nobody_asked_for(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	say(&t.a, "[70,1,{'progress':true},[1]]");
	hears_nothing(&t.caller);
	say(&t.a, "[70,1,{},[2]]");
	hears(&t.caller, "[50,1,{},[2]]");
	trio_deinit(&t);
}

/* wampy announces no progressive results for its callees, is told of no
 * receive_progress, and still sends them. */
static void test_dealer__progress_not_announced(void **state)
{
	struct trio t;
	struct peer wampy;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_join_with(&wampy, &t.room, "");
	peer_register(&wampy, 1, "", "a.b");
	say(&t.caller, "[48,1,{'receive_progress':true},'a.b']");
	hears(&wampy, "[68,1,*,{}]");
	say(&wampy, "[70,1,{'progress':true},[1]]");
	hears(&t.caller, "[50,1,{'progress':true},[1]]");
	say(&wampy, "[70,1,{},[2]]");
	hears(&t.caller, "[50,1,{},[2]]");
	say(&t.caller, "[48,2,{},'a.b']");
	hears(&wampy, "[68,2,*,{}]");
	say(&wampy, "[70,2,{'progress':true},[1]]");
	hears_nothing(&t.caller);
	peer_deinit(&wampy);
	trio_deinit(&t);
}

/* Autobahn|JS announces no call_canceling for its callees, and still sends
 * progressive results. */
static void test_dealer__progress_without_canceling(void **state)
{
	struct trio t;
	struct peer js;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_join_with(&js, &t.room, "'progressive_call_results':true");
	peer_register(&js, 1, "", "a.b");
	say(&t.caller, "[48,1,{'receive_progress':true},'a.b']");
	hears(&js, "[68,1,*,{'receive_progress':true}]");
	say(&js, "[70,1,{'progress':true},[1]]");
	hears(&t.caller, "[50,1,{'progress':true},[1]]");
	say(&t.caller, "[49,1,{'mode':'killnowait'}]");
	hears(&t.caller, "[8,48,1,{},'wamp.error.canceled']");
	say(&js, "[70,1,{'progress':true},[2]]");
	hears_nothing(&t.caller);
	hears_nothing(&js); /* it has announced no INTERRUPT */
	peer_deinit(&js);
	trio_deinit(&t);
}

static void test_dealer__callee_loss_cancels(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	peer_lose(&t.a);
	hears(&t.caller, "[8,48,1,{},'wamp.error.canceled',*]");
	say(&t.caller, "[48,2,{},'a.b']");
	hears(&t.caller, "[8,48,2,{},'wamp.error.no_such_procedure']");
	trio_deinit(&t);
}

static void test_dealer__caller_loss_interrupts(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	peer_lose(&t.caller);
	hears(&t.a, "[68,1,*");
	hears(&t.a, "[69,1,{'mode':'killnowait'}]");
	say(&t.a, "[70,1,{}]");
	hears_nothing(&t.a);
	trio_deinit(&t);
}

static void test_dealer__calls_itself_and_leaves(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "'invoke':'roundrobin'", "a.b");
	say(&t.a, "[48,2,{},'a.b']");
	hears(&t.a, "[68,1,*");
	peer_lose(&t.a);
	trio_deinit(&t);
}

/* --- serializers --------------------------------------------------------- */

static void test_dealer__transcodes(void **state)
{
	struct trio t;
	struct peer packed;

	(void)state;
	trio_init(&t, NULL, 0);
	memset(&packed, 0, sizeof packed);
	packed.serializer = &serializer_msgpack;
	peer_connect(&packed, &t.room);
	say(&packed, "[1,'realm1',{" ALL_ROLES "}]");
	hears(&packed, "[2,*");
	peer_register(&packed, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b',['\\u0000AAEC',1.5],{'k':[null]}]");
	hears(&packed, "[68,1,*,{},['\\u0000AAEC',1.5],{'k':[null]}]");
	say(&packed, "[70,1,{},['\\u0000/wAB']]");
	hears(&t.caller, "[50,1,{},['\\u0000/wAB']]");
	peer_deinit(&packed);
	trio_deinit(&t);
}

/* MessagePack can say what JSON can not: the caller is told, the slot free. */
static void test_dealer__result_that_can_not_be_said(void **state)
{
	static const uint8_t yield[] = { 0x94, 70, 1, 0x80, 0x91, 0xcb, 0x7f,
					 0xf0, 0,  0, 0,    0,    0,    0 };
	struct trio t;
	struct peer packed;

	(void)state;
	trio_init(&t, NULL, 0);
	memset(&packed, 0, sizeof packed);
	packed.serializer = &serializer_msgpack;
	peer_connect(&packed, &t.room);
	say(&packed, "[1,'realm1',{" ALL_ROLES "}]");
	hears(&packed, "[2,*");
	peer_register(&packed, 1, "'concurrency':1", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	router_receive(&t.room.router, packed.session,
		       bytes_of(yield, sizeof yield));
	hears(&t.caller, "[8,48,1,{},'wamp.error.invalid_argument',*]");
	say(&t.caller, "[48,2,{},'a.b']");
	hears(&packed, "[68,1,*");
	hears(&packed, "[68,2,*");
	peer_deinit(&packed);
	trio_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dealer__call_without_callee),
		cmocka_unit_test(test_dealer__call_and_result),
		cmocka_unit_test(test_dealer__single_is_for_one),
		cmocka_unit_test(test_dealer__policies_must_agree),
		cmocka_unit_test(test_dealer__roundrobin_in_turn),
		cmocka_unit_test(test_dealer__roundrobin_goes_on_after_a_loss),
		cmocka_unit_test(test_dealer__first_and_last),
		cmocka_unit_test(test_dealer__concurrency_is_kept),
		cmocka_unit_test(test_dealer__patterns),
		cmocka_unit_test(test_dealer__unregister),
		cmocka_unit_test(
			test_dealer__unregistered_callee_still_answers),
		cmocka_unit_test(
			test_dealer__rules_pin_policy_and_concurrency),
		cmocka_unit_test(test_dealer__caller_is_disclosed_on_request),
		cmocka_unit_test(test_dealer__progressive_results),
		cmocka_unit_test(test_dealer__progress_nobody_asked_for),
		cmocka_unit_test(test_dealer__progress_not_announced),
		cmocka_unit_test(test_dealer__progress_without_canceling),
		cmocka_unit_test(test_dealer__callee_loss_cancels),
		cmocka_unit_test(test_dealer__caller_loss_interrupts),
		cmocka_unit_test(test_dealer__calls_itself_and_leaves),
		cmocka_unit_test(test_dealer__transcodes),
		cmocka_unit_test(test_dealer__result_that_can_not_be_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
