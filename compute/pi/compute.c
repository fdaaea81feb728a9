#include "compute/pi/pi.h"

#include <stdlib.h>

#include "compute/pi/kernel.h"

/* Bits of exponents a slice works off: 20 ms of the reference core. */
enum { SLICE_BITS = 24 << 20 };

struct compute {
	struct layout layout;
	uint64_t from, wanted; /* units to do: of an audit, one */
	uint64_t count;        /* what slice returns at the end */
	uint64_t units;        /* finished */
	uint64_t terms;        /* finished of the unit under way */
	bool audit;
	struct u128 sum[PI_CHUNK_UNITS];
};

static int read_input(struct layout *l, struct bytes input, struct why *why)
{
	struct reader r = reader_of(input);
	uint8_t version = read_u8(&r);
	uint32_t position = read_u32(&r);
	uint32_t block = read_u32(&r);

	if (!reader_done(&r))
		return why_set(why, ERR_MALFORMED,
			       "input of %zu bytes: a chunk of pi has %d",
			       input.len, PI_INPUT_BYTES);
	if (version != PI_VERSION)
		return why_set(why, ERR_MALFORMED,
			       "input version %u: accepted is %d", version,
			       PI_VERSION);
	if (position < 1 || position > PI_POSITION_MAX)
		return why_set(why, ERR_RANGE,
			       "position %lu: accepted are 1 to %lu",
			       (unsigned long)position,
			       (unsigned long)PI_POSITION_MAX);
	if (block < 1 || block > PI_BLOCK_MAX)
		return why_set(why, ERR_RANGE,
			       "blocks of %lu terms: accepted are 1 to %d",
			       (unsigned long)block, PI_BLOCK_MAX);
	layout_init(l, position, block);
	return 0;
}

static int check_range(const struct layout *l, const struct chunk *chunk,
		       struct why *why)
{
	if (chunk->count < 1 || chunk->count > PI_CHUNK_UNITS)
		return why_set(why, ERR_LIMIT,
			       "%llu units: accepted are 1 to %d",
			       (unsigned long long)chunk->count,
			       PI_CHUNK_UNITS);
	if (chunk->from >= l->units || chunk->count > l->units - chunk->from)
		return why_set(why, ERR_RANGE,
			       "units from %llu on: the position has %lu",
			       (unsigned long long)chunk->from,
			       (unsigned long)l->units);
	if (chunk->piece != PIECE_ALL && chunk->piece >= chunk->count)
		return why_set(why, ERR_RANGE,
			       "piece %llu: the output has %llu",
			       (unsigned long long)chunk->piece,
			       (unsigned long long)chunk->count);
	return 0;
}

static int pi_begin(struct compute **out, const struct chunk *chunk,
		    struct why *why)
{
	struct layout layout;
	struct compute *c;
	int err = read_input(&layout, chunk->input, why);

	if (!err)
		err = check_range(&layout, chunk, why);
	if (err)
		return err;
	c = calloc(1, sizeof *c);
	if (!c)
		return why_set(why, ERR_NOMEM, "out of memory");
	c->layout = layout;
	c->from = chunk->from;
	c->wanted = c->count = chunk->count;
	c->audit = chunk->piece != PIECE_ALL;
	if (c->audit) {
		c->from += chunk->piece;
		c->wanted = 1;
	}
	*out = c;
	return 0;
}

/* Goes on with the unit under way for at most `bits`; returns the bits
 * used, more than 0. */
static uint64_t work_on(struct compute *c, uint64_t bits)
{
	struct block b = layout_block(&c->layout, c->from + c->units);
	uint64_t cost, most;

	b.first += c->terms;
	b.count -= c->terms;
	cost = kernel_bits(
		series_exponent(b.series, c->layout.position, b.first));
	most = (bits / cost / KERNEL_LANES + 1) * KERNEL_LANES;
	if (b.count > most) {
		c->terms += most;
		b.count = most;
	} else {
		c->terms = 0;
	}
	c->sum[c->units] = u128_add(c->sum[c->units],
				    kernel_sum(c->layout.position, b));
	if (c->terms == 0)
		c->units++;
	return b.count * cost;
}

static uint64_t pi_slice(struct compute *c)
{
	uint64_t left = SLICE_BITS;

	while (c->units < c->wanted && left > 0) {
		uint64_t used = work_on(c, left);

		left -= used < left ? used : left;
	}
	if (c->units == c->wanted)
		return c->count;
	return c->audit ? 0 : c->units;
}

static int pi_end(struct compute *c, struct buf *output)
{
	size_t len = (size_t)c->units * U128_BYTES + !c->audit;
	uint8_t *p;

	if (c->units == 0)
		return ERR_STATE;
	if (buf_reserve(output, len))
		return ERR_NOMEM;
	p = output->data + output->len;
	output->len += len;
	if (!c->audit)
		*p++ = PI_VERSION;
	for (uint64_t i = 0; i < c->units; i++, p += U128_BYTES)
		u128_put(p, c->sum[i]);
	return 0;
}

static void pi_free(struct compute *c)
{
	free(c);
}

const struct compute_ops pi_compute = {
	.begin = pi_begin,
	.slice = pi_slice,
	.end = pi_end,
	.free = pi_free,
};
