/*
 * tsp: a shorter tour through cities, by many hands on one tour.
 *
 * The coordinator keeps the one tour. A chunk is a *cell*: some cities of it
 * in tour order with what must stay, on which a device works kick by kick
 * (engine.h) and returns the edges to remove and to add. Meanwhile the tour
 * moves on; each connected part of a result that still fits and still gains
 * is applied to the tour as it is then (exchange.h, job_merge.c). A unit is
 * one kick.
 *
 * All numbers are little-endian; `varint` is LEB128, `svarint` zig-zag LEB128
 * (base/buf.h), f32 is an IEEE single.
 *
 * INPUT of a chunk (compute and browser read it, cell.c):
 *   u8      version, 1
 *   u8      metric: 1 EUC_2D, 2 CEIL_2D, 3 GEO, 4 ATT, 5 places
 *   u8      decimals d: coordinates are integers times 10^-d (d <= 9);
 *           255: coordinates are the bits of doubles
 *   varint  n cities, 3 … 4000
 *   n times the coordinates of city i of the cell, in tour order: x and y
 *           (GEO and places: latitude and longitude; GEO as DDD.MM); each a
 *           svarint difference to the city before (the first: to 0), or the
 *           u64 bits of a double
 *   varint  r runs; 0: the cell is the whole tour, closed
 *   r times varint cities of the run, at least 2, in all n. Between the last
 *           city of a run and the first of the next (of the last and the
 *           first) lies tour outside the cell: a fixed edge that stays.
 *
 * OUTPUT (cell.c):
 *   u8      version, 1
 *   varint  kicks done: the units
 *   varint  gain: length removed less length added; 0 when e is 0
 *   varint  e
 *   e times u16 i: the edge from city i of the cell to the next is removed,
 *           ascending
 *   e times u16 a, u16 b: the edge a, b (a < b) is added, ascending
 *
 * NOTE of a planned chunk: varint n, n times svarint: the cell's cities, in
 * the job's numbers, as difference to the one before (the first: to 0).
 *
 * DELTA that merge takes (stored by the coordinator):
 *   u8      version, 1
 *   varint  e
 *   e times varint a, svarint b − a: removed, in the job's numbers
 *   e times the same: added
 *
 * PICTURE page: one of
 *   u8 1, u8 1 (full), u8 space (0: a plane, y upwards; 1: degrees of
 *     longitude and latitude), u8 0
 *   u32 n, u64 revision, u64 length, u32 first, u32 count
 *   count times: u32 city, f32 x, f32 y: the tour from place `first` on.
 *   A page with another revision than page 0's: begin again.
 * or
 *   u8 1, u8 2 (change), u8 space, u8 0
 *   u32 n, u64 revision after these changes, u64 length after the latest
 *     change there is, u32 count
 *   count times: u64 donor, u64 gain, u32 e, then e times u32 a, u32 b
 *     removed, e times u32 a, u32 b added. To be applied in order.
 *   To know more, ask with this revision, or for the next page if `more`.
 * A full picture comes also where the changes asked for are too long ago.
 * Its revision may be a little old; changes since then are at hand.
 *
 * SAVED state: u8 version 1, varint n, u64 revision, u64 length, n times
 * svarint: the tour's cities as difference to the one before.
 *
 * The job's own numbers follow a Hilbert curve, so that near cities have near
 * numbers and differences are short; answers have the file's numbers (for
 * places: the rank by population in the region, from 1).
 */
#ifndef COMPUTE_TSP_TSP_H
#define COMPUTE_TSP_TSP_H

#include "compute/kind.h"

enum {
	TSP_VERSION = 1,
	TSP_CELL_CITIES_MIN = 3,
	TSP_CELL_CITIES_MAX = 4000,
	TSP_CITIES_MIN = 3,
	TSP_CITIES_MAX = 250000,
	/* A kick on the reference core (COMPUTE.md): nanoseconds. */
	TSP_KICK_NS = 22000,
};

extern const struct compute_ops tsp_compute;
extern const struct job_ops tsp_job; /* job*.c: not in WebAssembly */

#endif
