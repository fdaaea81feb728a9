/*
 * tour: a cycle of n cities as an array and its inverse, changed by one
 * operation: cut into segments and put together in another order.
 *
 * Invariant: at[pos[c]] == c. A splice leaves the longest segment where it is
 * and writes only the others; a journal remembers what was overwritten, so
 * that splices can be taken back. Touches malloc only.
 */
#ifndef COMPUTE_TSP_TOUR_H
#define COMPUTE_TSP_TOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "compute/tsp/metric.h"

struct tour {
	uint32_t n;
	uint32_t *at, *pos; /* owned */
};

/* Positions from … to, walking forward and around the end. */
struct segment {
	uint32_t from, to;
	bool reversed;
};

/* Old cities of the overwritten positions, a stack of (cities, start, len). */
struct journal {
	uint32_t *words; /* owned */
	size_t len, cap;
};

/* Cities in the order 0 … n − 1. */
int tour_init(struct tour *t, uint32_t n) MUST_CHECK;
void tour_deinit(struct tour *t);
/* order is a permutation (asserted). */
void tour_set(struct tour *t, const uint32_t *order);
int64_t tour_length(const struct tour *t, const struct space *s);
bool tour_adjacent(const struct tour *t, uint32_t a, uint32_t b);

static inline uint32_t tour_next(const struct tour *t, uint32_t city)
{
	uint32_t p = t->pos[city] + 1;

	return t->at[p == t->n ? 0 : p];
}

static inline uint32_t tour_prev(const struct tour *t, uint32_t city)
{
	uint32_t p = t->pos[city];

	return t->at[p == 0 ? t->n - 1 : p - 1];
}

void journal_init(struct journal *j);
void journal_deinit(struct journal *j);
/* Room for one splice of a tour of n cities, so that it can not fail. */
int journal_reserve(struct journal *j, uint32_t n) MUST_CHECK;

/* The segments, which partition the positions, in their new order, each
 * reversed or not. The journal has room (journal_reserve). Turns `segments`
 * in place. Returns how many cities were written. */
uint32_t tour_splice(struct tour *t, struct segment *segments, unsigned count,
		     struct journal *j);
/* Takes back the latest splice in the journal, which is not empty. */
void tour_undo(struct tour *t, struct journal *j);

#endif
