/*
 * pi: hexadecimal digits of π from any position on, without those before.
 *
 * Bellard's formula (F. Bellard, "A new formula to compute the n'th binary
 * digit of pi", 1997)
 *     π = 2^-6 Σ_k (−1)^k 2^-10k [ −2^5/(4k+1) − 1/(4k+3) + 2^8/(10k+1)
 *         − 2^6/(10k+3) − 2^2/(10k+5) − 2^2/(10k+7) + 1/(10k+9) ]
 * gives the fraction of 16^(d−1)·π as a sum of terms ±2^E/m, E = 4(d−1) − 6
 * + s − 10k, of which only the fraction counts. A term's value is defined
 * bit for bit: T = floor(2^(E+128) / m) mod 2^128; in Python
 *     T = pow(2, E + 128, m << 128) // m
 * and sums are taken mod 2^128, so their order does not matter. The terms
 * with E >= 0, about 2.8·d, are the units (see series.h for their order); the
 * tail, E < 0, and what becomes of rounding are the job's (job.c). How a term
 * takes one squaring a bit of E: kernel.h.
 *
 * All integers little-endian.
 *
 * input (9 bytes)
 *     0  u8   version, 1
 *     1  u32  position d, 1 … PI_POSITION_MAX
 *     5  u32  terms a block, 1 … PI_BLOCK_MAX
 * output
 *     0  u8   version, 1
 *     1  16 bytes a unit done, in order: the signed sum of its terms' T
 *        mod 2^128
 *   An audit's output is the 16 bytes of that one unit alone.
 * delta (26 bytes)
 *     0  u8   version, 1
 *     1  u64  first unit
 *     9  u8   units, 1 … PI_CHUNK_UNITS
 *    10  16   their sum mod 2^128
 * picture (one page; the runs tell what changed since)
 *     0  u8   version, 1
 *     1  u8   1 when all units are in, else 0
 *     2  u32  position
 *     6  u32  terms a block
 *    10  u32  units that are in
 *    14  u32  seven times: units of each series, in the order above
 *    42  u16  runs, then for each
 *             u32 first unit, u16 units, u8 colour: 0 not in, else
 *             1 + (donor's number mod 255)
 *     …  u8   digits, then that many ASCII digits: 0 until all is in
 * saved state
 *     0  u8   version, 1
 *     1  u32  position
 *     5  u32  terms a block
 *     9  16   sum of the units that are in, mod 2^128
 *    25  u32  units in all
 *    29  u8   a unit: its colour, 0 while not in
 *
 * The job's half never touches compute's and the other way round; both rest
 * on series.h. No GMP, no floating point in what is computed.
 */
#ifndef COMPUTE_PI_PI_H
#define COMPUTE_PI_PI_H

#include "compute/kind.h"

enum {
	PI_VERSION = 1,
	PI_INPUT_BYTES = 9,
	PI_DELTA_BYTES = 26,
	PI_CHUNK_UNITS = 64,
	PI_BLOCK_MAX = 1 << 20,
	PI_BLOCK_MIN = 64,    /* what a job chooses */
	PI_JOB_UNITS = 1024,  /* that a job aims at, within those two */
	/* Credit: picoseconds of the reference core a bit of a term's
	 * exponent E + 128, and where the moduli of a block take the wide
	 * path (measured with gcc -O3 at d = 10^8 and 10^9). */
	PI_BIT_PS = 880,
	PI_WIDE_BIT_PS = 1250,
};

/* The largest d for which 10k + 9 < 2^32 for every k with a term. */
#define PI_POSITION_MAX UINT32_C(1073741822)

extern const struct compute_ops pi_compute;
extern const struct job_ops pi_job;

#endif
