/*
 * Which part of the tour a device gets. Mostly k neighbouring cities around a
 * centre where the least work is in flight; now and then a cell with two
 * centres, at both ends of a long edge, which no cell with only one end can
 * remove; and the whole tour while it is small.
 */
#include <stdlib.h>

#include "compute/tsp/cell.h"
#include "compute/tsp/job.h"

enum {
	ARENA_BLOCK = 256 * 1024,
	WHOLE_MAX = 3000,     /* cities, for whole-tour chunks */
	CELL_MIN = 300,
	CELL_MAX = 3000,
	CENTRES = 12,         /* random candidates for a centre */
	LONG_EDGES = 50,      /* random candidates for a long edge */
	FEW_DEVICES = 8,
	OVERLAP_MAX = 200,    /* chunks in flight a city: enough for now */
	/* A fast native core does as many kicks in a millisecond; the worker
	 * stops when its budget is over. */
	KICKS_A_MS_MAX = 200,
	KICKS_A_MS = 50, /* what a typical device does */
	KICKS_A_CITY = 20,
};

struct planning {
	struct job *job;
	const struct plan_ask *ask;
	struct rng rng;
	struct arena arena;
	uint32_t *cities; /* of the cell, later in tour order */
	uint32_t count;
	uint32_t *runs, run_count;
};

/* --- how large ----------------------------------------------------------- */

static uint64_t kicks_to_plan(const struct plan_ask *ask)
{
	uint64_t kicks = (uint64_t)ask->budget_ms * KICKS_A_MS_MAX;

	if (kicks == 0)
		kicks = KICKS_A_MS_MAX;
	return kicks < ask->available ? kicks : ask->available;
}

/* By work: some 20 kicks a city. By traffic: a device has 120 KB a minute,
 * and a city costs about 4 bytes: 400 cities for each second of the budget
 * keep one thread below it. By the others: cells that cover the tour twice
 * spoil each other's results little enough. */
static uint32_t cell_size(const struct job *job, const struct plan_ask *ask)
{
	uint32_t others = job->out > ask->devices ? job->out : ask->devices;
	uint64_t share = 2 * (uint64_t)job->in.n / (others ? others : 1);
	uint64_t size = (uint64_t)ask->budget_ms * KICKS_A_MS / KICKS_A_CITY;
	uint64_t traffic = (uint64_t)ask->budget_ms * 400 / 1000;

	if (size > traffic)
		size = traffic;
	if (size > share)
		size = share;
	if (size < CELL_MIN)
		size = CELL_MIN;
	return size < CELL_MAX ? (uint32_t)size : CELL_MAX;
}

/* --- which cities -------------------------------------------------------- */

/* The k cities nearest to `centre` that are not yet in the cell. */
static int add_around(struct planning *p, uint32_t centre, uint32_t k,
		      bool *in_cell)
{
	const struct job *job = p->job;
	struct near_found *found = arena_array(&p->arena, k, sizeof *found);
	struct point at = metric_embed(job->space.metric,
				       &job->points[centre]);
	uint32_t count;

	if (!found)
		return ERR_NOMEM;
	count = nearest_find(&job->near, &at, k, found);
	for (uint32_t i = 0; i < count; i++) {
		if (in_cell[found[i].city])
			continue;
		in_cell[found[i].city] = true;
		p->cities[p->count++] = found[i].city;
	}
	return 0;
}

/* Least work in flight, then least kicks so far. */
static uint32_t choose_centre(struct planning *p)
{
	const struct job *job = p->job;
	uint32_t best = rng_below(&p->rng, job->in.n);

	for (int i = 1; i < CENTRES; i++) {
		uint32_t c = rng_below(&p->rng, job->in.n);

		if (job->in_flight[c] < job->in_flight[best] ||
		    (job->in_flight[c] == job->in_flight[best] &&
		     job->worked[c] < job->worked[best]))
			best = c;
	}
	return best;
}

/* The first city of the longest among some random edges of the tour. */
static uint32_t choose_long_edge(struct planning *p)
{
	const struct job *job = p->job;
	uint32_t best = 0;
	int32_t best_length = -1;

	for (int i = 0; i < LONG_EDGES; i++) {
		uint32_t c = rng_below(&p->rng, job->in.n);
		int32_t d = metric_distance(&job->space, c,
					    tour_next(&job->tour, c));

		if (d > best_length) {
			best_length = d;
			best = c;
		}
	}
	return best;
}

static int compare_positions(const void *u, const void *v)
{
	uint32_t a = *(const uint32_t *)u, b = *(const uint32_t *)v;

	return a < b ? -1 : a > b;
}

/* The cell's cities become positions in tour order, those without a neighbour
 * in the cell left out: both their edges would be fixed. */
static int order_cell(struct planning *p)
{
	const struct tour *t = &p->job->tour;
	uint32_t k = p->count, *pos = p->cities, first = 0, kept = 0;
	uint32_t *out = arena_array(&p->arena, k, sizeof *out);

	p->runs = arena_array(&p->arena, k, sizeof *p->runs);
	if (!out || !p->runs)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < k; i++)
		pos[i] = t->pos[pos[i]];
	qsort(pos, k, sizeof *pos, compare_positions);
	/* Begin after a gap, so that no run goes around the end. */
	if (pos[0] == 0 && pos[k - 1] == t->n - 1)
		while (first + 1 < k && pos[first + 1] == pos[first] + 1)
			first++;
	else
		first = k - 1;
	for (uint32_t i = 0, len; i < k; i += len) {
		uint32_t start = (first + 1 + i) % k;

		for (len = 1; i + len < k; len++) {
			uint32_t a = pos[(start + len - 1) % k];
			uint32_t b = pos[(start + len) % k];

			if ((a + 1 == t->n ? 0 : a + 1) != b)
				break;
		}
		if (len < 2)
			continue;
		p->runs[p->run_count++] = len;
		for (uint32_t j = 0; j < len; j++)
			out[kept++] = t->at[pos[(start + j) % k]];
	}
	p->cities = out;
	p->count = kept;
	return 0;
}

/* The whole tour, beginning anywhere. */
static int whole_tour(struct planning *p)
{
	const struct tour *t = &p->job->tour;
	uint32_t start = rng_below(&p->rng, t->n);

	p->cities = arena_array(&p->arena, t->n, sizeof *p->cities);
	if (!p->cities)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < t->n; i++)
		p->cities[i] = t->at[(start + i) % t->n];
	p->count = t->n;
	return 0;
}

static int part_of_tour(struct planning *p, uint32_t size)
{
	const struct job *job = p->job;
	bool *in_cell = calloc(job->in.n, sizeof *in_cell);
	int err;

	p->cities = arena_array(&p->arena, size, sizeof *p->cities);
	if (!in_cell || !p->cities) {
		free(in_cell);
		return ERR_NOMEM;
	}
	if (rng_below(&p->rng, 100) < 15) {
		uint32_t c = choose_long_edge(p);

		err = add_around(p, c, size / 2, in_cell);
		if (!err)
			err = add_around(p, tour_next(&job->tour, c),
					 size / 2, in_cell);
	} else {
		err = add_around(p, choose_centre(p), size, in_cell);
	}
	free(in_cell);
	return err ? err : order_cell(p);
}

/* Every fifth chunk for few devices, every thirtieth for many. */
static bool want_whole(struct planning *p)
{
	uint32_t percent = p->ask->devices <= FEW_DEVICES ? 20 : 3;

	return p->job->in.n <= WHOLE_MAX &&
	       rng_below(&p->rng, 100) < percent;
}

static int choose_cell(struct planning *p)
{
	uint32_t size = cell_size(p->job, p->ask);
	int err;

	if (size >= p->job->in.n || want_whole(p))
		return whole_tour(p);
	err = part_of_tour(p, size);
	/* Scattered cities can leave next to nothing of a cell. */
	if (!err && p->count < TSP_CELL_CITIES_MIN + 2)
		err = ERR_STATE;
	return err;
}

/* --- writing it ---------------------------------------------------------- */

static int write_input(struct planning *p, struct buf *out)
{
	const struct instance *in = &p->job->in;
	struct cell cell = {
		.decimals = in->decimals,
		.space = { .metric = in->metric, .n = p->count },
		.runs = p->run_count,
		.run_len = p->runs,
	};

	cell.raw = arena_array(&p->arena, p->count, sizeof *cell.raw);
	if (!cell.raw)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < p->count; i++)
		cell.raw[i] = in->raw[p->cities[i]];
	return cell_write(&cell, out);
}

static int write_note(const struct planning *p, struct buf *out)
{
	int64_t last = 0;

	buf_add_varint(out, p->count);
	for (uint32_t i = 0; i < p->count; i++) {
		buf_add_svarint(out, (int64_t)p->cities[i] - last);
		last = (int64_t)p->cities[i];
	}
	return buf_ok(out) ? 0 : ERR_NOMEM;
}

static void count_work(struct planning *p, uint64_t kicks)
{
	struct job *job = p->job;

	for (uint32_t i = 0; i < p->count; i++) {
		job->in_flight[p->cities[i]]++;
		job->worked[p->cities[i]] += (float)kicks / (float)p->count;
	}
	job->flying += p->count;
	job->out++;
}

bool tsp_plan(struct job *job, const struct plan_ask *ask,
	      struct planned *out)
{
	struct planning p = { .job = job, .ask = ask };
	uint64_t seed = ask->seed;
	bool ok;

	if (ask->available == 0 ||
	    job->flying > (uint64_t)job->in.n * OVERLAP_MAX)
		return false;
	/* The cell is chosen by other numbers than its kicks. */
	rng_seed(&p.rng, splitmix64(&seed));
	arena_init(&p.arena, ARENA_BLOCK);
	ok = !choose_cell(&p) && !write_input(&p, &out->input) &&
	     !write_note(&p, &out->note);
	if (ok) {
		out->count = kicks_to_plan(ask);
		out->seed = ask->seed;
		count_work(&p, out->count);
	}
	arena_deinit(&p.arena);
	return ok;
}

void tsp_unplan(struct job *job, struct bytes note)
{
	struct reader r = reader_of(note);
	uint64_t count = read_varint(&r), city = 0;

	if (job->out > 0)
		job->out--;
	for (uint64_t i = 0; i < count && reader_ok(&r); i++) {
		city += (uint64_t)read_svarint(&r);
		if (!reader_ok(&r) || city >= job->in.n)
			return;
		if (job->in_flight[city] > 0) {
			job->in_flight[city]--;
			job->flying--;
		}
	}
}
