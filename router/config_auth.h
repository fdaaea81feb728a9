/*
 * config_auth: the `auth` of a transport: which ways to join there are, and
 * whom they let in. For config*.c only. In Crossbar.io's words:
 *
 *   anonymous    {type: static, role?, realm?, authid?}
 *   ticket       {type: static, principals: {AUTHID: {ticket | ticket_file,
 *                role}}}
 *   wampcra      {type: static, users: {AUTHID: {secret | secret_file, role,
 *                salt?, iterations?, keylen?}}}; with a salt the secret is the
 *                derived key, in base64
 *   scram        {type: static, principals: {AUTHID: {kdf: pbkdf2 |
 *                argon2id-13, iterations, memory?, salt, stored-key,
 *                server-key, role}}}
 *   cryptosign   {type: static, principals: {AUTHID: {authorized_keys: [HEX],
 *                role}}}
 *   tls          {type: static, principals: {AUTHID: {certificate-sha1,
 *                role}}}
 *   cookie       {max_age?}: seconds; a week without
 *
 * A principal may have a realm: that is the one it joins. A ticket or secret
 * "${NAME}" is in the environment.
 * All but cookie may be {type: dynamic, authenticator: URI,
 * authenticator-realm?, authenticator-role?} instead. Left out, and named in a
 * warning: {type: function}, cryptosign's trustroots and the ways of proxies.
 * Not supported is channel binding.
 */
#ifndef ROUTER_CONFIG_AUTH_H
#define ROUTER_CONFIG_AUTH_H

#include "router/config.h"
#include "router/config_json.h"

/* An `auth` object; NULL: everybody is anonymous. */
void config_read_auth(struct cfg *c, const json_t *json, struct authn *out);
/* Are there the realms and roles that it names? */
void config_check_auth(struct cfg *c, const struct config *config,
		       const struct authn *a);

#endif
