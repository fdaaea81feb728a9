/* The kind's job_ops: from a spec to an answer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compute/tsp/engine.h"
#include "compute/tsp/job.h"

enum { KICKS_A_CITY = 1000, FILE_NAME_MAX = 4096 };

/* --- spec ---------------------------------------------------------------- */

struct spec {
	char name[FILE_NAME_MAX]; /* file, or "places" */
	bool places;
	char region[32];
	uint64_t count, kicks; /* 0: not given */
};

static int set_number(uint64_t *out, const char *key, const char *v,
		      struct why *why)
{
	char *end;

	errno = 0;
	*out = strtoull(v, &end, 10);
	if (errno || *end || *v < '0' || *v > '9' || *out < 1 ||
	    *out > KIND_INTEGER_MAX)
		return why_set(why, ERR_RANGE,
			       "%s=%.24s: accepted are whole numbers from 1",
			       key, v);
	return 0;
}

static int set_option(struct spec *s, char *option, struct why *why)
{
	char *v = strchr(option, '=');

	if (v)
		*v++ = 0;
	if (v && strcmp(option, "kicks") == 0)
		return set_number(&s->kicks, option, v, why);
	if (v && s->places && strcmp(option, "count") == 0)
		return set_number(&s->count, option, v, why);
	if (v && s->places && strcmp(option, "region") == 0) {
		if (strlen(v) >= sizeof s->region)
			return why_set(why, ERR_RANGE,
				       "region=%.20s... is unknown; accepted "
				       "are world and ISO country codes", v);
		strcpy(s->region, v);
		return 0;
	}
	return why_set(why, ERR_USAGE,
		       "tsp: unknown option %.40s; accepted are %s", option,
		       s->places ? "region=…, count=… and kicks=…"
				 : "kicks=… after FILE.tsp&");
}

static int spec_read(struct spec *s, const char *text, struct why *why)
{
	char copy[FILE_NAME_MAX], *options, *save = NULL;
	int err = 0;

	*s = (struct spec){ .region = "world" };
	if (strlen(text) >= sizeof copy)
		return why_set(why, ERR_LIMIT, "tsp: the spec is too long");
	strcpy(copy, text);
	s->places = strcmp(copy, "places") == 0 ||
		    strncmp(copy, "places?", 7) == 0 ||
		    strncmp(copy, "places&", 7) == 0;
	options = strchr(copy, s->places && copy[6] == '?' ? '?' : '&');
	if (options)
		*options++ = 0;
	if (copy[0] == 0)
		return why_set(why, ERR_USAGE,
			       "tsp: accepted are FILE.tsp[&kicks=N] and "
			       "places?region=ES&count=2000[&kicks=N]");
	strcpy(s->name, copy);
	for (char *o = options ? strtok_r(options, "&", &save) : NULL;
	     o && !err; o = strtok_r(NULL, "&", &save))
		err = set_option(s, o, why);
	return err;
}

/* --- life ---------------------------------------------------------------- */

static void tsp_free(struct job *job)
{
	if (!job)
		return;
	instance_deinit(&job->in);
	free(job->points);
	nearest_deinit(&job->near);
	tour_deinit(&job->tour);
	journal_deinit(&job->journal);
	free(job->in_flight);
	free(job->worked);
	free(job->snapshot);
	for (unsigned i = 0; i < RECENT_MERGES; i++)
		free(job->recent[i].edges);
	free(job);
}

static int tsp_parse(struct job **out, const char *text,
		     const struct job_env *env, struct why *why)
{
	struct job *job = calloc(1, sizeof *job);
	struct spec spec;
	int err;

	if (!job)
		return why_set(why, ERR_NOMEM, "out of memory");
	err = spec_read(&spec, text, why);
	if (!err && spec.places)
		err = places_read(&job->in, env->places_file, spec.region,
				  spec.count, why);
	else if (!err)
		err = tsplib_read(&job->in, spec.name, why);
	if (!err) {
		job->optimum = spec.places ? 0 : tsplib_optimum(&job->in);
		job->kicks = spec.kicks ? spec.kicks
					: (uint64_t)job->in.n * KICKS_A_CITY;
		if (instance_sort(&job->in))
			err = why_set(why, ERR_NOMEM, "out of memory");
	}
	if (err) {
		tsp_free(job);
		return err;
	}
	*out = job;
	return 0;
}

/* From the Hilbert curve's order to a local optimum. */
static int first_tour(struct job *job)
{
	struct engine *e;
	int err = tour_init(&job->tour, job->in.n);

	if (!err)
		err = engine_new(&e, &job->space, NULL, 0);
	if (err)
		return err;
	err = engine_run(e, 0, UINT64_MAX) < 0 ? ERR_NOMEM : 0;
	if (!err)
		tour_set(&job->tour, engine_tour(e)->at);
	engine_free(e);
	job->length = tour_length(&job->tour, &job->space);
	job->first_length = job->length;
	return err;
}

static int prepare(struct job *job)
{
	uint32_t n = job->in.n;

	job->points = calloc(n, sizeof *job->points);
	job->in_flight = calloc(n, sizeof *job->in_flight);
	job->worked = calloc(n, sizeof *job->worked);
	job->snapshot = calloc(n, sizeof *job->snapshot);
	if (!job->points || !job->in_flight || !job->worked || !job->snapshot)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < n; i++)
		metric_point(job->in.metric, job->in.decimals,
			     &job->in.raw[i], &job->points[i]);
	job->space = (struct space){ job->in.metric, n, job->points };
	if (nearest_init(&job->near, &job->space) || first_tour(job))
		return ERR_NOMEM;
	job->revision = 1;
	picture_restart(job);
	return job->optimum ? 0 : bound_find(job);
}

static int tsp_prepare(struct job *job, struct why *why)
{
	return prepare(job) ? why_set(why, ERR_NOMEM, "out of memory") : 0;
}

static int tsp_identity(const struct job *job, struct buf *out)
{
	buf_add_u8(out, TSP_VERSION);
	buf_add_u8(out, (uint8_t)job->in.metric);
	buf_add_u8(out, (uint8_t)job->in.decimals);
	buf_add_varint(out, job->in.n);
	for (uint32_t i = 0; i < job->in.n; i++) {
		buf_add_varint(out, job->in.number[i]);
		for (unsigned k = 0; k < 2; k++)
			buf_add_svarint(out, job->in.raw[i].c[k]);
	}
	return buf_ok(out) ? 0 : ERR_NOMEM;
}

static uint64_t tsp_total(const struct job *job)
{
	return job->kicks;
}

/* --- credit and audits --------------------------------------------------- */

static uint64_t tsp_work_us(const struct job *job,
			    const struct result *result)
{
	uint64_t us = result->units / 1000 * TSP_KICK_NS;

	(void)job;
	us += result->units % 1000 * TSP_KICK_NS / 1000;
	return us;
}

static uint64_t tsp_pieces(const struct job *job, const struct result *result)
{
	(void)job;
	(void)result;
	return 1;
}

static struct bytes tsp_piece(const struct job *job,
			      const struct result *result, uint64_t piece)
{
	(void)job;
	(void)piece;
	return result->output;
}

/* --- answer -------------------------------------------------------------- */

static bool tsp_done(const struct job *job)
{
	return job->optimum && job->length == job->optimum;
}

/* A tour shorter than a known instance's optimum is of other cities under
 * its name: then nothing is known. */
static bool optimum_holds(const struct job *job)
{
	return job->optimum && job->length >= job->optimum;
}

static int tsp_answer(const struct job *job, struct buf *json)
{
	buf_printf(json, "{\"length\":%lld,\"tour\":[",
		   (long long)job->length);
	for (uint32_t i = 0; i < job->in.n; i++)
		buf_printf(json, "%s%u", i ? "," : "",
			   job->in.number[job->tour.at[i]]);
	buf_add_str(json, "]");
	if (optimum_holds(job))
		buf_printf(json, ",\"optimum\":%lld",
			   (long long)job->optimum);
	if (job->bound && job->bound_proved)
		buf_printf(json, ",\"bound\":%lld", (long long)job->bound);
	buf_add_str(json, "}");
	return buf_ok(json) ? 0 : ERR_NOMEM;
}

static int tsp_status(const struct job *job, struct buf *json)
{
	const char *what = NULL;
	int64_t base = 0;

	if (optimum_holds(job)) {
		what = "optimum";
		base = job->optimum;
	} else if (job->bound) {
		what = job->bound_proved ? "bound" : "estimate";
		base = job->bound;
	}
	if (job->in.metric == METRIC_SPHERE)
		buf_printf(json, "{\"text\":\"%u places, %.1f km by chords\"",
			   job->in.n, (double)job->length / 100);
	else
		buf_printf(json, "{\"text\":\"%u cities, length %lld\"",
			   job->in.n, (long long)job->length);
	buf_printf(json, ",\"value\":%lld", (long long)job->length);
	if (what)
		buf_printf(json, ",\"over\":%.6f,\"over_what\":\"%s\"}",
			   (double)job->length / (double)base - 1, what);
	else
		buf_add_str(json, ",\"over\":null,\"over_what\":null}");
	return buf_ok(json) ? 0 : ERR_NOMEM;
}

/* --- saved state --------------------------------------------------------- */

static int tsp_save(const struct job *job, struct buf *out)
{
	int64_t last = 0;

	buf_add_u8(out, TSP_VERSION);
	buf_add_varint(out, job->in.n);
	buf_add_u64(out, job->revision);
	buf_add_u64(out, (uint64_t)job->length);
	for (uint32_t i = 0; i < job->in.n; i++) {
		buf_add_svarint(out, (int64_t)job->tour.at[i] - last);
		last = (int64_t)job->tour.at[i];
	}
	return buf_ok(out) ? 0 : ERR_NOMEM;
}

/* A permutation, or false. */
static bool read_tour(struct reader *r, uint32_t n, uint32_t *order,
		      bool *seen)
{
	uint64_t city = 0;

	for (uint32_t i = 0; i < n; i++) {
		city += (uint64_t)read_svarint(r);
		if (!reader_ok(r) || city >= n || seen[city])
			return false;
		seen[city] = true;
		order[i] = (uint32_t)city;
	}
	return reader_done(r);
}

static int use_tour(struct job *job, const uint32_t *order, int64_t length,
		    struct why *why)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < job->in.n; i++)
		sum += metric_distance(&job->space, order[i],
				       order[i + 1 == job->in.n ? 0 : i + 1]);
	if (sum != length)
		return why_set(why, ERR_MALFORMED,
			       "the saved tour has length %lld, its record "
			       "says %lld", (long long)sum,
			       (long long)length);
	tour_set(&job->tour, order);
	job->length = length;
	return 0;
}

static int load_tour(struct job *job, struct reader *r, int64_t length,
		     struct why *why)
{
	uint32_t *order = calloc(job->in.n, sizeof *order);
	bool *seen = calloc(job->in.n, sizeof *seen);
	int err;

	if (!order || !seen)
		err = why_set(why, ERR_NOMEM, "out of memory");
	else if (!read_tour(r, job->in.n, order, seen))
		err = why_set(why, ERR_MALFORMED,
			      "the saved tour is no permutation of the "
			      "cities");
	else
		err = use_tour(job, order, length, why);
	free(order);
	free(seen);
	return err;
}

static int tsp_load(struct job *job, struct bytes saved, struct why *why)
{
	struct reader r = reader_of(saved);
	unsigned version = read_u8(&r);
	uint64_t n = read_varint(&r), revision = read_u64(&r);
	uint64_t length = read_u64(&r);
	int err;

	if (!reader_ok(&r) || version != TSP_VERSION || n != job->in.n ||
	    revision == 0 || revision > KIND_INTEGER_MAX)
		return why_set(why, ERR_MALFORMED,
			       "the saved tour is of another version or "
			       "instance");
	err = load_tour(job, &r, (int64_t)length, why);
	if (!err) {
		/* Viewers may know merges that the saved state does not. */
		job->revision = revision + (1 << 20);
		picture_restart(job);
	}
	return err;
}

const struct job_ops tsp_job = {
	.parse = tsp_parse,
	.prepare = tsp_prepare,
	.free = tsp_free,
	.identity = tsp_identity,
	.total = tsp_total,
	.plan = tsp_plan,
	.unplan = tsp_unplan,
	.check = tsp_check,
	.work_us = tsp_work_us,
	.pieces = tsp_pieces,
	.piece = tsp_piece,
	.merge = tsp_merge,
	.unmerge = NULL,
	.done = tsp_done,
	.picture = tsp_picture,
	.answer = tsp_answer,
	.status = tsp_status,
	.save = tsp_save,
	.load = tsp_load,
};
