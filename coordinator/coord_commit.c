#include "coordinator/coord_state.h"

/* The ops have come back: what they say is on disk, and becomes visible. */

bool pjob_look(struct pjob *p)
{
	uint64_t before = p->revision;
	struct picture picture = { 0 };

	buf_init(&picture.data);
	if (p->kind->job->picture(p->job, before, 0, &picture) == 0)
		p->revision = picture.revision;
	buf_deinit(&picture.data);
	return p->revision != before;
}

static void tell_gain(struct coord *c, const struct pjob *p,
		      const struct donor *donor)
{
	/* Where every result moves the answer it is no news. */
	if (p->kind->job->unmerge || c->now_ms - c->found_ms < 1000)
		return;
	c->found_ms = c->now_ms;
	coord_emit(c, &(struct coord_effect){ .type = EF_TELL_FOUND,
					      .donor = donor->record.id,
					      .text = "gain" });
}

static void merge(struct coord *c, struct pjob *p, struct donor *donor,
		  const struct op *op)
{
	int err = p->kind->job->merge(p->job, buf_bytes(&op->delta),
				      donor->record.id);

	if (err)
		coord_log(c, "%s: ledger row %llu can not be merged: %s",
			  p->name, (unsigned long long)op->row.seq,
			  err_text(err));
	p->merged++;
	/* It has moved: something in the delta was new. */
	if (pjob_look(p)) {
		donor->gains++;
		tell_gain(c, p, donor);
	}
}

static void chunk_of_job(struct coord *c, struct pjob *p, struct donor *donor,
			 const struct op *op)
{
	const struct ledger_row *row = &op->row;

	p->tally.chunks++;
	p->tally.units += row->units;
	p->tally.credit_us += row->credit_us;
	if (!row->batch) {
		p->tally.verified_units += row->units;
		p->tally.verified_us += row->credit_us;
	}
	if (map_put(&p->earners, row->donor, donor) != 0)
		coord_out_of_memory(c);
	merge(c, p, donor, op);
}

static void chunk(struct coord *c, const struct op *op)
{
	const struct ledger_row *row = &op->row;
	struct donor *donor = donors_by_id(&c->donors, row->donor);
	struct pjob *p = pjob_by_serial(c, op->tag);
	struct batch *b = trust_find(&c->trust, row->batch);

	donor->chunks++;
	donor->credited = true;
	if (row->batch)
		donor->pending_us += row->credit_us;
	else
		donor->verified_us += row->credit_us;
	if (b)
		trust_ready(&c->trust, b);
	if (p)
		chunk_of_job(c, p, donor, op);
	rate_add(&c->rate, c->now_ms, row->credit_us, row->units);
	board_touch(&c->board);
}

static void verified(struct coord *c, const struct ledger_row *row,
		     struct donor *donor)
{
	struct pjob *p = pjob_by_id(c, row->job);

	donor->audits++;
	donor->verified_us += row->credit_us;
	if (!p)
		return;
	p->tally.verified_units += row->units;
	p->tally.verified_us += row->credit_us;
}

static void take_back(struct coord *c, struct pjob *p, const struct op *op)
{
	for (size_t i = 0; i < op->loaded->count; i++) {
		const struct loaded_row *row = &op->loaded->rows[i];
		int err = 0;

		p->tally.units -= row->units;
		p->tally.credit_us -= row->credit_us;
		p->tally.chunks--;
		if (p->kind->job->unmerge)
			err = p->kind->job->unmerge(p->job, row->delta,
						    row->donor);
		if (err)
			coord_log(c, "%s: ledger row %llu can not be taken "
				     "back: %s",
				  p->name, (unsigned long long)row->seq,
				  err_text(err));
		if (ranges_move(p->ranges, row->from, row->units, RANGE_DONE,
				RANGE_FREE) != 0)
			coord_out_of_memory(c);
	}
	p->merged += op->loaded->count;
	pjob_look(p);
}

static void dropped(struct coord *c, const struct op *op, struct donor *donor)
{
	struct pjob *p = pjob_by_id(c, op->row.job);

	donor->unconfirmed++;
	if (++donor->failures >= FAILURES_MAX)
		donor->frozen = true;
	coord_log(c, "a batch of %s could not be confirmed: %.1f core-seconds "
		     "are not counted%s",
		  donor->record.name, (double)op->row.credit_us / 1e6,
		  donor->frozen ? ", and the donor is frozen" : "");
	if (!p)
		return;
	p->tally.unconfirmed++;
	take_back(c, p, op);
}

static void settled(struct coord *c, const struct op *op)
{
	const struct ledger_row *row = &op->row;
	struct donor *donor = donors_by_id(&c->donors, row->donor);

	donor->pending_us -= row->credit_us;
	donor->credited = true;
	if (row->type == LEDGER_VERIFIED)
		verified(c, row, donor);
	else
		dropped(c, op, donor);
	programme_settled(c, row->job);
	trust_discard(&c->trust, trust_find(&c->trust, row->batch));
	board_touch(&c->board);
}

static void one(struct coord *c, struct op *op)
{
	if (op->row.seq)
		c->seq = op->row.seq;
	switch (op->type) {
	case OP_JOIN:
		people_joined(c, op);
		break;
	case OP_RENAME:
		people_renamed(c, op);
		break;
	case OP_NOTE:
		people_noted(c, op);
		break;
	case OP_CHUNK:
		chunk(c, op);
		break;
	case OP_SETTLE:
		settled(c, op);
		break;
	case OP_LOAD:
		programme_loaded(c, op);
		break;
	case OP_FINISH:
		programme_finished(c, op);
		break;
	case OP_SESSION:
	case OP_LEFT:
	case OP_JOB:
	case OP_SNAPSHOT:
		break;
	}
}

void commit_step(struct coord *c, struct op *ops)
{
	while (ops) {
		struct op *next = ops->next;

		one(c, ops);
		op_free(ops);
		c->depth--;
		ops = next;
	}
}
