#include "compute/tsp/cell.h"

#include "compute/tsp/engine.h"

/* Differences wrap around: written as signed, added as unsigned. */
static int64_t minus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a - (uint64_t)b);
}

static int64_t plus(int64_t a, int64_t b)
{
	return (int64_t)((uint64_t)a + (uint64_t)b);
}

int cell_write(const struct cell *c, struct buf *out)
{
	struct raw_point last = { { 0, 0 } };

	buf_add_u8(out, TSP_VERSION);
	buf_add_u8(out, (uint8_t)c->space.metric);
	buf_add_u8(out, (uint8_t)c->decimals);
	buf_add_varint(out, c->space.n);
	for (uint32_t i = 0; i < c->space.n; i++) {
		for (unsigned k = 0; k < 2; k++) {
			int64_t v = c->raw[i].c[k];

			if (c->decimals == METRIC_RAW_DOUBLES)
				buf_add_u64(out, (uint64_t)v);
			else
				buf_add_svarint(out, minus(v, last.c[k]));
		}
		last = c->raw[i];
	}
	buf_add_varint(out, c->runs);
	for (uint32_t i = 0; i < c->runs; i++)
		buf_add_varint(out, c->run_len[i]);
	return buf_ok(out) ? 0 : ERR_NOMEM;
}

static int read_cities(struct cell *c, struct reader *r, struct arena *arena,
		       struct why *why)
{
	uint32_t n = c->space.n;
	struct point *points = arena_array(arena, n, sizeof *points);
	struct raw_point last = { { 0, 0 } };

	c->raw = arena_array(arena, n, sizeof *c->raw);
	if (!points || !c->raw)
		return why_set(why, ERR_NOMEM, "out of memory");
	c->space.points = points;
	for (uint32_t i = 0; i < n; i++) {
		for (unsigned k = 0; k < 2; k++)
			last.c[k] = c->decimals == METRIC_RAW_DOUBLES
					    ? (int64_t)read_u64(r)
					    : plus(last.c[k], read_svarint(r));
		c->raw[i] = last;
		if (!reader_ok(r))
			return why_set(why, ERR_TRUNCATED,
				       "the cell ends within its cities");
		if (!metric_point(c->space.metric, c->decimals, &last,
				  &points[i]))
			return why_set(why, ERR_RANGE,
				       "city %u of the cell lies out of range",
				       i);
	}
	return 0;
}

static int read_runs(struct cell *c, struct reader *r, struct arena *arena,
		     struct why *why)
{
	uint64_t runs = read_varint(r), n = c->space.n, sum = 0;

	if (runs > n / 2)
		return why_set(why, ERR_RANGE, "too many runs in the cell");
	c->runs = (uint32_t)runs;
	if (runs == 0)
		return 0;
	c->run_len = arena_array(arena, c->runs, sizeof *c->run_len);
	c->fixed_to = arena_array(arena, n, sizeof *c->fixed_to);
	if (!c->run_len || !c->fixed_to)
		return why_set(why, ERR_NOMEM, "out of memory");
	for (uint32_t i = 0; i < n; i++)
		c->fixed_to[i] = ENGINE_FREE;
	for (uint32_t i = 0; i < c->runs; i++) {
		uint64_t len = read_varint(r);

		if (len < 2 || len > n - sum)
			return why_set(why, ERR_RANGE,
				       "run %u of the cell has a wrong length",
				       i);
		sum += len;
		c->run_len[i] = (uint32_t)len;
		c->fixed_to[sum - 1] = (uint32_t)(sum == n ? 0 : sum);
		c->fixed_to[sum == n ? 0 : sum] = (uint32_t)(sum - 1);
	}
	if (sum != n)
		return why_set(why, ERR_MALFORMED,
			       "the cell's runs do not hold its cities");
	return 0;
}

int cell_read(struct cell *c, struct bytes input, struct arena *arena,
	      struct why *why)
{
	struct reader r = reader_of(input);
	unsigned version = read_u8(&r), metric = read_u8(&r);
	unsigned decimals = read_u8(&r);
	uint64_t n = read_varint(&r);
	int err;

	if (!reader_ok(&r))
		return why_set(why, ERR_TRUNCATED, "the cell has no head");
	if (version != TSP_VERSION)
		return why_set(why, ERR_UNSUPPORTED,
			       "cell of version %u: accepted is %d", version,
			       TSP_VERSION);
	if (!metric_valid(metric) || (decimals > METRIC_DECIMALS_MAX &&
				      decimals != METRIC_RAW_DOUBLES))
		return why_set(why, ERR_UNSUPPORTED,
			       "unknown metric %u or decimals %u", metric,
			       decimals);
	if (n < TSP_CELL_CITIES_MIN || n > TSP_CELL_CITIES_MAX)
		return why_set(why, ERR_LIMIT,
			       "a cell has %d to %d cities",
			       TSP_CELL_CITIES_MIN, TSP_CELL_CITIES_MAX);
	*c = (struct cell){ .decimals = decimals,
			    .space = { .metric = (enum metric)metric,
				       .n = (uint32_t)n } };
	err = read_cities(c, &r, arena, why);
	if (!err)
		err = read_runs(c, &r, arena, why);
	if (!err && !reader_done(&r))
		err = why_set(why, ERR_MALFORMED,
			      "the cell ends too early or goes on after its "
			      "end");
	return err;
}

int outcome_write(const struct outcome *o, struct buf *out)
{
	buf_add_u8(out, TSP_VERSION);
	buf_add_varint(out, o->kicks);
	buf_add_varint(out, (uint64_t)o->gain);
	buf_add_varint(out, o->change.count);
	for (uint32_t i = 0; i < o->change.count; i++)
		buf_add_u16(out, (uint16_t)o->change.removed[i].a);
	for (uint32_t i = 0; i < o->change.count; i++) {
		buf_add_u16(out, (uint16_t)o->change.added[i].a);
		buf_add_u16(out, (uint16_t)o->change.added[i].b);
	}
	return buf_ok(out) ? 0 : ERR_NOMEM;
}

/* Ascending order shows duplicates at once. */
static bool read_edges(struct exchange *x, struct reader *r, uint32_t n)
{
	for (uint32_t i = 0; i < x->count; i++) {
		uint32_t a = read_u16(r);

		if (a >= n || (i > 0 && a <= x->removed[i - 1].a))
			return false;
		x->removed[i] = (struct edge){ a, a + 1 == n ? 0 : a + 1 };
	}
	for (uint32_t i = 0; i < x->count; i++) {
		struct edge e = { read_u16(r), 0 }, last = { 0, 0 };

		e.b = read_u16(r);
		if (i > 0)
			last = x->added[i - 1];
		if (e.a >= e.b || e.b >= n || e.a < last.a ||
		    (e.a == last.a && e.b <= last.b))
			return false;
		x->added[i] = e;
	}
	return true;
}

int outcome_read(struct outcome *o, struct bytes output, uint32_t n,
		 struct arena *arena, struct why *why)
{
	struct reader r = reader_of(output);
	unsigned version = read_u8(&r);
	uint64_t gain, count;

	o->kicks = read_varint(&r);
	gain = read_varint(&r);
	count = read_varint(&r);
	if (!reader_ok(&r) || version != TSP_VERSION ||
	    gain > KIND_INTEGER_MAX || count > n)
		return why_set(why, ERR_MALFORMED,
			       "the result has a wrong head");
	if (reader_left(&r) != count * 6)
		return why_set(why, ERR_TRUNCATED,
			       "the result has not the bytes of %llu edges",
			       (unsigned long long)count);
	o->gain = (int64_t)gain;
	o->change.count = (uint32_t)count;
	o->change.removed = arena_array(arena, count, sizeof(struct edge));
	o->change.added = arena_array(arena, count, sizeof(struct edge));
	if (!o->change.removed || !o->change.added)
		return why_set(why, ERR_NOMEM, "out of memory");
	if (!read_edges(&o->change, &r, n))
		return why_set(why, ERR_MALFORMED,
			       "the result's edges are out of range or order");
	return 0;
}
