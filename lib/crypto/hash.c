#include "crypto/hash.h"

#include "crypto/openssl.h"

static int digest(const EVP_MD *kind, const struct bytes *parts,
		  unsigned count, uint8_t *out)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int ok = ctx && EVP_DigestInit_ex(ctx, kind, NULL);

	for (unsigned i = 0; ok && i < count; i++)
		ok = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len);
	ok = ok && EVP_DigestFinal_ex(ctx, out, NULL);
	EVP_MD_CTX_free(ctx);
	return ok ? 0 : ERR_NOMEM;
}

int sha256(const struct bytes *parts, unsigned count,
	   uint8_t out[SHA256_BYTES])
{
	return digest(EVP_sha256(), parts, count, out);
}

int sha1(const struct bytes *parts, unsigned count, uint8_t out[SHA1_BYTES])
{
	return digest(EVP_sha1(), parts, count, out);
}

int sha256_of(struct bytes data, uint8_t out[SHA256_BYTES])
{
	return sha256(&data, 1, out);
}

bool secret_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len &&
	       (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}
