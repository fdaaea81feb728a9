/*
 * config_json: reading JSON strictly: where we are in it, and every mistake.
 * For config*.c only; a home of jansson.
 *
 * After a mistake reading goes on, to find the others: `err` says only that
 * there was one in the item that is being read, so that checks which need it
 * whole are left out.
 */
#ifndef ROUTER_CONFIG_JSON_H
#define ROUTER_CONFIG_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

enum { CFG_NOTES_MAX = 200 };

struct cfg {
	struct why *why;   /* the first mistake */
	struct buf *notes; /* a line for each; may be NULL */
	unsigned note_count, mistakes;
	const char *file; /* for messages */
	const char *dir;  /* NULL: files named in it are left out */
	char path[256];   /* "realms[0].name" */
	int err;          /* of a mistake in this item */
	unsigned nested;  /* paths within paths, so far */
};

/* The place is a member, an element; then back to the length returned. */
unsigned cfg_enter(struct cfg *c, const char *key);
unsigned cfg_enter_index(struct cfg *c, size_t index);
void cfg_leave(struct cfg *c, unsigned length);

/* A mistake at this place, or at a member of it (key not NULL). */
void cfg_fail(struct cfg *c, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Something that is written there has no effect. */
void cfg_warn(struct cfg *c, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* It is an object; other keys than these, "uri match allow", are mistakes. */
bool cfg_object(struct cfg *c, const json_t *json, const char *keys);
/* Also these are known, but have no effect: one warning names them. */
bool cfg_object_but(struct cfg *c, const json_t *json, const char *keys,
		    const char *idle);
/* A member; a mistake when `wanted` and absent; NULL then, too. */
json_t *cfg_member(struct cfg *c, const json_t *json, const char *key,
		   bool wanted);
/* Members of a type; absent leaves *out. A string is a copy, to free. */
void cfg_string(struct cfg *c, const json_t *json, const char *key,
		bool wanted, char **out);
/* In place of a text "${NAME}" (and "$NAME" when `bare`) stands what the
 * environment has by that name; NULL: a mistake. */
void cfg_from_env(struct cfg *c, const char *key, bool bare, char **text);
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
