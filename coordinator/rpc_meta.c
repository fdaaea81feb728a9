#include "coordinator/rpc_private.h"

#include <stdlib.h>

/*
 * Who is registered for compute.chunk and compute.audit: WAMP's registration
 * and session meta API (advanced profile, "Registration Meta API", "Session
 * Meta API"). Events tell what changes; looking (lookup, list_callees) tells
 * what is, after a reconnect and now and then, as events may be missed.
 */

static void look(struct called *k);

static void arguments(struct arena *a, struct value *list,
		      const struct value *items, unsigned count)
{
	*list = value_list();
	for (unsigned i = 0; i < count; i++)
		if (list_add(a, list, items[i]) != 0)
			return; /* short arguments are refused */
}

/* --- looking ------------------------------------------------------------- */

static void looked(struct called *k)
{
	bool again = k->again;

	k->looking = k->again = false;
	if (again)
		look(k);
}

static void no_meta(struct called *k, struct bytes error)
{
	k->looking = k->again = false;
	if (!bytes_equal_str(error, "wamp.error.closed"))
		rpc_event(k->rpc,
			  &(struct coord_event){ .type = EV_NO_META });
}

static void tell_callees(struct called *k, const struct value *list)
{
	uint32_t count = value_count(list);
	uint64_t *sessions = calloc(count + 1, sizeof *sessions);
	struct coord_event e = { .type = EV_CALLEES, .procedure = k->which };

	if (!sessions)
		return; /* at the next look */
	for (uint32_t i = 0; i < count; i++)
		if (value_get_uint(list_at(list, i),
				   &sessions[e.session_count]))
			e.session_count++;
	e.sessions = sessions;
	rpc_event(k->rpc, &e);
	free(sessions);
}

static void on_callees(void *ctx, struct bytes error,
		       const struct client_data *data)
{
	struct called *k = ctx;

	/* It may be gone since the lookup. */
	if (bytes_equal_str(error, "wamp.error.no_such_registration"))
		tell_callees(k, NULL);
	else if (error.len) {
		no_meta(k, error);
		return;
	} else
		tell_callees(k, list_at(data->args, 0));
	looked(k);
}

static void on_lookup(void *ctx, struct bytes error,
		      const struct client_data *data)
{
	struct called *k = ctx;
	struct rpc *r = k->rpc;
	struct value args, item;

	if (error.len) {
		no_meta(k, error);
		return;
	}
	if (!value_get_uint(list_at(data->args, 0), &k->registration)) {
		k->registration = 0;
		tell_callees(k, NULL);
		looked(k);
		return;
	}
	item = value_int((int64_t)k->registration);
	arguments(&r->arena, &args, &item, 1);
	if (client_call(r->client, "wamp.registration.list_callees", NULL,
			&args, NULL, on_callees, k, NULL) != 0)
		k->looking = false;
	arena_reset(&r->arena);
}

static void look(struct called *k)
{
	struct rpc *r = k->rpc;
	struct value args, item = value_str(rpc_called[k->which]);

	if (k->looking) {
		k->again = true;
		return;
	}
	k->looking = true;
	arguments(&r->arena, &args, &item, 1);
	if (client_call(r->client, "wamp.registration.lookup", NULL, &args,
			NULL, on_lookup, k, NULL) != 0)
		k->looking = false;
	arena_reset(&r->arena);
}

void rpc_meta_look(struct rpc *r)
{
	r->look_ms = rpc_now(r);
	for (unsigned i = 0; i < PROCEDURES_CALLED; i++)
		look(&r->called[i]);
}

/* --- events -------------------------------------------------------------- */

/* The procedure that a registration is of; NULL: another's, or not known. */
static struct called *called_by(struct rpc *r, const struct value *id)
{
	uint64_t registration;

	if (!value_get_uint(id, &registration) || !registration)
		return NULL;
	for (unsigned i = 0; i < PROCEDURES_CALLED; i++)
		if (r->called[i].registration == registration)
			return &r->called[i];
	return NULL;
}

static void on_create(void *ctx, uint64_t publication,
		      const struct client_data *data)
{
	struct rpc *r = ctx;
	const struct value *details = list_at(data->args, 1);
	struct bytes uri;

	(void)publication;
	if (!value_get_str(dict_get(details, "uri"), &uri))
		return;
	for (unsigned i = 0; i < PROCEDURES_CALLED; i++)
		if (bytes_equal_str(uri, rpc_called[i]))
			(void)value_get_uint(dict_get(details, "id"),
					     &r->called[i].registration);
}

static void tell(struct rpc *r, const struct client_data *data, bool now)
{
	const struct called *k = called_by(r, list_at(data->args, 1));
	struct coord_event e = { .type = now ? EV_REGISTERED :
					       EV_UNREGISTERED };

	if (!k || !value_get_uint(list_at(data->args, 0), &e.session))
		return;
	e.procedure = k->which;
	rpc_event(r, &e);
}

/* One that is not known may be of ours: the event of its making was missed,
 * as when we joined just then. */
static void on_register(void *ctx, uint64_t publication,
			const struct client_data *data)
{
	struct rpc *r = ctx;

	(void)publication;
	if (called_by(r, list_at(data->args, 1))) {
		tell(r, data, true);
		return;
	}
	for (unsigned i = 0; i < PROCEDURES_CALLED; i++)
		if (!r->called[i].registration)
			look(&r->called[i]);
}

static void on_unregister(void *ctx, uint64_t publication,
			  const struct client_data *data)
{
	(void)publication;
	tell(ctx, data, false);
}

static void on_delete(void *ctx, uint64_t publication,
		      const struct client_data *data)
{
	struct rpc *r = ctx;
	struct called *k = called_by(r, list_at(data->args, 1));

	(void)publication;
	if (!k)
		return;
	k->registration = 0;
	tell_callees(k, NULL);
}

static void on_leave(void *ctx, uint64_t publication,
		     const struct client_data *data)
{
	struct coord_event e = { .type = EV_SESSION_LEFT };
	const struct value *who = list_at(data->args, 0);

	(void)publication;
	if (value_get_uint(who, &e.session) ||
	    value_get_uint(dict_get(who, "session"), &e.session))
		rpc_event(ctx, &e);
}

void rpc_meta_subscribe(struct rpc *r)
{
	static const struct {
		const char *topic;
		client_event_fn *fn;
	} topics[] = {
		{ "wamp.registration.on_create", on_create },
		{ "wamp.registration.on_register", on_register },
		{ "wamp.registration.on_unregister", on_unregister },
		{ "wamp.registration.on_delete", on_delete },
		{ "wamp.session.on_leave", on_leave },
	};

	for (unsigned i = 0; i < sizeof topics / sizeof topics[0]; i++)
		(void)client_subscribe(r->client, topics[i].topic, NULL,
				       topics[i].fn, NULL, r);
}

void rpc_meta_remove(struct rpc *r, uint64_t session)
{
	struct value items[2], args;

	if (!r->client || !r->called[PROCEDURE_CHUNK].registration)
		return;
	items[0] = value_int(
		(int64_t)r->called[PROCEDURE_CHUNK].registration);
	items[1] = value_int((int64_t)session);
	arguments(&r->arena, &args, items, 2);
	(void)client_call(r->client, "wamp.registration.remove_callee", NULL,
			  &args, NULL, NULL, NULL, NULL);
	arena_reset(&r->arena);
}
