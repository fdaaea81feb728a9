#include "compute/tsp/tour.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int tour_init(struct tour *t, uint32_t n)
{
	*t = (struct tour){ .n = n };
	t->at = malloc((size_t)n * sizeof *t->at);
	t->pos = malloc((size_t)n * sizeof *t->pos);
	if (!t->at || !t->pos) {
		tour_deinit(t);
		return ERR_NOMEM;
	}
	for (uint32_t i = 0; i < n; i++)
		t->at[i] = t->pos[i] = i;
	return 0;
}

void tour_deinit(struct tour *t)
{
	free(t->at);
	free(t->pos);
	*t = (struct tour){ 0 };
}

void tour_set(struct tour *t, const uint32_t *order)
{
	for (uint32_t i = 0; i < t->n; i++) {
		assert(order[i] < t->n);
		t->at[i] = order[i];
		t->pos[order[i]] = i;
	}
	for (uint32_t i = 0; i < t->n; i++)
		assert(t->at[t->pos[i]] == i);
}

int64_t tour_length(const struct tour *t, const struct space *s)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < t->n; i++)
		sum += metric_distance(s, t->at[i],
				       t->at[i + 1 == t->n ? 0 : i + 1]);
	return sum;
}

bool tour_adjacent(const struct tour *t, uint32_t a, uint32_t b)
{
	return tour_next(t, a) == b || tour_prev(t, a) == b;
}

void journal_init(struct journal *j)
{
	*j = (struct journal){ 0 };
}

void journal_deinit(struct journal *j)
{
	free(j->words);
	journal_init(j);
}

int journal_reserve(struct journal *j, uint32_t n)
{
	size_t need = j->len + n + 2, cap = j->cap;
	uint32_t *words;

	if (need <= cap)
		return 0;
	while (cap < need)
		cap = cap ? 2 * cap : 4096;
	words = realloc(j->words, cap * sizeof *words);
	if (!words)
		return ERR_NOMEM;
	j->words = words;
	j->cap = cap;
	return 0;
}

static uint32_t segment_len(const struct tour *t, const struct segment *s)
{
	return (s->to >= s->from ? s->to - s->from : s->to + t->n - s->from) +
	       1;
}

static unsigned longest(const struct tour *t, const struct segment *segments,
			unsigned count)
{
	unsigned best = 0;
	uint32_t best_len = 0;

	for (unsigned i = 0; i < count; i++) {
		uint32_t len = segment_len(t, &segments[i]);

		if (len > best_len) {
			best_len = len;
			best = i;
		}
	}
	return best;
}

/* The same cycle walked the other way round. */
static void turn(struct segment *segments, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		segments[i].reversed = !segments[i].reversed;
	for (unsigned i = 0, k = count - 1; i < k; i++, k--) {
		struct segment s = segments[i];

		segments[i] = segments[k];
		segments[k] = s;
	}
}

static void put(struct tour *t, uint32_t *p, uint32_t city)
{
	t->at[*p] = city;
	t->pos[city] = *p;
	if (++*p == t->n)
		*p = 0;
}

/* Copies what lies outside the longest segment into the journal. */
static const uint32_t *remember(struct tour *t, struct journal *j,
				uint32_t start, uint32_t len)
{
	uint32_t *old = j->words + j->len;
	uint32_t head = t->n - start < len ? t->n - start : len;

	assert(j->len + len + 2 <= j->cap);
	memcpy(old, t->at + start, head * sizeof *old);
	memcpy(old + head, t->at, (len - head) * sizeof *old);
	old[len] = start;
	old[len + 1] = len;
	j->len += (size_t)len + 2;
	return old;
}

uint32_t tour_splice(struct tour *t, struct segment *segments, unsigned count,
		     struct journal *j)
{
	unsigned keep = longest(t, segments, count);
	uint32_t start, p, rest;
	const uint32_t *old;

	if (segments[keep].reversed) {
		turn(segments, count);
		keep = count - 1 - keep;
	}
	start = segments[keep].to + 1 == t->n ? 0 : segments[keep].to + 1;
	rest = t->n - segment_len(t, &segments[keep]);
	old = remember(t, j, start, rest);
	p = start;
	for (unsigned i = 1; i < count; i++) {
		const struct segment *s = &segments[(keep + i) % count];
		uint32_t len = segment_len(t, s);
		uint32_t off = s->from >= start ? s->from - start
						: s->from + t->n - start;

		for (uint32_t k = 0; k < len; k++)
			put(t, &p, old[s->reversed ? off + len - 1 - k
						   : off + k]);
	}
	return rest;
}

void tour_undo(struct tour *t, struct journal *j)
{
	uint32_t len, start;
	const uint32_t *old;

	assert(j->len >= 2);
	len = j->words[j->len - 1];
	start = j->words[j->len - 2];
	assert(j->len >= (size_t)len + 2);
	j->len -= (size_t)len + 2;
	old = j->words + j->len;
	for (uint32_t k = 0; k < len; k++)
		put(t, &start, old[k]);
}
