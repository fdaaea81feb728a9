#include "router/event.h"

#include <stdlib.h>
#include <string.h>

static size_t aligned(size_t bytes)
{
	size_t unit = sizeof(uint64_t);

	return (bytes + unit - 1) / unit * unit;
}

static void keep(uint8_t **at, struct bytes *slice)
{
	if (!slice->data)
		return;
	if (slice->len)
		memcpy(*at, slice->data, slice->len);
	slice->data = *at;
	*at += slice->len;
}

struct event *event_new(const struct event *like)
{
	size_t head = aligned(sizeof *like);
	size_t bytes = head + audience_bytes(&like->audience) +
		       like->topic.len + like->details.len +
		       like->payload.args.len + like->payload.kwargs.len;
	struct event *e = malloc(bytes);
	uint8_t *at = (uint8_t *)e + head;

	if (!e)
		return NULL;
	*e = *like;
	e->references = 1;
	e->bytes = bytes;
	audience_copy(&e->audience, &like->audience, at);
	at += audience_bytes(&like->audience);
	keep(&at, &e->topic);
	keep(&at, &e->details);
	keep(&at, &e->payload.args);
	keep(&at, &e->payload.kwargs);
	return e;
}

struct event *event_keep(struct event *e)
{
	e->references++;
	return e;
}

void event_drop(struct event *e)
{
	if (!--e->references)
		free(e);
}

int event_details(struct arena *a, const struct event *e, bool topic,
		  struct value *out)
{
	int err = serializer_msgpack.build(a, e->details, out);

	if (!err && topic)
		err = dict_set(a, out, "topic", value_text(e->topic));
	return err;
}
