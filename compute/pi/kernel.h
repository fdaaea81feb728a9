/*
 * kernel: the sum of a run of terms, where all the time goes.
 *
 * For a term 2^E / m (m odd, below 2^32) the 128 bits after the binary point
 * are q = floor(2^(E+128) / m) mod 2^128. Two observations make them cheap.
 *
 * 1. In Montgomery's domain (R = 2^32) the number 2^F is 2^(F+32) mod m, so
 *    plain left-to-right binary powering of 2 with F = E + 96 ends at
 *    r = 2^(E+128) mod m. Each step is one REDC of a square; the doubling of
 *    a set bit is free: shift by 31 instead of 32 at the end.
 * 2. 2^(E+128) = q·m + r, hence q ≡ −r·m^-1 mod 2^128 (E >= 0). Its 32-bit
 *    digits, lowest first, are the q of four more REDCs applied to r.
 *
 * Neighbouring terms differ by 2^10, so four of them (a quad) share one
 * exponent, that of the last term and 32 more: one extra REDC of
 * x · 2^(10·i) puts each in its place. Sixteen terms are under way at a time
 * to hide the latency of the multiplications. Where m is at most 2^29 the
 * residues are signed and never corrected before the end.
 * Plain 32 × 32 -> 64 bit integers, no division but one a term. Touches
 * nothing.
 *
 * Sources: F. Bellard, "A new formula to compute the n'th binary digit of
 * pi" (1997); P. Montgomery, "Modular multiplication without trial division"
 * (1985).
 */
#ifndef COMPUTE_PI_KERNEL_H
#define COMPUTE_PI_KERNEL_H

#include "compute/pi/series.h"
#include "compute/pi/u128.h"

/* A block with a modulus above this takes the path with corrections, half
 * as long again. */
#define KERNEL_SIGNED_MAX (UINT32_C(1) << 29)
bool kernel_is_wide(struct block block);

/* Runs of a multiple of this length waste no lane. */
enum { KERNEL_LANES = 16 };

/* The signed sum of the block's terms, mod 2^128, each rounded down. The
 * exponents of all terms must be >= 0. */
struct u128 kernel_sum(uint32_t position, struct block block);
/* The same by the path for moduli up to 2^32, whatever they are: the tests
 * compare the two. */
struct u128 kernel_sum_wide(uint32_t position, struct block block);

/* Bits of the exponent that is worked off for a term with E = exponent
 * (>= 0): what a term costs is proportional to it. */
unsigned kernel_bits(int64_t exponent);
/* floor(2^(exponent + 128) / m) mod 2^128 for −128 <= exponent < 0: the
 * terms of the tail, by long division. */
struct u128 kernel_tail_term(int exponent, uint32_t m);

#endif
