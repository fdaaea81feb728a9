/* The device's half: a cell in, the kicks' outcome out. */
#include <stdlib.h>

#include "compute/tsp/cell.h"
#include "compute/tsp/engine.h"
#include "compute/tsp/tsp.h"

/* About 30 ms of the reference core a slice. */
enum { STEPS_A_SLICE = 2500000, ARENA_BLOCK = 64 * 1024 };

struct compute {
	struct arena arena; /* the cell */
	struct cell cell;
	struct engine *engine; /* owned */
	uint64_t count, kicks;
	int err; /* of a slice, told at the end */
};

/* A cell's kicks depend on the chunk's seed and on where it begins. */
static uint64_t seed_of(const struct chunk *chunk)
{
	return chunk->seed + chunk->from * 0x9e3779b97f4a7c15ULL;
}

static void tsp_free(struct compute *c)
{
	if (!c)
		return;
	engine_free(c->engine);
	arena_deinit(&c->arena);
	free(c);
}

static int tsp_begin(struct compute **out, const struct chunk *chunk,
		     struct why *why)
{
	struct compute *c;
	int err;

	if (chunk->count == 0 || chunk->count > KIND_INTEGER_MAX)
		return why_set(why, ERR_RANGE, "a chunk without kicks");
	if (chunk->piece != PIECE_ALL && chunk->piece != 0)
		return why_set(why, ERR_RANGE,
			       "a tsp chunk has one piece, number 0");
	c = calloc(1, sizeof *c);
	if (!c)
		return why_set(why, ERR_NOMEM, "out of memory");
	arena_init(&c->arena, ARENA_BLOCK);
	c->count = chunk->count;
	err = cell_read(&c->cell, chunk->input, &c->arena, why);
	if (!err && engine_new(&c->engine, &c->cell.space, c->cell.fixed_to,
			       seed_of(chunk)))
		err = why_set(why, ERR_NOMEM, "out of memory");
	if (err) {
		tsp_free(c);
		return err;
	}
	*out = c;
	return 0;
}

static uint64_t tsp_slice(struct compute *c)
{
	int64_t kicks;

	if (c->err)
		return c->count;
	kicks = engine_run(c->engine, c->count, STEPS_A_SLICE);
	if (kicks < 0) {
		c->err = (int)kicks;
		return c->count;
	}
	c->kicks = (uint64_t)kicks;
	return c->kicks;
}

/* Leaves out the parts without gain, unless the others need them to make one
 * cycle. */
static int drop_idle_parts(const struct cell *cell, struct exchange *x,
			   struct arena *arena)
{
	struct segment *segments = arena_array(arena, x->count,
					       sizeof *segments);
	struct exchange kept = { 0, NULL, NULL };
	uint32_t *start, parts;
	struct tour base;
	int err = exchange_split(x, &start, &parts, arena);

	kept.removed = arena_array(arena, x->count, sizeof(struct edge));
	kept.added = arena_array(arena, x->count, sizeof(struct edge));
	if (err || !segments || !kept.removed || !kept.added)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < parts; i++) {
		struct exchange part = exchange_part(x, start, i);

		if (exchange_gain(&part, &cell->space) <= 0)
			continue;
		for (uint32_t k = 0; k < part.count; k++) {
			kept.removed[kept.count] = part.removed[k];
			kept.added[kept.count++] = part.added[k];
		}
	}
	if (kept.count == x->count || kept.count == 0) {
		x->count = kept.count;
		return 0;
	}
	if (tour_init(&base, cell->space.n))
		return ERR_NOMEM;
	if (exchange_fit(&kept, &base, segments, arena) == FIT_ONE_CYCLE)
		*x = kept;
	tour_deinit(&base);
	return 0;
}

static int compare_edges(const void *u, const void *v)
{
	const struct edge *a = u, *b = v;

	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return a->b < b->b ? -1 : a->b > b->b;
}

static int tsp_end(struct compute *c, struct buf *output)
{
	struct outcome o = { .kicks = c->kicks };
	struct arena arena;
	int err = c->err;

	if (err)
		return err;
	if (c->kicks == 0)
		return ERR_STATE;
	engine_settle(c->engine);
	arena_init(&arena, ARENA_BLOCK);
	err = exchange_between(engine_tour(c->engine), &o.change, &arena);
	if (!err && o.change.count > 0)
		err = drop_idle_parts(&c->cell, &o.change, &arena);
	if (!err) {
		qsort(o.change.removed, o.change.count, sizeof(struct edge),
		      compare_edges);
		qsort(o.change.added, o.change.count, sizeof(struct edge),
		      compare_edges);
		o.gain = exchange_gain(&o.change, &c->cell.space);
		if (o.gain <= 0)
			o.gain = o.change.count = 0;
		err = outcome_write(&o, output);
	}
	arena_deinit(&arena);
	return err;
}

const struct compute_ops tsp_compute = {
	.begin = tsp_begin,
	.slice = tsp_slice,
	.end = tsp_end,
	.free = tsp_free,
};
