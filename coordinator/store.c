#include "coordinator/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/schema.h"
#include "coordinator/store_sql.h"

static int check_version(struct store *s, uint64_t version, struct why *why)
{
	uint64_t tables = 0;
	int err;

	if (version == STORE_VERSION)
		return 0;
	err = store_query_u64(s, "SELECT count(*) FROM sqlite_schema",
			      &tables, why);
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
	err = store_exec(s, "BEGIN IMMEDIATE", why);
	if (!err)
		err = store_exec(s, schema_sql, why);
	if (!err)
		err = store_exec(s, pragma, why);
	return err ? err : store_exec(s, "COMMIT", why);
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

	err = store_exec(s, "PRAGMA locking_mode = EXCLUSIVE", why);
	if (!err)
		err = store_exec(s, "PRAGMA trusted_schema = OFF", why);
	if (!err)
		err = store_query_u64(s, "PRAGMA user_version", &version, why);
	if (!err)
		err = check_version(s, version, why);
	if (!err && version && !is_sound(s, "PRAGMA quick_check(1)"))
		err = why_set(why, ERR_MALFORMED,
			      "database %s: corrupted; accepted is a sound "
			      "one, or none",
			      s->path);
	if (!err)
		err = store_exec(s, "PRAGMA journal_mode = WAL", why);
	if (!err)
		err = store_exec(s, "PRAGMA synchronous = FULL", why);
	if (!err && !version)
		err = make_tables(s, why);
	/* Takes the lock, to keep it, and finds out now if writing fails. */
	if (!err)
		err = store_exec(s, "BEGIN IMMEDIATE; COMMIT", why);
	return err;
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
		err = store_prepare(s, why);
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
