/* The benchmark of a kind: one thread, one instance of a usual size, the
 * whole way from plan to merge, timed inside the thread. */
#include "worker/local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "worker/local_job.h"

enum {
	BENCH_CITIES = 2000,
	BENCH_SIDE = 1000000,
};

#define BENCH_DEFAULT_S 3.0

#if defined(__AVX512F__)
#define BUILD_VECTORS "-avx512"
#elif defined(__AVX2__)
#define BUILD_VECTORS "-avx2"
#else
#define BUILD_VECTORS ""
#endif

/* Uniform random cities, the same ones every time. */
static int write_cities(FILE *f)
{
	struct rng rng;

	rng_seed(&rng, 1);
	fprintf(f,
		"NAME : bench\nTYPE : TSP\nDIMENSION : %d\n"
		"EDGE_WEIGHT_TYPE : EUC_2D\nNODE_COORD_SECTION\n",
		BENCH_CITIES);
	for (int i = 1; i <= BENCH_CITIES; i++) {
		unsigned x = rng_below(&rng, BENCH_SIDE);
		unsigned y = rng_below(&rng, BENCH_SIDE);

		fprintf(f, "%d %u %u\n", i, x, y);
	}
	fprintf(f, "EOF\n");
	return fclose(f) ? ERR_IO : 0;
}

/* An instance in a temporary file, whose name goes to `file`. */
static int make_instance(char file[], struct why *why)
{
	int fd = mkstemps(file, 4);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f || write_cities(f))
		return why_set(why, ERR_IO, "%s can not be written", file);
	return 0;
}

static int run(struct local_job *l, double seconds, struct why *why)
{
	while ((double)l->spent_us < seconds * 1e6 && !local_job_done(l)) {
		int err = local_job_lend(l);

		if (err)
			return why_set(why, err, "nothing to hand out");
		pool_wait(l->pool, 1000);
		err = local_job_take(l, why);
		if (err < 0)
			return err;
	}
	return 0;
}

static void print(const struct local_job *l, const struct local_options *o,
		  const char *spec)
{
	double spent_s = (double)l->spent_us / 1e6;
	double units = spent_s > 0 ? (double)l->units / spent_s : 0;
	double work = spent_s > 0 ? (double)l->work_us / 1e6 / spent_s : 0;

	if (o->json)
		printf("{\"kind\": \"%s\", \"build\": \"native%s\", "
		       "\"instance\": \"%s\", \"units\": %llu, "
		       "\"elapsed_s\": %.3f, \"units_per_s\": %.3f, "
		       "\"core_seconds_per_s\": %.4f}\n",
		       l->kind->name, BUILD_VECTORS, spec,
		       (unsigned long long)l->units, spent_s, units, work);
	else
		printf("%s, %s: %.1f units (%s) a second, %.3f reference "
		       "core-seconds a second\n",
		       l->kind->name, spec, units, l->kind->unit, work);
}

static int bench(const struct local_options *o, const char *spec,
		 const char *shown)
{
	double seconds = o->seconds > 0 ? o->seconds : BENCH_DEFAULT_S;
	struct why why = { "" };
	struct local_job l;
	int err = local_job_init(&l, spec, 1, o->seed, o->places_file, &why);

	if (!err)
		err = run(&l, seconds, &why);
	if (err)
		fprintf(stderr, "worker: %s\n", why.text);
	else
		print(&l, o, shown);
	local_job_deinit(&l);
	return err ? 1 : 0;
}

int local_bench(const struct local_options *o)
{
	char file[] = "/tmp/manyhands-bench-XXXXXX.tsp", spec[128];
	struct why why = { "" };
	uint32_t kinds;
	int code;

	if (strchr(o->what, ',') || core_kinds_parse(o->what, &kinds, &why)) {
		fprintf(stderr, "worker: --bench %s: %s\n", o->what,
			*why.text ? why.text : "one kind is wanted");
		return 2;
	}
	if (strcmp(o->what, "tsp") != 0)
		return bench(o, "pi:100000000", "pi:100000000");
	if (make_instance(file, &why)) {
		fprintf(stderr, "worker: %s\n", why.text);
		return 1;
	}
	snprintf(spec, sizeof spec, "tsp:%s", file);
	code = bench(o, spec, "2000 uniform cities");
	unlink(file);
	return code;
}
