/*
 * playlist: the programme when the speaker names no job: a tour of Spain (the
 * talk was in Bilbao), a position of pi, a larger region, and so on round,
 * each sized to take about two minutes with the devices that are there now.
 *
 * Pure: a number and a speed in, a spec out.
 */
#ifndef COORDINATOR_PLAYLIST_H
#define COORDINATOR_PLAYLIST_H

#include <stddef.h>

/* The spec of item `index` (0, 1, …) for devices that do `core_seconds` of
 * the reference core a second together (less than one counts as one). */
void playlist_spec(unsigned index, double core_seconds, char *out,
		   size_t out_bytes);

#endif
