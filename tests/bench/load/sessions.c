/*
 * Sessions: joins --callees of them, 64 at a time, and tells how many a
 * second, and what memory the router has for each once they are idle.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/load/load.h"

enum { JOINING_MAX = 64, START_MS = 60000, SETTLE_MS = 1500 };

struct sessions {
	struct load load;
	double rss_before, rss_after;
};

static struct sessions *of(struct member *m)
{
	return (struct sessions *)m->load;
}

static void on_joined(void *ctx, struct client *c, uint64_t session,
		      const struct value *details);

static void connect_one(struct load *l)
{
	struct member *m = &l->members[l->connecting++];

	m->load = l;
	if (load_join(m, on_joined))
		load_fail(l, "can not connect:", "out of memory");
}

static void on_joined(void *ctx, struct client *c, uint64_t session,
		      const struct value *details)
{
	struct load *l = &of(ctx)->load;

	(void)c;
	(void)session;
	(void)details;
	l->joined = true;
	if (l->connecting < l->options->callees)
		connect_one(l);
	if (++l->ready < l->options->callees)
		return;
	l->ended_ns = now_ns();
	l->cpu_ended = cpu_seconds(l->options->router_pid);
	l->stopping = true;
	timer_start(l->timer, SETTLE_MS, 0);
}

static void on_time(void *ctx)
{
	struct sessions *s = ctx;

	if (!s->load.stopping)
		load_fail(&s->load, "not all could join", "in time");
	s->rss_after = rss_bytes(s->load.options->router_pid);
	loop_stop(s->load.loop);
}

static void report(const struct sessions *s)
{
	const struct load *l = &s->load;
	unsigned count = l->options->callees;
	double seconds = (double)(l->ended_ns - l->begun_ns) / 1e9;

	printf("{\"sessions\": %u, \"joins_per_s\": %.1f", count,
	       count / seconds);
	if (s->rss_before >= 0 && s->rss_after >= 0)
		printf(", \"rss_per_session_bytes\": %.0f",
		       (s->rss_after - s->rss_before) / count);
	if (l->cpu_begun >= 0 && l->cpu_ended >= 0)
		printf(", \"router_cpu_s\": %.2f",
		       l->cpu_ended - l->cpu_begun);
	printf("}\n");
}

static int make(struct sessions *s)
{
	struct load *l = &s->load;

	l->loop = loop_new();
	l->members = calloc(l->options->callees, sizeof *l->members);
	l->timer = l->loop ? timer_new(l->loop, on_time, s) : NULL;
	if (!l->members || !l->timer)
		return ERR_NOMEM;
	s->rss_before = rss_bytes(l->options->router_pid);
	l->cpu_begun = cpu_seconds(l->options->router_pid);
	l->begun_ns = now_ns();
	timer_start(l->timer, START_MS, 0);
	for (unsigned i = 0; i < l->options->callees && i < JOINING_MAX; i++)
		connect_one(l);
	return 0;
}

int sessions_run(const struct options *o, const struct url *where)
{
	struct sessions s = { .load = { .options = o, .where = *where } };
	struct load *l = &s.load;

	if (make(&s)) {
		fprintf(stderr, "wampload: out of memory\n");
		l->failed = true;
	} else {
		loop_run(l->loop);
	}
	if (!l->failed)
		report(&s);
	for (unsigned i = 0; l->members && i < l->connecting; i++)
		peer_free(l->members[i].peer);
	timer_free(l->timer);
	if (l->loop)
		loop_free(l->loop);
	free(l->members);
	return l->usage ? 2 : l->failed ? 1 : 0;
}
