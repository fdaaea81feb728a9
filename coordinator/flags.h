/*
 * flags: the command line of build/coordinator. What is wrong is said in one
 * line that names what is accepted. May touch base, net's URLs and files.
 */
#ifndef COORDINATOR_FLAGS_H
#define COORDINATOR_FLAGS_H

#include "base/err.h"
#include "net/url.h"

enum { FLAGS_JOBS_MAX = 100, TICKET_BYTES = 257, PATH_BYTES = 4096 };

struct flags {
	struct url router;
	const char *router_text, *realm, *db;
	const char *ca; /* NULL: the system's authorities */
	char ticket[TICKET_BYTES]; /* "" when there is none */
	const char *jobs[FLAGS_JOBS_MAX];
	unsigned job_count;
	bool exit_when_done, json, status, playlist, takeover, help;
	char places[PATH_BYTES]; /* "" when there is no such file */
};

extern const char flags_usage[];

/* argv is borrowed. 0 or ERR_USAGE with the reason. */
int flags_parse(struct flags *f, int argc, char **argv, struct why *why);

#endif
