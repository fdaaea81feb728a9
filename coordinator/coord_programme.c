#include "coordinator/coord_state.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/playlist.h"

#define BIT(state) (1U << (state))

/* Which states may follow. */
static const unsigned moves[] = {
	[PJOB_QUEUED] = BIT(PJOB_PARSING) | BIT(PJOB_LEFT) | BIT(PJOB_FAILED),
	[PJOB_PARSING] = BIT(PJOB_LOADING) | BIT(PJOB_FAILED) | BIT(PJOB_LEFT),
	[PJOB_LOADING] = BIT(PJOB_PREPARING) | BIT(PJOB_FINISHED) |
			 BIT(PJOB_FAILED) | BIT(PJOB_LEFT) | BIT(PJOB_QUEUED),
	[PJOB_PREPARING] = BIT(PJOB_RUNNING) | BIT(PJOB_FAILED) |
			   BIT(PJOB_LEFT),
	[PJOB_RUNNING] = BIT(PJOB_FINISHING) | BIT(PJOB_LEFT) |
			 BIT(PJOB_FAILED),
	[PJOB_FINISHING] = BIT(PJOB_FINISHED),
	[PJOB_FINISHED] = 0,
	[PJOB_FAILED] = 0,
	[PJOB_LEFT] = 0,
};

static void set_state(struct coord *c, struct pjob *p, enum pjob_state state)
{
	assert(moves[p->state] & BIT(state));
	p->state = state;
	c->progress_due = true;
}

bool pjob_is_over(const struct pjob *p)
{
	return p->state >= PJOB_FINISHED;
}

static bool is_active(const struct pjob *p)
{
	return p->state > PJOB_QUEUED && !pjob_is_over(p);
}

/* --- the list ------------------------------------------------------------ */

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

static void pjob_free(struct coord *c, struct pjob *p)
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

void programme_free(struct coord *c)
{
	while (!TAILQ_EMPTY(&c->programme))
		pjob_free(c, TAILQ_FIRST(&c->programme));
}

int coord_queue(struct coord *c, const char *spec)
{
	const struct pjob *p;
	unsigned queued = 0;

	TAILQ_FOREACH(p, &c->programme, link)
		queued += p->state == PJOB_QUEUED;
	if (queued >= QUEUE_MAX || strlen(spec) >= SPEC_BYTES)
		return ERR_LIMIT;
	return pjob_new(c, spec, 0) ? 0 : ERR_NOMEM;
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

/* The first that runs; else the last that is over; else the first of all. */
struct pjob *pjob_current(const struct coord *c)
{
	struct pjob *p, *over = NULL;

	TAILQ_FOREACH(p, &c->programme, link) {
		if (p->state == PJOB_RUNNING || p->state == PJOB_FINISHING)
			return p;
		if (pjob_is_over(p))
			over = p;
	}
	return over ? over : TAILQ_FIRST(&c->programme);
}

static void fail(struct coord *c, struct pjob *p, const struct why *why)
{
	p->error = *why;
	c->failed = true;
	set_state(c, p, PJOB_FAILED);
	coord_log(c, "%s", why->text);
}

/* --- parse, load, prepare ------------------------------------------------ */

static void start(struct coord *c, struct pjob *p)
{
	struct prep *prep = prep_new(p->serial, p->record.spec);

	if (!prep) {
		coord_out_of_memory(c);
		return;
	}
	if (c->config.find_kind)
		prep->find = c->config.find_kind;
	set_state(c, p, PJOB_PARSING);
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
	set_state(c, p, PJOB_LOADING);
	coord_store(c, op);
}

/* The same job is there already, not yet over or still lent. (A digest is
 * known from the first parsing on.) */
static bool is_twice(const struct coord *c, const struct pjob *p)
{
	const struct pjob *other;

	if (!p->record.kind[0])
		return false;
	TAILQ_FOREACH(other, &c->programme, link)
		if (other != p && other->record.id && other->ranges &&
		    (!pjob_is_over(other) || other->parts) &&
		    memcmp(other->record.digest, p->record.digest,
			   SHA256_BYTES) == 0)
			return true;
	return false;
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
	set_state(c, p, PJOB_FINISHED);
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
	if (is_twice(c, p)) {
		prep_free(p->prep);
		p->prep = NULL;
		set_state(c, p, PJOB_QUEUED);
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
	set_state(c, p, PJOB_PREPARING);
	coord_emit(c, &(struct coord_effect){ .type = EF_PREPARE,
					      .prep = p->prep });
	p->prep = NULL;
}

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
	set_state(c, p, PJOB_RUNNING);
	pjob_look(p);
}

void programme_prepared(struct coord *c, struct prep *prep)
{
	struct pjob *p = pjob_by_serial(c, prep->serial);

	if (p && (p->state == PJOB_PARSING || p->state == PJOB_PREPARING)) {
		if (prep->err) {
			fail(c, p, &prep->why);
		} else if (p->state == PJOB_PARSING) {
			load(c, p, prep);
			return;
		} else {
			run(c, p, prep);
		}
	}
	prep_free(prep);
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
static bool is_done(struct coord *c, struct pjob *p)
{
	if (!p->kind->job->unmerge && p->kind->job->done(p->job))
		return true;
	if (p->tally.units < p->record.total)
		return false;
	return p->tally.verified_units == p->tally.units || is_alone(c, p);
}

static void finish(struct coord *c, struct pjob *p)
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
	set_state(c, p, PJOB_FINISHING);
	coord_store(c, op);
}

void programme_finished(struct coord *c, struct op *op)
{
	struct pjob *p = pjob_by_serial(c, op->tag);

	if (!p)
		return;
	p->answer = op->answer;
	buf_init(&op->answer);
	set_state(c, p, PJOB_FINISHED);
	coord_emit(c, &(struct coord_effect){ .type = EF_TELL_FINISHED,
					      .tag = p->serial });
}

bool coord_finished(const struct coord *c, uint64_t tag,
		    struct coord_finished *out)
{
	const struct pjob *p = pjob_by_serial(c, tag);

	if (!p || p->state != PJOB_FINISHED)
		return false;
	*out = (struct coord_finished){ p->name, p->record.kind,
					p->record.spec,
					buf_bytes(&p->answer) };
	return true;
}

/* --- the programme ------------------------------------------------------- */

static void add_from_playlist(struct coord *c)
{
	double core_s = rate_now(&c->rate, c->now_ms).credit_us / 1e6;
	char spec[SPEC_BYTES];

	if (c->resume.id) {
		snprintf(spec, sizeof spec, "%s", c->resume.spec);
		c->resume.id = 0;
	} else {
		if (core_s < c->donors.threads)
			core_s = c->donors.threads;
		playlist_spec((unsigned)c->playlist++, core_s, spec,
			      sizeof spec);
	}
	if (!pjob_new(c, spec, c->playlist))
		coord_out_of_memory(c);
}

/* Over, not shown, and nothing of it lent. */
static void sweep(struct coord *c)
{
	const struct pjob *current = pjob_current(c);
	struct pjob *p = TAILQ_FIRST(&c->programme), *next;

	for (; p; p = next) {
		next = TAILQ_NEXT(p, link);
		if (pjob_is_over(p) && p != current && p->parts == 0)
			pjob_free(c, p);
	}
}

/* How many are under way, and the first that waits. One that is not yet
 * running counts twice: nothing is begun beside it. */
static unsigned count_active(const struct coord *c, struct pjob **queued)
{
	unsigned active = 0;
	struct pjob *p;

	*queued = NULL;
	TAILQ_FOREACH(p, &c->programme, link) {
		if (is_active(p))
			active += p->state < PJOB_RUNNING ? 2 : 1;
		if (!*queued && p->state == PJOB_QUEUED)
			*queued = p;
	}
	return active;
}

static void go_on(struct coord *c)
{
	struct pjob *queued;
	unsigned active = count_active(c, &queued);

	/* One at a time, and one more for the devices to spare. */
	if (active >= (c->spare ? 2U : 1U))
		return;
	c->spare = false;
	if (!queued && c->config.playlist) {
		add_from_playlist(c);
		count_active(c, &queued);
	}
	if (queued && is_twice(c, queued))
		return;
	if (queued) {
		start(c, queued);
	} else if (!active && c->config.exit_when_done && !c->done &&
		   !TAILQ_EMPTY(&c->programme)) {
		c->done = true;
		coord_emit(c, &(struct coord_effect){
				      .type = EF_DONE,
				      .err = c->failed ? ERR_STATE : 0 });
	}
}

void programme_step(struct coord *c)
{
	struct pjob *p;

	TAILQ_FOREACH(p, &c->programme, link)
		if (p->state == PJOB_RUNNING && is_done(c, p))
			finish(c, p);
	go_on(c);
	sweep(c);
}

void programme_next(struct coord *c)
{
	struct pjob *p;

	TAILQ_FOREACH(p, &c->programme, link)
		if (is_active(p) && p->state != PJOB_FINISHING) {
			set_state(c, p, PJOB_LEFT);
			return;
		}
}

static void snapshot(struct coord *c, struct pjob *p)
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

void programme_snapshots(struct coord *c)
{
	struct pjob *p;

	TAILQ_FOREACH(p, &c->programme, link)
		if (p->state == PJOB_RUNNING && p->merged &&
		    (p->merged >= SNAPSHOT_CHUNKS ||
		     c->now_ms - p->snapshot_ms >= SNAPSHOT_MS))
			snapshot(c, p);
}
