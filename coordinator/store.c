#include "coordinator/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/schema.h"
#include "coordinator/store_sql.h"

static const char *const sql_of[SQL_COUNT] = {
#define X(name, sql) [SQL_##name] = sql,
	STATEMENTS(X)
#undef X
};

/* --- short names --------------------------------------------------------- */

sqlite3_stmt *store_begin(struct store *s, enum statement which)
{
	sqlite3_stmt *q = s->statements[which];

	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	return q;
}

uint64_t column_u64(sqlite3_stmt *q, int i)
{
	sqlite3_int64 v = sqlite3_column_int64(q, i);

	return v < 0 ? 0 : (uint64_t)v;
}

struct bytes column_bytes(sqlite3_stmt *q, int i)
{
	const void *data = sqlite3_column_blob(q, i);

	return bytes_of(data, (size_t)sqlite3_column_bytes(q, i));
}

bool column_sha256(sqlite3_stmt *q, int i, uint8_t out[SHA256_BYTES])
{
	struct bytes b = column_bytes(q, i);

	if (b.len != SHA256_BYTES)
		return false;
	memcpy(out, b.data, SHA256_BYTES);
	return true;
}

void column_text(sqlite3_stmt *q, int i, char *out, size_t out_bytes)
{
	const unsigned char *text = sqlite3_column_text(q, i);

	snprintf(out, out_bytes, "%s", text ? (const char *)text : "");
}

void bind_u64(sqlite3_stmt *q, int i, uint64_t v)
{
	sqlite3_bind_int64(q, i, (sqlite3_int64)v);
}

void bind_bytes(sqlite3_stmt *q, int i, struct bytes b)
{
	/* NULL would be SQL's NULL. */
	sqlite3_bind_blob64(q, i, b.data ? (const void *)b.data : "", b.len,
			    SQLITE_STATIC);
}

void bind_text(sqlite3_stmt *q, int i, const char *text)
{
	sqlite3_bind_text(q, i, text, -1, SQLITE_STATIC);
}

int store_error(struct store *s, struct why *why)
{
	const char *text = sqlite3_errmsg(s->db);

	switch (sqlite3_errcode(s->db)) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return why_set(why, ERR_EXISTS,
			       "database %s: in use by another coordinator; "
			       "accepted is one at a time",
			       s->path);
	case SQLITE_FULL:
	case SQLITE_IOERR:
		return why_set(why, ERR_IO, "database %s: %s", s->path, text);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return why_set(why, ERR_MALFORMED,
			       "database %s: %s; accepted is a database that "
			       "this program made, or none",
			       s->path, text);
	case SQLITE_NOMEM:
		return why_set(why, ERR_NOMEM, "out of memory");
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return why_set(why, ERR_DENIED,
			       "database %s: %s; accepted is a file in a "
			       "folder that can be written",
			       s->path, text);
	default:
		return why_set(why, ERR_STATE, "database %s: %s", s->path,
			       text);
	}
}

static int run(struct store *s, sqlite3_stmt *q, struct why *why)
{
	int rc = sqlite3_step(q), err = 0;

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		err = store_error(s, why);
	sqlite3_reset(q);
	return err;
}

static int run_plain(struct store *s, enum statement which, struct why *why)
{
	return run(s, store_begin(s, which), why);
}

static int exec(struct store *s, const char *sql, struct why *why)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return store_error(s, why);
}

static int query_u64(struct store *s, const char *sql, uint64_t *out,
		     struct why *why)
{
	sqlite3_stmt *q = NULL;
	int err = 0;

	if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK ||
	    sqlite3_step(q) != SQLITE_ROW)
		err = store_error(s, why);
	else
		*out = column_u64(q, 0);
	sqlite3_finalize(q);
	return err;
}

/* --- open and close ------------------------------------------------------ */

static int check_version(struct store *s, uint64_t version, struct why *why)
{
	uint64_t tables = 0;
	int err;

	if (version == STORE_VERSION)
		return 0;
	err = query_u64(s, "SELECT count(*) FROM sqlite_schema", &tables, why);
	if (err || (version == 0 && tables == 0))
		return err;
	return why_set(why, ERR_UNSUPPORTED,
		       "database %s: version %llu; accepted is version %d, or "
		       "no file",
		       s->path, (unsigned long long)version, STORE_VERSION);
}

static int make_tables(struct store *s, struct why *why)
{
	char pragma[64];
	int err;

	snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d",
		 STORE_VERSION);
	err = exec(s, "BEGIN IMMEDIATE", why);
	if (!err)
		err = exec(s, schema_sql, why);
	if (!err)
		err = exec(s, pragma, why);
	return err ? err : exec(s, "COMMIT", why);
}

static bool is_sound(struct store *s, const char *pragma)
{
	sqlite3_stmt *q = NULL;
	char text[8] = "";

	if (sqlite3_prepare_v2(s->db, pragma, -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		column_text(q, 0, text, sizeof text);
	sqlite3_finalize(q);
	return strcmp(text, "ok") == 0;
}

bool store_is_sound(struct store *s)
{
	return is_sound(s, "PRAGMA integrity_check(1)");
}

/* Nothing is written before version and content have been looked at. */
static int set_up(struct store *s, struct why *why)
{
	uint64_t version = 0;
	int err;

	err = exec(s, "PRAGMA locking_mode = EXCLUSIVE", why);
	if (!err)
		err = exec(s, "PRAGMA trusted_schema = OFF", why);
	if (!err)
		err = query_u64(s, "PRAGMA user_version", &version, why);
	if (!err)
		err = check_version(s, version, why);
	if (!err && version && !is_sound(s, "PRAGMA quick_check(1)"))
		err = why_set(why, ERR_MALFORMED,
			      "database %s: corrupted; accepted is a sound "
			      "one, or none",
			      s->path);
	if (!err)
		err = exec(s, "PRAGMA journal_mode = WAL", why);
	if (!err)
		err = exec(s, "PRAGMA synchronous = FULL", why);
	if (!err && !version)
		err = make_tables(s, why);
	/* Takes the lock, to keep it, and finds out now if writing fails. */
	if (!err)
		err = exec(s, "BEGIN IMMEDIATE; COMMIT", why);
	return err;
}

static int prepare_all(struct store *s, struct why *why)
{
	for (unsigned i = 0; i < SQL_COUNT; i++)
		if (sqlite3_prepare_v3(s->db, sql_of[i], -1,
				       SQLITE_PREPARE_PERSISTENT,
				       &s->statements[i], NULL) != SQLITE_OK)
			return store_error(s, why);
	return 0;
}

static int open_file(struct store *s, struct why *why)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
		    SQLITE_OPEN_NOFOLLOW;

	if (sqlite3_open_v2(s->path, &s->db, flags, NULL) != SQLITE_OK)
		return s->db ? store_error(s, why) :
			       why_set(why, ERR_NOMEM, "out of memory");
	sqlite3_extended_result_codes(s->db, 0);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return 0;
}

int store_open(struct store **out, const char *path, struct why *why)
{
	struct store *s = calloc(1, sizeof *s);
	int err = 0;

	if (s)
		s->path = strdup(path);
	if (!s || !s->path)
		err = why_set(why, ERR_NOMEM, "out of memory");
	if (!err)
		err = open_file(s, why);
	if (!err)
		err = set_up(s, why);
	if (!err)
		err = prepare_all(s, why);
	if (err) {
		store_close(s);
		return err;
	}
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(s->statements[i]);
	sqlite3_close(s->db);
	free(s->path);
	free(s);
}

/* --- ops ----------------------------------------------------------------- */

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
	return run(s, q, why);
}

static int write_session(struct store *s, const struct session_record *r,
			 struct why *why)
{
	sqlite3_stmt *q = store_begin(s, SQL_SESSION);

	bind_u64(q, 1, r->session);
	bind_u64(q, 2, r->donor);
	bind_u64(q, 3, r->threads);
	return run(s, q, why);
}

static int write_left(struct store *s, const struct session_record *r,
		      struct why *why)
{
	sqlite3_stmt *q = store_begin(s, SQL_LEFT);

	bind_u64(q, 1, r->session);
	return run(s, q, why);
}

static int write_name(struct store *s, const struct donor_record *d,
		      struct why *why)
{
	sqlite3_stmt *q = store_begin(s, SQL_RENAME);

	bind_u64(q, 1, d->id);
	bind_text(q, 2, d->name);
	return run(s, q, why);
}

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
	return run(s, q, why);
}

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
	err = run(s, q, why);
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
	return run(s, q, why);
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
	return run(s, q, why);
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
	return run(s, q, why);
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
	err = run(s, q, why);
	if (err)
		return err;
	q = store_begin(s, SQL_BATCH_GONE);
	bind_u64(q, 1, op->row.batch);
	return run(s, q, why);
}

static int write_snapshot(struct store *s, const struct op *op,
			  struct why *why)
{
	sqlite3_stmt *q = store_begin(s, SQL_SNAPSHOT);
	int err;

	bind_u64(q, 1, op->job.id);
	bind_bytes(q, 2, buf_bytes(&op->snapshot));
	bind_u64(q, 3, op->covers);
	err = run(s, q, why);
	if (err)
		return err;
	q = store_begin(s, SQL_COVERED);
	bind_u64(q, 1, op->job.id);
	bind_u64(q, 2, op->covers);
	return run(s, q, why);
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
	return run(s, q, why);
}

static int write_join(struct store *s, const struct op *op, uint64_t now_ms,
		      struct why *why)
{
	int err = write_donor(s, &op->donor, now_ms, why);

	return err ? err : write_session(s, &op->session, why);
}

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
