/* How a client's session ends, and that it stays whole: when callbacks use it,
 * when it is freed, when memory is short. */
#include "client_fixture.h"

/* --- the end ------------------------------------------------------------- */

static void test_client__goodbye_from_either_side(void **state)
{
	struct peer *p = *state;

	client_call(p->client, "a", NULL, NULL, NULL, on_reply, p, NULL);
	assert_int_equal(client_goodbye(p->client, NULL), 0);
	skip_sent(p);
	assert_int_equal(client_goodbye(p->client, NULL), ERR_STATE);
	/* What comes meanwhile is dropped. */
	assert_int_equal(say(p, "[50,1,{}]"), 0);
	assert_log(p, "");
	assert_int_equal(say(p, "[6,{},\"wamp.close.goodbye_and_out\"]"),
			 ERR_CLOSED);
	assert_log(p, "reply:wamp.error.closed{}[]{} "
		      "left:wamp.close.goodbye_and_out: ");
	assert_nothing_sent(p);

	join(p);
	assert_int_equal(say(p, "[6,{\"message\":\"bye\"},"
				"\"wamp.close.system_shutdown\"]"),
			 ERR_CLOSED);
	assert_sent(p, "[6,{},\"wamp.close.goodbye_and_out\"]");
	assert_log(p, "left:wamp.close.system_shutdown:bye ");
}

/* Open are: request 2, a REGISTER; request 3, a CALL; invocation 7. */
static void busy(struct peer *p)
{
	join(p);
	registered(p);
	client_register(p->client, "b", NULL, on_invoke, NULL, NULL, p);
	client_call(p->client, "a", NULL, NULL, NULL, on_reply, p, NULL);
	assert_int_equal(say(p, "[68,7,900,{}]"), 0);
	assert_log(p, "invoke:7[] ");
	skip_sent(p);
}

static void test_client__violations_end_the_session(void **state)
{
	static const char *const bad[] = {
		"[2,5,{}]",                  /* WELCOME again */
		"[4,\"ticket\",{}]",         /* a CHALLENGE in a session */
		"[50,4,{}]",                 /* never asked */
		"[8,48,4,{},\"e\"]",
		"[50,2,{}]",                 /* RESULT of a REGISTER */
		"[8,64,3,{},\"e\"]",         /* ERROR of another type */
		"[65,3,5]", "[33,2,5]", "[17,3,5]", "[67,2]", "[35,3]",
		"[65,2,900]",                /* an id that is in use */
		"[68,7,900,{}]",             /* an INVOCATION twice */
		"[48,1,{},\"a\"]",           /* CALL from a router */
		"[50,0,{}]", "[99]", "[50,3]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		const char *want = "reply:wamp.error.closed{}[]{} "
				   "left:wamp.error.protocol_violation:";
		struct peer p;

		peer_init(&p, every[i % LANGUAGES]);
		busy(&p);
		assert_int_equal(say(&p, bad[i]), ERR_MALFORMED);
		assert_int_equal(strncmp(p.log, want, strlen(want)), 0);
		assert_int_equal(p.sent_count - p.read_count, 1);
		assert_int_equal(strncmp((char *)p.sent[p.read_count].data,
					 "[3,{\"message\":", 14),
				 0);
		assert_false(client_is_joined(p.client));
		peer_deinit(&p);
	}
}

static void test_client__garbage_ends_the_session(void **state)
{
	struct peer *p = *state;

	assert_int_equal(say_hex(p, "dd20000000"), ERR_MALFORMED);
	assert_false(client_is_joined(p->client));
	assert_int_equal(say_hex(p, "94320180"), ERR_STATE);
}

static void test_client__before_welcome_nothing_else(void **state)
{
	struct peer *p = *state;

	client_open(p->client);
	assert_int_equal(say(p, "[50,1,{}]"), ERR_MALFORMED);
	assert_false(client_is_joined(p->client));
}

/* --- callbacks that use the client --------------------------------------- */

static void lose_it(void *ctx, uint64_t publication,
		    const struct client_data *data)
{
	struct peer *p = ctx;

	(void)publication;
	(void)data;
	log_add(p, "lose ");
	client_lost(p->client);
}

static void test_client__a_callback_may_end_everything(void **state)
{
	struct peer *p = *state;

	client_subscribe(p->client, "t", NULL, lose_it, NULL, p);
	client_subscribe(p->client, "t", NULL, on_event, NULL, p);
	say(p, "[33,1,50]");
	say(p, "[33,2,50]");
	assert_int_equal(say(p, "[36,50,1,{}]"), 0);
	assert_log(p, "lose ");
}

static void echo(void *ctx, uint64_t invocation,
		 const struct client_data *data)
{
	struct peer *p = ctx;

	assert_int_equal(client_yield(p->client, invocation, NULL, data->args,
				      data->kwargs),
			 0);
}

static void call_again(void *ctx, struct bytes error,
		       const struct client_data *data)
{
	struct peer *p = ctx;
	int err = client_call(p->client, "next", NULL, data->args, NULL,
			      on_reply, p, NULL);

	log_add(p, "%s:%d ", error.len ? "failed" : "again", err);
}

static void test_client__callbacks_may_send(void **state)
{
	struct peer *p = *state;

	client_register(p->client, "e", NULL, echo, NULL, NULL, p);
	say(p, "[65,1,9]");
	skip_sent(p);
	say(p, "[68,1,9,{},[\"a\",[1]],{\"k\":\"v\"}]");
	assert_sent(p, "[70,1,{},[\"a\",[1]],{\"k\":\"v\"}]");
	client_call(p->client, "first", NULL, NULL, NULL, call_again, p, NULL);
	skip_sent(p);
	say(p, "[50,2,{},[\"arg\"]]");
	assert_log(p, "again:0 ");
	assert_sent(p, "[48,3,{},\"next\",[\"arg\"]]");
	client_call(p->client, "first", NULL, NULL, NULL, call_again, p, NULL);
	client_lost(p->client);
	assert_non_null(strstr(p->log, "failed:-9 "));
	assert_non_null(strstr(p->log, "reply:wamp.error.closed"));
}

static void test_client__freed_with_everything_open(void **state)
{
	struct peer *p = *state;

	registered(p);
	client_subscribe(p->client, "t", NULL, on_event, on_reply, p);
	client_subscribe(p->client, "u", NULL, on_event, on_reply, p);
	say(p, "[33,2,50]");
	say(p, "[68,1,900,{}]");
	for (int i = 0; i < 100; i++)
		client_call(p->client, "a", NULL, NULL, NULL, on_reply, p,
			    NULL);
	p->log[0] = '\0';
	client_free(p->client);
	p->client = NULL;
	assert_log(p, ""); /* freeing tells nobody */
}

/* --- two clients, one router --------------------------------------------- */

/* Hands a's CALL to b as an INVOCATION, and b's YIELD back as the RESULT. */
static void forward(struct peer *from, const char *head, unsigned skip,
		    struct peer *to)
{
	const struct buf *sent = &from->sent[from->read_count++ % SENT_MAX];
	struct value *m;
	struct buf text;
	struct arena a;

	arena_init(&a, 4096);
	buf_init(&text);
	assert_int_equal(serializer_json.decode(&a, buf_bytes(sent),
						&wamp_limits_default, &m),
			 0);
	buf_add_str(&text, head);
	for (uint32_t i = skip; i < value_count(m); i++) {
		buf_add_u8(&text, ',');
		serializer_json.encode(&text, list_at(m, i));
	}
	buf_add(&text, "]", 2);
	assert_int_equal(say(to, (const char *)text.data), 0);
	buf_deinit(&text);
	arena_deinit(&a);
}

static void test_client__two_clients_in_two_languages(void **state)
{
	struct peer *caller = *state, callee;

	peer_init(&callee, &serializer_json);
	join(&callee);
	client_register(callee.client, "e", NULL, echo, NULL, NULL, &callee);
	say(&callee, "[65,1,9]");
	skip_sent(&callee);
	for (int i = 1; i <= 10; i++) {
		char head[32];

		client_call(caller->client, "e", NULL,
			    json("[\"\\u0000AQID\",1.5]"), json("{\"k\":[]}"),
			    on_reply, caller, NULL);
		snprintf(head, sizeof head, "[68,%d,9,{}", i);
		forward(caller, head, 4, &callee);
		snprintf(head, sizeof head, "[50,%d,{}", i);
		forward(&callee, head, 3, caller);
		assert_log(caller, "reply:{}[\"\\u0000AQID\",1.5]{\"k\":[]} ");
	}
	peer_deinit(&callee);
}

/* --- out of memory ------------------------------------------------------- */

/* Every request there is, and every answer. */
static void exercise(struct peer *p)
{
	static const struct value opt = { .type = VALUE_DICT };
	struct client *c = p->client;

	if (client_open(c))
		return;
	say(p, "[4,\"ticket\",{}]");
	say(p, "[2,77,{\"roles\":{\"dealer\":{}}}]");
	p->accepted += !client_register(c, "a", &opt, on_invoke, on_interrupt,
					on_reply, p);
	p->accepted += !client_subscribe(c, "t", &opt, on_event, on_reply, p);
	p->accepted += !client_call(c, "c", &opt, NULL, NULL, on_reply, p,
				    NULL);
	p->accepted += !client_publish(c, "p", &opt, NULL, NULL, on_reply, p);
	client_cancel(c, 3, "kill");
	say(p, "[65,1,900]");
	say(p, "[33,2,50]");
	say(p, "[68,1,900,{\"x\":1},[1,[2]]]");
	say(p, "[36,50,5,{},[1,[2]]]");
	client_yield(c, 1, NULL, NULL, NULL);
	say(p, "[50,3,{},[1,[2]],{\"k\":1}]");
	say(p, "[17,4,6]");
	p->accepted += !client_unsubscribe(c, 50, on_reply, p);
	p->accepted += !client_unregister(c, 900, on_reply, p);
	say(p, "[35,5]");
	client_goodbye(c, NULL);
	say(p, "[6,{},\"wamp.close.goodbye_and_out\"]");
}

/* Whatever fails says so: what was accepted is answered, once; nothing is
 * left behind (sanitizers). The session may end, but not in silence. */
static void test_client__each_allocation_may_fail(void **state)
{
	struct client_config config;
	size_t n = 1;
	bool hit;

	(void)state;
	do {
		struct peer *p = calloc(1, sizeof *p);

		assert_non_null(p);
		p->serializer = &serializer_msgpack;
		config = peer_config(p);
		config.ticket = "t";
		fail_malloc_at(n++);
		p->client = client_new(&config);
		if (p->client) {
			exercise(p);
			client_lost(p->client);
			assert_int_equal(p->accepted, p->replies);
		}
		hit = fail_malloc_off();
		if (!hit)
			assert_int_equal(p->accepted, 6);
		peer_deinit(p);
		free(p);
	} while (hit);
	assert_true(n > 20);
}

#define JOINED(test) \
	cmocka_unit_test_setup_teardown(test, set_up_joined, tear_down)
#define CLOSED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		JOINED(test_client__goodbye_from_either_side),
		CLOSED(test_client__violations_end_the_session),
		JOINED(test_client__garbage_ends_the_session),
		CLOSED(test_client__before_welcome_nothing_else),
		JOINED(test_client__a_callback_may_end_everything),
		JOINED(test_client__callbacks_may_send),
		JOINED(test_client__freed_with_everything_open),
		JOINED(test_client__two_clients_in_two_languages),
		cmocka_unit_test(test_client__each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
