#include "crypto/mac.h"

#include "crypto/openssl.h"

enum { MAC_INPUT_BYTES_MAX = 1 << 20 };

/* OpenSSL tells a NULL from an empty string. */
static const uint8_t *some(struct bytes b)
{
	return b.len ? b.data : (const uint8_t *)"";
}

int hmac_sha256(struct bytes key, struct bytes data,
		uint8_t out[SHA256_BYTES])
{
	unsigned len = 0;

	if (key.len > MAC_INPUT_BYTES_MAX)
		return ERR_LIMIT;
	if (!HMAC(EVP_sha256(), some(key), (int)key.len, some(data), data.len,
		  out, &len))
		return ERR_NOMEM;
	return 0;
}

int pbkdf2_sha256(struct bytes password, struct bytes salt,
		  uint64_t iterations, uint8_t *out, size_t len)
{
	if (password.len > MAC_INPUT_BYTES_MAX ||
	    salt.len > MAC_INPUT_BYTES_MAX)
		return ERR_LIMIT;
	if (iterations < 1 || iterations > PBKDF2_ITERATIONS_MAX)
		return ERR_RANGE;
	if (len < 1 || len > PBKDF2_KEY_BYTES_MAX)
		return ERR_RANGE;
	if (PKCS5_PBKDF2_HMAC((const char *)some(password), (int)password.len,
			      some(salt), (int)salt.len, (int)iterations,
			      EVP_sha256(), (int)len, out) != 1)
		return ERR_NOMEM;
	return 0;
}
