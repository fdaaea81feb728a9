#include "coordinator/store_sql.h"

#include <stdio.h>
#include <string.h>

static const char *const sql_of[SQL_COUNT] = {
#define X(name, sql) [SQL_##name] = sql,
	STATEMENTS(X)
#undef X
};

int store_prepare(struct store *s, struct why *why)
{
	for (unsigned i = 0; i < SQL_COUNT; i++)
		if (sqlite3_prepare_v3(s->db, sql_of[i], -1,
				       SQLITE_PREPARE_PERSISTENT,
				       &s->statements[i], NULL) != SQLITE_OK)
			return store_error(s, why);
	return 0;
}

/* --- columns and parameters ---------------------------------------------- */

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

/* --- running ------------------------------------------------------------- */

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

int store_run(struct store *s, sqlite3_stmt *q, struct why *why)
{
	int rc = sqlite3_step(q), err = 0;

	if (rc != SQLITE_DONE && rc != SQLITE_ROW)
		err = store_error(s, why);
	sqlite3_reset(q);
	return err;
}

int store_exec(struct store *s, const char *sql, struct why *why)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	return store_error(s, why);
}

int store_query_u64(struct store *s, const char *sql, uint64_t *out,
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
