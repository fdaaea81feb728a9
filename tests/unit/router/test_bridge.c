/* What is posted to a bridge: its signature, its JSON, from where. */
#include "tests/unit/base/fail_malloc.h"

#include "room.h"

#include "base/buf.h"
#include "crypto/base64.h"
#include "crypto/mac.h"
#include "router/bridge_request.h"
#include "router/bridge_sign.h"

/* 2011-10-14T16:59:51.123Z */
#define THEN_MS UINT64_C(1318611591123)
#define THEN "2011-10-14T16%3A59%3A51.123Z"
#define BODY "{\"topic\": \"com.a\"}"
/* Made by Python's hmac and base64 from the secret and the fields below. */
#define SIGNATURE "4n-FNFA3EpSEbmBf4Kf2XqcWUQla04L9--tYS4kML7I%3D"

struct stage {
	struct bridge_config config;
	struct replays replays;
	const char *why;
};

static void stage_init(struct stage *st)
{
	memset(st, 0, sizeof *st);
	st->config.key = (char *)"my key+";
	st->config.secret = (char *)"the secret";
	st->config.window_s = 300;
	replays_init(&st->replays);
}

static unsigned check_at(struct stage *st, const char *query, const char *body,
			 uint64_t unix_ms)
{
	st->why = NULL;
	return bridge_check_signature(&st->config, &st->replays,
				      bytes_str(query), bytes_str(body),
				      unix_ms, &st->why);
}

#define QUERY(ts, seq, nonce, sig)                                            \
	"key=my+key%2B&timestamp=" ts "&seq=" seq "&nonce=" nonce             \
	"&signature=" sig

static const char good[] = QUERY(THEN, "1", "77", SIGNATURE);

static void test_bridge__a_known_signature(void **state)
{
	struct stage st;

	(void)state;
	stage_init(&st);
	assert_int_equal(check_at(&st, good, BODY, THEN_MS), 0);
	replays_deinit(&st.replays);
}

/* Any change of what is signed, or of the signature, is seen. */
static void test_bridge__a_changed_request_is_refused(void **state)
{
	static const struct {
		const char *query, *body;
		unsigned status;
	} cases[] = {
		{ good, BODY " ", 401 },
		{ good, "", 401 },
		{ QUERY(THEN, "2", "77", SIGNATURE), BODY, 401 },
		{ QUERY(THEN, "1", "78", SIGNATURE), BODY, 401 },
		{ QUERY("2011-10-14T16:59:51.124Z", "1", "77", SIGNATURE),
		  BODY, 401 },
		{ QUERY(THEN, "1", "77", "1"), BODY, 401 },
		{ QUERY(THEN, "1", "77", ""), BODY, 401 },
		{ QUERY(THEN, "1", "77", SIGNATURE "%3D"), BODY, 401 },
		{ QUERY(THEN, "1", "77", SIGNATURE) "&key=b", BODY, 400 },
		{ QUERY(THEN, "1", "77", "%4"), BODY, 400 },
		{ QUERY(THEN, "1", "77", "%xx"), BODY, 400 },
		{ QUERY("1318611591", "1", "77", SIGNATURE), BODY, 400 },
		{ QUERY(THEN, "", "77", SIGNATURE), BODY, 400 },
		{ QUERY(THEN, "1", "-", SIGNATURE), BODY, 400 },
		{ QUERY(THEN, "1", "1.5", SIGNATURE), BODY, 400 },
		{ QUERY(THEN, "1", "123456789012345678901", SIGNATURE), BODY,
		  400 },
		{ "", BODY, 400 },
		{ "&&=&key", BODY, 400 },
	};
	struct stage st;

	(void)state;
	stage_init(&st);
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(check_at(&st, cases[i].query, cases[i].body,
					  THEN_MS), cases[i].status);
		assert_non_null(st.why);
	}
	/* None of them was remembered. */
	assert_int_equal(check_at(&st, good, BODY, THEN_MS), 0);
	st.config.key = (char *)"other";
	assert_int_equal(check_at(&st, good, BODY, THEN_MS), 401);
	replays_deinit(&st.replays);
}

static void test_bridge__only_near_its_timestamp(void **state)
{
	struct stage st;

	(void)state;
	stage_init(&st);
	assert_int_equal(check_at(&st, good, BODY, THEN_MS + 300001), 400);
	assert_int_equal(check_at(&st, good, BODY, THEN_MS - 300001), 400);
	assert_int_equal(check_at(&st, good, BODY, THEN_MS + 300000), 0);
	st.config.window_s = 0;
	assert_int_equal(check_at(&st, good, BODY, THEN_MS - 86400000), 401);
	replays_deinit(&st.replays);
	replays_init(&st.replays);
	assert_int_equal(check_at(&st, good, BODY, THEN_MS + 86400000), 0);
	replays_deinit(&st.replays);
}

static void test_bridge__without_a_secret_all_is_taken(void **state)
{
	struct stage st;

	(void)state;
	stage_init(&st);
	st.config.secret = NULL;
	assert_int_equal(check_at(&st, "key=%%%", BODY, THEN_MS), 0);
	assert_int_equal(check_at(&st, "", BODY, 0), 0);
	replays_deinit(&st.replays);
}

/* --- replays ------------------------------------------------------------- */

/* The n-th request of a client, its timestamp in seconds behind THEN. */
static unsigned make(struct stage *st, unsigned n, int off_s, uint64_t unix_ms)
{
	char time[40], signed_text[128], query[256], signature[64];
	uint8_t mac[SHA256_BYTES];

	snprintf(time, sizeof time, "2011-10-14T17:%02d:%02d.0Z",
		 off_s / 60, off_s % 60);
	snprintf(signed_text, sizeof signed_text, "my key+%s%u0%s", time, n,
		 BODY);
	assert_int_equal(hmac_sha256(bytes_str("the secret"),
				     bytes_str(signed_text), mac), 0);
	base64_encode(bytes_of(mac, sizeof mac), signature);
	for (char *at = signature; *at; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	snprintf(query, sizeof query, "key=my+key%%2B&timestamp=%s&seq=%u"
				      "&nonce=0&signature=%s",
		 time, n, signature);
	return check_at(st, query, BODY, unix_ms);
}

/* Whenever it is accepted for the first time, it is not for a second one, as
 * long as its timestamp would let it in. */
static void test_bridge__a_replay_is_never_accepted(void **state)
{
	uint64_t start = UINT64_C(1318611600000); /* 17:00:00 */
	struct stage st;

	(void)state;
	stage_init(&st);
	for (unsigned n = 0; n < 200; n++) {
		int off_s = (int)(n * 17 % 3000);
		uint64_t first = start + (uint64_t)off_s * 1000 +
				 n % 7 * 100000 - 300000;

		assert_int_equal(make(&st, n, off_s, first), 0);
		for (uint64_t at = first; at <= start + (uint64_t)off_s * 1000 +
						       300000; at += 50000)
			assert_int_equal(make(&st, n, off_s, at), 401);
	}
	replays_deinit(&st.replays);
}

static void test_bridge__what_is_out_of_time_is_forgotten(void **state)
{
	uint64_t start = UINT64_C(1318611600000);
	struct stage st;

	(void)state;
	stage_init(&st);
	for (unsigned n = 0; n < 100; n++)
		assert_int_equal(make(&st, n, 0, start), 0);
	assert_int_equal(st.replays.young.count, 100);
	assert_int_equal(make(&st, 0, 600, start + 600000), 0);
	assert_int_equal(st.replays.young.count, 1);
	assert_int_equal(make(&st, 0, 1200, start + 1200000), 0);
	assert_int_equal(st.replays.old.count, 1);
	replays_deinit(&st.replays);
}

/* When there is no more room, new ones are refused and none is forgotten. */
static void test_bridge__too_many_requests_are_refused(void **state)
{
	uint64_t start = UINT64_C(1318611600000);
	static char any;
	struct stage st;

	(void)state;
	stage_init(&st);
	assert_int_equal(make(&st, 1, 0, start), 0);
	assert_int_equal(id_map_reserve(&st.replays.young, REPLAYS_MAX), 0);
	for (uint64_t id = 2; st.replays.young.count < REPLAYS_MAX; id += 2)
		id_map_add(&st.replays.young, id, &any);
	assert_int_equal(make(&st, 2, 0, start), 503);
	assert_int_equal(make(&st, 1, 0, start), 401);
	/* After a window and a window, there is room again. */
	assert_int_equal(make(&st, 2, 600, start + 600000), 0);
	replays_deinit(&st.replays);
}

static void test_bridge__out_of_memory_refuses(void **state)
{
	struct stage st;
	bool hit = true;

	(void)state;
	for (unsigned n = 1; hit; n++) {
		unsigned status;

		stage_init(&st);
		fail_malloc_at(n);
		status = check_at(&st, good, BODY, THEN_MS);
		hit = fail_malloc_off();
		/* OpenSSL can do without some of what it asks for. */
		assert_true(status == 0 || (hit && status == 503));
		/* It was not taken, so it may come again. */
		if (status)
			assert_int_equal(check_at(&st, good, BODY, THEN_MS), 0);
		replays_deinit(&st.replays);
	}
}

/* --- JSON ---------------------------------------------------------------- */

static unsigned read_body(struct arena *a, const char *body, bool calls,
			  struct bridge_request *out, const char **why)
{
	return bridge_read_request(a, bytes_str(body), &wamp_limits_default,
				   calls, out, why);
}

static void test_bridge__what_is_said_is_read(void **state)
{
	struct bridge_request q;
	struct arena a;
	const char *why;

	(void)state;
	arena_init(&a, 4096);
	assert_int_equal(read_body(&a, "{\"procedure\":\"com.a\",\"args\":[1],"
				       "\"kwargs\":{\"b\":2},\"options\":{"
				       "\"timeout\":5,\"receive_progress\":true"
				       ",\"acknowledge\":false}}", true, &q,
				   &why), 0);
	assert_string_equal(q.uri, "com.a");
	assert_int_equal(value_count(&q.args), 1);
	assert_int_equal(value_count(&q.kwargs), 1);
	/* What would change the answer's form is left out. */
	assert_int_equal(value_count(&q.options), 1);
	assert_non_null(dict_get(&q.options, "timeout"));
	assert_int_equal(read_body(&a, "{\"topic\":\"t\",\"args\":null,"
				       "\"kwargs\":null,\"options\":{"
				       "\"acknowledge\":false,\"retain\":true,"
				       "\"exclude\":[1]}}", false, &q, &why),
			 0);
	assert_int_equal(value_count(&q.args) + value_count(&q.kwargs), 0);
	assert_int_equal(value_count(&q.options), 2);
	arena_deinit(&a);
}

static void test_bridge__what_can_not_be_read_is_refused(void **state)
{
	static const struct {
		const char *body;
		unsigned status;
	} cases[] = {
		{ "", 400 }, { "{", 400 }, { "[]", 400 }, { "\"topic\"", 400 },
		{ "{}", 400 }, { "{\"topic\":1}", 400 },
		{ "{\"procedure\":\"a\"}", 400 },
		{ "{\"topic\":\"\\u0000\"}", 400 },
		{ "{\"topic\":\"a\\u0000b\"}", 400 },
		{ "{\"topic\":\"a\",\"topic\":\"b\"}", 400 },
		{ "{\"topic\":\"a\",\"args\":{}}", 400 },
		{ "{\"topic\":\"a\",\"args\":1}", 400 },
		{ "{\"topic\":\"a\",\"kwargs\":[]}", 400 },
		{ "{\"topic\":\"a\",\"options\":[]}", 400 },
		{ "{\"topic\":\"\xff\"}", 400 },
		{ "{\"topic\":\"a\"} x", 400 },
	};
	struct bridge_request q;
	char deep[400];
	struct arena a;
	const char *why;

	(void)state;
	arena_init(&a, 4096);
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(read_body(&a, cases[i].body, false, &q, &why),
				 cases[i].status);
	snprintf(deep, sizeof deep, "{\"topic\":\"a\",\"args\":%.60s%.60s}",
		 "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
		 "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
	assert_int_equal(read_body(&a, deep, false, &q, &why), 400);
	arena_deinit(&a);
}

static void test_bridge__content_types(void **state)
{
	static const struct {
		const char *type;
		unsigned status;
	} cases[] = {
		{ "", 0 }, { "  ", 0 }, { "application/json", 0 },
		{ "Application/JSON ; charset=UTF-8", 0 },
		{ "application/json;charset=utf8; x=y", 0 },
		{ "application/json;", 0 },
		{ "application/json; charset=\"utf-8\"", 0 },
		{ "application/json; charset=latin1", 400 },
		{ "application/jsonx", 400 }, { "text/plain", 400 },
		{ ";charset=utf-8", 400 },
		{ "application/x-www-form-urlencoded", 400 },
	};
	const char *why;

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(bridge_check_type(bytes_str(cases[i].type),
						   &why), cases[i].status);
}

/* --- networks ------------------------------------------------------------ */

static void test_bridge__networks(void **state)
{
	static const struct {
		const char *network, *peer;
		bool has;
	} cases[] = {
		{ "10.0.0.7", "10.0.0.7:1", true },
		{ "10.0.0.7", "10.0.0.70:1", false },
		{ "10.0.0.0/8", "10.255.1.2:65535", true },
		{ "10.0.0.0/8", "11.0.0.0:1", false },
		{ "10.0.0.128/25", "10.0.0.128:1", true },
		{ "10.0.0.128/25", "10.0.0.127:1", false },
		{ "192.168.1.1/255.255.255.0", "192.168.1.9:1", true },
		{ "192.168.1.1/255.255.255.0", "192.168.2.9:1", false },
		{ "0.0.0.0/0", "1.2.3.4:5", true },
		{ "0.0.0.0/0", "[fd00::1]:5", false },
		{ "::/0", "1.2.3.4:5", true },
		{ "::/0", "[fd00::1]:5", true },
		{ "fd00::/8", "[fd12::1]:5", true },
		{ "fd00::/8", "[fe12::1]:5", false },
		{ "::1", "[::1]:5", true },
		{ "::/0", "unix", false },
		{ "::/0", "", false },
		{ "::/0", "[]:1", false },
		{ "::/0", "[:1", false },
	};
	static const char *const bad[] = {
		"", "/", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x",
		"10.0.0.0/255.0.255.0", "fd00::/129", "fd00::/255.0.0.0",
		"10.0.0.0/-1", "10.0.0.0/8 ", "localhost",
		"fd00::fd00::fd00::fd00::fd00::fd00::fd00::fd00::fd00::fd00::"
		"fd00::1/8",
	};
	struct network n;

	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(network_parse(cases[i].network, &n));
		assert_int_equal(network_has(&n, cases[i].peer), cases[i].has);
	}
	for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(network_parse(bad[i], &n));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bridge__a_known_signature),
		cmocka_unit_test(test_bridge__a_changed_request_is_refused),
		cmocka_unit_test(test_bridge__only_near_its_timestamp),
		cmocka_unit_test(test_bridge__without_a_secret_all_is_taken),
		cmocka_unit_test(test_bridge__a_replay_is_never_accepted),
		cmocka_unit_test(test_bridge__what_is_out_of_time_is_forgotten),
		cmocka_unit_test(test_bridge__too_many_requests_are_refused),
		cmocka_unit_test(test_bridge__out_of_memory_refuses),
		cmocka_unit_test(test_bridge__what_is_said_is_read),
		cmocka_unit_test(test_bridge__what_can_not_be_read_is_refused),
		cmocka_unit_test(test_bridge__content_types),
		cmocka_unit_test(test_bridge__networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
