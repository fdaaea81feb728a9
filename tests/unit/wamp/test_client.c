/* A client joins, calls, is called, publishes and hears. */
#include "client_fixture.h"

/* --- opening and authentication ------------------------------------------ */

static void test_client__hello_announces_roles_and_methods(void **state)
{
	struct peer *p = *state;
	const struct value *details;
	struct value *hello;
	struct arena a;

	assert_int_equal(client_open(p->client), 0);
	assert_int_equal(client_open(p->client), ERR_STATE);
	assert_false(client_is_joined(p->client));
	assert_int_equal(p->sent_count, 1);
	arena_init(&a, 4096);
	assert_int_equal(serializer_json.decode(&a, buf_bytes(&p->sent[0]),
						&wamp_limits_default, &hello),
			 0);
	details = list_at(hello, 2);
	assert_text(list_at(hello, 1)->str, "realm1");
	assert_text(list_at(dict_get(details, "authmethods"), 0)->str,
		    "anonymous");
	assert_true(value_is_true(dict_get(
		dict_get(dict_get(dict_get(details, "roles"), "callee"),
			 "features"),
		"call_canceling")));
	assert_non_null(dict_get(dict_get(details, "roles"), "subscriber"));
	arena_deinit(&a);
	assert_int_equal(say(p, "[2,77,{\"authid\":\"me\"}]"), 0);
	assert_log(p, "joined:77:me ");
}

static void test_client__aborted_while_opening(void **state)
{
	struct peer *p = *state;

	client_open(p->client);
	assert_int_equal(
		say(p, "[3,{\"message\":\"no\"},\"wamp.error.no_such_realm\"]"),
		ERR_CLOSED);
	assert_log(p, "left:wamp.error.no_such_realm:no ");
	assert_int_equal(say(p, "[2,77,{}]"), ERR_STATE);
	assert_int_equal(client_open(p->client), 0);
}

static void with_config(struct peer *p, const struct client_config *config)
{
	client_free(p->client);
	p->client = client_new(config);
	assert_non_null(p->client);
	client_open(p->client);
	skip_sent(p);
}

static void test_client__a_ticket_answers_the_challenge(void **state)
{
	struct peer *p = *state;
	struct client_config config = peer_config(p);
	char ticket[] = "s3cret";

	config.authid = "host";
	config.ticket = ticket;
	with_config(p, &config);
	memset(ticket, 0, sizeof ticket); /* it was copied */
	assert_int_equal(say(p, "[4,\"ticket\",{}]"), 0);
	assert_sent(p, "[5,\"s3cret\",{}]");
	assert_int_equal(say(p, "[2,5,{\"authid\":\"host\"}]"), 0);
	assert_log(p, "joined:5:host ");
}

static int sign(void *ctx, struct bytes method, const struct value *extra,
		struct buf *signature)
{
	struct bytes challenge;

	log_add(ctx, "challenge:%.*s ", (int)method.len,
		(const char *)method.data);
	if (!value_get_str(dict_get(extra, "challenge"), &challenge))
		return ERR_MALFORMED;
	return buf_printf(signature, "signed %.*s", (int)challenge.len,
			  (const char *)challenge.data);
}

static void test_client__other_methods_ask_the_owner(void **state)
{
	struct peer *p = *state;
	struct client_config config = peer_config(p);

	config.authmethod = "wampcra";
	config.challenge = sign;
	with_config(p, &config);
	assert_int_equal(say(p, "[4,\"wampcra\",{\"challenge\":\"xyz\"}]"), 0);
	assert_log(p, "challenge:wampcra ");
	assert_sent(p, "[5,\"signed xyz\",{}]");
	/* Asked again, with nothing to sign: the session ends. */
	assert_true(say(p, "[4,\"wampcra\",{}]") < 0);
	assert_log(p, "challenge:wampcra "
		      "left:wamp.error.authentication_failed:"
		      "no answer to the router's challenge ");
	assert_sent(p, "[3,{\"message\":\"no answer to the router's "
		       "challenge\"},"
		       "\"wamp.error.authentication_failed\"]");
}

static void test_client__a_challenge_it_can_not_answer(void **state)
{
	struct peer *p = *state;

	client_open(p->client);
	assert_int_equal(say(p, "[4,\"ticket\",{}]"), ERR_DENIED);
	assert_false(client_is_joined(p->client));
}

/* --- calls --------------------------------------------------------------- */

static void test_client__calls_are_answered_once(void **state)
{
	struct peer *p = *state;
	uint64_t first, second;

	assert_int_equal(client_call(p->client, "a.b",
				     json("{\"timeout\":5}"), json("[1]"),
				     json("{\"k\":2}"), on_reply, p, &first),
			 0);
	assert_int_equal(client_call(p->client, "c", NULL, NULL, NULL,
				     on_reply, p, &second),
			 0);
	assert_int_equal(first, 1);
	assert_int_equal(second, 2);
	assert_sent(p, "[48,1,{\"timeout\":5},\"a.b\",[1],{\"k\":2}]");
	assert_sent(p, "[48,2,{},\"c\"]");
	assert_int_equal(say(p, "[50,2,{},[7],{\"x\":null}]"), 0);
	assert_log(p, "reply:{}[7]{\"x\":null} ");
	assert_int_equal(say(p, "[8,48,1,{\"d\":1},\"e.f\",[\"why\"]]"), 0);
	assert_log(p, "reply:e.f{\"d\":1}[\"why\"]{} ");
	/* Late ones are nobody's; the session goes on. */
	assert_int_equal(say(p, "[50,1,{}]"), 0);
	assert_int_equal(say(p, "[8,48,2,{},\"x\"]"), 0);
	assert_log(p, "");
}

static void test_client__progressive_results(void **state)
{
	struct peer *p = *state;

	client_call(p->client, "a", json("{\"receive_progress\":true}"), NULL,
		    NULL, on_reply, p, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(say(p, "[50,1,{\"progress\":true},[1]]"), 0);
		assert_log(p, "reply:{\"progress\":true}[1]{} ");
	}
	assert_int_equal(say(p, "[50,1,{},[2]]"), 0);
	assert_log(p, "reply:{}[2]{} ");
	assert_int_equal(say(p, "[50,1,{\"progress\":true},[1]]"), 0);
	assert_log(p, "");
}

static void test_client__cancel_waits_for_the_router(void **state)
{
	struct peer *p = *state;
	uint64_t request;

	client_call(p->client, "a", NULL, NULL, NULL, on_reply, p, &request);
	skip_sent(p);
	assert_int_equal(client_cancel(p->client, request, "kill"), 0);
	assert_sent(p, "[49,1,{\"mode\":\"kill\"}]");
	assert_log(p, "");
	assert_int_equal(say(p, "[8,48,1,{},\"wamp.error.canceled\"]"), 0);
	assert_log(p, "reply:wamp.error.canceled{}[]{} ");
	assert_int_equal(client_cancel(p->client, request, NULL),
			 ERR_NOT_FOUND);
	assert_nothing_sent(p);
}

static void test_client__loss_fails_what_is_open(void **state)
{
	struct peer *p = *state;

	client_call(p->client, "a", NULL, NULL, NULL, on_reply, p, NULL);
	client_register(p->client, "r", NULL, on_invoke, NULL, on_reply, p);
	client_publish(p->client, "t", NULL, NULL, NULL, NULL, p);
	client_lost(p->client);
	assert_log(p, "reply:wamp.error.closed{}[]{} "
		      "reply:wamp.error.closed{}[]{} ");
	client_lost(p->client);
	assert_log(p, "");
	assert_int_equal(client_call(p->client, "a", NULL, NULL, NULL,
				     on_reply, p, NULL),
			 ERR_STATE);
	/* It can be opened again, and counts from 1. */
	join(p);
	client_call(p->client, "a", NULL, NULL, NULL, on_reply, p, NULL);
	assert_sent(p, "[48,1,{},\"a\"]");
}

static void test_client__requests_need_a_session(void **state)
{
	struct peer *p = *state;
	struct client *c = p->client;

	for (int opening = 0; opening < 2; opening++) {
		assert_int_equal(client_call(c, "a", NULL, NULL, NULL,
					     on_reply, p, NULL),
				 ERR_STATE);
		assert_int_equal(client_cancel(c, 1, NULL), ERR_STATE);
		assert_int_equal(client_register(c, "a", NULL, on_invoke, NULL,
						 NULL, p),
				 ERR_STATE);
		assert_int_equal(client_unregister(c, 1, NULL, p), ERR_STATE);
		assert_int_equal(client_yield(c, 1, NULL, NULL, NULL),
				 ERR_STATE);
		assert_int_equal(client_error(c, 1, "e", NULL, NULL),
				 ERR_STATE);
		assert_int_equal(client_subscribe(c, "a", NULL, on_event, NULL,
						  p),
				 ERR_STATE);
		assert_int_equal(client_unsubscribe(c, 1, NULL, p), ERR_STATE);
		assert_int_equal(client_publish(c, "a", NULL, NULL, NULL, NULL,
						p),
				 ERR_STATE);
		assert_int_equal(client_goodbye(c, NULL), ERR_STATE);
		if (!opening)
			client_open(c);
	}
	assert_int_equal(p->sent_count, 1);
}

static void test_client__too_large_a_message_spends_no_id(void **state)
{
	struct peer *p = *state;
	struct client_config config = peer_config(p);
	static uint8_t zeros[1000];
	struct value args = value_list();
	uint64_t request = 5;

	assert_int_equal(list_add(&arena, &args,
				  value_bin(bytes_of(zeros, sizeof zeros))),
			 0);
	config.limits.bytes_max = 1000;
	with_config(p, &config);
	assert_int_equal(say(p, "[2,77,{}]"), 0);
	assert_int_equal(client_call(p->client, "a", NULL, &args, NULL,
				     on_reply, p, &request),
			 ERR_LIMIT);
	assert_int_equal(request, 0);
	assert_nothing_sent(p);
	assert_int_equal(client_call(p->client, "a", NULL, NULL, NULL,
				     on_reply, p, &request),
			 0);
	assert_int_equal(request, 1);
}

/* --- registrations ------------------------------------------------------- */

static void test_client__invocations_are_answered(void **state)
{
	struct peer *p = *state;

	registered(p);
	assert_int_equal(say(p, "[68,1,900,{},[\"x\"]]"), 0);
	assert_log(p, "invoke:1[\"x\"] ");
	assert_int_equal(client_yield(p->client, 1,
				      json("{\"progress\":true}"), json("[1]"),
				      NULL),
			 0);
	assert_sent(p, "[70,1,{\"progress\":true},[1]]");
	assert_int_equal(client_yield(p->client, 1, NULL, json("[2]"),
				      json("{\"a\":1}")),
			 0);
	assert_sent(p, "[70,1,{},[2],{\"a\":1}]");
	assert_int_equal(client_yield(p->client, 1, NULL, NULL, NULL),
			 ERR_NOT_FOUND);
	assert_int_equal(say(p, "[68,2,900,{}]"), 0);
	assert_int_equal(client_error(p->client, 2, "my.error", json("[\"w\"]"),
				      NULL),
			 0);
	assert_sent(p, "[8,68,2,{},\"my.error\",[\"w\"]]");
	assert_nothing_sent(p);
}

static void test_client__invocation_before_registered_is_refused(void **state)
{
	struct peer *p = *state;

	client_register(p->client, "a", NULL, on_invoke, NULL, NULL, p);
	skip_sent(p);
	assert_int_equal(say(p, "[68,1,900,{}]"), 0);
	assert_log(p, "");
	assert_sent(p, "[8,68,1,{},\"wamp.error.no_such_registration\"]");
	assert_int_equal(say(p, "[65,1,900]"), 0);
	assert_int_equal(say(p, "[68,2,900,{}]"), 0);
	assert_log(p, "invoke:2[] ");
}

static void test_client__interrupts(void **state)
{
	struct peer *p = *state;

	registered(p);
	say(p, "[68,1,900,{}]");
	assert_log(p, "invoke:1[] ");
	assert_int_equal(say(p, "[69,1,{\"mode\":\"killnowait\"}]"), 0);
	assert_log(p, "interrupt:1:killnowait ");
	assert_int_equal(say(p, "[69,1,{}]"), 0);
	assert_log(p, "interrupt:1:kill ");
	client_error(p->client, 1, "wamp.error.canceled", NULL, NULL);
	/* One that crossed our answer. */
	assert_int_equal(say(p, "[69,1,{}]"), 0);
	assert_log(p, "");
}

static void test_client__unregister_and_revocation(void **state)
{
	struct peer *p = *state;

	registered(p);
	assert_int_equal(client_unregister(p->client, 901, on_reply, p),
			 ERR_NOT_FOUND);
	assert_int_equal(client_unregister(p->client, 900, on_reply, p), 0);
	assert_sent(p, "[66,2,900]");
	/* Until the router says so, invocations come and are answered. */
	say(p, "[68,1,900,{}]");
	assert_log(p, "invoke:1[] ");
	assert_int_equal(say(p, "[67,2]"), 0);
	assert_log(p, "reply:{\"registration\":900}[]{} ");
	assert_int_equal(client_yield(p->client, 1, NULL, NULL, NULL), 0);
	assert_sent(p, "[70,1,{}]");
	say(p, "[68,2,900,{}]");
	assert_sent(p, "[8,68,2,{},\"wamp.error.no_such_registration\"]");

	client_register(p->client, "b", NULL, on_invoke, NULL, NULL, p);
	say(p, "[65,3,902]");
	assert_int_equal(say(p, "[67,0,{\"registration\":902,"
				"\"reason\":\"r\"}]"),
			 0);
	assert_log(p, "revoked:902:r ");
	assert_int_equal(client_unregister(p->client, 902, NULL, p),
			 ERR_NOT_FOUND);
	/* Not ours (any more): nothing happens. */
	assert_int_equal(say(p, "[67,0,{\"registration\":902}]"), 0);
	assert_log(p, "");
}

static void test_client__a_refused_registration(void **state)
{
	struct peer *p = *state;

	client_register(p->client, "a", NULL, on_invoke, NULL, on_reply, p);
	say(p, "[8,64,1,{},\"wamp.error.procedure_already_exists\"]");
	assert_log(p, "reply:wamp.error.procedure_already_exists{}[]{} ");
}

/* --- subscriptions ------------------------------------------------------- */

static void test_client__events_reach_each_owner(void **state)
{
	struct peer *p = *state, *q = calloc(1, sizeof *q);

	assert_non_null(q);
	client_subscribe(p->client, "t", NULL, on_event, on_reply, p);
	client_subscribe(p->client, "t", NULL, on_event, NULL, q);
	assert_sent(p, "[32,1,{},\"t\"]");
	assert_sent(p, "[32,2,{},\"t\"]");
	say(p, "[33,1,50]");
	say(p, "[33,2,50]");
	assert_log(p, "reply:{\"subscription\":50}[]{} ");
	say(p, "[36,50,1000,{},[\"e\"]]");
	assert_log(p, "event:1000[\"e\"] ");
	assert_log(q, "event:1000[\"e\"] ");
	assert_int_equal(client_unsubscribe(p->client, 50, on_reply, p), 0);
	assert_sent(p, "[34,3,50]");
	say(p, "[35,3]");
	assert_log(p, "reply:{\"subscription\":50}[]{} ");
	/* One that was on its way. */
	assert_int_equal(say(p, "[36,50,1001,{}]"), 0);
	assert_log(p, "");
	client_subscribe(p->client, "t", NULL, on_event, NULL, p);
	say(p, "[33,4,51]");
	assert_int_equal(say(p, "[35,0,{\"subscription\":51}]"), 0);
	say(p, "[36,51,1002,{}]");
	assert_log(p, "");
	free(q);
}

static void test_client__publishing(void **state)
{
	struct peer *p = *state;
	struct value *options = json("{\"exclude_me\":false}");

	client_publish(p->client, "t", options, json("[1]"), NULL, NULL, p);
	assert_sent(p, "[16,1,{\"exclude_me\":false},\"t\",[1]]");
	client_publish(p->client, "t", options, NULL, NULL, on_reply, p);
	assert_sent(p, "[16,2,{\"exclude_me\":false,\"acknowledge\":true},"
		       "\"t\"]");
	assert_int_equal(value_count(options), 1);
	say(p, "[17,2,3000]");
	assert_log(p, "reply:{\"publication\":3000}[]{} ");
	client_publish(p->client, "t", json("{\"acknowledge\":false}"), NULL,
		       NULL, on_reply, p);
	assert_sent(p, "[16,3,{\"acknowledge\":true},\"t\"]");
	say(p, "[8,16,3,{},\"wamp.error.not_authorized\"]");
	assert_log(p, "reply:wamp.error.not_authorized{}[]{} ");
}

/* --- payloads that nobody can decode ------------------------------------- */

static void test_client__a_bad_payload_fails_that_one_call(void **state)
{
	struct peer *p = *state;

	client_call(p->client, "a", NULL, NULL, NULL, on_reply, p, NULL);
	client_call(p->client, "a", NULL, NULL, NULL, on_reply, p, NULL);
	assert_int_equal(say_hex(p, "94320180 91a1ff"), 0);
	assert_log(p, "reply:wamp.error.invalid_payload{}[]{} ");
	/* An error keeps its name. */
	assert_int_equal(say_hex(p, "96083002 80a165 91d40100"), 0);
	assert_log(p, "reply:e{}[]{} ");
	assert_true(client_is_joined(p->client));
}

static void test_client__a_bad_payload_of_an_invocation_or_event(void **state)
{
	struct peer *p = *state;

	registered(p);
	client_subscribe(p->client, "t", NULL, on_event, NULL, p);
	say(p, "[33,2,50]");
	skip_sent(p);
	assert_int_equal(say_hex(p, "95 44 01 cd0384 80 91a1ff"), 0);
	assert_sent(p, "[8,68,1,{},\"wamp.error.invalid_payload\"]");
	assert_int_equal(say_hex(p, "95 24 32 05 80 91c70001"), 0);
	assert_log(p, "");
	assert_true(client_is_joined(p->client));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CLOSED(test_client__hello_announces_roles_and_methods),
		CLOSED(test_client__aborted_while_opening),
		CLOSED(test_client__a_ticket_answers_the_challenge),
		CLOSED(test_client__other_methods_ask_the_owner),
		CLOSED(test_client__a_challenge_it_can_not_answer),
		JOINED(test_client__calls_are_answered_once),
		JOINED(test_client__progressive_results),
		JOINED(test_client__cancel_waits_for_the_router),
		JOINED(test_client__loss_fails_what_is_open),
		CLOSED(test_client__requests_need_a_session),
		CLOSED(test_client__too_large_a_message_spends_no_id),
		JOINED(test_client__invocations_are_answered),
		JOINED(test_client__invocation_before_registered_is_refused),
		JOINED(test_client__interrupts),
		JOINED(test_client__unregister_and_revocation),
		JOINED(test_client__a_refused_registration),
		JOINED(test_client__events_reach_each_owner),
		JOINED(test_client__publishing),
		JOINED(test_client__a_bad_payload_fails_that_one_call),
		JOINED(test_client__a_bad_payload_of_an_invocation_or_event),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
