/*
 * job: the coordinator's half of tsp, in files named job*.c that WebAssembly
 * leaves out: reading instances, the starting tour and the bound, choosing
 * cells, judging and merging results, the picture. This header is theirs
 * alone; the others see tsp.h.
 */
#ifndef COMPUTE_TSP_JOB_H
#define COMPUTE_TSP_JOB_H

#include "base/arena.h"
#include "base/rng.h"
#include "compute/tsp/exchange.h"
#include "compute/tsp/nearest.h"
#include "compute/tsp/tour.h"
#include "compute/tsp/tsp.h"

/* Where a city is drawn: x and y of the plane, or degrees of longitude and
 * latitude. */
struct view {
	float x, y;
};

/* An instance in the order of its file. Arrays are owned by whoever has it
 * (instance_deinit). */
struct instance {
	char name[64];
	enum metric metric;
	unsigned decimals;
	bool degrees; /* views are degrees */
	uint32_t n;
	uint32_t *number; /* as the answer names the cities */
	struct raw_point *raw;
	struct view *view;
};

/* n cities, arrays taken, numbers 1 … n. */
int instance_init(struct instance *in, uint32_t n) MUST_CHECK;
void instance_deinit(struct instance *in);
/* Brings the cities into the order of a Hilbert curve (Hilbert 1891). */
int instance_sort(struct instance *in) MUST_CHECK;

/* job_tsplib.c: reads a TSPLIB file of one of the four types. */
int tsplib_read(struct instance *out, const char *file,
		struct why *why) MUST_CHECK;
/* The optimum of a known instance, or 0; the cities in their file's order. */
int64_t tsplib_optimum(const struct instance *in);

/* job_places.c: the count most populous places of a region; count 0: all, but
 * at most 2,000. */
int places_read(struct instance *out, const char *file, const char *region,
		uint64_t count, struct why *why) MUST_CHECK;

enum { RECENT_MERGES = 1024 };

/* A merge as the picture tells it. */
struct recent {
	uint64_t by, gain;
	uint32_t count;
	struct edge *edges; /* owned: count removed, then count added */
};

struct job {
	struct instance in; /* in Hilbert order */
	uint64_t kicks;     /* units in all */
	int64_t optimum;    /* 0: unknown */
	int64_t bound;      /* 0: unknown */
	bool bound_proved;  /* otherwise it is an estimate */

	/* after prepare */
	struct point *points; /* owned; space borrows them */
	struct space space;
	struct nearest near;
	struct tour tour;
	struct journal journal;
	int64_t length, first_length;

	/* plan */
	uint32_t *in_flight; /* owned: chunks that hold the city */
	float *worked;       /* owned: kicks planned for the city */
	uint64_t flying;     /* sum of in_flight */
	uint32_t out;        /* chunks in flight */

	/* merging */
	uint64_t revision; /* 1 is the starting tour */
	uint64_t merged_parts, repeated_parts, refused_parts;
	struct recent recent[RECENT_MERGES]; /* by revision, a ring */
	uint64_t oldest; /* the first revision whose change is in the ring */
	uint32_t *snapshot; /* owned: the tour at an earlier revision */
	uint64_t snapshot_revision;
	int64_t snapshot_length;
};

/* job_bound.c: a lower bound for the job's tours (1-trees: Held, Karp 1971),
 * in full for instances small enough, otherwise an estimate by the same
 * method on the neighbour graph. */
int bound_find(struct job *job) MUST_CHECK;

/* job_plan.c, job_merge.c, job_picture.c: parts of job_ops. */
bool tsp_plan(struct job *job, const struct plan_ask *ask,
	      struct planned *out);
void tsp_unplan(struct job *job, struct bytes note);
/* The cities of a note into the arena; false when it is not one. */
bool note_read(struct bytes note, uint32_t n, uint32_t **cities,
	       uint32_t *count, struct arena *arena);
int tsp_check(const struct job *job, const struct result *result,
	      struct buf *delta, struct why *why);
int tsp_merge(struct job *job, struct bytes delta, uint64_t by);
int tsp_picture(const struct job *job, uint64_t since, unsigned page,
		struct picture *out);
/* A merge enters the ring; takes `edges` (also on failure: none). */
void picture_add(struct job *job, uint64_t by, uint64_t gain, uint32_t count,
		 struct edge *edges);
/* The ring begins anew at the present tour. */
void picture_restart(struct job *job);

#endif
