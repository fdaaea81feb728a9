#include "tests/bench/load/figures.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static unsigned bucket_of(uint64_t ns)
{
	unsigned octave;

	if (ns < 1u << FIGURES_SUB_BITS)
		return (unsigned)ns;
	octave = 63 - (unsigned)__builtin_clzll(ns) - FIGURES_SUB_BITS;
	return ((octave + 1) << FIGURES_SUB_BITS) +
	       (unsigned)((ns >> octave) & ((1u << FIGURES_SUB_BITS) - 1));
}

static double bucket_us(unsigned bucket)
{
	unsigned octave = bucket >> FIGURES_SUB_BITS;
	uint64_t low = bucket & ((1u << FIGURES_SUB_BITS) - 1);

	if (octave == 0)
		return (double)low / 1000;
	return (double)((low + (1u << FIGURES_SUB_BITS)) << (octave - 1)) /
	       1000;
}

void figures_add(struct figures *f, uint64_t ns)
{
	unsigned bucket = bucket_of(ns);

	f->count++;
	f->buckets[bucket < FIGURES_BUCKETS ? bucket : FIGURES_BUCKETS - 1]++;
}

double figures_quantile_us(const struct figures *f, double q)
{
	uint64_t wanted = (uint64_t)((double)f->count * q), seen = 0;

	for (unsigned i = 0; i < FIGURES_BUCKETS; i++) {
		seen += f->buckets[i];
		if (seen > wanted)
			return bucket_us(i);
	}
	return 0;
}

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* What follows the process's name in its stat, which may hold anything. */
static const char *read_stat(unsigned pid, char *text, size_t size)
{
	char path[64];
	FILE *file;
	size_t len;

	snprintf(path, sizeof path, "/proc/%u/stat", pid);
	file = pid ? fopen(path, "r") : NULL;
	if (!file)
		return NULL;
	len = fread(text, 1, size - 1, file);
	fclose(file);
	text[len] = '\0';
	return strrchr(text, ')');
}

double cpu_seconds(unsigned pid)
{
	char text[1024];
	unsigned long user, system;
	const char *after = read_stat(pid, text, sizeof text);

	if (!after || sscanf(after,
			     ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
			     "%lu %lu",
			     &user, &system) != 2)
		return -1;
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

double rss_bytes(unsigned pid)
{
	char text[1024];
	long pages;
	const char *after = read_stat(pid, text, sizeof text);

	if (!after || sscanf(after,
			     ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
			     "%*u %*u %*d %*d %*d %*d %*d %*d %*u %*u %ld",
			     &pages) != 1)
		return -1;
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}
