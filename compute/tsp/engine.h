/*
 * engine: makes a tour shorter, by iterated local search. It knows nothing of
 * cells, chunks and merging: cities, a metric, the tour 0 … n − 1 and edges
 * that must stay go in; a tour comes out.
 *
 * The local search is Lin and Kernighan's step (1973): remove an edge, add a
 * shorter one, and so on, closing up when that gains. The path that a chain
 * of changes makes is kept as a short list of intervals of the array, so that
 * a chain is judged before anything is moved; the first level also tries the
 * other neighbour, whose closing makes two cycles, and opens it again (all
 * sequential 3-opt moves). A kick is a double bridge (Martin, Otto, Felten
 * 1991) cut at four places that random walks over neighbours find near one
 * another (Applegate, Cook, Rohe 2003); when the repair leaves the tour
 * longer, both are taken back from a journal, so that a kick costs
 * microseconds, little more for large n.
 *
 * One unit of work is one kick. Everything is a function of the arguments of
 * engine_new and of the number of kicks, however the work is sliced: integers,
 * and doubles as metric.h says. Touches malloc only.
 */
#ifndef COMPUTE_TSP_ENGINE_H
#define COMPUTE_TSP_ENGINE_H

#include "base/err.h"
#include "compute/tsp/metric.h"
#include "compute/tsp/tour.h"

struct engine;

/* The partner of a city's fixed edge when it has none. */
#define ENGINE_FREE UINT32_MAX

/* n >= 3. `space` is borrowed until engine_free. fixed_to[c] is the city to
 * which c's edge may not be removed, or ENGINE_FREE; NULL: all are free. The
 * two cities are neighbours in 0 … n − 1, closed. */
int engine_new(struct engine **out, const struct space *space,
	       const uint32_t *fixed_to, uint64_t seed) MUST_CHECK;
void engine_free(struct engine *e);

/* Works until `kicks` kicks are finished in all (0: only the first descent),
 * or about `steps` more steps (some 10 ns each) are done. Returns how many
 * kicks are finished, or a negative error. */
int64_t engine_run(struct engine *e, uint64_t kicks, uint64_t steps);
/* Takes back an unfinished kick. */
void engine_settle(struct engine *e);
/* No descent or kick is under way. */
bool engine_settled(const struct engine *e);

const struct tour *engine_tour(const struct engine *e); /* borrowed */
int64_t engine_gain(const struct engine *e); /* since engine_new */

#endif
