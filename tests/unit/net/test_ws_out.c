/* Frames that go out: what one side writes the other reads, at each length
 * where the header changes, and byte by byte as RFC 6455 has them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/ws.h"

struct heard {
	struct buf message;
	bool binary;
	unsigned messages, pings;
	unsigned code;
};

static void on_message(void *ctx, bool binary, struct bytes message)
{
	struct heard *h = ctx;

	h->messages++;
	h->binary = binary;
	buf_clear(&h->message);
	assert_int_equal(buf_add_bytes(&h->message, message), 0);
}

static void on_ping(void *ctx, struct bytes payload)
{
	struct heard *h = ctx;

	h->pings++;
	buf_clear(&h->message);
	assert_int_equal(buf_add_bytes(&h->message, payload), 0);
}

static void on_closing(void *ctx, unsigned code, struct bytes reason)
{
	struct heard *h = ctx;

	h->code = code;
	buf_clear(&h->message);
	assert_int_equal(buf_add_bytes(&h->message, reason), 0);
}

static const struct ws_handler handler = { on_message, on_ping, on_closing };

/* A server that writes and a client that reads, or the other way round. */
struct pair {
	struct ws from, to;
	struct heard heard;
	struct buf wire;
};

static void pair_init(struct pair *p, bool from_client)
{
	memset(p, 0, sizeof *p);
	buf_init(&p->heard.message);
	buf_init(&p->wire);
	assert_int_equal(ws_init(&p->from, from_client, &handler, NULL), 0);
	assert_int_equal(ws_init(&p->to, !from_client, &handler, &p->heard),
			 0);
	p->to.message_max = 1 << 20;
	p->to.fragments_max = 1;
}

static void pair_deinit(struct pair *p)
{
	ws_deinit(&p->from);
	ws_deinit(&p->to);
	buf_deinit(&p->heard.message);
	buf_deinit(&p->wire);
}

static void carry(struct pair *p)
{
	assert_int_equal(ws_feed(&p->to, buf_bytes(&p->wire)), 0);
	buf_clear(&p->wire);
}

static const size_t lengths[] = { 0,	 1,	124,   125,   126,  127,
				  65534, 65535, 65536, 65537, 200000 };

static void check_lengths(bool from_client)
{
	static uint8_t bytes[200000];
	struct pair p;

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	pair_init(&p, from_client);
	for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		size_t len = lengths[i], cut = len / 3;

		assert_int_equal(ws_message(&p.from, &p.wire, true,
					    bytes_of(bytes, cut),
					    bytes_of(bytes + cut, len - cut)),
				 0);
		carry(&p);
		assert_int_equal(p.heard.messages, i + 1);
		assert_true(p.heard.binary);
		assert_true(bytes_equal(buf_bytes(&p.heard.message),
					bytes_of(bytes, len)));
	}
	pair_deinit(&p);
}

static void test_ws_out__every_length_of_a_server(void **state)
{
	(void)state;
	check_lengths(false);
}

static void test_ws_out__every_length_of_a_client(void **state)
{
	(void)state;
	check_lengths(true);
}

static void wrote(struct buf *wire, const void *bytes, size_t len)
{
	assert_true(wire->len >= len);
	assert_memory_equal(wire->data, bytes, len);
	buf_clear(wire);
}

/* The shortest form of a length is the only one that is allowed. */
static void test_ws_out__bytes_of_a_header(void **state)
{
	static const uint8_t zeros[65536];
	struct bytes none = { NULL, 0 };
	struct pair p;

	(void)state;
	pair_init(&p, false);
	assert_int_equal(ws_message(&p.from, &p.wire, false, bytes_str("Hel"),
				    bytes_str("lo")), 0);
	assert_int_equal(p.wire.len, 7);
	wrote(&p.wire, "\x81\x05Hello", 7);
	assert_int_equal(ws_message(&p.from, &p.wire, true,
				    bytes_of(zeros, 125), none), 0);
	wrote(&p.wire, "\x82\x7d", 2);
	assert_int_equal(ws_message(&p.from, &p.wire, true,
				    bytes_of(zeros, 256), none), 0);
	assert_int_equal(p.wire.len, 260);
	wrote(&p.wire, "\x82\x7e\x01\x00", 4);
	assert_int_equal(ws_message(&p.from, &p.wire, true,
				    bytes_of(zeros, 65536), none), 0);
	assert_int_equal(p.wire.len, 65546);
	wrote(&p.wire, "\x82\x7f\0\0\0\0\0\x01\0\0", 10);
	pair_deinit(&p);
}

/* Behind what is there already, and control frames as well. */
static void test_ws_out__one_behind_the_other(void **state)
{
	struct bytes none = { NULL, 0 };
	struct pair p;

	(void)state;
	pair_init(&p, false);
	assert_int_equal(ws_message(&p.from, &p.wire, false, bytes_str("a"),
				    none), 0);
	assert_int_equal(ws_control(&p.from, &p.wire, WSLAY_PING,
				    bytes_str("p")), 0);
	assert_int_equal(ws_message(&p.from, &p.wire, false, none,
				    bytes_str("b")), 0);
	assert_int_equal(ws_close(&p.from, &p.wire, WS_GOING_AWAY, "bye"), 0);
	carry(&p);
	assert_int_equal(p.heard.messages, 2);
	assert_int_equal(p.heard.pings, 1);
	assert_int_equal(p.heard.code, WS_GOING_AWAY);
	assert_true(bytes_equal_str(buf_bytes(&p.heard.message), "bye"));
	pair_deinit(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ws_out__every_length_of_a_server),
		cmocka_unit_test(test_ws_out__every_length_of_a_client),
		cmocka_unit_test(test_ws_out__bytes_of_a_header),
		cmocka_unit_test(test_ws_out__one_behind_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
