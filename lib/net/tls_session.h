/*
 * tls_session: TLS on one connection, without I/O: what the wire brought in,
 * plain bytes out; plain bytes in, what the wire is to carry out. For stream
 * only. Between records it holds no buffers.
 */
#ifndef NET_TLS_SESSION_H
#define NET_TLS_SESSION_H

#include "base/buf.h"
#include "net/tls.h"

struct tls_session;

enum {
	/* Answers to the peer's handshakes and key updates that it does not
	 * read: more ends the connection. */
	TLS_CONTROL_MAX = 64 * 1024,
};

/* `host`: what a client expects to reach, a name or an address; NULL on a
 * server. NULL: out of memory. */
struct tls_session *tls_session_new(struct tls *t, const char *host);
void tls_session_free(struct tls_session *s); /* NULL is fine */

/* What the wire brought: borrowed until tls_take has returned less than it
 * was offered room for. */
void tls_give(struct tls_session *s, struct bytes data);
/* Writes up to `size` plain bytes there. ERR_CLOSED: the peer has said the
 * end; ERR_DENIED: it broke off, or is not who it should be: `why`; what it is
 * to be told is in tls_wire. *len is good in any case. */
int tls_take(struct tls_session *s, uint8_t *plain, size_t size, size_t *len,
	     struct why *why);
/* Is the handshake done? */
bool tls_is_ready(const struct tls_session *s);
/* Appends to tls_wire; ready only. ERR_NOMEM: the session is spoilt. */
int tls_put(struct tls_session *s, struct bytes plain) MUST_CHECK;
/* Says that no more comes from here; true when that is news. */
bool tls_end(struct tls_session *s);
/* What the wire is to carry; the caller takes it out. */
struct buf *tls_wire(struct tls_session *s);
/* The peer's verified certificate, borrowed; NULL: none, or no memory. */
const struct tls_cert *tls_peer_cert(struct tls_session *s);

#endif
