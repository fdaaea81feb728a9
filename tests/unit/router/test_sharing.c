/* How calls are shared out: least loaded, by shard; a callee that takes the
 * place of the others; what callees have done. */
#include "room.h"

struct hall {
	struct procedure_rule rule;
	struct room room;
	struct peer caller, a, b, c;
};

/* q.p: a queue of `queue` calls. */
static void hall_init(struct hall *h, uint32_t queue, bool denies_force)
{
	h->rule = (struct procedure_rule){ .uri = bytes_str("q."),
					   .match = URI_PREFIX,
					   .queue_max = queue,
					   .denies_force = denies_force };
	room_init_with(&h->room, &h->rule, 1);
	room_open(&h->room);
	peer_join(&h->caller, &h->room);
	peer_join(&h->a, &h->room);
	peer_join(&h->b, &h->room);
	peer_join(&h->c, &h->room);
}

static void hall_deinit(struct hall *h)
{
	peer_deinit(&h->caller);
	peer_deinit(&h->a);
	peer_deinit(&h->b);
	peer_deinit(&h->c);
	room_deinit(&h->room);
}

static void test_leastloaded__relative_to_concurrency(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9, false);
	peer_register(&h.a, 1, "'invoke':'leastloaded','concurrency':4",
		      "q.p");
	peer_register(&h.b, 1, "'invoke':'leastloaded','concurrency':2",
		      "q.p");
	for (unsigned i = 1; i <= 7; i++)
		say(&h.caller, "[48,%u,{},'q.p',[%u]]", i, i);
	/* 0/4 0/2, 1/4 0/2, 1/4 1/2, 2/4 1/2: b's turn, 2/4 2/2, 3/4 2/2 */
	hears(&h.a, "[68,*,[1]]");
	hears(&h.b, "[68,*,[2]]");
	hears(&h.a, "[68,*,[3]]");
	hears(&h.b, "[68,*,[4]]");
	hears(&h.a, "[68,*,[5]]");
	hears(&h.a, "[68,*,[6]]");
	hears_nothing(&h.a);
	hears_nothing(&h.b);
	say(&h.b, "[70,2,{}]");
	hears(&h.b, "[68,*,[7]]");
	hall_deinit(&h);
}

static void test_leastloaded__ties_in_turn(void **state)
{
	struct hall h;
	struct peer *const in_turn[] = { &h.a, &h.b, &h.c, &h.a };

	(void)state;
	hall_init(&h, 0, false);
	peer_register(&h.a, 1, "'invoke':'leastloaded'", "q.p");
	peer_register(&h.b, 1, "'invoke':'leastloaded'", "q.p");
	peer_register(&h.c, 1, "'invoke':'leastloaded'", "q.p");
	for (unsigned i = 0; i < 4; i++) {
		say(&h.caller, "[48,%u,{},'q.p']", i + 1);
		hears(in_turn[i], "[68,*");
		say(in_turn[i], "[70,%u,{}]", i == 3 ? 2 : 1);
	}
	hall_deinit(&h);
}

static void share(struct hall *h, unsigned concurrency)
{
	char options[64];

	snprintf(options, sizeof options,
		 "'invoke':'roundrobin','concurrency':%u", concurrency);
	peer_register(&h->a, 1, options, "q.p");
	peer_register(&h->b, 1, options, "q.p");
	peer_register(&h->c, 1, options, "q.p");
}

static struct peer *who_heard(struct hall *h)
{
	struct peer *const all[] = { &h->a, &h->b, &h->c };

	for (unsigned i = 0; i < 3; i++)
		if (heard(all[i]))
			return all[i];
	return NULL;
}

static struct peer *call_shard(struct hall *h, unsigned request,
			       unsigned key)
{
	say(&h->caller,
	    "[48,%u,{'runmode':'partition','rkey':'k%u'},'q.p',[%u]]",
	    request, key, request);
	return who_heard(h);
}

static void test_shard__the_same_callee_while_it_lives(void **state)
{
	struct hall h;
	struct peer *owners[20];
	unsigned request = 0, of_a = 0;

	(void)state;
	hall_init(&h, 0, false);
	share(&h, 100);
	for (unsigned key = 0; key < 20; key++) {
		owners[key] = call_shard(&h, ++request, key);
		assert_non_null(owners[key]);
		assert_ptr_equal(call_shard(&h, ++request, key), owners[key]);
		of_a += owners[key] == &h.a;
	}
	assert_in_range(of_a, 1, 19);
	peer_lose(&h.a);
	for (unsigned key = 0; key < 20; key++) {
		struct peer *p = call_shard(&h, ++request, key);

		assert_non_null(p);
		if (owners[key] != &h.a)
			assert_ptr_equal(p, owners[key]);
	}
	hall_deinit(&h);
}

static void test_shard__waits_for_its_callee(void **state)
{
	struct hall h;
	struct peer *owner;

	(void)state;
	hall_init(&h, 1, false);
	share(&h, 1);
	owner = call_shard(&h, 1, 7);
	assert_null(call_shard(&h, 2, 7));
	say(&h.caller, "[48,3,{},'q.p',[3]]"); /* may go to another */
	assert_non_null(who_heard(&h));
	call_shard(&h, 4, 7);
	hears(&h.caller,
	      "[8,48,4,{},'crossbar.error.max_concurrency_reached',*]");
	say(owner, "[70,1,{}]");
	hears(owner, "[68,2,*,[2]]");
	hall_deinit(&h);
}

static void test_shard__goes_on_when_its_callee_leaves(void **state)
{
	struct hall h;
	struct peer *owner;

	(void)state;
	hall_init(&h, 9, false);
	share(&h, 1);
	owner = call_shard(&h, 1, 7);
	call_shard(&h, 2, 7);
	peer_lose(owner);
	assert_non_null(who_heard(&h));
	hears(&h.caller, "[8,48,1,{},'wamp.error.canceled',*]");
	hears_nothing(&h.caller);
	hall_deinit(&h);
}

static void test_shard__declined_goes_to_the_next(void **state)
{
	struct hall h;
	struct peer *owner, *next;

	(void)state;
	hall_init(&h, 9, false);
	share(&h, 2);
	owner = call_shard(&h, 1, 7);
	say(owner, "[8,68,1,{},'wamp.error.unavailable']");
	next = who_heard(&h);
	assert_non_null(next);
	assert_ptr_not_equal(next, owner);
	assert_ptr_equal(call_shard(&h, 2, 7), owner);
	hall_deinit(&h);
}

static void test_shard__options_are_checked(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 0, false);
	share(&h, 100);
	say(&h.caller, "[48,1,{'runmode':'partition'},'q.p']");
	hears(&h.caller, "[8,48,1,{},'wamp.error.invalid_argument',*]");
	say(&h.caller, "[48,2,{'runmode':'partition','rkey':7},'q.p']");
	hears(&h.caller, "[8,48,2,{},'wamp.error.invalid_argument',*]");
	say(&h.caller, "[48,3,{'runmode':'all','rkey':'a'},'q.p']");
	hears(&h.caller, "[8,48,3,{},'wamp.error.invalid_argument',*]");
	hall_deinit(&h);
}

static void test_force__takes_the_place_of_all(void **state)
{
	struct hall h;
	uint64_t id;

	(void)state;
	hall_init(&h, 9, false);
	id = peer_register(&h.a, 1, "'invoke':'roundrobin','concurrency':1",
			   "q.p");
	peer_register(&h.b, 1, "'invoke':'roundrobin','concurrency':1",
		      "q.p");
	for (unsigned i = 1; i <= 3; i++)
		say(&h.caller, "[48,%u,{},'q.p',[%u]]", i, i);
	hears(&h.a, "[68,1,*");
	hears(&h.b, "[68,1,*");
	assert_int_equal(peer_register(&h.c, 1, "'force_reregister':true",
				       "q.p"), id);
	hears(&h.a, "[67,0,{'registration':*,"
		     "'reason':'wamp.error.unregistered'}]");
	hears(&h.b, "[67,0,{'registration':*,"
		     "'reason':'wamp.error.unregistered'}]");
	hears(&h.c, "[68,1,*,[3]]"); /* the queue has lived on */
	say(&h.a, "[70,1,{},['late']]");
	hears(&h.caller, "[50,1,{},['late']]");
	/* The policy is the newcomer's: single. */
	say(&h.a, "[64,2,{'invoke':'roundrobin'},'q.p']");
	hears(&h.a, "[8,64,2,{},'wamp.error.procedure_already_exists',*]");
	hall_deinit(&h);
}

static void test_force__nothing_to_replace(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 0, true);
	peer_register(&h.a, 1, "'force_reregister':true", "q.p");
	hall_deinit(&h);
}

/* The one that is there already stays, with what it asks for now. */
static void test_force__again_with_another_concurrency(void **state)
{
	struct hall h;
	uint64_t id;

	(void)state;
	hall_init(&h, 9, false);
	id = peer_register(&h.a, 1, "'concurrency':1", "q.p");
	for (unsigned i = 1; i <= 5; i++)
		say(&h.caller, "[48,%u,{},'q.p',[%u]]", i, i);
	hears(&h.a, "[68,1,*");
	hears_nothing(&h.a);
	assert_true(id == peer_register(&h.a, 2, "'concurrency':3,"
					"'force_reregister':true", "q.p"));
	hears(&h.a, "[68,2,*");
	hears(&h.a, "[68,3,*");
	hears_nothing(&h.a);
	peer_register(&h.a, 3, "'concurrency':2,'force_reregister':true",
		      "q.p");
	say(&h.a, "[70,1,{}]");
	hears_nothing(&h.a); /* it has two */
	say(&h.a, "[70,2,{}]");
	hears(&h.a, "[68,4,*");
	hears_nothing(&h.a);
	hall_deinit(&h);
}

static void test_force__a_rule_denies_it(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 0, true);
	peer_register(&h.a, 1, "", "q.p");
	say(&h.b, "[64,1,{'force_reregister':true},'q.p']");
	hears(&h.b, "[8,64,1,{},'wamp.error.not_authorized',*]");
	hears_nothing(&h.a);
	hall_deinit(&h);
}

static void test_force__no_word_to_who_has_not_announced_it(void **state)
{
	struct hall h;
	struct peer plain;

	(void)state;
	hall_init(&h, 0, false);
	peer_join_plain(&plain, &h.room);
	peer_register(&plain, 1, "", "q.p");
	peer_register(&h.a, 1, "'force_reregister':true", "q.p");
	hears_nothing(&plain);
	say(&h.caller, "[48,1,{},'q.p']");
	hears(&h.a, "[68,1,*");
	peer_deinit(&plain);
	hall_deinit(&h);
}

static void test_callees__counters(void **state)
{
	struct hall h;
	unsigned long long id;

	(void)state;
	hall_init(&h, 9, false);
	id = peer_register(&h.a, 1, "'invoke':'first','concurrency':2",
			   "q.p");
	peer_register(&h.b, 1, "'invoke':'first'", "q.p");
	for (unsigned i = 1; i <= 3; i++) {
		say(&h.caller, "[48,%u,{},'q.p']", i);
		hears(&h.a, "[68,*");
		room_wait(&h.room, 10);
		say(&h.a, i == 1 ? "[70,1,{}]" :
			  i == 2 ? "[8,68,2,{},'no.good']" :
				   "[8,68,3,{},'wamp.error.unavailable']");
	}
	say(&h.c, "[48,1,{},'wamp.x_manyhands.procedure.callees',[%llu]]",
	    id);
	hears(&h.c, "[50,1,{},[{'registration':*,'done':1,'errors':1,"
		    "'declined':1,'mean_ms':10.0,'queued':0,'callees':["
		    "{'session':*,'concurrency':2,'in_flight':0,'done':1,"
		    "'errors':1,'declined':1,'mean_ms':10.0},"
		    "{'session':*,'concurrency':null,'in_flight':1,'done':0,"
		    "'errors':0,'declined':0,'mean_ms':null}]}]]");
	say(&h.c, "[48,2,{},'wamp.x_manyhands.procedure.callees',[1]]");
	hears(&h.c, "[8,48,2,{},'wamp.error.no_such_registration']");
	hall_deinit(&h);
}

static void set(struct hall *h, unsigned request, const char *rule)
{
	say(&h->c, "[48,%u,{},'wamp.x_manyhands.procedure.set',[{%s}]]",
	    request, rule);
}

static void test_rule__raised_concurrency_drains(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9, false);
	set(&h, 1, "'uri':'q.p','concurrency_max':1,'queue':3");
	hears(&h.c, "[50,1,{},[{'uri':'q.p','match':'exact','invoke':null,"
		    "'concurrency_max':1,'queue':3,'force':true,"
		    "'wait':false}]]");
	peer_register(&h.a, 1, "'concurrency':3", "q.p");
	for (unsigned i = 1; i <= 4; i++)
		say(&h.caller, "[48,%u,{},'q.p',[%u]]", i, i);
	hears(&h.a, "[68,1,*");
	hears_nothing(&h.a);
	set(&h, 2, "'uri':'q.p','concurrency_max':null");
	hears(&h.a, "[68,2,*");
	hears(&h.a, "[68,3,*");
	hears_nothing(&h.a); /* it asked for no more than 3 */
	hall_deinit(&h);
}

static void test_rule__lowered_concurrency_and_queue(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9, false);
	peer_register(&h.a, 1, "'concurrency':2", "q.p");
	for (unsigned i = 1; i <= 4; i++)
		say(&h.caller, "[48,%u,{},'q.p',[%u]]", i, i);
	set(&h, 1, "'uri':'q.p','concurrency_max':1,'queue':1");
	say(&h.caller, "[48,5,{},'q.p']");
	hears(&h.caller,
	      "[8,48,5,{},'crossbar.error.max_concurrency_reached',*]");
	hears(&h.a, "[68,1,*");
	hears(&h.a, "[68,2,*");
	say(&h.a, "[70,1,{}]");
	hears_nothing(&h.a); /* the second is in flight */
	say(&h.a, "[70,2,{}]");
	hears(&h.a, "[68,3,*,[3]]");
	hall_deinit(&h);
}

static void test_rule__policy_of_a_live_registration(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h, 9, false);
	peer_register(&h.a, 1, "'invoke':'first'", "q.p");
	peer_register(&h.b, 1, "'invoke':'first'", "q.p");
	set(&h, 1, "'uri':'q.p','invoke':'last'");
	say(&h.caller, "[48,1,{},'q.p']");
	hears(&h.b, "[68,1,*");
	set(&h, 2, "'uri':'q.p','invoke':'single'");
	say(&h.caller, "[48,2,{},'q.p']");
	hears(&h.a, "[68,1,*");
	say(&h.c, "[64,3,{'invoke':'last'},'q.p']");
	hears(&h.c, "[50,1,*");
	hears(&h.c, "[50,2,*");
	hears(&h.c, "[8,64,3,{},'wamp.error.procedure_already_exists',*]");
	hall_deinit(&h);
}

static void test_rule__arguments_are_checked(void **state)
{
	static const char *const bad[] = {
		"", "'uri':7", "'uri':'a b'", "'uri':'wamp.x'",
		"'uri':'q.p','match':'some'", "'uri':'q.p','invoke':'all'",
		"'uri':'q.p','queue':-1", "'uri':'q.p','concurrency_max':'x'",
		"'uri':'q.p','force':1", "'uri':'q.p','other':1",
	};
	struct hall h;

	(void)state;
	hall_init(&h, 9, false);
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		set(&h, i + 1, bad[i]);
		hears(&h.c, "[8,48,*,{},'wamp.error.invalid_argument',*]");
	}
	set(&h, 11, "'uri':'q.','match':'prefix','force':false");
	hears(&h.c, "[50,*");
	say(&h.c, "[48,12,{},'wamp.x_manyhands.procedure.list']");
	hears(&h.c, "[50,12,{},[["
		    "{'uri':'q.',*,'queue':9,'force':false,*},"
		    "{'uri':'q.',*,'queue':9,'force':true,*}]]]");
	hall_deinit(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leastloaded__relative_to_concurrency),
		cmocka_unit_test(test_leastloaded__ties_in_turn),
		cmocka_unit_test(test_shard__the_same_callee_while_it_lives),
		cmocka_unit_test(test_shard__waits_for_its_callee),
		cmocka_unit_test(test_shard__goes_on_when_its_callee_leaves),
		cmocka_unit_test(test_shard__declined_goes_to_the_next),
		cmocka_unit_test(test_shard__options_are_checked),
		cmocka_unit_test(test_force__takes_the_place_of_all),
		cmocka_unit_test(test_force__nothing_to_replace),
		cmocka_unit_test(test_force__again_with_another_concurrency),
		cmocka_unit_test(test_force__a_rule_denies_it),
		cmocka_unit_test(
			test_force__no_word_to_who_has_not_announced_it),
		cmocka_unit_test(test_callees__counters),
		cmocka_unit_test(test_rule__raised_concurrency_drains),
		cmocka_unit_test(test_rule__lowered_concurrency_and_queue),
		cmocka_unit_test(test_rule__policy_of_a_live_registration),
		cmocka_unit_test(test_rule__arguments_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
