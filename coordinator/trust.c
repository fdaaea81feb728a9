#include "coordinator/trust.h"

#include <assert.h>
#include <stdlib.h>

void trust_init(struct trust *t)
{
	*t = (struct trust){ 0 };
	TAILQ_INIT(&t->fresh);
	TAILQ_INIT(&t->rest);
	map_init(&t->by_id);
}

static void free_batch(struct batch *b)
{
	candidate_deinit(&b->candidate);
	for (unsigned i = 0; i < b->votes; i++)
		buf_deinit(&b->vote[i].answer);
	free(b);
}

void trust_deinit(struct trust *t)
{
	size_t at = 0;
	struct batch *b;

	while ((b = map_next(&t->by_id, &at)) != NULL)
		free_batch(b);
	map_deinit(&t->by_id);
}

/* --- batches ------------------------------------------------------------- */

static struct batch *make(struct trust *t, struct donor *donor, uint64_t id,
			  uint64_t job)
{
	struct batch *b = calloc(1, sizeof *b);

	if (!b)
		return NULL;
	b->id = id;
	b->job = job;
	b->donor = donor;
	candidate_init(&b->candidate);
	if (map_put(&t->by_id, id, b) != 0) {
		free(b);
		return NULL;
	}
	if (id > t->last_id)
		t->last_id = id;
	b->next = donor->batches;
	donor->batches = b;
	return b;
}

struct batch *trust_restore(struct trust *t, struct donor *donor,
			    struct batch_record *record)
{
	struct batch *b = make(t, donor, record->id, record->job);

	if (!b)
		return NULL;
	b->credit_us = record->credit_us;
	b->units = record->units;
	b->candidate = record->candidate;
	candidate_init(&record->candidate);
	trust_ready(t, b);
	return b;
}

struct batch *trust_batch(struct trust *t, struct donor *donor, uint64_t job)
{
	for (struct batch *b = donor->batches; b; b = b->next)
		if (b->job == job && b->state <= BATCH_WAITING)
			return b;
	return make(t, donor, t->last_id + 1, job);
}

/* random < 2^64 · part / whole, without overflow: 53 bits are enough. */
static bool happens(uint64_t part, uint64_t whole, uint64_t random)
{
	return (double)(random >> 11) * (double)whole <
	       (double)part * 0x1p53;
}

bool trust_add(struct batch *b, uint64_t credit_us, uint64_t units,
	       uint64_t random)
{
	bool first = b->units == 0;

	assert(b->state <= BATCH_WAITING);
	b->credit_us += credit_us;
	b->units += units;
	return first || happens(credit_us, b->credit_us, random);
}

int trust_candidate(struct batch *b, const struct candidate *c)
{
	struct candidate copy = *c;

	buf_init(&copy.input);
	buf_init(&copy.expected);
	buf_add_bytes(&copy.input, buf_bytes(&c->input));
	buf_add_bytes(&copy.expected, buf_bytes(&c->expected));
	if (!buf_ok(&copy.input) || !buf_ok(&copy.expected)) {
		candidate_deinit(&copy);
		return ERR_NOMEM;
	}
	candidate_deinit(&b->candidate);
	b->candidate = copy;
	return 0;
}

struct batch *trust_find(const struct trust *t, uint64_t id)
{
	return map_get(&t->by_id, id);
}

/* --- turns --------------------------------------------------------------- */

static struct batch_turns *turns_of(struct trust *t, const struct batch *b)
{
	return b->fresh ? &t->fresh : &t->rest;
}

static bool in_turns(const struct batch *b)
{
	return b->state == BATCH_WAITING || b->state == BATCH_RETRY;
}

void trust_ready(struct trust *t, struct batch *b)
{
	if (b->state != BATCH_OPEN)
		return;
	b->state = BATCH_WAITING;
	b->fresh = b->donor->audits + b->donor->unconfirmed == 0;
	TAILQ_INSERT_TAIL(turns_of(t, b), b, turn);
}

static struct batch *first_not_of(struct batch_turns *turns,
				  const struct donor *sole)
{
	struct batch *b;

	TAILQ_FOREACH(b, turns, turn)
		if (b->donor != sole)
			return b;
	return NULL;
}

struct batch *trust_turn(struct trust *t, const struct donor *sole)
{
	struct batch *b = first_not_of(&t->fresh, sole);

	if (!b)
		b = first_not_of(&t->rest, sole);
	if (!b)
		return NULL;
	TAILQ_REMOVE(turns_of(t, b), b, turn);
	b->state = BATCH_AUDITING;
	b->tries++;
	t->auditing++;
	return b;
}

/* After many tries the others first: one batch must not hold up the rest. */
void trust_retry(struct trust *t, struct batch *b)
{
	assert(b->state == BATCH_AUDITING);
	t->auditing--;
	b->state = BATCH_RETRY;
	if (b->tries % AUDIT_TRIES_MAX != 0) {
		TAILQ_INSERT_HEAD(turns_of(t, b), b, turn);
		return;
	}
	b->fresh = false;
	TAILQ_INSERT_TAIL(&t->rest, b, turn);
}

/* --- verdicts ------------------------------------------------------------ */

static enum verdict settle(struct trust *t, struct batch *b, bool verified)
{
	t->auditing--;
	b->state = BATCH_SETTLED;
	return verified ? VERDICT_VERIFIED : VERDICT_DROPPED;
}

static bool has_voted(const struct batch *b, uint64_t donor)
{
	for (unsigned i = 0; i < b->votes; i++)
		if (b->vote[i].donor == donor)
			return true;
	return false;
}

static bool agrees_with_one(const struct batch *b, struct bytes answer)
{
	for (unsigned i = 0; i < b->votes; i++)
		if (bytes_equal(buf_bytes(&b->vote[i].answer), answer))
			return true;
	return false;
}

static void add_vote(struct batch *b, uint64_t donor, struct bytes answer)
{
	struct vote *v = &b->vote[b->votes];

	/* All disagree: begin again. */
	if (b->votes == VOTES_MAX) {
		for (unsigned i = 0; i < VOTES_MAX; i++)
			buf_deinit(&b->vote[i].answer);
		b->votes = 0;
		v = &b->vote[0];
	}
	v->donor = donor;
	buf_init(&v->answer);
	if (buf_add_bytes(&v->answer, answer) == 0)
		b->votes++;
	else
		buf_deinit(&v->answer);
}

enum verdict trust_answer(struct trust *t, struct batch *b,
			  const struct donor *by, struct bytes answer)
{
	bool equal = bytes_equal(buf_bytes(&b->candidate.expected), answer);

	assert(b->state == BATCH_AUDITING);
	if (by->record.trusted)
		return settle(t, b, equal);
	if (by == b->donor || by->frozen || has_voted(b, by->record.id)) {
		trust_retry(t, b);
		return VERDICT_NONE;
	}
	if (equal)
		return settle(t, b, true);
	if (agrees_with_one(b, answer))
		return settle(t, b, false);
	add_vote(b, by->record.id, answer);
	trust_retry(t, b);
	return VERDICT_NONE;
}

void trust_discard(struct trust *t, struct batch *b)
{
	struct batch **at = &b->donor->batches;

	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	if (in_turns(b))
		TAILQ_REMOVE(turns_of(t, b), b, turn);
	else if (b->state == BATCH_AUDITING)
		t->auditing--;
	map_del(&t->by_id, b->id);
	free_batch(b);
}
