/* transports: where to listen, and who may join there. */
#include <stdlib.h>
#include <string.h>

#include "router/config_parts.h"

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
