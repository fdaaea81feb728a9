/* A worker's core joins, takes chunks, and gives results. */
#include "fake.h"

/* --- joining ------------------------------------------------------------ */

static void test_core__joins_before_it_registers(void **state)
{
	struct core_config config = fake_config();
	struct fake f;

	(void)state;
	config.name = "Bilbao";
	fake_init(&f, config);
	assert_int_equal(core_look(f.core).phase, CORE_OFFLINE);
	fake_open(&f);
	fake_expect(&f, "CALL donor.join name=Bilbao device=laptop "
			"threads=2\n");
	assert_int_equal(core_look(f.core).phase, CORE_JOINING);
	fake_accept_join(&f);
	fake_expect(&f, "REGISTER compute.chunk invoke=roundrobin "
			"concurrency=4\n");
	assert_int_equal(core_look(f.core).phase, CORE_WORKING);
	assert_false(core_look(f.core).registered);
	fake_registered(&f, "compute.chunk");
	assert_true(core_look(f.core).registered);
	assert_int_equal(core_look(f.core).donor, 5);
	assert_string_equal(core_look(f.core).token, "secret");
	assert_string_equal(core_look(f.core).name, "blue fox");
	fake_deinit(&f);
}

static void test_core__rejoins_with_its_token(void **state)
{
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	fake_lose(&f);
	assert_int_equal(core_look(f.core).phase, CORE_OFFLINE);
	fake_expect(&f, "");
	fake_open(&f);
	fake_expect(&f, "CALL donor.join token=secret name=blue fox "
			"device=laptop threads=2\n");
	fake_accept_join(&f);
	fake_expect(&f, "REGISTER compute.chunk invoke=roundrobin "
			"concurrency=4\n");
	fake_deinit(&f);
}

static void test_core__waits_for_a_coordinator(void **state)
{
	struct fake f;

	(void)state;
	fake_init(&f, fake_config());
	fake_open(&f);
	buf_clear(&f.log);
	fake_refuse(&f, MSG_CALL, "donor.join",
		    "wamp.error.no_such_procedure", "nobody");
	fake_expect(&f, "arm join 500\n");
	core_timer(f.core, CORE_TIMER_JOIN);
	fake_expect(&f, "CALL donor.join device=laptop threads=2\n");
	fake_refuse(&f, MSG_CALL, "donor.join", "wamp.error.canceled", "");
	fake_expect(&f, "arm join 1000\n");
	core_timer(f.core, CORE_TIMER_JOIN);
	fake_accept_join(&f);
	assert_int_equal(core_look(f.core).phase, CORE_WORKING);
	fake_deinit(&f);
}

static void test_core__says_why_it_may_not_join(void **state)
{
	struct fake f;

	(void)state;
	fake_init(&f, fake_config());
	fake_open(&f);
	buf_clear(&f.log);
	fake_refuse(&f, MSG_CALL, "donor.join", "manyhands.error.locked",
		    "joining is locked");
	/* 15 s, and a share by the session's number. */
	fake_expect(&f, "refused join: manyhands.error.locked: joining is "
			"locked\narm join 22000\n");
	fake_deinit(&f);
}

static void test_core__does_not_believe_a_half_answer(void **state)
{
	struct fake f;
	struct value v = value_dict();

	(void)state;
	fake_init(&f, fake_config());
	fake_open(&f);
	buf_clear(&f.log);
	fake_set(&f, &v, "donor", value_int(5));
	fake_result(&f, "donor.join", &v);
	assert_int_equal(core_look(f.core).phase, CORE_JOINING);
	fake_deinit(&f);
}

static void test_core__joins_again_after_a_coordinators_restart(void **state)
{
	struct core_config config = fake_config();
	struct fake f;

	(void)state;
	config.me_ms = 2000;
	fake_start(&f, config);
	fake_refuse(&f, MSG_CALL, "donor.me", "manyhands.error.not_joined",
		    "");
	fake_expect(&f, "CALL donor.join token=secret name=blue fox "
			"device=laptop threads=2\n");
	/* It keeps its registration meanwhile. */
	fake_accept_join(&f);
	fake_expect(&f, "");
	fake_deinit(&f);
}

/* --- chunks ------------------------------------------------------------- */

static void test_core__a_chunk_comes_and_its_result_goes(void **state)
{
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	fake_send_chunk(&f, 1);
	fake_expect(&f, "start 0 pi 2+4 250 ms\n");
	assert_int_equal(f.chunk[0].chunk.seed, 9);
	assert_int_equal(f.chunk[0].chunk.input.len, 9);
	assert_string_equal(f.chunk[0].job, "j");
	assert_int_equal(core_look(f.core).computing, 1);
	assert_true(fake_finish(&f, 0, 3));
	fake_expect(&f,
		    "YIELD 1 pass=pass5 lease=101 units=3 output=<3>\n");
	assert_int_equal(core_look(f.core).chunks, 1);
	assert_int_equal(core_look(f.core).computing, 0);
	fake_deinit(&f);
}

static void test_core__a_dict_as_only_argument_is_accepted(void **state)
{
	struct fake f;
	struct message m = { .type = MSG_INVOCATION, .request = 1 };
	struct value args = value_list();

	(void)state;
	fake_start(&f, fake_config());
	m.subject = f.registered_chunk;
	assert_int_equal(list_add(&f.arena, &args, fake_chunk(&f, 8)), 0);
	fake_say(&f, &m, &args, NULL);
	fake_expect(&f, "start 0 pi 2+4 250 ms\n");
	fake_deinit(&f);
}

static void test_core__chunks_wait_in_order(void **state)
{
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	for (uint64_t i = 1; i <= 4; i++)
		fake_send_chunk(&f, i);
	fake_expect(&f, "start 0 pi 2+4 250 ms\nstart 1 pi 2+4 250 ms\n");
	assert_int_equal(core_look(f.core).waiting, 2);
	assert_true(fake_finish(&f, 1, 4));
	assert_int_equal(f.chunk[1].lease, 103);
	assert_true(fake_finish(&f, 1, 4));
	assert_int_equal(f.chunk[1].lease, 104);
	fake_deinit(&f);
}

static void test_core__its_budget_doubles_up_to_the_chunks(void **state)
{
	static const char *const want[] = {
		"start 0 pi 2+4 250 ms\n",  "start 0 pi 2+4 500 ms\n",
		"start 0 pi 2+4 1000 ms\n", "start 0 pi 2+4 2000 ms\n",
		"start 0 pi 2+4 2000 ms\n",
	};
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	for (uint64_t i = 0; i < 5; i++) {
		fake_send_chunk(&f, i + 1);
		fake_expect(&f, want[i]);
		assert_true(fake_finish(&f, 0, 4));
		buf_clear(&f.log);
	}
	fake_deinit(&f);
}

static void test_core__a_failed_chunk_does_not_double_the_budget(void **state)
{
	struct core_result bad = { .err = ERR_NOMEM };
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	fake_send_chunk(&f, 1);
	assert_false(core_finished(f.core, 0, &bad));
	buf_clear(&f.log);
	fake_send_chunk(&f, 2);
	fake_expect(&f, "start 0 pi 2+4 250 ms\n");
	fake_deinit(&f);
}

static void test_core__too_many_chunks_are_unavailable(void **state)
{
	struct fake f;
	const char *last;

	(void)state;
	fake_start(&f, fake_config());
	for (uint64_t i = 1; i <= 4 * FAKE_THREADS_MAX; i++)
		fake_send_chunk(&f, i);
	buf_clear(&f.log);
	fake_send_chunk(&f, 99);
	last = "ERROR 99 wamp.error.unavailable\n";
	fake_expect(&f, last);
	fake_deinit(&f);
}

static void test_core__revoked_for_silence_it_offers_itself_again(void **state)
{
	struct core_result done = { .units = 4 };
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	fake_send_chunk(&f, 1);
	fake_revoke(&f, f.registered_chunk + 77);
	assert_true(core_look(f.core).registered);
	buf_clear(&f.log);
	fake_revoke(&f, f.registered_chunk);
	assert_false(core_look(f.core).registered);
	fake_expect(&f, "");
	assert_true(core_finished(f.core, 0, &done));
	buf_add_u8(&f.log, 0);
	assert_non_null(strstr((const char *)f.log.data,
			       "REGISTER compute.chunk invoke=roundrobin "
			       "concurrency=4\n"));
	fake_registered(&f, "compute.chunk");
	assert_true(core_look(f.core).registered);
	fake_deinit(&f);
}

/* Idle, there is nothing to show that it lives. */
static void test_core__revoked_while_idle_it_stays_out(void **state)
{
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	buf_clear(&f.log);
	fake_revoke(&f, f.registered_chunk);
	fake_expect(&f, "");
	assert_true(core_is_idle(f.core));
	core_timer(f.core, CORE_TIMER_JOIN);
	fake_expect(&f, "");
	fake_deinit(&f);
}

static void test_core__a_refused_input_is_an_invalid_argument(void **state)
{
	struct core_result bad = { .err = ERR_MALFORMED,
				   .why = "input of 3 bytes" };
	struct fake f;

	(void)state;
	fake_start(&f, fake_config());
	fake_send_chunk(&f, 1);
	buf_clear(&f.log);
	assert_false(core_finished(f.core, 0, &bad));
	fake_expect(&f, "ERROR 1 wamp.error.invalid_argument\n");
	fake_deinit(&f);
}

static void test_core__garbage_is_an_invalid_argument(void **state)
{
	static const struct {
		const char *key;
		struct value value;
	} wrong[] = {
		{ "kind", { .type = VALUE_INT, .integer = 3 } },
		{ "count", { .type = VALUE_INT, .integer = 0 } },
		{ "count", { .type = VALUE_INT, .integer = -1 } },
		{ "from", { .type = VALUE_REAL, .real = 2.0 } },
		{ "from", { .type = VALUE_INT, .integer = 1LL << 53 } },
		{ "from", { .type = VALUE_INT, .integer = (1LL << 53) - 2 } },
		{ "seed", { .type = VALUE_NULL } },
		{ "lease", { .type = VALUE_BOOL, .boolean = true } },
		{ "budget_ms", { .type = VALUE_INT, .integer = -5 } },
		{ "input", { .type = VALUE_INT, .integer = 1 } },
		{ "units", { .type = VALUE_INT, .integer = 5 } },
		{ "units", { .type = VALUE_INT, .integer = 0 } },
		{ "piece", { .type = VALUE_INT, .integer = 1 } },
	};
	struct fake f;
	struct value empty = value_dict();

	(void)state;
	fake_start(&f, fake_config());
	for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct value v = fake_chunk(&f, 1);

		fake_set(&f, &v, wrong[i].key, wrong[i].value);
		fake_invoke(&f, f.registered_chunk, 1, &v);
		fake_expect(&f, "ERROR 1 wamp.error.invalid_argument\n");
	}
	fake_invoke(&f, f.registered_chunk, 2, &empty);
	fake_expect(&f, "ERROR 2 wamp.error.invalid_argument\n");
	/* And it still works. */
	fake_send_chunk(&f, 3);
	fake_expect(&f, "start 0 pi 2+4 250 ms\n");
	fake_deinit(&f);
}

static void test_core__an_unknown_kind_takes_it_off_the_list(void **state)
{
	struct fake f;
	struct value v;

	(void)state;
	fake_start(&f, fake_config());
	v = fake_chunk(&f, 1);
	fake_set(&f, &v, "kind", value_str("chess"));
	fake_invoke(&f, f.registered_chunk, 1, &v);
	fake_expect(&f, "ERROR 1 wamp.error.unavailable\narm unfit 5000\n"
			"UNREGISTER -compute.chunk\n");
	fake_unregistered(&f, "compute.chunk");
	fake_expect(&f, "");
	core_timer(f.core, CORE_TIMER_UNFIT);
	fake_expect(&f, "REGISTER compute.chunk invoke=roundrobin "
			"concurrency=4\n");
	fake_deinit(&f);
}

static void test_core__kinds_that_were_not_asked_for(void **state)
{
	struct core_config config = fake_config();
	struct why why;
	struct fake f;

	(void)state;
	assert_int_equal(core_kinds_parse("tsp", &config.kinds, &why), 0);
	fake_start(&f, config);
	fake_send_chunk(&f, 1);
	fake_expect(&f, "ERROR 1 wamp.error.unavailable\narm unfit 5000\n"
			"UNREGISTER -compute.chunk\n");
	fake_deinit(&f);
	assert_int_equal(core_kinds_parse("tsp,pi", &config.kinds, &why), 0);
	assert_int_equal(config.kinds, 3);
	assert_int_equal(core_kinds_parse("tsp,", &config.kinds, &why),
			 ERR_RANGE);
	assert_int_equal(core_kinds_parse("go", &config.kinds, &why),
			 ERR_RANGE);
	assert_string_equal(why.text, "unknown kind 'go': known are tsp, pi");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_core__joins_before_it_registers),
		cmocka_unit_test(test_core__rejoins_with_its_token),
		cmocka_unit_test(test_core__waits_for_a_coordinator),
		cmocka_unit_test(test_core__says_why_it_may_not_join),
		cmocka_unit_test(test_core__does_not_believe_a_half_answer),
		cmocka_unit_test(
			test_core__joins_again_after_a_coordinators_restart),
		cmocka_unit_test(test_core__a_chunk_comes_and_its_result_goes),
		cmocka_unit_test(
			test_core__a_dict_as_only_argument_is_accepted),
		cmocka_unit_test(test_core__chunks_wait_in_order),
		cmocka_unit_test(
			test_core__its_budget_doubles_up_to_the_chunks),
		cmocka_unit_test(
			test_core__a_failed_chunk_does_not_double_the_budget),
		cmocka_unit_test(test_core__too_many_chunks_are_unavailable),
		cmocka_unit_test(
			test_core__revoked_for_silence_it_offers_itself_again),
		cmocka_unit_test(test_core__revoked_while_idle_it_stays_out),
		cmocka_unit_test(
			test_core__a_refused_input_is_an_invalid_argument),
		cmocka_unit_test(test_core__garbage_is_an_invalid_argument),
		cmocka_unit_test(
			test_core__an_unknown_kind_takes_it_off_the_list),
		cmocka_unit_test(test_core__kinds_that_were_not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
