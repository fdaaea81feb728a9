/*
 * rate: how fast the crowd is: credit, chunks and units a second over the
 * last ten seconds. Pure.
 */
#ifndef COORDINATOR_RATE_H
#define COORDINATOR_RATE_H

#include <stdint.h>

enum { RATE_SECONDS = 10 };

struct rate_second {
	uint64_t at_s, credit_us, chunks, units;
};

struct rate {
	struct rate_second seconds[RATE_SECONDS];
	uint64_t first_s; /* of the first result, + 1; 0: none yet */
};

struct rates {
	double credit_us, chunks, units; /* a second */
};

void rate_add(struct rate *r, uint64_t now_ms, uint64_t credit_us,
	      uint64_t units);
struct rates rate_now(const struct rate *r, uint64_t now_ms);

#endif
