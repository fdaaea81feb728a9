#include "wamp/value.h"

#include <assert.h>
#include <string.h>

enum { FIRST_CAP = 4 };

struct value value_null(void)
{
	return (struct value){ .type = VALUE_NULL };
}

struct value value_bool(bool b)
{
	return (struct value){ .type = VALUE_BOOL, .boolean = b };
}

struct value value_int(int64_t i)
{
	return (struct value){ .type = VALUE_INT, .integer = i };
}

struct value value_uint(uint64_t u)
{
	if (u <= INT64_MAX)
		return value_int((int64_t)u);
	return (struct value){ .type = VALUE_UINT, .uinteger = u };
}

struct value value_real(double d)
{
	return (struct value){ .type = VALUE_REAL, .real = d };
}

struct value value_str(const char *s)
{
	return value_text(bytes_str(s));
}

struct value value_text(struct bytes text)
{
	return (struct value){ .type = VALUE_STR, .str = text };
}

struct value value_big(struct bytes decimal)
{
	return (struct value){ .type = VALUE_BIG, .str = decimal };
}

struct value value_bin(struct bytes binary)
{
	return (struct value){ .type = VALUE_BIN, .str = binary };
}

struct value value_list(void)
{
	return (struct value){ .type = VALUE_LIST };
}

struct value value_dict(void)
{
	return (struct value){ .type = VALUE_DICT };
}

/* Room for one more of `size` bytes: doubles the array, in the arena. */
static void *grown(struct arena *a, const void *old, uint32_t count,
		   uint32_t *cap, size_t size)
{
	uint32_t want = *cap ? *cap * 2 : FIRST_CAP;
	void *fresh;

	if (*cap > UINT32_MAX / 2)
		return NULL;
	fresh = arena_array(a, want, size);
	if (!fresh)
		return NULL;
	if (count)
		memcpy(fresh, old, count * size);
	*cap = want;
	return fresh;
}

int list_add(struct arena *a, struct value *list, struct value v)
{
	assert(list->type == VALUE_LIST);
	if (list->list.count == list->list.cap) {
		struct value *items =
			grown(a, list->list.items, list->list.count,
			      &list->list.cap, sizeof *items);

		if (!items)
			return ERR_NOMEM;
		list->list.items = items;
	}
	list->list.items[list->list.count++] = v;
	return 0;
}

int dict_add(struct arena *a, struct value *dict, struct bytes key,
	     struct value v)
{
	assert(dict->type == VALUE_DICT);
	if (dict->dict.count == dict->dict.cap) {
		struct value_pair *pairs =
			grown(a, dict->dict.pairs, dict->dict.count,
			      &dict->dict.cap, sizeof *pairs);

		if (!pairs)
			return ERR_NOMEM;
		dict->dict.pairs = pairs;
	}
	dict->dict.pairs[dict->dict.count++] =
		(struct value_pair){ .key = key, .value = v };
	return 0;
}

static struct value *find(const struct value *dict, struct bytes key)
{
	for (uint32_t i = 0; i < dict->dict.count; i++)
		if (bytes_equal(dict->dict.pairs[i].key, key))
			return &dict->dict.pairs[i].value;
	return NULL;
}

int dict_set(struct arena *a, struct value *dict, const char *key,
	     struct value v)
{
	struct value *there;

	assert(dict->type == VALUE_DICT);
	there = find(dict, bytes_str(key));
	if (!there)
		return dict_add(a, dict, bytes_str(key), v);
	*there = v;
	return 0;
}

const struct value *dict_get(const struct value *dict, const char *key)
{
	if (!dict || dict->type != VALUE_DICT)
		return NULL;
	return find(dict, bytes_str(key));
}

const struct value *list_at(const struct value *list, uint32_t i)
{
	if (!list || list->type != VALUE_LIST || i >= list->list.count)
		return NULL;
	return &list->list.items[i];
}

uint32_t value_count(const struct value *v)
{
	if (v && v->type == VALUE_LIST)
		return v->list.count;
	if (v && v->type == VALUE_DICT)
		return v->dict.count;
	return 0;
}

bool value_get_bool(const struct value *v, bool *out)
{
	if (!v || v->type != VALUE_BOOL)
		return false;
	*out = v->boolean;
	return true;
}

bool value_get_int(const struct value *v, int64_t *out)
{
	if (!v || v->type != VALUE_INT)
		return false;
	*out = v->integer;
	return true;
}

bool value_get_uint(const struct value *v, uint64_t *out)
{
	if (v && v->type == VALUE_UINT)
		*out = v->uinteger;
	else if (v && v->type == VALUE_INT && v->integer >= 0)
		*out = (uint64_t)v->integer;
	else
		return false;
	return true;
}

bool value_get_real(const struct value *v, double *out)
{
	if (v && v->type == VALUE_REAL)
		*out = v->real;
	else if (v && v->type == VALUE_INT)
		*out = (double)v->integer;
	else if (v && v->type == VALUE_UINT)
		*out = (double)v->uinteger;
	else
		return false;
	return true;
}

bool value_get_str(const struct value *v, struct bytes *out)
{
	if (!v || v->type != VALUE_STR)
		return false;
	*out = v->str;
	return true;
}

bool value_get_bin(const struct value *v, struct bytes *out)
{
	if (!v || v->type != VALUE_BIN)
		return false;
	*out = v->str;
	return true;
}

bool value_get_range(const struct value *v, uint64_t min, uint64_t max,
		     uint64_t *out)
{
	uint64_t u;

	if (!value_get_uint(v, &u) || u < min || u > max)
		return false;
	*out = u;
	return true;
}

bool value_get_id(const struct value *v, uint64_t min, uint64_t *out)
{
	static const double max = 1ULL << 53;

	if (v && v->type == VALUE_REAL && v->real > UINT32_MAX &&
	    v->real <= max && v->real == (double)(uint64_t)v->real) {
		*out = (uint64_t)v->real;
		return true;
	}
	return value_get_range(v, min, 1ULL << 53, out);
}

bool value_is_true(const struct value *v)
{
	return v && v->type == VALUE_BOOL && v->boolean;
}

static bool copy_bytes(struct arena *a, struct bytes from, struct bytes *to)
{
	char *copy = arena_str(a, from);

	*to = bytes_of(copy, from.len);
	return copy != NULL;
}

static bool copy_into(struct arena *a, const struct value *v, unsigned depth,
		      struct value *out);

static bool copy_list(struct arena *a, const struct value *v, unsigned depth,
		      struct value *out)
{
	uint32_t n = v->list.count;

	out->list.items = arena_array(a, n, sizeof *out->list.items);
	out->list.count = out->list.cap = n;
	for (uint32_t i = 0; out->list.items && i < n; i++)
		if (!copy_into(a, &v->list.items[i], depth,
			       &out->list.items[i]))
			return false;
	return out->list.items != NULL;
}

static bool copy_dict(struct arena *a, const struct value *v, unsigned depth,
		      struct value *out)
{
	uint32_t n = v->dict.count;

	out->dict.pairs = arena_array(a, n, sizeof *out->dict.pairs);
	out->dict.count = out->dict.cap = n;
	for (uint32_t i = 0; out->dict.pairs && i < n; i++) {
		const struct value_pair *from = &v->dict.pairs[i];
		struct value_pair *to = &out->dict.pairs[i];

		if (!copy_bytes(a, from->key, &to->key) ||
		    !copy_into(a, &from->value, depth, &to->value))
			return false;
	}
	return out->dict.pairs != NULL;
}

static bool copy_into(struct arena *a, const struct value *v, unsigned depth,
		      struct value *out)
{
	if (depth > VALUE_DEPTH_MAX)
		return false;
	*out = *v;
	switch (v->type) {
	case VALUE_BIG:
	case VALUE_STR:
	case VALUE_BIN:
		return copy_bytes(a, v->str, &out->str);
	case VALUE_LIST:
		return copy_list(a, v, depth + 1, out);
	case VALUE_DICT:
		return copy_dict(a, v, depth + 1, out);
	default:
		return true;
	}
}

struct value *value_copy(struct arena *a, const struct value *v)
{
	struct value *out = arena_alloc(a, sizeof *out);

	return out && copy_into(a, v, 0, out) ? out : NULL;
}

static bool lists_equal(const struct value *a, const struct value *b)
{
	if (a->list.count != b->list.count)
		return false;
	for (uint32_t i = 0; i < a->list.count; i++)
		if (!value_equal(&a->list.items[i], &b->list.items[i]))
			return false;
	return true;
}

static bool dicts_equal(const struct value *a, const struct value *b)
{
	if (a->dict.count != b->dict.count)
		return false;
	for (uint32_t i = 0; i < a->dict.count; i++) {
		const struct value_pair *pair = &a->dict.pairs[i];
		const struct value *other = find(b, pair->key);

		if (!other || !value_equal(&pair->value, other))
			return false;
	}
	return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_INT:
		return a->integer == b->integer;
	case VALUE_UINT:
		return a->uinteger == b->uinteger;
	case VALUE_REAL:
		return memcmp(&a->real, &b->real, sizeof a->real) == 0;
	case VALUE_BIG:
	case VALUE_STR:
	case VALUE_BIN:
		return bytes_equal(a->str, b->str);
	case VALUE_LIST:
		return lists_equal(a, b);
	case VALUE_DICT:
		return dicts_equal(a, b);
	}
	return false;
}
