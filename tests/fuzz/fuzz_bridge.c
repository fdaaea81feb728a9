/* What comes to a bridge by HTTP: type, query and body, of a publisher and of a
 * caller, signed and not. Lines of the input, in this order: flags, type,
 * query; the rest is the body. A request is answered once, in JSON, and what
 * was accepted by its signature is not a second time. */
#include <stdlib.h>

#include "../unit/router/room.h"
#include "crypto/base64.h"
#include "crypto/mac.h"
#include "router/bridge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CALLS = 1, SIGNED = 2, OPTIONS = 4, FORGED = 8 };

struct http_later {
	http_gone_fn *gone;
	void *ctx;
};

static struct {
	struct http_later later;
	bool pending;
	unsigned answers, status;
} wire;

struct http_later *http_later(const struct http_request *request,
			      http_gone_fn *gone, void *ctx)
{
	(void)request;
	wire.later = (struct http_later){ gone, ctx };
	wire.pending = true;
	return &wire.later;
}

/* An answer is JSON, its head whole lines. */
static void take(const struct http_response *r)
{
	struct arena a;
	struct value *v;
	size_t length = strlen(r->headers);

	arena_init(&a, 4096);
	assert_true(r->status >= 200 && r->status < 600);
	assert_true(length > 2 && !strcmp(r->headers + length - 2, "\r\n"));
	assert_null(strstr(r->headers, "\r\n\r\n"));
	if (r->body.len)
		assert_int_equal(serializer_json.decode(
					 &a, r->body, &wamp_limits_default,
					 &v), 0);
	arena_deinit(&a);
	wire.answers++;
	wire.status = r->status;
}

void http_answer(struct http_later *later, const struct http_response *r)
{
	assert_ptr_equal(later, &wire.later);
	assert_true(wire.pending);
	wire.pending = false;
	take(r);
}

static void settle(void *ctx)
{
	router_settle(&((struct room *)ctx)->router);
}

static struct bytes line(const uint8_t **at, const uint8_t *end)
{
	const uint8_t *from = *at, *to;

	to = from < end ? memchr(from, '\n', (size_t)(end - from)) : NULL;
	to = to ? to : end;
	*at = to < end ? to + 1 : end;
	return bytes_of(from, (size_t)(to - from));
}

static void post(struct room *room, struct bridge *b,
		 const struct http_request *q)
{
	struct http_response r = { .status = 404 };
	unsigned before = wire.answers;

	bridge_http(b, q, true, &r);
	if (!wire.pending && wire.answers == before)
		take(&r);
	else if (wire.pending)
		wire.later.gone(wire.later.ctx);
	router_settle(&room->router);
	if (wire.pending) {
		room_wait(room, BRIDGE_CALL_MS);
		router_settle(&room->router);
	}
	assert_int_equal(wire.answers, before + 1);
}

/* The signature that the made-up query lacks, so that what is behind it is
 * reached. */
static struct bytes sign(char *out, size_t size, struct bytes body)
{
	static const char fields[] = "app2023-11-14T22:13:20.000Z11";
	char signature[64];
	uint8_t mac[SHA256_BYTES];
	struct buf all;

	buf_init(&all);
	assert_int_equal(buf_add_str(&all, fields), 0);
	assert_int_equal(buf_add_bytes(&all, body), 0);
	assert_int_equal(hmac_sha256(bytes_str("s3cret"), buf_bytes(&all),
				     mac), 0);
	buf_deinit(&all);
	base64_encode(bytes_of(mac, sizeof mac), signature);
	for (char *at = signature; *at; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	snprintf(out, size, "key=app&timestamp=2023-11-14T22:13:20.000Z&seq=1&"
			    "nonce=1&signature=%s", signature);
	return bytes_str(out);
}

static void ask(struct room *room, struct bridge *b, unsigned flags,
		struct http_request *q)
{
	char query[256];

	if (flags & SIGNED && flags & FORGED)
		q->query = sign(query, sizeof query, q->body);
	post(room, b, q);
	if (!(flags & SIGNED) || flags & OPTIONS || wire.status != 200)
		return;
	post(room, b, q);
	assert_int_equal(wire.status, 401);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *at = data, *end = data + size;
	struct bytes first = line(&at, end);
	unsigned flags = first.len ? *first.data : 0;
	struct http_request q = { .peer = "127.0.0.1:9" };
	struct bridge_config config = { .realm = (char *)"realm1",
					.role = (char *)"anyone",
					.window_s = 300 };
	struct room room;
	struct bridge *b;

	memset(&wire, 0, sizeof wire);
	q.options = flags & OPTIONS;
	q.post = !q.options;
	q.content_type = line(&at, end);
	q.query = line(&at, end);
	q.cors_headers = q.content_type;
	q.origin = first;
	q.body = bytes_of(at, (size_t)(end - at));
	if (flags & SIGNED) {
		config.key = (char *)"app";
		config.secret = (char *)"s3cret";
	}
	room_init(&room);
	b = bridge_new(&room.router, &config, flags & CALLS, settle, &room);
	assert_non_null(b);
	ask(&room, b, flags, &q);
	room_deinit(&room);
	bridge_free(b);
	return 0;
}
