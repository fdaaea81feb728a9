/* Which pages' scripts may connect. */
#include "router/web.h"

#include <stdio.h>
#include <string.h>

#include "router/lan.h"

/* A * stands for any letters, none too, as for Crossbar.io. */
static bool is_like(struct bytes text, const char *pattern)
{
	const char *star = NULL; /* behind the last one that was passed */
	size_t at = 0, tried = 0;

	while (at < text.len) {
		if (*pattern == '*') {
			star = ++pattern;
			tried = at;
		} else if (*pattern && *pattern == (char)text.data[at]) {
			pattern++;
			at++;
		} else if (star) {
			pattern = star;
			at = ++tried;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* A port that is the scheme's own is not in an origin, but may be meant: for
 * Crossbar.io it is always there. */
static bool is_like_origin(struct bytes origin, const char *pattern)
{
	enum { ORIGIN_MAX = 512 };
	char spelled[ORIGIN_MAX + 8];
	bool secure = origin.len > 8 && !memcmp(origin.data, "https://", 8);
	bool plain = origin.len > 7 && !memcmp(origin.data, "http://", 7);
	size_t host = secure ? 8 : 7;

	if (is_like(origin, pattern))
		return true;
	if ((!secure && !plain) || origin.len > ORIGIN_MAX ||
	    memchr(origin.data + host, ':', origin.len - host))
		return false;
	snprintf(spelled, sizeof spelled, "%.*s:%d", (int)origin.len,
		 (const char *)origin.data, secure ? 443 : 80);
	return is_like(bytes_str(spelled), pattern);
}

static bool ends_in(struct bytes text, const char *tail)
{
	size_t length = strlen(tail);

	return text.len > length &&
	       !memcmp(text.data + text.len - length, tail, length);
}

/* An origin is a URL without its path, and without the scheme's own port. */
static bool is_origin_of(struct bytes origin, const char *url)
{
	const char *host = strstr(url, "://");
	struct bytes own;

	if (!host)
		return false;
	own = bytes_of(url, (size_t)(host - url) + 3);
	own.len += strcspn(host + 3, "/?#");
	if (!strncmp(url, "https", 5) && ends_in(own, ":443"))
		own.len -= 4;
	else if (!strncmp(url, "http:", 5) && ends_in(own, ":80"))
		own.len -= 3;
	return bytes_equal(origin, own);
}

bool web_origin(void *ctx, struct bytes origin)
{
	const struct web *w = ctx;

	if (w->public_url && is_origin_of(origin, w->public_url))
		return true;
	for (unsigned i = 0; i < w->origin_count; i++)
		if (strchr(w->origins[i], '*') ?
			    is_like_origin(origin, w->origins[i]) :
			    is_origin_of(origin, w->origins[i]))
			return true;
	for (unsigned i = 0; i < w->port_count; i++)
		if (lan_is_own_origin(origin, w->ports[i].number,
				      w->ports[i].secure))
			return true;
	return false;
}
