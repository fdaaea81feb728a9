/*
 * figures: what the benchmarks count: latencies in buckets 1.6 % apart, and
 * what a process used by the word of /proc. No I/O besides reading there.
 */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include <stdint.h>

enum {
	/* 64 buckets an octave. */
	FIGURES_SUB_BITS = 6,
	FIGURES_BUCKETS = 64 << FIGURES_SUB_BITS,
};

struct figures {
	uint64_t count;
	uint64_t buckets[FIGURES_BUCKETS];
};

void figures_add(struct figures *f, uint64_t ns);
/* The latency that a share q of all is within, in microseconds. */
double figures_quantile_us(const struct figures *f, double q);

uint64_t now_ns(void);
/* Processor seconds of a process, all its threads, user and system; below 0:
 * unknown (pid 0, or not there). */
double cpu_seconds(unsigned pid);
/* Memory that a process has in use, in bytes; below 0: unknown. */
double rss_bytes(unsigned pid);

#endif
