/*
 * pi_run: what the tests of pi share: opening a job, computing a chunk of it,
 * handing the result in. Each step that must not fail is asserted.
 */
#ifndef TESTS_PI_RUN_H
#define TESTS_PI_RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "compute/pi/pi.h"

static inline struct job *open_job(const char *spec)
{
	struct job_env env = { 0 };
	struct job *job = NULL;
	struct why why;

	if (pi_job.parse(&job, spec, &env, &why))
		fail_msg("%s", why.text);
	assert_int_equal(pi_job.prepare(job, &why), 0);
	return job;
}

static inline void input_of(const struct job *job, struct buf *input)
{
	buf_init(input);
	assert_int_equal(pi_job.identity(job, input), 0);
	assert_int_equal(input->len, PI_INPUT_BYTES);
}

/* Appends the output of a whole chunk, or of its piece. */
static inline void compute_chunk(const struct chunk *chunk, struct buf *output)
{
	struct compute *c = NULL;
	struct why why;

	if (pi_compute.begin(&c, chunk, &why))
		fail_msg("%s", why.text);
	while (pi_compute.slice(c) < chunk->count)
		;
	assert_int_equal(pi_compute.end(c, output), 0);
	pi_compute.free(c);
}

static inline void compute_range(const struct job *job, uint64_t from,
				 uint64_t count, struct buf *output)
{
	struct buf input;
	struct chunk chunk = { from, count, 1, PIECE_ALL, { 0 } };

	input_of(job, &input);
	chunk.input = buf_bytes(&input);
	compute_chunk(&chunk, output);
	buf_deinit(&input);
}

static inline struct result result_of(uint64_t from, uint64_t count,
				      const struct buf *output)
{
	return (struct result){ .chunk = { from, count, 1, PIECE_ALL, { 0 } },
				.units = count,
				.output = buf_bytes(output) };
}

/* The delta of units from … from + count − 1, computed and checked. */
static inline void delta_of(const struct job *job, uint64_t from,
			    uint64_t count, struct buf *delta)
{
	struct buf output;
	struct result result;
	struct why why;

	buf_init(&output);
	buf_init(delta);
	compute_range(job, from, count, &output);
	result = result_of(from, count, &output);
	if (pi_job.check(job, &result, delta, &why))
		fail_msg("%s", why.text);
	buf_deinit(&output);
}

static inline void do_range(struct job *job, uint64_t from, uint64_t count)
{
	struct buf delta;

	delta_of(job, from, count, &delta);
	assert_int_equal(pi_job.merge(job, buf_bytes(&delta), 1), 0);
	buf_deinit(&delta);
}

static inline void do_all(struct job *job)
{
	uint64_t total = pi_job.total(job);

	for (uint64_t from = 0; from < total; from += PI_CHUNK_UNITS) {
		uint64_t n = total - from;

		do_range(job, from, n < PI_CHUNK_UNITS ? n : PI_CHUNK_UNITS);
	}
}

/* The answer as a string; the caller deinits. */
static inline const char *answer_of(const struct job *job, struct buf *json)
{
	buf_init(json);
	assert_int_equal(pi_job.answer(job, json), 0);
	assert_int_equal(buf_add_u8(json, 0), 0);
	return (const char *)json->data;
}

#endif
