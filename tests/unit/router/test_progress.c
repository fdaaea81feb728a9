/* Progressive call invocations: each rule of their section, through a router
 * with fake connections. */
#include "room.h"

#define STREAMS                                                               \
	"'progressive_call_invocations':true,'call_canceling':true,"          \
	"'progressive_call_results':true"

struct hall {
	struct procedure_rule rule;
	struct room room;
	struct peer caller, a, b;
};

/* q.*: a queue of nine calls. */
static void hall_init(struct hall *h)
{
	h->rule = (struct procedure_rule){ .uri = bytes_str("q."),
					   .match = URI_PREFIX,
					   .queue_max = 9 };
	room_init_with(&h->room, &h->rule, 1);
	room_open(&h->room);
	peer_join_with(&h->caller, &h->room, STREAMS);
	peer_join_with(&h->a, &h->room, STREAMS);
	peer_join_with(&h->b, &h->room, STREAMS);
}

static void hall_deinit(struct hall *h)
{
	peer_deinit(&h->caller);
	peer_deinit(&h->a);
	peer_deinit(&h->b);
	room_deinit(&h->room);
}

static void serve(struct peer *p)
{
	peer_register(p, 1, "'invoke':'roundrobin','concurrency':1", "q.p");
}

static void part(struct hall *h, unsigned request, bool more, unsigned number)
{
	say(&h->caller, "[48,%u,{'progress':%s},'q.p',[%u]]", request,
	    more ? "true" : "false", number);
}

/* --- the course of a call ------------------------------------------------ */

static void test_progress__one_id_and_one_callee(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h);
	serve(&h.a);
	serve(&h.b);
	part(&h, 1, true, 1);
	part(&h, 2, true, 21);
	part(&h, 1, true, 2);
	part(&h, 2, false, 22);
	say(&h.caller, "[48,1,{},'q.p',[3],{'k':1}]");
	hears(&h.a, "[68,1,*,{'progress':true},[1]]");
	hears(&h.a, "[68,1,*,{'progress':true},[2]]");
	hears(&h.a, "[68,1,*,{},[3],{'k':1}]");
	hears(&h.b, "[68,1,*,{'progress':true},[21]]");
	hears(&h.b, "[68,1,*,{},[22]]");
	say(&h.a, "[70,1,{},['whole']]");
	hears(&h.caller, "[50,1,{},['whole']]");
	say(&h.b, "[8,68,1,{},'a.error']");
	hears(&h.caller, "[8,48,2,{},'a.error']");
	hears_nothing(&h.caller);
	hall_deinit(&h);
}

static void test_progress__both_ways_at_once(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h);
	serve(&h.a);
	say(&h.caller, "[48,1,{'progress':true,'receive_progress':true},"
		       "'q.p',[1]]");
	hears(&h.a, "[68,1,*,{'progress':true,'receive_progress':true},[1]]");
	say(&h.a, "[70,1,{'progress':true},['one']]");
	hears(&h.caller, "[50,1,{'progress':true},['one']]");
	part(&h, 1, false, 2);
	hears(&h.a, "[68,1,*,{'receive_progress':true},[2]]");
	say(&h.a, "[70,1,{},['two']]");
	hears(&h.caller, "[50,1,{},['two']]");
	hall_deinit(&h);
}

/* Details of all parts are those of the first; what later ones ask is not
 * looked at. */
static void test_progress__options_are_frozen(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h);
	peer_deinit(&h.a);
	peer_join_with(&h.a, &h.room, STREAMS ",'payload_passthru_mode':true");
	peer_deinit(&h.caller);
	peer_join_with(&h.caller, &h.room,
		       STREAMS ",'payload_passthru_mode':true");
	peer_register(&h.a, 1, "'match':'prefix'", "n.");
	say(&h.caller, "[48,1,{'progress':true,'disclose_me':true,"
		       "'ppt_scheme':'x','ppt_keyid':'k'},'n.p']");
	say(&h.caller, "[48,1,{'progress':true,'receive_progress':true,"
		       "'timeout':1,'ppt_scheme':5},'n.p']");
	say(&h.caller, "[48,1,{'ppt_scheme':'y'},'n.p']");
	hears(&h.a, "[68,1,*,{'progress':true,'procedure':'n.p','caller':*,"
		    "'caller_authid':*,'caller_authrole':'anyone',"
		    "'ppt_scheme':'x','ppt_keyid':'k'}]");
	hears(&h.a, "[68,1,*,{'progress':true,'procedure':'n.p','caller':*,"
		    "'caller_authrole':'anyone',"
		    "'ppt_scheme':'x','ppt_keyid':'k'}]");
	hears(&h.a, "[68,1,*,{'procedure':'n.p','caller':*,"
		    "'ppt_scheme':'x','ppt_keyid':'k'}]");
	room_wait(&h.room, 10);
	hears_nothing(&h.caller);
	hall_deinit(&h);
}

/* Its timeout is one until the first result, whatever comes in meanwhile. */
static void test_progress__timeout(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h);
	serve(&h.a);
	say(&h.caller, "[48,1,{'progress':true,'timeout':50},'q.p',[1]]");
	room_wait(&h.room, 40);
	part(&h, 1, true, 2);
	room_wait(&h.room, 10);
	hears(&h.caller, "[8,48,1,{},'wamp.error.timeout']");
	hears(&h.a, "[68,1,*");
	hears(&h.a, "[68,1,*");
	hears(&h.a, "[69,1,{'mode':'killnowait'}]");
	part(&h, 1, false, 3);
	hears_nothing(&h.a);
	hears_nothing(&h.caller);
	hall_deinit(&h);
}

/* --- who may ------------------------------------------------------------- */

static void test_progress__caller_must_announce(void **state)
{
	struct hall h;
	struct peer old;

	(void)state;
	hall_init(&h);
	serve(&h.a);
	peer_join(&old, &h.room);
	say(&old, "[48,1,{'progress':true},'q.p']");
	hears(&old, "[3,*'wamp.error.protocol_violation'*");
	hears_nothing(&h.a);
	peer_deinit(&old);
	/* Nor may it use an id twice. */
	peer_join(&old, &h.room);
	say(&old, "[48,1,{},'q.p']");
	say(&old, "[48,1,{},'q.p']");
	hears(&old, "[3,*'wamp.error.protocol_violation'*");
	peer_deinit(&old);
	hall_deinit(&h);
}

static void refused(const char *features)
{
	struct hall h;
	struct peer old;

	hall_init(&h);
	peer_join_with(&old, &h.room, features);
	serve(&old);
	part(&h, 1, true, 1);
	hears(&h.caller, "[8,48,1,{},'wamp.error.feature_not_supported',*]");
	part(&h, 1, false, 2); /* it could not know yet */
	hears_nothing(&h.caller);
	hears_nothing(&old);
	say(&h.caller, "[48,2,{},'q.p',[3]]");
	hears(&old, "[68,1,*,{},[3]]");
	peer_deinit(&old);
	hall_deinit(&h);
}

static void test_progress__callee_must_announce(void **state)
{
	(void)state;
	refused("'call_canceling':true");
	refused("'progressive_call_invocations':true"); /* no canceling */
}

static void test_progress__either_spelling_of_canceling(void **state)
{
	struct hall h;
	struct peer p;

	(void)state;
	hall_init(&h);
	peer_join_with(&p, &h.room, "'progressive_call_invocations':true,"
				    "'call_cancelling':true");
	serve(&p);
	part(&h, 1, true, 1);
	hears(&p, "[68,1,*,{'progress':true},[1]]");
	peer_deinit(&p);
	hall_deinit(&h);
}

static void test_progress__the_router_takes_no_parts(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h);
	say(&h.caller, "[48,1,{'progress':true},'wamp.session.count']");
	hears(&h.caller, "[8,48,1,{},'wamp.error.feature_not_supported',*]");
	hall_deinit(&h);
}

/* --- request ids --------------------------------------------------------- */

static void test_progress__continuing_what_is_over(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h);
	serve(&h.a);
	part(&h, 1, true, 1);
	say(&h.a, "[8,68,1,{},'early']");
	hears(&h.caller, "[8,48,1,{},'early']");
	part(&h, 1, true, 2);
	part(&h, 1, false, 3);
	hears(&h.a, "[68,1,*,[1]]");
	hears_nothing(&h.a);
	say(&h.caller, "[48,2,{'progress':true},'no.such']");
	hears(&h.caller, "[8,48,2,{},'wamp.error.no_such_procedure']");
	say(&h.caller, "[48,2,{},'no.such']");
	hears_nothing(&h.caller);
	part(&h, 3, true, 1);
	hears(&h.a, "[68,2,*");
	say(&h.a, "[70,2,{}]"); /* a RESULT before the last part */
	hears(&h.caller, "[50,3,{}]");
	part(&h, 3, false, 2);
	hears_nothing(&h.a);
	hears_nothing(&h.caller);
	hall_deinit(&h);
}

static void violates(const char *second, const char *third)
{
	struct hall h;

	hall_init(&h);
	peer_register(&h.a, 1, "", "q.p");
	part(&h, 1, true, 1);
	hears(&h.a, "[68,1,*");
	say(&h.caller, "%s", second);
	if (third)
		say(&h.caller, "%s", third);
	hears(&h.caller, "[3,*'wamp.error.protocol_violation'*");
	assert_true(h.caller.closed);
	hall_deinit(&h);
}

static void test_progress__ids_that_violate_the_protocol(void **state)
{
	(void)state;
	violates("[48,3,{},'q.p']", NULL);                    /* a gap */
	violates("[48,3,{'progress':true},'q.p']", NULL);
	violates("[48,2,{},'q.p']", "[48,2,{},'q.p']");  /* an open one */
	violates("[48,1,{},'q.p']", "[48,1,{},'q.p']");  /* after the last */
	violates("[48,1,{'progress':true},'q.other']", NULL);
	violates("[32,1,{},'a.b']", NULL); /* CALLs only */
}

/* --- canceling and leaving ----------------------------------------------- */

static void test_progress__canceled(void **state)
{
	static const char *const modes[] = { "skip", "killnowait", "kill" };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct hall h;

		hall_init(&h);
		serve(&h.a);
		part(&h, 1, true, 1);
		hears(&h.a, "[68,1,*");
		say(&h.caller, "[49,1,{'mode':'%s'}]", modes[i]);
		if (i)
			hears(&h.a, "[69,1,{'mode':'*'}]");
		if (i < 2)
			hears(&h.caller,
			      "[8,48,1,{},'wamp.error.canceled']");
		part(&h, 1, true, 2);
		part(&h, 1, false, 3);
		hears_nothing(&h.a);
		say(&h.a, "[8,68,1,{},'wamp.error.canceled']");
		if (i == 2)
			hears(&h.caller,
			      "[8,48,1,{},'wamp.error.canceled']");
		hears_nothing(&h.caller);
		part(&h, 2, true, 1);
		hears(&h.a, "[68,2,*"); /* the slot is free */
		hall_deinit(&h);
	}
}

static void test_progress__caller_leaves(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h);
	serve(&h.a);
	part(&h, 1, true, 1);
	part(&h, 2, true, 2); /* queued */
	part(&h, 2, true, 3);
	peer_lose(&h.caller);
	hears(&h.a, "[68,1,*");
	hears(&h.a, "[69,1,{'mode':'killnowait'}]");
	say(&h.a, "[70,1,{}]");
	hears_nothing(&h.a);
	hall_deinit(&h);
}

static void test_progress__callee_leaves(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h);
	serve(&h.a);
	serve(&h.b);
	part(&h, 1, true, 1);
	peer_lose(&h.a);
	hears(&h.caller, "[8,48,1,{},'wamp.error.canceled',*]");
	part(&h, 1, false, 2);
	hears_nothing(&h.b);
	hears_nothing(&h.caller);
	hall_deinit(&h);
}

/* It goes on getting what it has begun. */
static void test_progress__callee_unregisters(void **state)
{
	struct hall h;
	uint64_t id;

	(void)state;
	hall_init(&h);
	id = peer_register(&h.a, 1, "'match':'prefix'", "n.");
	say(&h.caller, "[48,1,{'progress':true},'n.p']");
	say(&h.a, "[66,2,%llu]", (unsigned long long)id);
	hears(&h.a, "[68,1,*");
	assert_int_equal(number_at(&h.a, 2), id);
	hears(&h.a, "[67,2]");
	peer_register(&h.a, 3, "'match':'prefix'", "n.");
	say(&h.caller, "[48,1,{},'n.p',[2]]");
	hears(&h.a, "[68,1,*,{'procedure':'n.p'},[2]]");
	assert_int_equal(number_at(&h.a, 2), id);
	say(&h.a, "[70,1,{}]");
	hears(&h.caller, "[50,1,{}]");
	hall_deinit(&h);
}

/* --- the queue ----------------------------------------------------------- */

static void test_progress__parts_wait_in_their_order(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h);
	serve(&h.a);
	say(&h.caller, "[48,1,{},'q.p']");
	hears(&h.a, "[68,1,*");
	part(&h, 2, true, 1);
	part(&h, 3, true, 31);
	part(&h, 2, true, 2);
	say(&h.caller, "[48,2,{},'q.p',[],{'k':3}]");
	say(&h.a, "[70,1,{}]");
	hears(&h.a, "[68,2,*,{'progress':true},[1]]");
	hears(&h.a, "[68,2,*,{'progress':true},[2]]");
	hears(&h.a, "[68,2,*,{},[],{'k':3}]");
	hears_nothing(&h.a);
	say(&h.a, "[70,2,{}]");
	hears(&h.a, "[68,3,*,{'progress':true},[31]]");
	part(&h, 3, false, 32);
	hears(&h.a, "[68,3,*,{},[32]]");
	say(&h.a, "[70,3,{}]");
	assert_int_equal(h.caller.session->held_bytes, 0);
	hall_deinit(&h);
}

static void test_progress__parts_that_wait_are_bounded(void **state)
{
	struct hall h;
	unsigned parts = 1;

	(void)state;
	hall_init(&h);
	h.room.roles[0].limits.held_bytes = 1000;
	serve(&h.a);
	say(&h.caller, "[48,1,{},'q.p']");
	part(&h, 2, true, parts);
	while (h.caller.heard_count == 1 && parts < 1000)
		part(&h, 2, true, ++parts);
	assert_in_range(parts, 3, 100);
	hears(&h.caller,
	      "[8,48,2,{},'crossbar.error.max_concurrency_reached',*]");
	assert_int_equal(h.caller.session->held_bytes, 3); /* 1: its URI */
	part(&h, 2, true, 9); /* over: discarded */
	say(&h.a, "[70,1,{}]");
	hears(&h.caller, "[50,1,{}]");
	hears(&h.a, "[68,1,*");
	hears_nothing(&h.a);
	hall_deinit(&h);
}

static void test_progress__canceled_in_the_queue(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h);
	serve(&h.a);
	say(&h.caller, "[48,1,{},'q.p']");
	part(&h, 2, true, 1);
	part(&h, 2, true, 2);
	say(&h.caller, "[49,2,{}]");
	hears(&h.caller, "[8,48,2,{},'wamp.error.canceled']");
	assert_int_equal(h.caller.session->held_bytes, 3); /* 1: its URI */
	part(&h, 2, false, 3);
	hears(&h.a, "[68,1,*");
	say(&h.a, "[70,1,{}]");
	hears_nothing(&h.a);
	hall_deinit(&h);
}

/* --- rerouting ----------------------------------------------------------- */

/* The next one gets all that was sent of it, and what follows. */
static void test_progress__rerouted_with_all_parts(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h);
	serve(&h.a);
	serve(&h.b);
	part(&h, 1, true, 1);
	part(&h, 1, true, 2);
	say(&h.a, "[8,68,1,{},'wamp.error.unavailable']");
	hears(&h.b, "[68,1,*,{'progress':true},[1]]");
	hears(&h.b, "[68,1,*,{'progress':true},[2]]");
	part(&h, 1, false, 3);
	hears(&h.b, "[68,1,*,{},[3]]");
	say(&h.b, "[70,1,{}]");
	hears(&h.caller, "[50,1,{}]");
	assert_int_equal(h.caller.session->held_bytes, 0);
	hall_deinit(&h);
}

static void test_progress__not_rerouted_when_it_was_much(void **state)
{
	struct hall h;
	char *text = malloc(4000);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', 3900);
	text[3900] = '\0';
	hall_init(&h);
	serve(&h.a);
	serve(&h.b);
	part(&h, 1, true, 1);
	for (unsigned i = 0; i < 70; i++)
		say(&h.caller, "[48,1,{'progress':true},'q.p',['%s']]", text);
	assert_int_equal(h.caller.session->held_bytes, 0);
	say(&h.a, "[8,68,1,{},'wamp.error.unavailable']");
	hears(&h.caller, "[8,48,1,{},'wamp.error.unavailable']");
	hears_nothing(&h.b);
	free(text);
	hall_deinit(&h);
}

/* --- what can not be said ------------------------------------------------ */

static void join_packed(struct peer *p, struct room *room)
{
	memset(p, 0, sizeof *p);
	p->serializer = &serializer_msgpack;
	peer_connect(p, room);
	say(p, "[1,'realm1',{'roles':{'caller':{'features':{" STREAMS "}}}}]");
	hears(p, "[2,*");
}

/* A part that JSON has no words for ends the call, and the callee is told. */
static void test_progress__part_that_can_not_be_said(void **state)
{
	static const uint8_t infinite[] = {
		0x95, 48,   1,    0x80, 0xa3, 'q', '.', 'p', 0x91, 0xcb, 0x7f,
		0xf0, 0,    0,    0,    0,    0,   0
	};
	struct hall h;
	struct peer packed;

	(void)state;
	hall_init(&h);
	serve(&h.a);
	join_packed(&packed, &h.room);
	say(&packed, "[48,1,{'progress':true},'q.p',[1]]");
	hears(&h.a, "[68,1,*,{'progress':true},[1]]");
	router_receive(&h.room.router, packed.session,
		       bytes_of(infinite, sizeof infinite));
	hears(&packed, "[8,48,1,{},'wamp.error.invalid_argument',*]");
	hears(&h.a, "[69,1,{'mode':'killnowait'}]");
	hears_nothing(&h.a);
	peer_deinit(&packed);
	hall_deinit(&h);
}

static void test_progress__queued_part_that_can_not_be_said(void **state)
{
	static const uint8_t infinite[] = {
		0x95, 48,   2,    0x80, 0xa3, 'q', '.', 'p', 0x91, 0xcb, 0x7f,
		0xf0, 0,    0,    0,    0,    0,   0
	};
	struct hall h;
	struct peer packed;

	(void)state;
	hall_init(&h);
	serve(&h.a);
	join_packed(&packed, &h.room);
	say(&packed, "[48,1,{},'q.p']");
	say(&packed, "[48,2,{'progress':true},'q.p',[1]]");
	router_receive(&h.room.router, packed.session,
		       bytes_of(infinite, sizeof infinite));
	hears_nothing(&packed);
	hears(&h.a, "[68,1,*");
	say(&h.a, "[70,1,{}]");
	hears(&packed, "[50,1,*");
	hears(&packed, "[8,48,2,{},'wamp.error.invalid_argument',*]");
	hears(&h.a, "[68,2,*,{'progress':true},[1]]");
	hears(&h.a, "[69,2,{'mode':'killnowait'}]");
	say(&h.a, "[8,68,2,{},'wamp.error.canceled']");
	hears_nothing(&packed);
	peer_deinit(&packed);
	hall_deinit(&h);
}

/* A callee that does not read is not fed faster than it does. */
static void test_progress__a_full_callee_holds_the_caller(void **state)
{
	struct hall h;

	(void)state;
	hall_init(&h);
	h.room.roles[0].limits.backpressure = true;
	serve(&h.a);
	part(&h, 1, true, 1);
	assert_false(h.caller.paused);
	h.a.output = h.room.roles[0].limits.output_bytes;
	part(&h, 1, true, 2);
	assert_true(h.caller.paused);
	hall_deinit(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_progress__one_id_and_one_callee),
		cmocka_unit_test(test_progress__both_ways_at_once),
		cmocka_unit_test(test_progress__options_are_frozen),
		cmocka_unit_test(test_progress__timeout),
		cmocka_unit_test(test_progress__caller_must_announce),
		cmocka_unit_test(test_progress__callee_must_announce),
		cmocka_unit_test(test_progress__either_spelling_of_canceling),
		cmocka_unit_test(test_progress__the_router_takes_no_parts),
		cmocka_unit_test(test_progress__continuing_what_is_over),
		cmocka_unit_test(test_progress__ids_that_violate_the_protocol),
		cmocka_unit_test(test_progress__canceled),
		cmocka_unit_test(test_progress__caller_leaves),
		cmocka_unit_test(test_progress__callee_leaves),
		cmocka_unit_test(test_progress__callee_unregisters),
		cmocka_unit_test(test_progress__parts_wait_in_their_order),
		cmocka_unit_test(test_progress__parts_that_wait_are_bounded),
		cmocka_unit_test(test_progress__canceled_in_the_queue),
		cmocka_unit_test(test_progress__rerouted_with_all_parts),
		cmocka_unit_test(
			test_progress__not_rerouted_when_it_was_much),
		cmocka_unit_test(test_progress__part_that_can_not_be_said),
		cmocka_unit_test(
			test_progress__queued_part_that_can_not_be_said),
		cmocka_unit_test(
			test_progress__a_full_callee_holds_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
