#include "wamp/id_map.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_CAP = 16 };

void id_map_init(struct id_map *map)
{
	*map = (struct id_map){ 0 };
}

void id_map_deinit(struct id_map *map)
{
	free(map->slots);
	id_map_init(map);
}

/* Where the id belongs: Fibonacci hashing, the high bits of the product. */
static size_t home(const struct id_map *map, uint64_t id)
{
	uint64_t mixed = id * 0x9e3779b97f4a7c15u;

	return (size_t)(mixed >> 32) & (map->cap - 1);
}

/* The id's slot, or the empty one where it would be. Never full: see reserve.
 */
static struct id_slot *slot_of(const struct id_map *map, uint64_t id)
{
	size_t i = home(map, id);

	while (map->slots[i].id && map->slots[i].id != id)
		i = (i + 1) & (map->cap - 1);
	return &map->slots[i];
}

int id_map_reserve(struct id_map *map, size_t total)
{
	struct id_map grown = { .cap = map->cap ? map->cap : FIRST_CAP };

	if (total > SIZE_MAX / 4 / sizeof *map->slots)
		return ERR_NOMEM;
	while (grown.cap < total * 2)
		grown.cap *= 2;
	if (grown.cap == map->cap)
		return 0;
	grown.slots = calloc(grown.cap, sizeof *grown.slots);
	if (!grown.slots)
		return ERR_NOMEM;
	for (size_t i = 0; i < map->cap; i++)
		if (map->slots[i].id)
			id_map_add(&grown, map->slots[i].id,
				   map->slots[i].item);
	free(map->slots);
	*map = grown;
	return 0;
}

void *id_map_get(const struct id_map *map, uint64_t id)
{
	return map->count && id ? slot_of(map, id)->item : NULL;
}

void id_map_add(struct id_map *map, uint64_t id, void *item)
{
	struct id_slot *slot;

	assert(id && item && map->count * 2 < map->cap);
	slot = slot_of(map, id);
	assert(!slot->id);
	*slot = (struct id_slot){ id, item };
	map->count++;
}

/* Empties slot i and moves up what had been pushed past it. */
static void empty_slot(struct id_map *map, size_t i)
{
	size_t mask = map->cap - 1, j = i;

	map->slots[i] = (struct id_slot){ 0 };
	map->count--;
	for (;;) {
		size_t from_home, from_hole;

		j = (j + 1) & mask;
		if (!map->slots[j].id)
			return;
		from_home = (j - home(map, map->slots[j].id)) & mask;
		from_hole = (j - i) & mask;
		if (from_home < from_hole)
			continue;
		map->slots[i] = map->slots[j];
		map->slots[j] = (struct id_slot){ 0 };
		i = j;
	}
}

void *id_map_take(struct id_map *map, uint64_t id)
{
	struct id_slot *slot;
	void *item;

	if (!map->count || !id)
		return NULL;
	slot = slot_of(map, id);
	item = slot->item;
	if (item)
		empty_slot(map, (size_t)(slot - map->slots));
	return item;
}

void *id_map_take_any(struct id_map *map, size_t *from)
{
	while (map->count && *from < map->cap) {
		void *item = map->slots[*from].item;

		if (item) {
			empty_slot(map, *from);
			return item;
		}
		++*from;
	}
	return NULL;
}
