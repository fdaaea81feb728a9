/* What the specification says of a router, sentence by sentence: "Pattern-
 * based Registrations", "Shared Registration", "Call Re-Routing" (advanced). */
#include "callees.h"

/* --- Prefix Matching, Wildcard Matching ---------------------------------- */

struct attempt {
	const char *procedure;
	bool applies;
};

static void check_applies(const char *match, const char *pattern,
			  const struct attempt *attempts, unsigned count)
{
	struct trio t;
	char options[32];

	trio_init(&t, NULL, 0);
	snprintf(options, sizeof options, "'match':'%s'", match);
	peer_register(&t.a, 1, options, pattern);
	for (unsigned i = 0; i < count; i++) {
		char want[96];

		say(&t.caller, "[48,%u,{},'%s']", i + 1,
		    attempts[i].procedure);
		snprintf(want, sizeof want, "[68,*,*,{'procedure':'%s'}]",
			 attempts[i].procedure);
		if (attempts[i].applies)
			hears(&t.a, want);
		else
			hears(&t.caller, "[8,48,*,{},"
					 "'wamp.error.no_such_procedure']");
	}
	hears_nothing(&t.a);
	trio_deinit(&t);
}

static void test_pattern__prefix(void **state)
{
	static const struct attempt attempts[] = {
		{ "com.myapp.myobject1.myprocedure1", true },
		{ "com.myapp.myobject1-mysubobject1", true },
		{ "com.myapp.myobject1.mysubobject1.myprocedure1", true },
		{ "com.myapp.myobject1", true },
		{ "com.myapp.myobject2", false },
		{ "com.myapp.myobject", false },
	};

	(void)state;
	check_applies("prefix", "com.myapp.myobject1", attempts, 6);
}

static void test_pattern__wildcard(void **state)
{
	static const struct attempt attempts[] = {
		{ "com.myapp.myobject1.myprocedure1", true },
		{ "com.myapp.myobject2.myprocedure1", true },
		{ "com.myapp.myobject1.myprocedure1.mysubprocedure1", false },
		{ "com.myapp.myobject1.myprocedure2", false },
		{ "com.myapp2.myobject1.myprocedure1", false },
	};

	(void)state;
	check_applies("wildcard", "com.myapp..myprocedure1", attempts, 5);
}

/* Each empty component stands for one, the first and the last as well. */
static void test_pattern__wildcards_at_the_ends(void **state)
{
	static const struct attempt ends[] = {
		{ "a.x.b", true }, { "x.x.x", true }, { "x.x", false },
		{ "x.x.x.x", false },
	};
	static const struct attempt one[] = {
		{ "x", true }, { "com", true }, { "x.y", false },
	};

	(void)state;
	check_applies("wildcard", "..", ends, 4);
	check_applies("wildcard", ".x.", ends, 4);
	check_applies("wildcard", "", one, 3);
}

/* "exact" said or not: the procedure is not told, as it is no news. */
static void test_pattern__exact_is_the_default(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	peer_register(&t.b, 1, "'match':'exact'", "a.c");
	say(&t.caller, "[48,1,{},'a.b']");
	say(&t.caller, "[48,2,{},'a.c']");
	say(&t.caller, "[48,3,{},'a.b.c']");
	hears(&t.a, "[68,1,*,{}]");
	hears(&t.b, "[68,1,*,{}]");
	hears(&t.caller, "[8,48,3,{},'wamp.error.no_such_procedure']");
	trio_deinit(&t);
}

/* --- Calls matching multiple registrations ------------------------------- */

/* The specification's example, all seven registered. One line of it can not
 * be had: it says that a1.b2.c33.d4.e5 has no prefix match, but RPC 2,
 * a1.b2.c3, is a prefix of it as "Prefix Matching" has it, where a prefix may
 * end inside a component (…myobject1-mysubobject1). The rule that MUST be
 * applied says then: the prefix. Without RPC 2 the example's RPC 5 is found. */
static void test_pattern__the_best_match_as_the_spec_draws_it(void **state)
{
	static const struct {
		const char *match, *uri;
	} rpcs[] = {
		{ "exact", "a1.b2.c3.d4.e55" },
		{ "prefix", "a1.b2.c3" },
		{ "prefix", "a1.b2.c3.d4" },
		{ "wildcard", "a1.b2..d4.e5" },
		{ "wildcard", "a1.b2.c33..e5" },
		{ "wildcard", "a1.b2..d4.e5..g7" },
		{ "wildcard", "a1.b2..d4..f6.g7" },
	};
	static const struct {
		const char *uri;
		unsigned rpc; /* from 1; 0: none */
		bool without_2;
	} calls[] = {
		{ "a1.b2.c3.d4.e55", 1, false },
		{ "a1.b2.c3.d98.e74", 2, false },
		{ "a1.b2.c3.d4.e325", 3, false },
		{ "a1.b2.c55.d4.e5", 4, false },
		{ "a1.b2.c33.d4.e5", 2, false },
		{ "a1.b2.c88.d4.e5.f6.g7", 6, false },
		{ "a2.b2.c2.d2.e2", 0, false },
		{ "a1.b2.c33.d4.e5", 5, true },
	};
	uint64_t ids[7];
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	for (unsigned i = 0; i < 7; i++) {
		char options[32];

		snprintf(options, sizeof options, "'match':'%s'",
			 rpcs[i].match);
		ids[i] = peer_register(&t.a, i + 1, options, rpcs[i].uri);
	}
	for (unsigned i = 0; i < 8; i++) {
		if (calls[i].without_2) {
			say(&t.a, "[66,8,%llu]", (unsigned long long)ids[1]);
			hears(&t.a, "[67,8]");
		}
		say(&t.caller, "[48,%u,{},'%s']", i + 1, calls[i].uri);
		if (!calls[i].rpc) {
			hears(&t.caller, "[8,48,*,{},"
					 "'wamp.error.no_such_procedure']");
			continue;
		}
		hears(&t.a, "[68,*");
		assert_int_equal(number_at(&t.a, 2), ids[calls[i].rpc - 1]);
		hears_nothing(&t.a); /* one and only one */
	}
	trio_deinit(&t);
}

/* --- No set semantics ---------------------------------------------------- */

static void test_pattern__each_stands_on_its_own(void **state)
{
	struct trio t;
	uint64_t wide, narrow;

	(void)state;
	trio_init(&t, NULL, 0);
	wide = peer_register(&t.a, 1, "'match':'prefix'", "a");
	narrow = peer_register(&t.a, 2, "'match':'prefix'", "a.b");
	assert_int_not_equal(wide, narrow);
	say(&t.a, "[66,3,%llu]", (unsigned long long)narrow);
	hears(&t.a, "[67,3]");
	say(&t.caller, "[48,1,{},'a.b.c']");
	hears(&t.a, "[68,1,*,{'procedure':'a.b.c'}]");
	/* The same URI under another policy is another registration. */
	peer_register(&t.b, 1, "", "a");
	peer_register(&t.b, 2, "'match':'wildcard'", "a");
	trio_deinit(&t);
}

/* --- Shared Registration ------------------------------------------------- */

static void test_shared__single_is_the_default(void **state)
{
	static const char *const invoke[] = { "", "'invoke':'single'",
					      "'invoke':'roundrobin'" };
	struct trio t;

	(void)state;
	for (unsigned first = 0; first < 2; first++) {
		trio_init(&t, NULL, 0);
		peer_register(&t.a, 1, invoke[first], "a.b");
		for (unsigned i = 0; i < 3; i++) {
			say(&t.b, "[64,%u,{%s},'a.b']", i + 1, invoke[i]);
			hears(&t.b, "[8,64,*,{},"
				    "'wamp.error.procedure_already_exists',*");
		}
		trio_deinit(&t);
	}
}

static void test_shared__policies_must_match(void **state)
{
	static const char *const names[] = { "roundrobin", "random", "first",
					     "last", "leastloaded" };
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	for (unsigned i = 0; i < 5; i++) {
		char uri[8], options[32];

		snprintf(uri, sizeof uri, "a.b%u", i);
		snprintf(options, sizeof options, "'invoke':'%s'", names[i]);
		peer_register(&t.a, i + 1, options, uri);
		for (unsigned k = 1; k <= 5; k++) { /* its own the last */
			say(&t.b, "[64,%u,{'invoke':'%s'},'%s']", i * 5 + k,
			    names[(i + k) % 5], uri);
			if (k == 5)
				hears(&t.b, "[65,*");
			else
				hears(&t.b, "[8,64,*,{},'wamp.error."
					    "procedure_exists_with_different_"
					    "invocation_policy',*");
		}
	}
	trio_deinit(&t);
}

/* Once nobody has it, whoever comes next chooses anew. */
static void test_shared__the_next_first_one_chooses(void **state)
{
	struct trio t;
	uint64_t id;

	(void)state;
	trio_init(&t, NULL, 0);
	id = peer_register(&t.a, 1, "'invoke':'first'", "a.b");
	say(&t.a, "[66,2,%llu]", (unsigned long long)id);
	hears(&t.a, "[67,2]");
	peer_register(&t.a, 3, "'invoke':'last'", "a.b");
	peer_register(&t.b, 1, "'invoke':'last'", "a.b");
	trio_deinit(&t);
}

/* --- Call Re-Routing ----------------------------------------------------- */

/* Who answers after each callee in turn has declined; callee n+1 is the one
 * that registered after n. */
static void check_reroute(const char *invoke, const char *order)
{
	struct trio t;
	struct peer c, *peers[3];
	char options[32];

	trio_init(&t, NULL, 0);
	peer_join(&c, &t.room);
	peers[0] = &t.a;
	peers[1] = &t.b;
	peers[2] = &c;
	snprintf(options, sizeof options, "'invoke':'%s'", invoke);
	for (unsigned i = 0; i < 3; i++)
		peer_register(peers[i], 1, options, "a.b");
	say(&t.caller, "[48,1,{},'a.b',['payload'],{'k':1}]");
	for (; *order; order++) {
		struct peer *p = peers[*order - '1'];

		hears(p, "[68,1,*,{},['payload'],{'k':1}]");
		hears_nothing(&t.caller);
		say(p, "[8,68,1,{},'wamp.error.unavailable']");
	}
	hears(&t.caller, "[8,48,1,{},'wamp.error.no_available_callee'*");
	peer_deinit(&c);
	trio_deinit(&t);
}

static void test_reroute__as_the_policy_says(void **state)
{
	(void)state;
	check_reroute("roundrobin", "123");
	check_reroute("first", "123");
	check_reroute("last", "321");
}

/* Never the same one again, whoever was first. */
static void test_reroute__random_takes_each_once(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "'invoke':'random'", "a.b");
	peer_register(&t.b, 1, "'invoke':'random'", "a.b");
	for (unsigned i = 1; i <= 20; i++) {
		bool first = false;

		say(&t.caller, "[48,%u,{},'a.b']", i);
		first = t.a.heard_next < t.a.heard_count;
		hears(first ? &t.a : &t.b, "[68,*");
		say(first ? &t.a : &t.b,
		    "[8,68,%u,{},'wamp.error.unavailable']", i);
		hears(first ? &t.b : &t.a, "[68,*");
		say(first ? &t.b : &t.a, "[70,%u,{}]", i);
		hears(&t.caller, "[50,*");
	}
	trio_deinit(&t);
}

static void test_reroute__single(void **state)
{
	struct trio t;

	(void)state;
	trio_init(&t, NULL, 0);
	peer_register(&t.a, 1, "", "a.b");
	say(&t.caller, "[48,1,{},'a.b']");
	say(&t.a, "[8,68,1,{},'wamp.error.unavailable']");
	hears(&t.caller, "[8,48,1,{},'wamp.error.no_available_callee'*");
	trio_deinit(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pattern__prefix),
		cmocka_unit_test(test_pattern__wildcard),
		cmocka_unit_test(test_pattern__wildcards_at_the_ends),
		cmocka_unit_test(test_pattern__exact_is_the_default),
		cmocka_unit_test(
			test_pattern__the_best_match_as_the_spec_draws_it),
		cmocka_unit_test(test_pattern__each_stands_on_its_own),
		cmocka_unit_test(test_shared__single_is_the_default),
		cmocka_unit_test(test_shared__policies_must_match),
		cmocka_unit_test(test_shared__the_next_first_one_chooses),
		cmocka_unit_test(test_reroute__as_the_policy_says),
		cmocka_unit_test(test_reroute__random_takes_each_once),
		cmocka_unit_test(test_reroute__single),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
