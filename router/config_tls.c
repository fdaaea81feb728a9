#include "router/config_tls.h"

#include <stdlib.h>

#include "router/config_parts.h"

static char *read_file_name(struct cfg *c, const json_t *json,
			    const char *key)
{
	char *name = NULL, *file = NULL;

	cfg_string(c, json, key, true, &name);
	if (name && c->dir)
		file = config_file_name(c, key, name);
	free(name);
	return file;
}

static void read_listed(struct cfg *c, const json_t *json, void *item,
			void *ctx)
{
	char **file = item;

	(void)ctx;
	if (!json_is_string(json))
		cfg_fail(c, NULL, "a file's name is wanted");
	else if (c->dir)
		*file = config_file_name(c, NULL, json_string_value(json));
}

static void free_list(const char *const *list)
{
	for (unsigned i = 0; list && list[i]; i++)
		free((void *)list[i]);
	free((void *)list);
}

static void free_items(char **items, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		free(items[i]);
	free(items);
}

/* As a list with NULL at its end; NULL: none is there, or a mistake. */
static const char *const *read_list(struct cfg *c, const json_t *json,
				    const char *key)
{
	void *found = NULL;
	unsigned count = 0;
	char **ended;

	cfg_list(c, json, key, false, read_listed, NULL, sizeof *ended, &found,
		 &count);
	if (c->err || !count) {
		free_items(found, count);
		return NULL;
	}
	ended = realloc(found, (count + 1) * sizeof *ended);
	if (!ended) {
		free_items(found, count);
		cfg_fail(c, key, "out of memory");
		return NULL;
	}
	ended[count] = NULL;
	return (const char *const *)ended;
}

/* Do these files go together? */
static void try(struct cfg *c, const struct tls_files *f)
{
	struct why why = { "" };
	struct tls *t;

	if (c->err || !f->certificate || !f->key)
		return;
	t = tls_server_new(f, &why);
	if (!t)
		cfg_fail(c, NULL, "%s", why.text);
	tls_free(t);
}

static void read_members(struct cfg *c, const json_t *json,
			 struct tls_files *f)
{
	char *ciphers = NULL;

	if (!cfg_object_but(c, json,
			    "certificate key chain_certificates "
			    "ca_certificates ciphers",
			    "dhparam"))
		return;
	f->certificate = read_file_name(c, json, "certificate");
	f->key = read_file_name(c, json, "key");
	f->chain = read_list(c, json, "chain_certificates");
	f->ca = read_list(c, json, "ca_certificates");
	cfg_string(c, json, "ciphers", false, &ciphers);
	f->ciphers = ciphers;
	try(c, f);
}

void config_read_tls(struct cfg *c, const json_t *endpoint,
		     struct tls_files **out)
{
	const json_t *json = cfg_member(c, endpoint, "tls", false);
	unsigned length;

	if (!json)
		return;
	*out = calloc(1, sizeof **out);
	if (!*out) {
		cfg_fail(c, "tls", "out of memory");
		return;
	}
	length = cfg_enter(c, "tls");
	read_members(c, json, *out);
	cfg_leave(c, length);
}

void config_free_tls(struct tls_files *f)
{
	if (!f)
		return;
	free((void *)f->certificate);
	free((void *)f->key);
	free((void *)f->ciphers);
	free_list(f->chain);
	free_list(f->ca);
	free(f);
}
