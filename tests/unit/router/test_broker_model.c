/* The broker against a model of it that is too simple to be wrong: random
 * sequences of joining, leaving, subscribing, unsubscribing, revoking and
 * publishing with every list; who hears what, under which subscription and in
 * which order, which retained event a subscriber gets, and what a history
 * has. */
#include "trio.h"

enum {
	ACTORS = 4,
	STEPS = 400,
	SEQUENCES = 500,
	FILTERS = 9,
	TOPICS = 6,
	LOG_MAX = STEPS,
	KEEPING = 4, /* the filter that has a history, */
	KEPT = 20,   /* of so many events */
};

static const char *const topics[TOPICS] = { "a", "a.b",	  "a.b.c",
					    "a.x.c", "b.b", "ab.b" };
static const struct {
	const char *uri, *match;
} filters[FILTERS] = {
	{ "a.b", "exact" },	{ "a.b.c", "exact" },  { "a", "exact" },
	{ "a", "prefix" },	{ "a.", "prefix" },    { "a.b", "prefix" },
	{ "a..c", "wildcard" }, { ".b", "wildcard" },  { "a..", "wildcard" },
};

/* Who may get a publication: -1 and 0 mean any. */
struct made {
	ull publisher;	  /* session that does not get it; 0: it does */
	int eligible;	  /* actor; by its session */
	int exclude;	  /* actor; by its session */
	int eligible_authrole, exclude_authrole; /* 0, 1 anyone, 2 keeper */
	ull eligible_id, exclude_id;
	unsigned number;
	bool is_everybody;
};

struct actor {
	struct peer peer;
	bool here, is_keeper;
	ull subscriptions[FILTERS]; /* 0: none */
};

struct model {
	struct room room;
	struct rng rng;
	struct actor actors[ACTORS];
	struct made retained[TOPICS][LOG_MAX];
	unsigned retained_count[TOPICS], for_some[TOPICS];
	struct history_rule rule;
	struct made history[LOG_MAX];
	unsigned history_count;
	unsigned numbers;
};

static unsigned pick(struct model *m, unsigned below)
{
	return (unsigned)(rng_next(&m->rng) % below);
}

/* --- the model ----------------------------------------------------------- */

/* Component by component, an empty one of the pattern for any. */
static bool wildcard_fits(const char *pattern, const char *topic)
{
	for (;;) {
		size_t p = strcspn(pattern, "."), t = strcspn(topic, ".");

		if (p && (p != t || strncmp(pattern, topic, p)))
			return false;
		pattern += p;
		topic += t;
		if (!*pattern || !*topic)
			return !*pattern && !*topic;
		pattern++;
		topic++;
	}
}

static bool fits(unsigned filter, const char *topic)
{
	const char *uri = filters[filter].uri;

	if (!strcmp(filters[filter].match, "exact"))
		return !strcmp(uri, topic);
	if (!strcmp(filters[filter].match, "prefix"))
		return !strncmp(uri, topic, strlen(uri));
	return wildcard_fits(uri, topic);
}

static bool may_have(const struct actor *a, const struct made *p)
{
	ull id = id_of(&a->peer);
	int role = a->is_keeper ? 2 : 1;

	return id != p->publisher &&
	       (p->eligible < 0 || id == p->eligible_id) &&
	       (p->exclude < 0 || id != p->exclude_id) &&
	       (!p->eligible_authrole || role == p->eligible_authrole) &&
	       (!p->exclude_authrole || role != p->exclude_authrole);
}

/* --- what is done -------------------------------------------------------- */

static void do_join(struct model *m, struct actor *a)
{
	peer_forget(&a->peer);
	memset(a->subscriptions, 0, sizeof a->subscriptions);
	a->is_keeper = pick(m, 2);
	a->here = true;
	if (a->is_keeper)
		join_as_kim(&a->peer, &m->room);
	else
		peer_join(&a->peer, &m->room);
}

static void do_leave(struct actor *a)
{
	peer_lose(&a->peer);
	a->here = false;
}

/* The newest of each topic that it may have. */
static unsigned expect_retained(struct model *m, struct actor *a,
				unsigned filter)
{
	unsigned count = 0;

	for (unsigned t = 0; t < TOPICS; t++) {
		const struct made *log = m->retained[t];
		unsigned i = m->retained_count[t];

		if (!fits(filter, topics[t]))
			continue;
		while (i && !may_have(a, &log[i - 1]))
			i--;
		if (!i)
			continue;
		count++;
		for (unsigned h = a->peer.heard_next;; h++) {
			char want[96];

			assert_true(h < a->peer.heard_count);
			snprintf(want, sizeof want,
				 "[36,%llu,*'retained':true},[%u]]",
				 a->subscriptions[filter],
				 log[i - 1].number);
			if (looks_like(want, a->peer.heard[h]))
				break;
		}
	}
	return count;
}

static void do_subscribe(struct model *m, struct actor *a)
{
	unsigned filter = pick(m, FILTERS), count;
	char options[64];
	ull id;

	snprintf(options, sizeof options, "'get_retained':true,'match':'%s'",
		 filters[filter].match);
	id = peer_subscribe(&a->peer, options, filters[filter].uri);
	for (unsigned i = 0; i < ACTORS; i++)
		if (m->actors[i].here && m->actors[i].subscriptions[filter])
			assert_int_equal(m->actors[i].subscriptions[filter],
					 id);
	a->subscriptions[filter] = id;
	count = expect_retained(m, a, filter);
	while (count--)
		hears(&a->peer, "[36,*'retained':true}*");
	hears_nothing(&a->peer);
}

static void do_unsubscribe(struct model *m, struct actor *a)
{
	unsigned filter = pick(m, FILTERS);
	ull id = a->subscriptions[filter];

	say(&a->peer, "[34,%llu,%llu]",
	    (ull)a->peer.session->last_request + 1, id ? id : 1);
	hears(&a->peer, id ? "[35,*]" : "[8,34,*no_such_subscription*");
	a->subscriptions[filter] = 0;
}

static void do_revoke(struct model *m, struct actor *a)
{
	struct actor *of = &m->actors[pick(m, ACTORS)];
	unsigned filter = pick(m, FILTERS);

	if (!of->here || !of->subscriptions[filter])
		return;
	say(&a->peer, "[48,%llu,{},'wamp.subscription.remove_subscriber',"
		      "[%llu,%llu]]", (ull)a->peer.session->last_request + 1,
	    of->subscriptions[filter], id_of(&of->peer));
	hears(&a->peer, "[50,*,{}]");
	of->subscriptions[filter] = 0;
}

/* An actor that is here, for a list of sessions; -1: no list. */
static int pick_listed(struct model *m, ull *id)
{
	unsigned i = pick(m, 3 * ACTORS);

	if (i >= ACTORS || !m->actors[i].here)
		return -1;
	*id = id_of(&m->actors[i].peer);
	return (int)i;
}

static struct made make(struct model *m, const struct actor *a)
{
	struct made p = { .number = ++m->numbers };

	p.publisher = pick(m, 3) ? id_of(&a->peer) : 0;
	p.eligible = pick_listed(m, &p.eligible_id);
	p.exclude = pick_listed(m, &p.exclude_id);
	p.eligible_authrole = pick(m, 6) ? 0 : 1 + (int)pick(m, 2);
	p.exclude_authrole = pick(m, 6) ? 0 : 1 + (int)pick(m, 2);
	p.is_everybody = p.eligible < 0 && p.exclude < 0 &&
			 !p.eligible_authrole && !p.exclude_authrole;
	return p;
}

/* Which are few enough to be kept (RETAINED_FOR_SOME_MAX). */
static bool is_retained(struct model *m, unsigned topic, const struct made *p)
{
	if (pick(m, 2) || (!p->is_everybody &&
			   m->for_some[topic] >= RETAINED_FOR_SOME_MAX))
		return false;
	if (!p->is_everybody)
		m->for_some[topic]++;
	else if (!p->publisher)
		m->for_some[topic] = 0;
	m->retained[topic][m->retained_count[topic]++] = *p;
	return true;
}

static void write_options(char *out, size_t size, const struct made *p,
			  bool retain)
{
	static const char *const roles[] = { "", "anyone", "keeper" };
	size_t len = (size_t)snprintf(out, size, "'retain':%s",
				      retain ? "true" : "false");

	if (!p->publisher)
		len += (size_t)snprintf(out + len, size - len,
					",'exclude_me':false");
	if (p->eligible >= 0)
		len += (size_t)snprintf(out + len, size - len,
					",'eligible':[%llu]", p->eligible_id);
	if (p->exclude >= 0)
		len += (size_t)snprintf(out + len, size - len,
					",'exclude':[%llu]", p->exclude_id);
	if (p->eligible_authrole)
		len += (size_t)snprintf(out + len, size - len,
					",'eligible_authrole':['%s']",
					roles[p->eligible_authrole]);
	if (p->exclude_authrole)
		snprintf(out + len, size - len, ",'exclude_authrole':['%s']",
			 roles[p->exclude_authrole]);
}

/* Each subscription of its that fits, once. */
static void check_heard(struct actor *a, unsigned topic, const struct made *p)
{
	unsigned count = 0, heard_count;

	if (!a->here)
		return;
	heard_count = a->peer.heard_count - a->peer.heard_next;
	for (unsigned f = 0; f < FILTERS; f++) {
		char want[96];
		unsigned found = 0;

		if (!a->subscriptions[f] || !fits(f, topics[topic]) ||
		    !may_have(a, p))
			continue;
		count++;
		snprintf(want, sizeof want, "[36,%llu,*,[%u]]",
			 a->subscriptions[f], p->number);
		for (unsigned h = 0; h < heard_count; h++)
			found += looks_like(want, a->peer.heard
						  [a->peer.heard_next + h]);
		assert_int_equal(found, 1);
	}
	assert_int_equal(heard_count, count);
	peer_forget(&a->peer);
}

/* Not what names sessions. */
static void remember(struct model *m, unsigned topic, const struct made *p)
{
	if (fits(KEEPING, topics[topic]) && p->eligible < 0 && p->exclude < 0)
		m->history[m->history_count++] = *p;
}

/* Of those kept, what its role may have: its own, too. */
static void do_ask(struct model *m, struct actor *a)
{
	const struct broker *b = &m->room.router.realms[0].broker;
	unsigned i = m->history_count > KEPT ? m->history_count - KEPT : 0;
	const char *text;

	say(&a->peer, "[48,%llu,{},'wamp.subscription.get_events',[%llu]]",
	    (ull)a->peer.session->last_request + 1,
	    (ull)broker_lookup(b, URI_PREFIX, m->rule.uri)->id);
	text = heard(&a->peer);
	assert_true(text && looks_like("[50,*", text));
	for (; i < m->history_count; i++) {
		struct made p = m->history[i];

		p.publisher = 0;
		if (!may_have(a, &p))
			continue;
		text = strstr(text, "\"args\":[");
		assert_non_null(text);
		text += strlen("\"args\":[");
		assert_int_equal(strtoul(text, NULL, 10), p.number);
	}
	assert_null(strstr(text, "\"args\":["));
}

static void do_publish(struct model *m, struct actor *a)
{
	unsigned topic = pick(m, TOPICS);
	struct made p = make(m, a);
	char options[256], rest[48];

	write_options(options, sizeof options, &p,
		      is_retained(m, topic, &p));
	snprintf(rest, sizeof rest, "'%s',[%u]", topics[topic], p.number);
	publish(&a->peer, options, rest);
	remember(m, topic, &p);
	for (unsigned i = 0; i < ACTORS; i++)
		check_heard(&m->actors[i], topic, &p);
}

static void step(struct model *m)
{
	struct actor *a = &m->actors[pick(m, ACTORS)];
	unsigned what = pick(m, 100);

	if (!a->here)
		do_join(m, a);
	else if (what < 4)
		do_leave(a);
	else if (what < 40)
		do_subscribe(m, a);
	else if (what < 52)
		do_unsubscribe(m, a);
	else if (what < 58)
		do_revoke(m, a);
	else if (what < 62)
		do_ask(m, a);
	else
		do_publish(m, a);
	for (unsigned i = 0; i < ACTORS; i++)
		if (m->actors[i].here)
			hears_nothing(&m->actors[i].peer);
}

/* What is left of the broker is what the model has. */
static void check_rest(struct model *m)
{
	size_t count = 0;

	for (unsigned f = 0; f < FILTERS; f++) {
		bool any = f == KEEPING;

		for (unsigned i = 0; i < ACTORS; i++)
			any |= m->actors[i].here &&
			       m->actors[i].subscriptions[f];
		count += any;
	}
	assert_int_equal(m->room.router.realms[0].broker.by_id.count, count);
}

static void test_model__says_what_the_broker_does(void **state)
{
	static struct model m;

	(void)state;
	for (unsigned s = 0; s < SEQUENCES; s++) {
		memset(&m, 0, sizeof m);
		rng_seed(&m.rng, s + 1);
		room_init_with(&m.room, NULL, 0);
		room_allow(&m.room.roles[2], "", URI_PREFIX, ALLOW_ALL);
		m.rule = (struct history_rule){ bytes_str("a."), URI_PREFIX,
						KEPT };
		m.room.realm.histories = &m.rule;
		m.room.realm.history_count = 1;
		room_open(&m.room);
		for (unsigned i = 0; i < STEPS; i++) {
			step(&m);
			check_rest(&m);
		}
		for (unsigned i = 0; i < ACTORS; i++)
			peer_deinit(&m.actors[i].peer);
		room_deinit(&m.room);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model__says_what_the_broker_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
