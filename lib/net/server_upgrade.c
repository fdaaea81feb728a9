/* An HTTP connection that asks to be a WebSocket: may it? */
#include <string.h>

#include "net/handshake.h"
#include "net/server_private.h"

static void become_transport(struct http_conn *c, const struct http_head *head,
			     const char *subprotocol, struct bytes rest)
{
	const struct serializer *batched =
		serializer_by_batched(bytes_str(subprotocol));
	struct transport_origin origin = {
		.serializer = batched ? batched
				      : serializer_by_subprotocol(
						bytes_str(subprotocol)),
		.batched = batched != NULL,
		.origin = head->value[HTTP_ORIGIN],
		.forwarded = http_is_forwarded(head),
		.proxy_tls = bytes_equal_str(head->value[HTTP_FORWARDED_PROTO],
					     "https"),
	};
	const struct server *s = c->server;
	struct buf headers;

	buf_init(&headers);
	if ((s->config.opening &&
	     s->config.opening(s->config.ctx, head->value[HTTP_COOKIE],
			       origin.proxy_tls ||
				       stream_is_secure(c->stream),
			       &headers, origin.tag)) ||
	    handshake_answer(stream_out(c->stream), head, subprotocol,
			     buf_bytes(&headers)))
		http_conn_drop(c);
	else
		http_conn_hand_over(c, &origin, rest);
	buf_deinit(&headers);
}

static bool origin_is_welcome(const struct server *s,
			      const struct http_head *head)
{
	if (!head->has[HTTP_ORIGIN])
		return true; /* not a page: a native client */
	return s->config.origin &&
	       s->config.origin(s->config.ctx, head->value[HTTP_ORIGIN]);
}

bool http_conn_is_ws_path(const struct http_conn *c, struct bytes target)
{
	const struct server_config *config = &c->server->config;
	char *const *more = config->ws_more;
	const uint8_t *mark = memchr(target.data, '?', target.len);

	if (mark)
		target.len = (size_t)(mark - target.data);
	while (more && *more && !bytes_equal_str(target, *more))
		more++;
	return config->ws_anywhere ||
	       (config->ws_path && bytes_equal_str(target, config->ws_path)) ||
	       (more && *more);
}

void http_conn_upgrade(struct http_conn *c, const struct http_head *head,
		       struct bytes rest)
{
	struct server *s = c->server;
	const char *subprotocol, *what;
	unsigned status;

	if (!http_conn_is_ws_path(c, head->target)) {
		http_conn_refuse(c, 404, "no WebSocket is here");
		return;
	}
	status = handshake_check(head, s->config.subprotocols, &subprotocol,
				 &what);
	if (status)
		http_conn_refuse(c, status, what);
	else if (!origin_is_welcome(s, head))
		http_conn_refuse(c, 403, "pages of this origin may not connect");
	else
		become_transport(c, head, subprotocol, rest);
}
