/*
 * rng: a small seeded generator for computations and simulations, the same
 * numbers on every platform. Not for secrets: those come from lib/crypto.
 *
 * splitmix64 (Steele, Lea, Flood 2014) seeds xoshiro256** (Blackman, Vigna
 * 2018, https://prng.di.unimi.it). Touches nothing.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

struct rng {
	uint64_t s[4];
};

/* One step of splitmix64: a well-mixed function of *state. */
uint64_t splitmix64(uint64_t *state);

void rng_seed(struct rng *r, uint64_t seed);
uint64_t rng_next(struct rng *r);
/* Uniform in 0 … n − 1 (n > 0), by Lemire's multiplication, 32-bit n. */
uint32_t rng_below(struct rng *r, uint32_t n);
/* Uniform in [0, 1) with 53 bits. */
double rng_real(struct rng *r);

#endif
