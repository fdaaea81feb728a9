#include "wamp/walk.h"

#include <stdlib.h>
#include <string.h>

enum {
	PAIRWISE_MAX = 12, /* up to here comparing all pairs is quickest */
	PROBES_A_KEY = 8,  /* far more than chance would need */
	TEXT_BYTES_MAX = INT32_MAX,
};

int walk_init(struct walk *w, struct bytes text,
	      const struct wamp_limits *limits, struct bytes *elements)
{
	uint32_t depth_max = limits->depth_max;

	w->text = text;
	w->depth = 0;
	w->depth_max = depth_max < VALUE_DEPTH_MAX ? depth_max
						   : VALUE_DEPTH_MAX;
	w->budget = limits->elements_max < text.len ? limits->elements_max
						    : text.len;
	w->keys = w->inline_keys;
	w->key_count = 0;
	w->key_cap = WALK_KEYS_INLINE;
	buf_init(&w->scratch);
	w->elements = elements;
	w->element_count = 0;
	w->element_start = 0;
	return text.len > limits->bytes_max || text.len > TEXT_BYTES_MAX
		       ? ERR_LIMIT
		       : 0;
}

void walk_deinit(struct walk *w)
{
	if (w->keys != w->inline_keys)
		free(w->keys);
	buf_deinit(&w->scratch);
}

int walk_spend(struct walk *w, uint64_t count)
{
	if (count > w->budget)
		return ERR_LIMIT;
	w->budget -= count;
	return 0;
}

int walk_open(struct walk *w, bool dict, uint32_t left)
{
	if (w->depth == w->depth_max)
		return ERR_LIMIT;
	w->frames[w->depth++] = (struct walk_frame){
		.dict = dict,
		.left = left,
		.keys = w->key_count,
	};
	return 0;
}

static struct bytes key_bytes(const struct walk *w, const struct walk_key *key)
{
	const uint8_t *base = key->decoded ? w->scratch.data : w->text.data;

	/* Only an empty decoded key can have no scratch behind it. */
	return bytes_of(key->len ? base + key->at : NULL, key->len);
}

static bool equal_keys(const struct walk *w, const struct walk_key *a,
		       const struct walk_key *b)
{
	return a->len == b->len &&
	       bytes_equal(key_bytes(w, a), key_bytes(w, b));
}

static bool any_pair_equal(const struct walk *w, const struct walk_key *keys,
			   uint32_t count)
{
	for (uint32_t i = 1; i < count; i++)
		for (uint32_t j = 0; j < i; j++)
			if (equal_keys(w, &keys[i], &keys[j]))
				return true;
	return false;
}

/* By length, then content. */
static int compare_keys(const struct walk *w, const struct walk_key *a,
			const struct walk_key *b)
{
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return bytes_compare(key_bytes(w, a), key_bytes(w, b));
}

static void sift_down(struct walk *w, struct walk_key *keys, uint32_t root,
		      uint32_t count)
{
	for (;;) {
		uint32_t child = 2 * root + 1;
		struct walk_key swap;

		if (child >= count)
			return;
		if (child + 1 < count &&
		    compare_keys(w, &keys[child], &keys[child + 1]) < 0)
			child++;
		if (compare_keys(w, &keys[root], &keys[child]) >= 0)
			return;
		swap = keys[root];
		keys[root] = keys[child];
		keys[child] = swap;
		root = child;
	}
}

/* Heapsort: no memory, no quadratic case, the same in every libc. */
static void sort_keys(struct walk *w, struct walk_key *keys, uint32_t count)
{
	for (uint32_t i = count / 2; i-- > 0;)
		sift_down(w, keys, i, count);
	for (uint32_t n = count; n-- > 1;) {
		struct walk_key swap = keys[0];

		keys[0] = keys[n];
		keys[n] = swap;
		sift_down(w, keys, 0, n);
	}
}

static uint64_t hash_key(const struct walk *w, const struct walk_key *key)
{
	struct bytes b = key_bytes(w, key);
	uint64_t hash = b.len, word;

	for (; b.len >= sizeof word; b.data += 8, b.len -= 8) {
		memcpy(&word, b.data, sizeof word);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
		hash ^= hash >> 32;
	}
	word = 0;
	if (b.len)
		memcpy(&word, b.data, b.len);
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

enum found { FOUND_NONE, FOUND_ONE, FOUND_UNKNOWN };

/* By a hash table. Unknown without memory for it, and when somebody chose his
 * keys so that they collide. */
static enum found find_hashed(const struct walk *w,
			      const struct walk_key *keys, uint32_t count)
{
	uint64_t probes = (uint64_t)count * PROBES_A_KEY;
	enum found found = FOUND_NONE;
	uint32_t mask = 1, *table; /* of indices + 1 */

	while (mask < count)
		mask = mask * 2 + 1;
	mask = mask * 2 + 1;
	table = calloc((size_t)mask + 1, sizeof *table);
	if (!table)
		return FOUND_UNKNOWN;
	for (uint32_t i = 0; !found && i < count; i++) {
		uint32_t at = (uint32_t)hash_key(w, &keys[i]) & mask;

		while (!found && table[at]) {
			if (equal_keys(w, &keys[table[at] - 1], &keys[i]))
				found = FOUND_ONE;
			else if (!probes--)
				found = FOUND_UNKNOWN;
			at = (at + 1) & mask;
		}
		table[at] = i + 1;
	}
	free(table);
	return found;
}

static bool find_sorted(struct walk *w, struct walk_key *keys, uint32_t count)
{
	sort_keys(w, keys, count);
	for (uint32_t i = 1; i < count; i++)
		if (compare_keys(w, &keys[i - 1], &keys[i]) == 0)
			return true;
	return false;
}

/* A message may have 200,000 keys in one dict: 6 ms by hashing, 60 by
 * sorting, which needs neither memory nor luck. */
static bool has_duplicate(struct walk *w, struct walk_key *keys,
			  uint32_t count)
{
	enum found found;

	if (count <= PAIRWISE_MAX)
		return any_pair_equal(w, keys, count);
	found = find_hashed(w, keys, count);
	return found == FOUND_UNKNOWN ? find_sorted(w, keys, count)
				      : found == FOUND_ONE;
}

int walk_close(struct walk *w)
{
	const struct walk_frame *frame = walk_top(w);
	uint32_t from = frame->keys, count = w->key_count - from;

	if (count > 1 && has_duplicate(w, w->keys + from, count))
		return ERR_MALFORMED;
	w->key_count = from;
	w->depth--;
	return 0;
}

static int more_keys(struct walk *w)
{
	uint32_t cap = w->key_cap * 2;
	bool first = w->keys == w->inline_keys;
	struct walk_key *keys =
		realloc(first ? NULL : w->keys, cap * sizeof *keys);

	if (!keys)
		return ERR_NOMEM;
	if (first)
		memcpy(keys, w->inline_keys, sizeof w->inline_keys);
	w->keys = keys;
	w->key_cap = cap;
	return 0;
}

int walk_key(struct walk *w, size_t at, size_t len, bool decoded)
{
	if (w->key_count == w->key_cap) {
		int err = more_keys(w);

		if (err)
			return err;
	}
	w->keys[w->key_count++] = (struct walk_key){
		.at = (uint32_t)at,
		.len = (uint32_t)len & INT32_MAX,
		.decoded = decoded,
	};
	return 0;
}

void walk_element_starts(struct walk *w, size_t at)
{
	w->element_start = at;
}

int walk_element_ends(struct walk *w, size_t at)
{
	if (w->element_count == MESSAGE_ELEMENTS_MAX)
		return ERR_MALFORMED;
	w->elements[w->element_count++] =
		bytes_of(w->text.data + w->element_start,
			 at - w->element_start);
	return 0;
}
