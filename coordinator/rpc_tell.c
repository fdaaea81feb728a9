#include "coordinator/rpc_private.h"

#include "coordinator/board.h"

/*
 * Replies that had to wait, and what is published.
 */

static void publish(struct rpc *r, const char *topic,
		    const struct value *kwargs)
{
	/* Out of memory: the next one tells more. */
	if (kwargs)
		(void)client_publish(r->client, topic, NULL, NULL, kwargs,
				     NULL, NULL);
}

static int set_u64(struct arena *a, struct value *d, const char *key,
		   uint64_t v)
{
	return dict_set(a, d, key, value_int((int64_t)v));
}

/* --- replies ------------------------------------------------------------- */

static void reply_joined(struct rpc *r, struct coord *c,
			 const struct coord_effect *e)
{
	uint64_t invocation = rpc_asked(r, e->tag);
	const struct donor *donor = coord_donor(c, e->donor);
	struct value d = value_dict();
	struct arena *a = &r->arena;

	if (!invocation)
		return;
	if (set_u64(a, &d, "donor", e->donor) != 0 ||
	    dict_set(a, &d, "token", value_str(e->token)) != 0 ||
	    dict_set(a, &d, "pass", value_str(e->pass)) != 0 ||
	    dict_set(a, &d, "name", value_str(donor->record.name)) != 0)
		rpc_yield(r, invocation, NULL);
	else
		rpc_yield(r, invocation, &d);
}

static void reply(struct rpc *r, struct coord *c, const struct coord_effect *e)
{
	uint64_t invocation = rpc_asked(r, e->tag);
	struct value d = value_dict();
	const struct donor *donor = e->donor ? coord_donor(c, e->donor) : NULL;

	if (!invocation)
		return;
	if (e->text)
		rpc_yield(r, invocation, view_queue(&r->arena, c));
	else if (donor && dict_set(&r->arena, &d, "name",
				   value_str(donor->record.name)) != 0)
		rpc_yield(r, invocation, NULL);
	else
		rpc_yield(r, invocation, &d);
}

static void refuse(struct rpc *r, const struct coord_effect *e)
{
	uint64_t invocation = rpc_asked(r, e->tag);

	if (!invocation)
		return;
	if (e->err == ERR_NOMEM)
		rpc_yield(r, invocation, NULL);
	else
		rpc_error(r, invocation, "wamp.error.invalid_argument",
			  e->why.text);
}

/* --- topics -------------------------------------------------------------- */

struct credited {
	struct arena *a;
	struct value list;
	bool failed;
};

static void add_credited(void *ctx, uint64_t donor)
{
	struct credited *k = ctx;

	k->failed |= list_add(k->a, &k->list, value_int((int64_t)donor)) != 0;
}

static void progress(struct rpc *r, struct coord *c)
{
	struct credited k = { &r->arena, value_list(), false };
	struct value *d = view_status(&r->arena, c, rpc_now(r), false);

	coord_credited(c, add_credited, &k);
	if (d && !k.failed && dict_set(&r->arena, d, "credited", k.list) == 0)
		publish(r, "job.progress", d);
}

static void job_finished(struct rpc *r, struct coord *c, uint64_t tag)
{
	struct coord_finished f;
	struct value d = value_dict(), *answer;
	struct arena *a = &r->arena;

	if (!coord_finished(c, tag, &f))
		return;
	answer = view_json(a, f.answer);
	if (answer && dict_set(a, &d, "job", value_str(f.job)) == 0 &&
	    dict_set(a, &d, "kind", value_str(f.kind)) == 0 &&
	    dict_set(a, &d, "spec", value_str(f.spec)) == 0 &&
	    dict_set(a, &d, "answer", *answer) == 0)
		publish(r, "job.finished", &d);
}

static void donor_joined(struct rpc *r, const struct donor *donor)
{
	struct value d = value_dict();
	struct arena *a = &r->arena;

	if (set_u64(a, &d, "donor", donor->record.id) == 0 &&
	    dict_set(a, &d, "name", value_str(donor->record.name)) == 0 &&
	    dict_set(a, &d, "device", value_str(donor->record.device)) == 0)
		publish(r, "donor.joined", &d);
}

static void donor_found(struct rpc *r, const struct donor *donor,
			const char *what)
{
	struct value d = value_dict();
	struct arena *a = &r->arena;
	char *text = arena_printf(a, "%s %s", donor->record.name,
				  what[0] == 'w' ? "waves" :
						   "found an improvement");

	if (text && set_u64(a, &d, "donor", donor->record.id) == 0 &&
	    dict_set(a, &d, "name", value_str(donor->record.name)) == 0 &&
	    dict_set(a, &d, "what", value_str(what)) == 0 &&
	    dict_set(a, &d, "text", value_str(text)) == 0)
		publish(r, "donor.found", &d);
}

void rpc_tell(struct rpc *r, struct coord *c, const struct coord_effect *e)
{
	const struct donor *donor = e->donor ? coord_donor(c, e->donor) : NULL;

	switch (e->type) {
	case EF_JOINED:
		reply_joined(r, c, e);
		break;
	case EF_REPLY:
		reply(r, c, e);
		break;
	case EF_REFUSE:
		refuse(r, e);
		break;
	case EF_TELL_JOINED:
		donor_joined(r, donor);
		break;
	case EF_TELL_FOUND:
		donor_found(r, donor, e->text);
		break;
	case EF_TELL_FINISHED:
		job_finished(r, c, e->tag);
		break;
	case EF_TELL_PROGRESS:
		progress(r, c);
		break;
	case EF_TELL_BOARD:
		publish(r, "leaderboard.changed",
			view_top(&r->arena, c, BOARD_TOP, false));
		break;
	default:
		break;
	}
}
