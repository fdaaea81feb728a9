#include "coordinator/coord_state.h"

#include <stdlib.h>

/* --- parts --------------------------------------------------------------- */

static void part_free(struct part *part)
{
	if (!part)
		return;
	buf_deinit(&part->planned.input);
	buf_deinit(&part->planned.note);
	free(part);
}

static struct part *part_new(struct pjob *p, uint32_t budget_ms)
{
	struct part *part = calloc(1, sizeof *part);

	if (!part)
		return NULL;
	part->pjob = p;
	part->budget_ms = budget_ms;
	buf_init(&part->planned.input);
	buf_init(&part->planned.note);
	return part;
}

static void set_again(struct coord *c, struct part *part, bool again)
{
	if (part->again == again)
		return;
	part->again = again;
	if (again)
		TAILQ_INSERT_TAIL(&c->again, part, link);
	else
		TAILQ_REMOVE(&c->again, part, link);
}

/* No lease of it is open any more: what was not accepted is free again. */
static void part_over(struct coord *c, struct part *part)
{
	struct pjob *p = part->pjob;

	set_again(c, part, false);
	if (!part->settled &&
	    ranges_move(p->ranges, part->from, part->planned.count,
			RANGE_LENT, RANGE_FREE) != 0)
		coord_out_of_memory(c);
	p->kind->job->unplan(p->job, buf_bytes(&part->planned.note));
	p->parts--;
	part_free(part);
}

/* --- leases -------------------------------------------------------------- */

static uint64_t most(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t timeout_ms(uint32_t budget_ms)
{
	return most(TIMEOUT_MS_MIN, 5 * (uint64_t)budget_ms);
}

struct lease *lease_find(const struct coord *c, uint64_t id)
{
	return map_get(&c->leases_by_id, id);
}

static void emit_call(struct coord *c, const struct lease *lease)
{
	coord_emit(c, &(struct coord_effect){ .type = EF_CALL,
					      .lease = lease->id });
}

struct lease *lease_new(struct coord *c, struct part *part,
			struct batch *batch, uint32_t budget_ms)
{
	struct lease *lease = calloc(1, sizeof *lease);

	if (!lease)
		return NULL;
	lease->id = ++c->last_lease;
	if (map_put(&c->leases_by_id, lease->id, lease) != 0) {
		free(lease);
		return NULL;
	}
	lease->part = part;
	lease->batch = batch;
	lease->trusted = batch && c->donors.audit_slots > 0;
	lease->budget_ms = budget_ms;
	lease->lent_ms = c->now_ms;
	lease->late_ms = c->now_ms +
			 most(LATE_MS_MIN, 3 * (uint64_t)budget_ms);
	lease->end_ms = c->now_ms + timeout_ms(budget_ms) + TIMEOUT_SPARE_MS;
	TAILQ_INSERT_TAIL(&c->leases, lease, link);
	if (part)
		part->open++;
	c->chunks_lent += !batch;
	if (lease->trusted)
		c->open_audits++;
	else
		c->open_chunks++;
	emit_call(c, lease);
	return lease;
}

void lease_close(struct coord *c, struct lease *lease)
{
	struct part *part = lease->part;

	map_del(&c->leases_by_id, lease->id);
	TAILQ_REMOVE(&c->leases, lease, link);
	if (lease->trusted)
		c->open_audits--;
	else
		c->open_chunks--;
	free(lease);
	if (part && --part->open == 0)
		part_over(c, part);
}

void lend_free(struct coord *c)
{
	struct lease *lease;

	while ((lease = TAILQ_FIRST(&c->leases)) != NULL)
		lease_close(c, lease);
}

void lend_lost(struct coord *c)
{
	struct lease *lease;

	while ((lease = TAILQ_FIRST(&c->leases)) != NULL) {
		if (lease->batch)
			trust_retry(&c->trust, lease->batch);
		lease_close(c, lease);
	}
}

bool coord_call(const struct coord *c, uint64_t id, struct coord_call *out)
{
	const struct lease *lease = lease_find(c, id);

	if (!lease)
		return false;
	*out = (struct coord_call){
		.audit = lease->batch != NULL,
		.procedure = lease->trusted ? PROCEDURE_AUDIT :
					      PROCEDURE_CHUNK,
		.budget_ms = lease->budget_ms,
		.timeout_ms = (uint32_t)timeout_ms(lease->budget_ms),
		.piece = PIECE_ALL,
	};
	if (lease->batch) {
		const struct candidate *k = &lease->batch->candidate;

		out->job = "audit";
		out->kind = k->kind;
		out->from = k->from;
		out->count = k->units;
		out->seed = k->seed;
		out->piece = k->piece;
		out->input = buf_bytes(&k->input);
	} else {
		const struct part *part = lease->part;

		out->job = part->pjob->name;
		out->kind = part->pjob->kind->name;
		out->from = part->from;
		out->count = part->planned.count;
		out->seed = part->planned.seed;
		out->input = buf_bytes(&part->planned.input);
	}
	return true;
}

/* --- back-pressure ------------------------------------------------------- */

/* Many calls fail at once when one device goes: that is one sign, not many. */
void lend_slow_down(struct coord *c, bool fewer)
{
	if (c->now_ms < c->slow_until_ms)
		return;
	c->slow_ms = c->slow_ms ? 2 * c->slow_ms : SLOW_MS_MIN;
	if (c->slow_ms > SLOW_MS_MAX)
		c->slow_ms = SLOW_MS_MAX;
	c->slow_until_ms = c->now_ms + c->slow_ms;
	if (fewer)
		c->limit = c->open_chunks ? c->open_chunks : 1;
}

/* Registered, but not one result for as long as a call may take. */
static void remove_silent(struct coord *c, uint64_t since_ms)
{
	size_t at = 0;
	struct session *s;

	if (c->now_ms - c->silent_ms < 1000)
		return;
	c->silent_ms = c->now_ms;
	while ((s = session_next(&c->donors, &at)) != NULL)
		if (s->chunk && s->heard_ms <= since_ms &&
		    (!s->donor || s->donor->heard_ms <= since_ms))
			coord_emit(c, &(struct coord_effect){
					      .type = EF_REMOVE,
					      .session = s->id });
}

void lend_failed(struct coord *c, uint64_t id, enum coord_failure failure)
{
	struct lease *lease = lease_find(c, id);
	uint64_t lent_ms;

	if (!lease)
		return;
	lent_ms = lease->lent_ms;
	if (lease->batch) {
		trust_retry(&c->trust, lease->batch);
		c->audit_after_ms = c->now_ms + SLOW_MS_MIN;
	} else if (failure == FAILURE_GARBAGE || failure == FAILURE_WORKER) {
		lease->part->pjob->rejected++;
	}
	lease_close(c, lease);
	if (failure == FAILURE_TIMEOUT)
		remove_silent(c, lent_ms);
	else
		lend_slow_down(c, failure == FAILURE_BUSY);
}

/* --- lending ------------------------------------------------------------- */

/* What another device has had for too long. */
static bool lend_again(struct coord *c)
{
	struct part *part;

	do {
		part = TAILQ_FIRST(&c->again);
		if (!part)
			return false;
		set_again(c, part, false);
	} while (part->settled);
	if (!lease_new(c, part, NULL, part->budget_ms))
		return false;
	part->pjob->late++;
	return true;
}

/* What one device gets at most of what is left: a slot's share, so that no
 * device sits idle while another has it all, but not less than is worth a
 * call (guided self-scheduling; Polychronopoulos and Kuck 1987). */
static uint64_t share(const struct coord *c, const struct pjob *p)
{
	uint64_t slots = c->donors.slots ? c->donors.slots : 1;
	uint64_t part = ranges_units(p->ranges, RANGE_FREE) / slots + 1;
	double unit_us = p->tally.units ? (double)p->tally.credit_us /
						  (double)p->tally.units :
					  LEAST_US;
	double least = LEAST_US / (unit_us + 1e-3);

	return (double)part > least ? part : (uint64_t)least + 1;
}

static bool plan(struct coord *c, struct part *part)
{
	struct pjob *p = part->pjob;
	struct plan_ask ask = {
		.seed = coord_random(c) & KIND_INTEGER_MAX,
		.devices = c->donors.devices ? c->donors.devices : 1,
		.budget_ms = part->budget_ms,
	};

	if (!ranges_first_free(p->ranges, &ask.from, &ask.available))
		return false;
	if (ask.available > share(c, p))
		ask.available = share(c, p);
	if (!p->kind->job->plan(p->job, &ask, &part->planned))
		return false;
	part->from = ask.from;
	budget_saw(&c->budget, part->planned.input.len);
	return true;
}

/* Room is kept for what will be moved back when the lease is over. */
static bool lend_range(struct coord *c, struct part *part)
{
	struct pjob *p = part->pjob;

	if (ranges_reserve(p->ranges, 2 * (p->parts + 2)) != 0 ||
	    ranges_move(p->ranges, part->from, part->planned.count,
			RANGE_FREE, RANGE_LENT) != 0)
		return false;
	p->parts++;
	part->open++; /* so that a failed lease ends as all do */
	lease_new(c, part, NULL, part->budget_ms);
	if (--part->open == 0)
		part_over(c, part);
	return true;
}

static bool lend_new(struct coord *c, struct pjob *p)
{
	struct part *part = part_new(p, budget_ms(&c->budget, c->donors.devices));

	if (!part || !plan(c, part)) {
		part_free(part);
		return false;
	}
	if (!lend_range(c, part)) {
		p->kind->job->unplan(p->job, buf_bytes(&part->planned.note));
		part_free(part);
		return false;
	}
	if (!c->first_lent_ms)
		c->first_lent_ms = c->now_ms;
	return true;
}

static bool lend_one(struct coord *c)
{
	struct pjob *p;

	if (lend_again(c))
		return true;
	TAILQ_FOREACH(p, &c->programme, link)
		if (p->state == PJOB_RUNNING && lend_new(c, p))
			return true;
	return false;
}

static uint32_t window(const struct coord *c)
{
	return c->donors.slots < c->limit ? c->donors.slots : c->limit;
}

void lend_step(struct coord *c)
{
	unsigned lent = 0;

	c->behind = false;
	if (!c->ready || c->paused || c->trouble[0] || c->fatal ||
	    c->depth > DEPTH_MAX || c->now_ms < c->slow_until_ms)
		return;
	while (c->open_chunks < window(c)) {
		if (lent++ == LENDS_A_STEP) {
			c->behind = true;
			return;
		}
		if (!lend_one(c)) {
			c->spare = c->donors.slots > 0;
			return;
		}
	}
}

bool coord_is_behind(const struct coord *c)
{
	return c->behind;
}

unsigned coord_open_calls(const struct coord *c)
{
	return c->open_chunks + c->open_audits;
}

/* Leases are in the order of lending: the first that is in time ends it. */
void lend_tick(struct coord *c)
{
	struct lease *lease = TAILQ_FIRST(&c->leases), *next;

	for (; lease && c->now_ms >= lease->lent_ms + LATE_MS_MIN;
	     lease = next) {
		next = TAILQ_NEXT(lease, link);
		if (!lease->late && c->now_ms >= lease->late_ms) {
			lease->late = true;
			if (lease->part && !lease->part->settled &&
			    lease->part->open < COPIES_MAX)
				set_again(c, lease->part, true);
		}
		if (c->now_ms >= lease->end_ms) {
			coord_emit(c, &(struct coord_effect){
					      .type = EF_CANCEL,
					      .lease = lease->id });
			lend_failed(c, lease->id, FAILURE_TIMEOUT);
		}
	}
}
