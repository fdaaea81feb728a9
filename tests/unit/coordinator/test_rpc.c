#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "coordinator/rpc.h"
#include "wamp/json.h"

/*
 * rpc over a JSON session without a transport: the test is the router. What
 * rpc says is kept as text; what it tells the coord is kept as events.
 */

enum { SAID_MAX = 256 };

struct line {
	struct coord *c;
	struct rpc *rpc;
	struct client *client;
	char *said[SAID_MAX]; /* owned */
	unsigned count, heard;
	struct coord_event last; /* without what it borrowed */
	unsigned events[EV_FREEZE + 1];
	uint64_t now_ms, seen_sessions;
	char failed[256], name[64];
};

static void on_send(void *ctx, struct bytes message)
{
	struct line *l = ctx;

	assert_true(l->count < SAID_MAX);
	l->said[l->count] = strndup((const char *)message.data, message.len);
	l->count++;
}

static void on_joined(void *ctx, uint64_t session, const struct value *d)
{
	struct line *l = ctx;

	(void)session;
	(void)d;
	rpc_joined(l->rpc, l->client);
}

static void on_left(void *ctx, struct bytes reason, struct bytes message)
{
	(void)ctx;
	(void)reason;
	(void)message;
}

static void on_event(void *ctx, const struct coord_event *e)
{
	struct line *l = ctx;

	l->last = *e;
	l->events[e->type]++;
	l->seen_sessions = e->session_count;
	if (e->type == EV_JOIN)
		snprintf(l->name, sizeof l->name, "%.*s",
			 (int)e->join.name.len,
			 e->join.name.len ? (const char *)e->join.name.data :
					    "");
}

static void on_failed(void *ctx, const char *why)
{
	struct line *l = ctx;

	snprintf(l->failed, sizeof l->failed, "%s", why);
}

static uint64_t now_ms(void *ctx)
{
	return ((struct line *)ctx)->now_ms;
}

static uint64_t no_random(void *ctx)
{
	(void)ctx;
	return 4;
}

static void hear(struct line *l, const char *message)
{
	assert_int_equal(client_receive(l->client, bytes_str(message)), 0);
}

static void open_line_as(struct line *l, bool takeover)
{
	struct coord_config coord = { .random = no_random };
	struct rpc_config rpc = { .event = on_event,
				  .failed = on_failed,
				  .now_ms = now_ms,
				  .takeover = takeover,
				  .ctx = l };
	struct client_config client = { .serializer = &serializer_json,
					.limits = wamp_limits_default,
					.realm = "realm1",
					.agent = "test",
					.send = on_send,
					.joined = on_joined,
					.left = on_left,
					.ctx = l };

	*l = (struct line){ .now_ms = 1000 };
	l->c = coord_new(&coord);
	rpc.coord = l->c;
	l->rpc = rpc_new(&rpc);
	l->client = client_new(&client);
	assert_true(l->c && l->rpc && l->client);
	assert_int_equal(client_open(l->client), 0);
	hear(l, "[2,1,{\"roles\":{\"broker\":{},\"dealer\":{}}}]");
}

static void open_line(struct line *l)
{
	open_line_as(l, false);
}

static void close_line(struct line *l)
{
	client_lost(l->client);
	rpc_lost(l->rpc);
	client_free(l->client);
	rpc_free(l->rpc);
	coord_free(l->c);
	for (unsigned i = 0; i < l->count; i++)
		free(l->said[i]);
}

/* The next message that contains the text; others before it are skipped. */
static const char *says(struct line *l, const char *text)
{
	while (l->heard < l->count)
		if (strstr(l->said[l->heard++], text))
			return l->said[l->heard - 1];
	fail_msg("not said: %s", text);
	return NULL;
}

static unsigned long request_of(const char *message)
{
	return strtoul(strchr(message, ',') + 1, NULL, 10);
}

static void registered(struct line *l, const char *message, unsigned id)
{
	char text[64];

	snprintf(text, sizeof text, "[65,%lu,%u]", request_of(message), id);
	hear(l, text);
}

/* All of them, as 100, 101, … in the order of their asking. */
static void register_all(struct line *l)
{
	unsigned id = 100;

	for (unsigned i = 0; i < l->count; i++)
		if (strncmp(l->said[i], "[64,", 4) == 0)
			registered(l, l->said[i], id++);
}

/* --- registering --------------------------------------------------------- */

static void test_rpc__one_first_then_the_rest(void **state)
{
	struct line l;

	(void)state;
	open_line(&l);
	assert_int_equal(l.count, 2); /* HELLO, and one REGISTER */
	registered(&l, says(&l, "donor.join"), 100);
	assert_true(l.count > 12);
	assert_int_equal(l.events[EV_READY], 0);
	close_line(&l);
	open_line(&l);
	register_all(&l);
	assert_int_equal(l.events[EV_READY], 1);
	says(&l, "wamp.registration.on_create");
	says(&l, "wamp.registration.lookup");
	close_line(&l);
}

/* By force until they are ours; from then on as any other. */
static void test_rpc__takeover(void **state)
{
	struct line l;

	(void)state;
	open_line_as(&l, true);
	assert_non_null(strstr(l.said[1], "\"force_reregister\":true"));
	register_all(&l);
	assert_int_equal(l.events[EV_READY], 1);
	for (unsigned i = 1; i < l.count; i++)
		if (strncmp(l.said[i], "[64,", 4) == 0)
			assert_non_null(strstr(l.said[i],
					       "\"force_reregister\":true"));
	l.heard = l.count;
	rpc_lost(l.rpc);
	client_lost(l.client);
	assert_int_equal(client_open(l.client), 0);
	hear(&l, "[2,2,{\"roles\":{\"broker\":{},\"dealer\":{}}}]");
	assert_null(strstr(says(&l, "donor.join"), "force_reregister"));
	close_line(&l);
}

static void test_rpc__another_coordinator(void **state)
{
	struct line l;
	char text[128];

	(void)state;
	open_line(&l);
	for (unsigned second = 0; second <= 75; second++) {
		assert_string_equal(l.failed, "");
		snprintf(text, sizeof text,
			 "[8,64,%lu,{},"
			 "\"wamp.error.procedure_already_exists\"]",
			 request_of(says(&l, "donor.join")));
		hear(&l, text);
		l.now_ms += 1000;
		rpc_tick(l.rpc);
	}
	assert_non_null(strstr(l.failed, "one a realm"));
	close_line(&l);
}

static void test_rpc__not_allowed(void **state)
{
	struct line l;
	char text[128];

	(void)state;
	open_line(&l);
	snprintf(text, sizeof text,
		 "[8,64,%lu,{},\"wamp.error.not_authorized\"]",
		 request_of(says(&l, "donor.join")));
	hear(&l, text);
	assert_non_null(strstr(l.failed, "not_authorized"));
	close_line(&l);
}

/* --- who is registered --------------------------------------------------- */

static void result(struct line *l, const char *call, const char *args)
{
	char text[256];

	snprintf(text, sizeof text, "[50,%lu,{},%s]", request_of(call), args);
	hear(l, text);
}

static void test_rpc__looks_who_is_registered(void **state)
{
	struct line l;

	(void)state;
	open_line(&l);
	register_all(&l);
	result(&l, says(&l, "\"wamp.registration.lookup\",[\"compute.chunk\""),
	       "[77]");
	result(&l, says(&l, "\"wamp.registration.list_callees\",[77]"),
	       "[[5,6]]");
	assert_int_equal(l.events[EV_CALLEES], 1);
	assert_int_equal(l.seen_sessions, 2);
	close_line(&l);
}

static void subscribed(struct line *l, const char *message, unsigned id)
{
	char text[64];

	snprintf(text, sizeof text, "[33,%lu,%u]", request_of(message), id);
	hear(l, text);
}

static void test_rpc__meta_events_are_heard(void **state)
{
	struct line l;

	(void)state;
	open_line(&l);
	register_all(&l);
	subscribed(&l, says(&l, "registration.on_create"), 1);
	subscribed(&l, says(&l, "registration.on_register"), 2);
	subscribed(&l, says(&l, "registration.on_unregister"), 3);
	subscribed(&l, says(&l, "registration.on_delete"), 4);
	subscribed(&l, says(&l, "session.on_leave"), 5);
	hear(&l, "[36,1,1,{},[5,{\"id\":77,\"uri\":\"compute.chunk\"}]]");
	hear(&l, "[36,2,2,{},[5,77]]");
	assert_int_equal(l.events[EV_REGISTERED], 1);
	assert_int_equal(l.last.session, 5);
	assert_int_equal(l.last.procedure, PROCEDURE_CHUNK);
	hear(&l, "[36,2,3,{},[5,78]]"); /* another's */
	assert_int_equal(l.events[EV_REGISTERED], 1);
	hear(&l, "[36,3,4,{},[5,77]]");
	assert_int_equal(l.events[EV_UNREGISTERED], 1);
	hear(&l, "[36,4,5,{},[5,77]]");
	assert_int_equal(l.events[EV_CALLEES], 1);
	assert_int_equal(l.seen_sessions, 0);
	hear(&l, "[36,5,6,{},[5,\"anonymous\"]]");
	assert_int_equal(l.events[EV_SESSION_LEFT], 1);
	/* Whatever comes, it is only an event. */
	hear(&l, "[36,5,7,{},[]]");
	hear(&l, "[36,2,8,{},[\"x\",null]]");
	hear(&l, "[36,1,9,{}]");
	close_line(&l);
}

static void test_rpc__router_without_meta_procedures(void **state)
{
	struct line l;
	char text[128];

	(void)state;
	open_line(&l);
	register_all(&l);
	snprintf(text, sizeof text,
		 "[8,48,%lu,{},\"wamp.error.no_such_procedure\"]",
		 request_of(says(&l, "wamp.registration.lookup")));
	hear(&l, text);
	assert_int_equal(l.events[EV_NO_META], 1);
	close_line(&l);
}

/* --- procedures ---------------------------------------------------------- */

/* donor.join is 100. */
static void invoke(struct line *l, unsigned registration, const char *details,
		   const char *arguments)
{
	static unsigned invocation = 1;
	char text[512];

	snprintf(text, sizeof text, "[68,%u,%u,%s,%s]", invocation++,
		 registration, details, arguments);
	hear(l, text);
}

static void test_rpc__join_is_read(void **state)
{
	struct line l;

	(void)state;
	open_line(&l);
	register_all(&l);
	invoke(&l, 100, "{\"caller\":9,\"caller_authrole\":\"trusted\"}",
	       "[],{\"device\":\"phone\",\"threads\":4,\"name\":\"Ada\"}");
	assert_int_equal(l.events[EV_JOIN], 1);
	assert_int_equal(l.last.join.session, 9);
	assert_int_equal(l.last.join.threads, 4);
	assert_true(l.last.join.trusted);
	assert_string_equal(l.name, "Ada");
	/* A dictionary as the only positional argument. */
	invoke(&l, 100, "{\"caller\":9,\"caller_authrole\":\"audience\"}",
	       "[{\"device\":\"phone\",\"threads\":1,\"token\":null}]");
	assert_int_equal(l.events[EV_JOIN], 2);
	assert_false(l.last.join.trusted);
	close_line(&l);
}

static void test_rpc__wrong_arguments_are_answered(void **state)
{
	static const char *const wrong[] = {
		"[],{}",
		"[],{\"device\":\"phone\"}",
		"[],{\"device\":\"phone\",\"threads\":0}",
		"[],{\"device\":\"phone\",\"threads\":1025}",
		"[],{\"device\":\"phone\",\"threads\":\"two\"}",
		"[],{\"device\":\"phone\",\"threads\":1.5}",
		"[],{\"device\":7,\"threads\":1}",
		"[],{\"threads\":1}",
		"[],{\"device\":\"phone\",\"threads\":1,\"name\":7}",
		"[],{\"device\":\"phone\",\"threads\":1,\"token\":[]}",
	};
	struct line l;

	(void)state;
	open_line(&l);
	register_all(&l);
	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		invoke(&l, 100, "{\"caller\":9}", wrong[i]);
		says(&l, "wamp.error.invalid_argument");
	}
	invoke(&l, 100, "{}", "[],{\"device\":\"phone\",\"threads\":1}");
	says(&l, "disclose");
	assert_int_equal(l.events[EV_JOIN], 0);
	/* donor.rename and donor.me before donor.join. */
	invoke(&l, 101, "{\"caller\":9}", "[],{\"name\":\"x\"}");
	says(&l, "manyhands.error.not_joined");
	invoke(&l, 102, "{\"caller\":9}", "[]");
	says(&l, "manyhands.error.not_joined");
	/* job.picture, leaderboard.top, host.queue, host.freeze. */
	invoke(&l, 106, "{}", "[],{\"since\":-1,\"page\":0}");
	says(&l, "wamp.error.invalid_argument");
	invoke(&l, 107, "{}", "[],{\"category\":\"best\"}");
	says(&l, "wamp.error.invalid_argument");
	invoke(&l, 107, "{}", "[],{\"limit\":101}");
	says(&l, "wamp.error.invalid_argument");
	invoke(&l, 112, "{}", "[],{\"spec\":\"chess:1\"}");
	says(&l, "chess");
	invoke(&l, 113, "{}", "[],{\"donor\":1}");
	says(&l, "wamp.error.invalid_argument");
	close_line(&l);
}

static void test_rpc__status_without_a_job(void **state)
{
	struct line l;

	(void)state;
	open_line(&l);
	register_all(&l);
	invoke(&l, 105, "{}", "[]");
	says(&l, "\"state\":\"idle\"");
	invoke(&l, 107, "{}", "[]");
	says(&l, "\"rows\":[]");
	invoke(&l, 106, "{}", "[],{\"since\":0,\"page\":0}");
	says(&l, "\"more\":false");
	close_line(&l);
}

/* Stale: asked in a session that is over; nothing is said. */
static void test_rpc__reply_after_the_session(void **state)
{
	struct line l;
	struct coord_effect e = { .type = EF_REFUSE, .why = { "no" } };
	unsigned before;

	(void)state;
	open_line(&l);
	register_all(&l);
	invoke(&l, 100, "{\"caller\":9}",
	       "[],{\"device\":\"phone\",\"threads\":1}");
	e.tag = l.last.tag;
	client_lost(l.client);
	rpc_lost(l.rpc);
	assert_int_equal(client_open(l.client), 0);
	hear(&l, "[2,2,{\"roles\":{\"broker\":{},\"dealer\":{}}}]");
	before = l.count;
	assert_int_equal(rpc_effect(l.rpc, l.c, &e), 0);
	assert_int_equal(l.count, before);
	close_line(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rpc__one_first_then_the_rest),
		cmocka_unit_test(test_rpc__takeover),
		cmocka_unit_test(test_rpc__another_coordinator),
		cmocka_unit_test(test_rpc__not_allowed),
		cmocka_unit_test(test_rpc__looks_who_is_registered),
		cmocka_unit_test(test_rpc__meta_events_are_heard),
		cmocka_unit_test(test_rpc__router_without_meta_procedures),
		cmocka_unit_test(test_rpc__join_is_read),
		cmocka_unit_test(test_rpc__wrong_arguments_are_answered),
		cmocka_unit_test(test_rpc__status_without_a_job),
		cmocka_unit_test(test_rpc__reply_after_the_session),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
