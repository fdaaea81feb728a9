/*
 * tasks: the chunks that a worker holds: those that wait, in order, and those
 * that its threads compute. Memory only; the core decides.
 */
#ifndef WORKER_TASKS_H
#define WORKER_TASKS_H

#include "worker/core/args.h"
#include "worker/core.h"

enum task_state { TASK_FREE, TASK_WAITING, TASK_COMPUTING };

struct task {
	enum task_state state;
	bool audit;   /* from compute.audit: goes first */
	bool exact;   /* to its end: worth nothing when ended early */
	bool dropped; /* nothing of it will be sent */
	uint64_t invocation, order;
	uint64_t budget_ms;
	struct core_chunk chunk; /* points into input and job */
	struct buf input;
	char job[CORE_JOB_BYTES];
};

struct tasks {
	struct task *all; /* owned, `cap` of them */
	unsigned cap;
	uint64_t orders;
};

/* 0 or ERR_NOMEM. */
int tasks_init(struct tasks *t, unsigned cap);
void tasks_deinit(struct tasks *t);
/* A waiting task with copies of what args borrow; NULL when there is no room
 * or no memory. */
struct task *tasks_add(struct tasks *t, const struct args *args,
		       uint64_t invocation);
void task_free(struct task *task);
/* The one to compute next: audits first, then the longest waiting. */
struct task *tasks_next(const struct tasks *t);
/* Not dropped, with this invocation. */
struct task *tasks_find(const struct tasks *t, uint64_t invocation);
unsigned tasks_count(const struct tasks *t, enum task_state state);

#endif
