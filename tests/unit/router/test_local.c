/* A client inside the router's process is a session like any other, and is
 * heard and told between turns only. */
#include "tests/unit/base/fail_malloc.h"

#include "room.h"

#include "router/local.h"

struct stage {
	struct room room;
	struct local *local;
	struct peer peer;
	char log[512];
	bool close_in_reply, call_in_reply;
};

static void note(struct stage *st, const char *text, struct bytes more)
{
	size_t len = strlen(st->log);

	snprintf(st->log + len, sizeof st->log - len, "%s%.*s ", text,
		 (int)more.len, more.data ? (const char *)more.data : "");
}

#define noted(st, want)                                                       \
	do {                                                                  \
		assert_string_equal((st)->log, want);                         \
		(st)->log[0] = '\0';                                          \
	} while (0)

static struct local *open_local(struct stage *st)
{
	struct router *r = &st->room.router;

	return local_open(r, &r->realms[0], &st->room.roles[0], "clerk");
}

static void stage_open(struct stage *st)
{
	memset(st, 0, sizeof *st);
	room_init(&st->room);
	st->local = open_local(st);
	assert_non_null(st->local);
}

static void stage_close(struct stage *st)
{
	peer_deinit(&st->peer);
	room_deinit(&st->room);
}

static void on_reply(void *ctx, struct bytes error,
		     const struct client_data *data)
{
	struct stage *st = ctx;
	int64_t n = 0;

	(void)value_get_int(list_at(data->args, 0), &n);
	if (error.len)
		note(st, "error:", error);
	else
		note(st, n == 7 ? "seven" : "result", bytes_of(NULL, 0));
	if (st->close_in_reply) {
		local_close(st->local);
		note(st, "closed", bytes_of(NULL, 0));
	}
	if (st->call_in_reply) {
		st->call_in_reply = false;
		assert_int_equal(client_call(local_client(st->local),
					     "com.b", NULL, NULL, NULL,
					     on_reply, st, NULL), 0);
	}
}

static int call(struct stage *st, const char *procedure)
{
	return client_call(local_client(st->local), procedure, NULL, NULL,
			   NULL, on_reply, st, NULL);
}

static void test_local__is_joined_at_once_and_found_by_meta(void **state)
{
	struct stage st;

	(void)state;
	stage_open(&st);
	assert_true(client_is_joined(local_client(st.local)));
	peer_join(&st.peer, &st.room);
	say(&st.peer, "[48,1,{},'wamp.session.count',[['anyone']]]");
	hears(&st.peer, "[50,1,{},[2]]");
	say(&st.peer, "[48,2,{},'wamp.session.list']");
	hears(&st.peer, "[50,2,{},[[*,*]]]");
	stage_close(&st);
}

static void test_local__its_session_says_what_it_is(void **state)
{
	struct stage st;

	(void)state;
	memset(&st, 0, sizeof st);
	room_init(&st.room);
	peer_join(&st.peer, &st.room);
	say(&st.peer, "[32,1,{},'wamp.session.on_join']");
	hears(&st.peer, "[33,1,*]");
	st.local = open_local(&st);
	hears(&st.peer, "[36,*'authid':'clerk','authrole':'anyone','"
			"authmethod':'internal','authprovider':'local'*");
	say(&st.peer, "[32,2,{},'wamp.session.on_leave']");
	hears(&st.peer, "[33,2,*]");
	local_close(st.local);
	hears_nothing(&st.peer);
	router_settle(&st.room.router);
	hears(&st.peer, "[36,*");
	stage_close(&st);
}

static void test_local__is_heard_when_the_turn_ends(void **state)
{
	struct stage st;

	(void)state;
	stage_open(&st);
	peer_join(&st.peer, &st.room);
	peer_register(&st.peer, 1, "", "com.a");
	assert_int_equal(call(&st, "com.a"), 0);
	hears_nothing(&st.peer);
	assert_int_equal(router_due_ms(&st.room.router), st.room.now_ms);
	router_settle(&st.room.router);
	assert_true(router_due_ms(&st.room.router) > st.room.now_ms);
	hears(&st.peer, "[68,1,*");
	noted(&st, "");
	say(&st.peer, "[70,1,{},[7]]");
	noted(&st, "seven ");
	stage_close(&st);
}

static void test_local__calls_again_from_a_reply(void **state)
{
	struct stage st;

	(void)state;
	stage_open(&st);
	peer_join(&st.peer, &st.room);
	peer_register(&st.peer, 1, "", "com.a");
	peer_register(&st.peer, 2, "", "com.b");
	st.call_in_reply = true;
	assert_int_equal(call(&st, "com.a"), 0);
	room_wait(&st.room, 1);
	hears(&st.peer, "[68,1,*");
	say(&st.peer, "[70,1,{},[7]]");
	hears(&st.peer, "[68,2,*");
	say(&st.peer, "[8,68,2,{},'com.error.no']");
	noted(&st, "seven error:com.error.no ");
	stage_close(&st);
}

static void test_local__order_of_what_it_says_is_kept(void **state)
{
	struct stage st;

	(void)state;
	stage_open(&st);
	peer_join(&st.peer, &st.room);
	peer_register(&st.peer, 1, "", "com.a");
	peer_register(&st.peer, 2, "", "com.b");
	assert_int_equal(call(&st, "com.b"), 0);
	assert_int_equal(call(&st, "com.nobody"), 0);
	assert_int_equal(call(&st, "com.a"), 0);
	router_settle(&st.room.router);
	hears(&st.peer, "[68,1,*");
	hears(&st.peer, "[68,2,*");
	noted(&st, "error:wamp.error.no_such_procedure ");
	stage_close(&st);
}

static void on_invoke(void *ctx, uint64_t invocation,
		      const struct client_data *data)
{
	struct stage *st = ctx;

	(void)data;
	note(st, "invoked", bytes_of(NULL, 0));
	assert_int_equal(client_yield(local_client(st->local), invocation,
				      NULL, NULL, NULL), 0);
}

static void on_event(void *ctx, uint64_t publication,
		     const struct client_data *data)
{
	(void)publication;
	(void)data;
	note(ctx, "event", bytes_of(NULL, 0));
}

static void test_local__plays_all_roles(void **state)
{
	struct stage st;
	struct client *c;

	(void)state;
	stage_open(&st);
	c = local_client(st.local);
	assert_int_equal(client_register(c, "com.l", NULL, on_invoke, NULL,
					 on_reply, &st), 0);
	assert_int_equal(client_subscribe(c, "com.t", NULL, on_event,
					  on_reply, &st), 0);
	router_settle(&st.room.router);
	noted(&st, "result result ");
	peer_join(&st.peer, &st.room);
	say(&st.peer, "[48,1,{},'com.l']");
	hears(&st.peer, "[50,1,{}]");
	say(&st.peer, "[16,2,{},'com.t']");
	noted(&st, "invoked event ");
	say(&st.peer, "[32,3,{},'com.back']");
	hears(&st.peer, "[33,3,*]");
	assert_int_equal(client_publish(c, "com.back", NULL, NULL, NULL, NULL,
					NULL), 0);
	router_settle(&st.room.router);
	hears(&st.peer, "[36,*");
	stage_close(&st);
}

static void test_local__closes_from_its_own_reply(void **state)
{
	struct stage st;

	(void)state;
	stage_open(&st);
	peer_join(&st.peer, &st.room);
	peer_register(&st.peer, 1, "", "com.a");
	assert_int_equal(call(&st, "com.a"), 0);
	assert_int_equal(call(&st, "com.nobody"), 0);
	st.close_in_reply = true;
	router_settle(&st.room.router);
	/* The answer closes it, and so fails the other call. */
	noted(&st, "error:wamp.error.no_such_procedure "
		   "error:wamp.error.closed closed closed ");
	hears(&st.peer, "[68,1,*");
	hears(&st.peer, "[69,1,*");
	say(&st.peer, "[48,2,{},'wamp.session.count']");
	hears(&st.peer, "[50,2,{},[1]]");
	stage_close(&st);
}

static void test_local__killed_joins_again_when_it_is_used(void **state)
{
	struct stage st;

	(void)state;
	stage_open(&st);
	peer_join(&st.peer, &st.room);
	peer_register(&st.peer, 1, "", "com.a");
	assert_int_equal(call(&st, "com.a"), 0);
	router_settle(&st.room.router);
	hears(&st.peer, "[68,1,*");
	say(&st.peer, "[48,2,{},'wamp.session.kill_all']");
	noted(&st, "error:wamp.error.closed ");
	hears(&st.peer, "[69,1,*");
	hears(&st.peer, "[50,2,{},[1]]");
	say(&st.peer, "[70,1,{},[7]]");
	noted(&st, "");
	assert_int_equal(call(&st, "com.a"), 0);
	router_settle(&st.room.router);
	hears(&st.peer, "[68,2,*");
	say(&st.peer, "[70,2,{},[7]]");
	noted(&st, "seven ");
	stage_close(&st);
}

static void test_local__is_held_to_its_rate(void **state)
{
	struct stage st;

	(void)state;
	memset(&st, 0, sizeof st);
	room_init(&st.room);
	st.room.roles[0].limits.rate = 1;
	peer_init(&st.peer, &st.room);
	st.local = open_local(&st);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(call(&st, "com.nobody"), 0);
	router_settle(&st.room.router);
	noted(&st, "error:wamp.error.no_such_procedure "
		   "error:wamp.error.no_such_procedure ");
	room_wait(&st.room, 5000);
	noted(&st, "error:wamp.error.no_such_procedure ");
	stage_close(&st);
}

static void test_local__a_long_queue_takes_several_turns(void **state)
{
	struct stage st;
	unsigned count = 0;

	(void)state;
	stage_open(&st);
	for (unsigned i = 0; i < LOCAL_TURN_MESSAGES + 1; i++)
		assert_int_equal(client_publish(local_client(st.local),
						"com.t", NULL, NULL, NULL,
						NULL, NULL), 0);
	assert_int_equal(call(&st, "com.nobody"), 0);
	router_settle(&st.room.router);
	noted(&st, "");
	for (; !st.log[0] && count < 3; count++) {
		assert_int_equal(router_due_ms(&st.room.router),
				 st.room.now_ms);
		room_wait(&st.room, 0);
	}
	noted(&st, "error:wamp.error.no_such_procedure ");
	stage_close(&st);
}

static void test_local__is_not_joined_when_the_router_goes_down(void **state)
{
	struct stage st;

	(void)state;
	stage_open(&st);
	router_shutdown(&st.room.router, "wamp.close.system_shutdown");
	assert_int_equal(call(&st, "com.a"), ERR_STATE);
	assert_true(ring_is_empty(&st.room.router.sessions));
	stage_close(&st);
}

/* --- out of memory ------------------------------------------------------- */

static void live(struct stage *st)
{
	struct router *r = &st->room.router;

	st->local = open_local(st);
	if (!st->local)
		return;
	(void)client_register(local_client(st->local), "com.l", NULL,
			      on_invoke, NULL, NULL, st);
	router_settle(r);
	(void)call(st, "com.nobody");
	router_settle(r);
	(void)call(st, "com.nobody");
	router_settle(r);
	local_close(st->local);
	router_settle(r);
}

static void test_local__each_allocation_fails_once(void **state)
{
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct stage st;

		memset(&st, 0, sizeof st);
		room_init(&st.room);
		fail_malloc_at(n);
		live(&st);
		failed = fail_malloc_off();
		assert_true(n < 2000);
		router_settle(&st.room.router);
		assert_int_equal(st.room.router.session_count, 0);
		st.log[0] = '\0';
		st.local = open_local(&st);
		assert_int_equal(call(&st, "com.nobody"), 0);
		router_settle(&st.room.router);
		noted(&st, "error:wamp.error.no_such_procedure ");
		stage_close(&st);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_local__is_joined_at_once_and_found_by_meta),
		cmocka_unit_test(test_local__its_session_says_what_it_is),
		cmocka_unit_test(test_local__is_heard_when_the_turn_ends),
		cmocka_unit_test(test_local__calls_again_from_a_reply),
		cmocka_unit_test(test_local__order_of_what_it_says_is_kept),
		cmocka_unit_test(test_local__plays_all_roles),
		cmocka_unit_test(test_local__closes_from_its_own_reply),
		cmocka_unit_test(
			test_local__killed_joins_again_when_it_is_used),
		cmocka_unit_test(test_local__is_held_to_its_rate),
		cmocka_unit_test(
			test_local__a_long_queue_takes_several_turns),
		cmocka_unit_test(
			test_local__is_not_joined_when_the_router_goes_down),
		cmocka_unit_test(test_local__each_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
