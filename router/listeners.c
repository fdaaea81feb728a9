#include "router/listeners.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

struct listener {
	struct listeners *of;
	const struct transport_config *config;
	struct web web;
	struct server *server;
	struct tls *tls; /* owned; NULL: none */
	const char *subprotocols[SUBPROTOCOLS_MAX + 1];
};

/* --- pure ---------------------------------------------------------------- */

void listener_locate(const struct transport_config *c, struct url *where)
{
	*where = (struct url){ .port = c->port };
	if (c->unix_path) {
		where->scheme = URL_UNIX;
		snprintf(where->path, sizeof where->path, "%s", c->unix_path);
		return;
	}
	where->scheme = c->tls ? (c->ws_path ? URL_WSS : URL_RSS)
			       : (c->ws_path ? URL_WS : URL_RS);
	snprintf(where->host, sizeof where->host, "%s", c->interface);
	snprintf(where->path, sizeof where->path, "%s",
		 c->ws_path ? c->ws_path : "");
}

void listener_subprotocols(unsigned speaks,
			   const char *out[SUBPROTOCOLS_MAX + 1])
{
	static const struct {
		unsigned bit;
		const struct serializer *serializer;
	} known[SUBPROTOCOLS_MAX / 2] = {
		{ SPEAKS_MSGPACK, &serializer_msgpack },
		{ SPEAKS_CBOR, &serializer_cbor },
		{ SPEAKS_JSON, &serializer_json },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (speaks & known[i].bit) {
			*out++ = known[i].serializer->subprotocol;
			*out++ = known[i].serializer->batched;
		}
	*out = NULL;
}

size_t listener_message_max(const struct config *c,
			    const struct transport_config *t)
{
	size_t most = limits_joining.message_bytes;

	for (unsigned i = 0; i < c->realm_count; i++)
		for (unsigned j = 0; j < c->realms[i].role_count; j++) {
			size_t bytes = c->realms[i].roles[j]
					       .limits.message_bytes;

			most = bytes > most ? bytes : most;
		}
	if (t->limits.message_bytes && t->limits.message_bytes < most)
		most = t->limits.message_bytes;
	return most;
}

/* --- what a server calls ------------------------------------------------- */

static void on_accepted(void *ctx, struct transport *t)
{
	struct listener *l = ctx;

	wires_accept(l->of->wires, t, &l->config->authn, &l->config->limits);
}

static void on_http(void *ctx, const struct http_request *request,
		    struct http_response *response)
{
	web_http(&((struct listener *)ctx)->web, request, response);
}

static bool on_origin(void *ctx, struct bytes origin)
{
	return web_origin(&((struct listener *)ctx)->web, origin);
}

static size_t on_body(void *ctx, struct bytes path)
{
	return web_body_max(&((struct listener *)ctx)->web, path);
}

static void on_settle(void *ctx)
{
	wires_settle(ctx);
}

static int on_opening(void *ctx, struct bytes cookie, bool secure,
		      struct buf *headers, char tag[TRANSPORT_TAG_SIZE])
{
	struct listener *l = ctx;
	const struct authn *authn = &l->config->authn;
	struct router *r = l->of->router;

	if (!authn->ways[AUTHN_COOKIE].on)
		return 0;
	return cookie_open(&r->cookies, &r->turn, cookie, authn->cookie_ms,
			   secure, headers, tag);
}

static void on_full(void *ctx)
{
	const struct listener *l = ctx;

	log_line(LOG_WARN, "%u connections are all that are accepted: others "
		 "are refused", l->of->descriptors.connections_max);
}

/* --- opening one --------------------------------------------------------- */

static int load_pages(struct listener *l, struct why *why)
{
	const struct options *o = l->of->options;
	const struct transport_config *c = l->config;
	int err = 0;

	web_init(&l->web);
	l->web.measure = l->of->measure;
	l->web.measure_ctx = l->of->measure_ctx;
	l->web.public_url = o->public_url;
	l->web.router = o->pages_for;
	l->web.origins = c->origins;
	l->web.origin_count = c->origin_count;
	l->web.own_pages = o->web != NULL;
	if (o->web)
		err = files_load(&l->web.files, o->web, why);
	else if (c->web_dir)
		err = web_load_pages(&l->web, c->web_dir, why);
	if (!err)
		err = web_load_paths(&l->web, c->paths, c->path_count, why);
	if (err)
		return err;
	if (web_open_bridges(&l->web, l->of->router, on_settle, l->of->wires))
		return why_set(why, ERR_NOMEM, "out of memory");
	return 0;
}

static int load_tls(struct listener *l, bool is_first, struct why *why)
{
	const struct options *o = l->of->options;
	const struct tls_files *files =
		is_first && o->tls.key ? &o->tls : l->config->tls;

	if (!files)
		return 0;
	l->tls = tls_server_new(files, why);
	return l->tls ? 0 : ERR_USAGE;
}

static struct server *make_server(struct listener *l, const char *ws_path)
{
	struct server_config config = {
		.subprotocols = l->subprotocols,
		.ws_path = ws_path,
		.ws_more = l->config->ws_more,
		.ws_anywhere = l->config->ws_anywhere,
		.limits = wire_limits(&limits_joining, &l->config->limits),
		/* RawSocket says it before the role is known. */
		.message_max = listener_message_max(l->of->config, l->config),
		.half_open_max = l->of->descriptors.half_open_max,
		.connections_max = l->of->descriptors.connections_max,
		.tls = l->tls,
		.http = on_http,
		.origin = on_origin,
		.body_max = on_body,
		.opening = on_opening,
		.accepted = on_accepted,
		.full = on_full,
		.ctx = l,
	};

	return server_new(l->of->loop, &config);
}

static int listen_at(struct listener *l, const struct url *where,
		     struct why *why)
{
	static const char *const schemes[] = { "ws", "wss", "rs", "rss" };
	bool ws = where->scheme == URL_WS || where->scheme == URL_WSS;
	unsigned port;
	int err = server_listen(l->server, where, &port, why);

	if (err)
		return err;
	if (where->scheme == URL_UNIX) {
		log_line(LOG_INFO, "listening on unix://%s", where->path);
		return 0;
	}
	web_add_port(&l->web, port, url_is_secure(where));
	log_line(LOG_INFO, "listening on %s://%s:%u%s",
		 schemes[where->scheme], where->host, port,
		 ws ? where->path : "");
	return 0;
}

static int listen_everywhere(struct listener *l, unsigned flag_count,
			     struct why *why)
{
	struct url where;
	int err = 0;

	for (unsigned i = 0; i < flag_count && !err; i++)
		err = listen_at(l, &l->of->options->listen[i], why);
	if (flag_count)
		return err;
	listener_locate(l->config, &where);
	do {
		err = listen_at(l, &where, why);
	} while (err && where.port++ < l->config->port_last);
	return err;
}

static int open_one(struct listener *l, bool is_first, struct why *why)
{
	const struct options *o = l->of->options;
	const char *path = is_first ? options_ws_path(o) : NULL;
	int err = load_pages(l, why);

	if (!err)
		err = load_tls(l, is_first, why);
	if (err)
		return err;
	listener_subprotocols(l->config->serializers, l->subprotocols);
	l->server = make_server(l, path ? path : l->config->ws_path);
	if (!l->server)
		return why_set(why, ERR_NOMEM, "out of memory");
	return listen_everywhere(l, is_first ? o->listen_count : 0, why);
}

/* --- all of them --------------------------------------------------------- */

int listeners_open(struct listeners *l, struct why *why)
{
	unsigned count = l->config->transport_count;
	int err = descriptors_share(descriptors_raise(), count,
				    &l->descriptors, why);

	if (err)
		return err;
	l->all = calloc(count, sizeof *l->all);
	if (!l->all)
		return why_set(why, ERR_NOMEM, "out of memory");
	for (unsigned i = 0; i < count; i++) {
		l->all[i].of = l;
		l->all[i].config = &l->config->transports[i];
	}
	for (unsigned i = 0; i < count && !err; i++)
		err = open_one(&l->all[i], i == 0, why);
	return err;
}

void listeners_stop(struct listeners *l)
{
	for (unsigned i = 0; i < l->config->transport_count; i++)
		server_stop(l->all[i].server);
}

void listeners_reload(const struct listeners *l)
{
	for (unsigned i = 0; i < l->config->transport_count; i++) {
		struct why why = { "" };

		if (!l->all[i].tls)
			continue;
		if (tls_reload(l->all[i].tls, &why))
			log_line(LOG_ERROR, "the old certificate stays: %s",
				 why.text);
		else
			log_line(LOG_INFO, "the certificate was read again");
	}
}
