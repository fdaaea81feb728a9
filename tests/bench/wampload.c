/*
 * wampload: how many calls a second does a router carry, and how long do they
 * take? N callees register one procedure (roundrobin) and give back what they
 * get; N callers keep --inflight calls open in all. It is one thread, and not
 * free itself: README.md says how to read its figures.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "net/peer.h"

enum {
	PEERS_MAX = 10000,
	INFLIGHT_MAX = 1000000,
	PAYLOAD_MAX = 512 * 1024,
	SECONDS_MAX = 3600,
	START_MS = 15000, /* to join and register */
	DRAIN_MS = 5000,  /* for the last answers */
	/* Latencies: 64 buckets an octave, so 1.6 % apart. */
	SUB_BITS = 6,
	BUCKETS = 64 << SUB_BITS,
};

struct options {
	const char *router, *realm, *procedure;
	const struct serializer *serializer;
	unsigned callers, callees, inflight, payload, seconds, router_pid;
	bool json;
};

struct load;

struct member {
	struct load *load;
	struct peer *peer; /* owned */
	struct client *client;
	bool is_callee;
};

/* One of the calls that are kept open. */
struct slot {
	struct member *caller;
	uint64_t begun_ns;
};

struct load {
	const struct options *options;
	struct loop *loop;
	struct timer *timer;
	struct member *members; /* owned */
	struct slot *slots;     /* owned */
	unsigned ready;         /* callers joined, callees registered */
	bool joined;            /* at least one */
	bool usage;             /* the router is not there */
	unsigned open;          /* calls */
	bool running, stopping, failed;
	struct value payload;
	struct value args;
	struct arena arena;
	uint64_t begun_ns, ended_ns;
	double cpu_begun, cpu_ended;
	uint64_t calls, errors;
	char first_error[128];
	uint64_t *buckets; /* owned */
};

/* --- time ---------------------------------------------------------------- */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Processor seconds of a process, user and system; below 0: unknown. */
static double cpu_seconds(unsigned pid)
{
	char path[64], text[1024];
	unsigned long user, system;
	const char *after;
	FILE *file;
	size_t len;

	snprintf(path, sizeof path, "/proc/%u/stat", pid);
	file = pid ? fopen(path, "r") : NULL;
	if (!file)
		return -1;
	len = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[len] = '\0';
	after = strrchr(text, ')'); /* the name may hold anything */
	if (!after || sscanf(after,
			     ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
			     "%lu %lu",
			     &user, &system) != 2)
		return -1;
	return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* --- latencies ----------------------------------------------------------- */

static unsigned bucket_of(uint64_t ns)
{
	unsigned octave;

	if (ns < 1u << SUB_BITS)
		return (unsigned)ns;
	octave = 63 - (unsigned)__builtin_clzll(ns) - SUB_BITS;
	return ((octave + 1) << SUB_BITS) +
	       (unsigned)((ns >> octave) & ((1u << SUB_BITS) - 1));
}

static double bucket_us(unsigned bucket)
{
	unsigned octave = bucket >> SUB_BITS;
	uint64_t low = bucket & ((1u << SUB_BITS) - 1);

	if (octave == 0)
		return (double)low / 1000;
	return (double)((low + (1u << SUB_BITS)) << (octave - 1)) / 1000;
}

static double quantile_us(const struct load *l, double q)
{
	uint64_t wanted = (uint64_t)((double)l->calls * q), seen = 0;

	for (unsigned i = 0; i < BUCKETS; i++) {
		seen += l->buckets[i];
		if (seen > wanted)
			return bucket_us(i);
	}
	return 0;
}

/* --- the end ------------------------------------------------------------- */

static void fail(struct load *l, const char *what, const char *why)
{
	if (!l->failed)
		fprintf(stderr, "wampload: %s: %s %s\n", l->options->router,
			what, why);
	l->failed = true;
	loop_stop(l->loop);
}

static void stop_if_over(struct load *l)
{
	if (l->stopping && !l->open)
		loop_stop(l->loop);
}

static void on_time(void *ctx)
{
	struct load *l = ctx;

	if (!l->running) {
		fail(l, "not all could join and register in time;",
		     l->first_error);
		return;
	}
	if (l->stopping) {
		fail(l, "calls were not answered", "in time");
		return;
	}
	l->stopping = true;
	l->ended_ns = now_ns();
	l->cpu_ended = cpu_seconds(l->options->router_pid);
	timer_start(l->timer, DRAIN_MS, 0);
	stop_if_over(l);
}

/* --- calls --------------------------------------------------------------- */

static void on_reply(void *ctx, struct bytes error,
		     const struct client_data *data);

static void call(struct load *l, struct slot *slot)
{
	slot->begun_ns = now_ns();
	if (client_call(slot->caller->client, l->options->procedure, NULL,
			&l->args, NULL, on_reply, slot, NULL))
		fail(l, "a call could not be made", "");
	else
		l->open++;
}

static void on_reply(void *ctx, struct bytes error,
		     const struct client_data *data)
{
	struct slot *slot = ctx;
	struct load *l = slot->caller->load;
	unsigned bucket = bucket_of(now_ns() - slot->begun_ns);

	(void)data;
	l->open--;
	if (l->failed)
		return;
	if (error.len) {
		l->errors++;
		if (!*l->first_error)
			snprintf(l->first_error, sizeof l->first_error, "%.*s",
				 (int)error.len, (const char *)error.data);
	} else if (!l->stopping) {
		l->calls++;
		l->buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
	}
	if (l->stopping)
		stop_if_over(l);
	else
		call(l, slot);
}

static void begin(struct load *l)
{
	l->running = true;
	l->begun_ns = now_ns();
	l->cpu_begun = cpu_seconds(l->options->router_pid);
	timer_start(l->timer, l->options->seconds * 1000u, 0);
	for (unsigned i = 0; i < l->options->inflight; i++) {
		l->slots[i].caller = &l->members[i % l->options->callers];
		call(l, &l->slots[i]);
	}
}

static void one_more(struct load *l)
{
	if (++l->ready == l->options->callers + l->options->callees)
		begin(l);
}

/* --- members ------------------------------------------------------------- */

static void on_invocation(void *ctx, uint64_t invocation,
			  const struct client_data *data)
{
	struct member *m = ctx;

	(void)client_yield(m->client, invocation, NULL, data->args, NULL);
}

static void on_registered(void *ctx, struct bytes error,
			  const struct client_data *data)
{
	struct member *m = ctx;
	char text[128];

	(void)data;
	if (!error.len) {
		one_more(m->load);
		return;
	}
	snprintf(text, sizeof text, "%.*s", (int)error.len,
		 (const char *)error.data);
	fail(m->load, "can not register:", text);
}

static void register_it(struct member *m)
{
	struct load *l = m->load;
	struct value options = value_dict();

	if (dict_set(&l->arena, &options, "invoke", value_str("roundrobin")) ||
	    client_register(m->client, l->options->procedure, &options,
			    on_invocation, NULL, on_registered, m))
		fail(l, "can not register", "");
}

static void on_joined(void *ctx, struct client *c, uint64_t session,
		      const struct value *details)
{
	struct member *m = ctx;

	(void)session;
	(void)details;
	m->client = c;
	m->load->joined = true;
	if (m->is_callee)
		register_it(m);
	else
		one_more(m->load);
}

static void on_left(void *ctx, bool refused, const char *reason,
		    const char *message, bool again)
{
	struct member *m = ctx;
	char text[512];

	(void)again;
	snprintf(text, sizeof text, "%s %s", reason, message);
	if (!refused && !m->load->joined)
		m->load->usage = true;
	fail(m->load, refused ? "refused:" :
		      m->load->joined ? "lost:" :
		      "not there; accepted is the URL of a router that runs:",
	     text);
}

static int make_member(struct load *l, unsigned i, const struct url *where)
{
	struct member *m = &l->members[i];
	const struct peer_config config = {
		.where = *where,
		.client = { .serializer = l->options->serializer,
			    .limits = wamp_limits_default,
			    .realm = l->options->realm,
			    .agent = "manyhands wampload" },
		.transport = transport_limits_default,
		.once = true,
		.joined = on_joined,
		.left = on_left,
		.ctx = m,
	};

	m->load = l;
	m->is_callee = i >= l->options->callers;
	m->peer = peer_new(l->loop, &config);
	return m->peer ? 0 : ERR_NOMEM;
}

/* --- the run ------------------------------------------------------------- */

static int make_args(struct load *l)
{
	unsigned len = l->options->payload;
	uint8_t *bytes = arena_alloc(&l->arena, len);

	if (!bytes)
		return ERR_NOMEM;
	for (unsigned i = 0; i < len; i++)
		bytes[i] = (uint8_t)(i * 31 + 7);
	l->args = value_list();
	return list_add(&l->arena, &l->args,
			value_bin(bytes_of(bytes, len)));
}

static int make(struct load *l, const struct url *where)
{
	unsigned count = l->options->callers + l->options->callees;
	int err;

	arena_init(&l->arena, 4096);
	l->loop = loop_new();
	l->members = calloc(count, sizeof *l->members);
	l->slots = calloc(l->options->inflight, sizeof *l->slots);
	l->buckets = calloc(BUCKETS, sizeof *l->buckets);
	if (!l->loop || !l->members || !l->slots || !l->buckets)
		return ERR_NOMEM;
	l->timer = timer_new(l->loop, on_time, l);
	err = l->timer ? make_args(l) : ERR_NOMEM;
	for (unsigned i = 0; !err && i < count; i++)
		err = make_member(l, i, where);
	return err;
}

static void unmake(struct load *l)
{
	unsigned count = l->options->callers + l->options->callees;

	for (unsigned i = 0; l->members && i < count; i++)
		peer_free(l->members[i].peer);
	timer_free(l->timer);
	loop_free(l->loop);
	free(l->members);
	free(l->slots);
	free(l->buckets);
	arena_deinit(&l->arena);
}

static void report(const struct load *l)
{
	double seconds = (double)(l->ended_ns - l->begun_ns) / 1e9;
	double rate = (double)l->calls / seconds;
	double cpu = l->cpu_begun < 0 || l->cpu_ended < 0
			     ? -1
			     : l->cpu_ended - l->cpu_begun;

	if (!l->options->json) {
		printf("%.0f calls/s, half within %.0f us, 99 %% within %.0f "
		       "us, 99.9 %% within %.0f us; %llu calls, %llu errors "
		       "%s\n",
		       rate, quantile_us(l, 0.5), quantile_us(l, 0.99),
		       quantile_us(l, 0.999), (unsigned long long)l->calls,
		       (unsigned long long)l->errors, l->first_error);
		return;
	}
	printf("{\"calls\": %llu, \"calls_per_s\": %.1f, \"p50_us\": %.1f, "
	       "\"p99_us\": %.1f, \"p999_us\": %.1f, \"errors\": %llu",
	       (unsigned long long)l->calls, rate, quantile_us(l, 0.5),
	       quantile_us(l, 0.99), quantile_us(l, 0.999),
	       (unsigned long long)l->errors);
	if (cpu >= 0)
		printf(", \"router_cpu_s\": %.2f", cpu);
	printf("}\n");
}

static int run(const struct options *o, const struct url *where)
{
	struct load l = { .options = o };

	if (make(&l, where)) {
		fprintf(stderr, "wampload: out of memory\n");
		l.failed = true;
	} else {
		timer_start(l.timer, START_MS, 0);
		loop_run(l.loop);
	}
	if (!l.failed)
		report(&l);
	l.failed |= l.errors > 0;
	l.stopping = true;
	unmake(&l);
	return l.usage ? 2 : l.failed ? 1 : 0;
}

/* --- the command line ---------------------------------------------------- */

static const char usage[] =
	"--router ws://host:port/ws [--realm realm1] "
	"[--serializer msgpack|json] [--callers 1] [--callees 1] "
	"[--inflight 1 (in all)] [--payload 16 (bytes)] [--seconds 5] "
	"[--procedure manyhands.load] "
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
	case 'u':
		o->procedure = optarg;
		return true;
	case 's':
		o->serializer = serializer_by_name(optarg);
		if (!o->serializer)
			bad_usage("--serializer", optarg, "msgpack or json");
		return o->serializer != NULL;
	case 'c':
		return take_number(name, optarg, 1, PEERS_MAX, &o->callers);
	case 'e':
		return take_number(name, optarg, 1, PEERS_MAX, &o->callees);
	case 'i':
		return take_number(name, optarg, 1, INFLIGHT_MAX, &o->inflight);
	case 'p':
		return take_number(name, optarg, 0, PAYLOAD_MAX, &o->payload);
	case 't':
		return take_number(name, optarg, 1, SECONDS_MAX, &o->seconds);
	case 'P':
		return take_number(name, optarg, 1, 1u << 30, &o->router_pid);
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

int main(int argc, char **argv)
{
	static const struct option known[] = {
		{ "router", required_argument, NULL, 'r' },
		{ "realm", required_argument, NULL, 'm' },
		{ "serializer", required_argument, NULL, 's' },
		{ "callers", required_argument, NULL, 'c' },
		{ "callees", required_argument, NULL, 'e' },
		{ "inflight", required_argument, NULL, 'i' },
		{ "payload", required_argument, NULL, 'p' },
		{ "seconds", required_argument, NULL, 't' },
		{ "procedure", required_argument, NULL, 'u' },
		{ "router-pid", required_argument, NULL, 'P' },
		{ "json", no_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options o = {
		.realm = "realm1",
		.procedure = "manyhands.load",
		.serializer = &serializer_msgpack,
		.callers = 1,
		.callees = 1,
		.inflight = 1,
		.payload = 16,
		.seconds = 5,
	};
	struct why why;
	struct url where;
	int option, index = 0;

	log_open("wampload");
	opterr = 0; /* one line, ours */
	while ((option = getopt_long(argc, argv, "", known, &index)) != -1) {
		char name[32];

		snprintf(name, sizeof name, "--%s",
			 option == '?' ? "" : known[index].name);
		if (!take_option(&o, option, name, argv[optind - 1]))
			return 2;
	}
	if (optind < argc)
		return bad_usage("unknown argument", argv[optind], usage);
	if (!o.router)
		return bad_usage("--router", "is missing", usage);
	if (url_parse(o.router, &where, &why)) {
		fprintf(stderr, "wampload: --router %s\n", why.text);
		return 2;
	}
	return run(&o, &where);
}
