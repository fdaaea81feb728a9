#include "net/dial.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "net/address.h"
#include "net/handshake.h"
#include "net/rawsocket.h"
#include "net/transport_private.h"

enum { DIAL_MS = 10000 };

/* Freed when the name's answer, the stream and the timer are all gone. */
struct dial {
	struct loop *loop;
	struct url where;
	const struct serializer *serializer;
	bool batched;
	struct transport_limits limits;
	struct tls *tls;
	const struct dial_handler *handler; /* NULL: told, or canceled */
	void *ctx;

	uv_getaddrinfo_t lookup;
	struct addrinfo *addresses; /* owned */
	struct addrinfo *next;      /* to try */
	uv_timer_t timer;
	uv_connect_t connect;
	struct stream *stream; /* owned; NULL between two addresses */
	struct buf in;
	size_t seen;
	char key[HANDSHAKE_KEY_SIZE];
	unsigned pending; /* callbacks that will still come */
	struct why why;   /* of the last address that failed */
};

static void try_next(struct dial *d);

/* --- the end ------------------------------------------------------------- */

static void release(struct dial *d)
{
	assert(d->pending);
	if (--d->pending)
		return;
	if (d->addresses)
		uv_freeaddrinfo(d->addresses);
	buf_deinit(&d->in);
	free(d);
}

static void on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

/* Stops everything; the memory goes when libuv has let go. */
static void stop(struct dial *d)
{
	d->handler = NULL;
	if (!uv_is_closing((uv_handle_t *)&d->timer))
		uv_close((uv_handle_t *)&d->timer, on_timer_closed);
	if (d->stream)
		stream_close(d->stream);
	d->stream = NULL;
	(void)uv_cancel((uv_req_t *)&d->lookup);
}

static void fail(struct dial *d, const char *why)
{
	const struct dial_handler *handler = d->handler;
	void *ctx = d->ctx;
	char text[1024];

	if (!handler)
		return;
	if (d->where.scheme == URL_UNIX)
		snprintf(text, sizeof text, "%s: %s", d->where.path, why);
	else
		snprintf(text, sizeof text, "%s port %u: %s", d->where.host,
			 d->where.port, why);
	stop(d);
	handler->failed(ctx, text);
}

void dial_cancel(struct dial *d)
{
	stop(d);
}

static void on_timeout(uv_timer_t *timer)
{
	fail(timer->data, "no answer within 10 s");
}

/* --- the handshake ------------------------------------------------------- */

static bool speaks_raw(const struct dial *d)
{
	return d->where.scheme != URL_WS && d->where.scheme != URL_WSS;
}

static bool is_secure(const struct dial *d)
{
	return d->where.scheme == URL_WSS || d->where.scheme == URL_RSS;
}

static const char *subprotocol(const struct dial *d)
{
	return d->batched ? d->serializer->batched
			  : d->serializer->subprotocol;
}

/* Appends our side of it. */
static int say_hello(struct dial *d)
{
	struct buf *out = stream_out(d->stream);

	return speaks_raw(d) ? rawsocket_hello(out, d->serializer,
					       d->limits.message_max)
			     : handshake_request(out, &d->where,
						 subprotocol(d), d->key);
}

/* `peer_max`: as in transport_origin. */
static void succeed(struct dial *d, size_t head_length, size_t peer_max)
{
	const struct dial_handler *handler = d->handler;
	const struct transport_origin origin = {
		.serializer = d->serializer,
		.batched = d->batched && !speaks_raw(d),
		.client = true,
		.peer_max = peer_max,
	};
	struct bytes rest = bytes_of(d->in.data + head_length,
				     d->in.len - head_length);
	struct transport *t = transport_new(d->stream, &origin, &d->limits);

	if (!t) {
		fail(d, err_text(ERR_NOMEM));
		return;
	}
	d->stream = NULL; /* the transport's now */
	release(d);       /* cannot be the last: the timer is open */
	stop(d);
	handler->connected(d->ctx, t);
	transport_start(t, rest);
}

static void take_raw_answer(struct dial *d)
{
	struct why why;
	size_t peer_max;

	if (d->in.len < RAWSOCKET_HELLO_BYTES)
		return;
	if (rawsocket_confirm(d->in.data, d->serializer, &peer_max, &why))
		fail(d, why.text);
	else
		succeed(d, RAWSOCKET_HELLO_BYTES, peer_max);
}

static void take_http_answer(struct dial *d)
{
	struct http_head head;
	struct why why;
	size_t length;

	length = http_head_length(buf_bytes(&d->in), &d->seen);
	if (!length && d->in.len > HTTP_HEAD_MAX)
		fail(d, "its answer is too long");
	if (!length)
		return;
	if (http_parse_response(bytes_of(d->in.data, length), &head))
		fail(d, "its answer is not HTTP");
	else if (handshake_confirm(&head, d->key, subprotocol(d), &why))
		fail(d, why.text);
	else
		succeed(d, length, 0);
}

static void on_data(void *ctx, struct bytes data)
{
	struct dial *d = ctx;

	if (!d->handler)
		return;
	if (buf_add_bytes(&d->in, data))
		fail(d, err_text(ERR_NOMEM));
	else if (speaks_raw(d))
		take_raw_answer(d);
	else
		take_http_answer(d);
}

static void on_ended(void *ctx, const char *why)
{
	struct dial *d = ctx;

	fail(d, stream_is_secure(d->stream) && !stream_is_ready(d->stream)
			? why
			: "it closed the connection without an answer");
}

static void on_due(void *ctx)
{
	(void)ctx; /* the dial has its own timer */
}

static void on_closed(void *ctx)
{
	release(ctx);
}

static const struct stream_handler stream_handler = {
	.data = on_data,
	.ended = on_ended,
	.due = on_due,
	.closed = on_closed,
};

/* --- connecting ---------------------------------------------------------- */

static void on_connect(uv_connect_t *connect, int status)
{
	struct dial *d = connect->data;

	if (!d->handler || status == UV_ECANCELED)
		return;
	if (status) {
		why_set(&d->why, ERR_IO, "%s", uv_strerror(status));
		stream_close(d->stream);
		d->stream = NULL;
		try_next(d);
		return;
	}
	stream_nodelay(d->stream);
	if ((is_secure(d) && stream_secure(d->stream, d->tls, d->where.host)) ||
	    say_hello(d)) {
		fail(d, err_text(ERR_NOMEM));
		return;
	}
	stream_dirty(d->stream);
	stream_read(d->stream, true);
}

/* Begins with the next address; false when that failed at once. */
static bool try_address(struct dial *d, struct sockaddr *address)
{
	int err;

	d->stream = stream_new(d->loop);
	if (!d->stream) {
		why_set(&d->why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		return false;
	}
	d->pending++;
	stream_handle(d->stream, &stream_handler, d);
	address_set_port(address, d->where.port);
	d->connect.data = d;
	err = uv_tcp_connect(&d->connect, stream_tcp(d->stream), address,
			     on_connect);
	if (!err)
		return true;
	why_set(&d->why, ERR_IO, "%s", uv_strerror(err));
	stream_close(d->stream);
	d->stream = NULL;
	return false;
}

static void try_next(struct dial *d)
{
	while (d->next) {
		struct addrinfo *a = d->next;

		d->next = a->ai_next;
		if (try_address(d, a->ai_addr))
			return;
	}
	fail(d, d->why.text);
}

/* libuv tells of every failure by on_connect. */
static bool try_unix(struct dial *d)
{
	d->stream = stream_new_unix(d->loop);
	if (!d->stream)
		return false;
	d->pending++;
	stream_handle(d->stream, &stream_handler, d);
	d->connect.data = d;
	uv_pipe_connect(&d->connect, stream_unix(d->stream), d->where.path,
			on_connect);
	return true;
}

static void on_lookup(uv_getaddrinfo_t *lookup, int status,
		      struct addrinfo *addresses)
{
	struct dial *d = lookup->data;

	d->addresses = addresses;
	d->next = addresses;
	if (d->handler && status)
		fail(d, status == UV_EAI_NONAME ? "no such host"
						: uv_strerror(status));
	else if (d->handler)
		try_next(d);
	release(d);
}

/* --- the beginning ------------------------------------------------------- */

/* Also for what fails at once, so that `failed` comes in a later turn. */
static void on_unsupported(uv_timer_t *timer)
{
	fail(timer->data, "wss:// and rss:// need authorities to trust");
}

static void on_path_too_long(uv_timer_t *timer)
{
	fail(timer->data, "the path is too long for a unix socket");
}

static bool start(struct dial *d)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const size_t path_size = sizeof ((struct sockaddr_un *)0)->sun_path;

	if (is_secure(d) && !d->tls) {
		uv_timer_start(&d->timer, on_unsupported, 0, 0);
		return true;
	}
	if (d->where.scheme == URL_UNIX &&
	    strlen(d->where.path) >= path_size) {
		uv_timer_start(&d->timer, on_path_too_long, 0, 0);
		return true;
	}
	uv_timer_start(&d->timer, on_timeout, DIAL_MS, 0);
	if (d->where.scheme == URL_UNIX)
		return try_unix(d);
	if (uv_getaddrinfo(&d->loop->uv, &d->lookup, on_lookup, d->where.host,
			   NULL, &hints))
		return false;
	d->pending++;
	return true;
}

int dial_trust(const struct url *where, const char *ca, struct tls **out,
	       struct why *why)
{
	const char *const authorities[] = { ca, NULL };
	const struct tls_files files = { .ca = ca ? authorities : NULL };

	*out = NULL;
	if (!url_is_secure(where))
		return ca ? why_set(why, ERR_USAGE,
				    "--ca goes with wss:// and rss:// only")
			  : 0;
	*out = tls_client_new(&files, why);
	return *out ? 0 : ERR_USAGE;
}

struct dial *dial_start(struct loop *l, const struct url *where,
			const struct serializer *serializer,
			const struct transport_limits *limits,
			struct tls *tls, const struct dial_handler *handler,
			void *ctx)
{
	struct dial *d = calloc(1, sizeof *d);

	if (!d)
		return NULL;
	d->loop = l;
	d->where = *where;
	d->serializer = serializer;
	d->limits = *limits;
	d->tls = tls;
	d->handler = handler;
	d->ctx = ctx;
	d->lookup.data = d;
	buf_init(&d->in);
	uv_timer_init(&l->uv, &d->timer);
	d->timer.data = d;
	d->pending = 1;
	if (start(d))
		return d;
	stop(d);
	return NULL;
}

void dial_batched(struct dial *d)
{
	d->batched = true;
}
