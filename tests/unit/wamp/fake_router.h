/*
 * fake_router: the other end of a client in these tests. It keeps what the
 * client sent as JSON, one text a message, and says to it what a test says in
 * JSON. No sockets, no time.
 */
#ifndef TESTS_FAKE_ROUTER_H
#define TESTS_FAKE_ROUTER_H

#include "support.h"

#include <stdio.h>

#include "base/buf.h"
#include "tests/unit/base/fail_malloc.h"
#include "wamp/client.h"

enum { SENT_MAX = 64, LOG_BYTES = 4096 };

/* What happened to one client. */
struct peer {
	struct client *client;
	const struct serializer *serializer;
	struct buf sent[SENT_MAX]; /* as JSON */
	unsigned sent_count, read_count;
	char log[LOG_BYTES]; /* the callbacks, one word each */
	unsigned accepted, replies;
};

/* Tests call it with their own words. */
__attribute__((format(printf, 2, 3))) UNUSED static void
log_add(struct peer *p, const char *fmt, ...)
{
	size_t len = strlen(p->log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->log + len, sizeof p->log - len, fmt, ap);
	va_end(ap);
}

/* The log since the last time. */
UNUSED static void assert_log(struct peer *p, const char *want)
{
	assert_string_equal(p->log, want);
	p->log[0] = '\0';
}

static void peer_send(void *ctx, struct bytes message)
{
	struct peer *p = ctx;
	struct buf *out = &p->sent[p->sent_count % SENT_MAX];
	size_t left = fail_malloc_pause();
	struct arena a;

	arena_init(&a, 4096);
	buf_clear(out);
	if (serializer_transcode(p->serializer, message, &serializer_json, &a,
				 &wamp_limits_default, out) == 0)
		p->sent_count++;
	arena_deinit(&a);
	fail_malloc_go_on(left);
}

static void peer_joined(void *ctx, uint64_t session,
			const struct value *details)
{
	struct bytes authid = { NULL, 0 };

	value_get_str(dict_get(details, "authid"), &authid);
	log_add(ctx, "joined:%llu:%.*s ", (unsigned long long)session,
		(int)authid.len, (const char *)authid.data);
}

static void peer_revoked(void *ctx, uint64_t registration,
			 struct bytes reason)
{
	log_add(ctx, "revoked:%llu:%.*s ", (unsigned long long)registration,
		(int)reason.len, (const char *)reason.data);
}

static void peer_left(void *ctx, struct bytes reason, struct bytes message)
{
	log_add(ctx, "left:%.*s:%.*s ", (int)reason.len,
		(const char *)reason.data, (int)message.len,
		(const char *)message.data);
}

UNUSED static struct client_config peer_config(struct peer *p)
{
	return (struct client_config){
		.serializer = p->serializer,
		.limits = wamp_limits_default,
		.realm = "realm1",
		.send = peer_send,
		.joined = peer_joined,
		.left = peer_left,
		.revoked = peer_revoked,
		.ctx = p,
	};
}

UNUSED static void peer_deinit(struct peer *p)
{
	client_free(p->client);
	for (unsigned i = 0; i < SENT_MAX; i++)
		buf_deinit(&p->sent[i]);
}

/* The next message that the client sent. */
UNUSED static void assert_sent(struct peer *p, const char *json)
{
	assert_true(p->read_count < p->sent_count);
	assert_text(buf_bytes(&p->sent[p->read_count++ % SENT_MAX]), json);
}

UNUSED static void assert_nothing_sent(const struct peer *p)
{
	assert_int_equal(p->read_count, p->sent_count);
}

UNUSED static void skip_sent(struct peer *p)
{
	p->read_count = p->sent_count;
}

/* The router says: exact bytes, freed at once after. */
UNUSED static int say(struct peer *p, const char *json)
{
	struct buf packed;
	struct arena a;
	struct bytes raw;
	size_t left = fail_malloc_pause();
	int err;

	arena_init(&a, 4096);
	buf_init(&packed);
	assert_int_equal(serializer_transcode(&serializer_json,
					      bytes_str(json), p->serializer,
					      &a, &wamp_limits_default,
					      &packed),
			 0);
	raw = exact(buf_bytes(&packed));
	buf_deinit(&packed);
	arena_deinit(&a);
	fail_malloc_go_on(left);
	err = client_receive(p->client, raw);
	free((void *)raw.data);
	return err;
}

#endif
