/* transports: what is spoken there, and who may join. Where they listen is in
 * config_endpoint.c, web paths are in config_web.c. */
#include <stdlib.h>
#include <string.h>

#include "router/config_parts.h"
#include "router/config_tls.h"

enum {
	MESSAGE_BYTES_MIN = 512, /* the least that a RawSocket can say */
	ENDPOINT_NUMBER_MAX = 1 << 30,
};

void transport_config_deinit(struct transport_config *t)
{
	for (unsigned i = 0; i < t->origin_count; i++)
		free(t->origins[i]);
	for (unsigned i = 0; i < t->path_count; i++) {
		free(t->paths[i].path);
		free(t->paths[i].text);
		bridge_config_free(t->paths[i].bridge);
	}
	free(t->origins);
	free(t->paths);
	free(t->interface);
	free(t->unix_path);
	free(t->ws_path);
	for (unsigned i = 0; i < t->ws_more_count; i++)
		free(t->ws_more[i]);
	free(t->ws_more);
	config_free_tls(t->tls);
	free(t->web_dir);
	authn_deinit(&t->authn);
}

/* --- serializers --------------------------------------------------------- */

static void read_serializer(struct cfg *c, const json_t *json, void *item,
			    void *ctx)
{
	static const struct {
		const char *name;
		unsigned bit;
	} known[] = {
		{ "json", SPEAKS_JSON },
		{ "msgpack", SPEAKS_MSGPACK },
		{ "cbor", SPEAKS_CBOR },
		{ "ubjson", 0 },
		{ "flatbuffers", 0 },
	};
	const char *name = json_string_value(json);
	unsigned *serializers = ctx;

	(void)item;
	for (unsigned i = 0; name && i < sizeof known / sizeof *known; i++) {
		if (strcmp(name, known[i].name))
			continue;
		*serializers |= known[i].bit;
		if (!known[i].bit)
			cfg_warn(c, NULL, "%s is not spoken here", name);
		return;
	}
	cfg_fail(c, NULL, "accepted are json, msgpack, cbor");
}

static void read_serializers(struct cfg *c, const json_t *json,
			     struct transport_config *t)
{
	void *none = NULL;
	unsigned count = 0, found = 0;

	if (!json_object_get(json, "serializers"))
		return;
	cfg_list(c, json, "serializers", false, read_serializer, &found, 1,
		 &none, &count);
	free(none);
	if (!c->err && !found)
		cfg_fail(c, "serializers", "one of json, msgpack, cbor is "
					   "wanted");
	t->serializers = found;
}

/* --- WebSocket's options ------------------------------------------------- */

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

static void read_origins(struct cfg *c, const json_t *options,
			 struct transport_config *t)
{
	void *origins = NULL;

	cfg_list(c, options, "allowed_origins", false, read_origin, NULL,
		 sizeof *t->origins, &origins, &t->origin_count);
	t->origins = origins;
}

/* 0 is "no limit" there and "the router's own" here. */
static void read_number(struct cfg *c, const json_t *json, const char *key,
			uint32_t least, uint32_t *out)
{
	unsigned long long number = 0;

	if (!cfg_uint(c, json, key, false, ENDPOINT_NUMBER_MAX, &number))
		return;
	if (number && number < least)
		cfg_fail(c, key, "accepted are 0 and numbers from %u", least);
	*out = (uint32_t)number;
}

/* All of an endpoint have one: the least that is written. */
static void read_message_size(struct cfg *c, const json_t *json,
			      struct transport_config *t)
{
	uint32_t *least = &t->limits.message_bytes, size = 0;

	read_number(c, json, "max_message_size", MESSAGE_BYTES_MIN, &size);
	if (size && (!*least || size < *least))
		*least = size;
}

/* What a WebSocket here does whatever is written: it closes slow handshakes,
 * checks UTF-8 and masks. */
#define FIXED_OPTIONS                                                         \
	"allow_null_origin max_frame_size auto_fragment_size "                \
	"auto_ping_size auto_ping_restart_on_any_traffic "                    \
	"open_handshake_timeout close_handshake_timeout enable_webstatus "    \
	"enable_flash_policy flash_policy fail_by_drop echo_close_codes "     \
	"echo_close_codereason enable_hybi10 enable_rfc6455 validate_utf8 "   \
	"mask_server_frames require_masked_client_frames apply_mask "         \
	"require_websocket_subprotocol tcp_nodelay compression debug "        \
	"show_server_version external_port"

static void read_options(struct cfg *c, const json_t *json,
			 struct transport_config *t)
{
	const json_t *options = cfg_member(c, json, "options", false);
	unsigned length = cfg_enter(c, "options");

	if (options &&
	    cfg_object_but(c, options, "allowed_origins max_message_size "
			   "auto_ping_interval auto_ping_timeout",
			   FIXED_OPTIONS)) {
		read_message_size(c, options, t);
		read_number(c, options, "auto_ping_interval", 1,
			    &t->limits.ping_ms);
		read_number(c, options, "auto_ping_timeout", 1,
			    &t->limits.pong_ms);
		if (json_object_get(options, "compression"))
			cfg_warn(c, "compression",
				 "permessage-deflate is declined");
		if (!t->origins)
			read_origins(c, options, t);
	}
	cfg_leave(c, length);
}

static char *rooted(struct cfg *c, const char *path)
{
	size_t size = strlen(path) + 2;
	char *out = malloc(size);

	if (out)
		snprintf(out, size, "%s%s", path[0] == '/' ? "" : "/", path);
	else
		cfg_fail(c, NULL, "out of memory");
	return out;
}

/* What one says to a second one must not be another thing. */
static bool are_alike(const json_t *a, const json_t *b)
{
	static const char *const keys[] = { "serializers", "auth", "options" };

	for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++) {
		json_t *one = json_object_get(a, keys[i]);
		json_t *other = json_object_get(b, keys[i]);

		if (one != other && !json_equal(one, other))
			return false;
	}
	return true;
}

/* NULL-ended, as the server wants it. */
static void add_websocket(struct cfg *c, const json_t *json,
			  const char *path, struct transport_config *t)
{
	char **more;

	if (!are_alike(t->websocket, json)) {
		cfg_fail(c, NULL, "all websockets of an endpoint have the "
				  "serializers, auth and options of the one "
				  "at %s", t->ws_path);
		return;
	}
	more = realloc(t->ws_more, (t->ws_more_count + 2) * sizeof *more);
	if (!more) {
		cfg_fail(c, NULL, "out of memory");
		return;
	}
	t->ws_more = more;
	more[t->ws_more_count] = rooted(c, path);
	if (more[t->ws_more_count])
		more[++t->ws_more_count] = NULL;
}

void config_read_websocket(struct cfg *c, const json_t *json,
			   const char *path, struct transport_config *t)
{
	char *url = NULL;

	if (!cfg_object_but(c, json,
			    "type id endpoint serializers auth options url",
			    "cookie debug"))
		return;
	if (t->ws_path) {
		add_websocket(c, json, path, t);
		return;
	}
	t->websocket = json;
	t->ws_path = rooted(c, path);
	cfg_string(c, json, "url", false, &url);
	free(url);
	read_serializers(c, json, t);
	config_read_auth(c, cfg_member(c, json, "auth", false), &t->authn);
	read_options(c, json, t);
}

/* --- RawSocket ----------------------------------------------------------- */

/* `beside`: a WebSocket at the same endpoint says who may join. */
static void read_rawsocket(struct cfg *c, const json_t *json, bool beside,
			   struct transport_config *t)
{
	const json_t *options = cfg_member(c, json, "options", false);
	unsigned length;

	if (!cfg_object_but(c, json,
			    "type id endpoint serializers auth options "
			    "max_message_size",
			    "serializer debug"))
		return;
	read_message_size(c, json, t);
	length = cfg_enter(c, "options");
	if (options && cfg_object(c, options, "max_message_size"))
		read_message_size(c, options, t);
	cfg_leave(c, length);
	if (beside && json_object_get(json, "auth"))
		cfg_fail(c, "auth", "all of an endpoint have one: it is the "
				    "websocket's");
	if (beside)
		return;
	read_serializers(c, json, t);
	config_read_auth(c, cfg_member(c, json, "auth", false), &t->authn);
}

/* --- universal ----------------------------------------------------------- */

static void read_universal_ws(struct cfg *c, const json_t *all,
			      struct transport_config *t)
{
	unsigned length = cfg_enter(c, "websocket");
	const char *path;
	json_t *one;

	if (!json_is_object(all))
		cfg_fail(c, NULL, "an object is wanted, a member each path");
	json_object_foreach((json_t *)all, path, one) {
		unsigned inner = cfg_enter(c, path);

		config_read_websocket(c, one, path, t);
		cfg_leave(c, inner);
	}
	cfg_leave(c, length);
}

static void read_universal(struct cfg *c, const json_t *json,
			   struct transport_config *t)
{
	const json_t *ws = json_object_get(json, "websocket");
	const json_t *raw = json_object_get(json, "rawsocket");
	const json_t *web = json_object_get(json, "web");
	unsigned length;

	if (!cfg_object_but(c, json,
			    "id type endpoint rawsocket websocket web",
			    "mqtt"))
		return;
	if (ws)
		read_universal_ws(c, ws, t);
	length = cfg_enter(c, "web");
	if (web && cfg_object(c, web, "paths"))
		config_read_paths(c, web, "", t);
	cfg_leave(c, length);
	/* Last, as a WebSocket may be among web's paths, too. */
	length = cfg_enter(c, "rawsocket");
	if (raw)
		read_rawsocket(c, raw, t->ws_path != NULL, t);
	cfg_leave(c, length);
	if (!ws && !raw && !web)
		cfg_fail(c, NULL, "one of rawsocket, websocket, web is "
				  "wanted");
}

/* --- transports ---------------------------------------------------------- */

static void read_by_type(struct cfg *c, const json_t *json, const char *type,
			 struct transport_config *t)
{
	if (!strcmp(type, "websocket")) {
		t->ws_anywhere = true;
		config_read_websocket(c, json, "/", t);
	} else if (!strcmp(type, "rawsocket")) {
		read_rawsocket(c, json, false, t);
	} else if (!strcmp(type, "universal")) {
		read_universal(c, json, t);
	} else if (!strcmp(type, "web")) {
		if (cfg_object_but(c, json, "id type endpoint paths",
				   "options"))
			config_read_paths(c, json, "", t);
	}
}

bool config_transport_is_foreign(struct cfg *c, const json_t *json)
{
	const char *type = json_string_value(json_object_get(json, "type"));

	if (!type || (strcmp(type, "mqtt") && strcmp(type, "flashpolicy")))
		return false;
	cfg_warn(c, NULL, "%s is not spoken here: left out", type);
	return true;
}

void config_read_transport(struct cfg *c, const json_t *json, void *item,
			   void *ctx)
{
	struct transport_config *t = item;
	const char *type = json_string_value(json_object_get(json, "type"));

	(void)ctx;
	t->serializers = SPEAKS_ALL;
	if (!json_is_object(json)) {
		cfg_fail(c, NULL, "an object is wanted");
		return;
	}
	t->foreign = config_transport_is_foreign(c, json);
	if (t->foreign)
		return;
	cfg_type(c, json, "web websocket rawsocket universal");
	if (type)
		read_by_type(c, json, type, t);
	config_read_endpoint(c, json, t);
}
