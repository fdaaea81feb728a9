/*
 * rfc3339: times as texts, "2024-02-29T12:00:00.5+01:00", as the
 * specification's meta procedures take them. RFC 3339, section 5.6. Touches
 * nothing.
 */
#ifndef ROUTER_RFC3339_H
#define ROUTER_RFC3339_H

#include "base/bytes.h"

/* Microseconds since 1970; what is finer is cut off. */
bool rfc3339_parse(struct bytes text, int64_t *us);

#endif
