/*
 * config_proof: what a principal of each method has in the configuration: the
 * ticket, the secret, the keys. For config*.c only. May touch base, crypto,
 * and a file that holds a secret.
 *
 * SECURITY: no message repeats a secret.
 */
#ifndef ROUTER_CONFIG_PROOF_H
#define ROUTER_CONFIG_PROOF_H

#include "router/authn.h"
#include "router/config_json.h"

void proof_read_ticket(struct cfg *c, const json_t *json,
		       struct principal *p);
void proof_read_cra(struct cfg *c, const json_t *json, struct principal *p);
void proof_read_scram(struct cfg *c, const json_t *json, struct principal *p);
void proof_read_cryptosign(struct cfg *c, const json_t *json,
			   struct principal *p);
void proof_read_tls(struct cfg *c, const json_t *json, struct principal *p);

/* An integer member that is not below `min`; absent leaves *out. */
void proof_read_range(struct cfg *c, const json_t *json, const char *key,
		      unsigned long long min, unsigned long long max,
		      uint64_t *out);

#endif
