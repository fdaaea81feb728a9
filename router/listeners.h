/*
 * listeners: the configuration's transports, opened on the loop: where each
 * listens, what it speaks there, its pages and its certificate. What connects
 * goes on to wire.h, what is asked by HTTP to web.h. May touch net and
 * everything of this room but main; decides nothing of the protocol. Spec:
 * "Transports" (basic).
 *
 * Flags take the place of what the configuration says: --listen and --cert of
 * the first transport's endpoint, --web of every transport's pages.
 */
#ifndef ROUTER_LISTENERS_H
#define ROUTER_LISTENERS_H

#include "router/config.h"
#include "router/descriptors.h"
#include "router/options.h"
#include "router/web.h"
#include "router/wire.h"

struct listener;

/* All borrowed but `all`. */
struct listeners {
	const struct options *options;
	const struct config *config;
	struct loop *loop;
	struct router *router;
	struct wires *wires;
	struct descriptors descriptors; /* each listener's share */
	void (*measure)(void *ctx, struct metrics *out); /* for /metrics */
	void *measure_ctx;
	struct listener *all; /* owned; one a transport */
};

/* Opens them all, and says in the log where. After an error, which comes with
 * its reason, the program is to end. */
int listeners_open(struct listeners *l, struct why *why) MUST_CHECK;
/* Nobody else connects; who is connected stays. */
void listeners_stop(struct listeners *l);
/* Reads certificates again. One that is not good leaves what was, and says so
 * in the log. */
void listeners_reload(const struct listeners *l);

/* --- what of it is pure -------------------------------------------------- */

enum { SUBPROTOCOLS_MAX = 6 };

/* Where a transport's endpoint is. */
void listener_locate(const struct transport_config *c, struct url *where);
/* The names of SPEAKS_…, the best first, each with its batched form;
 * NULL-ended. */
void listener_subprotocols(unsigned speaks,
			   const char *out[SUBPROTOCOLS_MAX + 1]);
/* The largest message that any role may send there. */
size_t listener_message_max(const struct config *c,
			    const struct transport_config *t);

#endif
