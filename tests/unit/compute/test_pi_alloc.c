/* Each allocation of pi fails once: a clean error, and nothing changed. */
#include "tests/unit/compute/pi_run.h"

#include <stdlib.h>

#include "tests/unit/base/fail_malloc.h"

static void test_pi_alloc__parse(void **state)
{
	struct job_env env = { 0 };
	bool hit = true;
	size_t n = 1;

	(void)state;
	for (; hit; n++) {
		struct job *job = NULL;
		struct why why;
		int err;

		fail_malloc_at(n);
		err = pi_job.parse(&job, "1000", &env, &why);
		if (!err)
			err = pi_job.prepare(job, &why);
		hit = fail_malloc_off();
		assert_int_equal(err, hit ? ERR_NOMEM : 0);
		assert_int_equal(job == NULL, hit);
		pi_job.free(job);
	}
	assert_true(n > 3);
}

static void test_pi_alloc__compute(void **state)
{
	static const uint8_t input[] = { 1, 100, 0, 0, 0, 64, 0, 0, 0 };
	struct chunk chunk = { 0, 5, 1, PIECE_ALL,
			       { input, sizeof input } };
	bool hit = true;
	size_t n = 1;

	(void)state;
	for (; hit; n++) {
		struct compute *c = NULL;
		struct buf output;
		struct why why;
		int err;

		buf_init(&output);
		fail_malloc_at(n);
		err = pi_compute.begin(&c, &chunk, &why);
		if (!err) {
			while (pi_compute.slice(c) < chunk.count)
				;
			err = pi_compute.end(c, &output);
		}
		hit = fail_malloc_off();
		assert_int_equal(err, hit ? ERR_NOMEM : 0);
		assert_int_equal(output.len, hit ? 0 : 1 + 16 * 5);
		pi_compute.free(c);
		buf_deinit(&output);
	}
	assert_true(n > 2);
}

typedef int (*writes)(struct job *job, struct buf *out);

static int write_identity(struct job *job, struct buf *out)
{
	return pi_job.identity(job, out);
}

static int write_answer(struct job *job, struct buf *out)
{
	return pi_job.answer(job, out);
}

static int write_status(struct job *job, struct buf *out)
{
	return pi_job.status(job, out);
}

static int write_save(struct job *job, struct buf *out)
{
	return pi_job.save(job, out);
}

static int write_picture(struct job *job, struct buf *out)
{
	struct picture p = { .data = *out };
	int err = pi_job.picture(job, 0, 0, &p);

	*out = p.data;
	return err;
}

static int write_plan(struct job *job, struct buf *out)
{
	struct plan_ask ask = { 0, 2, 1, 1, 1000 };
	struct planned p = { .input = *out };
	bool planned = pi_job.plan(job, &ask, &p);

	*out = p.input;
	buf_deinit(&p.note);
	return planned ? 0 : ERR_NOMEM;
}

static int write_check(struct job *job, struct buf *out)
{
	static const uint8_t raw[17] = { PI_VERSION };
	struct result r = { .chunk = { 0, 1, 1, PIECE_ALL, { 0 } },
			    .units = 1,
			    .output = { raw, sizeof raw } };

	return pi_job.check(job, &r, out, NULL);
}

static void test_pi_alloc__everything_that_writes(void **state)
{
	static const writes all[] = { write_identity, write_answer,
				      write_status,   write_save,
				      write_picture,  write_plan,
				      write_check };
	struct job *job = open_job("100");

	(void)state;
	do_all(job);
	for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
		bool hit = true;
		size_t n = 1;

		for (; hit; n++) {
			struct buf out;
			int err;

			buf_init(&out);
			fail_malloc_at(n);
			err = all[i](job, &out);
			hit = fail_malloc_off();
			assert_int_equal(err, hit ? ERR_NOMEM : 0);
			buf_deinit(&out);
		}
		assert_true(n > 2);
	}
	pi_job.free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pi_alloc__parse),
		cmocka_unit_test(test_pi_alloc__compute),
		cmocka_unit_test(test_pi_alloc__everything_that_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
