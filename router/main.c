/*
 * main: the router's program. Reads flags and configuration, wires servers,
 * pages and the router's cores to one loop, and ends cleanly on SIGTERM and
 * SIGINT.
 *
 * wss:// and rss:// of --listen have the certificate of --cert and --key, or
 * that of the first transport's endpoint; clients' certificates are asked for
 * when --ca says by whom. SIGHUP reads all of these files again; those that
 * are not good leave what was.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/random.h"
#include "router/config.h"
#include "router/web.h"
#include "router/wire.h"

enum { LISTEN_MAX = 16, STOP_MS = 2000, EXIT_USAGE = 2 };

struct options {
	const char *config, *web, *public_url, *pages_for;
	struct tls_files tls; /* of wss:// and rss:// */
	const char *ca[2];    /* NULL-ended */
	struct url listen[LISTEN_MAX];
	unsigned listen_count;
	bool check, open;
};

/* One of the configuration's transports. */
struct place {
	struct program *program;
	const struct transport_config *config;
	struct web web;
	struct server *server;
	struct tls *tls; /* owned; NULL: none */
	const char *subprotocols[7]; /* NULL-ended */
};

struct program {
	struct options options;
	struct config config;
	struct loop *loop;
	struct router router;
	struct wires wires;
	struct place *places;
	struct timer *stop_timer;
	bool stopping;
	uint64_t started_ms;
};

static const char usage[] =
	"accepted are --config FILE, --check, --listen URL (again for more), "
	"--web DIR, --public-url URL, --pages-for URL, --open, --cert FILE, "
	"--key FILE, --ca FILE";

__attribute__((format(printf, 1, 2))) static int complain(const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	fprintf(stderr, "router: %s\n", text);
	return EXIT_USAGE;
}

/* --- flags --------------------------------------------------------------- */

static bool is_ws(const struct url *u)
{
	return u->scheme == URL_WS || u->scheme == URL_WSS;
}

/* Of the first `count` that listen, the path of a WebSocket; NULL: none. */
static const char *ws_path(const struct options *o, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (is_ws(&o->listen[i]))
			return o->listen[i].path;
	return NULL;
}

static int add_listen(struct options *o, const char *text)
{
	struct why why;
	const char *first;

	if (o->listen_count == LISTEN_MAX)
		return complain("--listen: at most %d are accepted",
				LISTEN_MAX);
	if (url_parse(text, &o->listen[o->listen_count], &why))
		return complain("--listen %s: %s", text, why.text);
	first = ws_path(o, o->listen_count);
	if (first && is_ws(&o->listen[o->listen_count]) &&
	    strcmp(first, o->listen[o->listen_count].path))
		return complain("--listen %s: the path must be %s, as in the "
				"first one", text, first);
	o->listen_count++;
	return 0;
}

static int take_value(struct options *o, const char *flag, const char *value)
{
	if (!strcmp(flag, "--config")) {
		o->config = value;
	} else if (!strcmp(flag, "--web")) {
		o->web = value;
	} else if (!strcmp(flag, "--cert")) {
		o->tls.certificate = value;
	} else if (!strcmp(flag, "--key")) {
		o->tls.key = value;
	} else if (!strcmp(flag, "--ca")) {
		o->ca[0] = value;
		o->tls.ca = o->ca;
	} else if (!strcmp(flag, "--public-url")) {
		if (!web_url_valid(value))
			return complain("--public-url %s: accepted is "
					"http://host[:port]/ or https://…",
					value);
		o->public_url = value;
	} else if (!strcmp(flag, "--pages-for")) {
		if (!web_router_valid(value))
			return complain("--pages-for %s: accepted is "
					"ws://host[:port]/path or wss://…",
					value);
		o->pages_for = value;
	} else {
		return add_listen(o, value);
	}
	return 0;
}

static int read_flags(struct options *o, int argc, char **argv)
{
	static const char *const with_value[] = { "--config", "--web",
						  "--public-url", "--listen",
						  "--cert", "--key", "--ca",
						  "--pages-for" };

	for (int i = 1; i < argc; i++) {
		bool wants = false;
		int err = 0;

		for (unsigned j = 0; j < sizeof with_value / sizeof *with_value;
		     j++)
			wants = wants || !strcmp(argv[i], with_value[j]);
		if (!strcmp(argv[i], "--check"))
			o->check = true;
		else if (!strcmp(argv[i], "--open"))
			o->open = true;
		else if (!wants)
			return complain("unknown argument %s; %s", argv[i],
					usage);
		else if (i + 1 == argc)
			return complain("%s needs a value; %s", argv[i],
					usage);
		else
			err = take_value(o, argv[i], argv[i + 1]);
		if (err)
			return err;
		i += wants;
	}
	if (!o->tls.certificate != !o->tls.key ||
	    (o->tls.ca && !o->tls.key))
		return complain("--cert, --key: both are wanted, or neither; "
				"--ca needs them");
	if (o->open && o->config)
		return complain("--open and --config: only one is accepted");
	return 0;
}

/* --- stopping ------------------------------------------------------------ */

static void on_stop_timer(void *ctx)
{
	loop_stop(((struct program *)ctx)->loop);
}

static void on_emptied(void *ctx)
{
	struct program *p = ctx;

	if (p->stopping)
		loop_stop(p->loop);
}

static void on_signal(void *ctx)
{
	struct program *p = ctx;

	if (p->stopping)
		return;
	p->stopping = true;
	for (unsigned i = 0; i < p->config.transport_count; i++)
		server_stop(p->places[i].server);
	wires_shutdown(&p->wires, "wamp.close.system_shutdown");
	timer_start(p->stop_timer, p->wires.count ? STOP_MS : 0, 0);
}

/* New certificates, when they are good. */
static void on_hangup(void *ctx)
{
	const struct program *p = ctx;

	for (unsigned i = 0; i < p->config.transport_count; i++) {
		struct why why = { "" };

		if (!p->places[i].tls)
			continue;
		if (tls_reload(p->places[i].tls, &why))
			log_line(LOG_ERROR, "the old certificate stays: %s",
				 why.text);
		else
			log_line(LOG_INFO, "the certificate was read again");
	}
}

/* --- starting ------------------------------------------------------------ */

static uint64_t any_random(void *ctx)
{
	(void)ctx;
	return random_u64();
}

static int load_config(struct program *p)
{
	struct why why = { "" };
	struct buf notes;
	int err;

	buf_init(&notes);
	err = p->options.config ?
		      config_load_noted(&p->config, p->options.config, &notes,
					&why) :
		      config_default(&p->config, p->options.open, &why);
	/* Every mistake and warning, a line each. */
	if (notes.len)
		fwrite(notes.data, 1, notes.len, stderr);
	else if (err)
		complain("%s", why.text);
	buf_deinit(&notes);
	return err ? EXIT_USAGE : 0;
}

static void on_accepted(void *ctx, struct transport *t)
{
	struct place *place = ctx;

	wires_accept(&place->program->wires, t, &place->config->authn);
}

static void on_http(void *ctx, const struct http_request *request,
		    struct http_response *response)
{
	web_http(&((struct place *)ctx)->web, request, response);
}

static bool on_origin(void *ctx, struct bytes origin)
{
	return web_origin(&((struct place *)ctx)->web, origin);
}

static size_t on_body(void *ctx, struct bytes path)
{
	return web_body_max(&((struct place *)ctx)->web, path);
}

static void on_settle(void *ctx)
{
	wires_settle(ctx);
}

static int on_opening(void *ctx, struct bytes cookie, bool secure,
		      struct buf *headers, char tag[TRANSPORT_TAG_SIZE])
{
	struct place *place = ctx;
	const struct authn *authn = &place->config->authn;
	struct router *r = &place->program->router;

	if (!authn->ways[AUTHN_COOKIE].on)
		return 0;
	return cookie_open(&r->cookies, &r->turn, cookie, authn->cookie_ms,
			   secure, headers, tag);
}

static int listen_at(struct place *place, const struct url *where)
{
	static const char *const schemes[] = { "ws", "wss", "rs", "rss" };
	unsigned port;
	struct why why = { "" };

	if (server_listen(place->server, where, &port, &why))
		return complain("%s", why.text);
	if (where->scheme == URL_UNIX) {
		log_line(LOG_INFO, "listening on unix://%s", where->path);
		return 0;
	}
	web_add_port(&place->web, port, url_is_secure(where));
	log_line(LOG_INFO, "listening on %s://%s:%u%s",
		 schemes[where->scheme], where->host, port,
		 is_ws(where) ? where->path : "");
	return 0;
}

static void on_measure(void *ctx, struct metrics *out)
{
	const struct program *p = ctx;

	*out = (struct metrics){
		.router = &p->router,
		.connections = p->wires.count,
		.received_messages = p->wires.received.messages,
		.received_bytes = p->wires.received.bytes,
		.sent_messages = p->wires.sent.messages,
		.sent_bytes = p->wires.sent.bytes,
		.longest_turn_us = loop_take_longest_us(p->loop),
		.up_ms = loop_now_ms(p->loop) - p->started_ms,
		.stopping = p->stopping,
	};
}

static int load_pages(struct place *place)
{
	const struct options *o = &place->program->options;
	const char *dir = o->web ? o->web : place->config->web_dir;
	struct why why = { "" };

	web_init(&place->web);
	place->web.measure = on_measure;
	place->web.measure_ctx = place->program;
	place->web.public_url = o->public_url;
	place->web.router = o->pages_for;
	place->web.origins = place->config->origins;
	place->web.origin_count = place->config->origin_count;
	if ((dir && files_load(&place->web.files, dir, &why)) ||
	    web_load_paths(&place->web, place->config->paths,
			   place->config->path_count, &why))
		return complain("%s", why.text);
	if (web_open_bridges(&place->web, &place->program->router, on_settle,
			     &place->program->wires))
		return complain("out of memory");
	return 0;
}

/* RawSocket says it before the role is known. */
static size_t largest_message(const struct config *c)
{
	size_t most = limits_joining.message_bytes;

	for (unsigned i = 0; i < c->realm_count; i++)
		for (unsigned j = 0; j < c->realms[i].role_count; j++) {
			size_t bytes = c->realms[i].roles[j]
					       .limits.message_bytes;

			most = bytes > most ? bytes : most;
		}
	return most;
}

static void list_subprotocols(struct place *place)
{
	static const struct {
		unsigned bit;
		const struct serializer *serializer;
	} known[] = {
		{ SPEAKS_MSGPACK, &serializer_msgpack },
		{ SPEAKS_CBOR, &serializer_cbor },
		{ SPEAKS_JSON, &serializer_json },
	};
	const char **next = place->subprotocols;

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (place->config->serializers & known[i].bit) {
			*next++ = known[i].serializer->subprotocol;
			*next++ = known[i].serializer->batched;
		}
}

static struct server *make_server(struct place *place, const char *path)
{
	struct server_config config = {
		.subprotocols = place->subprotocols,
		.ws_path = path,
		.limits = wire_limits(&limits_joining),
		.message_max = largest_message(&place->program->config),
		.tls = place->tls,
		.http = on_http,
		.origin = on_origin,
		.body_max = on_body,
		.opening = on_opening,
		.accepted = on_accepted,
		.ctx = place,
	};

	return server_new(place->program->loop, &config);
}

/* Flags take the place of the first endpoint's. */
static int load_tls(struct place *place, bool is_first)
{
	const struct options *o = &place->program->options;
	const struct tls_files *files =
		is_first && o->tls.key ? &o->tls : place->config->tls;
	struct why why = { "" };

	if (!files)
		return 0;
	place->tls = tls_server_new(files, &why);
	return place->tls ? 0 : complain("%s", why.text);
}

static void locate(const struct transport_config *c, struct url *where)
{
	if (c->unix_path) {
		where->scheme = URL_UNIX;
		snprintf(where->path, sizeof where->path, "%s", c->unix_path);
		return;
	}
	where->scheme = c->tls ? (c->ws_path ? URL_WSS : URL_RSS)
			       : (c->ws_path ? URL_WS : URL_RS);
	where->port = c->port;
	snprintf(where->host, sizeof where->host, "%s", c->interface);
	snprintf(where->path, sizeof where->path, "%s",
		 c->ws_path ? c->ws_path : "");
}

/* --listen takes the place of the first transport's endpoint. */
static int open_place(struct place *place, bool is_first)
{
	const struct options *o = &place->program->options;
	const struct transport_config *c = place->config;
	struct url where = { .port = 0 };
	unsigned count = is_first ? o->listen_count : 0;
	const char *path;
	int err = load_pages(place);

	if (!err)
		err = load_tls(place, is_first);
	if (err)
		return err;
	list_subprotocols(place);
	path = ws_path(o, count);
	place->server = make_server(place, path ? path : c->ws_path);
	if (!place->server)
		return complain("out of memory");
	for (unsigned i = 0; i < count && !err; i++)
		err = listen_at(place, &o->listen[i]);
	if (count || err)
		return err;
	locate(c, &where);
	return listen_at(place, &where);
}

static int open_places(struct program *p)
{
	int err = 0;

	p->places = calloc(p->config.transport_count, sizeof *p->places);
	if (!p->places)
		return complain("out of memory");
	for (unsigned i = 0; i < p->config.transport_count; i++) {
		p->places[i].program = p;
		p->places[i].config = &p->config.transports[i];
	}
	for (unsigned i = 0; i < p->config.transport_count && !err; i++)
		err = open_place(&p->places[i], i == 0);
	return err;
}

static int open_all(struct program *p)
{
	struct router_config config = { p->config.realms,
					p->config.realm_count,
					p->config.uri_strict, any_random,
					NULL, clock_unix_ms() };

	p->loop = loop_new();
	if (!p->loop || router_init(&p->router, &config) ||
	    wires_init(&p->wires, p->loop, &p->router))
		return complain("out of memory");
	p->started_ms = loop_now_ms(p->loop);
	p->wires.emptied = on_emptied;
	p->wires.ctx = p;
	p->stop_timer = timer_new(p->loop, on_stop_timer, p);
	if (!p->stop_timer ||
	    loop_on_signal(p->loop, SIGTERM, on_signal, p) ||
	    loop_on_signal(p->loop, SIGINT, on_signal, p) ||
	    loop_on_signal(p->loop, SIGHUP, on_hangup, p))
		return complain("out of memory");
	return open_places(p);
}

static int check(struct program *p)
{
	struct why why = { "" };
	struct tls *tls = NULL;

	if (p->options.tls.key) {
		tls = tls_server_new(&p->options.tls, &why);
		if (!tls)
			return complain("%s", why.text);
		tls_free(tls);
	}
	printf("%s: %u realms, %u transports: all well\n",
	       p->options.config ? p->options.config : "built-in",
	       p->config.realm_count, p->config.transport_count);
	config_deinit(&p->config);
	return 0;
}

static void say_open(const struct program *p)
{
	if (p->options.open)
		log_line(LOG_WARN, "--open: anybody who reaches this port may "
				   "do everything on realm1");
}

int main(int argc, char **argv)
{
	static struct program p; /* main's own: nothing else sees it */
	int err;

	log_open("router");
	err = read_flags(&p.options, argc, argv);
	if (!err)
		err = load_config(&p);
	if (err)
		return err;
	if (p.options.check)
		return check(&p);
	err = open_all(&p);
	if (err)
		return err;
	say_open(&p);
	loop_run(p.loop);
	return 0;
}
