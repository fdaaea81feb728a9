/*
 * fake_kind: a computation for tests, `fake:TOTAL`: the sum of a hash of each
 * unit. A unit is a millisecond of the reference core. Its check sees only
 * lengths, so a lie must be found by audits.
 *
 * output: 8 bytes a unit; an audit's: those of that unit. delta: u64 from,
 * u64 units, u64 sum. answer: {"sum": "hex"}.
 */
#ifndef TESTS_FAKE_KIND_H
#define TESTS_FAKE_KIND_H

#include <stdlib.h>

#include "base/rng.h"
#include "compute/kind.h"

enum { FAKE_UNIT_US = 1000, FAKE_CHUNK_UNITS = 5000 };

static uint64_t fake_value(uint64_t unit)
{
	uint64_t state = unit ^ 0x5bd1e995;

	return splitmix64(&state);
}

static inline uint64_t fake_sum(uint64_t from, uint64_t units)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < units; i++)
		sum += fake_value(from + i);
	return sum;
}

/* --- the worker's half --------------------------------------------------- */

struct compute {
	struct chunk chunk;
	uint64_t done;
};

static int fake_begin(struct compute **out, const struct chunk *chunk,
		      struct why *why)
{
	struct compute *c = calloc(1, sizeof *c);

	if (!c)
		return why_set(why, ERR_NOMEM, "out of memory");
	c->chunk = *chunk;
	*out = c;
	return 0;
}

static uint64_t fake_slice(struct compute *c)
{
	c->done = c->done + 20 < c->chunk.count ? c->done + 20 :
						  c->chunk.count;
	return c->done;
}

static int fake_end(struct compute *c, struct buf *output)
{
	if (c->chunk.piece != PIECE_ALL)
		return buf_add_u64(output,
				   fake_value(c->chunk.from + c->chunk.piece));
	for (uint64_t i = 0; i < c->done; i++)
		buf_add_u64(output, fake_value(c->chunk.from + i));
	return buf_ok(output) ? 0 : ERR_NOMEM;
}

static void fake_compute_free(struct compute *c)
{
	free(c);
}

static const struct compute_ops fake_compute = {
	fake_begin,
	fake_slice,
	fake_end,
	fake_compute_free,
};

/* --- the coordinator's half ---------------------------------------------- */

struct job {
	uint64_t total, sum, units, revision;
	uint64_t planned; /* not yet unplanned */
};

static uint64_t fake_planned; /* over all jobs: none is left at the end */

static int fake_parse(struct job **out, const char *spec,
		      const struct job_env *env, struct why *why)
{
	char *end;
	unsigned long long total = strtoull(spec, &end, 10);
	struct job *job;

	(void)env;
	if (*end || !total || total > KIND_INTEGER_MAX)
		return why_set(why, ERR_USAGE, "fake `%.40s`: accepted is a "
					       "number of units",
			       spec);
	job = calloc(1, sizeof *job);
	if (!job)
		return why_set(why, ERR_NOMEM, "out of memory");
	job->total = total;
	*out = job;
	return 0;
}

static int fake_prepare(struct job *job, struct why *why)
{
	(void)why;
	job->revision = 1;
	return 0;
}

static void fake_free(struct job *job)
{
	free(job);
}

static int fake_identity(const struct job *job, struct buf *out)
{
	return buf_add_u64(out, job->total);
}

static uint64_t fake_total(const struct job *job)
{
	return job->total;
}

static bool fake_plan(struct job *job, const struct plan_ask *ask,
		      struct planned *out)
{
	uint64_t count = FAKE_CHUNK_UNITS;
	uint64_t share = (job->total - job->units) / (2 * ask->devices + 1);

	count = count < share ? count : share + 1;
	out->count = count < ask->available ? count : ask->available;
	out->seed = ask->seed;
	buf_add_u8(&out->input, 1);
	buf_add_u64(&out->note, out->count);
	if (!buf_ok(&out->input) || !buf_ok(&out->note))
		return false;
	job->planned++;
	fake_planned++;
	return true;
}

static void fake_unplan(struct job *job, struct bytes note)
{
	if (note.len != 8 || !job->planned)
		abort();
	job->planned--;
	fake_planned--;
}

static int fake_check(const struct job *job, const struct result *r,
		      struct buf *delta, struct why *why)
{
	uint64_t sum = 0;

	(void)job;
	if (r->output.len != 8 * r->units)
		return why_set(why, ERR_MALFORMED, "%zu bytes for %llu units",
			       r->output.len, (unsigned long long)r->units);
	for (uint64_t i = 0; i < r->units; i++)
		sum += get_u64(r->output.data + 8 * i);
	buf_add_u64(delta, r->chunk.from);
	buf_add_u64(delta, r->units);
	return buf_add_u64(delta, sum);
}

static uint64_t fake_work_us(const struct job *job, const struct result *r)
{
	(void)job;
	return r->units * FAKE_UNIT_US;
}

static uint64_t fake_pieces(const struct job *job, const struct result *r)
{
	(void)job;
	return r->units;
}

static struct bytes fake_piece(const struct job *job, const struct result *r,
			       uint64_t piece)
{
	(void)job;
	return bytes_of(r->output.data + 8 * piece, 8);
}

static int fake_move(struct job *job, struct bytes delta, bool in)
{
	struct reader r = reader_of(delta);
	uint64_t units, sum;

	read_u64(&r);
	units = read_u64(&r);
	sum = read_u64(&r);
	if (!reader_done(&r) || (!in && units > job->units))
		return ERR_MALFORMED;
	job->sum += in ? sum : 0 - sum;
	job->units += in ? units : 0 - units;
	job->revision++;
	return 0;
}

static int fake_merge(struct job *job, struct bytes delta, uint64_t by)
{
	(void)by;
	return fake_move(job, delta, true);
}

static int fake_unmerge(struct job *job, struct bytes delta, uint64_t by)
{
	(void)by;
	return fake_move(job, delta, false);
}

static bool fake_done(const struct job *job)
{
	(void)job;
	return false;
}

static int fake_picture(const struct job *job, uint64_t since, unsigned page,
			struct picture *out)
{
	(void)since;
	(void)page;
	out->revision = job->revision;
	out->more = false;
	return 0;
}

static int fake_answer(const struct job *job, struct buf *json)
{
	return buf_printf(json, "{\"sum\":\"%016llx\"}",
			  (unsigned long long)job->sum);
}

static int fake_status(const struct job *job, struct buf *json)
{
	return buf_printf(json, "{\"text\":\"%llu units\",\"value\":null,"
				"\"over\":null,\"over_what\":null}",
			  (unsigned long long)job->units);
}

static int fake_save(const struct job *job, struct buf *out)
{
	buf_add_u64(out, job->sum);
	return buf_add_u64(out, job->units);
}

static int fake_load(struct job *job, struct bytes saved, struct why *why)
{
	struct reader r = reader_of(saved);

	job->sum = read_u64(&r);
	job->units = read_u64(&r);
	job->revision++;
	return reader_done(&r) ? 0 : why_set(why, ERR_MALFORMED, "no state");
}

static const struct job_ops fake_job = {
	.parse = fake_parse,
	.prepare = fake_prepare,
	.free = fake_free,
	.identity = fake_identity,
	.total = fake_total,
	.plan = fake_plan,
	.unplan = fake_unplan,
	.check = fake_check,
	.work_us = fake_work_us,
	.pieces = fake_pieces,
	.piece = fake_piece,
	.merge = fake_merge,
	.unmerge = fake_unmerge,
	.done = fake_done,
	.picture = fake_picture,
	.answer = fake_answer,
	.status = fake_status,
	.save = fake_save,
	.load = fake_load,
};

static const struct kind fake_kind = { "fake", "unit", &fake_compute,
				       &fake_job };

/* For coord_config.find_kind. */
static const struct kind *fake_find(struct bytes name)
{
	return bytes_equal_str(name, "fake") ? &fake_kind : kind_find(name);
}

#endif
