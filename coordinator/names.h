/*
 * names: what donors are called. Names are untrusted text: here their length
 * and characters are checked; two-word names are made for those who give none.
 * Pure.
 */
#ifndef COORDINATOR_NAMES_H
#define COORDINATOR_NAMES_H

#include "coordinator/op.h"

/* Copies the name without spaces around it. ERR_RANGE, with the reason, for
 * one that is not 1 … NAME_CHARACTERS_MAX characters of UTF-8 or holds
 * control, direction or invisible characters. */
int name_check(struct bytes name, char out[NAME_BYTES],
	       struct why *why) MUST_CHECK;
/* Two words chosen by a random number. */
void name_make(uint64_t random, char out[NAME_BYTES]);

#endif
