/* What must hold for all codecs at once: random trees there and back, from
 * one language into another, and each allocation failing once. */
#include "support.h"

#include <math.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "tests/unit/base/fail_malloc.h"

static const struct wamp_limits *const limits = &wamp_limits_default;

static struct value random_tree(struct arena *a, struct rng *rng, int depth);

static struct bytes random_bytes(struct arena *a, struct rng *rng)
{
	size_t len = rng_below(rng, 12);
	uint8_t *p = arena_alloc(a, len);

	assert_non_null(p);
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)rng_next(rng);
	return bytes_of(p, len);
}

/* Never starting with NUL: that JSON can not say. */
static struct bytes random_text(struct arena *a, struct rng *rng)
{
	static const char *const piece[] = { "a", "\"", "\\", "\n", "\x01",
					     "\xc3\xa9", "\xe2\x82\xac",
					     "\xf0\x9f\x98\x80", "/", "key" };
	struct buf b;
	struct bytes text;

	buf_init(&b);
	for (uint32_t n = rng_below(rng, 6); n; n--)
		buf_add_str(&b, piece[rng_below(rng, 10)]);
	text = bytes_of(arena_str(a, buf_bytes(&b)), b.len);
	buf_deinit(&b);
	assert_true(utf8_valid(text));
	return text;
}

static struct value random_list(struct arena *a, struct rng *rng, int depth)
{
	struct value list = value_list();

	for (uint32_t n = rng_below(rng, 5); n; n--)
		assert_int_equal(
			list_add(a, &list, random_tree(a, rng, depth + 1)), 0);
	return list;
}

static struct value random_dict(struct arena *a, struct rng *rng, int depth)
{
	struct value dict = value_dict();

	for (uint32_t n = rng_below(rng, 5); n; n--) {
		struct bytes key = random_text(a, rng);

		assert_int_equal(dict_set(a, &dict, arena_str(a, key),
					  random_tree(a, rng, depth + 1)),
				 0);
	}
	return dict;
}

static struct value random_tree(struct arena *a, struct rng *rng, int depth)
{
	double real;

	switch (rng_below(rng, depth > 4 ? 7 : 10)) {
	case 0:
		return value_null();
	case 1:
		return value_bool(rng_below(rng, 2));
	case 2: /* of every length */
		return value_int((int64_t)rng_next(rng) >>
				 rng_below(rng, 64));
	case 3:
		return value_uint(rng_next(rng) >> rng_below(rng, 64));
	case 4:
		do {
			uint64_t bits = rng_next(rng);

			memcpy(&real, &bits, sizeof real);
		} while (!isfinite(real));
		return value_real(real);
	case 5:
		return value_text(random_text(a, rng));
	case 6:
		return value_bin(random_bytes(a, rng));
	case 7:
		return random_dict(a, rng, depth);
	default:
		return random_list(a, rng, depth);
	}
}

static void test_codecs__random_trees_there_and_back(void **state)
{
	struct arena a;
	struct rng rng;

	(void)state;
	arena_init(&a, 8192);
	rng_seed(&rng, 42);
	for (int i = 0; i < 20000; i++) {
		const struct value v = random_tree(&a, &rng, 0);
		struct buf first, second, third;
		struct value *back;

		buf_init(&first);
		buf_init(&second);
		buf_init(&third);
		for (int k = 0; k < LANGUAGES * LANGUAGES; k++) {
			const struct serializer *s = every[k / LANGUAGES];
			const struct serializer *o = every[k % LANGUAGES];

			buf_clear(&first);
			buf_clear(&second);
			buf_clear(&third);
			assert_int_equal(s->encode(&first, &v), 0);
			assert_int_equal(s->decode(&a, buf_bytes(&first),
						   limits, &back),
					 0);
			assert_true(value_equal(&v, back));
			/* Over to another and back: the same bytes. */
			assert_int_equal(
				serializer_transcode(s, buf_bytes(&first), o,
						     &a, limits, &second),
				0);
			assert_int_equal(
				serializer_transcode(o, buf_bytes(&second), s,
						     &a, limits, &third),
				0);
			assert_int_equal(first.len, third.len);
			assert_memory_equal(first.data, third.data, first.len);
		}
		buf_deinit(&first);
		buf_deinit(&second);
		buf_deinit(&third);
		arena_reset(&a);
	}
	arena_deinit(&a);
}

/* One byte of a valid item changed: it may pass or not, but what passes can
 * be built and encoded again, and no read goes astray (sanitizers). */
static void test_codecs__one_changed_byte(void **state)
{
	struct arena a;
	struct rng rng;
	unsigned passed = 0, refused = 0;

	(void)state;
	arena_init(&a, 8192);
	rng_seed(&rng, 7);
	for (int i = 0; i < 40000; i++) {
		const struct serializer *s = every[i % LANGUAGES];
		const struct value v = random_tree(&a, &rng, 0);
		struct buf b;
		struct bytes raw;
		struct value *back;

		buf_init(&b);
		assert_int_equal(s->encode(&b, &v), 0);
		b.data[rng_below(&rng, (uint32_t)b.len)] =
			(uint8_t)rng_next(&rng);
		raw = exact(buf_bytes(&b));
		buf_clear(&b);
		if (s->decode(&a, raw, limits, &back)) {
			refused++;
		} else {
			int err = s->encode(&b, back);

			assert_true(err == 0 || err == ERR_UNSUPPORTED);
			passed++;
		}
		free((void *)raw.data);
		buf_deinit(&b);
		arena_reset(&a);
	}
	assert_true(passed > 1000 && refused > 1000);
	arena_deinit(&a);
}

static void test_codecs__are_found_by_their_names(void **state)
{
	(void)state;
	for (int i = 0; i < LANGUAGES; i++) {
		const struct serializer *s = every[i];

		assert_ptr_equal(serializer_by_name(s->name), s);
		assert_ptr_equal(serializer_by_rawsocket(s->rawsocket), s);
		assert_ptr_equal(
			serializer_by_subprotocol(bytes_str(s->subprotocol)),
			s);
		assert_ptr_equal(serializer_by_batched(bytes_str(s->batched)),
				 s);
		assert_null(serializer_by_subprotocol(bytes_str(s->batched)));
		assert_null(serializer_by_batched(bytes_str(s->subprotocol)));
	}
	assert_int_equal(serializer_json.rawsocket, 1);
	assert_int_equal(serializer_msgpack.rawsocket, 2);
	assert_int_equal(serializer_cbor.rawsocket, 3);
	assert_null(serializer_by_name("JSON"));
	assert_null(serializer_by_rawsocket(0));
	assert_null(serializer_by_rawsocket(4));
	assert_null(serializer_by_subprotocol(bytes_str("wamp.2.msgpack2")));
	assert_null(serializer_by_subprotocol(bytes_of(NULL, 0)));
}

static int there_and_back(const struct serializer *s, struct bytes raw,
			  struct buf *out)
{
	struct arena a;
	struct value *v;
	int err;

	arena_init(&a, 64);
	err = s->decode(&a, raw, limits, &v);
	if (!err)
		err = s->encode(out, v);
	arena_deinit(&a);
	return err;
}

static void test_codecs__each_allocation_may_fail(void **state)
{
	struct buf raw[LANGUAGES], *text = &raw[1];

	(void)state;
	for (int k = 0; k < LANGUAGES; k++)
		buf_init(&raw[k]);
	/* More keys than the walk keeps inline, some with escapes. */
	buf_add_str(text, "[[1,[2.5,[]]],\"\\u00e9\",\"\\u0000AQID\",{");
	for (int i = 0; i < 80; i++)
		buf_printf(text, "%s\"key\\u0041%d\":%d", i ? "," : "", i, i);
	buf_add_str(text, "}]");
	for (int k = 0; k < LANGUAGES; k += 2) {
		struct arena a;

		arena_init(&a, 4096);
		assert_int_equal(serializer_transcode(&serializer_json,
						      buf_bytes(text),
						      every[k], &a, limits,
						      &raw[k]),
				 0);
		arena_deinit(&a);
	}
	for (int k = 0; k < LANGUAGES; k++) {
		size_t n = 1, failed = 0;
		bool hit;

		do {
			struct buf out;
			int err;

			buf_init(&out);
			fail_malloc_at(n++);
			err = there_and_back(every[k], buf_bytes(&raw[k]),
					     &out);
			hit = fail_malloc_off();
			/* The check of keys can do without. */
			assert_true(err == 0 || (hit && err == ERR_NOMEM));
			assert_int_equal(out.len == 0, err != 0);
			failed += err != 0;
			buf_deinit(&out);
		} while (hit);
		assert_true(failed > 8 && n - failed <= 4);
	}
	for (int k = 0; k < LANGUAGES; k++)
		buf_deinit(&raw[k]);
}

/* Without memory for a table the keys are sorted: a key that is there twice
 * is found all the same, and none that is not. */
static void test_codecs__equal_keys_are_found_without_memory(void **state)
{
	(void)state;
	for (int twin = -1; twin < 29; twin++) {
		size_t n = 1;
		struct buf text;
		bool hit;

		buf_init(&text);
		buf_add_u8(&text, '{');
		for (int i = 0; i < 30; i++)
			buf_printf(&text, "%s\"k%d\":0", i ? "," : "",
				   i == 29 && twin >= 0 ? twin : i);
		buf_add_u8(&text, '}');
		do {
			int err;

			fail_malloc_at(n++);
			err = serializer_json.check(buf_bytes(&text), limits);
			hit = fail_malloc_off();
			assert_int_equal(err, twin < 0 ? 0 : ERR_MALFORMED);
		} while (hit);
		assert_int_equal(n, 3); /* the table was tried */
		buf_deinit(&text);
	}
}

/* An indefinite item allocates on the way: lists and dicts that grow, chunks
 * that are put together, keys of chunks (more of them than fit inline). */
static void test_codecs__each_allocation_of_chunks_may_fail(void **state)
{
	size_t n = 1, failed = 0;
	struct buf text;
	bool hit;

	(void)state;
	buf_init(&text);
	buf_add(&text, "\x9f\x9f\x01\x02\xff\x5f\x41x\xff\xbf", 10);
	for (int i = 0; i < 80; i++) {
		buf_add(&text, "\x7f\x61k\x62", 4);
		buf_printf(&text, "%02d\xff\x01", i);
	}
	buf_add(&text, "\xff\xff", 2);
	do {
		struct buf out;
		int err;

		buf_init(&out);
		fail_malloc_at(n++);
		err = there_and_back(&serializer_cbor, buf_bytes(&text), &out);
		hit = fail_malloc_off();
		assert_true(err == 0 || (hit && err == ERR_NOMEM));
		assert_int_equal(out.len == 0, err != 0);
		failed += err != 0;
		buf_deinit(&out);
	} while (hit);
	assert_true(failed > 10 && n - failed <= 4);
	buf_deinit(&text);
}

/* Exact where the language can: integers over 2^53 of either sign, and
 * binaries, which JSON carries as base64 behind a NUL. */
static void test_codecs__nothing_is_lost_on_the_way(void **state)
{
	static const struct {
		const char *of[LANGUAGES]; /* in hex */
	} same[] = {
		{ { "cf0020000000000001", /* 9007199254740993 */
		    "39303037313939323534373430393933",
		    "1b0020000000000001" } },
		{ { "cfffffffffffffffff", /* 18446744073709551615 */
		    "3138343436373434303733373039353531363135",
		    "1bffffffffffffffff" } },
		{ { "d3ffdfffffffffffff", /* -9007199254740993 */
		    "2d39303037313939323534373430393933",
		    "3b0020000000000000" } },
		{ { "d38000000000000000", /* -9223372036854775808 */
		    "2d39323233333732303336383534373735383038",
		    "3b7fffffffffffffff" } },
		{ { "c403 1000ff", /* "\u0000EAD/" */
		    "225c7530303030 4541442f 22",
		    "43 1000ff" } },
		{ { "81a16bc400", "7b226b223a 225c7530303030 22 7d",
		    "a1616b40" } },
	};
	struct arena a;

	(void)state;
	arena_init(&a, 1024);
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		for (int k = 0; k < LANGUAGES * LANGUAGES; k++) {
			int from = k / LANGUAGES, to = k % LANGUAGES;
			struct bytes raw = from_hex(same[i].of[from]);
			struct buf out;

			buf_init(&out);
			assert_int_equal(
				serializer_transcode(every[from], raw,
						     every[to], &a, limits,
						     &out),
				0);
			assert_bytes(buf_bytes(&out), same[i].of[to]);
			buf_deinit(&out);
			free((void *)raw.data);
		}
	arena_deinit(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codecs__random_trees_there_and_back),
		cmocka_unit_test(test_codecs__one_changed_byte),
		cmocka_unit_test(test_codecs__are_found_by_their_names),
		cmocka_unit_test(test_codecs__each_allocation_may_fail),
		cmocka_unit_test(
			test_codecs__each_allocation_of_chunks_may_fail),
		cmocka_unit_test(test_codecs__nothing_is_lost_on_the_way),
		cmocka_unit_test(
			test_codecs__equal_keys_are_found_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
