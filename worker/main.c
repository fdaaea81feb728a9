/* The native worker's main: command line and which way to go. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "net/url.h"
#include "worker/local.h"
#include "worker/serve.h"

enum { PATH_BYTES = 4096 };

static int usage_error(const struct why *why)
{
	fprintf(stderr, "worker: %s\n", why->text);
	return 2;
}

/* The list of places lies beside the program, or one folder up (a sanitizer
 * build). */
static const char *places_file(char path[PATH_BYTES])
{
	static const char *const names[] = { "/places.tsv", "/../places.tsv" };
	ssize_t len = readlink("/proc/self/exe", path, PATH_BYTES - 32);
	char *slash;

	path[len > 0 ? len : 0] = '\0';
	slash = strrchr(path, '/');
	for (unsigned i = 0; slash && i < sizeof names / sizeof names[0]; i++) {
		strcpy(slash, names[i]);
		if (access(path, R_OK) == 0)
			return path;
	}
	return access("build/places.tsv", R_OK) == 0 ? "build/places.tsv"
						     : NULL;
}

static int run_local(const struct options *o)
{
	char path[PATH_BYTES];
	const struct local_options local = {
		.what = o->what,
		.threads = o->threads,
		.seconds = o->seconds,
		.seed = o->seed,
		.json = o->json,
		.places_file = places_file(path),
	};

	return o->mode == MODE_SOLVE ? local_solve(&local)
				     : local_bench(&local);
}

static int run_router(const struct options *o)
{
	struct why why = { "" };
	struct url where;

	if (url_parse(o->router, &where, &why))
		return usage_error(&why);
	if (o->trusted && !url_is_local(&where) && !url_is_secure(&where)) {
		why_set(&why, ERR_USAGE,
			"--router %s: a ticket travels only over loopback, "
			"unix sockets or TLS (wss://, rss://)",
			o->router);
		return usage_error(&why);
	}
	return serve(o, &where);
}

int main(int argc, char **argv)
{
	struct options options;
	struct why why = { "" };

	log_open("worker");
	if (options_read(&options, argc, argv, &why))
		return usage_error(&why);
	if (options.mode == MODE_HELP) {
		fputs(options_usage, stdout);
		return 0;
	}
	return options.mode == MODE_SERVE ? run_router(&options)
					  : run_local(&options);
}
