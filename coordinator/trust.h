/*
 * trust: which batches are pending, whose turn it is to be audited, and what
 * an audit says. A donor's results since its last audit are its batch, one
 * for each job. Each new result replaces the batch's candidate with odds (its
 * credit ÷ the batch's credit so far), so every piece has odds in proportion
 * to its credit, without any memory of the others. When the turn comes the
 * batch is closed: what follows goes into a new one.
 *
 * Turns: donors never audited first, then the batch that has waited longest.
 * A trusted worker's answer decides. Without any, donors answer: never about
 * their own batch; two that agree decide (the donor's claim counts as one).
 * No I/O; base and donors only.
 */
#ifndef COORDINATOR_TRUST_H
#define COORDINATOR_TRUST_H

#include <sys/queue.h>

#include "compute/kind.h"
#include "coordinator/donors.h"

enum { VOTES_MAX = 3, AUDIT_TRIES_MAX = 12 };

enum batch_state {
	BATCH_OPEN,     /* takes results; not all on disk yet, or just made */
	BATCH_WAITING,  /* takes results; in a list of turns */
	BATCH_AUDITING, /* closed; a piece of it is being computed again */
	BATCH_RETRY,    /* closed; in a list of turns */
	BATCH_SETTLED,  /* closed; the verdict is on its way to the disk */
};

struct vote {
	uint64_t donor;
	struct buf answer;
};

struct batch {
	uint64_t id, job, credit_us, units;
	struct donor *donor;
	struct candidate candidate;
	enum batch_state state;
	unsigned tries, votes;
	struct vote vote[VOTES_MAX];
	bool fresh; /* in which list of turns */
	struct batch *next; /* of the same donor */
	TAILQ_ENTRY(batch) turn;
};

TAILQ_HEAD(batch_turns, batch);

struct trust {
	struct batch_turns fresh, rest;
	struct map by_id; /* of struct batch, owned */
	uint64_t last_id;
	unsigned auditing;
};

void trust_init(struct trust *t);
void trust_deinit(struct trust *t);

/* A batch of an earlier run; takes the candidate's bufs. NULL: no memory. */
struct batch *trust_restore(struct trust *t, struct donor *donor,
			    struct batch_record *record);
/* The batch that a new result of this donor and job belongs to, made if need
 * be. NULL: no memory. A new one must get a result, or be discarded. */
struct batch *trust_batch(struct trust *t, struct donor *donor, uint64_t job);
/* Counts the result in. True: it is to be the candidate (trust_candidate
 * follows). */
bool trust_add(struct batch *b, uint64_t credit_us, uint64_t units,
	       uint64_t random);
/* Copies; 0 or ERR_NOMEM (then the batch keeps its old one). */
int trust_candidate(struct batch *b, const struct candidate *c) MUST_CHECK;
/* A result of it is on disk: the batch may have its turn. */
void trust_ready(struct trust *t, struct batch *b);
struct batch *trust_find(const struct trust *t, uint64_t id);

/* The batch whose turn it is, now closed and BATCH_AUDITING; NULL: none.
 * `sole`: the only donor that could answer (or NULL): not about itself. */
struct batch *trust_turn(struct trust *t, const struct donor *sole);
/* The audit came to nothing: its turn again, first. */
void trust_retry(struct trust *t, struct batch *b);

enum verdict { VERDICT_NONE, VERDICT_VERIFIED, VERDICT_DROPPED };
/* An answer by a donor. NONE: ask once more (the batch has its turn again).
 * Otherwise the batch is BATCH_SETTLED. */
enum verdict trust_answer(struct trust *t, struct batch *b,
			  const struct donor *by, struct bytes answer);
/* The verdict is on disk, or the batch never came to be: frees it. */
void trust_discard(struct trust *t, struct batch *b);

#endif
