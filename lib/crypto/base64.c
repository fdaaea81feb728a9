#include "crypto/base64.h"

#include <assert.h>
#include <string.h>

#include "crypto/openssl.h"

enum { BASE64_INPUT_MAX = 1 << 20 };

void base64_encode(struct bytes data, char *out)
{
	assert(data.len <= BASE64_INPUT_MAX);
	EVP_EncodeBlock((unsigned char *)out, data.data, (int)data.len);
}

/* Four characters: 1 to 3 bytes, or 0 when they are none. OpenSSL is lenient
 * (white space, bits left over); what it would write itself is canonical. */
static size_t decode_quad(const uint8_t *text, uint8_t out[3])
{
	size_t len = text[2] == '=' ? 1 : text[3] == '=' ? 2 : 3;
	uint8_t again[BASE64_SIZE(3)];

	if (EVP_DecodeBlock(out, text, 4) != 3)
		return 0;
	EVP_EncodeBlock(again, out, (int)len);
	return memcmp(again, text, 4) == 0 ? len : 0;
}

bool base64_decode(struct bytes text, uint8_t *out, size_t cap, size_t *len)
{
	size_t done = 0;

	if (text.len % 4)
		return false;
	for (size_t i = 0; i < text.len; i += 4) {
		uint8_t quad[3];
		size_t n = decode_quad(text.data + i, quad);

		if (n == 0 || n > cap - done || (n < 3 && i + 4 < text.len))
			return false;
		memcpy(out + done, quad, n);
		done += n;
	}
	*len = done;
	return true;
}
