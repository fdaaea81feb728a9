#include "coordinator/coord_state.h"

#include <stdio.h>
#include <string.h>

#include "coordinator/playlist.h"

/* --- the list ------------------------------------------------------------ */

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

static bool is_active(const struct pjob *p)
{
	return p->state > PJOB_QUEUED && !pjob_is_over(p);
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

/* The same job is there already, not yet over or still lent. (A digest is
 * known from the first parsing on.) */
bool pjob_is_twice(const struct coord *c, const struct pjob *p)
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

/* --- what is next -------------------------------------------------------- */

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
	if (queued && pjob_is_twice(c, queued))
		return;
	if (queued) {
		pjob_start(c, queued);
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
		if (p->state == PJOB_RUNNING && pjob_is_done(c, p))
			pjob_finish(c, p);
	go_on(c);
	sweep(c);
}

void programme_next(struct coord *c)
{
	struct pjob *p;

	TAILQ_FOREACH(p, &c->programme, link)
		if (is_active(p) && p->state != PJOB_FINISHING) {
			pjob_set_state(c, p, PJOB_LEFT);
			return;
		}
}

void programme_snapshots(struct coord *c)
{
	struct pjob *p;

	TAILQ_FOREACH(p, &c->programme, link)
		if (p->state == PJOB_RUNNING && p->merged &&
		    (p->merged >= SNAPSHOT_CHUNKS ||
		     c->now_ms - p->snapshot_ms >= SNAPSHOT_MS))
			pjob_snapshot(c, p);
}
