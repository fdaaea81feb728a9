#include "compute/pi/job.h"

#include <stdlib.h>

#include "compute/pi/kernel.h"
#include "compute/pi/pi.h"

enum { COLOURS = 255 };

static void job_free(struct job *job)
{
	if (!job)
		return;
	free(job->changed);
	free(job->colour);
	free(job);
}

/* --- parse, prepare ------------------------------------------------------- */

static int refuse(struct why *why, int err, const char *spec)
{
	return why_set(why, err,
		       "pi position `%.40s`: accepted are whole numbers from 1 "
		       "to %lu, without options",
		       spec, (unsigned long)PI_POSITION_MAX);
}

static int parse_position(uint32_t *out, const char *spec, struct why *why)
{
	uint64_t d = 0;
	const char *p = spec;

	for (; *p >= '0' && *p <= '9'; p++) {
		d = d * 10 + (uint64_t)(*p - '0');
		if (d > PI_POSITION_MAX)
			return refuse(why, ERR_RANGE, spec);
	}
	if (*p == '?')
		return why_set(why, ERR_USAGE,
			       "unknown option `%.40s`: pi takes a position "
			       "and no options",
			       p + 1);
	if (p == spec || *p != '\0' || (*spec == '0' && spec[1] != '\0'))
		return refuse(why, ERR_USAGE, spec);
	if (d < 1)
		return refuse(why, ERR_RANGE, spec);
	*out = (uint32_t)d;
	return 0;
}

/* The smallest power of two that makes at most PI_JOB_UNITS units, within
 * the limits: for 10^6 some 700 units of 0.1 ms, from 4·10^8 on 2^20 terms. */
static uint32_t choose_block(uint32_t position)
{
	uint64_t terms = (uint64_t)position * 14 / 5;
	uint32_t block = PI_BLOCK_MIN;

	while (block < PI_BLOCK_MAX && terms > (uint64_t)block * PI_JOB_UNITS)
		block *= 2;
	return block;
}

static int job_parse(struct job **out, const char *spec,
		     const struct job_env *env, struct why *why)
{
	uint32_t position = 0;
	struct job *job;
	int err = parse_position(&position, spec, why);

	(void)env;
	if (err)
		return err;
	job = calloc(1, sizeof *job);
	if (!job)
		return why_set(why, ERR_NOMEM, "out of memory");
	layout_init(&job->layout, position, choose_block(position));
	job->changed = calloc(job->layout.units, sizeof *job->changed);
	job->colour = calloc(job->layout.units, sizeof *job->colour);
	if (!job->changed || !job->colour) {
		job_free(job);
		return why_set(why, ERR_NOMEM, "out of memory");
	}
	*out = job;
	return 0;
}

static void prepare_series(struct job *job, unsigned j)
{
	const struct series *s = &pi_series[j];
	uint64_t k = job->layout.terms[j], even;
	int64_t e;

	while ((e = series_exponent(j, job->layout.position, k)) >= -128) {
		uint64_t m = s->step * k + s->add;
		struct u128 t = kernel_tail_term((int)e, (uint32_t)m);
		bool negative = s->negative != (bool)(k & 1);

		job->tail = negative ? u128_sub(job->tail, t)
				     : u128_add(job->tail, t);
		k++;
	}
	/* Each term was rounded down by less than one; what is left out
	 * alternates and begins below one. */
	even = (k + 1) / 2;
	job->above += (s->negative ? k - even : even) + 1;
	job->below += (s->negative ? even : k - even) + 1;
}

static int job_prepare(struct job *job, struct why *why)
{
	(void)why;
	job->tail = (struct u128){ 0, 0 };
	job->above = job->below = 0;
	for (unsigned j = 0; j < PI_SERIES; j++)
		prepare_series(job, j);
	job->revision = 1;
	for (uint32_t unit = 0; unit < job->layout.units; unit++)
		job->changed[unit] = job->revision;
	return 0;
}

static int add_input(const struct job *job, struct buf *out)
{
	buf_add_u8(out, PI_VERSION);
	buf_add_u32(out, job->layout.position);
	return buf_add_u32(out, job->layout.block);
}

static uint64_t job_total(const struct job *job)
{
	return job->layout.units;
}

/* --- plan, check, work ---------------------------------------------------- */

static uint64_t units_ps(const struct job *job, uint64_t from, uint64_t n)
{
	const struct layout *l = &job->layout;
	uint64_t ps = 0;

	for (uint64_t unit = from; unit < from + n; unit++) {
		struct block b = layout_block(l, unit);
		uint64_t middle = b.first + b.count / 2;
		int64_t e = series_exponent(b.series, l->position, middle);

		ps += b.count * kernel_bits(e) *
		      (kernel_is_wide(b) ? PI_WIDE_BIT_PS : PI_BIT_PS);
	}
	return ps;
}

/* Up to twice what the reference core does in the budget, but no more than
 * half a device's share of what is left, so that all end together. */
static uint64_t plan_count(const struct job *job, const struct plan_ask *ask)
{
	uint64_t budget_ps = (uint64_t)ask->budget_ms * 1000000000;
	uint64_t most = 2 * budget_ps / (units_ps(job, ask->from, 1) + 1);
	uint64_t left = job->layout.units - job->units_in;
	uint64_t share = left / (2 * (uint64_t)ask->devices + 1);
	uint64_t count = PI_CHUNK_UNITS;

	count = count < most ? count : most;
	count = count < share ? count : share;
	count = count < ask->available ? count : ask->available;
	return count ? count : 1;
}

static bool job_plan(struct job *job, const struct plan_ask *ask,
		     struct planned *out)
{
	if (ask->available == 0 || ask->from >= job->layout.units)
		return false;
	out->count = plan_count(job, ask);
	out->seed = ask->seed;
	return add_input(job, &out->input) == 0;
}

static void job_unplan(struct job *job, struct bytes note)
{
	(void)job;
	(void)note;
}

static bool in_range(const struct job *job, uint64_t from, uint64_t units)
{
	return units >= 1 && units <= PI_CHUNK_UNITS &&
	       from < job->layout.units && units <= job->layout.units - from;
}

static int job_check(const struct job *job, const struct result *result,
		     struct buf *delta, struct why *why)
{
	struct bytes out = result->output;
	uint64_t units = result->units;
	struct u128 sum = { 0, 0 };
	uint8_t raw[U128_BYTES];

	if (units > result->chunk.count ||
	    !in_range(job, result->chunk.from, units))
		return why_set(why, ERR_RANGE, "%llu units of %llu from %llu",
			       (unsigned long long)units,
			       (unsigned long long)result->chunk.count,
			       (unsigned long long)result->chunk.from);
	if (out.len != 1 + units * U128_BYTES)
		return why_set(why, ERR_MALFORMED,
			       "output of %zu bytes for %llu units: 1 and 16 "
			       "a unit are accepted",
			       out.len, (unsigned long long)units);
	if (out.data[0] != PI_VERSION)
		return why_set(why, ERR_MALFORMED,
			       "output version %u: accepted is %d",
			       out.data[0], PI_VERSION);
	for (uint64_t i = 0; i < units; i++)
		sum = u128_add(sum, u128_get(out.data + 1 + i * U128_BYTES));
	u128_put(raw, sum);
	buf_add_u8(delta, PI_VERSION);
	buf_add_u64(delta, result->chunk.from);
	buf_add_u8(delta, (uint8_t)units);
	if (buf_add(delta, raw, sizeof raw))
		return why_set(why, ERR_NOMEM, "out of memory");
	return 0;
}

static uint64_t job_work_us(const struct job *job, const struct result *result)
{
	uint64_t ps;

	if (!in_range(job, result->chunk.from, result->units))
		return 0;
	ps = units_ps(job, result->chunk.from, result->units);
	return ps / 1000000 + 1;
}

static uint64_t job_pieces(const struct job *job, const struct result *result)
{
	(void)job;
	return result->units;
}

static struct bytes job_piece(const struct job *job,
			      const struct result *result, uint64_t piece)
{
	struct bytes out = result->output;

	(void)job;
	if (piece >= PI_CHUNK_UNITS || out.len < 1 + (piece + 1) * U128_BYTES)
		return bytes_of(NULL, 0);
	return bytes_of(out.data + 1 + piece * U128_BYTES, U128_BYTES);
}

/* --- merge ----------------------------------------------------------------- */

struct delta {
	uint64_t from;
	uint8_t units;
	struct u128 sum;
};

static int read_delta(const struct job *job, struct bytes raw, struct delta *d)
{
	struct reader r = reader_of(raw);
	struct bytes sum;
	uint8_t version = read_u8(&r);

	d->from = read_u64(&r);
	d->units = read_u8(&r);
	sum = read_bytes(&r, U128_BYTES);
	if (!reader_done(&r) || version != PI_VERSION ||
	    !in_range(job, d->from, d->units))
		return ERR_MALFORMED;
	d->sum = u128_get(sum.data);
	return 0;
}

/* Are all of the delta's units in (or all out)? Anything else would count a
 * unit twice, or take away what never came. */
static bool all_in(const struct job *job, const struct delta *d, bool in)
{
	for (unsigned i = 0; i < d->units; i++)
		if ((job->colour[d->from + i] != 0) != in)
			return false;
	return true;
}

static void set_units(struct job *job, const struct delta *d, uint8_t colour)
{
	job->revision++;
	for (unsigned i = 0; i < d->units; i++) {
		job->colour[d->from + i] = colour;
		job->changed[d->from + i] = job->revision;
	}
}

static int job_merge(struct job *job, struct bytes raw, uint64_t by)
{
	struct delta d;
	int err = read_delta(job, raw, &d);

	if (err)
		return err;
	if (!all_in(job, &d, false))
		return ERR_STATE;
	job->sum = u128_add(job->sum, d.sum);
	job->units_in += d.units;
	set_units(job, &d, (uint8_t)(1 + by % COLOURS));
	return 0;
}

static int job_unmerge(struct job *job, struct bytes raw, uint64_t by)
{
	struct delta d;
	int err = read_delta(job, raw, &d);

	(void)by;
	if (err)
		return err;
	if (!all_in(job, &d, true))
		return ERR_STATE;
	job->sum = u128_sub(job->sum, d.sum);
	job->units_in -= d.units;
	set_units(job, &d, 0);
	return 0;
}

/* --- save, load ------------------------------------------------------------ */

static int job_save(const struct job *job, struct buf *out)
{
	uint8_t raw[U128_BYTES];

	u128_put(raw, job->sum);
	add_input(job, out);
	buf_add(out, raw, sizeof raw);
	buf_add_u32(out, job->layout.units);
	return buf_add(out, job->colour, job->layout.units);
}

static int job_load(struct job *job, struct bytes saved, struct why *why)
{
	const struct layout *l = &job->layout;
	struct reader r = reader_of(saved);
	uint8_t version = read_u8(&r);
	bool ours = read_u32(&r) == l->position;
	struct bytes sum, colour;

	ours &= read_u32(&r) == l->block;
	sum = read_bytes(&r, U128_BYTES);
	ours &= read_u32(&r) == l->units;
	colour = read_bytes(&r, l->units);
	if (!reader_done(&r) || version != PI_VERSION || !ours)
		return why_set(why, ERR_MALFORMED,
			       "saved state of %zu bytes, version %u: not of "
			       "pi:%lu",
			       saved.len, version, (unsigned long)l->position);
	job->sum = u128_get(sum.data);
	job->units_in = 0;
	job->revision++;
	for (uint32_t unit = 0; unit < l->units; unit++) {
		job->colour[unit] = colour.data[unit];
		job->changed[unit] = job->revision;
		job->units_in += colour.data[unit] != 0;
	}
	return 0;
}

/* Only the end of all units solves it. */
static bool job_done(const struct job *job)
{
	(void)job;
	return false;
}

const struct job_ops pi_job = {
	.parse = job_parse,
	.prepare = job_prepare,
	.free = job_free,
	.identity = add_input,
	.total = job_total,
	.plan = job_plan,
	.unplan = job_unplan,
	.check = job_check,
	.work_us = job_work_us,
	.pieces = job_pieces,
	.piece = job_piece,
	.merge = job_merge,
	.unmerge = job_unmerge,
	.done = job_done,
	.picture = pi_job_picture,
	.answer = pi_job_answer,
	.status = pi_job_status,
	.save = job_save,
	.load = job_load,
};
