#include "coordinator/coord_state.h"

#include <stdio.h>
#include <string.h>

/* --- parse, and load what the ledger has of it --------------------------- */

void pjob_start(struct coord *c, struct pjob *p)
{
	struct prep *prep = prep_new(p->serial, p->record.spec);

	if (!prep) {
		coord_out_of_memory(c);
		return;
	}
	if (c->config.find_kind)
		prep->find = c->config.find_kind;
	pjob_set_state(c, p, PJOB_PARSING);
	coord_emit(c, &(struct coord_effect){ .type = EF_PREPARE,
					      .prep = prep });
}

static void load(struct coord *c, struct pjob *p, struct prep *prep)
{
	struct op *op = op_new(OP_LOAD);

	if (!op) {
		prep_free(prep);
		coord_out_of_memory(c);
		return;
	}
	p->prep = prep;
	p->kind = prep->kind;
	p->record.total = prep->total;
	memcpy(p->record.digest, prep->digest, SHA256_BYTES);
	snprintf(p->record.kind, sizeof p->record.kind, "%s",
		 prep->kind->name);
	memcpy(op->job.digest, prep->digest, SHA256_BYTES);
	op->tag = p->serial;
	pjob_set_state(c, p, PJOB_LOADING);
	coord_store(c, op);
}

static void set_name(struct pjob *p)
{
	snprintf(p->name, sizeof p->name, "%s-%llu", p->record.kind,
		 (unsigned long long)p->record.id);
}

static int add_earners(struct coord *c, struct pjob *p,
		       const struct loaded *l)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct loaded_row *row = &l->rows[i];
		struct donor *d = donors_by_id(&c->donors, row->donor);

		if (row->type == LEDGER_CHUNK && d &&
		    map_put(&p->earners, row->donor, d) != 0)
			return ERR_NOMEM;
	}
	return 0;
}

/* Answered from the ledger. */
static void answered(struct coord *c, struct pjob *p, const struct loaded *l)
{
	buf_add_bytes(&p->answer, l->answer);
	if (!buf_ok(&p->answer) || add_earners(c, p, l) != 0 ||
	    tally_rows(l, &p->tally) != 0) {
		coord_out_of_memory(c);
		return;
	}
	pjob_set_state(c, p, PJOB_FINISHED);
	prep_free(p->prep);
	p->prep = NULL;
	coord_emit(c, &(struct coord_effect){ .type = EF_TELL_FINISHED,
					      .tag = p->serial });
}

void programme_loaded(struct coord *c, struct op *op)
{
	struct pjob *p = pjob_by_serial(c, op->tag);
	struct loaded *l = op->loaded;

	if (!p || p->state != PJOB_LOADING)
		return;
	if (pjob_is_twice(c, p)) {
		prep_free(p->prep);
		p->prep = NULL;
		pjob_set_state(c, p, PJOB_QUEUED);
		return;
	}
	if (l->found) {
		p->record.id = l->job.id;
		set_name(p);
	}
	if (l->found && l->job.finished) {
		answered(c, p, l);
		return;
	}
	p->prep->stage = PREP_READY;
	p->prep->loaded = l;
	op->loaded = NULL;
	pjob_set_state(c, p, PJOB_PREPARING);
	coord_emit(c, &(struct coord_effect){ .type = EF_PREPARE,
					      .prep = p->prep });
	p->prep = NULL;
}

/* --- prepare, and run ---------------------------------------------------- */

/* A new one gets its place in the ledger. */
static void record(struct coord *c, struct pjob *p, struct prep *prep)
{
	struct op *op = op_new(OP_JOB);

	if (!op) {
		coord_out_of_memory(c);
		return;
	}
	p->record.id = ++c->last_job;
	set_name(p);
	op->job = p->record;
	op->snapshot = prep->snapshot;
	buf_init(&prep->snapshot);
	coord_store(c, op);
}

static void run(struct coord *c, struct pjob *p, struct prep *prep)
{
	p->job = prep->job;
	p->ranges = prep->ranges;
	p->tally = prep->tally;
	p->snapshot_ms = c->now_ms;
	if (prep->loaded->found && add_earners(c, p, prep->loaded) != 0)
		coord_out_of_memory(c);
	if (!prep->loaded->found)
		record(c, p, prep);
	prep->job = NULL;
	prep->ranges = NULL;
	pjob_set_state(c, p, PJOB_RUNNING);
	pjob_look(p);
}

static bool is_resuming(const struct pjob *p)
{
	return p->state == PJOB_PREPARING && p->record.id;
}

bool programme_resumes(const struct coord *c)
{
	const struct pjob *p;

	TAILQ_FOREACH(p, &c->programme, link)
		if (is_resuming(p))
			return true;
	return false;
}

/* What was loaded does not have it. */
void programme_settled(struct coord *c, uint64_t job)
{
	struct pjob *p;

	TAILQ_FOREACH(p, &c->programme, link)
		if (is_resuming(p) && p->record.id == job)
			p->overtaken = true;
}

static void begin_again(struct coord *c, struct pjob *p)
{
	p->overtaken = false;
	p->record.id = 0;
	pjob_set_state(c, p, PJOB_QUEUED);
}

void programme_prepared(struct coord *c, struct prep *prep)
{
	struct pjob *p = pjob_by_serial(c, prep->serial);

	if (p && (p->state == PJOB_PARSING || p->state == PJOB_PREPARING)) {
		if (prep->err) {
			pjob_fail(c, p, &prep->why);
		} else if (p->state == PJOB_PARSING) {
			load(c, p, prep);
			return;
		} else if (p->overtaken) {
			begin_again(c, p);
		} else {
			run(c, p, prep);
		}
	}
	prep_free(prep);
}
