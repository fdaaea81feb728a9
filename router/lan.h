/*
 * lan: this machine's own addresses: which one phones can reach, and whether
 * an Origin is ours. Asks the system each time: a laptop changes networks. May
 * touch base and the system's list of interfaces.
 */
#ifndef ROUTER_LAN_H
#define ROUTER_LAN_H

#include "base/bytes.h"

enum { LAN_ADDRESS_SIZE = 64 };

/* The first IPv4 address that is not loopback's, or 127.0.0.1. */
void lan_address(char out[LAN_ADDRESS_SIZE]);
/* https where it is `secure`, otherwise http, at localhost or an address of
 * this machine, at that port (left out where it is the scheme's own)? */
bool lan_is_own_origin(struct bytes origin, unsigned port, bool secure);

#endif
