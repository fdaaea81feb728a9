#include "coordinator/coord_state.h"

#include <stdlib.h>
#include <string.h>

/* Counted and shown; the range goes back to the pool as the lease closes. */
static void reject(struct coord *c, struct lease *lease, struct donor *donor,
		   const char *why)
{
	struct pjob *p = lease->part->pjob;

	if (p->rejected++ < 10)
		coord_log(c, "a result of %s for %s was rejected: %s",
			  donor ? donor->record.name : "nobody known", p->name,
			  why);
	if (donor)
		donor->rejected++;
	lease_close(c, lease);
	if (!donor || donor->rejected % REJECTED_MAX != 0)
		return;
	/* It will not get better: until it joins again. */
	for (size_t at = 0;;) {
		struct session *s = session_next(&c->donors, &at);

		if (!s)
			break;
		if (s->donor == donor && s->chunk)
			coord_emit(c, &(struct coord_effect){
					      .type = EF_REMOVE,
					      .session = s->id });
	}
}

static struct result as_result(const struct part *part,
			       const struct coord_result *r)
{
	return (struct result){
		.chunk = { .from = part->from,
			   .count = part->planned.count,
			   .seed = part->planned.seed,
			   .piece = PIECE_ALL,
			   .input = buf_bytes(&part->planned.input) },
		.units = r->units,
		.note = buf_bytes(&part->planned.note),
		.output = r->output,
	};
}

/* The piece that an audit would ask for, chosen now: after the work. */
static int choose_piece(struct coord *c, const struct pjob *p,
			const struct result *result, struct candidate *k)
{
	uint64_t pieces = p->kind->job->pieces(p->job, result);
	struct bytes piece;

	k->piece = pieces > 1 ? coord_random(c) % pieces : 0;
	piece = p->kind->job->piece(p->job, result, k->piece);
	memcpy(k->kind, p->record.kind, sizeof k->kind);
	k->from = result->chunk.from;
	k->units = result->units;
	k->seed = result->chunk.seed;
	buf_add_bytes(&k->input, result->chunk.input);
	buf_add_bytes(&k->expected, piece);
	return buf_ok(&k->input) && buf_ok(&k->expected) ? 0 : ERR_NOMEM;
}

/* Into its donor's batch. */
static int add_to_batch(struct coord *c, struct pjob *p, struct donor *donor,
			const struct result *result, struct op *op)
{
	struct batch *b = trust_batch(&c->trust, donor, p->record.id);
	bool fresh = b && b->units == 0;

	if (!b || choose_piece(c, p, result, &op->candidate) != 0)
		goto no_memory;
	op->row.batch = b->id;
	op->replaces = trust_add(b, op->row.credit_us, op->row.units,
				 coord_random(c));
	if (op->replaces && trust_candidate(b, &op->candidate) == 0)
		return 0;
	if (!op->replaces || !fresh) {
		op->replaces = false;
		return 0;
	}
no_memory:
	if (fresh)
		trust_discard(&c->trust, b);
	return ERR_NOMEM;
}

static struct op *make_op(struct coord *c, struct pjob *p, struct donor *donor,
			  const struct result *result, struct buf *delta)
{
	struct op *op = op_new(OP_CHUNK);

	if (!op)
		return NULL;
	op->tag = p->serial;
	op->row.type = LEDGER_CHUNK;
	op->row.donor = donor->record.id;
	op->row.job = p->record.id;
	op->row.from_unit = result->chunk.from;
	op->row.units = result->units;
	op->row.credit_us = p->kind->job->work_us(p->job, result);
	op->delta = *delta;
	buf_init(delta);
	if (sha256_of(result->output, op->row.output_sha256) != 0 ||
	    buf_add_bytes(&op->output, result->output) != 0 ||
	    (!donor->record.trusted &&
	     add_to_batch(c, p, donor, result, op) != 0)) {
		op_free(op);
		return NULL;
	}
	return op;
}

/* Done as far as the pool is concerned; seen by others once it is on disk. */
static void accept(struct coord *c, struct lease *lease, struct op *op)
{
	struct part *part = lease->part;
	struct ranges *ranges = part->pjob->ranges;
	uint64_t units = op->row.units, left = part->planned.count - units;

	part->settled = true;
	if (ranges_move(ranges, part->from, units, RANGE_LENT, RANGE_DONE) ||
	    (left && ranges_move(ranges, part->from + units, left, RANGE_LENT,
				 RANGE_FREE)))
		coord_out_of_memory(c);
	coord_store(c, op);
	c->slow_ms = 0;
	if (c->limit < UINT32_MAX)
		c->limit++;
	lease_close(c, lease);
}

/* What is wrong with it before its content is looked at; NULL: nothing. */
static const char *refusal(const struct lease *lease,
			   const struct coord_result *r,
			   const struct donor *donor)
{
	if (!donor)
		return "an unknown pass";
	if (donor->frozen)
		return "the donor is frozen";
	if (r->lease != lease->id)
		return "a foreign lease";
	if (r->units < 1 || r->units > lease->part->planned.count)
		return "units outside of the range";
	if (r->output.len > OUTPUT_BYTES_MAX)
		return "the output is too long";
	return NULL;
}

static void check_and_accept(struct coord *c, struct lease *lease,
			     const struct coord_result *r,
			     struct donor *donor)
{
	struct pjob *p = lease->part->pjob;
	struct result result = as_result(lease->part, r);
	struct buf delta;
	struct op *op = NULL;
	struct why why = { "" };
	int err;

	buf_init(&delta);
	err = p->kind->job->check(p->job, &result, &delta, &why);
	if (!err)
		op = make_op(c, p, donor, &result, &delta);
	buf_deinit(&delta);
	if (op) {
		donor->rejected = 0;
		accept(c, lease, op);
	} else if (err && err != ERR_NOMEM) {
		reject(c, lease, donor, why.text);
	} else {
		lease_close(c, lease);
	}
}

void result_step(struct coord *c, const struct coord_result *r)
{
	struct lease *lease = lease_find(c, r->call);
	struct donor *donor;
	const char *why;

	if (!lease)
		return;
	if (lease->batch) {
		audit_result(c, lease, r);
		return;
	}
	donor = donors_by_pass(&c->donors, r->pass);
	if (donor)
		donor->heard_ms = c->now_ms;
	why = refusal(lease, r, donor);
	if (why) {
		reject(c, lease, donor, why);
	} else if (lease->part->settled) {
		/* Another device was first. Nobody's fault. */
		lease->part->pjob->duplicates++;
		lease_close(c, lease);
	} else {
		check_and_accept(c, lease, r, donor);
	}
}
