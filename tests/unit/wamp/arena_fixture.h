/*
 * arena_fixture: an arena for all tests of a program, and the usual limits.
 * Included by one source file of it, whose group runs between set_up and
 * tear_down.
 */
#ifndef TESTS_WAMP_ARENA_FIXTURE_H
#define TESTS_WAMP_ARENA_FIXTURE_H

#include "support.h"

static const struct wamp_limits *const limits = &wamp_limits_default;

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 4096);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_deinit(&arena);
	return 0;
}

#endif
