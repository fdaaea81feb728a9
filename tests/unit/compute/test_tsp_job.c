/* Planning, computing, picture and saved state of a whole job. */
#include "tests/unit/compute/tsp_run.h"

#include "compute/tsp/cell.h"

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
