#include "coordinator/store_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOADED_BLOCK_BYTES = 64 * 1024 };

struct loaded *loaded_new(void)
{
	struct loaded *l = calloc(1, sizeof *l);

	if (l)
		arena_init(&l->arena, LOADED_BLOCK_BYTES);
	return l;
}

static int no_memory(struct why *why)
{
	return why_set(why, ERR_NOMEM, "out of memory");
}

static int damaged(struct store *s, const char *what, struct why *why)
{
	return why_set(why, ERR_MALFORMED,
		       "database %s: corrupted (%s); accepted is a sound one, "
		       "or none",
		       s->path, what);
}

/* --- the rows of a job or a batch ---------------------------------------- */

static int keep(struct arena *a, struct bytes from, struct bytes *to)
{
	uint8_t *copy = arena_alloc(a, from.len);

	if (!copy)
		return ERR_NOMEM;
	if (from.len)
		memcpy(copy, from.data, from.len);
	*to = bytes_of(copy, from.len);
	return 0;
}

static int add_row(struct loaded *l, size_t *cap, const struct loaded_row *row)
{
	struct loaded_row *rows = l->rows;

	if (l->count == *cap) {
		size_t bigger = *cap ? 2 * *cap : 64;

		rows = arena_array(&l->arena, bigger, sizeof *rows);
		if (!rows)
			return ERR_NOMEM;
		if (l->count)
			memcpy(rows, l->rows, l->count * sizeof *rows);
		l->rows = rows;
		*cap = bigger;
	}
	rows[l->count++] = *row;
	return 0;
}

static int row_from(sqlite3_stmt *q, struct loaded *l, size_t *cap)
{
	struct loaded_row row = {
		.type = (enum ledger_type)sqlite3_column_int(q, 0),
		.seq = column_u64(q, 1),
		.donor = column_u64(q, 2),
		.from = column_u64(q, 3),
		.units = column_u64(q, 4),
		.credit_us = column_u64(q, 5),
		.batch = column_u64(q, 6),
	};

	if (sqlite3_column_type(q, 7) != SQLITE_NULL &&
	    keep(&l->arena, column_bytes(q, 7), &row.delta) != 0)
		return ERR_NOMEM;
	return add_row(l, cap, &row);
}

int store_read_rows(struct store *s, sqlite3_stmt *q, struct loaded *l,
		    struct why *why)
{
	size_t cap = 0;
	int rc, err = 0;

	while (!err && (rc = sqlite3_step(q)) != SQLITE_DONE) {
		if (rc != SQLITE_ROW)
			err = store_error(s, why);
		else if (row_from(q, l, &cap) != 0)
			err = no_memory(why);
	}
	sqlite3_reset(q);
	return err;
}

static int job_from(struct store *s, sqlite3_stmt *q, struct job_record *job,
		    struct why *why)
{
	*job = (struct job_record){
		.id = column_u64(q, 0),
		.total = column_u64(q, 4),
		.playlist = column_u64(q, 5),
		.finished = column_u64(q, 6) != 0,
	};
	column_text(q, 2, job->spec, sizeof job->spec);
	column_text(q, 3, job->kind, sizeof job->kind);
	if (!column_sha256(q, 1, job->digest))
		return damaged(s, "a job's digest", why);
	return 0;
}

static int load_job(struct store *s, struct op *op, struct why *why)
{
	struct loaded *l = op->loaded;
	sqlite3_stmt *q = store_begin(s, SQL_LOAD_JOB);
	int rc, err = 0;

	bind_bytes(q, 1, bytes_of(op->job.digest, SHA256_BYTES));
	rc = sqlite3_step(q);
	if (rc == SQLITE_ROW) {
		l->found = true;
		err = job_from(s, q, &l->job, why);
		l->snapshot_seq = column_u64(q, 8);
		if (!err && (keep(&l->arena, column_bytes(q, 7),
				  &l->snapshot) != 0 ||
			     keep(&l->arena, column_bytes(q, 9),
				  &l->answer) != 0))
			err = no_memory(why);
	} else if (rc != SQLITE_DONE) {
		err = store_error(s, why);
	}
	sqlite3_reset(q);
	return err;
}

int store_load(struct store *s, struct op *op, struct why *why)
{
	sqlite3_stmt *q;
	int err;

	op->loaded = loaded_new();
	if (!op->loaded)
		return no_memory(why);
	err = load_job(s, op, why);
	if (err || !op->loaded->found)
		return err;
	q = store_begin(s, SQL_LOAD_ROWS);
	bind_u64(q, 1, op->loaded->job.id);
	return store_read_rows(s, q, op->loaded, why);
}

/* --- everything, at the start -------------------------------------------- */

/* One row of a statement to the reader. 0 or an error, with the reason. */
typedef int each_fn(struct store *s, sqlite3_stmt *q,
		    const struct store_reader *reader, void *ctx,
		    struct why *why);

static int each(struct store *s, enum statement which, each_fn *fn,
		const struct store_reader *reader, void *ctx, struct why *why)
{
	sqlite3_stmt *q = store_begin(s, which);
	int rc, err = 0;

	while (!err && (rc = sqlite3_step(q)) != SQLITE_DONE) {
		if (rc != SQLITE_ROW)
			err = store_error(s, why);
		else
			err = fn(s, q, reader, ctx, why);
	}
	sqlite3_reset(q);
	return err;
}

static int refused(struct store *s, int err, const char *what, struct why *why)
{
	if (err == ERR_NOMEM)
		return no_memory(why);
	return err ? damaged(s, what, why) : 0;
}

static int each_donor(struct store *s, sqlite3_stmt *q,
		      const struct store_reader *reader, void *ctx,
		      struct why *why)
{
	struct donor_record d = { .id = column_u64(q, 0),
				  .trusted = column_u64(q, 3) != 0 };

	column_text(q, 1, d.name, sizeof d.name);
	column_text(q, 2, d.device, sizeof d.device);
	if (!column_sha256(q, 4, d.token_sha256) ||
	    !column_sha256(q, 5, d.pass_sha256))
		return damaged(s, "a donor's hash", why);
	return refused(s, reader->donor(ctx, &d), "a donor", why);
}

static int each_session(struct store *s, sqlite3_stmt *q,
			const struct store_reader *reader, void *ctx,
			struct why *why)
{
	struct session_record r = { .session = column_u64(q, 0),
				    .donor = column_u64(q, 1),
				    .threads = column_u64(q, 2) };

	return refused(s, reader->session(ctx, &r), "a session", why);
}

static int each_job(struct store *s, sqlite3_stmt *q,
		    const struct store_reader *reader, void *ctx,
		    struct why *why)
{
	struct job_record job;
	int err = job_from(s, q, &job, why);

	return err ? err : refused(s, reader->job(ctx, &job), "a job", why);
}

static int each_row(struct store *s, sqlite3_stmt *q,
		    const struct store_reader *reader, void *ctx,
		    struct why *why)
{
	struct ledger_row row = {
		.seq = column_u64(q, 0),
		.at_ms = column_u64(q, 1),
		.type = (enum ledger_type)sqlite3_column_int(q, 2),
		.donor = column_u64(q, 3),
		.job = column_u64(q, 4),
		.from_unit = column_u64(q, 5),
		.units = column_u64(q, 6),
		.credit_us = column_u64(q, 7),
		.batch = column_u64(q, 8),
	};
	struct why reason;
	int err;

	if (!column_sha256(q, 9, row.output_sha256) ||
	    !column_sha256(q, 10, row.prev_hash) ||
	    !column_sha256(q, 11, row.hash))
		return damaged(s, "a hash of the ledger", why);
	err = ledger_follows(&row, s->seq, s->hash, &reason);
	if (err)
		return refused(s, err, reason.text, why);
	s->seq = row.seq;
	memcpy(s->hash, row.hash, SHA256_BYTES);
	return refused(s, reader->row(ctx, &row), "a row of the ledger", why);
}

static int each_batch(struct store *s, sqlite3_stmt *q,
		      const struct store_reader *reader, void *ctx,
		      struct why *why)
{
	struct batch_record b = { .id = column_u64(q, 0),
				  .donor = column_u64(q, 1),
				  .job = column_u64(q, 2),
				  .opened_ms = column_u64(q, 3),
				  .credit_us = column_u64(q, 4),
				  .units = column_u64(q, 5) };
	struct candidate *c = &b.candidate;
	int err;

	candidate_init(c);
	column_text(q, 6, c->kind, sizeof c->kind);
	c->from = column_u64(q, 7);
	c->units = column_u64(q, 8);
	c->seed = column_u64(q, 9);
	c->piece = column_u64(q, 10);
	buf_add_bytes(&c->input, column_bytes(q, 11));
	buf_add_bytes(&c->expected, column_bytes(q, 12));
	err = !buf_ok(&c->input) || !buf_ok(&c->expected) ?
		      ERR_NOMEM :
		      reader->batch(ctx, &b);
	candidate_deinit(c);
	return refused(s, err, "a batch", why);
}

int store_read(struct store *s, const struct store_reader *reader, void *ctx,
	       struct why *why)
{
	int err;

	s->seq = 0;
	memset(s->hash, 0, sizeof s->hash);
	err = each(s, SQL_READ_DONORS, each_donor, reader, ctx, why);
	if (!err)
		err = each(s, SQL_READ_SESSIONS, each_session, reader, ctx,
			   why);
	if (!err)
		err = each(s, SQL_READ_JOBS, each_job, reader, ctx, why);
	if (!err)
		err = each(s, SQL_READ_LEDGER, each_row, reader, ctx, why);
	if (!err)
		err = each(s, SQL_READ_BATCHES, each_batch, reader, ctx, why);
	return err;
}
