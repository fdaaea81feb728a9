#include "coordinator/flags.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char flags_usage[] =
	"usage: coordinator --router URL --db FILE [--realm R] "
	"[--ticket-file F] [--job SPEC]... [--playlist] [--exit-when-done] "
	"[--json] [--status] [--places FILE] [--takeover] [--ca FILE]";

/* --- tickets and places -------------------------------------------------- */

static int read_ticket(struct flags *f, const char *file, struct why *why)
{
	FILE *in = fopen(file, "r");
	size_t len;

	if (!in)
		return why_set(why, ERR_USAGE,
			       "--ticket-file %s: %s; accepted is a file with "
			       "a ticket in its first line",
			       file, strerror(errno));
	if (!fgets(f->ticket, sizeof f->ticket, in))
		f->ticket[0] = '\0';
	fclose(in);
	len = strcspn(f->ticket, "\r\n");
	if (len == 0 || len == sizeof f->ticket - 1)
		return why_set(why, ERR_USAGE,
			       "--ticket-file %s: accepted is a first line of "
			       "1 to %d characters",
			       file, TICKET_BYTES - 2);
	f->ticket[len] = '\0';
	return 0;
}

/* Beside the program, or a folder above it (builds with sanitizers). */
static void find_places(struct flags *f)
{
	char exe[PATH_BYTES];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	const char *dir;

	if (n <= 0)
		return;
	exe[n] = '\0';
	dir = dirname(exe);
	snprintf(f->places, sizeof f->places, "%.4000s/places.tsv", dir);
	if (access(f->places, R_OK) != 0)
		snprintf(f->places, sizeof f->places,
			 "%.4000s/../places.tsv", dir);
	if (access(f->places, R_OK) != 0)
		f->places[0] = '\0';
}

/* --- flags --------------------------------------------------------------- */

static int set_router(struct flags *f, const char *v, struct why *why)
{
	f->router_text = v;
	return url_parse(v, &f->router, why) ? ERR_USAGE : 0;
}

static int set_realm(struct flags *f, const char *v, struct why *why)
{
	if (!*v)
		return why_set(why, ERR_USAGE, "--realm: accepted is a name");
	f->realm = v;
	return 0;
}

static int set_db(struct flags *f, const char *v, struct why *why)
{
	if (!*v)
		return why_set(why, ERR_USAGE, "--db: accepted is a file");
	f->db = v;
	return 0;
}

static int set_job(struct flags *f, const char *v, struct why *why)
{
	if (f->job_count == FLAGS_JOBS_MAX)
		return why_set(why, ERR_USAGE, "--job: accepted are at most "
					       "%d",
			       FLAGS_JOBS_MAX);
	f->jobs[f->job_count++] = v;
	return 0;
}

static int set_places(struct flags *f, const char *v, struct why *why)
{
	if (strlen(v) >= sizeof f->places || access(v, R_OK) != 0)
		return why_set(why, ERR_USAGE,
			       "--places %s: accepted is a file that can be "
			       "read",
			       v);
	snprintf(f->places, sizeof f->places, "%s", v);
	return 0;
}

static int set_ca(struct flags *f, const char *v, struct why *why)
{
	(void)why;
	f->ca = v;
	return 0;
}

static const struct {
	const char *name;
	int (*set)(struct flags *f, const char *v, struct why *why);
} with_value[] = {
	{ "--router", set_router },	    { "--realm", set_realm },
	{ "--ticket-file", read_ticket }, { "--db", set_db },
	{ "--job", set_job },		    { "--places", set_places },
	{ "--ca", set_ca },
};

static bool set_switch(struct flags *f, const char *name)
{
	if (strcmp(name, "--exit-when-done") == 0)
		f->exit_when_done = true;
	else if (strcmp(name, "--json") == 0)
		f->json = true;
	else if (strcmp(name, "--status") == 0)
		f->status = true;
	else if (strcmp(name, "--playlist") == 0)
		f->playlist = true;
	else if (strcmp(name, "--takeover") == 0)
		f->takeover = true;
	else if (strcmp(name, "--help") == 0)
		f->help = true;
	else
		return false;
	return true;
}

static int set_one(struct flags *f, int *i, int argc, char **argv,
		   struct why *why)
{
	for (size_t k = 0; k < sizeof with_value / sizeof with_value[0]; k++) {
		if (strcmp(argv[*i], with_value[k].name) != 0)
			continue;
		if (*i + 1 == argc)
			return why_set(why, ERR_USAGE, "%s needs a value",
				       argv[*i]);
		return with_value[k].set(f, argv[++*i], why);
	}
	if (set_switch(f, argv[*i]))
		return 0;
	return why_set(why, ERR_USAGE, "unknown argument %.60s; %s", argv[*i],
		       flags_usage);
}

/* A ticket must not be read on the way. */
static bool is_private(const struct url *u)
{
	return url_is_local(u) || url_is_secure(u);
}

static int check(const struct flags *f, struct why *why)
{
	if (!f->router_text)
		return why_set(why, ERR_USAGE, "--router is missing; %s",
			       flags_usage);
	if (!f->db)
		return why_set(why, ERR_USAGE, "--db is missing; %s",
			       flags_usage);
	if (f->ticket[0] && !is_private(&f->router))
		return why_set(why, ERR_USAGE,
			       "--router %s: a ticket travels over loopback, "
			       "unix sockets or TLS only; accepted are "
			       "ws://127.0.0.1…, wss://…, unix://…",
			       f->router_text);
	return 0;
}

int flags_parse(struct flags *f, int argc, char **argv, struct why *why)
{
	int err = 0;

	*f = (struct flags){ .realm = "realm1" };
	find_places(f);
	for (int i = 1; i < argc && !err; i++)
		err = set_one(f, &i, argc, argv, why);
	return err || f->help ? err : check(f, why);
}
