#include "tests/bench/load/load.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	START_MS = 30000, /* to join and register */
	DRAIN_MS = 5000,  /* for the last answers */
	JOINING_MAX = 64, /* at a time */
};

/* --- the end ------------------------------------------------------------- */

void load_fail(struct load *l, const char *what, const char *why)
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
		load_fail(l, "not all could join and register in time;",
			  l->first_error);
		return;
	}
	if (l->stopping) {
		load_fail(l, "calls were not answered", "in time");
		return;
	}
	l->stopping = true;
	l->ended_ns = now_ns();
	l->cpu_ended = cpu_seconds(l->options->router_pid);
	timer_start(l->timer, DRAIN_MS, 0);
	stop_if_over(l);
}

/* --- slots --------------------------------------------------------------- */

static void fill(struct load *l, struct slot *slot, uint64_t begun_ns)
{
	slot->begun_ns = begun_ns;
	slot->open = true;
	l->open++;
	l->sent++;
	if (l->options->mode->send(l, slot))
		load_fail(l, "a message could not be sent", "");
}

void load_answered(struct slot *slot, struct bytes error)
{
	struct load *l = slot->load;

	slot->open = false;
	l->open--;
	if (l->failed)
		return;
	if (error.len) {
		l->errors++;
		if (!*l->first_error)
			snprintf(l->first_error, sizeof l->first_error, "%.*s",
				 (int)error.len, (const char *)error.data);
	} else if (!l->stopping) {
		figures_add(l->figures, now_ns() - slot->begun_ns);
	}
	if (l->stopping)
		stop_if_over(l);
	else if (!l->options->rate)
		fill(l, slot, now_ns());
}

/* Open loop: each has its time, whatever became of those before it. The clock
 * is looked at all the time, since a timer's millisecond is too coarse. */
static void on_spin(void *ctx)
{
	struct load *l = ctx;
	double past_s = (double)(now_ns() - l->begun_ns) / 1e9;
	uint64_t due = (uint64_t)(past_s * l->options->rate);

	if (l->stopping || l->failed)
		return;
	while (l->sent + l->missed < due && !l->failed) {
		struct slot *slot = &l->slots[l->next_slot];
		uint64_t number = l->sent + l->missed;

		l->next_slot = (l->next_slot + 1) % l->options->inflight;
		if (slot->open)
			l->missed++;
		else
			fill(l, slot, l->begun_ns + number * 1000000000u /
							    l->options->rate);
	}
	wake_send(l->spin);
}

static void begin(struct load *l)
{
	l->running = true;
	l->begun_ns = now_ns();
	l->cpu_begun = cpu_seconds(l->options->router_pid);
	timer_start(l->timer, l->options->seconds * 1000u, 0);
	for (unsigned i = 0; i < l->options->inflight; i++) {
		l->slots[i].load = l;
		l->slots[i].number = i;
		l->slots[i].caller = &l->members[i % l->options->callers];
		if (!l->options->rate)
			fill(l, &l->slots[i], now_ns());
	}
	if (l->options->rate)
		wake_send(l->spin);
}

/* --- members ------------------------------------------------------------- */

static void connect_one(struct load *l)
{
	struct member *m = &l->members[l->connecting++];

	m->load = l;
	m->number = (unsigned)(m - l->members);
	m->answers = m->number >= l->options->callers;
	if (l->options->mode->make(l, m))
		load_fail(l, "can not connect:", "out of memory");
}

void load_ready(struct member *m)
{
	struct load *l = m->load;
	unsigned count = l->options->mode->members(l);

	l->joined = true;
	l->ready++;
	if (l->connecting < count)
		connect_one(l);
	if (l->ready == count)
		begin(l);
}

static void on_left(void *ctx, bool refused, const char *reason,
		    const char *message, bool again)
{
	struct member *m = ctx;
	struct load *l = m->load;
	char text[512];

	(void)again;
	snprintf(text, sizeof text, "%s %s", reason, message);
	if (!refused && !l->joined)
		l->usage = true;
	load_fail(l, refused ? "refused:" :
		     l->joined ? "lost:" :
		     "not there; accepted is the URL of a router that runs:",
		  text);
}

int load_join(struct member *m,
	      void (*joined)(void *ctx, struct client *c, uint64_t session,
			     const struct value *details))
{
	const struct options *o = m->load->options;
	const struct peer_config config = {
		.where = m->load->where,
		.client = { .serializer = o->serializer,
			    .limits = wamp_limits_default,
			    .realm = o->realm,
			    .agent = "manyhands wampload" },
		.transport = transport_limits_default,
		.batched = o->batched,
		.tls = o->tls,
		.once = true,
		.joined = joined,
		.left = on_left,
		.ctx = m,
	};

	m->peer = peer_new(m->load->loop, &config);
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

static int make(struct load *l)
{
	unsigned count = l->options->mode->members(l);

	arena_init(&l->arena, 4096);
	l->loop = loop_new();
	l->members = calloc(count, sizeof *l->members);
	l->slots = calloc(l->options->inflight, sizeof *l->slots);
	l->figures = calloc(1, sizeof *l->figures);
	if (!l->loop || !l->members || !l->slots || !l->figures)
		return ERR_NOMEM;
	l->timer = timer_new(l->loop, on_time, l);
	l->spin = wake_new(l->loop, on_spin, l);
	return l->timer && l->spin ? make_args(l) : ERR_NOMEM;
}

static void unmake(struct load *l)
{
	for (unsigned i = 0; i < l->connecting; i++)
		l->options->mode->unmake(&l->members[i]);
	timer_free(l->timer);
	if (l->spin)
		wake_free(l->spin);
	loop_free(l->loop);
	free(l->members);
	free(l->slots);
	free(l->figures);
	arena_deinit(&l->arena);
}

static void report_text(const struct load *l, double rate)
{
	const struct figures *f = l->figures;

	printf("%.0f %s/s, half within %.0f us, 99 %% within %.0f us, 99.9 %% "
	       "within %.0f us; %llu %s, %llu errors %s\n",
	       rate, l->options->mode->name, figures_quantile_us(f, 0.5),
	       figures_quantile_us(f, 0.99), figures_quantile_us(f, 0.999),
	       (unsigned long long)f->count, l->options->mode->name,
	       (unsigned long long)l->errors, l->first_error);
}

static void report_json(const struct load *l, double rate)
{
	const struct figures *f = l->figures;
	const char *name = l->options->mode->name;

	printf("{\"%s\": %llu, \"%s_per_s\": %.1f, \"p50_us\": %.1f, "
	       "\"p99_us\": %.1f, \"p999_us\": %.1f, \"errors\": %llu",
	       name, (unsigned long long)f->count, name, rate,
	       figures_quantile_us(f, 0.5), figures_quantile_us(f, 0.99),
	       figures_quantile_us(f, 0.999), (unsigned long long)l->errors);
	if (l->options->rate)
		printf(", \"missed\": %llu", (unsigned long long)l->missed);
	if (l->cpu_begun >= 0 && l->cpu_ended >= 0)
		printf(", \"router_cpu_s\": %.2f",
		       l->cpu_ended - l->cpu_begun);
	printf("}\n");
}

int load_run(const struct options *o, const struct url *where)
{
	struct load l = { .options = o, .where = *where };

	if (make(&l)) {
		fprintf(stderr, "wampload: out of memory\n");
		l.failed = true;
	} else {
		unsigned count = o->mode->members(&l);

		timer_start(l.timer, START_MS, 0);
		for (unsigned i = 0; i < count && i < JOINING_MAX; i++)
			connect_one(&l);
		loop_run(l.loop);
	}
	if (!l.failed) {
		double seconds = (double)(l.ended_ns - l.begun_ns) / 1e9;

		(o->json ? report_json : report_text)(
			&l, (double)l.figures->count / seconds);
	}
	l.failed |= l.errors > 0;
	l.stopping = true;
	unmake(&l);
	return l.usage ? 2 : l.failed ? 1 : 0;
}
