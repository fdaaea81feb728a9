#include "wamp/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wamp/walk.h"

/* --- numbers ------------------------------------------------------------- */

static bool is_integer(struct bytes token)
{
	for (size_t i = 0; i < token.len; i++)
		if (token.data[i] == '.' || (token.data[i] | 0x20) == 'e')
			return false;
	return true;
}

/* The magnitude of an integer token; false when over 64 bits. */
static bool integer_magnitude(struct bytes digits, uint64_t *out)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < digits.len; i++)
		if (__builtin_mul_overflow(sum, 10, &sum) ||
		    __builtin_add_overflow(
			    sum, (uint64_t)(digits.data[i] - '0'), &sum))
			return false;
	*out = sum;
	return true;
}

static bool integer_number(struct bytes token, struct value *out)
{
	bool negative = token.data[0] == '-';
	uint64_t magnitude;

	if (!integer_magnitude(bytes_of(token.data + negative,
					token.len - negative),
			       &magnitude))
		return false;
	if (!negative) {
		*out = value_uint(magnitude);
		return true;
	}
	if (magnitude > (uint64_t)INT64_MAX + 1)
		return false;
	*out = value_int((int64_t)(0 - magnitude));
	return true;
}

static bool real_number(struct bytes token, struct value *out)
{
	char text[JSON_NUMBER_BYTES_MAX + 1] WALK_UNINITIALIZED;
	double real;

	if (token.len >= sizeof text)
		return false;
	memcpy(text, token.data, token.len);
	text[token.len] = '\0';
	real = strtod(text, NULL);
	*out = value_real(real);
	return isfinite(real);
}

bool json_number(struct bytes token, struct value *out)
{
	if (!is_integer(token))
		return real_number(token, out);
	if (!integer_number(token, out))
		*out = value_big(token);
	return true;
}

/* --- building: recursive, over text that the walk has passed ------------- */

struct builder {
	struct arena *arena;
	const uint8_t *at, *end;
};

static void skip_space(struct builder *b)
{
	while (*b->at == ' ' || *b->at == '\n' || *b->at == '\r' ||
	       *b->at == '\t')
		b->at++;
}

static struct bytes take_raw(struct builder *b, bool *escapes)
{
	const uint8_t *start = ++b->at;

	*escapes = false;
	for (; *b->at != '"'; b->at++) {
		if (*b->at == '\\') {
			*escapes = true;
			b->at++;
		}
	}
	return bytes_of(start, (size_t)(b->at++ - start));
}

static int take_text(struct builder *b, struct bytes *text, bool *binary)
{
	bool escapes;
	uint8_t *copy;

	*text = take_raw(b, &escapes);
	*binary = escapes && json_marks_binary(*text);
	if (!escapes)
		return 0;
	copy = arena_alloc(b->arena, text->len);
	if (!copy)
		return ERR_NOMEM;
	*text = bytes_of(copy, json_unescape(*text, copy));
	return 0;
}

static int build_string(struct builder *b, struct value *out)
{
	struct bytes text;
	bool binary;
	int err = take_text(b, &text, &binary);
	uint8_t *data;

	if (err || !binary) {
		*out = value_text(text);
		return err;
	}
	/* The mark is one byte now; what is behind it shrinks. */
	data = arena_alloc(b->arena, text.len);
	if (!data)
		return ERR_NOMEM;
	text = bytes_of(text.data + 1, text.len - 1);
	*out = value_bin(bytes_of(data, json_base64_decode(text, data)));
	return 0;
}

static int build_value(struct builder *b, struct value *out);

static int build_list(struct builder *b, struct value *out)
{
	*out = value_list();
	for (b->at++, skip_space(b); *b->at != ']';) {
		struct value item;
		int err = build_value(b, &item);

		if (!err)
			err = list_add(b->arena, out, item);
		if (err)
			return err;
		skip_space(b);
		if (*b->at == ',')
			b->at++;
		skip_space(b);
	}
	b->at++;
	return 0;
}

static int build_dict(struct builder *b, struct value *out)
{
	*out = value_dict();
	for (b->at++, skip_space(b); *b->at != '}';) {
		struct bytes key;
		struct value v;
		bool binary;
		int err = take_text(b, &key, &binary);

		if (err)
			return err;
		skip_space(b);
		b->at++; /* the colon */
		err = build_value(b, &v);
		if (!err)
			err = dict_add(b->arena, out, key, v);
		if (err)
			return err;
		skip_space(b);
		if (*b->at == ',')
			b->at++;
		skip_space(b);
	}
	b->at++;
	return 0;
}

static int build_word(struct builder *b, struct value *out, struct value v,
		      size_t len)
{
	*out = v;
	b->at += len;
	return 0;
}

static int build_number(struct builder *b, struct value *out)
{
	const uint8_t *start = b->at;

	while (b->at < b->end && *b->at && strchr("+-.0123456789eE", *b->at))
		b->at++;
	json_number(bytes_of(start, (size_t)(b->at - start)), out);
	return 0;
}

static int build_value(struct builder *b, struct value *out)
{
	skip_space(b);
	switch (*b->at) {
	case '"':
		return build_string(b, out);
	case '[':
		return build_list(b, out);
	case '{':
		return build_dict(b, out);
	case 'n':
		return build_word(b, out, value_null(), 4);
	case 't':
		return build_word(b, out, value_bool(true), 4);
	case 'f':
		return build_word(b, out, value_bool(false), 5);
	default:
		return build_number(b, out);
	}
}

static int build(struct arena *a, struct bytes item, struct value *out)
{
	struct builder b = {
		.arena = a,
		.at = item.data,
		.end = item.data + item.len,
	};

	return build_value(&b, out);
}

static int decode(struct arena *a, struct bytes data,
		  const struct wamp_limits *limits, struct value **out)
{
	int err = json_check(data, limits);

	if (err)
		return err;
	*out = arena_alloc(a, sizeof **out);
	return *out ? build(a, data, *out) : ERR_NOMEM;
}

/* --- encoding ------------------------------------------------------------ */

/* The shortest of 15 to 17 digits that reads back as the same number, and
 * never like an integer. */
static int add_real(struct buf *out, double real)
{
	char text[40];
	int digits = 15;

	if (!isfinite(real))
		return ERR_UNSUPPORTED;
	do
		snprintf(text, sizeof text - 2, "%.*g", digits, real);
	while (digits++ < 17 && strtod(text, NULL) != real);
	if (!strpbrk(text, ".e"))
		strcat(text, ".0");
	return buf_add_str(out, text);
}

static int add_integer(struct buf *out, uint64_t magnitude, bool negative)
{
	char text[21], *p = text + sizeof text;

	do
		*--p = (char)('0' + magnitude % 10);
	while (magnitude /= 10);
	if (negative)
		*--p = '-';
	return buf_add(out, p, (size_t)(text + sizeof text - p));
}

/* Text that a receiver would take for a binary, or choke on, is not sent. */
static int add_string(struct buf *out, struct bytes text)
{
	if (text.len && text.data[0] == 0)
		return ERR_UNSUPPORTED;
	return json_add_text(out, text);
}

static int add_value(struct buf *out, const struct value *v, unsigned depth);

static int add_list(struct buf *out, const struct value *v, unsigned depth)
{
	int err = buf_add_u8(out, '[');

	for (uint32_t i = 0; !err && i < v->list.count; i++) {
		if (i)
			err = buf_add_u8(out, ',');
		if (!err)
			err = add_value(out, &v->list.items[i], depth);
	}
	return err ? err : buf_add_u8(out, ']');
}

static int add_dict(struct buf *out, const struct value *v, unsigned depth)
{
	int err = buf_add_u8(out, '{');

	for (uint32_t i = 0; !err && i < v->dict.count; i++) {
		if (i)
			err = buf_add_u8(out, ',');
		if (!err)
			err = json_add_text(out, v->dict.pairs[i].key);
		if (!err)
			err = buf_add_u8(out, ':');
		if (!err)
			err = add_value(out, &v->dict.pairs[i].value, depth);
	}
	return err ? err : buf_add_u8(out, '}');
}

static int add_value(struct buf *out, const struct value *v, unsigned depth)
{
	switch (v->type) {
	case VALUE_NULL:
		return buf_add_str(out, "null");
	case VALUE_BOOL:
		return buf_add_str(out, v->boolean ? "true" : "false");
	case VALUE_INT:
		return add_integer(out,
				   v->integer < 0 ? 0 - (uint64_t)v->integer
						  : (uint64_t)v->integer,
				   v->integer < 0);
	case VALUE_UINT:
		return add_integer(out, v->uinteger, false);
	case VALUE_BIG:
		return buf_add_bytes(out, v->str);
	case VALUE_REAL:
		return add_real(out, v->real);
	case VALUE_STR:
		return add_string(out, v->str);
	case VALUE_BIN:
		return json_add_binary(out, v->str);
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
	(void)count;
	return buf_add_u8(out, '[');
}

static int list_item(struct buf *out, unsigned index)
{
	return index ? buf_add_u8(out, ',') : 0;
}

static int list_end(struct buf *out)
{
	return buf_add_u8(out, ']');
}

const struct serializer serializer_json = {
	.id = SERIALIZER_JSON,
	.name = "json",
	.subprotocol = "wamp.2.json",
	.batched = "wamp.2.json.batched",
	.binary = false,
	.rawsocket = 1,
	.decode = decode,
	.encode = encode,
	.check = json_check,
	.build = build,
	.split = json_split,
	.cut = json_cut,
	.list_begin = list_begin,
	.list_item = list_item,
	.list_end = list_end,
};
