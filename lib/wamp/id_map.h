/*
 * id_map: WAMP id -> pointer, for what a session has open. Open addressing,
 * grown ahead by id_map_reserve, so that an insertion never fails in the
 * middle of something. Ids are 1 … 2^53, never 0. Base only.
 */
#ifndef WAMP_ID_MAP_H
#define WAMP_ID_MAP_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct id_slot {
	uint64_t id; /* 0: empty */
	void *item;  /* borrowed */
};

struct id_map {
	struct id_slot *slots; /* owned; a power of two of them, or none */
	size_t cap, count;
};

void id_map_init(struct id_map *map);
void id_map_deinit(struct id_map *map);
/* Room for `total` ids: 0 or ERR_NOMEM. */
int id_map_reserve(struct id_map *map, size_t total) MUST_CHECK;
/* NULL when not there. */
void *id_map_get(const struct id_map *map, uint64_t id);
/* There must be room, and the id must not be there. */
void id_map_add(struct id_map *map, uint64_t id, void *item);
/* Removes and returns it; NULL when not there. */
void *id_map_take(struct id_map *map, uint64_t id);
/* Removes and returns any one; NULL when none is left. `from` starts at 0 and
 * remembers the place, so that taking all is linear; nothing may be added
 * meanwhile. */
void *id_map_take_any(struct id_map *map, size_t *from);

#endif
