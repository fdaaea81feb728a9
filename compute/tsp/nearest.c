#include "compute/tsp/nearest.h"

#include <stdbool.h>
#include <stdlib.h>

enum {
	LEAF = 8,
	POOL = 24,  /* from which a list is chosen */
	SURE = 6,   /* of a list are the nearest, whatever the quadrant */
};

static double along(const struct near_place *p, unsigned axis)
{
	return axis == 0 ? p->at.x : axis == 1 ? p->at.y : p->at.z;
}

static bool before(const struct near_place *a, const struct near_place *b,
		   unsigned axis)
{
	double u = along(a, axis), v = along(b, axis);

	return u < v || (u == v && a->city < b->city);
}

static void swap(struct near_place *a, struct near_place *b)
{
	struct near_place c = *a;

	*a = *b;
	*b = c;
}

/* Hoare's selection: afterwards p[mid] is where sorting would put it. Keys
 * are distinct (the city's number breaks ties), so equal places do no harm.
 * The median of three goes to the middle as pivot. */
static void split(struct near_place *p, uint32_t lo, uint32_t hi, uint32_t mid,
		  unsigned axis)
{
	while (hi - lo > 1) {
		uint32_t c = lo + (hi - lo) / 2, last = hi - 1, put = lo;

		if (before(&p[c], &p[lo], axis))
			swap(&p[c], &p[lo]);
		if (before(&p[last], &p[c], axis)) {
			swap(&p[last], &p[c]);
			if (before(&p[c], &p[lo], axis))
				swap(&p[c], &p[lo]);
		}
		swap(&p[c], &p[last]);
		for (uint32_t i = lo; i < last; i++)
			if (before(&p[i], &p[last], axis))
				swap(&p[i], &p[put++]);
		swap(&p[put], &p[last]);
		if (put == mid)
			return;
		if (put < mid)
			lo = put + 1;
		else
			hi = put;
	}
}

static unsigned widest(const struct near_place *p, uint32_t lo, uint32_t hi)
{
	unsigned best = 0;
	double best_width = -1;

	for (unsigned axis = 0; axis < 3; axis++) {
		double min = along(&p[lo], axis), max = min;

		for (uint32_t i = lo + 1; i < hi; i++) {
			double v = along(&p[i], axis);

			min = v < min ? v : min;
			max = v > max ? v : max;
		}
		if (max - min > best_width) {
			best_width = max - min;
			best = axis;
		}
	}
	return best;
}

/* Depth log2 n: halves are equal. */
static void build(struct nearest *t, uint32_t lo, uint32_t hi)
{
	uint32_t mid = lo + (hi - lo) / 2;

	if (hi - lo <= LEAF)
		return;
	t->axis[mid] = (uint8_t)widest(t->places, lo, hi);
	split(t->places, lo, hi, mid, t->axis[mid]);
	build(t, lo, mid);
	build(t, mid + 1, hi);
}

int nearest_init(struct nearest *t, const struct space *s)
{
	*t = (struct nearest){ .n = s->n };
	t->places = malloc(s->n * sizeof *t->places);
	t->axis = malloc(s->n);
	if (!t->places || !t->axis) {
		nearest_deinit(t);
		return ERR_NOMEM;
	}
	for (uint32_t i = 0; i < s->n; i++) {
		t->places[i].at = metric_embed(s->metric, &s->points[i]);
		t->places[i].city = i;
	}
	build(t, 0, s->n);
	return 0;
}

void nearest_deinit(struct nearest *t)
{
	free(t->places);
	free(t->axis);
	*t = (struct nearest){ 0 };
}

/* The best k so far, the worst on top (a binary heap). */
struct query {
	const struct nearest *tree;
	struct point at;
	struct near_found *heap;
	uint32_t len, k;
};

static bool worse(const struct near_found *a, const struct near_found *b)
{
	return a->d2 > b->d2 || (a->d2 == b->d2 && a->city > b->city);
}

static void sink(struct near_found *heap, uint32_t len, uint32_t i)
{
	struct near_found v = heap[i];

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= len)
			break;
		if (child + 1 < len && worse(&heap[child + 1], &heap[child]))
			child++;
		if (!worse(&heap[child], &v))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = v;
}

static void rise(struct near_found *heap, uint32_t i)
{
	struct near_found v = heap[i];

	while (i > 0 && worse(&v, &heap[(i - 1) / 2])) {
		heap[i] = heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap[i] = v;
}

static void offer(struct query *q, const struct near_place *p)
{
	double dx = p->at.x - q->at.x, dy = p->at.y - q->at.y;
	double dz = p->at.z - q->at.z;
	struct near_found f = { dx * dx + dy * dy + dz * dz, p->city };

	if (q->len < q->k) {
		q->heap[q->len] = f;
		rise(q->heap, q->len++);
	} else if (worse(&q->heap[0], &f)) {
		q->heap[0] = f;
		sink(q->heap, q->len, 0);
	}
}

static void visit(struct query *q, uint32_t lo, uint32_t hi)
{
	uint32_t mid = lo + (hi - lo) / 2;
	const struct near_place *p = &q->tree->places[mid];
	unsigned axis = q->tree->axis[mid];
	double side;
	bool left;

	if (hi - lo <= LEAF) {
		for (uint32_t i = lo; i < hi; i++)
			offer(q, &q->tree->places[i]);
		return;
	}
	side = (axis == 0 ? q->at.x : axis == 1 ? q->at.y : q->at.z) -
	       along(p, axis);
	left = side < 0;
	offer(q, p);
	visit(q, left ? lo : mid + 1, left ? mid : hi);
	/* `>=` and not `>`: many cities at one place stay cheap. */
	if (q->len == q->k && side * side >= q->heap[0].d2)
		return;
	visit(q, left ? mid + 1 : lo, left ? hi : mid);
}

uint32_t nearest_find(const struct nearest *t, const struct point *at,
		      uint32_t k, struct near_found *out)
{
	struct query q = { t, *at, out, 0, k < t->n ? k : t->n };

	if (q.k == 0)
		return 0;
	visit(&q, 0, t->n);
	for (uint32_t len = q.len; len > 1; len--) {
		struct near_found top = out[0];

		out[0] = out[len - 1];
		sink(out, len - 1, 0);
		out[len - 1] = top;
	}
	return q.len;
}

uint32_t nearest_width(uint32_t n)
{
	return n - 1 < NEAREST_LIST ? n - 1 : NEAREST_LIST;
}

static unsigned quadrant(const struct point *o, const struct point *p)
{
	return (unsigned)(p->x >= o->x) | (unsigned)(p->y >= o->y) << 1 |
	       (unsigned)(p->z >= o->z) << 2;
}

/* Marks which of the pool to take: the nearest, then the nearest of each
 * quadrant that has none yet, then the nearest again. */
static void choose(const struct space *s, uint32_t city,
		   const struct near_found *pool, uint32_t found,
		   uint32_t width, bool *take)
{
	struct point o = metric_embed(s->metric, &s->points[city]);
	unsigned seen = 0;
	uint32_t taken = 0;

	for (int pass = 0; pass < 3; pass++)
		for (uint32_t i = 0; i < found && taken < width; i++) {
			struct point p = metric_embed(
				s->metric, &s->points[pool[i].city]);
			unsigned bit = 1u << quadrant(&o, &p);

			if (take[i] || pool[i].city == city ||
			    (pass == 0 && taken >= SURE) ||
			    (pass == 1 && (seen & bit)))
				continue;
			take[i] = true;
			seen |= bit;
			taken++;
		}
}

void nearest_lists(const struct nearest *t, const struct space *s,
		   uint32_t *list)
{
	uint32_t width = nearest_width(s->n);
	struct near_found pool[POOL];

	for (uint32_t c = 0; c < s->n; c++) {
		struct point o = metric_embed(s->metric, &s->points[c]);
		uint32_t found = nearest_find(t, &o, POOL, pool), at = 0;
		bool take[POOL] = { false };

		choose(s, c, pool, found, width, take);
		for (uint32_t i = 0; i < found; i++)
			if (take[i])
				list[c * (size_t)width + at++] = pool[i].city;
	}
}
