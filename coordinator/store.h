/*
 * store: the database, and the only room that sees SQLite.
 *
 * One connection, opened exclusively, WAL, synchronous=FULL. A list of ops is
 * one transaction: all or nothing, on disk when store_apply returns 0.
 * Everything here is called from one thread at a time (writer.h). Base, crypto
 * and SQLite only.
 *
 * --- the ledger ------------------------------------------------------------
 *
 * `ledger` is append-only (triggers refuse UPDATE and DELETE). Columns: seq,
 * at_ms, type, donor, job, from_unit, units, credit_us, batch, output_sha256,
 * prev_hash, hash. seq counts 1, 2, 3 … without a gap; types are ledger.h's
 * numbers; what a type has no use for is 0. A row's canonical encoding is,
 * integers little-endian,
 *
 *     u64 seq, u64 at_ms, u8 type, u64 donor, u64 job, u64 from_unit,
 *     u64 units, u64 credit_us, u64 batch, 32 bytes output_sha256   (97 bytes)
 *
 *     hash = SHA-256(prev_hash ‖ encoding)
 *
 * with prev_hash the hash of the row before, 32 zero bytes for the first. In
 * Python: sha256(prev + struct.pack('<QQBQQQQQQ', *row[:9]) + output_sha256).
 *
 * What it means: LEDGER_CHUNK (1) gives `donor` credit_us for units
 * [from_unit, from_unit + units) of `job`: verified if batch is 0, else
 * pending with its batch. LEDGER_VERIFIED (2) and LEDGER_DROPPED (3) settle a
 * batch; their credit_us and units are the sums over its chunks. The accepted
 * chunks of a job are those whose batch was not dropped; they do not overlap.
 * A donor's credit is the sum over its chunks whose batch was not dropped.
 *
 * --- the other tables -------------------------------------------------------
 *
 * donors (hashes of token and pass only), sessions (who was joined, for a
 * restart), jobs (snapshot: the kind's saved state in which all rows up to
 * snapshot_seq are merged), outputs (of a chunk, by its seq: the output until
 * the batch is settled, the delta until a snapshot covers chunk and settling;
 * settled_seq: the row that settled it, 0 before), batches (those pending,
 * with the candidate for the audit).
 */
#ifndef COORDINATOR_STORE_H
#define COORDINATOR_STORE_H

#include "coordinator/op.h"

struct store;

/* PRAGMA user_version of what is written here. */
enum { STORE_VERSION = 1 };

/* Opens, or makes, the file. The reason names the file and what is wrong:
 * ERR_DENIED (can not be opened or written), ERR_EXISTS (another coordinator
 * has it), ERR_UNSUPPORTED (another version, another program's), ERR_MALFORMED
 * (no database, or corrupted), ERR_NOMEM. */
int store_open(struct store **out, const char *path, struct why *why);
void store_close(struct store *s); /* NULL is fine */

/* Everything that a restart needs but the jobs' own rows (OP_LOAD): records
 * by id, ledger rows by seq, the chain verified on the way. A function that
 * returns an error ends it; all are borrowed but `batch`'s candidate, which
 * may be taken (its bufs then set empty). */
struct store_reader {
	int (*donor)(void *ctx, const struct donor_record *donor);
	int (*session)(void *ctx, const struct session_record *session);
	int (*job)(void *ctx, const struct job_record *job);
	int (*row)(void *ctx, const struct ledger_row *row);
	int (*batch)(void *ctx, struct batch_record *batch);
};
int store_read(struct store *s, const struct store_reader *reader, void *ctx,
	       struct why *why);

/* The list in one transaction, stamped with now_ms (Unix). ERR_IO: disk full
 * or failing, nothing was written, try again later; ERR_STATE: it can not be
 * written, ever (our own bug); ERR_NOMEM. */
int store_apply(struct store *s, struct op *ops, uint64_t now_ms,
		struct why *why) MUST_CHECK;

/* PRAGMA integrity_check, for tests: true when ok. */
bool store_is_sound(struct store *s);

#endif
