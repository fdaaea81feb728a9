/* Joining, the protocol's rules, limits, back-pressure, ends. Each rule is
 * broken once, and nothing else is disturbed. */
#include "room.h"

struct pair {
	struct room room;
	struct peer a, b;
};

static void pair_init(struct pair *p)
{
	room_init(&p->room);
	peer_join(&p->a, &p->room);
	peer_join(&p->b, &p->room);
}

/* b notices nothing of what a does. */
static void pair_deinit(struct pair *p)
{
	say(&p->b, "[48,1,{},'no.such']");
	hears(&p->b, "[8,48,1,{},'wamp.error.no_such_procedure']");
	peer_deinit(&p->a);
	peer_deinit(&p->b);
	room_deinit(&p->room);
}

/* --- joining ------------------------------------------------------------- */

static void test_join__welcome_says_who_is_who(void **state)
{
	struct room room;
	struct peer p;

	(void)state;
	room_init(&room);
	peer_init(&p, &room);
	say(&p, "[1,'realm1',{" ALL_ROLES "}]");
	hears(&p, "[2,*,{'roles':{'broker':{'features':{*}},'dealer':"
		  "{'features':{*'call_canceling':true,*}}},'realm':'realm1',"
		  "'authid':'*','authrole':'anyone','authmethod':'anonymous',"
		  "'authprovider':'static','agent':'manyhands'}]");
	peer_deinit(&p);
	room_deinit(&room);
}

static void check_hello(const char *hello, const char *answer)
{
	struct room room;
	struct peer p;

	room_init(&room);
	peer_init(&p, &room);
	say(&p, "%s", hello);
	hears(&p, answer);
	hears_nothing(&p);
	assert_true(p.closed);
	peer_deinit(&p);
	room_deinit(&room);
}

static void test_join__refusals(void **state)
{
	(void)state;
	check_hello("[1,'nowhere',{" ALL_ROLES "}]",
		    "[3,{'message':'*'},'wamp.error.no_such_realm']");
	check_hello("[1,'a realm',{" ALL_ROLES "}]",
		    "[3,{'message':'*'},'wamp.error.invalid_uri']");
	check_hello("[1,'realm1',{}]",
		    "[3,{'message':'*'},'wamp.error.protocol_violation']");
	check_hello("[1,'realm1',{'roles':{'callee':true}}]",
		    "[3,{'message':'*'},'wamp.error.protocol_violation']");
	check_hello("[1,'realm1',{'authmethods':['scram']," ALL_ROLES "}]",
		    "[3,{'message':'*'},"
		    "'wamp.error.no_matching_auth_method']");
	check_hello("[1,'realm1',{'authmethods':['ticket']," ALL_ROLES "}]",
		    "[3,{'message':'*'},"
		    "'wamp.error.no_matching_auth_method']");
	check_hello("[48,1,{},'a.b']",
		    "[3,{'message':'*CALL before*'},"
		    "'wamp.error.protocol_violation']");
	check_hello("[6,{},'wamp.close.normal']",
		    "[3,{'message':'*GOODBYE before*'},"
		    "'wamp.error.protocol_violation']");
}

#define TICKET_HELLO                                                          \
	"[1,'realm1',{'authmethods':['ticket'],'authid':'%s'," ALL_ROLES "}]"

static void test_join__ticket(void **state)
{
	struct room room;
	struct peer p;

	(void)state;
	room_init(&room);
	peer_init(&p, &room);
	say(&p, TICKET_HELLO, "kim");
	hears(&p, "[4,'ticket',{}]");
	say(&p, "[5,'s3cret',{}]");
	hears(&p, "[2,*'authid':'kim','authrole':'keeper',"
		  "'authmethod':'ticket'*");
	peer_deinit(&p);
	room_deinit(&room);
}

/* One who is not there is asked, and refused, like one who is. */
static void test_join__wrong_ticket_or_name(void **state)
{
	static const char *const authids[] = { "kim", "nobody" };
	static const char *const tickets[] = { "s3creT", "", "s3cret1" };
	struct room room;

	(void)state;
	room_init(&room);
	for (unsigned i = 0; i < 6; i++) {
		struct peer p;

		peer_init(&p, &room);
		say(&p, TICKET_HELLO, authids[i % 2]);
		hears(&p, "[4,'ticket',{}]");
		say(&p, "[5,'%s',{}]", tickets[i / 2]);
		hears(&p, "[3,{'message':'authid and ticket do not fit'},"
			  "'wamp.error.authentication_denied']");
		assert_true(p.closed);
		peer_deinit(&p);
	}
	room_deinit(&room);
}

static void test_join__no_ticket_over_the_open_network(void **state)
{
	struct room room;
	struct peer p;

	(void)state;
	room_init(&room);
	peer_init(&p, &room);
	p.session->link.confidential = false;
	say(&p, TICKET_HELLO, "kim");
	hears(&p, "[3,{'message':'*only over TLS*'},"
		  "'wamp.error.no_matching_auth_method']");
	peer_deinit(&p);
	room_deinit(&room);
}

static void test_join__role_that_is_not_there(void **state)
{
	struct room room;
	struct peer p;

	(void)state;
	room_init(&room);
	room.authn.anonymous_role = (char *)"ghost";
	peer_init(&p, &room);
	say(&p, "[1,'realm1',{" ALL_ROLES "}]");
	hears(&p, "[3,{},'wamp.error.no_such_role']");
	peer_deinit(&p);
	room_deinit(&room);
}

static void connect_late(struct peer *p, struct room *room, uint64_t age_ms)
{
	memset(p, 0, sizeof *p);
	p->serializer = &serializer_json;
	p->age_ms = age_ms;
	peer_connect(p, room);
}

/* TLS and HTTP are of the 15 s, but for the last one. Who comes later may have
 * to be gone earlier. */
static void test_join__the_handshake_is_of_the_15_s(void **state)
{
	static const uint64_t ages[] = { 0, 5000, 14500, 1000, 99000, 13999 };
	static const uint64_t ends[] = { 15000, 10000, 1000, 14000, 1000,
					 1001 };
	struct room room;
	struct peer peers[6];
	uint64_t now = 0;

	(void)state;
	room_init(&room);
	for (unsigned i = 0; i < 6; i++)
		connect_late(&peers[i], &room, ages[i]);
	for (; now <= 15000; now++) {
		for (unsigned i = 0; i < 6; i++)
			assert_int_equal(peers[i].closed, now >= ends[i]);
		room_wait(&room, 1);
	}
	for (unsigned i = 0; i < 6; i++)
		peer_deinit(&peers[i]);
	room_deinit(&room);
}

static void test_join__takes_no_longer_than_15_s(void **state)
{
	struct room room;
	struct peer slow, challenged;

	(void)state;
	room_init(&room);
	peer_init(&slow, &room);
	peer_init(&challenged, &room);
	say(&challenged, TICKET_HELLO, "kim");
	hears(&challenged, "[4,*");
	room_wait(&room, HELLO_MS - 1);
	assert_false(slow.closed);
	room_wait(&room, 1);
	hears(&slow, "[3,*");
	hears(&challenged, "[3,*");
	assert_true(slow.closed && challenged.closed);
	peer_deinit(&slow);
	peer_deinit(&challenged);
	room_deinit(&room);
}

/* --- rules --------------------------------------------------------------- */

static void check_violation(const char *message)
{
	struct pair p;

	pair_init(&p);
	say(&p.a, "%s", message);
	hears(&p.a, "[3,{'message':'*'},'wamp.error.protocol_violation']");
	hears_nothing(&p.a);
	assert_true(p.a.closed);
	say(&p.a, "[48,1,{},'a.b']"); /* nobody listens any more */
	hears_nothing(&p.a);
	pair_deinit(&p);
}

static void test_rules__violations(void **state)
{
	(void)state;
	check_violation("[1,'realm1',{" ALL_ROLES "}]");
	check_violation("[5,'s3cret',{}]");
	check_violation("[2,1,{}]");
	check_violation("[4,'ticket',{}]");
	check_violation("[50,1,{}]");
	check_violation("[]");
	check_violation("{}");
	check_violation("[999,1]");
	check_violation("['48',1,{},'a.b']");
	check_violation("[48,1,{}]");
	check_violation("[48,1,[],'a.b']");
	check_violation("[48,true,{},'a.b']");
	check_violation("[48,0,{},'a.b']");
	check_violation("[48,9007199254740993,{},'a.b']");
	check_violation("[48,1,{},'a.b',{}]");
	check_violation("[48,1,{},'a.b',[],[]]");
	check_violation("[48,2,{},'a.b']");  /* not the first */
	check_violation("[64,7,{},'a.b']");
	check_violation("[70,1,{}]");        /* never issued */
	check_violation("[8,68,1,{},'x.y']");
	check_violation("[8,48,1,{},'x.y']"); /* not for a client to say */
	check_violation("[48,1,{'progress':true},'a.b']");
}

static void test_rules__repeated_request_id(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	say(&p.a, "[32,1,{},'a.b']");
	hears(&p.a, "[33,1,*]");
	say(&p.a, "[32,1,{},'a.c']");
	hears(&p.a, "[3,*,'wamp.error.protocol_violation']");
	pair_deinit(&p);
}

static void test_rules__undecodable_frame(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	router_receive(&p.room.router, p.a.session, bytes_str("[48,1,{}"));
	hears(&p.a, "[3,*,'wamp.error.protocol_violation']");
	pair_deinit(&p);
}

/* The payload is walked: what is wrong in it closes its sender. */
static void test_rules__undecodable_payload(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	peer_register(&p.a, 1, "", "a.b");
	say(&p.b, "[48,1,{},'a.b']");
	hears(&p.a, "[68,1,*");
	router_receive(&p.room.router, p.a.session,
		       bytes_str("[70,1,{},[{\"k\":1,\"k\":2}]]"));
	hears(&p.a, "[3,*,'wamp.error.protocol_violation']");
	hears(&p.b, "[8,48,1,{},'wamp.error.canceled',*]");
	assert_false(p.b.closed);
	peer_deinit(&p.a);
	peer_deinit(&p.b);
	room_deinit(&p.room);
}

static void test_rules__invalid_uris(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	say(&p.a, "[48,1,{},'a..b']");
	hears(&p.a, "[8,48,1,{},'wamp.error.invalid_uri',*]");
	say(&p.a, "[32,2,{},'a b']");
	hears(&p.a, "[8,32,2,{},'wamp.error.invalid_uri',*]");
	say(&p.a, "[32,3,{'match':'wildcard'},'a..b']");
	hears(&p.a, "[33,3,*]");
	say(&p.a, "[64,4,{},'wamp.my.own']");
	hears(&p.a, "[8,64,4,{},'wamp.error.invalid_uri',*]");
	say(&p.a, "[16,5,{},'wamp.session.on_join',[1]]");
	hears_nothing(&p.a); /* not acknowledged: no answer */
	say(&p.a, "[16,6,{'acknowledge':true},'wamp.session.on_join']");
	hears(&p.a, "[8,16,6,{},'wamp.error.invalid_uri',*]");
	say(&p.a, "[48,7,{},'wamp.no.such']");
	hears(&p.a, "[8,48,7,{},'wamp.error.no_such_procedure']");
	pair_deinit(&p);
}

/* A prefix that covers it does not get what is the router's own. */
static void test_rules__patterns_do_not_catch_meta_procedures(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	peer_register(&p.a, 1, "'match':'prefix'", "wam");
	say(&p.a, "[48,2,{},'wamp.session.count']");
	hears(&p.a, "[50,2,{},[2]]");
	pair_deinit(&p);
}

static void test_rules__not_authorized(void **state)
{
	struct room room;
	struct peer p;

	(void)state;
	room_init_with(&room, NULL, 0);
	room_allow(&room.roles[1], "a.", URI_PREFIX, 1 << ACTION_CALL);
	room.authn.anonymous_role = (char *)"guest";
	room_open(&room);
	peer_join(&p, &room);
	say(&p, "[48,1,{},'a.b']");
	hears(&p, "[8,48,1,{},'wamp.error.no_such_procedure']");
	say(&p, "[48,2,{},'b.a']");
	hears(&p, "[8,48,2,{},'wamp.error.not_authorized']");
	say(&p, "[48,3,{},'wamp.session.list']");
	hears(&p, "[8,48,3,{},'wamp.error.not_authorized']");
	say(&p, "[64,4,{},'a.b']");
	hears(&p, "[8,64,4,{},'wamp.error.not_authorized']");
	say(&p, "[32,5,{},'a.b']");
	hears(&p, "[8,32,5,{},'wamp.error.not_authorized']");
	say(&p, "[16,6,{'acknowledge':true},'a.b']");
	hears(&p, "[8,16,6,{},'wamp.error.not_authorized']");
	say(&p, "[16,7,{},'a.b']");
	hears_nothing(&p);
	peer_deinit(&p);
	room_deinit(&room);
}

static void test_rules__disclosure_by_permission(void **state)
{
	struct room room;
	struct peer p, guest;

	(void)state;
	room_init_with(&room, NULL, 0);
	room_allow(&room.roles[1], "a.", URI_PREFIX, 1 << ACTION_CALL);
	room.roles[1].access.permissions[0].disclose_caller = true;
	room_open(&room);
	peer_join(&p, &room);
	peer_register(&p, 1, "", "a.b");
	room.authn.anonymous_role = (char *)"guest";
	peer_join(&guest, &room);
	say(&guest, "[48,1,{},'a.b']");
	hears(&p, "[68,1,*,{'caller':*,'caller_authid':'*',"
		  "'caller_authrole':'guest'}]");
	peer_deinit(&p);
	peer_deinit(&guest);
	room_deinit(&room);
}

/* --- ends ---------------------------------------------------------------- */

static void test_end__goodbye_is_answered(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	say(&p.a, "[6,{},'wamp.close.close_realm']");
	hears(&p.a, "[6,{},'wamp.close.goodbye_and_out']");
	assert_true(p.a.closed);
	pair_deinit(&p);
}

static void test_end__abort_is_not_answered(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p);
	say(&p.a, "[3,{},'some.reason']");
	hears_nothing(&p.a);
	assert_true(p.a.closed);
	pair_deinit(&p);
}

static void test_end__shutdown_says_goodbye_to_all(void **state)
{
	struct room room;
	struct peer a, b, early;

	(void)state;
	room_init(&room);
	peer_join(&a, &room);
	peer_join(&b, &room);
	peer_init(&early, &room);
	peer_register(&a, 1, "", "a.b");
	say(&b, "[48,1,{},'a.b']");
	router_shutdown(&room.router, "wamp.close.system_shutdown");
	hears(&early, "[3,{},'wamp.close.system_shutdown']");
	hears(&a, "[68,*");
	hears(&a, "[6,{},'wamp.close.system_shutdown']");
	hears_nothing(&a);
	/* Its call is answered before it is told to go. */
	hears(&b, "[8,48,1,{},'wamp.error.canceled',*]");
	hears(&b, "[6,{},'wamp.close.system_shutdown']");
	say(&a, "[6,{},'wamp.close.goodbye_and_out']");
	assert_true(a.closed);
	assert_false(b.closed);
	room_wait(&room, GOODBYE_MS);
	assert_true(b.closed);
	hears_nothing(&b);
	peer_deinit(&a);
	peer_deinit(&b);
	peer_deinit(&early);
	room_deinit(&room);
}

/* --- limits -------------------------------------------------------------- */

static void limited_init(struct room *room, const struct role_limits *l)
{
	room_init_with(room, NULL, 0);
	room->roles[0].limits = *l;
	room_open(room);
}

static void test_limits__counts(void **state)
{
	struct role_limits l = limits_default;
	struct room room;
	struct peer p, callee;

	(void)state;
	l.subscriptions = 2;
	l.registrations = 2;
	l.patterns = 1;
	l.calls = 2;
	limited_init(&room, &l);
	peer_join(&p, &room);
	peer_join(&callee, &room);
	say(&p, "[32,1,{'match':'prefix'},'a.']");
	hears(&p, "[33,1,*]");
	say(&p, "[32,2,{'match':'wildcard'},'a..b']");
	hears(&p, "[8,32,2,{},'manyhands.error.limit',*]");
	say(&p, "[64,3,{'match':'prefix'},'a.']");
	hears(&p, "[8,64,3,{},'manyhands.error.limit',*]");
	say(&p, "[32,4,{},'a.a']");
	hears(&p, "[33,4,*]");
	say(&p, "[32,5,{},'a.b']");
	hears(&p, "[8,32,5,{},'manyhands.error.limit',*]");
	peer_register(&callee, 1, "", "a.a");
	peer_register(&callee, 2, "", "a.b");
	say(&callee, "[64,3,{},'a.c']");
	hears(&callee, "[8,64,3,{},'manyhands.error.limit',*]");
	say(&p, "[48,6,{},'a.a']");
	say(&p, "[48,7,{},'a.a']");
	say(&p, "[48,8,{},'a.a']");
	hears(&p, "[8,48,8,{},'crossbar.error.max_concurrency_reached',*]");
	/* Canceled ones count until the callee has done with them. */
	say(&p, "[49,6,{'mode':'skip'}]");
	hears(&p, "[8,48,6,{},'wamp.error.canceled']");
	say(&p, "[48,9,{},'a.a']");
	hears(&p, "[8,48,9,{},'crossbar.error.max_concurrency_reached',*]");
	say(&callee, "[70,1,{}]");
	say(&p, "[48,10,{},'a.a']");
	hears_nothing(&p);
	peer_deinit(&p);
	peer_deinit(&callee);
	room_deinit(&room);
}

static void test_limits__of_the_role_hold_after_joining(void **state)
{
	struct room room;
	struct peer p;
	char *long_text = malloc(70000);

	(void)state;
	assert_non_null(long_text);
	memset(long_text, 'x', 70000);
	room_init(&room);
	peer_init(&p, &room);
	memcpy(long_text, "[1,\"", 4);
	memcpy(long_text + 69994, "\",{}]", 5);
	router_receive(&room.router, p.session, bytes_of(long_text, 69999));
	hears(&p, "[3,*,'wamp.error.protocol_violation']");
	peer_deinit(&p);
	peer_join(&p, &room);
	assert_int_equal(p.limits.message_bytes, 1 << 20);
	memcpy(long_text, "[32,1,{\"k\":\"", 12);
	memcpy(long_text + 69984, "\"},\"a.b\"]", 9);
	router_receive(&room.router, p.session, bytes_of(long_text, 69993));
	hears(&p, "[33,1,*]");
	peer_deinit(&p);
	room_deinit(&room);
	free(long_text);
}

static void test_limits__rate_pauses(void **state)
{
	struct role_limits l = limits_default;
	struct room room;
	struct peer p;

	(void)state;
	l.rate = 10;
	l.burst = 3;
	limited_init(&room, &l);
	peer_join(&p, &room); /* HELLO counts */
	say(&p, "[48,1,{},'a.b']");
	say(&p, "[48,2,{},'a.b']");
	assert_false(p.paused);
	say(&p, "[48,3,{},'a.b']");
	assert_true(p.paused);
	hears(&p, "[8,48,1,*");
	hears(&p, "[8,48,2,*");
	hears(&p, "[8,48,3,*"); /* what was read is answered all the same */
	room_wait(&room, 99);
	assert_true(p.paused);
	room_wait(&room, 1);
	assert_false(p.paused);
	peer_deinit(&p);
	room_deinit(&room);
}

static void test_limits__held_bytes_bound_the_queue(void **state)
{
	struct procedure_rule rule = { .uri = bytes_str("q.p"),
				       .queue_max = 100 };
	struct role_limits l = limits_default;
	struct room room;
	struct peer p, callee;

	(void)state;
	l.held_bytes = 36; /* two calls of 14 bytes, and their URIs */
	room_init_with(&room, &rule, 1);
	room.roles[0].limits = l;
	room_open(&room);
	peer_join(&p, &room);
	peer_join(&callee, &room);
	peer_register(&callee, 1, "'concurrency':1", "q.p");
	for (unsigned i = 1; i <= 4; i++)
		say(&p, "[48,%u,{},'q.p',['0123456789']]", i);
	hears(&p, "[8,48,4,{},'crossbar.error.max_concurrency_reached',*]");
	say(&callee, "[70,1,{}]"); /* 2 is dispatched, its bytes are free */
	hears(&p, "[50,1,{}]");
	say(&p, "[48,5,{},'q.p',['0123456789']]");
	hears_nothing(&p);
	peer_deinit(&p);
	peer_deinit(&callee);
	room_deinit(&room);
}

/* --- back-pressure ------------------------------------------------------- */

static void test_backpressure__callees_of_a_full_caller_wait(void **state)
{
	struct role_limits l = limits_default;
	struct room room;
	struct peer caller, callee;

	(void)state;
	l.backpressure = true;
	l.output_bytes = 1000;
	limited_init(&room, &l);
	peer_join(&caller, &room);
	peer_join(&callee, &room);
	peer_register(&callee, 1, "", "a.b");
	say(&caller, "[48,1,{},'a.b']");
	say(&caller, "[48,2,{},'a.b']");
	say(&callee, "[70,1,{}]");
	assert_false(callee.paused);
	caller.output = 500;
	say(&callee, "[70,2,{}]");
	assert_true(callee.paused);
	caller.output = 100;
	router_drained(&room.router, caller.session);
	assert_false(callee.paused);
	peer_deinit(&caller);
	peer_deinit(&callee);
	room_deinit(&room);
}

static void test_backpressure__ends_with_the_caller(void **state)
{
	struct role_limits l = limits_default;
	struct room room;
	struct peer caller, callee;

	(void)state;
	l.backpressure = true;
	l.output_bytes = 1000;
	limited_init(&room, &l);
	peer_join(&caller, &room);
	peer_join(&callee, &room);
	peer_register(&callee, 1, "", "a.b");
	say(&caller, "[48,1,{},'a.b']");
	caller.output = 900;
	say(&callee, "[8,68,1,{},'x.y']");
	assert_true(callee.paused);
	peer_lose(&caller);
	assert_false(callee.paused);
	peer_deinit(&caller);
	peer_deinit(&callee);
	room_deinit(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_join__welcome_says_who_is_who),
		cmocka_unit_test(test_join__refusals),
		cmocka_unit_test(test_join__ticket),
		cmocka_unit_test(test_join__wrong_ticket_or_name),
		cmocka_unit_test(test_join__no_ticket_over_the_open_network),
		cmocka_unit_test(test_join__role_that_is_not_there),
		cmocka_unit_test(test_join__takes_no_longer_than_15_s),
		cmocka_unit_test(test_join__the_handshake_is_of_the_15_s),
		cmocka_unit_test(test_rules__violations),
		cmocka_unit_test(test_rules__repeated_request_id),
		cmocka_unit_test(test_rules__undecodable_frame),
		cmocka_unit_test(test_rules__undecodable_payload),
		cmocka_unit_test(test_rules__invalid_uris),
		cmocka_unit_test(
			test_rules__patterns_do_not_catch_meta_procedures),
		cmocka_unit_test(test_rules__not_authorized),
		cmocka_unit_test(test_rules__disclosure_by_permission),
		cmocka_unit_test(test_end__goodbye_is_answered),
		cmocka_unit_test(test_end__abort_is_not_answered),
		cmocka_unit_test(test_end__shutdown_says_goodbye_to_all),
		cmocka_unit_test(test_limits__counts),
		cmocka_unit_test(test_limits__of_the_role_hold_after_joining),
		cmocka_unit_test(test_limits__rate_pauses),
		cmocka_unit_test(test_limits__held_bytes_bound_the_queue),
		cmocka_unit_test(
			test_backpressure__callees_of_a_full_caller_wait),
		cmocka_unit_test(test_backpressure__ends_with_the_caller),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
