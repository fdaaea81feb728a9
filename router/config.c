#include "router/config.h"

#include <stdlib.h>
#include <string.h>

#include "router/config_parts.h"

/* The demo's configuration, the same file as scripts use. */
__asm__(".section .rodata\n"
	".global manyhands_json\n"
	".global manyhands_json_end\n"
	"manyhands_json:\n"
	".incbin \"router/manyhands.json\"\n"
	"manyhands_json_end:\n"
	".byte 0\n"
	".previous\n");
extern const char manyhands_json[], manyhands_json_end[];

static const char open_json[] =
	"{\"realms\": [{\"name\": \"realm1\", \"roles\": ["
	"{\"name\": \"anonymous\", \"permissions\": [{\"uri\": \"\","
	" \"match\": \"prefix\", \"allow\": {\"call\": true,"
	" \"register\": true, \"publish\": true, \"subscribe\": true},"
	" \"disclose\": {\"caller\": true, \"publisher\": true}}],"
	" \"limits\": {\"subscriptions\": 0, \"patterns\": 0,"
	" \"registrations\": 0, \"calls\": 0, \"held_bytes\": 268435456,"
	" \"output_bytes\": 67108864, \"backpressure\": true}}]}],"
	" \"transports\": [{\"type\": \"web\", \"endpoint\":"
	" {\"type\": \"tcp\","
	" \"interface\": \"0.0.0.0\", \"port\": 8080},"
	" \"paths\": {\"ws\": {\"type\": \"websocket\"}}}]}";

void config_deinit(struct config *c)
{
	for (unsigned i = 0; i < c->realm_count; i++)
		realm_config_deinit(&c->realms[i]);
	for (unsigned i = 0; i < c->transport_count; i++)
		transport_config_deinit(&c->transports[i]);
	free(c->realms);
	free(c->transports);
	*c = (struct config){ .realm_count = 0 };
}

char *config_file_name(struct cfg *c, const char *key, const char *name)
{
	size_t size = strlen(c->dir) + strlen(name) + 2;
	char *out = malloc(size);

	if (!out) {
		cfg_fail(c, key, "out of memory");
		return NULL;
	}
	out[0] = '\0';
	if (name[0] != '/') {
		strcpy(out, c->dir);
		strcat(out, "/");
	}
	strcat(out, name);
	return out;
}

/* --- what belongs together ----------------------------------------------- */

/* Two that listen at one port can not be opened both. */
static void check_endpoint(struct cfg *c, const struct config *config,
			   unsigned index)
{
	for (unsigned i = 0; i < index; i++)
		if (config_same_port(&config->transports[i],
				     &config->transports[index]))
			cfg_fail(c, "endpoint", "transports[%u] listens at "
						"port %u already", i,
				 config->transports[i].port);
}

/* Nodes may be there for their pages only. */
static void check(struct cfg *c, const struct config *config, bool is_node)
{
	if (!config->realm_count && is_node)
		cfg_warn(c, "workers", "nobody may join: there are no realms");
	else if (!config->realm_count)
		cfg_fail(c, "realms", "at least one is wanted");
	if (!config->transport_count)
		cfg_fail(c, "transports", "at least one is wanted");
	for (unsigned i = 0; i < config->realm_count; i++)
		for (unsigned j = 0; j < i; j++)
			if (!strcmp(config->realms[i].name,
				    config->realms[j].name))
				cfg_fail(c, "realms", "%s is there twice",
					 config->realms[i].name);
	for (unsigned i = 0; i < config->transport_count; i++) {
		unsigned length = cfg_enter(c, "transports");

		cfg_enter_index(c, i);
		check_endpoint(c, config, i);
		config_check_auth(c, config,
				  &config->transports[i].authn);
		config_check_bridges(c, config, &config->transports[i]);
		cfg_leave(c, length);
	}
}

/* --- reading ------------------------------------------------------------- */

/* A transport that nobody here speaks, and what another worker has, too, were
 * read as empty ones. */
static void leave_out_foreign(struct config *out)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < out->transport_count; i++) {
		if (out->transports[i].foreign)
			transport_config_deinit(&out->transports[i]);
		else
			out->transports[kept++] = out->transports[i];
	}
	out->transport_count = kept;
	kept = 0;
	for (unsigned i = 0; i < out->realm_count; i++) {
		if (out->realms[i].name)
			out->realms[kept++] = out->realms[i];
		else
			realm_config_deinit(&out->realms[i]);
	}
	out->realm_count = kept;
}

static void read_all(struct cfg *c, const json_t *json, struct config *out)
{
	const json_t *workers = json_object_get(json, "workers");
	unsigned long long version = 2;
	struct config_parts parts = { .out = out };
	const char *keys = workers ? "version workers $schema"
				   : "version realms transports $schema";

	if (!cfg_object_but(c, json, keys, "controller"))
		return;
	if (cfg_uint(c, json, "version", false, 2, &version) && version != 2)
		cfg_fail(c, "version", "accepted is 2; what is older, "
				       "`crossbar upgrade` makes it");
	if (workers)
		config_read_workers(c, workers, &parts);
	else
		config_read_worker_parts(c, json, true, &parts);
	out->realms = parts.realms;
	out->transports = parts.transports;
	if (!c->mistakes)
		leave_out_foreign(out);
	if (!c->mistakes)
		check(c, out, workers != NULL);
}

static int read_text(struct config *out, const char *text, size_t length,
		     const char *file, const char *dir, struct buf *notes,
		     struct why *why)
{
	struct cfg c = { .why = why, .notes = notes, .file = file,
			 .dir = dir };
	json_error_t error;
	json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES,
				  &error);

	*out = (struct config){ .realm_count = 0 };
	if (!json)
		return why_set(why, ERR_USAGE, "%s: line %d: %s", file,
			       error.line, error.text);
	read_all(&c, json, out);
	json_decref(json);
	if (c.mistakes)
		config_deinit(out);
	return c.mistakes ? ERR_USAGE : 0;
}

static int read_whole(const char *file, char **text, size_t *length,
		      struct why *why)
{
	enum { CONFIG_BYTES_MAX = 1 << 20 };
	FILE *f = fopen(file, "re");
	char *data = f ? malloc(CONFIG_BYTES_MAX + 1) : NULL;
	bool failed;

	if (!f)
		return why_set(why, ERR_USAGE, "%s: can not be read", file);
	*length = data ? fread(data, 1, CONFIG_BYTES_MAX + 1, f) : 0;
	failed = !data || ferror(f);
	fclose(f);
	if (failed || *length > CONFIG_BYTES_MAX) {
		free(data);
		return why_set(why, ERR_USAGE,
			       "%s: can not be read, or is over 1 MiB", file);
	}
	*text = data;
	return 0;
}

int config_load(struct config *c, const char *file, struct why *why)
{
	return config_load_noted(c, file, NULL, why);
}

int config_load_noted(struct config *c, const char *file, struct buf *notes,
		      struct why *why)
{
	const char *slash = strrchr(file, '/');
	char *text = NULL, *dir;
	size_t length = 0;
	int err = read_whole(file, &text, &length, why);

	if (err)
		return err;
	dir = slash ? strndup(file, (size_t)(slash - file)) : strdup(".");
	if (dir)
		err = read_text(c, text, length, file, dir, notes,
				why);
	else
		err = why_set(why, ERR_NOMEM, "out of memory");
	free(dir);
	free(text);
	return err;
}

int config_default(struct config *c, bool open, struct why *why)
{
	if (open)
		return read_text(c, open_json, sizeof open_json - 1,
				 "built-in", NULL, NULL, why);
	return read_text(c, manyhands_json,
			 (size_t)(manyhands_json_end - manyhands_json),
			 "built-in", NULL, NULL, why);
}
