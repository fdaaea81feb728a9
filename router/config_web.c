/* The paths of a web transport. */
#include <stdlib.h>
#include <string.h>

#include "router/config_parts.h"
#include "router/files.h"

#define PATH_TYPES                                                            \
	"static redirect json nodeinfo websocket metrics health publisher "   \
	"caller path"
/* Levels of a path within a path: config_read_paths calls itself. */
enum { NESTED_MAX = 8 };

/* Crossbar.io's that are not here: they answer 404. */
#define FOREIGN_TYPES                                                         \
	" longpoll wsgi resource upload cgi archive webhook wap "             \
	"websocket-reverseproxy reverseproxy catalog "

/* One more, of this type; NULL: out of memory. */
static struct web_path *add_path(struct cfg *c, const char *path,
				 enum web_path_type type,
				 struct transport_config *t)
{
	struct web_path *more = realloc(t->paths, (t->path_count + 1) *
							  sizeof *more);
	size_t size = strlen(path) + 2;
	struct web_path *p;

	if (!more) {
		cfg_fail(c, NULL, "out of memory");
		return NULL;
	}
	t->paths = more;
	p = &more[t->path_count++];
	*p = (struct web_path){ .type = type, .path = malloc(size) };
	if (!p->path) {
		t->path_count--;
		cfg_fail(c, NULL, "out of memory");
		return NULL;
	}
	snprintf(p->path, size, "%s%s", path[0] == '/' ? "" : "/", path);
	return p;
}

/* --- static -------------------------------------------------------------- */

static void read_static_options(struct cfg *c, const json_t *json)
{
	const json_t *options = cfg_member(c, json, "options", false);
	unsigned length = cfg_enter(c, "options");
	bool listing = false;

	if (options &&
	    cfg_object_but(c, options, "enable_directory_listing",
			   "mime_types cache_timeout allow_cross_origin "
			   "default_file debug")) {
		cfg_bool(c, options, "enable_directory_listing", &listing);
		if (listing)
			cfg_warn(c, "enable_directory_listing",
				 "folders are not listed here");
	}
	cfg_leave(c, length);
}

/* What start would refuse; a folder that is not there is none of it. */
static void check_folder(struct cfg *c, const char *dir)
{
	struct why why = { "" };
	int err = files_check(dir, &why);

	if (err == ERR_NOT_FOUND)
		cfg_warn(c, "directory", "%s, so there is nothing here",
			 why.text);
	else if (err)
		cfg_fail(c, "directory", "%s", why.text);
}

/* The one at / is where the router's own pages are. */
static void read_static(struct cfg *c, const json_t *json, const char *path,
			struct transport_config *t)
{
	struct web_path *p;
	char *dir = NULL, *name = NULL;

	if (!cfg_object_but(c, json, "type id directory options",
			    "package resource module object cache debug"))
		return;
	if (json_object_get(json, "package") &&
	    !json_object_get(json, "directory")) {
		cfg_warn(c, "package", "files of Python packages are not "
				       "served here: left out");
		return;
	}
	cfg_string(c, json, "directory", true, &dir);
	if (dir && c->dir)
		name = config_file_name(c, "directory", dir);
	free(dir);
	read_static_options(c, json);
	if (!name)
		return;
	check_folder(c, name);
	if (!strcmp(path, "/") && !t->web_dir) {
		t->web_dir = name;
		return;
	}
	p = add_path(c, path, PATH_STATIC, t);
	if (p)
		p->text = name;
	else
		free(name);
}

/* --- what is answered ---------------------------------------------------- */

/* It goes into a header. */
static bool is_plain(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return false;
	return true;
}

static void read_redirect(struct cfg *c, const json_t *json, const char *path,
			  struct transport_config *t)
{
	struct web_path *p = add_path(c, path, PATH_REDIRECT, t);

	if (!p || !cfg_object(c, json, "type id url"))
		return;
	cfg_string(c, json, "url", true, &p->text);
	if (p->text && !is_plain(p->text))
		cfg_fail(c, "url", "no blanks and control characters are "
				   "accepted");
}

static void read_json(struct cfg *c, const json_t *json, const char *path,
		      struct transport_config *t)
{
	struct web_path *p = add_path(c, path, PATH_JSON, t);
	const json_t *value;

	if (!p || !cfg_object_but(c, json, "type id value", "options"))
		return;
	value = cfg_member(c, json, "value", true);
	if (!value)
		return;
	p->text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	if (!p->text)
		cfg_fail(c, "value", "out of memory");
}

static void read_nodeinfo(struct cfg *c, const json_t *json, const char *path,
			  struct transport_config *t)
{
	if (cfg_object(c, json, "type id"))
		(void)add_path(c, path, PATH_NODEINFO, t);
}

static void read_measured(struct cfg *c, const json_t *json, const char *path,
			  enum web_path_type type, struct transport_config *t)
{
	struct web_path *p = add_path(c, path, type, t);
	char *access = NULL;

	if (!p || !cfg_object(c, json, "type id access"))
		return;
	cfg_string(c, json, "access", false, &access);
	if (access && strcmp(access, "any") && strcmp(access, "local"))
		cfg_fail(c, "access", "accepted are local, any");
	p->open = access && !strcmp(access, "any");
	free(access);
}

static void read_bridge(struct cfg *c, const json_t *json, const char *path,
			enum web_path_type type, struct transport_config *t)
{
	struct web_path *p = add_path(c, path, type, t);

	if (p)
		p->bridge = config_read_bridge(c, json);
}

/* --- paths --------------------------------------------------------------- */

static void read_nested(struct cfg *c, const json_t *json, const char *path,
			struct transport_config *t)
{
	char under[256];

	if (!cfg_object(c, json, "type id paths"))
		return;
	if (c->nested == NESTED_MAX) {
		cfg_fail(c, NULL, "at most %d levels of paths are accepted",
			 NESTED_MAX);
		return;
	}
	c->nested++;
	if ((size_t)snprintf(under, sizeof under, "%s/", path) >=
	    sizeof under)
		cfg_fail(c, NULL, "the path is too long");
	else
		config_read_paths(c, json, under, t);
	c->nested--;
}

static bool is_foreign(struct cfg *c, const char *type)
{
	char word[40];

	if (!type || strchr(type, ' ') ||
	    (size_t)snprintf(word, sizeof word, " %s ", type) >= sizeof word ||
	    !strstr(FOREIGN_TYPES, word))
		return false;
	cfg_warn(c, NULL, "%s is not served here: left out", type);
	return true;
}

static void read_path(struct cfg *c, const json_t *json, const char *path,
		      struct transport_config *t)
{
	const char *type = json_string_value(json_object_get(json, "type"));

	if (is_foreign(c, type))
		return;
	cfg_type(c, json, PATH_TYPES);
	if (!type)
		return;
	if (!strcmp(type, "static"))
		read_static(c, json, path, t);
	else if (!strcmp(type, "redirect"))
		read_redirect(c, json, path, t);
	else if (!strcmp(type, "json"))
		read_json(c, json, path, t);
	else if (!strcmp(type, "nodeinfo"))
		read_nodeinfo(c, json, path, t);
	else if (!strcmp(type, "metrics"))
		read_measured(c, json, path, PATH_METRICS, t);
	else if (!strcmp(type, "health"))
		read_measured(c, json, path, PATH_HEALTH, t);
	else if (!strcmp(type, "publisher"))
		read_bridge(c, json, path, PATH_PUBLISHER, t);
	else if (!strcmp(type, "caller"))
		read_bridge(c, json, path, PATH_CALLER, t);
	else if (!strcmp(type, "path"))
		read_nested(c, json, path, t);
	else if (!strcmp(type, "websocket"))
		config_read_websocket(c, json, path, t);
}

void config_read_paths(struct cfg *c, const json_t *json, const char *under,
		       struct transport_config *t)
{
	const json_t *paths = cfg_member(c, json, "paths", true);
	unsigned length = cfg_enter(c, "paths");
	const char *path;
	char whole[512];
	json_t *one;

	if (paths && !json_is_object(paths))
		cfg_fail(c, NULL, "an object is wanted, a member each path");
	else if (paths && !json_object_size(paths))
		cfg_fail(c, NULL, "at least one is wanted");
	json_object_foreach((json_t *)paths, path, one) {
		unsigned inner = cfg_enter(c, path);
		bool rooted = *under && !strcmp(path, "/");

		if ((size_t)snprintf(whole, sizeof whole, "%s%s", under,
				     rooted ? "" : path) >= sizeof whole)
			cfg_fail(c, NULL, "the path is too long");
		else
			read_path(c, one, whole, t);
		cfg_leave(c, inner);
	}
	cfg_leave(c, length);
}
