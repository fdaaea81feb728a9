/* Procedures of our own about procedures, under `wamp.x_manyhands.`, as only
 * what begins with `wamp.` can not be registered by a client; who may call
 * them is for the roles' permissions to say.
 *
 *   …procedure.callees(registration)
 *       {registration, done, errors, declined, mean_ms, queued, callees:
 *       [{session, concurrency | null, in_flight, done, errors, declined,
 *       mean_ms | null}]}; wamp.error.no_such_registration
 *
 * done, errors: the callee's last words, also to calls that their caller has
 * given up; declined: rerouted to another; mean_ms: over done and errors. */
#include "router/meta_parts.h"

static void add_work(struct arena *a, struct value *dict,
		     const struct callee_work *w)
{
	uint64_t count = w->done + w->errors;

	meta_set(a, dict, "done", value_int((int64_t)w->done));
	meta_set(a, dict, "errors", value_int((int64_t)w->errors));
	meta_set(a, dict, "declined", value_int((int64_t)w->declined));
	meta_set(a, dict, "mean_ms",
		 count ? value_real((double)w->busy_ms / (double)count)
		       : value_null());
}

static struct value callee_value(struct arena *a, const struct callee *c)
{
	struct value dict = value_dict();

	meta_set(a, &dict, "session", meta_id(c->session->id));
	meta_set(a, &dict, "concurrency",
		 c->concurrency ? value_int(c->concurrency) : value_null());
	meta_set(a, &dict, "in_flight", value_int(c->in_flight));
	add_work(a, &dict, &c->work);
	return dict;
}

static void procedure_callees(struct meta_call *c)
{
	struct value dict = value_dict(), list = value_list();
	const struct registration *r;
	uint64_t id;

	if (!meta_arg_id(c, 0, &id))
		return;
	r = dealer_get(&c->realm->dealer, id);
	if (!r) {
		meta_error(c, "wamp.error.no_such_registration", NULL);
		return;
	}
	meta_set(c->arena, &dict, "registration", meta_id(r->id));
	add_work(c->arena, &dict, &r->work);
	meta_set(c->arena, &dict, "queued", value_int(r->queue_count));
	ring_each(at, &r->callees)
		meta_add(c->arena, &list,
			 callee_value(c->arena,
				      ring_item(at, struct callee,
						in_registration)));
	meta_set(c->arena, &dict, "callees", list);
	meta_result(c, dict);
}

const struct meta_procedure meta_procedure_procedures[] = {
	{ "wamp.x_manyhands.procedure.callees", procedure_callees },
	{ NULL, NULL },
};
