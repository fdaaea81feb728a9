/*
 * err: the errors of the libraries, one list of code and text.
 *
 * A function that can fail returns 0 or one of these (they are negative);
 * results go through out-parameters. A message for a person is written beside
 * the code into a `struct why`, and says what was wrong, where, and what is
 * accepted. Touches nothing.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>

#define ERR_LIST(X)                                                           \
	X(ERR_NOMEM, -1, "out of memory")                                     \
	X(ERR_MALFORMED, -2, "malformed data")                                \
	X(ERR_TRUNCATED, -3, "data ends too early")                           \
	X(ERR_LIMIT, -4, "over a limit")                                      \
	X(ERR_RANGE, -5, "value out of range")                                \
	X(ERR_UNSUPPORTED, -6, "not supported")                               \
	X(ERR_NOT_FOUND, -7, "not found")                                     \
	X(ERR_EXISTS, -8, "exists already")                                   \
	X(ERR_STATE, -9, "not possible in this state")                        \
	X(ERR_DENIED, -10, "not allowed")                                     \
	X(ERR_IO, -11, "input/output error")                                  \
	X(ERR_CLOSED, -12, "closed")                                          \
	X(ERR_USAGE, -13, "bad usage")

enum err {
#define X(name, code, text) name = code,
	ERR_LIST(X)
#undef X
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* The English text of a code; never NULL. */
const char *err_text(int err);

/* A one-line message for a person. Always terminated; cut if too long. */
struct why {
	char text[256];
};

/* Writes the message and returns err, so that a failing function can end in
 * `return why_set(why, ERR_RANGE, "count %d: accepted are 1 to 10", n);`.
 * `why` may be NULL. */
int why_set(struct why *why, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
