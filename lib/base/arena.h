/*
 * arena: memory for everything that dies together (a message, a chunk).
 *
 * Allocations are aligned for any type and zeroed; they are freed all at once
 * by `arena_reset` (which keeps the first block for the next message, so that
 * steady state allocates nothing) or `arena_deinit`. May call malloc only.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/bytes.h"

struct arena_block;

struct arena {
	struct arena_block *first, *current; /* owned */
	size_t block_bytes;
};

/* No memory is taken before the first allocation. block_bytes is the size of
 * a block; larger allocations get a block of their own. */
void arena_init(struct arena *a, size_t block_bytes);
void arena_deinit(struct arena *a);
void arena_reset(struct arena *a);

/* NULL when out of memory. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size);
/* count * size, checked for overflow. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* A terminated copy; NULL when out of memory. */
char *arena_str(struct arena *a, struct bytes s);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
