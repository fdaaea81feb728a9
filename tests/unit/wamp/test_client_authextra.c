/* What a client says of itself in HELLO for methods like cryptosign. */
#include "fake_router.h"

/* In the latest message, as JSON; NULL: there is none. */
static void assert_authextra(struct peer *p, const char *json)
{
	struct buf *hello = &p->sent[(p->sent_count - 1) % SENT_MAX];
	char text[LOG_BYTES];

	assert_true(hello->len < sizeof text);
	memcpy(text, hello->data, hello->len);
	text[hello->len] = '\0';
	if (!json)
		assert_null(strstr(text, "authextra"));
	else
		assert_non_null(strstr(text, json));
}

static void open_with(struct peer *p, const struct value *authextra)
{
	struct client_config config = peer_config(p);

	config.authextra = authextra;
	p->client = client_new(&config);
	assert_non_null(p->client);
	assert_int_equal(client_open(p->client), 0);
}

static void test_client__hello_without_authextra(void **state)
{
	struct peer p = { .serializer = &serializer_json };

	(void)state;
	open_with(&p, NULL);
	assert_authextra(&p, NULL);
	peer_deinit(&p);
}

static void test_client__hello_with_authextra(void **state)
{
	struct peer p = { .serializer = &serializer_msgpack };
	struct value extra = value_dict();
	struct arena a;

	(void)state;
	arena_init(&a, 256);
	assert_int_equal(dict_set(&a, &extra, "nonce", value_str("first")),
			 0);
	open_with(&p, &extra);
	assert_authextra(&p, "\"authextra\":{\"nonce\":\"first\"}");
	/* The next attempt has a nonce of its own. */
	client_lost(p.client);
	assert_int_equal(dict_set(&a, &extra, "nonce", value_str("second")),
			 0);
	assert_int_equal(client_open(p.client), 0);
	assert_int_equal(p.sent_count, 2);
	assert_authextra(&p, "\"authextra\":{\"nonce\":\"second\"}");
	peer_deinit(&p);
	arena_deinit(&a);
}

static void test_client__hello_is_whole_or_not_sent(void **state)
{
	struct value extra = value_dict();
	bool hit;

	(void)state;
	for (size_t n = 1;; n++) {
		struct peer p = { .serializer = &serializer_json };
		struct client_config config = peer_config(&p);
		int err;

		config.authextra = &extra;
		p.client = client_new(&config);
		assert_non_null(p.client);
		fail_malloc_at(n);
		err = client_open(p.client);
		hit = fail_malloc_off();
		assert_int_equal(err, hit ? ERR_NOMEM : 0);
		assert_int_equal(p.sent_count, hit ? 0 : 1);
		if (!hit)
			assert_authextra(&p, "\"authextra\":{}");
		peer_deinit(&p);
		if (!hit)
			break;
		assert_true(n < 1000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_client__hello_without_authextra),
		cmocka_unit_test(test_client__hello_with_authextra),
		cmocka_unit_test(test_client__hello_is_whole_or_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
