/* Beside libcbor: random items in every form are read as it reads them. */
#include "arena_fixture.h"

#include <cbor.h>
#include <math.h>

#include "base/buf.h"
#include "base/rng.h"
#include "base/utf8.h"

static void put_argument(struct buf *b, struct rng *rng, unsigned major,
			 uint64_t argument)
{
	unsigned power = rng_below(rng, 4);

	while (power < 3 && argument >> (8u << power))
		power++;
	if (argument < 24 && rng_below(rng, 2)) {
		buf_add_u8(b, (uint8_t)(major << 5 | argument));
		return;
	}
	/* Wide counts would make libcbor ask for much memory at once when a
	 * byte in them is changed. */
	if (major == 4 || major == 5)
		power = argument > 255;
	buf_add_u8(b, (uint8_t)(major << 5 | (24 + power)));
	for (unsigned i = 1u << power; i--;)
		buf_add_u8(b, (uint8_t)(argument >> (8 * i)));
}

static void put_piece(struct buf *b, struct rng *rng, unsigned major)
{
	static const char *const piece[] = { "", "a", "b", "key", "\xc3\xa9",
					     "\xf0\x9f\x98\x80" };
	const char *text = piece[rng_below(rng, 6)];

	put_argument(b, rng, major, strlen(text));
	buf_add_str(b, text);
}

static void put_string(struct buf *b, struct rng *rng, unsigned major)
{
	if (rng_below(rng, 3)) {
		put_piece(b, rng, major);
		return;
	}
	buf_add_u8(b, (uint8_t)(major << 5 | 31));
	for (uint32_t n = rng_below(rng, 4); n; n--)
		put_piece(b, rng, major);
	buf_add_u8(b, 0xff);
}

static void put_real(struct buf *b, struct rng *rng)
{
	unsigned power = 1 + rng_below(rng, 3);

	buf_add_u8(b, (uint8_t)(0xe0 | (24 + power)));
	for (unsigned i = 1u << power; i--;)
		buf_add_u8(b, (uint8_t)rng_next(rng));
}

static void put_item(struct buf *b, struct rng *rng, int depth)
{
	unsigned major = rng_below(rng, depth > 4 ? 4 : 8);
	bool indefinite = rng_below(rng, 2);
	uint32_t count = rng_below(rng, 4);

	switch (major) {
	case 0:
	case 1:
		put_argument(b, rng, major,
			     rng_next(rng) >> rng_below(rng, 64));
		return;
	case 2:
	case 3:
		put_string(b, rng, major);
		return;
	case 6:
		buf_add_u8(b, (uint8_t)(0xf4 + rng_below(rng, 4)));
		return;
	case 7:
		put_real(b, rng);
		return;
	default:
		break;
	}
	if (indefinite)
		buf_add_u8(b, (uint8_t)(major << 5 | 31));
	else
		put_argument(b, rng, major, count);
	for (uint32_t i = 0; i < count; i++) {
		if (major == 5)
			put_string(b, rng, 3);
		put_item(b, rng, depth + 1);
	}
	if (indefinite)
		buf_add_u8(b, 0xff);
}

static bool their_value(const cbor_item_t *item, struct value *out);

static bool their_string(const cbor_item_t *item, bool text, struct buf *b)
{
	cbor_item_t **chunks;
	struct bytes whole;
	size_t n;

	if (text ? cbor_string_is_definite(item)
		 : cbor_bytestring_is_definite(item)) {
		whole = text ? bytes_of(cbor_string_handle(item),
					cbor_string_length(item))
			     : bytes_of(cbor_bytestring_handle(item),
					cbor_bytestring_length(item));
		buf_add_bytes(b, whole);
		return !text || utf8_valid(whole);
	}
	n = text ? cbor_string_chunk_count(item)
		 : cbor_bytestring_chunk_count(item);
	chunks = text ? cbor_string_chunks_handle(item)
		      : cbor_bytestring_chunks_handle(item);
	for (size_t i = 0; i < n; i++)
		if (!their_string(chunks[i], text, b))
			return false;
	return true;
}

static bool keep_string(const cbor_item_t *item, bool text,
			struct bytes *out)
{
	struct buf b;
	bool ok;

	buf_init(&b);
	ok = their_string(item, text, &b);
	*out = bytes_of(arena_str(&arena, buf_bytes(&b)), b.len);
	buf_deinit(&b);
	return ok;
}

static bool their_list(const cbor_item_t *item, struct value *out)
{
	*out = value_list();
	for (size_t i = 0; i < cbor_array_size(item); i++) {
		struct value v;

		if (!their_value(cbor_array_handle(item)[i], &v))
			return false;
		assert_int_equal(list_add(&arena, out, v), 0);
	}
	return true;
}

static bool their_dict(const cbor_item_t *item, struct value *out)
{
	*out = value_dict();
	for (size_t i = 0; i < cbor_map_size(item); i++) {
		struct cbor_pair *pair = &cbor_map_handle(item)[i];
		struct bytes key;
		struct value v;

		if (!cbor_isa_string(pair->key) ||
		    !keep_string(pair->key, true, &key) ||
		    !their_value(pair->value, &v))
			return false;
		for (uint32_t k = 0; k < value_count(out); k++)
			if (bytes_equal(out->dict.pairs[k].key, key))
				return false;
		assert_int_equal(dict_add(&arena, out, key, v), 0);
	}
	return true;
}

static bool their_other(const cbor_item_t *item, struct value *out)
{
	if (!cbor_float_ctrl_is_ctrl(item)) {
		*out = value_real(cbor_float_get_float(item));
		return true;
	}
	*out = cbor_is_bool(item) ? value_bool(cbor_get_bool(item))
				  : value_null();
	return cbor_ctrl_value(item) >= 20 && cbor_ctrl_value(item) <= 23;
}

static void their_negative(uint64_t argument, struct value *out)
{
	char *text = arena_alloc(&arena, 24);

	*out = value_int(-1 - (int64_t)argument);
	if (argument <= INT64_MAX)
		return;
	assert_non_null(text);
	if (argument == UINT64_MAX)
		strcpy(text, "-18446744073709551616");
	else
		snprintf(text, 24, "-%llu",
			 (unsigned long long)argument + 1);
	*out = value_big(bytes_str(text));
}

/* Their item as our value; false for what we are to refuse. Tags: all but
 * these two, where they belong, are not generated as acceptable. */
static bool their_value(const cbor_item_t *item, struct value *out)
{
	switch (cbor_typeof(item)) {
	case CBOR_TYPE_UINT:
		*out = value_uint(cbor_get_int(item));
		return true;
	case CBOR_TYPE_NEGINT:
		their_negative(cbor_get_int(item), out);
		return true;
	case CBOR_TYPE_BYTESTRING:
		out->type = VALUE_BIN;
		return keep_string(item, false, &out->str);
	case CBOR_TYPE_STRING:
		out->type = VALUE_STR;
		return keep_string(item, true, &out->str);
	case CBOR_TYPE_ARRAY:
		return their_list(item, out);
	case CBOR_TYPE_MAP:
		return their_dict(item, out);
	case CBOR_TYPE_FLOAT_CTRL:
		return their_other(item, out);
	default:
		return false;
	}
}

/* value_equal, but that libcbor makes one NaN of all halves that are. */
static bool alike(const struct value *a, const struct value *b)
{
	if (a->type != b->type || value_count(a) != value_count(b))
		return false;
	if (a->type == VALUE_REAL && isnan(a->real))
		return isnan(b->real);
	if (a->type != VALUE_LIST && a->type != VALUE_DICT)
		return value_equal(a, b);
	for (uint32_t i = 0; i < value_count(a); i++) {
		bool dict = a->type == VALUE_DICT;

		if (dict ? !bytes_equal(a->dict.pairs[i].key,
					b->dict.pairs[i].key) ||
				   !alike(&a->dict.pairs[i].value,
					  &b->dict.pairs[i].value)
			 : !alike(&a->list.items[i], &b->list.items[i]))
			return false;
	}
	return true;
}

/* Counts announced in more than two bytes: libcbor would allocate first. */
static bool may_be_wide(struct bytes raw)
{
	for (size_t i = 0; i < raw.len; i++)
		if ((raw.data[i] & 0xde) == 0x9a)
			return true;
	return false;
}

static bool tagged(const struct buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		if (b->data[i] >> 5 == 6)
			return true;
	return false;
}

static bool compare(struct bytes raw)
{
	struct cbor_load_result result;
	cbor_item_t *item = cbor_load(raw.data, raw.len, &result);
	struct value *ours, theirs;
	bool ok = item && result.read == raw.len &&
		  their_value(item, &theirs);
	int err = serializer_cbor.decode(&arena, raw, limits, &ours);

	if (item)
		cbor_decref(&item);
	if (ok != (err == 0) || (ok && !alike(ours, &theirs))) {
		char hex[2000];

		bytes_hex(bytes_of(raw.data, raw.len < 900 ? raw.len : 900),
			  hex);
		fail_msg("%s: libcbor %d, ours %d", hex, ok, err);
	}
	return ok;
}

static void test_cbor__reads_what_libcbor_reads(void **state)
{
	unsigned accepted = 0, refused = 0;
	struct rng rng;

	(void)state;
	rng_seed(&rng, 8949);
	for (int i = 0; i < 60000; i++) {
		struct bytes raw;
		struct buf b;

		buf_init(&b);
		put_item(&b, &rng, 0);
		if (i % 3)
			b.data[rng_below(&rng, (uint32_t)b.len)] =
				(uint8_t)rng_next(&rng);
		raw = exact(buf_bytes(&b));
		if (!may_be_wide(raw) && !tagged(&b))
			++*(compare(raw) ? &accepted : &refused);
		free((void *)raw.data);
		buf_deinit(&b);
		arena_reset(&arena);
	}
	assert_true(accepted > 10000 && refused > 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cbor__reads_what_libcbor_reads),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
