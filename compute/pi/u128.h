/*
 * u128: a 128-bit fraction as two 64-bit halves, added and subtracted mod
 * 2^128, and its 16 little-endian bytes. Not `__int128`: in WebAssembly this
 * is as quick, and the layout is the one that travels. Touches nothing.
 */
#ifndef COMPUTE_PI_U128_H
#define COMPUTE_PI_U128_H

#include "base/bytes.h"

enum { U128_BYTES = 16 };

struct u128 {
	uint64_t low, high;
};

static inline struct u128 u128_add(struct u128 a, struct u128 b)
{
	uint64_t low = a.low + b.low;

	return (struct u128){ low, a.high + b.high + (low < b.low) };
}

static inline struct u128 u128_sub(struct u128 a, struct u128 b)
{
	return (struct u128){ a.low - b.low,
			      a.high - b.high - (a.low < b.low) };
}

/* v * 2^(32 * limb), limb 0 … 3. */
static inline struct u128 u128_limb(uint64_t v, unsigned limb)
{
	switch (limb) {
	case 0:
		return (struct u128){ v, 0 };
	case 1:
		return (struct u128){ v << 32, v >> 32 };
	case 2:
		return (struct u128){ 0, v };
	default:
		return (struct u128){ 0, v << 32 };
	}
}

static inline void u128_put(uint8_t *p, struct u128 v)
{
	put_u64(p, v.low);
	put_u64(p + 8, v.high);
}

static inline struct u128 u128_get(const uint8_t *p)
{
	return (struct u128){ get_u64(p), get_u64(p + 8) };
}

#endif
