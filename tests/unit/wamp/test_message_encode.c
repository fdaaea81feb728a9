/* Messages are written, also in another language, and with memory failing. */
#include "arena_fixture.h"

#include "base/buf.h"
#include "tests/unit/base/fail_malloc.h"

static void test_message__absent_and_empty_payloads(void **state)
{
	struct value list = value_list(), dict = value_dict();
	struct payload payload;
	struct value *args, *kwargs;
	struct buf storage;

	(void)state;
	buf_init(&storage);
	for (int k = 0; k < LANGUAGES; k++) {
		assert_int_equal(payload_encode(&payload, every[k], &storage,
						&list, &dict),
				 0);
		assert_null(payload.args.data);
		assert_null(payload.kwargs.data);
		assert_int_equal(payload_decode(&arena, &payload, limits,
						&args, &kwargs),
				 0);
		assert_int_equal(args->type, VALUE_LIST);
		assert_int_equal(kwargs->type, VALUE_DICT);
	}
	assert_int_equal(dict_set(&arena, &dict, "a", value_int(1)), 0);
	assert_int_equal(payload_encode(&payload, every[1], &storage, NULL,
					&dict),
			 0);
	assert_text(payload.args, "[]");
	assert_text(payload.kwargs, "{\"a\":1}");
	assert_int_equal(payload_encode(&payload, every[1], &storage, &dict,
					NULL),
			 ERR_USAGE);
	buf_deinit(&storage);
}

static void test_message__a_failed_payload_leaves_the_storage(void **state)
{
	struct value args = *tree(&arena, "[1]");
	struct value kwargs = *tree(&arena, "{\"a\":1}");
	struct payload payload;
	struct buf storage;

	(void)state;
	kwargs.dict.pairs[0].value = value_text(bytes_of("\0", 1));
	buf_init(&storage);
	buf_add_str(&storage, "before");
	assert_int_equal(payload_encode(&payload, &serializer_json, &storage,
					&args, &kwargs),
			 ERR_UNSUPPORTED);
	assert_text(buf_bytes(&storage), "before");
	assert_null(payload.args.data);
	buf_deinit(&storage);
}

/* A router that writes an EVENT with another serializer's payload. */
static void test_message__payloads_are_transcoded(void **state)
{
	struct message m = {
		.type = MSG_EVENT,
		.subject = 1,
		.publication = 2,
		.payload = {
			.serializer = &serializer_json,
			.kwargs = bytes_str("{\"a\": \"\\u0000AQI=\"}"),
		},
	};
	struct buf out;

	(void)state;
	buf_init(&out);
	assert_int_equal(message_encode(&out, &serializer_msgpack, &m, &arena,
					limits),
			 0);
	assert_bytes(buf_bytes(&out), "9624010280 90 81a161c4020102");
	buf_deinit(&out);
}

static void test_message__a_failed_encoding_leaves_the_buf(void **state)
{
	struct message m = {
		.type = MSG_RESULT,
		.request = 1,
		.payload = { .serializer = &serializer_msgpack },
	};
	struct bytes infinity = from_hex("91cb7ff0000000000000");
	struct buf out;

	(void)state;
	m.payload.args = infinity;
	buf_init(&out);
	buf_add_str(&out, "before");
	assert_int_equal(message_encode(&out, &serializer_json, &m, &arena,
					limits),
			 ERR_UNSUPPORTED);
	assert_text(buf_bytes(&out), "before");
	m.type = (enum message_type)7;
	assert_int_equal(message_encode(&out, &serializer_json, &m, &arena,
					limits),
			 ERR_MALFORMED);
	assert_text(buf_bytes(&out), "before");
	buf_deinit(&out);
	free((void *)infinity.data);
}

static int decode_and_encode(const struct serializer *from, struct bytes raw,
			     const struct serializer *to, struct buf *out)
{
	struct message m;
	struct arena a;
	int err;

	arena_init(&a, 64);
	err = message_decode(&a, from, raw, limits, FROM_CLIENT, &m, NULL);
	if (!err)
		err = message_encode(out, to, &m, &a, limits);
	arena_deinit(&a);
	return err;
}

static void test_message__each_allocation_may_fail(void **state)
{
	const char *json = "[48,1,{\"a\":[1,2,{\"\\n\":true}]},\"a\\u0062\","
			   "[1,2,3,[4]],{\"k\":\"v\",\"l\":\"\\u0000AQ==\"}]";
	struct buf raw[LANGUAGES];

	(void)state;
	for (int k = 0; k < LANGUAGES; k++) {
		buf_init(&raw[k]);
		assert_int_equal(decode_and_encode(&serializer_json,
						   bytes_str(json), every[k],
						   &raw[k]),
				 0);
	}
	for (int k = 0; k < LANGUAGES * LANGUAGES; k++) {
		const struct serializer *from = every[k / LANGUAGES];
		const struct serializer *to = every[k % LANGUAGES];
		size_t n = 1;
		bool hit;

		do {
			struct buf out;
			int err;

			buf_init(&out);
			fail_malloc_at(n++);
			err = decode_and_encode(
				from, buf_bytes(&raw[k / LANGUAGES]), to, &out);
			hit = fail_malloc_off();
			assert_int_equal(err, hit ? ERR_NOMEM : 0);
			assert_int_equal(out.len == 0, hit);
			assert_true(buf_ok(&out));
			buf_deinit(&out);
		} while (hit);
		assert_true(n > 3);
	}
	for (int k = 0; k < LANGUAGES; k++)
		buf_deinit(&raw[k]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message__absent_and_empty_payloads),
		cmocka_unit_test(
			test_message__a_failed_payload_leaves_the_storage),
		cmocka_unit_test(test_message__payloads_are_transcoded),
		cmocka_unit_test(
			test_message__a_failed_encoding_leaves_the_buf),
		cmocka_unit_test(test_message__each_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
