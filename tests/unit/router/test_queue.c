/* Concurrency, the call queue, canceling and timeouts. The first tests are
 * named after defects read in other routers, none of which may exist here. */
#include "room.h"

struct hall {
	struct procedure_rule rule;
	struct room room;
	struct peer caller, other, a, b;
};

/* Procedure q.p: roundrobin, a queue of `queue` calls; q.single: the same
 * rule by prefix, with the policy that is asked for. */
static void hall_init(struct hall *h, uint32_t queue)
{
	h->rule = (struct procedure_rule){ .uri = bytes_str("q."),
					   .match = URI_PREFIX,
					   .queue_max = queue };
	room_init_with(&h->room, &h->rule, 1);
	room_open(&h->room);
	peer_join(&h->caller, &h->room);
	peer_join(&h->other, &h->room);
	peer_join(&h->a, &h->room);
	peer_join(&h->b, &h->room);
}

static void hall_deinit(struct hall *h)
{
	peer_deinit(&h->caller);
	peer_deinit(&h->other);
	peer_deinit(&h->a);
	peer_deinit(&h->b);
	room_deinit(&h->room);
}

static uint64_t serve(struct peer *p, unsigned request, unsigned concurrency)
{
	char options[64];

	snprintf(options, sizeof options,
		 "'invoke':'roundrobin','concurrency':%u", concurrency);
	return peer_register(p, request, options, "q.p");
}

static void call(struct peer *p, unsigned request)
{
	say(p, "[48,%u,{},'q.p',[%u]]", request, request);
}

/* --- defects of others --------------------------------------------------- */

static void test_queue__limit_is_enforced(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 2);
	serve(&h.a, 1, 1);
	for (unsigned i = 1; i <= 4; i++)
		call(&h.caller, i);
	hears(&h.caller,
	      "[8,48,4,{},'crossbar.error.max_concurrency_reached',*]");
	hears_nothing(&h.caller);
	hall_deinit(&h);
}

static void test_queue__only_where_its_uri_matches(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 2);
	peer_register(&h.a, 1, "'concurrency':1", "not.queued");
	say(&h.caller, "[48,1,{},'not.queued']");
	say(&h.caller, "[48,2,{},'not.queued']");
	hears(&h.caller,
	      "[8,48,2,{},'crossbar.error.max_concurrency_reached',*]");
	hall_deinit(&h);
}

static void test_queue__drains_on_error(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	call(&h.caller, 1);
	call(&h.caller, 2);
	hears(&h.a, "[68,1,*,[1]]");
	say(&h.a, "[8,68,1,{},'no.good']");
	hears(&h.a, "[68,2,*,[2]]");
	hall_deinit(&h);
}

static void test_queue__drains_on_a_new_callee(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	for (unsigned i = 1; i <= 4; i++)
		call(&h.caller, i);
	serve(&h.b, 1, 2); /* takes two at once, not one */
	hears(&h.b, "[68,1,*,[2]]");
	hears(&h.b, "[68,2,*,[3]]");
	hears_nothing(&h.b);
	hall_deinit(&h);
}

static void test_queue__drains_when_a_canceled_call_is_answered(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	call(&h.caller, 1);
	call(&h.caller, 2);
	say(&h.caller, "[49,1,{'mode':'killnowait'}]");
	hears(&h.caller, "[8,48,1,{},'wamp.error.canceled']");
	hears(&h.a, "[68,1,*");
	hears(&h.a, "[69,1,{'mode':'killnowait'}]");
	hears_nothing(&h.a); /* the slot is still taken */
	say(&h.a, "[8,68,1,{},'wamp.error.canceled']");
	hears(&h.a, "[68,2,*,[2]]");
	hears_nothing(&h.caller);
	hall_deinit(&h);
}

static void test_queue__drains_when_a_timed_out_call_is_answered(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	say(&h.caller, "[48,1,{'timeout':100},'q.p']");
	call(&h.caller, 2);
	room_wait(&h.room, 100);
	hears(&h.caller, "[8,48,1,{},'wamp.error.timeout']");
	hears(&h.a, "[68,1,*");
	hears(&h.a, "[69,1,{'mode':'killnowait'}]");
	hears_nothing(&h.a);
	say(&h.a, "[70,1,{},['late']]");
	hears(&h.a, "[68,2,*,[2]]");
	hears_nothing(&h.caller);
	hall_deinit(&h);
}

static void test_queue__drains_past_a_callee_that_leaves(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	serve(&h.b, 1, 1);
	for (unsigned i = 1; i <= 3; i++)
		call(&h.caller, i);
	peer_lose(&h.a);
	hears(&h.caller, "[8,48,1,{},'wamp.error.canceled',*]");
	hears(&h.b, "[68,1,*,[2]]");
	say(&h.b, "[70,1,{}]");
	hears(&h.b, "[68,2,*,[3]]");
	hall_deinit(&h);
}

static void test_queue__is_not_orphaned_by_the_last_callee(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	for (unsigned i = 1; i <= 3; i++)
		call(&h.caller, i);
	peer_lose(&h.a);
	serve(&h.b, 1, 1);
	hears(&h.caller, "[8,48,2,{},'wamp.error.no_such_procedure',*]");
	hears(&h.caller, "[8,48,3,{},'wamp.error.no_such_procedure',*]");
	hears(&h.caller, "[8,48,1,{},'wamp.error.canceled',*]");
	hears_nothing(&h.b);
	call(&h.caller, 4);
	hears(&h.b, "[68,1,*,[4]]");
	hall_deinit(&h);
}

static void test_queue__callers_loss_leaks_no_slot(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	call(&h.other, 1);
	call(&h.caller, 1);
	peer_lose(&h.other);
	hears(&h.a, "[68,1,*");
	hears(&h.a, "[69,1,{'mode':'killnowait'}]");
	hears_nothing(&h.a); /* not fed on, and not freed either */
	say(&h.a, "[70,1,{}]");
	hears(&h.a, "[68,2,*,[1]]");
	hall_deinit(&h);
}

static void test_queue__new_calls_do_not_overtake(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	call(&h.caller, 1);
	call(&h.caller, 2);
	say(&h.other, "[48,1,{},'q.p',['later']]");
	say(&h.a, "[70,1,{}]");
	say(&h.other, "[48,2,{},'q.p',['last']]");
	say(&h.a, "[70,2,{}]");
	say(&h.a, "[70,3,{}]");
	hears(&h.a, "[68,1,*,[1]]");
	hears(&h.a, "[68,2,*,[2]]");
	hears(&h.a, "[68,3,*,['later']]");
	hears(&h.a, "[68,4,*,['last']]");
	hall_deinit(&h);
}

static void test_queue__queued_calls_can_be_canceled(void **state)
{
	static const char *const modes[] = { "skip", "kill", "killnowait" };
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	call(&h.caller, 1);
	for (unsigned i = 0; i < 3; i++) {
		call(&h.caller, i + 2);
		say(&h.caller, "[49,%u,{'mode':'%s'}]", i + 2, modes[i]);
		hears(&h.caller, "[8,48,*,{},'wamp.error.canceled']");
	}
	say(&h.a, "[70,1,{}]");
	hears(&h.a, "[68,1,*");
	hears_nothing(&h.a);
	hall_deinit(&h);
}

static void test_queue__queued_calls_time_out(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	call(&h.caller, 1);
	say(&h.caller, "[48,2,{'timeout':50},'q.p']");
	room_wait(&h.room, 49);
	hears_nothing(&h.caller);
	room_wait(&h.room, 1);
	hears(&h.caller, "[8,48,2,{},'wamp.error.timeout']");
	say(&h.a, "[70,1,{}]");
	hears(&h.a, "[68,1,*");
	hears_nothing(&h.a);
	hall_deinit(&h);
}

static void test_queue__calls_of_the_dead_are_not_dispatched(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	call(&h.caller, 1);
	call(&h.other, 1);
	peer_lose(&h.other);
	say(&h.a, "[70,1,{}]");
	hears(&h.a, "[68,1,*");
	hears_nothing(&h.a);
	hall_deinit(&h);
}

static void test_queue__random_honours_concurrency(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 0);
	peer_register(&h.a, 1, "'invoke':'random','concurrency':3", "q.p");
	peer_register(&h.b, 1, "'invoke':'random','concurrency':2", "q.p");
	for (unsigned i = 1; i <= 6; i++)
		call(&h.caller, i);
	hears(&h.caller,
	      "[8,48,6,{},'crossbar.error.max_concurrency_reached',*]");
	for (unsigned i = 1; i <= 3; i++)
		hears(&h.a, "[68,*");
	hears_nothing(&h.a);
	for (unsigned i = 1; i <= 2; i++)
		hears(&h.b, "[68,*");
	hears_nothing(&h.b);
	hall_deinit(&h);
}

static void test_queue__skip_answers_the_caller(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	call(&h.caller, 1);
	say(&h.caller, "[49,1,{'mode':'skip'}]");
	hears(&h.caller, "[8,48,1,{},'wamp.error.canceled']");
	hears(&h.a, "[68,1,*");
	hears_nothing(&h.a);
	say(&h.a, "[70,1,{}]");
	hears_nothing(&h.caller);
	hall_deinit(&h);
}

static void test_queue__timeout_is_in_milliseconds(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	say(&h.caller, "[48,1,{'timeout':3},'q.p']");
	assert_int_equal(router_due_ms(&h.room.router),
			 h.room.now_ms + 3);
	room_wait(&h.room, 3);
	hears(&h.caller, "[8,48,1,{},'wamp.error.timeout']");
	hall_deinit(&h);
}

/* Crossbar #2133: a caller's reload killed the callee's session. */
static void test_queue__late_yield_does_not_end_the_callee(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	call(&h.caller, 1);
	peer_lose(&h.caller);
	say(&h.a, "[70,1,{}]");
	say(&h.a, "[70,1,{}]"); /* and once more: it is over, discarded */
	assert_false(h.a.closed);
	call(&h.other, 1);
	hears(&h.a, "[68,1,*");
	hears(&h.a, "[69,1,*");
	hears(&h.a, "[68,2,*,[1]]");
	hall_deinit(&h);
}

/* Crossbar #2187, #1850: roundrobin swallowed calls. */
static void test_queue__roundrobin_swallows_no_call(void **state)
{
	struct hall h;
	unsigned served = 0;

	(void)state;
	hall_init(&h, 100);
	serve(&h.a, 1, 1);
	serve(&h.b, 1, 3);
	for (unsigned i = 1; i <= 40; i++)
		call(&h.caller, i);
	for (bool busy = true; busy;) {
		busy = false;
		for (struct peer *p = &h.a; p; p = p == &h.a ? &h.b : NULL) {
			while (heard(p)) {
				say(p, "[70,%llu,{}]",
				    (unsigned long long)number_at(p, 1));
				served++;
				busy = true;
			}
		}
	}
	assert_int_equal(served, 40);
	for (unsigned i = 1; i <= 40; i++)
		hears(&h.caller, "[50,*");
	hall_deinit(&h);
}

/* --- canceling ----------------------------------------------------------- */

static void test_cancel__kill_waits_for_the_callee(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 2);
	call(&h.caller, 1);
	call(&h.caller, 2);
	say(&h.caller, "[49,1,{'mode':'kill'}]");
	say(&h.caller, "[49,1,{'mode':'kill'}]");
	say(&h.caller, "[49,2,{'mode':'kill'}]");
	hears_nothing(&h.caller);
	hears(&h.a, "[68,1,*");
	hears(&h.a, "[68,2,*");
	hears(&h.a, "[69,1,{'mode':'kill'}]");
	hears(&h.a, "[69,2,{'mode':'kill'}]");
	hears_nothing(&h.a);
	say(&h.a, "[8,68,1,{},'wamp.error.canceled']");
	hears(&h.caller, "[8,48,1,{},'wamp.error.canceled']");
	say(&h.a, "[70,2,{},['done all the same']]");
	hears(&h.caller, "[50,2,{},['done all the same']]");
	hall_deinit(&h);
}

static void test_cancel__callee_without_it_is_skipped(void **state)
{
	struct hall h;
	struct peer plain;

	(void)state;
	hall_init(&h, 9);
	peer_join_plain(&plain, &h.room);
	peer_register(&plain, 1, "", "a.b");
	say(&h.caller, "[48,1,{},'a.b']");
	say(&h.caller, "[49,1,{'mode':'kill'}]");
	hears(&h.caller, "[8,48,1,{},'wamp.error.canceled']");
	hears(&plain, "[68,1,*");
	hears_nothing(&plain);
	peer_deinit(&plain);
	hall_deinit(&h);
}

static void test_cancel__what_is_over_is_ignored(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	call(&h.caller, 1);
	say(&h.a, "[70,1,{}]");
	say(&h.caller, "[49,1,{}]");
	hears(&h.caller, "[50,1,{}]");
	hears_nothing(&h.caller);
	assert_false(h.caller.closed);
	hall_deinit(&h);
}

static void test_timeout__killed_call_still_times_out(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	say(&h.caller, "[48,1,{'timeout':10},'q.p']");
	say(&h.caller, "[49,1,{'mode':'kill'}]");
	room_wait(&h.room, 10);
	hears(&h.caller, "[8,48,1,{},'wamp.error.timeout']");
	hall_deinit(&h);
}

static void test_timeout__forwarded_where_the_callee_wants_it(void **state)
{
	struct hall h;
	struct peer minds;

	(void)state;
	hall_init(&h, 9);
	peer_init(&minds, &h.room);
	say(&minds, "[1,'realm1',{'roles':{'callee':{'features':"
		    "{'call_timeout':true,'call_canceling':true}}}}]");
	hears(&minds, "[2,*");
	peer_register(&minds, 1, "'forward_timeout':true", "a.b");
	say(&h.caller, "[48,1,{'timeout':10},'a.b']");
	hears(&minds, "[68,1,*,{'timeout':10}]");
	room_wait(&h.room, 1000);
	hears_nothing(&h.caller);
	say(&minds, "[8,68,1,{},'wamp.error.timeout']");
	hears(&h.caller, "[8,48,1,{},'wamp.error.timeout']");
	peer_deinit(&minds);
	hall_deinit(&h);
}

/* Who has not announced call_timeout is not trusted with the time. */
static void test_timeout__is_forwarded_to_who_announced_it(void **state)
{
	struct hall h;
	struct peer callee;

	(void)state;
	hall_init(&h, 9);
	peer_join(&callee, &h.room);
	peer_register(&callee, 1, "'forward_timeout':true", "a.b");
	say(&h.caller, "[48,1,{'timeout':10},'a.b']");
	hears(&callee, "[68,1,*,{}]");
	room_wait(&h.room, 10);
	hears(&h.caller, "[8,48,1,{},'wamp.error.timeout']");
	hears(&callee, "[69,1,{'mode':'killnowait'}]");
	peer_deinit(&callee);
	hall_deinit(&h);
}

/* --- rerouting ----------------------------------------------------------- */

/* Who has begun to answer has not declined: another one would begin anew. */
static void test_reroute__not_after_a_progressive_result(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	serve(&h.b, 1, 1);
	say(&h.caller, "[48,1,{'receive_progress':true},'q.p',[1]]");
	say(&h.a, "[70,1,{'progress':true},['half']]");
	hears(&h.caller, "[50,1,{'progress':true},['half']]");
	say(&h.a, "[8,68,1,{},'wamp.error.unavailable']");
	hears(&h.caller, "[8,48,1,{},'wamp.error.unavailable']");
	hears_nothing(&h.b);
	hall_deinit(&h);
}

static void test_reroute__next_callee_gets_it(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	serve(&h.b, 1, 1);
	call(&h.caller, 1);
	say(&h.a, "[8,68,1,{},'wamp.error.unavailable']");
	hears(&h.b, "[68,1,*,{},[1]]");
	say(&h.b, "[70,1,{},['done']]");
	hears(&h.caller, "[50,1,{},['done']]");
	hall_deinit(&h);
}

static void test_reroute__all_have_declined(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	serve(&h.b, 1, 1);
	call(&h.caller, 1);
	say(&h.a, "[8,68,1,{},'wamp.error.unavailable']");
	say(&h.b, "[8,68,1,{},'wamp.error.unavailable']");
	hears(&h.caller, "[8,48,1,{},'wamp.error.no_available_callee',*]");
	hears_nothing(&h.caller);
	hall_deinit(&h);
}

static void test_reroute__waits_at_the_head(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	serve(&h.b, 1, 1);
	for (unsigned i = 1; i <= 3; i++)
		call(&h.caller, i);
	/* a declines 1, and gets 3, as 1 is not for it any more. */
	say(&h.a, "[8,68,1,{},'wamp.error.unavailable']");
	hears(&h.a, "[68,1,*,[1]]");
	hears(&h.a, "[68,2,*,[3]]");
	call(&h.caller, 4);
	say(&h.b, "[70,1,{}]");
	hears(&h.b, "[68,1,*,[2]]");
	hears(&h.b, "[68,2,*,[1]]");
	hall_deinit(&h);
}

static void test_reroute__who_has_not_declined_leaves(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	serve(&h.a, 1, 1);
	serve(&h.b, 1, 1);
	call(&h.caller, 1);
	call(&h.caller, 2);
	say(&h.a, "[8,68,1,{},'wamp.error.unavailable']");
	peer_lose(&h.b);
	hears(&h.caller, "[8,48,1,{},'wamp.error.no_available_callee',*]");
	hears(&h.caller, "[8,48,2,{},'wamp.error.canceled',*]");
	hall_deinit(&h);
}

static void test_reroute__single_is_answered(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9);
	peer_register(&h.a, 1, "", "a.b");
	say(&h.caller, "[48,1,{},'a.b']");
	say(&h.a, "[8,68,1,{},'wamp.error.unavailable',['busy']]");
	hears(&h.caller, "[8,48,1,{},'wamp.error.no_available_callee',*]");
	hall_deinit(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_queue__limit_is_enforced),
		cmocka_unit_test(test_queue__only_where_its_uri_matches),
		cmocka_unit_test(test_queue__drains_on_error),
		cmocka_unit_test(test_queue__drains_on_a_new_callee),
		cmocka_unit_test(
			test_queue__drains_when_a_canceled_call_is_answered),
		cmocka_unit_test(
			test_queue__drains_when_a_timed_out_call_is_answered),
		cmocka_unit_test(test_queue__drains_past_a_callee_that_leaves),
		cmocka_unit_test(
			test_queue__is_not_orphaned_by_the_last_callee),
		cmocka_unit_test(test_queue__callers_loss_leaks_no_slot),
		cmocka_unit_test(test_queue__new_calls_do_not_overtake),
		cmocka_unit_test(test_queue__queued_calls_can_be_canceled),
		cmocka_unit_test(test_queue__queued_calls_time_out),
		cmocka_unit_test(
			test_queue__calls_of_the_dead_are_not_dispatched),
		cmocka_unit_test(test_queue__random_honours_concurrency),
		cmocka_unit_test(test_queue__skip_answers_the_caller),
		cmocka_unit_test(test_queue__timeout_is_in_milliseconds),
		cmocka_unit_test(
			test_queue__late_yield_does_not_end_the_callee),
		cmocka_unit_test(test_queue__roundrobin_swallows_no_call),
		cmocka_unit_test(test_cancel__kill_waits_for_the_callee),
		cmocka_unit_test(test_cancel__callee_without_it_is_skipped),
		cmocka_unit_test(test_cancel__what_is_over_is_ignored),
		cmocka_unit_test(test_timeout__killed_call_still_times_out),
		cmocka_unit_test(
			test_timeout__forwarded_where_the_callee_wants_it),
		cmocka_unit_test(
			test_timeout__is_forwarded_to_who_announced_it),
		cmocka_unit_test(test_reroute__next_callee_gets_it),
		cmocka_unit_test(test_reroute__not_after_a_progressive_result),
		cmocka_unit_test(test_reroute__all_have_declined),
		cmocka_unit_test(test_reroute__waits_at_the_head),
		cmocka_unit_test(test_reroute__who_has_not_declined_leaves),
		cmocka_unit_test(test_reroute__single_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
