/*
 * web: what the router answers to HTTP: the pages of the manifest, the join
 * URL as QR code and as JSON, what the configuration has put at other paths;
 * and which pages' scripts may connect. No I/O: a request in, a response out.
 * May touch base, net's server.h, files, metrics, qr, lan, bridge.
 *
 * SECURITY: every answer but one has the strict policy of the router's own
 * pages. A file from a folder that the configuration names is its operator's
 * page: which scripts it loads, and from where, is the operator's to say.
 *
 * /health and /metrics are there without being configured, and then, as a
 * metrics or health path without `access: any`, for this machine only: a
 * request over loopback or a unix socket, unless a proxy there says that it
 * asks for somebody else.
 */
#ifndef ROUTER_WEB_H
#define ROUTER_WEB_H

#include "base/buf.h"
#include "net/server.h"
#include "router/bridge.h"
#include "router/files.h"
#include "router/metrics.h"
#include "router/web_path.h"

enum { WEB_PORTS_MAX = 16 };

struct web {
	struct files files;     /* owned */
	bool own_pages;         /* files are the router's, not an operator's */
	const char *public_url; /* borrowed; NULL: this machine's address */
	const char *router;     /* that the pages connect to, by ?router=;
				   borrowed; NULL: this one */
	char *const *origins;   /* borrowed; allowed besides our own */
	unsigned origin_count;
	/* That is listened on: the first is in the join URL. */
	struct web_port {
		unsigned number;
		bool secure; /* https there */
	} ports[WEB_PORTS_MAX];
	unsigned port_count;
	const struct web_path *paths; /* borrowed */
	unsigned path_count;
	struct files *path_files; /* owned; one a path, empty but for static */
	struct bridge **bridges;  /* owned; one a path, NULL but for bridges */
	/* What is there to say; NULL: nothing. */
	void (*measure)(void *ctx, struct metrics *out);
	void *measure_ctx;
	struct buf headers, body; /* owned; of the response being made */
};

void web_init(struct web *w);
void web_deinit(struct web *w);
/* Reads the folder at /; one that is not there is empty, as Crossbar.io has
 * it. ERR_IO, ERR_LIMIT, ERR_NOMEM. */
int web_load_pages(struct web *w, const char *dir, struct why *why) MUST_CHECK;
/* The same for the static paths; the paths are borrowed. */
int web_load_paths(struct web *w, const struct web_path *paths,
		   unsigned count, struct why *why) MUST_CHECK;

/* Opens the sessions of the bridges among the paths. ERR_NOMEM. */
int web_open_bridges(struct web *w, struct router *r,
		     bridge_settle_fn *settle, void *ctx) MUST_CHECK;

/* Also listens there; beyond WEB_PORTS_MAX: not of our own origin. */
void web_add_port(struct web *w, unsigned port, bool secure);

/* server_config.http, .origin and .body_max; ctx is the web. */
void web_http(void *ctx, const struct http_request *request,
	      struct http_response *response);
bool web_origin(void *ctx, struct bytes origin);
size_t web_body_max(void *ctx, struct bytes path);

/* The URL that phones are shown. ERR_NOMEM. */
int web_join_url(const struct web *w, struct buf *out);
/* Is it http:// or https:// with a host, and nothing that JSON or SVG would
 * have to escape? */
bool web_url_valid(const char *url);
/* Is it ws:// or wss:// with a host, and may stand in a query and in a
 * header? */
bool web_router_valid(const char *url);

#endif
