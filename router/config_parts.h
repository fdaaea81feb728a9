/*
 * config_parts: what the config files know of each other; nobody else
 * includes it.
 */
#ifndef ROUTER_CONFIG_PARTS_H
#define ROUTER_CONFIG_PARTS_H

#include "router/config_auth.h"
#include "router/bridge_config.h"
#include "router/config.h"
#include "router/config_json.h"

/* What is read of a file, from one worker or more. */
struct config_parts {
	struct config *out;
	void *realms, *transports;
	const json_t *workers; /* NULL: it has none */
	size_t index;          /* of the worker that is being read */
};

void config_read_workers(struct cfg *c, const json_t *workers,
			 struct config_parts *parts);
/* `realms` and `transports` of an object. */
void config_read_worker_parts(struct cfg *c, const json_t *json, bool wanted,
			      struct config_parts *parts);

/* Items of lists: cfg_item_fn. */
void config_read_realm(struct cfg *c, const json_t *json, void *item,
		       void *ctx);
void config_read_transport(struct cfg *c, const json_t *json, void *item,
			   void *ctx);
/* uri and match of an object; *uri is to be freed. */
void config_read_pattern(struct cfg *c, const json_t *json, char **uri,
			 enum uri_match *match);
/* The event-history of a realm's `store`. */
void config_read_histories(struct cfg *c, const json_t *store,
			   struct realm_config *r);
/* Crossbar.io's, but spoken by nobody here: it is warned of. */
bool config_transport_is_foreign(struct cfg *c, const json_t *json);
/* A WebSocket at a path: who may join. */
void config_read_websocket(struct cfg *c, const json_t *json,
			   const char *path, struct transport_config *t);
/* The member `endpoint`. */
void config_read_endpoint(struct cfg *c, const json_t *json,
			  struct transport_config *t);
/* Can only one of them listen? */
bool config_same_port(const struct transport_config *a,
		      const struct transport_config *b);
/* The member `paths`; each is put behind `under`. */
void config_read_paths(struct cfg *c, const json_t *json, const char *under,
		       struct transport_config *t);
/* A path of type publisher or caller; NULL: a mistake. Whether its realm and
 * role are there is to be checked at the end. */
struct bridge_config *config_read_bridge(struct cfg *c, const json_t *json);
void config_check_bridges(struct cfg *c, const struct config *config,
			  const struct transport_config *t);
/* "DIR/name", or name itself when absolute; NULL: a mistake. */
char *config_file_name(struct cfg *c, const char *key, const char *name);

void bridge_config_free(struct bridge_config *b);
void realm_config_deinit(struct realm_config *r);
void transport_config_deinit(struct transport_config *t);

#endif
