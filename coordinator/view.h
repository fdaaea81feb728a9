/*
 * view: what the coordinator shows, as values: status, rows, the answer, as
 * rpc.h lists them. For the wire and for --json. May touch base, wamp and
 * coord's looking functions.
 */
#ifndef COORDINATOR_VIEW_H
#define COORDINATOR_VIEW_H

#include "coordinator/coord.h"
#include "wamp/serializer.h"

/* Each returns a dict of the arena, or NULL when out of memory. */
struct value *view_status(struct arena *a, const struct coord *c,
			  uint64_t now_ms, bool queue);
struct value *view_queue(struct arena *a, const struct coord *c);
struct value *view_me(struct arena *a, const struct coord *c,
		      const struct donor *d);
struct value *view_explain(struct arena *a, const struct donor *d);
/* `frozen`: those too, last. */
struct value *view_top(struct arena *a, const struct coord *c, uint64_t limit,
		       bool frozen);
/* JSON text -> value; NULL when out of memory (or not JSON). */
struct value *view_json(struct arena *a, struct bytes text);
/* The object that --json prints at the end. */
struct value *view_result(struct arena *a, const struct coord *c,
			  uint64_t now_ms);

#endif
