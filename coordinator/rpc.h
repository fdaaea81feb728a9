/*
 * rpc: WAMP <-> the coordinator's events. The one place where the arguments
 * and results of every procedure and topic of manyhands are written down; the
 * pages, the workers and workers in other languages are written from here.
 *
 * Everything travels as keyword arguments and keyword results (a single
 * dictionary as the only positional argument is accepted in their place, for
 * clients whose functions return dictionaries). Integers are 0 … 2^53 − 1,
 * byte strings are binary (in JSON WAMP's "\0" + base64), credit is in
 * integer microseconds of the reference core (`_us`), times are Unix
 * milliseconds (`_ms`). `?`: may be absent. Wrong arguments are the error
 * `wamp.error.invalid_argument` with one sentence as its first argument.
 *
 * --- compute.chunk: registered by every worker --------------------------
 *
 *   REGISTER options {invoke: "roundrobin", concurrency: 2 × threads}
 *   in   job      string   the job's id, for display
 *        kind     string   `tsp`, `pi`; unknown: wamp.error.unavailable
 *        lease    int      returned as it is
 *        from     int      first unit
 *        count    int      units asked for, at least 1
 *        seed     int
 *        budget_ms int     stop after a unit when this has passed since
 *                          computing began (at least one unit is done)
 *        input    bytes    see compute/<kind>/<kind>.h
 *        units?   int      an audit: do exactly so many, ignore the budget
 *        piece?   int      an audit: return only this piece of the output
 *   out  pass     string   from donor.join
 *        lease    int
 *        units    int      done, 1 … count
 *        output   bytes
 *   A worker's own budget is 250 ms for its first chunk and doubles up to
 *   budget_ms. Errors: `wamp.error.unavailable` (hand it to another worker),
 *   `wamp.error.invalid_argument` (input is not this kind's).
 *
 * --- compute.audit: registered by workers of the role `trusted` ---------
 *
 *   As compute.chunk with units and piece; {concurrency: threads}.
 *
 * --- donor.*: for the audience; the caller is disclosed ------------------
 *
 * donor.join   {token?: string, code?: string, name?: string,
 *               device: string (at most 64 bytes: "phone", "laptop", …),
 *               threads: int 1 … 1024}
 *           -> {donor: int, token: string, pass: string, name: string}
 *   An unknown token makes a new donor; without a name a two-word one is
 *   given. A session joins before it registers compute.chunk, and may call
 *   again (rejoin, other threads).
 * donor.rename {name: string} -> {name}                       (own session)
 *   1 … 24 characters, no control characters.
 * donor.me     {} -> {donor, name, rank: int (0: none yet), of: int (ranked
 *               donors), verified_us, pending_us, frozen: bool,
 *               chunks: int (accepted), gains: int (results that moved the
 *               answer), devices: int}                        (own session)
 * donor.wave   {} -> {}     shows the donor's mark on the stage; once in 5 s
 * donor.explain {} -> {verified_us, pending_us, audits: int, unconfirmed: int,
 *               text: string}
 *   Error before donor.join: `manyhands.error.not_joined`.
 *
 * --- job.*, leaderboard.*: for all ---------------------------------------
 *
 * job.status {} -> a status:
 *   {job: string ("" when none), spec, kind, unit: string,
 *    state: "idle"|"preparing"|"running"|"paused"|"finished"|"failed",
 *    units: int (accepted), total: int, verified: int (units verified),
 *    progress: real 0 … 1, devices: int, threads: int,
 *    rate: real (core-seconds a second, last 10 s),
 *    chunks_per_s: real, chunks: int, rejected: int, unconfirmed: int,
 *    late: int (chunks lent also to another device), duplicates: int (results
 *    for which another device was first), eta_s: real|null, elapsed_s: real
 *    (since this process lent the first chunk), text: string,
 *    value: number|null, over: real|null, over_what: string|null,
 *    revision: int (of the picture),
 *    audit: "trusted"|"donors", queue: [spec, …], error?: string,
 *    verified_us: int, pending_us: int, donors: int, donors_trusted: int}
 * job.picture {since: int (revision, 0: all), page: int}
 *   -> {job, kind, revision: int, more: bool, data: bytes}
 *   `more`: call again with the same since and page + 1. The bytes are in
 *   compute/<kind>/<kind>.h. When `job` differs from what was shown, start
 *   again with since = 0.
 * leaderboard.top {category: "total", limit: int 1 … 100}
 *   -> {category, rows: [row, …]},
 *   row = {donor: int, name: string, rank: int, verified_us, pending_us,
 *          device: string, present: bool, frozen: bool}
 *   (frozen and trusted donors have no rank; frozen ones are listed, last,
 *   for the host only)
 *
 * --- host.*: role `host` ---------------------------------------------------
 *
 * host.start {} / host.pause {}     the handing out of chunks
 * host.next {}                      give up this job, take the next one
 * host.stop {}                      finish: pause and tell everybody
 * host.queue {spec: string} -> {queue: [spec, …]}
 * host.freeze {donor: int, frozen: bool}
 *   Each answers {} unless written otherwise.
 *
 * --- topics, published by the coordinator (keyword arguments) -------------
 *
 * job.progress         the status above, without `queue`, and credited:
 *                      [donor, …] since the last one; at most once a second
 * job.finished         {job, kind, spec, answer: {…}}
 * leaderboard.changed  {rows: the top ten}; at most once a second
 * donor.joined         {donor, name, device}
 * donor.found          {donor, name, what: "wave"|"gain", text}
 */
#ifndef COORDINATOR_RPC_H
#define COORDINATOR_RPC_H

#include "coordinator/coord.h"
#include "wamp/client.h"

/* What was heard is given to `event`, which steps the coord; what coord wants
 * said comes back through rpc_effect. Never from inside one another but
 * `event` from client_receive. Registers the procedures in every new session;
 * learns who is registered from WAMP's meta events and procedures. May touch
 * wamp, and coord's looking functions. */
struct rpc;

enum { RPC_REGISTER_MS = 75000, RPC_RETRY_MS = 1000, RPC_LOOK_MS = 30000 };

struct rpc_config {
	const struct coord *coord;
	void (*event)(void *ctx, const struct coord_event *e);
	/* Its procedures are refused, for good: the exit code is 1. */
	void (*failed)(void *ctx, const char *why);
	/* Takes the procedures from who has them (force_reregister), until
	 * they are ours for the first time. */
	bool takeover;
	uint64_t (*now_ms)(void *ctx); /* monotonic */
	void *ctx;
};

/* NULL when out of memory. */
struct rpc *rpc_new(const struct rpc_config *config);
void rpc_free(struct rpc *r); /* after the client is lost or freed */

/* The procedure that is registered first: who has it is the coordinator. */
const char *rpc_first(void);

/* A new session; the client is borrowed until rpc_lost. */
void rpc_joined(struct rpc *r, struct client *client);
void rpc_lost(struct rpc *r);
/* Now and then: registers again, looks again who is there. */
void rpc_tick(struct rpc *r);
/* Effects but EF_STORE, EF_PREPARE, EF_LOG, EF_DONE. An error: an EF_CALL
 * could not be sent (the owner says so to the coord, FAILURE_SEND). */
int rpc_effect(struct rpc *r, struct coord *c,
	       const struct coord_effect *e);

#endif
