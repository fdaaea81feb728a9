#include "compute/pi/series.h"

#include <assert.h>

const struct series pi_series[PI_SERIES] = {
	{ 4, 1, 5, true },   { 4, 3, 0, true },   { 10, 1, 8, false },
	{ 10, 3, 6, true },  { 10, 5, 2, true },  { 10, 7, 2, true },
	{ 10, 9, 0, false },
};

int64_t series_exponent(unsigned series, uint32_t position, uint64_t k)
{
	return 4 * ((int64_t)position - 1) - 6 + pi_series[series].shift -
	       10 * (int64_t)k;
}

static uint64_t count_terms(unsigned series, uint32_t position)
{
	int64_t first = series_exponent(series, position, 0);

	return first < 0 ? 0 : (uint64_t)first / 10 + 1;
}

void layout_init(struct layout *l, uint32_t position, uint32_t block)
{
	*l = (struct layout){ .position = position, .block = block };
	for (unsigned j = 0; j < PI_SERIES; j++) {
		l->terms[j] = count_terms(j, position);
		l->blocks[j] = (uint32_t)((l->terms[j] + block - 1) / block);
		l->units += l->blocks[j];
		l->all_terms += l->terms[j];
	}
}

struct block layout_block(const struct layout *l, uint64_t unit)
{
	struct block b = { 0 };

	assert(unit < l->units);
	while (unit >= l->blocks[b.series])
		unit -= l->blocks[b.series++];
	b.first = unit * l->block;
	b.count = l->terms[b.series] - b.first;
	if (b.count > l->block)
		b.count = l->block;
	return b;
}
