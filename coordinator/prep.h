/*
 * prep: the slow parts of a job, done away from the loop (prepare.h): reading
 * the spec, and getting ready - prepare, the saved state, and the ledger's
 * deltas since then. A prep and the job in it belong to one thread at a time.
 * Base, compute and crypto; kinds read files.
 */
#ifndef COORDINATOR_PREP_H
#define COORDINATOR_PREP_H

#include "compute/kind.h"
#include "coordinator/map.h"
#include "coordinator/op.h"
#include "coordinator/ranges.h"

enum prep_stage {
	PREP_PARSE, /* spec -> kind, job, digest */
	PREP_READY, /* job, loaded -> ranges, tally, snapshot */
};

/* What the ledger says about a job. Chunks of dropped batches do not count
 * but in `unconfirmed` (batches). */
struct tally {
	uint64_t units, verified_units, chunks, credit_us, verified_us;
	uint64_t unconfirmed;
};

struct prep {
	enum prep_stage stage;
	uint64_t serial; /* whose it is */
	char spec[SPEC_BYTES];
	/* kind_find, or what tests have in its place. */
	const struct kind *(*find)(struct bytes name);
	const struct kind *kind;
	struct job *job; /* owned */
	uint8_t digest[SHA256_BYTES];
	uint64_t total;
	struct loaded *loaded; /* owned; not found: a new job */
	struct ranges *ranges; /* owned */
	struct tally tally;
	struct buf snapshot; /* of a new job */
	int err;
	struct why why;
};

/* NULL when out of memory, or the spec is too long. */
struct prep *prep_new(uint64_t serial, const char *spec);
void prep_free(struct prep *p); /* NULL is fine */
/* Does the stage; p->err says how it went. */
void prep_run(struct prep *p, const struct job_env *env);

/* "tsp:FILE" -> the kind, and what follows the colon. ERR_USAGE with the
 * known kinds. */
int prep_kind(const char *spec, const struct kind *(*find)(struct bytes name),
	      const struct kind **kind, const char **rest,
	      struct why *why) MUST_CHECK;
/* 0 or ERR_NOMEM. */
int tally_rows(const struct loaded *l, struct tally *out) MUST_CHECK;

#endif
