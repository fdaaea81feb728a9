/*
 * tsp_bench: plan, compute, check, merge in one process, with P devices in
 * virtual time: P chunks are always out, each planned on the tour as it was P
 * results ago; they come back in order.
 *
 *   tsp_bench SPEC [devices [kicks a chunk [seconds [places.tsv [budget ms]]]]]
 *   SPEC `uniform:N` makes N random cities in a square of side 10^6.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/rng.h"
#include "compute/kind.h"
#include "compute/tsp/job.h"

struct device {
	struct planned planned;
	bool busy;
};

struct bench {
	struct job *job;
	struct device *devices;
	unsigned count;
	uint32_t budget_ms; /* that the chunks are planned for */
	uint64_t kicks, seed, done_kicks, chunks;
	double estimate; /* for uniform cities, or 0 */
	double compute_s, check_s, merge_s, merge_max_s, plan_s;
	uint64_t in_bytes, out_bytes, out_max;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void plan(struct bench *b, struct device *d)
{
	struct plan_ask ask = { .available = UINT32_MAX,
				.seed = b->seed++,
				.devices = b->count,
				.budget_ms = b->budget_ms };
	double t = now();

	buf_clear(&d->planned.input);
	buf_clear(&d->planned.note);
	d->busy = tsp_job.plan(b->job, &ask, &d->planned);
	b->plan_s += now() - t;
	b->in_bytes += d->planned.input.len;
}

static void complete(struct bench *b, struct device *d)
{
	struct result r = { .chunk = { .count = b->kicks,
				       .seed = d->planned.seed,
				       .piece = PIECE_ALL,
				       .input = buf_bytes(&d->planned.input) },
			    .units = b->kicks,
			    .note = buf_bytes(&d->planned.note) };
	struct buf output, delta;
	struct compute *c;
	struct why why = { "" };
	double t0 = now(), t1, t2;

	buf_init(&output);
	buf_init(&delta);
	if (tsp_compute.begin(&c, &r.chunk, &why))
		printf("begin: %s\n", why.text), exit(1);
	while (tsp_compute.slice(c) < b->kicks)
		;
	if (tsp_compute.end(c, &output))
		printf("end failed\n"), exit(1);
	tsp_compute.free(c);
	r.output = buf_bytes(&output);
	t1 = now();
	b->compute_s += t1 - t0;
	if (tsp_job.check(b->job, &r, &delta, &why))
		printf("check: %s\n", why.text), exit(1);
	t2 = now();
	b->check_s += t2 - t1;
	if (tsp_job.merge(b->job, buf_bytes(&delta), 1))
		printf("merge failed\n"), exit(1);
	t1 = now() - t2;
	b->merge_s += t1;
	b->merge_max_s = t1 > b->merge_max_s ? t1 : b->merge_max_s;
	tsp_job.unplan(b->job, r.note);
	b->out_bytes += output.len;
	b->out_max = output.len > b->out_max ? output.len : b->out_max;
	b->done_kicks += b->kicks;
	b->chunks++;
	buf_deinit(&output);
	buf_deinit(&delta);
}

static double value(const struct bench *b)
{
	struct buf json;
	double v;

	buf_init(&json);
	tsp_job.status(b->job, &json);
	buf_add_u8(&json, 0);
	v = atof(strstr((char *)json.data, "\"value\":") + 8);
	buf_deinit(&json);
	return v;
}

static void show(const struct bench *b, double start)
{
	struct buf json;

	buf_init(&json);
	tsp_job.status(b->job, &json);
	buf_add_u8(&json, 0);
	printf("%6.1f s  %9llu kicks  %7.2f virtual s  %s", now() - start,
	       (unsigned long long)b->done_kicks,
	       (double)b->done_kicks / b->count / 50000, json.data);
	if (b->estimate > 0)
		printf("  %+.3f %% on the estimate",
		       (value(b) / b->estimate - 1) * 100);
	printf("\n");
	buf_deinit(&json);
}

static const char *uniform(const char *spec, double *estimate)
{
	static char file[64];
	unsigned n = (unsigned)atoi(spec + 8);
	struct rng rng;
	FILE *f;

	snprintf(file, sizeof file, "/tmp/tsp_bench.%d.tsp", (int)getpid());
	f = fopen(file, "w");
	if (!f)
		exit(1);
	rng_seed(&rng, n);
	fprintf(f, "NAME: uniform\nTYPE: TSP\nDIMENSION: %u\n"
		   "EDGE_WEIGHT_TYPE: EUC_2D\nNODE_COORD_SECTION\n", n);
	for (unsigned i = 0; i < n; i++)
		fprintf(f, "%u %u %u\n", i + 1, rng_below(&rng, 1000000),
			rng_below(&rng, 1000000));
	fprintf(f, "EOF\n");
	fclose(f);
	*estimate = 0.7124 * sqrt(n * 1e12) *
		    (1 + 0.0265 * pow(1000.0 / n, 0.63));
	return file;
}

static void report(const struct bench *b)
{
	double n = (double)b->chunks;

	printf("merged %llu, repeated %llu, refused %llu parts\n",
	       (unsigned long long)b->job->merged_parts,
	       (unsigned long long)b->job->repeated_parts,
	       (unsigned long long)b->job->refused_parts);
	printf("%.0f kicks/s; a chunk: plan %.0f us, input %.0f B, "
	       "output %.0f B (max %llu), check %.0f us, merge %.1f us "
	       "(max %.0f)\n",
	       (double)b->done_kicks / b->compute_s, b->plan_s / n * 1e6,
	       (double)b->in_bytes / n, (double)b->out_bytes / n,
	       (unsigned long long)b->out_max, b->check_s / n * 1e6,
	       b->merge_s / n * 1e6, b->merge_max_s * 1e6);
}

int main(int argc, char **argv)
{
	struct bench b = { .count = argc > 2 ? (unsigned)atoi(argv[2]) : 1,
			   .kicks = argc > 3 ? (uint64_t)atoll(argv[3])
					     : 100000,
			   .budget_ms = argc > 6 ? (uint32_t)atoi(argv[6])
						 : 2000,
			   .seed = 1 };
	double seconds = argc > 4 ? atof(argv[4]) : 10;
	struct job_env env = { .places_file = argc > 5 ? argv[5]
						       : "build/places.tsv" };
	const char *spec = argc > 1 ? argv[1] : "uniform:10000";
	struct why why = { "" };
	bool made = strncmp(spec, "uniform:", 8) == 0;
	double start, mark;

	if (made)
		spec = uniform(spec, &b.estimate);
	mark = now();
	if (tsp_job.parse(&b.job, spec, &env, &why)) {
		fprintf(stderr, "tsp_bench: %s\n", why.text);
		return 2;
	}
	if (made)
		unlink(spec);
	start = now();
	if (tsp_job.prepare(b.job, &why))
		return 1;
	printf("parsed in %.3f s, prepared in %.3f s\n", start - mark,
	       now() - start);
	start = mark = now();
	show(&b, start);
	b.devices = calloc(b.count, sizeof *b.devices);
	for (unsigned i = 0; i < b.count; i++) {
		buf_init(&b.devices[i].planned.input);
		buf_init(&b.devices[i].planned.note);
		plan(&b, &b.devices[i]);
	}
	for (uint64_t i = 0; now() - start < seconds && !tsp_job.done(b.job);
	     i++) {
		struct device *d = &b.devices[i % b.count];

		if (d->busy)
			complete(&b, d);
		plan(&b, d);
		if (now() - mark >= 3) {
			mark = now();
			show(&b, start);
		}
	}
	show(&b, start);
	report(&b);
	for (unsigned i = 0; i < b.count; i++) {
		buf_deinit(&b.devices[i].planned.input);
		buf_deinit(&b.devices[i].planned.note);
	}
	free(b.devices);
	tsp_job.free(b.job);
	return 0;
}
