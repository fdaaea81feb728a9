#include "coordinator/coord_state.h"

/* An audit has no budget: it is as long as the chunk was, at most. */
enum { AUDITS_BY_DONORS_PART = 8 };

/* Donors that could answer, two at least; `sole` when there is one only. */
static unsigned answering(const struct coord *c, const struct donor **sole)
{
	unsigned donors = 0;
	size_t at = 0;
	const struct session *s;

	*sole = NULL;
	while (donors < 2 && (s = session_next(&c->donors, &at)) != NULL)
		if (s->chunk && s->donor && !s->donor->frozen &&
		    s->donor != *sole) {
			*sole = s->donor;
			donors++;
		}
	if (donors > 1)
		*sole = NULL;
	return donors;
}

bool audit_by_donors(const struct coord *c)
{
	const struct donor *sole;

	return c->donors.audit_slots == 0 && answering(c, &sole) > 1;
}

/* Is there something else that the auditors could do? */
static bool is_other_work(const struct coord *c)
{
	const struct pjob *p;

	TAILQ_FOREACH(p, &c->programme, link)
		if (p->state == PJOB_RUNNING &&
		    ranges_units(p->ranges, RANGE_FREE) > 0)
			return true;
	return false;
}

/* How many may be open: of the trusted, half while there is other work. */
static unsigned allowed(const struct coord *c)
{
	unsigned slots = c->donors.audit_slots;

	if (slots)
		return is_other_work(c) && slots > 1 ? slots / 2 : slots;
	slots = c->donors.slots / AUDITS_BY_DONORS_PART;
	return slots ? slots : 1;
}

/* Where donors audit, a router that goes round strictly gives chunks and audits
 * to the same callees in turn. In step with them one callee would compute
 * everything and the other check it: a draw decides whether one more chunk goes
 * before the next audit. */
static bool chunk_goes_first(struct coord *c)
{
	if (c->donors.audit_slots || !is_other_work(c))
		return false;
	if (!c->audit_from)
		c->audit_from = c->chunks_lent + (coord_random(c) & 1);
	return c->chunks_lent < c->audit_from;
}

static bool audit_one(struct coord *c, const struct donor *sole)
{
	struct batch *b = trust_turn(&c->trust, sole);

	if (!b)
		return false;
	c->audit_from = 0;
	if (lease_new(c, NULL, b, BUDGET_MS_MAX))
		return true;
	trust_retry(&c->trust, b);
	return false;
}

void audit_step(struct coord *c)
{
	const struct donor *sole = NULL;

	/* A batch that is settled while its job is being made ready would
	 * have it made ready again. */
	if (!c->ready || c->paused || c->trouble[0] || c->fatal ||
	    programme_resumes(c) || c->now_ms < c->audit_after_ms ||
	    (TAILQ_EMPTY(&c->trust.fresh) && TAILQ_EMPTY(&c->trust.rest)))
		return;
	if (!c->donors.audit_slots && answering(c, &sole) == 0)
		return;
	while (c->trust.auditing < allowed(c) && !chunk_goes_first(c) &&
	       audit_one(c, sole))
		;
}

static void settle(struct coord *c, struct batch *b, enum verdict verdict)
{
	struct op *op = op_new(OP_SETTLE);

	if (!op || sha256_of(buf_bytes(&b->candidate.expected),
			     op->row.output_sha256) != 0) {
		op_free(op);
		coord_out_of_memory(c);
		return;
	}
	op->row.type = verdict == VERDICT_VERIFIED ? LEDGER_VERIFIED :
						     LEDGER_DROPPED;
	op->row.donor = b->donor->record.id;
	op->row.job = b->job;
	op->row.from_unit = b->candidate.from;
	op->row.units = b->units;
	op->row.credit_us = b->credit_us;
	op->row.batch = b->id;
	coord_store(c, op);
}

void audit_result(struct coord *c, struct lease *lease,
		  const struct coord_result *r)
{
	struct donor *by = donors_by_pass(&c->donors, r->pass);
	struct batch *b = lease->batch;
	bool valid = by && !by->frozen && r->lease == lease->id &&
		     r->output.len <= OUTPUT_BYTES_MAX &&
		     r->units == b->candidate.units;
	enum verdict verdict;

	if (by)
		by->heard_ms = c->now_ms;
	lease_close(c, lease);
	if (!valid) {
		trust_retry(&c->trust, b);
		c->audit_after_ms = c->now_ms + SLOW_MS_MIN;
		return;
	}
	verdict = trust_answer(&c->trust, b, by, r->output);
	if (verdict != VERDICT_NONE)
		settle(c, b, verdict);
}
