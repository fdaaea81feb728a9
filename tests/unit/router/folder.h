/*
 * folder: a folder of its own for a test program, and files in it. The group's
 * set-up and tear-down: cmocka_run_group_tests(tests, folder_make,
 * folder_remove).
 */
#ifndef TEST_ROUTER_FOLDER_H
#define TEST_ROUTER_FOLDER_H

#include <unistd.h>

#include "room.h"

static char dir[] = "/tmp/manyhands-router-XXXXXX";

UNUSED_OK static int folder_make(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

UNUSED_OK static int folder_remove(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof command, "rm -r %s", dir);
	return system(command);
}

/* The text, so many times. */
UNUSED_OK static void write_times(const char *name, const char *text,
				  unsigned repeat)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	while (repeat--)
		fputs(text, f);
	fclose(f);
}

UNUSED_OK static void write_file(const char *name, const char *text)
{
	write_times(name, text, 1);
}

#endif
