/* Merging and judging the results of others. */
#include "tests/unit/compute/tsp_run.h"

#include "compute/tsp/cell.h"

/* --- merging ------------------------------------------------------------- */

enum { OUT = 40 }; /* chunks out at a time */

/* P chunks out, done in random order: most are stale when they come back. */
static void merge_stale(struct job *job, int rounds, uint64_t kicks,
			uint32_t budget_ms)
{
	static struct planned out[OUT];
	struct rng rng;
	int64_t last = job->length;

	rng_seed(&rng, 11);
	for (int i = 0; i < OUT; i++)
		assert_true(plan_chunk(job, OUT, budget_ms, rng_next(&rng) >> 11,
				       &out[i]));
	for (int k = 0; k < rounds; k++) {
		struct planned *p = &out[rng_below(&rng, OUT)];
		struct buf output, delta;
		struct result r = run_chunk(p, kicks, &output);
		struct why why;

		buf_init(&delta);
		if (tsp_job.check(job, &r, &delta, &why))
			fail_msg("%s", why.text);
		assert_int_equal(tsp_job.merge(job, buf_bytes(&delta), 1), 0);
		assert_true(job->length <= last);
		last = job->length;
		if (k % 16 == 0)
			assert_whole(job);
		tsp_job.unplan(job, r.note);
		plan_deinit(p);
		buf_deinit(&output);
		buf_deinit(&delta);
		assert_true(plan_chunk(job, OUT, budget_ms,
				       rng_next(&rng) >> 11, p));
	}
	assert_whole(job);
	for (int i = 0; i < OUT; i++) {
		tsp_job.unplan(job, buf_bytes(&out[i].note));
		plan_deinit(&out[i]);
	}
	assert_int_equal(job->flying, 0);
}

static void test_merge__thousands_of_stale_results(void **state)
{
	struct job *job = open_random(2000, 0, 1);
	int64_t first = job->length;

	(void)state;
	merge_stale(job, 2000, 30, 1000);
	assert_true(job->length < first - first / 50);
	assert_true(job->merged_parts > 50);
	assert_true(job->refused_parts + job->repeated_parts > 50);
	tsp_job.free(job);
}

static void test_merge__clusters_and_small_tours(void **state)
{
	static const unsigned sizes[][2] = { { 3, 0 }, { 5, 0 }, { 8, 2 },
					     { 60, 3 }, { 700, 9 } };

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct job *job = open_random(sizes[i][0], sizes[i][1],
					      (uint64_t)i);

		merge_stale(job, 200, 40, 300);
		tsp_job.free(job);
	}
}

/* Deltas made of random exchanges, most of them no good: never two cycles,
 * never longer, always the exact length. */
static void test_merge__random_deltas(void **state)
{
	struct job *job = open_random(300, 0, 2);
	struct rng rng;
	int64_t last;

	(void)state;
	rng_seed(&rng, 5);
	for (int k = 0; k < 20000; k++) {
		uint32_t e = 2 + rng_below(&rng, 3), ends[8];
		struct buf delta;

		last = job->length;
		buf_init(&delta);
		buf_add_u8(&delta, TSP_VERSION);
		buf_add_varint(&delta, e);
		for (uint32_t i = 0; i < e; i++) {
			uint32_t a = rng_below(&rng, 300);
			uint32_t near = rng_below(&rng, 40);

			a = job->tour.at[near * 2];
			ends[2 * i] = a;
			ends[2 * i + 1] = tour_next(&job->tour, a);
			buf_add_varint(&delta, a);
			buf_add_svarint(&delta, (int64_t)ends[2 * i + 1] - a);
		}
		for (uint32_t i = 2 * e - 1; i > 0; i--) {
			uint32_t o = rng_below(&rng, i + 1), c = ends[i];

			ends[i] = ends[o];
			ends[o] = c;
		}
		for (uint32_t i = 0; i < e; i++) {
			buf_add_varint(&delta, ends[2 * i]);
			buf_add_svarint(&delta, (int64_t)ends[2 * i + 1] -
							ends[2 * i]);
		}
		tsp_job.merge(job, buf_bytes(&delta), 1);
		assert_true(job->length <= last);
		if (job->length < last || k % 500 == 0)
			assert_whole(job);
		buf_deinit(&delta);
	}
	tsp_job.free(job);
}

static void test_merge__garbage(void **state)
{
	struct job *job = open_random(100, 0, 3);
	int64_t length = job->length;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (int k = 0; k < 20000; k++) {
		uint8_t bytes[40];
		size_t len = rng_below(&rng, sizeof bytes);

		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)rng_next(&rng);
		if (len > 1) {
			bytes[0] = TSP_VERSION;
			bytes[1] &= 7;
		}
		tsp_job.merge(job, bytes_of(bytes, len), 1);
		assert_true(job->length <= length);
		length = job->length;
	}
	assert_whole(job);
	tsp_job.free(job);
}

/* --- lies ---------------------------------------------------------------- */

struct lie {
	struct job *job;
	struct planned planned;
	struct buf output, delta;
	struct result result;
	struct arena arena;
	struct cell cell;
	struct outcome o;
	struct why why;
};

/* A good result of a cell (not the whole tour) to be spoilt. */
static void lie_init(struct lie *l)
{
	l->job = open_random(3500, 0, 4);
	assert_true(plan_chunk(l->job, 300, 2000, 77, &l->planned));
	l->result = run_chunk(&l->planned, 500, &l->output);
	arena_init(&l->arena, 65536);
	buf_init(&l->delta);
	assert_int_equal(cell_read(&l->cell, l->result.chunk.input, &l->arena,
				   &l->why), 0);
	assert_non_null(l->cell.fixed_to);
	assert_int_equal(outcome_read(&l->o, l->result.output,
				      l->cell.space.n, &l->arena, &l->why), 0);
	assert_true(l->o.change.count >= 4 && l->o.gain > 0);
	assert_int_equal(tsp_job.check(l->job, &l->result, &l->delta,
				       &l->why), 0);
	buf_clear(&l->delta);
}

static void lie_deinit(struct lie *l)
{
	tsp_job.free(l->job);
	plan_deinit(&l->planned);
	buf_deinit(&l->output);
	buf_deinit(&l->delta);
	arena_deinit(&l->arena);
}

/* Checks the outcome as spoilt; then it is as before. */
static void refused(struct lie *l, int err, const char *why)
{
	struct buf output;

	buf_init(&output);
	assert_int_equal(outcome_write(&l->o, &output), 0);
	l->result.output = buf_bytes(&output);
	assert_int_equal(tsp_job.check(l->job, &l->result, &l->delta,
				       &l->why), err);
	if (!strstr(l->why.text, why))
		fail_msg("`%s` is not in `%s`", why, l->why.text);
	assert_int_equal(l->delta.len, 0);
	buf_deinit(&output);
	l->result.output = buf_bytes(&l->output);
	assert_int_equal(outcome_read(&l->o, l->result.output,
				      l->cell.space.n, &l->arena, &l->why), 0);
}

static void test_check__gain_that_is_not_there(void **state)
{
	struct lie l;

	(void)state;
	lie_init(&l);
	l.o.gain++;
	refused(&l, ERR_RANGE, "gain");
	l.o.gain--;
	l.o.gain = 0;
	refused(&l, ERR_RANGE, "gain");
	l.o.change.count = 0;
	refused(&l, ERR_RANGE, "gain");
	lie_deinit(&l);
}

static void test_check__kicks_not_done(void **state)
{
	struct lie l;

	(void)state;
	lie_init(&l);
	l.o.kicks = 499;
	refused(&l, ERR_RANGE, "kicks");
	l.o.kicks = 0;
	refused(&l, ERR_RANGE, "kicks");
	l.result.units = 501;
	l.o.kicks = 501;
	refused(&l, ERR_RANGE, "kicks");
	l.result.units = 500;
	lie_deinit(&l);
}

static void test_check__fixed_edge_removed(void **state)
{
	struct lie l;
	uint32_t c = 0;

	(void)state;
	lie_init(&l);
	while (l.cell.fixed_to[c] != c + 1)
		c++;
	l.o.change.removed[0] = (struct edge){ c, c + 1 };
	for (uint32_t i = 1; i < l.o.change.count; i++)
		if (l.o.change.removed[i].a <= c)
			l.o.change.count = i; /* keep them ascending */
	refused(&l, ERR_DENIED, "fixed edge");
	lie_deinit(&l);
}

/* The gain is made to agree with the edges: only the tour is wrong. */
static void test_check__no_tour(void **state)
{
	struct lie l;
	struct edge *added;
	int seen = 0;

	(void)state;
	lie_init(&l);
	for (uint32_t i = 0; i + 1 < l.o.change.count && seen < 50; i++) {
		uint32_t b;

		added = l.o.change.added;
		/* two ends swapped: another matching of the same cities */
		b = added[i].b;
		if (added[i].a >= added[i + 1].b || added[i + 1].a >= b ||
		    added[i].a == added[i + 1].a)
			continue;
		added[i].b = added[i + 1].b;
		added[i + 1].b = b;
		l.o.gain = exchange_gain(&l.o.change, &l.cell.space);
		if (l.o.gain > 0) {
			struct buf output;
			int err;

			buf_init(&output);
			outcome_write(&l.o, &output);
			l.result.output = buf_bytes(&output);
			err = tsp_job.check(l.job, &l.result, &l.delta,
					    &l.why);
			/* may happen to be a tour: then it is no lie */
			if (err) {
				assert_int_equal(err, ERR_MALFORMED);
				assert_int_equal(l.delta.len, 0);
				seen++;
			}
			buf_clear(&l.delta);
			buf_deinit(&output);
		}
		l.result.output = buf_bytes(&l.output);
		assert_int_equal(outcome_read(&l.o, l.result.output,
					      l.cell.space.n, &l.arena,
					      &l.why), 0);
	}
	/* an edge more removed than there are ends for */
	l.o.change.added[0].b = l.o.change.added[0].a + 1;
	l.o.gain = exchange_gain(&l.o.change, &l.cell.space);
	if (l.o.gain > 0)
		refused(&l, ERR_MALFORMED, "");
	assert_true(seen > 0);
	lie_deinit(&l);
}

static void test_check__indices_and_order(void **state)
{
	struct lie l;

	(void)state;
	lie_init(&l);
	l.o.change.added[l.o.change.count - 1].b = l.cell.space.n;
	refused(&l, ERR_MALFORMED, "out of range or order");
	l.o.change.removed[l.o.change.count - 1].a = 65535;
	refused(&l, ERR_MALFORMED, "out of range or order");
	l.o.change.removed[1] = l.o.change.removed[0];
	refused(&l, ERR_MALFORMED, "out of range or order");
	l.o.change.added[1] = l.o.change.added[0];
	refused(&l, ERR_MALFORMED, "out of range or order");
	l.o.change.added[0].a = l.o.change.added[0].b;
	refused(&l, ERR_MALFORMED, "out of range or order");
	lie_deinit(&l);
}

static void test_check__bytes_cut_longer_and_changed(void **state)
{
	struct lie l;
	uint8_t copy[8192];
	size_t len, refusals = 0;

	(void)state;
	lie_init(&l);
	len = l.output.len;
	assert_true(len < sizeof copy);
	memcpy(copy, l.output.data, len);
	copy[len] = 0;
	for (size_t cut = 0; cut <= len + 1; cut++) {
		l.result.output = bytes_of(copy, cut);
		assert_int_equal(tsp_job.check(l.job, &l.result, &l.delta,
					       &l.why) == 0, cut == len);
		assert_int_equal(l.delta.len > 0, cut == len);
		buf_clear(&l.delta);
	}
	l.result.output = bytes_of(copy, len);
	for (size_t i = 0; i < len; i++)
		for (int bit = 0; bit < 8; bit++) {
			copy[i] ^= (uint8_t)(1 << bit);
			refusals += tsp_job.check(l.job, &l.result, &l.delta,
						  &l.why) != 0;
			copy[i] ^= (uint8_t)(1 << bit);
			buf_clear(&l.delta);
		}
	assert_int_equal(refusals, 8 * len);
	lie_deinit(&l);
}

/* A result of another chunk of the same size does not pass by chance. */
static void test_check__foreign_result(void **state)
{
	struct lie l;
	struct planned other;
	struct buf output;
	struct result r;

	(void)state;
	lie_init(&l);
	assert_true(plan_chunk(l.job, 300, 2000, 78, &other));
	r = run_chunk(&other, 500, &output);
	r.chunk.input = l.result.chunk.input;
	r.note = l.result.note;
	assert_int_not_equal(tsp_job.check(l.job, &r, &l.delta, &l.why), 0);
	buf_deinit(&output);
	plan_deinit(&other);
	lie_deinit(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merge__thousands_of_stale_results),
		cmocka_unit_test(test_merge__clusters_and_small_tours),
		cmocka_unit_test(test_merge__random_deltas),
		cmocka_unit_test(test_merge__garbage),
		cmocka_unit_test(test_check__gain_that_is_not_there),
		cmocka_unit_test(test_check__kicks_not_done),
		cmocka_unit_test(test_check__fixed_edge_removed),
		cmocka_unit_test(test_check__no_tour),
		cmocka_unit_test(test_check__indices_and_order),
		cmocka_unit_test(test_check__bytes_cut_longer_and_changed),
		cmocka_unit_test(test_check__foreign_result),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
