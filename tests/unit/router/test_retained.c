/* Retained events: who gets which one, and that nobody keeps more than its
 * role may. */
#include "tests/unit/base/fail_malloc.h"

#include "room.h"

struct duo {
	struct room room;
	struct peer a, b;
	unsigned request; /* of a's publications */
};

static void duo_init(struct duo *d)
{
	room_init(&d->room);
	peer_join(&d->a, &d->room);
	peer_join(&d->b, &d->room);
	d->request = 0;
}

static void duo_deinit(struct duo *d)
{
	peer_deinit(&d->a);
	peer_deinit(&d->b);
	room_deinit(&d->room);
}

/* By a; `options` with a comma at its end. */
static void retain(struct duo *d, const char *options, const char *topic,
		   unsigned number)
{
	say(&d->a, "[16,%u,{%s'retain':true},'%s',[%u]]", ++d->request,
	    options, topic, number);
}

static void ask(struct peer *p, unsigned request, const char *options,
		const char *topic)
{
	say(p, "[32,%u,{%s'get_retained':true},'%s']", request, options,
	    topic);
	hears(p, "[33,*");
}

static void test_retained__the_last_one_on_request(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	retain(&d, "", "a.b", 1);
	retain(&d, "", "a.b", 2);
	say(&d.a, "[16,3,{},'a.b',[3]]"); /* not to be kept */
	d.request = 3;
	say(&d.b, "[32,1,{},'a.b']");
	hears(&d.b, "[33,*");
	hears_nothing(&d.b); /* not asked for */
	ask(&d.b, 2, "", "a.b");
	hears(&d.b, "[36,*,*,{'retained':true},[2]]");
	hears_nothing(&d.b);
	retain(&d, "", "a.b", 4);
	hears(&d.b, "[36,*,*,{},[4]]"); /* as it happens: not retained */
	duo_deinit(&d);
}

static void test_retained__is_the_same_publication(void **state)
{
	struct duo d;
	uint64_t id;

	(void)state;
	duo_init(&d);
	say(&d.a, "[16,1,{'retain':true,'acknowledge':true,"
		  "'disclose_me':true},'a.b',[1],{'k':2}]");
	hears(&d.a, "[17,1,*]");
	id = number_at(&d.a, 2);
	ask(&d.b, 1, "", "a.b");
	hears(&d.b, "[36,*,*,{'publisher':*,'publisher_authid':'*',"
		    "'publisher_authrole':'anyone','retained':true},[1],"
		    "{'k':2}]");
	assert_int_equal(number_at(&d.b, 2), id);
	duo_deinit(&d);
}

static void test_retained__outlives_its_publisher(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	retain(&d, "'disclose_me':true,", "a.b", 1);
	peer_lose(&d.a);
	ask(&d.b, 1, "", "a.b");
	hears(&d.b, "[36,*,*,{'publisher':*,'retained':true},[1]]");
	duo_deinit(&d);
}

static void test_retained__patterns_get_each_topic(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	retain(&d, "", "a.b", 1);
	retain(&d, "", "a.c", 2);
	retain(&d, "", "b.c", 3);
	ask(&d.b, 1, "'match':'prefix',", "a.");
	hears(&d.b, "[36,*,*,{'topic':'a.b','retained':true},[1]]");
	hears(&d.b, "[36,*,*,{'topic':'a.c','retained':true},[2]]");
	hears_nothing(&d.b);
	ask(&d.b, 2, "'match':'wildcard',", ".c");
	hears(&d.b, "[36,*,*,{'topic':'a.c','retained':true},[2]]");
	hears(&d.b, "[36,*,*,{'topic':'b.c','retained':true},[3]]");
	hears_nothing(&d.b);
	duo_deinit(&d);
}

/* "MUST send the most recent Retained Event that they would have received". */
static void test_retained__the_newest_that_one_may_have(void **state)
{
	struct duo d;
	char options[96];

	(void)state;
	duo_init(&d);
	retain(&d, "", "a.b", 1);
	retain(&d, "'eligible_authrole':['keeper'],", "a.b", 2);
	snprintf(options, sizeof options, "'exclude_authid':['%s'],",
		 d.b.session->authid);
	retain(&d, options, "a.b", 3);
	snprintf(options, sizeof options, "'exclude':[%llu],",
		 (unsigned long long)d.b.session->id);
	retain(&d, options, "a.b", 4);
	ask(&d.b, 1, "", "a.b");
	hears(&d.b, "[36,*,*,{'retained':true},[1]]");
	snprintf(options, sizeof options, "'eligible':[%llu],",
		 (unsigned long long)d.b.session->id);
	retain(&d, options, "a.b", 5);
	hears(&d.b, "[36,*,*,{},[5]]");
	ask(&d.b, 2, "", "a.b");
	hears(&d.b, "[36,*,*,{'retained':true},[5]]");
	retain(&d, "", "a.b", 6); /* for everybody: replaces all */
	hears(&d.b, "[36,*,*,{},[6]]");
	assert_int_equal(d.room.router.realms[0].broker.retained.topics.count,
			 1);
	ask(&d.b, 3, "", "a.b");
	hears(&d.b, "[36,*,*,{'retained':true},[6]]");
	duo_deinit(&d);
}

static void test_retained__not_to_its_publisher(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	retain(&d, "", "a.b", 1);
	ask(&d.a, 2, "", "a.b");
	hears_nothing(&d.a);
	say(&d.a, "[16,3,{'retain':true,'exclude_me':false},'a.c',[2]]");
	ask(&d.a, 4, "", "a.c");
	hears(&d.a, "[36,*,*,{'retained':true},[2]]");
	duo_deinit(&d);
}

static void test_retained__few_for_some_besides_everybodys(void **state)
{
	struct duo d;
	char options[64];

	(void)state;
	duo_init(&d);
	retain(&d, "", "a.b", 1);
	snprintf(options, sizeof options, "'eligible_authid':['%s'],",
		 d.b.session->authid);
	retain(&d, options, "a.b", 2);
	for (unsigned i = 0; i < RETAINED_FOR_SOME_MAX; i++)
		retain(&d, "'eligible_authrole':['keeper'],", "a.b", 3);
	ask(&d.b, 1, "", "a.b");
	hears(&d.b, "[36,*,*,{'retained':true},[1]]"); /* 2 is forgotten */
	duo_deinit(&d);
}

/* Over its limits a role's own oldest go, nobody else's. */
static void test_retained__limits_of_a_role(void **state)
{
	struct duo d;
	struct peer keeper;

	(void)state;
	memset(&d, 0, sizeof d);
	room_init_with(&d.room, NULL, 0);
	d.room.roles[0].limits.retained = 2;
	room_allow(&d.room.roles[2], "", URI_PREFIX, ALLOW_ALL);
	room_open(&d.room);
	peer_join(&d.a, &d.room);
	peer_join(&d.b, &d.room);
	peer_init(&keeper, &d.room);
	say(&keeper, "[1,'realm1',{'authid':'kim','authmethods':['ticket'],"
		     ALL_ROLES "}]");
	say(&keeper, "[5,'s3cret',{}]");
	hears(&keeper, "[4,*");
	hears(&keeper, "[2,*");
	say(&keeper, "[16,1,{'retain':true},'a.0',[0]]");
	retain(&d, "", "a.1", 1);
	retain(&d, "", "a.2", 2);
	retain(&d, "", "a.3", 3);
	ask(&d.b, 1, "'match':'prefix',", "a.");
	hears(&d.b, "[36,*,*,{'topic':'a.0','retained':true},[0]]");
	hears(&d.b, "[36,*,*,{'topic':'a.2','retained':true},[2]]");
	hears(&d.b, "[36,*,*,{'topic':'a.3','retained':true},[3]]");
	hears_nothing(&d.b);
	peer_deinit(&keeper);
	duo_deinit(&d);
}

static void test_retained__limit_of_bytes(void **state)
{
	struct duo d;

	(void)state;
	memset(&d, 0, sizeof d);
	room_init_with(&d.room, NULL, 0);
	d.room.roles[0].limits.retained_bytes = 1200;
	room_open(&d.room);
	peer_join(&d.a, &d.room);
	peer_join(&d.b, &d.room);
	say(&d.a, "[16,1,{'retain':true},'a.1',['%0800d']]", 0);
	say(&d.a, "[16,2,{'retain':true},'a.2',['%0800d']]", 0);
	say(&d.a, "[16,3,{'retain':true},'a.3',['%01800d']]", 0);
	ask(&d.b, 1, "'match':'prefix',", "a.");
	hears(&d.b, "[36,*,*,{'topic':'a.2'*");
	hears_nothing(&d.b);
	duo_deinit(&d);
}

/* A pattern with more than the subscriber's output holds: what fits, and the
 * session lives. */
static void test_retained__no_more_than_fits(void **state)
{
	struct duo d;

	(void)state;
	duo_init(&d);
	retain(&d, "", "a.b", 1);
	d.b.output = limits_default.output_bytes / 2;
	ask(&d.b, 1, "'match':'prefix',", "a.");
	hears_nothing(&d.b);
	d.b.output = 0;
	ask(&d.b, 2, "'match':'prefix',", "a.");
	hears(&d.b, "[36,*");
	duo_deinit(&d);
}

/* What can not be kept is not, and nothing else happens. */
static void test_retained__each_allocation_fails_once(void **state)
{
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct retained r;
		struct role role = { .limits = limits_default };
		struct event like = { .topic = bytes_str("a.b"),
				      .details = bytes_str("\x80") };
		struct event *e;

		retained_init(&r, 1);
		fail_malloc_at(n);
		e = event_new(&like);
		if (e)
			retained_add(&r, &role, e);
		failed = fail_malloc_off();
		if (e)
			event_drop(e);
		assert_true(failed || r.topics.count == 1);
		retained_deinit(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_retained__the_last_one_on_request),
		cmocka_unit_test(test_retained__is_the_same_publication),
		cmocka_unit_test(test_retained__outlives_its_publisher),
		cmocka_unit_test(test_retained__patterns_get_each_topic),
		cmocka_unit_test(test_retained__the_newest_that_one_may_have),
		cmocka_unit_test(test_retained__not_to_its_publisher),
		cmocka_unit_test(
			test_retained__few_for_some_besides_everybodys),
		cmocka_unit_test(test_retained__limits_of_a_role),
		cmocka_unit_test(test_retained__limit_of_bytes),
		cmocka_unit_test(test_retained__no_more_than_fits),
		cmocka_unit_test(test_retained__each_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
