#include "router/uri_map.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS_MIN = 16 };

static uint64_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0x9fb21c651e98df25u;
	h ^= h >> 28;
	return h;
}

/* A keyed mix of eight bytes at a time. */
static uint32_t hash_of(const struct uri_map *map, enum uri_match match,
			struct bytes uri)
{
	uint64_t h = map->seed ^ (uint64_t)match << 56 ^ uri.len, word;
	size_t i = 0;

	for (; i + sizeof word <= uri.len; i += sizeof word) {
		memcpy(&word, uri.data + i, sizeof word);
		h = mix(h ^ word);
	}
	word = 0;
	if (i < uri.len)
		memcpy(&word, uri.data + i, uri.len - i);
	return (uint32_t)mix(mix(h ^ word) + map->seed);
}

static uint16_t dots_in(struct bytes uri)
{
	uint16_t dots = 0;

	for (size_t i = 0; i < uri.len; i++)
		dots = (uint16_t)(dots + (uri.data[i] == '.'));
	return dots;
}

void uri_map_init(struct uri_map *map, uint64_t seed)
{
	*map = (struct uri_map){ .seed = seed };
}

static void free_chain(struct uri_entry *e)
{
	while (e) {
		struct uri_entry *next = e->next;

		free(e);
		e = next;
	}
}

void uri_map_deinit(struct uri_map *map)
{
	for (size_t i = 0; i < map->bucket_count; i++)
		free_chain(map->buckets[i]);
	free(map->buckets);
	free_chain(map->wildcards);
	uri_map_init(map, map->seed);
}

static int grow(struct uri_map *map)
{
	size_t count = map->bucket_count ? 2 * map->bucket_count : BUCKETS_MIN;
	struct uri_entry **buckets = calloc(count, sizeof *buckets);

	if (!buckets)
		return ERR_NOMEM;
	for (size_t i = 0; i < map->bucket_count; i++) {
		struct uri_entry *e = map->buckets[i], *next;

		for (; e; e = next) {
			struct uri_entry **to = &buckets[e->hash & (count - 1)];

			next = e->next;
			e->next = *to;
			*to = e;
		}
	}
	free(map->buckets);
	map->buckets = buckets;
	map->bucket_count = count;
	return 0;
}

/* Where the entry's pointer is, or where the chain ends. */
static struct uri_entry **place(struct uri_map *map, enum uri_match match,
				struct bytes uri)
{
	uint32_t hash = hash_of(map, match, uri);
	struct uri_entry **at = &map->wildcards;

	if (match != URI_WILDCARD) {
		if (!map->bucket_count)
			return NULL;
		at = &map->buckets[hash & (map->bucket_count - 1)];
	}
	while (*at && !((*at)->hash == hash && (*at)->match == match &&
			bytes_equal((*at)->uri, uri)))
		at = &(*at)->next;
	return at;
}

static void count_pattern(struct uri_map *map, const struct uri_entry *e,
			  uint32_t by)
{
	if (e->match == URI_WILDCARD)
		map->wildcard_count += by;
	if (e->match != URI_PREFIX)
		return;
	map->prefix_count += by;
	map->prefixes[e->uri.len] += by;
	if (by != 1)
		return; /* bounds that are too wide do no harm */
	if (map->prefix_count == 1 || e->uri.len < map->prefix_min)
		map->prefix_min = (uint16_t)e->uri.len;
	if (map->prefix_count == 1 || e->uri.len > map->prefix_max)
		map->prefix_max = (uint16_t)e->uri.len;
}

int uri_map_add(struct uri_map *map, enum uri_match match, struct bytes uri,
		void *item)
{
	struct uri_entry *e, **at;

	if (uri.len > URI_BYTES_MAX)
		return ERR_LIMIT;
	if (map->count >= map->bucket_count && grow(map))
		return ERR_NOMEM;
	e = malloc(sizeof *e);
	if (!e)
		return ERR_NOMEM;
	*e = (struct uri_entry){
		.uri = uri, .match = match, .item = item,
		.dots = dots_in(uri), .hash = hash_of(map, match, uri),
	};
	at = place(map, match, uri);
	assert(!*at);
	*at = e;
	map->count++;
	count_pattern(map, e, 1);
	return 0;
}

void *uri_map_get(const struct uri_map *map, enum uri_match match,
		  struct bytes uri)
{
	/* place() changes nothing; the cast only spares a twin of it. */
	struct uri_entry **at = place((struct uri_map *)map, match, uri);

	return at && *at ? (*at)->item : NULL;
}

void *uri_map_remove(struct uri_map *map, enum uri_match match,
		     struct bytes uri)
{
	struct uri_entry **at = place(map, match, uri), *e;
	void *item;

	if (!at || !*at)
		return NULL;
	e = *at;
	item = e->item;
	*at = e->next;
	map->count--;
	count_pattern(map, e, (uint32_t)-1);
	free(e);
	return item;
}

/* The next component of a pattern; false when there is none. */
static bool next_component(struct bytes *rest, bool *over, bool *wild)
{
	const uint8_t *dot;
	size_t len;

	if (*over)
		return false;
	dot = rest->len ? memchr(rest->data, '.', rest->len) : NULL;
	len = dot ? (size_t)(dot - rest->data) : rest->len;
	*wild = len == 0;
	*over = !dot;
	*rest = dot ? bytes_of(dot + 1, rest->len - len - 1)
		    : bytes_of(NULL, 0);
	return true;
}

/* They match the same URI, so they have as many components: the first place
 * where only one has a wildcard ends its portion earlier. */
bool uri_wildcard_beats(struct bytes a, struct bytes b)
{
	bool a_over = false, b_over = false, a_wild, b_wild;

	while (next_component(&a, &a_over, &a_wild) &&
	       next_component(&b, &b_over, &b_wild))
		if (a_wild != b_wild)
			return b_wild;
	return false;
}

static bool wildcard_applies(const struct uri_entry *e, struct bytes uri,
			     uint16_t dots)
{
	return e->dots == dots && uri_matches(e->uri, URI_WILDCARD, uri);
}

static void *best_prefix(const struct uri_map *map, struct bytes uri)
{
	size_t len = uri.len < map->prefix_max ? uri.len : map->prefix_max;
	void *item = NULL;

	if (!map->prefix_count)
		return NULL;
	for (len++; !item && len-- > map->prefix_min;)
		if (map->prefixes[len])
			item = uri_map_get(map, URI_PREFIX,
					   bytes_of(uri.data, len));
	return item;
}

void *uri_map_best_wildcard(const struct uri_map *map, struct bytes uri)
{
	const struct uri_entry *best = NULL;
	uint16_t dots = map->wildcard_count ? dots_in(uri) : 0;

	for (const struct uri_entry *e = map->wildcards; e; e = e->next)
		if (wildcard_applies(e, uri, dots) &&
		    (!best || uri_wildcard_beats(e->uri, best->uri)))
			best = e;
	return best ? best->item : NULL;
}

void *uri_map_best(const struct uri_map *map, struct bytes uri)
{
	void *item = uri_map_get(map, URI_EXACT, uri);

	if (!item)
		item = best_prefix(map, uri);
	return item ? item : uri_map_best_wildcard(map, uri);
}

void uri_map_matching(const struct uri_map *map, struct bytes uri,
		      uri_map_fn *fn, void *ctx)
{
	void *item = uri_map_get(map, URI_EXACT, uri);
	uint16_t dots = map->wildcard_count ? dots_in(uri) : 0;

	if (item)
		fn(ctx, item);
	for (size_t len = map->prefix_min;
	     map->prefix_count && len <= map->prefix_max && len <= uri.len;
	     len++) {
		item = map->prefixes[len] ?
			       uri_map_get(map, URI_PREFIX,
					   bytes_of(uri.data, len)) :
			       NULL;
		if (item)
			fn(ctx, item);
	}
	for (const struct uri_entry *e = map->wildcards; e; e = e->next)
		if (wildcard_applies(e, uri, dots))
			fn(ctx, e->item);
}

static void note_match(void *ctx, void *item)
{
	(void)item;
	*(bool *)ctx = true;
}

bool uri_map_matches_any(const struct uri_map *map, struct bytes uri)
{
	bool any = false;

	uri_map_matching(map, uri, note_match, &any);
	return any;
}
