/*
 * address: socket addresses: their text, their port, whether they are this
 * machine's own. Looks at what it is given only.
 */
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT_MAX = 64 };

/* "127.0.0.1:51234", "[::1]:51234"; IPv4 in IPv6 as IPv4. */
void address_text(const struct sockaddr *a, char out[ADDRESS_TEXT_MAX]);
/* 127.0.0.0/8, ::1. */
bool address_is_local(const struct sockaddr *a);
unsigned address_port(const struct sockaddr *a);
void address_set_port(struct sockaddr *a, unsigned port);

#endif
