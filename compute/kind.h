/*
 * kind: the contract between a computation and those who run it.
 *
 * A kind is one folder: <kind>.h (formats, mathematics, sources), compute.c
 * (chunk -> result: plain C, no GMP, no libm but sqrt, fabs, floor; the same
 * bytes natively and in WebAssembly) and job.c (the coordinator's half: parse,
 * plan, check, merge, picture, answer). This header sees only lib/base.
 *
 * A job is divided into units 0 … total − 1. A chunk is a range of units and
 * an input that is all else needed. A worker does units in order until the
 * range or its time is over, so an output is that of a *prefix* of the range,
 * and depends on input, from, units done and seed alone.
 */
#ifndef COMPUTE_KIND_H
#define COMPUTE_KIND_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

/* All numbers that travel are 0 … 2^53 − 1. */
#define KIND_INTEGER_MAX ((1ULL << 53) - 1)

/* `piece` of a chunk that is not an audit: the whole output is wanted. */
#define PIECE_ALL UINT64_MAX

struct chunk {
	uint64_t from, count; /* units from … from + count − 1, count > 0 */
	uint64_t seed;
	uint64_t piece;     /* PIECE_ALL, or which piece of the output to
			       return after exactly `count` units: an audit */
	struct bytes input; /* borrowed until compute free */
};

/* --- the worker's half: compute.c --------------------------------------- */

struct compute; /* one chunk being computed; each kind defines its own */

struct compute_ops {
	/* Reads the input and allocates. Any bytes may come: what does not fit
	 * is ERR_MALFORMED, ERR_LIMIT or ERR_RANGE with the reason. */
	int (*begin)(struct compute **out, const struct chunk *chunk,
		     struct why *why);
	/* Works on for about 20 … 50 ms of a reference core (bounded by a count
	 * of steps, never by a clock) and returns how many units are finished
	 * in all. At least one step a call; returns count when it is over. */
	uint64_t (*slice)(struct compute *c);
	/* Appends the output for the units finished so far (at least one; for
	 * an audit: the piece). 0 or an error. May be called once. */
	int (*end)(struct compute *c, struct buf *output);
	void (*free)(struct compute *c); /* NULL is fine; at any moment */
};

/* --- the coordinator's half: job.c --------------------------------------- */

struct job; /* each kind defines its own */

struct job_env {
	const char *places_file; /* the list of places, or NULL if not built */
	unsigned threads;        /* that `prepare` may use */
};

struct plan_ask {
	uint64_t from, available; /* free units from … from + available − 1 */
	uint64_t seed;            /* fresh, uniform, 0 … 2^53 − 1 */
	unsigned devices;         /* computing now, at least 1 */
	uint32_t budget_ms;       /* what the chunk may take */
};

/* A planned chunk. The caller inits and deinits both bufs. */
struct planned {
	uint64_t count, seed;
	struct buf input; /* travels; small (COMPUTE: <= 4 KiB if possible) */
	struct buf note;  /* stays: what check needs to read the output again,
			     for tsp the cell's city numbers */
};

/* A result as it came in, with what was planned. All borrowed. */
struct result {
	struct chunk chunk; /* chunk.count is what was asked */
	uint64_t units;     /* done: 1 … chunk.count */
	struct bytes note;
	struct bytes output;
};

/* One page of the picture; see the kind's header for the bytes. */
struct picture {
	uint64_t revision; /* of the state that this picture reaches */
	bool more;         /* ask again with the same `since`, page + 1 */
	struct buf data;   /* at most PICTURE_PAGE_BYTES */
};

enum { PICTURE_PAGE_BYTES = 64 * 1024 };

struct job_ops {
	/* From a spec as `tsp:places?region=ES&count=2000`: what follows the
	 * colon. Refuses bad input with a reason that names the accepted.
	 * Reads files. May take a second: call it on another thread, or before
	 * the loop runs. */
	int (*parse)(struct job **out, const char *spec,
		     const struct job_env *env, struct why *why);
	/* The slow part (starting tour, bounds), on another thread; nobody
	 * else touches the job meanwhile. Called once, before all below. */
	int (*prepare)(struct job *job, struct why *why);
	void (*free)(struct job *job); /* NULL is fine */

	/* Bytes that identify the input, to be digested with the spec. */
	int (*identity)(const struct job *job, struct buf *out);
	uint64_t (*total)(const struct job *job); /* units in all */

	/* The next chunk out of the free range: true, or false for "enough for
	 * now". out->count <= ask->available. */
	bool (*plan)(struct job *job, const struct plan_ask *ask,
		     struct planned *out);
	/* A planned chunk is over, whatever became of it; each planned chunk
	 * gets this exactly once (work in flight per cell). */
	void (*unplan)(struct job *job, struct bytes note);

	/* Is the result possible? Cheap, changes nothing. On success appends
	 * to `delta` what merge needs, self-contained: it is stored. */
	int (*check)(const struct job *job, const struct result *result,
		     struct buf *delta, struct why *why);
	/* The reference core's time that an accepted output contains, in
	 * microseconds, from deterministic counts in it. */
	uint64_t (*work_us)(const struct job *job,
			    const struct result *result);
	/* How the output divides for audits: piece 0 … pieces − 1, and the
	 * bytes of one (borrowed from the output), which the replay of
	 * (input, from, count = units, seed, piece) must equal. */
	uint64_t (*pieces)(const struct job *job, const struct result *result);
	struct bytes (*piece)(const struct job *job,
			      const struct result *result, uint64_t piece);

	/* Merges in any order; `by` is the donor's number, for the picture.
	 * Returns 0, also when nothing in it is of use any more. */
	int (*merge)(struct job *job, struct bytes delta, uint64_t by);
	/* Takes back what an audit did not confirm; NULL where check proves
	 * the result. */
	int (*unmerge)(struct job *job, struct bytes delta, uint64_t by);

	/* Solved although units are left (a known optimum reached). */
	bool (*done)(const struct job *job);
	/* Change since a revision (0: everything), page 0, 1, … */
	int (*picture)(const struct job *job, uint64_t since, unsigned page,
		       struct picture *out);
	/* JSON objects, appended: the answer (contract of the README), and a
	 * small status for people: {"text": "…", "value": number|null,
	 * "over": number|null, "over_what": "…"|null} where `over` is the part
	 * (0.012 = 1.2 %) that value lies above the optimum, bound or
	 * estimate that over_what names. */
	int (*answer)(const struct job *job, struct buf *json);
	int (*status)(const struct job *job, struct buf *json);

	/* The merged state, versioned; load replaces it, on a prepared job. */
	int (*save)(const struct job *job, struct buf *out);
	int (*load)(struct job *job, struct bytes saved, struct why *why);
};

struct kind {
	const char *name, *unit; /* `pi`, `block of terms` */
	const struct compute_ops *compute;
	const struct job_ops *job; /* NULL in the WebAssembly build */
};

/* NULL when unknown. kind_at(i) walks the table: NULL after the last. */
const struct kind *kind_find(struct bytes name);
const struct kind *kind_at(unsigned i);

#endif
