#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "coordinator/coord.h"
#include "coordinator/store.h"
#include "database.h"
#include "tests/sim/fake_kind.h"

/*
 * The step by hand: what it calls is kept, what it stores is committed at
 * once (or held back), what it prepares is prepared at once.
 */

enum { CALLS_MAX = 512, PHONE = 11, LAPTOP = 12, TRUSTED = 13 };

struct hall {
	struct coord *c;
	struct store *store;
	struct rng rng;
	uint64_t now_ms;
	uint64_t calls[CALLS_MAX];
	unsigned called;
	bool hold; /* commits wait */
	struct op *held, **last;
	char token[SECRET_BYTES], pass[SECRET_BYTES], why[256];
	uint64_t donor, removed, cancelled, tag;
	unsigned replies, refused, boards, finished, found;
	bool done;
};

static uint64_t hall_random(void *ctx)
{
	return rng_next(&((struct hall *)ctx)->rng);
}

static void step(struct hall *h, const struct coord_event *e);

static void commit(struct hall *h)
{
	struct coord_event e = { .type = EV_COMMITTED, .ops = h->held };
	struct why why = { "" };

	if (!h->held)
		return;
	if (store_apply(h->store, h->held, 1700000000000 + h->now_ms, &why))
		fail_msg("%s", why.text);
	h->held = NULL;
	h->last = &h->held;
	step(h, &e);
}

static void effect(struct hall *h, struct coord_effect *e)
{
	switch (e->type) {
	case EF_CALL:
		assert_true(h->called < CALLS_MAX);
		h->calls[h->called++] = e->lease;
		break;
	case EF_STORE:
		e->op->next = NULL;
		*h->last = e->op;
		h->last = &e->op->next;
		break;
	case EF_PREPARE:
		prep_run(e->prep, &(struct job_env){ .threads = 1 });
		step(h, &(struct coord_event){ .type = EV_PREPARED,
					       .prep = e->prep });
		break;
	case EF_JOINED:
		memcpy(h->token, e->token, SECRET_BYTES);
		memcpy(h->pass, e->pass, SECRET_BYTES);
		h->donor = e->donor;
		h->tag = e->tag;
		break;
	case EF_REPLY:
		h->replies++;
		break;
	case EF_REFUSE:
		h->refused++;
		snprintf(h->why, sizeof h->why, "%s", e->why.text);
		break;
	case EF_REMOVE:
		h->removed = e->session;
		break;
	case EF_CANCEL:
		h->cancelled = e->lease;
		break;
	case EF_TELL_BOARD:
		h->boards++;
		break;
	case EF_TELL_FINISHED:
		h->finished++;
		break;
	case EF_TELL_FOUND:
		h->found++;
		break;
	case EF_DONE:
		h->done = true;
		break;
	default:
		break;
	}
}

static void step(struct hall *h, const struct coord_event *event)
{
	struct coord_effect e;

	coord_step(h->c, event, h->now_ms);
	while (coord_effect(h->c, &e))
		effect(h, &e);
	if (!h->hold)
		commit(h);
}

static void open_hall(struct hall *h, const char *path)
{
	struct coord_config config = { .random = hall_random,
				       .random_ctx = h,
				       .find_kind = fake_find,
				       .exit_when_done = true };
	struct why why = { "" };

	*h = (struct hall){ .now_ms = 1000 };
	h->last = &h->held;
	fake_planned = 0;
	rng_seed(&h->rng, 3);
	h->c = coord_new(&config);
	assert_non_null(h->c);
	if (store_open(&h->store, path, &why) != 0 ||
	    store_read(h->store, &coord_reader, h->c, &why) != 0)
		fail_msg("%s", why.text);
}

static void tick(struct hall *h)
{
	step(h, &(struct coord_event){ .type = EV_TICK });
}

static void wait_ms(struct hall *h, uint64_t ms)
{
	uint64_t end = h->now_ms + ms;

	while (h->now_ms < end) {
		h->now_ms += end - h->now_ms < 100 ? end - h->now_ms : 100;
		tick(h);
	}
}

static void begin(struct hall *h, const char *spec)
{
	open_hall(h, ":memory:");
	assert_int_equal(coord_queue(h->c, spec), 0);
	step(h, &(struct coord_event){ .type = EV_READY });
}

static void end(struct hall *h)
{
	struct op *op = h->held;

	while (op) {
		struct op *next = op->next;

		op_free(op);
		op = next;
	}
	coord_free(h->c);
	store_close(h->store);
	assert_int_equal(fake_planned, 0);
}

static void join_as(struct hall *h, uint64_t session, unsigned threads,
		    const char *token, const char *name, bool trusted)
{
	struct coord_event e = { .type = EV_JOIN, .tag = 5 };

	e.join = (struct coord_join){ .session = session,
				      .threads = threads,
				      .trusted = trusted,
				      .token = bytes_str(token),
				      .name = bytes_str(name),
				      .device = bytes_str("phone") };
	step(h, &e);
}

static void registered(struct hall *h, uint64_t session, bool audit)
{
	step(h, &(struct coord_event){
			.type = EV_REGISTERED,
			.session = session,
			.procedure = audit ? PROCEDURE_AUDIT :
					     PROCEDURE_CHUNK });
}

/* Joined and registered; the pass is copied. */
static void come(struct hall *h, uint64_t session, unsigned threads,
		 bool trusted, char pass[SECRET_BYTES])
{
	join_as(h, session, threads, "", "", trusted);
	memcpy(pass, h->pass, SECRET_BYTES);
	if (trusted)
		registered(h, session, true);
	registered(h, session, false);
}

/* The true output of a call that was made, `units` of it. */
static void compute_call(struct hall *h, uint64_t lease, uint64_t units,
			 struct buf *out)
{
	struct coord_call call;
	struct chunk chunk;
	struct compute *c;
	struct why why;

	assert_true(coord_call(h->c, lease, &call));
	chunk = (struct chunk){ .from = call.from,
				.count = units,
				.piece = call.piece,
				.input = call.input };
	assert_int_equal(fake_begin(&c, &chunk, &why), 0);
	while (fake_slice(c) < units)
		;
	assert_int_equal(fake_end(c, out), 0);
	fake_compute_free(c);
}

static void say_result(struct hall *h, uint64_t lease, uint64_t says,
		       const char *pass, uint64_t units, struct bytes output)
{
	struct coord_event e = { .type = EV_RESULT };

	e.result = (struct coord_result){ .call = lease,
					  .lease = says,
					  .units = units,
					  .pass = bytes_str(pass),
					  .output = output };
	step(h, &e);
}

/* units 0: all that was asked. */
static void answer(struct hall *h, uint64_t lease, const char *pass,
		   uint64_t units, bool lie)
{
	struct coord_call call;
	struct buf out;

	assert_true(coord_call(h->c, lease, &call));
	units = units ? units : call.count;
	buf_init(&out);
	compute_call(h, lease, units, &out);
	if (lie)
		out.data[0] ^= 1;
	say_result(h, lease, lease, pass, units, buf_bytes(&out));
	buf_deinit(&out);
}

static void fails(struct hall *h, uint64_t lease, enum coord_failure failure)
{
	step(h, &(struct coord_event){ .type = EV_FAILED,
				       .lease = lease,
				       .failure = failure });
}

static struct coord_status look(const struct hall *h)
{
	struct coord_status s;

	coord_status(h->c, h->now_ms, &s);
	return s;
}

static uint64_t from_of(const struct hall *h, unsigned i)
{
	struct coord_call call;

	assert_true(coord_call(h->c, h->calls[i], &call));
	return call.from;
}

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

/* --- the programme ------------------------------------------------------- */

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
		cmocka_unit_test(test_coord__trusted_work_counts_at_once),
		cmocka_unit_test(test_coord__audit_verifies_the_batch),
		cmocka_unit_test(test_coord__three_lies_freeze),
		cmocka_unit_test(test_coord__auditor_must_be_another),
		cmocka_unit_test(test_coord__audits_keep_no_rhythm),
		cmocka_unit_test(test_coord__token_rejoins),
		cmocka_unit_test(test_coord__names_are_checked),
		cmocka_unit_test(test_coord__wave_once_in_five_seconds),
		cmocka_unit_test(test_coord__programme_goes_on_and_ends),
		cmocka_unit_test(test_coord__bad_job_fails_and_the_next_runs),
		cmocka_unit_test(test_coord__next_leaves_a_job),
		cmocka_unit_test(test_coord__devices_to_spare_begin_the_next),
		cmocka_unit_test(test_coord__finished_job_is_answered_again),
		cmocka_unit_test(test_coord__restart_knows_the_sessions),
		cmocka_unit_test(test_coord__a_lost_session_returns_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
