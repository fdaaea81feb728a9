/*
 * bridge_request: the JSON that is posted to a bridge (bridge.h), read. No
 * I/O; memory is the arena's.
 */
#ifndef ROUTER_BRIDGE_REQUEST_H
#define ROUTER_BRIDGE_REQUEST_H

#include "wamp/serializer.h"

struct bridge_request {
	const char *uri;
	struct value args, kwargs; /* a list, a dict */
	struct value options;      /* those that a bridge hands on */
};

/* 0, or the status to refuse with; *why says it (the arena's). */
unsigned bridge_read_request(struct arena *a, struct bytes body,
			     const struct wamp_limits *limits, bool calls,
			     struct bridge_request *out, const char **why);
/* "application/json", and no charset but UTF-8; nothing said is fine. 0 or
 * 400. */
unsigned bridge_check_type(struct bytes content_type, const char **why);

#endif
