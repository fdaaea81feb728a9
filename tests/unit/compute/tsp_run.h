/*
 * tsp_run: what the tests of tsp share: making instances, opening jobs,
 * computing chunks, handing results in. Each step that must not fail is
 * asserted.
 */
#ifndef TESTS_TSP_RUN_H
#define TESTS_TSP_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "compute/tsp/job.h"

/* A file that is gone after the test; its name stays until the next call. */
static inline const char *temp_file(const char *text)
{
	static char name[64];
	FILE *f;
	int fd;

	strcpy(name, "/tmp/test_tsp_XXXXXX");
	fd = mkstemp(name);
	assert_true(fd >= 0);
	f = fdopen(fd, "w");
	fputs(text, f);
	fclose(f);
	return name;
}

/* n random cities in a square; `clusters` 0: uniform. */
static inline const char *random_file(unsigned n, unsigned clusters,
				      const char *type, uint64_t seed)
{
	struct buf text;
	struct rng rng;
	const char *name;

	rng_seed(&rng, seed);
	buf_init(&text);
	buf_printf(&text, "NAME: random\nTYPE: TSP\nDIMENSION: %u\n"
			  "EDGE_WEIGHT_TYPE: %s\nNODE_COORD_SECTION\n",
		   n, type);
	for (unsigned i = 0; i < n; i++) {
		unsigned x = rng_below(&rng, clusters ? 300 : 10000);
		unsigned y = rng_below(&rng, clusters ? 300 : 10000);

		if (clusters) {
			x += 3000 * (i % clusters);
			y += 1700 * (i * 7 % clusters);
		}
		buf_printf(&text, "%u %u.%u %u\n", i + 1, x, x % 10, y);
	}
	buf_add_str(&text, "EOF\n");
	buf_add_u8(&text, 0);
	assert_true(buf_ok(&text));
	name = temp_file((const char *)text.data);
	buf_deinit(&text);
	return name;
}

static inline struct job *open_job(const char *spec)
{
	struct job_env env = { .places_file = getenv("PLACES_FILE") };
	struct job *job = NULL;
	struct why why;

	if (tsp_job.parse(&job, spec, &env, &why))
		fail_msg("%s", why.text);
	assert_int_equal(tsp_job.prepare(job, &why), 0);
	return job;
}

static inline struct job *open_random(unsigned n, unsigned clusters,
				      uint64_t seed)
{
	const char *file = random_file(n, clusters, "EUC_2D", seed);
	struct job *job = open_job(file);

	unlink(file);
	return job;
}

/* The tour is one cycle through all cities, of the length it says. */
static inline void assert_whole(const struct job *job)
{
	bool *seen = calloc(job->in.n, sizeof *seen);

	for (uint32_t i = 0; i < job->in.n; i++) {
		uint32_t c = job->tour.at[i];

		assert_true(c < job->in.n);
		assert_false(seen[c]);
		assert_int_equal(job->tour.pos[c], i);
		seen[c] = true;
	}
	assert_int_equal(job->length, tour_length(&job->tour, &job->space));
	free(seen);
}

static inline void plan_init(struct planned *p)
{
	*p = (struct planned){ 0 };
	buf_init(&p->input);
	buf_init(&p->note);
}

static inline void plan_deinit(struct planned *p)
{
	buf_deinit(&p->input);
	buf_deinit(&p->note);
}

static inline bool plan_chunk(struct job *job, unsigned devices,
			      uint32_t budget_ms, uint64_t seed,
			      struct planned *p)
{
	struct plan_ask ask = { 0, 1000000000, seed, devices, budget_ms };

	plan_init(p);
	return tsp_job.plan(job, &ask, p);
}

static inline void compute_chunk(const struct chunk *chunk, struct buf *out)
{
	struct compute *c = NULL;
	struct why why;

	if (tsp_compute.begin(&c, chunk, &why))
		fail_msg("%s", why.text);
	while (tsp_compute.slice(c) < chunk->count)
		;
	assert_int_equal(tsp_compute.end(c, out), 0);
	tsp_compute.free(c);
}

/* A planned chunk computed for `kicks` kicks. Outputs are the caller's. */
static inline struct result run_chunk(const struct planned *p, uint64_t kicks,
				      struct buf *output)
{
	struct result r = { .chunk = { 0, kicks, p->seed, PIECE_ALL,
				       buf_bytes(&p->input) },
			    .units = kicks,
			    .note = buf_bytes(&p->note) };

	buf_init(output);
	compute_chunk(&r.chunk, output);
	r.output = buf_bytes(output);
	return r;
}

static inline const char *instance_dir(void)
{
	const char *dir = getenv("TSPLIB_DIR");

	if (!dir || !*dir) {
		print_message("skipped: TSPLIB_DIR is not set\n");
		skip();
	}
	return dir;
}

static inline const char *instance_file(const char *name)
{
	static char path[512];

	snprintf(path, sizeof path, "%s/%s.tsp", instance_dir(), name);
	return path;
}

#endif
