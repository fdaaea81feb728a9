/* Messages that wait keep their order, and are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "router/parcels.h"
#include "tests/unit/base/fail_malloc.h"

static void add(struct parcels *q, const char *text)
{
	assert_int_equal(parcels_add(q, bytes_str(text)), 0);
}

static void take(struct parcels *q, const char *text)
{
	struct parcel *p = parcels_take(q);

	assert_non_null(p);
	assert_true(bytes_equal_str(bytes_of(p->bytes, p->len), text));
	parcel_free(p);
}

static void test_parcels__in_their_order(void **state)
{
	char text[] = "second";
	struct parcels q;

	(void)state;
	parcels_init(&q);
	assert_null(parcels_take(&q));
	assert_null(parcels_first(&q).data);
	add(&q, "first");
	add(&q, text);
	memset(text, 'x', sizeof text - 1); /* it is a copy */
	assert_int_equal(q.bytes, 11);
	assert_true(bytes_equal_str(parcels_first(&q), "first"));
	take(&q, "first");
	add(&q, "third");
	take(&q, "second");
	take(&q, "third");
	assert_int_equal(q.bytes, 0);
	assert_null(parcels_take(&q));
	add(&q, "again"); /* behind an end that was reached */
	take(&q, "again");
}

static void test_parcels__cleared(void **state)
{
	struct parcels q;

	(void)state;
	parcels_init(&q);
	add(&q, "one");
	add(&q, "two");
	parcels_clear(&q);
	assert_int_equal(q.bytes, 0);
	assert_null(parcels_first(&q).data);
	add(&q, "three");
	take(&q, "three");
	parcel_free(NULL);
}

static void test_parcels__without_memory(void **state)
{
	struct parcels q;
	int err;

	(void)state;
	parcels_init(&q);
	add(&q, "one");
	fail_malloc_at(1);
	err = parcels_add(&q, bytes_str("two"));
	assert_true(fail_malloc_off());
	assert_int_equal(err, ERR_NOMEM);
	assert_int_equal(q.bytes, 3);
	add(&q, "three");
	take(&q, "one");
	take(&q, "three");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parcels__in_their_order),
		cmocka_unit_test(test_parcels__cleared),
		cmocka_unit_test(test_parcels__without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
