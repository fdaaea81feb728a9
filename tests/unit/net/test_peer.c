/* peer against a router of a few lines, which speaks JSON. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/peer.h"
#include "net_test.h"

struct fixture {
	struct world w;
	struct peer *peer;
	unsigned joined, left, replies;
	bool refused, again, free_when_left, free_when_joined, call_when_joined;
	char reason[128], message[256], error[128];
	const char *abort; /* what the router says to HELLO, if not WELCOME */
	bool deaf;         /* it does not answer GOODBYE */
};

static struct fixture *fixture_of(struct session *s)
{
	return (struct fixture *)(void *)s->world; /* its first member */
}

static void say(struct session *s, const char *text)
{
	assert_int_equal(transport_send(s->t, bytes_str(text)), 0);
}

static void route(struct session *s, struct bytes message)
{
	struct fixture *f = fixture_of(s);
	char type = (char)message.data[1];

	if (type == '1')
		say(s, f->abort ? f->abort
				: "[2,77,{\"roles\":{\"dealer\":{},"
				  "\"broker\":{}}}]");
	else if (type == '6' && !f->deaf)
		say(s, "[6,{},\"wamp.close.goodbye_and_out\"]");
}

static void on_reply(void *ctx, struct bytes error,
		     const struct client_data *data)
{
	struct fixture *f = ctx;

	(void)data;
	f->replies++;
	snprintf(f->error, sizeof f->error, "%.*s", (int)error.len,
		 (const char *)error.data);
}

static void on_joined(void *ctx, struct client *c, uint64_t session,
		      const struct value *details)
{
	struct fixture *f = ctx;

	assert_int_equal(session, 77);
	assert_non_null(dict_get(details, "roles"));
	assert_ptr_equal(peer_client(f->peer), c);
	f->joined++;
	if (f->call_when_joined)
		assert_int_equal(client_call(c, "com.example.add", NULL, NULL,
					     NULL, on_reply, f, NULL),
				 0);
	if (f->free_when_joined) {
		peer_free(f->peer);
		f->peer = NULL;
	}
}

static void on_left(void *ctx, bool refused, const char *reason,
		    const char *message, bool again)
{
	struct fixture *f = ctx;

	f->left++;
	f->refused = refused;
	f->again = again;
	snprintf(f->reason, sizeof f->reason, "%s", reason);
	snprintf(f->message, sizeof f->message, "%s", message);
	assert_null(peer_client(f->peer));
	if (f->free_when_left) {
		peer_free(f->peer);
		f->peer = NULL;
	}
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	world_init(&f->w);
	f->w.on_message = route;
	world_start(&f->w);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	peer_free(f->peer);
	world_free(&f->w);
	free(f);
	return 0;
}

static void start(struct fixture *f, bool once)
{
	const struct peer_config config = {
		.where = f->w.url,
		.client = { .serializer = &serializer_json,
			    .limits = wamp_limits_default,
			    .realm = "realm1",
			    .agent = "test" },
		.transport = transport_limits_default,
		.once = once,
		.joined = on_joined,
		.left = on_left,
		.ctx = f,
	};

	f->peer = peer_new(f->w.loop, &config);
	assert_non_null(f->peer);
	assert_null(peer_client(f->peer));
}

static bool has_joined(void *ctx)
{
	struct fixture *f = ctx;

	return f->joined > f->left;
}

static bool has_left(void *ctx)
{
	struct fixture *f = ctx;

	return f->left > 0;
}

static void test_peer__joins_and_leaves(void **state)
{
	struct fixture *f = *state;

	start(f, false);
	until(&f->w, has_joined, f);
	assert_false(peer_is_congested(f->peer));
	peer_leave(f->peer, "wamp.close.system_shutdown");
	assert_int_equal(f->left, 0); /* in a later turn */
	until(&f->w, has_left, f);
	assert_string_equal(f->reason, "wamp.close.system_shutdown");
	assert_false(f->again);
	assert_false(f->refused);
	assert_non_null(memmem(f->w.sessions[0].last.data,
			       f->w.sessions[0].last.len,
			       "wamp.close.system_shutdown", 26));
	assert_true(f->w.sessions[0].closed);
}

static void test_peer__comes_back(void **state)
{
	struct fixture *f = *state;

	start(f, false);
	f->call_when_joined = true;
	until(&f->w, has_joined, f);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(f->joined, i + 1);
		transport_drop(f->w.sessions[i].t, "the router dies");
		f->left = 0;
		until(&f->w, has_left, f);
		f->left = i + 1;
		until(&f->w, has_joined, f);
	}
	assert_int_equal(f->left, 3);
	assert_true(f->again);
	assert_false(f->refused);
	assert_string_equal(f->reason, "wamp.error.closed");
	/* The calls that were open have been failed. */
	assert_int_equal(f->replies, 3);
	assert_string_equal(f->error, "wamp.error.closed");
}

static void test_peer__reconnect(void **state)
{
	struct fixture *f = *state;

	start(f, false);
	until(&f->w, has_joined, f);
	peer_reconnect(f->peer);
	until(&f->w, has_left, f);
	until(&f->w, has_joined, f);
	assert_int_equal(f->w.session_count, 2);
}

static void test_peer__refused(void **state)
{
	struct fixture *f = *state;

	f->abort = "[3,{\"message\":\"no such realm here\"},"
		   "\"wamp.error.no_such_realm\"]";
	start(f, true);
	until(&f->w, has_left, f);
	assert_true(f->refused);
	assert_false(f->again);
	assert_string_equal(f->reason, "wamp.error.no_such_realm");
	assert_string_equal(f->message, "no such realm here");
	assert_int_equal(f->joined, 0);
}

static void test_peer__nobody_there(void **state)
{
	struct fixture *f = *state;

	server_stop(f->w.server);
	turn(&f->w);
	start(f, false);
	until(&f->w, has_left, f);
	assert_true(f->again);
	assert_false(f->refused);
	assert_non_null(strstr(f->message, "connection refused"));
}

static void test_peer__garbage_ends_the_session(void **state)
{
	struct fixture *f = *state;

	f->abort = "garbage";
	start(f, true);
	until(&f->w, has_left, f);
	assert_string_equal(f->reason, "wamp.error.protocol_violation");
}

static void test_peer__leaves_a_deaf_router(void **state)
{
	struct fixture *f = *state;

	f->deaf = true;
	start(f, false);
	until(&f->w, has_joined, f);
	peer_leave(f->peer, "wamp.close.normal");
	until(&f->w, has_left, f);
	assert_false(f->again);
}

static void test_peer__leaves_at_any_time(void **state)
{
	struct fixture *f = *state;

	for (int turns = 0; turns < 8; turns++) {
		f->left = 0;
		start(f, false);
		for (int i = 0; i < turns; i++)
			turn(&f->w);
		peer_leave(f->peer, "wamp.close.normal");
		peer_leave(f->peer, "wamp.close.normal");
		until(&f->w, has_left, f);
		assert_false(f->again);
		assert_int_equal(f->left, 1);
		peer_free(f->peer);
		f->peer = NULL;
	}
}

static void test_peer__freed_at_any_time(void **state)
{
	struct fixture *f = *state;

	f->call_when_joined = true;
	for (int turns = 0; turns < 12; turns++) {
		start(f, false);
		for (int i = 0; i < turns; i++)
			turn(&f->w);
		peer_free(f->peer);
		f->peer = NULL;
	}
	assert_int_equal(f->left, 0);
	assert_int_equal(f->replies, 0);
}

static void test_peer__freed_by_its_callbacks(void **state)
{
	struct fixture *f = *state;

	f->free_when_joined = true;
	start(f, false);
	until(&f->w, has_joined, f);
	assert_null(f->peer);
	for (int i = 0; i < 10; i++)
		turn(&f->w);
	assert_int_equal(f->left, 0);

	f->free_when_joined = false;
	f->free_when_left = true;
	start(f, false);
	f->joined = 0;
	until(&f->w, has_joined, f);
	transport_drop(f->w.sessions[1].t, "gone");
	until(&f->w, has_left, f);
	assert_null(f->peer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_peer__joins_and_leaves),
		TEST(test_peer__comes_back),
		TEST(test_peer__reconnect),
		TEST(test_peer__refused),
		TEST(test_peer__nobody_there),
		TEST(test_peer__garbage_ends_the_session),
		TEST(test_peer__leaves_a_deaf_router),
		TEST(test_peer__leaves_at_any_time),
		TEST(test_peer__freed_at_any_time),
		TEST(test_peer__freed_by_its_callbacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
