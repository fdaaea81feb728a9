#include "coordinator/playlist.h"

#include <stdint.h>
#include <stdio.h>

enum { ITEM_SECONDS = 120 };

/* Kicks a second of the reference core, whatever the number of cities. */
static const double kicks_per_s = 45e3;
/* Kicks a city after which a tour hardly improves. */
static const double kicks_a_city = 400;
/* Core-seconds of pi at 10^6; the work grows a little faster than the
 * position, by the length of the exponents. */
static const double pi_million_s = 0.15;

/* Larger with every round of the playlist; places there are, by GeoNames. */
static const struct {
	const char *region;
	unsigned places;
} regions[] = {
	{ "ES", 2000 }, { "FR", 4500 }, { "US", 15000 }, { "world", 100000 },
};

static double clamp(double v, double low, double high)
{
	return v < low ? low : v > high ? high : v;
}

static void tsp_spec(unsigned index, double work_s, char *out,
		     size_t out_bytes)
{
	const unsigned last = sizeof regions / sizeof regions[0] - 1;
	unsigned at = index / 2 < last ? index / 2 : last;
	double kicks = work_s * kicks_per_s;
	double cities = clamp(kicks / kicks_a_city, 2000,
			      regions[at].places);

	snprintf(out, out_bytes, "tsp:places?region=%s&count=%u&kicks=%llu",
		 regions[at].region, (unsigned)cities,
		 (unsigned long long)kicks);
}

/* A round position: one or two leading digits, so that it can be said. */
static uint64_t round_down(double v)
{
	uint64_t unit = 1;

	while (v / (double)unit >= 100)
		unit *= 10;
	return (uint64_t)(v / (double)unit) * unit;
}

void playlist_spec(unsigned index, double core_seconds, char *out,
		   size_t out_bytes)
{
	double work_s = clamp(core_seconds, 1, 1e6) * ITEM_SECONDS;

	if (index % 2 == 0) {
		tsp_spec(index, work_s, out, out_bytes);
		return;
	}
	snprintf(out, out_bytes, "pi:%llu",
		 (unsigned long long)round_down(
			 clamp(work_s / pi_million_s * 1e6, 1e6, 1e8)));
}
