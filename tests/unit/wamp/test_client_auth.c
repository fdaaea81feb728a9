/* What a client adds to its answer to a CHALLENGE, and that it looks at
 * WELCOME before it believes that this is its router (SCRAM needs both). */
#include "fake_router.h"

static int sign(void *ctx, struct bytes method, const struct value *extra,
		struct buf *signature)
{
	(void)ctx;
	(void)extra;
	assert_true(bytes_equal_str(method, "wamp-scram"));
	return buf_add_str(signature, "proof");
}

static int add_nonce(void *ctx, struct arena *a, struct value *extra)
{
	(void)ctx;
	return dict_set(a, extra, "nonce", value_str("both"));
}

static int want_verifier(void *ctx, const struct value *details)
{
	struct bytes verifier;

	(void)ctx;
	return value_get_str(dict_get(dict_get(details, "authextra"),
				      "verifier"), &verifier) &&
	       bytes_equal_str(verifier, "right") ? 0 : ERR_DENIED;
}

static void open_challenged(struct peer *p)
{
	struct client_config config = peer_config(p);

	config.authid = "kim";
	config.authmethod = "wamp-scram";
	config.challenge = sign;
	config.answer = add_nonce;
	config.welcome = want_verifier;
	p->client = client_new(&config);
	assert_non_null(p->client);
	assert_int_equal(client_open(p->client), 0);
	skip_sent(p);
}

static void test_client__authenticate_has_an_extra(void **state)
{
	struct peer p = { .serializer = &serializer_msgpack };

	(void)state;
	open_challenged(&p);
	assert_int_equal(say(&p, "[4,\"wamp-scram\",{}]"), 0);
	assert_sent(&p, "[5,\"proof\",{\"nonce\":\"both\"}]");
	assert_int_equal(say(&p, "[2,7,{\"roles\":{},\"authid\":\"kim\","
				 "\"authextra\":{\"verifier\":\"right\"}}]"),
			 0);
	assert_true(client_is_joined(p.client));
	assert_log(&p, "joined:7:kim ");
	peer_deinit(&p);
}

static void test_client__refuses_a_router_that_proves_nothing(void **state)
{
	static const char *const welcomes[] = {
		"[2,7,{\"roles\":{}}]",
		"[2,7,{\"roles\":{},\"authextra\":{\"verifier\":\"no\"}}]",
	};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct peer p = { .serializer = &serializer_json };

		open_challenged(&p);
		assert_int_equal(say(&p, welcomes[i]), ERR_DENIED);
		assert_sent(&p, "[3,{\"message\":\"the router did not prove "
				"itself\"},"
				"\"wamp.error.authentication_failed\"]");
		assert_false(client_is_joined(p.client));
		assert_log(&p, "left:wamp.error.authentication_failed:the "
			       "router did not prove itself ");
		/* It may try again. */
		assert_int_equal(client_open(p.client), 0);
		peer_deinit(&p);
	}
}

static void test_client__an_answer_is_whole_or_not_sent(void **state)
{
	bool hit = true;

	(void)state;
	for (size_t n = 1; hit; n++) {
		struct peer p = { .serializer = &serializer_json };
		unsigned before;
		int err;

		open_challenged(&p);
		before = p.sent_count;
		fail_malloc_at(n);
		err = say(&p, "[4,\"wamp-scram\",{}]");
		hit = fail_malloc_off();
		if (!err)
			assert_sent(&p, "[5,\"proof\",{\"nonce\":\"both\"}]");
		else
			assert_int_equal(err, ERR_NOMEM);
		assert_true(p.sent_count <= before + 1);
		assert_true(n < 200);
		peer_deinit(&p);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client__authenticate_has_an_extra),
		cmocka_unit_test(
			test_client__refuses_a_router_that_proves_nothing),
		cmocka_unit_test(test_client__an_answer_is_whole_or_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
