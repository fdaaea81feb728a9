#include "router/history.h"

#include <stdlib.h>
#include <string.h>

enum { CAP_MIN = 16 };

void history_init(struct history *h, uint32_t limit)
{
	*h = (struct history){ .limit = limit };
}

static struct event *at(const struct history *h, uint32_t i)
{
	return h->events[(h->first + i) % h->cap];
}

static void drop_oldest(struct history *h)
{
	struct event *e = at(h, 0);

	h->bytes -= e->bytes;
	h->first = (h->first + 1) % h->cap;
	h->count--;
	event_drop(e);
}

void history_deinit(struct history *h)
{
	while (h->count)
		drop_oldest(h);
	free(h->events);
	history_init(h, h->limit);
}

/* --- adding -------------------------------------------------------------- */

/* Room for one more, in order from the start again. ERR_NOMEM. */
static int grow(struct history *h)
{
	uint32_t cap = h->cap ? 2 * h->cap : CAP_MIN;
	struct event **events;

	if (h->count < h->cap)
		return 0;
	events = malloc(cap * sizeof *events);
	if (!events)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < h->count; i++)
		events[i] = at(h, i);
	free(h->events);
	h->events = events;
	h->cap = cap;
	h->first = 0;
	return 0;
}

void history_add(struct history *h, struct event *e)
{
	if (e->bytes > HISTORY_BYTES_MAX)
		return;
	while (h->count && (h->count >= h->limit ||
			    h->bytes + e->bytes > HISTORY_BYTES_MAX))
		drop_oldest(h);
	if (grow(h))
		return;
	h->events[(h->first + h->count) % h->cap] = event_keep(e);
	h->count++;
	h->bytes += e->bytes;
}

/* --- asking -------------------------------------------------------------- */

void history_query_init(struct history_query *q)
{
	*q = (struct history_query){ .min_us = INT64_MIN,
				     .max_us = INT64_MAX };
}

/* From `from` until before `end`, by the publications' conditions. */
struct range {
	uint32_t from, end;
};

static uint32_t place_of(const struct history *h, uint64_t publication)
{
	uint32_t i = 0;

	while (i < h->count && at(h, i)->publication != publication)
		i++;
	return i;
}

static void narrow_from(const struct history *h, struct range *r, uint64_t id,
			uint32_t skip)
{
	uint32_t place = id ? place_of(h, id) + skip : 0;

	if (place > r->from)
		r->from = place;
}

static void narrow_end(const struct history *h, struct range *r, uint64_t id,
		       uint32_t include)
{
	uint32_t place = id ? place_of(h, id) : h->count;

	if (id && place == h->count)
		r->end = 0;
	else if (place + include < r->end)
		r->end = place + include;
}

static struct range range_of(const struct history *h,
			     const struct history_query *q)
{
	struct range r = { 0, h->count };

	narrow_from(h, &r, q->from, 0);
	narrow_from(h, &r, q->after, 1);
	narrow_end(h, &r, q->before, 0);
	narrow_end(h, &r, q->until, 1);
	return r;
}

static bool meets(const struct history_query *q, const struct event *e)
{
	int64_t us = (int64_t)e->unix_ms * 1000;

	return us >= q->min_us && us <= q->max_us &&
	       (!q->topic.data || bytes_equal(q->topic, e->topic));
}

void history_each(const struct history *h, const struct history_query *q,
		  history_fn *fn, void *ctx)
{
	struct range r = range_of(h, q);
	uint32_t count = r.end > r.from ? r.end - r.from : 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct event *e = at(h, q->reverse ? r.end - 1 - i :
							   r.from + i);

		if (meets(q, e) && !fn(ctx, e))
			return;
	}
}
