/*
 * Calls: callees register one procedure (roundrobin) and give back what they
 * get; callers keep calls open.
 */
#include <stdio.h>

#include "tests/bench/load/load.h"

static unsigned members(const struct load *l)
{
	return l->options->callers + l->options->callees;
}

static void on_reply(void *ctx, struct bytes error,
		     const struct client_data *data)
{
	(void)data;
	load_answered(ctx, error);
}

static int send_call(struct load *l, struct slot *slot)
{
	return client_call(slot->caller->client, l->options->procedure, NULL,
			   &l->args, NULL, on_reply, slot, NULL);
}

static void on_invocation(void *ctx, uint64_t invocation,
			  const struct client_data *data)
{
	struct member *m = ctx;

	(void)client_yield(m->client, invocation, NULL, data->args, NULL);
}

static void on_registered(void *ctx, struct bytes error,
			  const struct client_data *data)
{
	struct member *m = ctx;
	char text[128];

	(void)data;
	if (!error.len) {
		load_ready(m);
		return;
	}
	snprintf(text, sizeof text, "%.*s", (int)error.len,
		 (const char *)error.data);
	load_fail(m->load, "can not register:", text);
}

static void register_it(struct member *m)
{
	struct load *l = m->load;
	struct value options = value_dict();

	if (dict_set(&l->arena, &options, "invoke", value_str("roundrobin")) ||
	    client_register(m->client, l->options->procedure, &options,
			    on_invocation, NULL, on_registered, m))
		load_fail(l, "can not register", "");
}

static void on_joined(void *ctx, struct client *c, uint64_t session,
		      const struct value *details)
{
	struct member *m = ctx;

	(void)session;
	(void)details;
	m->client = c;
	if (m->answers)
		register_it(m);
	else
		load_ready(m);
}

static int make(struct load *l, struct member *m)
{
	(void)l;
	return load_join(m, on_joined);
}

static void unmake(struct member *m)
{
	peer_free(m->peer);
}

const struct mode mode_calls = { "calls", members, make, send_call, unmake };
