/*
 * fake: a router, compute threads and timers that a test plays by hand. What
 * the core does is written down line by line, and compared with what was
 * expected; nothing happens by itself.
 */
#ifndef TESTS_WORKER_FAKE_H
#define TESTS_WORKER_FAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "worker/core.h"

enum { FAKE_THREADS_MAX = 4, FAKE_CALLS = 64 };

struct fake {
	struct client *client;
	struct core *core;
	struct arena arena;
	struct buf log;
	/* The newest request of each procedure, topic or type. */
	struct {
		char uri[64];
		uint64_t request;
	} requests[FAKE_CALLS];
	unsigned request_count;
	uint64_t registrations, registered_chunk, registered_audit;
	struct core_chunk chunk[FAKE_THREADS_MAX]; /* last started */
	/* Called before and after each message goes in; with it the client may
	 * fail. NULL: it must not. */
	void (*around)(bool before);
	unsigned failures;
};

static inline void fake_expect(struct fake *f, const char *want)
{
	buf_add_u8(&f->log, 0);
	assert_string_equal((const char *)f->log.data, want);
	buf_clear(&f->log);
}

/* --- what the core sends ------------------------------------------------ */

static inline void fake_remember(struct fake *f, const char *uri,
				 uint64_t request)
{
	unsigned i = 0;

	while (i < f->request_count && strcmp(f->requests[i].uri, uri) != 0)
		i++;
	assert_true(i < FAKE_CALLS);
	if (i == f->request_count)
		f->request_count++;
	snprintf(f->requests[i].uri, sizeof f->requests[i].uri, "%s", uri);
	f->requests[i].request = request;
}

static inline uint64_t fake_request(const struct fake *f, const char *uri)
{
	for (unsigned i = 0; i < f->request_count; i++)
		if (strcmp(f->requests[i].uri, uri) == 0)
			return f->requests[i].request;
	fail_msg("nobody asked for %s", uri);
	return 0;
}

static inline void fake_write_value(struct buf *out, const struct value *v)
{
	switch (v->type) {
	case VALUE_STR:
		buf_printf(out, "%.*s", (int)v->str.len,
			   (const char *)v->str.data);
		break;
	case VALUE_BIN:
		buf_printf(out, "<%zu>", v->str.len);
		break;
	case VALUE_INT:
		buf_printf(out, "%lld", (long long)v->integer);
		break;
	default:
		buf_printf(out, "?%d", (int)v->type);
	}
}

static inline void fake_write_dict(struct buf *out, const struct value *dict)
{
	for (uint32_t i = 0; i < value_count(dict); i++) {
		const struct value_pair *p = &dict->dict.pairs[i];

		buf_printf(out, " %.*s=", (int)p->key.len,
			   (const char *)p->key.data);
		fake_write_value(out, &p->value);
	}
}

static inline void fake_on_send(void *ctx, struct bytes raw)
{
	struct fake *f = ctx;
	struct message m;
	struct why why = { "" };
	struct value *args, *kwargs;
	char uri[64];

	if (message_decode(&f->arena, &serializer_msgpack, raw,
			   &wamp_limits_default, FROM_CLIENT, &m, &why))
		fail_msg("the client sent nonsense: %s", why.text);
	assert_int_equal(payload_decode(&f->arena, &m.payload,
					&wamp_limits_default, &args, &kwargs),
			 0);
	snprintf(uri, sizeof uri, "%.*s", (int)m.uri.len,
		 (const char *)m.uri.data);
	if (m.type == MSG_UNREGISTER)
		snprintf(uri, sizeof uri, "%s",
			 m.subject == f->registered_audit ? "-compute.audit"
							  : "-compute.chunk");
	fake_remember(f, uri, m.request);
	buf_printf(&f->log, "%s", message_name(m.type));
	if (m.type == MSG_YIELD || m.type == MSG_ERROR)
		buf_printf(&f->log, " %llu", (unsigned long long)m.request);
	if (*uri)
		buf_printf(&f->log, " %s", uri);
	if (m.type == MSG_REGISTER)
		fake_write_dict(&f->log, m.options);
	fake_write_dict(&f->log, kwargs);
	buf_add_str(&f->log, "\n");
}

/* --- effects ------------------------------------------------------------ */

static inline void fake_on_start(void *ctx, unsigned thread,
				 const struct core_chunk *c)
{
	struct fake *f = ctx;

	assert_true(thread < FAKE_THREADS_MAX);
	f->chunk[thread] = *c;
	buf_printf(&f->log, "start %u %s %llu+%llu", thread, c->kind->name,
		   (unsigned long long)c->chunk.from,
		   (unsigned long long)c->chunk.count);
	if (c->budget_ms == CORE_NO_BUDGET)
		buf_add_str(&f->log, " to its end");
	else
		buf_printf(&f->log, " %llu ms",
			   (unsigned long long)c->budget_ms);
	if (c->chunk.piece != PIECE_ALL)
		buf_printf(&f->log, " piece %llu",
			   (unsigned long long)c->chunk.piece);
	buf_add_str(&f->log, "\n");
}

static inline void fake_on_stop(void *ctx, unsigned thread, bool wanted)
{
	struct fake *f = ctx;

	buf_printf(&f->log, "%s %u\n", wanted ? "end" : "cancel", thread);
}

static inline void fake_on_arm(void *ctx, enum core_timer timer, uint64_t ms)
{
	static const char *const names[] = { "join", "me", "unfit" };
	struct fake *f = ctx;

	buf_printf(&f->log, "arm %s %llu\n", names[timer],
		   (unsigned long long)ms);
}

static inline void fake_on_changed(void *ctx)
{
	struct fake *f = ctx;

	(void)core_look(f->core);
}

static inline void fake_on_me(void *ctx, const struct value *me)
{
	struct fake *f = ctx;

	buf_add_str(&f->log, "me");
	fake_write_dict(&f->log, me);
	buf_add_str(&f->log, "\n");
}

static inline void fake_on_finished(void *ctx, const struct value *event)
{
	struct fake *f = ctx;

	buf_add_str(&f->log, "finished");
	fake_write_dict(&f->log, event);
	buf_add_str(&f->log, "\n");
}

static inline void fake_on_refused(void *ctx, const char *what,
				   const char *error, const char *text)
{
	struct fake *f = ctx;

	buf_printf(&f->log, "refused %s: %s: %s\n", what, error, text);
}

static const struct core_effects fake_effects = {
	.start = fake_on_start,
	.stop = fake_on_stop,
	.arm = fake_on_arm,
	.changed = fake_on_changed,
	.me = fake_on_me,
	.job_finished = fake_on_finished,
	.refused = fake_on_refused,
};

/* --- what the router says ----------------------------------------------- */

static inline void fake_receive(struct fake *f, struct bytes raw)
{
	int err;

	if (f->around)
		f->around(true);
	err = client_receive(f->client, raw);
	if (f->around)
		f->around(false);
	else
		assert_int_equal(err, 0);
	f->failures += err != 0;
}

static inline void fake_say(struct fake *f, struct message *m,
			    const struct value *args,
			    const struct value *kwargs)
{
	struct buf storage, raw;

	buf_init(&storage);
	buf_init(&raw);
	if (args || kwargs)
		assert_int_equal(payload_encode(&m->payload,
						&serializer_msgpack, &storage,
						args, kwargs),
				 0);
	assert_int_equal(message_encode(&raw, &serializer_msgpack, m, &f->arena,
					&wamp_limits_default),
			 0);
	fake_receive(f, buf_bytes(&raw));
	buf_deinit(&storage);
	buf_deinit(&raw);
}

static inline void fake_set(struct fake *f, struct value *dict,
			    const char *key, struct value v)
{
	assert_int_equal(dict_set(&f->arena, dict, key, v), 0);
}

static inline void fake_result(struct fake *f, const char *procedure,
			       const struct value *kwargs)
{
	struct message m = { .type = MSG_RESULT,
			     .request = fake_request(f, procedure) };

	fake_say(f, &m, NULL, kwargs);
}

static inline void fake_refuse(struct fake *f, enum message_type type,
			       const char *asked, const char *error,
			       const char *text)
{
	struct message m = { .type = MSG_ERROR,
			     .request_type = type,
			     .request = fake_request(f, asked),
			     .uri = bytes_str(error) };
	struct value args = value_list();

	assert_int_equal(list_add(&f->arena, &args, value_str(text)), 0);
	fake_say(f, &m, &args, NULL);
}

static inline void fake_registered(struct fake *f, const char *procedure)
{
	struct message m = { .type = MSG_REGISTERED,
			     .request = fake_request(f, procedure),
			     .subject = ++f->registrations };

	if (strcmp(procedure, "compute.audit") == 0)
		f->registered_audit = m.subject;
	else
		f->registered_chunk = m.subject;
	fake_say(f, &m, NULL, NULL);
}

static inline void fake_unregistered(struct fake *f, const char *procedure)
{
	char key[64];
	struct message m = { .type = MSG_UNREGISTERED };

	snprintf(key, sizeof key, "-%s", procedure);
	m.request = fake_request(f, key);
	fake_say(f, &m, NULL, NULL);
}

static inline void fake_invoke(struct fake *f, uint64_t registration,
			       uint64_t invocation,
			       const struct value *kwargs)
{
	struct message m = { .type = MSG_INVOCATION,
			     .request = invocation,
			     .subject = registration };

	fake_say(f, &m, NULL, kwargs);
}

static inline void fake_interrupt(struct fake *f, uint64_t invocation,
				  const char *mode)
{
	struct value options = value_dict();
	struct message m = { .type = MSG_INTERRUPT,
			     .request = invocation,
			     .options = &options };

	fake_set(f, &options, "mode", value_str(mode));
	fake_say(f, &m, NULL, NULL);
}

/* The arguments of a chunk of pi; tests change what they are about. */
static inline struct value fake_chunk(struct fake *f, uint64_t lease)
{
	static const uint8_t input[9] = { 1, 100, 0, 0, 0, 64, 0, 0, 0 };
	struct value v = value_dict();

	fake_set(f, &v, "job", value_str("j"));
	fake_set(f, &v, "kind", value_str("pi"));
	fake_set(f, &v, "lease", value_uint(lease));
	fake_set(f, &v, "from", value_int(2));
	fake_set(f, &v, "count", value_int(4));
	fake_set(f, &v, "seed", value_int(9));
	fake_set(f, &v, "budget_ms", value_int(2000));
	fake_set(f, &v, "input", value_bin(bytes_of(input, sizeof input)));
	return v;
}

static inline void fake_send_chunk(struct fake *f, uint64_t invocation)
{
	struct value v = fake_chunk(f, 100 + invocation);

	fake_invoke(f, f->registered_chunk, invocation, &v);
}

/* What a thread made; `units` bytes of output. */
static inline bool fake_finish(struct fake *f, unsigned thread,
			       uint64_t units)
{
	static const uint8_t output[16];
	struct core_result r = { .units = units,
				 .output = bytes_of(output, (size_t)units) };

	return core_finished(f->core, thread, &r);
}

/* --- life --------------------------------------------------------------- */

static inline void fake_on_joined(void *ctx, uint64_t session,
				  const struct value *details)
{
	struct fake *f = ctx;

	(void)details;
	core_joined(f->core, f->client, session);
}

static inline void fake_on_left(void *ctx, struct bytes reason,
				struct bytes message)
{
	struct fake *f = ctx;

	(void)reason;
	(void)message;
	core_lost(f->core);
}

static inline void fake_on_revoked(void *ctx, uint64_t registration,
				   struct bytes reason)
{
	struct fake *f = ctx;

	(void)reason;
	core_revoked(f->core, registration);
}

/* The router takes it away. */
static inline void fake_revoke(struct fake *f, uint64_t registration)
{
	struct value details = value_dict();
	struct message m = { .type = MSG_UNREGISTERED, .options = &details };

	fake_set(f, &details, "registration", value_uint(registration));
	fake_say(f, &m, NULL, NULL);
}

static inline struct core_config fake_config(void)
{
	return (struct core_config){
		.device = "laptop",
		.threads = 2,
		.threads_max = FAKE_THREADS_MAX,
		.kinds = CORE_ALL_KINDS,
		.effects = &fake_effects,
	};
}

static inline void fake_init(struct fake *f, struct core_config config)
{
	const struct client_config client = {
		.serializer = &serializer_msgpack,
		.limits = wamp_limits_default,
		.realm = "realm1",
		.agent = "test",
		.send = fake_on_send,
		.joined = fake_on_joined,
		.left = fake_on_left,
		.revoked = fake_on_revoked,
		.ctx = f,
	};

	memset(f, 0, sizeof *f);
	arena_init(&f->arena, 4096);
	buf_init(&f->log);
	config.ctx = f;
	f->core = core_new(&config);
	f->client = client_new(&client);
	assert_non_null(f->core);
	assert_non_null(f->client);
}

static inline void fake_deinit(struct fake *f)
{
	client_free(f->client);
	core_free(f->core);
	buf_deinit(&f->log);
	arena_deinit(&f->arena);
}

/* The transport opens and the router welcomes. */
static inline void fake_open(struct fake *f)
{
	struct value details = value_dict(), roles = value_dict(),
		     none = value_dict();
	struct message m = { .type = MSG_WELCOME,
			     .subject = 7000,
			     .options = &details };

	fake_set(f, &roles, "dealer", none);
	fake_set(f, &roles, "broker", none);
	fake_set(f, &details, "roles", roles);
	assert_int_equal(client_open(f->client), 0);
	buf_clear(&f->log);
	fake_say(f, &m, NULL, NULL);
}

static inline void fake_lose(struct fake *f)
{
	client_lost(f->client);
	core_lost(f->core);
}

static inline void fake_accept_join(struct fake *f)
{
	struct value v = value_dict();

	fake_set(f, &v, "donor", value_int(5));
	fake_set(f, &v, "token", value_str("secret"));
	fake_set(f, &v, "pass", value_str("pass5"));
	fake_set(f, &v, "name", value_str("blue fox"));
	fake_result(f, "donor.join", &v);
}

/* All the way to a registered worker; the log is empty then. */
static inline void fake_start(struct fake *f, struct core_config config)
{
	fake_init(f, config);
	fake_open(f);
	fake_accept_join(f);
	fake_registered(f, "compute.chunk");
	if (config.trusted)
		fake_registered(f, "compute.audit");
	buf_clear(&f->log);
}

#endif
