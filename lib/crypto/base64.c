#include "crypto/base64.h"

#include <assert.h>
#include <openssl/evp.h>

enum { BASE64_INPUT_MAX = 1 << 20 };

void base64_encode(struct bytes data, char *out)
{
	assert(data.len <= BASE64_INPUT_MAX);
	EVP_EncodeBlock((unsigned char *)out, data.data, (int)data.len);
}
