#include "wamp/cbor.h"

#include <math.h>
#include <string.h>

#include "wamp/bigint.h"

/* --- reals: RFC 8949, appendix D ----------------------------------------- */

double cbor_double(uint64_t bits)
{
	double real;

	memcpy(&real, &bits, sizeof real);
	return real;
}

double cbor_half(uint64_t half)
{
	uint64_t sign = half >> 15 << 63, mantissa = half & 0x3ff;
	uint64_t exponent = half >> 10 & 0x1f;

	if (exponent == 0)
		return copysign((double)mantissa * 0x1p-24, cbor_double(sign));
	exponent = exponent == 0x1f ? 0x7ff : exponent + 1023 - 15;
	return cbor_double(sign | exponent << 52 | mantissa << 42);
}

double cbor_single(uint64_t single)
{
	uint32_t bits = (uint32_t)single;
	float real;

	memcpy(&real, &bits, sizeof real);
	return (double)real;
}

/* --- building: recursive, over what the walk has passed ------------------ */

struct builder {
	struct arena *arena;
	struct bytes text;
	size_t at;
};

static struct cbor_head take_head(struct builder *b)
{
	struct cbor_head head = { 0 };

	if (cbor_read_head(b->text, &b->at, &head))
		head = (struct cbor_head){ CBOR_OTHER, CBOR_INDEFINITE, 0 };
	return head;
}

static struct bytes take_bytes(struct builder *b, uint64_t len)
{
	size_t start = b->at;

	b->at += (size_t)len;
	return bytes_of(b->text.data + start, (size_t)len);
}

/* An item that a break ends is over: behind the break. */
static bool take_break(struct builder *b)
{
	if (b->text.data[b->at] != 0xff)
		return false;
	b->at++;
	return true;
}

/* How long the chunks are together; the place stays where it is. */
static size_t chunks_len(struct builder b)
{
	size_t len = 0;

	while (!take_break(&b))
		len += take_bytes(&b, take_head(&b).argument).len;
	return len;
}

static int take_string(struct builder *b, const struct cbor_head *head,
		       struct bytes *out)
{
	uint8_t *data;
	size_t len = 0;

	if (head->info != CBOR_INDEFINITE) {
		*out = take_bytes(b, head->argument);
		return 0;
	}
	data = arena_alloc(b->arena, chunks_len(*b));
	if (!data)
		return ERR_NOMEM;
	while (!take_break(b)) {
		struct bytes chunk = take_bytes(b, take_head(b).argument);

		if (chunk.len)
			memcpy(data + len, chunk.data, chunk.len);
		len += chunk.len;
	}
	*out = bytes_of(data, len);
	return 0;
}

static int build_string(struct builder *b, const struct cbor_head *head,
			struct value *out)
{
	struct bytes string;
	int err = take_string(b, head, &string);

	if (!err)
		*out = head->major == CBOR_STR ? value_text(string)
					       : value_bin(string);
	return err;
}

static int build_value(struct builder *b, struct value *out);

static int build_item(struct builder *b, struct value *list)
{
	struct value item;
	int err = build_value(b, &item);

	return err ? err : list_add(b->arena, list, item);
}

static int build_pair(struct builder *b, struct value *dict)
{
	struct cbor_head head = take_head(b);
	struct bytes key;
	struct value v;
	int err = take_string(b, &head, &key);

	if (!err)
		err = build_value(b, &v);
	return err ? err : dict_add(b->arena, dict, key, v);
}

/* Room for all at once, where the head says how many. */
static int reserve(struct arena *a, const struct cbor_head *head,
		   struct value *out)
{
	size_t count = (size_t)head->argument;
	void *room;

	*out = head->major == CBOR_DICT ? value_dict() : value_list();
	if (!count || head->info == CBOR_INDEFINITE)
		return 0;
	room = arena_array(a, count,
			   head->major == CBOR_DICT ? sizeof *out->dict.pairs
						    : sizeof *out->list.items);
	if (!room)
		return ERR_NOMEM;
	if (head->major == CBOR_DICT) {
		out->dict.pairs = room;
		out->dict.cap = (uint32_t)count;
	} else {
		out->list.items = room;
		out->list.cap = (uint32_t)count;
	}
	return 0;
}

static int build_container(struct builder *b, const struct cbor_head *head,
			   struct value *out)
{
	bool dict = head->major == CBOR_DICT;
	bool counted = head->info != CBOR_INDEFINITE;
	int err = reserve(b->arena, head, out);

	for (uint64_t i = 0; !err; i++) {
		if (counted ? i == head->argument : take_break(b))
			break;
		err = dict ? build_pair(b, out) : build_item(b, out);
	}
	return err;
}

static struct value other_value(const struct cbor_head *head)
{
	switch (head->info) {
	case CBOR_HALF:
		return value_real(cbor_half(head->argument));
	case CBOR_SINGLE:
		return value_real(cbor_single(head->argument));
	case CBOR_DOUBLE:
		return value_real(cbor_double(head->argument));
	case CBOR_FALSE:
	case CBOR_TRUE:
		return value_bool(head->info == CBOR_TRUE);
	default:
		return value_null();
	}
}

static int build_big(struct builder *b, struct bytes argument, bool negative,
		     struct value *out)
{
	struct bytes decimal;
	int err = bigint_decimal(b->arena, argument, negative, &decimal);

	*out = value_big(decimal);
	return err;
}

/* -1 - argument, which goes below -2^63, too. */
static int build_negative(struct builder *b, uint64_t argument,
			  struct value *out)
{
	uint8_t bytes[8];

	if (argument <= INT64_MAX) {
		*out = value_int(-1 - (int64_t)argument);
		return 0;
	}
	for (unsigned i = 8; i; i--, argument >>= 8)
		bytes[i - 1] = (uint8_t)argument;
	return build_big(b, bytes_of(bytes, sizeof bytes), true, out);
}

static int build_bignum(struct builder *b, uint64_t tag, struct value *out)
{
	struct bytes big = take_bytes(b, take_head(b).argument);
	uint64_t argument = 0;

	for (; big.len && !*big.data; big.len--)
		big.data++;
	if (big.len > sizeof argument)
		return build_big(b, big, tag != CBOR_TAG_BIG, out);
	for (size_t i = 0; i < big.len; i++)
		argument = argument << 8 | big.data[i];
	if (tag != CBOR_TAG_BIG)
		return build_negative(b, argument, out);
	*out = value_uint(argument);
	return 0;
}

static int build_value(struct builder *b, struct value *out)
{
	struct cbor_head head = take_head(b);

	if (head.major == CBOR_TAG && head.argument <= CBOR_TAG_SECONDS)
		return ERR_UNSUPPORTED;
	if (head.major == CBOR_TAG && head.argument != CBOR_TAG_BYTES)
		return build_bignum(b, head.argument, out);
	if (head.major == CBOR_TAG)
		head = take_head(b);
	switch (head.major) {
	case CBOR_UINT:
		*out = value_uint(head.argument);
		return 0;
	case CBOR_NEGATIVE:
		return build_negative(b, head.argument, out);
	case CBOR_BIN:
	case CBOR_STR:
		return build_string(b, &head, out);
	case CBOR_LIST:
	case CBOR_DICT:
		return build_container(b, &head, out);
	default:
		*out = other_value(&head);
		return 0;
	}
}

int cbor_build(struct arena *a, struct bytes item, struct value *out)
{
	struct builder b = { a, item, cbor_mark(item) };

	return build_value(&b, out);
}
