#include "worker/core/tasks.h"

#include <stdlib.h>
#include <string.h>

int tasks_init(struct tasks *t, unsigned cap)
{
	*t = (struct tasks){ .cap = cap };
	t->all = calloc(cap, sizeof *t->all);
	return t->all ? 0 : ERR_NOMEM;
}

void tasks_deinit(struct tasks *t)
{
	for (unsigned i = 0; t->all && i < t->cap; i++)
		buf_deinit(&t->all[i].input);
	free(t->all);
	t->all = NULL;
}

static struct task *free_slot(const struct tasks *t)
{
	for (unsigned i = 0; i < t->cap; i++)
		if (t->all[i].state == TASK_FREE)
			return &t->all[i];
	return NULL;
}

struct task *tasks_add(struct tasks *t, const struct args *args,
		       uint64_t invocation)
{
	struct task *task = free_slot(t);
	size_t job = args->job.len;

	if (!task)
		return NULL;
	buf_clear(&task->input);
	if (buf_add_bytes(&task->input, args->chunk.input))
		return NULL;
	if (job >= sizeof task->job)
		job = sizeof task->job - 1;
	if (job)
		memcpy(task->job, args->job.data, job);
	task->job[job] = '\0';
	task->state = TASK_WAITING;
	task->audit = task->dropped = false;
	task->exact = args->exact;
	task->invocation = invocation;
	task->order = t->orders++;
	task->budget_ms = args->budget_ms;
	task->chunk = (struct core_chunk){
		.kind = args->kind,
		.chunk = args->chunk,
		.job = task->job,
		.lease = args->lease,
	};
	task->chunk.chunk.input = buf_bytes(&task->input);
	return task;
}

void task_free(struct task *task)
{
	/* A large input is not kept for the next, small one. */
	buf_deinit(&task->input);
	task->state = TASK_FREE;
}

static bool goes_before(const struct task *a, const struct task *b)
{
	return a->audit != b->audit ? a->audit : a->order < b->order;
}

struct task *tasks_next(const struct tasks *t)
{
	struct task *best = NULL;

	for (unsigned i = 0; i < t->cap; i++) {
		struct task *task = &t->all[i];

		if (task->state == TASK_WAITING &&
		    (!best || goes_before(task, best)))
			best = task;
	}
	return best;
}

struct task *tasks_find(const struct tasks *t, uint64_t invocation)
{
	for (unsigned i = 0; i < t->cap; i++) {
		struct task *task = &t->all[i];

		if (task->state != TASK_FREE && !task->dropped &&
		    task->invocation == invocation)
			return task;
	}
	return NULL;
}

unsigned tasks_count(const struct tasks *t, enum task_state state)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->cap; i++)
		n += t->all[i].state == state;
	return n;
}
