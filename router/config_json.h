/*
 * config_json: reading JSON strictly: where we are in it, and the first
 * mistake. For config*.c only; a home of jansson.
 */
#ifndef ROUTER_CONFIG_JSON_H
#define ROUTER_CONFIG_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

struct cfg {
	struct why *why;
	const char *file; /* for messages */
	const char *dir;  /* NULL: files named in it are left out */
	char path[160];   /* "realms[0].name" */
	int err;          /* the first mistake; then nothing is read */
};

/* The place is a member, an element; then back to the length returned. */
unsigned cfg_enter(struct cfg *c, const char *key);
unsigned cfg_enter_index(struct cfg *c, size_t index);
void cfg_leave(struct cfg *c, unsigned length);

/* A mistake at this place, or at a member of it (key not NULL). */
void cfg_fail(struct cfg *c, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* It is an object with no other keys than these, "uri match allow". */
bool cfg_object(struct cfg *c, const json_t *json, const char *keys);
/* A member; a mistake when `wanted` and absent; NULL then, too. */
json_t *cfg_member(struct cfg *c, const json_t *json, const char *key,
		   bool wanted);
/* Members of a type; absent leaves *out. A string is a copy, to free. */
void cfg_string(struct cfg *c, const json_t *json, const char *key,
		bool wanted, char **out);
void cfg_bool(struct cfg *c, const json_t *json, const char *key, bool *out);
/* false when absent. */
bool cfg_uint(struct cfg *c, const json_t *json, const char *key,
	      bool wanted, unsigned long long max, unsigned long long *out);
/* "static" and nothing else. */
void cfg_type(struct cfg *c, const json_t *json, const char *accepted);
/* A list's items, each in its place. `fn` reads one. Grows *items, of `size`
 * bytes each, zeroed. */
typedef void cfg_item_fn(struct cfg *c, const json_t *json, void *item,
			 void *ctx);
void cfg_list(struct cfg *c, const json_t *json, const char *key, bool wanted,
	      cfg_item_fn *fn, void *ctx, size_t size, void **items,
	      unsigned *count);

#endif
