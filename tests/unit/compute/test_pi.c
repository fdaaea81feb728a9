/* pi's results: digits, and that nothing but the units decides about them. */
#include "tests/unit/compute/pi_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

/* π's first 192 hex digits after the point, as in Blowfish's tables. */
static const char known[] = "243F6A8885A308D313198A2E03707344"
			    "A4093822299F31D0082EFA98EC4E6C89"
			    "452821E638D01377BE5466CF34E90C6C"
			    "C0AC29B7C97C50DD3F84D5B5B5470917"
			    "9216D5D98979FB1BD1310BA698DFB5AC"
			    "2FFD72DBD01ADFB7B8E1AFED6A267E96";

/* The job's digits are a beginning of `want`, `least` of them or more. */
static void assert_digits(const struct job *job, unsigned long position,
			  const char *want, unsigned least)
{
	char digits[40] = "";
	unsigned long at = 0;
	unsigned certain = 0;
	struct buf json;
	int n = sscanf(answer_of(job, &json),
		       "{\"position\":%lu,\"digits\":\"%39[0-9A-F]\","
		       "\"certain\":%u}",
		       &at, digits, &certain);

	assert_int_equal(n, 3);
	assert_true(at == position);
	assert_int_equal(strlen(digits), certain);
	assert_memory_equal(digits, want, certain);
	if (certain < least)
		fail_msg("position %lu: %u digits certain", position, certain);
	buf_deinit(&json);
}

static void expect(unsigned long position, const char *want, unsigned least)
{
	char spec[20];
	struct job *job;

	snprintf(spec, sizeof spec, "%lu", position);
	job = open_job(spec);
	do_all(job);
	assert_digits(job, position, want, least);
	pi_job.free(job);
}

static void test_pi__each_small_position(void **state)
{
	(void)state;
	for (unsigned long d = 1; d + 32 <= sizeof known - 1; d++)
		expect(d, known + d - 1, 26);
}

static void test_pi__a_million(void **state)
{
	(void)state;
	expect(1000000, "26C65E52CB459350050E4BB178F4C6", 25);
}

static void test_pi__ten_million(void **state)
{
	(void)state;
	expect(10000000, "17AF5863EFED8DE97033CD0F6B80A", 24);
}

/* Computed with Machin's formula. */
static void test_pi__a_thousand(void **state)
{
	(void)state;
	expect(1000, "349F1C09B075372C980991B7B25D479D", 28);
}

/* Ranges of any length in any order add up to the same state. */
static void test_pi__any_ranges_in_any_order(void **state)
{
	struct job *plain = open_job("30000"), *mixed = open_job("30000");
	uint64_t total = pi_job.total(plain), cut[400], n = 0;
	struct buf a, b;
	struct rng rng;

	(void)state;
	do_all(plain);
	rng_seed(&rng, 5);
	for (uint64_t at = 0; at < total; at += 1 + rng_below(&rng, 20))
		cut[n++] = at;
	cut[n] = total;
	assert_true(n > 20 && n < 400);
	for (uint64_t i = 0, step = 7; i < n; i++) {
		uint64_t j = (i * step + 3) % n;

		assert_true(n % step != 0);
		do_range(mixed, cut[j], cut[j + 1] - cut[j]);
	}
	buf_init(&a);
	buf_init(&b);
	assert_int_equal(pi_job.save(plain, &a), 0);
	assert_int_equal(pi_job.save(mixed, &b), 0);
	assert_true(bytes_equal(buf_bytes(&a), buf_bytes(&b)));
	buf_deinit(&a);
	buf_deinit(&b);
	pi_job.free(plain);
	pi_job.free(mixed);
}

/* An input made by hand, with blocks that one slice can not finish. */
static void make_input(struct buf *input, uint32_t position, uint32_t block)
{
	buf_init(input);
	buf_add_u8(input, PI_VERSION);
	buf_add_u32(input, position);
	assert_int_equal(buf_add_u32(input, block), 0);
}

static void test_pi__prefixes_after_each_slice(void **state)
{
	struct buf input, whole;
	struct chunk chunk = { 1, 9, 1, PIECE_ALL, { 0 } };
	uint64_t stopped_at = 0, slices = 0;

	(void)state;
	make_input(&input, 5000000, 600000);
	chunk.input = buf_bytes(&input);
	buf_init(&whole);
	compute_chunk(&chunk, &whole);
	assert_int_equal(whole.len, 1 + 9 * 16);
	for (uint64_t stop = 1; stopped_at < chunk.count; stop++) {
		struct compute *c = NULL;
		struct buf part;

		buf_init(&part);
		assert_int_equal(pi_compute.begin(&c, &chunk, NULL), 0);
		for (slices = 0; slices < stop; slices++)
			stopped_at = pi_compute.slice(c);
		assert_int_equal(pi_compute.end(c, &part),
				 stopped_at ? 0 : ERR_STATE);
		assert_int_equal(part.len,
				 stopped_at ? 1 + 16 * stopped_at : 0);
		if (part.len)
			assert_memory_equal(part.data, whole.data, part.len);
		pi_compute.free(c);
		buf_deinit(&part);
	}
	assert_true(slices > 2);
	buf_deinit(&whole);
	buf_deinit(&input);
}

/* A unit is the same in every chunk, whatever the seed: here all 28 units of
 * a position, four of each series. */
static void test_pi__units_do_not_depend_on_the_chunk(void **state)
{
	struct buf input, whole, one;
	struct chunk chunk = { 0, 28, 7, PIECE_ALL, { 0 } };

	(void)state;
	make_input(&input, 2000, 200);
	chunk.input = buf_bytes(&input);
	buf_init(&whole);
	buf_init(&one);
	compute_chunk(&chunk, &whole);
	for (uint64_t unit = 0; unit < 28; unit++) {
		struct chunk single = chunk;

		single.from = unit;
		single.count = 1;
		single.seed = unit;
		buf_clear(&one);
		compute_chunk(&single, &one);
		assert_memory_equal(one.data + 1, whole.data + 1 + 16 * unit,
				    16);
	}
	buf_deinit(&one);
	buf_deinit(&whole);
	buf_deinit(&input);
}

static void test_pi__audit_returns_the_piece_alone(void **state)
{
	struct job *job = open_job("20000");
	struct buf input, output, piece;
	struct chunk chunk = { 3, 20, 9, PIECE_ALL, { 0 } };
	struct result result;

	(void)state;
	input_of(job, &input);
	buf_init(&output);
	buf_init(&piece);
	chunk.input = buf_bytes(&input);
	compute_chunk(&chunk, &output);
	result = result_of(3, 20, &output);
	assert_true(pi_job.pieces(job, &result) == 20);
	for (chunk.piece = 0; chunk.piece < 20; chunk.piece++) {
		buf_clear(&piece);
		compute_chunk(&chunk, &piece);
		assert_int_equal(piece.len, 16);
		assert_true(bytes_equal(
			buf_bytes(&piece),
			pi_job.piece(job, &result, chunk.piece)));
	}
	assert_int_equal(pi_job.piece(job, &result, 20).len, 0);
	assert_int_equal(pi_job.piece(job, &result, UINT64_MAX).len, 0);
	buf_deinit(&piece);
	buf_deinit(&output);
	buf_deinit(&input);
	pi_job.free(job);
}

/* A forged sum passes check, differs in its own piece and in no other, and
 * after unmerge the true one makes the true digits. */
static void test_pi__forged_unit_is_found_and_taken_back(void **state)
{
	struct job *job = open_job("1000");
	struct buf output, honest, delta;
	struct result forged, result;

	(void)state;
	buf_init(&output);
	buf_init(&honest);
	buf_init(&delta);
	compute_range(job, 5, 10, &honest);
	buf_add_bytes(&output, buf_bytes(&honest));
	output.data[1 + 16 * 4 + 11] ^= 0x40;
	forged = result_of(5, 10, &output);
	result = result_of(5, 10, &honest);
	for (uint64_t i = 0; i < 10; i++)
		assert_int_equal(bytes_equal(pi_job.piece(job, &forged, i),
					     pi_job.piece(job, &result, i)),
				 i != 4);
	assert_int_equal(pi_job.check(job, &forged, &delta, NULL), 0);
	assert_int_equal(pi_job.merge(job, buf_bytes(&delta), 8), 0);
	assert_int_equal(pi_job.unmerge(job, buf_bytes(&delta), 8), 0);
	do_all(job);
	assert_digits(job, 1000, "349F1C09B075372C980991B7B25D479D", 28);
	buf_deinit(&delta);
	buf_deinit(&honest);
	buf_deinit(&output);
	pi_job.free(job);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pi__each_small_position),
		cmocka_unit_test(test_pi__a_million),
		cmocka_unit_test(test_pi__ten_million),
		cmocka_unit_test(test_pi__a_thousand),
		cmocka_unit_test(test_pi__any_ranges_in_any_order),
		cmocka_unit_test(test_pi__prefixes_after_each_slice),
		cmocka_unit_test(test_pi__units_do_not_depend_on_the_chunk),
		cmocka_unit_test(test_pi__audit_returns_the_piece_alone),
		cmocka_unit_test(test_pi__forged_unit_is_found_and_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
