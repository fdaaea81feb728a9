/* The hub's face of the module; worker/wasm.c lists what it exports. */
#include <string.h>

#include "worker/core.h"
#include "worker/wasm/shell.h"

enum { TAG_MESSAGE, TAG_EVENT };
enum { TEXTS = 5, TEXT_BYTES = 256, ARENA_BYTES = 2048 };
enum text { TEXT_REALM, TEXT_TOKEN, TEXT_NAME, TEXT_CODE, TEXT_DEVICE };

/* The shell's own state: a module instance is one worker. */
static struct {
	char texts[TEXTS][TEXT_BYTES];
	struct client *client;
	struct core *core;
	struct buf out;
	struct arena arena;
} m;

/* --- out ---------------------------------------------------------------- */

static void put_record(uint8_t tag, struct bytes bytes)
{
	size_t before = m.out.len;

	buf_add_u8(&m.out, tag);
	buf_add_u32(&m.out, (uint32_t)bytes.len);
	/* A record that does not fit is left out whole; the session then
	 * times out and is dialled again. */
	if (buf_add_bytes(&m.out, bytes))
		m.out.len = before;
}

static void add(struct value *dict, const char *key, struct value v)
{
	/* Without memory the key is missing, which the hub must bear. */
	if (dict_set(&m.arena, dict, key, v))
		return;
}

static struct value event_of(const char *type)
{
	struct value event = value_dict();

	add(&event, "type", value_str(type));
	return event;
}

static void put_event(const struct value *event)
{
	struct buf raw;

	buf_init(&raw);
	if (!serializer_msgpack.encode(&raw, event))
		put_record(TAG_EVENT, buf_bytes(&raw));
	buf_deinit(&raw);
	arena_reset(&m.arena);
}

static void on_send(void *ctx, struct bytes message)
{
	(void)ctx;
	put_record(TAG_MESSAGE, message);
}

/* --- effects ------------------------------------------------------------ */

static void on_start(void *ctx, unsigned thread, const struct core_chunk *c)
{
	struct value e = event_of("start");
	bool endless = c->budget_ms == CORE_NO_BUDGET;
	bool audit = c->chunk.piece != PIECE_ALL;

	(void)ctx;
	add(&e, "thread", value_int(thread));
	add(&e, "job", value_str(c->job));
	add(&e, "kind", value_str(c->kind->name));
	add(&e, "unit", value_str(c->kind->unit));
	add(&e, "from", value_uint(c->chunk.from));
	add(&e, "count", value_uint(c->chunk.count));
	add(&e, "seed", value_uint(c->chunk.seed));
	add(&e, "piece", audit ? value_uint(c->chunk.piece) : value_null());
	/* A budget of nothing still means: at least one unit. */
	add(&e, "budget_ms", value_uint(endless	? 0
					: c->budget_ms ? c->budget_ms
						       : 1));
	add(&e, "lease", value_uint(c->lease));
	add(&e, "input", value_bin(c->chunk.input));
	put_event(&e);
}

static void on_stop(void *ctx, unsigned thread, bool wanted)
{
	struct value e = event_of("stop");

	(void)ctx;
	add(&e, "thread", value_int(thread));
	add(&e, "wanted", value_bool(wanted));
	put_event(&e);
}

static void on_arm(void *ctx, enum core_timer timer, uint64_t delay_ms)
{
	struct value e = event_of("arm");

	(void)ctx;
	add(&e, "timer", value_int((int)timer));
	add(&e, "delay_ms", value_uint(delay_ms));
	put_event(&e);
}

static void on_changed(void *ctx)
{
	static const char *const phases[] = {
		[CORE_OFFLINE] = "offline",
		[CORE_JOINING] = "joining",
		[CORE_WORKING] = "working",
		[CORE_PAUSED] = "paused",
	};
	struct core_state s = core_look(m.core);
	struct value e = event_of("state");

	(void)ctx;
	add(&e, "phase", value_str(phases[s.phase]));
	add(&e, "donor", value_uint(s.donor));
	add(&e, "token", value_str(s.token));
	add(&e, "name", value_str(s.name));
	add(&e, "threads", value_int(s.threads));
	add(&e, "computing", value_int(s.computing));
	add(&e, "waiting", value_int(s.waiting));
	add(&e, "chunks", value_uint(s.chunks));
	add(&e, "registered", value_bool(s.registered));
	put_event(&e);
}

static void on_me(void *ctx, const struct value *me)
{
	struct value e = event_of("me");

	(void)ctx;
	add(&e, "me", *me);
	put_event(&e);
}

static void on_job_finished(void *ctx, const struct value *event)
{
	struct value e = event_of("finished");

	(void)ctx;
	add(&e, "event", *event);
	put_event(&e);
}

static void on_refused(void *ctx, const char *what, const char *error,
		       const char *text)
{
	struct value e = event_of("refused");

	(void)ctx;
	add(&e, "what", value_str(what));
	add(&e, "error", value_str(error));
	add(&e, "text", value_str(text));
	put_event(&e);
}

static const struct core_effects effects = {
	.start = on_start,
	.stop = on_stop,
	.arm = on_arm,
	.changed = on_changed,
	.me = on_me,
	.job_finished = on_job_finished,
	.refused = on_refused,
};

/* --- life --------------------------------------------------------------- */

static void on_joined(void *ctx, uint64_t session, const struct value *details)
{
	(void)ctx;
	(void)details;
	core_joined(m.core, m.client, session);
}

static void on_left(void *ctx, struct bytes reason, struct bytes message)
{
	struct value e = event_of("left");

	(void)ctx;
	core_lost(m.core);
	add(&e, "reason", value_text(reason));
	add(&e, "text", value_text(message));
	put_event(&e);
}

static void on_revoked(void *ctx, uint64_t registration, struct bytes reason)
{
	(void)ctx;
	(void)reason;
	core_revoked(m.core, registration);
}

int EXPORT(hub_set)(unsigned what, size_t len)
{
	struct bytes text = given(0, len);

	if (what >= TEXTS || text.len >= TEXT_BYTES)
		return ERR_LIMIT;
	if (text.len)
		memcpy(m.texts[what], text.data, text.len);
	m.texts[what][text.len] = '\0';
	return 0;
}

static struct core *make_core(unsigned threads, unsigned threads_max)
{
	enum { ME_MS = 2000 };
	const struct core_config config = {
		.device = m.texts[TEXT_DEVICE],
		.name = m.texts[TEXT_NAME],
		.token = m.texts[TEXT_TOKEN],
		.code = m.texts[TEXT_CODE],
		.threads = threads,
		.threads_max = threads_max,
		.kinds = CORE_ALL_KINDS,
		.subscribe = true,
		.me_ms = ME_MS,
		.effects = &effects,
	};

	return core_new(&config);
}

int EXPORT(hub_start)(unsigned threads, unsigned threads_max)
{
	const struct client_config config = {
		.serializer = &serializer_msgpack,
		.limits = wamp_limits_default,
		.realm = m.texts[TEXT_REALM],
		.agent = "manyhands phone",
		.send = on_send,
		.joined = on_joined,
		.left = on_left,
		.revoked = on_revoked,
	};

	if (m.core)
		return ERR_STATE;
	arena_init(&m.arena, ARENA_BYTES);
	m.core = make_core(threads, threads_max);
	m.client = m.core ? client_new(&config) : NULL;
	return m.client ? 0 : ERR_NOMEM;
}

int EXPORT(hub_open)(void)
{
	return client_open(m.client);
}

int EXPORT(hub_receive)(size_t len)
{
	return client_receive(m.client, given(0, len));
}

void EXPORT(hub_lost)(void)
{
	client_lost(m.client);
	core_lost(m.core);
}

void EXPORT(hub_timer)(unsigned timer)
{
	core_timer(m.core, (enum core_timer)timer);
}

int EXPORT(hub_result)(unsigned thread, int err, double units,
		       size_t output_len, size_t why_len)
{
	struct bytes text = given(output_len, why_len);
	struct why why = { "" };
	struct core_result result = {
		.err = err,
		.why = why.text,
		.units = (uint64_t)units,
		.output = given(0, output_len),
	};

	if (text.len)
		memcpy(why.text, text.data,
		       text.len < sizeof why.text - 1 ? text.len
						      : sizeof why.text - 1);
	return core_finished(m.core, thread, &result);
}

void EXPORT(hub_hidden)(int yes)
{
	core_hidden(m.core, yes != 0);
}

void EXPORT(hub_paused)(int yes)
{
	core_pause(m.core, yes != 0);
}

void EXPORT(hub_threads)(unsigned threads)
{
	core_threads(m.core, threads);
}

void EXPORT(hub_rename)(size_t len)
{
	char name[TEXT_BYTES] = "";
	struct bytes text = given(0, len);

	if (text.len >= sizeof name)
		text.len = sizeof name - 1;
	if (text.len)
		memcpy(name, text.data, text.len);
	core_rename(m.core, name);
}

void EXPORT(hub_wave)(void)
{
	core_wave(m.core);
}

void EXPORT(hub_me)(void)
{
	core_ask_me(m.core);
}

void EXPORT(hub_leave)(void)
{
	core_leave(m.core);
}

int EXPORT(hub_is_idle)(void)
{
	return core_is_idle(m.core);
}

int EXPORT(hub_goodbye)(void)
{
	return client_goodbye(m.client, "wamp.close.normal");
}

const void *EXPORT(out)(void)
{
	return m.out.data;
}

size_t EXPORT(out_len)(void)
{
	return m.out.len;
}

void EXPORT(out_clear)(void)
{
	buf_clear(&m.out);
}
