#include "coordinator/ranges.h"

#include <assert.h>
#include <stdlib.h>

#include "base/rng.h"

/* A treap: a search tree by `from`, a heap by `weight`. */
struct node {
	uint64_t from, count;
	struct node *left, *right;
	uint32_t weight;
	uint8_t state;
	bool free_below; /* this or one below is free */
};

struct ranges {
	struct node *root;  /* owned */
	struct node *spare; /* owned, linked by right */
	uint64_t total, units[RANGE_STATES], random;
	unsigned nodes, spares;
};

/* A move splits at most two intervals. */
enum { NODES_A_MOVE = 2 };

int ranges_reserve(struct ranges *r, unsigned n)
{
	while (r->spares < n * NODES_A_MOVE) {
		struct node *node = calloc(1, sizeof *node);

		if (!node)
			return ERR_NOMEM;
		node->right = r->spare;
		r->spare = node;
		r->spares++;
	}
	return 0;
}

static struct node *take(struct ranges *r, uint64_t from, uint64_t count,
			 enum range_state state)
{
	struct node *n = r->spare;

	assert(n);
	r->spare = n->right;
	r->spares--;
	r->nodes++;
	*n = (struct node){ .from = from,
			    .count = count,
			    .weight = (uint32_t)splitmix64(&r->random),
			    .state = (uint8_t)state,
			    .free_below = state == RANGE_FREE };
	return n;
}

static void give_back(struct ranges *r, struct node *n)
{
	n->right = r->spare;
	r->spare = n;
	r->spares++;
	r->nodes--;
}

static void update(struct node *n)
{
	n->free_below = n->state == RANGE_FREE ||
			(n->left && n->left->free_below) ||
			(n->right && n->right->free_below);
}

/* Into those that begin before `at` and the rest. */
static void split(struct node *n, uint64_t at, struct node **low,
		  struct node **high)
{
	if (!n) {
		*low = *high = NULL;
	} else if (n->from < at) {
		split(n->right, at, &n->right, high);
		*low = n;
		update(n);
	} else {
		split(n->left, at, low, &n->left);
		*high = n;
		update(n);
	}
}

static struct node *join(struct node *low, struct node *high)
{
	if (!low || !high)
		return low ? low : high;
	if (low->weight > high->weight) {
		low->right = join(low->right, high);
		update(low);
		return low;
	}
	high->left = join(low, high->left);
	update(high);
	return high;
}

static struct node *pop_last(struct node **tree)
{
	struct node *n = *tree, *last;

	if (!n)
		return NULL;
	if (!n->right) {
		*tree = n->left;
		n->left = NULL;
		update(n);
		return n;
	}
	last = pop_last(&n->right);
	update(n);
	return last;
}

static struct node *pop_first(struct node **tree)
{
	struct node *n = *tree, *first;

	if (!n)
		return NULL;
	if (!n->left) {
		*tree = n->right;
		n->right = NULL;
		update(n);
		return n;
	}
	first = pop_first(&n->left);
	update(n);
	return first;
}

struct ranges *ranges_new(uint64_t total)
{
	struct ranges *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->total = total;
	r->units[RANGE_FREE] = total;
	if (total && ranges_reserve(r, 1) == 0)
		r->root = take(r, 0, total, RANGE_FREE);
	if (total && !r->root) {
		ranges_free(r);
		return NULL;
	}
	return r;
}

static void free_tree(struct node *n)
{
	if (!n)
		return;
	free_tree(n->left);
	free_tree(n->right);
	free(n);
}

void ranges_free(struct ranges *r)
{
	if (!r)
		return;
	free_tree(r->root);
	while (r->spare) {
		struct node *next = r->spare->right;

		free(r->spare);
		r->spare = next;
	}
	free(r);
}

uint64_t ranges_total(const struct ranges *r)
{
	return r->total;
}

uint64_t ranges_units(const struct ranges *r, enum range_state state)
{
	return r->units[state];
}

unsigned ranges_intervals(const struct ranges *r)
{
	return r->nodes;
}

bool ranges_first_free(const struct ranges *r, uint64_t *from,
		       uint64_t *count)
{
	const struct node *n = r->root;

	if (!n || !n->free_below)
		return false;
	while (n->state != RANGE_FREE || (n->left && n->left->free_below))
		n = n->left && n->left->free_below ? n->left : n->right;
	*from = n->from;
	*count = n->count;
	return true;
}

/* The interval that holds the unit. */
static const struct node *at(const struct ranges *r, uint64_t unit)
{
	const struct node *n = r->root;

	while (unit < n->from || unit - n->from >= n->count)
		n = unit < n->from ? n->left : n->right;
	return n;
}

static bool all_in(const struct ranges *r, uint64_t from, uint64_t count,
		   enum range_state state)
{
	/* Neighbours differ, so one interval must hold it all. */
	const struct node *n = at(r, from);

	return n->state == state && count <= n->count - (from - n->from);
}

/* Cuts the interval that holds `unit` so that one begins there. */
static void cut(struct ranges *r, uint64_t unit)
{
	struct node *low, *high, *n, *rest;

	split(r->root, unit, &low, &high);
	n = pop_last(&low);
	if (n && unit - n->from < n->count) {
		rest = take(r, unit, n->count - (unit - n->from),
			    (enum range_state)n->state);
		n->count = unit - n->from;
		high = join(rest, high);
	}
	r->root = join(join(low, n), high);
}

/* `n` swallows `other`, its neighbour of the same state. */
static bool swallow(struct ranges *r, struct node *n, struct node *other)
{
	if (!other || other->state != n->state)
		return false;
	if (other->from < n->from)
		n->from = other->from;
	n->count += other->count;
	give_back(r, other);
	return true;
}

int ranges_move(struct ranges *r, uint64_t from, uint64_t count,
		enum range_state was, enum range_state now)
{
	struct node *low, *mid, *high, *before, *after;

	if (!count || from >= r->total || count > r->total - from)
		return ERR_RANGE;
	if (!all_in(r, from, count, was))
		return ERR_STATE;
	if (was == now)
		return 0;
	if (ranges_reserve(r, 1) != 0)
		return ERR_NOMEM;
	cut(r, from);
	if (from + count < r->total)
		cut(r, from + count);
	split(r->root, from, &low, &high);
	mid = pop_first(&high);
	mid->state = (uint8_t)now;
	before = pop_last(&low);
	after = pop_first(&high);
	if (swallow(r, mid, before))
		before = NULL;
	if (swallow(r, mid, after))
		after = NULL;
	update(mid);
	r->root = join(join(join(low, before), mid), join(after, high));
	r->units[was] -= count;
	r->units[now] += count;
	return 0;
}
