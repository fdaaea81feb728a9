/*
 * handshake: the opening of a WebSocket (RFC 6455, section 4), both sides,
 * without I/O. A subprotocol in common is mandatory, as WAMP asks; extensions
 * are declined.
 */
#ifndef NET_HANDSHAKE_H
#define NET_HANDSHAKE_H

#include "crypto/base64.h"
#include "crypto/hash.h"
#include "net/http.h"
#include "net/url.h"

enum {
	HANDSHAKE_KEY_BYTES = 16,
	HANDSHAKE_KEY_SIZE = BASE64_SIZE(HANDSHAKE_KEY_BYTES),
	HANDSHAKE_ACCEPT_SIZE = BASE64_SIZE(SHA1_BYTES),
};

/* Does the request ask for a WebSocket? */
bool handshake_is_upgrade(const struct http_head *request);
/* Checks what it asks for but for its path and origin. 0, or the status to
 * refuse it with. *subprotocol becomes the first of the client's that is in
 * `offered` (NULL-ended). */
unsigned handshake_check(const struct http_head *request,
			 const char *const *offered, const char **subprotocol,
			 const char **what);
/* The 101 for a checked request; `headers` are more whole lines, or none. */
int handshake_answer(struct buf *out, const struct http_head *request,
		     const char *subprotocol, struct bytes headers);

/* A client's request; `key` is made here. */
int handshake_request(struct buf *out, const struct url *where,
		      const char *subprotocol, char key[HANDSHAKE_KEY_SIZE]);
/* Is this the answer to it? ERR_DENIED with the reason. */
int handshake_confirm(const struct http_head *response, const char *key,
		      const char *subprotocol, struct why *why);

#endif
