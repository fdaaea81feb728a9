#include "compute/tsp/engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "compute/tsp/nearest.h"
#include "compute/tsp/search.h"

enum {
	KICK_WALK = 30, /* steps from the kick's first city to each other */
	KICK_CITIES_MIN = 5,
	GEO_TABLE_MAX = 700, /* cities whose distances are made once: 2 MB */
	GEO_STEPS = 14,      /* what a distance costs otherwise */
};

struct engine {
	struct search s; /* its arrays are owned here */
	struct journal journal;

	uint32_t *queue; /* owned ring of cities to look at */
	uint32_t head, waiting;
	bool *queued; /* owned */

	struct rng rng;
	uint64_t kicks;
	int64_t gain;      /* since the beginning */
	int64_t kick_gain; /* of the kick under way */
	bool kicked;
};

/* --- setting up ---------------------------------------------------------- */

static int set_neighbours(struct engine *e)
{
	const struct space *s = e->s.space;
	struct nearest tree;
	size_t count;

	e->s.width = nearest_width(s->n);
	count = (size_t)s->n * e->s.width;
	e->s.neighbours = malloc(count * sizeof *e->s.neighbours);
	e->s.near_d = malloc(count * sizeof *e->s.near_d);
	if (!e->s.neighbours || !e->s.near_d || nearest_init(&tree, s))
		return ERR_NOMEM;
	nearest_lists(&tree, s, e->s.neighbours);
	nearest_deinit(&tree);
	for (size_t i = 0; i < count; i++)
		e->s.near_d[i] = metric_distance(s, (uint32_t)(i / e->s.width),
					       e->s.neighbours[i]);
	return 0;
}

/* On the earth a distance takes as long as twenty in the plane. */
static int set_table(struct engine *e)
{
	uint32_t n = e->s.space->n;

	e->s.step_cost = 1;
	if (e->s.space->metric != METRIC_GEO)
		return 0;
	if (n > GEO_TABLE_MAX) {
		e->s.step_cost = GEO_STEPS;
		return 0;
	}
	e->s.table = calloc((size_t)n * n, sizeof *e->s.table);
	if (!e->s.table)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < i; j++)
			e->s.table[(size_t)i * n + j] =
				e->s.table[(size_t)j * n + i] =
					metric_distance(e->s.space, i, j);
	return 0;
}

static int set_arrays(struct engine *e, const uint32_t *fixed_to)
{
	uint32_t n = e->s.space->n;

	e->queue = malloc(n * sizeof *e->queue);
	e->queued = malloc(n * sizeof *e->queued);
	if (fixed_to)
		e->s.fixed_to = malloc(n * sizeof *e->s.fixed_to);
	if (!e->queue || !e->queued || (fixed_to && !e->s.fixed_to))
		return ERR_NOMEM;
	if (fixed_to)
		memcpy(e->s.fixed_to, fixed_to, n * sizeof *e->s.fixed_to);
	for (uint32_t i = 0; i < n; i++) {
		e->queue[i] = i;
		e->queued[i] = true;
	}
	e->waiting = n;
	return tour_init(&e->s.tour, n);
}

int engine_new(struct engine **out, const struct space *space,
	       const uint32_t *fixed_to, uint64_t seed)
{
	struct engine *e = calloc(1, sizeof *e);

	assert(space->n >= 3);
	if (!e)
		return ERR_NOMEM;
	e->s.space = space;
	journal_init(&e->journal);
	rng_seed(&e->rng, seed);
	if (set_table(e) || set_neighbours(e) || set_arrays(e, fixed_to)) {
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
	tour_deinit(&e->s.tour);
	journal_deinit(&e->journal);
	free(e->s.table);
	free(e->s.neighbours);
	free(e->s.near_d);
	free(e->s.fixed_to);
	free(e->queue);
	free(e->queued);
	free(e);
}

/* --- the queue of cities to look at -------------------------------------- */

static void push(struct engine *e, uint32_t city)
{
	uint32_t n = e->s.space->n, at;

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

	if (++e->head == e->s.space->n)
		e->head = 0;
	e->waiting--;
	e->queued[city] = false;
	return city;
}

/* --- moving -------------------------------------------------------------- */

static int splice(struct engine *e, struct segment *segments, unsigned count)
{
	/* Outside a kick nothing is taken back. */
	if (!e->kicked)
		e->journal.len = 0;
	if (journal_reserve(&e->journal, e->s.space->n))
		return ERR_NOMEM;
	e->s.steps += 8 + tour_splice(&e->s.tour, segments, count,
				      &e->journal) / 4;
	return 0;
}

static int apply_best(struct engine *e)
{
	struct segment segments[SEARCH_LEVELS + 3];
	unsigned count = search_segments(&e->s, segments);

	for (unsigned i = 0; i < count; i++) {
		push(e, e->s.tour.at[segments[i].from]);
		push(e, e->s.tour.at[segments[i].to]);
	}
	if (e->kicked)
		e->kick_gain += e->s.best;
	else
		e->gain += e->s.best;
	return splice(e, segments, count);
}

/* A city's turn: improve as long as it begins a gain. */
static int look_at(struct engine *e, uint32_t city)
{
	while (search_from(&e->s, city, true) ||
	       search_from(&e->s, city, false))
		if (apply_best(e))
			return ERR_NOMEM;
	return 0;
}

/* --- kicks --------------------------------------------------------------- */

/* The edge after position p may be removed, or the one after is taken: two
 * fixed edges never meet. */
static uint32_t free_cut(const struct engine *e, uint32_t p)
{
	uint32_t n = e->s.space->n, next;

	next = p + 1 == n ? 0 : p + 1;
	if (search_fixed(&e->s, e->s.tour.at[p], e->s.tour.at[next]))
		return next;
	return p;
}

static uint32_t walk(struct engine *e, uint32_t city)
{
	for (int i = 0; i < KICK_WALK; i++)
		city = e->s.neighbours[(size_t)city * e->s.width +
				     rng_below(&e->rng, e->s.width)];
	return city;
}

/* Four cuts near one city, ascending; false when two fall together. */
static bool choose_cuts(struct engine *e, uint32_t cut[4])
{
	uint32_t city = rng_below(&e->rng, e->s.space->n);

	for (unsigned i = 0; i < 4; i++) {
		uint32_t c = i == 0 ? city : walk(e, city);
		uint32_t p = free_cut(e, e->s.tour.pos[c]);
		unsigned k;

		for (k = i; k > 0 && cut[k - 1] > p; k--)
			cut[k] = cut[k - 1];
		cut[k] = p;
	}
	return cut[0] != cut[1] && cut[1] != cut[2] && cut[2] != cut[3];
}

/* A B C D becomes A D C B, where A is all that lies outside the cuts. Segment
 * i ends at cut i. */
struct kick {
	struct segment put[4];
	int64_t gain;
};

static void aim(const struct engine *e, const uint32_t cut[4], struct kick *k)
{
	const uint32_t *at = e->s.tour.at;
	uint32_t n = e->s.space->n;

	k->gain = 0;
	for (unsigned i = 0; i < 4; i++) {
		uint32_t after = cut[i] + 1 == n ? 0 : cut[i] + 1;

		/* Segment i + 1 begins here, and takes its new place. */
		k->put[(3 - i) % 4].from = after;
		k->put[(4 - i) % 4].to = cut[i];
		k->put[i].reversed = false;
		k->gain += search_distance(&e->s, at[cut[i]], at[after]);
	}
	for (unsigned i = 0; i < 4; i++)
		k->gain -= search_distance(&e->s, at[k->put[i].to],
					   at[k->put[(i + 1) % 4].from]);
}

static int kick(struct engine *e)
{
	uint32_t cut[4];
	struct kick k;

	e->kicked = true;
	e->kick_gain = 0;
	e->journal.len = 0;
	e->s.steps += 30;
	if (!choose_cuts(e, cut))
		return 0;
	aim(e, cut, &k);
	e->kick_gain = k.gain;
	for (unsigned i = 0; i < 4; i++) {
		push(e, e->s.tour.at[k.put[i].from]);
		push(e, e->s.tour.at[k.put[i].to]);
	}
	return splice(e, k.put, 4);
}

static void take_back(struct engine *e)
{
	while (e->journal.len > 0)
		tour_undo(&e->s.tour, &e->journal);
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
	uint64_t until = e->s.steps + steps;

	if (until < steps)
		until = UINT64_MAX;
	while (e->s.steps < until) {
		if (e->waiting > 0) {
			if (look_at(e, pop(e)))
				return ERR_NOMEM;
			continue;
		}
		if (e->kicked)
			judge(e);
		if (e->kicks >= kicks)
			break;
		if (e->s.space->n < KICK_CITIES_MIN)
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
	return &e->s.tour;
}

int64_t engine_gain(const struct engine *e)
{
	return e->gain;
}
