#include "wamp/client_private.h"

#include <stdlib.h>
#include <string.h>

/* Sends m as the next request; on success what `r` says stays open (takes
 * r's handler) until it is answered. An id is spent only on what is sent. */
static int send_request(struct client *c, struct message *m,
			const struct value *args, const struct value *kwargs,
			const struct request *r)
{
	struct request *open = NULL;
	int err = id_map_reserve(&c->requests, c->requests.count + 1);

	m->request = c->last_request + 1;
	if (!err)
		err = client_encode(c, m, args, kwargs);
	if (!err && r) {
		open = malloc(sizeof *open);
		err = open ? 0 : ERR_NOMEM;
	}
	if (err)
		return err;
	c->last_request = m->request;
	if (open) {
		*open = *r;
		id_map_add(&c->requests, m->request, open);
	}
	client_flush(c);
	return 0;
}

int client_call(struct client *c, const char *procedure,
		const struct value *options, const struct value *args,
		const struct value *kwargs, client_reply_fn *reply, void *ctx,
		uint64_t *request)
{
	struct request r = { .type = MSG_CALL, .reply = reply, .ctx = ctx };
	struct message m = {
		.type = MSG_CALL,
		.uri = bytes_str(procedure),
		.options = options,
	};
	int err;

	if (c->state != CLIENT_JOINED)
		return ERR_STATE;
	/* The id is there before a fast transport's answer is. */
	if (request)
		*request = c->last_request + 1;
	err = send_request(c, &m, args, kwargs, &r);
	if (err && request)
		*request = 0;
	return err;
}

int client_cancel(struct client *c, uint64_t request, const char *mode)
{
	const struct request *r = id_map_get(&c->requests, request);
	struct value options = value_dict();
	struct message m = {
		.type = MSG_CANCEL,
		.request = request,
		.options = &options,
	};
	int err = 0;

	if (c->state != CLIENT_JOINED)
		return ERR_STATE;
	if (!r || r->type != MSG_CALL)
		return ERR_NOT_FOUND;
	if (mode)
		err = dict_set(&c->out, &options, "mode", value_str(mode));
	if (!err)
		err = client_send(c, &m, NULL, NULL);
	arena_reset(&c->out);
	return err;
}

/* REGISTER and SUBSCRIBE: `map` is where the handler will live, with room
 * for all that are on their way. */
static int send_handler(struct client *c, struct message *m,
			struct request *r, const struct handler *handler,
			struct id_map *map)
{
	int err;

	if (c->state != CLIENT_JOINED)
		return ERR_STATE;
	err = id_map_reserve(map, map->count + c->requests.count + 1);
	if (err)
		return err;
	r->handler = malloc(sizeof *r->handler);
	if (!r->handler)
		return ERR_NOMEM;
	*r->handler = *handler;
	err = send_request(c, m, NULL, NULL, r);
	if (err)
		client_handlers_free(r->handler);
	return err;
}

int client_register(struct client *c, const char *procedure,
		    const struct value *options, client_invocation_fn *invoke,
		    client_interrupt_fn *interrupt, client_reply_fn *reply,
		    void *ctx)
{
	const struct handler handler = {
		.invoke = invoke,
		.interrupt = interrupt,
		.ctx = ctx,
	};
	struct request r = { .type = MSG_REGISTER, .reply = reply, .ctx = ctx };
	struct message m = {
		.type = MSG_REGISTER,
		.uri = bytes_str(procedure),
		.options = options,
	};

	return send_handler(c, &m, &r, &handler, &c->registrations);
}

int client_subscribe(struct client *c, const char *topic,
		     const struct value *options, client_event_fn *event,
		     client_reply_fn *reply, void *ctx)
{
	const struct handler handler = { .event = event, .ctx = ctx };
	struct request r = {
		.type = MSG_SUBSCRIBE,
		.reply = reply,
		.ctx = ctx,
	};
	struct message m = {
		.type = MSG_SUBSCRIBE,
		.uri = bytes_str(topic),
		.options = options,
	};

	return send_handler(c, &m, &r, &handler, &c->subscriptions);
}

static int give_up(struct client *c, enum message_type type,
		   const struct id_map *map, uint64_t subject,
		   client_reply_fn *reply, void *ctx)
{
	struct request r = {
		.type = type,
		.reply = reply,
		.ctx = ctx,
		.subject = subject,
	};
	struct message m = { .type = type, .subject = subject };

	if (c->state != CLIENT_JOINED)
		return ERR_STATE;
	if (!id_map_get(map, subject))
		return ERR_NOT_FOUND;
	return send_request(c, &m, NULL, NULL, &r);
}

int client_unregister(struct client *c, uint64_t registration,
		      client_reply_fn *reply, void *ctx)
{
	return give_up(c, MSG_UNREGISTER, &c->registrations, registration,
		       reply, ctx);
}

int client_unsubscribe(struct client *c, uint64_t subscription,
		       client_reply_fn *reply, void *ctx)
{
	return give_up(c, MSG_UNSUBSCRIBE, &c->subscriptions, subscription,
		       reply, ctx);
}

/* Forgets the invocation once its last message is encoded. */
static int answer(struct client *c, struct message *m,
		  const struct value *args, const struct value *kwargs)
{
	bool more = m->type == MSG_YIELD &&
		    value_is_true(dict_get(m->options, "progress"));
	int err;

	if (c->state != CLIENT_JOINED)
		return ERR_STATE;
	if (!id_map_get(&c->invocations, m->request))
		return ERR_NOT_FOUND;
	err = client_encode(c, m, args, kwargs);
	if (err)
		return err;
	if (!more)
		free(id_map_take(&c->invocations, m->request));
	client_flush(c);
	return 0;
}

int client_yield(struct client *c, uint64_t invocation,
		 const struct value *options, const struct value *args,
		 const struct value *kwargs)
{
	struct message m = {
		.type = MSG_YIELD,
		.request = invocation,
		.options = options,
	};

	return answer(c, &m, args, kwargs);
}

int client_error(struct client *c, uint64_t invocation, const char *error,
		 const struct value *args, const struct value *kwargs)
{
	struct message m = {
		.type = MSG_ERROR,
		.request_type = MSG_INVOCATION,
		.request = invocation,
		.uri = bytes_str(error),
	};

	return answer(c, &m, args, kwargs);
}

/* A copy of the options, with acknowledge: true. */
static int acknowledged(struct client *c, const struct value *options,
			struct value *out)
{
	uint32_t n = value_count(options);
	int err = 0;

	*out = value_dict();
	for (uint32_t i = 0; !err && i < n; i++)
		err = dict_add(&c->out, out, options->dict.pairs[i].key,
			       options->dict.pairs[i].value);
	return err ? err
		   : dict_set(&c->out, out, "acknowledge", value_bool(true));
}

int client_publish(struct client *c, const char *topic,
		   const struct value *options, const struct value *args,
		   const struct value *kwargs, client_reply_fn *reply,
		   void *ctx)
{
	struct request r = { .type = MSG_PUBLISH, .reply = reply, .ctx = ctx };
	struct message m = {
		.type = MSG_PUBLISH,
		.uri = bytes_str(topic),
		.options = options,
	};
	struct value copy;
	int err = 0;

	if (c->state != CLIENT_JOINED)
		return ERR_STATE;
	if (reply) {
		err = acknowledged(c, options, &copy);
		m.options = &copy;
	}
	if (!err)
		err = send_request(c, &m, args, kwargs, reply ? &r : NULL);
	arena_reset(&c->out);
	return err;
}
