/*
 * wampload: how much does a router carry, and how long does it take? It is one
 * thread, and not free itself: ../README.md says how to read its figures.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "net/dial.h"
#include "tests/bench/load/load.h"

enum {
	PEERS_MAX = 20000,
	INFLIGHT_MAX = 1000000,
	PAYLOAD_MAX = 512 * 1024,
	SECONDS_MAX = 3600,
	RATE_MAX = 10000000,
	RATE_SLOTS = 65536, /* in flight at most, at a given rate */
};

/* --- the command line ---------------------------------------------------- */

static const char usage[] =
	"--router URL [--realm realm1] [--mode calls|events|raw|sessions] "
	"[--serializer msgpack|cbor|json] [--batched] [--callers 1 (or publishers)] "
	"[--callees 1 (or subscribers, sessions)] [--inflight 1 (in all)] "
	"[--rate N (a second)] [--payload 16 (bytes)] [--seconds 5] "
	"[--procedure manyhands.load] [--ca FILE (of wss:// and rss://)] "
	"[--router-pid PID (tells its CPU time)] [--json]";

static int bad_usage(const char *what, const char *value, const char *accepted)
{
	fprintf(stderr, "wampload: %s %s: accepted is %s\n", what, value,
		accepted);
	return 2;
}

static bool take_number(const char *name, const char *text, unsigned min,
			unsigned max, unsigned *out)
{
	char accepted[64], *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text >= '0' && *text <= '9' && !*end && n >= min && n <= max) {
		*out = (unsigned)n;
		return true;
	}
	snprintf(accepted, sizeof accepted, "a number from %u to %u", min, max);
	bad_usage(name, text, accepted);
	return false;
}

static bool take_mode(struct options *o, const char *text)
{
	if (!strcmp(text, "calls"))
		o->mode = &mode_calls;
	else if (!strcmp(text, "events"))
		o->mode = &mode_events;
	else if (!strcmp(text, "raw"))
		o->mode = &mode_raw;
	else if (!strcmp(text, "sessions"))
		o->mode = NULL;
	else
		return bad_usage("--mode", text,
				 "calls, events, raw or sessions"), false;
	return true;
}

/* `word` is the argument as it was given. */
static bool take_option(struct options *o, int option, const char *name,
			const char *word)
{
	switch (option) {
	case 'r':
		o->router = optarg;
		return true;
	case 'm':
		o->realm = optarg;
		return true;
	case 'a':
		o->ca = optarg;
		return true;
	case 'u':
		o->procedure = optarg;
		return true;
	case 's':
		o->serializer = serializer_by_name(optarg);
		if (!o->serializer)
			bad_usage("--serializer", optarg, "msgpack, cbor or json");
		return o->serializer != NULL;
	case 'c':
		return take_number(name, optarg, 1, PEERS_MAX, &o->callers);
	case 'e':
		return take_number(name, optarg, 1, PEERS_MAX, &o->callees);
	case 'o':
		return take_mode(o, optarg);
	case 'R':
		return take_number(name, optarg, 1, RATE_MAX, &o->rate);
	case 'i':
		return take_number(name, optarg, 1, INFLIGHT_MAX, &o->inflight);
	case 'p':
		return take_number(name, optarg, 0, PAYLOAD_MAX, &o->payload);
	case 't':
		return take_number(name, optarg, 1, SECONDS_MAX, &o->seconds);
	case 'P':
		return take_number(name, optarg, 1, 1u << 30, &o->router_pid);
	case 'b':
		o->batched = true;
		return true;
	case 'j':
		o->json = true;
		return true;
	case 'h':
		printf("usage: wampload %s\n", usage);
		exit(0);
	default:
		bad_usage("unknown or incomplete argument", word, usage);
		return false;
	}
}

/* A session takes a file each. */
static void raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

static const struct option known[] = {
	{ "router", required_argument, NULL, 'r' },
	{ "realm", required_argument, NULL, 'm' },
	{ "mode", required_argument, NULL, 'o' },
	{ "rate", required_argument, NULL, 'R' },
	{ "serializer", required_argument, NULL, 's' },
	{ "batched", no_argument, NULL, 'b' },
	{ "callers", required_argument, NULL, 'c' },
	{ "callees", required_argument, NULL, 'e' },
	{ "inflight", required_argument, NULL, 'i' },
	{ "payload", required_argument, NULL, 'p' },
	{ "seconds", required_argument, NULL, 't' },
	{ "procedure", required_argument, NULL, 'u' },
	{ "ca", required_argument, NULL, 'a' },
	{ "router-pid", required_argument, NULL, 'P' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static int read_options(struct options *o, int argc, char **argv)
{
	int option, index = 0;

	opterr = 0; /* one line, ours */
	while ((option = getopt_long(argc, argv, "", known, &index)) != -1) {
		char name[32];

		snprintf(name, sizeof name, "--%s",
			 option == '?' ? "" : known[index].name);
		if (!take_option(o, option, name, argv[optind - 1]))
			return 2;
	}
	if (optind < argc)
		return bad_usage("unknown argument", argv[optind], usage);
	if (!o->router)
		return bad_usage("--router", "is missing", usage);
	return 0;
}

static int find_router(struct options *o, struct url *where)
{
	struct why why;

	if (url_parse(o->router, where, &why)) {
		fprintf(stderr, "wampload: --router %s\n", why.text);
		return 2;
	}
	if (o->batched && where->scheme != URL_WS && where->scheme != URL_WSS)
		return bad_usage("--batched", "with --router of no WebSocket",
				 "ws:// and wss://");
	if (dial_trust(where, o->ca, &o->tls, &why)) {
		fprintf(stderr, "wampload: %s\n", why.text);
		return 2;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = {
		.realm = "realm1",
		.procedure = "manyhands.load",
		.serializer = &serializer_msgpack,
		.mode = &mode_calls,
		.callers = 1,
		.callees = 1,
		.inflight = 1,
		.payload = 16,
		.seconds = 5,
	};
	struct url where;
	int code;

	log_open("wampload");
	code = read_options(&o, argc, argv);
	if (!code)
		code = find_router(&o, &where);
	if (code)
		return code;
	if (o.rate)
		o.inflight = RATE_SLOTS;
	raise_files();
	code = o.mode ? load_run(&o, &where) : sessions_run(&o, &where);
	tls_free(o.tls);
	return code;
}
