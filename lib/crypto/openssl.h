/*
 * openssl: OpenSSL's headers for this library and for net's TLS. OpenSSL has a
 * type named ERR_STATE, which nobody needs by that name; base/err.h has an
 * error of it. Include this, and never <openssl/…> beside base/err.h.
 */
#ifndef CRYPTO_OPENSSL_H
#define CRYPTO_OPENSSL_H

#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

#endif
