/*
 * ranges: which units of a job are free, lent or done.
 *
 * Invariant: the intervals cover 0 … total − 1 without gap or overlap, and
 * neighbours differ in state. `ranges_move` demands the state that a range
 * has: what is done cannot be done again, so no unit counts twice. Logarithmic
 * in the number of intervals. May touch base and malloc only.
 */
#ifndef COORDINATOR_RANGES_H
#define COORDINATOR_RANGES_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum range_state { RANGE_FREE, RANGE_LENT, RANGE_DONE };
enum { RANGE_STATES = 3 };

struct ranges;

/* All free. NULL when out of memory. total may be 0. */
struct ranges *ranges_new(uint64_t total);
void ranges_free(struct ranges *r); /* NULL is fine */

uint64_t ranges_total(const struct ranges *r);
uint64_t ranges_units(const struct ranges *r, enum range_state state);
/* The first free interval; false when nothing is free. */
bool ranges_first_free(const struct ranges *r, uint64_t *from,
		       uint64_t *count);
/* ERR_RANGE when outside, or empty; ERR_STATE when any of it is not in state
 * `was`; ERR_NOMEM. Nothing has changed then. */
int ranges_move(struct ranges *r, uint64_t from, uint64_t count,
		enum range_state was, enum range_state now) MUST_CHECK;
/* Room for n more moves without any allocation. 0 or ERR_NOMEM. */
int ranges_reserve(struct ranges *r, unsigned n) MUST_CHECK;
/* How many intervals there are, for tests. */
unsigned ranges_intervals(const struct ranges *r);

#endif
