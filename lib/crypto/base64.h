/*
 * base64: bytes as text (RFC 4648, with padding), from OpenSSL. Touches
 * nothing.
 */
#ifndef CRYPTO_BASE64_H
#define CRYPTO_BASE64_H

#include "base/bytes.h"

/* What base64_encode writes for so many bytes, with the final NUL. */
#define BASE64_SIZE(bytes) (((bytes) + 2) / 3 * 4 + 1)

/* `data` is at most 1 MiB; `out` holds BASE64_SIZE(data.len). */
void base64_encode(struct bytes data, char *out);

/* The inverse, for the canonical form only: padded, no white space, no bits
 * left over. false for anything else, and for more than `cap` bytes. */
bool base64_decode(struct bytes text, uint8_t *out, size_t cap, size_t *len);

#endif
