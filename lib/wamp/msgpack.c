#include "wamp/msgpack.h"

#include <msgpack/pack.h>
#include <msgpack/unpack.h>
#include <msgpack/unpack_define.h>

#include "wamp/walk.h"

/* --- building: msgpack-c's template with our callbacks --------------------
 *
 * Everything was walked before: lengths and counts are there, strings are
 * UTF-8, keys are strings and unique, nothing is deeper than VALUE_DEPTH_MAX.
 * Only memory can fail. */

static int build_null(struct value *out)
{
	*out = value_null();
	return 0;
}

static int build_bool(struct value *out, bool b)
{
	*out = value_bool(b);
	return 0;
}

static int build_int(struct value *out, int64_t i)
{
	*out = value_int(i);
	return 0;
}

static int build_uint(struct value *out, uint64_t u)
{
	*out = value_uint(u);
	return 0;
}

static int build_real(struct value *out, double d)
{
	*out = value_real(d);
	return 0;
}

static int build_str(struct value *out, const char *data, uint32_t len)
{
	*out = value_text(bytes_of(data, len));
	return 0;
}

static int build_bin(struct value *out, const char *data, uint32_t len)
{
	*out = value_bin(bytes_of(data, len));
	return 0;
}

static int build_list(struct arena *a, uint32_t count, struct value *out)
{
	*out = value_list();
	if (!count)
		return 0;
	out->list.items = arena_array(a, count, sizeof *out->list.items);
	if (!out->list.items)
		return MSGPACK_UNPACK_NOMEM_ERROR;
	out->list.cap = count;
	return 0;
}

static int build_item(struct value *list, struct value item)
{
	list->list.items[list->list.count++] = item;
	return 0;
}

static int build_dict(struct arena *a, uint32_t count, struct value *out)
{
	*out = value_dict();
	if (!count)
		return 0;
	out->dict.pairs = arena_array(a, count, sizeof *out->dict.pairs);
	if (!out->dict.pairs)
		return MSGPACK_UNPACK_NOMEM_ERROR;
	out->dict.cap = count;
	return 0;
}

enum { BUILD_DATE = -100 }; /* none of msgpack-c's own returns */

static int build_pair(struct value *dict, struct value key, struct value v)
{
	dict->dict.pairs[dict->dict.count++] =
		(struct value_pair){ .key = key.str, .value = v };
	return 0;
}

#define on_root(u) value_null()
#define on_nil(u, o) build_null(o)
#define on_true(u, o) build_bool(o, true)
#define on_false(u, o) build_bool(o, false)
#define on_uint8(u, d, o) build_uint(o, d)
#define on_uint16(u, d, o) build_uint(o, d)
#define on_uint32(u, d, o) build_uint(o, d)
#define on_uint64(u, d, o) build_uint(o, d)
#define on_int8(u, d, o) build_int(o, d)
#define on_int16(u, d, o) build_int(o, d)
#define on_int32(u, d, o) build_int(o, d)
#define on_int64(u, d, o) build_int(o, d)
#define on_float(u, d, o) build_real(o, (double)(d))
#define on_double(u, d, o) build_real(o, d)
#define on_array(u, n, o) build_list(*(u), (uint32_t)(n), o)
#define on_array_item(u, c, o) build_item(c, o)
#define on_map(u, n, o) build_dict(*(u), (uint32_t)(n), o)
#define on_map_item(u, c, k, v) build_pair(c, k, v)
#define on_str(u, b, p, l, o) build_str(o, p, l)
#define on_bin(u, b, p, l, o) build_bin(o, p, l)
/* Only msgpackr's undefined and dates pass the walk. */
#define on_ext(u, b, p, l, o) \
	(msgpack_is_date((const uint8_t *)(p)) ? BUILD_DATE : build_null(o))

#undef MSGPACK_EMBED_STACK_SIZE
#define MSGPACK_EMBED_STACK_SIZE (VALUE_DEPTH_MAX + 1)
#define msgpack_unpack_struct(name) struct builder##name
#define msgpack_unpack_func(ret, name) \
	__attribute__((unused)) static inline ret builder##name
#define msgpack_unpack_callback(name) on##name
#define msgpack_unpack_object struct value
#define msgpack_unpack_user struct arena *
#include <msgpack/unpack_template.h>

/* Big-endian. */
static uint64_t number(const uint8_t *p, unsigned len)
{
	uint64_t n = 0;

	while (len--)
		n = n << 8 | *p++;
	return n;
}

/* What the header of nearly every message is made of, ids, an empty dict and
 * a short text, needs none of the template's stack. */
static bool build_plain(struct bytes item, struct value *out)
{
	const uint8_t *p = item.data;

	if (!item.len)
		return false;
	if (*p < 0x80) /* positive fixint */
		*out = value_uint(*p);
	else if (*p >= 0xcc && *p <= 0xcf) /* uint 8 to 64 */
		*out = value_uint(number(p + 1, 1u << (*p - 0xcc)));
	else if (*p == 0x80) /* empty fixmap */
		*out = value_dict();
	else if (*p >= 0xa0 && *p <= 0xbf) /* fixstr */
		*out = value_text(bytes_of(p + 1, *p & 0x1f));
	else
		return false;
	return true;
}

static int build(struct arena *a, struct bytes item, struct value *out)
{
	struct builder_context ctx WALK_UNINITIALIZED;
	size_t at = 0;
	int ret;

	if (build_plain(item, out))
		return 0;
	ctx.user = a;
	builder_init(&ctx);
	ret = builder_execute(&ctx, (const char *)item.data, item.len, &at);
	if (ret == MSGPACK_UNPACK_NOMEM_ERROR)
		return ERR_NOMEM;
	if (ret == BUILD_DATE)
		return ERR_UNSUPPORTED;
	if (ret != 1)
		return ERR_MALFORMED;
	*out = builder_data(&ctx);
	return 0;
}

static int decode(struct arena *a, struct bytes data,
		  const struct wamp_limits *limits, struct value **out)
{
	int err = msgpack_check(data, limits);

	if (err)
		return err;
	*out = arena_alloc(a, sizeof **out);
	return *out ? build(a, data, *out) : ERR_NOMEM;
}

/* --- encoding: msgpack-c's packer into a buf ----------------------------- */

static int append(void *buf, const char *data, size_t len)
{
	return buf_add(buf, data, len);
}

static int pack(msgpack_packer *pk, const struct value *v, unsigned depth);

static int pack_text(msgpack_packer *pk, struct bytes text)
{
	if (text.len > UINT32_MAX)
		return ERR_LIMIT;
	if (msgpack_pack_str(pk, text.len))
		return ERR_NOMEM;
	return buf_add_bytes(pk->data, text);
}

static int pack_binary(msgpack_packer *pk, struct bytes binary)
{
	if (binary.len > UINT32_MAX)
		return ERR_LIMIT;
	if (msgpack_pack_bin(pk, binary.len))
		return ERR_NOMEM;
	return buf_add_bytes(pk->data, binary);
}

static int pack_list(msgpack_packer *pk, const struct value *v, unsigned depth)
{
	int err = msgpack_pack_array(pk, v->list.count);

	for (uint32_t i = 0; !err && i < v->list.count; i++)
		err = pack(pk, &v->list.items[i], depth);
	return err;
}

static int pack_dict(msgpack_packer *pk, const struct value *v, unsigned depth)
{
	int err = msgpack_pack_map(pk, v->dict.count);

	for (uint32_t i = 0; !err && i < v->dict.count; i++) {
		err = pack_text(pk, v->dict.pairs[i].key);
		if (!err)
			err = pack(pk, &v->dict.pairs[i].value, depth);
	}
	return err;
}

static int pack(msgpack_packer *pk, const struct value *v, unsigned depth)
{
	switch (v->type) {
	case VALUE_NULL:
		return msgpack_pack_nil(pk);
	case VALUE_BOOL:
		return v->boolean ? msgpack_pack_true(pk)
				  : msgpack_pack_false(pk);
	case VALUE_INT:
		return msgpack_pack_int64(pk, v->integer);
	case VALUE_UINT:
		return msgpack_pack_uint64(pk, v->uinteger);
	case VALUE_BIG:
		return ERR_UNSUPPORTED;
	case VALUE_REAL:
		return msgpack_pack_double(pk, v->real);
	case VALUE_STR:
		return pack_text(pk, v->str);
	case VALUE_BIN:
		return pack_binary(pk, v->str);
	case VALUE_LIST:
		return depth == VALUE_DEPTH_MAX ? ERR_LIMIT
						: pack_list(pk, v, depth + 1);
	case VALUE_DICT:
		return depth == VALUE_DEPTH_MAX ? ERR_LIMIT
						: pack_dict(pk, v, depth + 1);
	}
	return ERR_UNSUPPORTED;
}

static int encode(struct buf *out, const struct value *v)
{
	size_t before = out->len;
	msgpack_packer pk;
	int err;

	msgpack_packer_init(&pk, out, append);
	err = pack(&pk, v, 0);
	if (err)
		out->len = before;
	return err;
}

static int list_begin(struct buf *out, unsigned count)
{
	msgpack_packer pk;

	msgpack_packer_init(&pk, out, append);
	return msgpack_pack_array(&pk, count);
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

const struct serializer serializer_msgpack = {
	.id = SERIALIZER_MSGPACK,
	.name = "msgpack",
	.subprotocol = "wamp.2.msgpack",
	.batched = "wamp.2.msgpack.batched",
	.binary = true,
	.rawsocket = 2,
	.decode = decode,
	.encode = encode,
	.check = msgpack_check,
	.build = build,
	.split = msgpack_split,
	.cut = msgpack_cut,
	.list_begin = list_begin,
	.list_item = list_item,
	.list_end = list_end,
};
