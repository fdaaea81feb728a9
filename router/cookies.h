/*
 * cookies: who proved on a connection with this cookie who they are, so that
 * they may join again by it. In memory, COOKIES_MAX at most (the oldest goes),
 * each until it expires; bound to the realm where it was proved. The cookie
 * itself is a random text that the router set in the WebSocket's handshake,
 * which pages of other origins can not do (lib/net/server.h, `origin`).
 * May touch base, crypto and authn's principal.
 */
#ifndef ROUTER_COOKIES_H
#define ROUTER_COOKIES_H

#include "router/authn.h"

enum { COOKIES_MAX = 4096, COOKIE_DAYS = 7 };

struct cookies {
	struct ring all; /* the oldest first */
	unsigned count;
};

void cookies_init(struct cookies *c);
void cookies_deinit(struct cookies *c);

/* A new one's text. */
void cookie_make(struct turn *turn, char out[COOKIE_SIZE]);
/* "cbtid=…" out of a Cookie header; false: there is none of ours. */
bool cookie_read(struct bytes header, char out[COOKIE_SIZE]);
/* The answer to a handshake: out gets the text of a cookie that is known, or a
 * new one's, and headers the line that sets it. Who comes with a text of their
 * own gets another: nobody can lay one under somebody. */
int cookie_open(struct cookies *c, struct turn *turn, struct bytes header,
		uint64_t max_age_ms, bool secure, struct buf *headers,
		char out[COOKIE_SIZE]) MUST_CHECK;
/* The header line that sets it. */
int cookie_write(struct buf *out, const char *cookie, uint64_t max_age_ms,
		 bool secure) MUST_CHECK;

/* This is who the bearer proved to be. Without memory it is not kept. */
void cookies_keep(struct cookies *c, const char *cookie, const char *realm,
		  const char *authid, const char *role, uint64_t now_ms,
		  uint64_t max_age_ms);
/* In any realm. */
bool cookies_has(struct cookies *c, const char *cookie, uint64_t now_ms);
bool cookies_known(struct cookies *c, const char *cookie, const char *realm,
		   uint64_t now_ms);
/* Copies authid and role of a known one. ERR_NOMEM. */
int cookies_principal(struct cookies *c, const char *cookie,
		      const char *realm, uint64_t now_ms,
		      struct principal *out) MUST_CHECK;

#endif
