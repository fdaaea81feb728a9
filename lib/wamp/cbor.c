#include "wamp/cbor.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "wamp/bigint.h"

/* --- reals: RFC 8949, 3.3 and appendix D --------------------------------- */

static uint64_t bits_of(double real)
{
	uint64_t bits;

	memcpy(&bits, &real, sizeof bits);
	return bits;
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
	return bits_of(cbor_half(*half)) == bits;
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

/* --- decoding ------------------------------------------------------------ */

static int decode(struct arena *a, struct bytes data,
		  const struct wamp_limits *limits, struct value **out)
{
	int err = cbor_check(data, limits);

	if (err)
		return err;
	*out = arena_alloc(a, sizeof **out);
	return *out ? cbor_build(a, data, *out) : ERR_NOMEM;
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

/* A bignum, but where the longest integer reaches: to -2^64. */
static int add_big(struct buf *out, struct bytes decimal)
{
	bool negative = decimal.data[0] == '-';
	uint8_t room[BIGINT_BYTES_MAX];
	struct bytes argument;
	int err = bigint_argument(decimal, room, &argument);
	uint64_t low = 0;

	if (err)
		return err;
	if (argument.len > sizeof low) {
		err = add_head(out, CBOR_TAG, negative ? CBOR_TAG_BIG_NEGATIVE
						       : CBOR_TAG_BIG);
		return err ? err : add_string(out, CBOR_BIN, argument);
	}
	for (size_t i = 0; i < argument.len; i++)
		low = low << 8 | argument.data[i];
	return add_head(out, negative ? CBOR_NEGATIVE : CBOR_UINT, low);
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
	case VALUE_BIG:
		return add_big(out, v->str);
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
	.build = cbor_build,
	.split = cbor_split,
	.cut = cbor_cut,
	.list_begin = list_begin,
	.list_item = list_item,
	.list_end = list_end,
};
