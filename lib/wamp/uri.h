/*
 * uri: WAMP's URIs and patterns (basic profile "URIs"; advanced "Pattern-based
 * Registrations / Subscriptions"). Touches nothing.
 */
#ifndef WAMP_URI_H
#define WAMP_URI_H

#include "base/bytes.h"

enum uri_match { URI_EXACT, URI_PREFIX, URI_WILDCARD };

enum { URI_BYTES_MAX = 1024 };

/* Loose rule: no whitespace, no '#', not empty; empty components only in
 * wildcards (and at a prefix's end). Strict: [0-9a-z_] components. */
bool uri_valid(struct bytes uri, enum uri_match match, bool strict);
/* First component is `wamp`: reserved for the router. */
bool uri_reserved(struct bytes uri);
/* Does the concrete uri match the pattern? */
bool uri_matches(struct bytes pattern, enum uri_match match, struct bytes uri);
/* Is there any URI that both match? For authorisation of patterns. */
bool uri_overlap(struct bytes a, enum uri_match ma, struct bytes b,
		 enum uri_match mb);
/* Does pattern `a` match everything that `b` matches? */
bool uri_covers(struct bytes a, enum uri_match ma, struct bytes b,
		enum uri_match mb);
/* "exact", "prefix", "wildcard" -> match; false when unknown. */
bool uri_match_parse(struct bytes text, enum uri_match *out);
const char *uri_match_name(enum uri_match match);

/* WAMP's ids: uniform random 1 … 2^53 from 8 random bytes. */
uint64_t wamp_id_from_random(uint64_t random);
#define WAMP_ID_MAX (1ULL << 53)

#endif
