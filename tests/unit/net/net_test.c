#include "net_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/server_private.h"

static const char *const subprotocols[] = { "wamp.2.msgpack", "wamp.2.json",
					    "wamp.2.msgpack.batched",
					    "wamp.2.json.batched",
					    NULL };

/* --- the server's side --------------------------------------------------- */

static void on_message(void *ctx, struct bytes message)
{
	struct session *s = ctx;

	s->messages++;
	s->bytes += message.len;
	buf_clear(&s->last);
	(void)buf_add_bytes(&s->last, message); /* memory may be made to fail */
	if (s->world->on_message)
		s->world->on_message(s, message);
	else
		(void)transport_send(s->t, message);
}

static void on_closed(void *ctx, const char *why)
{
	struct session *s = ctx;

	assert_false(s->closed); /* exactly once */
	s->closed = true;
	s->t = NULL;
	snprintf(s->why, sizeof s->why, "%s", why);
}

static void on_drained(void *ctx)
{
	struct session *s = ctx;

	s->drained++;
}

static const struct transport_handler session_handler = { on_message,
							  on_closed,
							  on_drained };

static void on_accepted(void *ctx, struct transport *t)
{
	struct world *w = ctx;
	struct session *s = &w->sessions[w->session_count++];

	assert_true(w->session_count <= SESSIONS_MAX);
	s->world = w;
	s->t = t;
	transport_handle(t, &session_handler, s);
}

static void on_http(void *ctx, const struct http_request *request,
		    struct http_response *response)
{
	struct world *w = ctx;

	w->requests++;
	response->content_type = "text/plain";
	if (bytes_equal_str(request->path, "/hello")) {
		response->status = 200;
		response->headers = "X-Test: yes\r\n";
		response->body = bytes_str("hello, world");
	} else if (bytes_equal_str(request->path, "/copy")) {
		snprintf(w->text, sizeof w->text, "query %.*s",
			 (int)request->query.len,
			 (const char *)request->query.data);
		response->status = 200;
		response->copy = true;
		response->body = bytes_str(w->text);
	} else if (bytes_equal_str(request->path, "/a b")) {
		response->status = 200;
		response->body = bytes_str("blank");
	} else if (bytes_equal_str(request->path, "/long")) {
		response->status = 200;
		response->body = bytes_of(w->long_body, sizeof w->long_body);
	} else if (bytes_equal_str(request->path, "/same")) {
		response->status = 304;
	}
}

static bool on_origin(void *ctx, struct bytes origin)
{
	(void)ctx;
	return bytes_equal_str(origin, "http://localhost:8080");
}

void world_init(struct world *w)
{
	memset(w, 0, sizeof *w);
	memset(w->long_body, 'x', sizeof w->long_body);
	w->config = (struct server_config){
		.subprotocols = subprotocols,
		.ws_path = "/ws",
		.limits = transport_limits_default,
		.half_open_max = 100,
		.connections_max = 100,
		.http = on_http,
		.origin = on_origin,
		.accepted = on_accepted,
		.ctx = w,
	};
}

void world_start(struct world *w)
{
	struct why why;

	w->loop = loop_new();
	assert_non_null(w->loop);
	w->server = server_new(w->loop, &w->config);
	assert_non_null(w->server);
	assert_int_equal(url_parse("ws://127.0.0.1:0/ws", &w->url, &why), 0);
	if (w->config.tls)
		w->url.scheme = URL_WSS;
	assert_int_equal(server_listen(w->server, &w->url, &w->url.port, &why),
			 0);
	assert_true(w->url.port != 0);
}

static bool all_closed(void *ctx)
{
	struct world *w = ctx;

	for (unsigned i = 0; i < w->session_count; i++) {
		if (!w->sessions[i].closed)
			return false;
	}
	return true;
}

void world_free(struct world *w)
{
	for (unsigned i = 0; i < w->session_count; i++) {
		if (w->sessions[i].t)
			transport_drop(w->sessions[i].t, "the test is over");
	}
	until(w, all_closed, w);
	for (unsigned i = 0; i < w->session_count; i++)
		buf_deinit(&w->sessions[i].last);
	server_stop(w->server);
	server_free(w->server);
	loop_free(w->loop);
}

bool world_is_quiet(void *world)
{
	return ((struct world *)world)->server->connections == 0;
}

/* --- waiting ------------------------------------------------------------- */

void turn(struct world *w)
{
	uv_run(&w->loop->uv, UV_RUN_NOWAIT);
}

/* A turn may wait for events although a timer of it has made the condition
 * true: this one ends such waits. */
static void on_tick(uv_timer_t *tick)
{
	(void)tick;
}

void until(struct world *w, condition *holds, void *ctx)
{
	uint64_t end = clock_monotonic_ms() + 20000;
	uv_timer_t tick;

	uv_timer_init(&w->loop->uv, &tick);
	uv_timer_start(&tick, on_tick, 5, 5);
	while (!holds(ctx) && clock_monotonic_ms() < end)
		uv_run(&w->loop->uv, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&tick, NULL);
	turn(w);
	assert_true(holds(ctx));
}

/* --- the raw client ------------------------------------------------------ */

static void raw_on_data(void *ctx, struct bytes data)
{
	struct raw *r = ctx;

	assert_int_equal(buf_add_bytes(&r->in, data), 0);
}

static void raw_on_ended(void *ctx, const char *why)
{
	struct raw *r = ctx;

	(void)why;
	r->ended = true;
}

static void raw_on_due(void *ctx)
{
	(void)ctx;
}

static void raw_on_closed(void *ctx)
{
	struct raw *r = ctx;

	r->closed = true;
}

static const struct stream_handler raw_handler = {
	.data = raw_on_data,
	.ended = raw_on_ended,
	.due = raw_on_due,
	.closed = raw_on_closed,
};

static void raw_on_connect(uv_connect_t *connect, int status)
{
	struct raw *r = connect->data;

	assert_int_equal(status, 0);
	r->connected = true;
	stream_read(r->stream, true);
}

static bool is_connected(void *ctx)
{
	return ((struct raw *)ctx)->connected;
}

void raw_connect(struct raw *r, struct world *w)
{
	struct sockaddr_in a;

	memset(r, 0, sizeof *r);
	r->world = w;
	r->stream = stream_new(w->loop);
	assert_non_null(r->stream);
	stream_handle(r->stream, &raw_handler, r);
	r->connect.data = r;
	uv_ip4_addr("127.0.0.1", (int)w->url.port, &a);
	assert_int_equal(uv_tcp_connect(&r->connect, stream_tcp(r->stream),
					(struct sockaddr *)&a, raw_on_connect),
			 0);
	until(w, is_connected, r);
	uv_tcp_nodelay(stream_tcp(r->stream), 1);
}

void raw_send(struct raw *r, const void *data, size_t len)
{
	assert_int_equal(buf_add(stream_out(r->stream), data, len), 0);
	stream_push(r->stream);
}

void raw_text(struct raw *r, const char *text)
{
	raw_send(r, text, strlen(text));
}

static bool is_closed(void *ctx)
{
	return ((struct raw *)ctx)->closed;
}

void raw_close(struct raw *r)
{
	if (!r->stream)
		return;
	stream_close(r->stream);
	r->stream = NULL;
	until(r->world, is_closed, r);
	buf_deinit(&r->in);
}

struct wanted {
	struct raw *raw;
	size_t len;
	const char *text;
};

static bool has_len(void *ctx)
{
	struct wanted *w = ctx;

	return w->raw->in.len >= w->len || w->raw->ended;
}

void raw_expect_len(struct raw *r, size_t len)
{
	struct wanted wanted = { .raw = r, .len = len };

	until(r->world, has_len, &wanted);
	assert_true(r->in.len >= len);
}

static bool holds_text(const struct raw *r, const char *text)
{
	return r->in.len &&
	       memmem(r->in.data, r->in.len, text, strlen(text)) != NULL;
}

static bool has_text(void *ctx)
{
	struct wanted *w = ctx;

	return w->raw->ended || holds_text(w->raw, w->text);
}

void raw_expect_text(struct raw *r, const char *text)
{
	struct wanted wanted = { .raw = r, .text = text };

	until(r->world, has_text, &wanted);
	assert_true(holds_text(r, text));
}

static bool has_ended(void *ctx)
{
	return ((struct raw *)ctx)->ended;
}

void raw_expect_end(struct raw *r)
{
	until(r->world, has_ended, r);
}

void raw_expect_status(struct raw *r, unsigned status)
{
	size_t head, body = 0;
	char line[32];
	const char *length;

	snprintf(line, sizeof line, "HTTP/1.1 %u ", status);
	raw_expect_text(r, "\r\n\r\n");
	assert_int_equal(buf_add_u8(&r->in, 0), 0);
	r->in.len--;
	assert_memory_equal(r->in.data, line, strlen(line));
	head = (size_t)(strstr((char *)r->in.data, "\r\n\r\n") + 4 -
			(char *)r->in.data);
	length = strstr((char *)r->in.data, "Content-Length: ");
	if (length && length < (char *)r->in.data + head)
		body = strtoul(length + 16, NULL, 10);
	raw_expect_len(r, head + body);
	buf_drop_front(&r->in, head + body);
}

/* --- WebSocket ----------------------------------------------------------- */

const char upgrade_head[] = "GET /ws HTTP/1.1\r\n"
			    "Host: localhost\r\n"
			    "Upgrade: websocket\r\n"
			    "Connection: keep-alive, Upgrade\r\n"
			    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
			    "Sec-WebSocket-Version: 13\r\n"
			    "Sec-WebSocket-Protocol: ";

void raw_upgrade(struct raw *r, struct world *w, const char *subprotocol)
{
	raw_connect(r, w);
	raw_text(r, upgrade_head);
	raw_text(r, subprotocol);
	raw_text(r, "\r\n\r\n");
	/* The key and the answer to it are RFC 6455's, section 1.3. */
	raw_expect_text(r, "\r\nSec-WebSocket-Accept: "
			   "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
	raw_expect_text(r, subprotocol);
	raw_expect_status(r, 101);
}

void raw_frame(struct raw *r, uint8_t first, const void *data, size_t len)
{
	static const uint8_t key[4] = { 0x12, 0x34, 0x56, 0x78 };
	uint8_t head[14] = { first };
	size_t n = 2;
	uint8_t *masked = malloc(len + 1);

	assert_non_null(masked);
	head[1] = (uint8_t)(0x80 | (len < 126 ? len : len < 65536 ? 126 : 127));
	for (int shift = len < 126 ? -8 : len < 65536 ? 8 : 56; shift >= 0;
	     shift -= 8)
		head[n++] = (uint8_t)((uint64_t)len >> shift);
	memcpy(head + n, key, 4);
	for (size_t i = 0; i < len; i++)
		masked[i] = ((const uint8_t *)data)[i] ^ key[i % 4];
	raw_send(r, head, n + 4);
	raw_send(r, masked, len);
	free(masked);
}

void raw_expect_frame(struct raw *r, uint8_t first, const void *data,
		      size_t len)
{
	raw_expect_len(r, len + 2);
	assert_int_equal(r->in.data[0], first);
	assert_int_equal(r->in.data[1], len);
	assert_memory_equal(r->in.data + 2, data, len);
	buf_drop_front(&r->in, len + 2);
}

void raw_expect_close(struct raw *r, unsigned code)
{
	raw_expect_len(r, 4);
	assert_int_equal(r->in.data[0], 0x88);
	assert_int_equal(r->in.data[2] << 8 | r->in.data[3], code);
	raw_expect_end(r);
	assert_int_equal(r->in.len, 2 + r->in.data[1]);
}
