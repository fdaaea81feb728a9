/* Each procedure, event and error of "Registration Meta API" and of
 * "Registration Revocation", with the ids that they are about. */
#include "room.h"

typedef unsigned long long ull;

struct desk {
	struct room room;
	struct peer a, b, asker;
};

static void desk_init(struct desk *d)
{
	room_init(&d->room);
	peer_join(&d->a, &d->room);
	peer_join(&d->b, &d->room);
	peer_join(&d->asker, &d->room);
}

static void desk_deinit(struct desk *d)
{
	peer_deinit(&d->a);
	peer_deinit(&d->b);
	peer_deinit(&d->asker);
	room_deinit(&d->room);
}

static ull id_of(const struct peer *p)
{
	return (ull)p->session->id;
}

__attribute__((format(printf, 3, 4)))
static void hears_of(struct peer *p, const char *topic, const char *fmt, ...)
{
	static const char *const names[] = { "create", "register",
					     "unregister", "delete" };
	char args[256], pattern[400];
	unsigned which = 0;
	va_list list;

	while (strcmp(names[which], topic))
		which++;
	va_start(list, fmt);
	vsnprintf(args, sizeof args, fmt, list);
	va_end(list);
	snprintf(pattern, sizeof pattern,
		 "[36,*,*,{'topic':'wamp.registration.on_%s'},[%s]]",
		 names[which], args);
	hears(p, pattern);
}

static void watch_all(struct peer *p)
{
	say(p, "[32,%llu,{'match':'prefix'},'wamp.registration.on_']",
	    (ull)p->session->last_request + 1);
	hears(p, "[33,*]");
}

#define asks(d, wanted, ...) \
	peer_asks(&(d)->asker, "registration", wanted, __VA_ARGS__)

#define NO_SUCH "[8,48,*,{},'wamp.error.no_such_registration']"
#define INVALID "[8,48,*,{},'wamp.error.invalid_argument',*]"

static void test_registration__list(void **state)
{
	struct desk d;
	char wanted[200];
	ull exact, prefix, wildcard;

	(void)state;
	desk_init(&d);
	asks(&d, "[50,*,{},[{'exact':[],'prefix':[],'wildcard':[]}]]",
	     "list'");
	exact = peer_register(&d.a, 1, "", "a.b");
	prefix = peer_register(&d.a, 2, "'match':'prefix'", "a.b");
	wildcard = peer_register(&d.a, 3, "'match':'wildcard'", "a..c");
	snprintf(wanted, sizeof wanted,
		 "[50,*,{},[{'exact':[%llu],'prefix':[%llu],"
		 "'wildcard':[%llu]}]]", exact, prefix, wildcard);
	asks(&d, wanted, "list'");
	desk_deinit(&d);
}

static void test_registration__lookup(void **state)
{
	struct desk d;
	char exact[64], prefix[64];

	(void)state;
	desk_init(&d);
	snprintf(exact, sizeof exact, "[50,*,{},[%llu]]",
		 (ull)peer_register(&d.a, 1, "", "a.b"));
	snprintf(prefix, sizeof prefix, "[50,*,{},[%llu]]",
		 (ull)peer_register(&d.a, 2, "'match':'prefix'", "a.b"));
	asks(&d, exact, "lookup',['a.b']");
	asks(&d, exact, "lookup',['a.b',{}]");
	asks(&d, exact, "lookup',['a.b',null]");
	asks(&d, exact, "lookup',['a.b',{'match':'exact','invoke':'last'}]");
	asks(&d, prefix, "lookup',['a.b',{'match':'prefix'}]");
	asks(&d, "[50,*,{},[null]]",
	     "lookup',['a.b',{'match':'wildcard'}]");
	asks(&d, "[50,*,{},[null]]", "lookup',['a.b.c']");
	asks(&d, INVALID, "lookup'");
	asks(&d, INVALID, "lookup',[7]");
	asks(&d, INVALID, "lookup',['a.b','prefix']");
	asks(&d, INVALID, "lookup',['a.b',{'match':'regex'}]");
	desk_deinit(&d);
}

static void test_registration__match(void **state)
{
	struct desk d;
	char exact[64], prefix[64], wildcard[64];

	(void)state;
	desk_init(&d);
	snprintf(exact, sizeof exact, "[50,*,{},[%llu]]",
		 (ull)peer_register(&d.a, 1, "", "a.b.c"));
	snprintf(prefix, sizeof prefix, "[50,*,{},[%llu]]",
		 (ull)peer_register(&d.a, 2, "'match':'prefix'", "a.b"));
	snprintf(wildcard, sizeof wildcard, "[50,*,{},[%llu]]",
		 (ull)peer_register(&d.a, 3, "'match':'wildcard'", "a..c"));
	asks(&d, exact, "match',['a.b.c']");
	asks(&d, prefix, "match',['a.b.d']");
	asks(&d, wildcard, "match',['a.x.c']");
	asks(&d, "[50,*,{},[null]]", "match',['b']");
	asks(&d, INVALID, "match'");
	asks(&d, INVALID, "match',[{}]");
	desk_deinit(&d);
}

static void test_registration__get(void **state)
{
	struct desk d;
	char wanted[256];
	ull id;

	(void)state;
	desk_init(&d);
	id = peer_register(&d.a, 1, "'match':'prefix','invoke':'random'",
			   "a.b");
	snprintf(wanted, sizeof wanted,
		 "[50,*,{},[{'id':%llu,"
		 "'created':'2023-11-14T22:13:20.000Z','uri':'a.b',"
		 "'match':'prefix','invoke':'random'}]]", id);
	asks(&d, wanted, "get',[%llu]", id);
	asks(&d, NO_SUCH, "get',[%llu]", id == 1 ? 2 : 1ull);
	asks(&d, INVALID, "get'");
	asks(&d, INVALID, "get',['a.b']");
	asks(&d, INVALID, "get',[0]");
	desk_deinit(&d);
}

static void test_registration__callees(void **state)
{
	struct desk d;
	char wanted[128];
	ull id;

	(void)state;
	desk_init(&d);
	id = peer_register(&d.a, 1, "'invoke':'first'", "a.b");
	peer_register(&d.b, 1, "'invoke':'first'", "a.b");
	snprintf(wanted, sizeof wanted, "[50,*,{},[[%llu,%llu]]]",
		 id_of(&d.a), id_of(&d.b));
	asks(&d, wanted, "list_callees',[%llu]", id);
	asks(&d, "[50,*,{},[2]]", "count_callees',[%llu]", id);
	say(&d.a, "[66,2,%llu]", id);
	snprintf(wanted, sizeof wanted, "[50,*,{},[[%llu]]]",
		 id_of(&d.b));
	asks(&d, wanted, "list_callees',[%llu]", id);
	asks(&d, "[50,*,{},[1]]", "count_callees',[%llu]", id);
	peer_lose(&d.b);
	asks(&d, NO_SUCH, "list_callees',[%llu]", id);
	asks(&d, NO_SUCH, "count_callees',[%llu]", id);
	asks(&d, INVALID, "list_callees'");
	asks(&d, INVALID, "count_callees',[true]");
	desk_deinit(&d);
}

static void test_registration__events(void **state)
{
	struct desk d;
	ull id, a, b;

	(void)state;
	desk_init(&d);
	a = id_of(&d.a);
	b = id_of(&d.b);
	watch_all(&d.asker);
	id = peer_register(&d.a, 1, "'invoke':'last'", "a.b");
	hears_of(&d.asker, "create",
		 "%llu,{'id':%llu,'created':'2023-11-14T22:13:20.000Z',"
		 "'uri':'a.b','match':'exact','invoke':'last'}", a, id);
	hears_of(&d.asker, "register", "%llu,%llu", a, id);
	peer_register(&d.b, 1, "'invoke':'last'", "a.b");
	hears_of(&d.asker, "register", "%llu,%llu", b, id);
	say(&d.a, "[66,2,%llu]", id);
	hears_of(&d.asker, "unregister", "%llu,%llu", a, id);
	hears_nothing(&d.asker);
	peer_lose(&d.b);
	hears_of(&d.asker, "unregister", "%llu,%llu", b, id);
	hears_of(&d.asker, "delete", "%llu,%llu", b, id);
	hears_nothing(&d.asker);
	desk_deinit(&d);
}

/* No event where nothing has happened. */
static void test_registration__no_event_of_a_refusal(void **state)
{
	struct desk d;

	(void)state;
	desk_init(&d);
	peer_register(&d.a, 1, "", "a.b");
	watch_all(&d.asker);
	say(&d.b, "[64,1,{},'a.b']");
	hears(&d.b, "[8,64,1,*");
	say(&d.b, "[66,2,77]");
	hears(&d.b, "[8,66,2,{},'wamp.error.no_such_registration']");
	hears_nothing(&d.asker);
	desk_deinit(&d);
}

/* The newcomer is there before the others go: it is one registration. */
static void test_registration__events_of_force(void **state)
{
	struct desk d;
	ull id;

	(void)state;
	desk_init(&d);
	id = peer_register(&d.a, 1, "", "a.b");
	watch_all(&d.asker);
	assert_true(id == peer_register(&d.b, 1, "'force_reregister':true",
					"a.b"));
	hears_of(&d.asker, "register", "%llu,%llu", id_of(&d.b), id);
	hears_of(&d.asker, "unregister", "%llu,%llu", id_of(&d.a), id);
	hears_nothing(&d.asker);
	desk_deinit(&d);
}

static void test_revocation__says_which_and_why(void **state)
{
	struct desk d;
	char wanted[128];
	ull id;

	(void)state;
	desk_init(&d);
	id = peer_register(&d.a, 1, "", "a.b");
	watch_all(&d.b);
	asks(&d, "[50,*,{}]", "remove_callee',[%llu,%llu,'moving']", id,
	     id_of(&d.a));
	snprintf(wanted, sizeof wanted,
		 "[67,0,{'registration':%llu,'reason':'moving'}]", id);
	hears(&d.a, wanted);
	hears_of(&d.b, "unregister", "%llu,%llu", id_of(&d.a), id);
	hears_of(&d.b, "delete", "%llu,%llu", id_of(&d.a), id);
	id = peer_register(&d.a, 2, "", "a.b");
	asks(&d, "[50,*,{}]", "remove_callee',[%llu,%llu]", id,
	     id_of(&d.a));
	snprintf(wanted, sizeof wanted, "[67,0,{'registration':%llu}]", id);
	hears(&d.a, wanted);
	asks(&d, NO_SUCH, "remove_callee',[%llu,%llu]", id, id_of(&d.a));
	desk_deinit(&d);
}

/* It finds out by the meta event. */
static void test_revocation__no_word_without_the_feature(void **state)
{
	struct desk d;
	struct peer plain;
	ull id;

	(void)state;
	desk_init(&d);
	peer_join_plain(&plain, &d.room);
	id = peer_register(&plain, 1, "", "a.b");
	watch_all(&plain);
	asks(&d, "[50,*,{}]", "remove_callee',[%llu,%llu]", id,
	     id_of(&plain));
	hears_of(&plain, "unregister", "%llu,%llu", id_of(&plain), id);
	hears_of(&plain, "delete", "%llu,%llu", id_of(&plain), id);
	hears_nothing(&plain);
	say(&plain, "[66,3,%llu]", id); /* it could not know */
	hears(&plain, "[8,66,3,{},'wamp.error.no_such_registration']");
	peer_deinit(&plain);
	desk_deinit(&d);
}

static void test_revocation__arguments(void **state)
{
	struct desk d;
	ull id;

	(void)state;
	desk_init(&d);
	id = peer_register(&d.a, 1, "", "a.b");
	asks(&d, INVALID, "remove_callee'");
	asks(&d, INVALID, "remove_callee',[%llu]", id);
	asks(&d, INVALID, "remove_callee',[%llu,'x']", id);
	asks(&d, INVALID, "remove_callee',[%llu,%llu,7]", id, id_of(&d.a));
	asks(&d, "[8,48,*,{},'wamp.error.no_such_session',*]",
	     "remove_callee',[%llu,%llu]", id, id_of(&d.b));
	hears_nothing(&d.a);
	desk_deinit(&d);
}

static void test_registration__features_are_announced(void **state)
{
	struct desk d;
	struct peer p;

	(void)state;
	desk_init(&d);
	peer_init(&p, &d.room);
	say(&p, "[1,'realm1',{" ALL_ROLES "}]");
	hears(&p, "[2,*'dealer':{'features':{*'registration_meta_api':true*");
	p.heard_next = 0;
	hears(&p, "[2,*'dealer':{'features':{"
		  "*'registration_revocation':true*");
	peer_deinit(&p);
	desk_deinit(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registration__list),
		cmocka_unit_test(test_registration__lookup),
		cmocka_unit_test(test_registration__match),
		cmocka_unit_test(test_registration__get),
		cmocka_unit_test(test_registration__callees),
		cmocka_unit_test(test_registration__events),
		cmocka_unit_test(test_registration__no_event_of_a_refusal),
		cmocka_unit_test(test_registration__events_of_force),
		cmocka_unit_test(test_registration__features_are_announced),
		cmocka_unit_test(test_revocation__says_which_and_why),
		cmocka_unit_test(test_revocation__no_word_without_the_feature),
		cmocka_unit_test(test_revocation__arguments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
