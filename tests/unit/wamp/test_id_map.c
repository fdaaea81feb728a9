#include "wamp/id_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tests/unit/base/fail_malloc.h"

enum { IDS = 600 };

static void test_id_map__empty(void **state)
{
	struct id_map map;
	size_t from = 0;

	(void)state;
	id_map_init(&map);
	assert_null(id_map_get(&map, 1));
	assert_null(id_map_get(&map, 0));
	assert_null(id_map_take(&map, 1));
	assert_null(id_map_take_any(&map, &from));
	id_map_deinit(&map);
}

/* Random insertions and removals against a plain array. */
static void test_id_map__agrees_with_an_array(void **state)
{
	static char there[IDS];
	struct id_map map;
	struct rng rng;

	(void)state;
	id_map_init(&map);
	rng_seed(&rng, 1);
	memset(there, 0, sizeof there);
	for (int step = 0; step < 200000; step++) {
		uint32_t i = rng_below(&rng, step % 2000 < 1000 ? IDS : 40);
		/* Neighbours, and far apart: as request and random ids. */
		uint64_t id = i % 2 ? i : (uint64_t)i << 40 | 1;

		if (!i) /* has the id of 1 */
			continue;
		assert_ptr_equal(id_map_get(&map, id),
				 there[i] ? &there[i] : NULL);
		if (there[i]) {
			assert_ptr_equal(id_map_take(&map, id), &there[i]);
		} else {
			assert_int_equal(
				id_map_reserve(&map, map.count + 1), 0);
			id_map_add(&map, id, &there[i]);
		}
		there[i] = !there[i];
	}
	for (uint32_t i = 1; i < IDS; i++)
		assert_ptr_equal(id_map_get(&map, i % 2 ? i
						  : (uint64_t)i << 40 | 1),
				 there[i] ? &there[i] : NULL);
	id_map_deinit(&map);
}

static void test_id_map__take_any_takes_each_once(void **state)
{
	static char seen[IDS];
	struct id_map map;
	size_t from = 0;
	char *item;
	int n = 0;

	(void)state;
	id_map_init(&map);
	memset(seen, 0, sizeof seen);
	assert_int_equal(id_map_reserve(&map, IDS), 0);
	for (uint64_t i = 0; i < IDS; i++)
		id_map_add(&map, i + 1, &seen[i]);
	while ((item = id_map_take_any(&map, &from))) {
		assert_int_equal((*item)++, 0);
		n++;
	}
	assert_int_equal(n, IDS);
	assert_int_equal(map.count, 0);
	id_map_deinit(&map);
}

static void test_id_map__a_failed_reserve_changes_nothing(void **state)
{
	struct id_map map;
	char item;

	(void)state;
	id_map_init(&map);
	fail_malloc_at(1);
	assert_int_equal(id_map_reserve(&map, 1), ERR_NOMEM);
	assert_true(fail_malloc_off());
	assert_int_equal(id_map_reserve(&map, 1), 0);
	id_map_add(&map, 5, &item);
	fail_malloc_at(1);
	assert_int_equal(id_map_reserve(&map, 1000), ERR_NOMEM);
	assert_true(fail_malloc_off());
	assert_int_equal(id_map_reserve(&map, SIZE_MAX), ERR_NOMEM);
	assert_ptr_equal(id_map_get(&map, 5), &item);
	id_map_deinit(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_id_map__empty),
		cmocka_unit_test(test_id_map__agrees_with_an_array),
		cmocka_unit_test(test_id_map__take_any_takes_each_once),
		cmocka_unit_test(
			test_id_map__a_failed_reserve_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
