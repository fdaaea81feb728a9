#include "support.h"

#include "base/buf.h"
#include "base/rng.h"
#include "tests/unit/base/fail_malloc.h"
#include "wamp/batch.h"

static const struct wamp_limits *const limits = &wamp_limits_default;

static void test_batch__framing_as_the_spec_draws_it(void **state)
{
	static const struct {
		enum batch_framing framing;
		const char *hex;
	} cases[] = {
		{ BATCH_NONE, "5b315d 5b325d" },
		{ BATCH_SEPARATED, "5b315d 1e 5b325d 1e" },
		{ BATCH_OCTAL, "5b315d 18 5b325d 18" },
		{ BATCH_PREFIXED, "00000003 5b315d 00000003 5b325d" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out;

		buf_init(&out);
		assert_int_equal(batch_wrap(&out, cases[i].framing,
					    bytes_str("[1]")),
				 0);
		assert_int_equal(batch_wrap(&out, cases[i].framing,
					    bytes_str("[2]")),
				 0);
		assert_bytes(buf_bytes(&out), cases[i].hex);
		buf_deinit(&out);
	}
	assert_int_equal(batch_framing_of(&serializer_json), BATCH_SEPARATED);
	assert_int_equal(batch_framing_of(&serializer_msgpack),
			 BATCH_PREFIXED);
	assert_int_equal(batch_framing_of(&serializer_cbor), BATCH_PREFIXED);
}

/* Only JSON's, and only by how it ends. */
static void test_batch__the_octal_one_is_recognized(void **state)
{
	static const struct {
		enum batch_framing spoken, seen;
		const char *batch;
	} cases[] = {
		{ BATCH_SEPARATED, BATCH_OCTAL, "[1]\x18" },
		{ BATCH_SEPARATED, BATCH_OCTAL, "[1]\x18[2]\x18" },
		{ BATCH_SEPARATED, BATCH_SEPARATED, "[1]\x1e" },
		{ BATCH_SEPARATED, BATCH_SEPARATED, "[1]\x18[2]\x1e" },
		{ BATCH_SEPARATED, BATCH_SEPARATED, "[1]" },
		{ BATCH_SEPARATED, BATCH_SEPARATED, "" },
		{ BATCH_OCTAL, BATCH_OCTAL, "[1]\x1e" },
		{ BATCH_PREFIXED, BATCH_PREFIXED, "[1]\x18" },
		{ BATCH_NONE, BATCH_NONE, "[1]\x18" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(batch_framing_seen(cases[i].spoken,
						    bytes_str(cases[i].batch)),
				 cases[i].seen);
}

/* Messages with every byte in them, in batches of one and of many. */
static void test_batch__what_is_wrapped_is_taken_out_again(void **state)
{
	static const char *const texts[] = {
		"[\"\\u001e\",{\"\\u001e\":\"\\u0000Hg==\"}]", "[1]",
		"[[],\"\xe2\x82\xac\",18446744073709551615]",
	};
	struct arena a;

	(void)state;
	arena_init(&a, 1024);
	for (int k = 0; k < LANGUAGES; k++)
		for (unsigned count = 1; count < 300; count += 149) {
			enum batch_framing framing =
				batch_framing_of(every[k]);
			struct buf raw, out;
			struct bytes rest, message;
			unsigned got = 0;

			buf_init(&raw);
			buf_init(&out);
			for (unsigned i = 0; i < count; i++) {
				buf_clear(&raw);
				assert_int_equal(
					every[k]->encode(
						&raw, tree(&a, texts[i % 3])),
					0);
				assert_int_equal(batch_wrap(&out, framing,
							    buf_bytes(&raw)),
						 0);
			}
			rest = buf_bytes(&out);
			do {
				struct value *v;

				assert_int_equal(batch_next(&rest, framing,
							    &message),
						 0);
				assert_int_equal(every[k]->decode(&a, message,
								  limits, &v),
						 0);
				assert_true(value_equal(
					v, tree(&a, texts[got++ % 3])));
			} while (rest.len);
			assert_int_equal(got, count);
			buf_deinit(&raw);
			buf_deinit(&out);
			arena_reset(&a);
		}
	arena_deinit(&a);
}

static void test_batch__what_is_no_batch(void **state)
{
	static const struct {
		enum batch_framing framing;
		const char *hex;
		int err;
	} cases[] = {
		{ BATCH_NONE, "", ERR_MALFORMED }, /* no message at all */
		{ BATCH_SEPARATED, "", ERR_MALFORMED },
		{ BATCH_PREFIXED, "", ERR_MALFORMED },
		{ BATCH_SEPARATED, "1e", ERR_MALFORMED }, /* an empty one */
		{ BATCH_PREFIXED, "00000000", ERR_MALFORMED },
		{ BATCH_SEPARATED, "5b315d", ERR_TRUNCATED },
		{ BATCH_PREFIXED, "00000003 5b31", ERR_TRUNCATED },
		{ BATCH_PREFIXED, "ffffffff 5b31", ERR_TRUNCATED },
		{ BATCH_PREFIXED, "000000", ERR_TRUNCATED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bytes raw = from_hex(cases[i].hex), rest = raw, message;

		assert_int_equal(batch_next(&rest, cases[i].framing, &message),
				 cases[i].err);
		free((void *)raw.data);
	}
}

/* The first of two is whole wherever the second is cut off; that one is never
 * taken for a message. */
static void test_batch__truncated_at_each_byte(void **state)
{
	static const char *const whole[] = {
		"5b315d 1e 5b325d 1e",
		"00000003 5b315d 00000003 5b325d",
	};

	(void)state;
	for (int k = 0; k < 2; k++) {
		enum batch_framing framing = k ? BATCH_PREFIXED
					       : BATCH_SEPARATED;
		struct bytes raw = from_hex(whole[k]);

		for (size_t len = raw.len / 2 + 1; len < raw.len; len++) {
			struct bytes part = exact(bytes_of(raw.data, len));
			struct bytes rest = part, message;

			assert_int_equal(batch_next(&rest, framing, &message),
					 0);
			assert_text(message, "[1]");
			assert_int_equal(batch_next(&rest, framing, &message),
					 ERR_TRUNCATED);
			free((void *)part.data);
		}
		free((void *)raw.data);
	}
}

static void test_batch__random_bytes_end(void **state)
{
	struct rng rng;

	(void)state;
	rng_seed(&rng, 30);
	for (int i = 0; i < 100000; i++) {
		uint8_t bytes[24];
		size_t len = rng_below(&rng, sizeof bytes + 1), before;
		struct bytes raw, rest, message;
		int err;

		for (size_t k = 0; k < len; k++)
			bytes[k] = rng_below(&rng, 2)
					   ? 0
					   : (uint8_t)rng_below(&rng, 32);
		raw = rest = exact(bytes_of(bytes, len));
		do {
			before = rest.len;
			err = batch_next(&rest, (enum batch_framing)(i % 4),
					 &message);
			assert_true(err || (message.len &&
					    rest.len < before &&
					    message.data >= raw.data &&
					    message.data + message.len <=
						    raw.data + raw.len));
		} while (!err && rest.len);
		free((void *)raw.data);
	}
}

static void test_batch__a_failed_wrap_leaves_the_buf(void **state)
{
	(void)state;
	for (int framing = BATCH_NONE; framing <= BATCH_PREFIXED; framing++) {
		size_t n = 1;
		bool hit;

		do {
			struct buf out;
			int err;

			buf_init(&out);
			fail_malloc_at(n++);
			err = batch_wrap(&out, (enum batch_framing)framing,
					 bytes_str("[\"one hundred letters and "
						   "more, so that the buf has "
						   "to grow on the way at "
						   "least once, maybe "
						   "twice\"]"));
			hit = fail_malloc_off();
			assert_int_equal(err, hit ? ERR_NOMEM : 0);
			assert_int_equal(out.len == 0, hit);
			buf_deinit(&out);
		} while (hit);
		assert_true(n > 2);
	}
	if (SIZE_MAX > UINT32_MAX) {
		struct bytes huge = bytes_of("", (size_t)UINT32_MAX + 1);
		struct buf out;

		buf_init(&out);
		assert_int_equal(batch_wrap(&out, BATCH_PREFIXED, huge),
				 ERR_LIMIT);
		assert_int_equal(out.len, 0);
		buf_deinit(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batch__framing_as_the_spec_draws_it),
		cmocka_unit_test(test_batch__the_octal_one_is_recognized),
		cmocka_unit_test(
			test_batch__what_is_wrapped_is_taken_out_again),
		cmocka_unit_test(test_batch__what_is_no_batch),
		cmocka_unit_test(test_batch__truncated_at_each_byte),
		cmocka_unit_test(test_batch__random_bytes_end),
		cmocka_unit_test(test_batch__a_failed_wrap_leaves_the_buf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
