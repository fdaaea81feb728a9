/*
 * pretend: what is made up for a user who does not exist, so that its
 * challenge looks like those of others: always the same for the same name and
 * the same secret of the router's, and like random bytes to who does not know
 * that secret. Pure functions; base and this library.
 */
#ifndef CRYPTO_PRETEND_H
#define CRYPTO_PRETEND_H

#include "crypto/mac.h"

enum { PRETEND_BYTES_MAX = 255 * SHA256_BYTES };

/* `what` tells different things of one name apart. */
int pretend_bytes(struct bytes secret, struct bytes authid, const char *what,
		  uint8_t *out, size_t len) MUST_CHECK;
/* A text of the form of `like`: digits for digits, letters for letters of the
 * same case, anything else as it is. `out` holds like.len + 1. ERR_LIMIT: it
 * is longer than PRETEND_BYTES_MAX. */
int pretend_text(struct bytes secret, struct bytes authid, struct bytes like,
		 char *out) MUST_CHECK;

#endif
