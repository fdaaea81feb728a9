/*
 * walk: what a codec's walk over a message keeps while nothing is built: the
 * open lists and dicts, the budgets, and the keys of the open dicts, which
 * must be unique. For msgpack_walk.c, json_walk.c and cbor_walk.c only; base
 * only.
 *
 * Memory: none but for dicts with many keys (at most 24 bytes a key, which is
 * at least two bytes of message), and for JSON's keys with escapes.
 */
#ifndef WAMP_WALK_H
#define WAMP_WALK_H

#include <string.h>

#include "base/utf8.h"
#include "wamp/serializer.h"

enum { WALK_KEYS_INLINE = 32 };

/* gcc's and clang's -ftrivial-auto-var-init would clear a walk and its like
 * for each message; all that is read is written before. */
#define WALK_UNINITIALIZED __attribute__((uninitialized))

struct walk_frame {
	bool dict;
	uint32_t left; /* items to come (keys count): the codec's use */
	uint32_t keys; /* where this dict's keys start */
};

struct walk_key {
	uint32_t at;
	uint32_t len : 31;
	uint32_t decoded : 1; /* `at` is in `scratch`, not in the text */
};

struct walk {
	struct bytes text;
	uint32_t depth, depth_max;
	uint64_t budget; /* elements that may still come */
	struct walk_key *keys;
	uint32_t key_count, key_cap;
	struct buf scratch; /* JSON's keys that had escapes */

	/* split: the slices, and where the current element starts. */
	struct bytes *elements; /* NULL: not a split */
	unsigned element_count;
	size_t element_start;

	struct walk_frame frames[VALUE_DEPTH_MAX];
	struct walk_key inline_keys[WALK_KEYS_INLINE];
};

/* ERR_LIMIT when the text is too long. `elements` may be NULL. */
int walk_init(struct walk *w, struct bytes text,
	      const struct wamp_limits *limits, struct bytes *elements);
void walk_deinit(struct walk *w);

/* `count` elements are to come or have come: ERR_LIMIT or 0. */
int walk_spend(struct walk *w, uint64_t count);
/* A list or dict begins, of `left` items where that is known. */
int walk_open(struct walk *w, bool dict, uint32_t left);
/* It ends: ERR_MALFORMED when a dict had a key twice. */
int walk_close(struct walk *w);
/* A key, `len` bytes at `at` of the text, or of scratch when decoded. */
int walk_key(struct walk *w, size_t at, size_t len, bool decoded);

/* An item of the outer list starts or ended at this offset. */
void walk_element_starts(struct walk *w, size_t at);
int walk_element_ends(struct walk *w, size_t at);

/* utf8_valid, quick for the short ASCII strings that messages are full of. */
static inline bool walk_text_valid(const uint8_t *p, size_t len)
{
	const uint64_t high = 0x8080808080808080u;
	uint64_t word, seen = 0;
	size_t i = 0;

	for (; i + sizeof word <= len; i += sizeof word) {
		memcpy(&word, p + i, sizeof word);
		seen |= word;
	}
	if (i < len && len >= sizeof word) { /* the last 8, some again */
		memcpy(&word, p + len - sizeof word, sizeof word);
		seen |= word;
	} else {
		for (; i < len; i++)
			seen |= p[i];
	}
	return !(seen & high) || utf8_valid(bytes_of(p, len));
}

static inline struct walk_frame *walk_top(struct walk *w)
{
	return &w->frames[w->depth - 1];
}

#endif
