/*
 * tls: what TLS connections share: certificates, keys, authorities. One for
 * each place that listens, and one for a program that dials. TLS 1.2 and
 * later (RFC 8446, 5246), no renegotiation, no compression. Files are read
 * when it is made and reloaded, never in between. With tls_session.c the only
 * home of OpenSSL's SSL.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>

#include "base/err.h"

struct tls;

/* All are names of files in PEM, copied; NULL: none. */
struct tls_files {
	const char *certificate; /* its own first; the chain may follow */
	const char *key;
	const char *const *chain; /* more of the chain, NULL-ended */
	/* NULL-ended. A server asks clients for certificates by one of these,
	 * and refuses others, but not who has none. A client trusts these
	 * instead of the system's. */
	const char *const *ca;
	const char *ciphers; /* not a file: OpenSSL's list, of TLS 1.2 */
};

/* A server has certificate and key; a client may have none (NULL: no files at
 * all). NULL, with the reason. */
struct tls *tls_server_new(const struct tls_files *files, struct why *why);
struct tls *tls_client_new(const struct tls_files *files, struct why *why);
/* Reads the files again: for connections from now on. After an error all is
 * as it was. */
int tls_reload(struct tls *t, struct why *why);
/* Connections live on. NULL is fine. */
void tls_free(struct tls *t);

enum { TLS_FINGERPRINT_SIZE = 96 };

/* Of a peer's certificate that was verified: "AB:CD:…", and the subject's
 * common name, "" when it has none that is printable text. */
struct tls_cert {
	char cn[65];
	char sha1[60], sha256[TLS_FINGERPRINT_SIZE];
};

#endif
