/*
 * parcels: messages that wait, each a copy, in their order. One that goes is
 * wiped, as it may have held a secret. Touches base and malloc only.
 */
#ifndef ROUTER_PARCELS_H
#define ROUTER_PARCELS_H

#include "base/bytes.h"
#include "base/err.h"

struct parcel {
	struct parcel *next;
	size_t len;
	uint8_t bytes[];
};

struct parcels {
	struct parcel *first, **last; /* owned */
	size_t bytes;                 /* of all messages */
};

void parcels_init(struct parcels *q);
void parcels_clear(struct parcels *q);
/* A copy, behind the others. ERR_NOMEM. */
int parcels_add(struct parcels *q, struct bytes message) MUST_CHECK;
/* The first, borrowed; NULL data: none. */
struct bytes parcels_first(const struct parcels *q);
/* Takes it out, for parcel_free; NULL: none. */
struct parcel *parcels_take(struct parcels *q);
void parcel_free(struct parcel *p); /* NULL is fine */

#endif
