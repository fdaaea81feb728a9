#include "crypto/pretend.h"

#include <assert.h>
#include <string.h>

#include "crypto/openssl.h"

/* The n-th block of what is made up: HMAC(of the name, n). */
static int block(const uint8_t key[SHA256_BYTES], size_t n,
		 uint8_t out[SHA256_BYTES])
{
	const uint8_t counter = (uint8_t)(n + 1);

	return hmac_sha256(bytes_of(key, SHA256_BYTES), bytes_of(&counter, 1),
			   out);
}

int pretend_bytes(struct bytes secret, struct bytes authid, const char *what,
		  uint8_t *out, size_t len)
{
	uint8_t of_name[SHA256_BYTES], key[SHA256_BYTES], part[SHA256_BYTES];
	int err = hmac_sha256(secret, authid, of_name);

	assert(len <= PRETEND_BYTES_MAX);
	if (!err)
		err = hmac_sha256(bytes_of(of_name, sizeof of_name),
				  bytes_str(what), key);
	for (size_t done = 0; !err && done < len; done += sizeof part) {
		size_t left = len - done;

		err = block(key, done / sizeof part, part);
		if (!err)
			memcpy(out + done, part,
			       left < sizeof part ? left : sizeof part);
	}
	OPENSSL_cleanse(of_name, sizeof of_name);
	OPENSSL_cleanse(key, sizeof key);
	return err;
}

static char other(char c, uint8_t random)
{
	if (c >= '0' && c <= '9')
		return (char)('0' + random % 10);
	if (c >= 'a' && c <= 'z')
		return (char)('a' + random % 26);
	if (c >= 'A' && c <= 'Z')
		return (char)('A' + random % 26);
	return c;
}

int pretend_text(struct bytes secret, struct bytes authid, struct bytes like,
		 char *out)
{
	uint8_t random[SHA256_BYTES];
	char what[] = "text .";

	if (like.len > PRETEND_BYTES_MAX)
		return ERR_LIMIT;
	for (size_t i = 0; i < like.len; i++) {
		size_t at = i % sizeof random;

		what[sizeof what - 2] = (char)(1 + i / sizeof random);
		if (!at && pretend_bytes(secret, authid, what, random,
					 sizeof random))
			return ERR_NOMEM;
		out[i] = other((char)like.data[i], random[at]);
	}
	out[like.len] = '\0';
	return 0;
}
