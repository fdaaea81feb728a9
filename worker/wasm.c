/*
 * wasm: the worker core and the kinds as one WebAssembly module, without any
 * import. It has two faces; an instance shows one of them: the hub's instance
 * is session and core, each compute worker's instance computes chunks.
 *
 * Integers are i32 unless "f64" is written, which holds integers up to
 * 2^53 − 1. Results are 0 or a negative error of lib/base/err.h where nothing
 * else is written. Before the first call: `_initialize()`.
 *
 * --- bytes in: both faces ---------------------------------------------------
 *   in(len) -> pointer      room for `len` bytes, valid for the next call that
 *                           reads it; 0 when out of memory. Take the memory's
 *                           buffer afresh after each call: it may have grown.
 *
 * --- compute ----------------------------------------------------------------
 *   compute_begin(kind_len, input_len, from f64, count f64, seed f64,
 *                 piece f64)
 *                           in: the kind's name and behind it the input.
 *                           piece < 0: the whole output is wanted. Ends what
 *                           was under way. ERR_NOT_FOUND: unknown kind.
 *   compute_slice() -> f64  20 … 50 ms; units finished in all, `count` when it
 *                           is over; −1 when nothing was begun
 *   compute_end()           makes the output of the units so far
 *   compute_output() -> pointer, compute_output_len() -> length
 *                           until the next compute_begin
 *   compute_why() -> pointer, compute_why_len() -> length
 *                           the reason of the last error, for people
 *   compute_free()          drops what is under way; always allowed
 *
 * --- hub ----------------------------------------------------------------------
 *   hub_set(what, len)      in: text. what: 0 realm, 1 token, 2 name, 3 code,
 *                           4 device. Before hub_start.
 *   hub_start(threads, threads_max)  makes session and core
 *   hub_open()              the socket is open: HELLO
 *   hub_receive(len)        in: one message. An error: close the socket and
 *                           call hub_lost
 *   hub_lost()              the socket is gone
 *   hub_timer(timer)        an armed timer went off
 *   hub_result(thread, err, units f64, output_len, why_len) -> 1 when it was
 *                           sent. in: output and behind it the reason
 *   hub_hidden(yes), hub_paused(yes), hub_threads(n), hub_rename(len),
 *   hub_wave(), hub_me()    what the page wants
 *   hub_leave()             hand everything back for good
 *   hub_is_idle() -> 1      after hub_leave: nothing is open any more
 *   hub_goodbye()           sends GOODBYE
 *   out() -> pointer, out_len() -> length, out_clear()
 *                           what the calls above left to do, in order: drain
 *                           it after each. Records: u8 tag, u32 length
 *                           (little-endian), so many bytes.
 *     tag 0   a message for the socket
 *     tag 1   an event, a MessagePack dict with a string `type`:
 *       start {thread, job, kind, unit, from, count, seed, piece|nil,
 *              budget_ms (0: to its end), lease, input}
 *       stop  {thread, wanted}
 *       arm   {timer, delay_ms}
 *       state {phase: "offline"|"joining"|"working"|"paused", donor, token,
 *              name, threads, computing, waiting, chunks, registered}
 *       me    {me: {…}}, finished {event: {…}}   as in coordinator/rpc.h
 *       refused {what, error, text}
 *       left  {reason, text}   the router ended the session (ABORT, GOODBYE):
 *                              close the socket
 */
#include <stdlib.h>
#include <string.h>

#include "worker/core.h"

#define EXPORT(name) __attribute__((export_name(#name), used)) name

enum { TAG_MESSAGE, TAG_EVENT };
enum { TEXTS = 5, TEXT_BYTES = 256, ARENA_BYTES = 2048 };
enum text { TEXT_REALM, TEXT_TOKEN, TEXT_NAME, TEXT_CODE, TEXT_DEVICE };

/* The shell's own state: a module instance is one worker. */
static struct {
	struct buf in;
	/* compute */
	const struct compute_ops *ops;
	struct compute *compute;
	struct buf input, output;
	struct why why;
	/* hub */
	char texts[TEXTS][TEXT_BYTES];
	struct client *client;
	struct core *core;
	struct buf out;
	struct arena arena;
} m;

void *EXPORT(in)(size_t len)
{
	buf_clear(&m.in);
	return buf_reserve(&m.in, len ? len : 1) ? NULL : m.in.data;
}

/* The part of `in` that a call names; what was never given reads as empty. */
static struct bytes given(size_t from, size_t len)
{
	if (from > m.in.cap || len > m.in.cap - from)
		return bytes_of(NULL, 0);
	return bytes_of(m.in.data + from, len);
}

/* --- compute ---------------------------------------------------------------------- */

void EXPORT(compute_free)(void)
{
	if (m.compute)
		m.ops->free(m.compute);
	m.compute = NULL;
}

int EXPORT(compute_begin)(size_t kind_len, size_t input_len, double from,
			  double count, double seed, double piece)
{
	const struct kind *kind = kind_find(given(0, kind_len));
	struct chunk chunk = {
		.from = (uint64_t)from,
		.count = (uint64_t)count,
		.seed = (uint64_t)seed,
		.piece = piece < 0 ? PIECE_ALL : (uint64_t)piece,
	};

	compute_free();
	buf_clear(&m.output);
	buf_clear(&m.input);
	m.why.text[0] = '\0';
	if (!kind)
		return why_set(&m.why, ERR_NOT_FOUND, "unknown kind");
	if (buf_add_bytes(&m.input, given(kind_len, input_len)))
		return why_set(&m.why, ERR_NOMEM, "out of memory");
	chunk.input = buf_bytes(&m.input);
	m.ops = kind->compute;
	return m.ops->begin(&m.compute, &chunk, &m.why);
}

double EXPORT(compute_slice)(void)
{
	return m.compute ? (double)m.ops->slice(m.compute) : -1;
}

int EXPORT(compute_end)(void)
{
	int err = m.compute ? m.ops->end(m.compute, &m.output) : ERR_STATE;

	return err ? why_set(&m.why, err, "%s", err_text(err)) : 0;
}

const void *EXPORT(compute_output)(void)
{
	return m.output.data;
}

size_t EXPORT(compute_output_len)(void)
{
	return m.output.len;
}

const void *EXPORT(compute_why)(void)
{
	return m.why.text;
}

size_t EXPORT(compute_why_len)(void)
{
	return strlen(m.why.text);
}

/* --- hub: out -------------------------------------------------------------------- */

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

/* --- hub: effects ------------------------------------------------------------------- */

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

/* --- hub: life ------------------------------------------------------------------------ */

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
