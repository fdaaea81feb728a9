/*
 * main: the router's program: options, configuration, the router's cores and
 * its listeners on one loop, signals, and a clean end. It only wires.
 *
 * SIGTERM and SIGINT say goodbye to everybody, and end it; SIGHUP reads the
 * certificates again.
 */
#include <signal.h>
#include <stdio.h>

#include "base/log.h"
#include "crypto/random.h"
#include "router/listeners.h"
#include "router/machine.h"

enum { STOP_MS = 2000, EXIT_USAGE = 2 };

struct program {
	struct options options;
	struct config config;
	struct loop *loop;
	struct router router;
	struct wires wires;
	struct listeners listeners;
	struct timer *stop_timer;
	bool stopping;
	uint64_t started_ms;
};

static int complain(const struct why *why)
{
	fprintf(stderr, "router: %s\n", why->text);
	return EXIT_USAGE;
}

/* --- configuration ------------------------------------------------------- */

static int load_config(struct program *p)
{
	const struct options *o = &p->options;
	struct why why = { "" };
	struct buf notes;
	int err;

	buf_init(&notes);
	err = o->config ? config_load_noted(&p->config, o->config, &notes,
					    &why) :
			  config_default(&p->config, o->open, &why);
	/* Every mistake and warning, a line each. */
	if (notes.len)
		fwrite(notes.data, 1, notes.len, stderr);
	else if (err)
		complain(&why);
	buf_deinit(&notes);
	return err ? EXIT_USAGE : 0;
}

static int check_tls(const struct options *o, struct why *why)
{
	struct tls *tls = o->tls.key ? tls_server_new(&o->tls, why) : NULL;

	if (o->tls.key && !tls)
		return ERR_USAGE;
	tls_free(tls);
	return 0;
}

/* wss:// and rss:// have the first transport's certificate, or a flag's. */
static int check_listen(const struct program *p, struct why *why)
{
	const struct options *o = &p->options;

	for (unsigned i = 0; i < o->listen_count; i++)
		if (url_is_secure(&o->listen[i]) && !o->tls.key &&
		    !p->config.transports[0].tls)
			return why_set(why, ERR_USAGE,
				       "wss:// and rss:// need a certificate "
				       "and its key");
	return 0;
}

/* --check: nothing is opened. What the configuration names has been tried
 * while it was read; what flags name is tried here. */
static int check(struct program *p)
{
	const struct options *o = &p->options;
	struct why why = { "" };
	int err = o->web ? files_check(o->web, &why) : 0;

	if (!err)
		err = check_tls(o, &why);
	if (!err)
		err = check_listen(p, &why);
	if (err)
		return complain(&why);
	printf("%s: %u realms, %u transports: all well\n",
	       o->config ? o->config : "built-in", p->config.realm_count,
	       p->config.transport_count);
	config_deinit(&p->config);
	return 0;
}

/* --- signals ------------------------------------------------------------- */

static void on_stop_timer(void *ctx)
{
	loop_stop(((struct program *)ctx)->loop);
}

static void on_emptied(void *ctx)
{
	struct program *p = ctx;

	if (p->stopping)
		loop_stop(p->loop);
}

static void on_stop(void *ctx)
{
	struct program *p = ctx;

	if (p->stopping)
		return;
	p->stopping = true;
	listeners_stop(&p->listeners);
	wires_shutdown(&p->wires, "wamp.close.system_shutdown");
	timer_start(p->stop_timer, p->wires.count ? STOP_MS : 0, 0);
}

static void on_hangup(void *ctx)
{
	listeners_reload(&((struct program *)ctx)->listeners);
}

static int watch_signals(struct program *p)
{
	p->stop_timer = timer_new(p->loop, on_stop_timer, p);
	if (!p->stop_timer || loop_on_signal(p->loop, SIGTERM, on_stop, p) ||
	    loop_on_signal(p->loop, SIGINT, on_stop, p) ||
	    loop_on_signal(p->loop, SIGHUP, on_hangup, p))
		return ERR_NOMEM;
	return 0;
}

/* --- router and listeners ------------------------------------------------ */

static uint64_t any_random(void *ctx)
{
	(void)ctx;
	return random_u64();
}

static void on_measure(void *ctx, struct metrics *out)
{
	const struct program *p = ctx;

	*out = (struct metrics){
		.router = &p->router,
		.connections = p->wires.count,
		.received_messages = p->wires.received.messages,
		.received_bytes = p->wires.received.bytes,
		.sent_messages = p->wires.sent.messages,
		.sent_bytes = p->wires.sent.bytes,
		.longest_turn_us = loop_take_longest_us(p->loop),
		.up_ms = loop_now_ms(p->loop) - p->started_ms,
		.stopping = p->stopping,
	};
}

/* So that a salt that is made up outlives a restart, as others do. */
static void keep_pretending(struct router *r)
{
	uint8_t key[SHA256_BYTES];

	_Static_assert(sizeof key >= ROUTER_PRETEND_BYTES, "long enough");
	if (!machine_key("manyhands: challenges of who does not exist", key))
		router_pretend(r, key);
}

static int open_router(struct program *p)
{
	struct router_config config = {
		.realms = p->config.realms,
		.realm_count = p->config.realm_count,
		.uri_strict = p->config.uri_strict,
		.random = any_random,
		.unix_ms = clock_unix_ms(),
	};

	p->loop = loop_new();
	if (!p->loop || router_init(&p->router, &config) ||
	    wires_init(&p->wires, p->loop, &p->router))
		return ERR_NOMEM;
	keep_pretending(&p->router);
	p->started_ms = loop_now_ms(p->loop);
	p->wires.emptied = on_emptied;
	p->wires.ctx = p;
	return 0;
}

static int open_listeners(struct program *p, struct why *why)
{
	p->listeners = (struct listeners){
		.options = &p->options,
		.config = &p->config,
		.loop = p->loop,
		.router = &p->router,
		.wires = &p->wires,
		.measure = on_measure,
		.measure_ctx = p,
	};
	return listeners_open(&p->listeners, why);
}

static int open_all(struct program *p)
{
	struct why why = { "" };

	if (open_router(p) || watch_signals(p)) {
		why_set(&why, ERR_NOMEM, "out of memory");
		return complain(&why);
	}
	return open_listeners(p, &why) ? complain(&why) : 0;
}

/* --- run ----------------------------------------------------------------- */

static int run(struct program *p)
{
	int err = open_all(p);

	if (err)
		return err;
	if (p->options.open)
		log_line(LOG_WARN, "--open: anybody who reaches this port may "
				   "do everything on realm1");
	loop_run(p->loop);
	return 0;
}

int main(int argc, char **argv)
{
	static struct program p; /* main's own: nothing else sees it */
	struct why why;

	log_open("router");
	if (options_read(&p.options, argc, argv, &why))
		return complain(&why);
	if (load_config(&p))
		return EXIT_USAGE;
	return p.options.check ? check(&p) : run(&p);
}
