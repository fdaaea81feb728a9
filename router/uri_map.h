/*
 * uri_map: (match policy, URI) -> item: the matching that registrations,
 * subscriptions and permissions share. Exact and prefix are found by hashing
 * (a prefix once per length that occurs), wildcards by going through those
 * with the same number of components. Spec: "Pattern-based Registrations",
 * "Pattern-based Subscription". May touch base and wamp/uri.
 */
#ifndef ROUTER_URI_MAP_H
#define ROUTER_URI_MAP_H

#include "base/err.h"
#include "wamp/uri.h"

struct uri_entry {
	struct bytes uri; /* borrowed from the item, which outlives it */
	enum uri_match match;
	uint16_t dots; /* wildcards: components less one */
	uint32_t hash;
	void *item;
	struct uri_entry *next;
};

struct uri_map {
	struct uri_entry **buckets; /* owned, with the entries */
	size_t bucket_count, count;
	uint32_t prefixes[URI_BYTES_MAX + 1]; /* how many of that length */
	uint16_t prefix_min, prefix_max;
	uint32_t prefix_count, wildcard_count;
	struct uri_entry *wildcards;
	uint64_t seed; /* so that nobody can choose URIs that collide */
};

void uri_map_init(struct uri_map *map, uint64_t seed);
void uri_map_deinit(struct uri_map *map); /* the items are not touched */

/* `uri` must not be there with this match. */
int uri_map_add(struct uri_map *map, enum uri_match match, struct bytes uri,
		void *item) MUST_CHECK;
/* NULL when not there, these three. */
void *uri_map_get(const struct uri_map *map, enum uri_match match,
		  struct bytes uri);
void *uri_map_remove(struct uri_map *map, enum uri_match match,
		     struct bytes uri);
/* The one that a concrete URI belongs to: exact, else the longest prefix,
 * else the wildcard with the longest first portion, and so on. */
void *uri_map_best(const struct uri_map *map, struct bytes uri);

/* The same, but of wildcards alone. */
void *uri_map_best_wildcard(const struct uri_map *map, struct bytes uri);

/* All that match a concrete URI, each one once: exact, prefixes from short to
 * long, wildcards. Nothing may be added or removed meanwhile. */
typedef void uri_map_fn(void *ctx, void *item);
void uri_map_matching(const struct uri_map *map, struct bytes uri,
		      uri_map_fn *fn, void *ctx);
bool uri_map_matches_any(const struct uri_map *map, struct bytes uri);

/* Of two wildcard patterns that match the same URI: is `a` the better? */
bool uri_wildcard_beats(struct bytes a, struct bytes b);

#endif
