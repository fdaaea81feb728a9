/*
 * main: makes the coordinator's program and takes it apart: one loop with the
 * session and the core, the store's writer and the preparing thread beside it.
 * What happens in between is app.c's.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "coordinator/app.h"
#include "coordinator/takeover.h"
#include "crypto/random.h"
#include "net/dial.h"

enum {
	TICK_MS = 100,
	FLUSH_MS = 3000, /* for what is not yet on disk at the end */
	OUTPUT_MAX = 64 * 1024 * 1024,
};

static uint64_t random_number(void *ctx)
{
	(void)ctx;
	return random_u64();
}

static void wake_up(void *ctx)
{
	struct app *app = ctx;

	wake_send(app->wake);
}

static void on_signal(void *ctx)
{
	app_stop(ctx, 0);
}

/* --- start --------------------------------------------------------------- */

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

	config.joined = app_joined;
	config.left = app_left;
	config.revoked = app_revoked;
	config.ctx = app;
	return peer_new(app->loop, &config);
}

static int wire(struct app *app, struct why *why)
{
	struct rpc_config config = { .coord = app->coord,
				     .event = app_event,
				     .failed = app_failed,
				     .now_ms = app_now_ms,
				     .takeover = app->flags.takeover,
				     .ctx = app };

	app->started_ms = app_now_ms(NULL);
	app->loop = loop_new();
	app->rpc = rpc_new(&config);
	if (app->loop) {
		app->wake = wake_new(app->loop, app_wake, app);
		app->tick = timer_new(app->loop, app_tick, app);
		app->soon = timer_new(app->loop, app_tick, app);
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

/* --- the end ------------------------------------------------------------- */

/* What was accepted goes to the disk, and is counted in the result. */
static void flush(struct app *app)
{
	uint64_t end_ms = app_now_ms(NULL) + FLUSH_MS;
	const struct timespec nap = { .tv_nsec = 5000000 };

	while (writer_state(app->writer, NULL) == 0 &&
	       app_now_ms(NULL) < end_ms) {
		bool empty = writer_depth(app->writer) == 0;

		app_wake(app);
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
		app_print_result(app);
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

/* --- the program --------------------------------------------------------- */

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
	app_tick(app);
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
