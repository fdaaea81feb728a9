#include "coordinator/board.h"

#include <stdlib.h>
#include <string.h>

void board_init(struct board *b)
{
	*b = (struct board){ .dirty = true };
}

void board_deinit(struct board *b)
{
	free(b->ranked);
	board_init(b);
}

void board_touch(struct board *b)
{
	b->dirty = true;
}

static int by_credit(const void *a, const void *b)
{
	const struct donor *x = *(struct donor *const *)a;
	const struct donor *y = *(struct donor *const *)b;

	if (x->verified_us != y->verified_us)
		return x->verified_us > y->verified_us ? -1 : 1;
	return x->record.id < y->record.id ? -1 : 1;
}

static int reserve(struct board *b, size_t count)
{
	struct donor **ranked;

	if (count <= b->cap)
		return 0;
	ranked = realloc(b->ranked, 2 * count * sizeof(struct donor *));
	if (!ranked)
		return ERR_NOMEM;
	b->ranked = ranked;
	b->cap = 2 * count;
	return 0;
}

static void rank(struct board *b, const struct donors *d)
{
	size_t at = 0;
	struct donor *donor;

	b->count = 0;
	while ((donor = donors_next(d, &at)) != NULL) {
		donor->rank = 0;
		if (!donor->record.trusted && !donor->frozen &&
		    donor->verified_us)
			b->ranked[b->count++] = donor;
	}
	if (b->count)
		qsort(b->ranked, b->count, sizeof *b->ranked, by_credit);
	for (size_t i = 0; i < b->count; i++)
		b->ranked[i]->rank = (uint32_t)i + 1;
}

/* Of what the stage shows. All zeros when out of memory: published again. */
static void digest_top(const struct board *b, uint8_t out[SHA256_BYTES])
{
	struct bytes parts[4 * BOARD_TOP];
	unsigned n = 0;

	for (size_t i = 0; i < b->count && i < BOARD_TOP; i++) {
		const struct donor *d = b->ranked[i];

		parts[n++] = bytes_of(&d->record.id, sizeof d->record.id);
		parts[n++] = bytes_of(&d->verified_us, sizeof d->verified_us);
		parts[n++] = bytes_of(&d->pending_us, sizeof d->pending_us);
		parts[n++] = bytes_str(d->record.name);
	}
	if (sha256(parts, n, out) != 0)
		memset(out, 0, SHA256_BYTES);
}

bool board_update(struct board *b, const struct donors *d, uint64_t now_ms)
{
	uint8_t top[SHA256_BYTES];
	bool changed;

	if (!b->dirty || (b->sorted_ms && now_ms < b->sorted_ms +
						       BOARD_EVERY_MS))
		return false;
	if (reserve(b, d->by_id.count) != 0)
		return false;
	rank(b, d);
	b->dirty = false;
	b->sorted_ms = now_ms;
	digest_top(b, top);
	changed = memcmp(top, b->shown, SHA256_BYTES) != 0;
	memcpy(b->shown, top, SHA256_BYTES);
	return changed;
}

const struct donor *board_at(const struct board *b, size_t i)
{
	return i < b->count ? b->ranked[i] : NULL;
}
