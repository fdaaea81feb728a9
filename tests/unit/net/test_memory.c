/* Each allocation of a connection's life fails once: the connection may end,
 * nothing leaks, nothing breaks, and the next one is served. */
#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/base/fail_malloc.h"
#include "net/peer.h"
#include "net_test.h"

/* A blocking socket, so that the client allocates nothing. */
static int connect_to(const struct world *w)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)w->url.port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

static void send_text(int fd, const char *text)
{
	/* The server may have closed it already. */
	(void)!send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void turns(struct world *w, int n)
{
	while (n--)
		turn(w);
}

static void on_message(struct session *s, struct bytes message)
{
	(void)transport_send2(s->t, message, message);
	if (s->messages == 2)
		transport_close(s->t, 1000, "enough");
}

/* One who comes later is served; then all are gone. */
static void serve_another(struct world *w)
{
	struct raw r;

	raw_connect(&r, w);
	raw_text(&r, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_status(&r, 200);
	raw_close(&r);
	until(w, world_is_quiet, w);
}

static void talk(struct world *w)
{
	static const char frames[] =
		"\x01\x83\1\1\1\1abc\x89\x81\1\1\1\1x\x80\x83\1\1\1\1"
		"def\x81\x83\1\1\1\1abc";
	int page = connect_to(w), ws = connect_to(w);

	send_text(page, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
			"GET /copy HTTP/1.1\r\nHost: x\r\n\r\n"
			"POST / HTTP/1.1\r\nHost: x\r\n\r\n");
	send_text(ws, upgrade_head);
	send_text(ws, "wamp.2.json\r\nOrigin: http://localhost:8080\r\n\r\n");
	turns(w, 4);
	send_text(ws, frames);
	turns(w, 8);
	close(page);
	close(ws);
}

static void on_gone(void *ctx)
{
	(*(unsigned *)ctx)++;
}

/* What is answered later, and by whom nobody waits for the answer. */
struct clerk {
	struct world w; /* the first: the callbacks' ctx */
	struct http_later *later[2];
	unsigned count, gone;
};

static size_t body_max(void *ctx, struct bytes path)
{
	(void)ctx;
	(void)path;
	return 100;
}

static void on_http(void *ctx, const struct http_request *request,
		    struct http_response *response)
{
	struct clerk *c = ctx;
	struct http_later *later;

	*response = (struct http_response){ .status = 200 };
	if (!request->post)
		return;
	later = http_later(request, on_gone, &c->gone);
	if (later)
		c->later[c->count++] = later;
	else
		response->status = 503;
}

static void answer_all(struct clerk *c)
{
	static const struct http_response well = {
		.status = 200, .content_type = "text/plain",
		.body = { (const uint8_t *)"well", 4 }, .copy = true,
	};

	while (c->count)
		http_answer(c->later[--c->count], &well);
}

static bool has_asked(void *ctx)
{
	return ((struct clerk *)ctx)->count == 2;
}

static bool has_gone(void *ctx)
{
	return ((struct clerk *)ctx)->gone == 1;
}

/* `whole`: nothing fails, so that all of it can be waited for. */
static void ask_clerk(struct clerk *c, bool whole)
{
	int stays = connect_to(&c->w), leaves = connect_to(&c->w);

	c->gone = 0;
	send_text(stays, "POST /a HTTP/1.1\r\nHost: x\r\n"
			 "Content-Length: 2\r\n\r\nhiGET / HTTP/1.1\r\n");
	send_text(leaves, "POST /b HTTP/1.1\r\nHost: x\r\n\r\n");
	turns(&c->w, 6);
	if (whole)
		until(&c->w, has_asked, c);
	close(leaves);
	turns(&c->w, 4);
	if (whole)
		until(&c->w, has_gone, c);
	answer_all(c);
	turns(&c->w, 4);
	close(stays);
}

/* The same over RawSocket: a PING, and a message that comes in pieces. */
static void talk_raw(struct world *w)
{
	int fd = connect_to(w), refused = connect_to(w);

	(void)!send(fd, "\x7f\xf1\0\0", 4, MSG_NOSIGNAL);
	(void)!send(refused, "\x7f\xf4\0\0", 4, MSG_NOSIGNAL);
	turns(w, 4);
	(void)!send(fd, "\0\0\0\3abc\1\0\0\1x\0\0\0\6ab", 18,
		    MSG_NOSIGNAL);
	turns(w, 4);
	(void)!send(fd, "cdef", 4, MSG_NOSIGNAL);
	turns(w, 4);
	close(fd);
	close(refused);
}

static void fail_each(void (*say)(struct world *w))
{
	static struct world w;
	size_t n = 0;
	bool hit = true;

	world_init(&w);
	w.on_message = on_message;
	world_start(&w);
	say(&w); /* libuv's own tables have their size */
	serve_another(&w);
	assert_int_equal(w.sessions[0].messages, 2);
	while (hit) {
		buf_deinit(&w.sessions[0].last);
		memset(w.sessions, 0, sizeof w.sessions);
		w.session_count = 0;
		fail_malloc_at(++n);
		say(&w);
		hit = fail_malloc_off();
		serve_another(&w);
	}
	assert_true(n > 8);
	assert_int_equal(w.session_count, 1);
	assert_int_equal(w.sessions[0].messages, 2);
	world_free(&w);
}

static void test_memory__of_connections(void **state)
{
	(void)state;
	fail_each(talk);
}

static void test_memory__of_rawsockets(void **state)
{
	(void)state;
	fail_each(talk_raw);
}

static void test_memory__of_answers_that_come_later(void **state)
{
	static struct clerk c;
	size_t n = 0;
	bool hit = true;

	(void)state;
	world_init(&c.w);
	c.w.config.http = on_http;
	c.w.config.body_max = body_max;
	world_start(&c.w);
	ask_clerk(&c, true);
	serve_another(&c.w);
	while (hit) {
		fail_malloc_at(++n);
		ask_clerk(&c, false);
		hit = fail_malloc_off();
		serve_another(&c.w);
		answer_all(&c); /* of who asked late */
	}
	assert_true(n > 4);
	ask_clerk(&c, true);
	serve_another(&c.w);
	world_free(&c.w);
}

static void nothing(void *ctx)
{
	(void)ctx;
}

static void make_all(struct loop *l)
{
	static const struct server_config server_config = { 0 };
	const struct peer_config peer_config = {
		.where = { .scheme = URL_WS, .host = "127.0.0.1", .port = 1 },
		.client = { .serializer = &serializer_json,
			    .realm = "realm1",
			    .agent = "test" },
	};
	struct url where = { .scheme = URL_WS, .host = "127.0.0.1" };
	struct server *s = server_new(l, &server_config);

	if (s)
		(void)server_listen(s, &where, NULL, NULL);
	timer_free(timer_new(l, nothing, NULL));
	wake_free(wake_new(l, nothing, NULL));
	(void)loop_on_signal(l, SIGUSR1, nothing, NULL);
	peer_free(peer_new(l, &peer_config));
	server_free(s);
}

/* libuv ends the process when its own tables can not grow: they grow before. */
static void test_memory__of_making(void **state)
{
	struct loop *l = loop_new();
	size_t n = 0;
	bool hit;

	(void)state;
	assert_non_null(l);
	make_all(l);
	do {
		uv_run(&l->uv, UV_RUN_NOWAIT);
		fail_malloc_at(++n);
		make_all(l);
		hit = fail_malloc_off();
	} while (hit);
	assert_true(n > 8);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory__of_connections),
		cmocka_unit_test(test_memory__of_rawsockets),
		cmocka_unit_test(test_memory__of_answers_that_come_later),
		cmocka_unit_test(test_memory__of_making),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
