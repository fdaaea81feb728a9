/* pi's rules: what is refused, how work is shared out, counted and shown. */
#include "tests/unit/compute/pi_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void refuse_spec(const char *spec, int err, const char *says)
{
	struct job_env env = { 0 };
	struct job *job = NULL;
	struct why why = { "" };

	assert_int_equal(pi_job.parse(&job, spec, &env, &why), err);
	assert_null(job);
	if (!strstr(why.text, says) || strchr(why.text, '\n'))
		fail_msg("`%s` gives `%s`", spec, why.text);
}

static void test_pi_parse__refuses_with_what_is_accepted(void **state)
{
	static const char accepted[] = "from 1 to 1073741822";

	(void)state;
	refuse_spec("", ERR_USAGE, accepted);
	refuse_spec("0", ERR_RANGE, accepted);
	refuse_spec("-1", ERR_USAGE, accepted);
	refuse_spec("+1", ERR_USAGE, accepted);
	refuse_spec(" 1", ERR_USAGE, accepted);
	refuse_spec("1 ", ERR_USAGE, accepted);
	refuse_spec("01", ERR_USAGE, accepted);
	refuse_spec("1.5", ERR_USAGE, accepted);
	refuse_spec("1e6", ERR_USAGE, accepted);
	refuse_spec("million", ERR_USAGE, accepted);
	refuse_spec("1073741823", ERR_RANGE, accepted);
	refuse_spec("18446744073709551617", ERR_RANGE, accepted);
	refuse_spec("99999999999999999999999999999999999999999999999999"
		    "99999999999999999999999999999999999999999999999999"
		    "99999999999999999999999999999999999999999999999999",
		    ERR_RANGE, accepted);
	refuse_spec("5?digits=3", ERR_USAGE, "unknown option `digits=3`");
	refuse_spec("5?", ERR_USAGE, "no options");
}

static void test_pi_parse__the_limits_themselves(void **state)
{
	struct job *first = open_job("1"), *last = open_job("1073741822");

	(void)state;
	assert_true(pi_job.total(first) == 2);
	assert_in_range(pi_job.total(last), 2000, 3000);
	pi_job.free(first);
	pi_job.free(last);
	pi_job.free(NULL);
}

static void test_pi_parse__enough_units_for_many_devices(void **state)
{
	static const char *const specs[] = { "1000000", "10000000",
					     "100000000", "1000000000" };

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct job *job = open_job(specs[i]);

		assert_in_range(pi_job.total(job), 500, 3000);
		pi_job.free(job);
	}
}

static int try_begin(struct bytes input, uint64_t from, uint64_t count,
		     uint64_t piece)
{
	struct chunk chunk = { from, count, 1, piece, input };
	struct compute *c = NULL;
	struct why why = { "" };
	int err = pi_compute.begin(&c, &chunk, &why);

	assert_int_equal(err == 0, c != NULL);
	assert_int_equal(err == 0, why.text[0] == '\0');
	pi_compute.free(c);
	return err;
}

static int try_input(uint8_t version, uint32_t position, uint32_t block)
{
	struct buf input;
	int err;

	buf_init(&input);
	buf_add_u8(&input, version);
	buf_add_u32(&input, position);
	buf_add_u32(&input, block);
	err = try_begin(buf_bytes(&input), 0, 1, PIECE_ALL);
	buf_deinit(&input);
	return err;
}

static void test_pi_begin__input_rules(void **state)
{
	static const uint8_t longer[PI_INPUT_BYTES + 1] = { 1, 9, 0, 0, 0, 9 };

	(void)state;
	assert_int_equal(try_input(1, 1, 1), 0);
	assert_int_equal(try_input(1, PI_POSITION_MAX, PI_BLOCK_MAX), 0);
	assert_int_equal(try_input(1, PI_POSITION_MAX, 1), 0);
	assert_int_equal(try_input(0, 1, 1), ERR_MALFORMED);
	assert_int_equal(try_input(2, 1, 1), ERR_MALFORMED);
	assert_int_equal(try_input(1, 0, 1), ERR_RANGE);
	assert_int_equal(try_input(1, PI_POSITION_MAX + 1, 1), ERR_RANGE);
	assert_int_equal(try_input(1, UINT32_MAX, 1), ERR_RANGE);
	assert_int_equal(try_input(1, 1, 0), ERR_RANGE);
	assert_int_equal(try_input(1, 1, PI_BLOCK_MAX + 1), ERR_RANGE);
	for (size_t len = 0; len <= sizeof longer; len++)
		assert_int_equal(
			try_begin(bytes_of(longer, len), 0, 1, PIECE_ALL),
			len == PI_INPUT_BYTES ? 0 : ERR_MALFORMED);
}

static void test_pi_begin__range_rules(void **state)
{
	struct job *job = open_job("100000");
	uint64_t total = pi_job.total(job);
	struct buf input;
	struct bytes in;

	(void)state;
	input_of(job, &input);
	in = buf_bytes(&input);
	assert_int_equal(try_begin(in, 0, 0, PIECE_ALL), ERR_LIMIT);
	assert_int_equal(try_begin(in, 0, 64, PIECE_ALL), 0);
	assert_int_equal(try_begin(in, 0, 65, PIECE_ALL), ERR_LIMIT);
	assert_int_equal(try_begin(in, 0, UINT64_MAX, PIECE_ALL), ERR_LIMIT);
	assert_int_equal(try_begin(in, total - 1, 1, PIECE_ALL), 0);
	assert_int_equal(try_begin(in, total - 1, 2, PIECE_ALL), ERR_RANGE);
	assert_int_equal(try_begin(in, total, 1, PIECE_ALL), ERR_RANGE);
	assert_int_equal(try_begin(in, UINT64_MAX, 1, PIECE_ALL), ERR_RANGE);
	assert_int_equal(try_begin(in, 0, 8, 7), 0);
	assert_int_equal(try_begin(in, 0, 8, 8), ERR_RANGE);
	assert_int_equal(try_begin(in, 0, 8, PIECE_ALL - 1), ERR_RANGE);
	pi_compute.free(NULL);
	buf_deinit(&input);
	pi_job.free(job);
}

static void test_pi_check__size_version_and_range(void **state)
{
	struct job *job = open_job("1000");
	uint64_t total = pi_job.total(job);
	uint8_t raw[1 + 16 * 66] = { PI_VERSION };
	struct result r = { .chunk = { 2, 8, 1, PIECE_ALL, { 0 } } };
	struct buf delta;

	(void)state;
	buf_init(&delta);
	for (uint64_t units = 0; units < 10; units++)
		for (size_t len = 0; len < 1 + 16 * 10; len++) {
			bool good = units >= 1 && units <= 8 &&
				    len == 1 + 16 * units;
			int err;

			r.units = units;
			r.output = bytes_of(raw, len);
			err = pi_job.check(job, &r, &delta, NULL);
			assert_int_equal(err == 0, good);
			assert_int_equal(delta.len,
					 good ? PI_DELTA_BYTES : 0);
			buf_clear(&delta);
		}
	r.units = 8;
	r.output = bytes_of(raw, 1 + 16 * 8);
	raw[0] = 2;
	assert_int_equal(pi_job.check(job, &r, &delta, NULL), ERR_MALFORMED);
	raw[0] = PI_VERSION;
	r.chunk.from = total - 7;
	assert_int_equal(pi_job.check(job, &r, &delta, NULL), ERR_RANGE);
	r.chunk.from = UINT64_MAX - 3;
	assert_int_equal(pi_job.check(job, &r, &delta, NULL), ERR_RANGE);
	r = (struct result){ .chunk = { 0, 65, 1, PIECE_ALL, { 0 } },
			     .units = 65,
			     .output = bytes_of(raw, 1 + 16 * 65) };
	assert_int_equal(pi_job.check(job, &r, &delta, NULL), ERR_RANGE);
	assert_int_equal(delta.len, 0);
	buf_deinit(&delta);
	pi_job.free(job);
}

static void save_of(const struct job *job, struct buf *out)
{
	buf_init(out);
	assert_int_equal(pi_job.save(job, out), 0);
}

static void test_pi_merge__unmerge_is_its_inverse(void **state)
{
	struct job *job = open_job("5000");
	struct buf a, b, before, after;

	(void)state;
	delta_of(job, 3, 5, &a);
	delta_of(job, 8, 20, &b);
	assert_int_equal(pi_job.merge(job, buf_bytes(&a), 1), 0);
	save_of(job, &before);
	assert_int_equal(pi_job.merge(job, buf_bytes(&b), 2), 0);
	assert_int_equal(pi_job.unmerge(job, buf_bytes(&b), 2), 0);
	save_of(job, &after);
	assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
	/* taken back in another order than merged */
	assert_int_equal(pi_job.merge(job, buf_bytes(&b), 2), 0);
	assert_int_equal(pi_job.unmerge(job, buf_bytes(&a), 1), 0);
	assert_int_equal(pi_job.unmerge(job, buf_bytes(&b), 2), 0);
	buf_deinit(&after);
	save_of(job, &after);
	assert_int_equal(after.len, before.len);
	for (size_t i = PI_INPUT_BYTES; i < PI_INPUT_BYTES + 16; i++)
		assert_int_equal(after.data[i], 0);
	buf_deinit(&a);
	buf_deinit(&b);
	buf_deinit(&before);
	buf_deinit(&after);
	pi_job.free(job);
}

static void test_pi_merge__no_unit_counts_twice(void **state)
{
	struct job *job = open_job("5000");
	struct buf a, overlap, before, after;

	(void)state;
	delta_of(job, 3, 5, &a);
	delta_of(job, 7, 4, &overlap);
	assert_int_equal(pi_job.unmerge(job, buf_bytes(&a), 1), ERR_STATE);
	assert_int_equal(pi_job.merge(job, buf_bytes(&a), 1), 0);
	save_of(job, &before);
	assert_int_equal(pi_job.merge(job, buf_bytes(&a), 1), ERR_STATE);
	assert_int_equal(pi_job.merge(job, buf_bytes(&overlap), 1), ERR_STATE);
	assert_int_equal(pi_job.unmerge(job, buf_bytes(&overlap), 1),
			 ERR_STATE);
	save_of(job, &after);
	assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
	buf_deinit(&a);
	buf_deinit(&overlap);
	buf_deinit(&before);
	buf_deinit(&after);
	pi_job.free(job);
}

static void test_pi_merge__refuses_a_broken_delta(void **state)
{
	struct job *job = open_job("5000");
	uint64_t total = pi_job.total(job);
	struct buf d;

	(void)state;
	delta_of(job, 0, 2, &d);
	buf_add_u8(&d, 0);
	for (size_t len = 0; len <= PI_DELTA_BYTES + 1; len++)
		if (len != PI_DELTA_BYTES)
			assert_int_equal(
				pi_job.merge(job, bytes_of(d.data, len), 1),
				ERR_MALFORMED);
	d.len = PI_DELTA_BYTES;
	put_u64(d.data + 1, total - 1);
	assert_int_equal(pi_job.merge(job, buf_bytes(&d), 1), ERR_MALFORMED);
	put_u64(d.data + 1, UINT64_MAX);
	assert_int_equal(pi_job.merge(job, buf_bytes(&d), 1), ERR_MALFORMED);
	put_u64(d.data + 1, 0);
	d.data[9] = 0;
	assert_int_equal(pi_job.merge(job, buf_bytes(&d), 1), ERR_MALFORMED);
	d.data[9] = 65;
	assert_int_equal(pi_job.merge(job, buf_bytes(&d), 1), ERR_MALFORMED);
	d.data[9] = 2;
	d.data[0] = 2;
	assert_int_equal(pi_job.merge(job, buf_bytes(&d), 1), ERR_MALFORMED);
	d.data[0] = PI_VERSION;
	assert_int_equal(pi_job.merge(job, buf_bytes(&d), 1), 0);
	buf_deinit(&d);
	pi_job.free(job);
}

static void test_pi_load__restores_and_refuses(void **state)
{
	struct job *job = open_job("5000"), *again = open_job("5000");
	struct job *other = open_job("5001");
	struct buf saved, resaved, a, b;
	struct why why;

	(void)state;
	do_range(job, 0, 30);
	save_of(job, &saved);
	buf_add_u8(&saved, 0);
	for (size_t len = 0; len < saved.len - 1; len++)
		assert_int_equal(
			pi_job.load(again, bytes_of(saved.data, len), &why),
			ERR_MALFORMED);
	assert_int_equal(pi_job.load(again, buf_bytes(&saved), &why),
			 ERR_MALFORMED);
	saved.len--;
	assert_int_equal(pi_job.load(other, buf_bytes(&saved), &why),
			 ERR_MALFORMED);
	assert_int_equal(pi_job.load(again, buf_bytes(&saved), &why), 0);
	save_of(again, &resaved);
	assert_true(bytes_equal(buf_bytes(&saved), buf_bytes(&resaved)));
	for (uint64_t at = 30; at < pi_job.total(job); at++)
		do_range(again, at, 1);
	do_range(job, 30, 64);
	for (uint64_t at = 94; at < pi_job.total(job); at++)
		do_range(job, at, 1);
	assert_string_equal(answer_of(job, &a), answer_of(again, &b));
	assert_non_null(strstr((char *)a.data, "\"certain\":2"));
	buf_deinit(&a);
	buf_deinit(&b);
	buf_deinit(&saved);
	buf_deinit(&resaved);
	pi_job.free(job);
	pi_job.free(again);
	pi_job.free(other);
}

static uint64_t planned(struct job *job, uint64_t from, uint64_t available,
			unsigned devices, uint32_t budget_ms)
{
	struct plan_ask ask = { from, available, 77, devices, budget_ms };
	struct planned out = { 0 };
	uint64_t count = 0;

	if (pi_job.plan(job, &ask, &out)) {
		count = out.count;
		assert_true(out.seed == 77);
		assert_int_equal(out.input.len, PI_INPUT_BYTES);
		assert_int_equal(try_begin(buf_bytes(&out.input), from, count,
					   PIECE_ALL),
				 0);
		pi_job.unplan(job, buf_bytes(&out.note));
	}
	buf_deinit(&out.input);
	buf_deinit(&out.note);
	return count;
}

static void test_pi_plan__follows_budget_devices_and_range(void **state)
{
	struct job *job = open_job("100000000");
	uint64_t total = pi_job.total(job);

	(void)state;
	assert_true(planned(job, 0, total, 1, 20000) == PI_CHUNK_UNITS);
	assert_true(planned(job, 0, 5, 1, 20000) == 5);
	assert_in_range(planned(job, 0, total, 1, 250), 10, 50);
	assert_true(planned(job, 0, total, 1, 1) == 1);
	assert_true(planned(job, 0, total, 1, 0) == 1);
	assert_in_range(planned(job, 0, total, 50, 20000), 2, 6);
	assert_true(planned(job, 0, total, UINT32_MAX, 20000) == 1);
	assert_true(planned(job, total - 1, 1, 1, 2000) == 1);
	assert_true(planned(job, 0, 0, 1, 2000) == 0);
	assert_true(planned(job, total, 1, 1, 2000) == 0);
	pi_job.free(job);
}

static uint64_t work(const struct job *job, uint64_t from, uint64_t units)
{
	struct result r = { .chunk = { from, units, 1, PIECE_ALL, { 0 } },
			    .units = units };

	return pi_job.work_us(job, &r);
}

static void test_pi_work__counts_terms_and_their_bits(void **state)
{
	struct job *job = open_job("100000000");
	uint64_t total = pi_job.total(job), all = 0;

	(void)state;
	for (uint64_t at = 0; at < total; at++)
		all += work(job, at, 1);
	/* 2.8e8 terms of 25 … 29 bits */
	assert_in_range(all, 280000000.0 * 25 * PI_BIT_PS / 1e6,
			280000000.0 * 29 * PI_BIT_PS / 1e6);
	assert_in_range(work(job, 0, 8),
			8 * (work(job, 0, 1) - 1),
			8 * work(job, 0, 1));
	assert_true(work(job, total, 1) == 0);
	assert_true(work(job, 0, 65) == 0);
	pi_job.free(job);
	job = open_job("1");
	assert_true(work(job, 0, 2) >= 1);
	pi_job.free(job);
}

/* Applies a picture to one byte a unit; returns the digits' count. */
static unsigned apply(const struct job *job, uint64_t *since, uint8_t *units)
{
	struct picture p = { 0 };
	struct reader r;
	uint64_t in_series = 0;
	unsigned runs, digits;

	assert_int_equal(pi_job.picture(job, *since, 0, &p), 0);
	assert_false(p.more);
	assert_true(p.data.len <= PICTURE_PAGE_BYTES);
	r = reader_of(buf_bytes(&p.data));
	assert_int_equal(read_u8(&r), 1);
	read_bytes(&r, 13);
	for (int j = 0; j < 7; j++)
		in_series += read_u32(&r);
	assert_true(in_series == pi_job.total(job));
	for (runs = read_u16(&r); runs > 0; runs--) {
		uint32_t first = read_u32(&r);
		uint16_t n = read_u16(&r);

		assert_true(n > 0 && first + n <= in_series);
		memset(units + first, read_u8(&r), n);
	}
	digits = read_u8(&r);
	read_bytes(&r, digits);
	assert_true(reader_done(&r));
	assert_int_equal(p.data.data[1], digits > 0);
	*since = p.revision;
	buf_deinit(&p.data);
	return digits;
}

/* Pictures of the changes, laid over each other, are the whole picture. */
static void test_pi_picture__changes_add_up(void **state)
{
	struct job *job = open_job("4000");
	uint64_t total = pi_job.total(job), since = 0, zero;
	uint8_t *step = calloc(2, total), *whole = step + total;
	struct buf d;

	(void)state;
	assert_non_null(step);
	memset(step, 99, total); /* must all be told the first time */
	assert_int_equal(apply(job, &since, step), 0);
	assert_null(memchr(step, 99, total));
	delta_of(job, 10, 5, &d);
	for (uint64_t at = 0; at < total; at += 5) {
		uint64_t n = total - at < 5 ? total - at : 5;

		do_range(job, at, n);
		if (at == 10) {
			assert_int_equal(
				pi_job.unmerge(job, buf_bytes(&d), 1), 0);
			apply(job, &since, step);
			assert_int_equal(step[12], 0);
			assert_int_equal(
				pi_job.merge(job, buf_bytes(&d), 256), 0);
		}
		if (at % 3 == 0 || at + n == total)
			assert_int_equal(apply(job, &since, step) > 20,
					 at + n == total);
		zero = at % 2 ? 0 : since + 1000;
		memset(whole, 99, total);
		apply(job, &zero, whole);
		assert_true(zero >= since);
		if (zero == since)
			assert_memory_equal(step, whole, total);
	}
	assert_int_equal(step[0], 2);
	assert_int_equal(step[12], 1 + 256 % 255);
	buf_deinit(&d);
	free(step);
	pi_job.free(job);
}

static void test_pi_picture__a_second_page_is_empty(void **state)
{
	struct job *job = open_job("4000");
	struct picture p = { 0 };

	(void)state;
	assert_int_equal(pi_job.picture(job, 0, 1, &p), 0);
	assert_int_equal(p.data.len, 0);
	assert_false(p.more);
	pi_job.free(job);
}

static void test_pi_status__progress_then_digits(void **state)
{
	struct job *job = open_job("2");
	struct buf json;

	(void)state;
	assert_string_equal(answer_of(job, &json),
			    "{\"position\":2,\"digits\":\"\",\"certain\":0}");
	buf_deinit(&json);
	do_range(job, 0, 1);
	assert_false(pi_job.done(job));
	buf_init(&json);
	pi_job.status(job, &json);
	assert_true(bytes_equal_str(
		buf_bytes(&json),
		"{\"text\":\"π at hex digit 2: 20.0 % of the sum\","
		"\"value\":null,\"over\":null,\"over_what\":null}"));
	do_range(job, 1, pi_job.total(job) - 1);
	buf_clear(&json);
	pi_job.status(job, &json);
	buf_add_u8(&json, 0);
	assert_non_null(strstr((char *)json.data, "digit 2: 43F6A8885A308D"));
	buf_deinit(&json);
	pi_job.free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pi_parse__refuses_with_what_is_accepted),
		cmocka_unit_test(test_pi_parse__the_limits_themselves),
		cmocka_unit_test(test_pi_parse__enough_units_for_many_devices),
		cmocka_unit_test(test_pi_begin__input_rules),
		cmocka_unit_test(test_pi_begin__range_rules),
		cmocka_unit_test(test_pi_check__size_version_and_range),
		cmocka_unit_test(test_pi_merge__unmerge_is_its_inverse),
		cmocka_unit_test(test_pi_merge__no_unit_counts_twice),
		cmocka_unit_test(test_pi_merge__refuses_a_broken_delta),
		cmocka_unit_test(test_pi_load__restores_and_refuses),
		cmocka_unit_test(
			test_pi_plan__follows_budget_devices_and_range),
		cmocka_unit_test(test_pi_work__counts_terms_and_their_bits),
		cmocka_unit_test(test_pi_picture__changes_add_up),
		cmocka_unit_test(test_pi_picture__a_second_page_is_empty),
		cmocka_unit_test(test_pi_status__progress_then_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
