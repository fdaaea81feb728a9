/* Joining by each method, with the right proof and a wrong one, and what
 * those who do not exist are told. */
#include "door.h"

/* --- WAMP-CRA ------------------------------------------------------------ */

static void test_authn__wampcra(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_WAMPCRA);
	d.kim.secret = (char *)"s3cret";
	try_cra(&d, "kim", "s3cret");
	hears(&d.peer, "[2,*'authid':'kim','authrole':'keeper',"
		       "'authmethod':'wampcra','authprovider':'static'*");
	try_cra(&d, "kim", "wrong");
	hears(&d.peer, DENIED);
	try_cra(&d, "lea", "s3cret");
	hears(&d.peer, DENIED);
	try_cra(&d, "lea", "");
	hears(&d.peer, DENIED);
	door_close(&d);
}

static void test_authn__wampcra_names_the_session_to_be(void **state)
{
	struct door d;
	struct bytes text;
	struct value *claim;
	uint64_t id = 0;
	struct buf signature;
	const struct value *extra;
	char want[64];

	(void)state;
	door_open(&d, AUTHN_WAMPCRA);
	d.kim.secret = (char *)"s3cret";
	knock(&d, "wampcra", "kim", "");
	extra = challenge(&d, "wampcra");
	assert_true(value_get_str(dict_get(extra, "challenge"), &text));
	assert_int_equal(serializer_json.decode(&d.arena, text,
						&wamp_limits_default, &claim),
			 0);
	assert_true(value_get_uint(dict_get(claim, "session"), &id));
	buf_init(&signature);
	assert_int_equal(cra_answer(bytes_str("s3cret"), extra, &signature,
				    NULL), 0);
	answer(&d, &signature);
	snprintf(want, sizeof want, "[2,%llu,*", (unsigned long long)id);
	hears(&d.peer, want);
	door_close(&d);
}

static void test_authn__wampcra_salted(void **state)
{
	const struct cra_salting salting = { bytes_str("pepper"), 100, 32 };
	char key[CRA_KEY_SIZE_MAX];
	struct bytes one, two;
	char *first;
	struct door d;

	(void)state;
	door_open(&d, AUTHN_WAMPCRA);
	assert_int_equal(cra_derive_key(bytes_str("s3cret"), &salting, key),
			 0);
	d.kim.secret = key;
	d.kim.salt = (char *)"pepper";
	d.kim.iterations = 100;
	d.kim.key_bytes = 32;
	try_cra(&d, "kim", "s3cret");
	hears(&d.peer, "[2,*");
	try_cra(&d, "kim", "wrong");
	hears(&d.peer, DENIED);
	/* Who is not there has a salt, too, and always the same. */
	knock(&d, "wampcra", "lea", "");
	assert_true(value_get_str(dict_get(challenge(&d, "wampcra"), "salt"),
				  &one));
	first = arena_str(&d.arena, one);
	knock(&d, "wampcra", "lea", "");
	assert_true(value_get_str(dict_get(challenge(&d, "wampcra"), "salt"),
				  &two));
	assert_true(bytes_equal_str(two, first));
	door_close(&d);
}

/* --- SCRAM --------------------------------------------------------------- */

static void test_authn__scram(void **state)
{
	struct scram_client c;
	struct value *welcome;
	struct door d;
	const char *text;

	(void)state;
	scram_door(&d);
	try_scram(&d, &c, "kim", "s3cret");
	text = heard(&d.peer);
	assert_non_null(text);
	assert_int_equal(serializer_json.decode(&d.arena, bytes_str(text),
						&wamp_limits_default,
						&welcome), 0);
	assert_int_equal(scram_check_welcome(
				 &c, dict_get(list_at(welcome, 2),
					      "authextra")), 0);
	scram_client_deinit(&c);
	try_scram(&d, &c, "kim", "wrong");
	hears(&d.peer, DENIED);
	scram_client_deinit(&c);
	try_scram(&d, &c, "lea", "s3cret");
	hears(&d.peer, DENIED);
	scram_client_deinit(&c);
	door_close(&d);
}

static void test_authn__scram_needs_a_nonce(void **state)
{
	struct door d;

	(void)state;
	scram_door(&d);
	knock(&d, "wamp-scram", "kim", "");
	hears(&d.peer, "[3,*nonce*'wamp.error.authentication_failed']");
	knock(&d, "wamp-scram", "kim",
	      "'nonce':'AAAA','channel_binding':'tls-unique'");
	hears(&d.peer, "[3,*'wamp.error.authentication_failed']");
	door_close(&d);
}

/* How the key was derived is the client's to know: the router has only to say
 * it, to those who do not exist as well. */
static void test_authn__scram_by_argon2(void **state)
{
	static const char *const names[] = { "kim", "lea" };
	struct scram_client c;
	struct value *extra;
	struct buf signature;
	struct door d;

	(void)state;
	scram_door(&d);
	d.kim.argon2 = true;
	d.kim.memory = 512;
	for (unsigned i = 0; i < 2; i++) {
		knock(&d, "scram", names[i], "'nonce':'AAAA'");
		hears(&d.peer, "[4,'scram',{*'kdf':'argon2id-13',"
			       "'iterations':4096,'memory':512}]");
		knock(&d, "wamp-scram", names[i], "'nonce':'AAAA'");
		hears(&d.peer, "[4,'wamp-scram',{*'kdf':'argon2id13',"
			       "'iterations':4096,'memory':512}]");
	}
	scram_client_init(&c, bytes_str("kim"), bytes_str("s3cret"),
			  (const uint8_t[SCRAM_RANDOM_BYTES]){ 1, 2 });
	{
		char nonce[96];

		snprintf(nonce, sizeof nonce, "'nonce':'%s'", c.nonce);
		knock(&d, "wamp-scram", "kim", nonce);
	}
	extra = (struct value *)challenge(&d, "wamp-scram");
	/* What kim's key in this test is really made by. */
	assert_int_equal(dict_set(&d.arena, extra, "kdf", value_str("pbkdf2")),
			 0);
	buf_init(&signature);
	assert_int_equal(scram_answer(&c, extra, &signature, NULL), 0);
	answer(&d, &signature);
	hears(&d.peer, "[2,*'authid':'kim'*");
	scram_client_deinit(&c);
	door_close(&d);
}

/* As the draft wants it, which is all that some clients know. */
static void test_authn__scram_of_the_draft(void **state)
{
	struct door d;
	const struct value *extra;

	(void)state;
	scram_door(&d);
	knock(&d, "scram", "kim", "'nonce':'AAAA'");
	extra = challenge(&d, "scram");
	assert_null(dict_get(extra, "memory"));
	assert_non_null(dict_get(extra, "iterations"));
	say(&d.peer, "[5,'',{}]");
	hears(&d.peer, DENIED);
	door_close(&d);
}

/* --- cryptosign ---------------------------------------------------------- */

static void test_authn__cryptosign(void **state)
{
	static const uint8_t other[CRYPTOSIGN_KEY_BYTES] = { 4, 5, 6 };
	struct door d;

	(void)state;
	door_open(&d, AUTHN_CRYPTOSIGN);
	assert_int_equal(cryptosign_public_key(seed_of_kim, d.key), 0);
	d.kim.keys = d.key;
	d.kim.key_count = 1;
	try_sign(&d, "kim", seed_of_kim);
	hears(&d.peer, "[2,*'authid':'kim'*'authmethod':'cryptosign'*");
	try_sign(&d, "kim", other);
	hears(&d.peer, DENIED);
	try_sign(&d, "lea", seed_of_kim);
	hears(&d.peer, DENIED);
	/* Without a name the key says who it is. */
	peer_deinit(&d.peer);
	peer_init(&d.peer, &d.room);
	say(&d.peer, "[1,'realm1',{" ALL_ROLES
		     ",'authmethods':['cryptosign']}]");
	hears(&d.peer, "[3,*'wamp.error.authentication_failed']");
	door_close(&d);
}

/* --- tickets, certificates ----------------------------------------------- */

static void test_authn__tickets_travel_over_confidential_links(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_TICKET);
	d.kim.secret = (char *)"s3cret";
	peer_init(&d.peer, &d.room);
	d.peer.session->link.confidential = false;
	say(&d.peer, "[1,'realm1',{" ALL_ROLES
		     ",'authmethods':['ticket'],'authid':'kim'}]");
	hears(&d.peer, "[3,*'wamp.error.no_matching_auth_method']");
	knock(&d, "ticket", "kim", "");
	hears(&d.peer, "[4,'ticket',{}]");
	say(&d.peer, "[5,'s3cret',{}]");
	hears(&d.peer, "[2,*");
	/* What the prover knew is forgotten. */
	assert_null(d.peer.session->attempt);
	door_close(&d);
}

static void test_authn__a_certificate_is_somebody(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_TLS);
	d.kim.cert_sha1 = (char *)"AB:CD";
	peer_init(&d.peer, &d.room);
	snprintf(d.peer.session->link.cert_sha1, 60, "ab:cd");
	say(&d.peer, "[1,'realm1',{" ALL_ROLES ",'authmethods':['tls']}]");
	hears(&d.peer, "[2,*'authid':'kim'*'authmethod':'tls'*");
	peer_deinit(&d.peer);
	peer_init(&d.peer, &d.room);
	snprintf(d.peer.session->link.cert_sha1, 60, "AB:CE");
	say(&d.peer, "[1,'realm1',{" ALL_ROLES ",'authmethods':['tls']}]");
	hears(&d.peer, DENIED);
	knock(&d, "tls", "kim", ""); /* without a certificate */
	hears(&d.peer, "[3,*'wamp.error.no_matching_auth_method']");
	door_close(&d);
}

/* As in Crossbar.io: whatever was asked for. */
static void test_authn__a_principal_joins_its_realm(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_WAMPCRA);
	d.kim.secret = (char *)"s3cret";
	try_cra(&d, "kim", "s3cret");
	hears(&d.peer, "[2,*'realm':'realm1','authid':'kim'*");
	d.kim.realm = (char *)"realm2";
	try_cra(&d, "kim", "s3cret");
	hears(&d.peer, "[2,*'realm':'realm2','authid':'kim'*");
	try_cra(&d, "kim", "wrong");
	hears(&d.peer, DENIED);
	d.kim.realm = (char *)"realm3";
	try_cra(&d, "kim", "s3cret");
	hears(&d.peer, "[3,*'wamp.error.no_such_realm']");
	door_close(&d);
	door_open(&d, AUTHN_CRYPTOSIGN);
	assert_int_equal(cryptosign_public_key(seed_of_kim, d.key), 0);
	d.kim.keys = d.key;
	d.kim.key_count = 1;
	d.kim.realm = (char *)"realm2";
	try_sign(&d, "kim", seed_of_kim);
	hears(&d.peer, "[2,*'realm':'realm2'*");
	door_close(&d);
	door_open(&d, AUTHN_TLS);
	d.kim.cert_sha1 = (char *)"AB:CD";
	d.kim.realm = (char *)"realm2";
	peer_init(&d.peer, &d.room);
	snprintf(d.peer.session->link.cert_sha1, 60, "ab:cd");
	say(&d.peer, "[1,'realm1',{" ALL_ROLES ",'authmethods':['tls']}]");
	hears(&d.peer, "[2,*'realm':'realm2'*");
	door_close(&d);
}

/* As Autobahn|Python asks: the principal says which it is. An empty name is
 * one, and none that is accepted. */
static void test_authn__a_realm_that_is_not_asked_for(void **state)
{
	struct buf signature;
	struct door d;

	(void)state;
	door_open(&d, AUTHN_WAMPCRA);
	d.kim.secret = (char *)"s3cret";
	for (unsigned i = 0; i < 2; i++) {
		peer_init(&d.peer, &d.room);
		say(&d.peer, "[1,null,{" ALL_ROLES ",'authmethods':['wampcra'],"
			     "'authid':'kim'}]");
		buf_init(&signature);
		assert_int_equal(cra_answer(bytes_str("s3cret"),
					    challenge(&d, "wampcra"),
					    &signature, NULL), 0);
		answer(&d, &signature);
		hears(&d.peer, i ? "[2,*'realm':'realm2','authid':'kim'*"
				 : "[3,*'wamp.error.no_such_realm']");
		peer_deinit(&d.peer);
		d.kim.realm = (char *)"realm2";
	}
	d.room.authn.anonymous_role = (char *)"guest";
	peer_init(&d.peer, &d.room);
	say(&d.peer, "[1,null,{" ALL_ROLES "}]");
	hears(&d.peer, "[3,*'wamp.error.no_such_realm']");
	peer_deinit(&d.peer);
	peer_init(&d.peer, &d.room);
	say(&d.peer, "[1,'',{" ALL_ROLES "}]");
	hears(&d.peer, "[3,*'wamp.error.invalid_uri']");
	peer_deinit(&d.peer);
	d.room.authn.anonymous_realm = (char *)"realm2";
	peer_init(&d.peer, &d.room);
	say(&d.peer, "[1,null,{" ALL_ROLES "}]");
	hears(&d.peer, "[2,*'realm':'realm2'*");
	door_close(&d);
}

/* A name and a realm for everybody who says nothing. */
static void test_authn__anonymous_as_it_is_configured(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_TICKET);
	d.room.authn.anonymous_role = (char *)"guest";
	d.room.authn.anonymous_authid = (char *)"everybody";
	peer_init(&d.peer, &d.room);
	say(&d.peer, "[1,'realm1',{" ALL_ROLES ",'authid':'kim'}]");
	hears(&d.peer, "[2,*'realm':'realm1','authid':'everybody'*");
	peer_deinit(&d.peer);
	d.room.authn.anonymous_realm = (char *)"realm2";
	peer_init(&d.peer, &d.room);
	say(&d.peer, "[1,'realm1',{" ALL_ROLES "}]");
	hears(&d.peer, "[2,*'realm':'realm2','authid':'everybody'*");
	door_close(&d);
}

static void test_authn__the_first_possible_method_is_taken(void **state)
{
	struct door d;

	(void)state;
	door_open(&d, AUTHN_TICKET);
	d.kim.secret = (char *)"s3cret";
	peer_init(&d.peer, &d.room);
	say(&d.peer, "[1,'realm1',{" ALL_ROLES
		     ",'authmethods':['magic','wampcra','ticket'],"
		     "'authid':'kim'}]");
	hears(&d.peer, "[4,'ticket',{}]");
	peer_deinit(&d.peer);
	peer_init(&d.peer, &d.room);
	say(&d.peer, "[1,'realm1',{" ALL_ROLES "}]");
	hears(&d.peer, "[3,*accepted here: ticket*"
		       "'wamp.error.authentication_required']");
	door_close(&d);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authn__wampcra),
		cmocka_unit_test(test_authn__a_principal_joins_its_realm),
		cmocka_unit_test(test_authn__anonymous_as_it_is_configured),
		cmocka_unit_test(test_authn__a_realm_that_is_not_asked_for),
		cmocka_unit_test(test_authn__wampcra_names_the_session_to_be),
		cmocka_unit_test(test_authn__wampcra_salted),
		cmocka_unit_test(test_authn__scram),
		cmocka_unit_test(test_authn__scram_needs_a_nonce),
		cmocka_unit_test(test_authn__scram_of_the_draft),
		cmocka_unit_test(test_authn__scram_by_argon2),
		cmocka_unit_test(test_authn__cryptosign),
		cmocka_unit_test(
			test_authn__tickets_travel_over_confidential_links),
		cmocka_unit_test(test_authn__a_certificate_is_somebody),
		cmocka_unit_test(
			test_authn__the_first_possible_method_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
