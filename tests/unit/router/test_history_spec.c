/* The specification of "Event History" and what bounds a history. */
#include "trio.h"

static struct history_rule rules[3];

/* Three subscriptions that keep: the section's example. */
static void desk_init(struct trio *t)
{
	trio_prepare(t);
	rules[0] = (struct history_rule){ bytes_str("com.mycompany.log.auth"),
					  URI_EXACT, 99 };
	rules[1] = (struct history_rule){
		bytes_str("com.mycompany.log.basket"), URI_EXACT, 99
	};
	rules[2] = (struct history_rule){ bytes_str("com.mycompany.log"),
					  URI_PREFIX, 99 };
	t->room.realm.histories = rules;
	t->room.realm.history_count = 3;
	trio_open(t);
}

static ull history_of(const struct trio *t, unsigned rule)
{
	return broker_lookup(&t->room.router.realms[0].broker,
			     rules[rule].match, rules[rule].uri)->id;
}

static void at_time(struct trio *t, uint64_t unix_ms)
{
	router_set_time(&t->room.router, t->room.now_ms, unix_ms);
}

static void log_event(struct trio *t, const char *options, const char *name,
		      unsigned number)
{
	char rest[96];

	snprintf(rest, sizeof rest, "'com.mycompany.log.%s',[%u]", name,
		 number);
	publish(&t->publisher, options, rest);
}

static void get_events(struct trio *t, struct peer *p, unsigned rule,
		       const char *kwargs)
{
	say(p, "[48,%llu,{},'wamp.subscription.get_events',[%llu],{%s}]",
	    (ull)p->session->last_request + 1, history_of(t, rule), kwargs);
}

/* The arguments of the events in the answer: "2 3 4". */
static void gives(struct peer *p, const char *wanted)
{
	const char *text = heard(p);
	char got[256] = "";
	size_t len = 0;

	assert_non_null(text);
	assert_true(looks_like("[50,*", text));
	while ((text = strstr(text, "\"args\":["))) {
		text += strlen("\"args\":[");
		len += (size_t)snprintf(got + len, sizeof got - len, "%s%lu",
					len ? " " : "", strtoul(text, NULL, 10));
	}
	assert_string_equal(got, wanted);
}

static void asks(struct trio *t, unsigned rule, const char *kwargs,
		 const char *wanted)
{
	get_events(t, &t->a, rule, kwargs);
	gives(&t->a, wanted);
}

static void log_example(struct trio *t)
{
	log_event(t, "", "auth", 1);
	log_event(t, "", "basket", 2);
	log_event(t, "", "basket", 3);
	log_event(t, "", "basket", 4);
	log_event(t, "", "checkout", 5);
}

/* Each subscription's own, in the order received. */
static void test_history__the_example(void **state)
{
	struct trio t;

	(void)state;
	desk_init(&t);
	asks(&t, 2, "", "");
	log_example(&t);
	asks(&t, 0, "", "1");
	asks(&t, 1, "", "2 3 4");
	asks(&t, 2, "", "1 2 3 4 5");
	asks(&t, 2, "'reverse':false", "1 2 3 4 5");
	asks(&t, 2, "'reverse':true", "5 4 3 2 1");
	trio_deinit(&t);
}

/* "In the order received" whatever the clock says. */
static void test_history__the_clock_may_jump(void **state)
{
	struct trio t;

	(void)state;
	desk_init(&t);
	for (unsigned i = 1; i <= 3; i++) {
		at_time(&t, 1700000000000 - i * 1000);
		log_event(&t, "", "auth", i);
	}
	asks(&t, 0, "", "1 2 3");
	asks(&t, 0, "'from_time':'2023-11-14T22:13:18Z'", "1 2");
	trio_deinit(&t);
}

static void test_history__an_event(void **state)
{
	struct trio t;
	ull publication;

	(void)state;
	desk_init(&t);
	at_time(&t, 1709204400123);
	publish(&t.kim, "'disclose_me':true,'acknowledge':true",
		"'com.mycompany.log.auth',[7,'x'],{'k':{'l':null}}");
	hears(&t.kim, "[17,*");
	publication = number_at(&t.kim, 2);
	get_events(&t, &t.a, 0, "");
	hears_as(&t.a, "[50,*,{},[{'timestamp':'2024-02-29T11:00:00.123Z',"
		       "'subscription':%llu,'publication':%llu,'details':{"
		       "'publisher':%llu,'publisher_authid':'kim',"
		       "'publisher_authrole':'keeper'},'args':[7,'x'],"
		       "'kwargs':{'k':{'l':null}}}],"
		       "{'is_limit_reached':false}]",
		 history_of(&t, 0), publication, id_of(&t.kim));
	publish(&t.kim, "", "'com.mycompany.log.basket'");
	get_events(&t, &t.a, 1, ""); /* args and kwargs may be left out */
	hears(&t.a, "[50,*,{},[{'timestamp':'*','subscription':*,"
		    "'publication':*,'details':{}}],*");
	trio_deinit(&t);
}

/* >=, >, <, <=. */
static void test_history__times(void **state)
{
	static const struct {
		const char *kwargs, *wanted;
	} cases[] = {
		{ "'from_time':'2024-02-29T11:00:02.000Z'", "2 3" },
		{ "'after_time':'2024-02-29T11:00:02.000Z'", "3" },
		{ "'before_time':'2024-02-29T11:00:02.000Z'", "1" },
		{ "'until_time':'2024-02-29T11:00:02.000Z'", "1 2" },
		{ "'from_time':'2024-02-29T11:00:02.001Z'", "3" },
		{ "'until_time':'2024-02-29T12:00:01.999+01:00'", "1" },
		{ "'from_time':'2024-02-29t11:00:02z'", "2 3" },
		{ "'after_time':'2024-02-29T11:00:01Z',"
		  "'before_time':'2024-02-29T11:00:03Z'", "2" },
		{ "'from_time':'2024-02-29T11:00:03Z',"
		  "'until_time':'2024-02-29T11:00:01Z'", "" },
	};
	struct trio t;

	(void)state;
	desk_init(&t);
	for (unsigned i = 1; i <= 3; i++) {
		at_time(&t, 1709204400000 + i * 1000);
		log_event(&t, "", "auth", i);
	}
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
		asks(&t, 0, cases[i].kwargs, cases[i].wanted);
	trio_deinit(&t);
}

/* "conditions with logical AND". */
static void test_history__conditions_together(void **state)
{
	struct trio t;
	char kwargs[160];
	ull second;

	(void)state;
	desk_init(&t);
	log_event(&t, "", "auth", 1);
	log_event(&t, "'acknowledge':true", "basket", 2);
	hears(&t.publisher, "[17,*");
	second = number_at(&t.publisher, 2);
	for (unsigned i = 3; i < 7; i++)
		log_event(&t, "", i % 2 ? "auth" : "basket", i);
	asks(&t, 2, "'topic':'com.mycompany.log.basket'", "2 4 6");
	asks(&t, 2, "'topic':'com.mycompany.log.basket','limit':2", "2 4");
	asks(&t, 2, "'topic':'com.mycompany.log.basket','limit':2,"
		    "'reverse':true", "6 4");
	asks(&t, 2, "'topic':'com.mycompany.log.none'", "");
	asks(&t, 0, "'topic':'com.mycompany.log.basket'", "");
	snprintf(kwargs, sizeof kwargs, "'after_publication':%llu,"
		 "'topic':'com.mycompany.log.basket'", second);
	asks(&t, 2, kwargs, "4 6");
	snprintf(kwargs, sizeof kwargs, "'from_publication':%llu,"
		 "'until_publication':%llu", second, second);
	asks(&t, 2, kwargs, "2");
	snprintf(kwargs, sizeof kwargs, "'after_publication':%llu,"
		 "'before_publication':%llu", second, second);
	asks(&t, 2, kwargs, "");
	trio_deinit(&t);
}

/* The publication of the last event in the answer. */
static ull last_publication(const struct peer *p)
{
	const char *text = p->heard[p->heard_next - 1], *last = NULL;

	while ((text = strstr(text, "\"publication\":")))
		last = text += strlen("\"publication\":");
	return last ? strtoull(last, NULL, 10) : 0;
}

/* Page by page, in both directions, as the section says: each event once. */
static void test_history__pages(void **state)
{
	static const char *const pages[2][3] = { { "1 2", "3 4", "5" },
						 { "5 4", "3 2", "1" } };
	struct trio t;

	(void)state;
	desk_init(&t);
	log_example(&t);
	for (unsigned back = 0; back < 2; back++) {
		char kwargs[128];

		snprintf(kwargs, sizeof kwargs, "'limit':2,'reverse':%s",
			 back ? "true" : "false");
		for (unsigned i = 0; i < 3; i++) {
			asks(&t, 2, kwargs, pages[back][i]);
			snprintf(kwargs, sizeof kwargs,
				 "'limit':2,'reverse':%s,'%s_publication':"
				 "%llu", back ? "true" : "false",
				 back ? "before" : "after",
				 last_publication(&t.a));
		}
		asks(&t, 2, kwargs, "");
	}
	trio_deinit(&t);
}

/* An event that alone is more than may wait for the caller is not given, and
 * the caller is told so. */
static void test_history__what_does_not_fit(void **state)
{
	struct trio t;

	(void)state;
	desk_init(&t);
	t.room.roles[0].limits.output_bytes = 2048;
	say(&t.publisher, "[16,1,{},'com.mycompany.log.auth',['%01000d']]",
	    0);
	log_event(&t, "", "auth", 7);
	get_events(&t, &t.a, 0, "");
	hears(&t.a, "[50,*,{},[{*'args':[7]}],{'is_limit_reached':false,"
		    "'left_out':1}]");
	assert_null(strstr(t.a.heard[t.a.heard_next - 1], "00000000"));
	trio_deinit(&t);
}

/* "These same rules must also apply to event history requests": of authid and
 * authrole; what names sessions "should not be saved at all". */
static void test_history__lists_apply(void **state)
{
	struct trio t;

	(void)state;
	desk_init(&t);
	log_event(&t, "'eligible_authrole':['keeper']", "auth", 1);
	log_event(&t, "'exclude_authid':['kim']", "auth", 2);
	log_event(&t, "'eligible_authid':['kim','lee'],"
		      "'exclude_authrole':['anyone']", "auth", 3);
	log_event(&t, "'exclude':[]", "auth", 4);
	log_event(&t, "'eligible':[1,2]", "auth", 5);
	log_event(&t, "'exclude':[1],'eligible_authid':['kim']", "auth", 6);
	log_event(&t, "", "auth", 7);
	asks(&t, 0, "", "2 7");
	get_events(&t, &t.kim, 0, "");
	gives(&t.kim, "1 3 7");
	trio_deinit(&t);
}

static void test_history__what_is_no_condition(void **state)
{
	static const char *const bad[] = {
		"'limit':0", "'limit':-1", "'limit':1.5", "'limit':'2'",
		"'reverse':1", "'reverse':'true'", "'from_time':1700000000",
		"'after_time':'2024-02-30T00:00:00Z'",
		"'before_time':'2024-02-29 00:00:00'", "'until_time':''",
		"'from_publication':0", "'after_publication':'1'",
		"'before_publication':-7", "'until_publication':1.5",
	};
	struct trio t;

	(void)state;
	desk_init(&t);
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
		get_events(&t, &t.a, 0, bad[i]);
		hears(&t.a, "[8,48,*,{},'wamp.error.invalid_argument',*]");
	}
	get_events(&t, &t.a, 0, "'topic':'a..b'");
	hears(&t.a, "[8,48,*,{},'wamp.error.invalid_uri',*]");
	get_events(&t, &t.a, 0, "'limit':null,'reverse':null,'topic':null,"
				"'from_time':null,'from_publication':null");
	gives(&t.a, "");
	trio_deinit(&t);
}

/* --- HISTORY_BYTES_MAX --------------------------------------------------- */

static void add_sized(struct history *h, uint64_t publication, size_t bytes)
{
	static const uint8_t zeros[HISTORY_BYTES_MAX + 1];
	struct event like = { .publication = publication };
	struct event *e;

	like.topic = bytes_of(zeros, bytes - sizeof like);
	e = event_new(&like);
	assert_non_null(e);
	assert_int_equal(e->bytes, bytes);
	history_add(h, e);
	event_drop(e);
	assert_true(h->bytes <= HISTORY_BYTES_MAX);
}

struct seen {
	uint64_t first, last;
	unsigned count;
};

static bool see(void *ctx, const struct event *e)
{
	struct seen *s = ctx;

	s->first = s->count++ ? s->first : e->publication;
	s->last = e->publication;
	return true;
}

static void holds(const struct history *h, uint64_t first, uint64_t last)
{
	struct history_query q;
	struct seen s = { 0, 0, 0 };

	history_query_init(&q);
	history_each(h, &q, see, &s);
	assert_int_equal(s.count, h->count);
	assert_int_equal(s.first, first);
	assert_int_equal(s.last, last);
}

/* Whatever its limit of events: the oldest go, and what alone is too much is
 * not kept and costs nothing else its place. */
static void test_history__is_bounded_in_bytes(void **state)
{
	enum { EACH = HISTORY_BYTES_MAX / 4 };
	struct history h;

	(void)state;
	history_init(&h, HISTORY_EVENTS_MAX);
	for (uint64_t i = 1; i <= 4; i++)
		add_sized(&h, i, EACH);
	assert_int_equal(h.bytes, HISTORY_BYTES_MAX);
	holds(&h, 1, 4);
	add_sized(&h, 5, 1000);
	holds(&h, 2, 5);
	add_sized(&h, 6, 2 * EACH);
	holds(&h, 4, 6);
	add_sized(&h, 7, HISTORY_BYTES_MAX + 1);
	holds(&h, 4, 6);
	add_sized(&h, 8, HISTORY_BYTES_MAX);
	holds(&h, 8, 8);
	assert_int_equal(h.count, 1);
	history_deinit(&h);
	assert_int_equal(h.bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_history__the_example),
		cmocka_unit_test(test_history__the_clock_may_jump),
		cmocka_unit_test(test_history__an_event),
		cmocka_unit_test(test_history__times),
		cmocka_unit_test(test_history__conditions_together),
		cmocka_unit_test(test_history__pages),
		cmocka_unit_test(test_history__what_does_not_fit),
		cmocka_unit_test(test_history__lists_apply),
		cmocka_unit_test(test_history__what_is_no_condition),
		cmocka_unit_test(test_history__is_bounded_in_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
