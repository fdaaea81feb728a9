#include "crypto/cryptosign.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/base/fail_malloc.h"

enum { KEY = CRYPTOSIGN_KEY_BYTES, TEXT = CRYPTOSIGN_TEXT_SIZE - 1 };

/* The spec's test_vectors_1 without channel_id (the public keys are
 * Autobahn|Python's), and one that Autobahn|Python made. A signature's last
 * 64 digits are the challenge. */
static const struct {
	const char *private, *public, *signature;
} vectors[] = {
	{ "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510",
	  "1adfc8bfe1d35616e64dffbd900096f23b066f914c8c2ffbb66f6075b96e116d",
	  "b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0c"
	  "ae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad566a6b7b728e5d03"
	  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" },
	{ "d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd",
	  "6ed32739ff04a6074044ff0b0e3bfc7c856bc9d5f1d25efc57363bda0af3a8b0",
	  "d4209ad10d5aff6bfbc009d7e924795de138a63515efc7afc6b01b7fe5201372"
	  "190374886a70207b042294af5bd64ce725cd8dceb344e6d11c09d1aaaf4d660f"
	  "b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d" },
	{ "6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b",
	  "28e11f427b82b9a625ee7ac89a7d29326b505f2dc11dd88c1245f83b6da79a85",
	  "7beb282184baadd08f166f16dd683b39cab53816ed81e6955def951cb2ddad1e"
	  "c184e206746fd82bda075af03711d3d5658fc84a76196b0fa8d1ebc92ef9f30b"
	  "b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2" },
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	  "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
	  "46fc09cc6f1d97d241e1b7a6fd1e46f788e6841d25eabbf3b5a9a44590086187"
	  "e42bedd04abff976d21e0387600b49f2552012e4a9bc4b15966a82b444db3001"
	  "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f" },
};
enum { VECTORS = sizeof vectors / sizeof *vectors };

struct fixture {
	uint8_t seed[KEY], public[KEY], challenge[CRYPTOSIGN_CHALLENGE_BYTES];
	struct arena arena;
	struct value dict;
	struct buf answer;
	struct why why;
};

static void key_of(const char *hex, uint8_t key[KEY])
{
	assert_int_equal(cryptosign_key(bytes_str(hex), "key", key, NULL), 0);
}

static void setup(struct fixture *f, int vector)
{
	memset(f, 0, sizeof *f);
	arena_init(&f->arena, 256);
	buf_init(&f->answer);
	f->dict = value_dict();
	key_of(vectors[vector].private, f->seed);
	key_of(vectors[vector].public, f->public);
	key_of(vectors[vector].signature + TEXT - 64, f->challenge);
}

static void teardown(struct fixture *f)
{
	buf_deinit(&f->answer);
	arena_deinit(&f->arena);
}

static void test_cryptosign__vectors_of_the_spec(void **state)
{
	(void)state;
	for (int i = 0; i < VECTORS; i++) {
		char text[CRYPTOSIGN_TEXT_SIZE];
		uint8_t public[KEY];
		struct fixture f;

		setup(&f, i);
		assert_int_equal(cryptosign_public_key(f.seed, public), 0);
		assert_memory_equal(public, f.public, KEY);
		assert_int_equal(cryptosign_sign(f.seed, f.challenge, text),
				 0);
		assert_string_equal(text, vectors[i].signature);
		assert_int_equal(cryptosign_verify(f.public, f.challenge,
						   bytes_str(text)), 0);
		teardown(&f);
	}
}

static void test_cryptosign__both_sides_agree(void **state)
{
	struct value extra = value_dict();
	uint8_t public[KEY];
	struct fixture f;

	(void)state;
	setup(&f, 1);
	assert_int_equal(cryptosign_authextra(&f.arena, f.seed, &f.dict), 0);
	assert_int_equal(cryptosign_hello(&f.dict, public, &f.why), 0);
	assert_memory_equal(public, f.public, KEY);
	assert_int_equal(cryptosign_challenge(&f.arena, f.challenge, &extra),
			 0);
	assert_int_equal(dict_get(&extra, "channel_binding")->type,
			 VALUE_NULL);
	assert_int_equal(cryptosign_answer(f.seed, &extra, &f.answer, &f.why),
			 0);
	assert_true(bytes_equal_str(buf_bytes(&f.answer),
				    vectors[1].signature));
	assert_int_equal(cryptosign_verify(public, f.challenge,
					   buf_bytes(&f.answer)), 0);
	teardown(&f);
}

static void test_cryptosign__tampered_is_denied(void **state)
{
	char text[CRYPTOSIGN_TEXT_SIZE + 1];
	struct fixture f;

	(void)state;
	setup(&f, 1);
	for (size_t i = 0; i < TEXT; i++) {
		strcpy(text, vectors[1].signature);
		text[i] = text[i] == '0' ? '1' : '0';
		assert_int_equal(cryptosign_verify(f.public, f.challenge,
						   bytes_str(text)),
				 ERR_DENIED);
		text[i] = 'g';
		assert_int_equal(cryptosign_verify(f.public, f.challenge,
						   bytes_str(text)),
				 ERR_DENIED);
		text[i] = '\0';
		assert_int_equal(cryptosign_verify(f.public, f.challenge,
						   bytes_of(text, TEXT)),
				 ERR_DENIED);
		assert_int_equal(cryptosign_verify(f.public, f.challenge,
						   bytes_of(text, i)),
				 ERR_DENIED);
	}
	strcpy(text, vectors[1].signature);
	strcat(text, "0");
	assert_int_equal(cryptosign_verify(f.public, f.challenge,
					   bytes_str(text)), ERR_DENIED);
	for (int i = 0; i < KEY; i++) {
		f.public[i] ^= 1;
		assert_int_equal(
			cryptosign_verify(f.public, f.challenge,
					  bytes_str(vectors[1].signature)),
			ERR_DENIED);
		f.public[i] ^= 1;
	}
	teardown(&f);
}

/* Rightly signed, but by another, or something else than was asked. */
static void test_cryptosign__replayed_is_denied(void **state)
{
	struct fixture f, other;

	(void)state;
	setup(&f, 1);
	setup(&other, 2);
	assert_int_equal(cryptosign_verify(f.public, other.challenge,
					   bytes_str(vectors[1].signature)),
			 ERR_DENIED);
	assert_int_equal(cryptosign_verify(other.public, f.challenge,
					   bytes_str(vectors[1].signature)),
			 ERR_DENIED);
	teardown(&other);
	teardown(&f);
}

static void test_cryptosign__keys_are_64_digits(void **state)
{
	static const char *const wrong[] = {
		"", "4d57",
		"4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de280451",
		"4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de28045101",
		"4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de280451x",
		"0x57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510",
	};
	uint8_t key[KEY];
	struct why why;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(cryptosign_key(bytes_str(wrong[i]),
						"users[0].key", key, &why),
				 ERR_MALFORMED);
		assert_non_null(strstr(why.text, "users[0].key"));
		/* It may be a private one. */
		if (strlen(wrong[i]) > 4)
			assert_null(strstr(why.text, "d97a68f5"));
	}
}

static void test_cryptosign__hello_without_a_key(void **state)
{
	uint8_t key[KEY];
	struct fixture f;

	(void)state;
	setup(&f, 0);
	assert_int_equal(cryptosign_hello(NULL, key, &f.why), ERR_MALFORMED);
	assert_int_equal(cryptosign_hello(&f.dict, key, NULL), ERR_MALFORMED);
	assert_int_equal(dict_set(&f.arena, &f.dict, "pubkey", value_int(1)),
			 0);
	assert_int_equal(cryptosign_hello(&f.dict, key, NULL), ERR_MALFORMED);
	assert_int_equal(dict_set(&f.arena, &f.dict, "pubkey",
				  value_str("ab")), 0);
	assert_int_equal(cryptosign_hello(&f.dict, key, &f.why),
			 ERR_MALFORMED);
	assert_non_null(strstr(f.why.text, "authextra.pubkey"));
	teardown(&f);
}

static void test_cryptosign__channel_binding_is_refused_by_name(void **state)
{
	uint8_t key[KEY];
	struct fixture f;

	(void)state;
	setup(&f, 0);
	assert_int_equal(cryptosign_authextra(&f.arena, f.seed, &f.dict), 0);
	assert_int_equal(dict_set(&f.arena, &f.dict, "channel_binding",
				  value_null()), 0);
	assert_int_equal(cryptosign_hello(&f.dict, key, &f.why), 0);
	assert_int_equal(dict_set(&f.arena, &f.dict, "channel_binding",
				  value_str("tls-unique")), 0);
	assert_int_equal(cryptosign_hello(&f.dict, key, &f.why),
			 ERR_UNSUPPORTED);
	assert_non_null(strstr(f.why.text, "tls-unique"));
	assert_int_equal(cryptosign_answer(f.seed, &f.dict, &f.answer,
					   &f.why), ERR_UNSUPPORTED);
	assert_int_equal(dict_set(&f.arena, &f.dict, "channel_binding",
				  value_bool(true)), 0);
	assert_int_equal(cryptosign_hello(&f.dict, key, NULL),
			 ERR_UNSUPPORTED);
	teardown(&f);
}

/* The client signs 32 bytes and nothing else. */
static void test_cryptosign__client_refuses_a_bad_challenge(void **state)
{
	static const char *const wrong[] = {
		"", "00",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff0",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff00",
		"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff-",
	};
	struct fixture f;

	(void)state;
	setup(&f, 0);
	assert_int_equal(cryptosign_answer(f.seed, &f.dict, &f.answer,
					   &f.why), ERR_MALFORMED);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(dict_set(&f.arena, &f.dict, "challenge",
					  value_str(wrong[i])), 0);
		assert_int_equal(cryptosign_answer(f.seed, &f.dict, &f.answer,
						   &f.why), ERR_MALFORMED);
	}
	assert_int_equal(f.answer.len, 0);
	teardown(&f);
}

static int whole_exchange(struct fixture *f)
{
	struct value extra = value_dict();
	uint8_t public[KEY];
	int err = cryptosign_authextra(&f->arena, f->seed, &f->dict);

	if (!err)
		err = cryptosign_hello(&f->dict, public, NULL);
	if (!err)
		err = cryptosign_challenge(&f->arena, f->challenge, &extra);
	if (!err)
		err = cryptosign_answer(f->seed, &extra, &f->answer, NULL);
	return err ? err :
		     cryptosign_verify(public, f->challenge,
				       buf_bytes(&f->answer));
}

static void test_cryptosign__each_allocation_may_fail(void **state)
{
	size_t n = 1;
	bool hit;

	(void)state;
	do {
		struct fixture f;
		int err;

		setup(&f, 2);
		fail_malloc_at(n++);
		err = whole_exchange(&f);
		hit = fail_malloc_off();
		/* OpenSSL does not tell a failed verification from one that
		 * ran out of memory. */
		assert_true(err == 0 || (hit && (err == ERR_NOMEM ||
						 err == ERR_DENIED)));
		teardown(&f);
	} while (hit);
	assert_true(n > 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cryptosign__vectors_of_the_spec),
		cmocka_unit_test(test_cryptosign__both_sides_agree),
		cmocka_unit_test(test_cryptosign__tampered_is_denied),
		cmocka_unit_test(test_cryptosign__replayed_is_denied),
		cmocka_unit_test(test_cryptosign__keys_are_64_digits),
		cmocka_unit_test(test_cryptosign__hello_without_a_key),
		cmocka_unit_test(
			test_cryptosign__channel_binding_is_refused_by_name),
		cmocka_unit_test(
			test_cryptosign__client_refuses_a_bad_challenge),
		cmocka_unit_test(test_cryptosign__each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
