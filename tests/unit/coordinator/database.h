/*
 * database: a file for a store, this process's own.
 */
#ifndef TEST_COORDINATOR_DATABASE_H
#define TEST_COORDINATOR_DATABASE_H

#include <stdio.h>
#include <unistd.h>

static char database[64];

/* With what SQLite keeps beside it. */
static void database_remove(void)
{
	static const char *const parts[] = { "", "-wal", "-shm" };
	char name[sizeof database + 8];

	for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
		snprintf(name, sizeof name, "%s%s", database, parts[i]);
		unlink(name);
	}
}

/* Its name; there is no such file yet. */
static const char *database_new(void)
{
	snprintf(database, sizeof database, "/tmp/manyhands-test-%d.db",
		 (int)getpid());
	database_remove();
	return database;
}

#endif
