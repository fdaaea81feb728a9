/*
 * args: the arguments of compute.chunk and compute.audit, read and checked,
 * as coordinator/rpc.h lists them. Touches wamp and compute only.
 */
#ifndef WORKER_ARGS_H
#define WORKER_ARGS_H

#include "compute/kind.h"
#include "wamp/client.h"

struct args {
	const struct kind *kind;
	struct chunk chunk; /* count is `units` when these were asked for */
	struct bytes job;   /* borrowed, as chunk.input */
	uint64_t lease, budget_ms;
	bool exact; /* `units` was given: to its end, whatever the budget */
};

/* The keyword arguments, or a dict that is the only positional one. */
const struct value *args_dict(const struct client_data *data);

/* 0; ERR_NOT_FOUND for a kind that is not in `kinds` (bit i: kind_at(i));
 * ERR_MALFORMED or ERR_RANGE, with the reason, for what no worker can do. */
int args_read(struct args *out, const struct value *dict, uint32_t kinds,
	      struct why *why);

#endif
