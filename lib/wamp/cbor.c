#include "wamp/cbor.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "wamp/walk.h"

/* --- reals: RFC 8949, 3.3 and appendix D --------------------------------- */

static double of_bits(uint64_t bits)
{
	double real;

	memcpy(&real, &bits, sizeof real);
	return real;
}

static uint64_t bits_of(double real)
{
	uint64_t bits;

	memcpy(&bits, &real, sizeof bits);
	return bits;
}

static double half_real(uint64_t half)
{
	uint64_t sign = half >> 15 << 63, mantissa = half & 0x3ff;
	uint64_t exponent = half >> 10 & 0x1f;

	if (exponent == 0)
		return copysign((double)mantissa * 0x1p-24, of_bits(sign));
	exponent = exponent == 0x1f ? 0x7ff : exponent + 1023 - 15;
	return of_bits(sign | exponent << 52 | mantissa << 42);
}

static double single_real(uint64_t single)
{
	uint32_t bits = (uint32_t)single;
	float real;

	memcpy(&real, &bits, sizeof real);
	return (double)real;
}

/* The half that is exactly this real, if there is one. */
static bool to_half(double real, uint64_t *half)
{
	uint64_t bits = bits_of(real), exponent = bits >> 52 & 0x7ff;
	uint64_t mantissa = bits >> 42 & 0x3ff;

	if (exponent == 0x7ff)
		exponent = 0x1f;
	else if (exponent > 1023 - 15 && exponent <= 1023 + 15)
		exponent -= 1023 - 15;
	else if (fabs(real) < 0x1p-14) {
		mantissa = (uint64_t)(fabs(real) * 0x1p24);
		exponent = 0;
	} else {
		return false;
	}
	*half = bits >> 63 << 15 | exponent << 10 | mantissa;
	return bits_of(half_real(*half)) == bits;
}

static bool to_single(double real, uint64_t *single)
{
	uint32_t bits;
	float narrow;

	if (isfinite(real) && fabs(real) > (double)FLT_MAX)
		return false;
	narrow = (float)real;
	memcpy(&bits, &narrow, sizeof bits);
	*single = bits;
	return bits_of((double)narrow) == bits_of(real);
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
		return value_real(half_real(head->argument));
	case CBOR_SINGLE:
		return value_real(single_real(head->argument));
	case CBOR_DOUBLE:
		return value_real(of_bits(head->argument));
	case CBOR_FALSE:
	case CBOR_TRUE:
		return value_bool(head->info == CBOR_TRUE);
	default:
		return value_null();
	}
}

static int build_bignum(struct builder *b, uint64_t tag, struct value *out)
{
	uint64_t argument = cbor_big(take_bytes(b, take_head(b).argument));

	*out = tag == CBOR_TAG_BIG ? value_uint(argument)
				   : value_int(-1 - (int64_t)argument);
	return 0;
}

static int build_value(struct builder *b, struct value *out)
{
	struct cbor_head head = take_head(b);

	if (head.major == CBOR_TAG && head.argument != CBOR_TAG_BYTES)
		return build_bignum(b, head.argument, out);
	if (head.major == CBOR_TAG)
		head = take_head(b);
	switch (head.major) {
	case CBOR_UINT:
		*out = value_uint(head.argument);
		return 0;
	case CBOR_NEGATIVE:
		*out = value_int(-1 - (int64_t)head.argument);
		return 0;
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

static int build(struct arena *a, struct bytes item, struct value *out)
{
	struct builder b = { a, item, cbor_mark(item) };

	return build_value(&b, out);
}

static int decode(struct arena *a, struct bytes data,
		  const struct wamp_limits *limits, struct value **out)
{
	int err = cbor_check(data, limits);

	if (err)
		return err;
	*out = arena_alloc(a, sizeof **out);
	return *out ? build(a, data, *out) : ERR_NOMEM;
}

/* --- encoding: the shortest form (RFC 8949, 4.1) ------------------------- */

/* `bytes` (1, 2, 4 or 8) of argument behind the first byte. */
static int add_long(struct buf *out, enum cbor_major major, uint64_t argument,
		    unsigned bytes)
{
	unsigned power = (unsigned)__builtin_ctz(bytes);
	uint8_t head[9];

	head[0] = (uint8_t)(major << 5 | (CBOR_ONE_BYTE + power));
	for (unsigned i = bytes; i; i--, argument >>= 8)
		head[i] = (uint8_t)argument;
	return buf_add(out, head, 1 + bytes);
}

static int add_head(struct buf *out, enum cbor_major major, uint64_t argument)
{
	if (argument < CBOR_ONE_BYTE)
		return buf_add_u8(out, (uint8_t)(major << 5 | argument));
	if (argument <= UINT8_MAX)
		return add_long(out, major, argument, 1);
	if (argument <= UINT16_MAX)
		return add_long(out, major, argument, 2);
	return add_long(out, major, argument, argument <= UINT32_MAX ? 4 : 8);
}

static int add_integer(struct buf *out, int64_t i)
{
	return i < 0 ? add_head(out, CBOR_NEGATIVE, (uint64_t)(-1 - i))
		     : add_head(out, CBOR_UINT, (uint64_t)i);
}

static int add_real(struct buf *out, double real)
{
	uint64_t bits;

	if (to_half(real, &bits))
		return add_long(out, CBOR_OTHER, bits, 2);
	if (to_single(real, &bits))
		return add_long(out, CBOR_OTHER, bits, 4);
	return add_long(out, CBOR_OTHER, bits_of(real), 8);
}

static int add_string(struct buf *out, enum cbor_major major,
		      struct bytes string)
{
	int err = add_head(out, major, string.len);

	return err ? err : buf_add_bytes(out, string);
}

static int add_value(struct buf *out, const struct value *v, unsigned depth);

static int add_list(struct buf *out, const struct value *v, unsigned depth)
{
	int err = add_head(out, CBOR_LIST, v->list.count);

	for (uint32_t i = 0; !err && i < v->list.count; i++)
		err = add_value(out, &v->list.items[i], depth);
	return err;
}

static int add_dict(struct buf *out, const struct value *v, unsigned depth)
{
	int err = add_head(out, CBOR_DICT, v->dict.count);

	for (uint32_t i = 0; !err && i < v->dict.count; i++) {
		err = add_string(out, CBOR_STR, v->dict.pairs[i].key);
		if (!err)
			err = add_value(out, &v->dict.pairs[i].value, depth);
	}
	return err;
}

static int add_value(struct buf *out, const struct value *v, unsigned depth)
{
	switch (v->type) {
	case VALUE_NULL:
		return add_head(out, CBOR_OTHER, CBOR_NULL);
	case VALUE_BOOL:
		return add_head(out, CBOR_OTHER,
				v->boolean ? CBOR_TRUE : CBOR_FALSE);
	case VALUE_INT:
		return add_integer(out, v->integer);
	case VALUE_UINT:
		return add_head(out, CBOR_UINT, v->uinteger);
	case VALUE_REAL:
		return add_real(out, v->real);
	case VALUE_STR:
		return add_string(out, CBOR_STR, v->str);
	case VALUE_BIN:
		return add_string(out, CBOR_BIN, v->str);
	case VALUE_LIST:
		return depth == VALUE_DEPTH_MAX ? ERR_LIMIT
						: add_list(out, v, depth + 1);
	case VALUE_DICT:
		return depth == VALUE_DEPTH_MAX ? ERR_LIMIT
						: add_dict(out, v, depth + 1);
	}
	return ERR_UNSUPPORTED;
}

static int encode(struct buf *out, const struct value *v)
{
	size_t before = out->len;
	int err = add_value(out, v, 0);

	if (err)
		out->len = before;
	return err;
}

static int list_begin(struct buf *out, unsigned count)
{
	return add_head(out, CBOR_LIST, count);
}

static int list_item(struct buf *out, unsigned index)
{
	(void)index;
	return out->failed ? ERR_NOMEM : 0;
}

static int list_end(struct buf *out)
{
	return out->failed ? ERR_NOMEM : 0;
}

const struct serializer serializer_cbor = {
	.id = SERIALIZER_CBOR,
	.name = "cbor",
	.subprotocol = "wamp.2.cbor",
	.batched = "wamp.2.cbor.batched",
	.binary = true,
	.rawsocket = 3,
	.decode = decode,
	.encode = encode,
	.check = cbor_check,
	.build = build,
	.split = cbor_split,
	.cut = cbor_cut,
	.list_begin = list_begin,
	.list_item = list_item,
	.list_end = list_end,
};
