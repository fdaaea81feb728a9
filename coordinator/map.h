/*
 * map: from a number (a donor, a session, a lease) to a thing. Open
 * addressing, deletion by shifting back, so no tombstones. Does not own what
 * it points to. May touch base and malloc only.
 */
#ifndef COORDINATOR_MAP_H
#define COORDINATOR_MAP_H

#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

struct map_slot {
	uint64_t key;
	void *value; /* NULL: empty */
};

struct map {
	struct map_slot *slots; /* owned */
	size_t cap, count;      /* cap is 0 or a power of two */
};

void map_init(struct map *m);
void map_deinit(struct map *m);
/* The same, when the things are to be freed with it. */
void map_free_values(struct map *m);
void *map_get(const struct map *m, uint64_t key); /* NULL when absent */
/* Replaces. value is not NULL. 0 or ERR_NOMEM (nothing changed). */
int map_put(struct map *m, uint64_t key, void *value) MUST_CHECK;
/* What was there, or NULL. */
void *map_del(struct map *m, uint64_t key);
/* Walks in no order: start with *at = 0; NULL at the end. The map must not
 * change meanwhile. */
void *map_next(const struct map *m, size_t *at);

#endif
