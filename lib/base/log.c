#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const level_name[] = { "error", "warn", "info", "debug" };

/* Written once, by log_open, before any thread is started. */
static const char *log_program = "manyhands";
static enum log_level log_level = LOG_INFO;

void log_open(const char *program)
{
	const char *wanted = getenv("MANYHANDS_LOG");

	log_program = program;
	for (int i = LOG_ERROR; wanted && i <= LOG_DEBUG; i++)
		if (strcmp(wanted, level_name[i]) == 0)
			log_level = (enum log_level)i;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (level > log_level)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '?';
	fprintf(stderr, "%s: %s: %s\n", log_program, level_name[level], text);
}
