/* Each allocation of tsp fails once: a clean error or, where the C library
 * helps itself (qsort), the same result; and nothing is leaked or half done. */
#include "tests/unit/compute/tsp_run.h"

#include "tests/unit/base/fail_malloc.h"

static void try_all_parse(const char *spec, const char *places)
{
	struct job_env env = { .places_file = places };
	bool hit = true;
	size_t n = 1;

	for (; hit; n++) {
		struct job *job = NULL;
		struct why why;
		int err;

		fail_malloc_at(n);
		err = tsp_job.parse(&job, spec, &env, &why);
		if (!err)
			err = tsp_job.prepare(job, &why);
		hit = fail_malloc_off();
		assert_true(hit || err == 0);
		if (!err)
			assert_whole(job);
		tsp_job.free(job);
	}
	assert_true(n > 30);
}

static void test_tsp_alloc__parse_and_prepare(void **state)
{
	char file[64];

	(void)state;
	strcpy(file, random_file(60, 0, "EUC_2D", 1));
	try_all_parse(file, NULL);
	unlink(file);
	strcpy(file, temp_file("ES\t9\t40\t-3\tA\nES\t8\t41\t-3\tB\n"
			       "ES\t7\t41\t-4\tC\nES\t6\t42\t-4\tD\n"
			       "ES\t5\t42\t-5\tE\n"));
	try_all_parse("places?region=ES&count=5", file);
	unlink(file);
}

static int compute_once(const struct planned *p, struct buf *output)
{
	struct chunk chunk = { 0, 40, p->seed, PIECE_ALL,
			       buf_bytes(&p->input) };
	struct compute *c = NULL;
	struct why why;
	int err = tsp_compute.begin(&c, &chunk, &why);

	if (err)
		return err;
	while (tsp_compute.slice(c) < 40)
		;
	err = tsp_compute.end(c, output);
	tsp_compute.free(c);
	return err;
}

static void test_tsp_alloc__compute(void **state)
{
	struct job *job = open_random(500, 0, 2);
	struct planned p;
	struct buf good;
	bool hit = true;
	size_t n = 1;

	(void)state;
	assert_true(plan_chunk(job, 300, 300, 1, &p));
	buf_init(&good);
	assert_int_equal(compute_once(&p, &good), 0);
	for (; hit; n++) {
		struct buf output;
		int err;

		buf_init(&output);
		fail_malloc_at(n);
		err = compute_once(&p, &output);
		hit = fail_malloc_off();
		assert_true(err == ERR_NOMEM || err == 0);
		assert_true(hit || err == 0);
		if (!err)
			assert_true(bytes_equal(buf_bytes(&good),
						buf_bytes(&output)));
		buf_deinit(&output);
	}
	assert_true(n > 10);
	buf_deinit(&good);
	plan_deinit(&p);
	tsp_job.free(job);
}

/* Plan, check, merge and the writers on one job: after each failure the tour
 * is whole, and the work in flight is what was planned. */
static int all_once(struct job *job, const struct result *r, struct buf *out)
{
	struct planned p;
	struct picture picture = { 0 };
	struct buf delta;
	struct why why;
	int err = 0;

	plan_init(&p);
	buf_init(&delta);
	buf_init(&picture.data);
	if (!plan_chunk(job, 300, 300, 5, &p))
		err = ERR_NOMEM;
	else
		tsp_job.unplan(job, buf_bytes(&p.note));
	if (!err)
		err = tsp_job.check(job, r, &delta, &why);
	if (!err)
		err = tsp_job.merge(job, buf_bytes(&delta), 1);
	if (!err)
		err = tsp_job.picture(job, 1, 0, &picture);
	if (!err)
		err = tsp_job.save(job, out);
	if (!err)
		err = tsp_job.load(job, buf_bytes(out), &why);
	if (!err)
		err = tsp_job.answer(job, out);
	if (!err)
		err = tsp_job.identity(job, out);
	plan_deinit(&p);
	buf_deinit(&delta);
	buf_deinit(&picture.data);
	return err;
}

static void test_tsp_alloc__plan_check_merge(void **state)
{
	bool hit = true;
	size_t n = 1;

	(void)state;
	for (; hit; n++) {
		struct job *job = open_random(800, 0, 3);
		int64_t first = job->length;
		struct planned p;
		struct buf output, out;
		struct result r;
		int err;

		assert_true(plan_chunk(job, 300, 300, 1, &p));
		r = run_chunk(&p, 60, &output);
		buf_init(&out);
		fail_malloc_at(n);
		err = all_once(job, &r, &out);
		hit = fail_malloc_off();
		assert_true(err == ERR_NOMEM || err == 0);
		assert_true(hit || err == 0);
		if (!err)
			assert_true(job->length < first);
		assert_whole(job);
		tsp_job.unplan(job, r.note);
		assert_int_equal(job->flying, 0);
		buf_deinit(&out);
		buf_deinit(&output);
		plan_deinit(&p);
		tsp_job.free(job);
	}
	assert_true(n > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tsp_alloc__parse_and_prepare),
		cmocka_unit_test(test_tsp_alloc__compute),
		cmocka_unit_test(test_tsp_alloc__plan_check_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
