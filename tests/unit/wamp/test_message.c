#include "arena_fixture.h"

#include <stdio.h>

#include "base/buf.h"
#include "tests/unit/base/fail_malloc.h"

static int decode(const char *json, enum message_side side, struct message *m)
{
	struct why why;

	return message_decode(&arena, &serializer_json, bytes_str(json),
			      limits, side, m, &why);
}

/* --- messages of wamp-proto's test suite, in each language --------------- */

static void translates(const struct bytes raw[LANGUAGES], int from, int to,
		       enum message_side side)
{
	struct message m;
	struct why why;
	struct buf out;

	buf_init(&out);
	assert_int_equal(message_decode(&arena, every[from], raw[from], limits,
					side, &m, &why),
			 0);
	assert_int_equal(message_encode(&out, every[to], &m, &arena, limits),
			 0);
	assert_int_equal(out.len, raw[to].len);
	assert_memory_equal(out.data, raw[to].data, out.len);
	buf_deinit(&out);
}

static void test_message__agrees_with_wamp_proto(void **state)
{
	static const struct {
		enum message_side side;
		const char *json, *msgpack, *cbor;
	} cases[] = {
		{ FROM_CLIENT,
		  "[48,7814135,{},\"com.myapp.myprocedure1\","
		  "[\"Hello, world!\"]]",
		  "9530ce00773bf780b6636f6d2e6d796170702e6d7970726f63656475"
		  "72653191ad48656c6c6f2c20776f726c6421",
		  "8518301a00773bf7a076636f6d2e6d796170702e6d7970726f636564"
		  "75726531816d48656c6c6f2c20776f726c6421" },
		{ FROM_ROUTER, "[8,48,7814135,{},\"com.myapp.error\"]",
		  "950830ce00773bf780af636f6d2e6d796170702e6572726f72",
		  "850818301a00773bf7a06f636f6d2e6d796170702e6572726f72" },
		{ FROM_ROUTER,
		  "[36,9823526,112233445566,{},[\"Hello, event!\"]]",
		  "9524ce0095e526cf0000001a21a278be8091ad48656c6c6f2c206576"
		  "656e7421",
		  "8518241a0095e5261b0000001a21a278bea0816d48656c6c6f2c2065"
		  "76656e7421" },
		{ FROM_ROUTER,
		  "[2,9129137332,{\"roles\":{\"broker\":{},\"dealer\":{}}}]",
		  "9302cf00000002202394b481a5726f6c657382a662726f6b657280a6"
		  "6465616c657280",
		  "83021b00000002202394b4a165726f6c6573a26662726f6b6572a066"
		  "6465616c6572a0" },
		{ FROM_CLIENT,
		  "[16,239714735,{},\"com.myapp.mytopic1\","
		  "[\"Hello, world!\"]]",
		  "9510ce0e49c1af80b2636f6d2e6d796170702e6d79746f7069633191"
		  "ad48656c6c6f2c20776f726c6421",
		  "85101a0e49c1afa072636f6d2e6d796170702e6d79746f7069633181"
		  "6d48656c6c6f2c20776f726c6421" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bytes raw[LANGUAGES];

		raw[0] = from_hex(cases[i].msgpack);
		raw[1] = exact(bytes_str(cases[i].json));
		raw[2] = from_hex(cases[i].cbor);
		for (int k = 0; k < LANGUAGES * LANGUAGES; k++)
			translates(raw, k / LANGUAGES, k % LANGUAGES,
				   cases[i].side);
		for (int k = 0; k < LANGUAGES; k++)
			free((void *)raw[k].data);
	}
}

/* As msgpackr and cbor-x, wampy's encoders, write what does not fit in 32
 * bits: as doubles. Such an id is one, exactly up to 2^53; nothing else is. */
static void test_message__ids_that_javascript_writes_as_doubles(void **state)
{
	static const struct {
		const char *real;
		uint64_t id; /* 0: none */
	} cases[] = {
		{ "41f0000000000000", UINT64_C(1) << 32 },
		{ "433fffffffffffff", (UINT64_C(1) << 53) - 1 },
		{ "4340000000000000", UINT64_C(1) << 53 },
		{ "4340000000000001", 0 },
		{ "41f0000000080000", 0 }, /* a half more */
		{ "41efffffffe00000", 0 }, /* fits in 32 bits */
		{ "4014000000000000", 0 },
		{ "c1f0000000000000", 0 }, { "43f0000000000000", 0 },
		{ "7ff0000000000000", 0 }, { "7ff8000000000000", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int k = 0; k < LANGUAGES; k += 2) {
			char hex[40];
			struct bytes raw;
			struct message m;
			int err;

			/* UNREGISTER */
			snprintf(hex, sizeof hex, "%s01%s%s",
				 k ? "831842" : "9342", k ? "fb" : "cb",
				 cases[i].real);
			raw = from_hex(hex);
			err = message_decode(&arena, every[k], raw, limits,
					     FROM_CLIENT, &m, NULL);
			assert_int_equal(err, cases[i].id ? 0 : ERR_MALFORMED);
			if (!err)
				assert_true(m.subject == cases[i].id);
			free((void *)raw.data);
		}
	{
		struct message m;

		assert_int_equal(decode("[66,1,4294967296.0]", FROM_CLIENT,
					&m),
				 ERR_MALFORMED);
	}
}

/* As wampy subscribes, in each language. */
static void test_message__an_option_that_is_null_is_absent(void **state)
{
	static const char *const hex[LANGUAGES] = {
		"94200183a16dd40000a178c0a16e0ba161",
		"5b33322c312c7b226d223a6e756c6c2c226e223a31317d2c2261225d",
		"84182001a3616df76178f6616e0b6161",
	};

	(void)state;
	for (int k = 0; k < LANGUAGES; k++) {
		struct bytes raw = from_hex(hex[k]);
		struct message m;

		assert_int_equal(message_decode(&arena, every[k], raw, limits,
						FROM_CLIENT, &m, NULL),
				 0);
		assert_int_equal(value_count(m.options), 1);
		assert_non_null(dict_get(m.options, "n"));
		free((void *)raw.data);
	}
	for (int k = 0; k < 2; k++) {
		struct message m;

		assert_int_equal(decode(k ? "[32,1,{\"a\":null},\"a\"]"
					  : "[32,1,{},\"a\"]",
					FROM_CLIENT, &m),
				 0);
		assert_null(m.options);
	}
}

/* Lists without lengths, a mark in front: the payload is cut out all the
 * same. */
static void test_message__cbor_of_indefinite_lengths(void **state)
{
	struct bytes raw = from_hex("d9d9f7 9f 1830 01 bfff 7f6161 6162ff"
				    "9f 01 ff bf 6161 9f02ff ff ff");
	struct message m;
	struct buf out;

	(void)state;
	buf_init(&out);
	for (int k = 0; k < 2; k++) {
		assert_int_equal((k ? message_decode_header : message_decode)(
					 &arena, &serializer_cbor, raw, limits,
					 FROM_CLIENT, &m, NULL),
				 0);
		assert_text(m.uri, "ab");
		assert_bytes(m.payload.args, "9f01ff");
		assert_bytes(m.payload.kwargs, "bf61619f02ffff");
		assert_int_equal(message_encode(&out, &serializer_json, &m,
						&arena, limits),
				 0);
		assert_text(buf_bytes(&out),
			    "[48,1,{},\"ab\",[1],{\"a\":[2]}]");
		buf_clear(&out);
	}
	buf_deinit(&out);
	free((void *)raw.data);
}

/* --- the table: each message, whole and broken --------------------------- */

/* `elements` are what stands behind the type (digits: an id); `payload` says
 * that args and kwargs may follow, `optional`, how many of the last may be
 * missing. */
static const struct row {
	enum message_type type;
	unsigned sides;
	const char *elements[4];
	bool payload;
	unsigned optional;
} rows[] = {
	{ MSG_HELLO, FROM_CLIENT, { "\"realm1\"", "{}" }, false, 0 },
	{ MSG_WELCOME, FROM_ROUTER, { "7", "{\"a\":1}" }, false, 0 },
	{ MSG_ABORT, 3, { "{}", "\"a.b\"" }, true, 0 },
	{ MSG_CHALLENGE, FROM_ROUTER, { "\"ticket\"", "{}" }, false, 0 },
	{ MSG_AUTHENTICATE, FROM_CLIENT, { "\"x\"", "{}" }, false, 0 },
	{ MSG_GOODBYE, 3, { "{}", "\"a.b\"" }, false, 0 },
	{ MSG_ERROR, FROM_ROUTER, { "48", "7", "{}", "\"a\"" }, true, 0 },
	{ MSG_ERROR, FROM_CLIENT, { "68", "7", "{}", "\"a\"" }, true, 0 },
	{ MSG_PUBLISH, FROM_CLIENT, { "7", "{}", "\"a\"" }, true, 0 },
	{ MSG_PUBLISHED, FROM_ROUTER, { "7", "8" }, false, 0 },
	{ MSG_SUBSCRIBE, FROM_CLIENT, { "7", "{}", "\"a\"" }, false, 0 },
	{ MSG_SUBSCRIBED, FROM_ROUTER, { "7", "8" }, false, 0 },
	{ MSG_UNSUBSCRIBE, FROM_CLIENT, { "7", "8" }, false, 0 },
	{ MSG_UNSUBSCRIBED, FROM_ROUTER, { "7", "{}" }, false, 1 },
	{ MSG_EVENT, FROM_ROUTER, { "7", "8", "{}" }, true, 0 },
	{ MSG_CALL, FROM_CLIENT, { "7", "{}", "\"a\"" }, true, 0 },
	{ MSG_CANCEL, FROM_CLIENT, { "7", "{}" }, false, 0 },
	{ MSG_RESULT, FROM_ROUTER, { "7", "{}" }, true, 0 },
	{ MSG_REGISTER, FROM_CLIENT, { "7", "{}", "\"a\"" }, false, 0 },
	{ MSG_REGISTERED, FROM_ROUTER, { "7", "8" }, false, 0 },
	{ MSG_UNREGISTER, FROM_CLIENT, { "7", "8" }, false, 0 },
	{ MSG_UNREGISTERED, FROM_ROUTER, { "7", "{}" }, false, 1 },
	{ MSG_INVOCATION, FROM_ROUTER, { "7", "8", "{}" }, true, 0 },
	{ MSG_INTERRUPT, FROM_ROUTER, { "7", "{}" }, false, 0 },
	{ MSG_YIELD, FROM_CLIENT, { "7", "{}" }, true, 0 },
};

enum { ROWS = sizeof rows / sizeof *rows };

static unsigned length(const struct row *row)
{
	unsigned n = 0;

	while (n < 4 && row->elements[n])
		n++;
	return n;
}

/* The first `count` elements, the one at `changed` replaced, then `more`. */
static void write(char text[200], const struct row *row, unsigned count,
		  unsigned changed, const char *instead, const char *more)
{
	int at = sprintf(text, "[%d", (int)row->type);

	for (unsigned i = 0; i < count; i++)
		at += sprintf(text + at, ",%s",
			      i == changed ? instead : row->elements[i]);
	sprintf(text + at, "%s]", more);
}

/* Decodes in each language, checked and cut: all must agree. */
static int decode_all(const char *json, enum message_side side)
{
	struct message m;
	struct why why;
	int err = decode(json, side, &m);

	for (int k = 0; k < LANGUAGES; k++) {
		struct buf b;
		int other;

		buf_init(&b);
		assert_int_equal(serializer_transcode(&serializer_json,
						      bytes_str(json),
						      every[k], &arena, limits,
						      &b),
				 0);
		other = message_decode(&arena, every[k], buf_bytes(&b), limits,
				       side, &m, &why);
		assert_int_equal(other, err);
		if (err)
			assert_true(why.text[0]);
		assert_int_equal(message_decode_header(&arena, every[k],
						       buf_bytes(&b), limits,
						       side, &m, NULL),
				 err);
		buf_deinit(&b);
	}
	arena_reset(&arena);
	return err;
}

static enum message_side a_side(const struct row *row)
{
	return row->sides & FROM_CLIENT ? FROM_CLIENT : FROM_ROUTER;
}

static void test_message__each_is_accepted_from_who_may_send_it(void **state)
{
	char text[200];

	(void)state;
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		bool error = row->type == MSG_ERROR;

		write(text, row, length(row), 9, "", "");
		for (enum message_side s = FROM_CLIENT; s <= FROM_ROUTER; s++)
			assert_int_equal(decode_all(text, s),
					 row->sides & s ? 0
					 : error	? ERR_MALFORMED
							: ERR_DENIED);
	}
}

static void test_message__missing_and_superfluous_elements(void **state)
{
	char text[200];

	(void)state;
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		enum message_side side = a_side(row);
		unsigned n = length(row);

		for (unsigned i = 0; i < n; i++) {
			write(text, row, i, 9, "", "");
			assert_int_equal(decode_all(text, side),
					 n - i <= row->optional
						 ? 0
						 : ERR_MALFORMED);
		}
		write(text, row, n, 9, "", ",[]");
		assert_int_equal(decode_all(text, side),
				 row->payload ? 0 : ERR_MALFORMED);
		write(text, row, n, 9, "", ",[1],{\"a\":2}");
		assert_int_equal(decode_all(text, side),
				 row->payload ? 0 : ERR_MALFORMED);
		write(text, row, n, 9, "", ",[],{},{}");
		assert_int_equal(decode_all(text, side), ERR_MALFORMED);
	}
}

static void test_message__each_element_of_a_wrong_type(void **state)
{
	static const char *const values[] = {
		"null", "true", "false", "1.0", "-1", "\"text\"", "[]", "{}",
		"12", "\"\\u0000AQ==\"",
	};
	char text[200];

	(void)state;
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		for (unsigned i = 0; i < length(row); i++) {
			char was = row->elements[i][0];
			bool type = row->type == MSG_ERROR && i == 0;

			for (unsigned v = 0;
			     v < sizeof values / sizeof *values; v++) {
				char is = values[v][0];
				bool open = row->type == MSG_HELLO && i == 0;
				bool same = was == '"' ? v == 5 || (open && !v)
					    : was == '{' ? is == '{'
							 : is == '1' && v == 8;

				write(text, row, length(row), i, values[v],
				      "");
				assert_int_equal(
					decode_all(text, a_side(row)),
					same && !type ? 0 : ERR_MALFORMED);
			}
		}
	}
}

static void test_message__ids_are_1_to_2_to_the_53(void **state)
{
	static const struct {
		const char *id;
		bool ok;
	} ids[] = {
		{ "0", false },
		{ "1", true },
		{ "9007199254740992", true },
		{ "9007199254740993", false },
		{ "18446744073709551615", false },
		{ "1e3", false },
		{ "5.0", false },
	};
	char text[200];

	(void)state;
	for (const struct row *row = rows; row < rows + ROWS; row++) {
		for (unsigned i = 0; i < length(row); i++) {
			char was = row->elements[i][0];
			bool type = row->type == MSG_ERROR && i == 0;

			if (was < '0' || was > '9' || type)
				continue;
			for (unsigned k = 0; k < sizeof ids / sizeof *ids;
			     k++) {
				write(text, row, length(row), i, ids[k].id,
				      "");
				assert_int_equal(
					decode_all(text, a_side(row)) == 0,
					ids[k].ok);
			}
		}
	}
}

static void test_message__a_revocation_names_its_subject(void **state)
{
	struct message m;

	(void)state;
	assert_int_equal(decode("[67,0,{\"registration\":5}]", FROM_ROUTER,
				&m),
			 0);
	assert_int_equal(m.request, 0);
	assert_non_null(dict_get(m.options, "registration"));
	assert_int_equal(decode("[35,0,{\"subscription\":5}]", FROM_ROUTER,
				&m),
			 0);
	assert_int_equal(decode("[67,0]", FROM_ROUTER, &m), ERR_MALFORMED);
	assert_int_equal(decode("[67,0,{}]", FROM_ROUTER, &m), ERR_MALFORMED);
}

static void test_message__error_answers_requests_only(void **state)
{
	char text[64];

	(void)state;
	for (int type = 0; type < 80; type++) {
		bool request = type == MSG_PUBLISH || type == MSG_SUBSCRIBE ||
			       type == MSG_UNSUBSCRIBE || type == MSG_CALL ||
			       type == MSG_REGISTER || type == MSG_UNREGISTER;

		sprintf(text, "[8,%d,1,{},\"a\"]", type);
		assert_int_equal(decode_all(text, FROM_ROUTER) == 0, request);
		assert_int_equal(decode_all(text, FROM_CLIENT) == 0,
				 type == MSG_INVOCATION);
	}
}

static void test_message__payloads_are_a_list_and_a_dict(void **state)
{
	static const char *const bad[] = {
		"[48,1,{},\"a\",{}]",       "[48,1,{},\"a\",null,[]]",
		"[48,1,{},\"a\",1]",        "[48,1,{},\"a\",\"x\"]",
		"[48,1,{},\"a\",[],[]]",    "[48,1,{},\"a\",null,null,1]",
		"[48,1,{},\"a\",[],\"{\"]", "[48,1,{},\"a\",\"[\"]",
		/* Autobahn's payload transparency, which "Payload Passthru
		 * Mode" has taken the place of. */
		"[16,1,{\"enc_algo\":\"cryptobox\"},\"a\",\"\\u0000AQID\"]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(decode_all(bad[i], FROM_CLIENT),
				 ERR_MALFORMED);
}

/* In JSON's words; NULL: absent. */
static void says(const struct payload *payload, struct bytes part,
		 const char *json)
{
	struct buf out;

	if (!json) {
		assert_null(part.data);
		return;
	}
	buf_init(&out);
	assert_int_equal(serializer_transcode(payload->serializer, part,
					      &serializer_json, &arena, limits,
					      &out),
			 0);
	assert_text(buf_bytes(&out), json);
	buf_deinit(&out);
}

static void test_message__null_arguments_are_absent(void **state)
{
	static const struct {
		const char *text, *args, *kwargs;
	} cases[] = {
		{ "[48,1,{},\"a\",null]", NULL, NULL },
		{ "[48,1,{},\"a\",null,null]", NULL, NULL },
		{ "[48,1,{},\"a\",[7],null]", "[7]", NULL },
		{ "[48,1,{},\"a\",null,{\"k\":1}]", "[]", "{\"k\":1}" },
		{ "[70,1,{},null,{\"k\":1}]", "[]", "{\"k\":1}" },
	};
	struct message m;
	struct why why;
	struct buf raw;

	(void)state;
	buf_init(&raw);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int k = 0; k < LANGUAGES; k++) {
			buf_clear(&raw);
			assert_int_equal(every[k]->encode(&raw, tree(&arena,
						cases[i].text)),
					 0);
			assert_int_equal(message_decode(&arena, every[k],
						buf_bytes(&raw), limits,
						FROM_CLIENT, &m, &why),
					 0);
			says(&m.payload, m.payload.args, cases[i].args);
			says(&m.payload, m.payload.kwargs, cases[i].kwargs);
		}
	buf_deinit(&raw);
}

static void test_message__what_is_no_message(void **state)
{
	static const char *const bad[] = {
		"[]", "{}", "5", "\"[1]\"", "[0]", "[7,1]", "[71,1,{}]",
		"[-1]", "[true,\"realm\",{}]", "[\"HELLO\",\"realm\",{}]",
		"[1.0,\"realm\",{}]", "[[1],\"realm\",{}]", "[4294967297]",
		"[18446744073709551615]", "[null]",
	};
	struct message m;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(decode_all(bad[i], FROM_CLIENT),
				 ERR_MALFORMED);
	assert_int_equal(decode("", FROM_CLIENT, &m), ERR_MALFORMED);
	assert_int_equal(decode("[1,\"r\"", FROM_CLIENT, &m), ERR_MALFORMED);
}

static void test_message__names(void **state)
{
	(void)state;
	assert_string_equal(message_name(MSG_CALL), "CALL");
	assert_string_equal(message_name(MSG_UNSUBSCRIBED), "UNSUBSCRIBED");
	assert_string_equal(message_name((enum message_type)0), "?");
	assert_string_equal(message_name((enum message_type)7), "?");
	assert_string_equal(message_name((enum message_type)9999), "?");
	assert_string_equal(message_name((enum message_type)-1), "?");
}

/* A payload nobody can decode: the router refuses the message, a client gets
 * its header and an error for the payload. */
static void test_message__a_header_without_its_payload(void **state)
{
	struct bytes raw = from_hex("94320780 91a1ff");
	struct value *args, *kwargs;
	struct message m;

	(void)state;
	assert_int_equal(message_decode(&arena, &serializer_msgpack, raw,
					limits, FROM_ROUTER, &m, NULL),
			 ERR_MALFORMED);
	assert_int_equal(message_decode_header(&arena, &serializer_msgpack,
					       raw, limits, FROM_ROUTER, &m,
					       NULL),
			 0);
	assert_int_equal(m.type, MSG_RESULT);
	assert_int_equal(m.request, 7);
	assert_int_equal(payload_decode(&arena, &m.payload, limits, &args,
					&kwargs),
			 ERR_MALFORMED);
	free((void *)raw.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message__agrees_with_wamp_proto),
		cmocka_unit_test(
			test_message__ids_that_javascript_writes_as_doubles),
		cmocka_unit_test(
			test_message__an_option_that_is_null_is_absent),
		cmocka_unit_test(test_message__cbor_of_indefinite_lengths),
		cmocka_unit_test(
			test_message__each_is_accepted_from_who_may_send_it),
		cmocka_unit_test(
			test_message__missing_and_superfluous_elements),
		cmocka_unit_test(test_message__each_element_of_a_wrong_type),
		cmocka_unit_test(test_message__ids_are_1_to_2_to_the_53),
		cmocka_unit_test(test_message__a_revocation_names_its_subject),
		cmocka_unit_test(test_message__error_answers_requests_only),
		cmocka_unit_test(test_message__payloads_are_a_list_and_a_dict),
		cmocka_unit_test(test_message__null_arguments_are_absent),
		cmocka_unit_test(test_message__what_is_no_message),
		cmocka_unit_test(test_message__names),
		cmocka_unit_test(test_message__a_header_without_its_payload),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
