#include "caller.h"

#include <stdio.h>
#include <string.h>

static void on_message(void *ctx, struct bytes message)
{
	struct caller *c = ctx;

	c->messages++;
	c->bytes += message.len;
	buf_clear(&c->last);
	(void)buf_add_bytes(&c->last, message); /* memory may be made to fail */
}

static void on_closed(void *ctx, const char *why)
{
	struct caller *c = ctx;

	assert_false(c->closed); /* exactly once */
	c->closed = true;
	c->t = NULL;
	snprintf(c->why, sizeof c->why, "%s", why);
}

static void on_connected(void *ctx, struct transport *t)
{
	static const struct transport_handler handler = {
		.message = on_message,
		.closed = on_closed,
	};
	struct caller *c = ctx;

	assert_false(caller_is_decided(c));
	c->connected = true;
	c->t = t;
	transport_handle(t, &handler, c);
}

static void on_failed(void *ctx, const char *why)
{
	struct caller *c = ctx;

	assert_false(caller_is_decided(c));
	c->failed = true;
	snprintf(c->why, sizeof c->why, "%s", why);
}

void caller_begin(struct caller *c, struct world *w, const struct url *url,
		  const struct serializer *serializer, struct tls *tls)
{
	static const struct dial_handler handler = { on_connected, on_failed };

	memset(c, 0, sizeof *c);
	c->world = w;
	c->dial = dial_start(w->loop, url, serializer,
			     &transport_limits_default, tls, &handler, c);
	assert_non_null(c->dial);
	assert_false(caller_is_decided(c));
}

void caller_wait(struct caller *c)
{
	until(c->world, caller_is_decided, c);
}

void caller_dial(struct caller *c, struct world *w, const struct url *url,
		 const struct serializer *serializer, struct tls *tls)
{
	caller_begin(c, w, url, serializer, tls);
	caller_wait(c);
}

void caller_connect(struct caller *c, struct world *w, const struct url *url,
		    const struct serializer *serializer)
{
	caller_dial(c, w, url, serializer, NULL);
	if (c->failed)
		fail_msg("%s", c->why);
}

void caller_hang_up(struct caller *c)
{
	if (c->t)
		transport_close(c->t, 1000, "done");
	if (c->connected)
		until(c->world, caller_is_closed, c);
	buf_deinit(&c->last);
}

bool caller_is_decided(void *caller)
{
	struct caller *c = caller;

	return c->connected || c->failed;
}

bool caller_is_closed(void *caller)
{
	return ((struct caller *)caller)->closed;
}

bool caller_has_message(void *caller)
{
	struct caller *c = caller;

	return c->messages > 0 || c->closed;
}

void caller_echo(struct caller *c, const void *data, size_t len)
{
	const size_t head = len / 3;

	c->messages = 0;
	assert_int_equal(transport_send2(c->t, bytes_of(data, head),
					 bytes_of((const char *)data + head,
						  len - head)),
			 0);
	until(c->world, caller_has_message, c);
	assert_int_equal(c->messages, 1);
	assert_int_equal(c->last.len, len);
	if (len)
		assert_memory_equal(c->last.data, data, len);
}
