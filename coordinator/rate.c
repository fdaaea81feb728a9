#include "coordinator/rate.h"

void rate_add(struct rate *r, uint64_t now_ms, uint64_t credit_us,
	      uint64_t units)
{
	uint64_t s = now_ms / 1000;
	struct rate_second *second = &r->seconds[s % RATE_SECONDS];

	if (second->at_s != s)
		*second = (struct rate_second){ .at_s = s };
	second->credit_us += credit_us;
	second->units += units;
	second->chunks++;
	if (!r->first_s)
		r->first_s = s + 1;
}

/* Whole seconds only, but while there is only the first one. */
struct rates rate_now(const struct rate *r, uint64_t now_ms)
{
	uint64_t s = now_ms / 1000, age = r->first_s ? s - r->first_s + 1 : 0;
	double seconds = age >= RATE_SECONDS ? RATE_SECONDS :
			 age		     ? (double)age :
					       1;
	struct rates sum = { 0 };

	for (unsigned i = 0; i < RATE_SECONDS; i++) {
		const struct rate_second *x = &r->seconds[i];

		if (!x->chunks || x->at_s + RATE_SECONDS < s ||
		    (x->at_s == s && age > 0))
			continue;
		sum.credit_us += (double)x->credit_us;
		sum.chunks += (double)x->chunks;
		sum.units += (double)x->units;
	}
	sum.credit_us /= seconds;
	sum.chunks /= seconds;
	sum.units /= seconds;
	return sum;
}
