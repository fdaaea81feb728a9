/*
 * bridge_config: what the configuration says of a publisher or caller path
 * (bridge.h). Data only.
 */
#ifndef ROUTER_BRIDGE_CONFIG_H
#define ROUTER_BRIDGE_CONFIG_H

#include "router/network.h"

#include <stddef.h>

enum {
	BRIDGE_BODY_MAX = 1 << 20,
	BRIDGE_WINDOW_S = 300, /* of timestamps, unless configured */
};

struct bridge_config {
	char *realm, *role; /* owned, all of them */
	char *key, *secret; /* NULL: requests need no signature */
	unsigned window_s;  /* a timestamp may be off by; 0: any may come */
	size_t body_max;
	bool require_tls;
	struct network *networks; /* who may ask; none: everybody */
	unsigned network_count;
};

#endif
