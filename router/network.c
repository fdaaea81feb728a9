#include "router/network.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 64, V4_OFFSET = 96 };

/* Either family; *offset is where its own bits begin. */
static bool read_address(const char *text, uint8_t out[16], unsigned *offset)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	*offset = 0;
	if (inet_pton(AF_INET6, text, out) == 1)
		return true;
	*offset = V4_OFFSET;
	memcpy(out, mapped, sizeof mapped);
	return inet_pton(AF_INET, text, out + sizeof mapped) == 1;
}

/* "255.255.255.0": its ones must come first. */
static bool read_mask(const char *text, unsigned *bits)
{
	struct in_addr a;
	uint32_t mask;

	if (inet_pton(AF_INET, text, &a) != 1)
		return false;
	mask = ntohl(a.s_addr);
	for (*bits = 0; *bits < 32 && mask & 0x80000000u; mask <<= 1)
		++*bits;
	return !mask;
}

static bool read_bits(const char *text, unsigned offset, unsigned *out)
{
	unsigned long bits;
	char *end;

	if (offset && strchr(text, '.'))
		return read_mask(text, out);
	if (*text < '0' || *text > '9')
		return false;
	bits = strtoul(text, &end, 10);
	*out = (unsigned)bits;
	return !*end && bits <= 128 - offset;
}

bool network_parse(const char *text, struct network *out)
{
	char address[TEXT_SIZE];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	unsigned offset, bits;

	if (length >= sizeof address)
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	if (!read_address(address, out->address, &offset))
		return false;
	bits = 128 - offset;
	if (slash && !read_bits(slash + 1, offset, &bits))
		return false;
	out->bits = offset + bits;
	return true;
}

bool network_has(const struct network *n, const char *peer)
{
	char text[TEXT_SIZE];
	uint8_t address[16];
	const char *colon = strrchr(peer, ':');
	size_t length = colon ? (size_t)(colon - peer) : 0;
	unsigned whole = n->bits / 8, rest = n->bits % 8, offset;

	if (length && peer[0] == '[') {
		peer++;
		length -= 2;
	}
	if (!length || length >= sizeof text)
		return false;
	memcpy(text, peer, length);
	text[length] = '\0';
	if (!read_address(text, address, &offset) ||
	    memcmp(address, n->address, whole))
		return false;
	return !rest || !((address[whole] ^ n->address[whole]) >> (8 - rest));
}
