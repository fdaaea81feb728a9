#include "worker/core/inner.h"

#include <stdlib.h>
#include <string.h>

enum { CORE_ARENA_BYTES = 1024 };

bool core_copy(char *dst, size_t size, struct bytes text)
{
	if (text.len >= size || (text.len && memchr(text.data, 0, text.len)))
		return false;
	if (text.len)
		memcpy(dst, text.data, text.len);
	dst[text.len] = '\0';
	return true;
}

void core_changed(struct core *core)
{
	core->effects->changed(core->ctx);
}

static void init_duties(struct core *core)
{
	core->duties[0].procedure = "compute.chunk";
	core->duties[1].procedure = "compute.audit";
	core->duties[1].audit = true;
	for (unsigned i = 0; i < DUTIES; i++)
		core->duties[i].core = core;
}

/* What does not fit is as if it had not been given: an unknown token makes a
 * new donor anyway. */
static void copy_given(char *dst, size_t size, const char *text)
{
	if (text)
		core_copy(dst, size, bytes_str(text));
}

static void copy_config(struct core *core, const struct core_config *config)
{
	core->effects = config->effects;
	core->ctx = config->ctx;
	core->kinds = config->kinds;
	core->trusted = config->trusted;
	core->subscribe = config->subscribe;
	core->me_ms = config->me_ms;
	core->threads = config->threads;
	core->threads_max = config->threads_max;
	core->retry_ms = JOIN_RETRY_MS;
	copy_given(core->device, sizeof core->device, config->device);
	copy_given(core->code, sizeof core->code, config->code);
	copy_given(core->name, sizeof core->name, config->name);
	copy_given(core->token, sizeof core->token, config->token);
}

struct core *core_new(const struct core_config *config)
{
	unsigned max = config->threads_max;
	struct core *core;

	if (max < 1 || max > CORE_THREADS_MAX || config->threads < 1 ||
	    config->threads > max)
		return NULL;
	core = calloc(1, sizeof *core);
	if (!core)
		return NULL;
	arena_init(&core->arena, CORE_ARENA_BYTES);
	copy_config(core, config);
	init_duties(core);
	core->thread = calloc(max, sizeof *core->thread);
	/* 2 a thread for chunks, 1 for audits, 1 that is being dropped. */
	if (!core->thread || tasks_init(&core->tasks, 4 * max)) {
		core_free(core);
		return NULL;
	}
	for (unsigned i = 0; i < max; i++)
		core->thread[i].budget_ms = CORE_FIRST_BUDGET_MS;
	return core;
}

void core_free(struct core *core)
{
	if (!core)
		return;
	tasks_deinit(&core->tasks);
	free(core->thread);
	arena_deinit(&core->arena);
	free(core);
}

static const struct kind *kind_named(struct bytes name, unsigned *bit)
{
	const struct kind *kind;

	for (*bit = 0; (kind = kind_at(*bit)) != NULL; ++*bit)
		if (bytes_equal_str(name, kind->name))
			return kind;
	return NULL;
}

static int unknown_kind(struct bytes name, struct why *why)
{
	char known[128] = "";
	const struct kind *kind;

	for (unsigned i = 0; (kind = kind_at(i)) != NULL; i++) {
		strncat(known, i ? ", " : "", sizeof known - 1 - strlen(known));
		strncat(known, kind->name, sizeof known - 1 - strlen(known));
	}
	return why_set(why, ERR_RANGE, "unknown kind '%.*s': known are %s",
		       (int)(name.len < 40 ? name.len : 40),
		       (const char *)name.data, known);
}

int core_kinds_parse(const char *names, uint32_t *kinds, struct why *why)
{
	uint32_t all = 0;

	for (const char *at = names;; at++) {
		size_t len = strcspn(at, ",");
		struct bytes name = bytes_of(at, len);
		unsigned bit;

		if (!kind_named(name, &bit))
			return unknown_kind(name, why);
		all |= UINT32_C(1) << bit;
		at += len;
		if (!*at)
			break;
	}
	*kinds = all;
	return 0;
}

/* --- what happened ------------------------------------------------------ */

void core_joined(struct core *core, struct client *client, uint64_t session)
{
	core_lost(core);
	core->client = client;
	core->session = session;
	donor_subscribe(core);
	donor_join(core);
	core_changed(core);
}

void core_lost(struct core *core)
{
	if (!core->client)
		return;
	core->client = NULL;
	donor_forget(core);
	work_drop(core);
	core_changed(core);
}

void core_revoked(struct core *core, uint64_t registration)
{
	if (!core->client)
		return;
	donor_revoked(core, registration);
	core_changed(core);
}

/* A reason not to work came or went. */
static void set_reason(struct core *core, bool *reason, bool value)
{
	if (*reason == value)
		return;
	*reason = value;
	/* Off the router's list first, so that it gives what comes back to
	 * somebody else. */
	donor_reconcile(core);
	if (!donor_can_work(core))
		work_withdraw(core);
	core_changed(core);
}

void core_pause(struct core *core, bool paused)
{
	set_reason(core, &core->paused, paused);
}

void core_hidden(struct core *core, bool hidden)
{
	set_reason(core, &core->hidden, hidden);
}

void core_leave(struct core *core)
{
	set_reason(core, &core->leaving, true);
}

void core_threads(struct core *core, unsigned threads)
{
	if (threads < 1 || threads > core->threads_max ||
	    threads == core->threads)
		return;
	core->threads = threads;
	if (core->join == JOIN_DONE)
		donor_join(core);
	donor_reconcile(core);
	work_dispatch(core);
	core_changed(core);
}

/* --- look --------------------------------------------------------------- */

static enum core_phase phase(const struct core *core)
{
	if (!core->client)
		return CORE_OFFLINE;
	if (core->paused || core->hidden || core->leaving)
		return CORE_PAUSED;
	return *core->pass ? CORE_WORKING : CORE_JOINING;
}

struct core_state core_look(const struct core *core)
{
	return (struct core_state){
		.phase = phase(core),
		.donor = core->donor,
		.token = core->token,
		.name = core->name,
		.threads = core->threads,
		.computing = tasks_count(&core->tasks, TASK_COMPUTING),
		.waiting = tasks_count(&core->tasks, TASK_WAITING),
		.chunks = core->chunks,
		.audits = core->audits,
		.registered = core->duties[0].state == DUTY_HELD,
	};
}

bool core_is_idle(const struct core *core)
{
	for (unsigned i = 0; core->client && i < DUTIES; i++)
		if (core->duties[i].state != DUTY_NONE &&
		    core->duties[i].state != DUTY_REFUSED &&
		    core->duties[i].state != DUTY_REVOKED)
			return false;
	return tasks_count(&core->tasks, TASK_COMPUTING) == 0 &&
	       tasks_count(&core->tasks, TASK_WAITING) == 0;
}
