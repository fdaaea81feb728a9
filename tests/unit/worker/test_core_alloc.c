/* The core with its n-th allocation failing, for every n: it may answer with
 * an error or lose its session, and must neither crash, leak nor go silent. */
#include "fake.h"

#include "../base/fail_malloc.h"

enum { ALLOCATIONS_MAX = 10000 };

static size_t fail_next;
static bool was_hit;

static void around(bool before)
{
	if (before)
		fail_malloc_at(fail_next);
	else
		was_hit |= fail_malloc_off();
}

/* How the log stands after a chunk was sent: taken, refused or lost. */
static bool is_settled(struct fake *f)
{
	const char *log;

	buf_add_u8(&f->log, 0);
	log = (const char *)f->log.data;
	return strstr(log, "start 0") || strstr(log, "ERROR 1") ||
	       f->failures > 0;
}

static void test_core_alloc__creation(void **state)
{
	struct core_config config = fake_config();
	bool hit = true;

	(void)state;
	for (size_t n = 1; hit; n++) {
		struct core *core;

		assert_true(n < ALLOCATIONS_MAX);
		fail_malloc_at(n);
		core = core_new(&config);
		hit = fail_malloc_off();
		assert_true(hit == (core == NULL));
		core_free(core);
	}
}

static void test_core_alloc__a_chunk_comes(void **state)
{
	(void)state;
	was_hit = true;
	for (fail_next = 1; was_hit; fail_next++) {
		struct fake f;

		assert_true(fail_next < ALLOCATIONS_MAX);
		was_hit = false;
		fake_start(&f, fake_config());
		f.around = around;
		fake_send_chunk(&f, 1);
		assert_true(is_settled(&f));
		assert_true(was_hit || core_look(f.core).computing == 1);
		fake_lose(&f);
		fake_deinit(&f);
	}
}

static void test_core_alloc__a_result_goes(void **state)
{
	bool hit = true;

	(void)state;
	for (size_t n = 1; hit; n++) {
		struct core_config config = fake_config();
		struct fake f;
		bool sent;

		assert_true(n < ALLOCATIONS_MAX);
		config.me_ms = 2000;
		fake_start(&f, config);
		fake_send_chunk(&f, 1);
		/* The fake's own log must not be what fails. */
		assert_int_equal(buf_reserve(&f.log, 4096), 0);
		assert_non_null(arena_alloc(&f.arena, 1));
		fail_malloc_at(n);
		sent = fake_finish(&f, 0, 4);
		hit = fail_malloc_off();
		assert_true(hit || sent);
		assert_int_equal(core_look(f.core).computing, 0);
		fake_lose(&f);
		fake_deinit(&f);
	}
}

static void test_core_alloc__joining(void **state)
{
	(void)state;
	was_hit = true;
	for (fail_next = 1; was_hit; fail_next++) {
		struct fake f;

		assert_true(fail_next < ALLOCATIONS_MAX);
		was_hit = false;
		fake_init(&f, fake_config());
		fake_open(&f);
		f.around = around;
		fake_accept_join(&f);
		assert_true(was_hit ||
			    core_look(f.core).phase == CORE_WORKING);
		fake_lose(&f);
		fake_deinit(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_core_alloc__creation),
		cmocka_unit_test(test_core_alloc__a_chunk_comes),
		cmocka_unit_test(test_core_alloc__a_result_goes),
		cmocka_unit_test(test_core_alloc__joining),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
