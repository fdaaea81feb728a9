/*
 * wasm: the worker core and the kinds as one WebAssembly module, without any
 * import. It has two faces; an instance shows one of them: the hub's instance
 * is session and core, each compute worker's instance computes chunks.
 *
 * Integers are i32 unless "f64" is written, which holds integers up to
 * 2^53 − 1. Results are 0 or a negative error of lib/base/err.h where nothing
 * else is written. Before the first call: `_initialize()`.
 *
 * --- bytes in: both faces --------------------------------------------------
 *   in(len) -> pointer      room for `len` bytes, valid for the next call that
 *                           reads it; 0 when out of memory. Take the memory's
 *                           buffer afresh after each call: it may have grown.
 *
 * --- compute ---------------------------------------------------------------
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
 * --- hub (worker/wasm/hub.c) -----------------------------------------------
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
#include <string.h>

#include "compute/kind.h"
#include "worker/wasm/shell.h"

/* The shell's own state: a module instance is one worker. */
static struct {
	struct buf in;
	const struct compute_ops *ops;
	struct compute *compute;
	struct buf input, output;
	struct why why;
} m;

void *EXPORT(in)(size_t len)
{
	buf_clear(&m.in);
	return buf_reserve(&m.in, len ? len : 1) ? NULL : m.in.data;
}

struct bytes given(size_t from, size_t len)
{
	if (from > m.in.cap || len > m.in.cap - from)
		return bytes_of(NULL, 0);
	return bytes_of(m.in.data + from, len);
}

/* --- compute ------------------------------------------------------------ */

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
