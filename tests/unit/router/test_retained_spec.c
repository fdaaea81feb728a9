/* The specification of "Event Retention", and of "Session Testament" together
 * with it: what is not shown by their own tests. */
#include "trio.h"

static void subscribes(struct peer *p, const char *options,
		       const char *uri)
{
	peer_subscribe(p, options, uri);
}

/* "Lack of the key MUST be interpreted as a false value", of both options. */
static void test_retention__is_asked_for(void **state)
{
	static const char *const no[] = { "", "'retain':false",
					  "'retain':null" };
	static const char *const not_wanted[] = { "", "'get_retained':false",
						  "'get_retained':null" };
	struct trio t;

	(void)state;
	trio_init(&t);
	for (unsigned i = 0; i < 3; i++)
		publish(&t.publisher, no[i], "'a.b',[1]");
	subscribes(&t.a, "'get_retained':true", "a.b");
	publish(&t.publisher, "'retain':true", "'a.c',[2]");
	for (unsigned i = 0; i < 3; i++)
		subscribes(&t.a, not_wanted[i], "a.c");
	hears_nothing(&t.a);
	subscribes(&t.a, "'get_retained':true", "a.c");
	hears(&t.a, "[36,*,*,{'retained':true},[2]]");
	trio_deinit(&t);
}

/* "if it were eligible to be published": what is refused is not kept, and what
 * was there stays. */
static void test_retention__not_of_a_refusal(void **state)
{
	struct trio t;

	(void)state;
	trio_prepare(&t);
	room_allow(&t.room.roles[0], "no.", URI_PREFIX,
		   1 << ACTION_SUBSCRIBE);
	trio_open(&t);
	publish(&t.kim, "'retain':true", "'no.way',[1]");
	publish(&t.publisher, "'retain':true", "'no.way',[2]");
	publish(&t.kim, "'retain':true,'exclude':7", "'no.way',[3]");
	subscribes(&t.a, "'get_retained':true", "no.way");
	hears(&t.a, "[36,*,*,{'retained':true},[1]]");
	hears_nothing(&t.a);
	trio_deinit(&t);
}

/* Only what is sent for having been asked for is marked; it comes behind
 * SUBSCRIBED (peer_subscribe has heard that). */
static void test_retention__is_marked(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	publish(&t.publisher, "'retain':true,'retained':true", "'a.b',[1]");
	subscribes(&t.a, "'get_retained':true", "a.b");
	hears(&t.a, "[36,*,*,{'retained':true},[1]]");
	publish(&t.publisher, "'retain':true,'retained':true", "'a.b',[2]");
	hears(&t.a, "[36,*,*,{},[2]]");
	trio_deinit(&t);
}

/* "the event that they would have received": by each kind of list. */
static void test_retention__who_may_have_it(void **state)
{
	static const struct {
		const char *options;
		bool a, kim;
	} cases[] = {
		{ "'eligible_authid':['kim'],", false, true },
		{ "'eligible_authrole':['anyone'],", true, false },
		{ "'exclude_authid':['kim'],", true, false },
		{ "'exclude_authrole':['anyone'],", false, true },
		{ "'eligible':[],", false, false },
		{ "'exclude':[],", true, true },
		{ "'eligible_authid':['kim'],"
		  "'exclude_authrole':['keeper'],", false, false },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct trio t;
		char options[128];

		trio_init(&t);
		snprintf(options, sizeof options, "%s'retain':true",
			 cases[i].options);
		publish(&t.publisher, options, "'a.b'");
		subscribes(&t.a, "'get_retained':true", "a.b");
		subscribes(&t.kim, "'get_retained':true", "a.b");
		if (cases[i].a)
			hears(&t.a, "[36,*,*,{'retained':true}]");
		if (cases[i].kim)
			hears(&t.kim, "[36,*,*,{'retained':true}]");
		hears_nothing(&t.a);
		hears_nothing(&t.kim);
		trio_deinit(&t);
	}
}

/* A pattern's subscriber is told the topic of what was retained, too. */
static void test_retention__tells_the_topic(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	publish(&t.publisher, "'retain':true", "'a.b.c',[1]");
	subscribes(&t.a, "'get_retained':true,'match':'wildcard'", "a..c");
	hears(&t.a, "[36,*,*,{'topic':'a.b.c','retained':true},[1]]");
	subscribes(&t.a, "'get_retained':true,'match':'prefix'", "a.b");
	hears(&t.a, "[36,*,*,{'topic':'a.b.c','retained':true},[1]]");
	subscribes(&t.a, "'get_retained':true,'match':'prefix'", "a.c");
	hears_nothing(&t.a);
	trio_deinit(&t);
}

/* "the most recent Retained Event that they would have received": for who does
 * not get its own that is another's, and only as long as it is needed. */
static void test_retention__the_publishers_own(void **state)
{
	struct trio t;
	const struct retained *r;

	(void)state;
	trio_init(&t);
	r = &t.room.router.realms[0].broker.retained;
	publish(&t.kim, "'retain':true", "'a.b',[1]");
	publish(&t.publisher, "'retain':true", "'a.b',[2]");
	publish(&t.publisher, "'retain':true", "'a.b',[3]");
	subscribes(&t.publisher, "'get_retained':true", "a.b");
	hears(&t.publisher, "[36,*,*,{'retained':true},[1]]");
	subscribes(&t.kim, "'get_retained':true", "a.b");
	hears(&t.kim, "[36,*,*,{'retained':true},[3]]");
	assert_int_equal(retained_count(r), 2);
	publish(&t.kim, "'retain':true", "'a.b',[4]");
	hears(&t.publisher, "[36,*,*,{},[4]]");
	subscribes(&t.publisher, "'get_retained':true", "a.b");
	hears(&t.publisher, "[36,*,*,{'retained':true},[4]]");
	subscribes(&t.kim, "'get_retained':true", "a.b");
	hears(&t.kim, "[36,*,*,{'retained':true},[3]]");
	assert_int_equal(retained_count(r), 2);
	publish(&t.a, "'retain':true,'exclude_me':false", "'a.b',[5]");
	assert_int_equal(retained_count(r), 1);
	trio_deinit(&t);
}

/* --- "Session Testament" ------------------------------------------------- */

static void add(struct peer *p, const char *arguments)
{
	say(p, "[48,%llu,{},'wamp.session.add_testament',%s]",
	    (ull)p->session->last_request + 1, arguments);
	hears(p, "[50,*,{}]"); /* "does not return a value" */
}

static void flush(struct peer *p, const char *scope)
{
	say(p, "[48,%llu,{},'wamp.session.flush_testaments',[],"
	       "{'scope':'%s'}]", (ull)p->session->last_request + 1, scope);
	hears(p, "[50,*,{}]");
}

/* "MUST still use these two separate buckets", and the default "MUST be
 * destroyed", when adding as well. */
static void test_testament__two_buckets(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	subscribes(&t.a, "", "a.b");
	for (unsigned round = 0; round < 2; round++) {
		add(&t.kim, "['a.b',['default'],{}]");
		add(&t.kim, "['a.b',['detached'],{}],{'scope':'detached'}");
		flush(&t.kim, round ? "detached" : "destroyed");
		peer_lose(&t.kim);
		hears(&t.a, round ? "[36,*,['default']]"
				  : "[36,*,['detached']]");
		hears_nothing(&t.a);
		peer_forget(&t.kim);
		join_as_kim(&t.kim, &t.room);
	}
	trio_deinit(&t);
}

/* Of one's own session only. */
static void test_testament__is_the_sessions(void **state)
{
	struct trio t;
	struct peer kim;

	(void)state;
	trio_init(&t);
	join_as_kim(&kim, &t.room);
	subscribes(&t.a, "", "a.b");
	add(&t.kim, "['a.b',[1]]");
	add(&kim, "['a.b',[2]]");
	flush(&kim, "destroyed");
	peer_lose(&kim);
	hears_nothing(&t.a);
	peer_lose(&t.kim);
	hears(&t.a, "[36,*,[1]]");
	peer_deinit(&kim);
	trio_deinit(&t);
}

/* Violation, too, is an end. */
static void test_testament__after_a_violation(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t);
	subscribes(&t.a, "", "a.b");
	add(&t.kim, "['a.b',[1]]");
	say(&t.kim, "[1,'realm1',{}]");
	hears(&t.kim, "[3,{*},'wamp.error.protocol_violation']");
	hears(&t.a, "[36,*,[1]]");
	peer_lose(&t.kim);
	hears_nothing(&t.a); /* once */
	trio_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retention__is_asked_for),
		cmocka_unit_test(test_retention__not_of_a_refusal),
		cmocka_unit_test(test_retention__is_marked),
		cmocka_unit_test(test_retention__who_may_have_it),
		cmocka_unit_test(test_retention__tells_the_topic),
		cmocka_unit_test(test_retention__the_publishers_own),
		cmocka_unit_test(test_testament__two_buckets),
		cmocka_unit_test(test_testament__is_the_sessions),
		cmocka_unit_test(test_testament__after_a_violation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
