#include "router/web.h"

#include <stdlib.h>
#include <string.h>

#include "router/qr.h"

enum { HOST_BYTES_MAX = 255 };

void web_init(struct web *w)
{
	*w = (struct web){ .public_url = NULL };
	files_init(&w->files);
	buf_init(&w->headers);
	buf_init(&w->body);
}

void web_deinit(struct web *w)
{
	files_deinit(&w->files);
	for (unsigned i = 0; i < w->path_count; i++)
		files_deinit(&w->path_files[i]);
	for (unsigned i = 0; i < w->path_count; i++)
		bridge_free(w->bridges[i]);
	free(w->path_files);
	free(w->bridges);
	buf_deinit(&w->headers);
	buf_deinit(&w->body);
}

static int load_files(struct files *f, const char *dir, struct why *why)
{
	int err = files_load(f, dir, why);

	return err == ERR_NOT_FOUND ? 0 : err;
}

int web_load_pages(struct web *w, const char *dir, struct why *why)
{
	return load_files(&w->files, dir, why);
}

int web_load_paths(struct web *w, const struct web_path *paths,
		   unsigned count, struct why *why)
{
	int err = 0;

	w->path_files = calloc(count ? count : 1, sizeof *w->path_files);
	w->bridges = calloc(count ? count : 1, sizeof *w->bridges);
	if (!w->path_files || !w->bridges)
		return why_set(why, ERR_NOMEM, "out of memory");
	w->paths = paths;
	w->path_count = count;
	for (unsigned i = 0; i < count; i++)
		files_init(&w->path_files[i]);
	for (unsigned i = 0; i < count && !err; i++)
		if (paths[i].type == PATH_STATIC)
			err = load_files(&w->path_files[i], paths[i].text,
					 why);
	return err;
}

int web_open_bridges(struct web *w, struct router *r,
		     bridge_settle_fn *settle, void *ctx)
{
	for (unsigned i = 0; i < w->path_count; i++) {
		const struct web_path *p = &w->paths[i];

		if (!p->bridge)
			continue;
		w->bridges[i] = bridge_new(r, p->bridge,
					   p->type == PATH_CALLER, settle,
					   ctx);
		if (!w->bridges[i])
			return ERR_NOMEM;
	}
	return 0;
}

/* --- headers ------------------------------------------------------------- */

/* May this Host stand in a header of ours? */
static bool host_is_plain(struct bytes host)
{
	for (size_t i = 0; i < host.len; i++) {
		uint8_t c = host.data[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
		      (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
		      c == ':' || c == '[' || c == ']'))
			return false;
	}
	return host.len && host.len <= HOST_BYTES_MAX;
}

static void add_nosniff(struct web *w)
{
	buf_add_str(&w->headers, "X-Content-Type-Options: nosniff\r\n");
}

/* Workers have a policy of their own. 'self' does not cover ws: in Safari, so
 * that the host is spelled out. */
static void add_policy(struct web *w, struct bytes host)
{
	buf_printf(&w->headers,
		   "Content-Security-Policy: default-src 'none'; "
		   "script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
		   "img-src 'self' data: blob:; font-src 'self'; "
		   "worker-src 'self'; manifest-src 'self'; "
		   "base-uri 'none'; form-action 'none'; "
		   "frame-ancestors 'none'; connect-src 'self'");
	if (host_is_plain(host))
		buf_printf(&w->headers, " ws://%.*s wss://%.*s",
			   (int)host.len, (const char *)host.data,
			   (int)host.len, (const char *)host.data);
	if (w->router)
		buf_printf(&w->headers, " %s", w->router);
	buf_add_str(&w->headers, "\r\nReferrer-Policy: no-referrer\r\n");
	add_nosniff(w);
}

static void set_response(struct web *w, struct http_response *r,
			 unsigned status, const char *type, struct bytes body)
{
	buf_add_u8(&w->headers, 0);
	r->status = buf_ok(&w->headers) ? status : 500;
	r->content_type = type;
	r->headers = buf_ok(&w->headers) ? (const char *)w->headers.data
					 : NULL;
	r->body = body;
}

static void answer_text(struct web *w, struct http_response *r,
			unsigned status, const char *text)
{
	set_response(w, r, status, "text/plain; charset=utf-8",
		     bytes_str(text));
}

/* --- files --------------------------------------------------------------- */

static bool mentions(struct bytes list, const char *text)
{
	return list.len &&
	       memmem(list.data, list.len, text, strlen(text)) != NULL;
}

/* gzip is among what is accepted, and not with q=0. */
static bool accepts_gzip(struct bytes accepted)
{
	return mentions(accepted, "gzip") && !mentions(accepted, "gzip;q=0,") &&
	       !(accepted.len >= 8 &&
		 !memcmp(accepted.data + accepted.len - 8, "gzip;q=0", 8));
}

static bool is_current(struct bytes if_none_match, const char *etag)
{
	return bytes_equal_str(if_none_match, "*") ||
	       mentions(if_none_match, etag);
}

static void answer_file(struct web *w, const struct http_request *q,
			struct http_response *r, const struct file *file)
{
	bool packed = file->packed.len && accepts_gzip(q->accept_encoding);
	const char *etag = packed ? file->packed_etag : file->etag;

	buf_printf(&w->headers,
		   "ETag: %s\r\nCache-Control: no-cache\r\n"
		   "Vary: Accept-Encoding\r\n",
		   etag);
	if (is_current(q->if_none_match, etag)) {
		set_response(w, r, 304, file->type, bytes_of(NULL, 0));
		return;
	}
	if (packed)
		buf_add_str(&w->headers, "Content-Encoding: gzip\r\n");
	set_response(w, r, 200, file->type,
		     packed ? file->packed : file->body);
}

/* --- what is made -------------------------------------------------------- */

static void answer_made(struct web *w, struct http_response *r,
			const char *type, int err)
{
	buf_add_str(&w->headers, "Cache-Control: no-store\r\n");
	if (err) {
		answer_text(w, r, 500, "out of memory\n");
		return;
	}
	set_response(w, r, 200, type, buf_bytes(&w->body));
	r->copy = true;
}

static void answer_join_json(struct web *w, struct http_response *r)
{
	int err = buf_add_str(&w->body, "{\"url\":\"");

	if (!err)
		err = web_join_url(w, &w->body);
	if (!err)
		err = buf_add_str(&w->body, "\"}\n");
	answer_made(w, r, "application/json", err);
}

static void answer_qr(struct web *w, struct http_response *r)
{
	struct buf url;
	int err;

	buf_init(&url);
	err = web_join_url(w, &url);
	if (!err)
		err = buf_add_u8(&url, 0);
	if (!err)
		err = qr_svg(&w->body, (const char *)url.data);
	buf_deinit(&url);
	answer_made(w, r, "image/svg+xml", err);
}

/* --- how the router is --------------------------------------------------- */

static void answer_measured(struct web *w, const struct http_request *q,
			    struct http_response *r, bool health, bool open)
{
	struct metrics m = { .router = NULL };
	int err;

	if (!open && !q->local) {
		answer_text(w, r, 403, "this is shown on the router's machine "
				       "only\n");
		return;
	}
	w->measure(w->measure_ctx, &m);
	err = health ? metrics_write_health(&m, &w->body)
		     : metrics_write(&m, &w->body);
	answer_made(w, r, health ? "application/json"
				 : "text/plain; version=0.0.4; charset=utf-8",
		    err);
	if (!err && health && m.stopping)
		r->status = 503;
}

/* --- configured paths ---------------------------------------------------- */

static void answer_redirect(struct web *w, struct http_response *r,
			    const char *target)
{
	buf_printf(&w->headers, "Location: %s\r\n", target);
	answer_text(w, r, 302, "it is somewhere else\n");
}

/* Who asks is told what runs here, and no version. */
static void answer_configured(struct web *w, const struct web_path *p,
			      const struct http_request *q,
			      struct http_response *r)
{
	switch (p->type) {
	case PATH_REDIRECT:
		answer_redirect(w, r, p->text);
		break;
	case PATH_JSON:
		set_response(w, r, 200, "application/json",
			     bytes_str(p->text));
		break;
	case PATH_NODEINFO:
		answer_text(w, r, 200, "manyhands, a WAMP router\n");
		break;
	case PATH_METRICS:
	case PATH_HEALTH:
		answer_measured(w, q, r, p->type == PATH_HEALTH, p->open);
		break;
	case PATH_PUBLISHER:
	case PATH_CALLER:
		bridge_http(w->bridges[p - w->paths], q,
			    !q->origin.len || web_origin(w, q->origin), r);
		break;
	case PATH_STATIC:
		break; /* found by its files */
	}
}

/* The one at this very path, but for folders. */
static const struct web_path *find_path(const struct web *w, struct bytes path)
{
	for (unsigned i = 0; i < w->path_count; i++)
		if (w->paths[i].type != PATH_STATIC &&
		    bytes_equal_str(path, w->paths[i].path))
			return &w->paths[i];
	return NULL;
}

/* What is left of a path in a folder that is at `mount`; false: not in it. */
static bool is_in(struct bytes path, const char *mount, struct bytes *rest)
{
	size_t length = strcmp(mount, "/") ? strlen(mount) : 0;

	if (path.len < length || (length && memcmp(path.data, mount, length)))
		return false;
	*rest = bytes_of(path.data + length, path.len - length);
	if (!rest->len)
		*rest = bytes_str("/");
	return rest->data[0] == '/';
}

/* The file of the deepest folder that has it. */
static const struct file *find_file(const struct web *w, struct bytes path)
{
	const struct file *found = NULL;
	size_t deepest = 0;
	struct bytes rest;

	for (unsigned i = 0; i < w->path_count; i++) {
		const struct web_path *p = &w->paths[i];
		const struct file *file;

		if (p->type != PATH_STATIC || strlen(p->path) < deepest ||
		    !is_in(path, p->path, &rest))
			continue;
		if (bytes_equal_str(rest, "/"))
			rest = bytes_str("/index.html");
		file = files_find(&w->path_files[i], rest);
		if (file) {
			found = file;
			deepest = strlen(p->path);
		}
	}
	return found;
}

/* --- requests ------------------------------------------------------------ */

static const struct {
	const char *path, *file;
} aliases[] = {
	{ "/", "/index.html" },
	{ "/stage", "/stage.html" },
	{ "/lab", "/lab.html" },
	{ "/host", "/host.html" },
};

/* The pages of another router are told where it is. */
static void send_to_router(struct web *w, const struct http_request *q,
			   struct http_response *r)
{
	buf_printf(&w->headers, "Location: %.*s?router=%s\r\n",
		   (int)q->path.len, (const char *)q->path.data, w->router);
	answer_text(w, r, 302, "the pages of another router\n");
}

static void answer_path(struct web *w, const struct http_request *q,
			struct http_response *r)
{
	struct bytes path = q->path;
	const struct file *file;
	bool own;

	for (unsigned i = 0; i < sizeof aliases / sizeof *aliases; i++) {
		if (!bytes_equal_str(q->path, aliases[i].path))
			continue;
		if (w->router && !mentions(q->query, "router=")) {
			send_to_router(w, q, r);
			return;
		}
		path = bytes_str(aliases[i].file);
	}
	file = files_find(&w->files, path);
	own = file && w->own_pages;
	if (!file)
		file = find_file(w, q->path);
	if (file && !own) {
		buf_clear(&w->headers);
		add_nosniff(w);
	}
	if (file)
		answer_file(w, q, r, file);
	else
		answer_text(w, r, 404, "there is nothing here\n");
}

void web_http(void *ctx, const struct http_request *request,
	      struct http_response *response)
{
	struct web *w = ctx;
	const struct web_path *path = find_path(w, request->path);

	buf_clear(&w->headers);
	buf_clear(&w->body);
	add_policy(w, request->host);
	if (path)
		answer_configured(w, path, request, response);
	else if (w->measure && bytes_equal_str(request->path, "/metrics"))
		answer_measured(w, request, response, false, false);
	else if (w->measure && bytes_equal_str(request->path, "/health"))
		answer_measured(w, request, response, true, false);
	else if (bytes_equal_str(request->path, "/join.json"))
		answer_join_json(w, response);
	else if (bytes_equal_str(request->path, "/qr.svg"))
		answer_qr(w, response);
	else
		answer_path(w, request, response);
}

size_t web_body_max(void *ctx, struct bytes path)
{
	const struct web_path *p = find_path(ctx, path);

	return p && p->bridge ? p->bridge->body_max : 0;
}
