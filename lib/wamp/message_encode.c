#include "wamp/message_private.h"

#include <string.h>

struct encoder {
	struct buf *out;
	const struct serializer *serializer;
	unsigned index;
	struct arena *scratch;
	const struct wamp_limits *limits;
};

static int put_value(struct encoder *e, const struct value *v)
{
	int err = e->serializer->list_item(e->out, e->index++);

	return err ? err : e->serializer->encode(e->out, v);
}

static int put_id(struct encoder *e, uint64_t id)
{
	struct value v = value_uint(id);

	return put_value(e, &v);
}

static int put_element(struct encoder *e, char letter,
		       const struct message *m)
{
	struct value v = value_dict();

	switch (letter) {
	case 'r':
	case 'R':
		return put_id(e, m->request);
	case 's':
		return put_id(e, m->subject);
	case 'p':
		return put_id(e, m->publication);
	case 't':
		return put_id(e, (uint64_t)m->request_type);
	case 'u':
	case 'n':
		v = m->uri.data || letter == 'u' ? value_text(m->uri)
						 : value_null();
		return put_value(e, &v);
	default:
		return put_value(e, m->options ? m->options : &v);
	}
}

static int put_raw(struct encoder *e, const struct payload *payload,
		   struct bytes item)
{
	int err = e->serializer->list_item(e->out, e->index++);

	if (err)
		return err;
	return serializer_transcode(payload->serializer, item, e->serializer,
				    e->scratch, e->limits, e->out);
}

static int put_payload(struct encoder *e, const struct payload *payload)
{
	const struct value none = value_list();
	int err = 0;

	if (payload->args.data)
		err = put_raw(e, payload, payload->args);
	else if (payload->kwargs.data)
		err = put_value(e, &none);
	if (!err && payload->kwargs.data)
		err = put_raw(e, payload, payload->kwargs);
	return err;
}

/* How many of the shape's elements are written: an empty optional dict is
 * left out. */
static unsigned header_count(const struct shape *shape,
			     const struct message *m)
{
	unsigned n = (unsigned)strlen(shape->elements);

	return shape->elements[n - 1] == 'o' && !m->options ? n - 1 : n;
}

static unsigned payload_count(const struct shape *shape,
			      const struct message *m)
{
	if (!shape->payload)
		return 0;
	return m->payload.kwargs.data ? 2 : m->payload.args.data ? 1 : 0;
}

static int put_message(struct encoder *e, const struct message *m,
		       const struct shape *shape)
{
	unsigned header = header_count(shape, m);
	unsigned payload = payload_count(shape, m);
	int err = e->serializer->list_begin(e->out, 1 + header + payload);

	if (!err)
		err = put_id(e, (uint64_t)m->type);
	for (unsigned i = 0; !err && i < header; i++)
		err = put_element(e, shape->elements[i], m);
	if (!err && payload)
		err = put_payload(e, &m->payload);
	return err ? err : e->serializer->list_end(e->out);
}

int message_encode(struct buf *out, const struct serializer *serializer,
		   const struct message *m, struct arena *scratch,
		   const struct wamp_limits *limits)
{
	struct encoder e = { out, serializer, 0, scratch, limits };
	const struct shape *shape = message_shape((uint64_t)m->type);
	size_t before = out->len;
	bool failed = out->failed;
	int err = shape ? put_message(&e, m, shape) : ERR_MALFORMED;

	if (err) {
		out->len = before;
		out->failed = failed;
	}
	return err;
}
