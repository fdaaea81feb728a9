/* HTTP bridges: paths of the types publisher and caller. */
#include <stdlib.h>
#include <string.h>

#include "router/config_parts.h"

void bridge_config_free(struct bridge_config *b)
{
	if (!b)
		return;
	if (b->secret)
		explicit_bzero(b->secret, strlen(b->secret));
	free(b->realm);
	free(b->role);
	free(b->key);
	free(b->secret);
	free(b->networks);
	free(b);
}

static void read_network(struct cfg *c, const json_t *json, void *item,
			 void *ctx)
{
	const char *text = json_string_value(json);

	(void)ctx;
	if (!text || !network_parse(text, item))
		cfg_fail(c, NULL, "an address or a network is wanted, as in "
				  "10.0.0.7, 10.0.0.0/8, fd00::/8");
}

static void read_limits(struct cfg *c, const json_t *options,
			struct bridge_config *b)
{
	unsigned long long seconds, bytes;

	if (cfg_uint(c, options, "timestamp_delta_limit", false, 86400,
		     &seconds))
		b->window_s = (unsigned)seconds;
	if (b->secret && !b->window_s)
		cfg_warn(c, "timestamp_delta_limit",
			 "0: a request that is made again after %d s is not "
			 "told from a new one", BRIDGE_WINDOW_S);
	if (cfg_uint(c, options, "post_body_limit", false, BRIDGE_BODY_MAX,
		     &bytes) && bytes)
		b->body_max = (size_t)bytes;
}

static void read_options(struct cfg *c, const json_t *json,
			 struct bridge_config *b)
{
	const json_t *options = cfg_member(c, json, "options", false);
	unsigned length = cfg_enter(c, "options");
	void *networks = NULL;

	if (options &&
	    cfg_object_but(c, options, "key secret timestamp_delta_limit "
				       "post_body_limit require_ip require_tls",
			   "debug")) {
		cfg_string(c, options, "key", false, &b->key);
		cfg_string(c, options, "secret", false, &b->secret);
		if (!b->key != !b->secret)
			cfg_fail(c, b->key ? "secret" : "key",
				 "is missing: both are wanted, or neither");
		if (b->secret && !*b->secret)
			cfg_fail(c, "secret", "must not be empty");
		read_limits(c, options, b);
		cfg_list(c, options, "require_ip", false, read_network, NULL,
			 sizeof *b->networks, &networks, &b->network_count);
		b->networks = networks;
		cfg_bool(c, options, "require_tls", &b->require_tls);
	}
	cfg_leave(c, length);
}

struct bridge_config *config_read_bridge(struct cfg *c, const json_t *json)
{
	struct bridge_config *b = calloc(1, sizeof *b);

	if (!b) {
		cfg_fail(c, NULL, "out of memory");
		return NULL;
	}
	b->window_s = BRIDGE_WINDOW_S;
	b->body_max = BRIDGE_BODY_MAX;
	if (cfg_object(c, json, "type id realm role options")) {
		cfg_string(c, json, "realm", true, &b->realm);
		cfg_string(c, json, "role", true, &b->role);
		read_options(c, json, b);
	}
	return b;
}

static bool has_role(const struct realm_config *r, const char *name)
{
	for (unsigned i = 0; i < r->role_count; i++)
		if (!strcmp(r->roles[i].name, name))
			return true;
	return false;
}

static void check_bridge(struct cfg *c, const struct config *config,
			 const struct bridge_config *b)
{
	for (unsigned i = 0; i < config->realm_count; i++) {
		if (strcmp(config->realms[i].name, b->realm))
			continue;
		if (!has_role(&config->realms[i], b->role))
			cfg_fail(c, "role", "realm %s has no role %s",
				 b->realm, b->role);
		return;
	}
	cfg_fail(c, "realm", "there is no realm %s", b->realm);
}

void config_check_bridges(struct cfg *c, const struct config *config,
			  const struct transport_config *t)
{
	unsigned length = cfg_enter(c, "paths");

	for (unsigned i = 0; i < t->path_count; i++) {
		unsigned inner = cfg_enter(c, t->paths[i].path);

		if (t->paths[i].bridge)
			check_bridge(c, config, t->paths[i].bridge);
		cfg_leave(c, inner);
	}
	cfg_leave(c, length);
}
