/* A worker's core hands back, leaves, audits, and asks for its rank. */
#include "fake.h"

/* --- ends --------------------------------------------------------------- */

static void test_core__hidden_hands_back_and_unregisters(void **state)
{
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	for (uint64_t i = 1; i <= 3; i++)
		fake_send_chunk(&f, i);
	buf_clear(&f.log);
	core_hidden(f.core, true);
	/* First off the list, so that the router asks somebody else. */
	fake_expect(&f, "UNREGISTER -compute.chunk\nend 0\nend 1\n"
			"ERROR 3 wamp.error.unavailable\n");
	assert_int_equal(core_look(f.core).phase, CORE_PAUSED);
	/* One that was under way already. */
	fake_send_chunk(&f, 4);
	fake_expect(&f, "ERROR 4 wamp.error.unavailable\n");
	assert_true(fake_finish(&f, 0, 2));
	fake_expect(&f,
		    "YIELD 1 pass=pass5 lease=101 units=2 output=<2>\n");
	/* Stopped before its first unit: somebody else does it. */
	assert_false(fake_finish(&f, 1, 0));
	fake_expect(&f, "ERROR 2 wamp.error.unavailable\n");
	fake_unregistered(&f, "compute.chunk");
	assert_true(core_is_idle(f.core));
	core_hidden(f.core, false);
	fake_expect(&f, "REGISTER compute.chunk invoke=roundrobin "
			"concurrency=4\n");
	fake_deinit(&f);
}

static void test_core__hidden_and_paused_are_two_reasons(void **state)
{
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	core_pause(f.core, true);
	core_hidden(f.core, true);
	fake_unregistered(&f, "compute.chunk");
	buf_clear(&f.log);
	core_hidden(f.core, false);
	fake_expect(&f, "");
	core_pause(f.core, false);
	fake_expect(&f, "REGISTER compute.chunk invoke=roundrobin "
			"concurrency=4\n");
	fake_deinit(&f);
}

static void test_core__back_before_the_router_answered(void **state)
{
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	core_hidden(f.core, true);
	core_hidden(f.core, false);
	fake_expect(&f, "UNREGISTER -compute.chunk\n");
	fake_unregistered(&f, "compute.chunk");
	fake_expect(&f, "REGISTER compute.chunk invoke=roundrobin "
			"concurrency=4\n");
	core_hidden(f.core, true);
	/* Not registered yet: it ends as soon as it is. */
	fake_expect(&f, "");
	fake_registered(&f, "compute.chunk");
	fake_expect(&f, "UNREGISTER -compute.chunk\n");
	fake_deinit(&f);
}

static void test_core__leaving_is_for_good(void **state)
{
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	fake_send_chunk(&f, 1);
	buf_clear(&f.log);
	core_leave(f.core);
	fake_expect(&f, "UNREGISTER -compute.chunk\nend 0\n");
	assert_false(core_is_idle(f.core));
	assert_true(fake_finish(&f, 0, 1));
	assert_false(core_is_idle(f.core));
	fake_unregistered(&f, "compute.chunk");
	assert_true(core_is_idle(f.core));
	fake_deinit(&f);
}

static void test_core__a_cancelled_chunk(void **state)
{
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	for (uint64_t i = 1; i <= 4; i++)
		fake_send_chunk(&f, i);
	buf_clear(&f.log);
	fake_interrupt(&f, 3, "kill"); /* waits */
	fake_expect(&f, "ERROR 3 wamp.error.canceled\n");
	fake_interrupt(&f, 1, "kill"); /* computes */
	fake_expect(&f, "ERROR 1 wamp.error.canceled\ncancel 0\n");
	/* The router counts the slot as taken until there is an answer. */
	fake_interrupt(&f, 2, "killnowait");
	fake_expect(&f, "ERROR 2 wamp.error.canceled\ncancel 1\n");
	fake_interrupt(&f, 77, "kill"); /* unknown, or a race */
	fake_expect(&f, "");
	/* Whatever the thread says then, nobody hears of it. */
	assert_false(fake_finish(&f, 0, 4));
	fake_expect(&f, "start 0 pi 2+4 250 ms\n");
	assert_int_equal(f.chunk[0].lease, 104);
	fake_deinit(&f);
}

static void test_core__a_lost_connection_drops_results(void **state)
{
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	for (uint64_t i = 1; i <= 3; i++)
		fake_send_chunk(&f, i);
	buf_clear(&f.log);
	fake_lose(&f);
	fake_expect(&f, "cancel 0\ncancel 1\n");
	assert_int_equal(core_look(f.core).waiting, 0);
	fake_open(&f);
	fake_accept_join(&f);
	fake_registered(&f, "compute.chunk");
	buf_clear(&f.log);
	/* The same invocation numbers may come again in the new session. */
	fake_send_chunk(&f, 1);
	fake_expect(&f, "");
	assert_false(fake_finish(&f, 0, 4));
	fake_expect(&f, "start 0 pi 2+4 250 ms\n");
	assert_true(fake_finish(&f, 0, 4));
	fake_expect(&f,
		    "YIELD 1 pass=pass5 lease=101 units=4 output=<4>\n");
	fake_deinit(&f);
}

static void test_core__other_threads_register_anew(void **state)
{
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	core_threads(f.core, 3);
	fake_expect(&f, "CALL donor.join token=secret name=blue fox "
			"device=laptop threads=3\n"
			"UNREGISTER -compute.chunk\n");
	fake_unregistered(&f, "compute.chunk");
	fake_expect(&f, "REGISTER compute.chunk invoke=roundrobin "
			"concurrency=6\n");
	core_threads(f.core, 0);
	core_threads(f.core, FAKE_THREADS_MAX + 1);
	fake_expect(&f, "");
	fake_deinit(&f);
}

/* --- audits ------------------------------------------------------------- */

static void send_audit(struct fake *f, uint64_t invocation, uint64_t piece)
{
	struct value v = fake_chunk(f, 100 + invocation);

	fake_set(f, &v, "units", value_int(3));
	fake_set(f, &v, "piece", value_uint(piece));
	fake_invoke(f, f->registered_audit, invocation, &v);
}

static void test_core__a_trusted_worker_offers_audits(void **state)
{
	struct core_config config = fake_config();
	struct fake f;

	(void)state;
	config.trusted = true;
	fake_init(&f, config);
	fake_open(&f);
	buf_clear(&f.log);
	fake_accept_join(&f);
	fake_expect(&f, "REGISTER compute.chunk invoke=roundrobin "
			"concurrency=4\n"
			"REGISTER compute.audit invoke=roundrobin "
			"concurrency=2\n");
	fake_deinit(&f);
}

static void test_core__audits_go_first_and_to_their_end(void **state)
{
	struct core_config config = fake_config();
	struct fake f;

	(void)state;
	config.trusted = true;
	config.threads = 1;
	fake_start(&f, config);
	fake_send_chunk(&f, 1);
	fake_send_chunk(&f, 2);
	send_audit(&f, 3, 1);
	fake_expect(&f, "start 0 pi 2+4 250 ms\n");
	assert_true(fake_finish(&f, 0, 4));
	fake_expect(&f,
		    "YIELD 1 pass=pass5 lease=101 units=4 output=<4>\n"
		    "start 0 pi 2+3 to its end piece 1\n");
	assert_true(fake_finish(&f, 0, 3));
	assert_int_equal(core_look(f.core).audits, 1);
	/* An audit says nothing about how long a chunk may take. */
	fake_expect(&f,
		    "YIELD 3 pass=pass5 lease=103 units=3 output=<3>\n"
		    "start 0 pi 2+4 500 ms\n");
	fake_deinit(&f);
}

static void test_core__an_audit_is_never_ended_early(void **state)
{
	struct core_config config = fake_config();
	struct fake f;

	(void)state;
	config.trusted = true;
	config.threads = 1;
	fake_start(&f, config);
	send_audit(&f, 1, 0);
	buf_clear(&f.log);
	core_leave(f.core);
	fake_expect(&f, "UNREGISTER -compute.chunk\n"
			"UNREGISTER -compute.audit\n"
			"ERROR 1 wamp.error.unavailable\ncancel 0\n");
	assert_false(fake_finish(&f, 0, 0));
	fake_expect(&f, "");
	fake_deinit(&f);
}

static void test_core__an_audit_says_how_many_units(void **state)
{
	struct core_config config = fake_config();
	struct fake f;
	struct value v;

	(void)state;
	config.trusted = true;
	fake_start(&f, config);
	v = fake_chunk(&f, 1);
	fake_invoke(&f, f.registered_audit, 1, &v);
	fake_expect(&f, "ERROR 1 wamp.error.invalid_argument\n");
	fake_deinit(&f);
}

static void test_core__a_chunk_with_units_is_an_audit(void **state)
{
	struct fake f;
	struct value v;

	(void)state;
	fake_start(&f, fake_config());
	v = fake_chunk(&f, 1);
	fake_set(&f, &v, "units", value_int(2));
	fake_invoke(&f, f.registered_chunk, 1, &v);
	fake_expect(&f, "start 0 pi 2+2 to its end\n");
	fake_deinit(&f);
}

/* --- donor.me and the rest ---------------------------------------------- */

static void test_core__asks_for_its_rank_at_most_once_in_two_seconds(
	void **state)
{
	struct core_config config = fake_config();
	struct fake f;

	(void)state;
	config.me_ms = 2000;
	fake_init(&f, config);
	fake_open(&f);
	fake_accept_join(&f);
	fake_registered(&f, "compute.chunk");
	fake_send_chunk(&f, 1);
	fake_send_chunk(&f, 2);
	buf_clear(&f.log);
	assert_true(fake_finish(&f, 0, 4));
	assert_true(fake_finish(&f, 1, 4));
	fake_expect(&f,
		    "YIELD 1 pass=pass5 lease=101 units=4 output=<4>\n"
		    "YIELD 2 pass=pass5 lease=102 units=4 output=<4>\n");
	core_timer(f.core, CORE_TIMER_ME);
	fake_expect(&f, "CALL donor.me\narm me 2000\n");
	core_timer(f.core, CORE_TIMER_ME);
	/* No result since: not before 15 s are over. */
	fake_expect(&f, "arm me 15000\n");
	core_timer(f.core, CORE_TIMER_ME);
	fake_expect(&f, "CALL donor.me\narm me 2000\n");
	fake_deinit(&f);
}

static void test_core__a_rename_and_a_wave(void **state)
{
	struct fake f;
	struct value v = value_dict();

	(void)state;
	fake_start(&f, fake_config());
	core_rename(f.core, "Ana");
	core_wave(f.core);
	fake_expect(&f, "CALL donor.rename name=Ana\nCALL donor.wave\n");
	fake_set(&f, &v, "name", value_str("Ana"));
	fake_result(&f, "donor.rename", &v);
	assert_string_equal(core_look(f.core).name, "Ana");
	fake_refuse(&f, MSG_CALL, "donor.wave", "manyhands.error.too_soon",
		    "once in 5 s");
	fake_expect(&f, "refused wave: manyhands.error.too_soon: once in 5 "
			"s\n");
	fake_deinit(&f);
}

static void test_core__hears_of_finished_jobs(void **state)
{
	struct core_config config = fake_config();
	struct message m = { .type = MSG_EVENT, .publication = 3 };
	struct value v = value_dict();
	struct fake f;

	(void)state;
	config.subscribe = true;
	fake_init(&f, config);
	fake_open(&f);
	fake_expect(&f, "SUBSCRIBE job.finished\n"
			"CALL donor.join device=laptop threads=2\n");
	fake_say(&f,
		 &(struct message){ .type = MSG_SUBSCRIBED,
				    .request = fake_request(&f,
							    "job.finished"),
				    .subject = 66 },
		 NULL, NULL);
	m.subject = 66;
	fake_set(&f, &v, "job", value_str("j1"));
	fake_say(&f, &m, NULL, &v);
	fake_expect(&f, "finished job=j1\n");
	fake_deinit(&f);
}

static void test_core__limits_of_its_threads(void **state)
{
	struct core_config config = fake_config();

	(void)state;
	config.threads = 0;
	assert_null(core_new(&config));
	config.threads = FAKE_THREADS_MAX + 1;
	assert_null(core_new(&config));
	config.threads = 1;
	config.threads_max = CORE_THREADS_MAX + 1;
	assert_null(core_new(&config));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_core__hidden_hands_back_and_unregisters),
		cmocka_unit_test(test_core__hidden_and_paused_are_two_reasons),
		cmocka_unit_test(test_core__back_before_the_router_answered),
		cmocka_unit_test(test_core__leaving_is_for_good),
		cmocka_unit_test(test_core__a_cancelled_chunk),
		cmocka_unit_test(test_core__a_lost_connection_drops_results),
		cmocka_unit_test(test_core__other_threads_register_anew),
		cmocka_unit_test(test_core__a_trusted_worker_offers_audits),
		cmocka_unit_test(test_core__audits_go_first_and_to_their_end),
		cmocka_unit_test(test_core__an_audit_is_never_ended_early),
		cmocka_unit_test(test_core__an_audit_says_how_many_units),
		cmocka_unit_test(test_core__a_chunk_with_units_is_an_audit),
		cmocka_unit_test(
			test_core__asks_for_its_rank_at_most_once_in_two_seconds),
		cmocka_unit_test(test_core__a_rename_and_a_wave),
		cmocka_unit_test(test_core__hears_of_finished_jobs),
		cmocka_unit_test(test_core__limits_of_its_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
