/*
 * descriptors: how many files the process may have open, and what of that its
 * connections may take, so that who comes when all are taken is told so, and
 * nothing else lacks one. Touches the process' limit; nothing of this room.
 */
#ifndef ROUTER_DESCRIPTORS_H
#define ROUTER_DESCRIPTORS_H

#include <stdint.h>

#include "base/err.h"

enum {
	/* Of the loop, the log, certificates that are read again, and the one
	 * that libuv keeps for the worst. */
	DESCRIPTORS_OWN = 24,
	DESCRIPTORS_MIN = 8, /* for each listener's connections */
	CONNECTIONS_MAX = 10000,
	HALF_OPEN_MAX = 512,
};

struct descriptors {
	unsigned connections_max; /* of one listener */
	unsigned half_open_max;   /* and so many more, to be told of it */
};

/* Raises the limit to what the process may raise it to, and says what it
 * is. */
uint64_t descriptors_raise(void);
/* An equal share for each of the listeners; ERR_USAGE with its reason when
 * that is too little to be of use. */
int descriptors_share(uint64_t files, unsigned listeners,
		      struct descriptors *out, struct why *why) MUST_CHECK;

#endif
