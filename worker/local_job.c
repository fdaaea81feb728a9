#include "worker/local_job.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What a chunk is planned for; it is computed to its end, so that the answer
 * does not depend on this machine's speed. */
enum { LOCAL_BUDGET_MS = 250 };

const struct kind *local_kind(const char *spec, const char **rest,
			      struct why *why)
{
	const char *colon = strchr(spec, ':');
	struct bytes name = bytes_of(spec, colon ? (size_t)(colon - spec)
						 : strlen(spec));
	const struct kind *kind = kind_find(name);
	uint32_t bits;

	if (!kind) {
		char copy[64] = "";

		memcpy(copy, spec, name.len < 40 ? name.len : 40);
		(void)core_kinds_parse(*copy ? copy : " ", &bits, why);
		return NULL;
	}
	if (!colon) {
		why_set(why, ERR_USAGE,
			"'%s' lacks a colon: wanted is KIND:WHAT, as in "
			"tsp:places?region=ES&count=2000 or pi:1000000",
			spec);
		return NULL;
	}
	*rest = colon + 1;
	return kind;
}

static int init_lists(struct local_job *l)
{
	l->free_cap = 2 * l->threads + 2;
	l->free = calloc(l->free_cap, sizeof *l->free);
	l->lent = calloc(l->threads, sizeof *l->lent);
	if (!l->free || !l->lent)
		return ERR_NOMEM;
	for (unsigned i = 0; i < l->threads; i++) {
		buf_init(&l->lent[i].planned.input);
		buf_init(&l->lent[i].planned.note);
	}
	l->free[0].count = l->kind->job->total(l->job);
	l->free_count = l->free[0].count > 0;
	return 0;
}

int local_job_init(struct local_job *l, const char *spec, unsigned threads,
		   uint64_t seed, const char *places_file, struct why *why)
{
	const struct job_env env = { .places_file = places_file,
				     .threads = threads };
	const char *rest;
	int err;

	*l = (struct local_job){ .threads = threads,
				 .budget_ms = LOCAL_BUDGET_MS };
	rng_seed(&l->rng, seed);
	l->kind = local_kind(spec, &rest, why);
	if (!l->kind)
		return ERR_USAGE;
	err = l->kind->job->parse(&l->job, rest, &env, why);
	if (!err)
		err = l->kind->job->prepare(l->job, why);
	if (err)
		return err;
	if (init_lists(l))
		return why_set(why, ERR_NOMEM, "out of memory");
	l->pool = pool_new(threads, NULL, NULL);
	if (!l->pool)
		return why_set(why, ERR_NOMEM, "%u threads can not be started",
			       threads);
	return 0;
}

void local_job_deinit(struct local_job *l)
{
	pool_free(l->pool);
	for (unsigned i = 0; l->lent && i < l->threads; i++) {
		buf_deinit(&l->lent[i].planned.input);
		buf_deinit(&l->lent[i].planned.note);
	}
	free(l->lent);
	free(l->free);
	if (l->kind)
		l->kind->job->free(l->job);
}

/* --- ranges ------------------------------------------------------------- */

static void give_back(struct local_job *l, uint64_t from, uint64_t count)
{
	if (count == 0)
		return;
	/* A range goes out whole or in two, so there are never more than two
	 * a thread and the first one. */
	assert(l->free_count < l->free_cap);
	l->free[l->free_count++] = (struct range){ from, count };
}

static bool plan(struct local_job *l, struct lent *lent, struct range *range)
{
	const struct plan_ask ask = {
		.from = range->from,
		.available = range->count,
		.seed = rng_next(&l->rng) & KIND_INTEGER_MAX,
		.devices = l->threads,
		.budget_ms = l->budget_ms,
	};

	buf_clear(&lent->planned.input);
	buf_clear(&lent->planned.note);
	return l->kind->job->plan(l->job, &ask, &lent->planned);
}

/* --- lending ------------------------------------------------------------ */

static void start(struct local_job *l, unsigned thread, struct range *range)
{
	struct lent *lent = &l->lent[thread];
	const struct planned *p = &lent->planned;

	lent->chunk = (struct core_chunk){
		.kind = l->kind,
		.chunk = { .from = range->from,
			   .count = p->count,
			   .seed = p->seed,
			   .piece = PIECE_ALL,
			   .input = buf_bytes(&p->input) },
		.budget_ms = CORE_NO_BUDGET,
	};
	range->from += p->count;
	range->count -= p->count;
	if (range->count == 0)
		l->free_count--;
	lent->out = true;
	l->lent_count++;
	pool_start(l->pool, thread, &lent->chunk);
}

int local_job_lend(struct local_job *l)
{
	for (unsigned i = 0; i < l->threads && l->free_count > 0; i++) {
		struct range *last = &l->free[l->free_count - 1];

		if (l->lent[i].out)
			continue;
		if (!plan(l, &l->lent[i], last))
			return l->lent_count ? 0 : ERR_STATE;
		start(l, i, last);
	}
	return 0;
}

/* --- results ------------------------------------------------------------ */

static int merge(struct local_job *l, const struct lent *lent,
		 const struct core_result *got, struct why *why)
{
	const struct job_ops *ops = l->kind->job;
	const struct result result = {
		.chunk = lent->chunk.chunk,
		.units = got->units,
		.note = buf_bytes(&lent->planned.note),
		.output = got->output,
	};
	struct buf delta;
	int err;

	buf_init(&delta);
	err = ops->check(l->job, &result, &delta, why);
	if (!err) {
		l->work_us += ops->work_us(l->job, &result);
		err = ops->merge(l->job, buf_bytes(&delta), 1);
		if (err)
			why_set(why, err, "merging: %s", err_text(err));
	}
	buf_deinit(&delta);
	return err;
}

int local_job_take(struct local_job *l, struct why *why)
{
	struct pool_result got;
	struct lent *lent;
	const struct chunk *chunk;
	int err;

	if (!pool_take(l->pool, &got))
		return 0;
	lent = &l->lent[got.thread];
	chunk = &lent->chunk.chunk;
	err = got.result.err;
	if (err)
		why_set(why, err, "%s", got.result.why);
	else if (got.result.units > 0)
		err = merge(l, lent, &got.result, why);
	l->kind->job->unplan(l->job, buf_bytes(&lent->planned.note));
	lent->out = false;
	l->lent_count--;
	if (err)
		return err;
	l->units += got.result.units;
	l->spent_us += got.spent_us;
	l->chunks++;
	give_back(l, chunk->from + got.result.units,
		  chunk->count - got.result.units);
	return 1;
}

void local_job_stop(struct local_job *l, bool wanted)
{
	for (unsigned i = 0; i < l->threads; i++)
		if (l->lent[i].out)
			pool_stop(l->pool, i, wanted);
}

bool local_job_done(const struct local_job *l)
{
	return l->kind->job->done(l->job) ||
	       (l->free_count == 0 && l->lent_count == 0);
}
