#include "worker/serve.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "net/dial.h"
#include "net/peer.h"
#include "worker/pool.h"

enum {
	ME_MS = 15000,
	LEAVE_MS = 2500, /* for handing back; GOODBYE may take 2 s more */
	FIRST_JOIN_MS = 10000, /* the router has to be there by then */
	EXIT_USAGE = 2,
};

struct serve {
	struct loop *loop;
	struct tls *tls; /* owned; NULL: none */
	struct wake *wake;
	struct pool *pool;
	struct core *core;
	struct peer *peer;
	struct timer *timers[CORE_TIMERS];
	struct timer_of {
		struct serve *serve;
		enum core_timer timer;
	} timer_of[CORE_TIMERS];
	struct timer *deadline;
	const struct options *options;
	bool leaving, said_goodbye, over;
	bool was_there; /* the router, since the start */
	bool said_away; /* that the router is not there */
	uint64_t started_ms;
	uint64_t donor; /* that was last told of */
	uint64_t busy_us, since_ms; /* computing, since the first chunk */
	int code;
};

/* --- leaving ------------------------------------------------------------ */

static void end(struct serve *s, int code)
{
	if (s->over)
		return;
	s->over = true;
	s->code = code;
	loop_stop(s->loop);
}

/* What the threads did with their time: the part of it that they computed. */
static void say_busy(const struct serve *s)
{
	uint64_t wall_ms = loop_now_ms(s->loop) - s->since_ms;
	struct core_state state = core_look(s->core);

	if (s->since_ms == 0 || wall_ms == 0)
		return;
	log_line(LOG_INFO,
		 "%llu chunks, %llu of them audits; %u threads computed "
		 "%.1f %% of %.1f s",
		 (unsigned long long)state.chunks,
		 (unsigned long long)state.audits, state.threads,
		 (double)s->busy_us / 10.0 / (double)wall_ms / state.threads,
		 (double)wall_ms / 1000);
}

static void say_goodbye(struct serve *s)
{
	if (s->said_goodbye)
		return;
	s->said_goodbye = true;
	say_busy(s);
	if (peer_client(s->peer))
		peer_leave(s->peer, "wamp.close.normal");
	else
		end(s, 0);
}

static void on_deadline(void *ctx)
{
	say_goodbye(ctx);
}

static void on_signal(void *ctx)
{
	struct serve *s = ctx;

	if (s->leaving)
		return;
	s->leaving = true;
	core_leave(s->core);
	/* Also when it is idle: not from inside a signal that came first. */
	timer_start(s->deadline, core_is_idle(s->core) ? 0 : LEAVE_MS, 0);
}

/* --- effects of the core ------------------------------------------------ */

static void on_start(void *ctx, unsigned thread, const struct core_chunk *chunk)
{
	struct serve *s = ctx;

	if (s->since_ms == 0)
		s->since_ms = loop_now_ms(s->loop);
	pool_start(s->pool, thread, chunk);
}

static void on_stop(void *ctx, unsigned thread, bool wanted)
{
	struct serve *s = ctx;

	pool_stop(s->pool, thread, wanted);
}

static void on_arm(void *ctx, enum core_timer timer, uint64_t delay_ms)
{
	struct serve *s = ctx;

	timer_start(s->timers[timer], delay_ms, 0);
}

static void on_changed(void *ctx)
{
	struct serve *s = ctx;
	struct core_state state = core_look(s->core);

	if (state.phase == CORE_WORKING && state.donor != s->donor) {
		s->donor = state.donor;
		log_line(LOG_INFO, "joined as donor %llu, %s, %u threads",
			 (unsigned long long)state.donor, state.name,
			 state.threads);
	}
	/* What the pool ends, the loop finds in a later turn. */
	if (s->leaving && core_is_idle(s->core))
		timer_start(s->deadline, 0, 0);
}

static void on_refused(void *ctx, const char *what, const char *error,
		       const char *text)
{
	(void)ctx;
	log_line(LOG_WARN, "%s: %s %s", what, error, text);
}

static const struct core_effects effects = {
	.start = on_start,
	.stop = on_stop,
	.arm = on_arm,
	.changed = on_changed,
	.refused = on_refused,
};

/* --- events ------------------------------------------------------------- */

static void on_timer(void *ctx)
{
	struct timer_of *t = ctx;

	core_timer(t->serve->core, t->timer);
}

static void on_wake(void *ctx)
{
	struct serve *s = ctx;
	struct pool_result r;

	while (pool_take(s->pool, &r)) {
		s->busy_us += r.spent_us;
		core_finished(s->core, r.thread, &r.result);
	}
}

static void pool_woke(void *ctx)
{
	struct serve *s = ctx;

	wake_send(s->wake);
}

static void on_joined(void *ctx, struct client *c, uint64_t session,
		      const struct value *details)
{
	struct serve *s = ctx;

	(void)details;
	s->was_there = true;
	s->said_away = false;
	log_line(LOG_INFO, "connected to %s, session %llu", s->options->router,
		 (unsigned long long)session);
	core_joined(s->core, c, session);
}

static void on_revoked(void *ctx, uint64_t registration, const char *reason)
{
	struct serve *s = ctx;

	log_line(LOG_WARN, "%s took our registration away%s%s",
		 s->options->router, *reason ? ": " : "", reason);
	core_revoked(s->core, registration);
}

static void on_left(void *ctx, bool refused, const char *reason,
		    const char *message, bool again)
{
	struct serve *s = ctx;

	core_lost(s->core);
	if (s->leaving) {
		end(s, 0);
	} else if (refused) {
		log_line(LOG_ERROR, "%s refused: %s %s", s->options->router,
			 reason, message);
		end(s, 1);
	} else if (!s->was_there) {
		if (loop_now_ms(s->loop) - s->started_ms < FIRST_JOIN_MS)
			return;
		log_line(LOG_ERROR,
			 "router %s: not there (%s); accepted is the URL of "
			 "a router that runs",
			 s->options->router, *message ? message : reason);
		end(s, EXIT_USAGE);
	} else if (!s->said_away) {
		s->said_away = true;
		log_line(LOG_WARN, "no connection to %s (%s): trying again",
			 s->options->router, *message ? message : reason);
	}
	if (!again)
		end(s, s->leaving ? 0 : 1);
}

/* --- life --------------------------------------------------------------- */

static int make_timers(struct serve *s)
{
	for (int i = 0; i < CORE_TIMERS; i++) {
		s->timer_of[i] = (struct timer_of){ s, (enum core_timer)i };
		s->timers[i] = timer_new(s->loop, on_timer, &s->timer_of[i]);
		if (!s->timers[i])
			return ERR_NOMEM;
	}
	s->deadline = timer_new(s->loop, on_deadline, s);
	return s->deadline ? 0 : ERR_NOMEM;
}

static int make_core(struct serve *s)
{
	const struct core_config config = {
		.device = "laptop",
		.name = s->options->name,
		.threads = s->options->threads,
		.threads_max = s->options->threads,
		.kinds = s->options->kinds,
		.trusted = s->options->trusted,
		.me_ms = ME_MS,
		.effects = &effects,
		.ctx = s,
	};

	s->core = core_new(&config);
	return s->core ? 0 : ERR_NOMEM;
}

static int make_peer(struct serve *s, const struct url *where)
{
	const struct peer_config config = {
		.where = *where,
		.client = { .serializer = &serializer_msgpack,
			    .limits = wamp_limits_default,
			    .realm = s->options->realm,
			    .agent = "manyhands worker",
			    .authid = s->options->trusted ? "trusted" : NULL,
			    .ticket = s->options->trusted ? s->options->ticket
							  : NULL },
		.transport = transport_limits_default,
		.tls = s->tls,
		.joined = on_joined,
		.left = on_left,
		.revoked = on_revoked,
		.ctx = s,
	};

	s->peer = peer_new(s->loop, &config);
	return s->peer ? 0 : ERR_NOMEM;
}

static int make(struct serve *s, const struct url *where)
{
	s->loop = loop_new();
	s->wake = s->loop ? wake_new(s->loop, on_wake, s) : NULL;
	if (!s->wake || make_timers(s) || make_core(s))
		return ERR_NOMEM;
	s->started_ms = loop_now_ms(s->loop);
	s->pool = pool_new(s->options->threads, pool_woke, s);
	if (!s->pool || loop_on_signal(s->loop, SIGTERM, on_signal, s) ||
	    loop_on_signal(s->loop, SIGINT, on_signal, s))
		return ERR_NOMEM;
	return make_peer(s, where);
}

static void unmake(struct serve *s)
{
	/* The core lets go of the client and of the threads before they end;
	 * these use its chunks and the wake. */
	if (s->core)
		core_lost(s->core);
	pool_free(s->pool);
	if (s->peer)
		peer_free(s->peer);
	core_free(s->core);
	for (int i = 0; i < CORE_TIMERS; i++)
		timer_free(s->timers[i]);
	timer_free(s->deadline);
	if (s->wake)
		wake_free(s->wake);
	if (s->loop)
		loop_free(s->loop);
	tls_free(s->tls);
}

int serve(const struct options *options, const struct url *where)
{
	struct serve s = { .options = options };
	struct why why;

	if (dial_trust(where, options->ca, &s.tls, &why)) {
		fprintf(stderr, "worker: %s\n", why.text);
		return 2;
	}

	if (make(&s, where)) {
		log_line(LOG_ERROR, "out of memory, or of threads");
		s.code = 1;
	} else {
		loop_run(s.loop);
	}
	unmake(&s);
	return s.code;
}
