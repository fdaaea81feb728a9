/*
 * options: the command line of build/router, read and checked as a whole.
 * What is wrong is said in one line that names what is accepted. Pure: no
 * file is opened here. May touch base, net's URLs, and web.h for what it can
 * show as a URL.
 */
#ifndef ROUTER_OPTIONS_H
#define ROUTER_OPTIONS_H

#include "net/tls.h"
#include "net/url.h"

enum { LISTEN_MAX = 16 };

/* Texts are borrowed from argv; NULL: not given. Not to be copied, as `tls`
 * points into it. */
struct options {
	const char *config, *web, *public_url, *pages_for;
	struct tls_files tls; /* of wss:// and rss:// */
	const char *ca[2];    /* NULL-ended */
	struct url listen[LISTEN_MAX];
	unsigned listen_count;
	bool check, open;
};

/* 0, or ERR_USAGE with the reason. */
int options_read(struct options *o, int argc, char **argv, struct why *why)
	MUST_CHECK;

/* The path of the first --listen that is a WebSocket; NULL: none is. */
const char *options_ws_path(const struct options *o);

#endif
