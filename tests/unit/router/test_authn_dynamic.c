/* Authenticators that are procedures: what they are asked, what they may
 * answer, and that nobody joins without an answer. */
#include "tests/unit/base/fail_malloc.h"

#include "room.h"

#include "crypto/cra.h"
#include "router/ask.h"

struct door {
	struct room room;
	struct peer judge, guest;
	unsigned invocation;
};

static void door_open(struct door *d, enum authn_method method)
{
	memset(d, 0, sizeof *d);
	room_init_two(&d->room);
	peer_join(&d->judge, &d->room);
	peer_register(&d->judge, 1, "", "com.auth");
	d->room.authn.anonymous_role = NULL;
	d->room.authn.ways[AUTHN_TICKET].on = false;
	d->room.authn.ways[method] = (struct authn_way){
		.on = true, .authenticator = (char *)"com.auth",
	};
}

static void door_close(struct door *d)
{
	peer_deinit(&d->guest);
	peer_deinit(&d->judge);
	room_deinit(&d->room);
}

static void knock(struct door *d, const char *method)
{
	if (d->guest.session)
		peer_deinit(&d->guest);
	peer_init(&d->guest, &d->room);
	say(&d->guest, "[1,'realm1',{" ALL_ROLES ",'authmethods':['%s'],"
		       "'authid':'kim'}]", method);
}

static void asked(struct door *d, const char *details)
{
	char want[256];

	snprintf(want, sizeof want, "[68,%u,*,{*},['realm1','kim',{%s}]]",
		 ++d->invocation, details);
	hears(&d->judge, want);
}

static void answer(struct door *d, const char *result)
{
	say(&d->judge, "[70,%u,{},[%s]]", d->invocation, result);
}

#define FAILED "[3,*'wamp.error.authentication_failed']"
#define DENIED "[3,*'wamp.error.authentication_denied']"

static void test_dynamic__a_role_lets_anonymous_in(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_ANONYMOUS);
	knock(&d, "anonymous");
	hears_nothing(&d.guest);
	asked(&d, "'authmethod':'anonymous','transport':{'type':'fake'}");
	answer(&d, "'guest'");
	/* The name was only claimed. */
	hears(&d.guest, "[2,*'authid':'*','authrole':'guest','authmethod':"
			"'anonymous','authprovider':'dynamic'*");
	assert_string_not_equal(d.guest.session->authid, "kim");
	door_close(&d);
}

static void test_dynamic__a_ticket_is_passed_on(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_TICKET);
	knock(&d, "ticket");
	hears(&d.guest, "[4,'ticket',{}]");
	hears_nothing(&d.judge);
	say(&d.guest, "[5,'s3cret',{}]");
	asked(&d, "*'ticket':'s3cret'");
	answer(&d, "{'role':'guest','authid':'kimberly',"
		   "'extra':{'colour':'red'}}");
	hears(&d.guest, "[2,*'authid':'kimberly','authrole':'guest'*"
			"'authextra':{'colour':'red'}*");
	door_close(&d);
}

static void test_dynamic__a_secret_becomes_a_challenge(void **state)
{
	struct arena a;
	struct buf signature;
	struct value *v;
	struct door d;

	(void)state;
	arena_init(&a, 1024);
	buf_init(&signature);
	door_open(&d, AUTHN_WAMPCRA);
	knock(&d, "wampcra");
	asked(&d, "*");
	answer(&d, "{'role':'guest','secret':'s3cret'}");
	assert_int_equal(serializer_json.decode(&a, bytes_str(
							heard(&d.guest)),
						&wamp_limits_default, &v), 0);
	assert_int_equal(cra_answer(bytes_str("s3cret"), list_at(v, 2),
				    &signature, NULL), 0);
	buf_add_u8(&signature, 0);
	say(&d.guest, "[5,'%s',{}]", (const char *)signature.data);
	hears(&d.guest, "[2,*'authid':'kim','authrole':'guest'*");
	buf_deinit(&signature);
	arena_deinit(&a);
	door_close(&d);
}

static void test_dynamic__a_wrong_proof_is_denied(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_WAMPCRA);
	knock(&d, "wampcra");
	asked(&d, "*");
	answer(&d, "{'role':'guest','secret':'s3cret'}");
	hears(&d.guest, "[4,'wampcra',*");
	say(&d.guest, "[5,'AAAA',{}]");
	hears(&d.guest, DENIED);
	door_close(&d);
}

static void test_dynamic__what_is_no_answer_is_a_no(void **state)
{
	static const struct {
		enum authn_method method;
		const char *name, *answer;
	} cases[] = {
		{ AUTHN_ANONYMOUS, "anonymous", "" },
		{ AUTHN_ANONYMOUS, "anonymous", "null" },
		{ AUTHN_ANONYMOUS, "anonymous", "true" },
		{ AUTHN_ANONYMOUS, "anonymous", "{}" },
		{ AUTHN_ANONYMOUS, "anonymous", "{'role':7}" },
		{ AUTHN_ANONYMOUS, "anonymous",
		  "{'role':'guest','realm':7}" },
		{ AUTHN_WAMPCRA, "wampcra", "'guest'" },
		{ AUTHN_WAMPCRA, "wampcra", "{'role':'guest'}" },
		{ AUTHN_WAMPCRA, "wampcra",
		  "{'role':'guest','secret':''}" },
		{ AUTHN_WAMPCRA, "wampcra",
		  "{'role':'guest','secret':'x','salt':'y',"
		  "'iterations':0}" },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct door d;

		door_open(&d, cases[i].method);
		knock(&d, cases[i].name);
		asked(&d, "*");
		answer(&d, cases[i].answer);
		hears(&d.guest, FAILED);
		assert_true(d.guest.closed);
		door_close(&d);
	}
}

static void test_dynamic__errors_and_silence_are_a_no(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_ANONYMOUS);
	knock(&d, "anonymous");
	asked(&d, "*");
	say(&d.judge, "[8,68,1,{},'com.error.no']");
	hears(&d.guest, DENIED);
	knock(&d, "anonymous");
	asked(&d, "*");
	say(&d.judge, "[8,68,2,{},'wamp.error.runtime_error']");
	hears(&d.guest, FAILED);
	knock(&d, "anonymous");
	asked(&d, "*");
	room_wait(&d.room, ASK_MS);
	hears(&d.guest, FAILED);
	peer_lose(&d.judge);
	peer_forget(&d.judge);
	knock(&d, "anonymous"); /* nobody offers it */
	hears(&d.guest, FAILED);
	door_close(&d);
}

static void test_dynamic__an_unknown_role_does_not_join(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_ANONYMOUS);
	knock(&d, "anonymous");
	asked(&d, "*");
	answer(&d, "'ghost'");
	hears(&d.guest, "[3,*'wamp.error.no_such_role']");
	door_close(&d);
}

/* Another than the one that is asked for is the authenticator's to say. */
static void test_dynamic__the_answer_has_the_realm(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_ANONYMOUS);
	knock(&d, "anonymous");
	asked(&d, "*");
	answer(&d, "{'role':'guest','realm':'realm2','extra':{'x':[1]}}");
	hears(&d.guest, "[2,*'realm':'realm2'*'authextra':{'x':[1]}*");
	knock(&d, "anonymous");
	asked(&d, "*");
	answer(&d, "{'role':'guest','realm':null}");
	hears(&d.guest, "[2,*'realm':'realm1'*");
	knock(&d, "anonymous");
	asked(&d, "*");
	answer(&d, "{'role':'guest','realm':'realm3'}");
	hears(&d.guest, "[3,*'wamp.error.no_such_realm']");
	door_close(&d);
}

/* Nobody is asked in a realm that is not there: the way has to name one. */
static void test_dynamic__no_realm_is_asked_for(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_ANONYMOUS);
	peer_init(&d.guest, &d.room);
	say(&d.guest, "[1,null,{" ALL_ROLES ",'authid':'kim'}]");
	hears(&d.guest, FAILED);
	peer_deinit(&d.guest);
	d.room.authn.ways[AUTHN_ANONYMOUS].realm = (char *)"realm1";
	peer_init(&d.guest, &d.room);
	say(&d.guest, "[1,null,{" ALL_ROLES ",'authid':'kim'}]");
	hears(&d.judge, "[68,1,*,{*},[null,'kim',{*}]]");
	d.invocation++;
	answer(&d, "{'role':'guest','realm':'realm2'}");
	hears(&d.guest, "[2,*'realm':'realm2'*");
	peer_deinit(&d.guest);
	peer_init(&d.guest, &d.room);
	say(&d.guest, "[1,null,{" ALL_ROLES ",'authid':'kim'}]");
	hears(&d.judge, "[68,2,*");
	d.invocation++;
	answer(&d, "'guest'");
	hears(&d.guest, "[3,*'wamp.error.no_such_realm']");
	door_close(&d);
}

static void test_dynamic__hellos_extra_is_passed_on(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_ANONYMOUS);
	peer_init(&d.guest, &d.room);
	say(&d.guest, "[1,'realm1',{" ALL_ROLES ",'authid':'kim',"
		      "'authextra':{'device':['a',1]}}]");
	asked(&d, "'authmethod':'anonymous','transport':{'type':'fake'},"
		  "'authextra':{'device':['a',1]}");
	answer(&d, "'guest'");
	hears(&d.guest, "[2,*");
	door_close(&d);
}

/* As in Crossbar.io it is there without being configured. */
static void test_dynamic__the_trusted_role_asks(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_ANONYMOUS);
	d.room.authn.ways[AUTHN_ANONYMOUS].role = (char *)"trusted";
	knock(&d, "anonymous");
	asked(&d, "*");
	answer(&d, "'guest'");
	hears(&d.guest, "[2,*");
	door_close(&d);
}

static void test_dynamic__nothing_is_said_before_the_answer(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_ANONYMOUS);
	knock(&d, "anonymous");
	asked(&d, "*");
	say(&d.guest, "[48,1,{},'com.a']");
	hears(&d.guest, "[3,*'wamp.error.protocol_violation']");
	answer(&d, "'guest'"); /* too late */
	hears_nothing(&d.guest);
	door_close(&d);
}

static void test_dynamic__a_late_answer_finds_nobody(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_ANONYMOUS);
	knock(&d, "anonymous");
	asked(&d, "*");
	peer_lose(&d.guest);
	answer(&d, "'guest'");
	assert_int_equal(d.room.router.joined_total, 1);
	door_close(&d);
}

/* Who asks needs nobody's permission, as the authenticator's realm says. */
static void test_dynamic__in_a_realm_that_is_not_there(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_ANONYMOUS);
	d.room.authn.ways[AUTHN_ANONYMOUS].realm = (char *)"none";
	knock(&d, "anonymous");
	hears(&d.guest, FAILED);
	door_close(&d);
}

static void test_dynamic__asks_in_the_role_it_is_told(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_ANONYMOUS);
	d.room.authn.ways[AUTHN_ANONYMOUS].role = (char *)"guest";
	knock(&d, "anonymous"); /* which may call nothing */
	hears(&d.guest, FAILED);
	hears_nothing(&d.judge);
	door_close(&d);
}

/* The fake connections' own memory would fail, too: only whether the guest is
 * in or out, and that nothing leaks, is looked at. */
static void test_dynamic__each_allocation_fails_once(void **state)
{
	static const char hello[] =
		"[1,\"realm1\",{\"roles\":{\"caller\":{}},\"authmethods\":"
		"[\"anonymous\"],\"authid\":\"kim\"}]";
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct door d;

		door_open(&d, AUTHN_ANONYMOUS);
		peer_lose(&d.judge);
		peer_forget(&d.judge);
		peer_init(&d.guest, &d.room);
		d.guest.closed = true; /* hears nothing */
		fail_malloc_at(n);
		router_receive(&d.room.router, d.guest.session,
			       bytes_of((const uint8_t *)hello,
					sizeof hello - 1));
		failed = fail_malloc_off();
		assert_int_equal(d.guest.session->state, SESSION_OVER);
		door_close(&d);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dynamic__a_role_lets_anonymous_in),
		cmocka_unit_test(test_dynamic__a_ticket_is_passed_on),
		cmocka_unit_test(test_dynamic__a_secret_becomes_a_challenge),
		cmocka_unit_test(test_dynamic__a_wrong_proof_is_denied),
		cmocka_unit_test(test_dynamic__what_is_no_answer_is_a_no),
		cmocka_unit_test(test_dynamic__errors_and_silence_are_a_no),
		cmocka_unit_test(test_dynamic__an_unknown_role_does_not_join),
		cmocka_unit_test(
			test_dynamic__nothing_is_said_before_the_answer),
		cmocka_unit_test(test_dynamic__a_late_answer_finds_nobody),
		cmocka_unit_test(test_dynamic__the_answer_has_the_realm),
		cmocka_unit_test(test_dynamic__no_realm_is_asked_for),
		cmocka_unit_test(test_dynamic__hellos_extra_is_passed_on),
		cmocka_unit_test(test_dynamic__the_trusted_role_asks),
		cmocka_unit_test(test_dynamic__in_a_realm_that_is_not_there),
		cmocka_unit_test(test_dynamic__asks_in_the_role_it_is_told),
		cmocka_unit_test(test_dynamic__each_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
