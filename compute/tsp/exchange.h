/*
 * exchange: a change of a tour as edges removed and edges added, apart from
 * the tour it was found on. Connected by shared cities, the edges fall into
 * parts, each a k-opt move of its own that may fit other tours too (partition
 * crossover: Whitley, Hains, Howe 2009, in the form of a difference).
 *
 * Needs nothing but tour and metric; memory comes from the caller's arena.
 */
#ifndef COMPUTE_TSP_EXCHANGE_H
#define COMPUTE_TSP_EXCHANGE_H

#include "base/arena.h"
#include "compute/tsp/metric.h"
#include "compute/tsp/tour.h"

struct edge {
	uint32_t a, b;
};

/* As many removed as added. The arrays are borrowed. */
struct exchange {
	uint32_t count;
	struct edge *removed, *added;
};

/* Length removed less length added. */
int64_t exchange_gain(const struct exchange *x, const struct space *s);

/* What leads from the tour 0 … n − 1 to `to`: removed edges (i, i + 1) by
 * ascending i, added ones a < b ascending. The arrays are in the arena. */
int exchange_between(const struct tour *to, struct exchange *out,
		     struct arena *arena) MUST_CHECK;

/* Sorts the edges by part: part i is [start[i], start[i + 1]) of both arrays.
 * ERR_MALFORMED when some part has not as many removed as added. */
int exchange_split(struct exchange *x, uint32_t **start, uint32_t *parts,
		   struct arena *arena) MUST_CHECK;
/* Part i as an exchange of its own, borrowed. */
struct exchange exchange_part(const struct exchange *x, const uint32_t *start,
			      uint32_t i);

enum fit {
	FIT_ONE_CYCLE,
	FIT_GONE,   /* a removed edge is not there, an added one is, or the
		       edges at some city do not balance */
	FIT_CYCLES, /* it would leave more than one cycle */
	FIT_NOMEM,
};

/* Does it fit this tour? Then `segments` (room for count) is what tour_splice
 * wants. O(count log count). Cities are below t->n. */
enum fit exchange_fit(const struct exchange *x, const struct tour *t,
		      struct segment *segments, struct arena *arena);

#endif
