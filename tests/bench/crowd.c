/*
 * How much do many devices help on one tour? The real coordinator (step and
 * store) and the real tsp kernel, in virtual time: uniform cities, devices of
 * so many kicks a second, 1 thread each, all there from the beginning. Prints
 * when the tour is within a part of the estimate
 * 0.7124·√(nA)·(1 + 0.0265·(1000/n)^0.63) (Johnson and McGeoch).
 *
 *   crowd [CITIES [KICKS_PER_S [OVER [DEVICES]...]]]      10000 2000 0.02
 *                                                         1 8 64 300
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/crowd.h"

enum { SIDE = 1000000, STEP_MS = 50, LATENCY_MS = 20 };

static void write_cities(FILE *out, unsigned cities)
{
	struct rng rng;

	rng_seed(&rng, 20161117);
	fprintf(out,
		"NAME : uniform\nTYPE : TSP\nDIMENSION : %u\n"
		"EDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n",
		cities);
	for (unsigned i = 1; i <= cities; i++)
		fprintf(out, "%u %u %u\n", i, rng_below(&rng, SIDE),
			rng_below(&rng, SIDE));
	fprintf(out, "EOF\n");
}

static double estimate(double n)
{
	return 0.7124 * sqrt(n * (double)SIDE * SIDE) *
	       (1 + 0.0265 * pow(1000 / n, 0.63));
}

/* The length as the kind's status says it; 0 before there is one. */
static double length(const struct crowd *w, struct coord_status *s)
{
	struct buf json;
	const char *value;
	double v = 0;

	coord_status(w->coord, w->now_ms, s);
	buf_init(&json);
	if (s->of && s->of->job->status(s->kind_job, &json) == 0 &&
	    buf_add_u8(&json, 0) == 0) {
		value = strstr((const char *)json.data, "\"value\":");
		v = value ? strtod(value + 8, NULL) : 0;
	}
	buf_deinit(&json);
	return v;
}

static void run(const char *file, unsigned cities, double kicks_per_s,
		double over, unsigned devices)
{
	double goal = estimate(cities) * (1 + over), at = 0, v;
	char spec[512];
	struct coord_status s;
	struct crowd w;

	snprintf(spec, sizeof spec, "tsp:%s", file);
	crowd_init(&w, 1, ":memory:", devices);
	for (unsigned i = 0; i < devices; i++) {
		w.devices[i].units_per_s = kicks_per_s;
		w.devices[i].latency_ms = LATENCY_MS;
	}
	crowd_begin(&w, spec, 0);
	while ((v = length(&w, &s)) == 0 || v > goal)
		if (crowd_run(&w, w.now_ms + STEP_MS))
			break;
	at = s.elapsed_s;
	printf("%8u %10.1f %10.2f %10llu %12llu %8.2f\n", devices, at,
	       100 * (v / estimate(cities) - 1), (unsigned long long)s.chunks,
	       (unsigned long long)s.units,
	       at > 0 ? (double)s.units / (at * devices * kicks_per_s) : 0);
	fflush(stdout);
	crowd_deinit(&w);
}

int main(int argc, char **argv)
{
	static const unsigned usual[] = { 1, 8, 64, 300 };
	unsigned cities = argc > 1 ? (unsigned)atoi(argv[1]) : 10000;
	double kicks_per_s = argc > 2 ? atof(argv[2]) : 2000;
	double over = argc > 3 ? atof(argv[3]) : 0.02;
	char file[] = "/tmp/manyhands-crowd-XXXXXX";
	int fd = mkstemp(file);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");

	if (!out) {
		perror(file);
		return 1;
	}
	write_cities(out, cities);
	fclose(out);
	printf("%u uniform cities, %.0f kicks/s a device, to %.1f %% over the "
	       "estimate\n devices   seconds     over %%     chunks        "
	       "kicks     busy\n",
	       cities, kicks_per_s, 100 * over);
	if (argc > 4)
		for (int i = 4; i < argc; i++)
			run(file, cities, kicks_per_s, over,
			    (unsigned)atoi(argv[i]));
	else
		for (unsigned i = 0; i < 4; i++)
			run(file, cities, kicks_per_s, over, usual[i]);
	unlink(file);
	return 0;
}
