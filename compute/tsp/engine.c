#include "compute/tsp/engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "compute/tsp/nearest.h"

enum {
	LEVELS = 3, /* edges added before the closing one */
	BREADTH_MAX = 5,
	KICK_SEGMENT = 30, /* cities at most in a kick's segment */
	KICK_TRIES = 3,    /* random kicks of which the shortest is made */
	KICK_CITIES_MIN = 5,
};

/* Equal within noise per second of time on pr2392 and 10,000 random cities
 * to more levels or breadth, and to longer segments; this one makes the most
 * kicks. */
static const unsigned breadth[LEVELS] = { 5, 2, 1 };

/* Big locals of the inner loops are written before they are read; compilers
 * that clear all locals (-ftrivial-auto-var-init) need not. */
#if defined __has_attribute
#if __has_attribute(uninitialized)
#define UNCLEARED __attribute__((uninitialized))
#endif
#endif
#ifndef UNCLEARED
#define UNCLEARED
#endif

/* A Hamiltonian path from its free end to t1, as intervals of offsets: offset
 * 0 is t2, counting away from t1, which has offset n − 1. */
struct interval {
	uint32_t a, b; /* a <= b */
	bool reversed; /* walked from b to a */
};

struct path {
	unsigned count;
	struct interval iv[LEVELS + 3];
};

/* One way to go on: add (end, c), remove (c, d); d is the new free end. */
struct option {
	int64_t open; /* gain so far, without a closing edge */
	uint32_t c, d;
	uint32_t at;       /* the offset of c */
	unsigned interval; /* that holds c */
	bool after;        /* d follows c on the path, and does not precede it:
			      only where a cycle is made or opened */
};

struct engine {
	const struct space *space;
	struct tour tour;
	struct journal journal;
	uint32_t *neighbours; /* owned; width for each city */
	int32_t *near_d;      /* owned; their distances */
	uint32_t *fixed_to;   /* owned, or NULL */
	uint32_t width;

	uint32_t *queue; /* owned ring of cities to look at */
	uint32_t head, waiting;
	bool *queued; /* owned */

	struct rng rng;
	uint64_t kicks, steps;
	int64_t gain;      /* since the beginning */
	int64_t kick_gain; /* of the kick under way */
	bool kicked;

	/* the search under way */
	uint32_t t1, t2, base; /* base: t2's position */
	bool forward;          /* offsets grow with positions */
	int64_t best;          /* gain of best_path, when closed */
	struct path best_path;
};

/* --- setting up ---------------------------------------------------------- */

static int set_neighbours(struct engine *e)
{
	const struct space *s = e->space;
	struct nearest tree;
	size_t count;

	e->width = nearest_width(s->n);
	count = (size_t)s->n * e->width;
	e->neighbours = malloc(count * sizeof *e->neighbours);
	e->near_d = malloc(count * sizeof *e->near_d);
	if (!e->neighbours || !e->near_d || nearest_init(&tree, s))
		return ERR_NOMEM;
	nearest_lists(&tree, s, e->neighbours);
	nearest_deinit(&tree);
	for (size_t i = 0; i < count; i++)
		e->near_d[i] = metric_distance(s, (uint32_t)(i / e->width),
					       e->neighbours[i]);
	return 0;
}

static int set_arrays(struct engine *e, const uint32_t *fixed_to)
{
	uint32_t n = e->space->n;

	e->queue = malloc(n * sizeof *e->queue);
	e->queued = malloc(n * sizeof *e->queued);
	if (fixed_to)
		e->fixed_to = malloc(n * sizeof *e->fixed_to);
	if (!e->queue || !e->queued || (fixed_to && !e->fixed_to))
		return ERR_NOMEM;
	if (fixed_to)
		memcpy(e->fixed_to, fixed_to, n * sizeof *e->fixed_to);
	for (uint32_t i = 0; i < n; i++) {
		e->queue[i] = i;
		e->queued[i] = true;
	}
	e->waiting = n;
	return tour_init(&e->tour, n);
}

int engine_new(struct engine **out, const struct space *space,
	       const uint32_t *fixed_to, uint64_t seed)
{
	struct engine *e = calloc(1, sizeof *e);

	assert(space->n >= 3);
	if (!e)
		return ERR_NOMEM;
	e->space = space;
	journal_init(&e->journal);
	rng_seed(&e->rng, seed);
	if (set_neighbours(e) || set_arrays(e, fixed_to)) {
		engine_free(e);
		return ERR_NOMEM;
	}
	*out = e;
	return 0;
}

void engine_free(struct engine *e)
{
	if (!e)
		return;
	tour_deinit(&e->tour);
	journal_deinit(&e->journal);
	free(e->neighbours);
	free(e->near_d);
	free(e->fixed_to);
	free(e->queue);
	free(e->queued);
	free(e);
}

/* --- the queue of cities to look at -------------------------------------- */

static void push(struct engine *e, uint32_t city)
{
	uint32_t n = e->space->n, at;

	if (e->queued[city])
		return;
	e->queued[city] = true;
	at = e->head + e->waiting;
	e->queue[at >= n ? at - n : at] = city;
	e->waiting++;
}

static uint32_t pop(struct engine *e)
{
	uint32_t city = e->queue[e->head];

	if (++e->head == e->space->n)
		e->head = 0;
	e->waiting--;
	e->queued[city] = false;
	return city;
}

/* --- the path of a chain ------------------------------------------------- */

static uint32_t offset_of(const struct engine *e, uint32_t city)
{
	uint32_t p = e->tour.pos[city], n = e->space->n;

	if (e->forward)
		return p >= e->base ? p - e->base : p + n - e->base;
	return p <= e->base ? e->base - p : e->base + n - p;
}

static uint32_t position_at(const struct engine *e, uint32_t offset)
{
	uint32_t n = e->space->n, p;

	if (e->forward) {
		p = e->base + offset;
		return p >= n ? p - n : p;
	}
	return e->base >= offset ? e->base - offset : e->base + n - offset;
}

static uint32_t city_at(const struct engine *e, uint32_t offset)
{
	return e->tour.at[position_at(e, offset)];
}

static bool fixed(const struct engine *e, uint32_t a, uint32_t b)
{
	return e->fixed_to && e->fixed_to[a] == b;
}

/* The path after joining its free end to the city at offset `at` of interval
 * j and removing the edge before that city: what lay before is reversed. */
static void path_turn(const struct path *p, unsigned j, uint32_t at,
		      struct path *out)
{
	struct interval cut = p->iv[j], left = cut, right = cut;
	unsigned k = 0;

	if (cut.reversed) {
		left.a = at + 1;
		right.b = at;
	} else {
		left.b = at - 1;
		right.a = at;
	}
	left.reversed = !cut.reversed;
	out->iv[k++] = left;
	for (unsigned i = j; i-- > 0;) {
		out->iv[k] = p->iv[i];
		out->iv[k++].reversed = !p->iv[i].reversed;
	}
	out->iv[k++] = right;
	for (unsigned i = j + 1; i < p->count; i++)
		out->iv[k++] = p->iv[i];
	out->count = k;
}

/* The first level's other choice closed t2 … t3 to a cycle, (t3, t4) gone; a
 * chain that joins t4 to t5 in the cycle and opens it there, at t6, has a
 * path again. Offsets: t3 is at i3, t4 after it; t6 beside t5. */
static void path_open_cycle(const struct engine *e, uint32_t i3, uint32_t i5,
			    uint32_t i6, struct path *out)
{
	struct interval rest = { i3 + 1, e->space->n - 1, false };

	out->count = 3;
	if (i6 > i5) {
		out->iv[0] = (struct interval){ i6, i3, false };
		out->iv[1] = (struct interval){ 0, i5, false };
	} else {
		out->iv[0] = (struct interval){ 0, i6, true };
		out->iv[1] = (struct interval){ i5, i3, true };
	}
	out->iv[2] = rest;
}

/* --- the search ---------------------------------------------------------- */

/* Keeps the `max` options with the greatest open gain, the first ones in
 * front among equals. */
static void insert_option(struct option *list, unsigned *count, unsigned max,
			  const struct option *o)
{
	unsigned i;

	if (*count == max) {
		if (o->open <= list[max - 1].open)
			return;
		(*count)--;
	}
	for (i = *count; i > 0 && list[i - 1].open < o->open; i--)
		list[i] = list[i - 1];
	list[i] = *o;
	(*count)++;
}

/* Fills in d, the city before o->c on the path, and the gain; false when c
 * begins its interval (that edge is new) or the edge is fixed. */
static bool option_before(const struct engine *e, const struct path *p,
			  struct option *o)
{
	const struct interval *iv;

	for (o->interval = 0;; o->interval++) {
		iv = &p->iv[o->interval];
		if (o->at >= iv->a && o->at <= iv->b)
			break;
	}
	if (o->at == (iv->reversed ? iv->b : iv->a))
		return false;
	o->d = city_at(e, iv->reversed ? o->at + 1 : o->at - 1);
	if (fixed(e, o->c, o->d))
		return false;
	o->open += metric_distance(e->space, o->c, o->d);
	return true;
}

static unsigned options(struct engine *e, const struct path *p, uint32_t end,
			int64_t gain, unsigned max, struct option *list)
{
	const uint32_t *near = e->neighbours + (size_t)end * e->width;
	const int32_t *d = e->near_d + (size_t)end * e->width;
	unsigned count = 0;

	for (uint32_t i = 0; i < e->width && d[i] < gain; i++) {
		struct option o = { .open = gain - d[i], .c = near[i] };

		e->steps++;
		o.at = offset_of(e, o.c);
		if (option_before(e, p, &o))
			insert_option(list, &count, max, &o);
	}
	return count;
}

/* Closes the path at t1, and remembers it when that is the best so far. */
static void try_closing(struct engine *e, const struct path *p, uint32_t end,
			int64_t open)
{
	int64_t gain = open - metric_distance(e->space, end, e->t1);

	if (gain > e->best) {
		e->best = gain;
		e->best_path = *p;
	}
}

/* The last level: nothing follows, so the closed gain decides at once. */
static void close_best(struct engine *e, const struct path *p, uint32_t end,
		       int64_t open)
{
	const uint32_t *near = e->neighbours + (size_t)end * e->width;
	const int32_t *d = e->near_d + (size_t)end * e->width;
	struct option best = { .open = e->best };

	for (uint32_t i = 0; i < e->width && d[i] < open; i++) {
		struct option o = { .open = open - d[i], .c = near[i] };

		e->steps++;
		o.at = offset_of(e, o.c);
		if (!option_before(e, p, &o) || o.open <= best.open)
			continue;
		o.open -= metric_distance(e->space, o.d, e->t1);
		if (o.open > best.open)
			best = o;
	}
	if (best.open <= e->best)
		return;
	e->best = best.open;
	path_turn(p, best.interval, best.at, &e->best_path);
}

static void deepen(struct engine *e, const struct path *p, uint32_t end,
		   int64_t open, unsigned level)
{
	UNCLEARED struct option list[BREADTH_MAX];
	unsigned count;

	if (open <= e->best)
		return;
	if (level == LEVELS - 1) {
		close_best(e, p, end, open);
		return;
	}
	count = options(e, p, end, open, breadth[level], list);
	for (unsigned i = 0; i < count; i++) {
		UNCLEARED struct path q;

		path_turn(p, list[i].interval, list[i].at, &q);
		try_closing(e, &q, list[i].d, list[i].open);
		deepen(e, &q, list[i].d, list[i].open, level + 1);
		if (e->best > 0)
			return;
	}
}

/* Both neighbours of each t5 in the cycle t2 … t3. */
static unsigned cycle_options(struct engine *e, uint32_t t4, uint32_t i3,
			      int64_t gain, unsigned max, struct option *list)
{
	const uint32_t *near = e->neighbours + (size_t)t4 * e->width;
	const int32_t *d = e->near_d + (size_t)t4 * e->width;
	unsigned count = 0;

	for (uint32_t i = 0; i < e->width && d[i] < gain; i++) {
		uint32_t at = offset_of(e, near[i]);

		e->steps++;
		for (unsigned after = 0; after < 2 && at <= i3; after++) {
			struct option o = { .c = near[i], .at = at,
					    .after = after != 0 };

			if (at == (after ? i3 : 0))
				continue;
			o.d = city_at(e, after ? at + 1 : at - 1);
			if (fixed(e, o.c, o.d))
				continue;
			o.open = gain - d[i] +
				 metric_distance(e->space, o.c, o.d);
			insert_option(list, &count, max, &o);
		}
	}
	return count;
}

static void deepen_cycle(struct engine *e, const struct option *o)
{
	UNCLEARED struct option list[BREADTH_MAX];
	unsigned count;

	count = cycle_options(e, o->d, o->at, o->open, breadth[1], list);
	for (unsigned i = 0; i < count; i++) {
		uint32_t i6 = list[i].after ? list[i].at + 1 : list[i].at - 1;
		UNCLEARED struct path q;

		path_open_cycle(e, o->at, list[i].at, i6, &q);
		try_closing(e, &q, list[i].d, list[i].open);
		deepen(e, &q, list[i].d, list[i].open, 2);
		if (e->best > 0)
			return;
	}
}

/* t3 near t2 with either neighbour as t4. */
static unsigned first_options(struct engine *e, const struct path *p,
			      int64_t gain, struct option *list)
{
	const uint32_t *near = e->neighbours + (size_t)e->t2 * e->width;
	const int32_t *d = e->near_d + (size_t)e->t2 * e->width;
	unsigned count = 0;

	for (uint32_t i = 0; i < e->width && d[i] < gain; i++) {
		struct option o = { .open = gain - d[i], .c = near[i] };

		e->steps++;
		o.at = offset_of(e, o.c);
		if (option_before(e, p, &o))
			insert_option(list, &count, breadth[0], &o);
		if (o.c == e->t1)
			continue;
		o.after = true;
		o.d = city_at(e, o.at + 1);
		if (fixed(e, o.c, o.d))
			continue;
		o.open = gain - d[i] + metric_distance(e->space, o.c, o.d);
		insert_option(list, &count, breadth[0], &o);
	}
	return count;
}

/* Looks for a gain that begins by removing (t1, its neighbour). */
static bool search(struct engine *e, uint32_t t1, bool forward)
{
	struct path p = { 1, { { 0, e->space->n - 1, false } } };
	UNCLEARED struct option list[BREADTH_MAX];
	unsigned count;

	e->t1 = t1;
	e->t2 = forward ? tour_next(&e->tour, t1) : tour_prev(&e->tour, t1);
	e->forward = forward;
	e->base = e->tour.pos[e->t2];
	e->best = 0;
	if (fixed(e, t1, e->t2))
		return false;
	count = first_options(e, &p, metric_distance(e->space, t1, e->t2),
			      list);
	for (unsigned i = 0; i < count && e->best == 0; i++) {
		UNCLEARED struct path q;

		if (list[i].after) {
			deepen_cycle(e, &list[i]);
			continue;
		}
		path_turn(&p, 0, list[i].at, &q);
		try_closing(e, &q, list[i].d, list[i].open);
		deepen(e, &q, list[i].d, list[i].open, 1);
	}
	return e->best > 0;
}

/* --- moving -------------------------------------------------------------- */

static int splice(struct engine *e, struct segment *segments, unsigned count)
{
	/* Outside a kick nothing is taken back. */
	if (!e->kicked)
		e->journal.len = 0;
	if (journal_reserve(&e->journal, e->space->n))
		return ERR_NOMEM;
	e->steps += 8 + tour_splice(&e->tour, segments, count, &e->journal) / 4;
	return 0;
}

static int apply_best(struct engine *e)
{
	const struct path *p = &e->best_path;
	struct segment segments[LEVELS + 3];

	for (unsigned i = 0; i < p->count; i++) {
		uint32_t a = position_at(e, p->iv[i].a);
		uint32_t b = position_at(e, p->iv[i].b);

		push(e, e->tour.at[a]);
		push(e, e->tour.at[b]);
		segments[i] = (struct segment){
			.from = e->forward ? a : b,
			.to = e->forward ? b : a,
			.reversed = p->iv[i].reversed == e->forward,
		};
	}
	if (e->kicked)
		e->kick_gain += e->best;
	else
		e->gain += e->best;
	return splice(e, segments, p->count);
}

/* A city's turn: improve as long as it begins a gain. */
static int look_at(struct engine *e, uint32_t city)
{
	while (search(e, city, true) || search(e, city, false))
		if (apply_best(e))
			return ERR_NOMEM;
	return 0;
}

/* --- kicks --------------------------------------------------------------- */

/* The edge after position p may be removed, or the one after is taken: two
 * fixed edges never meet. */
static uint32_t free_cut(const struct engine *e, uint32_t p)
{
	uint32_t n = e->space->n, a, b;

	p %= n;
	a = e->tour.at[p];
	b = e->tour.at[p + 1 == n ? 0 : p + 1];
	return fixed(e, a, b) ? (p + 1) % n : p;
}

/* Four cuts one after another, cut[0] anywhere; false when they fall
 * together. */
static bool choose_cuts(struct engine *e, uint32_t cut[4])
{
	uint32_t n = e->space->n, reach = (n - 2) / 3, p;

	if (reach > KICK_SEGMENT)
		reach = KICK_SEGMENT;
	p = rng_below(&e->rng, n);
	cut[0] = free_cut(e, p);
	for (int i = 1; i < 4; i++) {
		p += 1 + rng_below(&e->rng, reach);
		cut[i] = free_cut(e, p);
	}
	for (int i = 1; i < 4; i++) {
		if (cut[i] == cut[i - 1])
			return false;
	}
	return cut[3] != cut[0];
}

/* A B C D becomes A D C B, where A is all that lies outside the cuts. Segment
 * i ends at cut i. */
struct kick {
	struct segment put[4];
	int64_t gain;
};

static void aim(const struct engine *e, const uint32_t cut[4], struct kick *k)
{
	const uint32_t *at = e->tour.at;
	uint32_t n = e->space->n;

	k->gain = 0;
	for (unsigned i = 0; i < 4; i++) {
		uint32_t after = cut[i] + 1 == n ? 0 : cut[i] + 1;

		/* Segment i + 1 begins here, and takes its new place. */
		k->put[(3 - i) % 4].from = after;
		k->put[(4 - i) % 4].to = cut[i];
		k->put[i].reversed = false;
		k->gain += metric_distance(e->space, at[cut[i]], at[after]);
	}
	for (unsigned i = 0; i < 4; i++)
		k->gain -= metric_distance(e->space, at[k->put[i].to],
					   at[k->put[(i + 1) % 4].from]);
}

/* The kick that lengthens the tour least of a few. */
static int kick(struct engine *e)
{
	struct kick best = { .gain = INT64_MIN }, k;
	uint32_t cut[4];

	e->kicked = true;
	e->kick_gain = 0;
	e->journal.len = 0;
	e->steps += 20;
	for (int i = 0; i < KICK_TRIES; i++) {
		if (!choose_cuts(e, cut))
			continue;
		aim(e, cut, &k);
		if (k.gain > best.gain)
			best = k;
	}
	if (best.gain == INT64_MIN)
		return 0;
	e->kick_gain = best.gain;
	for (unsigned i = 0; i < 4; i++) {
		push(e, e->tour.at[best.put[i].from]);
		push(e, e->tour.at[best.put[i].to]);
	}
	return splice(e, best.put, 4);
}

static void take_back(struct engine *e)
{
	while (e->journal.len > 0)
		tour_undo(&e->tour, &e->journal);
}

/* The repair of a kick is over: keep it unless it is worse. */
static void judge(struct engine *e)
{
	if (e->kick_gain < 0)
		take_back(e);
	else
		e->gain += e->kick_gain;
	e->kicked = false;
	e->kicks++;
}

int64_t engine_run(struct engine *e, uint64_t kicks, uint64_t steps)
{
	uint64_t until = e->steps + steps;

	if (until < steps)
		until = UINT64_MAX;
	while (e->steps < until) {
		if (e->waiting > 0) {
			if (look_at(e, pop(e)))
				return ERR_NOMEM;
			continue;
		}
		if (e->kicked)
			judge(e);
		if (e->kicks >= kicks)
			break;
		if (e->space->n < KICK_CITIES_MIN)
			e->kicks = kicks;
		else if (kick(e))
			return ERR_NOMEM;
	}
	return (int64_t)e->kicks;
}

void engine_settle(struct engine *e)
{
	if (!e->kicked)
		return;
	take_back(e);
	while (e->waiting > 0)
		pop(e);
	e->kicked = false;
}

bool engine_settled(const struct engine *e)
{
	return !e->kicked && e->waiting == 0;
}

const struct tour *engine_tour(const struct engine *e)
{
	return &e->tour;
}

int64_t engine_gain(const struct engine *e)
{
	return e->gain;
}
