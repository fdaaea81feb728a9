/* What the specification says of a router that authenticates, sentence by
 * sentence: "Challenge Response Authentication", "Ticket-based
 * Authentication", "WAMP-SCRAM", "Cryptosign-based Authentication"
 * (advanced). What test_authn.c shows is not here again. */
#include "door.h"

/* A copy: what was heard goes with the next knock. */
static struct bytes text_in(struct door *d, const struct value *dict,
			    const char *key)
{
	struct bytes text;
	char *copy;

	if (!value_get_str(dict_get(dict, key), &text))
		fail_msg("no text %s", key);
	copy = arena_str(&d->arena, text);
	assert_non_null(copy);
	return bytes_of(copy, text.len);
}

/* --- WAMP-CRA ------------------------------------------------------------ */

/* The object in CHALLENGE.Extra.challenge. */
static const struct value *claim_of(struct door *d)
{
	struct value *claim;

	knock(d, "wampcra", "kim", "");
	assert_int_equal(serializer_json.decode(
				 &d->arena, text_in(d, challenge(d, "wampcra"),
						    "challenge"),
				 &wamp_limits_default, &claim), 0);
	return claim;
}

static void test_cra__the_challenge_says_all(void **state)
{
	const struct value *claim;
	struct bytes nonce;
	uint64_t id;
	struct door d;

	(void)state;
	door_open(&d, AUTHN_WAMPCRA);
	d.kim.secret = (char *)"s3cret";
	claim = claim_of(&d);
	assert_true(bytes_equal_str(text_in(&d, claim, "authid"), "kim"));
	assert_true(bytes_equal_str(text_in(&d, claim, "authrole"), "keeper"));
	assert_true(bytes_equal_str(text_in(&d, claim, "authmethod"),
				    "wampcra"));
	assert_true(bytes_equal_str(text_in(&d, claim, "authprovider"),
				    "static"));
	assert_true(bytes_equal_str(text_in(&d, claim, "timestamp"),
				    "2023-11-14T22:13:20.000Z"));
	assert_true(value_get_range(dict_get(claim, "session"), 1,
				    1ULL << 53, &id));
	nonce = text_in(&d, claim, "nonce");
	assert_true(nonce.len >= 16);
	/* None comes twice. */
	claim = claim_of(&d);
	assert_false(bytes_equal(text_in(&d, claim, "nonce"), nonce));
	door_close(&d);
}

/* An answer to another challenge is none. */
static void test_cra__no_answer_counts_twice(void **state)
{
	struct buf signature;
	struct door d;

	(void)state;
	door_open(&d, AUTHN_WAMPCRA);
	d.kim.secret = (char *)"s3cret";
	buf_init(&signature);
	knock(&d, "wampcra", "kim", "");
	assert_int_equal(cra_answer(bytes_str("s3cret"),
				    challenge(&d, "wampcra"), &signature,
				    NULL), 0);
	knock(&d, "wampcra", "kim", "");
	challenge(&d, "wampcra");
	answer(&d, &signature);
	hears(&d.peer, DENIED);
	assert_true(d.peer.closed);
	door_close(&d);
}

/* --- tickets ------------------------------------------------------------- */

static void test_ticket__the_challenge_is_empty(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_TICKET);
	d.kim.secret = (char *)"s3cret!!!";
	knock(&d, "ticket", "kim", "");
	hears(&d.peer, "[4,'ticket',{}]");
	say(&d.peer, "[5,'s3cret!!!',{}]");
	hears(&d.peer, "[2,*'authid':'kim','authrole':'keeper',"
		       "'authmethod':'ticket','authprovider':'static'*");
	door_close(&d);
}

/* --- WAMP-SCRAM ---------------------------------------------------------- */

#define NONCE "egVDf3DMJh0="

static void test_scram__the_challenge(void **state)
{
	const struct value *extra;
	struct bytes nonce;
	struct door d;

	(void)state;
	scram_door(&d);
	knock(&d, "wamp-scram", "kim",
	      "'nonce':'" NONCE "','channel_binding':null");
	extra = challenge(&d, "wamp-scram");
	nonce = text_in(&d, extra, "nonce");
	assert_true(nonce.len >= 2 * strlen(NONCE));
	assert_memory_equal(nonce.data, NONCE, strlen(NONCE));
	assert_true(bytes_equal_str(text_in(&d, extra, "salt"), SALT));
	assert_true(bytes_equal_str(text_in(&d, extra, "kdf"), "pbkdf2"));
	assert_int_equal(dict_get(extra, "iterations")->integer, 4096);
	door_close(&d);
}

/* A proof that is right, but whose nonce or channel binding is not. */
static void test_scram__what_is_said_with_the_proof(void **state)
{
	static const char *const replies[] = {
		"{}", "{'nonce':'" NONCE "'}", "{'nonce':''}",
		"{'nonce':7}",
	};
	static const uint8_t random[SCRAM_RANDOM_BYTES] = { 9, 8, 7 };
	struct door d;

	(void)state;
	scram_door(&d);
	for (unsigned i = 0; i < sizeof replies / sizeof *replies; i++) {
		struct scram_client c;
		struct buf proof;
		char extra[96];

		buf_init(&proof);
		scram_client_init(&c, bytes_str("kim"), bytes_str("s3cret"),
				  random);
		snprintf(extra, sizeof extra, "'nonce':'%s'", c.nonce);
		knock(&d, "wamp-scram", "kim", extra);
		assert_int_equal(scram_answer(&c, challenge(&d, "wamp-scram"),
					      &proof, NULL), 0);
		buf_add_u8(&proof, 0);
		say(&d.peer, "[5,'%s',%s]", (const char *)proof.data,
		    replies[i]);
		if (i == 0) /* what Crossbar.io's clients leave out */
			hears(&d.peer, "[2,*");
		else
			hears(&d.peer, DENIED);
		buf_deinit(&proof);
		scram_client_deinit(&c);
	}
	door_close(&d);
}

/* Who does not exist has a salt, too, always the same one. */
static void test_scram__of_nobody(void **state)
{
	struct bytes first, again, other;
	struct door d;

	(void)state;
	scram_door(&d);
	knock(&d, "wamp-scram", "lea", "'nonce':'" NONCE "'");
	first = text_in(&d, challenge(&d, "wamp-scram"), "salt");
	knock(&d, "wamp-scram", "lea", "'nonce':'" NONCE "'");
	again = text_in(&d, challenge(&d, "wamp-scram"), "salt");
	knock(&d, "wamp-scram", "moe", "'nonce':'" NONCE "'");
	other = text_in(&d, challenge(&d, "wamp-scram"), "salt");
	assert_true(bytes_equal(first, again));
	assert_false(bytes_equal(first, other));
	assert_int_equal(first.len, strlen(SALT));
	door_close(&d);
}

/* --- cryptosign ---------------------------------------------------------- */

static void sign_door(struct door *d)
{
	door_open(d, AUTHN_CRYPTOSIGN);
	assert_int_equal(cryptosign_public_key(seed_of_kim, d->key), 0);
	d->kim.keys = d->key;
	d->kim.key_count = 1;
}

static void say_key(struct door *d, char extra[96])
{
	strcpy(extra, "'pubkey':'");
	for (unsigned i = 0; i < sizeof d->key; i++)
		snprintf(extra + strlen(extra), 3, "%02x", d->key[i]);
	strcat(extra, "'");
}

/* 32 random bytes in hex. */
static void test_cryptosign__the_challenge(void **state)
{
	struct bytes one, two;
	char extra[96];
	struct door d;

	(void)state;
	sign_door(&d);
	say_key(&d, extra);
	knock(&d, "cryptosign", "kim", extra);
	one = text_in(&d, challenge(&d, "cryptosign"), "challenge");
	knock(&d, "cryptosign", "kim", extra);
	two = text_in(&d, challenge(&d, "cryptosign"), "challenge");
	assert_int_equal(one.len, 64);
	for (unsigned i = 0; i < 64; i++)
		assert_non_null(strchr("0123456789abcdef", one.data[i]));
	assert_false(bytes_equal(one, two));
	door_close(&d);
}

/* The router gives who has said no name the one that the key is known by. */
static void test_cryptosign__without_a_name(void **state)
{
	struct buf signature;
	char extra[96];
	struct door d;

	(void)state;
	sign_door(&d);
	say_key(&d, extra);
	peer_init(&d.peer, &d.room);
	say(&d.peer, "[1,'realm1',{" ALL_ROLES
		     ",'authmethods':['cryptosign'],'authextra':{%s}}]",
	    extra);
	buf_init(&signature);
	assert_int_equal(cryptosign_answer(seed_of_kim,
					   challenge(&d, "cryptosign"),
					   &signature, NULL), 0);
	answer(&d, &signature);
	hears(&d.peer, "[2,*'authid':'kim','authrole':'keeper',"
		       "'authmethod':'cryptosign'*");
	door_close(&d);
}

/* The signature and what was signed, 96 bytes, in hex. */
static void test_cryptosign__signatures_that_are_none(void **state)
{
	static const char *const bad[] = { "", "00", "zz", "1" };
	char extra[96];
	struct door d;

	(void)state;
	sign_door(&d);
	say_key(&d, extra);
	for (unsigned i = 0; i < 5; i++) {
		struct buf signature;

		buf_init(&signature);
		knock(&d, "cryptosign", "kim", extra);
		if (i == 4) { /* of an earlier challenge */
			assert_int_equal(
				cryptosign_answer(seed_of_kim,
						  challenge(&d, "cryptosign"),
						  &signature, NULL), 0);
			knock(&d, "cryptosign", "kim", extra);
		} else {
			assert_int_equal(buf_add_str(&signature, bad[i]), 0);
		}
		challenge(&d, "cryptosign");
		answer(&d, &signature);
		hears(&d.peer, DENIED);
	}
	door_close(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cra__the_challenge_says_all),
		cmocka_unit_test(test_cra__no_answer_counts_twice),
		cmocka_unit_test(test_ticket__the_challenge_is_empty),
		cmocka_unit_test(test_scram__the_challenge),
		cmocka_unit_test(test_scram__what_is_said_with_the_proof),
		cmocka_unit_test(test_scram__of_nobody),
		cmocka_unit_test(test_cryptosign__the_challenge),
		cmocka_unit_test(test_cryptosign__without_a_name),
		cmocka_unit_test(test_cryptosign__signatures_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
