/* Judging a result, and optimistic merging of its parts into the tour as it
 * is now. Merging never makes the tour longer and never leaves more than one
 * cycle, however old the result's base is. */
#include <stdlib.h>

#include "compute/tsp/cell.h"
#include "compute/tsp/engine.h"
#include "compute/tsp/job.h"

enum { ARENA_BLOCK = 256 * 1024 };

/* --- check --------------------------------------------------------------- */

bool note_read(struct bytes note, uint32_t n, uint32_t **cities,
	       uint32_t *count, struct arena *arena)
{
	struct reader r = reader_of(note);
	uint64_t len = read_varint(&r), city = 0;

	if (!reader_ok(&r) || len > TSP_CELL_CITIES_MAX)
		return false;
	*count = (uint32_t)len;
	*cities = arena_array(arena, len, sizeof **cities);
	if (!*cities)
		return false;
	for (uint64_t i = 0; i < len; i++) {
		city += (uint64_t)read_svarint(&r);
		if (city >= n)
			return false;
		(*cities)[i] = (uint32_t)city;
	}
	return reader_done(&r);
}

/* Everything but the bytes' form: kicks, fixed edges, gain, one cycle. */
static int judge(const struct cell *cell, const struct outcome *o,
		 const struct result *result, struct arena *arena,
		 struct why *why)
{
	const struct exchange *x = &o->change;
	struct segment *segments;
	struct tour base;
	enum fit fit;

	if (o->kicks != result->units || o->kicks == 0 ||
	    o->kicks > result->chunk.count)
		return why_set(why, ERR_RANGE,
			       "the result says %llu kicks, its frame %llu",
			       (unsigned long long)o->kicks,
			       (unsigned long long)result->units);
	for (uint32_t i = 0; cell->fixed_to && i < x->count; i++)
		if (cell->fixed_to[x->removed[i].a] == x->removed[i].b)
			return why_set(why, ERR_DENIED,
				       "the result removes a fixed edge");
	if (exchange_gain(x, &cell->space) != o->gain ||
	    (x->count > 0) != (o->gain > 0))
		return why_set(why, ERR_RANGE,
			       "the result's gain of %lld is not there",
			       (long long)o->gain);
	if (x->count == 0)
		return 0;
	segments = arena_array(arena, x->count, sizeof *segments);
	if (!segments || tour_init(&base, cell->space.n))
		return why_set(why, ERR_NOMEM, "out of memory");
	fit = exchange_fit(x, &base, segments, arena);
	tour_deinit(&base);
	if (fit == FIT_NOMEM)
		return why_set(why, ERR_NOMEM, "out of memory");
	if (fit == FIT_CYCLES)
		return why_set(why, ERR_MALFORMED,
			       "the result leaves more than one cycle");
	if (fit == FIT_GONE)
		return why_set(why, ERR_MALFORMED,
			       "the result's edges do not make a tour");
	return 0;
}

static void write_edges(struct buf *out, const struct edge *edges,
			uint32_t count, const uint32_t *cities)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t a = cities[edges[i].a], b = cities[edges[i].b];

		buf_add_varint(out, a);
		buf_add_svarint(out, (int64_t)b - (int64_t)a);
	}
}

static int check_in(const struct job *job, const struct result *result,
		    struct buf *delta, struct arena *arena, struct why *why)
{
	struct cell cell;
	struct outcome o;
	uint32_t *cities, count;
	int err = cell_read(&cell, result->chunk.input, arena, why);

	if (err)
		return err;
	if (!note_read(result->note, job->in.n, &cities, &count, arena) ||
	    count != cell.space.n)
		return why_set(why, ERR_MALFORMED,
			       "the note does not belong to the chunk");
	err = outcome_read(&o, result->output, count, arena, why);
	if (!err)
		err = judge(&cell, &o, result, arena, why);
	if (err)
		return err;
	buf_add_u8(delta, TSP_VERSION);
	buf_add_varint(delta, o.change.count);
	write_edges(delta, o.change.removed, o.change.count, cities);
	write_edges(delta, o.change.added, o.change.count, cities);
	return buf_ok(delta) ? 0 : why_set(why, ERR_NOMEM, "out of memory");
}

int tsp_check(const struct job *job, const struct result *result,
	      struct buf *delta, struct why *why)
{
	struct arena arena;
	int err;

	arena_init(&arena, ARENA_BLOCK);
	err = check_in(job, result, delta, &arena, why);
	arena_deinit(&arena);
	return err;
}

/* --- merge --------------------------------------------------------------- */

static bool read_delta_edges(struct reader *r, struct edge *edges,
			     uint32_t count, uint32_t n)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t a = read_varint(r), b = a + (uint64_t)read_svarint(r);

		if (!reader_ok(r) || a >= n || b >= n || a == b)
			return false;
		edges[i] = (struct edge){ (uint32_t)a, (uint32_t)b };
	}
	return true;
}

static int read_delta(struct exchange *x, struct bytes delta, uint32_t n,
		      struct arena *arena)
{
	struct reader r = reader_of(delta);
	unsigned version = read_u8(&r);
	uint64_t count = read_varint(&r);

	if (!reader_ok(&r) || version != TSP_VERSION ||
	    count > TSP_CELL_CITIES_MAX)
		return ERR_MALFORMED;
	x->count = (uint32_t)count;
	x->removed = arena_array(arena, count, sizeof(struct edge));
	x->added = arena_array(arena, count, sizeof(struct edge));
	if (!x->removed || !x->added)
		return ERR_NOMEM;
	if (!read_delta_edges(&r, x->removed, x->count, n) ||
	    !read_delta_edges(&r, x->added, x->count, n) || !reader_done(&r))
		return ERR_MALFORMED;
	return 0;
}

/* What of a delta was applied, and what fits only without one cycle. */
struct merging {
	struct job *job;
	struct arena *arena;
	struct segment *segments; /* room for the whole delta */
	struct exchange applied, cycles;
	int64_t gain;
};

static void collect(struct exchange *to, const struct exchange *part)
{
	for (uint32_t i = 0; i < part->count; i++) {
		to->removed[to->count] = part->removed[i];
		to->added[to->count++] = part->added[i];
	}
}

static bool all_added_are_there(const struct job *job,
				const struct exchange *x)
{
	for (uint32_t i = 0; i < x->count; i++)
		if (!tour_adjacent(&job->tour, x->added[i].a, x->added[i].b))
			return false;
	return true;
}

/* Applies it to the tour as it is now if it gains and fits. */
static enum fit try_part(struct merging *m, const struct exchange *part)
{
	struct job *job = m->job;
	int64_t gain = exchange_gain(part, &job->space);
	enum fit fit;

	if (gain <= 0)
		return FIT_GONE;
	fit = exchange_fit(part, &job->tour, m->segments, m->arena);
	if (fit != FIT_ONE_CYCLE)
		return fit;
	job->journal.len = 0;
	tour_splice(&job->tour, m->segments, part->count, &job->journal);
	job->length -= gain;
	job->merged_parts++;
	m->gain += gain;
	collect(&m->applied, part);
	return fit;
}

/* Each part by itself; what fits but for the cycle is tried together. */
static int try_parts(struct merging *m, const struct exchange *x,
		     const uint32_t *start, uint32_t parts)
{
	for (uint32_t i = 0; i < parts; i++) {
		struct exchange part = exchange_part(x, start, i);
		enum fit fit = try_part(m, &part);

		if (fit == FIT_NOMEM)
			return ERR_NOMEM;
		if (fit == FIT_CYCLES)
			collect(&m->cycles, &part);
		else if (fit == FIT_GONE && all_added_are_there(m->job, &part))
			m->job->repeated_parts++;
		else if (fit == FIT_GONE)
			m->job->refused_parts++;
	}
	if (m->cycles.count == 0)
		return 0;
	return try_part(m, &m->cycles) == FIT_NOMEM ? ERR_NOMEM : 0;
}

static int exchange_room(struct exchange *x, uint32_t count,
			 struct arena *arena)
{
	x->removed = arena_array(arena, count, sizeof(struct edge));
	x->added = arena_array(arena, count, sizeof(struct edge));
	return x->removed && x->added ? 0 : ERR_NOMEM;
}

static int merge_parts(struct merging *m, struct exchange *x)
{
	uint32_t *start, parts;
	enum fit fit;
	int err;

	m->segments = arena_array(m->arena, x->count, sizeof *m->segments);
	if (!m->segments || exchange_room(&m->applied, x->count, m->arena) ||
	    exchange_room(&m->cycles, x->count, m->arena))
		return ERR_NOMEM;
	/* Fresh results fit as a whole, also where parts need each other. */
	fit = try_part(m, x);
	if (fit == FIT_ONE_CYCLE)
		return 0;
	if (fit == FIT_NOMEM)
		return ERR_NOMEM;
	err = exchange_split(x, &start, &parts, m->arena);
	return err ? err : try_parts(m, x, start, parts);
}

/* What was applied is told to the picture, also when memory ran out halfway:
 * the tour is whole after each part. */
static void tell_picture(struct merging *m, uint64_t by)
{
	uint32_t count = m->applied.count;
	struct edge *edges = malloc(2 * (size_t)count * sizeof *edges);

	m->job->revision++;
	if (!edges) {
		picture_restart(m->job);
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		edges[i] = m->applied.removed[i];
		edges[count + i] = m->applied.added[i];
	}
	picture_add(m->job, by, (uint64_t)m->gain, count, edges);
}

int tsp_merge(struct job *job, struct bytes delta, uint64_t by)
{
	struct arena arena;
	struct merging m = { .job = job, .arena = &arena };
	struct exchange x;
	int err;

	arena_init(&arena, ARENA_BLOCK);
	err = read_delta(&x, delta, job->in.n, &arena);
	if (!err)
		err = journal_reserve(&job->journal, job->in.n);
	if (!err && x.count > 0)
		err = merge_parts(&m, &x);
	if (m.applied.count > 0)
		tell_picture(&m, by);
	arena_deinit(&arena);
	return err;
}
