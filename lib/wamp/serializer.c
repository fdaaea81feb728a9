#include "wamp/serializer.h"

const struct wamp_limits wamp_limits_default = {
	.bytes_max = 1 << 20,
	.depth_max = 32,
	.elements_max = 1 << 20,
};

static const struct serializer *const serializers[] = {
	&serializer_msgpack,
#ifndef WAMP_WITHOUT_JSON
	&serializer_json,
#endif
#ifndef WAMP_WITHOUT_CBOR
	&serializer_cbor,
#endif
};

enum { SERIALIZERS = sizeof serializers / sizeof serializers[0] };

const struct serializer *serializer_by_subprotocol(struct bytes subprotocol)
{
	for (unsigned i = 0; i < SERIALIZERS; i++)
		if (bytes_equal_str(subprotocol, serializers[i]->subprotocol))
			return serializers[i];
	return NULL;
}

const struct serializer *serializer_by_batched(struct bytes subprotocol)
{
	for (unsigned i = 0; i < SERIALIZERS; i++)
		if (bytes_equal_str(subprotocol, serializers[i]->batched))
			return serializers[i];
	return NULL;
}

const struct serializer *serializer_by_name(const char *name)
{
	for (unsigned i = 0; i < SERIALIZERS; i++)
		if (bytes_equal_str(bytes_str(name), serializers[i]->name))
			return serializers[i];
	return NULL;
}

const struct serializer *serializer_by_rawsocket(uint8_t number)
{
	for (unsigned i = 0; i < SERIALIZERS; i++)
		if (serializers[i]->rawsocket == number)
			return serializers[i];
	return NULL;
}

int serializer_transcode(const struct serializer *from, struct bytes item,
			 const struct serializer *to, struct arena *scratch,
			 const struct wamp_limits *limits, struct buf *out)
{
	struct value *v;
	int err;

	if (from == to)
		return buf_add_bytes(out, item);
	err = from->decode(scratch, item, limits, &v);
	return err ? err : to->encode(out, v);
}
