/*
 * url: where a router is: ws://host:port/path, wss://…, rs://host:port,
 * rss://…, unix:///path. Parsing only; no I/O.
 */
#ifndef NET_URL_H
#define NET_URL_H

#include "base/err.h"
#include <stdbool.h>

enum url_scheme { URL_WS, URL_WSS, URL_RS, URL_RSS, URL_UNIX };

struct url {
	enum url_scheme scheme;
	char host[256]; /* without brackets */
	unsigned port;  /* 0 … 65535; 0 lets the system choose (listening) */
	char path[512]; /* "/ws", also when none is written; the file of unix */
};

int url_parse(const char *text, struct url *out, struct why *why);
/* 127.0.0.0/8, ::1, localhost or a unix socket. */
bool url_is_local(const struct url *u);
/* wss:// or rss://. */
bool url_is_secure(const struct url *u);

#endif
