#include "crypto/cra.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/base/fail_malloc.h"
#include "wamp/serializer.h"

static const uint8_t nonce[CRA_NONCE_BYTES] = { 1, 2, 3 };

static struct cra_claim claim(void)
{
	return (struct cra_claim){ .authid = bytes_str("pe\"ter"),
				   .authrole = bytes_str("user"),
				   .authprovider = bytes_str("static"),
				   .session = 3251278072152162 };
}

static const struct cra_salting *salting(void)
{
	static struct cra_salting s;

	s = (struct cra_salting){ bytes_str("salt123"), 100, 32 };
	return &s;
}

/* CHALLENGE.Extra as our router makes it. */
static int make(struct arena *a, const struct cra_salting *s,
		struct value *extra)
{
	struct cra_claim who = claim();

	*extra = value_dict();
	/* 2014-06-22T16:36:25.048Z */
	return cra_challenge(a, &who, s, nonce, 1403454985048, extra);
}

static struct bytes text_of(const struct value *dict, const char *key)
{
	struct bytes text;

	assert_true(value_get_str(dict_get(dict, key), &text));
	return text;
}

static uint64_t number_of(const struct value *dict, const char *key)
{
	uint64_t n;

	assert_true(value_get_uint(dict_get(dict, key), &n));
	return n;
}

/* The challenge is the spec's; the signatures are Autobahn|Python's. */
#define SPEC_CHALLENGE                                                        \
	"{ \"nonce\": \"LHRTC9zeOIrt_9U3\", \"authprovider\": \"userdb\", "   \
	"\"authid\": \"peter\", \"timestamp\": \"2014-06-22T16:36:25.448Z\", " \
	"\"authrole\": \"user\", \"authmethod\": \"wampcra\", "               \
	"\"session\": 3251278072152162}"

static void test_cra__signature_as_autobahn_makes_it(void **state)
{
	char text[CRA_SIGNATURE_SIZE];

	(void)state;
	assert_int_equal(cra_sign(bytes_str("secret1"),
				  bytes_str(SPEC_CHALLENGE), text), 0);
	assert_string_equal(text,
			    "g3rbrS3LXjzaG0ZMGw5j6di+rkK5pbpkzm2R8O7LfxQ=");
	assert_int_equal(
		cra_sign(bytes_str("secret1"),
			 bytes_str("{\"authid\":\"peter\",\"n\":\"ü\\n\"}"),
			 text), 0);
	assert_string_equal(text,
			    "YUyaomm4IGj8O8p8tQ9jxetEE7xeTshjtV0oFjgR+YA=");
}

static void test_cra__derived_key_as_autobahn_makes_it(void **state)
{
	struct cra_salting s = { bytes_str("salt123"), 1000, 32 };
	char key[CRA_KEY_SIZE_MAX];

	(void)state;
	assert_int_equal(cra_derive_key(bytes_str("pässword"), &s, key), 0);
	assert_string_equal(key,
			    "D0EoOPzrBrtQ5kJrRx2q+e2yOqrm2LbnaI7btL4MXew=");
	s = (struct cra_salting){ bytes_str("sält"), 4096, 64 };
	assert_int_equal(cra_derive_key(bytes_str("pässword"), &s, key), 0);
	assert_string_equal(key,
			    "CcP4jimY4zB/v9i35ZhTcvtLACpJEAjxuqxUeNiOgyps0Qcm"
			    "kNludLW+pIX7iFVkGUv5C8t7kqScMmNf2ln9XQ==");
}

static void test_cra__salted_answer_as_autobahn_gives_it(void **state)
{
	struct arena a;
	struct value extra = value_dict();
	struct buf answer;

	(void)state;
	arena_init(&a, 1024);
	buf_init(&answer);
	assert_int_equal(dict_set(&a, &extra, "challenge",
				  value_str(SPEC_CHALLENGE)), 0);
	assert_int_equal(dict_set(&a, &extra, "salt", value_str("salt123")),
			 0);
	assert_int_equal(dict_set(&a, &extra, "iterations", value_int(100)),
			 0);
	assert_int_equal(dict_set(&a, &extra, "keylen", value_int(32)), 0);
	assert_int_equal(cra_answer(bytes_str("secret1"), &extra, &answer,
				    NULL), 0);
	assert_true(bytes_equal_str(
		buf_bytes(&answer),
		"tVOft8GECrnrlk3tfEBRGLBUaJyEmQVhTKjMT4ULMZ8="));
	buf_deinit(&answer);
	arena_deinit(&a);
}

static void test_cra__challenge_says_who_and_when(void **state)
{
	struct arena a;
	struct value extra, *said;

	(void)state;
	arena_init(&a, 1024);
	assert_int_equal(make(&a, NULL, &extra), 0);
	assert_int_equal(value_count(&extra), 1);
	assert_int_equal(serializer_json.decode(
				 &a, text_of(&extra, "challenge"),
				 &wamp_limits_default, &said), 0);
	assert_true(bytes_equal_str(text_of(said, "authid"), "pe\"ter"));
	assert_true(bytes_equal_str(text_of(said, "authrole"), "user"));
	assert_true(bytes_equal_str(text_of(said, "authmethod"), "wampcra"));
	assert_true(bytes_equal_str(text_of(said, "authprovider"), "static"));
	assert_true(bytes_equal_str(text_of(said, "timestamp"),
				    "2014-06-22T16:36:25.048Z"));
	assert_true(bytes_equal_str(text_of(said, "nonce"),
				    "AQIDAAAAAAAAAAAAAAAAAA=="));
	assert_int_equal(number_of(said, "session"), 3251278072152162);
	assert_int_equal(value_count(said), 7);
	arena_deinit(&a);
}

static void test_cra__challenge_carries_the_salting(void **state)
{
	struct arena a;
	struct value extra;

	(void)state;
	arena_init(&a, 1024);
	assert_int_equal(make(&a, salting(), &extra), 0);
	assert_true(bytes_equal_str(text_of(&extra, "salt"), "salt123"));
	assert_int_equal(number_of(&extra, "iterations"), 100);
	assert_int_equal(number_of(&extra, "keylen"), 32);
	arena_deinit(&a);
}

/* What the client answers to make(), and what the router thinks of it. */
static int exchange(const char *secret, const char *key,
		    const struct cra_salting *s)
{
	struct arena a;
	struct value extra;
	struct buf answer;
	int err;

	arena_init(&a, 1024);
	buf_init(&answer);
	err = make(&a, s, &extra);
	if (!err)
		err = cra_answer(bytes_str(secret), &extra, &answer, NULL);
	if (!err)
		err = cra_verify(bytes_str(key), text_of(&extra, "challenge"),
				 buf_bytes(&answer));
	buf_deinit(&answer);
	arena_deinit(&a);
	return err;
}

static void test_cra__both_sides_agree(void **state)
{
	char key[CRA_KEY_SIZE_MAX];

	(void)state;
	assert_int_equal(exchange("secret", "secret", NULL), 0);
	assert_int_equal(exchange("secret", "secreT", NULL), ERR_DENIED);
	assert_int_equal(exchange("", "secret", NULL), ERR_DENIED);
	assert_int_equal(cra_derive_key(bytes_str("secret"), salting(), key),
			 0);
	assert_int_equal(exchange("secret", key, salting()), 0);
	assert_int_equal(exchange("secreT", key, salting()), ERR_DENIED);
	/* The password is not the key. */
	assert_int_equal(exchange("secret", "secret", salting()), ERR_DENIED);
}

static void test_cra__tampered_is_denied(void **state)
{
	struct bytes key = bytes_str("secret");
	char right[CRA_SIGNATURE_SIZE], text[CRA_SIGNATURE_SIZE + 1];
	char challenge[] = SPEC_CHALLENGE;

	(void)state;
	assert_int_equal(cra_sign(key, bytes_str(challenge), right), 0);
	for (size_t i = 0; i < sizeof right - 1; i++) {
		memcpy(text, right, sizeof right);
		text[i] ^= 1;
		assert_int_equal(cra_verify(key, bytes_str(challenge),
					    bytes_str(text)), ERR_DENIED);
		assert_int_equal(cra_verify(key, bytes_str(challenge),
					    bytes_of(right, i)), ERR_DENIED);
	}
	memcpy(text, right, sizeof right);
	text[sizeof right - 1] = ' ';
	assert_int_equal(cra_verify(key, bytes_str(challenge),
				    bytes_of(text, sizeof right)),
			 ERR_DENIED);
	for (size_t i = 0; i < sizeof challenge - 1; i++) {
		challenge[i] ^= 1;
		assert_int_equal(cra_verify(key, bytes_str(challenge),
					    bytes_str(right)), ERR_DENIED);
		challenge[i] ^= 1;
	}
	assert_int_equal(cra_verify(key, bytes_str(challenge),
				    bytes_str(right)), 0);
}

/* A CHALLENGE whose `key` is `v`: the client's answer. */
static int answer_to(const char *key, struct value v, struct why *why)
{
	struct arena a;
	struct value extra;
	struct buf answer;
	int err;

	arena_init(&a, 1024);
	buf_init(&answer);
	assert_int_equal(make(&a, salting(), &extra), 0);
	assert_int_equal(dict_set(&a, &extra, key, v), 0);
	err = cra_answer(bytes_str("secret"), &extra, &answer, why);
	assert_true(err == 0 || answer.len == 0);
	buf_deinit(&answer);
	arena_deinit(&a);
	return err;
}

static void test_cra__client_refuses_what_is_out_of_range(void **state)
{
	struct why why;

	(void)state;
	assert_int_equal(answer_to("iterations",
				   value_int(PBKDF2_ITERATIONS_MAX + 1),
				   &why), ERR_RANGE);
	assert_non_null(strstr(why.text, "iterations"));
	assert_int_equal(answer_to("iterations", value_int(0), NULL),
			 ERR_RANGE);
	assert_int_equal(answer_to("iterations", value_int(-1), NULL),
			 ERR_RANGE);
	assert_int_equal(answer_to("iterations", value_str("100"), NULL),
			 ERR_RANGE);
	assert_int_equal(answer_to("keylen", value_int(15), &why), ERR_RANGE);
	assert_non_null(strstr(why.text, "keylen"));
	assert_int_equal(answer_to("keylen", value_int(65), NULL), ERR_RANGE);
	assert_int_equal(answer_to("salt", value_int(7), NULL),
			 ERR_MALFORMED);
	assert_int_equal(answer_to("challenge", value_null(), &why),
			 ERR_MALFORMED);
	assert_int_equal(answer_to("keylen", value_int(64), NULL), 0);
}

static void test_cra__no_time_before_1970(void **state)
{
	struct cra_claim who = claim();
	struct arena a;
	struct value extra = value_dict();

	(void)state;
	arena_init(&a, 1024);
	assert_int_equal(cra_challenge(&a, &who, NULL, nonce, -1, &extra),
			 ERR_RANGE);
	arena_deinit(&a);
}

static void test_cra__each_allocation_may_fail(void **state)
{
	char key[CRA_KEY_SIZE_MAX];
	size_t n = 1;
	bool hit;

	(void)state;
	assert_int_equal(cra_derive_key(bytes_str("secret"), salting(), key),
			 0);
	do {
		struct arena a;
		struct value extra;
		struct buf answer;
		struct bytes challenge = { NULL, 0 };
		int err;

		arena_init(&a, 64);
		buf_init(&answer);
		fail_malloc_at(n++);
		err = make(&a, salting(), &extra);
		if (!err)
			err = cra_answer(bytes_str("secret"), &extra, &answer,
					 NULL);
		(void)value_get_str(dict_get(&extra, "challenge"),
				    &challenge);
		if (!err)
			err = cra_verify(bytes_str(key), challenge,
					 buf_bytes(&answer));
		hit = fail_malloc_off();
		/* A loss of memory never lets anybody in, nor is it taken
		 * for a wrong secret. */
		assert_true(err == 0 || (hit && err == ERR_NOMEM));
		buf_deinit(&answer);
		arena_deinit(&a);
	} while (hit);
	assert_true(n > 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cra__signature_as_autobahn_makes_it),
		cmocka_unit_test(test_cra__derived_key_as_autobahn_makes_it),
		cmocka_unit_test(test_cra__salted_answer_as_autobahn_gives_it),
		cmocka_unit_test(test_cra__challenge_says_who_and_when),
		cmocka_unit_test(test_cra__challenge_carries_the_salting),
		cmocka_unit_test(test_cra__both_sides_agree),
		cmocka_unit_test(test_cra__tampered_is_denied),
		cmocka_unit_test(test_cra__client_refuses_what_is_out_of_range),
		cmocka_unit_test(test_cra__no_time_before_1970),
		cmocka_unit_test(test_cra__each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
