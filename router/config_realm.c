/* realms: roles and permissions, procedures, the call queue. */
#include <stdlib.h>
#include <string.h>

#include "router/config_parts.h"

void realm_config_deinit(struct realm_config *r)
{
	for (unsigned i = 0; i < r->role_count; i++) {
		free(r->roles[i].name);
		free(r->roles[i].authorizer);
		access_deinit(&r->roles[i].access);
	}
	for (unsigned i = 0; i < r->rule_count; i++)
		free((void *)r->rules[i].uri.data);
	for (unsigned i = 0; i < r->history_count; i++)
		free((void *)r->histories[i].uri.data);
	free(r->roles);
	free(r->rules);
	free(r->histories);
	free(r->name);
}

static void read_match(struct cfg *c, const json_t *json, enum uri_match *out)
{
	char *text = NULL;

	cfg_string(c, json, "match", false, &text);
	if (text && !uri_match_parse(bytes_str(text), out))
		cfg_fail(c, "match", "accepted are exact, prefix, wildcard");
	free(text);
}

/* "com.example.*" without a match is a prefix, as in older configurations. */
void config_read_pattern(struct cfg *c, const json_t *json, char **uri,
			 enum uri_match *match)
{
	size_t length;

	*match = URI_EXACT;
	cfg_string(c, json, "uri", true, uri);
	read_match(c, json, match);
	if (!*uri || c->err)
		return;
	length = strlen(*uri);
	if (!json_object_get(json, "match") && length &&
	    (*uri)[length - 1] == '*') {
		(*uri)[length - 1] = '\0';
		*match = URI_PREFIX;
	}
	if (!uri_valid(bytes_str(*uri), *match, false))
		cfg_fail(c, "uri", "not a valid URI for its match");
}

/* --- permissions --------------------------------------------------------- */

static void read_actions(struct cfg *c, const json_t *json,
			 struct permission *p)
{
	static const char *const names[] = { "call", "register", "publish",
					     "subscribe" };

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		bool on = false;

		cfg_bool(c, json, names[i], &on);
		p->allow |= (unsigned)on << i;
	}
}

/* In older configurations they stand in the permission itself. */
static void read_allow(struct cfg *c, const json_t *json,
		       struct permission *p)
{
	const json_t *allow = cfg_member(c, json, "allow", false);
	unsigned length;

	read_actions(c, json, p);
	length = cfg_enter(c, "allow");
	if (allow && cfg_object(c, allow, "call register publish subscribe"))
		read_actions(c, allow, p);
	cfg_leave(c, length);
}

static void read_disclose(struct cfg *c, const json_t *json,
			  struct permission *p)
{
	const json_t *disclose = cfg_member(c, json, "disclose", false);
	unsigned length = cfg_enter(c, "disclose");

	if (disclose && cfg_object(c, disclose, "caller publisher")) {
		cfg_bool(c, disclose, "caller", &p->disclose_caller);
		cfg_bool(c, disclose, "publisher", &p->disclose_publisher);
	}
	cfg_leave(c, length);
}

/* "Call Trust Levels", "Publication Trust Levels": one for both. */
static void read_trustlevel(struct cfg *c, const json_t *json,
			    struct permission *p)
{
	unsigned long long level;

	p->has_trustlevel = cfg_uint(c, json, "trustlevel", false, INT32_MAX,
				     &level);
	if (p->has_trustlevel)
		p->trustlevel = (int64_t)level;
}

/* Of two for the same the later one counts, as in Crossbar.io. */
static void put_permission(struct cfg *c, struct role *role,
			   const struct permission *p)
{
	int err = access_add(&role->access, p);

	if (err == ERR_EXISTS) {
		cfg_warn(c, "uri", "there is a permission for it already: "
				   "this one counts");
		access_replace(&role->access, p);
	} else if (err) {
		cfg_fail(c, "uri", "%s", err_text(err));
	}
}

static void read_permission(struct cfg *c, const json_t *json, void *item,
			    void *ctx)
{
	struct role *role = ctx;
	struct permission p = { .match = URI_EXACT };
	char *uri = NULL;
	bool cache; /* what a static permission is anyway */

	(void)item;
	if (!cfg_object_but(c, json,
			    "uri match allow disclose cache trustlevel call "
			    "register publish subscribe",
			    "validate"))
		return;
	config_read_pattern(c, json, &uri, &p.match);
	read_allow(c, json, &p);
	read_disclose(c, json, &p);
	read_trustlevel(c, json, &p);
	cfg_bool(c, json, "cache", &cache);
	if (!c->err) {
		p.uri = bytes_str(uri);
		put_permission(c, role, &p);
	}
	free(uri);
}

/* --- roles --------------------------------------------------------------- */

static void read_uint32(struct cfg *c, const json_t *json, const char *key,
			uint32_t *out)
{
	unsigned long long number;

	if (cfg_uint(c, json, key, false, UINT32_MAX, &number))
		*out = (uint32_t)number;
}

static void read_size(struct cfg *c, const json_t *json, const char *key,
		      unsigned long long max, size_t *out)
{
	unsigned long long number;

	if (cfg_uint(c, json, key, false, max, &number))
		*out = (size_t)number;
}

/* Where 0 is written for none, and what counts bytes wants a number: one that
 * is never reached, or the codecs' own. */
static void widen(struct role_limits *l)
{
	const size_t none = SIZE_MAX / 4;

	if (!l->held_bytes)
		l->held_bytes = none;
	if (!l->output_bytes)
		l->output_bytes = none;
	if (!l->message_bytes)
		l->message_bytes = wamp_limits_default.bytes_max;
}

static void read_limits(struct cfg *c, const json_t *json,
			struct role_limits *l)
{
	const json_t *limits = cfg_member(c, json, "limits", false);
	unsigned length = cfg_enter(c, "limits");

	if (limits &&
	    cfg_object(c, limits,
		       "subscriptions patterns registrations calls rate burst "
		       "held_bytes message_bytes output_bytes retained "
		       "retained_bytes testaments testament_bytes "
		       "backpressure")) {
		read_uint32(c, limits, "subscriptions", &l->subscriptions);
		read_uint32(c, limits, "patterns", &l->patterns);
		read_uint32(c, limits, "registrations", &l->registrations);
		read_uint32(c, limits, "calls", &l->calls);
		read_uint32(c, limits, "rate", &l->rate);
		read_uint32(c, limits, "burst", &l->burst);
		read_size(c, limits, "held_bytes", 1ull << 40,
			  &l->held_bytes);
		/* What the codecs' limits allow (lib/wamp). */
		read_size(c, limits, "message_bytes",
			  wamp_limits_default.bytes_max, &l->message_bytes);
		read_size(c, limits, "output_bytes", 1ull << 40,
			  &l->output_bytes);
		read_uint32(c, limits, "retained", &l->retained);
		read_size(c, limits, "retained_bytes", 1ull << 40,
			  &l->retained_bytes);
		read_uint32(c, limits, "testaments", &l->testaments);
		read_size(c, limits, "testament_bytes", 1ull << 40,
			  &l->testament_bytes);
		cfg_bool(c, limits, "backpressure", &l->backpressure);
		widen(l);
	}
	cfg_leave(c, length);
}

/* allow-by-default is for a role that has nothing else. */
static void read_default(struct cfg *c, const json_t *json, struct role *role)
{
	struct permission all = { .uri = bytes_str(""), .match = URI_PREFIX,
				  .allow = ALLOW_ALL };
	bool on = false, more = role->authorizer ||
				json_object_get(json, "permissions");

	cfg_bool(c, json, "allow-by-default", &on);
	if (on && more)
		cfg_warn(c, "allow-by-default", "without effect here: the "
			 "role has permissions or an authorizer");
	else if (on)
		put_permission(c, role, &all);
	else if (!more)
		cfg_warn(c, NULL, "nothing is allowed to it: it has no "
				  "permissions and no authorizer");
}

static void read_role(struct cfg *c, const json_t *json, void *item, void *ctx)
{
	struct role *role = item;
	void *none = NULL;
	unsigned count = 0;

	(void)ctx;
	role->limits = limits_default;
	if (!cfg_object(c, json, "name permissions authorizer limits "
				 "allow-by-default"))
		return;
	cfg_string(c, json, "name", true, &role->name);
	cfg_string(c, json, "authorizer", false, &role->authorizer);
	if (role->authorizer &&
	    !uri_valid(bytes_str(role->authorizer), URI_EXACT, false))
		cfg_fail(c, "authorizer", "not a valid URI");
	cfg_list(c, json, "permissions", false, read_permission, role, 1,
		 &none, &count);
	free(none);
	read_default(c, json, role);
	read_limits(c, json, &role->limits);
	if (!c->err && access_seal(&role->access))
		cfg_fail(c, NULL, "out of memory");
}

static void check_role_names(struct cfg *c, const struct realm_config *r)
{
	for (unsigned i = 0; i < r->role_count; i++)
		for (unsigned j = 0; j < i; j++)
			if (!strcmp(r->roles[i].name, r->roles[j].name))
				cfg_fail(c, "roles", "%s is there twice",
					 r->roles[i].name);
}

/* --- procedures and queues ----------------------------------------------- */

static void keep_pattern(struct cfg *c, const json_t *json,
			 struct procedure_rule *rule)
{
	char *uri = NULL;

	config_read_pattern(c, json, &uri, &rule->match);
	rule->uri = uri ? bytes_str(uri) : bytes_of(NULL, 0);
}

static void read_procedure(struct cfg *c, const json_t *json, void *item,
			   void *ctx)
{
	struct procedure_rule *rule = item;
	char *invoke = NULL;
	bool force = true;

	(void)ctx;
	if (!cfg_object(c, json,
			"uri match invoke concurrency_max queue force wait"))
		return;
	keep_pattern(c, json, rule);
	cfg_string(c, json, "invoke", false, &invoke);
	rule->pins_invoke = invoke != NULL;
	if (invoke && !invoke_parse(bytes_str(invoke), &rule->invoke))
		cfg_fail(c, "invoke", "accepted are single, first, last, "
				      "random, roundrobin, leastloaded");
	free(invoke);
	read_uint32(c, json, "concurrency_max", &rule->concurrency_max);
	read_uint32(c, json, "queue", &rule->queue_max);
	cfg_bool(c, json, "force", &force);
	rule->denies_force = !force;
	cfg_bool(c, json, "wait", &rule->waits);
}

static void read_call_queue(struct cfg *c, const json_t *json, void *item,
			    void *ctx)
{
	struct procedure_rule *rule = item;

	(void)ctx;
	if (!cfg_object(c, json, "uri match limit"))
		return;
	keep_pattern(c, json, rule);
	read_uint32(c, json, "limit", &rule->queue_max);
}

/* What Crossbar.io would keep in a file is gone after a restart. */
static void read_store_type(struct cfg *c, const json_t *store)
{
	const json_t *type = json_object_get(store, "type");
	const char *name = json_string_value(type);

	if (type)
		cfg_type(c, store, "memory cfxdb");
	if (name && !strcmp(name, "cfxdb"))
		cfg_warn(c, "type", "cfxdb: what it holds is in memory only "
				    "here");
}

static void read_store(struct cfg *c, const json_t *json,
		       struct realm_config *r, void **rules)
{
	const json_t *store = cfg_member(c, json, "store", false);
	unsigned length = cfg_enter(c, "store");

	if (store && cfg_object_but(c, store,
				    "type limit call-queue event-history",
				    "path purge maxsize readonly sync "
				    "buffer-flush")) {
		read_store_type(c, store);
		cfg_list(c, store, "call-queue", false, read_call_queue, NULL,
			 sizeof(struct procedure_rule), rules,
			 &r->rule_count);
		config_read_histories(c, store, r);
	}
	cfg_leave(c, length);
}

/* One rule a pattern: the queue of a `store` belongs to its procedure. */
static void merge_rules(struct realm_config *r)
{
	for (unsigned i = 0; i < r->rule_count; i++) {
		for (unsigned j = i + 1; j < r->rule_count; j++) {
			struct procedure_rule *a = &r->rules[i],
					      *b = &r->rules[j];

			if (a->match == b->match &&
			    bytes_equal(a->uri, b->uri) && !a->queue_max)
				a->queue_max = b->queue_max;
		}
	}
}

/* After the store's queues have come to their procedures. */
static void check_waits(struct cfg *c, const struct realm_config *r)
{
	for (unsigned i = 0; i < r->rule_count; i++) {
		const struct procedure_rule *rule = &r->rules[i];

		if (rule->waits && !rule->queue_max) {
			cfg_fail(c, "procedures",
				 "wait: %.*s has no queue to wait in",
				 (int)rule->uri.len,
				 (const char *)rule->uri.data);
			return;
		}
	}
}

/* --- realms -------------------------------------------------------------- */

static void read_options(struct cfg *c, const json_t *json,
			 struct config *config)
{
	const json_t *options = cfg_member(c, json, "options", false);
	unsigned length = cfg_enter(c, "options");
	char *check = NULL;

	if (options && cfg_object_but(c, options, "uri_check",
				      "event_dispatching_chunk_size "
				      "enable_meta_api bridge_meta_api")) {
		cfg_string(c, options, "uri_check", false, &check);
		if (check && strcmp(check, "strict") && strcmp(check, "loose"))
			cfg_fail(c, "uri_check", "accepted are loose, strict");
		if (check && !strcmp(check, "strict"))
			config->uri_strict = true;
	}
	free(check);
	cfg_leave(c, length);
}

void config_read_realm(struct cfg *c, const json_t *json, void *item,
		       void *ctx)
{
	struct realm_config *r = item;
	void *roles = NULL, *rules = NULL;

	if (!cfg_object_but(c, json, "name roles store procedures options",
			    "rlinks stats trace inventory"))
		return;
	cfg_string(c, json, "name", true, &r->name);
	if (r->name && !uri_valid(bytes_str(r->name), URI_EXACT, false))
		cfg_fail(c, "name", "not a valid URI");
	cfg_list(c, json, "roles", false, read_role, NULL, sizeof *r->roles,
		 &roles, &r->role_count);
	r->roles = roles;
	if (!r->role_count)
		cfg_warn(c, "roles", "there are none: nobody may join");
	cfg_list(c, json, "procedures", false, read_procedure, NULL,
		 sizeof *r->rules, &rules, &r->rule_count);
	read_store(c, json, r, &rules);
	r->rules = rules;
	merge_rules(r);
	read_options(c, json, ctx);
	if (!c->err)
		check_waits(c, r);
	if (!c->err)
		check_role_names(c, r);
}
