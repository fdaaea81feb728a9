/* Between peers of different serializers: all that both can say arrives
 * exactly, and what one can not say is told to who waits for it. Spec:
 * "Serializers", "Remote Procedure Calls" (basic). */
#include "room.h"

/* Beyond 64 bits: JSON and CBOR can say it, MessagePack can not. */
#define BIG "18446744073709551616"

struct cast {
	struct room room;
	struct peer json, pack, cbor;
};

static void join_in(struct peer *p, struct room *room,
		    const struct serializer *serializer)
{
	memset(p, 0, sizeof *p);
	p->serializer = serializer;
	peer_connect(p, room);
	say(p, "[1,'realm1',{" ALL_ROLES "}]");
	hears(p, "[2,*");
}

static void cast_init(struct cast *c, struct procedure_rule *rules,
		      unsigned count)
{
	room_init_with(&c->room, rules, count);
	room_open(&c->room);
	join_in(&c->json, &c->room, &serializer_json);
	join_in(&c->pack, &c->room, &serializer_msgpack);
	join_in(&c->cbor, &c->room, &serializer_cbor);
}

static void cast_deinit(struct cast *c)
{
	assert_false(c->json.closed || c->pack.closed || c->cbor.closed);
	peer_deinit(&c->json);
	peer_deinit(&c->pack);
	peer_deinit(&c->cbor);
	room_deinit(&c->room);
}

/* What `say` has no words for. */
static void say_hex(struct peer *p, const char *hex)
{
	uint8_t raw[128];
	size_t len = strlen(hex) / 2;

	assert_true(len <= sizeof raw && bytes_unhex(hex, raw, len));
	router_receive(&p->room->router, p->session, bytes_of(raw, len));
	room_check(p->room);
}

/* --- what all can say ---------------------------------------------------- */

static const char values[] =
	"[0,-1,9007199254740993,18446744073709551615,-9223372036854775808,"
	"-0.0,1.0,0.1,1.7976931348623157e+308,'','\xc3\xa9\\u0001',"
	"'\\u0000','\\u0000AAEC',null,true,[],{}],{'':{'k':[[]]}}";

static void check_echo(struct peer *caller, struct peer *callee)
{
	char want[400];
	uint64_t id = peer_register(callee, 1, "", "a.b");

	say(caller, "[48,%u,{},'a.b',%s]", caller == callee ? 2 : 1, values);
	snprintf(want, sizeof want, "[68,1,*,{},%s]", values);
	hears(callee, want);
	say(callee, "[70,1,{},%s]", values);
	snprintf(want, sizeof want, "[50,*,{},%s]", values);
	hears(caller, want);
	say(callee, "[66,%u,%llu]", caller == callee ? 3 : 2,
	    (unsigned long long)id);
	hears(callee, "[67,*]");
}

static void test_transcode__each_pair_echoes(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		struct cast c;
		struct peer *peers[3] = { &c.json, &c.pack, &c.cbor };

		cast_init(&c, NULL, 0);
		check_echo(peers[i / 3], peers[i % 3]);
		cast_deinit(&c);
	}
}

/* An integer of any length, where both can say it. */
static void test_transcode__long_integers(void **state)
{
	struct cast c;

	(void)state;
	cast_init(&c, NULL, 0);
	peer_register(&c.cbor, 1, "", "a.b");
	say(&c.json, "[48,1,{},'a.b',[" BIG ",-" BIG "]]");
	hears(&c.cbor, "[68,1,*,{},[" BIG ",-" BIG "]]");
	say(&c.cbor, "[70,1,{},[],{'n':1" BIG "}]");
	hears(&c.json, "[50,1,{},[],{'n':1" BIG "}]");
	cast_deinit(&c);
}

/* An attribute that nobody knows is ignored, whatever number it is. */
static void test_transcode__long_integers_in_options(void **state)
{
	struct cast c;

	(void)state;
	cast_init(&c, NULL, 0);
	peer_register(&c.cbor, 1, "'x_big':-" BIG, "a.b");
	say(&c.json, "[48,1,{'x_big':" BIG "},'a.b']");
	hears(&c.cbor, "[68,1,*,{}]");
	say(&c.json, "[48,2,{'timeout':" BIG "},'a.b']");
	hears(&c.json, "[8,48,2,{},'wamp.error.invalid_argument',*");
	cast_deinit(&c);
}

/* --- what one can not say ------------------------------------------------ */

#define UNSAID "'wamp.error.invalid_argument',['*can not be said*']]"

/* The arguments for the callee: its caller is told, and the slot is free. */
static void test_unsaid__arguments(void **state)
{
	struct cast c;

	(void)state;
	cast_init(&c, NULL, 0);
	peer_register(&c.pack, 1, "'concurrency':1", "a.b");
	say(&c.json, "[48,1,{},'a.b',[[{'n':" BIG "}]]]");
	hears(&c.json, "[8,48,1,{}," UNSAID);
	say(&c.json, "[48,2,{},'a.b',[],{'n':-" BIG "}]");
	hears(&c.json, "[8,48,2,{}," UNSAID);
	hears_nothing(&c.pack);
	say(&c.json, "[48,3,{},'a.b',[1]]");
	hears(&c.pack, "[68,1,*,{},[1]]");
	cast_deinit(&c);
}

/* Which callee that is shows only when it is its turn. */
static void test_unsaid__arguments_of_a_queued_call(void **state)
{
	struct procedure_rule rule = { .uri = bytes_str("a.b"),
				       .queue_max = 9, .waits = true };
	struct cast c;

	(void)state;
	cast_init(&c, &rule, 1);
	say(&c.json, "[48,1,{},'a.b',[" BIG "]]");
	say(&c.json, "[48,2,{},'a.b',[2]]");
	peer_register(&c.pack, 1, "'concurrency':1", "a.b");
	hears(&c.json, "[8,48,1,{}," UNSAID);
	hears(&c.pack, "[68,1,*,{},[2]]");
	cast_deinit(&c);
}

static void test_unsaid__result(void **state)
{
	struct cast c;

	(void)state;
	cast_init(&c, NULL, 0);
	peer_register(&c.json, 1, "'concurrency':1", "a.b");
	say(&c.pack, "[48,1,{},'a.b']");
	hears(&c.json, "[68,1,*");
	say(&c.json, "[70,1,{},[" BIG "]]");
	hears(&c.pack, "[8,48,1,{}," UNSAID);
	hears_nothing(&c.json);
	say(&c.pack, "[48,2,{},'a.b']");
	hears(&c.json, "[68,2,*");
	cast_deinit(&c);
}

/* NaN and the infinities, which JSON has no words for. */
static void test_unsaid__reals_in_json(void **state)
{
	static const char *const yields[] = {
		"94" "46" "01" "80" "91cb7ff8000000000000",
		"94" "46" "02" "80" "91cb7ff0000000000000",
		"95" "46" "03" "80" "90" "81a16ecbfff0000000000000",
		"94" "46" "04" "80" "91ca7fc00000",
	};
	struct cast c;

	(void)state;
	cast_init(&c, NULL, 0);
	peer_register(&c.pack, 1, "", "a.b");
	for (unsigned i = 0; i < 4; i++) {
		say(&c.json, "[48,%u,{},'a.b']", i + 1);
		hears(&c.pack, "[68,*");
		say_hex(&c.pack, yields[i]);
		hears(&c.json, "[8,48,*,{}," UNSAID);
	}
	cast_deinit(&c);
}

/* Text that a reader of JSON would take for a binary. */
static void test_unsaid__text_in_json(void **state)
{
	struct cast c;

	(void)state;
	cast_init(&c, NULL, 0);
	peer_register(&c.json, 1, "", "a.b");
	/* [48, 1, {}, "a.b", ["\0x"]] */
	say_hex(&c.pack, "9530" "01" "80" "a3612e62" "91a20078");
	hears(&c.pack, "[8,48,1,{}," UNSAID);
	hears_nothing(&c.json);
	cast_deinit(&c);
}

/* Dates, which are passed on between two of the same serializer only. */
static void test_unsaid__dates(void **state)
{
	struct cast c;

	(void)state;
	cast_init(&c, NULL, 0);
	peer_register(&c.json, 1, "", "a.b");
	/* [48, 1, {}, "a.b", [1(0)]] */
	say_hex(&c.cbor, "851830" "01" "a0" "63612e62" "81c100");
	hears(&c.cbor, "[8,48,1,{}," UNSAID);
	/* [48, 1, {}, "a.b", [timestamp 0]] */
	say_hex(&c.pack, "9530" "01" "80" "a3612e62" "91d6ff00000000");
	hears(&c.pack, "[8,48,1,{}," UNSAID);
	hears_nothing(&c.json);
	/* The router's procedures know none. */
	say_hex(&c.cbor, "851830" "02" "a0" "7077616d702e73657373696f6e2e676574"
			 "81c100");
	hears(&c.cbor, "[8,48,2,{},'wamp.error.invalid_argument',*]");
	cast_deinit(&c);
}

/* A part of a result that is missing would not be noticed. */
static void test_unsaid__progressive_result(void **state)
{
	struct cast c;

	(void)state;
	cast_init(&c, NULL, 0);
	peer_register(&c.json, 1, "'concurrency':1", "a.b");
	say(&c.pack, "[48,1,{'receive_progress':true},'a.b']");
	hears(&c.json, "[68,1,*");
	say(&c.json, "[70,1,{'progress':true},[1]]");
	say(&c.json, "[70,1,{'progress':true},[" BIG "]]");
	hears(&c.pack, "[50,1,{'progress':true},[1]]");
	hears(&c.pack, "[8,48,1,{}," UNSAID);
	hears(&c.json, "[69,1,{'mode':'killnowait'}]");
	say(&c.json, "[70,1,{'progress':true},[3]]");
	say(&c.json, "[70,1,{},[4]]");
	hears_nothing(&c.pack);
	say(&c.pack, "[48,2,{},'a.b']");
	hears(&c.json, "[68,2,*");
	cast_deinit(&c);
}

/* Which error it was is told all the same. */
static void test_unsaid__arguments_of_an_error(void **state)
{
	struct cast c;

	(void)state;
	cast_init(&c, NULL, 0);
	peer_register(&c.json, 1, "", "a.b");
	say(&c.pack, "[48,1,{},'a.b']");
	say(&c.json, "[8,68,1,{},'com.myapp.error.overflow',[" BIG "]]");
	hears(&c.pack, "[8,48,1,{},'com.myapp.error.overflow',"
		       "['*can not be said*']]");
	cast_deinit(&c);
}

/* Of the router's own results, too. */
static void test_unsaid__of_a_meta_procedure(void **state)
{
	struct value item = value_big(bytes_str(BIG)), args = value_list();
	struct arena a;
	struct cast c;

	(void)state;
	cast_init(&c, NULL, 0);
	arena_init(&a, 256);
	assert_int_equal(list_add(&a, &args, item), 0);
	session_result(c.json.session, 7, &args);
	hears(&c.json, "[50,7,{},[" BIG "]]");
	session_result(c.pack.session, 7, &args);
	hears(&c.pack, "[8,48,7,{}," UNSAID);
	arena_deinit(&a);
	cast_deinit(&c);
}

/* --- what is longer than one takes: "RawSocket Transport" ---------------- */

#define LONG "['0123456789012345678901234567890123456789']"
#define TOO_LONG "'wamp.error.payload_size_exceeded',['*longer than*']]"

/* Who takes less than others has done nothing wrong: who sent more is told. */
static void test_too_long__calls(void **state)
{
	struct cast c;

	(void)state;
	cast_init(&c, NULL, 0);
	peer_register(&c.pack, 1, "'concurrency':1", "a.b");
	c.pack.session->link.message_max = 50;
	say(&c.json, "[48,1,{},'a.b'," LONG "]");
	hears(&c.json, "[8,48,1,{}," TOO_LONG);
	say(&c.json, "[48,2,{},'a.b',[1]]");
	hears(&c.pack, "[68,1,*,{},[1]]");
	cast_deinit(&c);
}

static void test_too_long__results(void **state)
{
	struct cast c;

	(void)state;
	cast_init(&c, NULL, 0);
	peer_register(&c.pack, 1, "", "a.b");
	c.json.session->link.message_max = 120;
	say(&c.json, "[48,1,{'receive_progress':true},'a.b']");
	hears(&c.pack, "[68,1,*");
	say(&c.pack, "[70,1,{'progress':true},[1]]");
	say(&c.pack, "[70,1,{'progress':true},[" LONG "," LONG "," LONG "]]");
	hears(&c.json, "[50,1,{'progress':true},[1]]");
	hears(&c.json, "[8,48,1,{}," TOO_LONG);
	hears(&c.pack, "[69,1,{'mode':'killnowait'}]");
	say(&c.json, "[48,2,{},'a.b']");
	hears(&c.pack, "[68,2,*");
	say(&c.pack, "[8,68,2,{},'my.error',[" LONG "," LONG "," LONG "]]");
	hears(&c.json, "[8,48,2,{},'my.error',['*longer than*']]");
	peer_register(&c.json, 3, "", "a.very.long.name.of.a.procedure.that."
				      "many.like.to.call.for.its.name");
	say(&c.json, "[48,4,{},'wamp.registration.get',[%llu]]",
	    (unsigned long long)number_at(&c.json, 2));
	hears(&c.json, "[8,48,4,{}," TOO_LONG);
	cast_deinit(&c);
}

static void test_too_long__events(void **state)
{
	struct cast c;

	(void)state;
	cast_init(&c, NULL, 0);
	say(&c.pack, "[32,1,{},'a.b']");
	say(&c.cbor, "[32,1,{},'a.b']");
	hears(&c.pack, "[33,*");
	hears(&c.cbor, "[33,*");
	c.pack.session->link.message_max = 50;
	say(&c.json, "[16,1,{},'a.b'," LONG "]");
	hears(&c.cbor, "[36,*,*,{}," LONG "]");
	say(&c.json, "[16,2,{},'a.b',[2]]");
	hears(&c.pack, "[36,*,*,{},[2]]");
	assert_int_equal(c.room.router.realms[0].broker.events_unsaid_total,
			 1);
	cast_deinit(&c);
}

/* Those who can read it get the event; that others do not is counted. */
static void test_unsaid__event(void **state)
{
	struct cast c;
	const struct broker *broker;

	(void)state;
	cast_init(&c, NULL, 0);
	broker = &c.room.router.realms[0].broker;
	say(&c.json, "[32,1,{},'a.b']");
	say(&c.pack, "[32,1,{},'a.b']");
	say(&c.cbor, "[32,1,{},'a.b']");
	hears(&c.json, "[33,*");
	hears(&c.pack, "[33,*");
	hears(&c.cbor, "[33,*");
	say(&c.json, "[16,2,{'acknowledge':true,'exclude_me':false},'a.b',"
		     "[" BIG "]]");
	hears(&c.json, "[36,*,*,{},[" BIG "]]");
	hears(&c.cbor, "[36,*,*,{},[" BIG "]]");
	hears(&c.json, "[17,2,*]");
	hears_nothing(&c.pack);
	assert_int_equal(broker->events_unsaid_total, 1);
	assert_int_equal(broker->events_total, 2);
	say(&c.json, "[16,3,{},'a.b',[1]]");
	hears(&c.pack, "[36,*,*,{},[1]]");
	assert_int_equal(broker->events_unsaid_total, 1);
	cast_deinit(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_transcode__each_pair_echoes),
		cmocka_unit_test(test_transcode__long_integers),
		cmocka_unit_test(test_transcode__long_integers_in_options),
		cmocka_unit_test(test_unsaid__arguments),
		cmocka_unit_test(test_unsaid__arguments_of_a_queued_call),
		cmocka_unit_test(test_unsaid__result),
		cmocka_unit_test(test_unsaid__reals_in_json),
		cmocka_unit_test(test_unsaid__text_in_json),
		cmocka_unit_test(test_unsaid__dates),
		cmocka_unit_test(test_unsaid__progressive_result),
		cmocka_unit_test(test_unsaid__arguments_of_an_error),
		cmocka_unit_test(test_unsaid__of_a_meta_procedure),
		cmocka_unit_test(test_unsaid__event),
		cmocka_unit_test(test_too_long__calls),
		cmocka_unit_test(test_too_long__results),
		cmocka_unit_test(test_too_long__events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
