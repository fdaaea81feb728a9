#include "router/config_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned add(struct cfg *c, const char *text)
{
	size_t length = strlen(c->path);

	snprintf(c->path + length, sizeof c->path - length, "%s", text);
	return (unsigned)length;
}

unsigned cfg_enter(struct cfg *c, const char *key)
{
	unsigned length = (unsigned)strlen(c->path);

	if (length)
		add(c, ".");
	add(c, key);
	return length;
}

unsigned cfg_enter_index(struct cfg *c, size_t index)
{
	char text[24];

	snprintf(text, sizeof text, "[%zu]", index);
	return add(c, text);
}

void cfg_leave(struct cfg *c, unsigned length)
{
	c->path[length] = '\0';
}

void cfg_fail(struct cfg *c, const char *key, const char *fmt, ...)
{
	char text[200];
	va_list args;

	if (c->err)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	c->err = why_set(c->why, ERR_USAGE, "%s: %s%s%s%s%s", c->file,
			 c->path, key && *c->path ? "." : "", key ? key : "",
			 key || *c->path ? ": " : "", text);
}

/* Is the word one of the blank-separated ones? */
static bool is_among(const char *word, const char *words)
{
	size_t length = strlen(word);

	for (const char *at = words; (at = strstr(at, word)); at += length)
		if ((at == words || at[-1] == ' ') &&
		    (at[length] == ' ' || !at[length]))
			return length > 0;
	return false;
}

bool cfg_object(struct cfg *c, const json_t *json, const char *keys)
{
	const char *key;
	json_t *value;

	if (!json_is_object(json)) {
		cfg_fail(c, NULL, "an object is wanted, with %s", keys);
		return false;
	}
	json_object_foreach((json_t *)json, key, value) {
		if (!is_among(key, keys)) {
			cfg_fail(c, key, "unknown key; accepted are: %s",
				 keys);
			return false;
		}
	}
	return !c->err;
}

json_t *cfg_member(struct cfg *c, const json_t *json, const char *key,
		   bool wanted)
{
	json_t *value = json_object_get(json, key);

	if (!value && wanted)
		cfg_fail(c, key, "is missing");
	return c->err ? NULL : value;
}

void cfg_string(struct cfg *c, const json_t *json, const char *key,
		bool wanted, char **out)
{
	const json_t *value = cfg_member(c, json, key, wanted);

	if (!value)
		return;
	if (!json_is_string(value)) {
		cfg_fail(c, key, "a text is wanted");
		return;
	}
	free(*out);
	*out = strdup(json_string_value(value));
	if (!*out)
		cfg_fail(c, key, "out of memory");
}

void cfg_bool(struct cfg *c, const json_t *json, const char *key, bool *out)
{
	const json_t *value = cfg_member(c, json, key, false);

	if (value && !json_is_boolean(value))
		cfg_fail(c, key, "true or false is wanted");
	else if (value)
		*out = json_is_true(value);
}

bool cfg_uint(struct cfg *c, const json_t *json, const char *key, bool wanted,
	      unsigned long long max, unsigned long long *out)
{
	const json_t *value = cfg_member(c, json, key, wanted);

	if (!value)
		return false;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (unsigned long long)json_integer_value(value) > max) {
		cfg_fail(c, key, "an integer from 0 to %llu is wanted", max);
		return false;
	}
	*out = (unsigned long long)json_integer_value(value);
	return true;
}

void cfg_type(struct cfg *c, const json_t *json, const char *accepted)
{
	const json_t *value = cfg_member(c, json, "type", true);

	if (value && (!json_is_string(value) ||
		      !is_among(json_string_value(value), accepted)))
		cfg_fail(c, "type", "accepted are: %s", accepted);
}

void cfg_list(struct cfg *c, const json_t *json, const char *key, bool wanted,
	      cfg_item_fn *fn, void *ctx, size_t size, void **items,
	      unsigned *count)
{
	const json_t *list = cfg_member(c, json, key, wanted);
	unsigned length = cfg_enter(c, key);

	if (list && !json_is_array(list))
		cfg_fail(c, NULL, "a list is wanted");
	for (size_t i = 0; list && !c->err && i < json_array_size(list);
	     i++) {
		char *more = realloc(*items, (*count + 1) * size);
		unsigned inner = cfg_enter_index(c, i);

		if (!more) {
			cfg_fail(c, NULL, "out of memory");
			return;
		}
		*items = more;
		memset(more + *count * size, 0, size);
		fn(c, json_array_get(list, i), more + (*count)++ * size, ctx);
		cfg_leave(c, inner);
	}
	cfg_leave(c, length);
}
