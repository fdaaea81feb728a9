#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "coordinator/board.h"
#include "coordinator/names.h"
#include "coordinator/trust.h"

struct room {
	struct donors donors;
	struct trust trust;
};

static void open_room(struct room *r)
{
	donors_init(&r->donors);
	trust_init(&r->trust);
}

static void close_room(struct room *r)
{
	trust_deinit(&r->trust);
	donors_deinit(&r->donors);
}

static struct donor *donor(struct room *r, uint64_t id, bool trusted)
{
	struct donor_record record = { .id = id, .trusted = trusted };
	struct donor *d;

	memset(record.token_sha256, (int)id, SHA256_BYTES);
	memset(record.pass_sha256, (int)(128 + id), SHA256_BYTES);
	snprintf(record.name, sizeof record.name, "donor %d", (int)id);
	d = donors_add(&r->donors, &record);
	assert_non_null(d);
	return d;
}

static struct batch *batch(struct room *r, struct donor *d, uint64_t job,
			   uint64_t credit_us, const char *expected)
{
	struct batch *b = trust_batch(&r->trust, d, job);
	struct candidate c;

	assert_non_null(b);
	if (trust_add(b, credit_us, 1, 0)) {
		candidate_init(&c);
		buf_add_str(&c.expected, expected);
		assert_int_equal(trust_candidate(b, &c), 0);
		candidate_deinit(&c);
	}
	trust_ready(&r->trust, b);
	return b;
}

/* --- batches ------------------------------------------------------------- */

static void test_trust__one_batch_a_donor_and_job(void **state)
{
	struct room r;
	struct donor *d;
	struct batch *b;

	(void)state;
	open_room(&r);
	d = donor(&r, 1, false);
	b = batch(&r, d, 1, 10, "x");
	assert_ptr_equal(batch(&r, d, 1, 10, "x"), b);
	assert_int_equal(b->credit_us, 20);
	assert_ptr_not_equal(batch(&r, d, 2, 10, "x"), b);
	/* Closed by its turn: what follows goes into a new one. */
	assert_ptr_equal(trust_turn(&r.trust, NULL), b);
	assert_ptr_not_equal(batch(&r, d, 1, 10, "x"), b);
	close_room(&r);
}

/* Each result is the candidate with odds in proportion to its credit. */
static void test_trust__candidate_by_credit(void **state)
{
	static const uint64_t credit[] = { 100, 300, 50, 550 };
	enum { RUNS = 20000 };
	unsigned chosen[4] = { 0 };
	struct rng rng;

	(void)state;
	rng_seed(&rng, 1);
	for (unsigned run = 0; run < RUNS; run++) {
		struct batch b = { .state = BATCH_OPEN };
		unsigned candidate = 9;

		for (unsigned i = 0; i < 4; i++)
			if (trust_add(&b, credit[i], 1, rng_next(&rng)))
				candidate = i;
		chosen[candidate]++;
	}
	for (unsigned i = 0; i < 4; i++) {
		double want = (double)RUNS * (double)credit[i] / 1000;

		/* Five standard deviations; the seed is fixed. */
		assert_true(abs((int)chosen[i] - (int)want) < 350);
	}
}

static void test_trust__newcomers_first_then_the_longest(void **state)
{
	struct room r;
	struct donor *old, *older, *fresh;
	struct batch *a, *b, *c;

	(void)state;
	open_room(&r);
	older = donor(&r, 1, false);
	old = donor(&r, 2, false);
	fresh = donor(&r, 3, false);
	older->audits = old->audits = 1;
	a = batch(&r, older, 1, 10, "x");
	b = batch(&r, old, 1, 10, "x");
	c = batch(&r, fresh, 1, 10, "x");
	assert_ptr_equal(trust_turn(&r.trust, NULL), c);
	assert_ptr_equal(trust_turn(&r.trust, NULL), a);
	trust_retry(&r.trust, a);
	assert_ptr_equal(trust_turn(&r.trust, NULL), a);
	assert_ptr_equal(trust_turn(&r.trust, NULL), b);
	assert_null(trust_turn(&r.trust, NULL));
	assert_int_equal(r.trust.auditing, 3);
	close_room(&r);
}

static void test_trust__nobody_about_itself(void **state)
{
	struct room r;
	struct donor *d;

	(void)state;
	open_room(&r);
	d = donor(&r, 1, false);
	batch(&r, d, 1, 10, "x");
	assert_null(trust_turn(&r.trust, d));
	close_room(&r);
}

/* --- verdicts ------------------------------------------------------------ */

static enum verdict say(struct room *r, struct batch *b,
			const struct donor *by, const char *answer)
{
	if (b->state != BATCH_AUDITING)
		assert_ptr_equal(trust_turn(&r->trust, NULL), b);
	return trust_answer(&r->trust, b, by, bytes_str(answer));
}

static void test_trust__the_trusted_decides(void **state)
{
	struct room r;
	struct donor *d, *judge;

	(void)state;
	open_room(&r);
	d = donor(&r, 1, false);
	judge = donor(&r, 2, true);
	assert_int_equal(say(&r, batch(&r, d, 1, 10, "x"), judge, "x"),
			 VERDICT_VERIFIED);
	assert_int_equal(say(&r, batch(&r, d, 2, 10, "x"), judge, "y"),
			 VERDICT_DROPPED);
	assert_int_equal(r.trust.auditing, 0);
	close_room(&r);
}

static void test_trust__two_donors_that_agree_decide(void **state)
{
	struct room r;
	struct donor *d, *a, *b, *c;
	struct batch *x;

	(void)state;
	open_room(&r);
	d = donor(&r, 1, false);
	a = donor(&r, 2, false);
	b = donor(&r, 3, false);
	c = donor(&r, 4, false);
	/* The claim and one that confirms it. */
	assert_int_equal(say(&r, batch(&r, d, 1, 10, "x"), a, "x"),
			 VERDICT_VERIFIED);
	/* Against it; itself, and again the same, do not count; another. */
	x = batch(&r, d, 2, 10, "x");
	assert_int_equal(say(&r, x, a, "y"), VERDICT_NONE);
	assert_int_equal(say(&r, x, d, "x"), VERDICT_NONE);
	assert_int_equal(say(&r, x, a, "y"), VERDICT_NONE);
	assert_int_equal(say(&r, x, b, "y"), VERDICT_DROPPED);
	/* One liar among those who are asked decides nothing. */
	x = batch(&r, d, 3, 10, "x");
	assert_int_equal(say(&r, x, a, "z"), VERDICT_NONE);
	assert_int_equal(say(&r, x, c, "x"), VERDICT_VERIFIED);
	close_room(&r);
}

/* --- the board ----------------------------------------------------------- */

static void test_board__by_verified_credit(void **state)
{
	struct room r;
	struct board b;
	struct donor *d[6];

	(void)state;
	open_room(&r);
	board_init(&b);
	for (uint64_t i = 0; i < 6; i++)
		d[i] = donor(&r, i + 1, i == 5);
	d[0]->verified_us = 10;
	d[1]->verified_us = 30;
	d[2]->verified_us = 10;
	d[3]->pending_us = 1000;
	d[4]->verified_us = 99;
	d[4]->frozen = true;
	d[5]->verified_us = 99;
	assert_true(board_update(&b, &r.donors, 5000));
	assert_int_equal(b.count, 3);
	assert_ptr_equal(board_at(&b, 0), d[1]);
	assert_ptr_equal(board_at(&b, 1), d[0]);
	assert_ptr_equal(board_at(&b, 2), d[2]);
	assert_null(board_at(&b, 3));
	assert_int_equal(d[2]->rank, 3);
	assert_int_equal(d[3]->rank + d[4]->rank + d[5]->rank, 0);
	board_deinit(&b);
	close_room(&r);
}

static void test_board__at_most_once_a_second(void **state)
{
	struct room r;
	struct board b;
	struct donor *d;

	(void)state;
	open_room(&r);
	board_init(&b);
	d = donor(&r, 1, false);
	d->verified_us = 10;
	assert_true(board_update(&b, &r.donors, 5000));
	board_touch(&b);
	d->verified_us = 20;
	assert_false(board_update(&b, &r.donors, 5999));
	assert_true(board_update(&b, &r.donors, 6000));
	board_touch(&b); /* but nothing that is shown has changed */
	assert_false(board_update(&b, &r.donors, 9000));
	board_deinit(&b);
	close_room(&r);
}

/* --- small ones ---------------------------------------------------------- */

static void test_map__as_the_model(void **state)
{
	enum { KEYS = 300 };
	static char things[KEYS];
	void *model[KEYS] = { NULL };
	struct map m;
	struct rng rng;
	size_t count = 0, at = 0, walked = 0;

	(void)state;
	map_init(&m);
	rng_seed(&rng, 2);
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t key = rng_below(&rng, KEYS);

		if (rng_below(&rng, 2)) {
			assert_int_equal(map_put(&m, key, &things[key]), 0);
			model[key] = &things[key];
		} else {
			assert_ptr_equal(map_del(&m, key), model[key]);
			model[key] = NULL;
		}
	}
	for (uint32_t key = 0; key < KEYS; key++) {
		assert_ptr_equal(map_get(&m, key), model[key]);
		count += model[key] != NULL;
	}
	while (map_next(&m, &at))
		walked++;
	assert_int_equal(m.count, count);
	assert_int_equal(walked, count);
	map_deinit(&m);
}

static void test_names__two_words_in_time(void **state)
{
	char name[NAME_BYTES], checked[NAME_BYTES];
	struct rng rng;
	struct why why;

	(void)state;
	rng_seed(&rng, 3);
	for (unsigned i = 0; i < 1000; i++) {
		name_make(rng_next(&rng), name);
		assert_non_null(strchr(name, ' '));
		assert_int_equal(name_check(bytes_str(name), checked, &why),
				 0);
		assert_string_equal(name, checked);
	}
}

/* Computed in Python as store.h says. */
static void test_ledger__encoding_is_written_down(void **state)
{
	struct ledger_row row = { .seq = 1,
				  .at_ms = 1700000000123,
				  .type = LEDGER_CHUNK,
				  .donor = 2,
				  .job = 3,
				  .from_unit = 4,
				  .units = 5,
				  .credit_us = 6,
				  .batch = 7 };
	uint8_t hash[SHA256_BYTES];
	char hex[2 * SHA256_BYTES + 1];

	(void)state;
	for (unsigned i = 0; i < SHA256_BYTES; i++)
		row.output_sha256[i] = (uint8_t)i;
	assert_int_equal(ledger_hash(&row, hash), 0);
	bytes_hex(bytes_of(hash, sizeof hash), hex);
	assert_string_equal(hex,
			    "6c1d823c39142fb73987f2ff74c2d2e8"
			    "981f34d1b0cac9d2b89e0b502072a79a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_trust__one_batch_a_donor_and_job),
		cmocka_unit_test(test_trust__candidate_by_credit),
		cmocka_unit_test(test_trust__newcomers_first_then_the_longest),
		cmocka_unit_test(test_trust__nobody_about_itself),
		cmocka_unit_test(test_trust__the_trusted_decides),
		cmocka_unit_test(test_trust__two_donors_that_agree_decide),
		cmocka_unit_test(test_board__by_verified_credit),
		cmocka_unit_test(test_board__at_most_once_a_second),
		cmocka_unit_test(test_map__as_the_model),
		cmocka_unit_test(test_names__two_words_in_time),
		cmocka_unit_test(test_ledger__encoding_is_written_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
