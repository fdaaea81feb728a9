/* What a connection of the server is answered: refusals, answers at once and
 * answers that come later. */
#include <stdlib.h>
#include <string.h>

#include "net/server_private.h"

struct http_later {
	struct http_conn *conn; /* NULL: it is gone */
	http_gone_fn *gone;     /* or NULL */
	void *ctx;
};

void http_conn_refuse(struct http_conn *c, unsigned status,
		      const char *what)
{
	struct buf *out = stream_out(c->stream);
	const char *headers = status == 405   ? "Allow: GET, HEAD\r\n"
			      : status == 426 ? "Sec-WebSocket-Version: 13\r\n"
						"Upgrade: websocket\r\n"
					      : NULL;

	if (http_write_head(out, status, "text/plain; charset=utf-8",
			    strlen(what) + 1, headers, false) ||
	    buf_printf(out, "%s\n", what)) {
		http_conn_drop(c);
		return;
	}
	stream_dirty(c->stream);
	http_conn_linger(c);
}

static int write_response(struct http_conn *c, const struct http_response *r,
			  bool head)
{
	struct buf *out = stream_out(c->stream);
	bool body = !head && r->status != 304 && r->body.len;
	int err = http_write_head(out, r->status, r->content_type, r->body.len,
				  r->headers, c->keep_alive);

	if (!err && body && r->copy)
		err = buf_add_bytes(out, r->body);
	else if (!err && body)
		stream_tail(c->stream, r->body);
	stream_dirty(c->stream);
	return err;
}

static void respond(struct http_conn *c, const struct http_response *r,
		    bool head)
{
	http_conn_set_state(c, HTTP_ANSWERING);
	http_conn_wait_for(c, c->server->config.idle_ms);
	if (write_response(c, r, head))
		http_conn_drop(c);
}

void http_conn_answer(struct http_conn *c, const struct http_head *head,
		      struct bytes query, struct bytes body)
{
	struct server *s = c->server;
	struct http_response response = { .status = 404 };
	struct http_request request = {
		.path = buf_bytes(&c->path),
		.query = query,
		.head = head->head,
		.post = head->post,
		.options = head->options,
		.host = head->value[HTTP_HOST],
		.if_none_match = head->value[HTTP_IF_NONE_MATCH],
		.accept_encoding = head->value[HTTP_ACCEPT_ENCODING],
		.content_type = head->value[HTTP_CONTENT_TYPE],
		.origin = head->value[HTTP_ORIGIN],
		.cors_headers = head->value[HTTP_CORS_HEADERS],
		.body = body,
		.peer = c->peer,
		.secure = stream_is_secure(c->stream),
		.local = c->local && !http_is_forwarded(head),
		.conn = c,
	};

	c->keep_alive = head->keep_alive;
	stream_read(c->stream, false);
	if (s->config.http)
		s->config.http(s->config.ctx, &request, &response);
	if (c->state == HTTP_READING)
		respond(c, &response, head->head);
}

/* --- later --------------------------------------------------------------- */

struct http_later *http_later(const struct http_request *request,
			      http_gone_fn *gone, void *ctx)
{
	struct http_conn *c = request->conn;
	struct server *s = c->server;
	struct http_later *later = s->waiting.count < s->config.waiting_max ?
					   malloc(sizeof *later) :
					   NULL;

	if (!later)
		return NULL;
	*later = (struct http_later){ c, gone, ctx };
	c->later = later;
	http_conn_set_state(c, HTTP_WAITING);
	http_conn_move_to(c, &s->waiting);
	http_conn_wait_for(c, s->config.later_ms);
	return later;
}

void http_answer(struct http_later *later,
		 const struct http_response *response)
{
	struct http_conn *c = later->conn;

	free(later);
	if (!c)
		return;
	c->later = NULL;
	http_conn_move_to(c, &c->server->half_open);
	stream_read(c->stream, false);
	respond(c, response, false);
	http_conns_limit(c->server);
}

void http_conn_detach(struct http_conn *c)
{
	struct http_later *later = c->later;

	if (!later)
		return;
	c->later = NULL;
	later->conn = NULL;
	if (later->gone)
		later->gone(later->ctx);
}
