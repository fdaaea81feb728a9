/*
 * config: the JSON configuration in Crossbar.io's words, checked as a whole:
 * an unknown key, a wrong type, a role that does not exist is an error that
 * names its place in the file ("realms[0].roles[1].permissions[2].allow").
 * router/manyhands.json is the demo's, and what is built in when none is
 * given. CONFIG.md says all of it for who writes one. May touch base, net's
 * tls.h (to try certificates), jansson (config*.c only) and files named in it.
 *
 *   version      2
 *   workers      [{type: router, realms, transports}] may stand around the
 *                two below, as in Crossbar.io's nodes; what several of them
 *                have is there once (config_node.c); other workers,
 *                controller, components, connections: a warning
 *   realms       [{name, roles, store?, procedures?, options?}]
 *     roles        [{name, permissions, authorizer?, limits?}], authorizer: the
 *                  procedure that decides what no permission allows
 *       permissions  [{uri, match?, allow?, disclose?, cache?}], match exact,
 *                    prefix or wildcard; allow {call, register, publish,
 *                    subscribe}; disclose {caller, publisher}
 *       limits       the members of struct role_limits (limits.h)
 *     store        {type?, limit?, call-queue?: [{uri, match?, limit}],
 *                  event-history?: [{uri, match?, limit?}]}, type memory;
 *                  limit: of a history that has none of its own, in events
 *     procedures   [{uri, match?, invoke?, concurrency_max?, queue?, force?,
 *                  wait?}]: what an outsider may not choose; wait: true lets
 *                  calls without any callee wait in the queue for one
 *     options      {uri_check: loose | strict}
 *   transports   [{type: web | websocket | rawsocket | universal, endpoint,
 *                …}]: web has paths; websocket and rawsocket have serializers?,
 *                auth?, options?; universal has rawsocket?, websocket? ({"ws":
 *                …}), web? ({paths}), which share one auth
 *     endpoint     {type: tcp, port | portrange, interface?, tls?} or
 *                  {type: unix, path}; tls: of config_tls.h
 *     serializers  [json | msgpack | cbor]; without it all
 *     paths        {PATH: …} of these; several websockets are alike:
 *                  {type: static, directory}, {type: redirect, url},
 *                  {type: json, value}, {type: nodeinfo},
 *                  {type: metrics | health, access?: local | any},
 *                  {type: publisher | caller, realm, role, options?: {key?,
 *                  secret?, timestamp_delta_limit?, post_body_limit?,
 *                  require_ip?, require_tls?}} (bridge.h),
 *                  {type: path, paths}, {type: websocket, serializers?,
 *                  auth?, options?}
 *     auth         {anonymous?, ticket?, wampcra?, scram?, cryptosign?, tls?,
 *                  cookie?} (config_auth.h); without it everybody is in the
 *                  role anonymous
 *     options      {allowed_origins: [URL]}, besides our own; * in it stands
 *                  for any letters, "*" for every page; and max_message_size
 *                  (bytes), auto_ping_interval and auto_ping_timeout (ms)
 *
 * File names are relative to the configuration's folder.
 */
#ifndef ROUTER_CONFIG_H
#define ROUTER_CONFIG_H

#include "base/buf.h"
#include "net/tls.h"
#include "router/authn.h"
#include "router/realm.h"
#include "router/web_path.h"

enum {
	SPEAKS_JSON = 1 << 0,
	SPEAKS_MSGPACK = 1 << 1,
	SPEAKS_CBOR = 1 << 2,
	SPEAKS_ALL = SPEAKS_JSON | SPEAKS_MSGPACK | SPEAKS_CBOR,
};

/* One endpoint: what is spoken there is told by the first bytes. */
struct transport_config {
	char *interface; /* owned, all of them */
	unsigned port;
	unsigned port_last; /* of a range, the first free one; 0: no range */
	char *unix_path; /* in place of interface and port; or NULL */
	struct tls_files *tls; /* NULL: without */
	char *ws_path;   /* "/ws"; NULL: no WebSocket */
	char **ws_more;  /* NULL-ended: its other paths; or NULL */
	unsigned ws_more_count;
	bool ws_anywhere; /* no pages are beside it: its path is any */
	const struct json_t *websocket; /* while reading: the first one */
	char *web_dir;   /* of the path /; NULL: no pages */
	struct web_path *paths;
	unsigned path_count;
	bool foreign;         /* while reading: nobody speaks it here */
	unsigned serializers; /* SPEAKS_…, of every kind of socket */
	struct authn authn;
	char **origins;
	unsigned origin_count;
	struct endpoint_limits limits;
};

struct config {
	struct realm_config *realms; /* owned */
	unsigned realm_count;
	struct transport_config *transports; /* owned, at least one */
	unsigned transport_count;
	bool uri_strict;
};

/* Errors: `why` holds the first mistake, `notes` (may be NULL) a line for
 * each of them, at most CFG_NOTES_MAX. Also without an error, notes are
 * warnings: what is written in the file and has no effect here. */
int config_load_noted(struct config *c, const char *file, struct buf *notes,
		      struct why *why) MUST_CHECK;
int config_load(struct config *c, const char *file, struct why *why)
	MUST_CHECK;
/* The built-in one, without the principals whose tickets would be in files;
 * open: instead, anonymous may do everything on realm1, without limits. */
int config_default(struct config *c, bool open, struct why *why) MUST_CHECK;
void config_deinit(struct config *c);

#endif
