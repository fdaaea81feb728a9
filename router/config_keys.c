#include "router/config_keys.h"

#include <ctype.h>
#include <stdlib.h>
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

bool keys_read_salt(char **salt)
{
	uint8_t raw[SCRAM_SALT_BYTES_MAX];
	struct bytes text = bytes_str(*salt);
	size_t len = 0;
	char *copy;

	if (!hex_decode(text, raw, sizeof raw, &len))
		return base64_decode(text, raw, sizeof raw, &len) &&
		       len >= SCRAM_SALT_BYTES_MIN;
	if (len < SCRAM_SALT_BYTES_MIN)
		return false;
	copy = malloc(BASE64_SIZE(sizeof raw));
	if (!copy)
		return false;
	base64_encode(bytes_of(raw, len), copy);
	free(*salt);
	*salt = copy;
	return true;
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
