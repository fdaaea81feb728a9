/* One connection of the server: its states and requests (what it is answered is
 * in server_answer.c, upgrades in server_upgrade.c, RawSocket's handshake in
 * server_raw.c). */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/handshake.h"
#include "net/http.h"
#include "net/rawsocket.h"
#include "net/server_private.h"

enum { LINGER_MS = 2000 };

static uint64_t now_ms(const struct http_conn *c)
{
	return loop_now_ms(c->server->loop);
}

/* --- states -------------------------------------------------------------- */

void http_conn_set_state(struct http_conn *c, enum http_state to)
{
	static const bool allowed[HTTP_STATES][HTTP_STATES] = {
		[HTTP_READING][HTTP_ANSWERING] = true,
		[HTTP_READING][HTTP_WAITING] = true,
		[HTTP_READING][HTTP_LINGERING] = true,
		[HTTP_WAITING][HTTP_ANSWERING] = true,
		[HTTP_WAITING][HTTP_LINGERING] = true,
		[HTTP_ANSWERING][HTTP_READING] = true,
		[HTTP_ANSWERING][HTTP_LINGERING] = true,
	};

	assert(allowed[c->state][to]);
	c->state = to;
}

void http_conn_wait_for(struct http_conn *c, uint32_t limit_ms)
{
	c->due_ms = now_ms(c) + limit_ms;
	stream_wake_by(c->stream, c->due_ms);
}

/* Out of its list of the server's. */
static void forget(struct http_conn *c)
{
	TAILQ_REMOVE(&c->list->all, c, link);
	c->list->count--;
}

/* The youngest of a list. */
static void enlist(struct http_conn *c, struct http_conns *list)
{
	TAILQ_INSERT_TAIL(&list->all, c, link);
	list->count++;
	c->list = list;
}

void http_conn_move_to(struct http_conn *c, struct http_conns *list)
{
	forget(c);
	enlist(c, list);
}

void http_conns_limit(struct server *s)
{
	while (s->half_open.count > s->config.half_open_max)
		http_conn_drop(TAILQ_FIRST(&s->half_open.all));
}

static void free_conn(struct http_conn *c)
{
	buf_deinit(&c->in);
	buf_deinit(&c->path);
	free(c);
}

void http_conn_drop(struct http_conn *c)
{
	if (stream_is_closing(c->stream))
		return;
	forget(c);
	stream_close(c->stream);
	http_conn_detach(c);
}

/* Nothing more will be read: the answer is written, then the end. Closing
 * with unread bytes would take the answer back from the peer (RST). */
void http_conn_linger(struct http_conn *c)
{
	http_conn_set_state(c, HTTP_LINGERING);
	http_conn_move_to(c, &c->server->half_open);
	buf_deinit(&c->in);
	http_conn_wait_for(c, LINGER_MS);
	stream_shutdown(c->stream);
	stream_read(c->stream, true);
	http_conn_detach(c);
}

/* --- it becomes a transport ---------------------------------------------- */

static void on_transport_gone(void *ctx)
{
	server_conn_gone(ctx);
}

void http_conn_hand_over(struct http_conn *c, struct transport_origin *origin,
			 struct bytes rest)
{
	struct server *s = c->server;
	struct transport *t;

	/* Who was served has kept a connection as one may. */
	origin->age_ms = c->served ? 0 : now_ms(c) - c->began_ms;
	origin->gone = on_transport_gone;
	origin->ctx = s;
	t = transport_new(c->stream, origin, &s->config.limits);
	if (!t) {
		http_conn_drop(c);
		return;
	}
	stream_dirty(c->stream);
	forget(c);
	s->config.accepted(s->config.ctx, t);
	transport_start(t, rest);
	free_conn(c);
}

/* --- requests ------------------------------------------------------------ */

static size_t body_max(const struct http_conn *c)
{
	const struct server_config *config = &c->server->config;

	return config->body_max ? config->body_max(config->ctx,
						   buf_bytes(&c->path)) : 0;
}

/* What comes after the head: is it welcome? 0, or the status to refuse with. */
static unsigned check_body(const struct http_conn *c,
			   const struct http_head *head, const char **what)
{
	size_t most = head->post || head->options ? body_max(c) : 0;

	if ((head->post || head->options) && !most) {
		*what = HTTP_ONLY_GET;
		return 405;
	}
	if (head->body_bytes > most) {
		*what = "the body is too long";
		return 413;
	}
	if (head->has[HTTP_EXPECT] &&
	    !http_has_token(head->value[HTTP_EXPECT], "100-continue")) {
		*what = "accepted is 100-continue";
		return 417;
	}
	return 0;
}

/* The peer waits to be told that its body is welcome. */
static void go_on(struct http_conn *c, const struct http_head *head)
{
	if (!head->has[HTTP_EXPECT] || !head->http_1_1)
		return;
	if (buf_add_str(stream_out(c->stream), "HTTP/1.1 100 Continue\r\n\r\n"))
		http_conn_drop(c);
	else
		stream_dirty(c->stream);
}

/* A request that is not an upgrade. True: it was answered, or will be. */
static bool on_request(struct http_conn *c, const struct http_head *head,
		       size_t length)
{
	struct bytes query;
	const char *what;
	bool is_new = !c->whole;
	unsigned status;

	buf_clear(&c->path);
	if (http_split_target(head->target, &c->path, &query)) {
		http_conn_refuse(c, 400, "malformed path");
		return false;
	}
	status = check_body(c, head, &what);
	if (status) {
		http_conn_refuse(c, status, what);
		return false;
	}
	c->whole = length + head->body_bytes;
	if (c->in.len < c->whole) {
		if (is_new)
			go_on(c, head);
		return false;
	}
	http_conn_answer(c, head, query,
			 bytes_of(c->in.data + length, head->body_bytes));
	return !stream_is_closing(c->stream) && c->state != HTTP_LINGERING;
}

/* A whole head, `length` bytes, is there. False: c is no more, or is done, or
 * its body is still to come. */
static bool on_head(struct http_conn *c, size_t length)
{
	struct bytes text = bytes_of(c->in.data, length);
	struct bytes rest = bytes_of(c->in.data + length, c->in.len - length);
	struct http_head head;
	const char *what;
	unsigned status = http_parse_request(text, &head, &what);

	http_conn_move_to(c, &c->server->half_open);
	if (status) {
		http_conn_refuse(c, status, what);
		return false;
	}
	if (handshake_is_upgrade(&head)) {
		http_conn_upgrade(c, &head, rest);
		return false;
	}
	if (http_conn_is_ws_path(c, head.target)) {
		http_conn_refuse(c, 426, "here is a WebSocket");
		return false;
	}
	return on_request(c, &head, length);
}

/* Is it HTTP at all? */
static bool is_first_byte(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || byte == '\r';
}

/* Who waits for an answer is listened to, as its end may come; what it asks
 * meanwhile is kept, within a limit. */
static void mind_reading(struct http_conn *c)
{
	if (c->state == HTTP_WAITING)
		stream_read(c->stream, c->in.len < HTTP_HEAD_MAX);
}

/* One request at most: the next one waits until this one's answer has gone
 * out, so that nobody makes us hold more than one answer. */
static void take_request(struct http_conn *c)
{
	size_t length;

	if (!c->in.len)
		return;
	if (c->in.data[0] == RAWSOCKET_MAGIC && !c->served) {
		raw_conn_take(c);
		return;
	}
	if (c->full) {
		http_conn_refuse(c, 503, "too many connections");
		return;
	}
	if (!is_first_byte(c->in.data[0])) {
		http_conn_refuse(c, 400, "not HTTP");
		return;
	}
	if (c->in.len < c->whole)
		return; /* the head was seen; its body comes */
	c->seen = c->whole ? 0 : c->seen;
	length = http_head_length(buf_bytes(&c->in), &c->seen);
	if (length > HTTP_HEAD_MAX || (!length && c->in.len > HTTP_HEAD_MAX)) {
		http_conn_refuse(c, 431, "the head of a request is too long");
		return;
	}
	if (!length || !on_head(c, length))
		return;
	buf_drop_front(&c->in, c->whole);
	c->whole = 0;
	c->seen = 0;
	mind_reading(c);
}

static void on_data(void *ctx, struct bytes data)
{
	struct http_conn *c = ctx;

	if (c->state == HTTP_LINGERING)
		return;
	if (!c->in.len && c->state == HTTP_READING &&
	    (c->served || !stream_is_secure(c->stream))) /* else TLS began it */
		http_conn_wait_for(c, c->server->config.head_ms);
	if (buf_add_bytes(&c->in, data)) {
		http_conn_drop(c);
		return;
	}
	if (c->state == HTTP_READING)
		take_request(c);
	else
		mind_reading(c);
}

/* The answer is out: what comes next? */
static void next_request(struct http_conn *c)
{
	if (!c->keep_alive) {
		http_conn_linger(c);
		return;
	}
	http_conn_set_state(c, HTTP_READING);
	c->served = true;
	if (c->in.len) {
		http_conn_wait_for(c, c->server->config.head_ms);
	} else {
		buf_deinit(&c->in);
		http_conn_wait_for(c, c->server->config.idle_ms);
	}
	stream_trim(c->stream);
	stream_read(c->stream, true);
	take_request(c);
}

static void on_flushed(void *ctx)
{
	struct http_conn *c = ctx;

	if (c->state != HTTP_ANSWERING)
		return;
	if (stream_output(c->stream) == 0)
		next_request(c);
}

static void on_ended(void *ctx, const char *why)
{
	(void)why;
	http_conn_drop(ctx);
}

static void on_due(void *ctx)
{
	struct http_conn *c = ctx;

	if (now_ms(c) < c->due_ms)
		stream_wake_by(c->stream, c->due_ms);
	else if (c->state == HTTP_READING && c->in.len &&
		 c->in.data[0] != RAWSOCKET_MAGIC)
		http_conn_refuse(c, 408, "the request took too long");
	else if (c->state == HTTP_WAITING)
		http_conn_refuse(c, 504, "the answer took too long");
	else
		http_conn_drop(c);
}

static void on_closed(void *ctx)
{
	struct http_conn *c = ctx;
	struct server *s = c->server;

	free_conn(c);
	server_conn_gone(s);
}

static const struct stream_handler stream_handler = {
	.data = on_data,
	.ended = on_ended,
	.flushed = on_flushed,
	.due = on_due,
	.closed = on_closed,
};

/* --- the beginning ------------------------------------------------------- */

void http_conn_start(struct server *s, struct stream *stream, bool full)
{
	struct http_conn *c = calloc(1, sizeof *c);

	if (!c) {
		stream_close(stream);
		return;
	}
	c->server = s;
	c->stream = stream;
	c->full = full;
	c->began_ms = loop_now_ms(s->loop);
	buf_init(&c->in);
	buf_init(&c->path);
	stream_peer(stream, c->peer, &c->local);
	stream_handle(stream, &stream_handler, c);
	enlist(c, &s->half_open);
	s->connections++;
	http_conn_wait_for(c, s->config.head_ms);
	stream_read(stream, true);
}
