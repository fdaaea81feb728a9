/*
 * buf: a growable byte string that owns its memory.
 *
 * Invariant: data is NULL exactly when cap is 0; len <= cap. Appending may
 * move data, so no pointer into a buf survives an append. A failed append
 * leaves the content as it was and marks the buf: later appends fail too, so
 * that a writer appends on and asks `buf_ok` once at the end.
 * May call malloc only; never prints.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <assert.h>
#include <string.h>

#include "base/bytes.h"
#include "base/err.h"

struct buf {
	uint8_t *data; /* owned */
	size_t len, cap;
	bool failed;
};

void buf_init(struct buf *b);
void buf_deinit(struct buf *b);
/* Empties it and forgets a failure; keeps the memory. */
void buf_clear(struct buf *b);
bool buf_ok(const struct buf *b);
struct bytes buf_bytes(const struct buf *b);

/* Room for `extra` more bytes after len: 0 or ERR_NOMEM. */
int buf_reserve(struct buf *b, size_t extra);
/* Appends; results are 0 or ERR_NOMEM. */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_add_bytes(struct buf *b, struct bytes bytes);
int buf_add_str(struct buf *b, const char *s); /* without the NUL */
int buf_add_u8(struct buf *b, uint8_t v);
int buf_add_u16(struct buf *b, uint16_t v); /* little-endian, these three */
int buf_add_u32(struct buf *b, uint32_t v);
int buf_add_u64(struct buf *b, uint64_t v);
int buf_add_varint(struct buf *b, uint64_t v); /* LEB128 */
int buf_add_svarint(struct buf *b, int64_t v); /* zig-zag LEB128 */
int buf_printf(struct buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Appends where buf_reserve has made room: cannot fail. */
static inline void buf_put(struct buf *b, struct bytes bytes)
{
	assert(bytes.len <= b->cap - b->len);
	if (bytes.len)
		memcpy(b->data + b->len, bytes.data, bytes.len);
	b->len += bytes.len;
}
/* Removes the first n bytes (n <= len). */
void buf_drop_front(struct buf *b, size_t n);

#endif
