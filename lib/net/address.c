#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct sockaddr_in *as_v4(const struct sockaddr *a)
{
	return (const struct sockaddr_in *)(const void *)a;
}

static const struct sockaddr_in6 *as_v6(const struct sockaddr *a)
{
	return (const struct sockaddr_in6 *)(const void *)a;
}

/* The four bytes of an IPv4 address, also of a mapped one; or NULL. */
static const uint8_t *v4_bytes(const struct sockaddr *a)
{
	const struct in6_addr *v6;

	if (a->sa_family == AF_INET)
		return (const uint8_t *)&as_v4(a)->sin_addr;
	if (a->sa_family != AF_INET6)
		return NULL;
	v6 = &as_v6(a)->sin6_addr;
	return IN6_IS_ADDR_V4MAPPED(v6) ? v6->s6_addr + 12 : NULL;
}

void address_text(const struct sockaddr *a, char out[ADDRESS_TEXT_MAX])
{
	char text[INET6_ADDRSTRLEN] = "?";
	const uint8_t *v4 = v4_bytes(a);

	if (v4) {
		snprintf(out, ADDRESS_TEXT_MAX, "%u.%u.%u.%u:%u", v4[0], v4[1],
			 v4[2], v4[3], address_port(a));
		return;
	}
	if (a->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &as_v6(a)->sin6_addr, text, sizeof text);
	snprintf(out, ADDRESS_TEXT_MAX, "[%s]:%u", text, address_port(a));
}

bool address_is_local(const struct sockaddr *a)
{
	const uint8_t *v4 = v4_bytes(a);

	if (v4)
		return v4[0] == 127;
	return a->sa_family == AF_INET6 &&
	       IN6_IS_ADDR_LOOPBACK(&as_v6(a)->sin6_addr);
}

unsigned address_port(const struct sockaddr *a)
{
	if (a->sa_family == AF_INET)
		return ntohs(as_v4(a)->sin_port);
	return a->sa_family == AF_INET6 ? ntohs(as_v6(a)->sin6_port) : 0;
}

void address_set_port(struct sockaddr *a, unsigned port)
{
	uint16_t wire = htons((uint16_t)port);

	if (a->sa_family == AF_INET)
		((struct sockaddr_in *)(void *)a)->sin_port = wire;
	else if (a->sa_family == AF_INET6)
		((struct sockaddr_in6 *)(void *)a)->sin6_port = wire;
}
