/*
 * openssl: OpenSSL's headers, one of whose type names is also an error of
 * base/err.h. For tls*.c only.
 */
#ifndef NET_OPENSSL_H
#define NET_OPENSSL_H

#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

#endif
