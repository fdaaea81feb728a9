#include "base/bytes.h"

#include <string.h>

struct bytes bytes_of(const void *data, size_t len)
{
	return (struct bytes){ data, len };
}

struct bytes bytes_str(const char *s)
{
	return bytes_of(s, strlen(s));
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len &&
	       (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool bytes_equal_str(struct bytes a, const char *s)
{
	return bytes_equal(a, bytes_str(s));
}

int bytes_compare(struct bytes a, struct bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n ? memcmp(a.data, b.data, n) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

void bytes_hex(struct bytes b, char *out)
{
	static const char digit[] = "0123456789abcdef";

	for (size_t i = 0; i < b.len; i++) {
		*out++ = digit[b.data[i] >> 4];
		*out++ = digit[b.data[i] & 15];
	}
	*out = '\0';
}

int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool bytes_unhex(const char *hex, uint8_t *out, size_t len)
{
	if (strlen(hex) != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++) {
		int high = hex_digit((uint8_t)hex[2 * i]);
		int low = hex_digit((uint8_t)hex[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

int percent_byte(struct bytes text, size_t at)
{
	int high, low;

	if (at >= text.len || text.len - at < 3 || text.data[at] != '%')
		return -1;
	high = hex_digit(text.data[at + 1]);
	low = hex_digit(text.data[at + 2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

void put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

void put_u32(uint8_t *p, uint32_t v)
{
	put_u16(p, (uint16_t)v);
	put_u16(p + 2, (uint16_t)(v >> 16));
}

void put_u64(uint8_t *p, uint64_t v)
{
	put_u32(p, (uint32_t)v);
	put_u32(p + 4, (uint32_t)(v >> 32));
}

uint16_t get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}

uint64_t get_u64(const uint8_t *p)
{
	return (uint64_t)get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

struct reader reader_of(struct bytes b)
{
	static const uint8_t none[1];

	if (b.len == 0)
		b.data = none;
	return (struct reader){ b.data, b.data + b.len, false };
}

size_t reader_left(const struct reader *r)
{
	return (size_t)(r->end - r->at);
}

bool reader_ok(const struct reader *r)
{
	return !r->overrun;
}

bool reader_done(const struct reader *r)
{
	return !r->overrun && r->at == r->end;
}

/* The next len bytes, or NULL and the overrun noted. */
static const uint8_t *take(struct reader *r, size_t len)
{
	const uint8_t *p = r->at;

	if (reader_left(r) < len) {
		r->overrun = true;
		r->at = r->end;
		return NULL;
	}
	r->at += len;
	return p;
}

uint8_t read_u8(struct reader *r)
{
	const uint8_t *p = take(r, 1);

	return p ? *p : 0;
}

uint16_t read_u16(struct reader *r)
{
	const uint8_t *p = take(r, 2);

	return p ? get_u16(p) : 0;
}

uint32_t read_u32(struct reader *r)
{
	const uint8_t *p = take(r, 4);

	return p ? get_u32(p) : 0;
}

uint64_t read_u64(struct reader *r)
{
	const uint8_t *p = take(r, 8);

	return p ? get_u64(p) : 0;
}

uint64_t read_varint(struct reader *r)
{
	uint64_t v = 0;

	for (int shift = 0; shift < 64; shift += 7) {
		uint8_t b = read_u8(r);

		v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80)) {
			if (shift == 63 && b > 1)
				break;
			return v;
		}
	}
	r->overrun = true;
	return 0;
}

int64_t read_svarint(struct reader *r)
{
	uint64_t v = read_varint(r);

	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

struct bytes read_bytes(struct reader *r, size_t len)
{
	const uint8_t *p = take(r, len);

	return bytes_of(p, p ? len : 0);
}
