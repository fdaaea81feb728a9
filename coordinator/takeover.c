#include "coordinator/takeover.h"

#include <string.h>
#include <time.h>

struct takeover {
	struct loop *loop;
	struct peer *peer;
	struct timer *deadline;
	struct arena arena;
	const char *procedure;
	struct why *why;
	int err; /* until it is done */
};

static void end(struct takeover *t, int err)
{
	t->err = err;
	peer_leave(t->peer, "wamp.close.normal");
}

static void on_registered(void *ctx, struct bytes error,
			  const struct client_data *data)
{
	struct takeover *t = ctx;

	(void)data;
	if (!error.len)
		end(t, 0);
	else if (!bytes_equal_str(error, "wamp.error.closed"))
		end(t, why_set(t->why, ERR_CLOSED,
			       "--takeover: the router refuses "
			       "force_reregister of %s: %.*s",
			       t->procedure, (int)error.len,
			       (const char *)error.data));
}

/* In the moment that this one has the procedure, nobody serves it. */
static void on_invocation(void *ctx, uint64_t invocation,
			  const struct client_data *data)
{
	struct takeover *t = ctx;

	(void)data;
	(void)client_error(peer_client(t->peer), invocation,
			   "wamp.error.unavailable", NULL, NULL);
}

static void on_joined(void *ctx, struct client *client, uint64_t session,
		      const struct value *details)
{
	struct takeover *t = ctx;
	struct value options = value_dict();

	(void)session;
	(void)details;
	if (dict_set(&t->arena, &options, "force_reregister",
		     value_bool(true)) ||
	    client_register(client, t->procedure, &options, on_invocation,
			    NULL, on_registered, t))
		end(t, why_set(t->why, ERR_NOMEM, "out of memory"));
}

static void on_left(void *ctx, bool refused, const char *reason,
		    const char *message, bool again)
{
	struct takeover *t = ctx;

	if (refused)
		t->err = why_set(t->why, ERR_CLOSED,
				 "--takeover: the router refuses: %s%s%s",
				 reason, *message ? ": " : "", message);
	if (!again)
		loop_stop(t->loop);
	else if (refused)
		peer_leave(t->peer, "wamp.close.normal");
}

static void on_deadline(void *ctx)
{
	struct takeover *t = ctx;

	end(t, why_set(t->why, ERR_CLOSED,
		       "--takeover: no answer from the router in %d s",
		       TAKEOVER_MS / 1000));
}

static int run(struct takeover *t, const struct peer_config *base)
{
	struct peer_config config = { .where = base->where,
				      .client = base->client,
				      .transport = base->transport,
				      .tls = base->tls,
				      .joined = on_joined,
				      .left = on_left,
				      .ctx = t };

	t->deadline = timer_new(t->loop, on_deadline, t);
	t->peer = t->deadline ? peer_new(t->loop, &config) : NULL;
	if (!t->peer)
		return why_set(t->why, ERR_NOMEM, "out of memory");
	timer_start(t->deadline, TAKEOVER_MS, 0);
	loop_run(t->loop);
	return t->err;
}

int takeover(const struct peer_config *base, const char *procedure,
	     struct why *why)
{
	struct takeover t = { .loop = loop_new(), .procedure = procedure,
			      .why = why, .err = ERR_CLOSED };
	int err;

	if (!t.loop)
		return why_set(why, ERR_NOMEM, "out of memory");
	arena_init(&t.arena, 1024);
	err = run(&t, base);
	timer_free(t.deadline);
	peer_free(t.peer);
	loop_free(t.loop);
	arena_deinit(&t.arena);
	return err;
}

int takeover_store(struct store **out, const char *path, struct why *why)
{
	const struct timespec nap = { .tv_nsec = HANDOVER_LOOK_MS * 1000000 };
	uint64_t end_ms = clock_monotonic_ms() + HANDOVER_MS;
	int err;

	while ((err = store_open(out, path, why)) == ERR_EXISTS &&
	       clock_monotonic_ms() < end_ms)
		nanosleep(&nap, NULL);
	return err;
}
