/*
 * metrics: what the router counts, as Prometheus reads it (text format
 * 0.0.4), and whether it is well, as JSON. Reads the router's cores and says
 * what is there; counts nothing itself. No I/O but /proc/self.
 *
 * Who may read it is decided by whom it is shown to (web.h): this machine
 * only, unless the configuration says otherwise, as names of procedures and
 * how busy they are tell much about a system.
 *
 * A callee has a series each for what it does; beyond METRICS_CALLEES_MAX of
 * them the rest is left out, and manyhands_callees_left_out says how many.
 */
#ifndef ROUTER_METRICS_H
#define ROUTER_METRICS_H

#include "router/router.h"

enum { METRICS_CALLEES_MAX = 2000 };

/* Everything that is not the router's own. */
struct metrics {
	const struct router *router;
	uint64_t connections;
	uint64_t received_messages, received_bytes; /* since the start */
	uint64_t sent_messages, sent_bytes;
	uint64_t longest_turn_us; /* of the loop, since the last time */
	uint64_t up_ms;
	bool stopping;
};

/* ERR_NOMEM. */
int metrics_write(const struct metrics *m, struct buf *out) MUST_CHECK;
int metrics_write_health(const struct metrics *m, struct buf *out) MUST_CHECK;

#endif
