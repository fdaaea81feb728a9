/*
 * network: addresses and networks as texts, "10.0.0.0/8", "fd00::/8",
 * "192.168.1.0/255.255.255.0", "127.0.0.1", and who is in them. IPv4 is
 * compared as IPv6's ::ffff:0:0/96. Touches nothing.
 */
#ifndef ROUTER_NETWORK_H
#define ROUTER_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

struct network {
	uint8_t address[16];
	unsigned bits; /* of it that count */
};

bool network_parse(const char *text, struct network *out);
/* A peer as net tells it: "10.0.0.7:51234", "[fd00::1]:51234". What is no
 * address (a unix socket) is in no network. */
bool network_has(const struct network *n, const char *peer);

#endif
