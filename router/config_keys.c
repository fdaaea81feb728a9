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

int keys_read_salt(char **text)
{
	uint8_t raw[SCRAM_SALT_BYTES_MAX];
	size_t len = 0;
	bool is_hex = hex_decode(bytes_str(*text), raw, sizeof raw, &len);
	char *base64;

	if (!is_hex && !base64_decode(bytes_str(*text), raw, sizeof raw, &len))
		return ERR_MALFORMED;
	if (len < SCRAM_SALT_BYTES_MIN)
		return ERR_MALFORMED;
	base64 = is_hex ? malloc(SCRAM_SALT_SIZE) : NULL;
	if (is_hex && !base64)
		return ERR_NOMEM;
	if (!is_hex)
		return 0;
	base64_encode(bytes_of(raw, len), base64);
	free(*text);
	*text = base64;
	return 0;
}

bool keys_read_kdf(struct bytes name, bool *argon2)
{
	*argon2 = bytes_equal_str(name, "argon2id13") ||
		  bytes_equal_str(name, "argon2id-13");
	return *argon2 || bytes_equal_str(name, "pbkdf2");
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
