/*
 * local: a job run on this machine alone, without router and coordinator:
 * plan, compute in the pool's threads, check, merge, as the coordinator does
 * it; and the benchmark of one kind. Touches compute and the pool only.
 */
#ifndef WORKER_LOCAL_H
#define WORKER_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

struct local_options {
	const char *what; /* a spec, or a kind */
	unsigned threads;
	double seconds; /* 0: until it is done */
	uint64_t seed;
	bool json;
	const char *places_file;
};

/* Both print their result on standard output, what was wrong on standard
 * error, and return the exit code. With one thread and no time limit a seed
 * gives the same answer every time. */
int local_solve(const struct local_options *options);
int local_bench(const struct local_options *options);

#endif
