#include "coordinator/view.h"

#include <string.h>

/* Collects failures: a dict in the making. */
struct maker {
	struct arena *a;
	struct value *dict; /* NULL after a failure */
};

static struct maker make(struct arena *a)
{
	struct maker m = { a, arena_alloc(a, sizeof *m.dict) };

	if (m.dict)
		*m.dict = value_dict();
	return m;
}

static void set(struct maker *m, const char *key, struct value v)
{
	if (m->dict && dict_set(m->a, m->dict, key, v) != 0)
		m->dict = NULL;
}

static void set_u64(struct maker *m, const char *key, uint64_t v)
{
	set(m, key, value_int((int64_t)v));
}

/* Copied: the text may be gone when the value is still there. */
static void set_text(struct maker *m, const char *key, const char *text)
{
	char *copy = arena_str(m->a, bytes_str(text));

	if (copy)
		set(m, key, value_str(copy));
	else
		m->dict = NULL;
}

static void set_number(struct maker *m, const char *key, double v, bool known)
{
	set(m, key, known ? value_real(v) : value_null());
}

struct value *view_json(struct arena *a, struct bytes text)
{
	static const struct wamp_limits limits = {
		.bytes_max = 1 << 28,
		.depth_max = 32,
		.elements_max = 1 << 26,
	};
	struct value *v = NULL;

	if (serializer_json.decode(a, text, &limits, &v) != 0)
		return NULL;
	return v;
}

/* --- status -------------------------------------------------------------- */

/* The kind's own words: text, value, over, over_what. */
static void set_words(struct maker *m, const struct coord_status *s)
{
	static const char *const keys[] = { "text", "value", "over",
					    "over_what" };
	const struct value *words = NULL;
	struct buf json;

	buf_init(&json);
	if (s->of && s->of->job->status(s->kind_job, &json) == 0)
		words = view_json(m->a, buf_bytes(&json));
	/* Strings may be borrowed from the text. */
	if (words)
		words = value_copy(m->a, words);
	buf_deinit(&json);
	for (unsigned i = 0; i < 4; i++) {
		const struct value *v = dict_get(words, keys[i]);

		set(m, keys[i],
		    v ? *v : i == 0 ? value_str("") : value_null());
	}
}

static void set_job(struct maker *m, const struct coord_status *s)
{
	set_text(m, "job", s->job);
	set_text(m, "spec", s->spec);
	set_text(m, "kind", s->kind);
	set_text(m, "unit", s->unit);
	set_text(m, "state", s->state);
	set_u64(m, "units", s->units);
	set_u64(m, "total", s->total);
	set_u64(m, "verified", s->verified);
	set(m, "progress", value_real(s->progress));
	set_u64(m, "chunks", s->chunks);
	set_u64(m, "rejected", s->rejected);
	set_u64(m, "unconfirmed", s->unconfirmed);
	set_u64(m, "late", s->late);
	set_u64(m, "duplicates", s->duplicates);
	set_u64(m, "revision", s->revision);
	set_u64(m, "verified_us", s->verified_us);
	set_u64(m, "pending_us", s->pending_us);
}

static void set_crowd(struct maker *m, const struct coord_status *s)
{
	set_u64(m, "devices", s->devices);
	set_u64(m, "threads", s->threads);
	set(m, "rate", value_real(s->rate));
	set(m, "chunks_per_s", value_real(s->chunks_per_s));
	set_number(m, "eta_s", s->eta_s, s->eta_s >= 0);
	set(m, "elapsed_s", value_real(s->elapsed_s));
	set_text(m, "audit", s->audit);
	set_u64(m, "donors", s->donors);
	set_u64(m, "donors_trusted", s->donors_trusted);
	if (s->error)
		set_text(m, "error", s->error);
}

static void set_queue(struct maker *m, const struct coord *c)
{
	struct value list = value_list();
	const char *spec;

	for (size_t i = 0; (spec = coord_queued(c, i)) != NULL; i++) {
		char *copy = arena_str(m->a, bytes_str(spec));

		if (!copy || list_add(m->a, &list, value_str(copy)) != 0)
			m->dict = NULL;
	}
	set(m, "queue", list);
}

struct value *view_status(struct arena *a, const struct coord *c,
			  uint64_t now_ms, bool queue)
{
	struct maker m = make(a);
	struct coord_status s;

	coord_status(c, now_ms, &s);
	set_job(&m, &s);
	set_crowd(&m, &s);
	set_words(&m, &s);
	if (queue)
		set_queue(&m, c);
	return m.dict;
}

struct value *view_queue(struct arena *a, const struct coord *c)
{
	struct maker m = make(a);

	set_queue(&m, c);
	return m.dict;
}

static void set_answer(struct maker *m, const struct coord *c)
{
	struct value *answer = NULL;
	struct buf json;

	buf_init(&json);
	if (coord_answer(c, &json) == 0)
		answer = view_json(m->a, buf_bytes(&json));
	if (answer)
		answer = value_copy(m->a, answer);
	buf_deinit(&json);
	set(m, "answer", answer ? *answer : value_null());
}

struct value *view_result(struct arena *a, const struct coord *c,
			  uint64_t now_ms)
{
	struct maker m = make(a);
	struct coord_status s;

	coord_status(c, now_ms, &s);
	set_text(&m, "job", s.spec);
	set_text(&m, "kind", s.kind);
	set(&m, "done", value_bool(s.done));
	set_u64(&m, "units", s.units);
	set_u64(&m, "chunks", s.chunks);
	set(&m, "credit_core_seconds",
	    value_real((double)(s.verified_us + s.pending_us) / 1e6));
	set(&m, "verified_core_seconds",
	    value_real((double)s.verified_us / 1e6));
	set_u64(&m, "donors", s.donors);
	set_u64(&m, "donors_trusted", s.donors_trusted);
	set_u64(&m, "rejected", s.rejected);
	set_u64(&m, "unconfirmed", s.unconfirmed);
	set_answer(&m, c);
	set(&m, "elapsed_s", value_real(s.elapsed_s));
	if (s.error)
		set_text(&m, "error", s.error);
	return m.dict;
}

/* --- donors -------------------------------------------------------------- */

struct value *view_me(struct arena *a, const struct coord *c,
		      const struct donor *d)
{
	struct maker m = make(a);

	set_u64(&m, "donor", d->record.id);
	set_text(&m, "name", d->record.name);
	set_u64(&m, "rank", d->rank);
	set_u64(&m, "of", coord_ranked_count(c));
	set_u64(&m, "verified_us", d->verified_us);
	set_u64(&m, "pending_us", d->pending_us);
	set(&m, "frozen", value_bool(d->frozen));
	set_u64(&m, "chunks", d->chunks);
	set_u64(&m, "gains", d->gains);
	set_u64(&m, "devices", d->sessions);
	return m.dict;
}

static const char *explanation(const struct donor *d)
{
	if (d->record.trusted)
		return "This is a trusted worker of the host's: its work "
		       "counts at once and is not ranked.";
	if (d->frozen)
		return "Several batches could not be confirmed, so this "
		       "donor's work does not count for now. The host can "
		       "change that.";
	if (d->unconfirmed)
		return "A part of your work was computed again and came out "
		       "differently, so that batch does not count. All that "
		       "was confirmed stays.";
	return "Work counts by what it contains, not by time. Now and then "
	       "a piece of it, chosen at random, is computed again; if it is "
	       "the same, all of your pending credit becomes verified.";
}

struct value *view_explain(struct arena *a, const struct donor *d)
{
	struct maker m = make(a);

	set_u64(&m, "verified_us", d->verified_us);
	set_u64(&m, "pending_us", d->pending_us);
	set_u64(&m, "audits", d->audits);
	set_u64(&m, "unconfirmed", d->unconfirmed);
	set_text(&m, "text", explanation(d));
	return m.dict;
}

static int add_row(struct arena *a, struct value *rows, const struct donor *d)
{
	struct maker m = make(a);

	set_u64(&m, "donor", d->record.id);
	set_text(&m, "name", d->record.name);
	set_u64(&m, "rank", d->rank);
	set_u64(&m, "verified_us", d->verified_us);
	set_u64(&m, "pending_us", d->pending_us);
	set_text(&m, "device", d->record.device);
	set(&m, "present", value_bool(d->sessions > 0));
	set(&m, "frozen", value_bool(d->frozen));
	return m.dict ? list_add(a, rows, *m.dict) : ERR_NOMEM;
}

struct value *view_top(struct arena *a, const struct coord *c, uint64_t limit,
		       bool frozen)
{
	struct maker m = make(a);
	struct value rows = value_list();
	const struct donor *d;
	size_t at = 0;
	int err = 0;

	for (size_t i = 0; !err && i < limit; i++) {
		d = coord_ranked(c, i);
		if (!d)
			break;
		err = add_row(a, &rows, d);
	}
	while (!err && frozen && (d = coord_each_donor(c, &at)) != NULL)
		if (d->frozen)
			err = add_row(a, &rows, d);
	if (err)
		return NULL;
	set_text(&m, "category", "total");
	set(&m, "rows", rows);
	return m.dict;
}
