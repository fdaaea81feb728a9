#include "coordinator/store_sql.h"

#include <string.h>

/* --- donors and sessions ------------------------------------------------- */

static int write_donor(struct store *s, const struct donor_record *d,
		       uint64_t now_ms, struct why *why)
{
	sqlite3_stmt *q = store_begin(s, SQL_DONOR);

	bind_u64(q, 1, d->id);
	bind_text(q, 2, d->name);
	bind_text(q, 3, d->device);
	bind_u64(q, 4, d->trusted);
	bind_bytes(q, 5, bytes_of(d->token_sha256, SHA256_BYTES));
	bind_bytes(q, 6, bytes_of(d->pass_sha256, SHA256_BYTES));
	bind_u64(q, 7, now_ms);
	return store_run(s, q, why);
}

static int write_session(struct store *s, const struct session_record *r,
			 struct why *why)
{
	sqlite3_stmt *q = store_begin(s, SQL_SESSION);

	bind_u64(q, 1, r->session);
	bind_u64(q, 2, r->donor);
	bind_u64(q, 3, r->threads);
	return store_run(s, q, why);
}

static int write_join(struct store *s, const struct op *op, uint64_t now_ms,
		      struct why *why)
{
	int err = write_donor(s, &op->donor, now_ms, why);

	return err ? err : write_session(s, &op->session, why);
}

static int write_left(struct store *s, const struct session_record *r,
		      struct why *why)
{
	sqlite3_stmt *q = store_begin(s, SQL_LEFT);

	bind_u64(q, 1, r->session);
	return store_run(s, q, why);
}

static int write_name(struct store *s, const struct donor_record *d,
		      struct why *why)
{
	sqlite3_stmt *q = store_begin(s, SQL_RENAME);

	bind_u64(q, 1, d->id);
	bind_text(q, 2, d->name);
	return store_run(s, q, why);
}

/* --- chunks and batches -------------------------------------------------- */

/* Completes the row and appends it. The store's seq and hash move on; a
 * rollback puts them back. */
static int write_row(struct store *s, struct ledger_row *row, uint64_t now_ms,
		     struct why *why)
{
	sqlite3_stmt *q = store_begin(s, SQL_ROW);
	int err;

	row->seq = s->seq + 1;
	row->at_ms = now_ms;
	memcpy(row->prev_hash, s->hash, SHA256_BYTES);
	if (ledger_hash(row, row->hash) != 0)
		return why_set(why, ERR_NOMEM, "out of memory");
	bind_u64(q, 1, row->seq);
	bind_u64(q, 2, row->at_ms);
	bind_u64(q, 3, row->type);
	bind_u64(q, 4, row->donor);
	bind_u64(q, 5, row->job);
	bind_u64(q, 6, row->from_unit);
	bind_u64(q, 7, row->units);
	bind_u64(q, 8, row->credit_us);
	bind_u64(q, 9, row->batch);
	bind_bytes(q, 10, bytes_of(row->output_sha256, SHA256_BYTES));
	bind_bytes(q, 11, bytes_of(row->prev_hash, SHA256_BYTES));
	bind_bytes(q, 12, bytes_of(row->hash, SHA256_BYTES));
	err = store_run(s, q, why);
	if (err)
		return err;
	s->seq = row->seq;
	memcpy(s->hash, row->hash, SHA256_BYTES);
	return 0;
}

static int write_output(struct store *s, const struct op *op, struct why *why)
{
	sqlite3_stmt *q = store_begin(s, SQL_OUTPUT);
	bool pending = op->row.batch != 0;

	bind_u64(q, 1, op->row.seq);
	bind_u64(q, 2, op->row.job);
	bind_u64(q, 3, op->row.batch);
	bind_u64(q, 4, pending ? 0 : op->row.seq);
	if (pending)
		bind_bytes(q, 5, buf_bytes(&op->output));
	bind_bytes(q, 6, buf_bytes(&op->delta));
	return store_run(s, q, why);
}

static int write_candidate(struct store *s, const struct op *op,
			   uint64_t now_ms, struct why *why)
{
	const struct candidate *c = &op->candidate;
	sqlite3_stmt *q = store_begin(s, SQL_BATCH);

	bind_u64(q, 1, op->row.batch);
	bind_u64(q, 2, op->row.donor);
	bind_u64(q, 3, op->row.job);
	bind_u64(q, 4, now_ms);
	bind_u64(q, 5, op->row.credit_us);
	bind_u64(q, 6, op->row.units);
	bind_text(q, 7, c->kind);
	bind_u64(q, 8, c->from);
	bind_u64(q, 9, c->units);
	bind_u64(q, 10, c->seed);
	bind_u64(q, 11, c->piece);
	bind_bytes(q, 12, buf_bytes(&c->input));
	bind_bytes(q, 13, buf_bytes(&c->expected));
	return store_run(s, q, why);
}

static int write_batch(struct store *s, const struct op *op, uint64_t now_ms,
		       struct why *why)
{
	sqlite3_stmt *q;

	if (!op->row.batch)
		return 0;
	if (op->replaces)
		return write_candidate(s, op, now_ms, why);
	q = store_begin(s, SQL_BATCH_ADD);
	bind_u64(q, 1, op->row.batch);
	bind_u64(q, 2, op->row.credit_us);
	bind_u64(q, 3, op->row.units);
	return store_run(s, q, why);
}

/* Accepted, credited, done: one op, so one transaction. */
static int write_chunk(struct store *s, struct op *op, uint64_t now_ms,
		       struct why *why)
{
	int err = write_row(s, &op->row, now_ms, why);

	if (!err)
		err = write_output(s, op, why);
	return err ? err : write_batch(s, op, now_ms, why);
}

/* The chunks of the batch, for taking them back. */
static int read_chunks(struct store *s, struct op *op, struct why *why)
{
	sqlite3_stmt *q = store_begin(s, SQL_CHUNKS);

	op->loaded = loaded_new();
	if (!op->loaded)
		return why_set(why, ERR_NOMEM, "out of memory");
	bind_u64(q, 1, op->row.batch);
	return store_read_rows(s, q, op->loaded, why);
}

static int write_settled(struct store *s, struct op *op, uint64_t now_ms,
			 struct why *why)
{
	sqlite3_stmt *q;
	int err = write_row(s, &op->row, now_ms, why);

	if (!err && op->row.type == LEDGER_DROPPED)
		err = read_chunks(s, op, why);
	if (err)
		return err;
	q = store_begin(s, SQL_SETTLE);
	bind_u64(q, 1, op->row.batch);
	bind_u64(q, 2, op->row.seq);
	err = store_run(s, q, why);
	if (err)
		return err;
	q = store_begin(s, SQL_BATCH_GONE);
	bind_u64(q, 1, op->row.batch);
	return store_run(s, q, why);
}

/* --- jobs ---------------------------------------------------------------- */

static int write_job(struct store *s, const struct op *op, uint64_t now_ms,
		     struct why *why)
{
	sqlite3_stmt *q = store_begin(s, SQL_JOB);

	bind_u64(q, 1, op->job.id);
	bind_bytes(q, 2, bytes_of(op->job.digest, SHA256_BYTES));
	bind_text(q, 3, op->job.spec);
	bind_text(q, 4, op->job.kind);
	bind_u64(q, 5, op->job.total);
	bind_u64(q, 6, op->job.playlist);
	bind_u64(q, 7, now_ms);
	bind_bytes(q, 8, buf_bytes(&op->snapshot));
	return store_run(s, q, why);
}

static int write_snapshot(struct store *s, const struct op *op,
			  struct why *why)
{
	sqlite3_stmt *q = store_begin(s, SQL_SNAPSHOT);
	int err;

	bind_u64(q, 1, op->job.id);
	bind_bytes(q, 2, buf_bytes(&op->snapshot));
	bind_u64(q, 3, op->covers);
	err = store_run(s, q, why);
	if (err)
		return err;
	q = store_begin(s, SQL_COVERED);
	bind_u64(q, 1, op->job.id);
	bind_u64(q, 2, op->covers);
	return store_run(s, q, why);
}

static int write_finish(struct store *s, struct op *op, uint64_t now_ms,
			struct why *why)
{
	struct bytes answer = buf_bytes(&op->answer);
	sqlite3_stmt *q;
	int err = write_row(s, &op->row, now_ms, why);

	if (!err)
		err = write_snapshot(s, op, why);
	if (err)
		return err;
	q = store_begin(s, SQL_FINISH);
	bind_u64(q, 1, op->job.id);
	bind_u64(q, 2, now_ms);
	sqlite3_bind_text64(q, 3, (const char *)answer.data, answer.len,
			    SQLITE_STATIC, SQLITE_UTF8);
	return store_run(s, q, why);
}

/* --- a transaction ------------------------------------------------------- */

static int apply_one(struct store *s, struct op *op, uint64_t now_ms,
		     struct why *why)
{
	switch (op->type) {
	case OP_JOIN:
		return write_join(s, op, now_ms, why);
	case OP_SESSION:
		return write_session(s, &op->session, why);
	case OP_LEFT:
		return write_left(s, &op->session, why);
	case OP_RENAME:
		return write_name(s, &op->donor, why);
	case OP_JOB:
		return write_job(s, op, now_ms, why);
	case OP_CHUNK:
		return write_chunk(s, op, now_ms, why);
	case OP_SETTLE:
		return write_settled(s, op, now_ms, why);
	case OP_NOTE:
		return write_row(s, &op->row, now_ms, why);
	case OP_SNAPSHOT:
		return write_snapshot(s, op, why);
	case OP_FINISH:
		return write_finish(s, op, now_ms, why);
	case OP_LOAD:
		return store_load(s, op, why);
	}
	return why_set(why, ERR_STATE, "op %d", op->type);
}

static int run_plain(struct store *s, enum statement which, struct why *why)
{
	return store_run(s, store_begin(s, which), why);
}

int store_apply(struct store *s, struct op *ops, uint64_t now_ms,
		struct why *why)
{
	const uint64_t seq = s->seq;
	uint8_t hash[SHA256_BYTES];
	int err = run_plain(s, SQL_BEGIN, why);

	memcpy(hash, s->hash, SHA256_BYTES);
	for (struct op *op = ops; op && !err; op = op->next) {
		/* Of an earlier try. */
		loaded_free(op->loaded);
		op->loaded = NULL;
		err = apply_one(s, op, now_ms, why);
	}
	if (!err)
		err = run_plain(s, SQL_COMMIT, why);
	if (!err)
		return 0;
	if (!sqlite3_get_autocommit(s->db))
		run_plain(s, SQL_ROLLBACK, NULL);
	s->seq = seq;
	memcpy(s->hash, hash, SHA256_BYTES);
	return err;
}
