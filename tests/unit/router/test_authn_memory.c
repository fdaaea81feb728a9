/* Each allocation on the way into a realm fails once, for each method: who
 * comes is let in or refused, nothing leaks, and the next one is let in. */
#include "tests/unit/base/fail_malloc.h"

#include "ear.h"

#include "crypto/cra.h"
#include "crypto/cryptosign.h"
#include "router/ask.h"

#define SALT "aBc+fx0NAVA="
#define COOKIE "0123456789abcdef0123456789abcdef"
#define SHA1 "AB:CD"

static const uint8_t seed[CRYPTOSIGN_KEY_BYTES] = { 1, 2, 3 };

/* A way in: how the guest answers a CHALLENGE (NULL: there is none), and what
 * an authenticator says (NULL: the principal is the configuration's). */
struct entry {
	const char *name;
	enum authn_method method;
	int (*prove)(struct entry *in, const struct value *extra,
		     struct buf *out);
	const char *verdict;
	char extra[128]; /* of HELLO */
	struct principal kim;
	struct scram_client scram;
	uint8_t key[CRYPTOSIGN_KEY_BYTES];
	char cra_key[CRA_KEY_SIZE_MAX];
};

struct house {
	struct room room;
	struct ear guest, judge;
	struct entry *in;
};

/* --- who comes ----------------------------------------------------------- */

static int prove_ticket(struct entry *in, const struct value *extra,
			struct buf *out)
{
	(void)in;
	(void)extra;
	return buf_add_str(out, "s3cret");
}

static int prove_cra(struct entry *in, const struct value *extra,
		     struct buf *out)
{
	(void)in;
	return cra_answer(bytes_str("s3cret"), extra, out, NULL);
}

static int prove_scram(struct entry *in, const struct value *extra,
		       struct buf *out)
{
	return scram_answer(&in->scram, extra, out, NULL);
}

static int prove_key(struct entry *in, const struct value *extra,
		     struct buf *out)
{
	(void)in;
	return cryptosign_answer(seed, extra, out, NULL);
}

/* Sets what the principal has of each method's. */
static void dress(struct entry *in)
{
	static const uint8_t random[SCRAM_RANDOM_BYTES] = { 9, 8, 7 };
	const struct cra_salting salting = { bytes_str(SALT), 4096, 32 };
	char hex[2 * CRYPTOSIGN_KEY_BYTES + 1];

	assert_int_equal(cryptosign_public_key(seed, in->key), 0);
	assert_int_equal(cra_derive_key(bytes_str("s3cret"), &salting,
					in->cra_key), 0);
	in->kim = (struct principal){
		.authid = (char *)"kim", .role = (char *)"keeper",
		.secret = in->method == AUTHN_WAMPCRA ? in->cra_key
						      : (char *)"s3cret",
		.salt = (char *)SALT, .iterations = 4096, .key_bytes = 32,
		.keys = in->key, .key_count = 1, .cert_sha1 = (char *)SHA1,
	};
	assert_int_equal(scram_derive(bytes_str("s3cret"), bytes_str(SALT),
				      4096, &in->kim.scram, NULL), 0);
	scram_client_init(&in->scram, bytes_str("kim"), bytes_str("s3cret"),
			  random);
	bytes_hex(bytes_of(in->key, sizeof in->key), hex);
	if (in->method == AUTHN_SCRAM)
		snprintf(in->extra, sizeof in->extra, "'nonce':'%s'",
			 in->scram.nonce);
	else if (in->method == AUTHN_CRYPTOSIGN)
		snprintf(in->extra, sizeof in->extra, "'pubkey':'%s'", hex);
}

/* --- the house ----------------------------------------------------------- */

static void call_judge(struct house *h)
{
	if (!h->in->verdict || h->judge.session)
		return;
	h->room.authn.anonymous_role = (char *)"anyone";
	h->room.authn.ways[AUTHN_ANONYMOUS].authenticator = NULL;
	ear_connect(&h->judge, &h->room, "", "");
	ear_tell(&h->judge, "[1,'realm1',{'roles':{'callee':{}}}]");
	ear_tell(&h->judge, "[64,1,{},'com.auth']");
	assert_true(looks_like("[65,*", ear_last(&h->judge)));
}

static void house_open(struct house *h, struct entry *in)
{
	struct authn_way way = { .on = true };

	memset(h, 0, sizeof *h);
	h->in = in;
	room_init(&h->room);
	call_judge(h);
	if (in->verdict) {
		way.authenticator = (char *)"com.auth";
	} else {
		way.principals = &in->kim;
		way.count = 1;
	}
	h->room.authn.ways[AUTHN_TICKET].on = false;
	h->room.authn.ways[in->method] = way;
	h->room.authn.cookie_ms = 3600000;
	h->room.authn.ways[AUTHN_COOKIE].on = true;
	if (in->method == AUTHN_COOKIE)
		cookies_keep(&h->room.router.cookies, COOKIE, "realm1", "kim",
			     "keeper", h->room.now_ms, 3600000);
}

static void house_close(struct house *h)
{
	ear_lose(&h->guest);
	ear_lose(&h->judge);
	room_deinit(&h->room);
}

/* An INVOCATION that the judge heard is answered. */
static void judge_answers(struct house *h)
{
	const char *heard = ear_last(&h->judge);
	char text[EAR_TEXT_SIZE];

	if (!h->judge.session || !looks_like("[68,*", heard))
		return;
	snprintf(text, sizeof text, "[70,%llu,{},[%s]]",
		 strtoull(heard + 4, NULL, 10), h->in->verdict);
	h->judge.count = 0;
	ear_tell(&h->judge, text);
}

static void make_proof(struct house *h, char *text, size_t size)
{
	size_t left = fail_malloc_pause();
	struct arena a;
	struct value *v;
	struct buf proof;

	arena_init(&a, 1024);
	buf_init(&proof);
	assert_int_equal(serializer_json.decode(
				 &a, bytes_str(ear_last(&h->guest)),
				 &wamp_limits_default, &v), 0);
	assert_int_equal(h->in->prove(h->in, list_at(v, 2), &proof), 0);
	snprintf(text, size, "[5,'%.*s',{}]", (int)proof.len,
		 (const char *)proof.data);
	buf_deinit(&proof);
	arena_deinit(&a);
	fail_malloc_go_on(left);
}

static void come(struct house *h)
{
	char text[EAR_TEXT_SIZE];

	ear_connect(&h->guest, &h->room, COOKIE,
		    h->in->method == AUTHN_TLS ? SHA1 : "");
	snprintf(text, sizeof text, "[1,'realm1',{'roles':{'caller':{}},"
				    "'authmethods':['%s'],'authid':'kim',"
				    "'authextra':{%s}}]",
		 h->in->name, h->in->extra);
	ear_tell(&h->guest, text);
	judge_answers(h);
	if (looks_like("[4,*", ear_last(&h->guest)) && h->guest.session) {
		make_proof(h, text, sizeof text);
		ear_tell(&h->guest, text);
		judge_answers(h);
	}
}

#define IN                                                                    \
	"[2,*'authid':'kim','authrole':'keeper'*"

/* In, or out with a reason; not in between. */
static void look(struct house *h, bool failed)
{
	const char *last = ear_last(&h->guest);

	ear_mind(&h->guest);
	if (h->guest.session && h->guest.session->state == SESSION_ASKING) {
		h->room.now_ms += ASK_MS;
		router_set_time(&h->room.router, h->room.now_ms, 0);
		router_tick(&h->room.router);
		ear_mind(&h->guest);
		last = ear_last(&h->guest);
	}
	if (h->guest.session) {
		assert_int_equal(h->guest.session->state, SESSION_ESTABLISHED);
		assert_true(looks_like(IN, last));
		return;
	}
	assert_true(failed);
	assert_false(looks_like("[2,*", last));
	assert_true((!*last && !h->guest.closed) || /* never connected */
		    looks_like("[3,*'wamp.error.unavailable']", last) ||
		    looks_like("[3,*'wamp.error.authentication_*']", last));
}

static unsigned fail_each(struct entry *in)
{
	struct house h;
	bool failed = true;
	unsigned refused = 0;

	dress(in);
	for (size_t n = 1; failed; n++) {
		house_open(&h, in);
		fail_malloc_at(n);
		come(&h);
		failed = fail_malloc_off();
		look(&h, failed);
		refused += !h.guest.session;
		ear_lose(&h.guest);
		call_judge(&h); /* may have been closed, too */
		h.room.authn.anonymous_role = NULL;
		if (in->verdict)
			h.room.authn.ways[in->method].authenticator =
				(char *)"com.auth";
		come(&h);
		look(&h, false);
		house_close(&h);
	}
	scram_client_deinit(&in->scram);
	return refused;
}

/* --- tests --------------------------------------------------------------- */

static void test_memory__of_each_method(void **state)
{
	struct entry entries[] = {
		{ "ticket", AUTHN_TICKET, prove_ticket, .verdict = NULL },
		{ "wampcra", AUTHN_WAMPCRA, prove_cra, .verdict = NULL },
		{ "wamp-scram", AUTHN_SCRAM, prove_scram, .verdict = NULL },
		{ "cryptosign", AUTHN_CRYPTOSIGN, prove_key, .verdict = NULL },
		{ "tls", AUTHN_TLS, NULL, .verdict = NULL },
		{ "cookie", AUTHN_COOKIE, NULL, .verdict = NULL },
	};

	(void)state;
	for (unsigned i = 0; i < sizeof entries / sizeof *entries; i++)
		assert_true(fail_each(&entries[i]) > 2);
}

/* The question, the answer and what follows from it. */
static void test_memory__of_authenticators_answers(void **state)
{
	static char with_key[160], with_scram[320];
	struct entry entries[] = {
		{ "anonymous", AUTHN_ANONYMOUS, NULL,
		  .verdict = "{'role':'keeper','authid':'kim'}" },
		{ "ticket", AUTHN_TICKET, prove_ticket,
		  .verdict = "{'role':'keeper','extra':{'a':[1,2]}}" },
		{ "wampcra", AUTHN_WAMPCRA, prove_cra,
		  .verdict = "{'role':'keeper','secret':'s3cret'}" },
		{ "cryptosign", AUTHN_CRYPTOSIGN, prove_key,
		  .verdict = with_key },
		{ "wamp-scram", AUTHN_SCRAM, prove_scram,
		  .verdict = with_scram },
	};
	char stored[2 * SHA256_BYTES + 1], server[2 * SHA256_BYTES + 1];
	struct scram_keys keys;
	uint8_t key[CRYPTOSIGN_KEY_BYTES];
	char hex[2 * CRYPTOSIGN_KEY_BYTES + 1];

	(void)state;
	assert_int_equal(cryptosign_public_key(seed, key), 0);
	bytes_hex(bytes_of(key, sizeof key), hex);
	assert_int_equal(scram_derive(bytes_str("s3cret"), bytes_str(SALT),
				      4096, &keys, NULL), 0);
	bytes_hex(bytes_of(keys.stored, SHA256_BYTES), stored);
	bytes_hex(bytes_of(keys.server, SHA256_BYTES), server);
	snprintf(with_scram, sizeof with_scram,
		 "{'role':'keeper','salt':'" SALT "','iterations':4096,"
		 "'stored-key':'%s','server-key':'%s'}", stored, server);
	snprintf(with_key, sizeof with_key,
		 "{'role':'keeper','pubkey':['%s']}", hex);
	for (unsigned i = 0; i < sizeof entries / sizeof *entries; i++)
		assert_true(fail_each(&entries[i]) > 2);
}

/* --- authorizers --------------------------------------------------------- */

struct office {
	struct room room;
	struct ear judge, kim;
};

/* kim is a guest, whose actions com.may decides. */
static void office_open(struct office *o)
{
	memset(o, 0, sizeof *o);
	room_init_with(&o->room, NULL, 0);
	o->room.roles[1].authorizer = (char *)"com.may";
	room_open(&o->room);
}

static void office_staff(struct office *o)
{
	o->room.authn.anonymous_role = (char *)"anyone";
	if (!o->judge.session) {
		ear_connect(&o->judge, &o->room, "", "");
		ear_tell(&o->judge, "[1,'realm1',{'roles':{'callee':{}}}]");
		ear_tell(&o->judge, "[64,1,{},'com.may']");
	}
	o->room.authn.anonymous_role = (char *)"guest";
	if (!o->kim.session) {
		ear_connect(&o->kim, &o->room, "", "");
		ear_tell(&o->kim, "[1,'realm1',{'roles':{'callee':{},"
				  "'caller':{}}}]");
	}
	o->judge.count = o->kim.count = 0;
}

static void office_close(struct office *o)
{
	ear_lose(&o->kim);
	ear_lose(&o->judge);
	room_deinit(&o->room);
}

/* A request of kim's, another one behind it, and the decision. */
static void decide(struct office *o)
{
	char text[160];

	ear_tell(&o->kim, "[64,1,{},'com.x']");
	ear_tell(&o->kim, "[48,2,{},'com.y',[1]]");
	for (unsigned i = 0; i < 2; i++) {
		const char *last = ear_last(&o->judge);

		if (!o->judge.session || !looks_like("[68,*", last))
			break;
		snprintf(text, sizeof text,
			 "[70,%llu,{},[{'allow':true,'cache':true}]]",
			 strtoull(last + 4, NULL, 10));
		o->judge.count = 0;
		ear_tell(&o->judge, text);
	}
}

/* Both were answered, in their order, or the session is over. */
static void look_at_kim(struct office *o, bool failed)
{
	o->room.now_ms += ASK_MS;
	router_set_time(&o->room.router, o->room.now_ms, 0);
	router_tick(&o->room.router);
	ear_mind(&o->kim);
	if (!o->kim.session) {
		assert_true(failed);
		return;
	}
	assert_int_equal(o->kim.count, 2);
	assert_true(looks_like("[65,1,*", o->kim.heard[0]) ||
		    (failed && looks_like("[8,64,1,*'wamp.error.*",
					  o->kim.heard[0])));
	assert_true(looks_like("[8,48,2,*no_such_procedure*",
			       o->kim.heard[1]) ||
		    (failed && looks_like("[8,48,2,*", o->kim.heard[1])));
}

static void test_memory__of_authorizers_answers(void **state)
{
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct office o;

		office_open(&o);
		office_staff(&o);
		fail_malloc_at(n);
		decide(&o);
		failed = fail_malloc_off();
		look_at_kim(&o, failed);
		ear_lose(&o.kim);
		office_staff(&o);
		decide(&o);
		look_at_kim(&o, false);
		office_close(&o);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory__of_each_method),
		cmocka_unit_test(test_memory__of_authenticators_answers),
		cmocka_unit_test(test_memory__of_authorizers_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
