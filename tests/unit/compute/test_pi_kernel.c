#include "compute/pi/kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/rng.h"
#include "compute/pi/pi.h"

/* The terms again, in the plainest way: 2^E mod m by squaring with
 * divisions, then 128 bits of the quotient by long division. */
static struct u128 plain_term(int64_t exponent, uint32_t m)
{
	uint64_t r = 1 % m, power = 2 % m;
	struct u128 q = { 0, 0 };

	for (uint64_t e = (uint64_t)exponent; e; e >>= 1) {
		if (e & 1)
			r = r * power % m;
		power = power * power % m;
	}
	for (int bit = 0; bit < 128; bit++) {
		r *= 2;
		q = u128_add(q, q);
		if (r >= m) {
			r -= m;
			q.low |= 1;
		}
	}
	return q;
}

static struct u128 plain_sum(uint32_t position, struct block b)
{
	const struct series *s = &pi_series[b.series];
	struct u128 sum = { 0, 0 };

	for (uint64_t k = b.first; k < b.first + b.count; k++) {
		struct u128 t = plain_term(
			series_exponent(b.series, position, k),
			(uint32_t)(s->step * k + s->add));

		sum = s->negative != (k & 1) ? u128_sub(sum, t)
					     : u128_add(sum, t);
	}
	return sum;
}

static void assert_same(struct u128 got, struct u128 want, uint32_t position,
			struct block b)
{
	if (got.low != want.low || got.high != want.high)
		fail_msg("position %u, series %u, %llu terms from %llu",
			 position, b.series, (unsigned long long)b.count,
			 (unsigned long long)b.first);
}

static void compare(uint32_t position, struct block b)
{
	struct u128 want = plain_sum(position, b);

	assert_same(kernel_sum(position, b), want, position, b);
	assert_same(kernel_sum_wide(position, b), want, position, b);
}

static const uint32_t positions[] = {
	1,        2,         3,         4,         5,
	6,        7,         20,        33,        1000,
	99999,    1000000,   134217729, 134217730, 400000000,
	999999999, PI_POSITION_MAX - 1, PI_POSITION_MAX,
};

enum { POSITIONS = sizeof positions / sizeof positions[0] };

static void test_pi_kernel__first_and_last_terms(void **state)
{
	(void)state;
	for (unsigned i = 0; i < POSITIONS; i++) {
		struct layout l;

		layout_init(&l, positions[i], 1);
		for (unsigned j = 0; j < PI_SERIES; j++) {
			uint64_t n = l.terms[j];

			for (uint64_t c = 1; c <= 40 && c <= n; c++) {
				compare(positions[i],
					(struct block){ j, 0, c });
				compare(positions[i],
					(struct block){ j, n - c, c });
			}
		}
	}
}

static void test_pi_kernel__random_terms(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (int i = 0; i < 3000; i++) {
		uint32_t d = i & 1 ? positions[rng_below(&rng, POSITIONS)]
				   : 1 + rng_below(&rng, PI_POSITION_MAX);
		unsigned j = rng_below(&rng, PI_SERIES);
		struct block b = { j, 0, 1 + rng_below(&rng, 20) };
		struct layout l;

		layout_init(&l, d, 1);
		if (l.terms[j] < b.count)
			continue;
		b.first = rng_below(&rng,
				    (uint32_t)(l.terms[j] - b.count + 1));
		compare(d, b);
	}
}

/* Where the path changes, and at the largest moduli. */
static void test_pi_kernel__limits_of_the_paths(void **state)
{
	(void)state;
	for (unsigned j = 0; j < PI_SERIES; j++) {
		uint64_t at = (KERNEL_SIGNED_MAX - pi_series[j].add) /
			      pi_series[j].step;

		for (uint64_t k = at - 30; k < at + 30; k++)
			compare(PI_POSITION_MAX, (struct block){ j, k, 3 });
		assert_false(kernel_is_wide((struct block){ j, at, 1 }));
		assert_true(kernel_is_wide((struct block){ j, at, 2 }));
	}
}

static void test_pi_kernel__blocks_add_up_wherever_cut(void **state)
{
	const struct block whole = { 3, 1001, 300 };
	struct u128 want = kernel_sum(1000000, whole);

	(void)state;
	assert_same(want, plain_sum(1000000, whole), 1000000, whole);
	for (uint64_t cut = 1; cut < whole.count; cut++) {
		struct block a = whole, b = whole;
		struct u128 sum;

		a.count = cut;
		b.first += cut;
		b.count -= cut;
		sum = u128_add(kernel_sum(1000000, a), kernel_sum(1000000, b));
		assert_same(sum, want, 1000000, a);
	}
}

/* No position up to the limit has a modulus of more than 32 bits, and one
 * further on the limit's rule, 10k + 9 < 2^32 for each k, is broken. */
static void test_pi_kernel__limit_of_the_position(void **state)
{
	uint64_t most = 0, beyond = 0;
	struct layout l;

	(void)state;
	layout_init(&l, PI_POSITION_MAX, PI_BLOCK_MAX);
	for (unsigned j = 0; j < PI_SERIES; j++)
		if (pi_series[j].step == 10 && l.terms[j] > most)
			most = l.terms[j];
	assert_true(10 * (most - 1) + 9 <= UINT32_MAX);
	layout_init(&l, PI_POSITION_MAX + 1, PI_BLOCK_MAX);
	for (unsigned j = 0; j < PI_SERIES; j++)
		if (pi_series[j].step == 10 && l.terms[j] > beyond)
			beyond = l.terms[j];
	assert_true(10 * (beyond - 1) + 9 > UINT32_MAX);
}

static void test_pi_kernel__tail_terms(void **state)
{
	static const uint32_t moduli[] = { 1, 3, 5, 7, 1009, 4294967295u };

	(void)state;
	for (int e = -128; e < 0; e++)
		for (unsigned i = 0; i < 6; i++) {
			struct u128 t = kernel_tail_term(e, moduli[i]);
			unsigned __int128 q = t.high, n = 1;

			q = q << 64 | t.low;
			n <<= e + 128;
			assert_true(q == n / moduli[i]);
		}
}

static void test_pi_layout__units_are_all_terms_once(void **state)
{
	static const uint32_t blocks[] = { 1, 7, 64, 1 << 20 };

	(void)state;
	for (unsigned i = 0; i < 12 * 4; i++) {
		struct layout l;
		unsigned series = 0;
		uint64_t next = 0, all = 0;

		layout_init(&l, positions[i / 4], blocks[i % 4]);
		for (uint32_t unit = 0; unit < l.units; unit++) {
			struct block b = layout_block(&l, unit);

			while (series < b.series) {
				assert_true(next == l.terms[series]);
				series++;
				next = 0;
			}
			assert_true(b.first == next && b.count > 0 &&
				    b.count <= l.block);
			next += b.count;
			all += b.count;
		}
		assert_true(all == l.all_terms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pi_kernel__first_and_last_terms),
		cmocka_unit_test(test_pi_kernel__random_terms),
		cmocka_unit_test(test_pi_kernel__limits_of_the_paths),
		cmocka_unit_test(test_pi_kernel__blocks_add_up_wherever_cut),
		cmocka_unit_test(test_pi_kernel__limit_of_the_position),
		cmocka_unit_test(test_pi_kernel__tail_terms),
		cmocka_unit_test(test_pi_layout__units_are_all_terms_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
