#include "compute/pi/kernel.h"

#include <assert.h>

enum {
	LANES = KERNEL_LANES,
	QUADS = LANES / 4,
	LIMBS = 4,      /* 32-bit digits of a term */
	START_BITS = 5, /* of the exponent, that one division deals with */
};

/* Sixteen terms under way. */
struct batch {
	int32_t x[LANES];      /* the residues, signed path */
	uint32_t r[LANES];     /* the residues, wide path and at the end */
	uint32_t m[LANES];     /* 1 where there is no term: adds nothing */
	uint32_t inverse[LANES]; /* of m mod 2^32 */
	uint64_t exponent[QUADS];
	unsigned steps;
};

/* Digits of the terms with even and with odd lane, not yet carried: each of
 * fewer than 2^32 terms, so they can not overflow. */
struct digits {
	uint64_t of[LIMBS][LANES];
};

/* Newton: 3m xor 2 is right in 5 bits; 10, 20, 40. */
static uint32_t inverse32(uint32_t m)
{
	uint32_t x = 3 * m ^ 2;

	x *= 2 - m * x;
	x *= 2 - m * x;
	return x * (2 - m * x);
}

static unsigned bit_length(uint64_t v)
{
	return v ? 64 - (unsigned)__builtin_clzll(v) : 0;
}

static void batch_moduli(struct batch *b, const struct series *s, uint64_t k,
			 uint64_t count)
{
	for (unsigned i = 0; i < LANES; i++) {
		b->m[i] = i < count ? (uint32_t)(s->step * (k + i) + s->add)
				    : 1;
		b->inverse[i] = inverse32(b->m[i]);
	}
}

/* The quads' exponents F and the first value of each lane, from the bits of
 * F above the lowest `steps`. */
static void batch_start(struct batch *b, int64_t exponent)
{
	/* of the first quad's last term; one REDC more than observation 1 */
	int64_t f = exponent - 30 + 128;

	for (unsigned q = 0; q < QUADS; q++, f -= 40)
		b->exponent[q] = f > 0 ? (uint64_t)f : 0;
	b->steps = bit_length(b->exponent[0]) - START_BITS;
	for (unsigned i = 0; i < LANES; i++) {
		uint64_t top = b->exponent[i / 4] >> b->steps;

		b->r[i] = (uint32_t)((UINT64_C(1) << (32 + top)) % b->m[i]);
		b->x[i] = (int32_t)b->r[i];
	}
}

/*
 * x²/2^shift mod m, shift 32 or 31, for |x| <= 2m <= 2^30: t/2^32 is at most
 * x²/2^32 + m/2 <= m, and twice that at most 2m again.
 */
static inline int32_t square_signed(int32_t x, uint32_t m, uint32_t inverse,
				    unsigned shift)
{
	int64_t square = (int64_t)x * x;
	int32_t q = (int32_t)((uint32_t)square * inverse);
	int64_t t = square - (int64_t)q * (int32_t)m;

	return (int32_t)(t >> shift);
}

static void power_signed(struct batch *b)
{
	for (unsigned s = b->steps; s-- > 0;)
		for (unsigned q = 0; q < QUADS; q++) {
			unsigned shift = 32 - (b->exponent[q] >> s & 1);

			for (unsigned i = 4 * q; i < 4 * q + 4; i++)
				b->x[i] = square_signed(b->x[i], b->m[i],
							b->inverse[i], shift);
		}
}

/* x·2^(10·(3 − lane)) / 2^32 mod m, in 0 … m − 1: |x·2^30| / 2^32 <= m/2. */
static void place_signed(struct batch *b)
{
	for (unsigned i = 0; i < LANES; i++) {
		int32_t m = (int32_t)b->m[i];
		int64_t x = (int64_t)b->x[i] * (1 << (10 * (3 - i % 4)));
		int32_t q = (int32_t)((uint32_t)x * b->inverse[i]);
		int32_t r = (int32_t)((x - (int64_t)q * m) >> 32);

		r += r < 0 ? m : 0;
		b->r[i] = (uint32_t)(r == m ? 0 : r);
	}
}

/*
 * v/2^32 mod m, doubled if flag is 1, for v < 2^32·m: high and borrow are
 * below m. Without branches: a flag is as good as random.
 */
static inline uint32_t redc(uint64_t v, uint32_t m, uint32_t inverse,
			    unsigned flag)
{
	uint32_t q = (uint32_t)v * inverse;
	int64_t borrow = (int64_t)((uint64_t)q * m >> 32);
	int64_t t = ((int64_t)(v >> 32) - borrow) * (1 + (int)flag);

	t += t >> 63 & (int64_t)m << flag; /* now 0 <= t < 2m */
	t -= m;
	return (uint32_t)(t + (t >> 63 & m));
}

static void power_wide(struct batch *b)
{
	for (unsigned s = b->steps; s-- > 0;)
		for (unsigned i = 0; i < LANES; i++) {
			unsigned flag = b->exponent[i / 4] >> s & 1;
			uint64_t x = b->r[i];

			b->r[i] = redc(x * x, b->m[i], b->inverse[i], flag);
		}
}

static void place_wide(struct batch *b)
{
	for (unsigned i = 0; i < LANES; i++)
		b->r[i] = redc((uint64_t)b->r[i] << (10 * (3 - i % 4)),
			       b->m[i], b->inverse[i], 0);
}

/* Observation 2: r < m, so r + q·m < 2^32·m and r stays below m. */
static void add_digits(struct digits *d, struct batch *b)
{
	for (unsigned limb = 0; limb < LIMBS; limb++)
		for (unsigned i = 0; i < LANES; i++) {
			uint32_t q = b->r[i] * (0 - b->inverse[i]);

			d->of[limb][i] += q;
			b->r[i] = (uint32_t)(((uint64_t)q * b->m[i] +
					      b->r[i]) >> 32);
		}
}

/* Even lanes minus odd lanes. */
static struct u128 digits_sum(const struct digits *d)
{
	struct u128 sum = { 0, 0 };

	for (unsigned limb = 0; limb < LIMBS; limb++)
		for (unsigned i = 0; i < LANES; i++) {
			struct u128 v = u128_limb(d->of[limb][i], limb);

			sum = i & 1 ? u128_sub(sum, v) : u128_add(sum, v);
		}
	return sum;
}

static struct u128 sum_block(uint32_t position, struct block block, bool wide)
{
	const struct series *s = &pi_series[block.series];
	struct digits digits = { 0 };
	struct batch b;
	struct u128 sum;

	for (uint64_t done = 0; done < block.count; done += LANES) {
		uint64_t k = block.first + done;

		batch_moduli(&b, s, k, block.count - done);
		batch_start(&b, series_exponent(block.series, position, k));
		if (wide) {
			power_wide(&b);
			place_wide(&b);
		} else {
			power_signed(&b);
			place_signed(&b);
		}
		add_digits(&digits, &b);
	}
	sum = digits_sum(&digits);
	if (s->negative != (bool)(block.first & 1))
		sum = u128_sub((struct u128){ 0, 0 }, sum);
	return sum;
}

bool kernel_is_wide(struct block block)
{
	const struct series *s = &pi_series[block.series];
	uint64_t largest = s->step * (block.first + block.count - 1) + s->add;

	assert(block.count > 0 && largest <= UINT32_MAX);
	return largest > KERNEL_SIGNED_MAX;
}

struct u128 kernel_sum(uint32_t position, struct block block)
{
	return sum_block(position, block, kernel_is_wide(block));
}

struct u128 kernel_sum_wide(uint32_t position, struct block block)
{
	return sum_block(position, block, true);
}

unsigned kernel_bits(int64_t exponent)
{
	return bit_length((uint64_t)exponent + 128);
}

struct u128 kernel_tail_term(int exponent, uint32_t m)
{
	struct u128 q = { 0, 0 };
	uint64_t r = 0;

	assert(exponent >= -128 && exponent < 0);
	for (int bit = 127; bit >= 0; bit--) {
		r = r << 1 | (bit == exponent + 128);
		q = u128_add(q, q);
		if (r >= m) {
			r -= m;
			q.low |= 1;
		}
	}
	return q;
}
