/*
 * main: wires the coordinator together: one loop with the session and the
 * core, the store's writer and the preparing thread beside it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "coordinator/coord.h"
#include "coordinator/flags.h"
#include "coordinator/prepare.h"
#include "coordinator/rpc.h"
#include "coordinator/takeover.h"
#include "coordinator/view.h"
#include "coordinator/writer.h"
#include "crypto/random.h"
#include "net/dial.h"
#include "net/loop.h"
#include "net/peer.h"

enum {
	TICK_MS = 100,
	FIRST_JOIN_MS = 10000, /* the router has to be there by then */
	FLUSH_MS = 3000,       /* for what is not yet on disk at the end */
	OUTPUT_MAX = 64 * 1024 * 1024,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

struct app {
	struct flags flags;
	struct job_env env;
	struct loop *loop;
	struct tls *tls; /* owned; NULL: none */
	struct peer *peer;
	struct coord *coord;
	struct rpc *rpc;
	struct store *store;
	struct writer *writer;
	struct prepare *prepare;
	struct wake *wake;
	struct timer *tick, *soon;
	uint64_t started_ms;
	bool joined_once, draining, stopping, stopped;
	bool in_trouble; /* the coord was told of the store's trouble */
	int code;
	char last_error[256]; /* of dialling */
};

static uint64_t now_ms(void *ctx)
{
	(void)ctx;
	return clock_monotonic_ms();
}

static uint64_t random_number(void *ctx)
{
	(void)ctx;
	return random_u64();
}

static void stop(struct app *app, int code)
{
	if (app->stopping)
		return;
	app->stopping = true;
	app->code = code;
	peer_leave(app->peer, "wamp.close.system_shutdown");
}

/* --- effects ------------------------------------------------------------- */

static void print(struct app *app, struct value *(*view)(struct app *,
							  struct arena *))
{
	struct arena arena;
	struct value *v;
	struct buf json;

	arena_init(&arena, 64 * 1024);
	buf_init(&json);
	v = view(app, &arena);
	if (v && serializer_json.encode(&json, v) == 0 &&
	    buf_add_u8(&json, '\n') == 0) {
		fwrite(json.data, 1, json.len, stdout);
		fflush(stdout);
	}
	buf_deinit(&json);
	arena_deinit(&arena);
}

static struct value *status(struct app *app, struct arena *a)
{
	return view_status(a, app->coord, now_ms(NULL), true);
}

static struct value *result(struct app *app, struct arena *a)
{
	return view_result(a, app->coord, now_ms(NULL));
}

static void prepare_job(struct app *app, struct prep *prep);

static void tell(struct app *app, const struct coord_effect *e)
{
	struct coord_event failed = { .type = EV_FAILED,
				      .lease = e->lease,
				      .failure = FAILURE_SEND };

	if (rpc_effect(app->rpc, app->coord, e) != 0)
		coord_step(app->coord, &failed, now_ms(NULL));
}

static void do_effect(struct app *app, struct coord_effect *e)
{
	switch (e->type) {
	case EF_STORE:
		writer_add(app->writer, e->op);
		break;
	case EF_PREPARE:
		prepare_job(app, e->prep);
		break;
	case EF_LOG:
		log_line(LOG_WARN, "%s", e->why.text);
		break;
	case EF_DONE:
		if (e->err == ERR_NOMEM)
			log_line(LOG_ERROR, "out of memory");
		stop(app, e->err ? EXIT_FAILED : 0);
		break;
	case EF_TELL_PROGRESS:
		if (app->flags.status && !app->stopping)
			print(app, status);
		tell(app, e);
		break;
	default:
		tell(app, e);
		break;
	}
}

/* Steps, and does what comes of it. An event that comes while effects are
 * being done is stepped at once; its effects join the queue. */
static void on_event(void *ctx, const struct coord_event *event)
{
	struct app *app = ctx;
	struct coord_effect e;

	coord_step(app->coord, event, now_ms(NULL));
	if (app->draining)
		return;
	app->draining = true;
	while (coord_effect(app->coord, &e))
		do_effect(app, &e);
	app->draining = false;
	if (coord_is_behind(app->coord))
		timer_start(app->soon, 1, 0);
}

static void prepare_job(struct app *app, struct prep *prep)
{
	if (prepare_add(app->prepare, prep) == 0)
		return;
	prep->err = why_set(&prep->why, ERR_LIMIT, "job %.80s: too many are "
						   "being prepared",
			    prep->spec);
	coord_step(app->coord,
		   &(struct coord_event){ .type = EV_PREPARED, .prep = prep },
		   now_ms(NULL));
}

/* --- what happens -------------------------------------------------------- */

static void look_at_store(struct app *app)
{
	struct coord_event e = { .type = EV_STORE };
	struct why why = { "" };
	int state = writer_state(app->writer, &why);

	if (state && state != ERR_IO) {
		log_line(LOG_ERROR, "%s", why.text);
		stop(app, EXIT_FAILED);
		return;
	}
	if (!state && !app->in_trouble)
		return;
	app->in_trouble = state != 0;
	e.text = bytes_str(state ? why.text : "");
	on_event(app, &e);
}

static void on_wake(void *ctx)
{
	struct app *app = ctx;
	struct op *ops = writer_take(app->writer);
	struct prep *prep;

	if (ops)
		on_event(app, &(struct coord_event){ .type = EV_COMMITTED,
						     .ops = ops });
	while ((prep = prepare_take(app->prepare)) != NULL)
		on_event(app, &(struct coord_event){ .type = EV_PREPARED,
						     .prep = prep });
	look_at_store(app);
}

static void wake_up(void *ctx)
{
	struct app *app = ctx;

	wake_send(app->wake);
}

static void on_tick(void *ctx)
{
	struct app *app = ctx;

	if (!app->joined_once && !app->stopping &&
	    now_ms(NULL) - app->started_ms >= FIRST_JOIN_MS) {
		log_line(LOG_ERROR,
			 "router %s: not there (%s); accepted is the URL of "
			 "a router that runs",
			 app->flags.router_text, app->last_error);
		stop(app, EXIT_USAGE);
	}
	rpc_tick(app->rpc);
	on_event(app, &(struct coord_event){ .type = EV_TICK });
}

static void on_signal(void *ctx)
{
	stop(ctx, 0);
}

static void on_failed(void *ctx, const char *why)
{
	log_line(LOG_ERROR, "%s", why);
	stop(ctx, EXIT_FAILED);
}

static void on_joined(void *ctx, struct client *client, uint64_t session,
		      const struct value *details)
{
	struct app *app = ctx;

	(void)session;
	(void)details;
	if (app->joined_once)
		log_line(LOG_INFO, "joined the router again");
	app->joined_once = true;
	rpc_joined(app->rpc, client);
}

/* Nobody else may take them away: another coordinator is there now. */
static void on_revoked(void *ctx, uint64_t registration, const char *reason)
{
	struct app *app = ctx;

	(void)registration;
	if (app->stopping)
		return;
	log_line(LOG_ERROR, "another coordinator has taken over%s%s",
		 *reason ? ": " : "", reason);
	stop(app, EXIT_FAILED);
}

static void on_left(void *ctx, bool refused, const char *reason,
		    const char *message, bool again)
{
	struct app *app = ctx;

	snprintf(app->last_error, sizeof app->last_error, "%s%s%s",
		 reason ? reason : "", message && *message ? ": " : "",
		 message ? message : "");
	rpc_lost(app->rpc);
	if (app->stopping && !again) {
		app->stopped = true;
		loop_stop(app->loop);
		return;
	}
	if (refused && (!app->joined_once || !again)) {
		log_line(LOG_ERROR, "router %s refuses: %s",
			 app->flags.router_text, app->last_error);
		stop(app, EXIT_FAILED);
	} else if (app->joined_once) {
		log_line(LOG_WARN, "the router is gone (%s); trying again",
			 app->last_error);
	}
}

/* --- start and end ------------------------------------------------------- */

static int fail(const struct why *why)
{
	fprintf(stderr, "coordinator: %s\n", why->text);
	return EXIT_USAGE;
}

/* Bad input ends the program before anything has been touched. */
static int check_jobs(const struct app *app, struct why *why)
{
	int err = 0;

	for (unsigned i = 0; i < app->flags.job_count && !err; i++) {
		struct prep *prep = prep_new(1, app->flags.jobs[i]);

		if (!prep)
			return why_set(why, ERR_LIMIT,
				       "job %.80s…: accepted are at most %d "
				       "bytes",
				       app->flags.jobs[i], SPEC_BYTES - 1);
		prep_run(prep, &app->env);
		err = prep->err;
		*why = prep->why;
		prep_free(prep);
	}
	return err;
}

static int open_store(struct app *app, struct why *why)
{
	struct coord_config config = {
		.playlist = app->flags.playlist,
		.exit_when_done = app->flags.exit_when_done,
		.random = random_number,
	};
	int err = app->flags.takeover ?
			  takeover_store(&app->store, app->flags.db, why) :
			  store_open(&app->store, app->flags.db, why);

	if (err)
		return err;
	app->coord = coord_new(&config);
	if (!app->coord)
		return why_set(why, ERR_NOMEM, "out of memory");
	err = store_read(app->store, &coord_reader, app->coord, why);
	for (unsigned i = 0; i < app->flags.job_count && !err; i++)
		if (coord_queue(app->coord, app->flags.jobs[i]) != 0)
			err = why_set(why, ERR_NOMEM, "out of memory");
	return err;
}

static struct peer_config peer_base(const struct app *app)
{
	bool ticket = app->flags.ticket[0] != '\0';
	struct peer_config config = {
		.where = app->flags.router,
		.client = { .serializer = &serializer_msgpack,
			    .limits = wamp_limits_default,
			    .realm = app->flags.realm,
			    .agent = "manyhands-coordinator",
			    .authid = ticket ? "coordinator" : NULL,
			    .ticket = ticket ? app->flags.ticket : NULL },
		.transport = transport_limits_default,
		.tls = app->tls,
	};

	config.transport.output_max = OUTPUT_MAX;
	return config;
}

static struct peer *make_peer(struct app *app)
{
	struct peer_config config = peer_base(app);

	config.joined = on_joined;
	config.left = on_left;
	config.revoked = on_revoked;
	config.ctx = app;
	return peer_new(app->loop, &config);
}

static int wire(struct app *app, struct why *why)
{
	struct rpc_config config = { .coord = app->coord,
				     .event = on_event,
				     .failed = on_failed,
				     .now_ms = now_ms,
				     .takeover = app->flags.takeover,
				     .ctx = app };

	app->started_ms = now_ms(NULL);
	app->loop = loop_new();
	app->rpc = rpc_new(&config);
	if (app->loop) {
		app->wake = wake_new(app->loop, on_wake, app);
		app->tick = timer_new(app->loop, on_tick, app);
		app->soon = timer_new(app->loop, on_tick, app);
	}
	if (app->wake) {
		app->writer = writer_new(app->store, wake_up, app);
		app->prepare = prepare_new(&app->env, wake_up, app);
	}
	if (!app->rpc || !app->tick || !app->soon || !app->writer ||
	    !app->prepare)
		return why_set(why, ERR_NOMEM, "out of memory");
	app->peer = make_peer(app);
	if (!app->peer || loop_on_signal(app->loop, SIGTERM, on_signal, app) ||
	    loop_on_signal(app->loop, SIGINT, on_signal, app))
		return why_set(why, ERR_NOMEM, "out of memory");
	timer_start(app->tick, TICK_MS, TICK_MS);
	return 0;
}

/* What was accepted goes to the disk, and is counted in the result. */
static void flush(struct app *app)
{
	uint64_t end_ms = now_ms(NULL) + FLUSH_MS;
	const struct timespec nap = { .tv_nsec = 5000000 };

	while (writer_state(app->writer, NULL) == 0 &&
	       now_ms(NULL) < end_ms) {
		bool empty = writer_depth(app->writer) == 0;

		on_wake(app);
		if (empty && writer_depth(app->writer) == 0)
			return;
		nanosleep(&nap, NULL);
	}
}

static void close_all(struct app *app)
{
	size_t lost;

	flush(app);
	if (app->flags.json)
		print(app, result);
	lost = writer_free(app->writer);
	if (lost)
		log_line(LOG_WARN, "%zu changes could not be written", lost);
	store_close(app->store);
	/* In the middle of a starting tour: the process ends it. */
	if (!prepare_free(app->prepare)) {
		fflush(NULL);
		_exit(app->code);
	}
	timer_free(app->tick);
	timer_free(app->soon);
	wake_free(app->wake);
	peer_free(app->peer);
	rpc_free(app->rpc);
	coord_free(app->coord);
	loop_free(app->loop);
	tls_free(app->tls);
}

/* Bad input is told before anybody is evicted. */
static int begin(struct app *app, struct why *why)
{
	struct peer_config base;
	int err = check_jobs(app, why);

	if (!err)
		err = dial_trust(&app->flags.router, app->flags.ca, &app->tls,
				 why);
	base = peer_base(app);
	if (!err && app->flags.takeover && takeover(&base, rpc_first(), why))
		app->code = EXIT_FAILED;
	if (err || app->code)
		return ERR_USAGE;
	err = open_store(app, why);
	return err ? err : wire(app, why);
}

static int run(struct app *app)
{
	struct why why = { "" };

	app->env.places_file =
		app->flags.places[0] ? app->flags.places : NULL;
	app->env.threads = 1;
	if (begin(app, &why) != 0) {
		coord_free(app->coord);
		store_close(app->store);
		tls_free(app->tls);
		fail(&why);
		return app->code ? app->code : EXIT_USAGE;
	}
	/* The first step begins the programme. */
	on_tick(app);
	loop_run(app->loop);
	close_all(app);
	return app->code;
}

int main(int argc, char **argv)
{
	static struct app app;
	struct why why;

	log_open("coordinator");
	umask(077);
	/* A file that may not grow is a full disk: said, and waited for. */
	signal(SIGXFSZ, SIG_IGN);
	if (flags_parse(&app.flags, argc, argv, &why) != 0)
		return fail(&why);
	if (app.flags.help) {
		puts(flags_usage);
		return 0;
	}
	return run(&app);
}
