/* Which job is next, and what a restart knows. */
#include "database.h"
#include "hall.h"

static void work_to_the_end(struct hall *h, const char *pass)
{
	for (unsigned i = 0; i < h->called && !h->done; i++)
		answer(h, h->calls[i], pass, 0, false);
}

static void test_coord__programme_goes_on_and_ends(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];

	(void)state;
	begin(&h, "fake:3000");
	assert_int_equal(coord_queue(h.c, "fake:5000"), 0);
	assert_string_equal(coord_queued(h.c, 0), "fake:5000");
	come(&h, TRUSTED, 1, true, pass);
	work_to_the_end(&h, pass);
	assert_true(h.done);
	assert_int_equal(h.finished, 2);
	assert_string_equal(look(&h).spec, "fake:5000");
	assert_string_equal(look(&h).state, "finished");
	end(&h);
}

static void test_coord__bad_job_fails_and_the_next_runs(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];

	(void)state;
	open_hall(&h, ":memory:");
	assert_int_equal(coord_queue(h.c, "fake:none"), 0);
	assert_int_equal(coord_queue(h.c, "fake:100"), 0);
	step(&h, &(struct coord_event){ .type = EV_READY });
	come(&h, TRUSTED, 1, true, pass);
	work_to_the_end(&h, pass);
	assert_true(h.done);
	assert_int_equal(look(&h).units, 100);
	end(&h);
}

static void test_coord__next_leaves_a_job(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, TRUSTED, 1, true, pass);
	assert_int_equal(coord_queue(h.c, "fake:2000"), 0);
	step(&h, &(struct coord_event){ .type = EV_NEXT, .tag = 3 });
	tick(&h);
	assert_int_equal(h.replies, 1);
	assert_string_equal(look(&h).spec, "fake:2000");
	/* Its calls that are open still count. */
	answer(&h, h.calls[0], pass, 0, false);
	assert_int_equal(look(&h).chunks, 0);
	assert_int_equal(coord_donor(h.c, h.donor)->chunks, 1);
	end(&h);
}

static void test_coord__devices_to_spare_begin_the_next(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];
	struct coord_call call;

	(void)state;
	begin(&h, "fake:1");
	assert_int_equal(coord_queue(h.c, "fake:2000"), 0);
	come(&h, PHONE, 1, false, pass);
	tick(&h);
	/* The first job's only unit is lent: the second slot is not idle. */
	assert_int_equal(h.called, 2);
	assert_true(coord_call(h.c, h.calls[1], &call));
	assert_string_equal(call.job, "fake-2");
	assert_string_equal(look(&h).job, "fake-1");
	end(&h);
}

static void test_coord__finished_job_is_answered_again(void **state)
{
	const char *path = database_new();
	struct hall h;
	char pass[SECRET_BYTES];
	struct buf first, second;

	(void)state;
	buf_init(&first);
	buf_init(&second);
	open_hall(&h, path);
	assert_int_equal(coord_queue(h.c, "fake:9000"), 0);
	step(&h, &(struct coord_event){ .type = EV_READY });
	come(&h, TRUSTED, 1, true, pass);
	work_to_the_end(&h, pass);
	assert_true(h.done);
	assert_int_equal(coord_answer(h.c, &first), 0);
	end(&h);

	open_hall(&h, path);
	assert_int_equal(coord_queue(h.c, "fake:9000"), 0);
	tick(&h);
	assert_true(h.done);
	assert_int_equal(h.called, 0);
	assert_int_equal(look(&h).units, 9000);
	assert_true(look(&h).done);
	assert_int_equal(coord_answer(h.c, &second), 0);
	assert_true(bytes_equal(buf_bytes(&first), buf_bytes(&second)));
	end(&h);
	buf_deinit(&first);
	buf_deinit(&second);
	database_remove();
}

/* Sessions outlive the coordinator: their threads are known again. */
static void test_coord__restart_knows_the_sessions(void **state)
{
	static const uint64_t there[] = { PHONE };
	const char *path = database_new();
	struct hall h;

	(void)state;
	open_hall(&h, path);
	join_as(&h, PHONE, 4, "", "", false);
	join_as(&h, LAPTOP, 4, "", "", false);
	step(&h, &(struct coord_event){ .type = EV_SESSION_LEFT,
					.session = LAPTOP });
	end(&h);
	open_hall(&h, path);
	assert_int_equal(coord_queue(h.c, "fake:1000000"), 0);
	step(&h, &(struct coord_event){ .type = EV_READY });
	step(&h, &(struct coord_event){ .type = EV_CALLEES,
					.sessions = there,
					.session_count = 1 });
	assert_int_equal(h.called, 8);
	assert_null(coord_donor_of(h.c, LAPTOP));
	end(&h);
	database_remove();
}

static void test_coord__a_lost_session_returns_all(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 2, false, pass);
	assert_int_equal(coord_open_calls(h.c), 4);
	step(&h, &(struct coord_event){ .type = EV_LOST });
	assert_int_equal(coord_open_calls(h.c), 0);
	tick(&h);
	assert_int_equal(h.called, 4);
	step(&h, &(struct coord_event){ .type = EV_READY });
	assert_int_equal(h.called, 8);
	assert_int_equal(from_of(&h, 4), 0);
	end(&h);
}

/* What was held, and nothing that follows from it. */
static void prepare_held(struct hall *h)
{
	struct prep *prep = h->prep;

	assert_non_null(prep);
	h->prep = NULL;
	prepare(h, prep);
}

/* A batch may be settled after its job was read from the ledger and before it
 * runs: then what was read is not all there is. */
static void overtake(bool lie)
{
	const char *path = database_new();
	char phone[SECRET_BYTES], trusted[SECRET_BYTES];
	struct coord_call call;
	struct hall h;

	open_hall(&h, path);
	assert_int_equal(coord_queue(h.c, "fake:9000"), 0);
	step(&h, &(struct coord_event){ .type = EV_READY });
	come(&h, PHONE, 1, false, phone);
	if (lie)
		say_result(&h, h.calls[0], h.calls[0], phone, 1,
			   bytes_str("eightbyt"));
	else
		answer(&h, h.calls[0], phone, 0, false);
	assert_true(look(&h).pending_us > 0);
	end(&h);

	open_hall(&h, path);
	rng_seed(&h.rng, 4); /* other tokens than before */
	h.hold_preps = true;
	assert_int_equal(coord_queue(h.c, "fake:9000"), 0);
	step(&h, &(struct coord_event){ .type = EV_READY });
	come(&h, TRUSTED, 1, true, trusted);
	assert_int_equal(h.called, 1);
	assert_true(coord_call(h.c, h.calls[0], &call) && call.audit);
	prepare_held(&h); /* parsed, and then read from the ledger */
	answer(&h, h.calls[0], trusted, 0, false);
	prepare_held(&h); /* in vain */
	prepare_held(&h);
	h.hold_preps = false;
	prepare_held(&h);
	assert_int_equal(look(&h).pending_us, 0);
	assert_int_equal(look(&h).verified_us > 0, !lie);
	for (unsigned i = 1; i < h.called && !h.done; i++)
		answer(&h, h.calls[i], trusted, 0, false);
	assert_true(h.done);
	assert_int_equal(look(&h).verified, 9000);
	end(&h);
	database_remove();
}

static void test_coord__a_job_that_was_overtaken_is_read_again(void **state)
{
	(void)state;
	overtake(false);
	overtake(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_coord__programme_goes_on_and_ends),
		cmocka_unit_test(test_coord__bad_job_fails_and_the_next_runs),
		cmocka_unit_test(test_coord__next_leaves_a_job),
		cmocka_unit_test(test_coord__devices_to_spare_begin_the_next),
		cmocka_unit_test(test_coord__finished_job_is_answered_again),
		cmocka_unit_test(test_coord__restart_knows_the_sessions),
		cmocka_unit_test(test_coord__a_lost_session_returns_all),
		cmocka_unit_test(
			test_coord__a_job_that_was_overtaken_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
