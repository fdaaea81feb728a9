#include "compute/tsp/search.h"

enum { BREADTH_MAX = 5 };

/* Measured on pcb442, pr1002, pr2392 and 10,000 random cities: more levels
 * or breadth bring as much a second with fewer kicks; short walks, and cuts
 * near one another along the tour, make more kicks but get stuck earlier. */
static const unsigned breadth[SEARCH_LEVELS] = { 5, 3, 1 };

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

/* One way to go on: add (end, c), remove (c, d); d is the new free end. */
struct option {
	int64_t open; /* gain so far, without a closing edge */
	uint32_t c, d;
	uint32_t at;       /* the offset of c */
	unsigned interval; /* that holds c */
	bool after;        /* d follows c on the path, and does not precede it:
			      only where a cycle is made or opened */
};

/* --- the path of a chain ------------------------------------------------- */

static uint32_t offset_of(const struct search *s, uint32_t city)
{
	uint32_t p = s->tour.pos[city], n = s->space->n;

	if (s->forward)
		return p >= s->base ? p - s->base : p + n - s->base;
	return p <= s->base ? s->base - p : s->base + n - p;
}

static uint32_t position_at(const struct search *s, uint32_t offset)
{
	uint32_t n = s->space->n, p;

	if (s->forward) {
		p = s->base + offset;
		return p >= n ? p - n : p;
	}
	return s->base >= offset ? s->base - offset : s->base + n - offset;
}

static uint32_t city_at(const struct search *s, uint32_t offset)
{
	return s->tour.at[position_at(s, offset)];
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
static void path_open_cycle(const struct search *s, uint32_t i3, uint32_t i5,
			    uint32_t i6, struct path *out)
{
	struct interval rest = { i3 + 1, s->space->n - 1, false };

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
static bool option_before(const struct search *s, const struct path *p,
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
	o->d = city_at(s, iv->reversed ? o->at + 1 : o->at - 1);
	if (search_fixed(s, o->c, o->d))
		return false;
	o->open += search_distance(s, o->c, o->d);
	return true;
}

static unsigned options(struct search *s, const struct path *p, uint32_t end,
			int64_t gain, unsigned max, struct option *list)
{
	const uint32_t *near = s->neighbours + (size_t)end * s->width;
	const int32_t *d = s->near_d + (size_t)end * s->width;
	unsigned count = 0;

	for (uint32_t i = 0; i < s->width && d[i] < gain; i++) {
		struct option o = { .open = gain - d[i], .c = near[i] };

		s->steps += s->step_cost;
		o.at = offset_of(s, o.c);
		if (option_before(s, p, &o))
			insert_option(list, &count, max, &o);
	}
	return count;
}

/* Closes the path at t1, and remembers it when that is the best so far. */
static void try_closing(struct search *s, const struct path *p, uint32_t end,
			int64_t open)
{
	int64_t gain = open - search_distance(s, end, s->t1);

	if (gain > s->best) {
		s->best = gain;
		s->best_path = *p;
	}
}

/* The last level: nothing follows, so the closed gain decides at once. */
static void close_best(struct search *s, const struct path *p, uint32_t end,
		       int64_t open)
{
	const uint32_t *near = s->neighbours + (size_t)end * s->width;
	const int32_t *d = s->near_d + (size_t)end * s->width;
	struct option best = { .open = s->best };

	for (uint32_t i = 0; i < s->width && d[i] < open; i++) {
		struct option o = { .open = open - d[i], .c = near[i] };

		s->steps += s->step_cost;
		o.at = offset_of(s, o.c);
		if (!option_before(s, p, &o) || o.open <= best.open)
			continue;
		o.open -= search_distance(s, o.d, s->t1);
		if (o.open > best.open)
			best = o;
	}
	if (best.open <= s->best)
		return;
	s->best = best.open;
	path_turn(p, best.interval, best.at, &s->best_path);
}

static void deepen(struct search *s, const struct path *p, uint32_t end,
		   int64_t open, unsigned level)
{
	UNCLEARED struct option list[BREADTH_MAX];
	unsigned count;

	if (open <= s->best)
		return;
	if (level == SEARCH_LEVELS - 1) {
		close_best(s, p, end, open);
		return;
	}
	count = options(s, p, end, open, breadth[level], list);
	for (unsigned i = 0; i < count; i++) {
		UNCLEARED struct path q;

		path_turn(p, list[i].interval, list[i].at, &q);
		try_closing(s, &q, list[i].d, list[i].open);
		deepen(s, &q, list[i].d, list[i].open, level + 1);
		if (s->best > 0)
			return;
	}
}

/* Both neighbours of each t5 in the cycle t2 … t3. */
static unsigned cycle_options(struct search *s, uint32_t t4, uint32_t i3,
			      int64_t gain, unsigned max, struct option *list)
{
	const uint32_t *near = s->neighbours + (size_t)t4 * s->width;
	const int32_t *d = s->near_d + (size_t)t4 * s->width;
	unsigned count = 0;

	for (uint32_t i = 0; i < s->width && d[i] < gain; i++) {
		uint32_t at = offset_of(s, near[i]);

		s->steps += s->step_cost;
		for (unsigned after = 0; after < 2 && at <= i3; after++) {
			struct option o = { .c = near[i], .at = at,
					    .after = after != 0 };

			if (at == (after ? i3 : 0))
				continue;
			o.d = city_at(s, after ? at + 1 : at - 1);
			if (search_fixed(s, o.c, o.d))
				continue;
			o.open = gain - d[i] +
				 search_distance(s, o.c, o.d);
			insert_option(list, &count, max, &o);
		}
	}
	return count;
}

static void deepen_cycle(struct search *s, const struct option *o)
{
	UNCLEARED struct option list[BREADTH_MAX];
	unsigned count;

	count = cycle_options(s, o->d, o->at, o->open, breadth[1], list);
	for (unsigned i = 0; i < count; i++) {
		uint32_t i6 = list[i].after ? list[i].at + 1 : list[i].at - 1;
		UNCLEARED struct path q;

		path_open_cycle(s, o->at, list[i].at, i6, &q);
		try_closing(s, &q, list[i].d, list[i].open);
		deepen(s, &q, list[i].d, list[i].open, 2);
		if (s->best > 0)
			return;
	}
}

/* t3 near t2 with either neighbour as t4. */
static unsigned first_options(struct search *s, const struct path *p,
			      int64_t gain, struct option *list)
{
	const uint32_t *near = s->neighbours + (size_t)s->t2 * s->width;
	const int32_t *d = s->near_d + (size_t)s->t2 * s->width;
	unsigned count = 0;

	for (uint32_t i = 0; i < s->width && d[i] < gain; i++) {
		struct option o = { .open = gain - d[i], .c = near[i] };

		s->steps += s->step_cost;
		o.at = offset_of(s, o.c);
		if (option_before(s, p, &o))
			insert_option(list, &count, breadth[0], &o);
		if (o.c == s->t1)
			continue;
		o.after = true;
		o.d = city_at(s, o.at + 1);
		if (search_fixed(s, o.c, o.d))
			continue;
		o.open = gain - d[i] + search_distance(s, o.c, o.d);
		insert_option(list, &count, breadth[0], &o);
	}
	return count;
}

/* Looks for a gain that begins by removing (t1, its neighbour). */
bool search_from(struct search *s, uint32_t t1, bool forward)
{
	struct path p = { 1, { { 0, s->space->n - 1, false } } };
	UNCLEARED struct option list[BREADTH_MAX];
	unsigned count;

	s->t1 = t1;
	s->t2 = forward ? tour_next(&s->tour, t1) : tour_prev(&s->tour, t1);
	s->forward = forward;
	s->base = s->tour.pos[s->t2];
	s->best = 0;
	if (search_fixed(s, t1, s->t2))
		return false;
	count = first_options(s, &p, search_distance(s, t1, s->t2),
			      list);
	for (unsigned i = 0; i < count && s->best == 0; i++) {
		UNCLEARED struct path q;

		if (list[i].after) {
			deepen_cycle(s, &list[i]);
			continue;
		}
		path_turn(&p, 0, list[i].at, &q);
		try_closing(s, &q, list[i].d, list[i].open);
		deepen(s, &q, list[i].d, list[i].open, 1);
	}
	return s->best > 0;
}

unsigned search_segments(const struct search *s, struct segment *segments)
{
	const struct path *p = &s->best_path;

	for (unsigned i = 0; i < p->count; i++) {
		uint32_t a = position_at(s, p->iv[i].a);
		uint32_t b = position_at(s, p->iv[i].b);

		segments[i] = (struct segment){
			.from = s->forward ? a : b,
			.to = s->forward ? b : a,
			.reversed = p->iv[i].reversed == s->forward,
		};
	}
	return p->count;
}
