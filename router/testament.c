#include "router/testament.h"

#include <stdlib.h>
#include <string.h>

#include "router/passthru.h"
#include "router/role.h"

struct testament {
	struct ring of_session;
	enum testament_scope scope;
	struct grant grant;
	size_t bytes; /* of memory, all in all */
	/* What follows is in the same piece of memory; MessagePack. */
	struct bytes topic, options;
	struct payload payload;
};

static struct bytes place(uint8_t **at, struct bytes from)
{
	struct bytes to = bytes_of(*at, from.len);

	if (from.len)
		memcpy(*at, from.data, from.len);
	*at += from.len;
	return to;
}

static size_t size_of(const struct testament *like)
{
	return sizeof *like + like->topic.len + like->options.len +
	       like->payload.args.len + like->payload.kwargs.len;
}

/* ERR_LIMIT, ERR_NOMEM. */
static int keep(struct session *s, const struct testament *like)
{
	const struct role_limits *l = s->limits;
	size_t bytes = size_of(like);
	struct testament *t;
	uint8_t *at;

	if ((l->testaments && s->testament_count >= l->testaments) ||
	    (l->testament_bytes &&
	     s->testament_bytes + bytes > l->testament_bytes))
		return ERR_LIMIT;
	t = malloc(bytes);
	if (!t)
		return ERR_NOMEM;
	*t = *like;
	at = (uint8_t *)(t + 1);
	t->bytes = bytes;
	t->topic = place(&at, like->topic);
	t->options = place(&at, like->options);
	if (like->payload.args.data)
		t->payload.args = place(&at, like->payload.args);
	if (like->payload.kwargs.data)
		t->payload.kwargs = place(&at, like->payload.kwargs);
	ring_add(&s->testaments, &t->of_session);
	s->testament_count++;
	s->testament_bytes += bytes;
	return 0;
}

/* ERR_USAGE: PUBLISH would be refused with them. */
static int check_options(struct session *s, const struct value *options)
{
	struct audience audience;
	struct passthru passthru;
	const char *wrong;
	int err = audience_read(&audience, &s->turn->arena, options, s);

	if (err)
		return err;
	if (!passthru_read(options, &passthru, &wrong) ||
	    (passthru_is_on(&passthru) &&
	     !(s->features & PUBLISHER_PASSTHRU)))
		return ERR_USAGE;
	return 0;
}

int testament_add(struct session *s, const struct last_will *will)
{
	static const struct value none = { .type = VALUE_DICT };
	struct testament like = { .scope = will->scope,
				  .grant = will->grant,
				  .topic = will->topic };
	struct buf options, payload;
	int err = check_options(s, will->options);

	buf_init(&options);
	buf_init(&payload);
	if (!err)
		err = serializer_msgpack.encode(&options, will->options ?
								  will->options
								  : &none);
	if (!err)
		err = payload_encode(&like.payload, &serializer_msgpack,
				     &payload, will->args, will->kwargs);
	like.options = buf_bytes(&options);
	if (!err)
		err = keep(s, &like);
	buf_deinit(&options);
	buf_deinit(&payload);
	return err;
}

static void testament_free(struct session *s, struct testament *t)
{
	ring_remove(&t->of_session);
	s->testament_count--;
	s->testament_bytes -= t->bytes;
	free(t);
}

void testaments_flush(struct session *s, enum testament_scope scope)
{
	ring_each_safe(at, &s->testaments) {
		struct testament *t = ring_item(at, struct testament,
						of_session);

		if (t->scope == scope)
			testament_free(s, t);
	}
}

/* As PUBLISH would be; an acknowledgement would find nobody. */
static void publish(struct broker *b, struct session *s,
		    const struct testament *t)
{
	struct message m = { .type = MSG_PUBLISH, .uri = t->topic,
			     .payload = t->payload };
	struct value options;

	if (serializer_msgpack.build(&s->turn->arena, t->options, &options))
		return; /* out of memory */
	m.options = &options;
	broker_publish(b, s, &m, t->grant);
}

static void publish_scope(struct broker *b, struct session *s,
			  enum testament_scope scope)
{
	ring_each(at, &s->testaments) {
		const struct testament *t = ring_item(at, struct testament,
						      of_session);

		if (t->scope == scope)
			publish(b, s, t);
	}
	testaments_flush(s, scope);
}

void testaments_publish(struct broker *b, struct session *s)
{
	publish_scope(b, s, SCOPE_DETACHED);
	publish_scope(b, s, SCOPE_DESTROYED);
}
