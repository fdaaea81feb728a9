/* The parts of Crossbar.io's node: its routers, which are one here, and the
 * other processes, which are not run. */
#include <stdlib.h>
#include <string.h>

#include "router/config_parts.h"

/* --- what several workers have ------------------------------------------- */

/* The realm of an earlier worker that has this name; NULL: none. */
static const json_t *find_realm(const struct config_parts *parts,
				const char *name, size_t *worker)
{
	for (*worker = 0; *worker < parts->index; ++*worker) {
		const json_t *realms = json_object_get(
			json_array_get(parts->workers, *worker), "realms");

		for (size_t i = 0; i < json_array_size(realms); i++) {
			const json_t *realm = json_array_get(realms, i);
			const char *other = json_string_value(
				json_object_get(realm, "name"));

			if (other && !strcmp(other, name))
				return realm;
		}
	}
	return NULL;
}

/* All but the links to the other workers' realms, which are this one. */
static bool same_realm(const json_t *a, const json_t *b)
{
	json_t *one = json_copy((json_t *)a), *other = json_copy((json_t *)b);
	bool same;

	(void)json_object_del(one, "rlinks");
	(void)json_object_del(other, "rlinks");
	same = one && other && json_equal(one, other);
	json_decref(one);
	json_decref(other);
	return same;
}

/* Crossbar.io's workers are processes with realms of their own; here a realm
 * is one, however many take part in it. */
static void read_realm(struct cfg *c, const json_t *json, void *item,
		       void *ctx)
{
	const struct config_parts *parts = ctx;
	const char *name = json_string_value(json_object_get(json, "name"));
	size_t worker;
	const json_t *other =
		name ? find_realm(parts, name, &worker) : NULL;

	if (!other)
		config_read_realm(c, json, item, parts->out);
	else if (same_realm(json, other))
		cfg_warn(c, NULL, "%s is a realm of workers[%zu], too: here it "
				  "is one", name, worker);
	else
		cfg_fail(c, NULL, "%s is a realm of workers[%zu], too, but not "
				  "the same: here it is one", name, worker);
}

/* A transport that an earlier worker has, word for word. */
static bool has_transport(const struct config_parts *parts,
			  const json_t *json, size_t *worker)
{
	for (*worker = 0; *worker < parts->index; ++*worker) {
		const json_t *all = json_object_get(
			json_array_get(parts->workers, *worker), "transports");

		for (size_t i = 0; i < json_array_size(all); i++)
			if (json_equal(json_array_get(all, i), (json_t *)json))
				return true;
	}
	return false;
}

/* Several processes may share a port; here there is one. */
static void read_transport(struct cfg *c, const json_t *json, void *item,
			   void *ctx)
{
	struct transport_config *t = item;
	size_t worker;

	t->foreign = has_transport(ctx, json, &worker);
	if (t->foreign)
		cfg_warn(c, NULL, "workers[%zu] has it, too: here it is one",
			 worker);
	else
		config_read_transport(c, json, item, NULL);
}

/* --- workers ------------------------------------------------------------- */

/* A worker may have none of either; the whole is looked at in check. */
void config_read_worker_parts(struct cfg *c, const json_t *json, bool wanted,
			      struct config_parts *parts)
{
	cfg_list(c, json, "realms", wanted, read_realm, parts,
		 sizeof *parts->out->realms, &parts->realms,
		 &parts->out->realm_count);
	cfg_list(c, json, "transports", wanted, read_transport, parts,
		 sizeof *parts->out->transports, &parts->transports,
		 &parts->out->transport_count);
}

static void read_worker(struct cfg *c, const json_t *json,
			struct config_parts *parts)
{
	const char *type = json_string_value(json_object_get(json, "type"));

	if (type && strcmp(type, "router")) {
		cfg_warn(c, NULL, "a worker of type %s is not run here: left "
				  "out", type);
		return;
	}
	cfg_type(c, json, "router");
	if (cfg_object_but(c, json, "type id realms transports",
			   "options components connections"))
		config_read_worker_parts(c, json, false, parts);
}

void config_read_workers(struct cfg *c, const json_t *workers,
			 struct config_parts *parts)
{
	unsigned length = cfg_enter(c, "workers");

	if (!json_is_array(workers))
		cfg_fail(c, NULL, "a list is wanted");
	parts->workers = workers;
	for (size_t i = 0; i < json_array_size(workers); i++) {
		unsigned inner = cfg_enter_index(c, i);

		parts->index = i;
		read_worker(c, json_array_get(workers, i), parts);
		cfg_leave(c, inner);
	}
	cfg_leave(c, length);
}
