/* The first byte chooses the serializer and the side; the rest is a message:
 * decoded both ways, encoded in each serializer, and given to a client. */
#include <assert.h>

#include "base/buf.h"
#include "wamp/client.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode(const struct message *m, const struct serializer *to,
		   enum message_side side)
{
	struct message again;
	struct arena a;
	struct buf out;

	arena_init(&a, 4096);
	buf_init(&out);
	if (message_encode(&out, to, m, &a, &wamp_limits_default) == 0) {
		assert(message_decode(&a, to, buf_bytes(&out),
				      &wamp_limits_default, side, &again,
				      NULL) == 0);
		assert(again.type == m->type && again.request == m->request &&
		       again.subject == m->subject &&
		       bytes_equal(again.uri, m->uri));
	}
	buf_deinit(&out);
	arena_deinit(&a);
}

static void decode(const struct serializer *s, struct bytes raw,
		   enum message_side side)
{
	struct message m, header;
	struct arena a;
	struct why why;

	arena_init(&a, 4096);
	if (message_decode(&a, s, raw, &wamp_limits_default, side, &m,
			   &why) == 0) {
		assert(message_decode_header(&a, s, raw, &wamp_limits_default,
					     side, &header, &why) == 0);
		assert(header.type == m.type && header.request == m.request);
		encode(&m, &serializer_json, side);
		encode(&m, &serializer_msgpack, side);
		encode(&m, &serializer_cbor, side);
	}
	arena_deinit(&a);
}

static void send_nowhere(void *ctx, struct bytes message)
{
	(void)ctx;
	(void)message;
}

static void receive(const struct serializer *s, struct bytes raw)
{
	const struct client_config config = {
		.serializer = s,
		.limits = wamp_limits_default,
		.realm = "r",
		.send = send_nowhere,
	};
	struct client *c = client_new(&config);
	const char *welcome = s == &serializer_json ? "[2,1,{}]"
			      : s == &serializer_cbor
				      ? "\x83\x02\x01\xa0"
				      : "\x93\x02\x01\x80";

	if (c && client_open(c) == 0 &&
	    client_receive(c, bytes_str(welcome)) == 0) {
		client_call(c, "a", NULL, NULL, NULL, NULL, NULL, NULL);
		client_publish(c, "a", NULL, NULL, NULL, NULL, NULL);
		(void)client_receive(c, raw);
	}
	client_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct serializer *s;

	if (size < 1)
		return 0;
	s = data[0] & 4   ? &serializer_cbor
	    : data[0] & 1 ? &serializer_json
			  : &serializer_msgpack;
	decode(s, bytes_of(data + 1, size - 1),
	       data[0] & 2 ? FROM_ROUTER : FROM_CLIENT);
	receive(s, bytes_of(data + 1, size - 1));
	return 0;
}
