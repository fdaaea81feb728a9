/*
 * bytes: borrowed byte strings, and the little-endian layout in which chunks
 * and their results travel.
 *
 * A `struct bytes` never owns. `struct reader` walks one and remembers the
 * first overrun, so that a parser reads on and asks `reader_ok` once at the
 * end; what it returns after an overrun is zero. Touches nothing but memory
 * it was given.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	const uint8_t *data; /* may be NULL when len is 0 */
	size_t len;
};

struct bytes bytes_of(const void *data, size_t len);
struct bytes bytes_str(const char *s); /* without the NUL */
bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_equal_str(struct bytes a, const char *s);
int bytes_compare(struct bytes a, struct bytes b); /* as memcmp, then length */

/* Lower-case hex of `b` into `out`, which holds 2 * b.len + 1. */
void bytes_hex(struct bytes b, char *out);
/* The value of a digit, in either case; -1: it is none. */
int hex_digit(uint8_t c);
/* The inverse: exactly `len` bytes from 2 * len hex digits, or false. */
bool bytes_unhex(const char *hex, uint8_t *out, size_t len);
/* What the escape "%XX" that begins at `at` stands for; -1: there is none. */
int percent_byte(struct bytes text, size_t at);

void put_u16(uint8_t *p, uint16_t v);
void put_u32(uint8_t *p, uint32_t v);
void put_u64(uint8_t *p, uint64_t v);
uint16_t get_u16(const uint8_t *p);
uint32_t get_u32(const uint8_t *p);
uint64_t get_u64(const uint8_t *p);

struct reader {
	const uint8_t *at, *end;
	bool overrun;
};

struct reader reader_of(struct bytes b);
uint8_t read_u8(struct reader *r);
uint16_t read_u16(struct reader *r);
uint32_t read_u32(struct reader *r);
uint64_t read_u64(struct reader *r);
/* LEB128, at most 10 bytes; zig-zag for the signed one. */
uint64_t read_varint(struct reader *r);
int64_t read_svarint(struct reader *r);
struct bytes read_bytes(struct reader *r, size_t len);
size_t reader_left(const struct reader *r);
bool reader_ok(const struct reader *r);   /* no overrun so far */
bool reader_done(const struct reader *r); /* no overrun, nothing left */

#endif
