/*
 * fail_malloc: makes the n-th allocation of a piece of code fail.
 *
 *     fail_malloc_at(n);
 *     … code under test …
 *     hit = fail_malloc_off();   // was there an n-th allocation?
 *
 * Included by exactly one source file of a test program: it defines malloc,
 * calloc and realloc for the whole of it, on top of glibc's or, in a build
 * with sanitizers, of theirs. Only the arming thread may allocate meanwhile.
 */
#ifndef TESTS_FAIL_MALLOC_H
#define TESTS_FAIL_MALLOC_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define FAIL_MALLOC_ASAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(FAIL_MALLOC_ASAN)
#define FAIL_MALLOC_REAL(name) __interceptor_##name
#else
#define FAIL_MALLOC_REAL(name) __libc_##name
#endif

void *FAIL_MALLOC_REAL(malloc)(size_t size);
void *FAIL_MALLOC_REAL(calloc)(size_t count, size_t size);
void *FAIL_MALLOC_REAL(realloc)(void *p, size_t size);

static size_t fail_malloc_left; /* 0: not armed */
static bool fail_malloc_hit;

/* Impossible sizes fail as glibc lets them; a sanitizer would abort. */
static bool fail_malloc_now(size_t size)
{
	if (size > PTRDIFF_MAX)
		return true;
	if (fail_malloc_left == 0 || --fail_malloc_left > 0)
		return false;
	fail_malloc_hit = true;
	errno = ENOMEM;
	return true;
}

/* n = 1: the next one. All after it succeed again. */
__attribute__((unused)) static void fail_malloc_at(size_t n)
{
	fail_malloc_hit = false;
	fail_malloc_left = n;
}

__attribute__((unused)) static bool fail_malloc_off(void)
{
	fail_malloc_left = 0;
	return fail_malloc_hit;
}

/* What the test does in between is not counted: what is left until then. */
__attribute__((unused)) static size_t fail_malloc_pause(void)
{
	size_t left = fail_malloc_left;

	fail_malloc_left = 0;
	return left;
}

__attribute__((unused)) static void fail_malloc_go_on(size_t left)
{
	fail_malloc_left = left;
}

void *malloc(size_t size)
{
	return fail_malloc_now(size) ? NULL : FAIL_MALLOC_REAL(malloc)(size);
}

void *calloc(size_t count, size_t size)
{
	return fail_malloc_now(size) ? NULL :
				       FAIL_MALLOC_REAL(calloc)(count, size);
}

void *realloc(void *p, size_t size)
{
	return fail_malloc_now(size) ? NULL :
				       FAIL_MALLOC_REAL(realloc)(p, size);
}

#endif
