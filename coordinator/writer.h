/*
 * writer: the store's thread. Ops go in, in order; they come out when their
 * transaction is on disk, in the same order. Many are committed together: at
 * most WRITER_GROUP_MS after the first, or as soon as WRITER_GROUP_OPS wait.
 * A disk that is full or failing is tried again and again; until then nothing
 * comes out, and writer_state says why. May touch store and threads.
 */
#ifndef COORDINATOR_WRITER_H
#define COORDINATOR_WRITER_H

#include "coordinator/store.h"

enum {
	WRITER_GROUP_MS = 25,
	WRITER_GROUP_OPS = 256,
	WRITER_RETRY_MS = 500,
};

struct writer;

/* `store` is the writer's until writer_free. `wake` is called from its thread
 * whenever writer_take or writer_state may have news. NULL when out of memory
 * or threads. */
struct writer *writer_new(struct store *store, void (*wake)(void *ctx),
			  void *ctx);
/* Takes the op. */
void writer_add(struct writer *w, struct op *op);
/* What has been committed, a list that the caller now owns; NULL: nothing. */
struct op *writer_take(struct writer *w);
/* 0; ERR_IO: in trouble, trying again; anything else: it has given up. The
 * reason is copied into why. */
int writer_state(struct writer *w, struct why *why);
/* How many ops wait or are being written. */
size_t writer_depth(struct writer *w);
/* Tries to commit what waits (once, if the disk is in trouble), ends the
 * thread and frees what is left. Returns how many ops were not committed.
 * NULL is fine. */
size_t writer_free(struct writer *w);

#endif
