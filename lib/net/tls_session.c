#include "net/tls_session.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/tls_private.h"

struct tls_session {
	struct tls *tls; /* counts us */
	SSL *ssl;        /* owned */
	struct bytes in; /* borrowed: what was given and is not used yet */
	struct buf wire;
	bool ended;   /* we have said it */
	bool spoilt;  /* nothing more can be said */
	struct tls_cert *cert; /* owned; made when asked for */
};

/* --- how SSL reads and writes -------------------------------------------- */

static int on_bio_read(BIO *bio, char *out, size_t size, size_t *done)
{
	struct tls_session *s = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*done = 0;
	if (!s->in.len) {
		BIO_set_retry_read(bio);
		return 0;
	}
	*done = size < s->in.len ? size : s->in.len;
	memcpy(out, s->in.data, *done);
	s->in = bytes_of(s->in.data + *done, s->in.len - *done);
	return 1;
}

static int on_bio_write(BIO *bio, const char *data, size_t size, size_t *done)
{
	struct tls_session *s = BIO_get_data(bio);

	BIO_clear_retry_flags(bio);
	*done = 0;
	if (buf_add(&s->wire, data, size)) {
		s->spoilt = true;
		return 0;
	}
	*done = size;
	return 1;
}

static long on_bio_ctrl(BIO *bio, int command, long n, void *p)
{
	(void)bio;
	(void)n;
	(void)p;
	return command == BIO_CTRL_FLUSH;
}

static int on_bio_create(BIO *bio)
{
	BIO_set_init(bio, 1);
	return 1;
}

BIO_METHOD *tls_make_method(void)
{
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "manyhands");

	if (m && BIO_meth_set_read_ex(m, on_bio_read) &&
	    BIO_meth_set_write_ex(m, on_bio_write) &&
	    BIO_meth_set_ctrl(m, on_bio_ctrl) &&
	    BIO_meth_set_create(m, on_bio_create))
		return m;
	BIO_meth_free(m);
	return NULL;
}

/* --- life ---------------------------------------------------------------- */

static bool is_address(const char *host)
{
	uint8_t address[16];

	return inet_pton(AF_INET, host, address) == 1 ||
	       inet_pton(AF_INET6, host, address) == 1;
}

/* The certificate must be for this name or address. */
static bool expect(SSL *ssl, const char *host)
{
	if (is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl),
						     host) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, host) == 1 &&
	       SSL_set_tlsext_host_name(ssl, host) == 1;
}

static bool start(struct tls_session *s, const char *host)
{
	BIO *bio;

	s->ssl = SSL_new(s->tls->context);
	bio = s->ssl ? BIO_new(s->tls->method) : NULL;
	if (!bio)
		return false;
	BIO_set_data(bio, s);
	SSL_set_bio(s->ssl, bio, bio);
	if (!host) {
		SSL_set_accept_state(s->ssl);
		return true;
	}
	SSL_set_connect_state(s->ssl);
	if (!expect(s->ssl, host))
		return false;
	(void)SSL_do_handshake(s->ssl); /* its first words */
	return s->wire.len && !s->spoilt;
}

struct tls_session *tls_session_new(struct tls *t, const char *host)
{
	struct tls_session *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	buf_init(&s->wire);
	s->tls = t;
	t->sessions++;
	ERR_clear_error();
	if (start(s, host))
		return s;
	tls_session_free(s);
	return NULL;
}

void tls_session_free(struct tls_session *s)
{
	if (!s)
		return;
	SSL_free(s->ssl); /* and its BIO */
	buf_deinit(&s->wire);
	free(s->cert);
	tls_let_go(s->tls);
	free(s);
}

/* --- in ------------------------------------------------------------------ */

void tls_give(struct tls_session *s, struct bytes data)
{
	s->in = data;
}

static int explain(struct tls_session *s, struct why *why)
{
	long verified = SSL_get_verify_result(s->ssl);
	const char *text = ERR_reason_error_string(ERR_peek_last_error());

	s->spoilt = true;
	ERR_clear_error();
	if (verified != X509_V_OK)
		return why_set(why, ERR_DENIED, "its certificate: %s",
			       X509_verify_cert_error_string(verified));
	return why_set(why, ERR_DENIED, "TLS: %s",
		       text ? text : err_text(ERR_NOMEM));
}

int tls_take(struct tls_session *s, uint8_t *plain, size_t size, size_t *len,
	     struct why *why)
{
	size_t done = 0;
	int error = SSL_ERROR_NONE;

	*len = 0;
	ERR_clear_error();
	while (*len < size && !s->spoilt) {
		if (SSL_read_ex(s->ssl, plain + *len, size - *len, &done) != 1) {
			error = SSL_get_error(s->ssl, 0);
			break;
		}
		*len += done;
	}
	if (error == SSL_ERROR_ZERO_RETURN)
		return ERR_CLOSED;
	if (s->spoilt || (error && error != SSL_ERROR_WANT_READ))
		return explain(s, why);
	if (tls_is_ready(s) && s->wire.len > TLS_CONTROL_MAX)
		return why_set(why, ERR_LIMIT,
			       "it does not read what it is sent");
	return 0;
}

bool tls_is_ready(const struct tls_session *s)
{
	return SSL_is_init_finished(s->ssl) && !s->spoilt;
}

/* --- out ----------------------------------------------------------------- */

int tls_put(struct tls_session *s, struct bytes plain)
{
	enum { RECORD = 16384, AROUND = 64 };
	size_t done;

	if (!plain.len)
		return 0;
	ERR_clear_error();
	if (buf_reserve(&s->wire, plain.len + (plain.len / RECORD + 1) *
						      AROUND) ||
	    SSL_write_ex(s->ssl, plain.data, plain.len, &done) != 1) {
		ERR_clear_error();
		s->spoilt = true;
		return ERR_NOMEM;
	}
	return 0;
}

bool tls_end(struct tls_session *s)
{
	size_t before = s->wire.len;

	if (s->ended || !tls_is_ready(s))
		return false;
	s->ended = true;
	ERR_clear_error();
	(void)SSL_shutdown(s->ssl);
	return s->wire.len > before;
}

struct buf *tls_wire(struct tls_session *s)
{
	return &s->wire;
}

/* --- who is there -------------------------------------------------------- */

static void take_name(X509 *x, char *out, size_t size)
{
	X509_NAME *subject = X509_get_subject_name(x);
	int at = -1, last = -1, len;
	unsigned char *text = NULL;

	while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName,
						at)) >= 0)
		last = at;
	if (last < 0)
		return;
	len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(
						 X509_NAME_get_entry(subject,
								     last)));
	for (int i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] == 0x7f)
			len = -1;
	if (len > 0 && (size_t)len < size)
		snprintf(out, size, "%.*s", len, text);
	OPENSSL_free(text);
}

static void take_fingerprint(X509 *x, const EVP_MD *kind, char *out)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (X509_digest(x, kind, digest, &len) != 1)
		len = 0;
	*out = '\0';
	for (unsigned i = 0; i < len; i++)
		sprintf(out + 3 * i, "%02X%s", digest[i],
			i + 1 < len ? ":" : "");
}

const struct tls_cert *tls_peer_cert(struct tls_session *s)
{
	X509 *x;

	if (s->cert || !tls_is_ready(s) ||
	    SSL_get_verify_result(s->ssl) != X509_V_OK)
		return s->cert;
	x = SSL_get1_peer_certificate(s->ssl);
	s->cert = x ? calloc(1, sizeof *s->cert) : NULL;
	if (s->cert) {
		take_name(x, s->cert->cn, sizeof s->cert->cn);
		take_fingerprint(x, EVP_sha1(), s->cert->sha1);
		take_fingerprint(x, EVP_sha256(), s->cert->sha256);
	}
	X509_free(x);
	return s->cert;
}
