/*
 * log: one line on standard error for the person who runs the program. Not
 * for secrets, not for the wire. Each line carries its level and the
 * program's name; control characters of a peer's text are replaced. Touches
 * standard error and one variable of the environment.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Called once by main before anything else; `program` stays borrowed. The
 * level comes from MANYHANDS_LOG (error, warn, info, debug), default info. */
void log_open(const char *program);
void log_line(enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
