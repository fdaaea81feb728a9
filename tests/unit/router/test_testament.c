/* Testaments: what a session leaves behind, however it ends. */
#include "room.h"

struct duo {
	struct room room;
	struct peer a, b; /* a has testaments, b hears them */
};

static void duo_open(struct duo *d)
{
	room_open(&d->room);
	peer_join(&d->a, &d->room);
	peer_join(&d->b, &d->room);
	say(&d->b, "[32,1,{'match':'prefix'},'a.']");
	hears(&d->b, "[33,*");
}

static void duo_init(struct duo *d)
{
	room_init_with(&d->room, NULL, 0);
	duo_open(d);
}

static void duo_deinit(struct duo *d)
{
	peer_deinit(&d->a);
	peer_deinit(&d->b);
	room_deinit(&d->room);
}

static void add(struct peer *p, unsigned request, const char *arguments)
{
	say(p, "[48,%u,{},'wamp.session.add_testament',%s]", request,
	    arguments);
}

static void is_added(struct peer *p, unsigned request, const char *arguments)
{
	add(p, request, arguments);
	hears(p, "[50,*,{}]");
}

static void flush(struct peer *p, unsigned request, const char *kwargs)
{
	say(p, "[48,%u,{},'wamp.session.flush_testaments',[],{%s}]", request,
	    kwargs);
}

static void test_testament__when_the_connection_is_lost(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	is_added(&d.a, 1, "['a.b',['Seeya!'],{'my_name':'app1'}]");
	is_added(&d.a, 2, "['a.c']");
	hears_nothing(&d.b);
	peer_lose(&d.a);
	hears(&d.b, "[36,*,*,{'topic':'a.b'},['Seeya!'],"
		    "{'my_name':'app1'}]");
	hears(&d.b, "[36,*,*,{'topic':'a.c'}*");
	hears_nothing(&d.b);
	duo_deinit(&d);
}

static void test_testament__at_goodbye_and_at_a_kill(void **state)
{
	struct duo d;
	struct peer c;

	(void)state;
	duo_init(&d);
	peer_join(&c, &d.room);
	is_added(&d.a, 1, "['a.b',[1],{}]");
	is_added(&c, 1, "['a.c',[2],{}]");
	say(&d.a, "[6,{},'wamp.close.close_realm']");
	hears(&d.b, "[36,*,*,{'topic':'a.b'},[1]*");
	say(&d.b, "[48,2,{},'wamp.session.kill',[%llu]]",
	    (unsigned long long)c.session->id);
	hears(&d.b, "[36,*,*,{'topic':'a.c'},[2]*");
	hears(&d.b, "[50,2,*");
	hears_nothing(&d.b);
	peer_deinit(&c);
	duo_deinit(&d);
}

/* Both happen at once, detached first: "MUST send detached-scope Testaments
 * before destroyed-scope Testaments". */
static void test_testament__detached_before_destroyed(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	is_added(&d.a, 1, "['a.1',[],{}]");
	is_added(&d.a, 2, "['a.2',[],{},{'x':1}],{'scope':'detached'}");
	is_added(&d.a, 3, "['a.3',[],{}],{'scope':'destroyed'}");
	is_added(&d.a, 4, "['a.4',[],{}],{'scope':'detached'}");
	peer_lose(&d.a);
	hears(&d.b, "[36,*,*,{'topic':'a.2'}*");
	hears(&d.b, "[36,*,*,{'topic':'a.4'}*");
	hears(&d.b, "[36,*,*,{'topic':'a.1'}*");
	hears(&d.b, "[36,*,*,{'topic':'a.3'}*");
	duo_deinit(&d);
}

static void test_testament__flush(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	is_added(&d.a, 1, "['a.1',[],{}]");
	is_added(&d.a, 2, "['a.2',[],{}],{'scope':'detached'}");
	is_added(&d.a, 3, "['a.3',[],{}]");
	flush(&d.a, 4, ""); /* destroyed is the default */
	hears(&d.a, "[50,4,{}]");
	hears_nothing(&d.b); /* not published by that */
	flush(&d.a, 5, "'scope':'other'");
	hears(&d.a, "[8,48,5,{},'wamp.error.invalid_argument',*]");
	peer_lose(&d.a);
	hears(&d.b, "[36,*,*,{'topic':'a.2'}*");
	hears_nothing(&d.b);
	duo_deinit(&d);
}

static void test_testament__publish_options(void **state)
{
	struct duo d;
	char text[256];

	(void)state;
	duo_init(&d);
	is_added(&d.a, 1, "['a.1',[],{}],{'publish_options':"
			  "{'acknowledge':true,'retain':true,"
			  "'disclose_me':true,'exclude':null}}");
	snprintf(text, sizeof text,
		 "['a.2',[],{}],{'publish_options':{'exclude_authid':['%s']}}",
		 d.b.session->authid);
	is_added(&d.a, 2, text);
	is_added(&d.a, 3, "['a.3',null,null],{'publish_options':null,"
			  "'scope':null}");
	peer_lose(&d.a);
	hears(&d.b, "[36,*,*,{'topic':'a.1','publisher':*,"
		    "'publisher_authrole':'anyone'}*");
	hears(&d.b, "[36,*,*,{'topic':'a.3'}*");
	hears_nothing(&d.b);
	say(&d.b, "[32,2,{'get_retained':true},'a.1']");
	hears(&d.b, "[33,*");
	hears(&d.b, "[36,*,*,{*'retained':true}*");
	duo_deinit(&d);
}

static void test_testament__bad_arguments(void **state)
{
	static const struct {
		const char *arguments, *uri;
	} bad[] = {
		{ "[]", "wamp.error.invalid_argument" },
		{ "[7]", "wamp.error.invalid_argument" },
		{ "['a.b',{}]", "wamp.error.invalid_argument" },
		{ "['a.b',[],[]]", "wamp.error.invalid_argument" },
		{ "['a.b'],{'scope':'later'}", "wamp.error.invalid_argument" },
		{ "['a.b'],{'scope':7}", "wamp.error.invalid_argument" },
		{ "['a.b'],{'publish_options':[]}",
		  "wamp.error.invalid_argument" },
		{ "['a.b'],{'publish_options':{'exclude':7}}",
		  "wamp.error.invalid_argument" },
		{ "['a b']", "wamp.error.invalid_uri" },
		{ "['a..b']", "wamp.error.invalid_uri" },
		{ "['wamp.a']", "wamp.error.invalid_uri" },
	};
	struct duo d;

	(void)state;
	duo_init(&d);
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		char pattern[96];

		snprintf(pattern, sizeof pattern, "[8,48,%u,{},'%s',*]",
			 i + 1, bad[i].uri);
		add(&d.a, i + 1, bad[i].arguments);
		hears(&d.a, pattern);
	}
	peer_lose(&d.a);
	hears_nothing(&d.b);
	duo_deinit(&d);
}

/* Asked when it is added, so that its owner learns of it. */
static void test_testament__only_where_one_may_publish(void **state)
{
	struct duo d;

	(void)state;
	room_init_with(&d.room, NULL, 0);
	room_allow(&d.room.roles[0], "b.secret", URI_EXACT, 0);
	duo_open(&d);
	add(&d.a, 1, "['b.secret',[],{}]");
	hears(&d.a, "[8,48,1,{},'wamp.error.not_authorized',*]");
	is_added(&d.a, 2, "['a.open',[],{}]");
	peer_lose(&d.a);
	hears(&d.b, "[36,*,*,{'topic':'a.open'}*");
	hears_nothing(&d.b);
	duo_deinit(&d);
}

static void test_testament__limits(void **state)
{
	struct duo d;
	char text[1024];

	(void)state;
	room_init_with(&d.room, NULL, 0);
	d.room.roles[0].limits.testaments = 2;
	d.room.roles[0].limits.testament_bytes = 1000;
	duo_open(&d);
	snprintf(text, sizeof text, "['a.1',['%0900d'],{}]", 0);
	add(&d.a, 1, text);
	hears(&d.a, "[8,48,1,{},'manyhands.error.limit',*]");
	is_added(&d.a, 2, "['a.2',[],{}]");
	is_added(&d.a, 3, "['a.3',[],{}]");
	add(&d.a, 4, "['a.4',[],{}]");
	hears(&d.a, "[8,48,4,{},'manyhands.error.limit',*]");
	flush(&d.a, 5, "");
	hears(&d.a, "[50,*");
	is_added(&d.a, 6, "['a.5',[],{}]");
	duo_deinit(&d);
}

/* "Closing all sessions in the realm will not generate session meta events or
 * testament events". */
static void test_testament__none_of_kill_all(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	is_added(&d.a, 1, "['a.1',[],{}]");
	say(&d.b, "[32,2,{},'wamp.session.on_leave']");
	hears(&d.b, "[33,*");
	say(&d.b, "[48,3,{},'wamp.session.kill_all']");
	hears(&d.b, "[50,3,{},[1]]");
	hears_nothing(&d.b);
	duo_deinit(&d);
}

/* Those who leave with it are told before on_leave, and a congested listener
 * holds nobody who is gone. */
static void test_testament__before_on_leave(void **state)
{
	struct duo d;

	(void)state;
	room_init_with(&d.room, NULL, 0);
	d.room.roles[0].limits.backpressure = true;
	duo_open(&d);
	say(&d.b, "[32,2,{},'wamp.session.on_leave']");
	hears(&d.b, "[33,*");
	is_added(&d.a, 1, "['a.1',[],{}]");
	d.b.output = limits_default.output_bytes;
	peer_lose(&d.a);
	hears(&d.b, "[36,*,*,{'topic':'a.1'}*");
	hears(&d.b, "[36,*,*,{},[*,'*','anyone']]");
	duo_deinit(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_testament__when_the_connection_is_lost),
		cmocka_unit_test(test_testament__at_goodbye_and_at_a_kill),
		cmocka_unit_test(test_testament__detached_before_destroyed),
		cmocka_unit_test(test_testament__flush),
		cmocka_unit_test(test_testament__publish_options),
		cmocka_unit_test(test_testament__bad_arguments),
		cmocka_unit_test(test_testament__only_where_one_may_publish),
		cmocka_unit_test(test_testament__limits),
		cmocka_unit_test(test_testament__none_of_kill_all),
		cmocka_unit_test(test_testament__before_on_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
