#include "wamp/json.h"

#include <string.h>

/* The four digits of \uXXXX. */
static uint32_t hex4(struct bytes raw, size_t *at)
{
	uint32_t unit = 0;

	if (raw.len - *at < 4)
		return UINT32_MAX;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(raw.data[(*at)++]);

		if (digit < 0)
			return UINT32_MAX;
		unit = unit << 4 | (uint32_t)digit;
	}
	return unit;
}

static uint32_t unicode_escape(struct bytes raw, size_t *at)
{
	uint32_t unit = hex4(raw, at), low;

	if (unit == UINT32_MAX || unit < 0xd800 || unit > 0xdfff)
		return unit;
	if (unit > 0xdbff || raw.len - *at < 2 || raw.data[*at] != '\\' ||
	    raw.data[*at + 1] != 'u')
		return UINT32_MAX;
	*at += 2;
	low = hex4(raw, at);
	if (low < 0xdc00 || low > 0xdfff)
		return UINT32_MAX;
	return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

uint32_t json_escape_next(struct bytes raw, size_t *at)
{
	if (*at == raw.len)
		return UINT32_MAX;
	switch (raw.data[(*at)++]) {
	case '"':
		return '"';
	case '\\':
		return '\\';
	case '/':
		return '/';
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		return unicode_escape(raw, at);
	default:
		return UINT32_MAX;
	}
}

static size_t put_utf8(uint8_t *out, uint32_t code)
{
	if (code < 0x80) {
		out[0] = (uint8_t)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (uint8_t)(0xc0 | code >> 6);
		out[1] = (uint8_t)(0x80 | (code & 0x3f));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (uint8_t)(0xe0 | code >> 12);
		out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (code & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | code >> 18);
	out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (code & 0x3f));
	return 4;
}

size_t json_unescape(struct bytes raw, uint8_t *out)
{
	size_t at = 0, len = 0;

	while (at < raw.len) {
		const uint8_t *from = raw.data + at;
		const uint8_t *slash = memchr(from, '\\', raw.len - at);
		size_t plain = slash ? (size_t)(slash - from) : raw.len - at;

		memcpy(out + len, from, plain);
		len += plain;
		at += plain;
		if (!slash)
			break;
		at++;
		len += put_utf8(out + len, json_escape_next(raw, &at));
	}
	return len;
}

bool json_marks_binary(struct bytes raw)
{
	return raw.len >= JSON_MARK_BYTES &&
	       memcmp(raw.data, "\\u0000", JSON_MARK_BYTES) == 0;
}

/* --- base64 (RFC 4648, section 4) ---------------------------------------- */

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* What a digit stands for, and one more: 0 is none. */
static const uint8_t base64_places[256] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6,
	['G'] = 7, ['H'] = 8, ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12,
	['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18,
	['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
	['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
	['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36,
	['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
	['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54,
	['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
	['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

static size_t base64_padding(struct bytes text)
{
	size_t n = 0;

	while (n < 2 && n < text.len && text.data[text.len - 1 - n] == '=')
		n++;
	return n;
}

bool json_base64_valid(struct bytes text)
{
	size_t digits;
	bool others = false;

	if (text.len % 4)
		return false;
	digits = text.len - base64_padding(text);
	for (size_t i = 0; i < digits; i++)
		others |= !base64_places[text.data[i]];
	return !others;
}

size_t json_base64_decode(struct bytes text, uint8_t *out)
{
	size_t digits = text.len - base64_padding(text), len = 0;
	uint32_t bits = 0;

	for (size_t i = 0; i < digits; i++) {
		bits = bits << 6 | (base64_places[text.data[i]] - 1u);
		if (i % 4)
			out[len++] = (uint8_t)(bits >> (6 - i % 4 * 2));
	}
	return len;
}

static void base64_encode(struct bytes binary, uint8_t *out)
{
	size_t i = 0;

	for (; i + 2 < binary.len; i += 3) {
		const uint8_t *p = binary.data + i;

		*out++ = (uint8_t)base64_digits[p[0] >> 2];
		*out++ = (uint8_t)base64_digits[(p[0] & 3) << 4 | p[1] >> 4];
		*out++ = (uint8_t)base64_digits[(p[1] & 15) << 2 | p[2] >> 6];
		*out++ = (uint8_t)base64_digits[p[2] & 63];
	}
	if (i < binary.len) {
		uint8_t a = binary.data[i];
		bool two = i + 1 < binary.len;
		uint8_t b = two ? binary.data[i + 1] : 0;

		*out++ = (uint8_t)base64_digits[a >> 2];
		*out++ = (uint8_t)base64_digits[(a & 3) << 4 | b >> 4];
		*out++ = (uint8_t)(two ? base64_digits[(b & 15) << 2] : '=');
		*out++ = '=';
	}
}

int json_add_binary(struct buf *out, struct bytes binary)
{
	size_t len = (binary.len + 2) / 3 * 4;
	int err;

	if (binary.len > SIZE_MAX / 2)
		return ERR_LIMIT;
	err = buf_reserve(out, len + JSON_MARK_BYTES + 2);
	if (err)
		return err;
	buf_add_str(out, "\"\\u0000");
	base64_encode(binary, out->data + out->len);
	out->len += len;
	return buf_add_u8(out, '"');
}

/* --- escaping ------------------------------------------------------------ */

static int add_escape(struct buf *out, uint8_t c)
{
	static const char short_escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char escape[7] = "\\u00";

	for (const char *p = short_escapes; *p; p += 2)
		if ((uint8_t)*p == c)
			return buf_add(out, (char[]){ '\\', p[1] }, 2);
	escape[4] = "0123456789abcdef"[c >> 4];
	escape[5] = "0123456789abcdef"[c & 15];
	return buf_add(out, escape, 6);
}

int json_add_text(struct buf *out, struct bytes text)
{
	size_t plain = 0, i = 0;
	int err = buf_add_u8(out, '"');

	for (; !err && i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		err = buf_add(out, text.data + plain, i - plain);
		if (!err)
			err = add_escape(out, c);
		plain = i + 1;
	}
	if (!err && i > plain)
		err = buf_add(out, text.data + plain, i - plain);
	return err ? err : buf_add_u8(out, '"');
}
