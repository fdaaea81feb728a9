/*
 * pool: N threads that compute chunks, for the native worker. A thread gets a
 * chunk and gives a result; nothing else is shared. All functions belong to
 * one owner's thread; `wake` is called by the compute threads when a result
 * waits. Touches compute and POSIX threads only.
 */
#ifndef WORKER_POOL_H
#define WORKER_POOL_H

#include "worker/core.h"

struct pool;

/* A thread's result; `output` is borrowed until the thread's next chunk. */
struct pool_result {
	unsigned thread;
	struct core_result result;
	uint64_t spent_us; /* computing, begin to end */
};

/* NULL when out of memory or threads. `wake` may be NULL. */
struct pool *pool_new(unsigned threads, void (*wake)(void *ctx), void *ctx);
/* Stops and joins the threads, each after the slice under way. */
void pool_free(struct pool *p);

/* The thread must be free. What the chunk borrows must live until its result
 * is taken. */
void pool_start(struct pool *p, unsigned thread,
		const struct core_chunk *chunk);
/* End its chunk after this slice. wanted: with the units done so far (0 is
 * possible); otherwise without output. */
void pool_stop(struct pool *p, unsigned thread, bool wanted);
/* One result that waits, or false. Frees that thread. */
bool pool_take(struct pool *p, struct pool_result *out);
/* Waits until a result waits or the time is over. */
void pool_wait(struct pool *p, uint64_t ms);

#endif
