#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/sim/crowd.h"
#include "tests/unit/coordinator/database.h"

/* --- the ledger's invariant ---------------------------------------------- */

enum { UNITS_MAX = 400000, BATCHES_MAX = 20000, DONORS_MAX = 2000 };

struct audit {
	uint8_t fate[BATCHES_MAX]; /* LEDGER_VERIFIED, DROPPED */
	struct ledger_row *rows;
	size_t count, cap;
	uint64_t finished;
};

static int any_donor(void *ctx, const struct donor_record *d)
{
	(void)ctx;
	(void)d;
	return 0;
}

static int any_session(void *ctx, const struct session_record *s)
{
	(void)ctx;
	(void)s;
	return 0;
}

static int any_job(void *ctx, const struct job_record *j)
{
	(void)ctx;
	(void)j;
	return 0;
}

static int any_batch(void *ctx, struct batch_record *b)
{
	(void)ctx;
	(void)b;
	return 0;
}

static int keep_row(void *ctx, const struct ledger_row *row)
{
	struct audit *a = ctx;

	if (a->count == a->cap) {
		a->cap = a->cap ? 2 * a->cap : 1024;
		a->rows = realloc(a->rows, a->cap * sizeof *a->rows);
		assert_non_null(a->rows);
	}
	a->rows[a->count++] = *row;
	a->finished += row->type == LEDGER_FINISHED;
	assert_true(row->batch < BATCHES_MAX);
	if (row->type == LEDGER_VERIFIED || row->type == LEDGER_DROPPED) {
		assert_int_equal(a->fate[row->batch], 0);
		a->fate[row->batch] = (uint8_t)row->type;
	}
	return 0;
}

static const struct store_reader audit_reader = {
	any_donor, any_session, any_job, keep_row, any_batch,
};

/* Each unit at most once among what was accepted. Returns their number. */
static uint64_t check_ranges(const struct audit *a)
{
	static uint8_t done[UNITS_MAX];
	uint64_t units = 0;

	memset(done, 0, sizeof done);
	for (size_t i = 0; i < a->count; i++) {
		const struct ledger_row *r = &a->rows[i];

		if (r->type != LEDGER_CHUNK ||
		    a->fate[r->batch] == LEDGER_DROPPED)
			continue;
		assert_true(r->from_unit + r->units <= UNITS_MAX);
		for (uint64_t u = 0; u < r->units; u++)
			assert_int_equal(done[r->from_unit + u]++, 0);
		units += r->units;
	}
	return units;
}

/* What the coordinator says of a donor is what the ledger says. */
static void check_credit(const struct audit *a, const struct coord *c)
{
	static uint64_t verified[DONORS_MAX], pending[DONORS_MAX];
	const struct donor *d;
	size_t at = 0;

	memset(verified, 0, sizeof verified);
	memset(pending, 0, sizeof pending);
	for (size_t i = 0; i < a->count; i++) {
		const struct ledger_row *r = &a->rows[i];

		assert_true(r->donor < DONORS_MAX);
		if (r->type != LEDGER_CHUNK ||
		    a->fate[r->batch] == LEDGER_DROPPED)
			continue;
		if (!r->batch || a->fate[r->batch] == LEDGER_VERIFIED)
			verified[r->donor] += r->credit_us;
		else
			pending[r->donor] += r->credit_us;
	}
	while ((d = coord_each_donor(c, &at)) != NULL) {
		assert_int_equal(d->verified_us, verified[d->record.id]);
		assert_int_equal(d->pending_us, pending[d->record.id]);
	}
}

static uint64_t check_invariant(struct crowd *w)
{
	static struct audit a;
	struct why why = { "" };
	uint64_t units;

	/* What is on its way comes first. */
	crowd_commit(w);
	memset(&a, 0, sizeof a);
	if (store_read(w->store, &audit_reader, &a, &why) != 0)
		fail_msg("%s", why.text);
	assert_true(store_is_sound(w->store));
	units = check_ranges(&a);
	check_credit(&a, w->coord);
	free(a.rows);
	return units;
}

static void check_answer(const struct crowd *w, uint64_t total)
{
	struct buf json;
	char want[64];

	snprintf(want, sizeof want, "{\"sum\":\"%016llx\"}",
		 (unsigned long long)fake_sum(0, total));
	buf_init(&json);
	assert_int_equal(coord_answer(w->coord, &json), 0);
	buf_add_u8(&json, 0);
	assert_string_equal((const char *)json.data, want);
	buf_deinit(&json);
}

static struct coord_status look(const struct crowd *w)
{
	struct coord_status s;

	coord_status(w->coord, w->now_ms, &s);
	return s;
}

/* --- tests --------------------------------------------------------------- */

static void test_crowd__one_trusted_worker(void **state)
{
	struct crowd w;
	struct coord_status s;

	(void)state;
	crowd_init(&w, 1, ":memory:", 1);
	w.devices[0].trusted = true;
	w.devices[0].threads = 2;
	crowd_begin(&w, "fake:100000", 0);
	assert_true(crowd_run(&w, 600000));
	assert_int_equal(w.done_err, 0);
	s = look(&w);
	assert_string_equal(s.state, "finished");
	assert_int_equal(s.units, 100000);
	assert_int_equal(s.verified, 100000);
	assert_int_equal(s.pending_us, 0);
	assert_int_equal(s.verified_us, 100000 * FAKE_UNIT_US);
	assert_int_equal(check_invariant(&w), 100000);
	check_answer(&w, 100000);
	/* 100 core-seconds on two threads, and little more. */
	assert_true(w.now_ms < 60000);
	crowd_deinit(&w);
	assert_int_equal(fake_planned, 0);
}

static void mixed(struct crowd *w, uint64_t seed, unsigned devices)
{
	crowd_init(w, seed, ":memory:", devices);
	for (unsigned i = 0; i < devices; i++) {
		struct crowd_device *d = &w->devices[i];

		d->speed = 0.15 + rng_real(&w->rng);
		d->threads = 1 + rng_below(&w->rng, 4);
		d->latency_ms = 5 + rng_below(&w->rng, 200);
	}
	w->devices[0].trusted = true;
	w->devices[0].threads = 3;
}

static void test_crowd__come_go_stall(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct crowd w;
		struct coord_status s;

		mixed(&w, seed, 60);
		for (unsigned i = 1; i < 60; i++) {
			struct crowd_device *d = &w.devices[i];

			d->stay_ms = i % 3 ? 20000 : 0;
			d->away_ms = 5000;
			d->stall = i % 5 ? 0 : 0.1;
			d->stall_ms = 60000;
		}
		crowd_begin(&w, "fake:300000", 3000);
		assert_true(crowd_run(&w, 3600000));
		s = look(&w);
		assert_int_equal(s.units, 300000);
		assert_int_equal(s.verified, 300000);
		assert_int_equal(s.unconfirmed, 0);
		assert_int_equal(s.rejected, 0);
		assert_true(s.late > 0);
		assert_int_equal(check_invariant(&w), 300000);
		check_answer(&w, 300000);
		crowd_deinit(&w);
		assert_int_equal(fake_planned, 0);
	}
}

static void test_crowd__lies_are_found(void **state)
{
	struct crowd w;
	struct coord_status s;
	uint64_t forged = 0;

	(void)state;
	mixed(&w, 9, 40);
	for (unsigned i = 1; i < 40; i++) {
		w.devices[i].forge = i % 5 ? 0 : 1;
		w.devices[i].garbage = i % 7 ? 0 : 0.5;
	}
	crowd_begin(&w, "fake:300000", 3000);
	assert_true(crowd_run(&w, 3600000));
	s = look(&w);
	for (unsigned i = 1; i < 40; i++)
		forged += w.devices[i].forged;
	assert_true(forged > 0);
	assert_true(s.unconfirmed > 0);
	assert_true(s.rejected > 0);
	assert_int_equal(s.verified, 300000);
	assert_int_equal(check_invariant(&w), 300000);
	check_answer(&w, 300000);
	for (unsigned i = 1; i < 40; i++) {
		const struct donor *d =
			coord_donor(w.coord, w.devices[i].donor);

		if (w.devices[i].forge > 0)
			assert_int_equal(d->verified_us, 0);
		else
			assert_false(d->frozen);
	}
	crowd_deinit(&w);
}

static void test_crowd__donors_audit_without_trusted(void **state)
{
	struct crowd w;
	struct coord_status s;

	(void)state;
	mixed(&w, 5, 12);
	w.devices[0].trusted = false;
	w.devices[3].forge = 1;
	crowd_begin(&w, "fake:200000", 1000);
	assert_true(crowd_run(&w, 3600000));
	s = look(&w);
	assert_string_equal(s.audit, "donors");
	assert_int_equal(s.verified, 200000);
	assert_true(s.unconfirmed > 0);
	assert_int_equal(check_invariant(&w), 200000);
	check_answer(&w, 200000);
	crowd_deinit(&w);
}

static void test_crowd__alone_ends_with_pending_credit(void **state)
{
	struct crowd w;
	struct coord_status s;

	(void)state;
	crowd_init(&w, 3, ":memory:", 1);
	crowd_begin(&w, "fake:50000", 0);
	assert_true(crowd_run(&w, 600000));
	s = look(&w);
	assert_int_equal(s.units, 50000);
	assert_int_equal(s.verified_us, 0);
	assert_int_equal(s.pending_us, 50000 * FAKE_UNIT_US);
	check_answer(&w, 50000);
	check_invariant(&w);
	crowd_deinit(&w);
}

static void run_twice(uint64_t out[2], uint64_t seed)
{
	struct crowd w;

	mixed(&w, seed, 20);
	for (unsigned i = 1; i < 20; i++) {
		w.devices[i].stay_ms = 15000;
		w.devices[i].forge = i % 4 ? 0 : 0.3;
	}
	crowd_begin(&w, "fake:100000", 1000);
	assert_true(crowd_run(&w, 3600000));
	out[0] = w.now_ms;
	out[1] = look(&w).chunks;
	crowd_deinit(&w);
}

static void test_crowd__same_seed_same_run(void **state)
{
	uint64_t a[2], b[2];

	(void)state;
	run_twice(a, 77);
	run_twice(b, 77);
	assert_int_equal(a[0], b[0]);
	assert_int_equal(a[1], b[1]);
}

/* Invariant and answer, whatever the moment at which it is all gone. */
static void test_crowd__goes_on_after_a_crash(void **state)
{
	const char *path = database_new();
	uint64_t now_ms = 0;
	bool done = false;

	(void)state;
	for (uint64_t life = 1; life < 200 && !done; life++) {
		struct crowd w;

		crowd_init(&w, 1000 + life, path, 12);
		w.now_ms = now_ms;
		w.devices[0].trusted = true;
		for (unsigned i = 1; i < 12; i++)
			w.devices[i].forge = i % 6 ? 0 : 1;
		crowd_begin(&w, "fake:200000", 100);
		done = crowd_run(&w, now_ms + 1500 +
					     rng_below(&w.rng, 2500));
		now_ms = w.now_ms;
		if (done) {
			check_answer(&w, 200000);
			assert_int_equal(check_invariant(&w), 200000);
		}
		/* What is on its way to the disk is lost with it. */
		crowd_deinit(&w);
		assert_int_equal(fake_planned, 0);
	}
	assert_true(done);
	database_remove();
}

static void test_crowd__pi_is_exact(void **state)
{
	struct crowd w;
	struct buf json;

	(void)state;
	mixed(&w, 4, 30);
	for (unsigned i = 1; i < 30; i++) {
		w.devices[i].forge = i % 4 ? 0 : 1;
		w.devices[i].stay_ms = 4000;
	}
	crowd_begin(&w, "pi:20000", 500);
	assert_true(crowd_run(&w, 3600000));
	buf_init(&json);
	assert_int_equal(coord_answer(w.coord, &json), 0);
	buf_add_u8(&json, 0);
	check_invariant(&w);
	assert_int_equal(look(&w).verified, look(&w).total);
	/* By Bailey, Borwein and Plouffe's formula in Python's integers. */
	if (!strstr((const char *)json.data, "AE937C2354A69FF6665B"))
		fail_msg("%s", (const char *)json.data);
	buf_deinit(&json);
	crowd_deinit(&w);
}

/* The tail: a device twenty times slower than the others does not hold up
 * the end, as it does what it can in its budget. */
static void test_crowd__straggler_does_not_hold_up_the_end(void **state)
{
	uint64_t took_ms[2];

	(void)state;
	for (unsigned slow = 0; slow < 2; slow++) {
		struct crowd w;

		crowd_init(&w, 8, ":memory:", 10);
		w.devices[0].trusted = true;
		if (slow)
			w.devices[9].speed = 0.05;
		crowd_begin(&w, "fake:300000", 0);
		assert_true(crowd_run(&w, 3600000));
		took_ms[slow] = w.now_ms;
		check_answer(&w, 300000);
		crowd_deinit(&w);
	}
	/* One tenth less speed, and twice a chunk of two seconds. */
	assert_true(took_ms[1] < took_ms[0] * 10 / 9 + 4000);
}

enum { CITIES = 400, TSP_KICKS = 40000 };

static void write_cities(const char *file, uint32_t xy[][2])
{
	FILE *out = fopen(file, "w");
	struct rng rng;

	assert_non_null(out);
	rng_seed(&rng, 12);
	fprintf(out,
		"NAME : t\nTYPE : TSP\nDIMENSION : %d\n"
		"EDGE_WEIGHT_TYPE : CEIL_2D\nNODE_COORD_SECTION\n",
		CITIES);
	for (unsigned i = 0; i < CITIES; i++) {
		xy[i][0] = rng_below(&rng, 100000);
		xy[i][1] = rng_below(&rng, 100000);
		fprintf(out, "%u %u %u\n", i + 1, xy[i][0], xy[i][1]);
	}
	fprintf(out, "EOF\n");
	fclose(out);
}

static uint64_t ceil_distance(const uint32_t a[2], const uint32_t b[2])
{
	int64_t dx = (int64_t)a[0] - b[0], dy = (int64_t)a[1] - b[1];
	uint64_t square = (uint64_t)(dx * dx + dy * dy), d = 0;

	while (d * d < square)
		d++;
	return d;
}

/* A permutation, and as long as it says. */
static void check_tour(const char *json, uint32_t xy[][2])
{
	bool seen[CITIES] = { false };
	unsigned long tour[CITIES], length;
	const char *at = strstr(json, "\"length\":");
	uint64_t sum = 0;
	char *next;

	assert_non_null(at);
	length = strtoul(at + 9, NULL, 10);
	at = strstr(json, "\"tour\":[");
	assert_non_null(at);
	at += 8;
	for (unsigned i = 0; i < CITIES; i++) {
		tour[i] = strtoul(at, &next, 10) - 1;
		at = next + 1;
		assert_true(tour[i] < CITIES && !seen[tour[i]]);
		seen[tour[i]] = true;
	}
	assert_int_equal(*next, ']');
	for (unsigned i = 0; i < CITIES; i++)
		sum += ceil_distance(xy[tour[i]],
				     xy[tour[(i + 1) % CITIES]]);
	assert_int_equal(sum, length);
}

static void test_crowd__tour_adds_up(void **state)
{
	static uint32_t xy[CITIES][2];
	char file[64], spec[128];
	struct coord_status s;
	struct crowd w;
	struct buf json;

	(void)state;
	snprintf(file, sizeof file, "/tmp/manyhands-test-%d.tsp",
		 (int)getpid());
	write_cities(file, xy);
	snprintf(spec, sizeof spec, "tsp:%s&kicks=%d", file, TSP_KICKS);
	mixed(&w, 6, 20);
	for (unsigned i = 1; i < 20; i++) {
		w.devices[i].units_per_s = 200 + 100 * i;
		w.devices[i].stay_ms = i % 2 ? 4000 : 0;
		w.devices[i].garbage = i % 9 ? 0 : 1;
	}
	crowd_begin(&w, spec, 500);
	assert_true(crowd_run(&w, 3600000));
	s = look(&w);
	assert_string_equal(s.state, "finished");
	assert_int_equal(s.units, TSP_KICKS);
	assert_int_equal(s.verified, TSP_KICKS);
	assert_true(s.rejected > 0);
	assert_int_equal(check_invariant(&w), TSP_KICKS);
	buf_init(&json);
	assert_int_equal(coord_answer(w.coord, &json), 0);
	buf_add_u8(&json, 0);
	check_tour((const char *)json.data, xy);
	buf_deinit(&json);
	crowd_deinit(&w);
	unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crowd__one_trusted_worker),
		cmocka_unit_test(test_crowd__come_go_stall),
		cmocka_unit_test(test_crowd__lies_are_found),
		cmocka_unit_test(test_crowd__donors_audit_without_trusted),
		cmocka_unit_test(test_crowd__alone_ends_with_pending_credit),
		cmocka_unit_test(test_crowd__same_seed_same_run),
		cmocka_unit_test(test_crowd__goes_on_after_a_crash),
		cmocka_unit_test(test_crowd__pi_is_exact),
		cmocka_unit_test(
			test_crowd__straggler_does_not_hold_up_the_end),
		cmocka_unit_test(test_crowd__tour_adds_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
