/* What coord lends to whom, and what it makes of the results. */
#include "hall.h"

/* --- the window ---------------------------------------------------------- */

static void test_coord__window_is_announced_capacity(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];

	(void)state;
	begin(&h, "fake:1000000");
	assert_int_equal(h.called, 0);
	join_as(&h, PHONE, 3, "", "", false);
	assert_int_equal(h.called, 0); /* joined, but not registered */
	registered(&h, PHONE, false);
	assert_int_equal(h.called, 6);
	come(&h, LAPTOP, 2, false, pass);
	assert_int_equal(h.called, 10);
	assert_int_equal(look(&h).devices, 2);
	assert_int_equal(look(&h).threads, 5);
	step(&h, &(struct coord_event){ .type = EV_UNREGISTERED,
					.session = PHONE });
	assert_int_equal(look(&h).devices, 1);
	end(&h);
}

static void test_coord__callees_are_exactly_those(void **state)
{
	static const uint64_t sessions[] = { LAPTOP, 99 };
	struct hall h;
	char pass[SECRET_BYTES];

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 1, false, pass);
	join_as(&h, LAPTOP, 4, "", "", false);
	step(&h, &(struct coord_event){ .type = EV_CALLEES,
					.sessions = sessions,
					.session_count = 2 });
	/* The phone is not, the laptop is, 99 has not joined. */
	assert_int_equal(look(&h).devices, 1);
	assert_int_equal(look(&h).threads, 4);
	end(&h);
}

static void test_coord__no_meta_counts_who_joined(void **state)
{
	struct hall h;

	(void)state;
	begin(&h, "fake:1000000");
	join_as(&h, PHONE, 1, "", "", false);
	step(&h, &(struct coord_event){ .type = EV_NO_META });
	assert_int_equal(h.called, 2);
	join_as(&h, LAPTOP, 2, "", "", false);
	tick(&h);
	assert_int_equal(h.called, 6);
	end(&h);
}

static void test_coord__back_pressure_slows_and_returns(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];
	uint64_t from;

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 2, false, pass);
	from = from_of(&h, 3);
	fails(&h, h.calls[3], FAILURE_BUSY);
	assert_int_equal(h.called, 4); /* not at once, and no more than 3 */
	wait_ms(&h, 200);
	assert_int_equal(h.called, 4);
	answer(&h, h.calls[0], pass, 0, false);
	assert_int_equal(h.called, 6);
	assert_int_equal(from_of(&h, 4), from); /* the one that came back */
	end(&h);
}

static void test_coord__lost_callee_is_lent_again_soon(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];
	uint64_t from;

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 1, false, pass);
	from = from_of(&h, 0);
	fails(&h, h.calls[0], FAILURE_LOST);
	wait_ms(&h, 100);
	assert_int_equal(h.called, 3);
	assert_int_equal(from_of(&h, 2), from);
	end(&h);
}

static void test_coord__nothing_is_lent_while_paused(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];

	(void)state;
	begin(&h, "fake:1000000");
	step(&h, &(struct coord_event){ .type = EV_PAUSE, .tag = 9 });
	assert_int_equal(h.replies, 1);
	come(&h, PHONE, 1, false, pass);
	assert_int_equal(h.called, 0);
	assert_string_equal(look(&h).state, "paused");
	step(&h, &(struct coord_event){ .type = EV_START, .tag = 10 });
	assert_int_equal(h.called, 2);
	end(&h);
}

static void test_coord__nothing_is_lent_while_the_disk_is_full(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];
	struct coord_event e = { .type = EV_STORE,
				 .text = bytes_str("disk full") };

	(void)state;
	begin(&h, "fake:1000000");
	step(&h, &e);
	come(&h, PHONE, 1, false, pass);
	assert_int_equal(h.called, 0);
	assert_string_equal(look(&h).error, "disk full");
	e.text = bytes_of(NULL, 0);
	step(&h, &e);
	assert_int_equal(h.called, 2);
	assert_null(look(&h).error);
	end(&h);
}

/* --- results ------------------------------------------------------------- */

static void test_coord__nothing_counts_before_the_commit(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];
	const struct donor *d;

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 1, false, pass);
	d = coord_donor(h.c, h.donor);
	h.hold = true;
	answer(&h, h.calls[0], pass, 0, false);
	assert_int_equal(look(&h).units, 0);
	assert_int_equal(d->pending_us, 0);
	h.hold = false;
	commit(&h);
	assert_int_equal(look(&h).units, FAKE_CHUNK_UNITS);
	assert_int_equal(d->pending_us, FAKE_CHUNK_UNITS * FAKE_UNIT_US);
	assert_int_equal(d->chunks, 1);
	end(&h);
}

static void test_coord__rest_of_a_range_goes_back(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];
	uint64_t from;

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 1, false, pass);
	from = from_of(&h, 0);
	answer(&h, h.calls[0], pass, 7, false);
	assert_int_equal(look(&h).units, 7);
	assert_int_equal(from_of(&h, 2), from + 7);
	end(&h);
}

/* A phone that was asleep: the range is lent also to another device, the
 * first call stays open, the first result wins and the second changes
 * nothing. */
static void late_first(bool late_one_first)
{
	struct hall h;
	char phone[SECRET_BYTES], laptop[SECRET_BYTES];
	unsigned first, second;
	uint64_t again;

	begin(&h, "fake:1000000");
	come(&h, PHONE, 1, false, phone);
	wait_ms(&h, 14900);
	assert_int_equal(h.called, 2);
	wait_ms(&h, 200);
	assert_int_equal(h.called, 2); /* no other device has room */
	come(&h, LAPTOP, 1, false, laptop);
	assert_int_equal(h.called, 4);
	assert_int_equal(from_of(&h, 2), from_of(&h, 0));
	assert_int_equal(from_of(&h, 3), from_of(&h, 1));
	assert_int_equal(look(&h).late, 2);
	first = late_one_first ? 0 : 2;
	second = late_one_first ? 2 : 0;
	answer(&h, h.calls[first], late_one_first ? phone : laptop, 0, false);
	assert_int_equal(look(&h).chunks, 1);
	again = look(&h).units;
	answer(&h, h.calls[second], late_one_first ? laptop : phone, 0,
	       false);
	assert_int_equal(look(&h).chunks, 1);
	assert_int_equal(look(&h).units, again);
	assert_int_equal(look(&h).duplicates, 1);
	assert_int_equal(look(&h).rejected, 0);
	end(&h);
}

static void test_coord__late_is_lent_to_another(void **state)
{
	(void)state;
	late_first(false);
}

static void test_coord__late_is_not_lost(void **state)
{
	(void)state;
	late_first(true);
}

/* The longer result of a copy does not count where a shorter one did. */
static void test_coord__overlap_counts_once(void **state)
{
	struct hall h;
	char phone[SECRET_BYTES], laptop[SECRET_BYTES];

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 1, false, phone);
	wait_ms(&h, 15100);
	come(&h, LAPTOP, 1, false, laptop);
	answer(&h, h.calls[0], phone, 10, false);
	answer(&h, h.calls[2], laptop, 20, false);
	assert_int_equal(look(&h).units, 10);
	assert_int_equal(look(&h).duplicates, 1);
	end(&h);
}

static void test_coord__silent_callee_is_removed(void **state)
{
	struct hall h;
	char phone[SECRET_BYTES], laptop[SECRET_BYTES];

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 1, false, phone);
	come(&h, LAPTOP, 1, false, laptop);
	wait_ms(&h, 40000);
	answer(&h, h.calls[2], laptop, 0, false);
	wait_ms(&h, 35100);
	fails(&h, h.calls[0], FAILURE_TIMEOUT);
	assert_int_equal(h.removed, PHONE);
	end(&h);
}

static void test_coord__call_without_timeout_is_given_up(void **state)
{
	struct hall h;
	char phone[SECRET_BYTES];

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 1, false, phone);
	wait_ms(&h, 79000);
	assert_int_equal(h.cancelled, 0);
	wait_ms(&h, 1100);
	assert_true(h.cancelled == h.calls[0] || h.cancelled == h.calls[1]);
	end(&h);
}

/* --- what is wrong with a result ----------------------------------------- */

static void test_coord__garbage_is_rejected_and_done_again(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];
	uint64_t from;

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 2, false, pass);
	from = from_of(&h, 0);
	/* Wrong length, too many units, none, a foreign lease, no pass. */
	say_result(&h, h.calls[0], h.calls[0], pass, 5, bytes_str("short"));
	assert_int_equal(look(&h).rejected, 1);
	assert_int_equal(from_of(&h, 4), from);
	say_result(&h, h.calls[4], h.calls[4], pass, FAKE_CHUNK_UNITS + 1,
		   bytes_str(""));
	say_result(&h, h.calls[5], h.calls[5], pass, 0, bytes_str(""));
	say_result(&h, h.calls[6], h.calls[1], pass, 1,
		   bytes_str("12345678"));
	say_result(&h, h.calls[7], h.calls[7], "nobody's", 1,
		   bytes_str("12345678"));
	assert_int_equal(look(&h).rejected, 5);
	assert_int_equal(look(&h).units, 0);
	assert_int_equal(from_of(&h, 8), from);
	end(&h);
}

static void test_coord__garbage_again_and_again_is_removed(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 1, false, pass);
	for (unsigned i = 0; i < 19; i++)
		say_result(&h, h.calls[i], h.calls[i], pass, 5,
			   bytes_str("short"));
	assert_int_equal(h.removed, 0);
	say_result(&h, h.calls[19], h.calls[19], pass, 5, bytes_str("short"));
	assert_int_equal(h.removed, PHONE);
	end(&h);
}

static void test_coord__unknown_calls_change_nothing(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 1, false, pass);
	say_result(&h, 12345, 12345, pass, 1, bytes_str("12345678"));
	answer(&h, h.calls[0], pass, 0, false);
	say_result(&h, h.calls[0], h.calls[0], pass, 1,
		   bytes_str("12345678"));
	assert_int_equal(look(&h).chunks, 1);
	assert_int_equal(look(&h).rejected, 0);
	end(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_coord__window_is_announced_capacity),
		cmocka_unit_test(test_coord__callees_are_exactly_those),
		cmocka_unit_test(test_coord__no_meta_counts_who_joined),
		cmocka_unit_test(test_coord__back_pressure_slows_and_returns),
		cmocka_unit_test(test_coord__lost_callee_is_lent_again_soon),
		cmocka_unit_test(test_coord__nothing_is_lent_while_paused),
		cmocka_unit_test(
			test_coord__nothing_is_lent_while_the_disk_is_full),
		cmocka_unit_test(test_coord__nothing_counts_before_the_commit),
		cmocka_unit_test(test_coord__rest_of_a_range_goes_back),
		cmocka_unit_test(test_coord__late_is_lent_to_another),
		cmocka_unit_test(test_coord__late_is_not_lost),
		cmocka_unit_test(test_coord__overlap_counts_once),
		cmocka_unit_test(test_coord__silent_callee_is_removed),
		cmocka_unit_test(test_coord__call_without_timeout_is_given_up),
		cmocka_unit_test(
			test_coord__garbage_is_rejected_and_done_again),
		cmocka_unit_test(
			test_coord__garbage_again_and_again_is_removed),
		cmocka_unit_test(test_coord__unknown_calls_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
