/*
 * A lower bound by 1-trees (Held, Karp 1971): with a price on each city, the
 * cheapest tree and one more edge cost no more than a tour; prices that push
 * each city's degree towards two are found by a subgradient ascent.
 *
 * The ascent runs on the neighbour graph, which is fast and near the truth
 * but, as edges are missing, proves nothing. With the prices found, one tree
 * over all pairs (O(n^2)) does prove a bound; it is made up to EXACT_MAX
 * cities. Doubles are good enough here: nothing of it travels.
 */
#include <math.h>
#include <stdlib.h>

#include "compute/tsp/job.h"

enum {
	EXACT_MAX = 12000,
	ROUNDS_MAX = 800,
	ROUNDS_MIN = 25,
	CITY_ROUNDS = 3000000, /* cities times rounds, for about a second */
	BRIDGES = 50,
};

struct link {
	uint32_t to;
	double d;
};

struct ascent {
	const struct job *job;
	uint32_t n;
	uint32_t *first;     /* n + 1: where a city's links begin */
	struct link *links;
	double *price, *best_price;
	/* the latest tree */
	double *key;         /* cheapest link to the tree */
	double *second;      /* of each city, its second cheapest link */
	uint32_t *parent;
	uint32_t *order;        /* the cities as they joined */
	uint32_t *heap, *place; /* cities not in the tree by key */
	uint32_t heap_len;
	int *degree, *last_degree;
};

static void ascent_deinit(struct ascent *a)
{
	free(a->first);
	free(a->links);
	free(a->price);
	free(a->best_price);
	free(a->key);
	free(a->second);
	free(a->parent);
	free(a->order);
	free(a->heap);
	free(a->place);
	free(a->degree);
	free(a->last_degree);
}

static int ascent_init(struct ascent *a, const struct job *job)
{
	uint32_t n = job->in.n;
	size_t links = 2 * (size_t)n * (nearest_width(n) + 1);

	*a = (struct ascent){ .job = job, .n = n };
	a->first = calloc((size_t)n + 1, sizeof *a->first);
	a->links = calloc(links, sizeof *a->links);
	a->price = calloc(n, sizeof *a->price);
	a->best_price = calloc(n, sizeof *a->best_price);
	a->key = calloc(n, sizeof *a->key);
	a->second = calloc(n, sizeof *a->second);
	a->parent = calloc(n, sizeof *a->parent);
	a->order = calloc(n, sizeof *a->order);
	a->heap = calloc(n, sizeof *a->heap);
	a->place = calloc(n, sizeof *a->place);
	a->degree = calloc(n, sizeof *a->degree);
	a->last_degree = calloc(n, sizeof *a->last_degree);
	if (!a->first || !a->links || !a->price || !a->best_price ||
	    !a->key || !a->second || !a->parent || !a->order || !a->heap ||
	    !a->place || !a->degree || !a->last_degree) {
		ascent_deinit(a);
		return ERR_NOMEM;
	}
	return 0;
}

/* --- the neighbour graph ------------------------------------------------- */

/* Both directions of each list's edges and of the tour's, which join all. */
static void each_edge(struct ascent *a, const uint32_t *list, bool count)
{
	uint32_t width = nearest_width(a->n);
	const struct tour *t = &a->job->tour;

	for (uint32_t c = 0; c < a->n; c++)
		for (uint32_t i = 0; i <= width; i++) {
			uint32_t o = i < width ? list[c * (size_t)width + i]
					       : tour_next(t, c);
			double d;

			if (count) {
				a->first[c]++;
				a->first[o]++;
				continue;
			}
			d = metric_distance(&a->job->space, c, o);
			a->links[--a->first[c]] = (struct link){ o, d };
			a->links[--a->first[o]] = (struct link){ c, d };
		}
}

static int set_links(struct ascent *a)
{
	uint32_t width = nearest_width(a->n);
	uint32_t *list = calloc((size_t)a->n * width, sizeof *list);

	if (!list)
		return ERR_NOMEM;
	nearest_lists(&a->job->near, &a->job->space, list);
	each_edge(a, list, true);
	for (uint32_t c = 0; c < a->n; c++)
		a->first[c + 1] += a->first[c];
	each_edge(a, list, false);
	free(list);
	return 0;
}

/* --- Prim's tree --------------------------------------------------------- */

static void heap_put(struct ascent *a, uint32_t i, uint32_t city)
{
	a->heap[i] = city;
	a->place[city] = i;
}

static void heap_up(struct ascent *a, uint32_t i)
{
	uint32_t city = a->heap[i];

	while (i > 0 && a->key[city] < a->key[a->heap[(i - 1) / 2]]) {
		heap_put(a, i, a->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(a, i, city);
}

static uint32_t heap_pop(struct ascent *a)
{
	uint32_t top = a->heap[0], city = a->heap[--a->heap_len], i = 0;

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child >= a->heap_len)
			break;
		if (child + 1 < a->heap_len &&
		    a->key[a->heap[child + 1]] < a->key[a->heap[child]])
			child++;
		if (!(a->key[a->heap[child]] < a->key[city]))
			break;
		heap_put(a, i, a->heap[child]);
		i = child;
	}
	if (a->heap_len > 0)
		heap_put(a, i, city);
	a->place[top] = UINT32_MAX;
	return top;
}

static double tree_begin(struct ascent *a)
{
	a->heap_len = a->n;
	for (uint32_t c = 0; c < a->n; c++) {
		heap_put(a, c, c);
		a->key[c] = c ? HUGE_VAL : 0;
		a->parent[c] = c;
		a->last_degree[c] = a->degree[c];
		a->degree[c] = 0;
	}
	return 0;
}

static void tree_join(struct ascent *a, uint32_t city)
{
	if (a->parent[city] == city)
		return;
	a->degree[city]++;
	a->degree[a->parent[city]]++;
}

/* The leaf whose second link is the dearest gets it: a 1-tree. `second` is
 * told by the caller's loop. */
static double close_tree(struct ascent *a, const double *second,
			 const uint32_t *second_to)
{
	double best = -HUGE_VAL;
	uint32_t leaf = 0;

	for (uint32_t c = 0; c < a->n; c++)
		if (a->degree[c] == 1 && second[c] > best) {
			best = second[c];
			leaf = c;
		}
	a->degree[leaf]++;
	if (second_to)
		a->degree[second_to[leaf]]++;
	return best;
}

/* The value of the 1-tree for the present prices on the neighbour graph;
 * degrees are left in a->degree. */
static double sparse_tree(struct ascent *a, uint32_t *second_to)
{
	double sum = tree_begin(a);
	uint32_t joined = 0;

	while (a->heap_len > 0) {
		uint32_t c = heap_pop(a);

		sum += a->key[c] - 2 * a->price[c];
		a->order[joined++] = c;
		tree_join(a, c);
		for (uint32_t i = a->first[c]; i < a->first[c + 1]; i++) {
			uint32_t o = a->links[i].to;
			double d = a->links[i].d + a->price[c] + a->price[o];

			if (a->place[o] == UINT32_MAX || d >= a->key[o])
				continue;
			a->key[o] = d;
			a->parent[o] = c;
			heap_up(a, a->place[o]);
		}
	}
	for (uint32_t c = 0; c < a->n; c++) {
		a->second[c] = HUGE_VAL;
		second_to[c] = c;
		for (uint32_t i = a->first[c]; i < a->first[c + 1]; i++) {
			uint32_t o = a->links[i].to;
			double d = a->links[i].d + a->price[c] + a->price[o];

			if (o == a->parent[c] || a->parent[o] == c ||
			    d >= a->second[c])
				continue;
			a->second[c] = d;
			second_to[c] = o;
		}
		if (second_to[c] == c)
			a->second[c] = -HUGE_VAL;
	}
	return sum + close_tree(a, a->second, second_to);
}

/* The same over all pairs, O(n^2): the value alone. */
static double full_tree(struct ascent *a)
{
	const struct space *s = &a->job->space;
	double sum = tree_begin(a);
	uint32_t c = 0;

	for (uint32_t i = 0; i < a->n; i++)
		a->second[i] = HUGE_VAL;
	for (uint32_t left = a->n; left > 0; left--) {
		uint32_t next = UINT32_MAX;

		sum += a->key[c] - 2 * a->price[c];
		tree_join(a, c);
		a->place[c] = UINT32_MAX;
		for (uint32_t o = 0; o < a->n; o++) {
			double d;

			if (a->place[o] == UINT32_MAX)
				continue;
			d = metric_distance(s, c, o) + a->price[c] +
			    a->price[o];
			if (d < a->key[o]) {
				a->key[o] = d;
				a->parent[o] = c;
			}
			if (next == UINT32_MAX || a->key[o] < a->key[next])
				next = o;
		}
		c = next;
	}
	return sum;
}

/* The second link of the best leaves over all pairs: the greatest of a few
 * leaves is enough, each of them gives a bound. */
static double full_second(struct ascent *a)
{
	const struct space *s = &a->job->space;
	double best = -HUGE_VAL;
	unsigned tried = 0;

	for (uint32_t c = 0; c < a->n && tried < 50; c++) {
		double second = HUGE_VAL;

		if (a->degree[c] != 1)
			continue;
		tried++;
		for (uint32_t o = 0; o < a->n; o++) {
			double d;

			if (o == c || o == a->parent[c] || a->parent[o] == c)
				continue;
			d = metric_distance(s, c, o) + a->price[c] +
			    a->price[o];
			second = d < second ? d : second;
		}
		best = second > best ? second : best;
	}
	return best;
}

/* --- bridges ------------------------------------------------------------- */

/* Lowers the prices on the smaller side of the tree's edge above `city`. */
static void lower_side(struct ascent *a, uint32_t city, double by, bool *below)
{
	uint32_t count = 0;
	bool side;

	for (uint32_t i = 0; i < a->n; i++) {
		uint32_t c = a->order[i];

		below[c] = c == city || (a->parent[c] != c &&
					 below[a->parent[c]]);
		count += below[c];
	}
	side = count <= a->n / 2;
	for (uint32_t c = 0; c < a->n; c++)
		if (below[c] == side)
			a->price[c] -= by;
}

/* An island hangs on the tree by one long edge, but a tour goes there and
 * back. Small steps would take thousands of rounds to see that; so all its
 * prices are lowered at once, until coming back costs no more than going on,
 * the longest edges first down to the usual ones. */
static int price_bridges(struct ascent *a)
{
	uint32_t longest[BRIDGES], count = 0;
	double usual = 4 * (double)a->job->length / a->n;
	bool *below = calloc(a->n, sizeof *below);

	if (!below)
		return ERR_NOMEM;
	for (uint32_t c = 0; c < a->n; c++) {
		uint32_t i;

		if (a->key[c] <= usual)
			continue;
		if (count == BRIDGES && a->key[c] <= a->key[longest[count - 1]])
			continue;
		count -= count == BRIDGES;
		for (i = count++; i > 0 &&
				  a->key[longest[i - 1]] < a->key[c]; i--)
			longest[i] = longest[i - 1];
		longest[i] = c;
	}
	for (uint32_t i = 0; i < count; i++)
		lower_side(a, longest[i], a->key[longest[i]] - usual, below);
	free(below);
	return 0;
}

/* --- the ascent ---------------------------------------------------------- */

/* Steps as large as the distance to a tour's length suggests (Polyak), and
 * falling; part of the last direction is kept, which damps the zigzag. */
static double climb(struct ascent *a, uint32_t *second_to)
{
	uint32_t rounds = CITY_ROUNDS / a->n;
	double best = -HUGE_VAL, target = 0.99 * (double)a->job->length;

	rounds = rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
	rounds = rounds < ROUNDS_MIN ? ROUNDS_MIN : rounds;
	for (uint32_t k = 0; k < rounds; k++) {
		double w = sparse_tree(a, second_to), norm = 0, step;

		if (w > best) {
			best = w;
			for (uint32_t c = 0; c < a->n; c++)
				a->best_price[c] = a->price[c];
		}
		for (uint32_t c = 0; c < a->n; c++)
			norm += (a->degree[c] - 2) * (a->degree[c] - 2);
		if (norm == 0)
			break;
		step = (target > w ? target - w : 0.001 * target) / norm;
		step *= 1.0 - (double)k / rounds;
		for (uint32_t c = 0; c < a->n; c++)
			a->price[c] += step *
				       (0.7 * (a->degree[c] - 2) +
					(k ? 0.3 * (a->last_degree[c] - 2)
					   : 0));
	}
	for (uint32_t c = 0; c < a->n; c++)
		a->price[c] = a->best_price[c];
	return best;
}

int bound_find(struct job *job)
{
	struct ascent a;
	uint32_t *second_to;
	double value;

	if (job->in.n < 5)
		return 0;
	if (ascent_init(&a, job))
		return ERR_NOMEM;
	second_to = calloc(a.n, sizeof *second_to);
	if (!second_to || set_links(&a)) {
		free(second_to);
		ascent_deinit(&a);
		return ERR_NOMEM;
	}
	sparse_tree(&a, second_to);
	if (price_bridges(&a)) {
		free(second_to);
		ascent_deinit(&a);
		return ERR_NOMEM;
	}
	value = climb(&a, second_to);
	if (a.n <= EXACT_MAX) {
		value = full_tree(&a);
		value += full_second(&a);
		job->bound_proved = true;
	}
	/* Tours have whole lengths; what rounding can have done is less. */
	value = ceil(value - 1e-3);
	job->bound = value > 0 ? (int64_t)value : 0;
	free(second_to);
	ascent_deinit(&a);
	return 0;
}
