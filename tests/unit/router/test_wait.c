/* Calls that wait for a callee that does not exist yet. */
#include "room.h"

struct porch {
	struct procedure_rule rules[2];
	struct room room;
	struct peer caller, a, b;
};

/* q.…: 3 calls wait for a callee each; so do those of the pattern "q.". */
static void porch_init(struct porch *p)
{
	memset(p, 0, sizeof *p);
	p->rules[0] = (struct procedure_rule){ .uri = bytes_str("q."),
					       .match = URI_PREFIX,
					       .queue_max = 3, .waits = true };
	p->rules[1] = (struct procedure_rule){ .uri = bytes_str("q.not"),
					       .queue_max = 3 };
	room_init_with(&p->room, p->rules, 2);
	p->room.roles[0].limits.held_bytes = 200;
	room_open(&p->room);
	peer_join(&p->caller, &p->room);
	peer_join(&p->a, &p->room);
	peer_join(&p->b, &p->room);
}

static void porch_deinit(struct porch *p)
{
	peer_deinit(&p->caller);
	peer_deinit(&p->a);
	peer_deinit(&p->b);
	room_deinit(&p->room);
}

static void test_wait__goes_to_the_first_callee(void **state)
{
	struct porch p;

	(void)state;
	porch_init(&p);
	say(&p.caller, "[48,1,{},'q.p',[1],{'k':2}]");
	say(&p.caller, "[48,2,{},'q.p',[2]]");
	say(&p.caller, "[48,3,{},'q.other',[3]]");
	hears_nothing(&p.caller);
	peer_register(&p.a, 1, "'concurrency':1", "q.p");
	hears(&p.a, "[68,1,*,{},[1],{'k':2}]");
	hears_nothing(&p.a);
	say(&p.a, "[70,1,{},[7]]");
	hears(&p.caller, "[50,1,{},[7]]");
	hears(&p.a, "[68,2,*,{},[2]]");
	hears_nothing(&p.a);
	porch_deinit(&p);
}

static void test_wait__only_where_the_rule_says_so(void **state)
{
	struct porch p;

	(void)state;
	porch_init(&p);
	say(&p.caller, "[48,1,{},'q.not']");
	hears(&p.caller, "[8,48,1,{},'wamp.error.no_such_procedure']");
	say(&p.caller, "[48,2,{},'x.p']");
	hears(&p.caller, "[8,48,2,{},'wamp.error.no_such_procedure']");
	peer_register(&p.a, 1, "'concurrency':1", "q.not");
	say(&p.caller, "[48,3,{},'q.not']");
	say(&p.caller, "[48,4,{},'q.not']");
	peer_lose(&p.a);
	hears(&p.caller, "[8,48,4,{},'wamp.error.no_such_procedure',*]");
	hears(&p.caller, "[8,48,3,{},'wamp.error.canceled',*]");
	porch_deinit(&p);
}

static void test_wait__has_the_queues_limit(void **state)
{
	struct porch p;

	(void)state;
	porch_init(&p);
	for (unsigned i = 1; i <= 4; i++)
		say(&p.caller, "[48,%u,{},'q.p',[%u]]", i, i);
	hears(&p.caller, "[8,48,4,{},"
			 "'crossbar.error.max_concurrency_reached',*]");
	hears_nothing(&p.caller);
	say(&p.caller, "[48,5,{},'q.other',[1]]"); /* a queue of its own */
	hears_nothing(&p.caller);
	porch_deinit(&p);
}

static void test_wait__has_the_callers_budget(void **state)
{
	struct porch p;
	char text[180];

	(void)state;
	porch_init(&p);
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	say(&p.caller, "[48,1,{},'q.p',['%s']]", text);
	say(&p.caller, "[48,2,{},'q.other',['%s']]", text);
	hears(&p.caller, "[8,48,2,{},"
			 "'crossbar.error.max_concurrency_reached',*]");
	say(&p.caller, "[49,1,{}]");
	hears(&p.caller, "[8,48,1,{},'wamp.error.canceled']");
	assert_int_equal(p.caller.session->held_bytes, 0);
	say(&p.caller, "[48,3,{},'q.other',['%s']]", text);
	hears_nothing(&p.caller);
	porch_deinit(&p);
}

static void test_wait__ends_as_any_queued_call(void **state)
{
	struct porch p;

	(void)state;
	porch_init(&p);
	say(&p.caller, "[48,1,{'timeout':50},'q.p',[1]]");
	say(&p.caller, "[48,2,{},'q.p',[2]]");
	say(&p.b, "[48,1,{},'q.p',[3]]");
	room_wait(&p.room, 50);
	hears(&p.caller, "[8,48,1,{},'wamp.error.timeout']");
	say(&p.caller, "[49,2,{'mode':'kill'}]");
	hears(&p.caller, "[8,48,2,{},'wamp.error.canceled']");
	peer_lose(&p.b);
	peer_register(&p.a, 1, "", "q.p");
	hears_nothing(&p.a);
	porch_deinit(&p);
}

static void test_wait__what_the_last_callee_leaves(void **state)
{
	struct porch p;
	uint64_t id;

	(void)state;
	porch_init(&p);
	id = peer_register(&p.a, 1, "'concurrency':1", "q.p");
	for (unsigned i = 1; i <= 3; i++)
		say(&p.caller, "[48,%u,{},'q.p',[%u]]", i, i);
	hears(&p.a, "[68,1,*,[1]]");
	say(&p.a, "[66,2,%llu]", (unsigned long long)id);
	hears(&p.a, "[67,2]");
	hears_nothing(&p.caller);
	say(&p.caller, "[48,4,{},'q.p',[4]]"); /* behind the others */
	peer_register(&p.b, 1, "'concurrency':1", "q.p");
	hears(&p.b, "[68,1,*,[2]]");
	say(&p.b, "[70,1,{}]");
	hears(&p.b, "[68,2,*,[3]]");
	peer_lose(&p.b); /* what it has ends as ever */
	hears(&p.caller, "[50,2,*");
	hears(&p.caller, "[8,48,3,{},'wamp.error.canceled',*]");
	peer_register(&p.a, 3, "", "q.p");
	hears(&p.a, "[68,2,*,[4]]");
	porch_deinit(&p);
}

/* The oldest first, whichever URI they wait by. */
static void test_wait__for_a_pattern(void **state)
{
	struct porch p;

	(void)state;
	porch_init(&p);
	say(&p.caller, "[48,1,{},'q.p',[1]]");
	say(&p.caller, "[48,2,{},'q.other',[2]]");
	say(&p.caller, "[48,3,{},'q.p',[3]]");
	peer_register(&p.a, 1, "'match':'prefix'", "q.");
	hears(&p.a, "[68,1,*,{'procedure':'q.p'},[1]]");
	hears(&p.a, "[68,2,*,{'procedure':'q.other'},[2]]");
	hears(&p.a, "[68,3,*,{'procedure':'q.p'},[3]]");
	porch_deinit(&p);
}

static void test_wait__left_by_a_pattern(void **state)
{
	struct porch p;

	(void)state;
	porch_init(&p);
	peer_register(&p.a, 1, "'match':'prefix','concurrency':1", "q.");
	say(&p.caller, "[48,1,{},'q.p',[1]]");
	say(&p.caller, "[48,2,{},'q.other',[2]]");
	say(&p.caller, "[48,3,{},'q.p',[3]]");
	peer_lose(&p.a);
	hears(&p.caller, "[8,48,1,{},'wamp.error.canceled',*]");
	say(&p.caller, "[48,4,{},'q.p',[4]]");
	peer_register(&p.b, 1, "", "q.p");
	hears(&p.b, "[68,1,*,{},[3]]");
	hears(&p.b, "[68,2,*,{},[4]]");
	hears_nothing(&p.b);
	peer_register(&p.b, 2, "", "q.other");
	hears(&p.b, "[68,3,*,{},[2]]");
	porch_deinit(&p);
}

/* Another registration matches what is left: it is queued there by its age. */
static void test_wait__not_while_another_matches(void **state)
{
	struct porch p;

	(void)state;
	porch_init(&p);
	peer_register(&p.a, 1, "'concurrency':1", "q.p");
	peer_register(&p.b, 1, "'match':'prefix','concurrency':1", "q.");
	say(&p.caller, "[48,1,{},'q.p',[1]]");
	say(&p.caller, "[48,2,{},'q.other',[2]]");
	say(&p.caller, "[48,3,{},'q.p',[3]]");
	say(&p.caller, "[48,4,{},'q.other',[4]]");
	hears(&p.b, "[68,1,*,[2]]");
	peer_lose(&p.a);
	say(&p.b, "[70,1,{}]");
	hears(&p.b, "[68,2,*,{'procedure':'q.p'},[3]]");
	say(&p.b, "[70,2,{}]");
	hears(&p.b, "[68,3,*,{'procedure':'q.other'},[4]]");
	porch_deinit(&p);
}

/* A session's own other registration does not get them while it goes. */
static void test_wait__not_given_to_who_leaves(void **state)
{
	struct porch p;

	(void)state;
	porch_init(&p);
	peer_register(&p.a, 1, "'concurrency':1", "q.p");
	peer_register(&p.a, 2, "'match':'prefix'", "q.");
	say(&p.caller, "[48,1,{},'q.p',[1]]");
	say(&p.caller, "[48,2,{},'q.p',[2]]");
	peer_lose(&p.a);
	hears(&p.caller, "[8,48,1,{},'wamp.error.canceled',*]");
	hears_nothing(&p.caller);
	peer_register(&p.b, 1, "", "q.p");
	hears(&p.b, "[68,1,*,[2]]");
	porch_deinit(&p);
}

/* Declined after the last callee has unregistered: the next one is asked. */
static void test_wait__declined_by_who_has_left(void **state)
{
	struct porch p;
	uint64_t id;

	(void)state;
	porch_init(&p);
	id = peer_register(&p.a, 1, "'invoke':'first'", "q.p");
	say(&p.caller, "[48,1,{},'q.p',[1]]");
	say(&p.caller, "[48,2,{},'q.p',[2]]");
	say(&p.a, "[66,2,%llu]", (unsigned long long)id);
	say(&p.a, "[8,68,1,{},'wamp.error.unavailable']");
	hears_nothing(&p.caller);
	peer_register(&p.b, 1, "'invoke':'first'", "q.p");
	hears(&p.b, "[68,1,*,[1]]");
	say(&p.a, "[8,68,2,{},'wamp.error.unavailable']");
	hears(&p.b, "[68,2,*,[2]]");
	porch_deinit(&p);
}

/* Who has declined it already is no next callee. */
static void test_wait__declined_by_who_comes_back(void **state)
{
	struct porch p;
	uint64_t id;

	(void)state;
	porch_init(&p);
	id = peer_register(&p.a, 1, "'invoke':'first'", "q.p");
	say(&p.caller, "[48,1,{},'q.p',[1]]");
	say(&p.a, "[66,2,%llu]", (unsigned long long)id);
	say(&p.a, "[8,68,1,{},'wamp.error.unavailable']");
	hears_nothing(&p.caller);
	say(&p.a, "[64,3,{'invoke':'first'},'q.p']");
	hears(&p.caller, "[8,48,1,{},'wamp.error.no_available_callee',*]");
	porch_deinit(&p);
}

static void test_wait__is_no_registration(void **state)
{
	struct porch p;

	(void)state;
	porch_init(&p);
	say(&p.caller, "[48,1,{},'q.p']");
	say(&p.b, "[48,1,{},'wamp.registration.list']");
	hears(&p.b, "[50,1,{},[{'exact':[],'prefix':[],'wildcard':[]}]]");
	say(&p.b, "[48,2,{},'wamp.registration.lookup',['q.p']]");
	hears(&p.b, "[50,2,{},[null]]");
	say(&p.b, "[48,3,{},'wamp.registration.match',['q.p']]");
	hears(&p.b, "[50,3,{},[null]]");
	say(&p.b, "[32,4,{'match':'prefix'},'wamp.registration.']");
	hears(&p.b, "[33,4,*");
	peer_register(&p.a, 1, "", "q.p");
	hears(&p.b, "[36,*'wamp.registration.on_create'*");
	hears(&p.b, "[36,*'wamp.registration.on_register'*");
	porch_deinit(&p);
}

static void test_wait__is_set_at_run_time(void **state)
{
	struct porch p;

	(void)state;
	porch_init(&p);
	say(&p.b, "[48,1,{},'wamp.x_manyhands.procedure.set',"
		  "[{'uri':'x.p','queue':2,'wait':true}]]");
	hears(&p.b, "[50,1,{},[{'uri':'x.p',*,'queue':2,'force':true,"
		    "'wait':true}]]");
	say(&p.caller, "[48,1,{},'x.p']");
	say(&p.caller, "[48,2,{},'x.p']");
	hears_nothing(&p.caller);
	say(&p.b, "[48,2,{},'wamp.x_manyhands.procedure.set',"
		  "[{'uri':'x.p','queue':1}]]");
	hears_nothing(&p.caller); /* they were let in */
	say(&p.b, "[48,3,{},'wamp.x_manyhands.procedure.set',"
		  "[{'uri':'x.p','wait':null}]]");
	hears(&p.caller, "[8,48,1,{},'wamp.error.no_such_procedure',*]");
	hears(&p.caller, "[8,48,2,{},'wamp.error.no_such_procedure',*]");
	say(&p.b, "[48,4,{},'wamp.x_manyhands.procedure.set',"
		  "[{'uri':'x.p','wait':true,'queue':0}]]");
	say(&p.b, "[48,5,{},'wamp.x_manyhands.procedure.set',"
		  "[{'uri':'x.p','wait':2}]]");
	hears(&p.b, "[50,2,*");
	hears(&p.b, "[50,3,*");
	hears(&p.b, "[8,48,4,{},'wamp.error.invalid_argument',*]");
	hears(&p.b, "[8,48,5,{},'wamp.error.invalid_argument',*]");
	porch_deinit(&p);
}

/* Parts that come meanwhile wait with the first one. */
static void test_wait__progressive_invocation(void **state)
{
	const char *streaming = "'progressive_call_invocations':true,"
				"'call_canceling':true";
	struct porch p;
	struct peer x, y;

	(void)state;
	porch_init(&p);
	peer_join_with(&x, &p.room, streaming);
	peer_join_with(&y, &p.room, streaming);
	say(&x, "[48,1,{'progress':true},'q.p',[1]]");
	say(&x, "[48,1,{},'q.p',[2]]");
	hears_nothing(&x);
	peer_register(&y, 1, "", "q.p");
	hears(&y, "[68,1,*,{'progress':true},[1]]");
	hears(&y, "[68,1,*,{},[2]]");
	peer_deinit(&x);
	peer_deinit(&y);
	porch_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wait__goes_to_the_first_callee),
		cmocka_unit_test(test_wait__only_where_the_rule_says_so),
		cmocka_unit_test(test_wait__has_the_queues_limit),
		cmocka_unit_test(test_wait__has_the_callers_budget),
		cmocka_unit_test(test_wait__ends_as_any_queued_call),
		cmocka_unit_test(test_wait__what_the_last_callee_leaves),
		cmocka_unit_test(test_wait__for_a_pattern),
		cmocka_unit_test(test_wait__left_by_a_pattern),
		cmocka_unit_test(test_wait__not_while_another_matches),
		cmocka_unit_test(test_wait__not_given_to_who_leaves),
		cmocka_unit_test(test_wait__declined_by_who_has_left),
		cmocka_unit_test(test_wait__declined_by_who_comes_back),
		cmocka_unit_test(test_wait__is_no_registration),
		cmocka_unit_test(test_wait__is_set_at_run_time),
		cmocka_unit_test(test_wait__progressive_invocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
