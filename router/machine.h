/*
 * machine: what is this machine's own and lasts over restarts, from
 * /etc/machine-id (machine-id(5)), which is never used as it is, but keyed by
 * what it is for. Not a secret from who is on this machine. May touch base and
 * crypto.
 */
#ifndef ROUTER_MACHINE_H
#define ROUTER_MACHINE_H

#include "crypto/mac.h"

/* ERR_IO where there is none: in some containers. */
int machine_key(const char *what, uint8_t out[SHA256_BYTES]) MUST_CHECK;
/* From another file, for tests. */
int machine_key_of(const char *file, const char *what,
		   uint8_t out[SHA256_BYTES]) MUST_CHECK;

#endif
