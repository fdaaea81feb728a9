/* The server's WebSocket against a client that speaks bytes, badly too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

/* Opening bytes of frames: FIN with an opcode, and an opcode without FIN. */
enum {
	TEXT = 0x81,
	BINARY = 0x82,
	CLOSE = 0x88,
	PING = 0x89,
	PONG = 0x8A,
	TEXT_BEGINS = 0x01,
	BINARY_BEGINS = 0x02,
	GOES_ON = 0x00,
	ENDS = 0x80,
};

static void test_websocket__one_byte_writes(void **state)
{
	struct fixture *f = *state;
	const char *head = upgrade_head;

	world_start(&f->w);
	raw_connect(&f->r, &f->w);
	for (; *head; head++) {
		raw_send(&f->r, head, 1);
		turn(&f->w);
	}
	raw_text(&f->r, "wamp.2.json\r\n\r\n");
	raw_expect_status(&f->r, 101);
	for (const char *c = "\x81\x85\1\1\1\1iglmn"; *c; c++) {
		raw_send(&f->r, c, 1);
		turn(&f->w);
	}
	raw_expect_frame(&f->r, TEXT, "hfmlo", 5);
}

static void test_websocket__bytes_behind_the_handshake(void **state)
{
	struct fixture *f = *state;
	char text[1024];
	int len;

	world_start(&f->w);
	raw_connect(&f->r, &f->w);
	len = snprintf(text, sizeof text, "%swamp.2.json\r\n\r\n%s",
		       upgrade_head, "\x81\x82\1\1\1\1ab");
	raw_send(&f->r, text, (size_t)len);
	raw_expect_status(&f->r, 101);
	raw_expect_frame(&f->r, TEXT, "`c", 2);
}

static void test_websocket__fragments_and_controls_between(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.json");
	raw_frame(&f->r, TEXT_BEGINS, "one, ", 5);
	raw_frame(&f->r, PING, "hey", 3);
	raw_expect_frame(&f->r, PONG, "hey", 3);
	raw_frame(&f->r, GOES_ON, "", 0);
	raw_frame(&f->r, GOES_ON, "two, ", 5);
	raw_frame(&f->r, PONG, "unasked for", 11);
	raw_frame(&f->r, PING, "", 0);
	raw_expect_frame(&f->r, PONG, "", 0);
	raw_frame(&f->r, ENDS, "three", 5);
	raw_expect_frame(&f->r, TEXT, "one, two, three", 15);
	assert_int_equal(f->w.sessions[0].messages, 1);
	raw_frame(&f->r, TEXT, "four", 4);
	raw_expect_frame(&f->r, TEXT, "four", 4);
}

static void test_websocket__many_in_one_write(void **state)
{
	struct fixture *f = *state;
	uint8_t frames[100 * 7];

	fixture_upgrade(f, "wamp.2.msgpack");
	for (size_t i = 0; i < 100; i++)
		memcpy(frames + 7 * i, "\x82\x81\0\0\0\0x", 7);
	raw_send(&f->r, frames, sizeof frames);
	for (size_t i = 0; i < 100; i++)
		raw_expect_frame(&f->r, BINARY, "x", 1);
}

static void test_websocket__message_max(void **state)
{
	struct fixture *f = *state;
	char data[1001] = { 0 };

	f->w.config.limits.message_max = 1000;
	fixture_upgrade(f, "wamp.2.msgpack");
	raw_frame(&f->r, BINARY, data, 1000);
	raw_expect_len(&f->r, 1004);
	buf_clear(&f->r.in);
	raw_frame(&f->r, BINARY_BEGINS, data, 999);
	raw_frame(&f->r, GOES_ON, data, 1);
	raw_frame(&f->r, ENDS, data, 1);
	fixture_expect_close(f, 1009, "message too big");
}

static void test_websocket__declared_length_is_not_believed(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.msgpack");
	/* 2^62 bytes are to come, and the first of them. */
	raw_send(&f->r, "\x82\xff\x40\0\0\0\0\0\0\0\0\0\0\0x", 15);
	fixture_expect_close(f, 1009, "message too big");
}

static void test_websocket__fragments_max(void **state)
{
	struct fixture *f = *state;

	f->w.config.limits.fragments_max = 4;
	fixture_upgrade(f, "wamp.2.msgpack");
	for (int round = 0; round < 2; round++) {
		raw_frame(&f->r, BINARY_BEGINS, "a", 1);
		raw_frame(&f->r, GOES_ON, "b", 1);
		raw_frame(&f->r, GOES_ON, "c", 1);
		if (round == 0) {
			raw_frame(&f->r, ENDS, "d", 1);
			raw_expect_frame(&f->r, BINARY, "abcd", 4);
		}
	}
	raw_frame(&f->r, GOES_ON, "d", 1);
	raw_frame(&f->r, GOES_ON, "e", 1);
	fixture_expect_close(f, 1009, "too many fragments");
}

static void test_websocket__unmasked(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.msgpack");
	raw_send(&f->r, "\x82\x01x", 3);
	fixture_expect_close(f, 1002, "an unmasked frame of a client");
}

static void test_websocket__reserved_bits(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.msgpack");
	raw_frame(&f->r, 0xC2, "x", 1);
	fixture_expect_close(f, 1002, "reserved bits");
}

static void test_websocket__reserved_opcode(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.msgpack");
	raw_frame(&f->r, 0x83, "x", 1);
	fixture_expect_close(f, 1002, "reserved opcode");
}

static void test_websocket__fragmented_control(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.msgpack");
	raw_frame(&f->r, 0x09, "x", 1);
	fixture_expect_close(f, 1002, "malformed frame");
}

static void test_websocket__long_control(void **state)
{
	struct fixture *f = *state;
	char data[126] = { 0 };

	fixture_upgrade(f, "wamp.2.msgpack");
	raw_frame(&f->r, PING, data, 125);
	raw_expect_frame(&f->r, PONG, data, 125);
	raw_frame(&f->r, PING, data, 126);
	fixture_expect_close(f, 1002, "malformed frame");
}

static void test_websocket__continuation_of_nothing(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.msgpack");
	raw_frame(&f->r, ENDS, "x", 1);
	fixture_expect_close(f, 1002, "a continuation of nothing");
}

static void test_websocket__message_in_a_message(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.msgpack");
	raw_frame(&f->r, BINARY_BEGINS, "x", 1);
	raw_frame(&f->r, BINARY, "y", 1);
	fixture_expect_close(f, 1002, "a message inside a message");
}

static void test_websocket__invalid_utf8(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.json");
	/* A character may be split over frames. */
	raw_frame(&f->r, TEXT_BEGINS, "\xc3", 1);
	raw_frame(&f->r, ENDS, "\xa4", 1);
	raw_expect_frame(&f->r, TEXT, "\xc3\xa4", 2);
	raw_frame(&f->r, TEXT, "a\xc3z", 3);
	fixture_expect_close(f, 1007, "text that is not UTF-8");
	assert_int_equal(f->w.sessions[0].messages, 1);
}

static void test_websocket__wrong_type_of_frame(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.json");
	raw_frame(&f->r, BINARY, "[]", 2);
	fixture_expect_close(f, 1003, "a binary frame where text is spoken");
}

static void test_websocket__close_is_answered(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.json");
	raw_frame(&f->r, TEXT, "last", 4);
	raw_frame(&f->r, CLOSE, "\x03\xe8over", 6);
	raw_expect_frame(&f->r, TEXT, "last", 4);
	fixture_expect_close(f, 1000, "the peer said goodbye: 1000 over");
}

static void test_websocket__empty_close(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.json");
	raw_frame(&f->r, CLOSE, "", 0);
	raw_expect_frame(&f->r, CLOSE, "", 0);
	raw_expect_end(&f->r);
}

static void test_websocket__bad_closes(void **state)
{
	static const struct {
		const char *payload;
		size_t len;
		unsigned answer;
	} cases[] = {
		{ "\x03", 1, 1002 },	 { "\x03\xe7", 2, 1002 },
		{ "\x03\xed", 2, 1002 }, { "\x03\xee", 2, 1002 },
		{ "\x07\xd0", 2, 1002 }, { "\x03\xe8\xff", 3, 1007 },
	};
	struct fixture *f = *state;

	world_start(&f->w);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		raw_upgrade(&f->r, &f->w, "wamp.2.json");
		raw_frame(&f->r, CLOSE, cases[i].payload, cases[i].len);
		raw_expect_close(&f->r, cases[i].answer);
		raw_close(&f->r);
	}
}

static void test_websocket__nothing_after_close(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.json");
	transport_close(f->w.sessions[0].t, 1008, "enough");
	raw_frame(&f->r, TEXT, "too late", 8);
	raw_expect_len(&f->r, 10);
	raw_frame(&f->r, CLOSE, "\x03\xf0", 2);
	fixture_expect_close(f, 1008, "enough");
	assert_int_equal(f->w.sessions[0].messages, 0);
}

static void test_websocket__close_by_force(void **state)
{
	struct fixture *f = *state;

	f->w.config.limits.close_ms = 20;
	fixture_upgrade(f, "wamp.2.json");
	transport_close(f->w.sessions[0].t, 1001, "bye");
	/* The client neither answers nor closes. */
	until(&f->w, is_session_closed, &f->w);
	assert_string_equal(f->w.sessions[0].why, "bye");
}

static void test_websocket__lost_without_goodbye(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.json");
	raw_close(&f->r);
	until(&f->w, is_session_closed, &f->w);
	assert_string_equal(f->w.sessions[0].why, "the peer closed it");
}

static void test_websocket__silent_peer_is_pinged_then_closed(void **state)
{
	struct fixture *f = *state;

	f->w.config.limits.ping_ms = 20;
	f->w.config.limits.silence_ms = 400;
	fixture_upgrade(f, "wamp.2.json");
	raw_expect_frame(&f->r, PING, "", 0);
	raw_frame(&f->r, PONG, "", 0);
	raw_expect_frame(&f->r, PING, "", 0); /* it was heard: another one */
	until(&f->w, is_session_closed, &f->w);
	assert_string_equal(f->w.sessions[0].why,
			    "it has been silent for too long");
	raw_expect_end(&f->r);
	assert_int_equal(f->r.in.len, 0); /* one ping a silence */
}

static void test_websocket__message_begun_must_end(void **state)
{
	struct fixture *f = *state;

	f->w.config.limits.message_ms = 30;
	fixture_upgrade(f, "wamp.2.json");
	raw_frame(&f->r, TEXT_BEGINS, "and then", 8);
	fixture_expect_close(f, 1008, "a message took too long");
}

static void test_websocket__frame_begun_must_end(void **state)
{
	struct fixture *f = *state;

	f->w.config.limits.message_ms = 30;
	fixture_upgrade(f, "wamp.2.json");
	raw_frame(&f->r, TEXT, "whole", 5);
	raw_send(&f->r, "\x81", 1); /* half a header */
	raw_expect_frame(&f->r, TEXT, "whole", 5);
	fixture_expect_close(f, 1008, "a message took too long");
}

/* Sends until the session is cut, reading nothing. */
static void flood(struct fixture *f)
{
	char chunk[4096] = { 0 };
	struct session *s = &f->w.sessions[0];

	stream_read(f->r.stream, false);
	for (int i = 0; i < 100000 && s->t; i++) {
		if (transport_send(s->t, bytes_of(chunk, sizeof chunk)))
			break;
		if (i % 16 == 0)
			turn(&f->w);
	}
	until(&f->w, is_session_closed, &f->w);
}

static void test_websocket__slow_reader_is_cut_by_output_max(void **state)
{
	struct fixture *f = *state;

	f->w.config.limits.output_max = 100000;
	fixture_upgrade(f, "wamp.2.msgpack");
	flood(f);
	assert_string_equal(f->w.sessions[0].why,
			    "it does not read what it is sent");
}

static void test_websocket__slow_reader_is_cut_by_stall(void **state)
{
	struct fixture *f = *state;
	size_t len = 20 << 20; /* more than any socket's buffers */
	char *data = calloc(1, len);

	assert_non_null(data);
	f->w.config.limits.stall_ms = 40;
	fixture_upgrade(f, "wamp.2.msgpack");
	stream_read(f->r.stream, false);
	/* Larger than output_max, but nothing is before it. */
	assert_int_equal(
		transport_send(f->w.sessions[0].t, bytes_of(data, len)), 0);
	free(data);
	until(&f->w, is_session_closed, &f->w);
	assert_string_equal(f->w.sessions[0].why,
			    "it has read nothing for too long");
}

static bool has_drained(void *ctx)
{
	return ((struct world *)ctx)->sessions[0].drained > 0;
}

static void test_websocket__drained_when_it_reads_on(void **state)
{
	struct fixture *f = *state;
	size_t len = 12 << 20;
	char *data = calloc(1, len);
	struct session *s = &f->w.sessions[0];

	assert_non_null(data);
	fixture_upgrade(f, "wamp.2.msgpack");
	stream_read(f->r.stream, false);
	assert_int_equal(transport_send(s->t, bytes_of(data, len)), 0);
	free(data);
	for (int i = 0; i < 10; i++)
		turn(&f->w);
	assert_int_equal(s->drained, 0);
	assert_true(transport_output(s->t) > f->w.config.limits.output_max / 4);
	stream_read(f->r.stream, true);
	until(&f->w, has_drained, &f->w);
	assert_int_equal(s->drained, 1);
}

static bool has_all(void *ctx)
{
	return ((struct raw *)ctx)->in.len == 100000 * (2 + 100);
}

/* Much more than output_max is asked for in one turn. */
static void test_websocket__who_asks_much_is_read_in_portions(void **state)
{
	struct fixture *f = *state;
	static const char text[100] = { 0 };
	struct session *s = &f->w.sessions[0];

	f->w.config.limits.output_max = 200000;
	fixture_upgrade(f, "wamp.2.msgpack");
	stream_read(f->r.stream, false);
	for (int i = 0; i < 100000; i++)
		raw_frame(&f->r, BINARY, text, sizeof text);
	for (int i = 0; i < 100; i++) {
		turn(&f->w);
		assert_false(s->closed);
		assert_true(transport_output(s->t) < 200000);
	}
	/* It reads on, and nothing is missing. */
	stream_read(f->r.stream, true);
	until(&f->w, has_all, &f->r);
	assert_false(s->closed);
}

static void test_websocket__ping_flood_without_reading(void **state)
{
	struct fixture *f = *state;
	static uint8_t pings[131 * 500];
	struct session *s = &f->w.sessions[0];

	for (size_t i = 0; i < sizeof pings; i += 131)
		memcpy(pings + i, "\x89\xfd", 2); /* 125 bytes, masked by 0 */
	f->w.config.limits.output_max = 65536;
	fixture_upgrade(f, "wamp.2.msgpack");
	stream_read(f->r.stream, false);
	for (int i = 0; i < 400 && s->t; i++) {
		raw_send(&f->r, pings, sizeof pings);
		turn(&f->w);
		if (s->t)
			assert_true(transport_output(s->t) < 65536);
	}
	assert_false(s->closed);
	/* It reads again, and is served as before. */
	stream_read(f->r.stream, true);
	raw_frame(&f->r, BINARY, "still there", 11);
	raw_expect_text(&f->r, "still there");
}

static void test_websocket__pause_and_resume(void **state)
{
	struct fixture *f = *state;
	struct session *s = &f->w.sessions[0];

	f->w.config.limits.silence_ms = 50;
	fixture_upgrade(f, "wamp.2.json");
	transport_pause(s->t);
	raw_frame(&f->r, TEXT, "wait", 4);
	for (int i = 0; i < 10; i++)
		turn(&f->w);
	assert_int_equal(s->messages, 0);
	uv_sleep(60); /* what is not read is not silence */
	for (int i = 0; i < 10; i++)
		turn(&f->w);
	assert_false(s->closed);
	transport_resume(s->t);
	raw_expect_frame(&f->r, TEXT, "wait", 4);
}

static void test_websocket__stopped_process_is_not_silence(void **state)
{
	struct fixture *f = *state;

	f->w.config.limits.silence_ms = 50;
	fixture_upgrade(f, "wamp.2.json");
	raw_frame(&f->r, TEXT, "hello", 5);
	uv_sleep(80); /* as SIGSTOP would: timers are due, bytes unread */
	raw_expect_frame(&f->r, TEXT, "hello", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TEST(test_websocket__one_byte_writes),
		FIXTURE_TEST(test_websocket__bytes_behind_the_handshake),
		FIXTURE_TEST(test_websocket__fragments_and_controls_between),
		FIXTURE_TEST(test_websocket__many_in_one_write),
		FIXTURE_TEST(test_websocket__message_max),
		FIXTURE_TEST(test_websocket__declared_length_is_not_believed),
		FIXTURE_TEST(test_websocket__fragments_max),
		FIXTURE_TEST(test_websocket__unmasked),
		FIXTURE_TEST(test_websocket__reserved_bits),
		FIXTURE_TEST(test_websocket__reserved_opcode),
		FIXTURE_TEST(test_websocket__fragmented_control),
		FIXTURE_TEST(test_websocket__long_control),
		FIXTURE_TEST(test_websocket__continuation_of_nothing),
		FIXTURE_TEST(test_websocket__message_in_a_message),
		FIXTURE_TEST(test_websocket__invalid_utf8),
		FIXTURE_TEST(test_websocket__wrong_type_of_frame),
		FIXTURE_TEST(test_websocket__close_is_answered),
		FIXTURE_TEST(test_websocket__empty_close),
		FIXTURE_TEST(test_websocket__bad_closes),
		FIXTURE_TEST(test_websocket__nothing_after_close),
		FIXTURE_TEST(test_websocket__close_by_force),
		FIXTURE_TEST(test_websocket__lost_without_goodbye),
		FIXTURE_TEST(test_websocket__silent_peer_is_pinged_then_closed),
		FIXTURE_TEST(test_websocket__message_begun_must_end),
		FIXTURE_TEST(test_websocket__frame_begun_must_end),
		FIXTURE_TEST(test_websocket__slow_reader_is_cut_by_output_max),
		FIXTURE_TEST(test_websocket__slow_reader_is_cut_by_stall),
		FIXTURE_TEST(test_websocket__drained_when_it_reads_on),
		FIXTURE_TEST(test_websocket__who_asks_much_is_read_in_portions),
		FIXTURE_TEST(test_websocket__ping_flood_without_reading),
		FIXTURE_TEST(test_websocket__pause_and_resume),
		FIXTURE_TEST(test_websocket__stopped_process_is_not_silence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
