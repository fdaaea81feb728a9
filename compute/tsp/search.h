/*
 * search: looks for a chain of changes, beginning at one city, that makes the
 * tour shorter. It judges and moves nothing: what it finds is a path, which
 * engine.c closes. Part of the engine; nobody else includes it.
 */
#ifndef COMPUTE_TSP_SEARCH_H
#define COMPUTE_TSP_SEARCH_H

#include "compute/tsp/metric.h"
#include "compute/tsp/tour.h"

enum { SEARCH_LEVELS = 3 }; /* edges added before the closing one */

/* A Hamiltonian path from its free end to t1, as intervals of offsets: offset
 * 0 is t2, counting away from t1, which has offset n − 1. */
struct interval {
	uint32_t a, b; /* a <= b */
	bool reversed; /* walked from b to a */
};

struct path {
	unsigned count;
	struct interval iv[SEARCH_LEVELS + 3];
};

struct search {
	/* set by the engine, which owns the arrays */
	const struct space *space;
	struct tour tour;
	uint32_t width;       /* neighbours a city */
	uint32_t *neighbours; /* width for each city, ascending */
	int32_t *near_d;      /* their distances */
	uint32_t *fixed_to;   /* as engine.h says, or NULL */
	int32_t *table;       /* all distances, where one is dear; or NULL */
	uint64_t step_cost;   /* of a distance, in steps */

	uint64_t steps;         /* counts on and on */
	int64_t best;           /* gain of best_path when closed; 0: none */
	struct path best_path;

	/* the search under way */
	uint32_t t1, t2, base; /* base: t2's position */
	bool forward;          /* offsets grow with positions */
};

/* Looks for a gain that begins by removing the edge from t1 to the next city
 * of the tour (or the one before): then best and best_path tell it. */
bool search_from(struct search *s, uint32_t t1, bool forward);
/* best_path as what tour_splice wants; room for SEARCH_LEVELS + 3. Returns
 * how many segments. */
unsigned search_segments(const struct search *s, struct segment *segments);

static inline int32_t search_distance(const struct search *s, uint32_t i,
				      uint32_t j)
{
	if (s->table)
		return s->table[(size_t)i * s->space->n + j];
	return metric_distance(s->space, i, j);
}

static inline bool search_fixed(const struct search *s, uint32_t a, uint32_t b)
{
	return s->fixed_to && s->fixed_to[a] == b;
}

#endif
