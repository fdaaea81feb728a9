#include "net/tls.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/tls_private.h"

/* Of TLS 1.2: forward secrecy and authenticated encryption only, as TLS 1.3
 * has anyway. */
static const char usual_ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

static const char not_certificate[] = "not a PEM certificate";

/* --- mistakes ------------------------------------------------------------ */

/* OpenSSL's first word on it, in the terms of a person with a file. */
static const char *last_reason(const char *wanted)
{
	unsigned long code = ERR_peek_error();
	const char *text = ERR_reason_error_string(code);
	int lib = ERR_GET_LIB(code), reason = ERR_GET_REASON(code);

	if ((lib == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE) ||
	    (lib == ERR_LIB_X509 && reason == X509_R_NO_CERTIFICATE_FOUND) ||
	    (lib == ERR_LIB_X509 &&
	     reason == X509_R_NO_CERTIFICATE_OR_CRL_FOUND) ||
	    (lib == ERR_LIB_OSSL_DECODER && reason == ERR_R_UNSUPPORTED))
		return wanted;
	if (reason == ERR_R_INTERRUPTED_OR_CANCELLED)
		return "it has a password; accepted is one without";
	return text ? text : "out of memory";
}

static int bad_file(struct why *why, const char *file, const char *wanted)
{
	int err = access(file, R_OK) != 0 ?
			  why_set(why, ERR_USAGE, "%s: %s", file,
				  strerror(errno)) :
			  why_set(why, ERR_USAGE, "%s: %s", file,
				  last_reason(wanted));

	ERR_clear_error();
	return err;
}

/* --- one context --------------------------------------------------------- */

/* Nobody is there to ask for a key's password. */
static int no_password(char *out, int size, int writing, void *ctx)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

static int load_own(SSL_CTX *c, const struct tls_files *f, struct why *why)
{
	if (SSL_CTX_use_certificate_chain_file(c, f->certificate) != 1)
		return bad_file(why, f->certificate, not_certificate);
	if (SSL_CTX_use_PrivateKey_file(c, f->key, SSL_FILETYPE_PEM) == 1)
		return 0;
	if (ERR_GET_LIB(ERR_peek_last_error()) != ERR_LIB_X509)
		return bad_file(why, f->key, "not a PEM private key");
	ERR_clear_error();
	return why_set(why, ERR_USAGE, "%s: not the key of the certificate %s",
		       f->key, f->certificate);
}

/* What OpenSSL works out of a certificate once and keeps: without memory it
 * would keep that it is none. */
static bool is_usable(X509 *one)
{
	return X509_check_purpose(one, -1, 0) == 1 &&
	       X509_get0_pubkey(one) != NULL;
}

/* Each of a file's certificates is given to `add`, which keeps none. One that
 * can not be read is a mistake, and not the end of them. */
static int load_each(SSL_CTX *c, const char *file,
		     int (*add)(SSL_CTX *c, X509 *one), struct why *why)
{
	BIO *in = BIO_new_file(file, "r");
	X509 *one = NULL;
	unsigned count = 0;
	bool added = true, ended;

	while (in && added &&
	       (one = PEM_read_bio_X509(in, NULL, no_password, NULL))) {
		added = is_usable(one) && add(c, one) == 1;
		X509_free(one);
		count++;
	}
	BIO_free(in);
	ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	if (!in || !added || !count || !ended)
		return bad_file(why, file, not_certificate);
	ERR_clear_error(); /* that there is no other one */
	return 0;
}

static int add_chain(SSL_CTX *c, X509 *one)
{
	return (int)SSL_CTX_add1_chain_cert(c, one);
}

static int add_trusted(SSL_CTX *c, X509 *one)
{
	return X509_STORE_add_cert(SSL_CTX_get_cert_store(c), one);
}

/* A client is told whose certificates are wanted. */
static int add_client_ca(SSL_CTX *c, X509 *one)
{
	return add_trusted(c, one) == 1 && SSL_CTX_add_client_CA(c, one);
}

/* A server asks a client for a certificate; who has none is served all the
 * same. A client asks always. */
static int load_ca(SSL_CTX *c, const struct tls *t, struct why *why)
{
	const char *const *files = t->files.ca;
	int err = 0;

	if (t->server && !files)
		return 0;
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER, NULL);
	if (!files && SSL_CTX_set_default_verify_paths(c) != 1) {
		ERR_clear_error();
		return why_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	for (; !err && files && *files; files++)
		err = load_each(c, *files,
				t->server ? add_client_ca : add_trusted, why);
	return err;
}

static int set_ciphers(SSL_CTX *c, const char *list, struct why *why)
{
	if (SSL_CTX_set_cipher_list(c, list ? list : usual_ciphers) == 1)
		return 0;
	ERR_clear_error();
	return why_set(why, ERR_USAGE,
		       "ciphers %.100s: accepted is a list of OpenSSL's names "
		       "with one for TLS 1.2 at least",
		       list);
}

static int set_rules(SSL_CTX *c)
{
	static const unsigned char id[] = "manyhands";

	SSL_CTX_set_default_passwd_cb(c, no_password);
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION |
				       SSL_OP_NO_COMPRESSION |
				       SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS);
	/* Tickets keep no state here. */
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(c, 1);
	return SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 &&
			       SSL_CTX_set_session_id_context(
				       c, id, sizeof id - 1) == 1
		       ? 0
		       : ERR_NOMEM;
}

static int load_all(SSL_CTX *c, const struct tls *t, struct why *why)
{
	const struct tls_files *f = &t->files;
	int err = set_rules(c);

	if (err)
		return why_set(why, err, "%s", err_text(err));
	err = set_ciphers(c, f->ciphers, why);
	if (!err && f->certificate)
		err = load_own(c, f, why);
	for (unsigned i = 0; !err && f->chain && f->chain[i]; i++)
		err = load_each(c, f->chain[i], add_chain, why);
	return err ? err : load_ca(c, t, why);
}

int tls_reload(struct tls *t, struct why *why)
{
	SSL_CTX *c;
	int err;

	ERR_clear_error();
	c = SSL_CTX_new(t->server ? TLS_server_method()
				  : TLS_client_method());
	if (!c)
		return why_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	err = load_all(c, t, why);
	if (err) {
		SSL_CTX_free(c);
		return err;
	}
	SSL_CTX_free(t->context);
	t->context = c;
	return 0;
}

/* --- life ---------------------------------------------------------------- */

static bool copy(const char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return !from || *to;
}

static bool copy_list(const char *const **to, const char *const *from)
{
	unsigned count = 0;
	const char **names;

	while (from && from[count])
		count++;
	if (!from)
		return true;
	names = calloc(count + 1, sizeof *names);
	*to = names;
	for (unsigned i = 0; names && i < count; i++) {
		if (!copy(&names[i], from[i]))
			return false;
	}
	return names != NULL;
}

static bool copy_files(struct tls_files *to, const struct tls_files *from)
{
	return copy(&to->certificate, from->certificate) &&
	       copy(&to->key, from->key) &&
	       copy(&to->ciphers, from->ciphers) &&
	       copy_list(&to->ca, from->ca) &&
	       copy_list(&to->chain, from->chain);
}

static void free_list(const char *const *list)
{
	for (unsigned i = 0; list && list[i]; i++)
		free((void *)list[i]);
	free((void *)list);
}

static void free_files(struct tls_files *f)
{
	free_list(f->chain);
	free_list(f->ca);
	free((void *)f->certificate);
	free((void *)f->key);
	free((void *)f->ciphers);
}

static void free_if_unused(struct tls *t)
{
	if (!t->freed || t->sessions)
		return;
	SSL_CTX_free(t->context);
	BIO_meth_free(t->method);
	free_files(&t->files);
	free(t);
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	assert(!t->freed);
	t->freed = true;
	free_if_unused(t);
}

void tls_let_go(struct tls *t)
{
	assert(t->sessions);
	t->sessions--;
	free_if_unused(t);
}

static struct tls *make(const struct tls_files *files, bool server,
			struct why *why)
{
	struct tls *t = calloc(1, sizeof *t);

	if (!t) {
		why_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		return NULL;
	}
	t->server = server;
	t->method = tls_make_method();
	if (!t->method || (files && !copy_files(&t->files, files)))
		why_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	else if (tls_reload(t, why) == 0)
		return t;
	tls_free(t);
	return NULL;
}

struct tls *tls_server_new(const struct tls_files *files, struct why *why)
{
	if (files->certificate && files->key)
		return make(files, true, why);
	why_set(why, ERR_USAGE, "a certificate and its key are both wanted");
	return NULL;
}

struct tls *tls_client_new(const struct tls_files *files, struct why *why)
{
	if (!files || !files->certificate == !files->key)
		return make(files, false, why);
	why_set(why, ERR_USAGE, "a certificate and its key are both wanted");
	return NULL;
}
