#include "coordinator/coord_state.h"

#include <stdio.h>
#include <string.h>

static const char *state_text(const struct coord *c, const struct pjob *p)
{
	if (!p)
		return "idle";
	switch (p->state) {
	case PJOB_QUEUED:
	case PJOB_PARSING:
	case PJOB_LOADING:
	case PJOB_PREPARING:
		return "preparing";
	case PJOB_RUNNING:
	case PJOB_FINISHING:
		return c->paused || c->trouble[0] ? "paused" : "running";
	case PJOB_FINISHED:
		return "finished";
	case PJOB_FAILED:
		return "failed";
	case PJOB_LEFT:
		break;
	}
	return "idle";
}

static void look_at_job(const struct pjob *p, const struct rates *rates,
			struct coord_status *out)
{
	const struct tally *t = &p->tally;
	uint64_t left = p->record.total - t->units;

	snprintf(out->job, sizeof out->job, "%s", p->name);
	out->spec = p->record.spec;
	out->kind = p->record.kind;
	out->unit = p->kind ? p->kind->unit : "";
	out->units = t->units;
	out->total = p->record.total;
	out->verified = t->verified_units;
	out->chunks = t->chunks;
	out->unconfirmed = t->unconfirmed;
	out->verified_us = t->verified_us;
	out->pending_us = t->credit_us - t->verified_us;
	out->rejected = p->rejected;
	out->late = p->late;
	out->duplicates = p->duplicates;
	out->revision = p->revision;
	out->done = p->state == PJOB_FINISHED;
	out->of = p->job ? p->kind : NULL;
	out->kind_job = p->job;
	if (p->record.total)
		out->progress = (double)t->units / (double)p->record.total;
	if (out->done)
		out->progress = 1;
	if (p->state == PJOB_RUNNING && rates->units > 0)
		out->eta_s = (double)left / rates->units;
	if (p->state == PJOB_FAILED)
		out->error = p->error.text;
}

static void count_earners(const struct pjob *p, struct coord_status *out)
{
	size_t at = 0;
	const struct donor *d;

	while ((d = map_next(&p->earners, &at)) != NULL) {
		out->donors++;
		out->donors_trusted += d->record.trusted;
	}
}

void coord_status(const struct coord *c, uint64_t now_ms,
		  struct coord_status *out)
{
	const struct pjob *p = pjob_current(c);
	struct rates rates = rate_now(&c->rate, now_ms);

	*out = (struct coord_status){
		.spec = "",
		.kind = "",
		.unit = "",
		.state = state_text(c, p),
		.devices = c->donors.devices,
		.threads = c->donors.threads,
		.rate = rates.credit_us / 1e6,
		.chunks_per_s = rates.chunks,
		.eta_s = -1,
		.audit = c->donors.audit_slots ? "trusted" : "donors",
	};
	if (c->first_lent_ms)
		out->elapsed_s = (double)(now_ms - c->first_lent_ms) / 1000;
	if (p) {
		look_at_job(p, &rates, out);
		count_earners(p, out);
	}
	if (c->trouble[0])
		out->error = c->trouble;
}

const char *coord_queued(const struct coord *c, size_t i)
{
	const struct pjob *p;

	TAILQ_FOREACH(p, &c->programme, link)
		if (p->state == PJOB_QUEUED && i-- == 0)
			return p->record.spec;
	return NULL;
}

int coord_picture(const struct coord *c, uint64_t since, unsigned page,
		  struct picture *out)
{
	const struct pjob *p = pjob_current(c);

	if (!p || !p->job)
		return ERR_NOT_FOUND;
	return p->kind->job->picture(p->job, since, page, out);
}

int coord_answer(const struct coord *c, struct buf *out)
{
	const struct pjob *p = pjob_current(c);

	if (p && p->answer.len)
		return buf_add_bytes(out, buf_bytes(&p->answer));
	if (!p || !p->job)
		return ERR_NOT_FOUND;
	return p->kind->job->answer(p->job, out);
}

void coord_credited(struct coord *c, void (*fn)(void *ctx, uint64_t donor),
		    void *ctx)
{
	size_t at = 0;
	struct donor *d;

	while ((d = donors_next(&c->donors, &at)) != NULL) {
		if (d->credited)
			fn(ctx, d->record.id);
		d->credited = false;
	}
}

const struct donor *coord_donor(const struct coord *c, uint64_t id)
{
	return donors_by_id(&c->donors, id);
}

const struct donor *coord_donor_of(const struct coord *c, uint64_t session)
{
	const struct session *s = session_find(&c->donors, session);

	return s ? s->donor : NULL;
}

const struct donor *coord_ranked(const struct coord *c, size_t i)
{
	return board_at(&c->board, i);
}

size_t coord_ranked_count(const struct coord *c)
{
	return c->board.count;
}

const struct donor *coord_each_donor(const struct coord *c, size_t *at)
{
	return donors_next(&c->donors, at);
}
