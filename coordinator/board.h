/*
 * board: the ranking by verified credit. Trusted and frozen donors, and those
 * without verified credit, have no rank. Sorted at most once a second, when
 * something has changed. No I/O; base and donors only.
 */
#ifndef COORDINATOR_BOARD_H
#define COORDINATOR_BOARD_H

#include "coordinator/donors.h"

enum { BOARD_TOP = 10, BOARD_LIMIT_MAX = 100, BOARD_EVERY_MS = 1000 };

struct board {
	struct donor **ranked; /* owned; the best first */
	size_t count, cap;
	bool dirty;
	uint64_t sorted_ms;
	uint8_t shown[SHA256_BYTES]; /* digest of the top ten as published */
};

void board_init(struct board *b);
void board_deinit(struct board *b);
void board_touch(struct board *b); /* somebody's credit or state changed */
/* Sorts and gives ranks if it is time. True: the top ten is another than
 * before. Out of memory: it stays as it was, and tries again. */
bool board_update(struct board *b, const struct donors *d, uint64_t now_ms);
/* The donor with rank i + 1; NULL after the last. */
const struct donor *board_at(const struct board *b, size_t i);

#endif
