#include "wamp/client_private.h"

#include <stdlib.h>

static const char error_payload[] = "wamp.error.invalid_payload";

static const struct value *details_of(const struct message *m)
{
	return m->options ? m->options : client_no_data.details;
}

static int decode_data(struct client *c, const struct message *m,
		       struct client_data *data)
{
	struct value *args, *kwargs;
	int err = payload_decode(&c->in, &m->payload, &c->config.limits, &args,
				 &kwargs);

	if (err)
		return err;
	*data = (struct client_data){ details_of(m), args, kwargs };
	return 0;
}

/* --- answers to our requests --------------------------------------------- */

/* The open request that m answers. *err is set when there is none: 0 for an
 * answer that comes late, else the end of the session. */
static struct request *answered(struct client *c, const struct message *m,
				enum message_type type, int *err)
{
	struct request *r = id_map_get(&c->requests, m->request);

	*err = 0;
	if (r && r->type == type)
		return r;
	if (r)
		*err = client_violation(c, "an answer of the wrong type");
	else if (m->request > c->last_request)
		*err = client_violation(c, "an answer without a request");
	return NULL;
}

/* Closes the request, then tells its owner. */
static void finish(struct client *c, uint64_t id, struct bytes error,
		   const struct client_data *data)
{
	struct request *r = id_map_take(&c->requests, id);
	client_reply_fn *reply = r->reply;
	void *ctx = r->ctx;

	client_handlers_free(r->handler);
	free(r);
	if (reply)
		reply(ctx, error, data);
}

/* Success of a request that is answered with one id. */
static void finish_with_id(struct client *c, uint64_t request,
			   const char *key, uint64_t id)
{
	struct value_pair pair = { bytes_str(key), value_uint(id) };
	const struct value details = {
		.type = VALUE_DICT,
		.dict = { .pairs = &pair, .count = 1, .cap = 1 },
	};
	struct client_data data = client_no_data;

	data.details = &details;
	finish(c, request, bytes_of(NULL, 0), &data);
}

static int on_result(struct client *c, const struct message *m)
{
	struct client_data data;
	int err;
	struct request *r = answered(c, m, MSG_CALL, &err);

	if (!r)
		return err;
	if (decode_data(c, m, &data)) {
		finish(c, m->request, bytes_str(error_payload),
		       &client_no_data);
		return 0;
	}
	if (!value_is_true(dict_get(m->options, "progress")))
		finish(c, m->request, bytes_of(NULL, 0), &data);
	else if (r->reply)
		r->reply(r->ctx, bytes_of(NULL, 0), &data);
	return 0;
}

static int on_error(struct client *c, const struct message *m)
{
	struct client_data data;
	int err;

	if (!answered(c, m, m->request_type, &err))
		return err;
	if (decode_data(c, m, &data)) {
		data = client_no_data;
		data.details = details_of(m);
	}
	finish(c, m->request, m->uri, &data);
	return 0;
}

/* Moves the request's handler where its messages will look for it. */
static int keep_handler(struct client *c, const struct message *m,
			enum message_type type, struct id_map *map,
			const char *key)
{
	int err;
	struct request *r = answered(c, m, type, &err);
	struct handler *there, *h;

	if (!r)
		return err;
	h = r->handler;
	there = id_map_get(map, m->subject);
	if (there && type == MSG_REGISTER)
		return client_violation(c, "a registration that is there");
	r->handler = NULL;
	if (there) { /* the same topic again: one subscription, two owners */
		while (there->next)
			there = there->next;
		there->next = h;
	} else {
		id_map_add(map, m->subject, h);
	}
	finish_with_id(c, m->request, key, m->subject);
	return 0;
}

/* UNREGISTERED and UNSUBSCRIBED without a request: the router's own doing. */
static int revoked(struct client *c, const struct message *m,
		   enum message_type type, struct id_map *map, const char *key)
{
	struct handler *h;
	struct bytes reason = { .len = 0 };
	uint64_t subject = 0;

	value_get_uint(dict_get(m->options, key), &subject);
	h = id_map_take(map, subject);
	if (!h)
		return 0;
	client_handlers_free(h);
	(void)value_get_str(dict_get(m->options, "reason"), &reason);
	if (type == MSG_UNREGISTER && c->config.revoked)
		c->config.revoked(c->config.ctx, subject, reason);
	return 0;
}

static int drop_handler(struct client *c, const struct message *m,
			enum message_type type, struct id_map *map,
			const char *key)
{
	uint64_t subject;
	int err;
	struct request *r;

	if (m->request == 0)
		return revoked(c, m, type, map, key);
	r = answered(c, m, type, &err);
	if (!r)
		return err;
	subject = r->subject;
	client_handlers_free(id_map_take(map, subject));
	finish_with_id(c, m->request, key, subject);
	return 0;
}

static int on_published(struct client *c, const struct message *m)
{
	int err;

	if (!answered(c, m, MSG_PUBLISH, &err))
		return err;
	finish_with_id(c, m->request, "publication", m->subject);
	return 0;
}

/* --- events and invocations ---------------------------------------------- */

static int on_event(struct client *c, const struct message *m)
{
	struct client_data data;
	const struct handler *h;

	/* One that crossed our UNSUBSCRIBE, or that nobody can read, is
	 * nobody's. */
	if (!id_map_get(&c->subscriptions, m->subject) ||
	    decode_data(c, m, &data))
		return 0;
	/* A callback may end everything: look it up again each time. */
	for (unsigned i = 0;; i++) {
		h = id_map_get(&c->subscriptions, m->subject);
		for (unsigned skip = i; h && skip; skip--)
			h = h->next;
		if (!h)
			return 0;
		h->event(h->ctx, m->publication, &data);
	}
}

/* Refuses an invocation that was never opened. */
static int refuse(struct client *c, const struct message *m, const char *error)
{
	struct message answer = {
		.type = MSG_ERROR,
		.request_type = MSG_INVOCATION,
		.request = m->request,
		.uri = bytes_str(error),
	};

	/* Without memory for an answer the call stays open: its timeout
	 * ends it, or this session's end. */
	(void)client_send(c, &answer, NULL, NULL);
	return 0;
}

static struct invocation *open_invocation(struct client *c, uint64_t id,
					  const struct handler *h)
{
	struct invocation *open;

	if (id_map_reserve(&c->invocations, c->invocations.count + 1))
		return NULL;
	open = malloc(sizeof *open);
	if (open) {
		*open = (struct invocation){ h->interrupt, h->ctx };
		id_map_add(&c->invocations, id, open);
	}
	return open;
}

static int on_invocation(struct client *c, const struct message *m)
{
	const struct handler *h = id_map_get(&c->registrations, m->subject);
	struct client_data data;

	if (id_map_get(&c->invocations, m->request))
		return client_violation(c, "an invocation that is open");
	if (!h)
		return refuse(c, m, "wamp.error.no_such_registration");
	if (decode_data(c, m, &data))
		return refuse(c, m, error_payload);
	if (!open_invocation(c, m->request, h))
		return refuse(c, m, "wamp.error.unavailable");
	h->invoke(h->ctx, m->request, &data);
	return 0;
}

static int on_interrupt(struct client *c, const struct message *m)
{
	const struct invocation *open =
		id_map_get(&c->invocations, m->request);
	struct bytes mode = bytes_str("kill");

	/* It may have crossed our answer. */
	if (!open || !open->interrupt)
		return 0;
	value_get_str(dict_get(m->options, "mode"), &mode);
	open->interrupt(open->ctx, m->request, mode);
	return 0;
}

int client_dispatch(struct client *c, const struct message *m)
{
	switch (m->type) {
	case MSG_RESULT:
		return on_result(c, m);
	case MSG_ERROR:
		return on_error(c, m);
	case MSG_REGISTERED:
		return keep_handler(c, m, MSG_REGISTER, &c->registrations,
				    "registration");
	case MSG_UNREGISTERED:
		return drop_handler(c, m, MSG_UNREGISTER, &c->registrations,
				    "registration");
	case MSG_SUBSCRIBED:
		return keep_handler(c, m, MSG_SUBSCRIBE, &c->subscriptions,
				    "subscription");
	case MSG_UNSUBSCRIBED:
		return drop_handler(c, m, MSG_UNSUBSCRIBE, &c->subscriptions,
				    "subscription");
	case MSG_PUBLISHED:
		return on_published(c, m);
	case MSG_EVENT:
		return on_event(c, m);
	case MSG_INVOCATION:
		return on_invocation(c, m);
	case MSG_INTERRUPT:
		return on_interrupt(c, m);
	default:
		return client_violation(c, "a message a router never sends");
	}
}
