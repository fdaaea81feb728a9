/*
 * donors: who gives computing time, and through which sessions. A donor is
 * known by its token (rejoins, renames), earns by its pass; only their
 * SHA-256 are kept. Sessions tell the announced capacity: the sum over those
 * that have joined and are registered now. No I/O; base and crypto only.
 */
#ifndef COORDINATOR_DONORS_H
#define COORDINATOR_DONORS_H

#include "coordinator/map.h"
#include "coordinator/op.h"

enum {
	SECRET_BYTES = 33, /* token or pass: 32 hex digits and the NUL */
	THREADS_MAX = 1024,
	SLOTS_A_THREAD = 2,   /* of compute.chunk: computing and waiting */
	SLOTS_MAX = 64,       /* a registration's concurrency is pinned */
	FAILURES_MAX = 3,     /* batches not confirmed: frozen */
};

struct batch;

struct donor {
	struct donor_record record;
	uint64_t verified_us, pending_us;
	uint64_t chunks, gains, audits, unconfirmed;
	unsigned failures; /* since it was last thawed */
	bool frozen;
	uint32_t rank;     /* 0: none */
	uint32_t sessions;
	bool credited;     /* since the last job.progress */
	unsigned rejected; /* results in a row */
	uint64_t waved_ms, heard_ms; /* monotonic; heard: a result */
	struct batch *batches; /* pending; trust.h's */
};

struct session {
	uint64_t id;
	struct donor *donor; /* NULL: registered, but has not joined */
	uint32_t threads;
	bool chunk, audit; /* registered */
	uint64_t heard_ms; /* monotonic: registered */
	uint32_t seen;     /* in the list of this number */
};

struct donors {
	struct map by_id, by_token, by_pass; /* of struct donor, owned */
	struct map sessions;                 /* of struct session, owned */
	uint64_t last_id;
	/* Of the sessions that are joined and registered. */
	uint32_t devices, threads, slots, audit_slots;
};

void donors_init(struct donors *d);
void donors_deinit(struct donors *d);

/* Secrets: text from two random numbers; the pass from the token; hashes. */
void secret_make(uint64_t a, uint64_t b, char out[SECRET_BYTES]);
int secret_pass(const char *token, char out[SECRET_BYTES]) MUST_CHECK;

/* A copy of the record. NULL: out of memory, or the id or a secret's hash is
 * there already. */
struct donor *donors_add(struct donors *d, const struct donor_record *record);
/* NULL when unknown. */
struct donor *donors_by_id(const struct donors *d, uint64_t id);
struct donor *donors_by_token(const struct donors *d, struct bytes token);
struct donor *donors_by_pass(const struct donors *d, struct bytes pass);
struct donor *donors_next(const struct donors *d, size_t *at);

struct session *session_find(const struct donors *d, uint64_t id);
/* Joined: makes it if need be. NULL when out of memory. */
struct session *session_join(struct donors *d, uint64_t id,
			     struct donor *donor, uint32_t threads);
/* Registered, or not any more. 0 or ERR_NOMEM. */
int session_register(struct donors *d, uint64_t id, bool audit,
		     bool registered) MUST_CHECK;
void session_leave(struct donors *d, uint64_t id);
struct session *session_next(const struct donors *d, size_t *at);
/* Of the sessions that compute, without the trusted ones; 0: none. */
uint32_t donors_threads_most(const struct donors *d);

#endif
