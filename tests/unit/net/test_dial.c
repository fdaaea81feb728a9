/* dial and server together: transports of both sides in one loop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "caller.h"

static void test_dial__echo_of_all_lengths(void **state)
{
	static const size_t lengths[] = { 0,	1,     125,   126,   127,
					  4090, 4096,  65535, 65536, 70000,
					  1 << 20 };
	char *data = malloc(1 << 20);
	struct world w;
	struct caller c;

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < 1 << 20; i++)
		data[i] = (char)(i * 7);
	world_init(&w);
	world_start(&w);
	caller_connect(&c, &w, &w.url, &serializer_msgpack);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		caller_echo(&c, data, lengths[i]);
	assert_true(transport_is_local(c.t));
	assert_true(transport_is_local(w.sessions[0].t));
	assert_ptr_equal(transport_serializer(w.sessions[0].t),
			 &serializer_msgpack);
	assert_string_equal(transport_origin(w.sessions[0].t), "");
	caller_hang_up(&c);
	world_free(&w);
	assert_string_equal(w.sessions[0].why,
			    "the peer said goodbye: 1000 done");
	free(data);
}

static void test_dial__two_parts_are_one_message(void **state)
{
	struct world w;
	struct caller c;

	(void)state;
	world_init(&w);
	world_start(&w);
	caller_connect(&c, &w, &w.url, &serializer_msgpack);
	for (int i = 0; i < 3; i++) {
		static const char *const parts[3][2] = { { "head", "tail" },
							 { "", "tail" },
							 { "head", "" } };
		char whole[16];

		c.messages = 0;
		snprintf(whole, sizeof whole, "%s%s", parts[i][0], parts[i][1]);
		assert_int_equal(transport_send2(c.t, bytes_str(parts[i][0]),
						 bytes_str(parts[i][1])),
				 0);
		until(&w, caller_has_message, &c);
		assert_int_equal(c.last.len, strlen(whole));
		assert_memory_equal(c.last.data, whole, strlen(whole));
	}
	caller_hang_up(&c);
	world_free(&w);
}

static void test_dial__json_in_text_frames(void **state)
{
	struct world w;
	struct caller c;

	(void)state;
	world_init(&w);
	world_start(&w);
	caller_dial(&c, &w, &w.url, &serializer_json, NULL);
	assert_true(c.connected);
	caller_echo(&c, "[1,\"\xc3\xa4\"]", 8);
	assert_ptr_equal(transport_serializer(w.sessions[0].t),
			 &serializer_json);
	caller_hang_up(&c);
	world_free(&w);
}

static void test_dial__refusals_name_host_port_and_reason(void **state)
{
	struct world w;
	struct caller c;
	struct url url;
	char expected[128];

	(void)state;
	world_init(&w);
	world_start(&w);
	url = w.url;
	strcpy(url.path, "/elsewhere");
	caller_dial(&c, &w, &url, &serializer_msgpack, NULL);
	assert_true(c.failed);
	snprintf(expected, sizeof expected,
		 "127.0.0.1 port %u: it answered 404 Not Found, not with a "
		 "WebSocket",
		 url.port);
	assert_string_equal(c.why, expected);

	server_stop(w.server);
	turn(&w);
	caller_dial(&c, &w, &w.url, &serializer_msgpack, NULL);
	snprintf(expected, sizeof expected,
		 "127.0.0.1 port %u: connection refused", url.port);
	assert_true(c.failed);
	assert_string_equal(c.why, expected);
	world_free(&w);
}

static void test_dial__other_schemes_are_refused_clearly(void **state)
{
	struct world w;
	struct caller c;
	struct url url;

	(void)state;
	world_init(&w);
	world_start(&w);
	assert_int_equal(url_parse("rss://127.0.0.1:1", &url, NULL), 0);
	caller_dial(&c, &w, &url, &serializer_msgpack, NULL);
	assert_true(c.failed);
	assert_non_null(strstr(c.why, "authorities"));
	assert_int_equal(url_parse("wss://127.0.0.1:1", &url, NULL), 0);
	caller_dial(&c, &w, &url, &serializer_msgpack, NULL);
	assert_true(c.failed);
	assert_non_null(strstr(c.why, "authorities"));
	world_free(&w);
}

static void test_dial__canceled_calls_nobody(void **state)
{
	struct world w;
	struct caller c;

	(void)state;
	world_init(&w);
	world_start(&w);
	for (int turns = 0; turns < 6; turns++) {
		caller_begin(&c, &w, &w.url, &serializer_msgpack, NULL);
		for (int i = 0; i < turns && !caller_is_decided(&c); i++)
			turn(&w);
		if (caller_is_decided(&c)) /* it was faster */
			break;
		dial_cancel(c.dial);
	}
	caller_hang_up(&c);
	world_free(&w);
}

static void test_dial__server_closes(void **state)
{
	struct world w;
	struct caller c;

	(void)state;
	world_init(&w);
	world_start(&w);
	caller_connect(&c, &w, &w.url, &serializer_msgpack);
	transport_send(w.sessions[0].t, bytes_str("last words"));
	transport_close(w.sessions[0].t, 1001, "shutting down");
	assert_int_equal(transport_send(w.sessions[0].t, bytes_str("more")),
			 ERR_CLOSED);
	assert_false(w.sessions[0].closed); /* in a later turn */
	until(&w, caller_is_closed, &c);
	assert_int_equal(c.messages, 1);
	assert_memory_equal(c.last.data, "last words", 10);
	assert_string_equal(c.why,
			    "the peer said goodbye: 1001 shutting down");
	caller_hang_up(&c);
	world_free(&w);
	assert_string_equal(w.sessions[0].why, "shutting down");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dial__echo_of_all_lengths),
		cmocka_unit_test(test_dial__two_parts_are_one_message),
		cmocka_unit_test(test_dial__json_in_text_frames),
		cmocka_unit_test(test_dial__refusals_name_host_port_and_reason),
		cmocka_unit_test(test_dial__other_schemes_are_refused_clearly),
		cmocka_unit_test(test_dial__canceled_calls_nobody),
		cmocka_unit_test(test_dial__server_closes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
