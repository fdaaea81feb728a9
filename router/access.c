#include "router/access.h"

#include <stdlib.h>
#include <string.h>

void access_init(struct access *a, uint64_t seed)
{
	*a = (struct access){ .count = 0 };
	uri_map_init(&a->map, seed);
}

void access_deinit(struct access *a)
{
	for (unsigned i = 0; i < a->count; i++)
		free((void *)a->permissions[i].uri.data);
	free(a->permissions);
	uri_map_deinit(&a->map);
}

static int make_room(struct access *a)
{
	unsigned cap = a->cap ? 2 * a->cap : 8;
	struct permission *more;

	if (a->count < a->cap)
		return 0;
	more = realloc(a->permissions, cap * sizeof *more);
	if (!more)
		return ERR_NOMEM;
	a->permissions = more;
	a->cap = cap;
	return 0;
}

int access_add(struct access *a, const struct permission *p)
{
	uint8_t *copy;

	for (unsigned i = 0; i < a->count; i++)
		if (a->permissions[i].match == p->match &&
		    bytes_equal(a->permissions[i].uri, p->uri))
			return ERR_EXISTS;
	if (make_room(a))
		return ERR_NOMEM;
	copy = malloc(p->uri.len + 1);
	if (!copy)
		return ERR_NOMEM;
	if (p->uri.len)
		memcpy(copy, p->uri.data, p->uri.len);
	a->permissions[a->count] = *p;
	a->permissions[a->count++].uri = bytes_of(copy, p->uri.len);
	return 0;
}

void access_replace(struct access *a, const struct permission *p)
{
	for (unsigned i = 0; i < a->count; i++) {
		struct bytes uri = a->permissions[i].uri;

		if (a->permissions[i].match != p->match ||
		    !bytes_equal(uri, p->uri))
			continue;
		a->permissions[i] = *p;
		a->permissions[i].uri = uri;
	}
}

int access_seal(struct access *a)
{
	for (unsigned i = 0; i < a->count; i++) {
		struct permission *p = &a->permissions[i];
		int err = uri_map_add(&a->map, p->match, p->uri, p);

		if (err)
			return err;
	}
	return 0;
}

const struct permission *access_find(const struct access *a, struct bytes uri)
{
	void *found = uri_map_get(&a->map, URI_EXACT, uri);

	if (!found)
		found = uri_map_best_wildcard(&a->map, uri);
	return found ? found : uri_map_best(&a->map, uri);
}

struct grant access_grant(const struct access *a, enum action action,
			  struct bytes uri)
{
	const struct permission *p = access_find(a, uri);

	if (!p)
		return (struct grant){ .disclose = false };
	return (struct grant){
		.disclose = action == ACTION_CALL ? p->disclose_caller
						  : p->disclose_publisher,
		.has_trustlevel = p->has_trustlevel,
		.trustlevel = p->trustlevel,
	};
}

static bool allows(const struct permission *p, enum action action)
{
	return p->allow >> action & 1;
}

/* For every URI that both match: is `a` the one that decides? Only what is
 * certain counts, so that in doubt a pattern is denied. */
static bool decides_over(const struct permission *a,
			 const struct permission *b)
{
	if (a->match != b->match)
		return a->match == URI_EXACT || b->match == URI_PREFIX;
	if (a->match == URI_PREFIX)
		return a->uri.len > b->uri.len;
	return uri_wildcard_beats(a->uri, b->uri);
}

static bool denied_inside(const struct access *a, enum action action,
			  struct bytes uri, enum uri_match match,
			  const struct permission *covering)
{
	for (unsigned i = 0; i < a->count; i++) {
		const struct permission *p = &a->permissions[i];

		if (!allows(p, action) &&
		    uri_overlap(p->uri, p->match, uri, match) &&
		    !decides_over(covering, p))
			return true;
	}
	return false;
}

static bool pattern_allowed(const struct access *a, enum action action,
			    struct bytes uri, enum uri_match match)
{
	for (unsigned i = 0; i < a->count; i++) {
		const struct permission *p = &a->permissions[i];

		if (allows(p, action) &&
		    uri_covers(p->uri, p->match, uri, match) &&
		    !denied_inside(a, action, uri, match, p))
			return true;
	}
	return false;
}

bool access_allows(const struct access *a, enum action action,
		   struct bytes uri, enum uri_match match)
{
	const struct permission *p;

	if (match != URI_EXACT)
		return pattern_allowed(a, action, uri, match);
	p = access_find(a, uri);
	return p && allows(p, action);
}
