/*
 * config_keys: how keys and salts are written where people write them, in the
 * configuration and in answers of authenticators. Pure; touches crypto.
 */
#ifndef ROUTER_CONFIG_KEYS_H
#define ROUTER_CONFIG_KEYS_H

#include "crypto/cra.h"
#include "crypto/scram.h"

/* 32 bytes, as 64 hex digits or in base64. */
bool keys_read_scram(struct bytes text, uint8_t key[SHA256_BYTES]);
/* SCRAM's salt, SCRAM_SALT_BYTES_MIN … MAX bytes in base64: it is sent as it
 * is written. */
bool keys_is_salt(const char *text);
/* "AB:CD:…" of SHA-1, in either case. */
bool keys_is_sha1(const char *text);

#endif
