/* How sessions and calls end, sentence by sentence: "Protocol Errors",
 * "Session Closing", "Caller Leaving", "Callee Leaving" (basic); "Call
 * Canceling", "Call Timeouts" (advanced). */
#include "callees.h"

/* --- Protocol Errors ----------------------------------------------------- */

/* All that was the offender's is gone, and the others go on. */
static void check_offence(const char *message)
{
	struct trio t;

	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	peer_register(&t.b, 1, "", "b.c");
	say(&t.a, "[32,2,{},'a.topic']");
	hears(&t.a, "[33,*");
	say(&t.caller, "[48,1,{},'a.b']");
	hears(&t.a, "[68,1,*");
	say(&t.a, "[48,3,{},'b.c']");
	hears(&t.b, "[68,1,*");
	say(&t.a, "%s", message);
	hears(&t.a, "[3,{'message':'*'},'wamp.error.protocol_violation']");
	assert_true(t.a.closed);
	hears(&t.caller, "[8,48,1,{},'wamp.error.canceled',*]");
	hears(&t.b, "[69,1,{'mode':'killnowait'}]");
	say(&t.b, "[70,1,{}]");
	say(&t.a, "[70,1,{}]"); /* nothing that it says counts any more */
	say(&t.caller, "[16,2,{},'a.topic']");
	say(&t.caller, "[48,3,{},'a.b']");
	hears(&t.caller, "[8,48,3,{},'wamp.error.no_such_procedure']");
	hears_nothing(&t.a);
	trio_deinit(&t);
}

static void test_violation__disposes_of_everything(void **state)
{
	static const char *const offences[] = {
		"[1,'realm1',{}]", "[2,1,{}]", "[4,'x',{}]", "[5,'x',{}]",
		"[]", "[256,1]", "[1023]", "[71]", "[-1]", "[48.0,4,{},'a.b']",
		"[70,2,{}]", "[69,1,{}]",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof offences / sizeof *offences; i++)
		check_offence(offences[i]);
}

/* A client's ERROR answers an INVOCATION, nothing else. */
static void test_violation__request_type_of_error(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= 72; type++) {
		char message[48];

		if (type == 68)
			continue;
		snprintf(message, sizeof message, "[8,%u,1,{},'a.b']", type);
		check_offence(message);
	}
}

/* Each request counts on from the last one, whichever it was. */
static void test_violation__request_ids(void **state)
{
	static const struct {
		unsigned type;
		const char *rest;
	} requests[] = {
		{ 16, "{},'a.b'" }, { 32, "{},'a.b'" }, { 34, "7" },
		{ 48, "{},'a.b'" }, { 64, "{},'a.b'" }, { 66, "7" },
	};

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		for (unsigned id = 2; id <= 5; id++) {
			char message[48];

			snprintf(message, sizeof message, "[%u,%u,%s]",
				 requests[i].type, id, requests[i].rest);
			if (id != 4) /* that is the next one */
				check_offence(message);
		}
	}
}

/* --- Session Closing ----------------------------------------------------- */

#define OUT "[6,{},'wamp.close.goodbye_and_out']"

/* A caller says it: its callees are told, and what they answer is for nobody.
 */
static void test_goodbye__of_a_caller_with_calls(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "'concurrency':1", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	hears(&t.a, "[68,1,*");
	say(&t.caller, "[6,{'message':'bye'},'wamp.close.close_realm']");
	hears(&t.caller, OUT);
	assert_true(t.caller.closed);
	hears(&t.a, "[69,1,{'mode':'killnowait'}]");
	say(&t.a, "[70,1,{}]");
	say(&t.caller, "[48,2,{},'a.b']");
	hears_nothing(&t.caller);
	hears_nothing(&t.a);
	say(&t.b, "[48,1,{},'a.b']");
	hears(&t.a, "[68,2,*"); /* the slot is free again */
	trio_deinit(&t);
}

static void test_goodbye__of_a_callee_with_calls(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	say(&t.a, "[48,2,{},'a.b']"); /* its own, too */
	hears(&t.a, "[68,1,*");
	hears(&t.a, "[68,2,*");
	say(&t.a, "[6,{},'wamp.close.system_shutdown']");
	hears(&t.a, OUT);
	hears_nothing(&t.a);
	hears(&t.caller, "[8,48,1,{},'wamp.error.canceled',*]");
	trio_deinit(&t);
}

/* The reason is a URI; who says another is let go as well. */
static void test_goodbye__of_any_reason(void **state)
{
	static const char *const reasons[] = { "wamp.close.close_realm", "x",
					       "", "not a URI" };
	struct room room;

	(void)state;
	room_init(&room);
	for (unsigned i = 0; i < 4; i++) {
		struct peer p;

		peer_join(&p, &room);
		say(&p, "[6,{},'%s']", reasons[i]);
		hears(&p, OUT);
		assert_true(p.closed);
		peer_deinit(&p);
	}
	room_deinit(&room);
}

/* The router says it first: what comes until the answer is ignored, and the
 * answer is not answered; so it is when both said it at once. */
static void test_goodbye__of_the_router(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	say(&t.a, "[48,2,{},'a.b']");
	peer_forget(&t.a);
	router_shutdown(&t.room.router, "wamp.close.system_shutdown");
	/* The caller's turn was first. */
	hears(&t.a, "[69,1,{'mode':'killnowait'}]");
	hears(&t.a, "[6,{},'wamp.close.system_shutdown']");
	say(&t.a, "[70,1,{}]");
	say(&t.a, "[64,3,{},'a.c']");
	say(&t.a, "[1,'realm1',{}]"); /* not even this */
	hears_nothing(&t.a);
	assert_false(t.a.closed);
	say(&t.a, OUT);
	hears_nothing(&t.a);
	assert_true(t.a.closed);
	room_wait(&t.room, GOODBYE_MS); /* b does not answer */
	assert_true(t.b.closed);
	trio_deinit(&t);
}

/* --- Caller Leaving, Callee Leaving -------------------------------------- */

static void test_leaving__no_interrupt_without_canceling(void **state)
{
	struct trio t;
	struct peer plain;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_join_plain(&plain, &t.room);
	peer_register(&plain, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	say(&t.b, "[48,1,{},'a.b']");
	hears(&plain, "[68,1,*");
	hears(&plain, "[68,2,*");
	peer_lose(&t.caller);
	hears_nothing(&plain);
	say(&plain, "[8,68,1,{},'a.error']"); /* defunct: discarded */
	say(&plain, "[70,2,{}]");
	hears(&t.b, "[50,1,{}]");
	peer_deinit(&plain);
	trio_deinit(&t);
}

/* --- Call Canceling ------------------------------------------------------ */

#define CANCELED "[8,48,1,{},'wamp.error.canceled']"

/* What the callee hears, and what it answers is discarded. */
static void check_at_once(const char *mode, const char *interrupt)
{
	struct trio t;

	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "'concurrency':1", "a.b");
	say(&t.caller, "[48,1,{'receive_progress':true},'a.b']");
	hears(&t.a, "[68,1,*");
	say(&t.caller, "[49,1,{%s}]", mode);
	hears(&t.caller, CANCELED);
	if (interrupt)
		hears(&t.a, interrupt);
	hears_nothing(&t.a);
	say(&t.caller, "[49,1,{%s}]", mode); /* it is over */
	say(&t.a, "[70,1,{'progress':true},[1]]");
	say(&t.a, "[70,1,{},[2]]");
	say(&t.a, "[70,1,{},[3]]");
	hears_nothing(&t.caller);
	hears_nothing(&t.a);
	say(&t.caller, "[48,2,{},'a.b']");
	hears(&t.a, "[68,2,*");
	trio_deinit(&t);
}

static void test_cancel__at_once(void **state)
{
	(void)state;
	check_at_once("'mode':'skip'", NULL);
	check_at_once("'mode':'killnowait'", "[69,1,{'mode':'killnowait'}]");
	check_at_once("", "[69,1,{'mode':'killnowait'}]");
}

/* With kill the callee's word counts, whichever it is, and is passed whole. */
static void test_cancel__kill_passes_the_callees_word(void **state)
{
	static const struct {
		const char *callee, *caller;
	} words[] = {
		{ "[8,68,1,{},'wamp.error.canceled',['stopped'],{'at':7}]",
		  "[8,48,1,{},'wamp.error.canceled',['stopped'],{'at':7}]" },
		{ "[8,68,1,{},'my.error']", "[8,48,1,{},'my.error']" },
		{ "[8,68,1,{},'wamp.error.unavailable']",
		  "[8,48,1,{},'wamp.error.unavailable']" },
		{ "[70,1,{},['done']]", "[50,1,{},['done']]" },
	};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct trio t;

		trio_init(&t, NULL, 0);
		peer_register(&t.a, 1, "'invoke':'roundrobin'", "a.b");
		peer_register(&t.b, 1, "'invoke':'roundrobin'", "a.b");
		say(&t.caller, "[48,1,{},'a.b']");
		hears(&t.a, "[68,1,*");
		say(&t.caller, "[49,1,{'mode':'kill'}]");
		hears(&t.a, "[69,1,{'mode':'kill'}]");
		hears_nothing(&t.caller);
		say(&t.a, "%s", words[i].callee);
		hears(&t.caller, words[i].caller);
		hears_nothing(&t.b); /* nobody is asked again */
		trio_deinit(&t);
	}
}

/* A caller that can not wait any more says so. */
static void test_cancel__kill_and_then_at_once(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	say(&t.caller, "[49,1,{'mode':'kill'}]");
	say(&t.caller, "[49,1,{'mode':'skip'}]");
	hears(&t.caller, CANCELED);
	say(&t.a, "[70,1,{}]");
	hears_nothing(&t.caller);
	trio_deinit(&t);
}

/* Of a call that was never made, or another's: nothing happens. */
static void test_cancel__of_what_is_not_there(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	hears(&t.a, "[68,1,*");
	say(&t.caller, "[49,7,{}]");
	say(&t.b, "[49,1,{'mode':'skip'}]");
	hears_nothing(&t.a);
	hears_nothing(&t.b);
	say(&t.a, "[70,1,{}]");
	hears(&t.caller, "[50,1,{}]");
	trio_deinit(&t);
}

/* --- Call Timeouts ------------------------------------------------------- */

#define TIMED_OUT "[8,48,1,{},'wamp.error.timeout']"

static void test_timeout__as_killnowait_or_skip(void **state)
{
	struct trio t;
	struct peer plain;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_join_plain(&plain, &t.room);
	peer_register(&t.a, 1, "", "a.b");
	peer_register(&plain, 1, "", "a.c");
	say(&t.caller, "[48,1,{'timeout':20},'a.b']");
	say(&t.b, "[48,1,{'timeout':20},'a.c']");
	hears(&t.a, "[68,1,*,{}]");
	hears(&plain, "[68,1,*,{}]");
	room_wait(&t.room, 19);
	hears_nothing(&t.caller);
	room_wait(&t.room, 1);
	hears(&t.caller, TIMED_OUT);
	hears(&t.a, "[69,1,{'mode':'killnowait'}]");
	hears(&t.b, TIMED_OUT);
	hears_nothing(&plain);
	say(&t.a, "[70,1,{}]");
	say(&plain, "[8,68,1,{},'a.error']");
	hears_nothing(&t.caller);
	hears_nothing(&t.b);
	peer_deinit(&plain);
	trio_deinit(&t);
}

/* 0 is as none; the longest one is as long as it says. */
static void test_timeout__none_and_the_longest(void **state)
{
	const uint64_t day_ms = 24ull * 3600 * 1000;
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{'timeout':0},'a.b']");
	say(&t.caller, "[48,2,{'timeout':9007199254740992},'a.b']");
	say(&t.caller, "[48,3,{'timeout':%llu},'a.b']",
	    (unsigned long long)(30 * day_ms));
	room_wait(&t.room, 30 * day_ms - 1);
	hears_nothing(&t.caller);
	room_wait(&t.room, 1);
	hears(&t.caller, "[8,48,3,{},'wamp.error.timeout']");
	room_wait(&t.room, (1ULL << 53) - 30 * day_ms - 1);
	hears_nothing(&t.caller);
	room_wait(&t.room, 1);
	hears(&t.caller, "[8,48,2,{},'wamp.error.timeout']");
	say(&t.a, "[70,1,{}]");
	hears(&t.caller, "[50,1,{}]");
	trio_deinit(&t);
}

/* A callee that minds the time itself answers as any other. */
static void test_timeout__forwarded(void **state)
{
	struct trio t;
	struct peer timer;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_join_with(&timer, &t.room, "'call_timeout':true");
	peer_register(&timer, 1, "'forward_timeout':true", "a.b");
	say(&t.caller, "[48,1,{'timeout':20},'a.b']");
	hears(&timer, "[68,1,*,{'timeout':20}]");
	room_wait(&t.room, 1000); /* it is not the router's to end it */
	hears_nothing(&t.caller);
	say(&timer, "[8,68,1,{},'wamp.error.timeout',['I']]");
	hears(&t.caller, "[8,48,1,{},'wamp.error.timeout',['I']]");
	say(&t.caller, "[48,2,{},'a.b']");
	hears(&timer, "[68,2,*,{}]");
	peer_deinit(&timer);
	trio_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_violation__disposes_of_everything),
		cmocka_unit_test(test_violation__request_type_of_error),
		cmocka_unit_test(test_violation__request_ids),
		cmocka_unit_test(test_goodbye__of_a_caller_with_calls),
		cmocka_unit_test(test_goodbye__of_a_callee_with_calls),
		cmocka_unit_test(test_goodbye__of_any_reason),
		cmocka_unit_test(test_goodbye__of_the_router),
		cmocka_unit_test(test_leaving__no_interrupt_without_canceling),
		cmocka_unit_test(test_cancel__at_once),
		cmocka_unit_test(test_cancel__kill_passes_the_callees_word),
		cmocka_unit_test(test_cancel__kill_and_then_at_once),
		cmocka_unit_test(test_cancel__of_what_is_not_there),
		cmocka_unit_test(test_timeout__as_killnowait_or_skip),
		cmocka_unit_test(test_timeout__none_and_the_longest),
		cmocka_unit_test(test_timeout__forwarded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
