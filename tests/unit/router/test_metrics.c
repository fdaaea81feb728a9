/* What /metrics and /health say, and to whom. */
#include "room.h"

#include "router/web.h"

static struct room room;
static bool stopping;

static void measure(void *ctx, struct metrics *out)
{
	*out = (struct metrics){ .router = ctx, .connections = 3,
				 .up_ms = 4200, .longest_turn_us = 17,
				 .stopping = stopping };
}

static struct http_response get(struct web *w, const char *path, bool local)
{
	struct http_request q = { .path = bytes_str(path), .local = local,
				  .peer = "10.0.0.9:1" };
	struct http_response r = { 0 };

	web_http(w, &q, &r);
	return r;
}

static bool says(struct http_response r, const char *line)
{
	return memmem(r.body.data, r.body.len, line, strlen(line)) != NULL;
}

/* As looks_like does, * for anything. */
static bool matches(struct http_response r, const char *pattern)
{
	char *text = strndup((const char *)r.body.data, r.body.len);
	bool same = text && looks_like(pattern, text);

	free(text);
	return same;
}

static void start(struct web *w)
{
	room_init(&room);
	stopping = false;
	web_init(w);
	w->measure = measure;
	w->measure_ctx = &room.router;
}

static void stop(struct web *w)
{
	web_deinit(w);
	room_deinit(&room);
}

/* Also those without a callee to wait for. */
static void test_metrics__queued_calls(void **state)
{
	struct web w;
	struct peer callee, caller;

	(void)state;
	start(&w);
	peer_join(&callee, &room);
	peer_join(&caller, &room);
	say(&caller, "[48,1,{},'wamp.x_manyhands.procedure.set',"
		     "[{'uri':'com.','match':'prefix','queue':3,"
		     "'wait':true}]]");
	say(&callee, "[64,1,{'concurrency':1},'com.a']");
	say(&caller, "[48,2,{},'com.none']");
	say(&caller, "[48,3,{},'com.a']");
	say(&caller, "[48,4,{},'com.a']");
	assert_true(says(get(&w, "/metrics", true),
			 "manyhands_calls_queued{realm=\"realm1\"} 2\n"));
	peer_deinit(&caller);
	peer_deinit(&callee);
	stop(&w);
}

static void test_metrics__counts_of_a_realm(void **state)
{
	struct web w;
	struct peer callee, caller;
	struct http_response r;

	(void)state;
	start(&w);
	peer_join(&callee, &room);
	peer_join(&caller, &room);
	say(&callee, "[64,1,{'concurrency':2},'com.a']");
	say(&caller, "[48,1,{},'com.a']");
	say(&caller, "[48,2,{},'com.none']");
	r = get(&w, "/metrics", true);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.content_type,
			    "text/plain; version=0.0.4; charset=utf-8");
	assert_true(says(r, "# TYPE manyhands_sessions gauge\n"
			    "manyhands_sessions{realm=\"realm1\"} 2\n"));
	assert_true(says(r, "\nmanyhands_sessions_joined_total 2\n"));
	assert_true(says(r, "manyhands_calls_total{realm=\"realm1\"} 1\n"));
	assert_true(says(r, "type=\"CALL\"} 2\n"));
	assert_true(says(r, "manyhands_callee_calls{realm=\"realm1\","
			    "procedure=\"com.a\",match=\"exact\",session=\""));
	assert_true(says(r, "manyhands_loop_turn_max_microseconds 17\n"));
	assert_false(says(r, "manyhands_open_fds 0\n"));
	assert_false(says(r, "manyhands_resident_bytes 0\n"));
	peer_deinit(&callee);
	peer_deinit(&caller);
	stop(&w);
}

static void test_metrics__events_of_a_realm(void **state)
{
	struct web w;
	struct peer a, b;
	struct http_response r;

	(void)state;
	start(&w);
	peer_join(&a, &room);
	peer_join(&b, &room);
	peer_subscribe(&a, "", "com.a");
	peer_subscribe(&a, "'match':'prefix'", "com.");
	say(&b, "[16,1,{'retain':true},'com.a']");
	say(&b, "[16,2,{'retain':true},'com.a']");
	say(&b, "[16,3,{'retain':true},'com.b']");
	r = get(&w, "/metrics", true);
	assert_true(says(r, "publications_total{realm=\"realm1\"} 3\n"));
	assert_true(says(r, "events_total{realm=\"realm1\"} 5\n"));
	assert_true(says(r, "events_unsaid_total{realm=\"realm1\"} 0\n"));
	assert_true(says(r, "events_retained{realm=\"realm1\"} 2\n"));
	peer_deinit(&a);
	peer_deinit(&b);
	stop(&w);
}

static void test_metrics__errors_and_timeouts_are_told_apart(void **state)
{
	struct web w;
	struct peer callee, caller;
	struct http_response r;

	(void)state;
	start(&w);
	peer_join(&callee, &room);
	peer_join(&caller, &room);
	say(&callee, "[64,1,{},'com.a']");
	say(&caller, "[48,1,{},'com.a']");
	say(&callee, "[8,68,1,{},'com.error.bad']");
	say(&caller, "[48,2,{'timeout':5},'com.a']");
	say(&caller, "[48,3,{},'com.a']");
	say(&caller, "[49,3,{'mode':'skip'}]");
	room_wait(&room, 6);
	r = get(&w, "/metrics", true);
	assert_true(says(r, "calls_failed_total{realm=\"realm1\"} 3\n"));
	assert_true(says(r, "calls_timed_out_total{realm=\"realm1\"} 1\n"));
	assert_true(says(r, "calls_canceled_total{realm=\"realm1\"} 1\n"));
	peer_deinit(&callee);
	peer_deinit(&caller);
	stop(&w);
}

/* In flight, done, errors, busy and mean time: of each callee. */
static void test_metrics__what_a_callee_did(void **state)
{
	struct web w;
	struct peer callee, caller;
	struct http_response r;

	(void)state;
	start(&w);
	peer_join(&callee, &room);
	peer_join(&caller, &room);
	say(&callee, "[64,1,{},'com.a']");
	assert_true(says(get(&w, "/metrics", true), "callee_mean_seconds"));
	say(&caller, "[48,1,{},'com.a']");
	room_wait(&room, 2000);
	say(&callee, "[70,1,{}]");
	say(&caller, "[48,2,{},'com.a']");
	room_wait(&room, 1000);
	say(&callee, "[8,68,2,{},'com.error.bad']");
	say(&caller, "[48,3,{},'com.a']");
	r = get(&w, "/metrics", true);
	assert_true(matches(r, "*callee_calls{*} 1\n*callee_done_total{*} 1\n*"
			       "callee_errors_total{*} 1\n*"
			       "callee_declined_total{*} 0\n*"
			       "callee_busy_seconds_total{*} 3\n*"
			       "callee_mean_seconds{*} 1.5\n*"));
	peer_deinit(&callee);
	peer_deinit(&caller);
	stop(&w);
}

/* A URI may hold what ends a label. */
static void test_metrics__labels_are_escaped(void **state)
{
	struct web w;
	struct peer callee;

	(void)state;
	start(&w);
	peer_join(&callee, &room);
	say(&callee, "[64,1,{},'com.a\\\\b\\u0022c']");
	assert_true(says(get(&w, "/metrics", true),
			 "procedure=\"com.a\\\\b\\\"c\""));
	peer_deinit(&callee);
	stop(&w);
}

static void test_metrics__are_for_this_machine(void **state)
{
	static char metrics[] = "/numbers";
	struct web_path path = { .type = PATH_METRICS, .path = metrics };
	struct web w;
	struct why why;

	(void)state;
	start(&w);
	assert_int_equal(get(&w, "/metrics", false).status, 403);
	assert_int_equal(get(&w, "/health", false).status, 403);
	assert_int_equal(web_load_paths(&w, &path, 1, &why), 0);
	assert_int_equal(get(&w, "/numbers", true).status, 200);
	assert_int_equal(get(&w, "/numbers", false).status, 403);
	path.open = true;
	assert_int_equal(get(&w, "/numbers", false).status, 200);
	stop(&w);
}

static void test_metrics__health(void **state)
{
	struct web w;
	struct http_response r;

	(void)state;
	start(&w);
	r = get(&w, "/health", true);
	assert_int_equal(r.status, 200);
	assert_true(bytes_equal_str(r.body, "{\"status\":\"ok\",\"uptime\":4,"
					    "\"sessions\":0}\n"));
	stopping = true;
	r = get(&w, "/health", true);
	assert_int_equal(r.status, 503);
	assert_true(says(r, "\"stopping\""));
	stop(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics__counts_of_a_realm),
		cmocka_unit_test(test_metrics__events_of_a_realm),
		cmocka_unit_test(test_metrics__queued_calls),
		cmocka_unit_test(
			test_metrics__errors_and_timeouts_are_told_apart),
		cmocka_unit_test(test_metrics__what_a_callee_did),
		cmocka_unit_test(test_metrics__labels_are_escaped),
		cmocka_unit_test(test_metrics__are_for_this_machine),
		cmocka_unit_test(test_metrics__health),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
