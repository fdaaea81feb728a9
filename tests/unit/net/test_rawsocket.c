/* RawSocket: frames without I/O, and a server that is spoken to in bytes. */
#include <stdlib.h>
#include <string.h>

#include "net/rawsocket.h"
#include "net/ws.h"
#include "fixture.h"

/* --- frames -------------------------------------------------------------- */

struct heard {
	unsigned messages, pings;
	struct buf all; /* each with its kind and length before */
};

static void note(struct heard *h, uint8_t kind, struct bytes b)
{
	assert_int_equal(buf_add_u8(&h->all, kind), 0);
	assert_int_equal(buf_add_u32(&h->all, (uint32_t)b.len), 0);
	assert_int_equal(buf_add_bytes(&h->all, b), 0);
}

static void on_message(void *ctx, struct bytes message)
{
	((struct heard *)ctx)->messages++;
	note(ctx, 'm', message);
}

static void on_ping(void *ctx, struct bytes payload)
{
	((struct heard *)ctx)->pings++;
	note(ctx, 'p', payload);
}

static const struct rawsocket_handler handler = { on_message, on_ping };

static void begin(struct rawsocket *r, struct heard *h)
{
	memset(h, 0, sizeof *h);
	rawsocket_init(r, 1 << 24, &handler, h);
	r->message_max = 1 << 20;
}

static void end(struct rawsocket *r, struct heard *h)
{
	rawsocket_deinit(r);
	buf_deinit(&h->all);
}

static void frame(struct rawsocket *r, struct buf *out,
		  enum rawsocket_type type, const char *head, const char *tail)
{
	assert_int_equal(rawsocket_frame(r, out, type, bytes_str(head),
					 bytes_str(tail)), 0);
}

/* One of each kind. */
static void frames(struct rawsocket *r, struct buf *out)
{
	frame(r, out, RAWSOCKET_MESSAGE, "hello", "");
	frame(r, out, RAWSOCKET_PING, "are you there", "");
	frame(r, out, RAWSOCKET_MESSAGE, "", "");
	frame(r, out, RAWSOCKET_PONG, "yes", "");
	frame(r, out, RAWSOCKET_PING, "", "");
	frame(r, out, RAWSOCKET_MESSAGE, "of two ", "parts");
}

static void expect_frames(const struct heard *h)
{
	static const uint8_t expected[] =
		"m\5\0\0\0hello" "p\15\0\0\0are you there" "m\0\0\0\0"
		"p\0\0\0\0" "m\14\0\0\0of two parts";

	assert_int_equal(h->messages, 3);
	assert_int_equal(h->pings, 2);
	assert_int_equal(h->all.len, sizeof expected - 1);
	assert_memory_equal(h->all.data, expected, h->all.len);
}

static void test_rawsocket__frames_split_at_every_byte(void **state)
{
	struct buf out = { 0 };
	struct rawsocket r;
	struct heard h;
	uint64_t at;

	(void)state;
	begin(&r, &h);
	frames(&r, &out);
	for (size_t cut = 0; cut <= out.len; cut++) {
		end(&r, &h);
		begin(&r, &h);
		assert_int_equal(
			rawsocket_feed(&r, bytes_of(out.data, cut)), 0);
		assert_int_equal(rawsocket_feed(&r, bytes_of(out.data + cut,
							     out.len - cut)),
				 0);
		assert_false(rawsocket_is_partial(&r, &at));
		expect_frames(&h);
	}
	end(&r, &h);
	buf_deinit(&out);
}

static void test_rawsocket__frames_byte_by_byte(void **state)
{
	struct buf out = { 0 };
	struct rawsocket r;
	struct heard h;

	(void)state;
	begin(&r, &h);
	frames(&r, &out);
	for (size_t i = 0; i < out.len; i++)
		assert_int_equal(rawsocket_feed(&r, bytes_of(out.data + i, 1)),
				 0);
	expect_frames(&h);
	end(&r, &h);
	buf_deinit(&out);
}

static void expect_violation(const void *bytes, unsigned code)
{
	struct rawsocket r;
	struct heard h;

	begin(&r, &h);
	assert_int_equal(rawsocket_feed(&r, bytes_of(bytes, 4)),
			 ERR_MALFORMED);
	assert_int_equal(r.code, code);
	assert_int_equal(rawsocket_feed(&r, bytes_of("\0\0\0\0", 4)),
			 ERR_MALFORMED);
	assert_int_equal(h.messages, 0);
	end(&r, &h);
}

static void test_rawsocket__violations(void **state)
{
	(void)state;
	for (unsigned bit = 4; bit < 8; bit++) {
		uint8_t head[4] = { (uint8_t)(1u << bit), 0, 0, 1 };

		expect_violation(head, WS_PROTOCOL);
	}
	for (uint8_t type = 3; type < 8; type++) {
		uint8_t head[4] = { type, 0, 0, 1 };

		expect_violation(head, WS_PROTOCOL);
	}
	expect_violation("\x08\0\0\1", WS_PROTOCOL); /* over 2^24 */
	expect_violation("\x08\0\0\0", WS_TOO_BIG);  /* 2^24 */
	expect_violation("\0\x10\0\1", WS_TOO_BIG);  /* 2^20 + 1 */
	expect_violation("\1\x10\0\1", WS_TOO_BIG);  /* a ping */
	expect_violation("\2\x10\0\1", WS_TOO_BIG);  /* a pong */
}

static void test_rawsocket__the_25th_bit(void **state)
{
	size_t len = (size_t)1 << 24;
	char *data = calloc(1, len);
	struct buf out = { 0 };
	struct rawsocket r;
	struct heard h;

	(void)state;
	assert_non_null(data);
	begin(&r, &h);
	r.message_max = len;
	assert_int_equal(rawsocket_frame(&r, &out, RAWSOCKET_MESSAGE,
					 bytes_of(data, len - 1),
					 bytes_of(data, 1)), 0);
	assert_memory_equal(out.data, "\x08\0\0\0", 4);
	assert_int_equal(rawsocket_feed(&r, buf_bytes(&out)), 0);
	assert_int_equal(h.messages, 1);
	assert_int_equal(h.all.len, len + 5);
	assert_int_equal(rawsocket_frame(&r, &out, RAWSOCKET_MESSAGE,
					 bytes_of(data, len),
					 bytes_of(data, 1)), ERR_LIMIT);
	end(&r, &h);
	buf_deinit(&out);
	free(data);
}

static void test_rawsocket__declared_is_not_allocated(void **state)
{
	struct rawsocket r;
	struct heard h;
	uint64_t at;

	(void)state;
	begin(&r, &h);
	assert_int_equal(rawsocket_feed(&r, bytes_of("\0\x10\0\0abc", 7)), 0);
	assert_true(rawsocket_is_partial(&r, &at));
	assert_true(r.body.cap <= 4096);
	end(&r, &h);
}

static void test_rawsocket__hello_says_what_fits(void **state)
{
	static const struct { size_t max; uint8_t second; } cases[] = {
		{ 0, 0x02 },         { 512, 0x02 },         { 1023, 0x02 },
		{ 1024, 0x12 },      { 1 << 20, 0xB2 },
		{ (1 << 20) - 1, 0xA2 },
		{ 1 << 24, 0xF2 },   { (size_t)1 << 30, 0xF2 },
	};
	size_t peer_max;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf out = { 0 };

		assert_int_equal(rawsocket_hello(&out, &serializer_msgpack,
						 cases[i].max), 0);
		assert_int_equal(out.data[1], cases[i].second);
		assert_int_equal(rawsocket_confirm(out.data,
						   &serializer_msgpack,
						   &peer_max, NULL), 0);
		assert_int_equal(peer_max,
				 (size_t)512 << (cases[i].second >> 4));
		buf_deinit(&out);
	}
}

static void test_rawsocket__answers_that_are_refused(void **state)
{
	static const struct { const char *answer, *why; } cases[] = {
		{ "HTTP", "its answer is not RawSocket" },
		{ "\x7f\xf2\0\1", "its answer uses reserved bits" },
		{ "\x7f\xf2\1\0", "its answer uses reserved bits" },
		{ "\x7f\xf1\0\0", "it answered with another serializer" },
		{ "\x7f\x10\0\0", "it does not speak our serializer" },
		{ "\x7f\x20\0\0", "it does not accept our message length" },
		{ "\x7f\x30\0\0", "it says we used reserved bits" },
		{ "\x7f\x40\0\0", "it has too many connections" },
		{ "\x7f\x00\0\0", "it refused for an unknown reason" },
		{ "\x7f\xf0\0\0", "it refused for an unknown reason" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct why why;
		size_t peer_max;

		assert_int_equal(
			rawsocket_confirm((const uint8_t *)cases[i].answer,
					  &serializer_msgpack, &peer_max,
					  &why), ERR_DENIED);
		assert_string_equal(why.text, cases[i].why);
	}
}

/* --- a server ------------------------------------------------------------ */

static void expect(struct fixture *f, const void *data, size_t len)
{
	raw_expect_len(&f->r, len);
	assert_memory_equal(f->r.in.data, data, len);
	buf_drop_front(&f->r.in, len);
}

static void say_hello(struct fixture *f)
{
	raw_connect(&f->r, &f->w);
	raw_send(&f->r, "\x7f\xf2\0\0", 4);
	expect(f, "\x7f\xb2\0\0", 4);
}

static void open_raw(struct fixture *f)
{
	world_start(&f->w);
	say_hello(f);
}

/* Sends, and expects these bytes (may be none), and the end. */
static void expect_refusal(struct fixture *f, const char *hello,
			   const char *answer, size_t len)
{
	raw_connect(&f->r, &f->w);
	raw_send(&f->r, hello, 4);
	raw_expect_end(&f->r);
	assert_int_equal(f->r.in.len, len);
	if (len)
		assert_memory_equal(f->r.in.data, answer, len);
	raw_close(&f->r);
}

static void test_rawsocket__handshakes_that_are_refused(void **state)
{
	struct fixture *f = *state;

	world_start(&f->w);
	/* CBOR is known, but not offered here; 4 is not known. */
	expect_refusal(f, "\x7f\xf3\0\0", "\x7f\x10\0\0", 4);
	expect_refusal(f, "\x7f\xf4\0\0", "\x7f\x10\0\0", 4);
	expect_refusal(f, "\x7f\xff\0\0", "\x7f\x10\0\0", 4);
	expect_refusal(f, "\x7f\x02\0\0", "\x7f\x20\0\0", 4); /* 512 bytes */
	expect_refusal(f, "\x7f\xf2\0\1", "\x7f\x30\0\0", 4);
	expect_refusal(f, "\x7f\xf2\x80\0", "\x7f\x30\0\0", 4);
	expect_refusal(f, "\x7f\xf0\0\0", NULL, 0); /* serializer 0 */
	assert_int_equal(f->w.session_count, 0);
}

static void test_rawsocket__too_many_connections(void **state)
{
	struct fixture *f = *state;
	struct raw first;

	f->w.config.connections_max = 1;
	world_start(&f->w);
	raw_connect(&first, &f->w);
	raw_send(&first, "\x7f\xf2\0\0", 4);
	raw_expect_len(&first, 4);
	expect_refusal(f, "\x7f\xf2\0\0", "\x7f\x40\0\0", 4);
	raw_close(&first);
}

static void test_rawsocket__promises_what_may_be_raised(void **state)
{
	struct fixture *f = *state;

	f->w.config.limits.message_max = 1024;
	f->w.config.message_max = 4096;
	world_start(&f->w);
	raw_connect(&f->r, &f->w);
	raw_send(&f->r, "\x7f\xf2\0\0\0\0\4\1", 8); /* 1025 */
	expect(f, "\x7f\x32\0\0", 4);
	raw_expect_end(&f->r);
}

static void test_rawsocket__handshake_byte_by_byte(void **state)
{
	struct fixture *f = *state;

	world_start(&f->w);
	raw_connect(&f->r, &f->w);
	for (int i = 0; i < 4; i++) {
		raw_send(&f->r, "\x7f\xf1\0\0" + i, 1);
		for (int n = 0; n < 5; n++)
			turn(&f->w);
	}
	expect(f, "\x7f\xb1\0\0", 4);
	raw_send(&f->r, "\0\0\0\2[]", 6);
	expect(f, "\0\0\0\2[]", 6);
}

static void test_rawsocket__frames_right_after_the_handshake(void **state)
{
	struct fixture *f = *state;

	world_start(&f->w);
	raw_connect(&f->r, &f->w);
	raw_send(&f->r, "\x7f\xf2\0\0\0\0\0\3abc\1\0\0\2hi", 4 + 7 + 6);
	expect(f, "\x7f\xb2\0\0\0\0\0\3abc\2\0\0\2hi", 4 + 7 + 6);
}

static void test_rawsocket__half_a_handshake_ends(void **state)
{
	struct fixture *f = *state;

	f->w.config.head_ms = 30;
	world_start(&f->w);
	raw_connect(&f->r, &f->w);
	raw_send(&f->r, "\x7f\xf2\0", 3);
	raw_expect_end(&f->r);
	assert_int_equal(f->r.in.len, 0);
}

static void test_rawsocket__each_ping_has_its_pong(void **state)
{
	struct fixture *f = *state;
	uint8_t ping[5] = { 1, 0, 0, 1 }, pong[5] = { 2, 0, 0, 1 };

	open_raw(f);
	for (unsigned i = 0; i < 200; i++) {
		ping[4] = (uint8_t)i;
		assert_int_equal(buf_add(stream_out(f->r.stream), ping, 5), 0);
	}
	stream_push(f->r.stream);
	for (unsigned i = 0; i < 200; i++) {
		pong[4] = (uint8_t)i;
		expect(f, pong, 5);
	}
	raw_send(&f->r, "\2\0\0\3xyz\0\0\0\1!", 12); /* a PONG is only heard */
	expect(f, "\0\0\0\1!", 5);
}

static void expect_failure(struct fixture *f, const char *bytes, size_t len,
			   const char *why)
{
	struct session *s;

	say_hello(f);
	raw_send(&f->r, bytes, len);
	raw_expect_end(&f->r);
	assert_int_equal(f->r.in.len, 0);
	raw_close(&f->r);
	s = &f->w.sessions[f->w.session_count - 1];
	while (!s->closed)
		turn(&f->w);
	assert_string_equal(s->why, why);
	assert_int_equal(s->messages, 0);
}

static void test_rawsocket__broken_rules_fail_the_connection(void **state)
{
	struct fixture *f = *state;

	world_start(&f->w);
	expect_failure(f, "\0\x10\0\1", 4, "message too big");
	expect_failure(f, "\x10\0\0\1", 4, "reserved bits");
	expect_failure(f, "\3\0\0\0", 4, "reserved type of frame");
}

static void test_rawsocket__json_is_utf8(void **state)
{
	struct fixture *f = *state;

	world_start(&f->w);
	raw_connect(&f->r, &f->w);
	raw_send(&f->r, "\x7f\xf1\0\0\0\0\0\2\xff\xfe", 10);
	expect(f, "\x7f\xb1\0\0", 4);
	raw_expect_end(&f->r);
	assert_int_equal(f->w.sessions[0].messages, 0);
}

static void test_rawsocket__silent_peer_is_pinged_and_dropped(void **state)
{
	struct fixture *f = *state;

	f->w.config.limits.ping_ms = 20;
	f->w.config.limits.silence_ms = 60;
	open_raw(f);
	expect(f, "\1\0\0\0", 4);
	raw_expect_end(&f->r);
}

static void test_rawsocket__half_a_message_ends(void **state)
{
	struct fixture *f = *state;

	f->w.config.limits.message_ms = 30;
	open_raw(f);
	raw_send(&f->r, "\0\0\0\5ab", 6);
	raw_expect_end(&f->r);
	assert_int_equal(f->w.sessions[0].messages, 0);
}

static void send_long(struct session *s, struct bytes message)
{
	static const char text[1025];

	assert_int_equal(transport_send(s->t, bytes_of(text, 1024)), 0);
	(void)message;
	assert_int_equal(transport_send(s->t, bytes_of(text, 1025)), ERR_LIMIT);
}

static void test_rawsocket__nothing_longer_than_the_peer_takes(void **state)
{
	struct fixture *f = *state;

	f->w.on_message = send_long;
	world_start(&f->w);
	raw_connect(&f->r, &f->w);
	raw_send(&f->r, "\x7f\x12\0\0\0\0\0\1x", 9);
	raw_expect_end(&f->r);
	while (!f->w.sessions[0].closed)
		turn(&f->w);
	assert_string_equal(f->w.sessions[0].why,
			    "a message longer than it takes");
}

static void test_rawsocket__both_protocols_on_one_port(void **state)
{
	struct fixture *f = *state;
	struct raw ws;

	open_raw(f);
	raw_upgrade(&ws, &f->w, "wamp.2.json");
	raw_frame(&ws, 0x81, "[1]", 3);
	raw_expect_frame(&ws, 0x81, "[1]", 3);
	raw_send(&f->r, "\0\0\0\1x", 5);
	expect(f, "\0\0\0\1x", 5);
	raw_close(&ws);
}

/* A connection that has spoken HTTP stays with it. */
static void test_rawsocket__not_after_http(void **state)
{
	struct fixture *f = *state;

	world_start(&f->w);
	raw_connect(&f->r, &f->w);
	raw_text(&f->r, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_status(&f->r, 200);
	raw_send(&f->r, "\x7f\xf2\0\0", 4);
	raw_expect_status(&f->r, 400);
	assert_int_equal(f->w.session_count, 0);
}

static void test_rawsocket__close_writes_what_is_queued(void **state)
{
	struct fixture *f = *state;

	open_raw(f);
	for (int i = 0; i < 10 && !f->w.session_count; i++)
		turn(&f->w);
	assert_int_equal(transport_send(f->w.sessions[0].t, bytes_str("last")),
			 0);
	transport_close(f->w.sessions[0].t, 1001, "over");
	expect(f, "\0\0\0\4last", 8);
	raw_expect_end(&f->r);
	assert_int_equal(f->r.in.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rawsocket__frames_split_at_every_byte),
		cmocka_unit_test(test_rawsocket__frames_byte_by_byte),
		cmocka_unit_test(test_rawsocket__violations),
		cmocka_unit_test(test_rawsocket__the_25th_bit),
		cmocka_unit_test(test_rawsocket__declared_is_not_allocated),
		cmocka_unit_test(test_rawsocket__hello_says_what_fits),
		cmocka_unit_test(test_rawsocket__answers_that_are_refused),
		FIXTURE_TEST(test_rawsocket__handshakes_that_are_refused),
		FIXTURE_TEST(test_rawsocket__too_many_connections),
		FIXTURE_TEST(test_rawsocket__promises_what_may_be_raised),
		FIXTURE_TEST(test_rawsocket__handshake_byte_by_byte),
		FIXTURE_TEST(test_rawsocket__frames_right_after_the_handshake),
		FIXTURE_TEST(test_rawsocket__half_a_handshake_ends),
		FIXTURE_TEST(test_rawsocket__each_ping_has_its_pong),
		FIXTURE_TEST(test_rawsocket__broken_rules_fail_the_connection),
		FIXTURE_TEST(test_rawsocket__json_is_utf8),
		FIXTURE_TEST(test_rawsocket__silent_peer_is_pinged_and_dropped),
		FIXTURE_TEST(test_rawsocket__half_a_message_ends),
		FIXTURE_TEST(test_rawsocket__nothing_longer_than_the_peer_takes),
		FIXTURE_TEST(test_rawsocket__both_protocols_on_one_port),
		FIXTURE_TEST(test_rawsocket__not_after_http),
		FIXTURE_TEST(test_rawsocket__close_writes_what_is_queued),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
