/* Tour, neighbours, exchange and engine by themselves. */
#include "tests/unit/compute/tsp_run.h"

#include "compute/tsp/engine.h"

/* Random cities, as the tests' space. */
static struct space make_space(uint32_t n, uint32_t side, enum metric metric,
			       uint64_t seed)
{
	struct point *p = calloc(n, sizeof *p);
	struct rng rng;

	rng_seed(&rng, seed);
	for (uint32_t i = 0; i < n; i++)
		p[i] = (struct point){ rng_below(&rng, side),
				       rng_below(&rng, side), 0 };
	return (struct space){ metric, n, p };
}

static void free_space(struct space *s)
{
	free((void *)(uintptr_t)s->points);
}

static void assert_permutation(const struct tour *t)
{
	for (uint32_t i = 0; i < t->n; i++) {
		assert_true(t->at[i] < t->n);
		assert_int_equal(t->pos[t->at[i]], i);
	}
}

/* Random partitions put together in random order, and all taken back. */
static void test_tour__splice_and_undo(void **state)
{
	struct journal j;
	struct rng rng;
	struct tour t;

	(void)state;
	rng_seed(&rng, 3);
	journal_init(&j);
	assert_int_equal(tour_init(&t, 40), 0);
	for (int round = 0; round < 2000; round++) {
		unsigned k = 2 + rng_below(&rng, 5);
		struct segment s[6];
		uint32_t cut = rng_below(&rng, 40), want[40], at = 0;
		bool same;

		for (unsigned i = 0; i < k; i++) {
			s[i].from = cut % 40;
			cut += i + 1 < k ? 1 + rng_below(&rng, 6) : 0;
			s[i].to = i + 1 < k ? (cut + 39) % 40
					    : (s[0].from + 39) % 40;
			s[i].reversed = rng_below(&rng, 2);
		}
		for (unsigned i = k - 1; i > 0; i--) {
			unsigned o = rng_below(&rng, i + 1);
			struct segment swap = s[i];

			s[i] = s[o];
			s[o] = swap;
		}
		for (unsigned i = 0; i < k; i++) {
			uint32_t len = (s[i].to + 40 - s[i].from) % 40 + 1;

			for (uint32_t m = 0; m < len; m++)
				want[at++] = t.at[(s[i].reversed
							   ? s[i].to + 40 - m
							   : s[i].from + m) %
						  40];
		}
		assert_int_equal(at, 40);
		assert_int_equal(journal_reserve(&j, 40), 0);
		tour_splice(&t, s, k, &j);
		assert_permutation(&t);
		/* the same cycle: all neighbours agree */
		same = true;
		for (uint32_t i = 0; i < 40; i++)
			same = same && tour_adjacent(&t, want[i],
						     want[(i + 1) % 40]);
		assert_true(same);
	}
	while (j.len > 0)
		tour_undo(&t, &j);
	for (uint32_t i = 0; i < 40; i++)
		assert_int_equal(t.at[i], i);
	tour_deinit(&t);
	journal_deinit(&j);
}

static void test_nearest__equals_brute_force(void **state)
{
	struct space s = make_space(700, 60, METRIC_EUC_2D, 5);
	struct near_found found[20];
	struct nearest tree;

	(void)state;
	assert_int_equal(nearest_init(&tree, &s), 0);
	for (uint32_t c = 0; c < s.n; c++) {
		unsigned closer = 0, k = 1 + c % 20;

		assert_int_equal(nearest_find(&tree, &s.points[c], k, found),
				 k);
		for (uint32_t i = 1; i < k; i++)
			assert_true(found[i - 1].d2 <= found[i].d2);
		for (uint32_t o = 0; o < s.n; o++) {
			double dx = s.points[o].x - s.points[c].x;
			double dy = s.points[o].y - s.points[c].y;

			closer += dx * dx + dy * dy < found[k - 1].d2;
		}
		assert_true(closer < k);
	}
	nearest_deinit(&tree);
	free_space(&s);
}

/* Many cities at one place must neither break nor take for ever. */
static void test_nearest__all_at_one_place(void **state)
{
	struct space s = make_space(20000, 1, METRIC_EUC_2D, 1);
	uint32_t *list = calloc(s.n * (size_t)NEAREST_LIST, sizeof *list);
	struct nearest tree;

	(void)state;
	assert_int_equal(nearest_init(&tree, &s), 0);
	nearest_lists(&tree, &s, list);
	for (uint32_t c = 0; c < s.n; c++)
		for (uint32_t i = 0; i < NEAREST_LIST; i++)
			assert_int_not_equal(list[c * NEAREST_LIST + i], c);
	nearest_deinit(&tree);
	free(list);
	free_space(&s);
}

static int64_t best_by_force(const struct space *s, uint32_t *order,
			     uint32_t fixed)
{
	int64_t best = INT64_MAX;

	if (fixed == s->n) {
		best = 0;
		for (uint32_t i = 0; i < s->n; i++)
			best += metric_distance(s, order[i],
						order[(i + 1) % s->n]);
		return best;
	}
	for (uint32_t i = fixed; i < s->n; i++) {
		uint32_t c = order[i];
		int64_t length;

		order[i] = order[fixed];
		order[fixed] = c;
		length = best_by_force(s, order, fixed + 1);
		best = length < best ? length : best;
		order[fixed] = order[i];
		order[i] = c;
	}
	return best;
}

static void test_engine__small_instances_are_optimal(void **state)
{
	(void)state;
	for (uint32_t n = 3; n <= 9; n++)
		for (uint64_t seed = 0; seed < (n < 9 ? 20 : 3); seed++) {
			struct space s = make_space(n, 50, METRIC_EUC_2D,
						    seed);
			uint32_t order[9];
			struct engine *e;

			for (uint32_t i = 0; i < n; i++)
				order[i] = i;
			assert_int_equal(engine_new(&e, &s, NULL, seed), 0);
			assert_int_equal(engine_run(e, 300, UINT64_MAX), 300);
			assert_int_equal(tour_length(engine_tour(e), &s),
					 best_by_force(&s, order, 1));
			engine_free(e);
			free_space(&s);
		}
}

/* Gain is exact, never falls, and fixed edges stay. */
static void run_engine(const struct space *s, const uint32_t *fixed_to)
{
	int64_t length, first, last = 0;
	struct engine *e;
	struct tour base;

	assert_int_equal(tour_init(&base, s->n), 0);
	first = tour_length(&base, s);
	tour_deinit(&base);
	assert_int_equal(engine_new(&e, s, fixed_to, 9), 0);
	for (uint64_t kicks = 0; kicks < 600; kicks += 20) {
		engine_run(e, kicks, UINT64_MAX);
		length = tour_length(engine_tour(e), s);
		assert_permutation(engine_tour(e));
		assert_int_equal(length, first - engine_gain(e));
		assert_true(engine_gain(e) >= last);
		last = engine_gain(e);
		for (uint32_t i = 0; fixed_to && i < s->n; i++)
			if (fixed_to[i] != ENGINE_FREE)
				assert_true(tour_adjacent(engine_tour(e), i,
							  fixed_to[i]));
	}
	assert_true(last > 0);
	engine_free(e);
}

static void test_engine__never_worsens(void **state)
{
	(void)state;
	for (unsigned m = METRIC_EUC_2D; m <= METRIC_ATT; m++) {
		struct space s = make_space(400, m == METRIC_GEO ? 2 : 1000,
					    (enum metric)m, m);

		run_engine(&s, NULL);
		free_space(&s);
	}
}

static void test_engine__equal_places(void **state)
{
	struct space s = make_space(300, 6, METRIC_EUC_2D, 4);

	(void)state;
	run_engine(&s, NULL);
	free_space(&s);
}

static void test_engine__fixed_edges_stay(void **state)
{
	(void)state;
	for (uint32_t run = 2; run < 40; run += 3) {
		uint32_t n = run * 10, *fixed_to = calloc(n, sizeof *fixed_to);
		struct space s = make_space(n, 1000, METRIC_EUC_2D, run);

		for (uint32_t i = 0; i < n; i++)
			fixed_to[i] = ENGINE_FREE;
		for (uint32_t i = 0; i < n; i += run) {
			fixed_to[i] = i ? i - 1 : n - 1;
			fixed_to[i ? i - 1 : n - 1] = i;
		}
		run_engine(&s, fixed_to);
		free(fixed_to);
		free_space(&s);
	}
}

static void test_engine__slices_do_not_matter(void **state)
{
	static const uint64_t steps[] = { UINT64_MAX, 1000, 37, 1 };
	struct space s = make_space(200, 1000, METRIC_EUC_2D, 8);
	uint32_t *first = calloc(s.n, sizeof *first);

	(void)state;
	for (int k = 0; k < 4; k++) {
		struct engine *e;

		assert_int_equal(engine_new(&e, &s, NULL, 5), 0);
		while (engine_run(e, 200, steps[k]) < 200)
			;
		engine_settle(e);
		if (k == 0)
			memcpy(first, engine_tour(e)->at, s.n * 4);
		else
			assert_memory_equal(first, engine_tour(e)->at,
					    s.n * 4);
		engine_free(e);
	}
	free(first);
	free_space(&s);
}

/* What leads from one tour to another, applied, gives the other. */
static void test_exchange__between_fit_and_parts(void **state)
{
	struct space s = make_space(500, 1000, METRIC_EUC_2D, 6);
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	for (uint64_t kicks = 0; kicks < 300; kicks += 30) {
		struct segment *segments;
		struct exchange x;
		struct journal j;
		struct engine *e;
		struct tour t;
		uint32_t *start, parts;
		int64_t first;

		journal_init(&j);
		assert_int_equal(engine_new(&e, &s, NULL, kicks), 0);
		engine_run(e, kicks, UINT64_MAX);
		assert_int_equal(tour_init(&t, s.n), 0);
		first = tour_length(&t, &s);
		assert_int_equal(exchange_between(engine_tour(e), &x, &arena),
				 0);
		assert_int_equal(exchange_gain(&x, &s), engine_gain(e));
		assert_int_equal(exchange_split(&x, &start, &parts, &arena),
				 0);
		assert_true(parts >= 1 && start[parts] == x.count);
		segments = arena_array(&arena, x.count, sizeof *segments);
		assert_int_equal(exchange_fit(&x, &t, segments, &arena),
				 FIT_ONE_CYCLE);
		assert_int_equal(journal_reserve(&j, s.n), 0);
		tour_splice(&t, segments, x.count, &j);
		assert_permutation(&t);
		assert_int_equal(tour_length(&t, &s),
				 first - engine_gain(e));
		assert_int_equal(exchange_fit(&x, &t, segments, &arena),
				 FIT_GONE);
		tour_deinit(&t);
		journal_deinit(&j);
		engine_free(e);
	}
	arena_deinit(&arena);
	free_space(&s);
}

static void test_exchange__two_cycles(void **state)
{
	struct edge removed[] = { { 0, 1 }, { 4, 5 } };
	struct edge added[] = { { 0, 5 }, { 1, 4 } };
	struct exchange x = { 2, removed, added };
	struct segment segments[2];
	struct arena arena;
	struct tour t;

	(void)state;
	arena_init(&arena, 4096);
	assert_int_equal(tour_init(&t, 10), 0);
	assert_int_equal(exchange_fit(&x, &t, segments, &arena), FIT_CYCLES);
	added[0] = (struct edge){ 0, 4 };
	added[1] = (struct edge){ 1, 5 };
	assert_int_equal(exchange_fit(&x, &t, segments, &arena),
			 FIT_ONE_CYCLE);
	added[1] = (struct edge){ 1, 6 };
	assert_int_equal(exchange_fit(&x, &t, segments, &arena), FIT_GONE);
	added[1] = (struct edge){ 5, 5 };
	assert_int_equal(exchange_fit(&x, &t, segments, &arena), FIT_GONE);
	added[1] = (struct edge){ 1, 5 };
	removed[0] = (struct edge){ 0, 2 };
	assert_int_equal(exchange_fit(&x, &t, segments, &arena), FIT_GONE);
	removed[0] = (struct edge){ 4, 5 };
	assert_int_equal(exchange_fit(&x, &t, segments, &arena), FIT_GONE);
	tour_deinit(&t);
	arena_deinit(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tour__splice_and_undo),
		cmocka_unit_test(test_nearest__equals_brute_force),
		cmocka_unit_test(test_nearest__all_at_one_place),
		cmocka_unit_test(test_engine__small_instances_are_optimal),
		cmocka_unit_test(test_engine__never_worsens),
		cmocka_unit_test(test_engine__equal_places),
		cmocka_unit_test(test_engine__fixed_edges_stay),
		cmocka_unit_test(test_engine__slices_do_not_matter),
		cmocka_unit_test(test_exchange__between_fit_and_parts),
		cmocka_unit_test(test_exchange__two_cycles),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
