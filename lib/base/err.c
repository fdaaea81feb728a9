#include "base/err.h"

#include <stdio.h>

const char *err_text(int err)
{
	switch (err) {
#define X(name, code, text)                                                   \
	case name:                                                            \
		return text;
		ERR_LIST(X)
#undef X
	default:
		return err == 0 ? "no error" : "unknown error";
	}
}

int why_set(struct why *why, int err, const char *fmt, ...)
{
	va_list ap;

	if (!why)
		return err;
	va_start(ap, fmt);
	vsnprintf(why->text, sizeof why->text, fmt, ap);
	va_end(ap);
	return err;
}
