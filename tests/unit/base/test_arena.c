#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/base/fail_malloc.h"

static bool all_zero(const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i])
			return false;
	return true;
}

static void test_arena__takes_nothing_before_the_first(void **state)
{
	struct arena a;

	(void)state;
	fail_malloc_at(1);
	arena_init(&a, 1000);
	arena_reset(&a);
	arena_deinit(&a);
	assert_false(fail_malloc_off());
}

static void test_arena__aligned_zeroed_and_apart(void **state)
{
	struct arena a;
	uint8_t *last = NULL;
	size_t last_len = 0;

	(void)state;
	arena_init(&a, 256);
	for (int round = 0; round < 3; round++) {
		for (size_t len = 0; len < 400; len += 7) {
			uint8_t *p = arena_alloc(&a, len);

			assert_non_null(p);
			assert_int_equal(
				(uintptr_t)p % _Alignof(max_align_t), 0);
			assert_true(all_zero(p, len));
			memset(p, 0xff, len);
			assert_true(last_len == 0 || last[last_len - 1]);
			last = p;
			last_len = len;
		}
		arena_reset(&a);
		last_len = 0;
	}
	arena_deinit(&a);
}

static void test_arena__earlier_content_survives_growth(void **state)
{
	struct arena a;
	char *s[100];

	(void)state;
	arena_init(&a, 64);
	for (int i = 0; i < 100; i++) {
		s[i] = arena_printf(&a, "%0*d", i % 50 + 1, i);
		assert_non_null(s[i]);
	}
	for (int i = 0; i < 100; i++) {
		assert_int_equal(atoi(s[i]), i);
		assert_true(strlen(s[i]) >= (size_t)(i % 50 + 1));
	}
	arena_deinit(&a);
}

static void test_arena__reset_keeps_the_first_block(void **state)
{
	struct arena a;
	void *first;

	(void)state;
	arena_init(&a, 128);
	first = arena_alloc(&a, 100);
	arena_alloc(&a, 100);
	arena_alloc(&a, 5000);
	arena_reset(&a);
	fail_malloc_at(1);
	assert_ptr_equal(arena_alloc(&a, 100), first);
	assert_false(fail_malloc_off());
	arena_deinit(&a);
}

static void test_arena__strings(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 64);
	assert_string_equal(arena_str(&a, bytes_of("abcdef", 3)), "abc");
	assert_string_equal(arena_str(&a, bytes_of(NULL, 0)), "");
	assert_string_equal(arena_printf(&a, "%s %d", "x", -3), "x -3");
	arena_deinit(&a);
}

static void test_arena__impossible_sizes(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 64);
	assert_null(arena_alloc(&a, SIZE_MAX));
	assert_null(arena_alloc(&a, SIZE_MAX - 64));
	assert_null(arena_array(&a, SIZE_MAX / 2, 3));
	assert_null(arena_array(&a, SIZE_MAX / 4 + 2, 4));
	assert_null(arena_str(&a, bytes_of("", SIZE_MAX)));
	assert_non_null(arena_array(&a, SIZE_MAX, 0));
	assert_non_null(arena_array(&a, 10, 10));
	arena_deinit(&a);
}

static bool fill(struct arena *a)
{
	return arena_alloc(a, 10) && arena_array(a, 100, 8) &&
	       arena_str(a, bytes_str("some text")) &&
	       arena_printf(a, "%200d", 1) && arena_alloc(a, 1000);
}

static void test_arena__each_allocation_may_fail(void **state)
{
	size_t n = 1;
	bool hit = true;

	(void)state;
	for (; hit; n++) {
		struct arena a;
		bool done;

		arena_init(&a, 64);
		fail_malloc_at(n);
		done = fill(&a);
		hit = fail_malloc_off();
		assert_int_equal(done, !hit);
		assert_true(fill(&a)); /* still usable */
		arena_reset(&a);
		assert_true(fill(&a));
		arena_deinit(&a);
	}
	assert_true(n > 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena__takes_nothing_before_the_first),
		cmocka_unit_test(test_arena__aligned_zeroed_and_apart),
		cmocka_unit_test(test_arena__earlier_content_survives_growth),
		cmocka_unit_test(test_arena__reset_keeps_the_first_block),
		cmocka_unit_test(test_arena__strings),
		cmocka_unit_test(test_arena__impossible_sizes),
		cmocka_unit_test(test_arena__each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
