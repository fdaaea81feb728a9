/*
 * tls_test: certificates for the tests of TLS, made by openssl's program in a
 * folder of their own: of the authority `good` the server's (localhost,
 * 127.0.0.1), one for elsewhere, and kim's; of the authority `other` eve's.
 * Included once by a test program.
 */
#ifndef TLS_TEST_H
#define TLS_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/tls.h"

static char certs[] = "/tmp/manyhands-tls-XXXXXX";

static const char making[] =
	"cd %s && new() { openssl req -newkey ec -pkeyopt "
	"ec_paramgen_curve:P-256 -nodes -subj /CN=$2 -keyout $1.key \"$3\" "
	"$4 $5 -out $1.out 2>/dev/null; }\n"
	"of() { new $2 $3 -new && echo \"$4\" >ext && openssl x509 -req -days 2"
	" -in $2.out -CA $1.pem -CAkey $1.key -CAcreateserial -extfile ext "
	"-out $2.pem 2>/dev/null; }\n"
	"new good good -x509 -days 2 && mv good.out good.pem && "
	"new other other -x509 -days 2 && mv other.out other.pem && "
	"of good server router "
	"subjectAltName=DNS:localhost,IP:127.0.0.1 && "
	"of good away away subjectAltName=DNS:elsewhere.example && "
	"of good kim kim basicConstraints=CA:FALSE && "
	"of other eve kim basicConstraints=CA:FALSE && "
	"openssl x509 -noout -fingerprint -sha1 -in kim.pem | cut -d= -f2 "
	">kim.sha1";

static int make_certs(void **state)
{
	char script[sizeof making + sizeof certs];

	(void)state;
	assert_non_null(mkdtemp(certs));
	snprintf(script, sizeof script, making, certs);
	assert_int_equal(system(script), 0);
	return 0;
}

static int remove_certs(void **state)
{
	char script[64];

	(void)state;
	snprintf(script, sizeof script, "rm -r %s", certs);
	return system(script);
}

/* Of `name`'s certificate and key (NULL: none); trusts `ca` (NULL: nobody is
 * asked, or the system's). */
static struct tls *make_tls(bool server, const char *name, const char *ca)
{
	char certificate[64], key[64], authority[64];
	const char *const list[] = { authority, NULL };
	struct tls_files files = { .ca = ca ? list : NULL };
	struct why why = { "" };
	struct tls *t;

	snprintf(certificate, sizeof certificate, "%s/%s.pem", certs,
		 name ? name : "");
	snprintf(key, sizeof key, "%s/%s.key", certs, name ? name : "");
	snprintf(authority, sizeof authority, "%s/%s.pem", certs,
		 ca ? ca : "");
	if (name) {
		files.certificate = certificate;
		files.key = key;
	}
	t = server ? tls_server_new(&files, &why)
		   : tls_client_new(&files, &why);
	if (!t)
		fail_msg("%s", why.text);
	return t;
}

#endif
