/*
 * nearest: the cities near a point, by a k-d tree over their places in space
 * (Bentley 1975), and the neighbour lists made from it.
 *
 * Results depend on the input alone: ties are broken by position in the tree
 * and by number. Touches malloc only.
 */
#ifndef COMPUTE_TSP_NEAREST_H
#define COMPUTE_TSP_NEAREST_H

#include <stdint.h>

#include "base/err.h"
#include "compute/tsp/metric.h"

/* Neighbours a city in a list. */
enum { NEAREST_LIST = 10 };

struct near_place {
	struct point at;
	uint32_t city;
};

struct nearest {
	uint32_t n;
	struct near_place *places; /* owned, in tree order */
	uint8_t *axis;             /* owned, of the node at each middle */
};

struct near_found {
	double d2;
	uint32_t city;
};

int nearest_init(struct nearest *t, const struct space *s) MUST_CHECK;
void nearest_deinit(struct nearest *t);
/* The k cities nearest to `at` (its own city among them), ascending, into
 * `out` with room for k. Returns how many: min(k, n). */
uint32_t nearest_find(const struct nearest *t, const struct point *at,
		      uint32_t k, struct near_found *out);

/* list[c * width …] gets the neighbours of c, ascending; width is
 * min(NEAREST_LIST, n − 1). Most are the nearest ones; each quadrant around
 * c that has a city not too far gives one, so that clusters are joined. */
uint32_t nearest_width(uint32_t n);
void nearest_lists(const struct nearest *t, const struct space *s,
		   uint32_t *list);

#endif
