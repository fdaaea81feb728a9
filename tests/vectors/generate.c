/*
 * generate: prints the golden vectors of a kind (README.md) to standard
 * output. Chunks are planned by the kind's own job, computed, checked, merged
 * and, before they are printed, computed a second time in another way: as a
 * chunk of exactly so many units.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "compute/kind.h"

static void die(const char *what, const char *why)
{
	fprintf(stderr, "generate: %s: %s\n", what, why);
	exit(1);
}

static void need(bool ok, const char *what)
{
	if (!ok)
		die(what, "failed");
}

/* --- one chunk -------------------------------------------------------------- */

/* Stops after `slices`, but not before the first unit; returns the units. */
static uint64_t compute(const struct kind *kind, const struct chunk *chunk,
			unsigned slices, struct buf *output)
{
	struct compute *c;
	uint64_t units = 0;
	struct why why;

	if (kind->compute->begin(&c, chunk, &why))
		die(kind->name, why.text);
	for (unsigned i = 0; units == 0 || (units < chunk->count && i < slices);
	     i++)
		units = kind->compute->slice(c);
	need(kind->compute->end(c, output) == 0, "end");
	kind->compute->free(c);
	return units;
}

static void print_hex(const char *key, struct bytes b)
{
	char *hex = malloc(2 * b.len + 1);

	need(hex != NULL, "memory");
	bytes_hex(b, hex);
	printf("\"%s\":\"%s\"", key, hex);
	free(hex);
}

static void print_line(const struct kind *kind, const struct chunk *chunk,
		       uint64_t units, struct bytes output)
{
	printf("{\"kind\":\"%s\",\"from\":%llu,\"count\":%llu,\"seed\":%llu,",
	       kind->name, (unsigned long long)chunk->from,
	       (unsigned long long)chunk->count,
	       (unsigned long long)chunk->seed);
	if (chunk->piece != PIECE_ALL)
		printf("\"piece\":%llu,", (unsigned long long)chunk->piece);
	printf("\"units\":%llu,", (unsigned long long)units);
	print_hex("input", chunk->input);
	putchar(',');
	print_hex("output", output);
	puts("}");
}

/* The chunk's line; `output` gets what it printed. */
static uint64_t emit(const struct kind *kind, const struct chunk *chunk,
		     unsigned slices, struct buf *output)
{
	uint64_t units = compute(kind, chunk, slices, output);
	struct chunk exact = *chunk;
	struct buf again;

	buf_init(&again);
	exact.count = units;
	need(compute(kind, &exact, UINT32_MAX, &again) == units, "replay");
	need(bytes_equal(buf_bytes(output), buf_bytes(&again)), "same bytes");
	print_line(kind, chunk, units, buf_bytes(output));
	buf_deinit(&again);
	return units;
}

/* The line of the audit of one piece of a result. */
static void emit_piece(const struct kind *kind, const struct job *job,
		       const struct result *result, uint64_t piece)
{
	struct chunk audit = result->chunk;
	struct buf output;

	buf_init(&output);
	audit.count = result->units;
	audit.piece = piece;
	emit(kind, &audit, UINT32_MAX, &output);
	need(bytes_equal(buf_bytes(&output),
			 kind->job->piece(job, result, piece)),
	     "piece");
	buf_deinit(&output);
}

/* --- a job ------------------------------------------------------------------ */

struct run {
	const struct kind *kind;
	struct job *job;
	struct rng *rng;
	uint64_t at;   /* the next unit */
	uint64_t most; /* units a chunk, 0: as planned */
	uint32_t budget_ms;
	unsigned slices; /* a chunk, at most */
};

static void merge(struct run *run, const struct result *result)
{
	struct buf delta;
	struct why why;

	buf_init(&delta);
	if (run->kind->job->check(run->job, result, &delta, &why))
		die(run->kind->name, why.text);
	need(run->kind->job->merge(run->job, buf_bytes(&delta), 1) == 0,
	     "merge");
	buf_deinit(&delta);
}

/* One chunk of the job, if there is one left; every fifth with an audit. */
static bool one_chunk(struct run *run, unsigned i)
{
	struct plan_ask ask = { .from = run->at, .devices = 30 };
	const struct job_ops *ops = run->kind->job;
	struct planned planned = { 0 };
	struct result result;
	struct buf output;

	ask.available = ops->total(run->job) - run->at;
	ask.seed = rng_next(run->rng) >> 11;
	ask.budget_ms = run->budget_ms;
	if (ask.available == 0 || !ops->plan(run->job, &ask, &planned))
		return false;
	if (run->most && planned.count > run->most)
		planned.count = 1 + rng_below(run->rng, (uint32_t)run->most);
	buf_init(&output);
	result = (struct result){
		.chunk = { run->at, planned.count, planned.seed, PIECE_ALL,
			   buf_bytes(&planned.input) },
		.note = buf_bytes(&planned.note),
	};
	result.units = emit(run->kind, &result.chunk, run->slices, &output);
	result.output = buf_bytes(&output);
	if (i % 5 == 0) {
		uint64_t pieces = ops->pieces(run->job, &result);

		emit_piece(run->kind, run->job, &result,
			   rng_below(run->rng, (uint32_t)pieces));
	}
	merge(run, &result);
	ops->unplan(run->job, buf_bytes(&planned.note));
	run->at += result.units;
	buf_deinit(&output);
	buf_deinit(&planned.input);
	buf_deinit(&planned.note);
	return true;
}

static void some_chunks(struct rng *rng, const char *kind, const char *spec,
			const char *places, unsigned chunks, struct run like)
{
	struct job_env env = { .places_file = places, .threads = 1 };
	struct run run = like;
	struct why why;

	run.kind = kind_find(bytes_str(kind));
	run.rng = rng;
	if (run.kind->job->parse(&run.job, spec, &env, &why) ||
	    run.kind->job->prepare(run.job, &why))
		die(spec, why.text);
	for (unsigned i = 0; i < chunks && one_chunk(&run, i); i++)
		;
	run.kind->job->free(run.job);
}

/* --- pi ----------------------------------------------------------------------- */

/* A chunk of short blocks anywhere, also where a job's own are long. */
static void pi_by_hand(struct rng *rng, uint32_t position)
{
	const struct kind *kind = kind_find(bytes_str("pi"));
	uint32_t block = 1 + rng_below(rng, 200);
	uint64_t units = (uint64_t)position * 14 / 5 / block;
	struct chunk chunk = { .piece = PIECE_ALL };
	struct buf input, output;

	buf_init(&input);
	buf_init(&output);
	buf_add_u8(&input, 1);
	buf_add_u32(&input, position);
	buf_add_u32(&input, block);
	chunk.from = rng_below(rng, (uint32_t)(units - 10));
	chunk.count = 1 + rng_below(rng, 8);
	chunk.seed = rng_next(rng) >> 11;
	chunk.input = buf_bytes(&input);
	if (rng_below(rng, 4) == 0)
		chunk.piece = rng_below(rng, (uint32_t)chunk.count);
	emit(kind, &chunk, UINT32_MAX, &output);
	buf_deinit(&input);
	buf_deinit(&output);
}

static void generate_pi(struct rng *rng)
{
	static const char *const specs[] = { "1", "2", "3", "4", "5", "9",
					     "64", "1000", "31337" };
	static const uint32_t positions[] = {
		100000,    1000000,   10000000,  100000000,
		134217728, 536870912, 999999999, 1073741822,
	};
	const struct run small = { .most = 12, .budget_ms = 2, .slices = UINT32_MAX };
	const struct run large = { .most = 1, .budget_ms = 9, .slices = UINT32_MAX };
	const struct run cut = { .budget_ms = 60, .slices = 1 };

	for (unsigned i = 0; i < sizeof specs / sizeof specs[0]; i++)
		some_chunks(rng, "pi", specs[i], NULL, 12, small);
	for (unsigned i = 0; i < 160; i++)
		pi_by_hand(rng, positions[i % 8]);
	some_chunks(rng, "pi", "1000000", NULL, 4, small);
	some_chunks(rng, "pi", "100000000", NULL, 2, large);
	some_chunks(rng, "pi", "100000000", NULL, 1, cut);
}

/* --- tsp ---------------------------------------------------------------------- */

/* A file that goes with this run. */
static FILE *open_file(char name[32], const char *suffix)
{
	int fd;

	snprintf(name, 32, "/tmp/vectors-XXXXXX%s", suffix);
	fd = mkstemps(name, (int)strlen(suffix));
	need(fd >= 0, name);
	return fdopen(fd, "w");
}

static void write_city(FILE *f, struct rng *rng, const char *type, unsigned i)
{
	unsigned r[4];

	for (int j = 0; j < 4; j++)
		r[j] = rng_below(rng, 1000);
	if (strcmp(type, "GEO") == 0)
		fprintf(f, "%u %d.%02u %d.%02u\n", i, (int)(r[0] % 150) - 75,
			r[1] % 60, (int)(r[2] % 360) - 180, r[3] % 60);
	else if (strcmp(type, "CEIL_2D") == 0)
		fprintf(f, "%u %u.%03u %u.%03u\n", i, r[0], r[1], r[2], r[3]);
	else
		fprintf(f, "%u %u %u\n", i, r[0] * 10 + r[1] % 10,
			r[2] * 10 + r[3] % 10);
}

static void instance(struct rng *rng, const char *type, unsigned n,
		     unsigned chunks, struct run like)
{
	char name[32];
	FILE *f = open_file(name, ".tsp");

	fprintf(f, "NAME : vectors\nTYPE : TSP\nDIMENSION : %u\n"
		   "EDGE_WEIGHT_TYPE : %s\nNODE_COORD_SECTION\n", n, type);
	for (unsigned i = 1; i <= n; i++)
		write_city(f, rng, type, i);
	fputs("EOF\n", f);
	fclose(f);
	some_chunks(rng, "tsp", name, NULL, chunks, like);
	unlink(name);
}

static void places(struct rng *rng, unsigned n, unsigned chunks,
		   struct run like)
{
	char name[32], spec[64];
	FILE *f = open_file(name, ".tsv");

	for (unsigned i = 0; i < n; i++) {
		unsigned latitude = rng_below(rng, 70000);
		unsigned longitude = rng_below(rng, 90000);

		fprintf(f, "ES\t%u\t%u.%04u\t-%u.%04u\tplace %u\n",
			1000000 - i, 36 + latitude / 10000, latitude % 10000,
			longitude / 10000, longitude % 10000, i);
	}
	fclose(f);
	snprintf(spec, sizeof spec, "places?region=ES&count=%u", n);
	some_chunks(rng, "tsp", spec, name, chunks, like);
	unlink(name);
}

static void generate_tsp(struct rng *rng)
{
	const struct run some = { .most = 250, .budget_ms = 2, .slices = UINT32_MAX };
	const struct run cut = { .budget_ms = 60, .slices = 1 };
	static const unsigned sizes[] = { 5, 12, 60 };

	for (unsigned i = 0; i < 3; i++) {
		instance(rng, "EUC_2D", sizes[i], 14, some);
		instance(rng, "CEIL_2D", sizes[i], 14, some);
		instance(rng, "GEO", sizes[i], 14, some);
		instance(rng, "ATT", sizes[i], 14, some);
		places(rng, sizes[i], 14, some);
	}
	instance(rng, "EUC_2D", 1000, 12, some);
	places(rng, 900, 8, some);
	instance(rng, "EUC_2D", 200, 2, cut);
}

int main(int argc, char **argv)
{
	struct rng rng;

	rng_seed(&rng, 20160717);
	if (argc == 2 && strcmp(argv[1], "pi") == 0)
		generate_pi(&rng);
	else if (argc == 2 && strcmp(argv[1], "tsp") == 0)
		generate_tsp(&rng);
	else {
		fputs("usage: generate pi|tsp\n", stderr);
		return 2;
	}
	return 0;
}
