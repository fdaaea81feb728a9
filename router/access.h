/*
 * access: may a role do this? Static permissions by URI (exact, prefix,
 * wildcard) as in Crossbar.io's configuration, denied by default. For one URI
 * the best matching permission decides: exact, else the best wildcard, else
 * the longest prefix, as there (registrations prefer prefixes); a pattern is
 * allowed only when everything that it could match is. Spec: "Authorization"
 * (advanced). May touch base and uri_map; knows no session.
 */
#ifndef ROUTER_ACCESS_H
#define ROUTER_ACCESS_H

#include "router/uri_map.h"

enum action { ACTION_CALL, ACTION_REGISTER, ACTION_PUBLISH, ACTION_SUBSCRIBE };

enum { ALLOW_ALL = 15 };

struct permission {
	struct bytes uri; /* owned */
	enum uri_match match;
	unsigned allow; /* 1 << action */
	bool disclose_caller, disclose_publisher;
	bool has_trustlevel; /* of calls and publications */
	int64_t trustlevel;
};

/* What an allowed call or publication comes with: what the other side is told
 * of whoever made it. Spec: "Caller Identification", "Publisher
 * Identification", "Call Trust Levels", "Publication Trust Levels". */
struct grant {
	bool disclose, has_trustlevel;
	int64_t trustlevel;
};

struct access {
	struct permission *permissions; /* owned */
	unsigned count, cap;
	struct uri_map map;
};

void access_init(struct access *a, uint64_t seed);
void access_deinit(struct access *a);
/* Copies the URI. ERR_EXISTS when there is one for it already. Call
 * access_seal when all are added. */
int access_add(struct access *a, const struct permission *p) MUST_CHECK;
/* In place of the one for the same URI and match; before access_seal. */
void access_replace(struct access *a, const struct permission *p);
int access_seal(struct access *a) MUST_CHECK;

/* NULL: none applies. */
const struct permission *access_find(const struct access *a,
				     struct bytes uri);
/* Of ACTION_CALL and ACTION_PUBLISH. */
struct grant access_grant(const struct access *a, enum action action,
			  struct bytes uri);
bool access_allows(const struct access *a, enum action action,
		   struct bytes uri, enum uri_match match);

#endif
