#include "router/audience.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "router/role.h"

static int compare_ids(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int compare_texts(const void *a, const void *b)
{
	return bytes_compare(*(const struct bytes *)a,
			     *(const struct bytes *)b);
}

/* 1: it is a list; 0: absent (or null); ERR_USAGE. */
static int is_list(const struct value *v)
{
	if (!v || v->type == VALUE_NULL)
		return 0;
	return v->type == VALUE_LIST ? 1 : ERR_USAGE;
}

static int read_ids(struct sorted_ids *out, struct arena *arena,
		    const struct value *options, const char *key)
{
	const struct value *list = dict_get(options, key);
	int given = is_list(list);

	*out = (struct sorted_ids){ .given = given == 1 };
	if (given <= 0)
		return given;
	out->count = value_count(list);
	out->ids = arena_array(arena, out->count, sizeof *out->ids);
	if (!out->ids)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < out->count; i++)
		if (!value_get_id(list_at(list, i), 0, &out->ids[i]))
			return ERR_USAGE;
	if (out->count)
		qsort(out->ids, out->count, sizeof *out->ids, compare_ids);
	return 0;
}

static int read_texts(struct sorted_texts *out, struct arena *arena,
		      const struct value *options, const char *key)
{
	const struct value *list = dict_get(options, key);
	int given = is_list(list);

	*out = (struct sorted_texts){ .given = given == 1 };
	if (given <= 0)
		return given;
	out->count = value_count(list);
	out->texts = arena_array(arena, out->count, sizeof *out->texts);
	if (!out->texts)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < out->count; i++)
		if (!value_get_str(list_at(list, i), &out->texts[i]))
			return ERR_USAGE;
	if (out->count)
		qsort(out->texts, out->count, sizeof *out->texts,
		      compare_texts);
	return 0;
}

int audience_read(struct audience *a, struct arena *arena,
		  const struct value *options,
		  const struct session *publisher)
{
	bool exclude_me = true;
	int err;

	(void)value_get_bool(dict_get(options, "exclude_me"), &exclude_me);
	*a = (struct audience){ .excluded = exclude_me ? publisher->id : 0 };
	err = read_ids(&a->exclude, arena, options, "exclude");
	if (!err)
		err = read_ids(&a->eligible, arena, options, "eligible");
	if (!err)
		err = read_texts(&a->exclude_authid, arena, options,
				 "exclude_authid");
	if (!err)
		err = read_texts(&a->exclude_authrole, arena, options,
				 "exclude_authrole");
	if (!err)
		err = read_texts(&a->eligible_authid, arena, options,
				 "eligible_authid");
	if (!err)
		err = read_texts(&a->eligible_authrole, arena, options,
				 "eligible_authrole");
	a->is_everybody = !a->exclude.given && !a->eligible.given &&
			  !a->exclude_authid.given &&
			  !a->exclude_authrole.given &&
			  !a->eligible_authid.given &&
			  !a->eligible_authrole.given;
	return err;
}

static bool has_id(const struct sorted_ids *list, uint64_t id)
{
	return list->count &&
	       bsearch(&id, list->ids, list->count, sizeof id, compare_ids);
}

static bool has_text(const struct sorted_texts *list, const char *text)
{
	struct bytes key = bytes_str(text);

	return list->count && bsearch(&key, list->texts, list->count,
				      sizeof key, compare_texts);
}

bool audience_has_identity(const struct audience *a, const struct session *s)
{
	const char *authrole;

	if (a->is_everybody)
		return true;
	authrole = role_name(s->role);
	if ((a->eligible_authid.given &&
	     !has_text(&a->eligible_authid, s->authid)) ||
	    (a->eligible_authrole.given &&
	     !has_text(&a->eligible_authrole, authrole)))
		return false;
	return !has_text(&a->exclude_authid, s->authid) &&
	       !has_text(&a->exclude_authrole, authrole);
}

bool audience_lists_have(const struct audience *a, const struct session *s)
{
	return (!a->eligible.given || has_id(&a->eligible, s->id)) &&
	       !has_id(&a->exclude, s->id) && audience_has_identity(a, s);
}

bool audience_names_sessions(const struct audience *a)
{
	return a->exclude.given || a->eligible.given;
}

/* --- copies -------------------------------------------------------------- */

enum { ID_LISTS = 2, TEXT_LISTS = 4 };

static const size_t id_lists[ID_LISTS] = {
	offsetof(struct audience, exclude),
	offsetof(struct audience, eligible),
};
static const size_t text_lists[TEXT_LISTS] = {
	offsetof(struct audience, exclude_authid),
	offsetof(struct audience, exclude_authrole),
	offsetof(struct audience, eligible_authid),
	offsetof(struct audience, eligible_authrole),
};

static const void *list_of(const struct audience *a, size_t offset)
{
	return (const char *)a + offset;
}

size_t audience_bytes(const struct audience *a)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < ID_LISTS; i++) {
		const struct sorted_ids *list = list_of(a, id_lists[i]);

		bytes += list->count * sizeof *list->ids;
	}
	for (unsigned i = 0; i < TEXT_LISTS; i++) {
		const struct sorted_texts *list = list_of(a, text_lists[i]);

		bytes += list->count * sizeof *list->texts;
		for (uint32_t j = 0; j < list->count; j++)
			bytes += list->texts[j].len;
	}
	return bytes;
}

static void *copy(uint8_t **at, const void *from, size_t len)
{
	void *to = *at;

	if (len)
		memcpy(to, from, len);
	*at += len;
	return to;
}

/* Arrays first, as they want to be aligned; then what the texts are. */
void audience_copy(struct audience *to, const struct audience *from,
		   void *memory)
{
	uint8_t *at = memory;

	*to = *from;
	for (unsigned i = 0; i < ID_LISTS; i++) {
		struct sorted_ids *list = (void *)list_of(to, id_lists[i]);

		list->ids = copy(&at, list->ids,
				 list->count * sizeof *list->ids);
	}
	for (unsigned i = 0; i < TEXT_LISTS; i++) {
		struct sorted_texts *list =
			(void *)list_of(to, text_lists[i]);

		list->texts = copy(&at, list->texts,
				   list->count * sizeof *list->texts);
	}
	for (unsigned i = 0; i < TEXT_LISTS; i++) {
		struct sorted_texts *list =
			(void *)list_of(to, text_lists[i]);

		for (uint32_t j = 0; j < list->count; j++)
			list->texts[j].data = copy(&at, list->texts[j].data,
						   list->texts[j].len);
	}
}
