/*
 * dial: opens a transport to a router as a client: finds the host, connects,
 * does TLS's and the WebSocket's or RawSocket's handshake, and says in one line
 * what did not work. What then travels is transport.h's. Spec: "WebSocket
 * Transport" (basic), "RawSocket Transport" (advanced). May touch this library.
 */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "net/loop.h"
#include "net/tls.h"
#include "net/transport.h"
#include "net/url.h"

struct dial;

/* Exactly one of the two is called, in a later turn. `connected`: call
 * transport_handle in it. */
struct dial_handler {
	void (*connected)(void *ctx, struct transport *t);
	void (*failed)(void *ctx, const char *why);
};

/* NULL when out of memory. Gives up after 10 s. `tls`: for wss:// and rss://,
 * of tls_client_new, and borrowed until the transport is gone; the certificate
 * there must be for the URL's host. NULL: those two fail. */
struct dial *dial_start(struct loop *l, const struct url *where,
			const struct serializer *serializer,
			const struct transport_limits *limits,
			struct tls *tls, const struct dial_handler *handler,
			void *ctx);
/* Right after dial_start: asks a WebSocket for the serializer's batched
 * subprotocol, and takes no other. RawSocket has none: as without. */
void dial_batched(struct dial *d);
/* What dialling there takes: *out NULL for neither wss:// nor rss://; `ca`: of
 * PEM certificates, to trust in place of the system's; NULL: those. An error:
 * that file's, or it is given and `where` has no use for it. */
int dial_trust(const struct url *where, const char *ca, struct tls **out,
	       struct why *why);
void dial_cancel(struct dial *d); /* before either callback; none follows */

#endif
