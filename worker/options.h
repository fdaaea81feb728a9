/*
 * options: the worker's command line, read and checked. Touches files only to
 * read the ticket.
 */
#ifndef WORKER_OPTIONS_H
#define WORKER_OPTIONS_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

enum worker_mode { MODE_SERVE, MODE_SOLVE, MODE_BENCH, MODE_HELP };

struct options {
	enum worker_mode mode;
	const char *router, *realm, *name; /* borrowed from argv; name NULL */
	const char *what;                  /* spec or kind */
	bool trusted, json;
	char ticket[257]; /* "" without */
	uint32_t kinds;
	unsigned threads;
	double seconds;
	uint64_t seed;
	const char *ticket_file;
	const char *ca; /* NULL: the system's authorities */
};

extern const char options_usage[];

/* 0, or ERR_USAGE with one line in why. */
int options_read(struct options *o, int argc, char **argv, struct why *why);

#endif
