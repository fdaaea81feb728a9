#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/base/fail_malloc.h"

static void assert_content(const struct buf *b, const char *hex)
{
	char *got = malloc(2 * b->len + 1);

	assert_non_null(got);
	bytes_hex(buf_bytes(b), got);
	assert_string_equal(got, hex);
	free(got);
}

static void test_buf__empty_owns_nothing(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_null(b.data);
	assert_true(buf_ok(&b));
	assert_int_equal(buf_add(&b, NULL, 0), 0);
	assert_int_equal(buf_bytes(&b).len, 0);
	buf_deinit(&b);
	buf_deinit(&b);
}

static void test_buf__integers_are_little_endian(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_int_equal(buf_add_u8(&b, 0xa1), 0);
	assert_int_equal(buf_add_u16(&b, 0xb1b2), 0);
	assert_int_equal(buf_add_u32(&b, 0xc1c2c3c4), 0);
	assert_int_equal(buf_add_u64(&b, 0xd1d2d3d4d5d6d7d8), 0);
	assert_content(&b, "a1b2b1c4c3c2c1d8d7d6d5d4d3d2d1");
	buf_deinit(&b);
}

static void test_buf__varints(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	buf_add_varint(&b, 0);
	buf_add_varint(&b, 127);
	buf_add_varint(&b, 128);
	buf_add_varint(&b, UINT64_MAX);
	assert_content(&b, "007f8001ffffffffffffffffff01");
	buf_clear(&b);
	buf_add_svarint(&b, 0);
	buf_add_svarint(&b, -1);
	buf_add_svarint(&b, 1);
	buf_add_svarint(&b, INT64_MIN);
	assert_content(&b, "000102ffffffffffffffffff01");
	buf_deinit(&b);
}

static void test_buf__strings_and_printf_leave_no_terminator(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	assert_int_equal(buf_add_str(&b, "ab"), 0);
	assert_int_equal(buf_printf(&b, "%d-%s", 7, "c"), 0);
	assert_int_equal(buf_add_bytes(&b, bytes_str("d")), 0);
	assert_true(bytes_equal_str(buf_bytes(&b), "ab7-cd"));
	buf_deinit(&b);
}

static void test_buf__grows_far_beyond_its_first_size(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	for (uint32_t i = 0; i < 50000; i++)
		assert_int_equal(buf_add_u32(&b, i * 2654435761u), 0);
	assert_int_equal(b.len, 200000);
	assert_true(b.cap >= b.len);
	for (uint32_t i = 0; i < 50000; i++)
		assert_int_equal(get_u32(b.data + 4 * i), i * 2654435761u);
	buf_deinit(&b);
}

static void test_buf__drop_front_keeps_the_rest(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	buf_drop_front(&b, 0);
	buf_add_str(&b, "abcdef");
	buf_drop_front(&b, 2);
	assert_true(bytes_equal_str(buf_bytes(&b), "cdef"));
	buf_drop_front(&b, 0);
	buf_drop_front(&b, 4);
	assert_int_equal(b.len, 0);
	buf_add_str(&b, "g");
	assert_true(bytes_equal_str(buf_bytes(&b), "g"));
	buf_deinit(&b);
}

static void test_buf__impossible_sizes_fail_and_mark(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b);
	buf_add_str(&b, "kept");
	assert_int_equal(buf_reserve(&b, SIZE_MAX), ERR_NOMEM);
	assert_int_equal(buf_add_u8(&b, 1), ERR_NOMEM);
	assert_int_equal(buf_printf(&b, "x"), ERR_NOMEM);
	assert_false(buf_ok(&b));
	assert_true(bytes_equal_str(buf_bytes(&b), "kept"));
	buf_clear(&b);
	assert_int_equal(buf_add_str(&b, "again"), 0);
	assert_true(bytes_equal_str(buf_bytes(&b), "again"));
	buf_deinit(&b);
}

static void fill(struct buf *b)
{
	char text[300];

	memset(text, 'x', sizeof text);
	buf_add_u8(b, 1);
	buf_add(b, text, sizeof text);
	buf_printf(b, "%2000d", 5);
	buf_add_varint(b, 1u << 20);
	buf_add_u64(b, 9);
}

static void test_buf__each_allocation_may_fail(void **state)
{
	struct buf whole, b;
	size_t n = 1;
	bool hit = true;

	(void)state;
	buf_init(&whole);
	fill(&whole);
	for (; hit; n++) {
		buf_init(&b);
		fail_malloc_at(n);
		fill(&b);
		hit = fail_malloc_off();
		assert_int_equal(buf_ok(&b), !hit);
		assert_true(b.len <= whole.len);
		if (b.len)
			assert_memory_equal(b.data, whole.data, b.len);
		buf_deinit(&b);
	}
	assert_true(n > 3);
	buf_deinit(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf__empty_owns_nothing),
		cmocka_unit_test(test_buf__integers_are_little_endian),
		cmocka_unit_test(test_buf__varints),
		cmocka_unit_test(
			test_buf__strings_and_printf_leave_no_terminator),
		cmocka_unit_test(test_buf__grows_far_beyond_its_first_size),
		cmocka_unit_test(test_buf__drop_front_keeps_the_rest),
		cmocka_unit_test(test_buf__impossible_sizes_fail_and_mark),
		cmocka_unit_test(test_buf__each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
