/* transports: where to listen, and who may join there. */
#include <stdlib.h>
#include <string.h>

#include "router/config_parts.h"

enum { TICKET_BYTES_MAX = 1024 };

void transport_config_deinit(struct transport_config *t)
{
	for (unsigned i = 0; i < t->origin_count; i++)
		free(t->origins[i]);
	free(t->origins);
	free(t->interface);
	free(t->ws_path);
	free(t->web_dir);
	authn_deinit(&t->authn);
}

/* --- tickets ------------------------------------------------------------- */

/* The first line of a small file; NULL: a mistake. */
static char *read_ticket_file(struct cfg *c, const char *name)
{
	char line[TICKET_BYTES_MAX + 2], *path, *ticket = NULL;
	FILE *f;

	path = config_file_name(c, "ticket_file", name);
	if (!path)
		return NULL;
	f = fopen(path, "re");
	if (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\r\n")] = '\0';
		ticket = strdup(line);
	}
	if (f)
		fclose(f);
	if (!ticket)
		cfg_fail(c, "ticket_file", "%s: can not be read", path);
	free(path);
	return ticket;
}

static void read_ticket(struct cfg *c, const json_t *json,
			struct principal *p)
{
	char *file = NULL;

	cfg_string(c, json, "ticket", false, &p->ticket);
	cfg_string(c, json, "ticket_file", false, &file);
	if (file && p->ticket)
		cfg_fail(c, "ticket_file", "there is a ticket already");
	else if (file && !c->err)
		p->ticket = read_ticket_file(c, file);
	free(file);
	if (!c->err && (!p->ticket || !*p->ticket))
		cfg_fail(c, NULL, "a ticket or ticket_file is wanted, not "
				  "empty");
}

static void read_principal(struct cfg *c, const char *authid,
			   const json_t *json, struct authn *out)
{
	struct principal *more, *p;

	if (!cfg_object(c, json, "ticket ticket_file role"))
		return;
	/* The built-in configuration has no folder to read tickets from. */
	if (!c->dir && json_object_get(json, "ticket_file"))
		return;
	more = realloc(out->principals, (out->count + 1) * sizeof *more);
	if (!more) {
		cfg_fail(c, NULL, "out of memory");
		return;
	}
	out->principals = more;
	p = &more[out->count++];
	*p = (struct principal){ .authid = strdup(authid) };
	if (!p->authid)
		cfg_fail(c, NULL, "out of memory");
	cfg_string(c, json, "role", true, &p->role);
	read_ticket(c, json, p);
}

static void read_principals(struct cfg *c, const json_t *json,
			    struct authn *out)
{
	const json_t *all = cfg_member(c, json, "principals", true);
	unsigned length = cfg_enter(c, "principals");
	const char *authid;
	json_t *one;

	if (all && !json_is_object(all))
		cfg_fail(c, NULL, "an object is wanted, a member each authid");
	json_object_foreach((json_t *)all, authid, one) {
		unsigned inner = cfg_enter(c, authid);

		read_principal(c, authid, one, out);
		cfg_leave(c, inner);
		if (c->err)
			break;
	}
	cfg_leave(c, length);
}

/* --- auth ---------------------------------------------------------------- */

static void read_anonymous(struct cfg *c, const json_t *json,
			   struct authn *out)
{
	unsigned length = cfg_enter(c, "anonymous");

	if (cfg_object(c, json, "type role")) {
		cfg_type(c, json, "static");
		cfg_string(c, json, "role", true, &out->anonymous_role);
	}
	cfg_leave(c, length);
}

static void read_tickets(struct cfg *c, const json_t *json, struct authn *out)
{
	unsigned length = cfg_enter(c, "ticket");

	if (cfg_object(c, json, "type principals")) {
		cfg_type(c, json, "static");
		read_principals(c, json, out);
	}
	cfg_leave(c, length);
}

void config_read_auth(struct cfg *c, const json_t *json, struct authn *out)
{
	const json_t *anonymous, *ticket;
	unsigned length = cfg_enter(c, "auth");

	if (!json) {
		out->anonymous_role = strdup("anonymous");
		if (!out->anonymous_role)
			cfg_fail(c, NULL, "out of memory");
	} else if (cfg_object(c, json, "anonymous ticket")) {
		anonymous = cfg_member(c, json, "anonymous", false);
		ticket = cfg_member(c, json, "ticket", false);
		if (anonymous)
			read_anonymous(c, anonymous, out);
		if (ticket)
			read_tickets(c, ticket, out);
	}
	cfg_leave(c, length);
}

/* --- endpoints and paths ------------------------------------------------- */

static void read_endpoint(struct cfg *c, const json_t *json,
			  struct transport_config *t)
{
	const json_t *endpoint = cfg_member(c, json, "endpoint", true);
	unsigned length = cfg_enter(c, "endpoint");
	unsigned long long port = 0;

	if (endpoint && cfg_object(c, endpoint, "type port interface")) {
		cfg_type(c, endpoint, "tcp");
		cfg_uint(c, endpoint, "port", true, 65535, &port);
		cfg_string(c, endpoint, "interface", false, &t->interface);
	}
	t->port = (unsigned)port;
	if (!t->interface)
		t->interface = strdup("0.0.0.0");
	if (!t->interface)
		cfg_fail(c, NULL, "out of memory");
	cfg_leave(c, length);
}

static void read_origin(struct cfg *c, const json_t *json, void *item,
			void *ctx)
{
	char **origin = item;

	(void)ctx;
	if (json_is_string(json))
		*origin = strdup(json_string_value(json));
	else
		cfg_fail(c, NULL, "a text is wanted");
	if (json_is_string(json) && !*origin)
		cfg_fail(c, NULL, "out of memory");
}

static void read_options(struct cfg *c, const json_t *json,
			 struct transport_config *t)
{
	const json_t *options = cfg_member(c, json, "options", false);
	unsigned length = cfg_enter(c, "options");
	void *origins = NULL;

	if (options && !t->origins &&
	    cfg_object(c, options, "allowed_origins")) {
		cfg_list(c, options, "allowed_origins", false, read_origin,
			 NULL, sizeof *t->origins, &origins,
			 &t->origin_count);
		t->origins = origins;
	}
	cfg_leave(c, length);
}

/* A WebSocket: where, and who may join. */
static void read_websocket(struct cfg *c, const json_t *json,
			   const char *path, struct transport_config *t)
{
	size_t size = strlen(path) + 2;

	if (t->ws_path) {
		cfg_fail(c, NULL, "only one path can be a websocket");
		return;
	}
	t->ws_path = malloc(size);
	if (!t->ws_path) {
		cfg_fail(c, NULL, "out of memory");
		return;
	}
	snprintf(t->ws_path, size, "%s%s", path[0] == '/' ? "" : "/", path);
	config_read_auth(c, cfg_member(c, json, "auth", false), &t->authn);
	read_options(c, json, t);
}

static void read_static(struct cfg *c, const json_t *json, const char *path,
			struct transport_config *t)
{
	char *dir = NULL;

	if (!cfg_object(c, json, "type directory"))
		return;
	if (strcmp(path, "/"))
		cfg_fail(c, NULL, "static files are at / only");
	cfg_string(c, json, "directory", true, &dir);
	if (dir && c->dir && !c->err)
		t->web_dir = config_file_name(c, "directory", dir);
	free(dir);
}

static void read_path(struct cfg *c, const json_t *json, const char *path,
		      struct transport_config *t)
{
	const char *type = json_string_value(json_object_get(json, "type"));

	cfg_type(c, json, "static websocket");
	if (c->err)
		return;
	if (!strcmp(type, "static"))
		read_static(c, json, path, t);
	else if (cfg_object(c, json, "type auth options"))
		read_websocket(c, json, path, t);
}

static void read_paths(struct cfg *c, const json_t *json,
		       struct transport_config *t)
{
	const json_t *paths = cfg_member(c, json, "paths", true);
	unsigned length = cfg_enter(c, "paths");
	const char *path;
	json_t *one;

	if (paths && !json_is_object(paths))
		cfg_fail(c, NULL, "an object is wanted, a member each path");
	json_object_foreach((json_t *)paths, path, one) {
		unsigned inner = cfg_enter(c, path);

		read_path(c, one, path, t);
		cfg_leave(c, inner);
		if (c->err)
			break;
	}
	cfg_leave(c, length);
	if (!c->err && !t->ws_path)
		cfg_fail(c, "paths", "one of type websocket is wanted");
}

void config_read_transport(struct cfg *c, const json_t *json, void *item,
			   void *ctx)
{
	struct transport_config *t = item;
	const char *type = json_string_value(json_object_get(json, "type"));

	(void)ctx;
	if (!json_is_object(json)) {
		cfg_fail(c, NULL, "an object is wanted");
		return;
	}
	cfg_type(c, json, "web websocket");
	if (c->err)
		return;
	if (!strcmp(type, "web")) {
		if (cfg_object(c, json, "id type endpoint paths"))
			read_paths(c, json, t);
	} else if (cfg_object(c, json, "id type endpoint auth options")) {
		read_websocket(c, json, "/", t);
	}
	read_endpoint(c, json, t);
}
