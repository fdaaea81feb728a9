#include "coordinator/prep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct prep *prep_new(uint64_t serial, const char *spec)
{
	struct prep *p;

	if (strlen(spec) >= SPEC_BYTES)
		return NULL;
	p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->serial = serial;
	p->find = kind_find;
	memcpy(p->spec, spec, strlen(spec) + 1);
	buf_init(&p->snapshot);
	return p;
}

void prep_free(struct prep *p)
{
	if (!p)
		return;
	if (p->kind)
		p->kind->job->free(p->job);
	loaded_free(p->loaded);
	ranges_free(p->ranges);
	buf_deinit(&p->snapshot);
	free(p);
}

/* --- parse --------------------------------------------------------------- */

static int unknown_kind(const char *spec, struct why *why)
{
	char known[128] = "";
	const struct kind *kind;

	for (unsigned i = 0; (kind = kind_at(i)) != NULL; i++) {
		size_t len = strlen(known);

		snprintf(known + len, sizeof known - len, "%s%s:…",
			 i ? ", " : "", kind->name);
	}
	return why_set(why, ERR_USAGE, "job `%.80s`: accepted are %s", spec,
		       known);
}

int prep_kind(const char *spec, const struct kind *(*find)(struct bytes name),
	      const struct kind **kind, const char **rest, struct why *why)
{
	const char *colon = strchr(spec, ':');

	*kind = colon ? find(bytes_of(spec, (size_t)(colon - spec))) : NULL;
	if (!*kind)
		return unknown_kind(spec, why);
	*rest = colon + 1;
	return 0;
}

/* A job is its spec and the digest of its input. */
static int digest(struct prep *p)
{
	struct buf identity;
	int err;

	buf_init(&identity);
	err = p->kind->job->identity(p->job, &identity);
	if (!err) {
		const struct bytes parts[] = {
			bytes_of(p->spec, strlen(p->spec) + 1),
			buf_bytes(&identity),
		};

		err = sha256(parts, 2, p->digest);
	}
	buf_deinit(&identity);
	return err;
}

static int parse(struct prep *p, const struct job_env *env)
{
	const char *rest;
	int err = prep_kind(p->spec, p->find, &p->kind, &rest, &p->why);

	if (err)
		return err;
	err = p->kind->job->parse(&p->job, rest, env, &p->why);
	if (err)
		return err;
	p->total = p->kind->job->total(p->job);
	err = digest(p);
	return err ? why_set(&p->why, err, "job `%.80s`: %s", p->spec,
			     err_text(err)) :
		     0;
}

/* --- what the ledger says ------------------------------------------------ */

/* The fates of batches, as values of a map. */
static char verified, dropped;

static int read_fates(const struct loaded *l, struct map *fates)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct loaded_row *row = &l->rows[i];
		int err = 0;

		if (row->type == LEDGER_VERIFIED)
			err = map_put(fates, row->batch, &verified);
		else if (row->type == LEDGER_DROPPED)
			err = map_put(fates, row->batch, &dropped);
		if (err)
			return err;
	}
	return 0;
}

static void tally_row(struct tally *t, const struct loaded_row *row,
		      const struct map *fates)
{
	const void *fate = row->batch ? map_get(fates, row->batch) :
					&verified;

	t->unconfirmed += row->type == LEDGER_DROPPED;
	if (row->type != LEDGER_CHUNK || fate == &dropped)
		return;
	t->chunks++;
	t->units += row->units;
	t->credit_us += row->credit_us;
	if (fate == &verified) {
		t->verified_units += row->units;
		t->verified_us += row->credit_us;
	}
}

int tally_rows(const struct loaded *l, struct tally *out)
{
	struct map fates;
	int err;

	map_init(&fates);
	err = read_fates(l, &fates);
	*out = (struct tally){ 0 };
	for (size_t i = 0; !err && i < l->count; i++)
		tally_row(out, &l->rows[i], &fates);
	map_deinit(&fates);
	return err;
}

static int mark_done(struct prep *p, const struct map *fates)
{
	const struct loaded *l = p->loaded;

	for (size_t i = 0; i < l->count; i++) {
		const struct loaded_row *row = &l->rows[i];
		int err;

		if (row->type != LEDGER_CHUNK ||
		    (row->batch && map_get(fates, row->batch) == &dropped))
			continue;
		err = ranges_move(p->ranges, row->from, row->units, RANGE_FREE,
				  RANGE_DONE);
		if (err)
			return why_set(&p->why, err,
				       "ledger row %llu: units %llu + %llu: "
				       "%s",
				       (unsigned long long)row->seq,
				       (unsigned long long)row->from,
				       (unsigned long long)row->units,
				       err_text(err));
	}
	return 0;
}

static int restore_ranges(struct prep *p)
{
	struct map fates;
	int err;

	p->ranges = ranges_new(p->total);
	if (!p->ranges)
		return ERR_NOMEM;
	map_init(&fates);
	err = read_fates(p->loaded, &fates);
	if (!err)
		err = mark_done(p, &fates);
	map_deinit(&fates);
	return err;
}

/* --- ready --------------------------------------------------------------- */

static int no_delta(struct prep *p, const struct loaded_row *row)
{
	return why_set(&p->why, ERR_MALFORMED,
		       "ledger row %llu has no output",
		       (unsigned long long)row->seq);
}

static int unmerge_batch(struct prep *p, const struct loaded_row *drop)
{
	const struct job_ops *ops = p->kind->job;

	for (const struct loaded_row *row = p->loaded->rows;
	     ops->unmerge && row < drop; row++) {
		int err;

		if (row->type != LEDGER_CHUNK || row->batch != drop->batch)
			continue;
		if (!row->delta.data)
			return no_delta(p, row);
		err = ops->unmerge(p->job, row->delta, row->donor);
		if (err)
			return err;
	}
	return 0;
}

/* The deltas since the snapshot, in the ledger's order. */
static int replay(struct prep *p)
{
	const struct loaded *l = p->loaded;
	int err = 0;

	for (size_t i = 0; !err && i < l->count; i++) {
		const struct loaded_row *row = &l->rows[i];

		if (row->seq <= l->snapshot_seq)
			continue;
		if (row->type == LEDGER_DROPPED)
			err = unmerge_batch(p, row);
		else if (row->type == LEDGER_CHUNK && !row->delta.data)
			err = no_delta(p, row);
		else if (row->type == LEDGER_CHUNK)
			err = p->kind->job->merge(p->job, row->delta,
						  row->donor);
	}
	return err;
}

static int resume(struct prep *p)
{
	int err;

	if (!p->loaded->found)
		return p->kind->job->save(p->job, &p->snapshot);
	if (p->loaded->job.total != p->total)
		return why_set(&p->why, ERR_STATE,
			       "the ledger has %llu units",
			       (unsigned long long)p->loaded->job.total);
	err = tally_rows(p->loaded, &p->tally);
	if (!err)
		err = p->kind->job->load(p->job, p->loaded->snapshot, &p->why);
	return err ? err : replay(p);
}

static int ready(struct prep *p)
{
	int err = p->kind->job->prepare(p->job, &p->why);

	if (!err)
		err = restore_ranges(p);
	if (!err)
		err = resume(p);
	if (err && !p->why.text[0])
		why_set(&p->why, err, "job `%.80s`: %s", p->spec,
			err_text(err));
	return err;
}

void prep_run(struct prep *p, const struct job_env *env)
{
	p->why.text[0] = '\0';
	p->err = p->stage == PREP_PARSE ? parse(p, env) : ready(p);
}
