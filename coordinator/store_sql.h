/*
 * store_sql: what the store's files share: the connection, its prepared
 * statements and short names for binding and reading. store.c opens and
 * closes, store_apply.c writes ops, store_read.c reads them back. For these
 * files only.
 */
#ifndef COORDINATOR_STORE_SQL_H
#define COORDINATOR_STORE_SQL_H

#include <sqlite3.h>

#include "coordinator/store.h"

#define STATEMENTS(X)                                                         \
	X(BEGIN, "BEGIN IMMEDIATE")                                           \
	X(COMMIT, "COMMIT")                                                   \
	X(ROLLBACK, "ROLLBACK")                                               \
	X(DONOR, "INSERT INTO donors(id, name, device, trusted, "             \
		 "token_sha256, pass_sha256, joined_ms) "                     \
		 "VALUES(?, ?, ?, ?, ?, ?, ?)")                               \
	X(RENAME, "UPDATE donors SET name = ?2 WHERE id = ?1")                \
	X(SESSION, "INSERT OR REPLACE INTO sessions(session, donor, "         \
		   "threads) VALUES(?, ?, ?)")                                \
	X(LEFT, "DELETE FROM sessions WHERE session = ?")                     \
	X(JOB, "INSERT INTO jobs(id, digest, spec, kind, total, playlist, "   \
	       "created_ms, snapshot, snapshot_seq) "                         \
	       "VALUES(?, ?, ?, ?, ?, ?, ?, ?, 0)")                           \
	X(SNAPSHOT, "UPDATE jobs SET snapshot = ?2, snapshot_seq = ?3 "       \
		    "WHERE id = ?1")                                          \
	X(FINISH, "UPDATE jobs SET finished_ms = ?2, answer = ?3 "            \
		  "WHERE id = ?1")                                            \
	X(ROW, "INSERT INTO ledger VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "  \
	       "?)")                                                          \
	X(OUTPUT, "INSERT INTO outputs(seq, job, batch, settled_seq, output, "\
		  "delta) VALUES(?, ?, ?, ?, ?, ?)")                          \
	X(BATCH, "INSERT INTO batches(id, donor, job, opened_ms, credit_us, " \
		 "units, kind, from_unit, count, seed, piece, input, "        \
		 "expected) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "   \
		 "ON CONFLICT(id) DO UPDATE SET "                             \
		 "credit_us = credit_us + excluded.credit_us, "               \
		 "units = units + excluded.units, kind = excluded.kind, "     \
		 "from_unit = excluded.from_unit, count = excluded.count, "   \
		 "seed = excluded.seed, piece = excluded.piece, "             \
		 "input = excluded.input, expected = excluded.expected")      \
	X(BATCH_ADD, "UPDATE batches SET credit_us = credit_us + ?2, "        \
		     "units = units + ?3 WHERE id = ?1")                      \
	X(BATCH_GONE, "DELETE FROM batches WHERE id = ?")                     \
	X(SETTLE, "UPDATE outputs SET settled_seq = ?2, output = NULL "       \
		  "WHERE batch = ?1")                                         \
	X(COVERED, "DELETE FROM outputs WHERE job = ?1 AND seq <= ?2 "        \
		   "AND settled_seq BETWEEN 1 AND ?2")                        \
	X(CHUNKS, "SELECT 1, l.seq, l.donor, l.from_unit, l.units, "          \
		  "l.credit_us, l.batch, o.delta FROM outputs o "             \
		  "JOIN ledger l ON l.seq = o.seq WHERE o.batch = ? "         \
		  "ORDER BY l.seq")                                           \
	X(LOAD_ROWS, "SELECT l.type, l.seq, l.donor, l.from_unit, l.units, "  \
		     "l.credit_us, l.batch, o.delta FROM ledger l "           \
		     "LEFT JOIN outputs o ON o.seq = l.seq "                  \
		     "WHERE l.job = ? ORDER BY l.seq")                        \
	X(LOAD_JOB, "SELECT id, digest, spec, kind, total, playlist, "        \
		    "finished_ms, snapshot, snapshot_seq, answer FROM jobs "  \
		    "WHERE digest = ?")                                       \
	X(READ_DONORS, "SELECT id, name, device, trusted, token_sha256, "     \
		       "pass_sha256 FROM donors ORDER BY id")                 \
	X(READ_SESSIONS, "SELECT session, donor, threads FROM sessions")      \
	X(READ_JOBS, "SELECT id, digest, spec, kind, total, playlist, "       \
		     "finished_ms FROM jobs ORDER BY id")                     \
	X(READ_LEDGER, "SELECT * FROM ledger ORDER BY seq")                   \
	X(READ_BATCHES, "SELECT id, donor, job, opened_ms, credit_us, "       \
			"units, kind, from_unit, count, seed, piece, "        \
			"input, expected FROM batches ORDER BY id")

enum statement {
#define X(name, sql) SQL_##name,
	STATEMENTS(X)
#undef X
	SQL_COUNT
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_COUNT];
	char *path;
	/* Of the last row on disk. */
	uint64_t seq;
	uint8_t hash[SHA256_BYTES];
};

int store_prepare(struct store *s, struct why *why);
/* The statement, reset and with nothing bound. */
sqlite3_stmt *store_begin(struct store *s, enum statement which);
/* Columns and parameters; all numbers of the database are < 2^63. */
uint64_t column_u64(sqlite3_stmt *q, int i);
struct bytes column_bytes(sqlite3_stmt *q, int i);
bool column_sha256(sqlite3_stmt *q, int i, uint8_t out[SHA256_BYTES]);
void column_text(sqlite3_stmt *q, int i, char *out, size_t out_bytes);
void bind_u64(sqlite3_stmt *q, int i, uint64_t v);
void bind_bytes(sqlite3_stmt *q, int i, struct bytes b); /* borrowed */
void bind_text(sqlite3_stmt *q, int i, const char *text);
/* The error of SQLite's last failure, with the reason. */
int store_error(struct store *s, struct why *why);
/* A begun statement that gives no rows, to its end. */
int store_run(struct store *s, sqlite3_stmt *q, struct why *why);
/* SQL that is not prepared; and one whose first row is a number. */
int store_exec(struct store *s, const char *sql, struct why *why);
int store_query_u64(struct store *s, const char *sql, uint64_t *out,
		    struct why *why);
/* Rows of CHUNKS or LOAD_ROWS, begun and bound, into l->rows. 0 or an error.
 */
int store_read_rows(struct store *s, sqlite3_stmt *q, struct loaded *l,
		    struct why *why);
int store_load(struct store *s, struct op *op, struct why *why);
struct loaded *loaded_new(void);

#endif
