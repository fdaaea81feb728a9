/*
 * cell: a part of a tour as it travels to a device, and what comes back;
 * tsp.h has the bytes. Both sides use it: the device to compute, the
 * coordinator to write the input and to judge the output. Any bytes may come
 * in; limits are enforced before memory is taken.
 */
#ifndef COMPUTE_TSP_CELL_H
#define COMPUTE_TSP_CELL_H

#include "base/arena.h"
#include "base/buf.h"
#include "compute/tsp/exchange.h"
#include "compute/tsp/tsp.h"

/* Arrays are borrowed from whoever fills it in, or in the reader's arena. */
struct cell {
	unsigned decimals;
	struct space space;       /* n, metric, points (reader only) */
	struct raw_point *raw;    /* n, in tour order */
	uint32_t runs, *run_len;  /* runs 0: the whole tour */
	uint32_t *fixed_to;       /* reader only: as engine.h, or NULL */
};

/* Appends the input. 0 or ERR_NOMEM. */
int cell_write(const struct cell *c, struct buf *out);
int cell_read(struct cell *c, struct bytes input, struct arena *arena,
	      struct why *why) MUST_CHECK;

struct outcome {
	uint64_t kicks;
	int64_t gain;
	struct exchange change; /* in the cell's numbers */
};

int outcome_write(const struct outcome *o, struct buf *out);
/* Reads what is well-formed for a cell of n cities: indices, order. */
int outcome_read(struct outcome *o, struct bytes output, uint32_t n,
		 struct arena *arena, struct why *why) MUST_CHECK;

#endif
