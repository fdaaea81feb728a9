/* Each allocation of what the broker keeps fails once: who asked is told, or
 * loses its session; what was not said to have failed is there; nothing else
 * is disturbed. */
#include "tests/unit/base/fail_malloc.h"

#include "room.h"

typedef unsigned long long ull;

enum { HEARD_MAX = 32, PEERS = 3 };

/* Hears without allocating: the first bytes of each message, in JSON. */
struct ear {
	struct room *room;
	struct session *session; /* NULL: lost */
	bool closed;
	unsigned count;
	unsigned events; /* of a history, in all answers */
	char heard[HEARD_MAX][200];
};

static unsigned count_events(struct bytes message)
{
	static const char key[] = "\"args\":";
	unsigned count = 0;

	for (size_t i = 0; i + sizeof key <= message.len; i++)
		count += !memcmp(message.data + i, key, sizeof key - 1);
	return count;
}

static int ear_send(void *ctx, struct bytes message)
{
	struct ear *e = ctx;

	if (e->closed)
		return ERR_CLOSED;
	if (e->count < HEARD_MAX)
		snprintf(e->heard[e->count], sizeof e->heard[0], "%.*s",
			 (int)message.len, (const char *)message.data);
	e->count++;
	e->events += count_events(message);
	return 0;
}

static void ear_close(void *ctx, unsigned code, const char *why)
{
	(void)code;
	(void)why;
	((struct ear *)ctx)->closed = true;
}

static void ear_pause(void *ctx, bool on)
{
	(void)ctx;
	(void)on;
}

static void ear_limit(void *ctx, const struct role_limits *limits)
{
	(void)ctx;
	(void)limits;
}

static size_t ear_output(void *ctx)
{
	(void)ctx;
	return 0;
}

static const struct link_ops ear_ops = { ear_send, ear_close, ear_pause,
					 ear_limit, ear_output };

/* Raw text; a connection that is closed is lost, as net would tell. */
static void tell(struct ear *e, const char *text)
{
	if (!e->session)
		return;
	router_receive(&e->room->router, e->session, bytes_str(text));
	if (e->closed) {
		router_lost(&e->room->router, e->session);
		e->session = NULL;
	}
}

static void ear_join(struct ear *e, struct room *room)
{
	struct link link = { .ops = &ear_ops, .ctx = e,
			     .serializer = &serializer_json,
			     .confidential = true, .transport = "fake" };

	memset(e, 0, sizeof *e);
	e->room = room;
	e->session = router_connect(&room->router, &link, &room->authn);
	assert_non_null(e->session);
	tell(e, "[1,\"realm1\",{\"roles\":{\"subscriber\":{}}}]");
	assert_int_equal(e->count, 1);
	e->count = 0;
}

static unsigned heard_of(const struct ear *e, const char *pattern)
{
	unsigned count = 0;

	assert_true(e->count <= HEARD_MAX);
	for (unsigned i = 0; i < e->count; i++)
		count += looks_like(pattern, e->heard[i]);
	return count;
}

struct stage {
	struct room room;
	struct history_rule rule;
	struct ear ears[PEERS];
};

static void stage_init(struct stage *s)
{
	room_init_with(&s->room, NULL, 0);
	s->rule = (struct history_rule){ bytes_str("h."), URI_PREFIX, 99 };
	s->room.realm.histories = &s->rule;
	s->room.realm.history_count = 1;
	room_open(&s->room);
	for (unsigned i = 0; i < PEERS; i++)
		ear_join(&s->ears[i], &s->room);
}

static struct broker *broker_of(struct stage *s)
{
	return &s->room.router.realms[0].broker;
}

static void stage_deinit(struct stage *s)
{
	for (unsigned i = 0; i < PEERS; i++)
		if (s->ears[i].session)
			router_lost(&s->room.router, s->ears[i].session);
	assert_int_equal(broker_of(s)->by_id.count, 1); /* the history's */
	room_deinit(&s->room);
}

/* --- subscribing --------------------------------------------------------- */

static void test_memory__subscribe(void **state)
{
	static const char *const requests[] = {
		"[32,1,{},\"a.b\"]",
		"[32,2,{\"match\":\"prefix\"},\"a.\"]",
		"[32,3,{\"match\":\"wildcard\"},\"a..c\"]",
	};
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct stage s;
		struct ear *e = &s.ears[0];
		unsigned done;

		stage_init(&s);
		fail_malloc_at(n);
		for (unsigned i = 0; i < 3; i++)
			tell(e, requests[i]);
		failed = fail_malloc_off();
		done = heard_of(e, "[33,*]");
		if (e->session) {
			assert_int_equal(broker_of(&s)->by_id.count, 1 + done);
			assert_int_equal(
				done + heard_of(e, "[8,32,*,{},'wamp.error."
						   "unavailable',*]"), 3);
			/* once more: now there is memory */
			tell(e, "[32,4,{},\"a.b\"]");
			tell(&s.ears[1], "[16,1,{},\"a.b\"]");
			assert_true(heard_of(e, "[36,*") >= 1);
		}
		assert_true(failed || done == 3);
		stage_deinit(&s);
	}
}

/* --- publishing ---------------------------------------------------------- */

/* PUBLISHED is said when all have got it, and then only. */
static void test_memory__publish(void **state)
{
	bool failed = true;
	unsigned refused = 0;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct stage s;
		struct ear *p = &s.ears[2];

		stage_init(&s);
		tell(&s.ears[0], "[32,1,{},\"a.b\"]");
		tell(&s.ears[1], "[32,1,{\"match\":\"prefix\"},\"a.\"]");
		fail_malloc_at(n);
		tell(p, "[16,1,{\"acknowledge\":true,\"disclose_me\":true,"
			"\"eligible_authrole\":[\"anyone\"]},\"a.b\",[1]]");
		failed = fail_malloc_off();
		if (heard_of(p, "[17,1,*]")) {
			assert_int_equal(heard_of(&s.ears[0], "[36,*"), 1);
			assert_int_equal(heard_of(&s.ears[1], "[36,*"), 1);
		} else if (p->session) {
			refused += heard_of(p, "[8,16,1,{},'wamp.error."
					       "unavailable',*]");
		}
		assert_true(failed || heard_of(p, "[17,1,*]"));
		for (unsigned i = 0; i < PEERS; i++)
			assert_true(s.ears[i].session || i == 2);
		stage_deinit(&s);
	}
	assert_true(refused > 0);
}

/* --- event history ------------------------------------------------------- */

static void check_history(const struct history *h)
{
	size_t bytes = 0;
	uint64_t last = 0;

	for (uint32_t i = 0; i < h->count; i++) {
		const struct event *e = h->events[(h->first + i) % h->cap];

		assert_true(e->publication > last); /* their order */
		last = e->publication;
		bytes += e->bytes;
	}
	assert_int_equal(h->bytes, bytes);
}

/* At each growth of the circle, and with the oldest going. */
static void test_memory__history_add(void **state)
{
	enum { ADDED = 70, LIMIT = 40 };
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct history h;
		unsigned made = 0;

		history_init(&h, LIMIT);
		fail_malloc_at(n);
		for (uint64_t i = 1; i <= ADDED; i++) {
			struct event like = { .publication = i };
			struct event *e = event_new(&like);

			if (!e)
				continue;
			made++;
			history_add(&h, e);
			event_drop(e);
			check_history(&h);
		}
		failed = fail_malloc_off();
		assert_true(made >= ADDED - 1);
		assert_int_equal(h.count, LIMIT);
		history_deinit(&h);
	}
}

static void publish_long(struct ear *e, unsigned request, const char *options,
			 const char *topic)
{
	static char text[12000];
	size_t len = (size_t)snprintf(text, sizeof text,
				      "[16,%u,{%s},\"%s\",[0", request,
				      options, topic);

	while (len < sizeof text - 16)
		len += (size_t)snprintf(text + len, sizeof text - len, ",%u",
					request);
	snprintf(text + len, sizeof text - len, "]]");
	tell(e, text);
}

/* All the events or an ERROR: never a page with gaps. */
static void test_memory__get_events(void **state)
{
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct stage s;
		struct ear *e = &s.ears[0];
		char call[96];

		stage_init(&s);
		for (unsigned i = 1; i <= 3; i++)
			publish_long(&s.ears[1], i, "", "h.x");
		snprintf(call, sizeof call, "[48,1,{},\"wamp.subscription."
					    "get_events\",[%llu]]",
			 (ull)broker_lookup(broker_of(&s), URI_PREFIX,
					    bytes_str("h."))->id);
		fail_malloc_at(n);
		tell(e, call);
		failed = fail_malloc_off();
		assert_true(failed || heard_of(e, "[50,*"));
		if (heard_of(e, "[50,*"))
			assert_int_equal(e->events, 3);
		else if (e->session)
			assert_int_equal(heard_of(e, "[8,48,1,{},'wamp.error."
						     "unavailable',*"), 1);
		stage_deinit(&s);
	}
}

/* --- retained events ----------------------------------------------------- */

/* Best effort: the newest that could be kept, or what was there before. */
static void test_memory__retained(void **state)
{
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct stage s;
		struct ear *e = &s.ears[0];
		unsigned got;

		stage_init(&s);
		tell(&s.ears[1], "[16,1,{\"retain\":true},\"a.b\",[1]]");
		fail_malloc_at(n);
		tell(&s.ears[1], "[16,2,{\"retain\":true},\"a.b\",[2]]");
		tell(&s.ears[1], "[16,3,{\"retain\":true,"
				 "\"eligible_authrole\":[\"keeper\"]},"
				 "\"a.b\",[3]]");
		tell(&s.ears[1], "[16,4,{\"retain\":true},\"a.c\",[4]]");
		failed = fail_malloc_off();
		tell(e, "[32,1,{\"get_retained\":true},\"a.b\"]");
		got = heard_of(e, "[36,*,*,{'retained':true},[2]]");
		if (s.ears[1].session)
			assert_int_equal(got + heard_of(e, "[36,*,[1]]"), 1);
		assert_true(failed || got);
		tell(e, "[32,2,{\"get_retained\":true},\"a.c\"]");
		assert_true(failed || heard_of(e, "[36,*,[4]]") == 1);
		tell(&s.ears[2], "[16,1,{\"retain\":true},\"a.b\",[5]]");
		e->count = 0;
		tell(e, "[32,3,{\"get_retained\":true},\"a.b\"]");
		assert_int_equal(heard_of(e, "[36,*'retained':true},[5]]"), 1);
		stage_deinit(&s);
	}
}

/* --- testaments ---------------------------------------------------------- */

/* What was answered with a RESULT is published in the end; what was not, is
 * not. */
static void test_memory__testament(void **state)
{
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct stage s;
		struct ear *e = &s.ears[0];
		unsigned added;

		stage_init(&s);
		tell(&s.ears[1], "[32,1,{},\"a.b\"]");
		fail_malloc_at(n);
		for (unsigned i = 0; i < 2; i++)
			tell(e, i ? "[48,2,{},\"wamp.session.add_testament\","
				    "[\"a.b\",[2],{\"k\":1}],{\"scope\":"
				    "\"detached\",\"publish_options\":"
				    "{\"exclude\":[7]}}]"
				  : "[48,1,{},\"wamp.session.add_testament\","
				    "[\"a.b\",[1]]]");
		failed = fail_malloc_off();
		added = heard_of(e, "[50,*");
		assert_true(failed || added == 2);
		if (e->session) {
			assert_int_equal(e->session->testament_count, added);
			assert_int_equal(added + heard_of(e, "[8,48,*'wamp."
					 "error.unavailable'*"), 2);
			tell(e, "[6,{},\"wamp.close.close_realm\"]");
			assert_int_equal(heard_of(&s.ears[1], "[36,*"),
					 added);
		}
		stage_deinit(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory__subscribe),
		cmocka_unit_test(test_memory__publish),
		cmocka_unit_test(test_memory__history_add),
		cmocka_unit_test(test_memory__get_events),
		cmocka_unit_test(test_memory__retained),
		cmocka_unit_test(test_memory__testament),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
