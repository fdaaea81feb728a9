/* Several messages in one WebSocket message: the server against a client that
 * speaks bytes, and our own client against the server. */
#include <stdlib.h>
#include <string.h>

#include "caller.h"
#include "fixture.h"
#include "tests/unit/base/fail_malloc.h"
#include "wamp/batch.h"

enum { TEXT = 0x81, BINARY = 0x82, BATCH_BYTES = 64 * 1024 };

/* --- what comes in ------------------------------------------------------- */

static void test_batched__json_both_ways(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.json.batched");
	raw_frame(&f->r, TEXT, "[1]\x1e[22]\x1e[3]\x1e", 13);
	raw_expect_frame(&f->r, TEXT, "[1]\x1e[22]\x1e[3]\x1e", 13);
	assert_int_equal(f->w.sessions[0].messages, 3);
	raw_frame(&f->r, TEXT, "[4]\x1e", 4);
	raw_expect_frame(&f->r, TEXT, "[4]\x1e", 4);
}

static void test_batched__binary_both_ways(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.msgpack.batched");
	raw_frame(&f->r, BINARY, "\0\0\0\1a\0\0\0\2\0\x1e", 11);
	raw_expect_frame(&f->r, BINARY, "\0\0\0\1a\0\0\0\2\0\x1e", 11);
	assert_int_equal(f->w.sessions[0].messages, 2);
}

/* Messages that came alone, in one turn, are answered together. */
static void test_batched__answers_of_one_turn_share_a_message(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.json.batched");
	raw_send(&f->r, "\x81\x82\0\0\0\0a\x1e\x81\x82\0\0\0\0b\x1e", 16);
	raw_expect_frame(&f->r, TEXT, "a\x1e" "b\x1e", 4);
}

/* Who ends messages as Autobahn|Python does is answered like that. */
static void test_batched__the_octal_separator(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.json.batched");
	raw_frame(&f->r, TEXT, "[1]\x18[2]\x18", 8);
	raw_expect_frame(&f->r, TEXT, "[1]\x18[2]\x18", 8);
	raw_frame(&f->r, TEXT, "[3]\x18", 4);
	raw_expect_frame(&f->r, TEXT, "[3]\x18", 4);
	assert_int_equal(f->w.sessions[0].messages, 3);
}

static void test_batched__nothing_in_it(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.msgpack.batched");
	raw_frame(&f->r, BINARY, "", 0);
	fixture_expect_close(f, 1002, "a batch with nothing where a message must be");
	assert_int_equal(f->w.sessions[0].messages, 0);
}

static void test_batched__empty_message(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.json.batched");
	raw_frame(&f->r, TEXT, "[1]\x1e\x1e[2]\x1e", 9);
	raw_expect_frame(&f->r, TEXT, "[1]\x1e", 4);
	fixture_expect_close(f, 1002, "a batch with nothing where a message must be");
	assert_int_equal(f->w.sessions[0].messages, 1);
}

static void test_batched__no_separator(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.json.batched");
	raw_frame(&f->r, TEXT, "[1]", 3);
	fixture_expect_close(f, 1002, "a batch that ends within a message");
}

static void test_batched__lying_length(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.msgpack.batched");
	raw_frame(&f->r, BINARY, "\0\0\0\1a\xff\xff\xff\xffx", 10);
	raw_expect_frame(&f->r, BINARY, "\0\0\0\1a", 5);
	fixture_expect_close(f, 1002, "a batch that ends within a message");
	assert_int_equal(f->w.sessions[0].messages, 1);
}

static void test_batched__half_a_length(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.msgpack.batched");
	raw_frame(&f->r, BINARY, "\0\0\0", 3);
	fixture_expect_close(f, 1002, "a batch that ends within a message");
}

static void test_batched__text_where_binary_is_spoken(void **state)
{
	struct fixture *f = *state;

	fixture_upgrade(f, "wamp.2.msgpack.batched");
	raw_frame(&f->r, TEXT, "\0\0\0\1a", 5);
	fixture_expect_close(f, 1003, "a text frame where binary is spoken");
}

/* --- closed in the middle ------------------------------------------------ */

static void close_at_two(struct session *s, struct bytes message)
{
	(void)transport_send(s->t, message);
	if (s->messages == 2)
		transport_close(s->t, 1008, "enough");
}

static void drop_at_two(struct session *s, struct bytes message)
{
	(void)message;
	if (s->messages == 2)
		transport_drop(s->t, "dropped");
}

static void test_batched__closed_in_the_middle(void **state)
{
	struct fixture *f = *state;

	f->w.on_message = close_at_two;
	fixture_upgrade(f, "wamp.2.json.batched");
	raw_frame(&f->r, TEXT, "a\x1e" "b\x1e" "c\x1e\x1e", 7);
	raw_expect_frame(&f->r, TEXT, "a\x1e" "b\x1e", 4);
	raw_expect_len(&f->r, 4);
	assert_int_equal(f->r.in.data[0], 0x88);
	raw_frame(&f->r, 0x88, "\x03\xe8", 2);
	raw_expect_end(&f->r);
	raw_close(&f->r);
	until(&f->w, is_session_closed, &f->w);
	assert_string_equal(f->w.sessions[0].why, "enough");
	assert_int_equal(f->w.sessions[0].messages, 2);
}

static void test_batched__dropped_in_the_middle(void **state)
{
	struct fixture *f = *state;

	f->w.on_message = drop_at_two;
	fixture_upgrade(f, "wamp.2.json.batched");
	raw_frame(&f->r, TEXT, "a\x1e" "b\x1e" "c\x1e", 6);
	until(&f->w, is_session_closed, &f->w);
	assert_string_equal(f->w.sessions[0].why, "dropped");
	assert_int_equal(f->w.sessions[0].messages, 2);
}

/* --- limits -------------------------------------------------------------- */

static void test_batched__message_max_is_for_each(void **state)
{
	struct fixture *f = *state;
	char data[3 * 101];

	f->w.config.limits.message_max = 100;
	memset(data, 'x', sizeof data);
	data[100] = data[201] = data[302] = 0x1e;
	fixture_upgrade(f, "wamp.2.json.batched");
	raw_frame(&f->r, TEXT, data, sizeof data);
	raw_expect_len(&f->r, 4 + sizeof data);
	assert_int_equal(f->w.sessions[0].messages, 3);
	buf_clear(&f->r.in);
	data[100] = 'x';
	raw_frame(&f->r, TEXT, data, sizeof data);
	fixture_expect_close(f, 1009, "message too big");
	assert_int_equal(f->w.sessions[0].messages, 3);
}

static void swallow(struct session *s, struct bytes message)
{
	(void)s;
	(void)message;
}

/* As many one-byte messages as make so many bytes. */
static void send_ones(struct fixture *f, size_t len)
{
	char *data = malloc(len);

	assert_non_null(data);
	for (size_t i = 0; i < len; i++)
		data[i] = i % 2 ? 0x1e : '1';
	raw_frame(&f->r, TEXT, data, len);
	free(data);
}

struct wanted {
	struct session *session;
	unsigned messages;
};

static bool has_messages(void *ctx)
{
	struct wanted *wanted = ctx;

	return wanted->session->messages >= wanted->messages;
}

static void test_batched__messages_max(void **state)
{
	struct fixture *f = *state;
	struct wanted wanted = { &f->w.sessions[0], 4096 };

	f->w.on_message = swallow;
	fixture_upgrade(f, "wamp.2.json.batched");
	send_ones(f, 2 * 4096);
	until(&f->w, has_messages, &wanted);
	send_ones(f, 2 * 4097);
	fixture_expect_close(f, 1009, "too many messages in a batch");
	assert_int_equal(f->w.sessions[0].messages, 2 * 4096);
}

static void test_batched__whole_has_a_bound(void **state)
{
	struct fixture *f = *state;

	f->w.config.limits.message_max = 100;
	f->w.on_message = swallow;
	fixture_upgrade(f, "wamp.2.json.batched");
	send_ones(f, BATCH_BYTES + 102);
	fixture_expect_close(f, 1009, "message too big");
	assert_int_equal(f->w.sessions[0].messages, 0);
}

/* --- our own client ------------------------------------------------------ */

static void dial(struct caller *c, struct world *w, const struct url *url,
		 const struct serializer *serializer)
{
	caller_begin(c, w, url, serializer, NULL);
	dial_batched(c->dial);
	caller_wait(c);
}

struct echo {
	struct caller *caller;
	unsigned messages;
};

static bool has_echo(void *ctx)
{
	struct echo *e = ctx;

	return e->caller->messages >= e->messages || e->caller->closed;
}

/* More of them than go into one batch, and one that is longer than a batch. */
static void talk(struct world *w, const struct serializer *serializer)
{
	enum { COUNT = 5000, SMALL = 30, LARGE = 150000 };
	char *data = malloc(LARGE);
	struct caller c;
	struct echo all = { &c, COUNT + 1 };

	assert_non_null(data);
	memset(data, 'x', LARGE);
	dial(&c, w, &w->url, serializer);
	assert_non_null(c.t);
	for (unsigned i = 0; i < COUNT; i++) {
		struct bytes message = bytes_of(data, SMALL);

		if (i == COUNT / 2)
			message.len = LARGE;
		assert_int_equal(transport_send2(c.t, bytes_of("h", 1),
						 message),
				 0);
	}
	assert_true(transport_output(c.t) > COUNT * SMALL + LARGE);
	assert_int_equal(transport_send(c.t, bytes_of("x", 1)), 0);
	until(w, has_echo, &all);
	assert_int_equal(c.messages, COUNT + 1);
	assert_int_equal(c.bytes, (COUNT - 1) * (SMALL + 1) + LARGE + 1 + 1);
	caller_hang_up(&c);
	free(data);
}

static void test_batched__our_client(void **state)
{
	struct fixture *f = *state;

	world_start(&f->w);
	talk(&f->w, &serializer_json);
	talk(&f->w, &serializer_msgpack);
	assert_int_equal(f->w.sessions[0].messages, 5001);
	assert_int_equal(f->w.sessions[1].messages, 5001);
}

/* What is sent before a close goes out before it. */
static void test_batched__sent_and_closed_at_once(void **state)
{
	struct fixture *f = *state;
	struct caller c;

	world_start(&f->w);
	dial(&c, &f->w, &f->w.url, &serializer_json);
	assert_int_equal(transport_send(c.t, bytes_of("a", 1)), 0);
	assert_int_equal(transport_send(c.t, bytes_of("b", 1)), 0);
	caller_hang_up(&c);
	until(&f->w, is_session_closed, &f->w);
	assert_int_equal(f->w.sessions[0].messages, 2);
}

static void test_batched__refused_where_it_is_not_spoken(void **state)
{
	struct fixture *f = *state;
	struct caller c;

	world_start(&f->w);
	dial(&c, &f->w, &f->w.url, &serializer_cbor);
	assert_true(c.failed);
}

static void test_batched__rawsocket_has_none(void **state)
{
	struct fixture *f = *state;
	struct caller c;
	struct echo one = { &c, 1 };
	struct url url;

	world_start(&f->w);
	url = f->w.url;
	url.scheme = URL_RS;
	dial(&c, &f->w, &url, &serializer_json);
	assert_non_null(c.t);
	assert_int_equal(transport_send(c.t, bytes_of("[1]", 3)), 0);
	until(&f->w, has_echo, &one);
	assert_int_equal(c.bytes, 3);
	caller_hang_up(&c);
}

/* Each allocation of sending and answering fails once: the connection may end,
 * nothing is lost silently. */
static void test_batched__no_memory_to_send(void **state)
{
	struct fixture *f = *state;
	struct caller c;
	bool hit = true;

	world_start(&f->w);
	for (size_t n = 1; hit; n++) {
		struct echo one = { &c, 1 };
		int err;

		memset(f->w.sessions, 0, sizeof f->w.sessions);
		f->w.session_count = 0;
		dial(&c, &f->w, &f->w.url, &serializer_json);
		fail_malloc_at(n);
		err = transport_send(c.t, bytes_of("[1]", 3));
		turn(&f->w);
		hit = fail_malloc_off();
		assert_true(!err || hit);
		until(&f->w, has_echo, &one);
		assert_true(hit || c.messages == 1);
		assert_true(!err || c.closed);
		assert_true(hit || n > 2);
		caller_hang_up(&c);
		until(&f->w, is_session_closed, &f->w);
		buf_deinit(&f->w.sessions[0].last);
	}
}

#define T(name) FIXTURE_TEST(test_batched__##name)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(json_both_ways),
		T(binary_both_ways),
		T(answers_of_one_turn_share_a_message),
		T(the_octal_separator),
		T(nothing_in_it),
		T(empty_message),
		T(no_separator),
		T(lying_length),
		T(half_a_length),
		T(text_where_binary_is_spoken),
		T(closed_in_the_middle),
		T(dropped_in_the_middle),
		T(message_max_is_for_each),
		T(messages_max),
		T(whole_has_a_bound),
		T(our_client),
		T(sent_and_closed_at_once),
		T(refused_where_it_is_not_spoken),
		T(rawsocket_has_none),
		T(no_memory_to_send),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
