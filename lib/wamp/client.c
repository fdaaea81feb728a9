#include "wamp/client_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { IN_BLOCK_BYTES = 8192, OUT_BLOCK_BYTES = 2048 };

static const struct value empty_list = { .type = VALUE_LIST };
static const struct value empty_dict = { .type = VALUE_DICT };
const struct client_data client_no_data = { &empty_dict, &empty_list,
					    &empty_dict };

/* --- the state ----------------------------------------------------------- */

void client_set_state(struct client *c, enum client_state to)
{
	static const bool allowed[CLIENT_STATES][CLIENT_STATES] = {
		[CLIENT_CLOSED][CLIENT_OPENING] = true,
		[CLIENT_OPENING][CLIENT_JOINED] = true,
		[CLIENT_OPENING][CLIENT_CLOSED] = true,
		[CLIENT_JOINED][CLIENT_LEAVING] = true,
		[CLIENT_JOINED][CLIENT_CLOSED] = true,
		[CLIENT_LEAVING][CLIENT_CLOSED] = true,
	};

	assert(allowed[c->state][to]);
	c->state = to;
}

bool client_is_joined(const struct client *c)
{
	return c->state == CLIENT_JOINED;
}

/* --- a client's life ----------------------------------------------------- */

static bool copy_text(const char **field)
{
	if (*field)
		*field = strdup(*field);
	return *field != NULL;
}

/* Copies what is there; false when a copy failed. */
static bool copy_config(struct client_config *to,
			const struct client_config *from)
{
	bool ok = true;

	*to = *from;
	ok &= copy_text(&to->realm);
	ok &= copy_text(&to->agent) || !from->agent;
	ok &= copy_text(&to->authid) || !from->authid;
	ok &= copy_text(&to->ticket) || !from->ticket;
	ok &= copy_text(&to->authmethod) || !from->authmethod;
	return ok;
}

static void free_config(struct client_config *config)
{
	if (config->ticket)
		explicit_bzero((char *)config->ticket,
			       strlen(config->ticket));
	free((char *)config->realm);
	free((char *)config->agent);
	free((char *)config->authid);
	free((char *)config->ticket);
	free((char *)config->authmethod);
}

struct client *client_new(const struct client_config *config)
{
	struct client *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	id_map_init(&c->requests);
	id_map_init(&c->registrations);
	id_map_init(&c->subscriptions);
	id_map_init(&c->invocations);
	arena_init(&c->in, IN_BLOCK_BYTES);
	arena_init(&c->out, OUT_BLOCK_BYTES);
	buf_init(&c->payload);
	buf_init(&c->message);
	if (copy_config(&c->config, config))
		return c;
	client_free(c);
	return NULL;
}

void client_handlers_free(struct handler *h)
{
	while (h) {
		struct handler *next = h->next;

		free(h);
		h = next;
	}
}

static void free_request(struct request *r)
{
	client_handlers_free(r->handler);
	free(r);
}

/* Takes everything out of the maps; nobody is called. */
static void free_subjects(struct client *c)
{
	size_t from = 0;
	void *item;

	while ((item = id_map_take_any(&c->registrations, &from)))
		client_handlers_free(item);
	from = 0;
	while ((item = id_map_take_any(&c->subscriptions, &from)))
		client_handlers_free(item);
	from = 0;
	while ((item = id_map_take_any(&c->invocations, &from)))
		free(item);
}

void client_free(struct client *c)
{
	size_t from = 0;
	void *item;

	if (!c)
		return;
	assert(!c->receiving);
	free_subjects(c);
	while ((item = id_map_take_any(&c->requests, &from)))
		free_request(item);
	id_map_deinit(&c->requests);
	id_map_deinit(&c->registrations);
	id_map_deinit(&c->subscriptions);
	id_map_deinit(&c->invocations);
	arena_deinit(&c->in);
	arena_deinit(&c->out);
	buf_deinit(&c->payload);
	if (c->message.data)
		explicit_bzero(c->message.data, c->message.cap);
	buf_deinit(&c->message);
	free_config(&c->config);
	free(c);
}

/* --- sending ------------------------------------------------------------- */

int client_encode(struct client *c, struct message *m,
		  const struct value *args, const struct value *kwargs)
{
	int err;

	buf_clear(&c->payload);
	buf_clear(&c->message);
	err = payload_encode(&m->payload, c->config.serializer, &c->payload,
			     args, kwargs);
	if (!err)
		err = message_encode(&c->message, c->config.serializer, m,
				     &c->out, &c->config.limits);
	arena_reset(&c->out);
	if (!err && c->message.len > c->config.limits.bytes_max)
		err = ERR_LIMIT;
	return err;
}

void client_flush(struct client *c)
{
	c->config.send(c->config.ctx, buf_bytes(&c->message));
}

int client_send(struct client *c, struct message *m, const struct value *args,
		const struct value *kwargs)
{
	int err = client_encode(c, m, args, kwargs);

	if (!err)
		client_flush(c);
	return err;
}

/* --- the end ------------------------------------------------------------- */

/* What is open is taken out before anybody is told, so that whatever the
 * callbacks do meets a closed and tidy client. */
static void fail_all(struct client *c)
{
	struct id_map requests = c->requests;
	struct request *r;
	size_t from = 0;

	id_map_init(&c->requests);
	free_subjects(c);
	while ((r = id_map_take_any(&requests, &from))) {
		if (r->reply)
			r->reply(r->ctx, bytes_str("wamp.error.closed"),
				 &client_no_data);
		free_request(r);
	}
	id_map_deinit(&requests);
}

int client_end(struct client *c, struct bytes reason, struct bytes text,
	       int err)
{
	if (c->state == CLIENT_CLOSED) /* a callback was faster */
		return err;
	client_set_state(c, CLIENT_CLOSED);
	fail_all(c);
	if (c->config.left)
		c->config.left(c->config.ctx, reason, text);
	return err;
}

void client_lost(struct client *c)
{
	if (c->state == CLIENT_CLOSED)
		return;
	client_set_state(c, CLIENT_CLOSED);
	fail_all(c);
}

void client_abort(struct client *c, const char *reason, const char *text)
{
	struct value details = value_dict();
	struct message m = {
		.type = MSG_ABORT,
		.uri = bytes_str(reason),
		.options = &details,
	};

	/* Without memory for it the transport's end must do. */
	if (dict_set(&c->out, &details, "message", value_str(text)) == 0)
		(void)client_send(c, &m, NULL, NULL);
	arena_reset(&c->out);
}

int client_violation(struct client *c, const char *what)
{
	client_abort(c, "wamp.error.protocol_violation", what);
	return client_end(c, bytes_str("wamp.error.protocol_violation"),
			  bytes_str(what), ERR_MALFORMED);
}

int client_goodbye(struct client *c, const char *reason)
{
	struct message m = {
		.type = MSG_GOODBYE,
		.uri = bytes_str(reason ? reason : "wamp.close.close_realm"),
	};
	int err;

	if (c->state != CLIENT_JOINED)
		return ERR_STATE;
	err = client_encode(c, &m, NULL, NULL);
	if (err)
		return err;
	client_set_state(c, CLIENT_LEAVING);
	client_flush(c);
	return 0;
}

static struct bytes details_message(const struct message *m)
{
	struct bytes text = { NULL, 0 };

	value_get_str(dict_get(m->options, "message"), &text);
	return text;
}

static int on_goodbye(struct client *c, const struct message *m)
{
	struct message answer = {
		.type = MSG_GOODBYE,
		.uri = bytes_str("wamp.close.goodbye_and_out"),
	};

	if (c->state == CLIENT_JOINED)
		(void)client_send(c, &answer, NULL, NULL);
	return client_end(c, m->uri, details_message(m), ERR_CLOSED);
}

/* --- receiving ----------------------------------------------------------- */

static int receive_message(struct client *c, const struct message *m)
{
	if (m->type == MSG_ABORT)
		return client_end(c, m->uri, details_message(m), ERR_CLOSED);
	if (c->state == CLIENT_OPENING)
		return client_receive_opening(c, m);
	if (m->type == MSG_GOODBYE)
		return on_goodbye(c, m);
	if (m->type == MSG_WELCOME || m->type == MSG_CHALLENGE)
		return client_violation(c, "the session is open already");
	/* After our GOODBYE all else is dropped ("Session Closing"). */
	return c->state == CLIENT_JOINED ? client_dispatch(c, m) : 0;
}

int client_receive(struct client *c, struct bytes raw)
{
	struct message m;
	struct why why = { "" };
	int err;

	assert(!c->receiving);
	if (c->state == CLIENT_CLOSED)
		return ERR_STATE;
	c->receiving = true;
	err = message_decode_header(&c->in, c->config.serializer, raw,
				    &c->config.limits, FROM_ROUTER, &m, &why);
	if (!err)
		err = receive_message(c, &m);
	else if (err == ERR_NOMEM)
		err = client_end(c, bytes_str("wamp.error.closed"),
				 bytes_str(err_text(err)), err);
	else
		err = client_violation(c, why.text);
	arena_reset(&c->in);
	c->receiving = false;
	return err;
}
