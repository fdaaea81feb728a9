#include "coordinator/rpc_private.h"

#include <stdlib.h>
#include <string.h>

#include "coordinator/board.h"

/*
 * The procedures that the coordinator registers: arguments are read and
 * checked here, and become events; what only looks is answered at once.
 */

enum { TEXT_BYTES_MAX = 512 };

void rpc_error(struct rpc *r, uint64_t invocation, const char *uri,
	       const char *text)
{
	struct value args = value_list();

	if (list_add(&r->arena, &args, value_str(text)) == 0)
		(void)client_error(r->client, invocation, uri, &args, NULL);
	else
		(void)client_error(r->client, invocation, uri, NULL, NULL);
	arena_reset(&r->arena);
}

static void invalid(struct rpc *r, uint64_t invocation, const char *text)
{
	rpc_error(r, invocation, "wamp.error.invalid_argument", text);
}

void rpc_yield(struct rpc *r, uint64_t invocation, const struct value *kwargs)
{
	if (!kwargs)
		rpc_error(r, invocation, "wamp.error.unavailable",
			  "out of memory");
	else
		(void)client_yield(r->client, invocation, NULL, NULL, kwargs);
	arena_reset(&r->arena);
}

/* --- waiting for the coord ----------------------------------------------- */

static void ask(struct rpc *r, uint64_t invocation, struct coord_event *e)
{
	struct asked *asked = malloc(sizeof *asked);

	e->tag = ++r->last_tag;
	if (asked && map_put(&r->asked, e->tag, asked) == 0) {
		asked->invocation = invocation;
		rpc_event(r, e);
		return;
	}
	free(asked);
	rpc_yield(r, invocation, NULL);
}

uint64_t rpc_asked(struct rpc *r, uint64_t tag)
{
	struct asked *asked = map_del(&r->asked, tag);
	uint64_t invocation = asked ? asked->invocation : 0;

	free(asked);
	return invocation;
}

/* --- reading ------------------------------------------------------------- */

static bool caller(const struct client_data *data, uint64_t *session)
{
	return value_get_uint(dict_get(data->details, "caller"), session);
}

static bool has_role(const struct client_data *data, const char *role)
{
	struct bytes text;

	return value_get_str(dict_get(data->details, "caller_authrole"),
			     &text) &&
	       bytes_equal_str(text, role);
}

/* Absent, or null, or text of at most `max` bytes. */
static bool optional_text(const struct value *dict, const char *key,
			  size_t max, struct bytes *out)
{
	const struct value *v = dict_get(dict, key);

	*out = bytes_of(NULL, 0);
	return !v || v->type == VALUE_NULL ||
	       (value_get_str(v, out) && out->len <= max);
}

static const struct donor *own(struct rpc *r, uint64_t invocation,
			       const struct client_data *data)
{
	uint64_t session;
	const struct donor *d = NULL;

	if (caller(data, &session))
		d = coord_donor_of(r->config.coord, session);
	if (!d)
		rpc_error(r, invocation, "manyhands.error.not_joined",
			  "call donor.join first");
	return d;
}

/* --- donor.* ------------------------------------------------------------- */

static void donor_join(struct rpc *r, uint64_t invocation,
		       const struct client_data *data)
{
	const struct value *dict = rpc_dict(data);
	struct coord_event e = { .type = EV_JOIN };
	struct coord_join *j = &e.join;
	struct bytes code;

	if (!caller(data, &j->session))
		rpc_error(r, invocation, "wamp.error.unavailable",
			  "the router does not disclose the caller of "
			  "donor.join");
	else if (!value_get_range(dict_get(dict, "threads"), 1, THREADS_MAX,
				  &j->threads))
		invalid(r, invocation, "threads: 1 to 1024 are accepted");
	else if (!optional_text(dict, "token", TEXT_BYTES_MAX, &j->token) ||
		 !optional_text(dict, "code", TEXT_BYTES_MAX, &code))
		invalid(r, invocation, "token, code: text is accepted");
	else if (!optional_text(dict, "name", TEXT_BYTES_MAX, &j->name))
		invalid(r, invocation,
			"name: text of 1 to 24 characters is accepted");
	else if (!value_get_str(dict_get(dict, "device"), &j->device) ||
		 j->device.len >= DEVICE_BYTES)
		invalid(r, invocation,
			"device: text of at most 64 bytes is accepted");
	else {
		j->trusted = has_role(data, "trusted");
		ask(r, invocation, &e);
	}
}

static void donor_rename(struct rpc *r, uint64_t invocation,
			 const struct client_data *data)
{
	struct coord_event e = { .type = EV_RENAME };

	if (!own(r, invocation, data))
		return;
	if (!value_get_str(dict_get(rpc_dict(data), "name"), &e.name) ||
	    e.name.len > TEXT_BYTES_MAX) {
		invalid(r, invocation,
			"name: text of 1 to 24 characters is accepted");
		return;
	}
	(void)caller(data, &e.session);
	ask(r, invocation, &e);
}

static void donor_wave(struct rpc *r, uint64_t invocation,
		       const struct client_data *data)
{
	struct coord_event e = { .type = EV_WAVE };

	if (!own(r, invocation, data))
		return;
	(void)caller(data, &e.session);
	ask(r, invocation, &e);
}

static void donor_me(struct rpc *r, uint64_t invocation,
		     const struct client_data *data)
{
	const struct donor *d = own(r, invocation, data);

	if (d)
		rpc_yield(r, invocation,
			  view_me(&r->arena, r->config.coord, d));
}

static void donor_explain(struct rpc *r, uint64_t invocation,
			  const struct client_data *data)
{
	const struct donor *d = own(r, invocation, data);

	if (d)
		rpc_yield(r, invocation, view_explain(&r->arena, d));
}

/* --- job.*, leaderboard.* ------------------------------------------------ */

static void job_status(struct rpc *r, uint64_t invocation,
		       const struct client_data *data)
{
	(void)data;
	rpc_yield(r, invocation,
		  view_status(&r->arena, r->config.coord, rpc_now(r), true));
}

static void yield_picture(struct rpc *r, uint64_t invocation,
			  const struct picture *picture)
{
	struct value d = value_dict();
	struct arena *a = &r->arena;
	struct coord_status s;

	coord_status(r->config.coord, rpc_now(r), &s);
	if (dict_set(a, &d, "job", value_str(s.job)) != 0 ||
	    dict_set(a, &d, "kind", value_str(s.kind)) != 0 ||
	    dict_set(a, &d, "revision",
		     value_int((int64_t)picture->revision)) != 0 ||
	    dict_set(a, &d, "more", value_bool(picture->more)) != 0 ||
	    dict_set(a, &d, "data",
		     value_bin(buf_bytes(&picture->data))) != 0)
		rpc_yield(r, invocation, NULL);
	else
		rpc_yield(r, invocation, &d);
}

static void job_picture(struct rpc *r, uint64_t invocation,
			const struct client_data *data)
{
	const struct value *dict = rpc_dict(data);
	struct picture picture = { 0 };
	uint64_t since, page;
	int err;

	if (!value_get_range(dict_get(dict, "since"), 0, KIND_INTEGER_MAX,
			     &since) ||
	    !value_get_range(dict_get(dict, "page"), 0, UINT32_MAX, &page)) {
		invalid(r, invocation,
			"since, page: whole numbers from 0 are accepted");
		return;
	}
	buf_init(&picture.data);
	err = coord_picture(r->config.coord, since, (unsigned)page, &picture);
	if (err && err != ERR_NOT_FOUND)
		rpc_yield(r, invocation, NULL);
	else
		yield_picture(r, invocation, &picture);
	buf_deinit(&picture.data);
}

static void leaderboard_top(struct rpc *r, uint64_t invocation,
			    const struct client_data *data)
{
	const struct value *dict = rpc_dict(data);
	const struct value *category = dict_get(dict, "category");
	uint64_t limit = BOARD_TOP;
	struct bytes text = bytes_str("total");

	if (category && (!value_get_str(category, &text) ||
			 !bytes_equal_str(text, "total"))) {
		invalid(r, invocation, "category: total is accepted");
		return;
	}
	if (dict_get(dict, "limit") &&
	    !value_get_range(dict_get(dict, "limit"), 1, BOARD_LIMIT_MAX,
			     &limit)) {
		invalid(r, invocation, "limit: 1 to 100 are accepted");
		return;
	}
	rpc_yield(r, invocation,
		  view_top(&r->arena, r->config.coord, limit,
			   has_role(data, "host")));
}

/* --- host.* -------------------------------------------------------------- */

static void plain(struct rpc *r, uint64_t invocation,
		  enum coord_event_type type)
{
	ask(r, invocation, &(struct coord_event){ .type = type });
}

static void host_start(struct rpc *r, uint64_t invocation,
		       const struct client_data *data)
{
	(void)data;
	plain(r, invocation, EV_START);
}

static void host_pause(struct rpc *r, uint64_t invocation,
		       const struct client_data *data)
{
	(void)data;
	plain(r, invocation, EV_PAUSE);
}

static void host_next(struct rpc *r, uint64_t invocation,
		      const struct client_data *data)
{
	(void)data;
	plain(r, invocation, EV_NEXT);
}

static void host_queue(struct rpc *r, uint64_t invocation,
		       const struct client_data *data)
{
	struct coord_event e = { .type = EV_QUEUE };
	char spec[SPEC_BYTES];
	const struct kind *kind;
	const char *rest;
	struct why why;

	if (!value_get_str(dict_get(rpc_dict(data), "spec"), &e.text) ||
	    e.text.len >= sizeof spec) {
		invalid(r, invocation, "spec: text is accepted");
		return;
	}
	memcpy(spec, e.text.data, e.text.len);
	spec[e.text.len] = '\0';
	if (prep_kind(spec, kind_find, &kind, &rest, &why) != 0)
		invalid(r, invocation, why.text);
	else
		ask(r, invocation, &e);
}

static void host_freeze(struct rpc *r, uint64_t invocation,
			const struct client_data *data)
{
	const struct value *dict = rpc_dict(data);
	struct coord_event e = { .type = EV_FREEZE };

	if (!value_get_range(dict_get(dict, "donor"), 1, KIND_INTEGER_MAX,
			     &e.donor) ||
	    !value_get_bool(dict_get(dict, "frozen"), &e.frozen))
		invalid(r, invocation,
			"donor: a number, frozen: true or false are accepted");
	else
		ask(r, invocation, &e);
}

const struct served rpc_served[] = {
	{ "donor.join", donor_join },
	{ "donor.rename", donor_rename },
	{ "donor.me", donor_me },
	{ "donor.wave", donor_wave },
	{ "donor.explain", donor_explain },
	{ "job.status", job_status },
	{ "job.picture", job_picture },
	{ "leaderboard.top", leaderboard_top },
	{ "host.start", host_start },
	{ "host.pause", host_pause },
	{ "host.stop", host_pause },
	{ "host.next", host_next },
	{ "host.queue", host_queue },
	{ "host.freeze", host_freeze },
};

const unsigned rpc_served_count = sizeof rpc_served / sizeof rpc_served[0];

_Static_assert(sizeof rpc_served / sizeof rpc_served[0] <= SERVED_MAX,
	       "registrations has too few places");
