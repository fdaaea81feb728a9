#include "support.h"

#include <math.h>

#include "tests/unit/base/fail_malloc.h"

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 512);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_deinit(&arena);
	return 0;
}

static void test_value__an_integer_is_no_bool_nor_a_real(void **state)
{
	const struct value one = value_int(1), yes = value_bool(true),
			   real = value_real(1.0);
	int64_t i = -7;
	uint64_t u = 7;
	double d = 0;
	bool b = false;

	(void)state;
	assert_false(value_get_bool(&one, &b));
	assert_false(value_is_true(&one));
	assert_false(value_get_int(&yes, &i));
	assert_false(value_get_int(&real, &i));
	assert_false(value_get_uint(&real, &u));
	assert_false(value_get_uint(NULL, &u));
	assert_int_equal(i, -7);
	assert_int_equal(u, 7);
	assert_true(value_get_real(&one, &d));
	assert_true(d == 1.0);
	assert_true(value_is_true(&yes));
	assert_true(value_get_bool(&yes, &b) && b);
}

static void test_value__unsigned_only_above_int64(void **state)
{
	const struct value small = value_uint(INT64_MAX),
			   large = value_uint((uint64_t)INT64_MAX + 1),
			   negative = value_int(-1);
	uint64_t u;
	int64_t i;

	(void)state;
	assert_int_equal(small.type, VALUE_INT);
	assert_int_equal(large.type, VALUE_UINT);
	assert_true(value_get_uint(&large, &u) && u == 1ull << 63);
	assert_false(value_get_int(&large, &i));
	assert_false(value_get_uint(&negative, &u));
}

static void test_value__ranges_include_both_ends(void **state)
{
	const struct value zero = value_int(0), top = value_int(1ll << 53),
			   over = value_int((1ll << 53) + 1),
			   real = value_real(5);
	uint64_t u;

	(void)state;
	assert_false(value_get_range(&zero, 1, 1ull << 53, &u));
	assert_true(value_get_range(&zero, 0, 0, &u));
	assert_true(value_get_range(&top, 1, 1ull << 53, &u));
	assert_false(value_get_range(&over, 1, 1ull << 53, &u));
	assert_false(value_get_range(&real, 1, 10, &u));
}

/* What JavaScript's binary encoders make of long integers is an id; what is
 * short, broken or beyond is none. */
static void test_value__ids_may_be_long_doubles(void **state)
{
	const struct value first = value_real(4294967296.0),
			   last = value_real(9007199254740992.0);
	const struct value none[] = {
		value_real(5), value_real(4294967295.0),
		value_real(4294967296.5), value_real(9007199254740994.0),
		value_real(-4294967296.0), value_real(1e300),
		value_real(NAN), value_real(INFINITY),
		value_real(-INFINITY), value_int(0), value_bool(true),
		value_int((1ll << 53) + 1),
	};
	const struct value seven = value_int(7);
	uint64_t u;

	(void)state;
	assert_true(value_get_id(&first, 1, &u) && u == 1ull << 32);
	assert_true(value_get_id(&last, 1, &u) && u == 1ull << 53);
	assert_true(value_get_id(&seven, 1, &u) && u == 7);
	assert_false(value_get_id(NULL, 1, &u));
	for (size_t i = 0; i < sizeof none / sizeof *none; i++)
		assert_false(value_get_id(&none[i], 1, &u));
}

static void test_value__dict_set_replaces_and_keeps_order(void **state)
{
	struct value dict = value_dict();
	uint64_t u;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(dict_set(&arena, &dict, "b", value_int(i)), 0);
		assert_int_equal(dict_set(&arena, &dict, "a", value_int(9)), 0);
	}
	assert_int_equal(value_count(&dict), 2);
	assert_text(dict.dict.pairs[0].key, "b");
	assert_true(value_get_uint(dict_get(&dict, "b"), &u) && u == 2);
	assert_null(dict_get(&dict, "c"));
	assert_null(dict_get(NULL, "a"));
	assert_null(list_at(&dict, 0));
}

static void test_value__lists_grow(void **state)
{
	struct value list = value_list();
	int64_t i;

	(void)state;
	for (int n = 0; n < 1000; n++)
		assert_int_equal(list_add(&arena, &list, value_int(n)), 0);
	assert_int_equal(value_count(&list), 1000);
	assert_true(value_get_int(list_at(&list, 999), &i) && i == 999);
	assert_null(list_at(&list, 1000));
}

static void test_value__a_copy_shares_nothing(void **state)
{
	char text[] = "text";
	struct arena other;
	struct value list = value_list(), *copy;
	struct value dict = value_dict();

	(void)state;
	arena_init(&other, 64);
	assert_int_equal(dict_set(&arena, &dict, text, value_str(text)), 0);
	assert_int_equal(list_add(&arena, &list, dict), 0);
	assert_int_equal(list_add(&arena, &list, value_bin(bytes_of(text, 2))),
			 0);
	copy = value_copy(&other, &list);
	assert_non_null(copy);
	assert_true(value_equal(copy, &list));
	text[0] = 'n';
	assert_false(value_equal(copy, &list));
	assert_text(copy->list.items[0].dict.pairs[0].key, "text");
	arena_deinit(&other);
}

static void test_value__equality_tells_types_apart(void **state)
{
	const struct value a = value_str("1"), b = value_bin(bytes_str("1"));
	const struct value i = value_int(1), r = value_real(1);
	const struct value zero = value_real(0.0), minus = value_real(-0.0);

	(void)state;
	assert_false(value_equal(&a, &b));
	assert_false(value_equal(&i, &r));
	assert_false(value_equal(&zero, &minus));
	assert_true(value_equal(tree(&arena, "{\"a\":[1,2],\"b\":null}"),
				tree(&arena, "{\"b\":null,\"a\":[1,2]}")));
	assert_false(value_equal(tree(&arena, "{\"a\":[1,2]}"),
				 tree(&arena, "{\"a\":[1,3]}")));
	assert_false(value_equal(tree(&arena, "{\"a\":1}"),
				 tree(&arena, "{\"b\":1}")));
}

/* Nothing recurses without end, however deep a tree is built. */
static void test_value__a_copy_of_something_too_deep_is_refused(void **state)
{
	struct value v = value_int(1);
	struct buf out;

	(void)state;
	buf_init(&out);
	for (int i = 0; i < VALUE_DEPTH_MAX; i++) {
		struct value outer = value_list();

		assert_int_equal(list_add(&arena, &outer, v), 0);
		v = outer;
	}
	assert_non_null(value_copy(&arena, &v));
	for (unsigned i = 0; i < LANGUAGES; i++)
		assert_int_equal(every[i]->encode(&out, &v), 0);
	buf_clear(&out);
	{
		struct value outer = value_list();

		assert_int_equal(list_add(&arena, &outer, v), 0);
		assert_null(value_copy(&arena, &outer));
		for (unsigned i = 0; i < LANGUAGES; i++)
			assert_int_equal(every[i]->encode(&out, &outer),
					 ERR_LIMIT);
	}
	assert_int_equal(out.len, 0);
	buf_deinit(&out);
}

static int build_and_copy(struct arena *a)
{
	struct value list = value_list(), dict = value_dict();
	int err = 0;

	for (int i = 0; !err && i < 100; i++)
		err = list_add(a, &list, value_str("element"));
	if (!err)
		err = dict_set(a, &dict, "list", list);
	if (!err && !value_copy(a, &dict))
		err = ERR_NOMEM;
	return err;
}

static void test_value__each_allocation_may_fail(void **state)
{
	size_t n = 1;
	bool hit;

	(void)state;
	do {
		struct arena a;
		int err;

		arena_init(&a, 128);
		fail_malloc_at(n++);
		err = build_and_copy(&a);
		hit = fail_malloc_off();
		assert_int_equal(err, hit ? ERR_NOMEM : 0);
		arena_deinit(&a);
	} while (hit);
	assert_true(n > 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_value__an_integer_is_no_bool_nor_a_real),
		cmocka_unit_test(test_value__unsigned_only_above_int64),
		cmocka_unit_test(test_value__ranges_include_both_ends),
		cmocka_unit_test(test_value__ids_may_be_long_doubles),
		cmocka_unit_test(test_value__dict_set_replaces_and_keeps_order),
		cmocka_unit_test(test_value__lists_grow),
		cmocka_unit_test(test_value__a_copy_shares_nothing),
		cmocka_unit_test(test_value__equality_tells_types_apart),
		cmocka_unit_test(
		test_value__a_copy_of_something_too_deep_is_refused),
		cmocka_unit_test(test_value__each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
