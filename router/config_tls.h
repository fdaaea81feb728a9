/*
 * config_tls: an endpoint's `tls`, in Crossbar.io's words: {certificate, key,
 * chain_certificates?: [FILE], ca_certificates?: [FILE], ciphers?, dhparam?}.
 * The files are tried when the configuration is read, so that --check says
 * what is wrong with them; they are kept by name, to be read again. For
 * config*.c only. May touch config_json.h and net/tls.h.
 */
#ifndef ROUTER_CONFIG_TLS_H
#define ROUTER_CONFIG_TLS_H

#include "net/tls.h"
#include "router/config_json.h"

/* The member `tls` of an endpoint; absent leaves *out. */
void config_read_tls(struct cfg *c, const json_t *endpoint,
		     struct tls_files **out);
void config_free_tls(struct tls_files *f); /* NULL is fine */

#endif
