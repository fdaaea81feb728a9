/*
 * random: numbers that nobody can guess, from OpenSSL's generator.
 */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Fills `out`. Without a source of randomness a program can not go on: this
 * ends it with a message rather than return something guessable. */
void random_bytes(void *out, size_t len);
uint64_t random_u64(void);
/* A WAMP id: uniform in 1 … 2^53. */
uint64_t random_wamp_id(void);

#endif
