/* What each method keeps to: an answer counts once and in time, and who does
 * not exist is told what others with a wrong secret are. */
#include <unistd.h>

#include "door.h"

#include "router/machine.h"

#define VIOLATION "[3,*'wamp.error.protocol_violation']"

/* kim with what each method needs; the secret is the same. */
static void house_open(struct door *d, enum authn_method method)
{
	static char key[CRA_KEY_SIZE_MAX];
	const struct cra_salting salting = { bytes_str("salt123"), 100, 32 };

	door_open(d, method);
	d->kim.secret = (char *)"s3cret";
	if (method == AUTHN_WAMPCRA) {
		assert_int_equal(cra_derive_key(bytes_str("s3cret"), &salting,
						key), 0);
		d->kim.secret = key;
		d->kim.salt = (char *)"salt123";
		d->kim.iterations = 100;
		d->kim.key_bytes = 32;
	}
	if (method == AUTHN_SCRAM) {
		d->kim.salt = (char *)SALT;
		d->kim.iterations = 4096;
		assert_int_equal(scram_derive(bytes_str("s3cret"),
					      bytes_str(SALT), 4096,
					      &d->kim.scram, NULL), 0);
	}
	assert_int_equal(cryptosign_public_key(seed_of_kim, d->key), 0);
	d->kim.keys = d->key;
	d->kim.key_count = 1;
}

/* HELLO by the method, and the answer to its CHALLENGE, not yet said. */
static void prepare(struct door *d, const char *method, const char *authid,
		    const char *secret, struct buf *proof)
{
	static const uint8_t random[SCRAM_RANDOM_BYTES] = { 5 };
	uint8_t seed[CRYPTOSIGN_KEY_BYTES] = { 0 }, key[CRYPTOSIGN_KEY_BYTES];
	char extra[96] = "", hex[2 * CRYPTOSIGN_KEY_BYTES + 1];
	const struct value *asked;
	struct scram_client c;
	int err = 0;

	scram_client_init(&c, bytes_str(authid), bytes_str(secret), random);
	memcpy(seed, strcmp(secret, "s3cret") ? (const uint8_t *)"other"
					      : seed_of_kim, 5);
	assert_int_equal(cryptosign_public_key(seed, key), 0);
	bytes_hex(bytes_of(key, sizeof key), hex);
	if (!strcmp(method, "cryptosign"))
		snprintf(extra, sizeof extra, "'pubkey':'%s'", hex);
	else if (!strcmp(method, "wamp-scram"))
		snprintf(extra, sizeof extra, "'nonce':'%s'", c.nonce);
	knock(d, method, authid, extra);
	asked = challenge(d, method);
	buf_init(proof);
	if (!strcmp(method, "cryptosign"))
		err = cryptosign_answer(seed, asked, proof, NULL);
	else if (!strcmp(method, "wamp-scram"))
		err = scram_answer(&c, asked, proof, NULL);
	else if (!strcmp(method, "wampcra"))
		err = cra_answer(bytes_str(secret), asked, proof, NULL);
	else
		err = buf_add_str(proof, secret);
	assert_int_equal(err, 0);
	scram_client_deinit(&c);
}

static const struct {
	enum authn_method method;
	const char *name;
} all[] = {
	{ AUTHN_TICKET, "ticket" },
	{ AUTHN_WAMPCRA, "wampcra" },
	{ AUTHN_SCRAM, "wamp-scram" },
	{ AUTHN_CRYPTOSIGN, "cryptosign" },
};
enum { ALL = sizeof all / sizeof *all };

/* --- challenges ---------------------------------------------------------- */

/* What answered one session's challenge is no answer to another one's. */
static void test_authn__an_answer_is_of_its_session(void **state)
{
	struct buf one, two;
	struct door d;

	(void)state;
	for (unsigned i = 1; i < ALL; i++) {
		house_open(&d, all[i].method);
		prepare(&d, all[i].name, "kim", "s3cret", &one);
		prepare(&d, all[i].name, "kim", "s3cret", &two);
		assert_false(bytes_equal(buf_bytes(&one), buf_bytes(&two)));
		answer(&d, &one);
		hears(&d.peer, DENIED);
		prepare(&d, all[i].name, "kim", "s3cret", &one);
		answer(&d, &one);
		hears(&d.peer, "[2,*");
		buf_deinit(&two);
		door_close(&d);
	}
}

static void test_authn__there_is_one_answer(void **state)
{
	struct buf proof;
	struct door d;

	(void)state;
	for (unsigned i = 0; i < ALL; i++) {
		house_open(&d, all[i].method);
		prepare(&d, all[i].name, "kim", "wrong", &proof);
		answer(&d, &proof);
		hears(&d.peer, DENIED);
		assert_true(d.peer.closed);
		say(&d.peer, "[5,'s3cret',{}]"); /* to nobody */
		hears_nothing(&d.peer);
		prepare(&d, all[i].name, "kim", "s3cret", &proof);
		answer(&d, &proof);
		hears(&d.peer, "[2,*");
		say(&d.peer, "[5,'s3cret',{}]");
		hears(&d.peer, VIOLATION);
		door_close(&d);
	}
}

/* A second HELLO is no second try. */
static void test_authn__a_challenge_is_answered_or_nothing(void **state)
{
	struct door d;

	(void)state;
	house_open(&d, AUTHN_TICKET);
	knock(&d, "ticket", "kim", "");
	hears(&d.peer, "[4,*");
	say(&d.peer, "[1,'realm1',{" ALL_ROLES ",'authmethods':['ticket'],"
		     "'authid':'kim'}]");
	hears(&d.peer, VIOLATION);
	knock(&d, "ticket", "kim", "");
	hears(&d.peer, "[4,*");
	say(&d.peer, "[48,1,{},'com.x']");
	hears(&d.peer, VIOLATION);
	peer_deinit(&d.peer);
	peer_init(&d.peer, &d.room);
	say(&d.peer, "[5,'s3cret',{}]");
	hears(&d.peer, VIOLATION);
	door_close(&d);
}

/* The time is HELLO's and AUTHENTICATE's together. */
static void test_authn__an_answer_comes_in_time(void **state)
{
	struct buf proof;
	struct door d;

	(void)state;
	for (unsigned i = 0; i < ALL; i++) {
		house_open(&d, all[i].method);
		peer_init(&d.peer, &d.room);
		prepare(&d, all[i].name, "kim", "s3cret", &proof);
		room_wait(&d.room, HELLO_MS - 1);
		hears_nothing(&d.peer);
		room_wait(&d.room, 1);
		hears(&d.peer, "[3,*'wamp.error.timeout']");
		assert_true(d.peer.closed);
		answer(&d, &proof);
		hears_nothing(&d.peer);
		door_close(&d);
	}
}

/* --- who does not exist -------------------------------------------------- */

/* The numbers and the salt's form; the rest is random. */
static void describe(const struct value *extra, char *out, size_t size)
{
	static const char *const keys[] = { "iterations", "keylen", "salt",
					    "kdf", "memory" };
	struct bytes text;
	uint64_t n;

	*out = '\0';
	for (unsigned i = 0; i < sizeof keys / sizeof *keys; i++) {
		const struct value *v = dict_get(extra, keys[i]);
		size_t len = strlen(out);

		text = bytes_str("");
		n = 0;
		if (v && !value_get_uint(v, &n) && value_get_str(v, &text))
			n = text.len;
		snprintf(out + len, size - len, "%s:%d:%d ", keys[i],
			 v ? (int)v->type : -1, (int)n);
	}
	n = value_count(extra);
	snprintf(out + strlen(out), size - strlen(out), "%d", (int)n);
}

static void test_authn__who_does_not_exist_is_told_the_same(void **state)
{
	char forms[2][256], *refusal;
	struct buf proof;
	struct door d;

	(void)state;
	for (unsigned i = 0; i < ALL; i++) {
		house_open(&d, all[i].method);
		prepare(&d, all[i].name, "kim", "wrong", &proof);
		d.peer.heard_next = 0;
		describe(challenge(&d, all[i].name), forms[0], 256);
		answer(&d, &proof);
		refusal = strdup(heard(&d.peer));
		prepare(&d, all[i].name, "lea", "s3cret", &proof);
		d.peer.heard_next = 0;
		describe(challenge(&d, all[i].name), forms[1], 256);
		answer(&d, &proof);
		assert_string_equal(heard(&d.peer), refusal);
		assert_string_equal(forms[0], forms[1]);
		free(refusal);
		door_close(&d);
	}
}

static void test_authn__nonsense_is_told_the_same(void **state)
{
	static const char *const nonsense[] = { "", "x", "====", "AAAA" };
	char *refusal;
	struct buf proof;
	struct door d;

	(void)state;
	for (unsigned i = 0; i < ALL; i++) {
		house_open(&d, all[i].method);
		for (unsigned j = 0; j < 4; j++) {
			prepare(&d, all[i].name, "kim", "s3cret", &proof);
			buf_deinit(&proof);
			say(&d.peer, "[5,'%s',{}]", nonsense[j]);
			refusal = strdup(heard(&d.peer));
			prepare(&d, all[i].name, "lea", "s3cret", &proof);
			buf_deinit(&proof);
			say(&d.peer, "[5,'%s',{}]", nonsense[j]);
			assert_string_equal(heard(&d.peer), refusal);
			assert_true(looks_like(DENIED, refusal));
			free(refusal);
		}
		door_close(&d);
	}
}

/* Where users differ, those who do not exist differ as they do, and stay what
 * they are: the role that a challenge names, too. */
static void test_authn__who_does_not_exist_is_like_one_who_does(void **state)
{
	unsigned keepers = 0, salted = 0;
	struct principal two[2];
	struct door d;

	(void)state;
	house_open(&d, AUTHN_WAMPCRA);
	two[0] = two[1] = d.kim;
	two[1].authid = (char *)"joe";
	two[1].role = (char *)"guest";
	two[1].salt = NULL;
	d.room.authn.ways[AUTHN_WAMPCRA].principals = two;
	d.room.authn.ways[AUTHN_WAMPCRA].count = 2;
	for (unsigned i = 0; i < 64; i++) {
		char name[16];
		bool is_keeper[2], is_salted[2];

		snprintf(name, sizeof name, "nobody%u", i);
		for (unsigned j = 0; j < 2; j++) {
			const struct value *extra;
			struct bytes text;

			knock(&d, "wampcra", name, "");
			extra = challenge(&d, "wampcra");
			assert_true(value_get_str(dict_get(extra, "challenge"),
						  &text));
			is_keeper[j] = memmem(text.data, text.len, "keeper",
					      6);
			assert_true(is_keeper[j] ||
				    memmem(text.data, text.len, "guest", 5));
			is_salted[j] = dict_get(extra, "salt") != NULL;
			assert_int_equal(is_keeper[j], is_salted[j]);
		}
		assert_int_equal(is_keeper[0], is_keeper[1]);
		keepers += is_keeper[0];
		salted += is_salted[0];
	}
	assert_in_range(keepers, 8, 56);
	assert_int_equal(keepers, salted);
	door_close(&d);
}

/* The same machine makes up the same salts after a restart, another one does
 * not. */
static void test_authn__a_made_up_salt_outlives_a_restart(void **state)
{
	static const char *const ids[] = {
		"0123456789abcdef0123456789abcdef\n",
		"0123456789abcdef0123456789abcdef\n",
		"f123456789abcdef0123456789abcdef\n",
	};
	char salts[3][SCRAM_SALT_SIZE], file[] = "/tmp/manyhands-id-XXXXXX";
	uint8_t key[SHA256_BYTES];
	struct bytes salt;
	int fd = mkstemp(file);

	(void)state;
	assert_true(fd >= 0);
	for (unsigned i = 0; i < 3; i++) {
		struct door d;

		assert_int_equal(pwrite(fd, ids[i], 33, 0), 33);
		assert_int_equal(machine_key_of(file, "test", key), 0);
		house_open(&d, AUTHN_SCRAM);
		router_pretend(&d.room.router, key);
		knock(&d, "wamp-scram", "lea", "'nonce':'AAAA'");
		assert_true(value_get_str(dict_get(challenge(&d, "wamp-scram"),
						   "salt"), &salt));
		snprintf(salts[i], sizeof salts[i], "%.*s", (int)salt.len,
			 (const char *)salt.data);
		door_close(&d);
	}
	assert_string_equal(salts[0], salts[1]);
	assert_string_not_equal(salts[0], salts[2]);
	/* What is no id is none, and no file is none. */
	assert_int_equal(pwrite(fd, "uninitialized\n", 14, 0), 14);
	assert_int_equal(machine_key_of(file, "test", key), ERR_IO);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(machine_key_of(file, "test", key), ERR_IO);
	unlink(file);
	close(fd);
	assert_int_equal(machine_key_of(file, "test", key), ERR_IO);
}

static void test_authn__a_way_without_users(void **state)
{
	struct buf proof;
	struct door d;

	(void)state;
	for (unsigned i = 0; i < ALL; i++) {
		house_open(&d, all[i].method);
		d.room.authn.ways[all[i].method].count = 0;
		prepare(&d, all[i].name, "kim", "s3cret", &proof);
		answer(&d, &proof);
		hears(&d.peer, DENIED);
		door_close(&d);
	}
}

/* --- HELLO --------------------------------------------------------------- */

static void test_authn__a_name_is_a_text(void **state)
{
	static const char *const names[] = { "7", "['kim']", "true", "null" };
	struct door d;

	(void)state;
	house_open(&d, AUTHN_TICKET);
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		peer_deinit(&d.peer);
		peer_init(&d.peer, &d.room);
		say(&d.peer, "[1,'realm1',{" ALL_ROLES ",'authmethods':"
			     "['ticket'],'authid':%s}]", names[i]);
		hears(&d.peer, i < 3 ? VIOLATION :
			       "[3,*'wamp.error.no_matching_auth_method']");
	}
	door_close(&d);
}

/* The client's order counts, of what is possible for its connection. */
static void test_authn__the_order_is_the_clients(void **state)
{
	static const struct {
		const char *methods, *wanted;
		bool confidential;
	} cases[] = {
		{ "'ticket','wampcra'", "[4,'ticket',*", true },
		{ "'wampcra','ticket'", "[4,'wampcra',*", true },
		{ "'ticket','wampcra'", "[4,'wampcra',*", false },
		{ "7,'tls','cookie','magic','wampcra'", "[4,'wampcra',*",
		  true },
		{ "'anonymous','wampcra'", "[4,'wampcra',*", true },
		{ "'ticket','magic'", "[3,*only over TLS*"
				      "'wamp.error.no_matching_auth_method']",
		  false },
	};
	struct door d;

	(void)state;
	house_open(&d, AUTHN_WAMPCRA);
	d.room.authn.ways[AUTHN_TICKET].on = true;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		peer_deinit(&d.peer);
		peer_init(&d.peer, &d.room);
		d.peer.session->link.confidential = cases[i].confidential;
		say(&d.peer, "[1,'realm1',{" ALL_ROLES ",'authmethods':[%s],"
			     "'authid':'kim'}]", cases[i].methods);
		hears(&d.peer, cases[i].wanted);
	}
	door_close(&d);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authn__an_answer_is_of_its_session),
		cmocka_unit_test(test_authn__there_is_one_answer),
		cmocka_unit_test(
			test_authn__a_challenge_is_answered_or_nothing),
		cmocka_unit_test(test_authn__an_answer_comes_in_time),
		cmocka_unit_test(
			test_authn__who_does_not_exist_is_told_the_same),
		cmocka_unit_test(test_authn__nonsense_is_told_the_same),
		cmocka_unit_test(
			test_authn__who_does_not_exist_is_like_one_who_does),
		cmocka_unit_test(
			test_authn__a_made_up_salt_outlives_a_restart),
		cmocka_unit_test(test_authn__a_way_without_users),
		cmocka_unit_test(test_authn__a_name_is_a_text),
		cmocka_unit_test(test_authn__the_order_is_the_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
