/*
 * client_fixture: a client before the fake router, with callbacks that write
 * down what they saw. Included by one source file of a test program each.
 */
#ifndef TESTS_WAMP_CLIENT_FIXTURE_H
#define TESTS_WAMP_CLIENT_FIXTURE_H

#include "fake_router.h"

static struct arena arena;

UNUSED static struct value *json(const char *text)
{
	return tree(&arena, text);
}

/* --- callbacks that write down what they saw ----------------------------- */

UNUSED static void log_value(struct peer *p, const struct value *v)
{
	size_t left = fail_malloc_pause();
	struct buf b;

	buf_init(&b);
	assert_int_equal(serializer_json.encode(&b, v), 0);
	log_add(p, "%.*s", (int)b.len, (const char *)b.data);
	buf_deinit(&b);
	fail_malloc_go_on(left);
}

UNUSED
static void on_reply(void *ctx, struct bytes error,
		     const struct client_data *data)
{
	((struct peer *)ctx)->replies++;
	log_add(ctx, "reply:%.*s", (int)error.len, (const char *)error.data);
	log_value(ctx, data->details);
	log_value(ctx, data->args);
	log_value(ctx, data->kwargs);
	log_add(ctx, " ");
}

UNUSED
static void on_invoke(void *ctx, uint64_t invocation,
		      const struct client_data *data)
{
	log_add(ctx, "invoke:%llu", (unsigned long long)invocation);
	log_value(ctx, data->args);
	log_add(ctx, " ");
}

UNUSED
static void on_interrupt(void *ctx, uint64_t invocation, struct bytes mode)
{
	log_add(ctx, "interrupt:%llu:%.*s ", (unsigned long long)invocation,
		(int)mode.len, (const char *)mode.data);
}

UNUSED
static void on_event(void *ctx, uint64_t publication,
		     const struct client_data *data)
{
	log_add(ctx, "event:%llu", (unsigned long long)publication);
	log_value(ctx, data->args);
	log_add(ctx, " ");
}

/* --- fixtures ------------------------------------------------------------ */

UNUSED
static void peer_init(struct peer *p, const struct serializer *serializer)
{
	struct client_config config;

	memset(p, 0, sizeof *p);
	p->serializer = serializer;
	config = peer_config(p);
	p->client = client_new(&config);
	assert_non_null(p->client);
}

UNUSED static void join(struct peer *p)
{
	assert_int_equal(client_open(p->client), 0);
	skip_sent(p);
	assert_int_equal(say(p, "[2,77,{\"roles\":{}}]"), 0);
	assert_true(client_is_joined(p->client));
	assert_log(p, "joined:77: ");
}

UNUSED static int set_up(void **state)
{
	struct peer *p = calloc(1, sizeof *p);

	if (!p)
		return -1;
	arena_init(&arena, 4096);
	peer_init(p, every[0]);
	*state = p;
	return 0;
}

UNUSED static int set_up_joined(void **state)
{
	int err = set_up(state);

	if (!err)
		join(*state);
	return err;
}

UNUSED static int tear_down(void **state)
{
	peer_deinit(*state);
	free(*state);
	arena_deinit(&arena);
	return 0;
}

/* It has registered "a", of which the router says 900. */
UNUSED static void registered(struct peer *p)
{
	assert_int_equal(client_register(p->client, "a",
					 json("{\"concurrency\":2}"), on_invoke,
					 on_interrupt, on_reply, p),
			 0);
	assert_sent(p, "[64,1,{\"concurrency\":2},\"a\"]");
	assert_int_equal(say(p, "[65,1,900]"), 0);
	assert_log(p, "reply:{\"registration\":900}[]{} ");
}

/* The router says it in MessagePack. */
UNUSED static int say_hex(struct peer *p, const char *hex)
{
	struct bytes raw = from_hex(hex);
	int err = client_receive(p->client, raw);

	free((void *)raw.data);
	return err;
}

#define JOINED(test) \
	cmocka_unit_test_setup_teardown(test, set_up_joined, tear_down)
#define CLOSED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

#endif
