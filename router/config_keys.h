/*
 * config_keys: how keys and salts are written where people write them, in the
 * configuration and in answers of authenticators. Pure; touches crypto.
 */
#ifndef ROUTER_CONFIG_KEYS_H
#define ROUTER_CONFIG_KEYS_H

#include "crypto/cra.h"
#include "base/err.h"
#include "crypto/scram.h"

/* 32 bytes, as 64 hex digits or in base64. */
bool keys_read_scram(struct bytes text, uint8_t key[SHA256_BYTES]);
/* SCRAM's salt, SCRAM_SALT_BYTES_MIN … MAX bytes in base64, as it is sent, or
 * in hex, as Crossbar.io writes it: then *text becomes base64. ERR_MALFORMED,
 * ERR_NOMEM. */
int keys_read_salt(char **text) MUST_CHECK;
/* The name of SCRAM's kdf; argon2 has two. false: another one. */
bool keys_read_kdf(struct bytes name, bool *argon2);
/* "AB:CD:…" of SHA-1, in either case. */
bool keys_is_sha1(const char *text);

#endif
