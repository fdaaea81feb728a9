/* What the pages tell of where they are: the join URL, and which URLs may be
 * shown. */
#include <string.h>

#include "router/lan.h"
#include "router/web.h"

/* One of the two schemes, a host, and none of the bytes that are `bad`. */
static bool is_plain(const char *url, const char *scheme, const char *secure,
		     const char *bad)
{
	size_t length = !strncmp(url, scheme, strlen(scheme))	? strlen(scheme)
			: !strncmp(url, secure, strlen(secure)) ? strlen(secure)
								: 0;

	if (!length || !url[length] || strchr("/?#", url[length]))
		return false;
	for (; *url; url++)
		if (*url <= ' ' || *url == 0x7f || strchr(bad, *url))
			return false;
	return true;
}

void web_add_port(struct web *w, unsigned port, bool secure)
{
	if (w->port_count < WEB_PORTS_MAX)
		w->ports[w->port_count++] = (struct web_port){ port, secure };
}

bool web_url_valid(const char *url)
{
	return is_plain(url, "http://", "https://", "\"\\<>&'");
}

bool web_router_valid(const char *url)
{
	return is_plain(url, "ws://", "wss://", "\"\\<>&'?#;,%+");
}

int web_join_url(const struct web *w, struct buf *out)
{
	char address[LAN_ADDRESS_SIZE];

	if (w->public_url)
		return buf_add_str(out, w->public_url);
	lan_address(address);
	return buf_printf(out, "http%s://%s:%u/",
			  w->ports[0].secure ? "s" : "", address,
			  w->ports[0].number);
}
