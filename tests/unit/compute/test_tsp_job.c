/* Planning, judging, merging, picture and saved state of a whole job. */
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

/* --- compute ------------------------------------------------------------- */

static void test_compute__prefixes_and_slices(void **state)
{
	struct job *job = open_random(1500, 0, 6);
	struct planned p;
	struct buf out[4];

	(void)state;
	assert_true(plan_chunk(job, 300, 1000, 3, &p));
	/* 300 of 300, 300 of a million, and both again as an audit */
	for (int k = 0; k < 4; k++) {
		struct chunk chunk = { 5, k % 2 ? 1000000 : 300, p.seed,
				       k < 2 ? PIECE_ALL : 0,
				       buf_bytes(&p.input) };
		struct compute *c;
		struct why why;
		uint64_t done = 0;

		buf_init(&out[k]);
		if (k % 2) {
			/* whatever a slice stops at, replayed exactly */
			assert_int_equal(tsp_compute.begin(&c, &chunk, &why),
					 0);
			while (done < 300)
				done = tsp_compute.slice(c);
			assert_int_equal(tsp_compute.end(c, &out[k]), 0);
			tsp_compute.free(c);
			buf_clear(&out[0]);
			chunk.count = done;
			compute_chunk(&chunk, &out[0]);
			assert_true(bytes_equal(buf_bytes(&out[0]),
						buf_bytes(&out[k])));
		} else {
			compute_chunk(&chunk, &out[k]);
		}
	}
	assert_true(out[0].len > 4);
	for (int k = 0; k < 4; k++)
		buf_deinit(&out[k]);
	plan_deinit(&p);
	tsp_job.free(job);
}

static void test_compute__refuses_inputs(void **state)
{
	struct job *job = open_random(1200, 0, 6);
	struct planned p;
	struct why why;
	struct compute *c = NULL;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 4);
	assert_true(plan_chunk(job, 300, 300, 3, &p));
	for (size_t cut = 0; cut <= p.input.len; cut++) {
		struct chunk chunk = { 0, 1, 1, PIECE_ALL,
				       bytes_of(p.input.data, cut) };
		int err = tsp_compute.begin(&c, &chunk, &why);

		assert_int_equal(err == 0, cut == p.input.len);
		if (!err)
			tsp_compute.free(c);
	}
	for (int k = 0; k < 3000; k++) {
		size_t at = rng_below(&rng, (uint32_t)p.input.len);
		uint8_t old = p.input.data[at];
		struct chunk chunk = { 0, 3, 1, PIECE_ALL,
				       buf_bytes(&p.input) };

		p.input.data[at] = (uint8_t)rng_next(&rng);
		if (!tsp_compute.begin(&c, &chunk, &why)) {
			if (k % 20 == 0)
				while (tsp_compute.slice(c) < 3)
					;
			tsp_compute.free(c);
		}
		p.input.data[at] = old;
	}
	plan_deinit(&p);
	tsp_job.free(job);
}

/* --- saved state, picture, answer ---------------------------------------- */

static void improve(struct job *job, int chunks)
{
	for (int k = 0; k < chunks; k++) {
		struct planned p;
		struct buf output, delta;
		struct result r;
		struct why why;

		assert_true(plan_chunk(job, 20, 500, (uint64_t)k + 1000, &p));
		r = run_chunk(&p, 50, &output);
		buf_init(&delta);
		assert_int_equal(tsp_job.check(job, &r, &delta, &why), 0);
		assert_int_equal(tsp_job.merge(job, buf_bytes(&delta),
					       (uint64_t)k), 0);
		tsp_job.unplan(job, r.note);
		plan_deinit(&p);
		buf_deinit(&output);
		buf_deinit(&delta);
	}
}

static void test_save__round_trip(void **state)
{
	struct job *a = open_random(900, 0, 7), *b = open_random(900, 0, 7);
	struct buf saved, again;
	struct why why;

	(void)state;
	buf_init(&saved);
	buf_init(&again);
	improve(a, 40);
	assert_true(a->length < b->length);
	assert_int_equal(tsp_job.save(a, &saved), 0);
	for (size_t cut = 0; cut < saved.len; cut++) {
		int64_t length = b->length;

		assert_int_not_equal(tsp_job.load(b, bytes_of(saved.data, cut),
						  &why), 0);
		assert_int_equal(b->length, length);
	}
	if (tsp_job.load(b, buf_bytes(&saved), &why))
		fail_msg("%s", why.text);
	assert_int_equal(a->length, b->length);
	assert_whole(b);
	assert_memory_equal(a->tour.at, b->tour.at, 900 * 4);
	assert_true(b->revision > a->revision);
	saved.data[saved.len - 1] ^= 1;
	assert_int_not_equal(tsp_job.load(b, buf_bytes(&saved), &why), 0);
	assert_whole(b);
	buf_deinit(&saved);
	buf_deinit(&again);
	tsp_job.free(a);
	tsp_job.free(b);
}

/* A viewer's tour: neighbours of each city. */
struct viewer {
	uint32_t n, (*next)[2];
	uint64_t revision, length;
	unsigned pages, records;
};

static void viewer_swap(struct viewer *v, uint32_t at, uint32_t old,
			uint32_t new)
{
	assert_true(v->next[at][0] == old || v->next[at][1] == old);
	v->next[at][v->next[at][0] == old ? 0 : 1] = new;
}

static void viewer_full(struct viewer *v, struct reader *r, uint32_t *order)
{
	uint32_t first = read_u32(r), count = read_u32(r);

	for (uint32_t i = 0; i < count; i++) {
		order[first + i] = read_u32(r);
		read_u32(r);
		read_u32(r);
	}
	if (first + count < v->n)
		return;
	for (uint32_t i = 0; i < v->n; i++) {
		v->next[order[i]][0] = order[(i + v->n - 1) % v->n];
		v->next[order[i]][1] = order[(i + 1) % v->n];
	}
}

static void viewer_change(struct viewer *v, struct reader *r)
{
	uint32_t count = read_u32(r);

	v->records += count;
	while (count-- > 0) {
		uint32_t e, a, b;

		read_u64(r);
		assert_true(read_u64(r) > 0);
		e = read_u32(r);
		for (uint32_t i = 0; i < e; i++) {
			a = read_u32(r);
			b = read_u32(r);
			viewer_swap(v, a, b, UINT32_MAX);
			viewer_swap(v, b, a, UINT32_MAX);
		}
		for (uint32_t i = 0; i < e; i++) {
			a = read_u32(r);
			b = read_u32(r);
			viewer_swap(v, a, UINT32_MAX, b);
			viewer_swap(v, b, UINT32_MAX, a);
		}
	}
}

/* Asks until all is known; returns whether it was a full picture. */
static bool viewer_ask(struct viewer *v, const struct job *job)
{
	uint32_t *order = calloc(v->n, sizeof *order);
	uint64_t since = v->revision;
	struct picture picture;
	bool full = false;
	unsigned page = 0;

	do {
		struct reader r;

		picture = (struct picture){ 0 };
		buf_init(&picture.data);
		assert_int_equal(tsp_job.picture(job, since, page++, &picture),
				 0);
		assert_true(picture.data.len <= PICTURE_PAGE_BYTES);
		r = reader_of(buf_bytes(&picture.data));
		assert_int_equal(read_u8(&r), TSP_VERSION);
		full = read_u8(&r) == 1;
		read_u16(&r);
		assert_int_equal(read_u32(&r), v->n);
		v->revision = read_u64(&r);
		assert_int_equal(v->revision, picture.revision);
		v->length = read_u64(&r);
		if (full)
			viewer_full(v, &r, order);
		else
			viewer_change(v, &r);
		assert_true(reader_done(&r));
		buf_deinit(&picture.data);
	} while (picture.more);
	v->pages += page;
	free(order);
	return full;
}

static void assert_seen(const struct viewer *v, const struct job *job)
{
	assert_int_equal(v->revision, job->revision);
	assert_int_equal(v->length, job->length);
	for (uint32_t c = 0; c < v->n; c++) {
		assert_true(tour_adjacent(&job->tour, c, v->next[c][0]));
		assert_true(tour_adjacent(&job->tour, c, v->next[c][1]));
		assert_int_not_equal(v->next[c][0], v->next[c][1]);
	}
}

static void test_picture__full_then_changes(void **state)
{
	struct job *job = open_random(12000, 0, 8);
	struct viewer v = { .n = 12000 };

	(void)state;
	v.next = calloc(v.n, sizeof *v.next);
	improve(job, 100);
	assert_true(viewer_ask(&v, job));
	assert_true(v.pages >= 3);
	viewer_ask(&v, job);
	assert_seen(&v, job);
	for (int k = 0; k < 15; k++) {
		improve(job, 20 * (k % 3));
		assert_false(viewer_ask(&v, job));
		assert_seen(&v, job);
	}
	assert_true(v.records > 100);
	free(v.next);
	tsp_job.free(job);
}

/* The ring is full many times over: an old viewer gets all anew. */
static void test_picture__falls_back_to_full(void **state)
{
	struct job *job = open_random(3000, 0, 9);
	struct viewer v = { .n = 3000 };

	(void)state;
	v.next = calloc(v.n, sizeof *v.next);
	viewer_ask(&v, job);
	assert_seen(&v, job);
	for (int k = 0; k < 3 * RECENT_MERGES; k++) {
		struct edge *none = calloc(1, sizeof *none);

		job->revision++;
		picture_add(job, 1, 1, 0, none);
	}
	assert_true(viewer_ask(&v, job));
	assert_false(viewer_ask(&v, job));
	assert_seen(&v, job);
	v.revision = job->revision + 5; /* from another life */
	assert_true(viewer_ask(&v, job));
	free(v.next);
	tsp_job.free(job);
}

static const char *text_of(struct buf *b)
{
	buf_add_u8(b, 0);
	return (const char *)b->data;
}

static void test_answer__numbers_of_the_file(void **state)
{
	const char *file = temp_file("NAME: berlin52\nDIMENSION: 4\n"
				     "EDGE_WEIGHT_TYPE: EUC_2D\n"
				     "NODE_COORD_SECTION\n"
				     "1 0 0\n4 0 10\n2 10 10\n3 10 0\n");
	struct job *job = open_job(file);
	struct buf json;

	(void)state;
	unlink(file);
	buf_init(&json);
	assert_int_equal(tsp_job.answer(job, &json), 0);
	assert_non_null(strstr(text_of(&json), "{\"length\":40,\"tour\":["));
	/* another instance under a known name has no optimum */
	assert_null(strstr((char *)json.data, "optimum"));
	assert_false(tsp_job.done(job));
	buf_clear(&json);
	assert_int_equal(tsp_job.status(job, &json), 0);
	assert_non_null(strstr(text_of(&json), "\"value\":40"));
	assert_non_null(strstr((char *)json.data, "\"over\":null"));
	buf_deinit(&json);
	tsp_job.free(job);
}

/* A bound is none if some tour is shorter. */
static void test_bound__holds(void **state)
{
	(void)state;
	for (unsigned n = 5; n < 400; n += 31) {
		struct job *job = open_random(n, n % 3, n);

		improve(job, 30);
		assert_true(job->bound_proved);
		assert_true(job->bound <= job->length);
		assert_true(job->bound > job->length * 8 / 10);
		tsp_job.free(job);
	}
}

static void test_instances__optimum_ends_the_job(void **state)
{
	struct job *job = open_job(instance_file("berlin52"));

	(void)state;
	for (int k = 0; k < 20 && !tsp_job.done(job); k++)
		improve(job, 1);
	assert_true(tsp_job.done(job));
	assert_int_equal(job->length, 7542);
	tsp_job.free(job);
}

static void test_instances__bounds_below_optima(void **state)
{
	static const char *const names[] = { "ulysses22", "att48", "gr96",
					     "kroA100", "eil101", "ch130",
					     "pcb442", "dsj1000", "pr1002" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct job *job = open_job(instance_file(names[i]));

		assert_true(job->optimum > 0);
		assert_int_equal(bound_find(job), 0);
		assert_true(job->bound <= job->optimum);
		assert_true(job->bound > job->optimum * 95 / 100);
		tsp_job.free(job);
	}
}

/* Chunks as the contract wants them: small, and within what is free. */
static void test_plan__chunks(void **state)
{
	static const unsigned sizes[] = { 5, 299, 2000, 12000 };

	(void)state;
	for (int s = 0; s < 4; s++) {
		struct job *job = open_random(sizes[s], 0, 10);
		unsigned whole = 0;

		for (uint64_t seed = 0; seed < 200; seed++) {
			struct plan_ask ask = { 0, 1 + seed * 100, seed, 300,
						2000 };
			struct arena arena;
			struct planned p;
			struct cell cell;
			struct why why;

			plan_init(&p);
			assert_true(tsp_job.plan(job, &ask, &p));
			assert_true(p.count >= 1 && p.count <= ask.available);
			arena_init(&arena, 65536);
			assert_int_equal(cell_read(&cell, buf_bytes(&p.input),
						   &arena, &why), 0);
			whole += cell.runs == 0;
			assert_true(cell.runs == 0 || p.input.len < 4500);
			arena_deinit(&arena);
			tsp_job.unplan(job, buf_bytes(&p.note));
			plan_deinit(&p);
		}
		if (sizes[s] <= 300)
			assert_int_equal(whole, 200);
		else
			assert_int_equal(whole > 0, sizes[s] <= 3000);
		assert_true(whole <= 200 && (sizes[s] <= 300 || whole < 30));
		assert_int_equal(job->flying, 0);
		tsp_job.free(job);
	}
}

static void test_plan__enough_for_now(void **state)
{
	struct job *job = open_random(400, 0, 1);
	static struct planned out[2000];
	unsigned count = 0;

	(void)state;
	while (count < 2000 && plan_chunk(job, 2000, 300, count, &out[count]))
		count++;
	assert_true(count > 100 && count < 2000);
	plan_deinit(&out[count]);
	for (unsigned i = 0; i < count; i++) {
		tsp_job.unplan(job, buf_bytes(&out[i].note));
		plan_deinit(&out[i]);
	}
	assert_int_equal(job->flying, 0);
	tsp_job.free(job);
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
		cmocka_unit_test(test_compute__prefixes_and_slices),
		cmocka_unit_test(test_compute__refuses_inputs),
		cmocka_unit_test(test_save__round_trip),
		cmocka_unit_test(test_picture__full_then_changes),
		cmocka_unit_test(test_picture__falls_back_to_full),
		cmocka_unit_test(test_answer__numbers_of_the_file),
		cmocka_unit_test(test_bound__holds),
		cmocka_unit_test(test_instances__optimum_ends_the_job),
		cmocka_unit_test(test_instances__bounds_below_optima),
		cmocka_unit_test(test_plan__chunks),
		cmocka_unit_test(test_plan__enough_for_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
