/* Payload passthru mode and trust levels, through a router with fake
 * connections. */
#include "room.h"

#define PPT "'payload_passthru_mode':true"
#define ATTRIBUTES                                                            \
	"'ppt_scheme':'x_mine','ppt_serializer':'cbor',"                      \
	"'ppt_cipher':'','ppt_keyid':'k'"
#define BINARY "['\\u0000AAEC']"

struct pair {
	struct room room;
	struct peer from, to; /* `from` announces the mode */
};

static void pair_init(struct pair *p, struct procedure_rule *rules,
		      unsigned count, const char *features_of_to)
{
	room_init_with(&p->room, rules, count);
	room_open(&p->room);
	peer_join_with(&p->from, &p->room, PPT);
	peer_join_with(&p->to, &p->room, features_of_to);
}

static void pair_deinit(struct pair *p)
{
	peer_deinit(&p->from);
	peer_deinit(&p->to);
	room_deinit(&p->room);
}

/* --- calls --------------------------------------------------------------- */

static void test_passthru__goes_through_unchanged(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, NULL, 0, PPT);
	peer_register(&p.to, 1, "", "a.b");
	say(&p.from, "[48,1,{" ATTRIBUTES ",'ppt_other':1},'a.b'," BINARY "]");
	hears(&p.to, "[68,1,*,{" ATTRIBUTES "}," BINARY "]");
	say(&p.to, "[70,1,{'ppt_scheme':'mqtt'}," BINARY "]");
	hears(&p.from, "[50,1,{'ppt_scheme':'mqtt'}," BINARY "]");
	say(&p.from, "[48,2,{'ppt_scheme':'mqtt'},'a.b']");
	hears(&p.to, "[68,2,*,{'ppt_scheme':'mqtt'}]");
	say(&p.to, "[8,68,2,{" ATTRIBUTES "},'a.error'," BINARY "]");
	hears(&p.from, "[8,48,2,{" ATTRIBUTES "},'a.error'," BINARY "]");
	pair_deinit(&p);
}

static void test_passthru__progressive_results(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, NULL, 0, PPT ",'progressive_call_results':true");
	peer_register(&p.to, 1, "", "a.b");
	say(&p.from, "[48,1,{'receive_progress':true},'a.b']");
	hears(&p.to, "[68,1,*,{'receive_progress':true}]");
	say(&p.to, "[70,1,{'progress':true,'ppt_scheme':'x'}," BINARY "]");
	hears(&p.from, "[50,1,{'ppt_scheme':'x','progress':true}," BINARY "]");
	pair_deinit(&p);
}

/* Without a scheme it is off, and the others are as unknown as any. */
static void test_passthru__without_a_scheme_is_off(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, NULL, 0, "'x':true");
	peer_register(&p.to, 1, "", "a.b");
	say(&p.from, "[48,1,{'ppt_serializer':'cbor'},'a.b']");
	hears(&p.to, "[68,1,*,{}]");
	say(&p.from, "[48,2,{'ppt_scheme':'','ppt_keyid':'k'},'a.b']");
	hears(&p.to, "[68,2,*,{}]");
	say(&p.to, "[70,1,{'ppt_cipher':'c'}]");
	hears(&p.from, "[50,1,{}]");
	pair_deinit(&p);
}

static void test_passthru__attributes_are_texts(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, NULL, 0, PPT);
	peer_register(&p.to, 1, "", "a.b");
	say(&p.from, "[48,1,{'ppt_scheme':5},'a.b']");
	hears(&p.from, "[8,48,1,{},'wamp.error.invalid_argument',"
		       "['ppt_scheme*']]");
	say(&p.from, "[48,2,{'ppt_scheme':'x','ppt_keyid':[]},'a.b']");
	hears(&p.from, "[8,48,2,{},'wamp.error.invalid_argument',*]");
	say(&p.from, "[16,3,{'ppt_scheme':5,'acknowledge':true},'a.b']");
	hears(&p.from, "[8,16,3,{},'wamp.error.invalid_argument',*]");
	say(&p.from, "[48,4,{},'a.b']");
	hears(&p.to, "[68,1,*");
	say(&p.to, "[70,1,{'ppt_scheme':'x','ppt_cipher':1}]");
	hears(&p.from, "[8,48,4,{},'wamp.error.invalid_argument',*]");
	pair_deinit(&p);
}

static void refused(const char *message)
{
	struct pair p;

	pair_init(&p, NULL, 0, "'x':true");
	peer_register(&p.to, 1, "", "a.b");
	say(&p.from, "[48,1,{},'a.b']");
	hears(&p.to, "[68,1,*");
	say(&p.to, "%s", message);
	hears(&p.to, "[3,*'wamp.error.protocol_violation'*");
	assert_true(p.to.closed);
	hears(&p.from, "[8,48,1,{},'wamp.error.canceled',*]");
	hears_nothing(&p.from);
	pair_deinit(&p);
}

/* A protocol violation each, and nobody else is disturbed. */
static void test_passthru__must_be_announced_to_be_used(void **state)
{
	(void)state;
	refused("[48,2,{'ppt_scheme':'x'},'a.b']");
	refused("[16,2,{'ppt_scheme':'x'},'a.b']");
	refused("[70,1,{'ppt_scheme':'x'}]");
}

static void test_passthru__callee_that_lacks_it(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, NULL, 0, "'x':true");
	peer_register(&p.to, 1, "", "a.b");
	say(&p.from, "[48,1,{'ppt_scheme':'x'},'a.b']");
	hears(&p.from, "[8,48,1,{},'wamp.error.feature_not_supported',*]");
	hears_nothing(&p.to);
	say(&p.from, "[48,2,{'ppt_scheme':'x'},'wamp.session.count']");
	hears(&p.from, "[8,48,2,{},'wamp.error.feature_not_supported',*]");
	pair_deinit(&p);
}

/* Among several callees those that lack it are passed over; a call that waits
 * for one who has it ends when that one leaves. */
static void test_passthru__other_callees_have_it(void **state)
{
	struct procedure_rule rule = { .uri = bytes_str("a.b"),
				       .queue_max = 9 };
	struct pair p;
	struct peer able;

	(void)state;
	pair_init(&p, &rule, 1, "'x':true");
	peer_join_with(&able, &p.room, PPT);
	peer_register(&p.to, 1, "'invoke':'roundrobin'", "a.b");
	peer_register(&able, 1, "'invoke':'roundrobin','concurrency':1",
		      "a.b");
	say(&p.from, "[48,1,{'ppt_scheme':'x'},'a.b',[1]]");
	say(&p.from, "[48,2,{'ppt_scheme':'x'},'a.b',[2]]");
	say(&p.from, "[48,3,{'ppt_scheme':'x'},'a.b',[3]]");
	hears(&able, "[68,1,*,{'ppt_scheme':'x'},[1]]");
	hears_nothing(&p.from);
	say(&able, "[70,1,{}]");
	hears(&able, "[68,2,*,{'ppt_scheme':'x'},[2]]");
	hears(&p.from, "[50,1,{}]");
	peer_lose(&able);
	hears_nothing(&p.to);
	hears(&p.from, "[8,48,3,{},'wamp.error.feature_not_supported',*]");
	hears(&p.from, "[8,48,2,{},'wamp.error.canceled',*]");
	peer_deinit(&able);
	pair_deinit(&p);
}

/* The caller is told that it can not get the result, and the callee too. */
static void test_passthru__caller_that_lacks_it(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, NULL, 0, "'x':true");
	peer_register(&p.from, 1, "'concurrency':1", "a.b");
	say(&p.to, "[48,1,{'receive_progress':true},'a.b']");
	hears(&p.from, "[68,1,*");
	say(&p.from, "[70,1,{'ppt_scheme':'x'}," BINARY "]");
	hears(&p.from, "[8,70,1,{},'wamp.error.feature_not_supported',*]");
	hears(&p.to, "[8,48,1,{},'wamp.error.feature_not_supported',*]");
	say(&p.to, "[48,2,{},'a.b']");
	hears(&p.from, "[68,2,*"); /* the slot is free */
	pair_deinit(&p);
}

static void test_passthru__kept_for_the_queue(void **state)
{
	struct procedure_rule rule = { .uri = bytes_str("a.b"),
				       .queue_max = 9 };
	struct pair p;

	(void)state;
	pair_init(&p, &rule, 1, PPT);
	peer_register(&p.to, 1, "'concurrency':1", "a.b");
	say(&p.from, "[48,1,{},'a.b']");
	say(&p.from, "[48,2,{" ATTRIBUTES "},'a.b'," BINARY ",{'k':1}]");
	say(&p.from, "[48,3,{},'a.b']");
	hears(&p.to, "[68,1,*");
	say(&p.to, "[70,1,{}]");
	hears(&p.to, "[68,2,*,{" ATTRIBUTES "}," BINARY ",{'k':1}]");
	say(&p.to, "[70,2,{}]");
	hears(&p.to, "[68,3,*,{}]");
	pair_deinit(&p);
}

/* --- events -------------------------------------------------------------- */

/* A subscriber that lacks it gets the event all the same: the specification
 * leaves that to the subscriber. */
static void test_passthru__events(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, NULL, 0, "'x':true");
	say(&p.to, "[32,1,{},'a.b']");
	hears(&p.to, "[33,1,*");
	say(&p.from, "[16,1,{" ATTRIBUTES "},'a.b'," BINARY "]");
	hears(&p.to, "[36,*,*,{" ATTRIBUTES "}," BINARY "]");
	pair_deinit(&p);
}

/* --- trust levels -------------------------------------------------------- */

static void trust(struct role *role, const char *uri, enum uri_match match,
		  int64_t level)
{
	struct permission p = { .uri = bytes_str(uri), .match = match,
				.allow = ALLOW_ALL, .has_trustlevel = true,
				.trustlevel = level };

	assert_int_equal(access_add(&role->access, &p), 0);
}

static void test_trustlevel__is_the_permissions(void **state)
{
	struct pair p;

	(void)state;
	room_init_with(&p.room, NULL, 0);
	trust(&p.room.roles[0], "a.", URI_PREFIX, 2);
	trust(&p.room.roles[0], "a.low", URI_EXACT, 0);
	room_open(&p.room);
	peer_join(&p.from, &p.room);
	peer_join(&p.to, &p.room);
	peer_register(&p.to, 1, "", "a.b");
	peer_register(&p.to, 2, "", "a.low");
	peer_register(&p.to, 3, "", "none");
	say(&p.to, "[32,4,{'match':'prefix'},'a.']");
	hears(&p.to, "[33,*");
	say(&p.from, "[48,1,{},'a.b']");
	hears(&p.to, "[68,1,*,{'trustlevel':2}]");
	say(&p.from, "[48,2,{'trustlevel':9},'a.low']");
	hears(&p.to, "[68,2,*,{'trustlevel':0}]");
	say(&p.from, "[48,3,{'trustlevel':9},'none']");
	hears(&p.to, "[68,3,*,{}]");
	say(&p.from, "[16,4,{'trustlevel':9},'a.low']");
	hears(&p.to, "[36,*,*,{'topic':'a.low','trustlevel':0}]");
	pair_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_passthru__goes_through_unchanged),
		cmocka_unit_test(test_passthru__progressive_results),
		cmocka_unit_test(test_passthru__without_a_scheme_is_off),
		cmocka_unit_test(test_passthru__attributes_are_texts),
		cmocka_unit_test(test_passthru__must_be_announced_to_be_used),
		cmocka_unit_test(test_passthru__callee_that_lacks_it),
		cmocka_unit_test(test_passthru__other_callees_have_it),
		cmocka_unit_test(test_passthru__caller_that_lacks_it),
		cmocka_unit_test(test_passthru__kept_for_the_queue),
		cmocka_unit_test(test_passthru__events),
		cmocka_unit_test(test_trustlevel__is_the_permissions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
