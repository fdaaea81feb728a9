#include "router/config_keys.h"

#include <ctype.h>
#include <string.h>

static int digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool hex_decode(struct bytes text, uint8_t *out, size_t cap,
		       size_t *len)
{
	if (text.len % 2 || text.len / 2 > cap)
		return false;
	for (size_t i = 0; i < text.len / 2; i++) {
		int high = digit(text.data[2 * i]);
		int low = digit(text.data[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	*len = text.len / 2;
	return true;
}

bool keys_read_scram(struct bytes text, uint8_t key[SHA256_BYTES])
{
	size_t len = 0;

	return (hex_decode(text, key, SHA256_BYTES, &len) ||
		base64_decode(text, key, SHA256_BYTES, &len)) &&
	       len == SHA256_BYTES;
}

bool keys_is_salt(const char *text)
{
	uint8_t raw[SCRAM_SALT_BYTES_MAX];
	size_t len = 0;

	return base64_decode(bytes_str(text), raw, sizeof raw, &len) &&
	       len >= SCRAM_SALT_BYTES_MIN;
}

bool keys_is_sha1(const char *text)
{
	if (strlen(text) != 3 * SHA1_BYTES - 1)
		return false;
	for (unsigned i = 0; text[i]; i++)
		if (i % 3 == 2 ? text[i] != ':' : !isxdigit((uint8_t)text[i]))
			return false;
	return true;
}
