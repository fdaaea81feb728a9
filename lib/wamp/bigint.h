/*
 * bigint: integers beyond 64 bits, which JSON writes in digits and CBOR in
 * bytes ("bignums", RFC 8949, 3.4.3), from one into the other. Nothing is
 * calculated with them. Base only; left out of the WebAssembly build.
 */
#ifndef WAMP_BIGINT_H
#define WAMP_BIGINT_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

enum {
	BIGINT_BYTES_MAX = 213,
	/* Those bytes and a sign. What JSON reads has fewer: a token of 512. */
	BIGINT_DIGITS_MAX = 514
};

/* The decimal number ("-18446744073709551617") of a bignum: its argument, big
 * endian, of BIGINT_BYTES_MAX at most; a negative one is -1 - argument. The
 * arena's. ERR_NOMEM. */
int bigint_decimal(struct arena *a, struct bytes argument, bool negative,
		   struct bytes *out) MUST_CHECK;
/* The other way: the argument without leading zeros, in `out`. ERR_LIMIT when
 * it is longer than that. */
int bigint_argument(struct bytes decimal, uint8_t out[BIGINT_BYTES_MAX],
		    struct bytes *argument) MUST_CHECK;

#endif
