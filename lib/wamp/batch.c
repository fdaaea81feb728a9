#include "wamp/batch.h"

#include <string.h>

enum { PREFIX_BYTES = 4, SEPARATOR = 0x1e, OCTAL_SEPARATOR = 0x18 };

enum batch_framing batch_framing_of(const struct serializer *serializer)
{
	return serializer->binary ? BATCH_PREFIXED : BATCH_SEPARATED;
}

enum batch_framing batch_framing_seen(enum batch_framing framing,
				      struct bytes batch)
{
	return framing == BATCH_SEPARATED && batch.len &&
			       batch.data[batch.len - 1] == OCTAL_SEPARATOR ?
		       BATCH_OCTAL :
		       framing;
}

static struct bytes take(struct bytes *rest, size_t len)
{
	struct bytes taken = bytes_of(rest->data, len);

	rest->data += len;
	rest->len -= len;
	return taken;
}

static int next_separated(struct bytes *rest, int separator,
			  struct bytes *message)
{
	const uint8_t *end = memchr(rest->data, separator, rest->len);

	if (!end)
		return ERR_TRUNCATED;
	*message = take(rest, (size_t)(end - rest->data));
	take(rest, 1);
	return 0;
}

static int next_prefixed(struct bytes *rest, struct bytes *message)
{
	const uint8_t *p = rest->data;
	uint32_t len;

	if (rest->len < PREFIX_BYTES)
		return ERR_TRUNCATED;
	len = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	      (uint32_t)p[2] << 8 | p[3];
	if (len > rest->len - PREFIX_BYTES)
		return ERR_TRUNCATED;
	take(rest, PREFIX_BYTES);
	*message = take(rest, len);
	return 0;
}

int batch_next(struct bytes *rest, enum batch_framing framing,
	       struct bytes *message)
{
	int err = 0;

	if (!rest->len)
		return ERR_MALFORMED;
	switch (framing) {
	case BATCH_NONE:
		*message = take(rest, rest->len);
		break;
	case BATCH_SEPARATED:
		err = next_separated(rest, SEPARATOR, message);
		break;
	case BATCH_OCTAL:
		err = next_separated(rest, OCTAL_SEPARATOR, message);
		break;
	case BATCH_PREFIXED:
		err = next_prefixed(rest, message);
		break;
	}
	return !err && !message->len ? ERR_MALFORMED : err;
}

static int add_prefix(struct buf *out, size_t len)
{
	const uint8_t prefix[PREFIX_BYTES] = {
		(uint8_t)(len >> 24),
		(uint8_t)(len >> 16),
		(uint8_t)(len >> 8),
		(uint8_t)len,
	};

	return len > UINT32_MAX ? ERR_LIMIT
				: buf_add(out, prefix, sizeof prefix);
}

int batch_wrap2(struct buf *out, enum batch_framing framing, struct bytes head,
		struct bytes tail)
{
	size_t before = out->len;
	int err = 0;

	if (framing == BATCH_PREFIXED)
		err = add_prefix(out, head.len + tail.len);
	if (!err)
		err = buf_add_bytes(out, head);
	if (!err)
		err = buf_add_bytes(out, tail);
	if (!err && framing == BATCH_SEPARATED)
		err = buf_add_u8(out, SEPARATOR);
	if (!err && framing == BATCH_OCTAL)
		err = buf_add_u8(out, OCTAL_SEPARATOR);
	if (err)
		out->len = before;
	return err;
}

int batch_wrap(struct buf *out, enum batch_framing framing,
	       struct bytes message)
{
	return batch_wrap2(out, framing, message, bytes_of(NULL, 0));
}
