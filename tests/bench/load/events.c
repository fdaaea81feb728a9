/*
 * Events: publishers keep publications open, each of which is answered when
 * the last subscriber has got it. Its first argument is the slot's number.
 */
#include <stdio.h>

#include "tests/bench/load/load.h"

static unsigned members(const struct load *l)
{
	return l->options->callers + l->options->callees;
}

static int publish(struct load *l, struct slot *slot)
{
	struct arena arena;
	struct value args = value_list();
	int err;

	arena_init(&arena, 256);
	slot->waiting = l->options->callees;
	err = list_add(&arena, &args, value_int(slot->number));
	if (!err)
		err = list_add(&arena, &args, *list_at(&l->args, 0));
	if (!err)
		err = client_publish(slot->caller->client,
				     l->options->procedure, NULL, &args, NULL,
				     NULL, NULL);
	arena_deinit(&arena);
	return err;
}

static void on_event(void *ctx, uint64_t publication,
		     const struct client_data *data)
{
	struct member *m = ctx;
	uint64_t number;

	(void)publication;
	if (!value_get_uint(list_at(data->args, 0), &number) ||
	    number >= m->load->options->inflight ||
	    !m->load->slots[number].waiting)
		load_fail(m->load, "an event that", "was not published");
	else if (!--m->load->slots[number].waiting)
		load_answered(&m->load->slots[number], (struct bytes){ NULL, 0 });
}

static void on_subscribed(void *ctx, struct bytes error,
			  const struct client_data *data)
{
	struct member *m = ctx;
	char text[128];

	(void)data;
	snprintf(text, sizeof text, "%.*s", (int)error.len,
		 (const char *)error.data);
	if (error.len)
		load_fail(m->load, "can not subscribe:", text);
	else
		load_ready(m);
}

static void on_joined(void *ctx, struct client *c, uint64_t session,
		      const struct value *details)
{
	struct member *m = ctx;

	(void)session;
	(void)details;
	m->client = c;
	if (!m->answers)
		load_ready(m);
	else if (client_subscribe(c, m->load->options->procedure, NULL,
				  on_event, on_subscribed, m))
		load_fail(m->load, "can not subscribe", "");
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

const struct mode mode_events = { "publications", members, make, publish,
				  unmake };
