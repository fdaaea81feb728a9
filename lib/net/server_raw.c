/* A connection of the server that speaks RawSocket: its handshake. */
#include "net/rawsocket.h"
#include "net/server_private.h"

static void refuse(struct http_conn *c, enum rawsocket_error error)
{
	if (error == RAWSOCKET_ILLEGAL ||
	    rawsocket_refuse(stream_out(c->stream), error)) {
		http_conn_drop(c);
		return;
	}
	stream_dirty(c->stream);
	http_conn_linger(c);
}

static void welcome(struct http_conn *c, struct transport_origin *origin)
{
	const struct server_config *config = &c->server->config;
	size_t message_max = config->message_max ? config->message_max
						 : config->limits.message_max;
	struct bytes rest = bytes_of(c->in.data + RAWSOCKET_HELLO_BYTES,
				     c->in.len - RAWSOCKET_HELLO_BYTES);

	if (rawsocket_hello(stream_out(c->stream), origin->serializer,
			    message_max))
		http_conn_drop(c);
	else
		http_conn_hand_over(c, origin, rest);
}

void raw_conn_take(struct http_conn *c)
{
	struct transport_origin origin = { 0 };
	enum rawsocket_error error;

	if (c->in.len < RAWSOCKET_HELLO_BYTES)
		return;
	error = rawsocket_check(c->in.data, c->server->config.subprotocols,
				&origin.serializer, &origin.peer_max);
	if (!error && c->full)
		error = RAWSOCKET_CONNECTIONS;
	if (error)
		refuse(c, error);
	else
		welcome(c, &origin);
}
