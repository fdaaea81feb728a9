/*
 * local_job: the free ranges of a job, and its chunks on their way through
 * the pool; what solving and the benchmark share. For local.c and bench.c.
 */
#ifndef WORKER_LOCAL_JOB_H
#define WORKER_LOCAL_JOB_H

#include "base/rng.h"
#include "worker/pool.h"

struct range {
	uint64_t from, count;
};

/* A chunk in a thread. */
struct lent {
	bool out;
	struct planned planned; /* its bufs are kept from chunk to chunk */
	struct core_chunk chunk;
};

struct local_job {
	const struct kind *kind;
	struct job *job;
	struct pool *pool;
	struct rng rng;
	unsigned threads;
	uint32_t budget_ms;
	struct range *free; /* owned; a stack */
	unsigned free_count, free_cap;
	struct lent *lent; /* owned, one a thread */
	unsigned lent_count;
	/* What came of it. */
	uint64_t units, work_us, spent_us, chunks;
};

/* `kind:rest` -> the kind, and the rest. NULL with the reason in why. */
const struct kind *local_kind(const char *spec, const char **rest,
			      struct why *why);
/* Parses and prepares the job and starts the threads. 0 or an error. */
int local_job_init(struct local_job *l, const char *spec, unsigned threads,
		   uint64_t seed, const char *places_file, struct why *why);
void local_job_deinit(struct local_job *l);
/* Gives every free thread a chunk, as far as there are any. */
int local_job_lend(struct local_job *l);
/* Takes a result that waits, checks and merges it: 1 when there was one, 0,
 * or an error. */
int local_job_take(struct local_job *l, struct why *why);
/* All chunks in threads are asked to end. */
void local_job_stop(struct local_job *l, bool wanted);
/* Solved, or all units are in. */
bool local_job_done(const struct local_job *l);

#endif
