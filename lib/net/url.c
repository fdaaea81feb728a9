#include "net/url.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct scheme {
	const char *prefix;
	enum url_scheme scheme;
	unsigned port; /* when none is written; 0: one must be */
} schemes[] = {
	{ "ws://", URL_WS, 80 },      { "wss://", URL_WSS, 443 },
	{ "rs://", URL_RS, 0 },	      { "rss://", URL_RSS, 0 },
	{ "unix://", URL_UNIX, 0 },
};

static const char accepted[] =
	"accepted are ws://host:port/ws, wss://host:port/ws, rs://host:port, "
	"rss://host:port and unix:///path";

static const struct scheme *find_scheme(const char *text)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		const struct scheme *s = &schemes[i];

		if (strncmp(text, s->prefix, strlen(s->prefix)) == 0)
			return s;
	}
	return NULL;
}

/* Copies len bytes, printable ASCII without what a URL may not hold: it goes
 * into a request line as it is. */
static bool copy_plain(char *out, size_t size, const char *from, size_t len)
{
	if (len >= size)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!isgraph((unsigned char)from[i]) ||
		    strchr("\"#<>@\\^`{|}", from[i]))
			return false;
	}
	memcpy(out, from, len);
	out[len] = '\0';
	return true;
}

/* host, [v6] -> out->host; *end is what follows. */
static bool take_host(const char *text, struct url *out, const char **end)
{
	const char *close;

	if (*text == '[') {
		close = strchr(++text, ']');
		*end = close ? close + 1 : text;
		return close && close > text &&
		       copy_plain(out->host, sizeof out->host, text,
				  (size_t)(close - text)) &&
		       strchr(out->host, ':');
	}
	*end = text + strcspn(text, ":/?");
	return *end > text && copy_plain(out->host, sizeof out->host, text,
					 (size_t)(*end - text));
}

/* ":80" or nothing; *text moves past it. */
static bool take_port(const char **text, struct url *out, unsigned usual)
{
	const char *at = *text;
	unsigned long port = 0;
	size_t digits;

	out->port = usual;
	if (*at != ':')
		return usual != 0;
	digits = strspn(++at, "0123456789");
	if (digits == 0 || digits > 5)
		return false;
	port = strtoul(at, NULL, 10);
	out->port = (unsigned)port;
	*text = at + digits;
	return port <= 65535;
}

static int parse_unix(const char *text, struct url *out, struct why *why)
{
	size_t len = strlen(text);

	if (*text != '/' || len >= sizeof out->path)
		return why_set(why, ERR_USAGE,
			       "unix://%.100s: accepted is unix:///path", text);
	memcpy(out->path, text, len + 1);
	return 0;
}

int url_parse(const char *text, struct url *out, struct why *why)
{
	const struct scheme *s = find_scheme(text);
	const char *at;

	memset(out, 0, sizeof *out);
	if (!s)
		return why_set(why, ERR_USAGE, "%.60s: %s", text, accepted);
	out->scheme = s->scheme;
	at = text + strlen(s->prefix);
	if (s->scheme == URL_UNIX)
		return parse_unix(at, out, why);
	if (!take_host(at, out, &at))
		return why_set(why, ERR_USAGE, "%.60s: no valid host; %s",
			       text, accepted);
	if (!take_port(&at, out, s->port))
		return why_set(why, ERR_USAGE,
			       "%.60s: a port is a number from 0 to 65535; %s",
			       text, accepted);
	if (*at == '\0' && (s->scheme == URL_WS || s->scheme == URL_WSS))
		at = "/ws";
	if ((*at != '\0' && *at != '/') ||
	    !copy_plain(out->path, sizeof out->path, at, strlen(at)))
		return why_set(why, ERR_USAGE, "%.60s: no valid path; %s", text,
			       accepted);
	return 0;
}

bool url_is_secure(const struct url *u)
{
	return u->scheme == URL_WSS || u->scheme == URL_RSS;
}

bool url_is_local(const struct url *u)
{
	const char *rest = u->host;

	if (u->scheme == URL_UNIX || strcmp(u->host, "::1") == 0 ||
	    strcasecmp(u->host, "localhost") == 0)
		return true;
	if (strncmp(rest, "127.", 4) != 0)
		return false;
	rest += 4;
	/* 127.x.y.z, not a name such as 127.example.org. */
	return rest[strspn(rest, "0123456789.")] == '\0';
}
