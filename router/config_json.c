#include "router/config_json.h"

#include <stdio.h>
#include <stdint.h>
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

/* "FILE: path.key: text" */
static void place(const struct cfg *c, const char *key, const char *text,
		  struct why *out)
{
	(void)why_set(out, 0, "%s: %s%s%s%s%s", c->file, c->path,
		      key && *c->path ? "." : "", key ? key : "",
		      key || *c->path ? ": " : "", text);
}

/* As place, but as long as it is. */
static void note(struct cfg *c, const char *key, const char *text)
{
	if (!c->notes || c->note_count++ >= CFG_NOTES_MAX)
		return;
	buf_printf(c->notes, "%s: %s%s%s%s%s\n", c->file, c->path,
		   key && *c->path ? "." : "", key ? key : "",
		   key || *c->path ? ": " : "", text);
}

void cfg_fail(struct cfg *c, const char *key, const char *fmt, ...)
{
	char text[400];
	struct why line;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	place(c, key, text, &line);
	note(c, key, text);
	if (!c->mistakes++ && c->why)
		*c->why = line;
	c->err = ERR_USAGE;
}

void cfg_warn(struct cfg *c, const char *key, const char *fmt, ...)
{
	char text[400] = "warning: ";
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + 9, sizeof text - 9, fmt, args);
	va_end(args);
	note(c, key, text);
}

/* Is the word one of the blank-separated ones? */
static bool is_among(const char *word, const char *words)
{
	size_t length = strlen(word);

	while (*words) {
		size_t n = strcspn(words, " ");

		if (n && n == length && !memcmp(words, word, n))
			return true;
		words += n;
		words += strspn(words, " ");
	}
	return false;
}

/* How many letters have to be added, left out or changed (Levenshtein). */
static size_t distance(const char *a, const char *b, size_t b_len)
{
	enum { KEY_MAX = 40 };
	size_t row[KEY_MAX + 1], a_len = strlen(a);

	if (a_len > KEY_MAX || b_len > KEY_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			size_t above = row[j], best;

			best = corner + (a[i - 1] != b[j - 1]);
			best = above + 1 < best ? above + 1 : best;
			row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			corner = above;
		}
	}
	return row[b_len];
}

/* The word that was meant, most likely; its length, 0: none is near. */
static int nearest(const char *key, const char *words, const char **out)
{
	size_t best = 3, limit = strlen(key) / 2 + 1;
	int length = 0;

	if (best > limit)
		best = limit;
	while (*words) {
		size_t n = strcspn(words, " "), far = distance(key, words, n);

		if (n && far < best) {
			best = far;
			*out = words;
			length = (int)n;
		}
		words += n;
		words += strspn(words, " ");
	}
	return length;
}

static void unknown_key(struct cfg *c, const char *key, const char *keys)
{
	const char *meant = NULL;
	int length = nearest(key, keys, &meant);

	if (length)
		cfg_fail(c, key, "unknown key; is %.*s meant? accepted are: "
				 "%s", length, meant, keys);
	else
		cfg_fail(c, key, "unknown key; accepted are: %s",
			 *keys ? keys : "none");
}

/* One more without effect; a warning has room for some. */
static void add_idle(struct cfg *c, char *found, size_t size, const char *key)
{
	size_t length = strlen(found);

	if (length && length + strlen(key) + 3 > size) {
		cfg_warn(c, NULL, "without effect here: %s", found);
		length = 0;
	}
	snprintf(found + length, size - length, "%s%s", length ? ", " : "",
		 key);
}

bool cfg_object_but(struct cfg *c, const json_t *json, const char *keys,
		    const char *idle)
{
	char found[256] = "";
	const char *key;
	json_t *value;

	if (!json_is_object(json)) {
		cfg_fail(c, NULL, "an object is wanted, with %s", keys);
		return false;
	}
	json_object_foreach((json_t *)json, key, value) {
		if (is_among(key, idle))
			add_idle(c, found, sizeof found, key);
		else if (!is_among(key, keys))
			unknown_key(c, key, keys);
	}
	if (*found)
		cfg_warn(c, NULL, "without effect here: %s", found);
	return true;
}

bool cfg_object(struct cfg *c, const json_t *json, const char *keys)
{
	return cfg_object_but(c, json, keys, "");
}

json_t *cfg_member(struct cfg *c, const json_t *json, const char *key,
		   bool wanted)
{
	json_t *value = json_object_get(json, key);

	if (!value && wanted)
		cfg_fail(c, key, "is missing");
	return value;
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

/* The NAME of ${NAME}, or of $NAME when `bare` is accepted, too; its length,
 * 0: it is not written like that. */
static size_t env_name(const char *text, bool bare, const char **name)
{
	size_t length = strlen(text);

	if (length > 3 && !strncmp(text, "${", 2) && text[length - 1] == '}') {
		*name = text + 2;
		return length - 3;
	}
	*name = text + 1;
	return bare && length > 1 && text[0] == '$' ? length - 1 : 0;
}

void cfg_from_env(struct cfg *c, const char *key, bool bare, char **text)
{
	const char *name, *value;
	size_t length = *text ? env_name(*text, bare, &name) : 0;
	char *copy = length ? strndup(name, length) : NULL;

	if (!length)
		return;
	value = copy ? getenv(copy) : NULL;
	if (!value)
		cfg_fail(c, key, "there is no %s in the environment",
			 copy ? copy : *text);
	free(copy);
	free(*text);
	*text = value ? strdup(value) : NULL;
	if (value && !*text)
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
	int before = c->err;

	if (list && !json_is_array(list))
		cfg_fail(c, NULL, "a list is wanted");
	for (size_t i = 0; list && i < json_array_size(list); i++) {
		char *more = realloc(*items, (*count + 1) * size);
		unsigned inner = cfg_enter_index(c, i);

		if (!more) {
			cfg_fail(c, NULL, "out of memory");
			break;
		}
		*items = more;
		memset(more + *count * size, 0, size);
		c->err = 0;
		fn(c, json_array_get(list, i), more + (*count)++ * size, ctx);
		before = before ? before : c->err;
		cfg_leave(c, inner);
	}
	c->err = c->err ? c->err : before;
	cfg_leave(c, length);
}
