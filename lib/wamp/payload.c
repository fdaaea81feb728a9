#include "wamp/message.h"

static int encode_both(const struct serializer *serializer,
		       struct buf *storage, const struct value *args,
		       const struct value *kwargs, size_t *args_len)
{
	size_t before = storage->len;
	int err = serializer->encode(storage, args);

	*args_len = storage->len - before;
	if (!err && kwargs)
		err = serializer->encode(storage, kwargs);
	return err;
}

int payload_encode(struct payload *out, const struct serializer *serializer,
		   struct buf *storage, const struct value *args,
		   const struct value *kwargs)
{
	const struct value none = value_list();
	size_t before = storage->len, args_len;
	int err;

	*out = (struct payload){ .serializer = serializer };
	if (!value_count(kwargs))
		kwargs = NULL;
	if (!value_count(args)) {
		if (!kwargs)
			return 0;
		args = &none;
	}
	if (args->type != VALUE_LIST || (kwargs && kwargs->type != VALUE_DICT))
		return ERR_USAGE;
	err = encode_both(serializer, storage, args, kwargs, &args_len);
	if (err) {
		storage->len = before;
		return err;
	}
	out->args = bytes_of(storage->data + before, args_len);
	if (kwargs)
		out->kwargs = bytes_of(storage->data + before + args_len,
				       storage->len - before - args_len);
	return 0;
}

static int decode_part(struct arena *a, const struct payload *payload,
		       struct bytes raw, const struct wamp_limits *limits,
		       struct value empty, struct value **out)
{
	int err;

	if (!raw.data) {
		*out = arena_alloc(a, sizeof **out);
		if (!*out)
			return ERR_NOMEM;
		**out = empty;
		return 0;
	}
	err = payload->serializer->decode(a, raw, limits, out);
	if (err)
		return err;
	return (*out)->type == empty.type ? 0 : ERR_MALFORMED;
}

int payload_decode(struct arena *a, const struct payload *payload,
		   const struct wamp_limits *limits, struct value **args,
		   struct value **kwargs)
{
	int err = decode_part(a, payload, payload->args, limits, value_list(),
			      args);

	return err ? err
		   : decode_part(a, payload, payload->kwargs, limits,
				 value_dict(), kwargs);
}
