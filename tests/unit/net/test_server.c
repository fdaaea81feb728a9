/* The server's HTTP: answers, refusals, limits; and who may upgrade. */
#include <stdio.h>
#include <string.h>

#include "fixture.h"

static void test_server__get(void **state)
{
	struct fixture *f = *state;

	fixture_connect(f);
	raw_text(&f->r, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_text(&f->r, "hello, world");
	raw_expect_text(&f->r, "\r\nContent-Type: text/plain\r\n");
	raw_expect_text(&f->r, "\r\nContent-Length: 12\r\n");
	raw_expect_text(&f->r, "\r\nX-Test: yes\r\n");
	raw_expect_text(&f->r, "\r\nConnection: keep-alive\r\n");
	raw_expect_status(&f->r, 200);
	assert_int_equal(f->r.in.len, 0);
}

static void test_server__keep_alive(void **state)
{
	struct fixture *f = *state;

	fixture_connect(f);
	for (int i = 0; i < 5; i++) {
		raw_text(&f->r, "GET /copy?n=1 HTTP/1.1\r\nHost: x\r\n\r\n");
		raw_expect_text(&f->r, "query n=1");
		raw_expect_status(&f->r, 200);
	}
	raw_text(&f->r, "GET / HTTP/1.1\r\nHost: x\r\n"
			"Connection: close\r\n\r\n");
	raw_expect_status(&f->r, 404);
	raw_expect_end(&f->r);
	assert_int_equal(f->w.requests, 6);
}

static void test_server__http_1_0_is_closed(void **state)
{
	struct fixture *f = *state;

	fixture_connect(f);
	raw_text(&f->r, "GET /hello HTTP/1.0\r\n\r\n");
	raw_expect_status(&f->r, 200);
	raw_expect_end(&f->r);
}

static void test_server__head(void **state)
{
	struct fixture *f = *state;

	fixture_connect(f);
	raw_text(&f->r, "HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n"
			"GET /same HTTP/1.1\r\nHost: x\r\n\r\n"
			"GET /none HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_text(&f->r, "HTTP/1.1 404 Not Found");
	raw_expect_text(&f->r, "Content-Length: 12\r\n");
	assert_null(memmem(f->r.in.data, f->r.in.len, "hello", 5));
}

static void test_server__pipelined(void **state)
{
	struct fixture *f = *state;

	fixture_connect(f);
	raw_text(&f->r, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n"
			"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
			"GET /a%20b HTTP/1.1\r\nHost: x\r\n\r\n"
			"GET /copy?last HTTP/1.1\r\nHost: x\r\n"
			"Connection: close\r\n\r\n");
	raw_expect_text(&f->r, "query last");
	raw_expect_status(&f->r, 200);
	raw_expect_status(&f->r, 200);
	raw_expect_text(&f->r, "blank");
	raw_expect_status(&f->r, 200);
	raw_expect_status(&f->r, 200);
	raw_expect_end(&f->r);
}

static void test_server__long_answer_is_not_read(void **state)
{
	struct fixture *f = *state;

	f->w.config.idle_ms = 50;
	fixture_connect(f);
	stream_read(f->r.stream, false);
	for (int i = 0; i < 200; i++)
		raw_text(&f->r, "GET /long HTTP/1.1\r\nHost: x\r\n\r\n");
	/* One answer at a time is held; then time is up. */
	while (f->w.requests < 2)
		turn(&f->w);
	uv_sleep(100);
	for (int i = 0; i < 10; i++)
		turn(&f->w);
	assert_true(f->w.requests < 200);
	stream_read(f->r.stream, true);
	raw_expect_end(&f->r);
}

static void expect_refusal(struct fixture *f, const char *request,
			   unsigned status)
{
	raw_connect(&f->r, &f->w);
	raw_text(&f->r, request);
	raw_expect_text(&f->r, "Connection: close\r\n");
	raw_expect_status(&f->r, status);
	raw_expect_end(&f->r);
	raw_close(&f->r);
}

static void test_server__refuses(void **state)
{
	static const struct {
		const char *request;
		unsigned status;
	} cases[] = {
		{ "POST / HTTP/1.1\r\nHost: x\r\n\r\n", 405 },
		{ "GET / HTTP/1.1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
		  400 },
		{ "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
		  "Content-Length: 0\r\n\r\n",
		  400 },
		{ "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +0\r\n\r\n",
		  400 },
		{ "GET / HTTP/1.1\r\nHost: x\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		  501 },
		{ "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n",
		  400 },
		{ "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n",
		  400 },
		{ "GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: x\nX: y\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n", 400 },
		{ "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
		{ "GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
		{ "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
		{ "GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
		{ "GET /%2 HTTP/1.1\r\nHost: x\r\n\r\n", 400 },
		{ "GET / HTTP/9.9\r\nHost: x\r\n\r\n", 400 },
		{ "NONSENSE\r\n\r\n", 400 },
		{ "\x16\x03\x01 a TLS hello", 400 },
	};
	struct fixture *f = *state;

	world_start(&f->w);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_refusal(f, cases[i].request, cases[i].status);
	assert_int_equal(f->w.requests, 0);
}

static void test_server__long_head(void **state)
{
	struct fixture *f = *state;
	char request[9000];
	int len = snprintf(request, sizeof request,
			   "GET / HTTP/1.1\r\nHost: x\r\nX: ");

	world_start(&f->w);
	memset(request + len, 'y', sizeof request - (size_t)len);
	request[sizeof request - 1] = '\0';
	expect_refusal(f, request, 431);
	memcpy(request + sizeof request - 5, "\r\n\r\n", 4);
	expect_refusal(f, request, 431);
}

static void test_server__head_takes_too_long(void **state)
{
	struct fixture *f = *state;

	f->w.config.head_ms = 30;
	fixture_connect(f);
	raw_text(&f->r, "GET / HT");
	raw_expect_status(&f->r, 408);
	raw_expect_end(&f->r);
}

static void test_server__says_nothing(void **state)
{
	struct fixture *f = *state;

	f->w.config.head_ms = 30;
	fixture_connect(f);
	raw_expect_end(&f->r);
	assert_int_equal(f->r.in.len, 0);
}

static void test_server__idle_keep_alive_ends(void **state)
{
	struct fixture *f = *state;

	f->w.config.idle_ms = 30;
	fixture_connect(f);
	raw_text(&f->r, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_status(&f->r, 200);
	raw_expect_end(&f->r);
}

static void test_server__half_open_max(void **state)
{
	struct fixture *f = *state;
	struct raw others[3];

	f->w.config.half_open_max = 3;
	fixture_connect(f);
	raw_text(&f->r, "GET / HT");
	for (int i = 0; i < 3; i++)
		raw_connect(&others[i], &f->w);
	raw_expect_end(&f->r); /* the oldest */
	for (int i = 0; i < 3; i++) {
		raw_text(&others[i],
			 "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
		raw_expect_status(&others[i], 200);
	}
	/* 0 has got on least recently: others are older no more. */
	raw_close(&f->r);
	raw_connect(&f->r, &f->w);
	raw_expect_end(&others[0]);
	assert_false(others[1].ended);
	for (int i = 0; i < 3; i++)
		raw_close(&others[i]);
}

static bool is_later(void *ctx)
{
	return clock_monotonic_ms() > *(uint64_t *)ctx;
}

/* Of the time that somebody has to join, the upgrade is a part; not so a
 * connection that was kept for another request. */
static void test_server__says_how_long_the_upgrade_took(void **state)
{
	struct fixture *f = *state;
	uint64_t until_ms = clock_monotonic_ms() + 30;
	struct raw kept;

	world_start(&f->w);
	raw_connect(&f->r, &f->w);
	raw_connect(&kept, &f->w);
	raw_text(&kept, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_status(&kept, 200);
	until(&f->w, is_later, &until_ms);
	raw_text(&f->r, upgrade_head);
	raw_text(&f->r, "wamp.2.json\r\n\r\n");
	raw_expect_status(&f->r, 101);
	assert_true(transport_age_ms(f->w.sessions[0].t) >= 20);
	raw_text(&kept, upgrade_head);
	raw_text(&kept, "wamp.2.json\r\n\r\n");
	raw_expect_text(&kept, "HTTP/1.1 101");
	assert_int_equal(transport_age_ms(f->w.sessions[1].t), 0);
	raw_close(&kept);
}

static void test_server__upgraded_is_not_half_open(void **state)
{
	struct fixture *f = *state;
	struct raw others[3];

	f->w.config.half_open_max = 1;
	world_start(&f->w);
	raw_upgrade(&f->r, &f->w, "wamp.2.json");
	for (int i = 0; i < 3; i++)
		raw_connect(&others[i], &f->w);
	raw_expect_end(&others[1]);
	assert_false(f->r.ended);
	raw_frame(&f->r, 0x81, "well", 4);
	raw_expect_frame(&f->r, 0x81, "well", 4);
	for (int i = 0; i < 3; i++)
		raw_close(&others[i]);
}

static unsigned full_count;

static void count_full(void *ctx)
{
	(void)ctx;
	full_count++;
}

static void test_server__connections_max(void **state)
{
	struct fixture *f = *state;
	struct raw third, second;

	f->w.config.connections_max = 2;
	f->w.config.full = count_full;
	full_count = 0;
	world_start(&f->w);
	raw_upgrade(&f->r, &f->w, "wamp.2.json");
	raw_connect(&second, &f->w);
	raw_connect(&third, &f->w);
	raw_text(&third, "GET /hello HTTP/1.1\r\n");
	raw_expect_status(&third, 503);
	raw_expect_end(&third);
	raw_close(&third);
	assert_int_equal(full_count, 1);
	raw_connect(&third, &f->w);
	raw_text(&third, "GET /hello HTTP/1.1\r\n");
	raw_expect_status(&third, 503);
	raw_close(&third);
	assert_int_equal(full_count, 1); /* it is known */
	raw_close(&second);
	raw_text(&f->r, "");
	/* There is room again. */
	for (int i = 0; i < 10; i++)
		turn(&f->w);
	raw_connect(&second, &f->w);
	raw_text(&second, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_status(&second, 200);
	raw_close(&second);
}

/* --- who may upgrade ----------------------------------------------------- */

static void expect_no_upgrade(struct fixture *f, const char *from,
			      const char *to, unsigned status)
{
	char request[1024], changed[1200];
	const char *at;

	snprintf(request, sizeof request, "%swamp.2.json\r\n\r\n",
		 upgrade_head);
	at = strstr(request, from);
	assert_non_null(at);
	snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - request),
		 request, to, at + strlen(from));
	expect_refusal(f, changed, status);
	assert_int_equal(f->w.session_count, 0);
}

static void test_server__refuses_upgrades(void **state)
{
	struct fixture *f = *state;

	world_start(&f->w);
	expect_no_upgrade(f, "wamp.2.json", "mqtt", 400);
	expect_no_upgrade(f, "Sec-WebSocket-Protocol: wamp.2.json\r\n", "",
			  400);
	expect_no_upgrade(f, "Version: 13", "Version: 8", 426);
	expect_no_upgrade(f, "dGhlIHNhbXBsZSBub25jZQ==", "short", 400);
	expect_no_upgrade(f, "dGhlIHNhbXBsZSBub25jZQ==",
			  "dGhlIHNhbXBsZSBub25j____", 400);
	expect_no_upgrade(f, "GET /ws", "GET /other", 404);
	expect_no_upgrade(f, "GET /ws", "HEAD /ws", 400);
	expect_no_upgrade(f, "HTTP/1.1", "HTTP/1.0", 400);
	expect_no_upgrade(f, "Upgrade: websocket\r\n", "", 426);
	expect_no_upgrade(f, "Host:", "Origin: https://evil.example\r\nHost:",
			  403);
	expect_no_upgrade(f, "Host:", "Origin: null\r\nHost:", 403);
	expect_no_upgrade(f, "Host:",
			  "Origin: http://localhost:8080\r\n"
			  "Origin: http://localhost:8080\r\nHost:",
			  400);
	expect_no_upgrade(f, "Host:",
			  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
			  "Host:",
			  400);
}

static void test_server__welcome_origin(void **state)
{
	struct fixture *f = *state;

	fixture_connect(f);
	raw_text(&f->r, upgrade_head);
	raw_text(&f->r, "wamp.2.cbor, wamp.2.json ,wamp.2.msgpack\r\n"
			"Sec-WebSocket-Extensions: permessage-deflate\r\n"
			"Origin: http://localhost:8080\r\n\r\n");
	raw_expect_text(&f->r, "\r\nSec-WebSocket-Protocol: wamp.2.json\r\n");
	assert_null(memmem(f->r.in.data, f->r.in.len, "deflate", 7));
	raw_expect_status(&f->r, 101);
	assert_string_equal(transport_origin(f->w.sessions[0].t),
			    "http://localhost:8080");
}

/* --- listening ----------------------------------------------------------- */

static void test_server__port_in_use(void **state)
{
	struct fixture *f = *state;
	struct url url;
	struct why why;
	char expected[64];

	fixture_connect(f);
	snprintf(expected, sizeof expected, "port %u is in use",
		 f->w.url.port);
	assert_int_equal(server_listen(f->w.server, &f->w.url, NULL, &why),
			 ERR_IO);
	assert_string_equal(why.text, expected);

	assert_int_equal(url_parse("ws://192.0.2.1:0/ws", &url, NULL), 0);
	assert_int_equal(server_listen(f->w.server, &url, NULL, &why), ERR_IO);
	assert_string_equal(why.text,
			    "192.0.2.1 is not an address of this machine");

	assert_int_equal(url_parse("wss://127.0.0.1:0/ws", &url, NULL), 0);
	assert_int_equal(server_listen(f->w.server, &url, NULL, &why),
			 ERR_USAGE);
	assert_non_null(strstr(why.text, "need a certificate"));
}

static void test_server__stop_closes_http_but_not_transports(void **state)
{
	struct fixture *f = *state;
	struct raw other;

	world_start(&f->w);
	raw_upgrade(&f->r, &f->w, "wamp.2.json");
	raw_connect(&other, &f->w);
	turn(&f->w);
	server_stop(f->w.server);
	raw_expect_end(&other);
	raw_close(&other);
	raw_frame(&f->r, 0x81, "well", 4);
	raw_expect_frame(&f->r, 0x81, "well", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_server__get),
		FIXTURE_TEST(test_server__keep_alive),
		FIXTURE_TEST(test_server__http_1_0_is_closed),
		FIXTURE_TEST(test_server__head),
		FIXTURE_TEST(test_server__pipelined),
		FIXTURE_TEST(test_server__long_answer_is_not_read),
		FIXTURE_TEST(test_server__refuses),
		FIXTURE_TEST(test_server__long_head),
		FIXTURE_TEST(test_server__head_takes_too_long),
		FIXTURE_TEST(test_server__says_nothing),
		FIXTURE_TEST(test_server__idle_keep_alive_ends),
		FIXTURE_TEST(test_server__half_open_max),
		FIXTURE_TEST(test_server__says_how_long_the_upgrade_took),
		FIXTURE_TEST(test_server__upgraded_is_not_half_open),
		FIXTURE_TEST(test_server__connections_max),
		FIXTURE_TEST(test_server__refuses_upgrades),
		FIXTURE_TEST(test_server__welcome_origin),
		FIXTURE_TEST(test_server__port_in_use),
		FIXTURE_TEST(test_server__stop_closes_http_but_not_transports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
