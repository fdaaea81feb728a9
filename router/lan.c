#include "router/lan.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

/* "192.0.2.1", "[2001:db8::1]"; false when it is neither. */
static bool address_text(const struct sockaddr *a, char out[LAN_ADDRESS_SIZE])
{
	char text[INET6_ADDRSTRLEN];

	if (a && a->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const void *)a;

		return inet_ntop(AF_INET, &in->sin_addr, out,
				 LAN_ADDRESS_SIZE) != NULL;
	}
	if (a && a->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const void *)a;

		if (!inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof text))
			return false;
		snprintf(out, LAN_ADDRESS_SIZE, "[%s]", text);
		return true;
	}
	return false;
}

void lan_address(char out[LAN_ADDRESS_SIZE])
{
	struct ifaddrs *all;
	bool found = false;

	if (getifaddrs(&all))
		all = NULL;
	for (struct ifaddrs *i = all; i && !found; i = i->ifa_next)
		found = i->ifa_addr && i->ifa_addr->sa_family == AF_INET &&
			!(i->ifa_flags & IFF_LOOPBACK) &&
			i->ifa_flags & IFF_UP &&
			address_text(i->ifa_addr, out);
	if (all)
		freeifaddrs(all);
	if (!found)
		snprintf(out, LAN_ADDRESS_SIZE, "127.0.0.1");
}

/* The host of an origin of this scheme with this port; empty when it is
 * none. */
static struct bytes origin_host(struct bytes origin, unsigned port,
				bool secure)
{
	const char *scheme = secure ? "https://" : "http://";
	size_t head = strlen(scheme), end;
	char tail[16];

	if (origin.len <= head || memcmp(origin.data, scheme, head))
		return bytes_of(NULL, 0);
	snprintf(tail, sizeof tail, ":%u", port);
	end = strlen(tail);
	if (origin.len > head + end &&
	    !memcmp(origin.data + origin.len - end, tail, end))
		return bytes_of(origin.data + head, origin.len - head - end);
	if (port == (secure ? 443 : 80))
		return bytes_of(origin.data + head, origin.len - head);
	return bytes_of(NULL, 0);
}

bool lan_is_own_origin(struct bytes origin, unsigned port, bool secure)
{
	struct bytes host = origin_host(origin, port, secure);
	char text[LAN_ADDRESS_SIZE];
	struct ifaddrs *all;
	bool own = bytes_equal_str(host, "localhost");

	if (!host.len || own || getifaddrs(&all))
		return own;
	for (struct ifaddrs *i = all; i && !own; i = i->ifa_next)
		own = address_text(i->ifa_addr, text) &&
		      bytes_equal_str(host, text);
	freeifaddrs(all);
	return own;
}
