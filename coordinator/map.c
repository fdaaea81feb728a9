#include "coordinator/map.h"

#include <assert.h>
#include <stdlib.h>

#include "base/rng.h"

enum { MAP_FIRST = 16 };

void map_init(struct map *m)
{
	*m = (struct map){ 0 };
}

void map_deinit(struct map *m)
{
	free(m->slots);
	map_init(m);
}

void map_free_values(struct map *m)
{
	size_t at = 0;
	void *value;

	while ((value = map_next(m, &at)) != NULL)
		free(value);
	map_deinit(m);
}

static size_t home(const struct map *m, uint64_t key)
{
	return (size_t)splitmix64(&key) & (m->cap - 1);
}

/* The slot of the key, or the empty one where it would be. */
static size_t find(const struct map *m, uint64_t key)
{
	size_t i = home(m, key);

	while (m->slots[i].value && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

void *map_get(const struct map *m, uint64_t key)
{
	return m->cap ? m->slots[find(m, key)].value : NULL;
}

static int grow(struct map *m)
{
	struct map bigger = { .cap = m->cap ? 2 * m->cap : MAP_FIRST };

	bigger.slots = calloc(bigger.cap, sizeof *bigger.slots);
	if (!bigger.slots)
		return ERR_NOMEM;
	for (size_t i = 0; i < m->cap; i++)
		if (m->slots[i].value)
			bigger.slots[find(&bigger, m->slots[i].key)] =
				m->slots[i];
	bigger.count = m->count;
	free(m->slots);
	*m = bigger;
	return 0;
}

int map_put(struct map *m, uint64_t key, void *value)
{
	size_t i;

	assert(value);
	if (2 * (m->count + 1) > m->cap && grow(m) != 0)
		return ERR_NOMEM;
	i = find(m, key);
	m->count += m->slots[i].value == NULL;
	m->slots[i] = (struct map_slot){ key, value };
	return 0;
}

/* Slots after a hole move back unless that would pass their home. */
static void close_hole(struct map *m, size_t hole)
{
	size_t mask = m->cap - 1, i = hole;

	for (;;) {
		i = (i + 1) & mask;
		if (!m->slots[i].value)
			break;
		if (((i - home(m, m->slots[i].key)) & mask) <
		    ((i - hole) & mask))
			continue;
		m->slots[hole] = m->slots[i];
		hole = i;
	}
	m->slots[hole].value = NULL;
}

void *map_del(struct map *m, uint64_t key)
{
	size_t i;
	void *was;

	if (!m->cap)
		return NULL;
	i = find(m, key);
	was = m->slots[i].value;
	if (was) {
		close_hole(m, i);
		m->count--;
	}
	return was;
}

void *map_next(const struct map *m, size_t *at)
{
	while (*at < m->cap) {
		void *value = m->slots[(*at)++].value;

		if (value)
			return value;
	}
	return NULL;
}
