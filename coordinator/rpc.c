#include "coordinator/rpc_private.h"

#include <stdio.h>
#include <stdlib.h>

enum { SCRATCH_BYTES = 16 * 1024 };

struct rpc *rpc_new(const struct rpc_config *config)
{
	struct rpc *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->config = *config;
	r->by_force = config->takeover;
	arena_init(&r->arena, SCRATCH_BYTES);
	map_init(&r->asked);
	map_init(&r->open);
	for (unsigned i = 0; i < PROCEDURES_CALLED; i++)
		r->called[i] = (struct called){ .rpc = r, .which = i };
	return r;
}

void rpc_free(struct rpc *r)
{
	if (!r)
		return;
	map_free_values(&r->asked);
	map_deinit(&r->open);
	arena_deinit(&r->arena);
	free(r);
}

uint64_t rpc_now(const struct rpc *r)
{
	return r->config.now_ms(r->config.ctx);
}

void rpc_event(struct rpc *r, const struct coord_event *e)
{
	r->config.event(r->config.ctx, e);
}

const struct value *rpc_dict(const struct client_data *data)
{
	const struct value *first = list_at(data->args, 0);

	if (value_count(data->kwargs) == 0 && value_count(data->args) == 1 &&
	    first->type == VALUE_DICT)
		return first;
	return data->kwargs;
}

/* --- registering --------------------------------------------------------- */

static void on_invocation(void *ctx, uint64_t invocation,
			  const struct client_data *data)
{
	struct registration *g = ctx;

	g->served->fn(g->rpc, invocation, data);
}

/* A predecessor may still be half open: for a while it is tried again. */
static void refused(struct rpc *r, const char *uri, struct bytes error)
{
	char why[256];

	if (bytes_equal_str(error, "wamp.error.closed"))
		return;
	if (bytes_equal_str(error, "wamp.error.procedure_already_exists")) {
		r->refused = true;
		if (!r->refused_ms)
			r->refused_ms = rpc_now(r);
		if (rpc_now(r) - r->refused_ms < RPC_REGISTER_MS)
			return;
		snprintf(why, sizeof why,
			 "%s is registered by another coordinator; accepted "
			 "is one a realm",
			 uri);
	} else {
		snprintf(why, sizeof why,
			 "the router refuses to register %s: %.*s", uri,
			 (int)error.len, (const char *)error.data);
	}
	r->config.failed(r->config.ctx, why);
}

static void ask_for_rest(struct rpc *r);

static void on_registered(void *ctx, struct bytes error,
			  const struct client_data *data)
{
	struct registration *g = ctx;
	struct rpc *r = g->rpc;

	(void)data;
	g->asked = false;
	if (error.len) {
		refused(r, g->served->uri, error);
		return;
	}
	g->done = true;
	r->registered++;
	/* The first is the lock: the rest follow when it is ours. */
	if (r->registered == 1)
		ask_for_rest(r);
	if (r->registered < rpc_served_count)
		return;
	r->ready = true;
	r->by_force = false;
	r->refused_ms = 0;
	rpc_meta_subscribe(r);
	rpc_meta_look(r);
	rpc_event(r, &(struct coord_event){ .type = EV_READY });
}

static void ask_for(struct rpc *r, unsigned i)
{
	struct registration *g = &r->registrations[i];
	struct value options = value_dict();
	int err = 0;

	if (g->done || g->asked)
		return;
	if (r->by_force)
		err = dict_set(&r->arena, &options, "force_reregister",
			       value_bool(true));
	if (!err)
		err = client_register(r->client, g->served->uri, &options,
				      on_invocation, NULL, on_registered, g);
	arena_reset(&r->arena);
	g->asked = !err;
	if (err)
		r->refused = true; /* no memory: later */
}

static void ask_for_rest(struct rpc *r)
{
	for (unsigned i = 1; i < rpc_served_count; i++)
		ask_for(r, i);
}

static void ask(struct rpc *r)
{
	r->refused = false;
	r->retry_ms = rpc_now(r);
	if (r->registrations[0].done)
		ask_for_rest(r);
	else
		ask_for(r, 0);
}

const char *rpc_first(void)
{
	return rpc_served[0].uri;
}

/* --- the session --------------------------------------------------------- */

void rpc_joined(struct rpc *r, struct client *client)
{
	r->client = client;
	r->registered = 0;
	for (unsigned i = 0; i < rpc_served_count; i++)
		r->registrations[i] =
			(struct registration){ r, &rpc_served[i], false,
					       false };
	ask(r);
}

/* Replies that are still waited for belong to nobody now. */
static void forget_asked(struct rpc *r)
{
	size_t at = 0;
	void *value;

	while ((value = map_next(&r->asked, &at)) != NULL)
		free(value);
	map_deinit(&r->asked);
	map_init(&r->asked);
}

void rpc_lost(struct rpc *r)
{
	r->client = NULL;
	r->ready = r->refused = false;
	for (unsigned i = 0; i < PROCEDURES_CALLED; i++)
		r->called[i] = (struct called){ .rpc = r, .which = i };
	forget_asked(r);
	rpc_event(r, &(struct coord_event){ .type = EV_LOST });
}

void rpc_tick(struct rpc *r)
{
	uint64_t now = rpc_now(r);

	if (!r->client)
		return;
	if (r->refused && now - r->retry_ms >= RPC_RETRY_MS)
		ask(r);
	if (r->ready && now - r->look_ms >= RPC_LOOK_MS)
		rpc_meta_look(r);
}

int rpc_effect(struct rpc *r, struct coord *c, const struct coord_effect *e)
{
	switch (e->type) {
	case EF_CALL:
		return rpc_call(r, c, e->lease);
	case EF_CANCEL:
		rpc_cancel(r, e->lease);
		return 0;
	case EF_REMOVE:
		rpc_meta_remove(r, e->session);
		return 0;
	default:
		if (r->client)
			rpc_tell(r, c, e);
		arena_reset(&r->arena);
		return 0;
	}
}
