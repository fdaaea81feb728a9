/* What the specification says of a router, sentence by sentence: "Session
 * Establishment", "Session Closing", "IDs" of the global scope (basic);
 * "Authentication Methods", "Feature Announcement" (advanced). */
#include "callees.h"

/* --- WELCOME ------------------------------------------------------------- */

/* All that the dealer can, and nothing else. */
static void test_welcome__features_of_the_dealer(void **state)
{
	struct room room;
	struct peer p;

	(void)state;
	room_init(&room);
	peer_init(&p, &room);
	say(&p, "[1,'realm1',{" ALL_ROLES "}]");
	hears(&p, "[2,*,{'roles':{'broker':{'features':{*}},"
		  "'dealer':{'features':{"
		  "'progressive_call_results':true,"
		  "'progressive_call_invocations':true,"
		  "'call_timeout':true,'call_canceling':true,"
		  "'call_cancelling':true,'caller_identification':true,"
		  "'call_trustlevels':true,'payload_passthru_mode':true,"
		  "'pattern_based_registration':true,"
		  "'shared_registration':true,'sharded_registration':true,"
		  "'call_reroute':true,'registration_revocation':true,"
		  "'testament_meta_api':true,'session_meta_api':true,"
		  "'registration_meta_api':true}}},*]");
	peer_deinit(&p);
	room_deinit(&room);
}

/* Random over the whole range, no two alike. */
static void test_welcome__session_ids(void **state)
{
	enum { SESSIONS = 200 };
	static struct peer peers[SESSIONS];
	struct room room;
	unsigned high = 0;

	(void)state;
	room_init(&room);
	for (unsigned i = 0; i < SESSIONS; i++) {
		peer_join(&peers[i], &room);
		assert_int_equal(number_at(&peers[i], 1),
				 peers[i].session->id);
		assert_in_range(peers[i].session->id, 1, 1ULL << 53);
		high += peers[i].session->id > 1ULL << 52;
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(peers[i].session->id,
					     peers[k].session->id);
	}
	assert_in_range(high, SESSIONS / 3, SESSIONS * 2 / 3);
	for (unsigned i = 0; i < SESSIONS; i++)
		peer_deinit(&peers[i]);
	room_deinit(&room);
}

/* --- HELLO --------------------------------------------------------------- */

struct hello {
	const char *details, *answer;
};

static void check_hellos(const struct hello *hellos, unsigned count)
{
	struct room room;

	room_init(&room);
	for (unsigned i = 0; i < count; i++) {
		struct peer p;

		peer_init(&p, &room);
		say(&p, "[1,'realm1',{%s}]", hellos[i].details);
		hears(&p, hellos[i].answer);
		hears_nothing(&p);
		peer_deinit(&p);
	}
	room_deinit(&room);
}

#define WELCOME "[2,*"
#define VIOLATION "[3,{'message':'HELLO*'},'wamp.error.protocol_violation']"

/* At least one of the four, each a dict; others are not known, and ignored. */
static void test_hello__roles(void **state)
{
	static const struct hello hellos[] = {
		{ "", VIOLATION },
		{ "'roles':{}", VIOLATION },
		{ "'roles':null", VIOLATION },
		{ "'roles':['caller']", VIOLATION },
		{ "'roles':'caller'", VIOLATION },
		{ "'roles':{'caller':1}", VIOLATION },
		{ "'roles':{'broker':{},'dealer':{},'x_role':{}}", VIOLATION },
		{ "'roles':{'caller':{}}", WELCOME },
		{ "'roles':{'callee':{}}", WELCOME },
		{ "'roles':{'publisher':{}}", WELCOME },
		{ "'roles':{'subscriber':{}}", WELCOME },
		{ "'roles':{'caller':{},'x_role':7,'broker':{}}", WELCOME },
		{ "'roles':{'caller':{},'callee':true}", WELCOME },
	};

	(void)state;
	check_hellos(hellos, sizeof hellos / sizeof *hellos);
}

/* Unknown features are ignored; what is no true is not announced. */
static void test_hello__features(void **state)
{
	static const struct hello hellos[] = {
		{ "'roles':{'caller':{'features':{'telepathy':true}}}",
		  WELCOME },
		{ "'roles':{'caller':{'features':7}}", WELCOME },
		{ "'roles':{'caller':{'features':{'call_canceling':1}}}",
		  WELCOME },
	};
	struct trio t;
	struct peer p;

	(void)state;
	check_hellos(hellos, sizeof hellos / sizeof *hellos);
	trio_init(&t, NULL, 0);
	peer_join_with(&p, &t.room, "'call_canceling':1,"
				    "'progressive_call_results':'true'");
	peer_register(&p, 1, "", "a.b");
	say(&t.caller, "[48,1,{'receive_progress':true},'a.b']");
	hears(&p, "[68,1,*,{}]");
	say(&t.caller, "[49,1,{'mode':'kill'}]");
	hears_nothing(&p);
	peer_deinit(&p);
	trio_deinit(&t);
}

/* The agent may be said, and is of no consequence. */
static void test_hello__agent_and_the_unknown(void **state)
{
	static const struct hello hellos[] = {
		{ "'agent':'AutobahnJS-0.9.14'," ALL_ROLES, WELCOME },
		{ "'agent':7,'x_cb_node':'n','_mine':[{}]," ALL_ROLES,
		  WELCOME },
	};

	(void)state;
	check_hellos(hellos, 2);
}

static void test_hello__authentication_methods(void **state)
{
	static const struct hello hellos[] = {
		/* The first of the list that can be had. */
		{ "'authmethods':['telepathy',7,'anonymous']," ALL_ROLES,
		  WELCOME },
		{ "'authmethods':['ticket','anonymous'],'authid':'kim',"
		  ALL_ROLES, "[4,'ticket',{}]" },
		/* A ticket's or a secret's needs somebody's name. */
		{ "'authmethods':['ticket','anonymous']," ALL_ROLES, WELCOME },
		{ "'authmethods':['telepathy']," ALL_ROLES,
		  "[3,{'message':'*'},'wamp.error.no_matching_auth_method']" },
		{ "'authmethods':['wampcra'],'authid':'kim'," ALL_ROLES,
		  "[3,{'message':'*'},'wamp.error.no_matching_auth_method']" },
		{ "'authmethods':[]," ALL_ROLES, WELCOME },
	};

	(void)state;
	check_hellos(hellos, sizeof hellos / sizeof *hellos);
}

/* Nobody joins without a method where anonymous is none. */
static void test_hello__authentication_required(void **state)
{
	struct room room;
	struct peer p;

	(void)state;
	room_init(&room);
	room.authn.anonymous_role = NULL;
	peer_init(&p, &room);
	say(&p, "[1,'realm1',{" ALL_ROLES "}]");
	hears(&p, "[3,{'message':'accepted here: ticket'},"
		  "'wamp.error.authentication_required']");
	assert_true(p.closed);
	peer_deinit(&p);
	room_deinit(&room);
}

/* --- before the session is established ----------------------------------- */

static const char *const not_hello[] = {
	"[2,1,{}]", "[4,'x',{}]", "[6,{},'wamp.close.normal']",
	"[8,68,1,{},'a.b']", "[16,1,{},'a.b']", "[17,1,1]", "[32,1,{},'a.b']",
	"[33,1,1]", "[34,1,1]", "[35,1]", "[36,1,1,{}]", "[48,1,{},'a.b']",
	"[49,1,{}]", "[50,1,{}]", "[64,1,{},'a.b']", "[65,1,1]", "[66,1,1]",
	"[67,1]", "[68,1,1,{}]", "[69,1,{}]", "[70,1,{}]", "[999]", "[]",
	"['HELLO','realm1',{}]", "7", "null",
};

enum { NOT_HELLO = sizeof not_hello / sizeof *not_hello };

#define TICKET                                                                \
	"[1,'realm1',{'authmethods':['ticket'],'authid':'kim'," ALL_ROLES "}]"

/* Neither before HELLO, nor while AUTHENTICATE is waited for. */
static void test_before__nothing_else_is_heard(void **state)
{
	struct room room;

	(void)state;
	room_init(&room);
	for (unsigned i = 0; i < 2 * NOT_HELLO; i++) {
		struct peer p;

		peer_init(&p, &room);
		if (i % 2) {
			say(&p, TICKET);
			hears(&p, "[4,'ticket',{}]");
		}
		say(&p, "%s", not_hello[i / 2]);
		hears(&p, "[3,{'message':'*'},"
			  "'wamp.error.protocol_violation']");
		assert_true(p.closed);
		say(&p, i % 2 ? "[5,'s3cret',{}]" : TICKET);
		hears_nothing(&p);
		peer_deinit(&p);
	}
	room_deinit(&room);
}

static void test_before__hello_and_authenticate_out_of_turn(void **state)
{
	struct room room;
	struct peer early, twice;

	(void)state;
	room_init(&room);
	peer_init(&early, &room);
	peer_init(&twice, &room);
	say(&early, "[5,'s3cret',{}]");
	hears(&early, "[3,*,'wamp.error.protocol_violation']");
	say(&twice, TICKET);
	hears(&twice, "[4,*");
	say(&twice, TICKET);
	hears(&twice, "[3,*,'wamp.error.protocol_violation']");
	peer_deinit(&early);
	peer_deinit(&twice);
	room_deinit(&room);
}

/* No response to an ABORT, whenever it comes. */
static void test_abort__is_not_answered(void **state)
{
	static const char *const aborts[] = {
		"[3,{},'wamp.error.x']", "[3,{'message':'no'},'any text']",
		"[3,{},'a.b',['why'],{'k':1}]",
	};
	struct room room;

	(void)state;
	room_init(&room);
	for (unsigned i = 0; i < 9; i++) {
		struct peer p;

		peer_init(&p, &room);
		if (i / 3 == 1)
			say(&p, TICKET);
		if (i / 3 == 2)
			say(&p, "[1,'realm1',{" ALL_ROLES "}]");
		peer_forget(&p);
		say(&p, "%s", aborts[i % 3]);
		hears_nothing(&p);
		assert_true(p.closed);
		peer_deinit(&p);
	}
	room_deinit(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_welcome__features_of_the_dealer),
		cmocka_unit_test(test_welcome__session_ids),
		cmocka_unit_test(test_hello__roles),
		cmocka_unit_test(test_hello__features),
		cmocka_unit_test(test_hello__agent_and_the_unknown),
		cmocka_unit_test(test_hello__authentication_methods),
		cmocka_unit_test(test_hello__authentication_required),
		cmocka_unit_test(test_before__nothing_else_is_heard),
		cmocka_unit_test(
			test_before__hello_and_authenticate_out_of_turn),
		cmocka_unit_test(test_abort__is_not_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
