#include "net/server_private.h"
#include "net/unix.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	BACKLOG = 1024,
	HEAD_MS = 15000,
	IDLE_MS = 60000,
	LATER_MS = 600000,
	HALF_OPEN_MAX = 512,
	WAITING_MAX = 2048,
	CONNECTIONS_MAX = 10000,
	RETRY_MS = 100,
};

struct listener {
	union any_socket u;
	bool local; /* a unix socket */
	bool secure;
	struct server *server;
	struct listener *next;
	bool waiting; /* there was no memory to accept who is there */
};

/* --- accepting ----------------------------------------------------------- */

static bool is_full(struct server *s)
{
	if (s->connections < s->config.connections_max)
		return false;
	if (!s->told_full && s->config.full)
		s->config.full(s->config.ctx);
	s->told_full = true;
	return true;
}

static void accept_one(struct listener *l)
{
	struct server *s = l->server;
	struct stream *stream = l->local ? stream_new_unix(s->loop)
					 : stream_new(s->loop);

	l->waiting = !stream;
	if (!stream) {
		timer_start(s->retry, RETRY_MS, 0);
		return;
	}
	if (uv_accept(&l->u.stream, stream_uv(stream))) {
		stream_close(stream);
		return;
	}
	if (l->secure && stream_secure(stream, s->config.tls, NULL)) {
		stream_close(stream);
		return;
	}
	stream_nodelay(stream);
	http_conn_start(s, stream, is_full(s));
	http_conns_limit(s);
}

static void on_connection(uv_stream_t *listening, int status)
{
	struct listener *l = listening->data;

	if (status == 0 && !l->server->stopped)
		accept_one(l);
}

static void on_retry(void *ctx)
{
	struct server *s = ctx;

	for (struct listener *l = s->listeners; l; l = l->next) {
		if (l->waiting)
			accept_one(l);
	}
}

/* --- listening ----------------------------------------------------------- */

static int explain(struct why *why, const struct url *where, int err)
{
	switch (err) {
	case UV_EADDRINUSE:
		return why_set(why, ERR_IO, "port %u is in use", where->port);
	case UV_EACCES:
		return why_set(why, ERR_IO,
			       "port %u: not allowed (ports below 1024 need "
			       "privileges)",
			       where->port);
	case UV_EADDRNOTAVAIL:
		return why_set(why, ERR_IO,
			       "%s is not an address of this machine",
			       where->host);
	default:
		return why_set(why, ERR_IO, "can not listen on %s port %u: %s",
			       where->host, where->port, uv_strerror(err));
	}
}

/* A name may be listened on; asking for it may block: done at start only. */
static int resolve(struct loop *l, const struct url *where,
		   struct sockaddr_storage *out)
{
	const struct addrinfo hints = { .ai_flags = AI_PASSIVE,
					.ai_socktype = SOCK_STREAM };
	uv_getaddrinfo_t request;
	int err = uv_getaddrinfo(&l->uv, &request, NULL, where->host, NULL,
				 &hints);

	if (err)
		return err;
	memcpy(out, request.addrinfo->ai_addr, request.addrinfo->ai_addrlen);
	uv_freeaddrinfo(request.addrinfo);
	address_set_port((struct sockaddr *)out, where->port);
	return 0;
}

static void on_listener_closed(uv_handle_t *handle)
{
	struct listener *l = handle->data;
	struct server *s = l->server;

	free(l);
	s->open_listeners--;
	if (s->freed && !s->open_listeners && !s->connections)
		free(s);
}

static int listen_tcp(struct listener *l, const struct url *where,
		      unsigned *port, struct why *why)
{
	struct sockaddr_storage address = { 0 };
	int len = sizeof address;
	int err = resolve(l->server->loop, where, &address);

	if (!err)
		err = uv_tcp_bind(&l->u.tcp, (struct sockaddr *)&address, 0);
	if (!err)
		err = uv_listen(&l->u.stream, BACKLOG, on_connection);
	if (!err)
		err = uv_tcp_getsockname(&l->u.tcp,
					 (struct sockaddr *)&address, &len);
	if (!err && port)
		*port = address_port((struct sockaddr *)&address);
	return err ? explain(why, where, err) : 0;
}

static int listen_unix(struct listener *l, const char *path, unsigned *port,
		       struct why *why)
{
	int err = unix_bind(&l->u.pipe, path, why);

	if (err)
		return err;
	err = uv_listen(&l->u.stream, BACKLOG, on_connection);
	if (err)
		return why_set(why, ERR_IO, "can not listen on %s: %s", path,
			       uv_strerror(err));
	if (port)
		*port = 0;
	return 0;
}

static struct listener *listener_new(struct server *s, bool local)
{
	struct listener *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	if (local ? uv_pipe_init(&s->loop->uv, &l->u.pipe, 0)
		  : uv_tcp_init(&s->loop->uv, &l->u.tcp)) {
		free(l);
		return NULL;
	}
	l->u.handle.data = l;
	l->local = local;
	l->server = s;
	s->open_listeners++;
	return l;
}

int server_listen(struct server *s, const struct url *where, unsigned *port,
		  struct why *why)
{
	struct listener *l;
	int err;
	bool secure = where->scheme == URL_WSS || where->scheme == URL_RSS;

	if (secure && !s->config.tls)
		return why_set(why, ERR_USAGE,
			       "wss:// and rss:// need a certificate and its "
			       "key");
	l = listener_new(s, where->scheme == URL_UNIX);
	if (!l)
		return why_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	l->secure = secure;
	err = l->local ? listen_unix(l, where->path, port, why)
		       : listen_tcp(l, where, port, why);
	if (err) {
		uv_close(&l->u.handle, on_listener_closed);
		return err;
	}
	l->next = s->listeners;
	s->listeners = l;
	return 0;
}

/* --- life ---------------------------------------------------------------- */

struct server *server_new(struct loop *l, const struct server_config *config)
{
	struct server *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->retry = timer_new(l, on_retry, s);
	if (!s->retry) {
		free(s);
		return NULL;
	}
	s->loop = l;
	s->config = *config;
	if (!s->config.head_ms)
		s->config.head_ms = HEAD_MS;
	if (!s->config.idle_ms)
		s->config.idle_ms = IDLE_MS;
	if (!s->config.later_ms)
		s->config.later_ms = LATER_MS;
	if (!s->config.half_open_max)
		s->config.half_open_max = HALF_OPEN_MAX;
	if (!s->config.waiting_max)
		s->config.waiting_max = WAITING_MAX;
	if (!s->config.connections_max)
		s->config.connections_max = CONNECTIONS_MAX;
	TAILQ_INIT(&s->half_open.all);
	TAILQ_INIT(&s->waiting.all);
	return s;
}

void server_conn_gone(struct server *s)
{
	unsigned max = s->config.connections_max;

	assert(s->connections);
	s->connections--;
	if (s->connections < max - max / 10)
		s->told_full = false;
	if (s->freed && !s->open_listeners && !s->connections)
		free(s);
}

unsigned server_connections(const struct server *s)
{
	return s->connections;
}

void server_stop(struct server *s)
{
	struct listener *l, *next;

	if (s->stopped)
		return;
	s->stopped = true;
	timer_free(s->retry);
	for (l = s->listeners; l; l = next) {
		next = l->next;
		uv_close(&l->u.handle, on_listener_closed); /* removes a unix
							       socket's file */
	}
	s->listeners = NULL;
	while (!TAILQ_EMPTY(&s->half_open.all))
		http_conn_drop(TAILQ_FIRST(&s->half_open.all));
	while (!TAILQ_EMPTY(&s->waiting.all))
		http_conn_drop(TAILQ_FIRST(&s->waiting.all));
}

void server_free(struct server *s)
{
	if (!s)
		return;
	server_stop(s);
	s->freed = true;
	if (!s->open_listeners && !s->connections)
		free(s);
}
