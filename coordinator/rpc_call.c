#include "coordinator/rpc_private.h"

#include <stdlib.h>

const char *const rpc_called[PROCEDURES_CALLED] = { "compute.chunk",
						    "compute.audit" };

struct open_call {
	struct rpc *rpc;
	uint64_t lease, request;
};

/* --- the answer ---------------------------------------------------------- */

static enum coord_failure failure_of(struct bytes error)
{
	static const struct {
		const char *uri;
		enum coord_failure failure;
	} known[] = {
		{ "crossbar.error.max_concurrency_reached", FAILURE_BUSY },
		{ "wamp.error.unavailable", FAILURE_BUSY },
		{ "wamp.error.canceled", FAILURE_LOST },
		{ "wamp.error.closed", FAILURE_LOST },
		{ "wamp.error.no_available_callee", FAILURE_NO_CALLEE },
		{ "wamp.error.no_such_procedure", FAILURE_NO_CALLEE },
		{ "wamp.error.no_such_registration", FAILURE_NO_CALLEE },
		{ "wamp.error.timeout", FAILURE_TIMEOUT },
		{ "wamp.error.payload_size_exceeded", FAILURE_WORKER },
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (bytes_equal_str(error, known[i].uri))
			return known[i].failure;
	return FAILURE_WORKER;
}

static void failed(struct rpc *r, uint64_t lease, enum coord_failure failure)
{
	rpc_event(r, &(struct coord_event){ .type = EV_FAILED,
					    .lease = lease,
					    .failure = failure });
}

/* A pass that is no text is an unknown one. */
static bool read_result(const struct value *dict, struct coord_result *out)
{
	if (!value_get_range(dict_get(dict, "lease"), 0, KIND_INTEGER_MAX,
			     &out->lease) ||
	    !value_get_range(dict_get(dict, "units"), 0, KIND_INTEGER_MAX,
			     &out->units) ||
	    !value_get_bin(dict_get(dict, "output"), &out->output))
		return false;
	if (!value_get_str(dict_get(dict, "pass"), &out->pass))
		out->pass = bytes_of(NULL, 0);
	return true;
}

static void on_reply(void *ctx, struct bytes error,
		     const struct client_data *data)
{
	struct open_call *open = ctx;
	struct rpc *r = open->rpc;
	uint64_t lease = open->lease;
	struct coord_event e = { .type = EV_RESULT };

	/* Nobody asked for progress; what has come so far is not the end. */
	if (!error.len && value_is_true(dict_get(data->details, "progress")))
		return;
	map_del(&r->open, lease);
	free(open);
	e.result.call = lease;
	if (error.len)
		failed(r, lease, failure_of(error));
	else if (!read_result(rpc_dict(data), &e.result))
		failed(r, lease, FAILURE_GARBAGE);
	else
		rpc_event(r, &e);
}

/* --- the call ------------------------------------------------------------ */

static int set_u64(struct arena *a, struct value *d, const char *key,
		   uint64_t v)
{
	return dict_set(a, d, key, value_int((int64_t)v));
}

static int set_exactly(struct arena *a, struct value *d,
		       const struct coord_call *call)
{
	int err = set_u64(a, d, "units", call->count);

	/* A piece that is the whole needs no number. */
	if (!err && call->piece <= KIND_INTEGER_MAX)
		err = set_u64(a, d, "piece", call->piece);
	return err;
}

static int arguments(struct arena *a, uint64_t lease,
		     const struct coord_call *call, struct value *d)
{
	int err;

	*d = value_dict();
	err = dict_set(a, d, "job", value_str(call->job));
	if (!err)
		err = dict_set(a, d, "kind", value_str(call->kind));
	if (!err)
		err = set_u64(a, d, "lease", lease);
	if (!err)
		err = set_u64(a, d, "from", call->from);
	if (!err)
		err = set_u64(a, d, "count", call->count);
	if (!err)
		err = set_u64(a, d, "seed", call->seed);
	if (!err)
		err = set_u64(a, d, "budget_ms", call->budget_ms);
	if (!err)
		err = dict_set(a, d, "input", value_bin(call->input));
	return !err && call->audit ? set_exactly(a, d, call) : err;
}

static int send(struct rpc *r, struct open_call *open,
		const struct coord_call *call)
{
	struct value options = value_dict(), kwargs;
	int err = arguments(&r->arena, open->lease, call, &kwargs);

	if (!err)
		err = set_u64(&r->arena, &options, "timeout",
			      call->timeout_ms);
	if (!err)
		err = client_call(r->client, rpc_called[call->procedure],
				  &options, NULL, &kwargs, on_reply, open,
				  &open->request);
	arena_reset(&r->arena);
	return err;
}

int rpc_call(struct rpc *r, struct coord *c, uint64_t lease)
{
	struct open_call *open;
	struct coord_call call;
	int err = ERR_STATE;

	if (!coord_call(c, lease, &call))
		return 0;
	open = malloc(sizeof *open);
	if (!open)
		return ERR_NOMEM;
	*open = (struct open_call){ .rpc = r, .lease = lease };
	if (map_put(&r->open, lease, open) != 0) {
		free(open);
		return ERR_NOMEM;
	}
	if (r->client)
		err = send(r, open, &call);
	if (err) {
		map_del(&r->open, lease);
		free(open);
	}
	return err;
}

void rpc_cancel(struct rpc *r, uint64_t lease)
{
	const struct open_call *open = map_get(&r->open, lease);

	if (open && r->client)
		(void)client_cancel(r->client, open->request, "skip");
}
