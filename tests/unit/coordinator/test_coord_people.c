/* Donors in coord: whose work counts, who they are, what they may say. */
#include "hall.h"

/* --- trust --------------------------------------------------------------- */

/* The last call that is an audit. */
static uint64_t last_audit(const struct hall *h)
{
	struct coord_call call;

	for (unsigned i = h->called; i-- > 0;)
		if (coord_call(h->c, h->calls[i], &call) && call.audit)
			return h->calls[i];
	return 0;
}

/* The first call from *at on that is open and no audit. */
static uint64_t next_chunk(const struct hall *h, unsigned *at)
{
	struct coord_call call;

	while (!coord_call(h->c, h->calls[*at], &call) || call.audit)
		assert_true(++*at < h->called);
	return h->calls[*at];
}

static void test_coord__trusted_work_counts_at_once(void **state)
{
	struct hall h;
	char pass[SECRET_BYTES];

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, TRUSTED, 1, true, pass);
	answer(&h, h.calls[0], pass, 0, false);
	assert_int_equal(look(&h).verified_us,
			 FAKE_CHUNK_UNITS * FAKE_UNIT_US);
	assert_int_equal(look(&h).pending_us, 0);
	assert_string_equal(look(&h).audit, "trusted");
	wait_ms(&h, 1100);
	assert_int_equal(coord_ranked_count(h.c), 0);
	end(&h);
}

static void test_coord__audit_verifies_the_batch(void **state)
{
	struct hall h;
	char phone[SECRET_BYTES], trusted[SECRET_BYTES];
	const struct donor *d;
	struct coord_call call;

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 1, false, phone);
	d = coord_donor(h.c, h.donor);
	answer(&h, h.calls[0], phone, 0, false);
	assert_int_equal(last_audit(&h), 0); /* one donor, no auditor */
	come(&h, TRUSTED, 1, true, trusted);
	assert_int_not_equal(last_audit(&h), 0);
	assert_true(coord_call(h.c, last_audit(&h), &call));
	assert_int_equal(call.procedure, PROCEDURE_AUDIT);
	assert_true(call.piece < call.count);
	answer(&h, last_audit(&h), trusted, 0, false);
	assert_int_equal(d->verified_us, FAKE_CHUNK_UNITS * FAKE_UNIT_US);
	assert_int_equal(d->pending_us, 0);
	assert_int_equal(d->audits, 1);
	wait_ms(&h, 1100);
	assert_ptr_equal(coord_ranked(h.c, 0), d);
	assert_int_equal(d->rank, 1);
	assert_true(h.boards > 0);
	end(&h);
}

static void test_coord__three_lies_freeze(void **state)
{
	struct hall h;
	char phone[SECRET_BYTES], trusted[SECRET_BYTES];
	const struct donor *d;
	unsigned at = 0;
	uint64_t lease;

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 1, false, phone);
	d = coord_donor(h.c, h.donor);
	for (unsigned i = 0; i < 3; i++) {
		lease = next_chunk(&h, &at);
		/* Every unit a lie, so that any piece shows it. */
		say_result(&h, lease, lease, phone, 1, bytes_str("eightbyt"));
		if (i == 0)
			come(&h, TRUSTED, 1, true, trusted);
		assert_int_equal(d->frozen, false);
		answer(&h, last_audit(&h), trusted, 1, false);
		assert_int_equal(d->unconfirmed, i + 1);
		assert_int_equal(look(&h).units, 0);
	}
	assert_true(d->frozen);
	assert_int_equal(d->pending_us + d->verified_us, 0);
	assert_int_equal(look(&h).unconfirmed, 3);
	/* What it sends now is rejected, until the host thaws it. */
	lease = next_chunk(&h, &at);
	say_result(&h, lease, lease, phone, 1, bytes_str("eightbyt"));
	assert_int_equal(look(&h).rejected, 1);
	step(&h, &(struct coord_event){ .type = EV_FREEZE,
					.tag = 1,
					.donor = d->record.id });
	assert_false(d->frozen);
	assert_int_equal(h.replies, 1);
	end(&h);
}

/* An audit other than the last; one chunk more may go first, which takes an
 * answered one. */
static uint64_t another_audit(struct hall *h, uint64_t last, const char *pass)
{
	unsigned at = 0;

	if (last_audit(h) == last || !last_audit(h))
		answer(h, next_chunk(h, &at), pass, 0, false);
	assert_int_not_equal(last_audit(h), 0);
	assert_int_not_equal(last_audit(h), last);
	return last_audit(h);
}

static void test_coord__auditor_must_be_another(void **state)
{
	struct hall h;
	char phone[SECRET_BYTES], laptop[SECRET_BYTES];
	const struct donor *d;
	uint64_t audit;

	(void)state;
	begin(&h, "fake:1000000");
	come(&h, PHONE, 1, false, phone);
	d = coord_donor(h.c, h.donor);
	answer(&h, h.calls[0], phone, 0, false);
	come(&h, LAPTOP, 1, false, laptop);
	audit = another_audit(&h, 0, phone);
	answer(&h, audit, phone, 0, false);
	assert_int_equal(d->audits, 0);
	wait_ms(&h, 200);
	answer(&h, another_audit(&h, audit, phone), laptop, 0, false);
	assert_int_equal(d->audits, 1);
	end(&h);
}

/* Answered in the order of asking, what is asked keeps a rhythm, and a router
 * that goes round strictly would give every audit to the same device. */
static void test_coord__audits_keep_no_rhythm(void **state)
{
	struct hall h;
	char pass[2][SECRET_BYTES];
	unsigned audits[2] = { 0, 0 };
	struct coord_call call;

	(void)state;
	begin(&h, "fake:10000000");
	come(&h, PHONE, 1, false, pass[0]);
	come(&h, LAPTOP, 1, false, pass[1]);
	for (unsigned i = 0; i < 300; i++) {
		h.now_ms += 100;
		assert_true(i < h.called);
		assert_true(coord_call(h.c, h.calls[i], &call));
		audits[i % 2] += call.audit;
		answer(&h, h.calls[i], pass[i % 2], 0, false);
	}
	assert_true(audits[0] > 10);
	assert_true(audits[1] > 10);
	end(&h);
}

/* --- people -------------------------------------------------------------- */

static void test_coord__token_rejoins(void **state)
{
	struct hall h;
	uint64_t donor;
	char token[SECRET_BYTES], pass[SECRET_BYTES];

	(void)state;
	begin(&h, "fake:1000000");
	join_as(&h, PHONE, 1, "", "Ada", false);
	donor = h.donor;
	memcpy(token, h.token, sizeof token);
	memcpy(pass, h.pass, sizeof pass);
	assert_int_equal(h.tag, 5);
	join_as(&h, LAPTOP, 1, token, "", false);
	assert_int_equal(h.donor, donor);
	assert_string_equal(h.token, token);
	assert_string_equal(h.pass, pass);
	assert_string_equal(coord_donor(h.c, donor)->record.name, "Ada");
	/* An unknown one, and one of the other role, make new donors. */
	join_as(&h, 20, 1, "00000000000000000000000000000000", "", false);
	assert_int_not_equal(h.donor, donor);
	join_as(&h, 21, 1, token, "", true);
	assert_int_not_equal(h.donor, donor);
	end(&h);
}

static void test_coord__names_are_checked(void **state)
{
	static const char *const bad[] = {
		"  ",	     "a\nb",	       "a\x7f",
		"a\xc2\x85", "x\xe2\x80\xae", "\xff",
		"1234567890123456789012345",
	};
	struct hall h;
	struct coord_event e = { .type = EV_RENAME,
				 .tag = 7,
				 .session = PHONE };

	(void)state;
	begin(&h, "fake:1000000");
	join_as(&h, PHONE, 1, "", "", false);
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		e.name = bytes_str(bad[i]);
		step(&h, &e);
		assert_int_equal(h.refused, i + 1);
	}
	e.name = bytes_str(" \xc3\x85ngstr\xc3\xb6m 2 ");
	step(&h, &e);
	assert_int_equal(h.replies, 1);
	assert_string_equal(coord_donor(h.c, h.donor)->record.name,
			    "\xc3\x85ngstr\xc3\xb6m 2");
	e.session = 77;
	step(&h, &e);
	assert_string_equal(h.why, "call donor.join first");
	end(&h);
}

static void test_coord__wave_once_in_five_seconds(void **state)
{
	struct hall h;
	struct coord_event e = { .type = EV_WAVE,
				 .tag = 7,
				 .session = PHONE };

	(void)state;
	begin(&h, "fake:1000000");
	join_as(&h, PHONE, 1, "", "", false);
	step(&h, &e);
	step(&h, &e);
	assert_int_equal(h.found, 1);
	wait_ms(&h, 5000);
	step(&h, &e);
	assert_int_equal(h.found, 2);
	assert_int_equal(h.replies, 3);
	end(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_coord__trusted_work_counts_at_once),
		cmocka_unit_test(test_coord__audit_verifies_the_batch),
		cmocka_unit_test(test_coord__three_lies_freeze),
		cmocka_unit_test(test_coord__auditor_must_be_another),
		cmocka_unit_test(test_coord__audits_keep_no_rhythm),
		cmocka_unit_test(test_coord__token_rejoins),
		cmocka_unit_test(test_coord__names_are_checked),
		cmocka_unit_test(test_coord__wave_once_in_five_seconds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
