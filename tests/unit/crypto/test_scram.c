#include "crypto/scram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/base/fail_malloc.h"

/* RFC 7677, section 3; its router's nonce is not base64. The keys are what
 * Autobahn|Python's parts make of it. */
#define RFC_CLIENT_NONCE "rOprNGfwEbeRWgbNEkqO"
#define RFC_NONCE RFC_CLIENT_NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define RFC_SALT "W22ZaJ0SNY7soEsUEjb6gQ=="
#define RFC_PROOF "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define RFC_VERIFIER "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
#define RFC_STORED                                                            \
	"586e5df283e6dceb5c3e791d8b8528ec191e664045ce971792e2e6b5bb13e2a6"
#define RFC_SERVER                                                            \
	"c1f3cbc1c13a9d35a14c0990eed97629ea225863e566a4314ab99f3f00e5d9d5"

struct fixture {
	struct arena arena;
	struct scram_client client;
	struct scram_user user;
	struct value hello, challenge, answer, welcome; /* their dicts */
	struct buf auth_message, proof;
	struct why why;
};

static void setup(struct fixture *f, const char *password)
{
	static const uint8_t random[SCRAM_RANDOM_BYTES] = {
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	};

	memset(f, 0, sizeof *f);
	arena_init(&f->arena, 256);
	buf_init(&f->auth_message);
	buf_init(&f->proof);
	f->hello = f->challenge = value_dict();
	f->answer = f->welcome = value_dict();
	f->user.authid = bytes_str("a=b,c");
	f->user.salt = bytes_str("aBc+fx0NAVA=");
	f->user.iterations = 5000;
	scram_client_init(&f->client, f->user.authid, bytes_str(password),
			  random);
}

static void teardown(struct fixture *f)
{
	scram_client_deinit(&f->client);
	buf_deinit(&f->auth_message);
	buf_deinit(&f->proof);
	arena_deinit(&f->arena);
}

static void derive(struct fixture *f, const char *password)
{
	assert_int_equal(scram_derive(bytes_str(password), f->user.salt,
				      f->user.iterations, &f->user.keys,
				      &f->why), 0);
}

/* HELLO to CHALLENGE, on both sides. */
static int first_half(struct fixture *f)
{
	static const uint8_t random[SCRAM_RANDOM_BYTES] = {
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	};
	struct bytes nonce;
	int err = scram_client_authextra(&f->arena, &f->client, &f->hello);

	if (!err)
		err = scram_hello(&f->hello, &nonce, &f->why);
	return err ? err :
		     scram_challenge(&f->arena, &f->user, nonce, random,
				     &f->challenge, &f->auth_message);
}

static int answer(struct fixture *f)
{
	buf_clear(&f->proof);
	return scram_answer(&f->client, &f->challenge, &f->proof, &f->why);
}

static int verify(struct fixture *f)
{
	return scram_verify(&f->user.keys, buf_bytes(&f->auth_message),
			    buf_bytes(&f->proof), &f->answer, &f->why);
}

static int exchange(struct fixture *f)
{
	int err = first_half(f);

	if (!err)
		err = answer(f);
	if (!err)
		err = scram_answer_extra(&f->arena, &f->client, &f->answer);
	if (!err)
		err = verify(f);
	if (!err)
		err = scram_welcome(&f->arena, &f->user.keys,
				    buf_bytes(&f->auth_message), &f->welcome);
	return err ? err : scram_check_welcome(&f->client, &f->welcome);
}

static void set(struct fixture *f, struct value *dict, const char *key,
		struct value v)
{
	assert_int_equal(dict_set(&f->arena, dict, key, v), 0);
}

static void assert_text(const struct value *dict, const char *key,
			const char *expected)
{
	struct bytes text;

	assert_true(value_get_str(dict_get(dict, key), &text));
	assert_true(bytes_equal_str(text, expected));
}

static void assert_hex(const uint8_t *bytes, const char *hex)
{
	char got[2 * SHA256_BYTES + 1];

	bytes_hex(bytes_of(bytes, SHA256_BYTES), got);
	assert_string_equal(got, hex);
}

static void test_scram__client_of_the_rfc(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, "pencil");
	f.client.authid = bytes_str("user");
	strcpy(f.client.nonce, RFC_CLIENT_NONCE);
	set(&f, &f.challenge, "nonce", value_str(RFC_NONCE));
	set(&f, &f.challenge, "salt", value_str(RFC_SALT));
	set(&f, &f.challenge, "kdf", value_str("pbkdf2"));
	set(&f, &f.challenge, "iterations", value_int(4096));
	assert_int_equal(answer(&f), 0);
	assert_true(bytes_equal_str(buf_bytes(&f.proof), RFC_PROOF));
	assert_int_equal(scram_answer_extra(&f.arena, &f.client, &f.answer),
			 0);
	assert_text(&f.answer, "nonce", RFC_NONCE);
	set(&f, &f.welcome, "verifier", value_str(RFC_VERIFIER));
	assert_int_equal(scram_check_welcome(&f.client, &f.welcome), 0);
	set(&f, &f.welcome, "verifier", value_str("v=" RFC_VERIFIER));
	assert_int_equal(scram_check_welcome(&f.client, &f.welcome), 0);
	teardown(&f);
}

static void test_scram__router_of_the_rfc(void **state)
{
	const struct scram_terms terms = {
		.authid = bytes_str("user"),
		.client_nonce = bytes_str(RFC_CLIENT_NONCE),
		.nonce = bytes_str(RFC_NONCE),
		.salt = bytes_str(RFC_SALT),
		.iterations = 4096,
	};
	struct scram_keys keys;
	struct fixture f;

	(void)state;
	setup(&f, "");
	assert_int_equal(scram_derive(bytes_str("pencil"),
				      bytes_str(RFC_SALT), 4096, &keys, NULL),
			 0);
	assert_hex(keys.stored, RFC_STORED);
	assert_hex(keys.server, RFC_SERVER);
	assert_int_equal(scram_auth_message(&f.auth_message, &terms), 0);
	assert_true(bytes_equal_str(
		buf_bytes(&f.auth_message),
		"n=user,r=" RFC_CLIENT_NONCE ",r=" RFC_NONCE ",s=" RFC_SALT
		",i=4096,c=biws,r=" RFC_NONCE));
	assert_int_equal(scram_verify(&keys, buf_bytes(&f.auth_message),
				      bytes_str(RFC_PROOF), NULL, NULL), 0);
	assert_int_equal(scram_welcome(&f.arena, &keys,
				       buf_bytes(&f.auth_message),
				       &f.welcome), 0);
	assert_text(&f.welcome, "verifier", RFC_VERIFIER);
	teardown(&f);
}

/* Escaped name, password that is not ASCII; values by Autobahn|Python's
 * PBKDF2 and Python's HMAC. */
static void test_scram__both_sides_agree(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, "pässword");
	derive(&f, "pässword");
	assert_int_equal(exchange(&f), 0);
	assert_text(&f.hello, "nonce", "AAECAwQFBgcICQoLDA0ODw==");
	assert_int_equal(dict_get(&f.hello, "channel_binding")->type,
			 VALUE_NULL);
	assert_text(&f.challenge, "nonce",
		    "AAECAwQFBgcICQoLDA0ODw==EBESExQVFhcYGRobHB0eHw==");
	assert_text(&f.challenge, "salt", "aBc+fx0NAVA=");
	assert_text(&f.challenge, "kdf", "pbkdf2");
	assert_int_equal(dict_get(&f.challenge, "memory")->type, VALUE_NULL);
	assert_true(bytes_equal_str(
		buf_bytes(&f.auth_message),
		"n=a=3Db=2Cc,r=AAECAwQFBgcICQoLDA0ODw==,r=AAECAwQFBgcICQoLDA0O"
		"Dw==EBESExQVFhcYGRobHB0eHw==,s=aBc+fx0NAVA=,i=5000,c=biws,r=AA"
		"ECAwQFBgcICQoLDA0ODw==EBESExQVFhcYGRobHB0eHw=="));
	assert_true(bytes_equal_str(
		buf_bytes(&f.proof),
		"QXVx6WYzBRqcJuEaDgyVceIiq2lNsXgoRiWE6dCzSgg="));
	assert_text(&f.welcome, "verifier",
		    "/2CKi89Qvf/Ftfj1Nkoz5gokHgXpOL43wsauDonQmkY=");
	assert_int_equal(value_count(&f.answer), 3);
	teardown(&f);
}

static void test_scram__wrong_password_is_denied(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, "secreT");
	derive(&f, "secret");
	assert_int_equal(exchange(&f), ERR_DENIED);
	assert_int_equal(value_count(&f.welcome), 0);
	teardown(&f);
}

static void test_scram__tampered_proof_is_denied(void **state)
{
	struct fixture f;
	char whole[SCRAM_TEXT_SIZE];

	(void)state;
	setup(&f, "secret");
	derive(&f, "secret");
	assert_int_equal(exchange(&f), 0);
	assert_int_equal(f.proof.len, sizeof whole - 1);
	for (size_t i = 0; i < sizeof whole - 1; i++) {
		struct bytes cut = bytes_of(f.proof.data, i);

		f.proof.data[i] ^= 1;
		assert_int_equal(verify(&f), ERR_DENIED);
		f.proof.data[i] ^= 1;
		assert_int_equal(scram_verify(&f.user.keys,
					      buf_bytes(&f.auth_message), cut,
					      NULL, NULL), ERR_DENIED);
	}
	assert_int_equal(verify(&f), 0);
	for (size_t i = 0; i < f.auth_message.len; i++) {
		f.auth_message.data[i] ^= 1;
		assert_int_equal(scram_verify(&f.user.keys,
					      buf_bytes(&f.auth_message),
					      buf_bytes(&f.proof), NULL,
					      NULL), ERR_DENIED);
		f.auth_message.data[i] ^= 1;
	}
	teardown(&f);
}

static void test_scram__answer_has_our_nonce_or_none(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, "secret");
	derive(&f, "secret");
	assert_int_equal(exchange(&f), 0);
	set(&f, &f.answer, "nonce", value_str("AAECAwQFBgcICQoLDA0ODw=="));
	assert_int_equal(verify(&f), ERR_DENIED);
	set(&f, &f.answer, "nonce", value_int(1));
	assert_int_equal(verify(&f), ERR_DENIED);
	f.answer = value_dict();
	assert_int_equal(verify(&f), 0);
	teardown(&f);
}

/* A router without the keys can not welcome. */
static void test_scram__router_must_know_the_keys(void **state)
{
	struct fixture f;

	(void)state;
	setup(&f, "secret");
	derive(&f, "secret");
	assert_int_equal(scram_check_welcome(&f.client, &f.welcome),
			 ERR_STATE);
	assert_int_equal(exchange(&f), 0);
	set(&f, &f.welcome, "verifier", value_null());
	assert_int_equal(scram_check_welcome(&f.client, &f.welcome),
			 ERR_DENIED);
	assert_int_equal(scram_check_welcome(&f.client, NULL), ERR_DENIED);
	set(&f, &f.welcome, "verifier", value_str("v="));
	assert_int_equal(scram_check_welcome(&f.client, &f.welcome),
			 ERR_DENIED);
	memset(f.user.keys.server, 1, SHA256_BYTES);
	assert_int_equal(scram_welcome(&f.arena, &f.user.keys,
				       buf_bytes(&f.auth_message),
				       &f.welcome), 0);
	assert_int_equal(scram_check_welcome(&f.client, &f.welcome),
			 ERR_DENIED);
	teardown(&f);
}

static void test_scram__hello_is_checked(void **state)
{
	static const char *const wrong[] = { "", "abc", "a,b=", "ab c",
					     "Zh==" };
	char longest[SCRAM_NONCE_MAX / 2 + 5];
	struct bytes nonce;
	struct fixture f;

	(void)state;
	setup(&f, "secret");
	assert_int_equal(scram_hello(NULL, &nonce, &f.why), ERR_MALFORMED);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		set(&f, &f.hello, "nonce", value_str(wrong[i]));
		assert_int_equal(scram_hello(&f.hello, &nonce, &f.why),
				 ERR_MALFORMED);
	}
	memset(longest, 'A', sizeof longest);
	longest[SCRAM_NONCE_MAX / 2] = '\0';
	set(&f, &f.hello, "nonce", value_str(longest));
	assert_int_equal(scram_hello(&f.hello, &nonce, &f.why), 0);
	assert_int_equal(nonce.len, SCRAM_NONCE_MAX / 2);
	set(&f, &f.hello, "nonce",
	    value_text(bytes_of(memset(longest, 'A', sizeof longest),
				SCRAM_NONCE_MAX / 2 + 4)));
	assert_int_equal(scram_hello(&f.hello, &nonce, &f.why),
			 ERR_MALFORMED);
	teardown(&f);
}

static void test_scram__channel_binding_is_refused_by_name(void **state)
{
	struct fixture f;
	struct bytes nonce;

	(void)state;
	setup(&f, "secret");
	derive(&f, "secret");
	assert_int_equal(exchange(&f), 0);
	set(&f, &f.hello, "channel_binding", value_str("tls-unique"));
	assert_int_equal(scram_hello(&f.hello, &nonce, &f.why),
			 ERR_UNSUPPORTED);
	assert_non_null(strstr(f.why.text, "tls-unique"));
	set(&f, &f.answer, "channel_binding", value_str("tls-exporter"));
	assert_int_equal(verify(&f), ERR_UNSUPPORTED);
	assert_non_null(strstr(f.why.text, "tls-exporter"));
	teardown(&f);
}

/* The client's answer to a CHALLENGE whose `key` is `v`. */
static int answer_to(const char *key, struct value v, struct why *why)
{
	struct fixture f;
	int err;

	setup(&f, "secret");
	assert_int_equal(first_half(&f), 0);
	set(&f, &f.challenge, key, v);
	err = answer(&f);
	assert_true(err == 0 || f.proof.len == 0);
	assert_true(err == 0 || f.client.auth_message.len == 0);
	*why = f.why;
	teardown(&f);
	return err;
}

static void test_scram__argon2_is_refused_by_name(void **state)
{
	struct why why;

	(void)state;
	assert_int_equal(answer_to("kdf", value_str("argon2id13"), &why),
			 ERR_UNSUPPORTED);
	assert_non_null(strstr(why.text, "argon2id13"));
	assert_non_null(strstr(why.text, "pbkdf2"));
	assert_int_equal(answer_to("kdf", value_str("md5"), &why),
			 ERR_UNSUPPORTED);
	assert_int_equal(answer_to("kdf", value_null(), &why),
			 ERR_MALFORMED);
}

static void test_scram__client_refuses_a_bad_challenge(void **state)
{
	struct why why;
	const struct {
		const char *key;
		struct value value;
		int err;
	} cases[] = {
		/* Not ours, nothing added, something that means more. */
		{ "nonce", value_str("xAECAwQFBgcICQoLDA0ODw==EBESExQVFhc="),
		  ERR_DENIED },
		{ "nonce", value_str("AAECAwQFBgcICQoLDA0ODw=="),
		  ERR_DENIED },
		{ "nonce", value_str("AAECAwQFBgcICQoLDA0ODw==Zg==,s=Zg=="),
		  ERR_DENIED },
		{ "nonce", value_str("AAECAwQFBgcICQoLDA0ODw==\n"),
		  ERR_DENIED },
		{ "nonce", value_null(), ERR_DENIED },
		{ "salt", value_str("Zg=="), ERR_MALFORMED },
		{ "salt", value_str("aBc+fx0NAVA"), ERR_MALFORMED },
		{ "salt", value_null(), ERR_MALFORMED },
		/* Too cheap to be honest, too dear to be done. */
		{ "iterations", value_int(4095), ERR_RANGE },
		{ "iterations", value_int(PBKDF2_ITERATIONS_MAX + 1),
		  ERR_RANGE },
		{ "iterations", value_uint(UINT64_MAX), ERR_RANGE },
		{ "iterations", value_int(-4096), ERR_MALFORMED },
		{ "iterations", value_str("4096"), ERR_MALFORMED },
		{ "iterations", value_real(4096), ERR_MALFORMED },
		{ "channel_binding", value_str("tls-unique"),
		  ERR_UNSUPPORTED },
		{ "unknown", value_int(1), 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(answer_to(cases[i].key, cases[i].value,
					   &why), cases[i].err);
}

static void test_scram__text_without_control_characters(void **state)
{
	struct scram_keys keys;
	struct fixture f;

	(void)state;
	setup(&f, "secret");
	assert_int_equal(scram_derive(bytes_str("a\tb"), f.user.salt, 4096,
				      &keys, &f.why), ERR_MALFORMED);
	assert_int_equal(scram_derive(bytes_str("\xff"), f.user.salt, 4096,
				      &keys, &f.why), ERR_MALFORMED);
	assert_null(strstr(f.why.text, "\xff"));
	assert_int_equal(scram_derive(bytes_str("x"), f.user.salt, 4095,
				      &keys, &f.why), ERR_RANGE);
	assert_non_null(strstr(f.why.text, "4095"));
	f.client.authid = bytes_str("a\nb");
	assert_int_equal(first_half(&f), 0);
	assert_int_equal(answer(&f), ERR_MALFORMED);
	teardown(&f);
}

/* The same salt each time, another one for another name, as long as others'
 * are, and no way in. */
static void test_scram__unknown_user_looks_like_one(void **state)
{
	char salt[2][SCRAM_SALT_SIZE];
	struct bytes secret = bytes_str("the router's own"), like;
	struct scram_user other;
	struct fixture f;

	(void)state;
	setup(&f, "secret");
	like = f.user.salt;
	assert_int_equal(scram_pretend(secret, bytes_str("nobody"), like, 4096,
				       salt[0], &other), 0);
	assert_int_equal(scram_pretend(secret, bytes_str("a=b,c"), like, 4096,
				       salt[1], &other), 0);
	assert_string_not_equal(salt[0], salt[1]);
	assert_int_equal(strlen(salt[0]), like.len);
	assert_int_equal(scram_pretend(secret, bytes_str("a=b,c"), like, 4096,
				       salt[0], &f.user), 0);
	assert_string_equal(salt[0], salt[1]);
	assert_int_equal(exchange(&f), ERR_DENIED);
	assert_int_equal(scram_pretend(secret, bytes_str("x"), bytes_str(""),
				       4096, salt[0], &other), 0);
	assert_int_equal(strlen(salt[0]), BASE64_SIZE(SCRAM_RANDOM_BYTES) - 1);
	assert_int_equal(scram_pretend(secret, bytes_str("x"), bytes_str("!"),
				       4096, salt[0], &other), ERR_MALFORMED);
	teardown(&f);
}

/* AUTHENTICATE to WELCOME. */
static int second_half(struct fixture *f)
{
	int err = scram_answer_extra(&f->arena, &f->client, &f->answer);

	if (!err)
		err = verify(f);
	if (!err)
		err = scram_welcome(&f->arena, &f->user.keys,
				    buf_bytes(&f->auth_message), &f->welcome);
	return err ? err : scram_check_welcome(&f->client, &f->welcome);
}

/* One step of the exchange with its n-th allocation failing. Was there one? */
static bool fail_step(int (*step)(struct fixture *f),
		      const struct scram_keys *keys, size_t n)
{
	struct fixture f;
	bool hit;
	int err;

	setup(&f, "secret");
	f.user.iterations = SCRAM_ITERATIONS_MIN;
	f.user.keys = *keys;
	if (step != first_half)
		assert_int_equal(first_half(&f), 0);
	if (step == second_half)
		assert_int_equal(answer(&f), 0);
	fail_malloc_at(n);
	err = step(&f);
	hit = fail_malloc_off();
	assert_true(err == 0 || (hit && err == ERR_NOMEM));
	teardown(&f);
	return hit;
}

static void test_scram__each_allocation_may_fail(void **state)
{
	struct scram_keys keys;
	size_t n;

	(void)state;
	assert_int_equal(scram_derive(bytes_str("secret"),
				      bytes_str("aBc+fx0NAVA="),
				      SCRAM_ITERATIONS_MIN, &keys, NULL), 0);
	for (n = 1; fail_step(first_half, &keys, n); n++)
		;
	assert_true(n > 2);
	for (n = 1; fail_step(second_half, &keys, n); n++)
		;
	assert_true(n > 2);
	/* PBKDF2 allocates in each iteration: the first ones, and then ever
	 * farther apart. */
	for (n = 1; fail_step(answer, &keys, n); n += 1 + n / 16)
		;
	assert_true(n > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scram__client_of_the_rfc),
		cmocka_unit_test(test_scram__router_of_the_rfc),
		cmocka_unit_test(test_scram__both_sides_agree),
		cmocka_unit_test(test_scram__wrong_password_is_denied),
		cmocka_unit_test(test_scram__tampered_proof_is_denied),
		cmocka_unit_test(test_scram__answer_has_our_nonce_or_none),
		cmocka_unit_test(test_scram__router_must_know_the_keys),
		cmocka_unit_test(test_scram__hello_is_checked),
		cmocka_unit_test(
			test_scram__channel_binding_is_refused_by_name),
		cmocka_unit_test(test_scram__argon2_is_refused_by_name),
		cmocka_unit_test(test_scram__client_refuses_a_bad_challenge),
		cmocka_unit_test(test_scram__text_without_control_characters),
		cmocka_unit_test(test_scram__unknown_user_looks_like_one),
		cmocka_unit_test(test_scram__each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
