/*
 * hash: SHA-256, and SHA-1 for the WebSocket handshake, which asks for it
 * (nothing else may: it is broken), from OpenSSL. This library is the only
 * home of OpenSSL's hashes, signatures and random numbers.
 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/bytes.h"
#include "base/err.h"

enum { SHA256_BYTES = 32, SHA1_BYTES = 20 };

/* The digest of the parts, one after the other. 0 or ERR_NOMEM. */
int sha256(const struct bytes *parts, unsigned count,
	   uint8_t out[SHA256_BYTES]) MUST_CHECK;
int sha256_of(struct bytes data, uint8_t out[SHA256_BYTES]) MUST_CHECK;

int sha1(const struct bytes *parts, unsigned count,
	 uint8_t out[SHA1_BYTES]) MUST_CHECK;

/* In time that depends on the lengths only. */
bool secret_equal(struct bytes a, struct bytes b);

#endif
