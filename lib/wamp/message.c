#include "wamp/message_private.h"

#include <string.h>

#include "wamp/uri.h"

enum { C = FROM_CLIENT, R = FROM_ROUTER, TYPES = 71 };

static const struct shape shapes[TYPES] = {
	[MSG_HELLO] = { "HELLO", C, "nd", false },
	[MSG_WELCOME] = { "WELCOME", R, "sd", false },
	[MSG_ABORT] = { "ABORT", C | R, "du", true },
	[MSG_CHALLENGE] = { "CHALLENGE", R, "ud", false },
	[MSG_AUTHENTICATE] = { "AUTHENTICATE", C, "ud", false },
	[MSG_GOODBYE] = { "GOODBYE", C | R, "du", false },
	[MSG_ERROR] = { "ERROR", C | R, "trdu", true },
	[MSG_PUBLISH] = { "PUBLISH", C, "rdu", true },
	[MSG_PUBLISHED] = { "PUBLISHED", R, "rs", false },
	[MSG_SUBSCRIBE] = { "SUBSCRIBE", C, "rdu", false },
	[MSG_SUBSCRIBED] = { "SUBSCRIBED", R, "rs", false },
	[MSG_UNSUBSCRIBE] = { "UNSUBSCRIBE", C, "rs", false },
	[MSG_UNSUBSCRIBED] = { "UNSUBSCRIBED", R, "Ro", false },
	[MSG_EVENT] = { "EVENT", R, "spd", true },
	[MSG_CALL] = { "CALL", C, "rdu", true },
	[MSG_CANCEL] = { "CANCEL", C, "rd", false },
	[MSG_RESULT] = { "RESULT", R, "rd", true },
	[MSG_REGISTER] = { "REGISTER", C, "rdu", false },
	[MSG_REGISTERED] = { "REGISTERED", R, "rs", false },
	[MSG_UNREGISTER] = { "UNREGISTER", C, "rs", false },
	[MSG_UNREGISTERED] = { "UNREGISTERED", R, "Ro", false },
	[MSG_INVOCATION] = { "INVOCATION", R, "rsd", true },
	[MSG_INTERRUPT] = { "INTERRUPT", R, "rd", false },
	[MSG_YIELD] = { "YIELD", C, "rd", true },
};

const struct shape *message_shape(uint64_t type)
{
	return type < TYPES && shapes[type].sides ? &shapes[type] : NULL;
}

const char *message_name(enum message_type type)
{
	const struct shape *shape = message_shape((uint64_t)type);

	return shape ? shape->name : "?";
}

/* Which requests this side answers with ERROR: a client an INVOCATION, a
 * router the client's requests. */
static bool request_type_valid(uint64_t type, enum message_side side)
{
	if (side == FROM_CLIENT)
		return type == MSG_INVOCATION;
	switch (type) {
	case MSG_PUBLISH:
	case MSG_SUBSCRIBE:
	case MSG_UNSUBSCRIBE:
	case MSG_CALL:
	case MSG_REGISTER:
	case MSG_UNREGISTER:
		return true;
	default:
		return false;
	}
}

/* --- decoding ------------------------------------------------------------ */

struct decoder {
	struct arena *arena;
	const struct serializer *serializer;
	const struct wamp_limits *limits;
	enum message_side side;
	bool checked; /* the elements have been walked */
	struct message *out;
};

/* JSON has integers of every length: a real is no id there. */
static bool take_id(const struct decoder *d, const struct value *v,
		    uint64_t min, uint64_t *out)
{
	if (v->type == VALUE_REAL && !d->serializer->binary)
		return false;
	return value_get_id(v, min, out);
}

/* An option that is null is not there: wampy names all that it knows, and
 * says undefined of what nobody asked for. */
static void drop_nulls(struct value *dict)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < dict->dict.count; i++)
		if (dict->dict.pairs[i].value.type != VALUE_NULL)
			dict->dict.pairs[kept++] = dict->dict.pairs[i];
	dict->dict.count = kept;
}

static int keep_dict(struct decoder *d, struct value *v)
{
	struct value *dict;

	if (v->type != VALUE_DICT)
		return ERR_MALFORMED;
	drop_nulls(v);
	if (!v->dict.count)
		return 0;
	dict = arena_alloc(d->arena, sizeof *dict);
	if (!dict)
		return ERR_NOMEM;
	*dict = *v;
	d->out->options = dict;
	return 0;
}

static bool take_request_type(struct decoder *d, const struct value *v)
{
	uint64_t type;

	if (!value_get_uint(v, &type) || !request_type_valid(type, d->side))
		return false;
	d->out->request_type = (enum message_type)type;
	return true;
}

static int build_element(struct decoder *d, struct bytes raw,
			 struct value *out)
{
	int err = d->checked ? 0 : d->serializer->check(raw, d->limits);

	if (!err)
		err = d->serializer->build(d->arena, raw, out);
	return err == ERR_TRUNCATED ? ERR_MALFORMED : err;
}

static int take_element(struct decoder *d, char letter, struct bytes raw)
{
	struct message *m = d->out;
	struct value v;
	bool ok = false;
	int err = build_element(d, raw, &v);

	if (err)
		return err;
	switch (letter) {
	case 'r':
		ok = take_id(d, &v, 1, &m->request);
		break;
	case 'R':
		ok = take_id(d, &v, 0, &m->request);
		break;
	case 's':
		ok = take_id(d, &v, 1, &m->subject);
		break;
	case 'p':
		ok = take_id(d, &v, 1, &m->publication);
		break;
	case 't':
		ok = take_request_type(d, &v);
		break;
	case 'u':
		ok = value_get_str(&v, &m->uri);
		break;
	case 'n':
		ok = value_get_str(&v, &m->uri) || v.type == VALUE_NULL;
		break;
	case 'd':
	case 'o':
		return keep_dict(d, &v);
	}
	return ok ? 0 : ERR_MALFORMED;
}

static const char *element_wanted(char letter)
{
	switch (letter) {
	case 'R':
		return "an id, 0 to 2^53";
	case 'r':
	case 's':
	case 'p':
		return "an id, 1 to 2^53";
	case 't':
		return "the type of a request that can be answered";
	case 'u':
		return "a string";
	case 'n':
		return "a string or null";
	default:
		return "a dict";
	}
}

/* The kind of a raw item by its first byte. */
static bool raw_is(const struct serializer *serializer, struct bytes raw,
		   bool dict)
{
	uint8_t first = raw.len ? raw.data[0] : 0;

	if (serializer->id == SERIALIZER_JSON)
		return first == (dict ? '{' : '[');
	if (serializer->id == SERIALIZER_CBOR)
		return first >> 5 == (dict ? 5 : 4);
	if (dict)
		return (first & 0xf0) == 0x80 || first == 0xde || first == 0xdf;
	return (first & 0xf0) == 0x90 || first == 0xdc || first == 0xdd;
}

static struct bytes empty_list(const struct serializer *serializer)
{
	if (serializer->id == SERIALIZER_JSON)
		return bytes_str("[]");
	return bytes_str(serializer->id == SERIALIZER_CBOR ? "\x80" : "\x90");
}

/* A list or dict, or null as Go's and Python's clients say of what nobody gave
 * them: then *out is left as it is. */
static int take_part(struct decoder *d, struct bytes raw, bool dict,
		     struct bytes *out)
{
	struct value v;
	int err;

	if (raw_is(d->serializer, raw, dict)) {
		*out = raw;
		return 0;
	}
	err = build_element(d, raw, &v);
	return err || v.type == VALUE_NULL ? err : ERR_MALFORMED;
}

static int take_payload(struct decoder *d, const struct shape *shape,
			const struct bytes *rest, unsigned count,
			struct why *why)
{
	static const char *const wanted[] = { "Arguments: a list",
					      "ArgumentsKw: a dict" };
	struct payload *p = &d->out->payload;
	unsigned max = shape->payload ? 2 : 0;

	if (count > max)
		return why_set(why, ERR_MALFORMED, "%s: %u elements too many",
			       shape->name, count - max);
	for (unsigned i = 0; i < count; i++) {
		int err = take_part(d, rest[i], i,
				    i ? &p->kwargs : &p->args);

		if (err == ERR_MALFORMED)
			return why_set(why, err, "%s: %s is wanted",
				       shape->name, wanted[i]);
		if (err)
			return why_set(why, err, "%s: %s", shape->name,
				       err_text(err));
	}
	if (p->kwargs.data && !p->args.data)
		p->args = empty_list(d->serializer);
	return 0;
}

static int take_elements(struct decoder *d, const struct shape *shape,
			 const struct bytes *elements, unsigned count,
			 struct why *why)
{
	unsigned i = 0;

	for (const char *p = shape->elements; *p; p++, i++) {
		int err;

		if (i == count && *p == 'o')
			break;
		if (i == count)
			return why_set(why, ERR_MALFORMED,
				       "%s: element %u is missing: %s",
				       shape->name, i + 2, element_wanted(*p));
		err = take_element(d, *p, elements[i]);
		if (err == ERR_MALFORMED)
			return why_set(why, err,
				       "%s: element %u: %s is wanted",
				       shape->name, i + 2, element_wanted(*p));
		if (err)
			return why_set(why, err, "%s: %s", shape->name,
				       err_text(err));
	}
	return take_payload(d, shape, elements + i, count - i, why);
}

/* Only a revocation has no request, and it says in a dict what it is about. */
static bool revocation_valid(const struct message *m)
{
	return m->request || m->options ||
	       (m->type != MSG_UNSUBSCRIBED && m->type != MSG_UNREGISTERED);
}

static int split(const struct decoder *d, struct bytes raw,
		 struct bytes elements[MESSAGE_ELEMENTS_MAX], unsigned *count,
		 struct why *why)
{
	const struct serializer *s = d->serializer;
	int err = d->checked ? s->split(raw, d->limits, elements, count)
			     : s->cut(raw, d->limits, elements, count);

	if (err == ERR_TRUNCATED)
		err = ERR_MALFORMED;
	return err ? why_set(why, err, "not a message in %s: %s", s->name,
			     err_text(err))
		   : 0;
}

static int take_type(struct decoder *d, struct bytes raw,
		     const struct shape **shape, struct why *why)
{
	struct value v;
	uint64_t type;
	int err = build_element(d, raw, &v);

	if (err)
		return why_set(why, err, "message type: %s", err_text(err));
	*shape = value_get_uint(&v, &type) ? message_shape(type) : NULL;
	if (!*shape)
		return why_set(why, ERR_MALFORMED, "not a message type");
	if (!((*shape)->sides & d->side))
		return why_set(why, ERR_DENIED, "%s is not sent by a %s",
			       (*shape)->name,
			       d->side == FROM_CLIENT ? "client" : "router");
	*d->out = (struct message){
		.type = (enum message_type)type,
		.payload.serializer = d->serializer,
	};
	return 0;
}

static int decode(struct decoder *d, struct bytes raw, struct why *why)
{
	struct bytes elements[MESSAGE_ELEMENTS_MAX];
	const struct shape *shape = NULL;
	unsigned count;
	int err = split(d, raw, elements, &count, why);

	if (!err)
		err = take_type(d, elements[0], &shape, why);
	if (!err)
		err = take_elements(d, shape, elements + 1, count - 1, why);
	if (!err && !revocation_valid(d->out))
		return why_set(why, ERR_MALFORMED,
			       "%s: request 0 without Details", shape->name);
	return err;
}

int message_decode(struct arena *a, const struct serializer *serializer,
		   struct bytes raw, const struct wamp_limits *limits,
		   enum message_side side, struct message *out,
		   struct why *why)
{
	struct decoder d = { a, serializer, limits, side, true, out };

	return decode(&d, raw, why);
}

int message_decode_header(struct arena *a, const struct serializer *serializer,
			  struct bytes raw, const struct wamp_limits *limits,
			  enum message_side side, struct message *out,
			  struct why *why)
{
	struct decoder d = { a, serializer, limits, side, false, out };

	return decode(&d, raw, why);
}
