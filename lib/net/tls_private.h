/*
 * tls_private: the inside of struct tls, for tls.c and tls_session.c.
 */
#ifndef NET_TLS_PRIVATE_H
#define NET_TLS_PRIVATE_H

#include "crypto/openssl.h"

#include "net/tls.h"

struct tls {
	SSL_CTX *context;   /* owned; sessions hold on to theirs */
	BIO_METHOD *method; /* owned; shared by its sessions */
	struct tls_files files; /* owned, all of it */
	bool server;
	unsigned sessions; /* that use the method */
	bool freed;
};

/* A session is gone. */
void tls_let_go(struct tls *t);
/* In tls_session.c: how a session's SSL reads and writes; NULL: no memory. */
BIO_METHOD *tls_make_method(void);

#endif
