#include "compute/tsp/exchange.h"

#include <stdlib.h>

int64_t exchange_gain(const struct exchange *x, const struct space *s)
{
	int64_t gain = 0;

	for (uint32_t i = 0; i < x->count; i++)
		gain += (int64_t)metric_distance(s, x->removed[i].a,
						 x->removed[i].b) -
			metric_distance(s, x->added[i].a, x->added[i].b);
	return gain;
}

static int compare_edges(const void *u, const void *v)
{
	const struct edge *a = u, *b = v;

	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return a->b < b->b ? -1 : a->b > b->b;
}

static bool in_a_row(uint32_t a, uint32_t b, uint32_t n)
{
	return a + 1 == b || b + 1 == a || (a == 0 && b == n - 1) ||
	       (b == 0 && a == n - 1);
}

int exchange_between(const struct tour *to, struct exchange *out,
		     struct arena *arena)
{
	uint32_t n = to->n, added = 0;

	out->count = 0;
	for (uint32_t i = 0; i < n; i++)
		out->count += !tour_adjacent(to, i, i + 1 == n ? 0 : i + 1);
	out->removed = arena_array(arena, out->count, sizeof(struct edge));
	out->added = arena_array(arena, out->count, sizeof(struct edge));
	if (!out->removed || !out->added)
		return ERR_NOMEM;
	out->count = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t next = i + 1 == n ? 0 : i + 1;
		uint32_t a = to->at[i], b = to->at[next];

		if (!tour_adjacent(to, i, next))
			out->removed[out->count++] = (struct edge){ i, next };
		if (!in_a_row(a, b, n))
			out->added[added++] = (struct edge){ a < b ? a : b,
							     a < b ? b : a };
	}
	qsort(out->added, added, sizeof(struct edge), compare_edges);
	return 0;
}

/* --- parts --------------------------------------------------------------- */

static int compare_u32(const void *u, const void *v)
{
	uint32_t a = *(const uint32_t *)u, b = *(const uint32_t *)v;

	return a < b ? -1 : a > b;
}

/* Where the city stands in the ascending list that holds it. */
static uint32_t rank_of(const uint32_t *cities, uint32_t count, uint32_t city)
{
	uint32_t lo = 0, hi = count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (cities[mid] < city)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t list_cities(const struct exchange *x, uint32_t *cities)
{
	uint32_t count = 0, unique = 0;

	for (uint32_t i = 0; i < x->count; i++) {
		cities[count++] = x->removed[i].a;
		cities[count++] = x->removed[i].b;
		cities[count++] = x->added[i].a;
		cities[count++] = x->added[i].b;
	}
	qsort(cities, count, sizeof *cities, compare_u32);
	for (uint32_t i = 0; i < count; i++)
		if (i == 0 || cities[i] != cities[i - 1])
			cities[unique++] = cities[i];
	return unique;
}

static uint32_t root(uint32_t *parent, uint32_t i)
{
	while (parent[i] != i)
		i = parent[i] = parent[parent[i]];
	return i;
}

/* The edges sorted by the part that their first city belongs to. */
static int sort_by_part(struct edge *edges, uint32_t count,
			const uint32_t *start, uint32_t parts,
			const uint32_t *part_of_edge, struct arena *arena)
{
	struct edge *sorted = arena_array(arena, count, sizeof *sorted);
	uint32_t *next = arena_array(arena, parts, sizeof *next);

	if (!sorted || !next)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < parts; i++)
		next[i] = start[i];
	for (uint32_t i = 0; i < count; i++) {
		uint32_t part = part_of_edge[i];

		if (next[part] == start[part + 1])
			return ERR_MALFORMED;
		sorted[next[part]++] = edges[i];
	}
	for (uint32_t i = 0; i < count; i++)
		edges[i] = sorted[i];
	return 0;
}

struct split {
	uint32_t *cities, *parent, *part; /* per city: list, union, part */
	uint32_t *removed_in, *added_in;  /* per edge: its part */
	uint32_t count, parts;
};

static int split_init(struct split *s, const struct exchange *x,
		      struct arena *arena)
{
	s->cities = arena_array(arena, 4 * (size_t)x->count, sizeof(uint32_t));
	s->parent = arena_array(arena, 4 * (size_t)x->count, sizeof(uint32_t));
	s->part = arena_array(arena, 4 * (size_t)x->count, sizeof(uint32_t));
	s->removed_in = arena_array(arena, x->count, sizeof(uint32_t));
	s->added_in = arena_array(arena, x->count, sizeof(uint32_t));
	if (!s->cities || !s->parent || !s->part || !s->removed_in ||
	    !s->added_in)
		return ERR_NOMEM;
	s->count = list_cities(x, s->cities);
	for (uint32_t i = 0; i < s->count; i++) {
		s->parent[i] = i;
		s->part[i] = UINT32_MAX;
	}
	return 0;
}

static void join(struct split *s, const struct edge *e)
{
	uint32_t a = root(s->parent, rank_of(s->cities, s->count, e->a));
	uint32_t b = root(s->parent, rank_of(s->cities, s->count, e->b));

	/* The smaller one leads: shallow enough with halving of paths. */
	if (a < b)
		s->parent[b] = a;
	else
		s->parent[a] = b;
}

/* Numbers parts in the order in which edges name them. */
static uint32_t part_of(struct split *s, uint32_t city)
{
	uint32_t r = root(s->parent, rank_of(s->cities, s->count, city));

	if (s->part[r] == UINT32_MAX)
		s->part[r] = s->parts++;
	return s->part[r];
}

int exchange_split(struct exchange *x, uint32_t **start, uint32_t *parts,
		   struct arena *arena)
{
	struct split s = { 0 };
	uint32_t *from;

	if (split_init(&s, x, arena))
		return ERR_NOMEM;
	for (uint32_t i = 0; i < x->count; i++) {
		join(&s, &x->removed[i]);
		join(&s, &x->added[i]);
	}
	for (uint32_t i = 0; i < x->count; i++)
		s.removed_in[i] = part_of(&s, x->removed[i].a);
	*parts = s.parts;
	for (uint32_t i = 0; i < x->count; i++)
		s.added_in[i] = part_of(&s, x->added[i].a);
	if (s.parts != *parts)
		return ERR_MALFORMED;
	*start = from = arena_array(arena, (size_t)s.parts + 1, sizeof *from);
	if (!from)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < x->count; i++)
		from[s.removed_in[i] + 1]++;
	for (uint32_t i = 0; i < s.parts; i++)
		from[i + 1] += from[i];
	if (sort_by_part(x->removed, x->count, from, s.parts, s.removed_in,
			 arena))
		return ERR_NOMEM;
	return sort_by_part(x->added, x->count, from, s.parts, s.added_in,
			    arena);
}

struct exchange exchange_part(const struct exchange *x, const uint32_t *start,
			      uint32_t i)
{
	return (struct exchange){ start[i + 1] - start[i],
				  x->removed + start[i], x->added + start[i] };
}

/* --- does it fit? -------------------------------------------------------- */

/* An end of a segment: slot 2i is the first city of segment i, slot 2i + 1
 * its last. A segment of one city has both slots at it. */
struct end {
	uint32_t city, slot;
};

static int compare_ends(const void *u, const void *v)
{
	const struct end *a = u, *b = v;

	if (a->city != b->city)
		return a->city < b->city ? -1 : 1;
	return a->slot < b->slot ? -1 : a->slot > b->slot;
}

/* Positions whose edge to the next is removed, ascending and distinct. */
static enum fit find_cuts(const struct exchange *x, const struct tour *t,
			  uint32_t *cuts)
{
	for (uint32_t i = 0; i < x->count; i++) {
		uint32_t a = x->removed[i].a, b = x->removed[i].b;

		if (tour_next(t, a) == b)
			cuts[i] = t->pos[a];
		else if (tour_next(t, b) == a)
			cuts[i] = t->pos[b];
		else
			return FIT_GONE;
	}
	qsort(cuts, x->count, sizeof *cuts, compare_u32);
	for (uint32_t i = 1; i < x->count; i++)
		if (cuts[i] == cuts[i - 1])
			return FIT_GONE;
	return FIT_ONE_CYCLE;
}

/* Takes a free slot of the city, or returns UINT32_MAX. */
static uint32_t take_slot(const struct end *ends, uint32_t count,
			  uint32_t city, const uint32_t *mate)
{
	uint32_t lo = 0, hi = count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (ends[mid].city < city)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < count && ends[lo].city == city; lo++)
		if (mate[ends[lo].slot] == UINT32_MAX)
			return ends[lo].slot;
	return UINT32_MAX;
}

/* Joins the segments' ends by the added edges. */
static enum fit match(const struct exchange *x, const struct tour *t,
		      const struct end *ends, uint32_t *mate)
{
	uint32_t count = 2 * x->count;

	for (uint32_t i = 0; i < count; i++)
		mate[i] = UINT32_MAX;
	for (uint32_t i = 0; i < x->count; i++) {
		uint32_t a = x->added[i].a, b = x->added[i].b, u, v;

		if (a == b || tour_adjacent(t, a, b))
			return FIT_GONE;
		u = take_slot(ends, count, a, mate);
		v = take_slot(ends, count, b, mate);
		if (u == UINT32_MAX || v == UINT32_MAX)
			return FIT_GONE;
		mate[u] = v;
		mate[v] = u;
	}
	return FIT_ONE_CYCLE;
}

/* Walks from segment to segment; all must be met before the first again. */
static enum fit walk(uint32_t count, const uint32_t *cuts,
		     const uint32_t *mate, uint32_t n,
		     struct segment *segments)
{
	uint32_t slot = 0, seen = 0;

	do {
		uint32_t i = slot / 2;
		uint32_t before = cuts[i == 0 ? count - 1 : i - 1] + 1;

		if (seen == count)
			return FIT_CYCLES;
		segments[seen++] = (struct segment){
			.from = before == n ? 0 : before,
			.to = cuts[i],
			.reversed = slot % 2 != 0,
		};
		slot = mate[slot ^ 1];
	} while (slot != 0);
	return seen == count ? FIT_ONE_CYCLE : FIT_CYCLES;
}

enum fit exchange_fit(const struct exchange *x, const struct tour *t,
		      struct segment *segments, struct arena *arena)
{
	uint32_t *cuts = arena_array(arena, x->count, sizeof *cuts);
	uint32_t *mate = arena_array(arena, 2 * (size_t)x->count,
				     sizeof *mate);
	struct end *ends = arena_array(arena, 2 * (size_t)x->count,
				       sizeof *ends);
	enum fit fit;

	if (!cuts || !mate || !ends)
		return FIT_NOMEM;
	if (x->count < 2)
		return FIT_GONE;
	fit = find_cuts(x, t, cuts);
	if (fit != FIT_ONE_CYCLE)
		return fit;
	for (uint32_t i = 0; i < x->count; i++) {
		uint32_t before = cuts[i == 0 ? x->count - 1 : i - 1] + 1;

		if (before == t->n)
			before = 0;
		ends[2 * i] = (struct end){ t->at[before], 2 * i };
		ends[2 * i + 1] = (struct end){ t->at[cuts[i]], 2 * i + 1 };
	}
	qsort(ends, 2 * (size_t)x->count, sizeof *ends, compare_ends);
	fit = match(x, t, ends, mate);
	if (fit != FIT_ONE_CYCLE)
		return fit;
	return walk(x->count, cuts, mate, t->n, segments);
}
