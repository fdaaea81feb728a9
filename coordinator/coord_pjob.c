#include "coordinator/coord_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define BIT(state) (1U << (state))

/* Which states may follow. */
static const unsigned moves[] = {
	[PJOB_QUEUED] = BIT(PJOB_PARSING) | BIT(PJOB_LEFT) | BIT(PJOB_FAILED),
	[PJOB_PARSING] = BIT(PJOB_LOADING) | BIT(PJOB_FAILED) | BIT(PJOB_LEFT),
	[PJOB_LOADING] = BIT(PJOB_PREPARING) | BIT(PJOB_FINISHED) |
			 BIT(PJOB_FAILED) | BIT(PJOB_LEFT) | BIT(PJOB_QUEUED),
	[PJOB_PREPARING] = BIT(PJOB_RUNNING) | BIT(PJOB_FAILED) |
			   BIT(PJOB_LEFT) | BIT(PJOB_QUEUED),
	[PJOB_RUNNING] = BIT(PJOB_FINISHING) | BIT(PJOB_LEFT) |
			 BIT(PJOB_FAILED),
	[PJOB_FINISHING] = BIT(PJOB_FINISHED),
	[PJOB_FINISHED] = 0,
	[PJOB_FAILED] = 0,
	[PJOB_LEFT] = 0,
};

void pjob_set_state(struct coord *c, struct pjob *p, enum pjob_state state)
{
	assert(moves[p->state] & BIT(state));
	p->state = state;
	c->progress_due = true;
}

bool pjob_is_over(const struct pjob *p)
{
	return p->state >= PJOB_FINISHED;
}

void pjob_fail(struct coord *c, struct pjob *p, const struct why *why)
{
	p->error = *why;
	c->failed = true;
	pjob_set_state(c, p, PJOB_FAILED);
	coord_log(c, "%s", why->text);
}

/* --- life ---------------------------------------------------------------- */

struct pjob *pjob_new(struct coord *c, const char *spec, uint64_t playlist)
{
	struct pjob *p;

	if (strlen(spec) >= SPEC_BYTES)
		return NULL;
	p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->serial = ++c->last_serial;
	p->record.playlist = playlist;
	memcpy(p->record.spec, spec, strlen(spec) + 1);
	map_init(&p->earners);
	buf_init(&p->answer);
	TAILQ_INSERT_TAIL(&c->programme, p, link);
	return p;
}

void pjob_free(struct coord *c, struct pjob *p)
{
	TAILQ_REMOVE(&c->programme, p, link);
	if (p->kind)
		p->kind->job->free(p->job);
	prep_free(p->prep);
	ranges_free(p->ranges);
	map_deinit(&p->earners);
	buf_deinit(&p->answer);
	free(p);
}

struct pjob *pjob_by_serial(const struct coord *c, uint64_t serial)
{
	struct pjob *p;

	TAILQ_FOREACH(p, &c->programme, link)
		if (p->serial == serial)
			return p;
	return NULL;
}

struct pjob *pjob_by_id(const struct coord *c, uint64_t id)
{
	struct pjob *p;

	TAILQ_FOREACH(p, &c->programme, link)
		if (p->record.id == id && p->ranges)
			return p;
	return NULL;
}

void pjob_snapshot(struct coord *c, struct pjob *p)
{
	struct op *op = op_new(OP_SNAPSHOT);

	if (!op || p->kind->job->save(p->job, &op->snapshot) != 0) {
		op_free(op);
		return; /* later */
	}
	op->job = p->record;
	op->covers = c->seq;
	p->merged = 0;
	p->snapshot_ms = c->now_ms;
	coord_store(c, op);
}

/* --- the end of a job ---------------------------------------------------- */

/* Nobody could say whether the last batches are right: of the donors that
 * are there, only one, and no auditor. */
static bool is_alone(struct coord *c, struct pjob *p)
{
	bool alone = c->donors.audit_slots == 0 && !audit_by_donors(c);

	if (!alone || !c->ready)
		p->alone_ms = 0;
	else if (!p->alone_ms)
		p->alone_ms = c->now_ms;
	return p->alone_ms && c->now_ms - p->alone_ms >= ALONE_MS;
}

/* Where check proves a result, the answer needs no audit: it may end early,
 * and credit is verified afterwards. */
bool pjob_is_done(struct coord *c, struct pjob *p)
{
	if (!p->kind->job->unmerge && p->kind->job->done(p->job))
		return true;
	if (p->tally.units < p->record.total)
		return false;
	return p->tally.verified_units == p->tally.units || is_alone(c, p);
}

void pjob_finish(struct coord *c, struct pjob *p)
{
	const struct job_ops *ops = p->kind->job;
	struct op *op = op_new(OP_FINISH);

	if (!op || ops->save(p->job, &op->snapshot) != 0 ||
	    ops->answer(p->job, &op->answer) != 0 ||
	    sha256_of(buf_bytes(&op->answer), op->row.output_sha256) != 0) {
		op_free(op);
		coord_out_of_memory(c);
		return;
	}
	op->tag = p->serial;
	op->job = p->record;
	op->covers = c->seq;
	op->row.type = LEDGER_FINISHED;
	op->row.job = p->record.id;
	op->row.units = p->tally.units;
	if (p->tally.verified_units < p->tally.units &&
	    p->tally.units == p->record.total)
		coord_log(c, "%s ends with pending credit: nobody else is "
			     "there to confirm it",
			  p->record.spec);
	pjob_set_state(c, p, PJOB_FINISHING);
	coord_store(c, op);
}

void programme_finished(struct coord *c, struct op *op)
{
	struct pjob *p = pjob_by_serial(c, op->tag);

	if (!p)
		return;
	p->answer = op->answer;
	buf_init(&op->answer);
	pjob_set_state(c, p, PJOB_FINISHED);
	coord_emit(c, &(struct coord_effect){ .type = EF_TELL_FINISHED,
					      .tag = p->serial });
}
