/* What scram.c and scram_client.c share. */
#ifndef CRYPTO_SCRAM_PRIVATE_H
#define CRYPTO_SCRAM_PRIVATE_H

#include "crypto/scram.h"

/* UTF-8 without ASCII's control characters. */
bool scram_text_valid(struct bytes text);
/* The nonce at AuthMessage's end: it has no comma. */
struct bytes scram_nonce_of(struct bytes auth_message);
/* ClientKey and ServerKey; the errors of scram_derive. */
int scram_client_keys(struct bytes password, struct bytes salt,
		      uint64_t iterations, uint8_t client[SHA256_BYTES],
		      uint8_t server[SHA256_BYTES],
		      struct why *why) MUST_CHECK;

#endif
