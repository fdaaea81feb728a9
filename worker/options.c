#include "worker/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "worker/core.h"

enum { NAME_CHARACTERS_MAX = 24, SECONDS_MAX = 10000000 };

const char options_usage[] =
	"usage: worker --router URL [--realm R] [--name NAME] [--threads N]\n"
	"              [--trusted --ticket-file F] [--kinds LIST] [--ca FILE]\n"
	"       worker --solve SPEC [--threads N] [--seconds S] [--seed N] "
	"[--json]\n"
	"       worker --bench KIND [--seconds S] [--json]\n"
	"URL: ws://host:port/ws, wss://…, rs://host:port, rss://…, "
	"unix:///path\n"
	"SPEC: tsp:FILE.tsp, tsp:places?region=ES&count=2000, pi:POSITION\n";

/* --- values ------------------------------------------------------------- */

static int read_uint(const char *flag, const char *text, uint64_t min,
		     uint64_t max, uint64_t *out, struct why *why)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || v < min || v > max)
		return why_set(why, ERR_USAGE,
			       "%s %s: accepted is a whole number from %llu "
			       "to %llu",
			       flag, text, (unsigned long long)min,
			       (unsigned long long)max);
	*out = v;
	return 0;
}

static int read_seconds(const char *text, double *out, struct why *why)
{
	char *end;
	double v = strtod(text, &end);

	if (*text < '0' || *text > '9' || *end ||
	    !(v > 0 && v <= SECONDS_MAX))
		return why_set(why, ERR_USAGE,
			       "--seconds %s: accepted is a number above 0, "
			       "at most %d",
			       text, SECONDS_MAX);
	*out = v;
	return 0;
}

static int check_name(const char *name, struct why *why)
{
	struct bytes text = bytes_str(name);
	unsigned characters = 0;
	bool control = !utf8_valid(text);

	for (size_t at = 0; !control && at < text.len; characters++) {
		uint32_t c = utf8_next(text, &at);

		control = c < 0x20 || (c >= 0x7f && c < 0xa0);
	}
	if (control || characters < 1 || characters > NAME_CHARACTERS_MAX)
		return why_set(why, ERR_USAGE,
			       "--name: accepted are 1 to %d characters, "
			       "none of them a control character",
			       NAME_CHARACTERS_MAX);
	return 0;
}

static int read_ticket(const char *file, char ticket[257], struct why *why)
{
	FILE *f = fopen(file, "r");
	size_t len;

	if (!f)
		return why_set(why, ERR_USAGE, "--ticket-file %s: %s", file,
			       strerror(errno));
	len = fread(ticket, 1, 256, f);
	fclose(f);
	ticket[len] = '\0';
	len = strcspn(ticket, "\r\n");
	if (len == 0 || len == 256)
		return why_set(why, ERR_USAGE,
			       "--ticket-file %s: wanted is a line of 1 to 255 "
			       "bytes",
			       file);
	ticket[len] = '\0';
	return 0;
}

/* --- flags -------------------------------------------------------------- */

enum flag {
	FLAG_ROUTER,
	FLAG_REALM,
	FLAG_NAME,
	FLAG_THREADS,
	FLAG_TRUSTED,
	FLAG_TICKET_FILE,
	FLAG_KINDS,
	FLAG_CA,
	FLAG_SOLVE,
	FLAG_BENCH,
	FLAG_SECONDS,
	FLAG_SEED,
	FLAG_JSON,
	FLAG_HELP,
	FLAGS
};

#define SERVE (1u << MODE_SERVE)
#define SOLVE (1u << MODE_SOLVE)
#define BENCH (1u << MODE_BENCH)

static const struct {
	const char *name;
	bool has_value;
	unsigned modes;
} flags[FLAGS] = {
	[FLAG_ROUTER] = { "--router", true, SERVE },
	[FLAG_REALM] = { "--realm", true, SERVE },
	[FLAG_NAME] = { "--name", true, SERVE },
	[FLAG_THREADS] = { "--threads", true, SERVE | SOLVE },
	[FLAG_TRUSTED] = { "--trusted", false, SERVE },
	[FLAG_TICKET_FILE] = { "--ticket-file", true, SERVE },
	[FLAG_KINDS] = { "--kinds", true, SERVE },
	[FLAG_CA] = { "--ca", true, SERVE },
	[FLAG_SOLVE] = { "--solve", true, SOLVE },
	[FLAG_BENCH] = { "--bench", true, BENCH },
	[FLAG_SECONDS] = { "--seconds", true, SOLVE | BENCH },
	[FLAG_SEED] = { "--seed", true, SOLVE | BENCH },
	[FLAG_JSON] = { "--json", false, SOLVE | BENCH },
	[FLAG_HELP] = { "--help", false, SERVE | SOLVE | BENCH },
};

static int unknown_flag(const char *given, struct why *why)
{
	char known[256] = "";

	for (int i = 0; i < FLAGS; i++) {
		size_t len = strlen(known);

		snprintf(known + len, sizeof known - len, "%s%s",
			 i ? " " : "", flags[i].name);
	}
	return why_set(why, ERR_USAGE, "%.40s: accepted are %s", given, known);
}

static int set_flag(struct options *o, enum flag flag, const char *value,
		    struct why *why)
{
	uint64_t n;
	int err = 0;

	switch (flag) {
	case FLAG_ROUTER:
		o->router = value;
		break;
	case FLAG_REALM:
		o->realm = value;
		break;
	case FLAG_NAME:
		o->name = value;
		return check_name(value, why);
	case FLAG_THREADS:
		err = read_uint("--threads", value, 1, CORE_THREADS_MAX, &n,
				why);
		o->threads = err ? 0 : (unsigned)n;
		break;
	case FLAG_TRUSTED:
		o->trusted = true;
		break;
	case FLAG_TICKET_FILE:
		o->ticket_file = value;
		return read_ticket(value, o->ticket, why);
	case FLAG_KINDS:
		return core_kinds_parse(value, &o->kinds, why);
	case FLAG_CA:
		o->ca = value;
		break;
	case FLAG_SOLVE:
		o->mode = MODE_SOLVE;
		o->what = value;
		break;
	case FLAG_BENCH:
		o->mode = MODE_BENCH;
		o->what = value;
		break;
	case FLAG_SECONDS:
		return read_seconds(value, &o->seconds, why);
	case FLAG_SEED:
		return read_uint("--seed", value, 0, KIND_INTEGER_MAX,
				 &o->seed, why);
	case FLAG_JSON:
		o->json = true;
		break;
	case FLAG_HELP:
	case FLAGS:
		o->mode = MODE_HELP;
		break;
	}
	return err;
}

static enum flag find_flag(const char *text)
{
	enum flag flag = FLAG_ROUTER;

	while (flag < FLAGS && strcmp(text, flags[flag].name) != 0)
		flag++;
	return flag;
}

/* Do the flags that were given go together? */
static int check_modes(const struct options *o, unsigned seen,
		       struct why *why)
{
	for (int i = 0; i < FLAGS; i++)
		if (seen >> i & 1 && !(flags[i].modes >> o->mode & 1))
			return why_set(why, ERR_USAGE,
				       "%s does not go with %s", flags[i].name,
				       o->mode == MODE_SERVE   ? "--router"
				       : o->mode == MODE_SOLVE ? "--solve"
							       : "--bench");
	if (o->mode == MODE_SERVE && !o->router)
		return why_set(why, ERR_USAGE,
			       "wanted is --router URL, --solve SPEC or "
			       "--bench KIND");
	if (o->trusted != (o->ticket_file != NULL))
		return why_set(why, ERR_USAGE,
			       "--trusted and --ticket-file FILE go together");
	return 0;
}

static void set_defaults(struct options *o)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	*o = (struct options){
		.realm = "realm1",
		.kinds = CORE_ALL_KINDS,
		.threads = cores < 1 ? 1
			   : cores > CORE_THREADS_MAX ? CORE_THREADS_MAX
						      : (unsigned)cores,
	};
}

int options_read(struct options *o, int argc, char **argv, struct why *why)
{
	unsigned seen = 0;

	set_defaults(o);
	for (int i = 1; i < argc; i++) {
		enum flag flag = find_flag(argv[i]);
		const char *value = NULL;
		int err;

		if (flag == FLAGS)
			return unknown_flag(argv[i], why);
		if (flags[flag].has_value && !(value = argv[++i]))
			return why_set(why, ERR_USAGE, "%s needs a value",
				       flags[flag].name);
		err = set_flag(o, flag, value, why);
		if (err)
			return ERR_USAGE;
		if (o->mode == MODE_HELP)
			return 0;
		seen |= 1u << flag;
	}
	return check_modes(o, seen, why);
}
