#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST_BYTES = 64 };

void buf_init(struct buf *b)
{
	*b = (struct buf){ 0 };
}

void buf_deinit(struct buf *b)
{
	free(b->data);
	buf_init(b);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
}

bool buf_ok(const struct buf *b)
{
	return !b->failed;
}

struct bytes buf_bytes(const struct buf *b)
{
	return bytes_of(b->data, b->len);
}

static int grow(struct buf *b, size_t extra)
{
	size_t want = b->len + extra, cap = b->cap ? b->cap : BUF_FIRST_BYTES;
	uint8_t *data;

	if (b->failed)
		return ERR_NOMEM;
	while (cap < want && cap <= SIZE_MAX / 2)
		cap *= 2;
	data = want < extra || cap < want ? NULL : realloc(b->data, cap);
	if (!data) {
		b->failed = true;
		return ERR_NOMEM;
	}
	b->data = data;
	b->cap = cap;
	return 0;
}

/* Short, so that it is compiled into what appends. */
int buf_reserve(struct buf *b, size_t extra)
{
	if (!b->failed && extra <= b->cap - b->len)
		return 0;
	return grow(b, extra);
}

int buf_add(struct buf *b, const void *data, size_t len)
{
	int err = buf_reserve(b, len);

	if (err)
		return err;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	return 0;
}

int buf_add_bytes(struct buf *b, struct bytes bytes)
{
	return buf_add(b, bytes.data, bytes.len);
}

int buf_add_str(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_add_u8(struct buf *b, uint8_t v)
{
	return buf_add(b, &v, 1);
}

int buf_add_u16(struct buf *b, uint16_t v)
{
	uint8_t raw[2];

	put_u16(raw, v);
	return buf_add(b, raw, sizeof raw);
}

int buf_add_u32(struct buf *b, uint32_t v)
{
	uint8_t raw[4];

	put_u32(raw, v);
	return buf_add(b, raw, sizeof raw);
}

int buf_add_u64(struct buf *b, uint64_t v)
{
	uint8_t raw[8];

	put_u64(raw, v);
	return buf_add(b, raw, sizeof raw);
}

int buf_add_varint(struct buf *b, uint64_t v)
{
	uint8_t raw[10];
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		raw[n++] = (uint8_t)(v | 0x80);
	raw[n++] = (uint8_t)v;
	return buf_add(b, raw, n);
}

int buf_add_svarint(struct buf *b, int64_t v)
{
	return buf_add_varint(b, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

int buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n, err;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	err = n < 0 ? ERR_MALFORMED : buf_reserve(b, (size_t)n + 1);
	if (!err) {
		vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
	return err;
}

void buf_drop_front(struct buf *b, size_t n)
{
	assert(n <= b->len);
	if (n && n < b->len)
		memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}
