#include "worker/core/inner.h"

#include <assert.h>

static void answer_error(struct core *core, uint64_t invocation,
			 const char *error, const char *text)
{
	struct value args = value_list();
	int err = text ? list_add(&core->arena, &args, value_str(text)) : 0;

	/* Without memory for the text: the error alone. A session that is
	 * over fails it, which is as well. */
	(void)client_error(core->client, invocation, error,
			   err ? NULL : &args, NULL);
	arena_reset(&core->arena);
}

/* --- threads ------------------------------------------------------------ */

static int thread_of(const struct core *core, const struct task *task)
{
	for (unsigned i = 0; i < core->threads_max; i++)
		if (core->thread[i].task == task)
			return (int)i;
	return -1;
}

static void stop(struct core *core, const struct task *task, bool wanted)
{
	int thread = thread_of(core, task);

	assert(thread >= 0);
	core->effects->stop(core->ctx, (unsigned)thread, wanted);
}

static void start(struct core *core, unsigned thread, struct task *task)
{
	struct thread *t = &core->thread[thread];
	uint64_t budget_ms = task->budget_ms;

	if (task->exact)
		budget_ms = CORE_NO_BUDGET;
	else if (budget_ms > t->budget_ms)
		budget_ms = t->budget_ms;
	task->chunk.budget_ms = budget_ms;
	task->state = TASK_COMPUTING;
	t->task = task;
	core->effects->start(core->ctx, thread, &task->chunk);
}

void work_dispatch(struct core *core)
{
	if (!donor_can_work(core))
		return;
	for (unsigned i = 0; i < core->threads; i++) {
		struct task *task;

		if (core->thread[i].task)
			continue;
		task = tasks_next(&core->tasks);
		if (!task)
			return;
		start(core, i, task);
	}
}

/* A thread's own budget doubles with each chunk that came up to it. */
static void grow_budget(struct thread *thread, const struct task *task)
{
	if (!task->exact && task->chunk.budget_ms == thread->budget_ms &&
	    thread->budget_ms < task->budget_ms)
		thread->budget_ms *= 2;
}

/* --- invocations -------------------------------------------------------- */

/* Chunks of a kind that we do not compute come in: off the list for a while,
 * so that the router asks others. */
static void unfit(struct core *core)
{
	if (core->unfit)
		return;
	core->unfit = true;
	core->effects->arm(core->ctx, CORE_TIMER_UNFIT, UNFIT_MS);
	donor_reconcile(core);
}

static void refuse(struct core *core, uint64_t invocation, int err,
		   const struct why *why)
{
	bool unknown = err == ERR_NOT_FOUND;

	answer_error(core, invocation,
		     unknown ? ERROR_UNAVAILABLE : ERROR_INVALID, why->text);
	if (unknown)
		unfit(core);
}

static int read_invocation(const struct duty *duty, struct args *args,
			   const struct client_data *data, struct why *why)
{
	int err = args_read(args, args_dict(data), duty->core->kinds, why);

	if (!err && duty->audit && !args->exact)
		err = why_set(why, ERR_MALFORMED,
			      "units: an audit says how many");
	return err;
}

void work_invoked(void *ctx, uint64_t invocation,
		  const struct client_data *data)
{
	struct duty *duty = ctx;
	struct core *core = duty->core;
	struct why why = { "" };
	struct args args;
	struct task *task;
	int err;

	if (!donor_can_work(core)) {
		answer_error(core, invocation, ERROR_UNAVAILABLE,
			     "this worker does not work now");
		return;
	}
	err = read_invocation(duty, &args, data, &why);
	if (err) {
		refuse(core, invocation, err, &why);
		return;
	}
	task = tasks_add(&core->tasks, &args, invocation);
	if (!task) {
		answer_error(core, invocation, ERROR_UNAVAILABLE,
			     "this worker has no room for more chunks");
		return;
	}
	task->audit = duty->audit;
	work_dispatch(core);
	core_changed(core);
}

static void drop(struct core *core, struct task *task)
{
	if (task->state == TASK_WAITING) {
		task_free(task);
	} else {
		task->dropped = true;
		stop(core, task, false);
	}
}

void work_interrupted(void *ctx, uint64_t invocation, struct bytes mode)
{
	struct duty *duty = ctx;
	struct core *core = duty->core;
	struct task *task = tasks_find(&core->tasks, invocation);

	if (!task)
		return;
	/* In every mode: the slot is taken until the callee has answered. */
	(void)mode;
	answer_error(core, invocation, ERROR_CANCELED, NULL);
	drop(core, task);
	core_changed(core);
}

/* --- giving back -------------------------------------------------------- */

void work_withdraw(struct core *core)
{
	for (unsigned i = 0; i < core->tasks.cap; i++) {
		struct task *task = &core->tasks.all[i];

		if (task->state == TASK_FREE || task->dropped)
			continue;
		if (task->state == TASK_COMPUTING && !task->exact) {
			stop(core, task, true);
			continue;
		}
		if (core->client)
			answer_error(core, task->invocation,
				     ERROR_UNAVAILABLE, "handed back");
		drop(core, task);
	}
}

void work_drop(struct core *core)
{
	for (unsigned i = 0; i < core->tasks.cap; i++) {
		struct task *task = &core->tasks.all[i];

		if (task->state != TASK_FREE && !task->dropped)
			drop(core, task);
	}
}

/* --- results ------------------------------------------------------------ */

static int build_result(struct core *core, struct value *kwargs,
			const struct task *task,
			const struct core_result *result)
{
	struct arena *a = &core->arena;
	int err = dict_set(a, kwargs, "pass", value_str(core->pass));

	if (!err)
		err = dict_set(a, kwargs, "lease",
			       value_uint(task->chunk.lease));
	if (!err)
		err = dict_set(a, kwargs, "units", value_uint(result->units));
	if (!err)
		err = dict_set(a, kwargs, "output", value_bin(result->output));
	return err;
}

static bool send_result(struct core *core, const struct task *task,
			const struct core_result *result)
{
	struct value kwargs = value_dict();
	int err = build_result(core, &kwargs, task, result);

	if (!err)
		err = client_yield(core->client, task->invocation, NULL, NULL,
				   &kwargs);
	arena_reset(&core->arena);
	if (err) {
		answer_error(core, task->invocation, ERROR_UNAVAILABLE,
			     err_text(err));
		return false;
	}
	core->chunks++;
	core->audits += task->exact;
	donor_result_sent(core);
	return true;
}

static bool answer(struct core *core, const struct task *task,
		   const struct core_result *result)
{
	if (result->err == 0 && result->units > 0)
		return send_result(core, task, result);
	if (result->err == 0 || result->err == ERR_NOMEM)
		answer_error(core, task->invocation, ERROR_UNAVAILABLE,
			     result->why);
	else
		answer_error(core, task->invocation, ERROR_INVALID,
			     result->why);
	return false;
}

bool core_finished(struct core *core, unsigned thread,
		   const struct core_result *result)
{
	struct task *task;
	bool sent = false;

	assert(thread < core->threads_max && core->thread[thread].task);
	task = core->thread[thread].task;
	core->thread[thread].task = NULL;
	if (!task->dropped)
		sent = answer(core, task, result);
	if (sent)
		grow_budget(&core->thread[thread], task);
	task_free(task);
	work_dispatch(core);
	core_changed(core);
	return sent;
}
