/*
 * series: which terms there are, and how they are divided into units.
 *
 * Term k of series j is (−1)^k · sign_j · 2^E / m with m = step_j·k + add_j
 * and E = 4·(d − 1) − 6 + shift_j − 10·k. The terms with E >= 0 are shared
 * out: a unit is a block of consecutive k of one series, the series one after
 * the other, the last block of each as short as it comes out. The terms with
 * E < 0 (the tail) are the job's own. Touches nothing.
 */
#ifndef COMPUTE_PI_SERIES_H
#define COMPUTE_PI_SERIES_H

#include <stdbool.h>
#include <stdint.h>

enum { PI_SERIES = 7 };

struct series {
	uint32_t step, add;
	int shift;
	bool negative;
};

extern const struct series pi_series[PI_SERIES];

/* Units of a job: filled by layout_init from what `input` says. */
struct layout {
	uint32_t position, block;
	uint64_t terms[PI_SERIES];  /* with E >= 0 */
	uint32_t blocks[PI_SERIES]; /* ceil(terms / block) */
	uint32_t units;             /* all blocks */
	uint64_t all_terms;
};

struct block {
	unsigned series;
	uint64_t first, count; /* k = first … first + count − 1; count > 0 */
};

/* position 1 … PI_POSITION_MAX, block 1 … PI_BLOCK_MAX. */
void layout_init(struct layout *l, uint32_t position, uint32_t block);
/* unit < l->units. */
struct block layout_block(const struct layout *l, uint64_t unit);
/* E of term k; negative in the tail. */
int64_t series_exponent(unsigned series, uint32_t position, uint64_t k);

#endif
