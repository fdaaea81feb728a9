/* Optimal lengths of TSPLIB's instances, as its documentation and Concorde's
 * proofs give them. The name alone proves nothing: the metric, the size and,
 * where it is known, the length of the tour 1, 2, … n must agree. */
#include <stdlib.h>
#include <string.h>

#include "compute/tsp/job.h"

static const struct known {
	const char *name;
	uint32_t n;
	enum metric metric;
	int64_t optimum;
	int64_t in_order; /* length of 1, 2, … n; 0: not known to us */
} known[] = {
	{ "a280", 280, METRIC_EUC_2D, 2579, 0 },
	{ "ali535", 535, METRIC_GEO, 202339, 0 },
	{ "att48", 48, METRIC_ATT, 10628, 49840 },
	{ "att532", 532, METRIC_ATT, 27686, 0 },
	{ "berlin52", 52, METRIC_EUC_2D, 7542, 22205 },
	{ "bier127", 127, METRIC_EUC_2D, 118282, 0 },
	{ "brd14051", 14051, METRIC_EUC_2D, 469385, 0 },
	{ "burma14", 14, METRIC_GEO, 3323, 0 },
	{ "ch130", 130, METRIC_EUC_2D, 6110, 47797 },
	{ "ch150", 150, METRIC_EUC_2D, 6528, 0 },
	{ "d15112", 15112, METRIC_EUC_2D, 1573084, 0 },
	{ "d18512", 18512, METRIC_EUC_2D, 645238, 0 },
	{ "d198", 198, METRIC_EUC_2D, 15780, 0 },
	{ "d493", 493, METRIC_EUC_2D, 35002, 0 },
	{ "d657", 657, METRIC_EUC_2D, 48912, 0 },
	{ "d1291", 1291, METRIC_EUC_2D, 50801, 0 },
	{ "d1655", 1655, METRIC_EUC_2D, 62128, 0 },
	{ "d2103", 2103, METRIC_EUC_2D, 80450, 0 },
	{ "dsj1000", 1000, METRIC_CEIL_2D, 18660188, 557634042 },
	{ "eil51", 51, METRIC_EUC_2D, 426, 0 },
	{ "eil76", 76, METRIC_EUC_2D, 538, 0 },
	{ "eil101", 101, METRIC_EUC_2D, 629, 2062 },
	{ "fl417", 417, METRIC_EUC_2D, 11861, 0 },
	{ "fl1400", 1400, METRIC_EUC_2D, 20127, 0 },
	{ "fl1577", 1577, METRIC_EUC_2D, 22249, 0 },
	{ "fl3795", 3795, METRIC_EUC_2D, 28772, 0 },
	{ "fnl4461", 4461, METRIC_EUC_2D, 182566, 0 },
	{ "gil262", 262, METRIC_EUC_2D, 2378, 0 },
	{ "gr96", 96, METRIC_GEO, 55209, 81007 },
	{ "gr137", 137, METRIC_GEO, 69853, 0 },
	{ "gr202", 202, METRIC_GEO, 40160, 0 },
	{ "gr229", 229, METRIC_GEO, 134602, 0 },
	{ "gr431", 431, METRIC_GEO, 171414, 0 },
	{ "gr666", 666, METRIC_GEO, 294358, 0 },
	{ "kroA100", 100, METRIC_EUC_2D, 21282, 191387 },
	{ "kroB100", 100, METRIC_EUC_2D, 22141, 0 },
	{ "kroC100", 100, METRIC_EUC_2D, 20749, 0 },
	{ "kroD100", 100, METRIC_EUC_2D, 21294, 0 },
	{ "kroE100", 100, METRIC_EUC_2D, 22068, 0 },
	{ "kroA150", 150, METRIC_EUC_2D, 26524, 0 },
	{ "kroB150", 150, METRIC_EUC_2D, 26130, 0 },
	{ "kroA200", 200, METRIC_EUC_2D, 29368, 0 },
	{ "kroB200", 200, METRIC_EUC_2D, 29437, 0 },
	{ "lin105", 105, METRIC_EUC_2D, 14379, 0 },
	{ "lin318", 318, METRIC_EUC_2D, 42029, 0 },
	{ "nrw1379", 1379, METRIC_EUC_2D, 56638, 0 },
	{ "p654", 654, METRIC_EUC_2D, 34643, 0 },
	{ "pcb442", 442, METRIC_EUC_2D, 50778, 221440 },
	{ "pcb1173", 1173, METRIC_EUC_2D, 56892, 0 },
	{ "pcb3038", 3038, METRIC_EUC_2D, 137694, 0 },
	{ "pr76", 76, METRIC_EUC_2D, 108159, 0 },
	{ "pr107", 107, METRIC_EUC_2D, 44303, 0 },
	{ "pr124", 124, METRIC_EUC_2D, 59030, 0 },
	{ "pr136", 136, METRIC_EUC_2D, 96772, 0 },
	{ "pr144", 144, METRIC_EUC_2D, 58537, 0 },
	{ "pr152", 152, METRIC_EUC_2D, 73682, 0 },
	{ "pr226", 226, METRIC_EUC_2D, 80369, 0 },
	{ "pr264", 264, METRIC_EUC_2D, 49135, 0 },
	{ "pr299", 299, METRIC_EUC_2D, 48191, 0 },
	{ "pr439", 439, METRIC_EUC_2D, 107217, 0 },
	{ "pr1002", 1002, METRIC_EUC_2D, 259045, 349403 },
	{ "pr2392", 2392, METRIC_EUC_2D, 378032, 378032 },
	{ "rat99", 99, METRIC_EUC_2D, 1211, 0 },
	{ "rat195", 195, METRIC_EUC_2D, 2323, 0 },
	{ "rat575", 575, METRIC_EUC_2D, 6773, 0 },
	{ "rat783", 783, METRIC_EUC_2D, 8806, 0 },
	{ "rd100", 100, METRIC_EUC_2D, 7910, 0 },
	{ "rd400", 400, METRIC_EUC_2D, 15281, 0 },
	{ "rl1304", 1304, METRIC_EUC_2D, 252948, 0 },
	{ "rl1323", 1323, METRIC_EUC_2D, 270199, 0 },
	{ "rl1889", 1889, METRIC_EUC_2D, 316536, 0 },
	{ "rl5915", 5915, METRIC_EUC_2D, 565530, 0 },
	{ "rl5934", 5934, METRIC_EUC_2D, 556045, 0 },
	{ "rl11849", 11849, METRIC_EUC_2D, 923288, 0 },
	{ "st70", 70, METRIC_EUC_2D, 675, 0 },
	{ "ts225", 225, METRIC_EUC_2D, 126643, 0 },
	{ "u159", 159, METRIC_EUC_2D, 42080, 0 },
	{ "u574", 574, METRIC_EUC_2D, 36905, 0 },
	{ "u724", 724, METRIC_EUC_2D, 41910, 0 },
	{ "u1060", 1060, METRIC_EUC_2D, 224094, 0 },
	{ "u1432", 1432, METRIC_EUC_2D, 152970, 0 },
	{ "u1817", 1817, METRIC_EUC_2D, 57201, 0 },
	{ "u2152", 2152, METRIC_EUC_2D, 64253, 0 },
	{ "u2319", 2319, METRIC_EUC_2D, 234256, 0 },
	{ "ulysses16", 16, METRIC_GEO, 6859, 0 },
	{ "ulysses22", 22, METRIC_GEO, 7013, 12198 },
	{ "usa13509", 13509, METRIC_EUC_2D, 19982859, 0 },
	{ "vm1084", 1084, METRIC_EUC_2D, 239297, 0 },
	{ "vm1748", 1748, METRIC_EUC_2D, 336556, 0 },
};

/* 0 when out of memory: then nothing is known. */
static int64_t length_in_order(const struct instance *in)
{
	struct point *points = malloc(in->n * sizeof *points);
	struct space s = { in->metric, in->n, points };
	int64_t sum = 0;

	if (!points)
		return 0;
	for (uint32_t i = 0; i < in->n; i++)
		metric_point(in->metric, in->decimals, &in->raw[i],
			     &points[i]);
	for (uint32_t i = 0; i < in->n; i++)
		sum += metric_distance(&s, i, i + 1 == in->n ? 0 : i + 1);
	free(points);
	return sum;
}

int64_t tsplib_optimum(const struct instance *in)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		const struct known *k = &known[i];

		if (strcmp(k->name, in->name) != 0 || k->n != in->n ||
		    k->metric != in->metric)
			continue;
		if (k->in_order && k->in_order != length_in_order(in))
			return 0;
		return k->optimum;
	}
	return 0;
}
