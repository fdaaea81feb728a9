/* dial and server together: transports of both sides in one loop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/dial.h"
#include "net_test.h"

/* The dialing side. */
struct caller {
	struct world *world;
	struct dial *dial;
	struct transport *t;
	bool connected, failed, closed;
	char why[512];
	unsigned messages;
	struct buf last;
	unsigned drained;
};

static void on_message(void *ctx, struct bytes message)
{
	struct caller *c = ctx;

	c->messages++;
	buf_clear(&c->last);
	assert_int_equal(buf_add_bytes(&c->last, message), 0);
}

static void on_closed(void *ctx, const char *why)
{
	struct caller *c = ctx;

	assert_false(c->closed);
	c->closed = true;
	c->t = NULL;
	snprintf(c->why, sizeof c->why, "%s", why);
}

static void on_drained(void *ctx)
{
	struct caller *c = ctx;

	c->drained++;
}

static const struct transport_handler handler = { on_message, on_closed,
						  on_drained };

static void on_connected(void *ctx, struct transport *t)
{
	struct caller *c = ctx;

	assert_false(c->connected || c->failed);
	c->connected = true;
	c->t = t;
	transport_handle(t, &handler, c);
}

static void on_failed(void *ctx, const char *why)
{
	struct caller *c = ctx;

	assert_false(c->connected || c->failed);
	c->failed = true;
	snprintf(c->why, sizeof c->why, "%s", why);
}

static const struct dial_handler dial_handler = { on_connected, on_failed };

static bool is_decided(void *ctx)
{
	struct caller *c = ctx;

	return c->connected || c->failed;
}

static void dial_with(struct caller *c, struct world *w, const struct url *url,
		      const struct serializer *serializer,
		      const struct transport_limits *limits)
{
	memset(c, 0, sizeof *c);
	c->world = w;
	c->dial = dial_start(w->loop, url, serializer, limits, NULL, &dial_handler,
			     c);
	assert_non_null(c->dial);
	assert_false(is_decided(c)); /* in a later turn */
	until(w, is_decided, c);
}

static void dial_up(struct caller *c, struct world *w)
{
	dial_with(c, w, &w->url, &serializer_msgpack,
		  &transport_limits_default);
	if (c->failed)
		fail_msg("%s", c->why);
}

static bool is_closed(void *ctx)
{
	return ((struct caller *)ctx)->closed;
}

static void hang_up(struct caller *c)
{
	if (c->t)
		transport_close(c->t, 1000, "done");
	if (c->connected)
		until(c->world, is_closed, c);
	buf_deinit(&c->last);
}

static bool has_message(void *ctx)
{
	struct caller *c = ctx;

	return c->messages > 0 || c->closed;
}

static void echo(struct caller *c, const void *data, size_t len)
{
	c->messages = 0;
	assert_int_equal(transport_send(c->t, bytes_of(data, len)), 0);
	until(c->world, has_message, c);
	assert_int_equal(c->messages, 1);
	assert_int_equal(c->last.len, len);
	if (len)
		assert_memory_equal(c->last.data, data, len);
}

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
	dial_up(&c, &w);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		echo(&c, data, lengths[i]);
	assert_true(transport_is_local(c.t));
	assert_true(transport_is_local(w.sessions[0].t));
	assert_ptr_equal(transport_serializer(w.sessions[0].t),
			 &serializer_msgpack);
	assert_string_equal(transport_origin(w.sessions[0].t), "");
	hang_up(&c);
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
	dial_up(&c, &w);
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
		until(&w, has_message, &c);
		assert_int_equal(c.last.len, strlen(whole));
		assert_memory_equal(c.last.data, whole, strlen(whole));
	}
	hang_up(&c);
	world_free(&w);
}

static void test_dial__json_in_text_frames(void **state)
{
	struct world w;
	struct caller c;

	(void)state;
	world_init(&w);
	world_start(&w);
	dial_with(&c, &w, &w.url, &serializer_json, &transport_limits_default);
	assert_true(c.connected);
	echo(&c, "[1,\"\xc3\xa4\"]", 8);
	assert_ptr_equal(transport_serializer(w.sessions[0].t),
			 &serializer_json);
	hang_up(&c);
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
	dial_with(&c, &w, &url, &serializer_msgpack, &transport_limits_default);
	assert_true(c.failed);
	snprintf(expected, sizeof expected,
		 "127.0.0.1 port %u: it answered 404 Not Found, not with a "
		 "WebSocket",
		 url.port);
	assert_string_equal(c.why, expected);

	server_stop(w.server);
	turn(&w);
	dial_with(&c, &w, &w.url, &serializer_msgpack,
		  &transport_limits_default);
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
	dial_with(&c, &w, &url, &serializer_msgpack, &transport_limits_default);
	assert_true(c.failed);
	assert_non_null(strstr(c.why, "authorities"));
	assert_int_equal(url_parse("wss://127.0.0.1:1", &url, NULL), 0);
	dial_with(&c, &w, &url, &serializer_msgpack, &transport_limits_default);
	assert_true(c.failed);
	assert_non_null(strstr(c.why, "authorities"));
	world_free(&w);
}

static void test_dial__canceled_calls_nobody(void **state)
{
	struct world w;
	struct caller c = { .world = &w };

	(void)state;
	world_init(&w);
	world_start(&w);
	for (int turns = 0; turns < 6; turns++) {
		c.dial = dial_start(w.loop, &w.url, &serializer_msgpack,
				    &transport_limits_default, NULL, &dial_handler,
				    &c);
		assert_non_null(c.dial);
		for (int i = 0; i < turns && !is_decided(&c); i++)
			turn(&w);
		if (is_decided(&c)) /* it was faster */
			break;
		dial_cancel(c.dial);
	}
	hang_up(&c);
	world_free(&w);
}

static void test_dial__server_closes(void **state)
{
	struct world w;
	struct caller c;

	(void)state;
	world_init(&w);
	world_start(&w);
	dial_up(&c, &w);
	transport_send(w.sessions[0].t, bytes_str("last words"));
	transport_close(w.sessions[0].t, 1001, "shutting down");
	assert_int_equal(transport_send(w.sessions[0].t, bytes_str("more")),
			 ERR_CLOSED);
	assert_false(w.sessions[0].closed); /* in a later turn */
	until(&w, is_closed, &c);
	assert_int_equal(c.messages, 1);
	assert_memory_equal(c.last.data, "last words", 10);
	assert_string_equal(c.why,
			    "the peer said goodbye: 1001 shutting down");
	hang_up(&c);
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
