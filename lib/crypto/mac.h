/*
 * mac: keyed hashes and keys from passwords, from OpenSSL: HMAC-SHA-256
 * (RFC 2104) and PBKDF2 with it (RFC 8018), for WAMP's authentication
 * methods. Pure functions; what they are given is never kept nor logged.
 */
#ifndef CRYPTO_MAC_H
#define CRYPTO_MAC_H

#include "crypto/hash.h"

enum {
	/* A peer chooses how long we derive: this is about half a second. */
	PBKDF2_ITERATIONS_MAX = 1000000,
	PBKDF2_KEY_BYTES_MAX = 64,
};

/* 0, ERR_NOMEM, or ERR_LIMIT for a key over 1 MiB. */
int hmac_sha256(struct bytes key, struct bytes data,
		uint8_t out[SHA256_BYTES]) MUST_CHECK;

/* Derives `len` bytes. Takes time in proportion to iterations. 0, ERR_NOMEM,
 * ERR_LIMIT (a password or salt over 1 MiB), or ERR_RANGE when iterations is
 * not 1 … PBKDF2_ITERATIONS_MAX or len not 1 … PBKDF2_KEY_BYTES_MAX. */
int pbkdf2_sha256(struct bytes password, struct bytes salt,
		  uint64_t iterations, uint8_t *out, size_t len) MUST_CHECK;

#endif
