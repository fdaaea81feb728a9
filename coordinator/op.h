/*
 * op: what the store is asked to write or read, and what it answers. Made by
 * the core (coord), carried out in order by store.c in the writer's thread,
 * and given back as it is when its transaction is on disk. Exactly one owner
 * at any time. Base only.
 */
#ifndef COORDINATOR_OP_H
#define COORDINATOR_OP_H

#include "base/arena.h"
#include "base/buf.h"
#include "coordinator/ledger.h"

enum {
	NAME_CHARACTERS_MAX = 24,
	NAME_BYTES = 4 * NAME_CHARACTERS_MAX + 1, /* with the NUL */
	DEVICE_BYTES = 65,                        /* with the NUL */
	SPEC_BYTES = 512,                         /* with the NUL */
	KIND_BYTES = 32,
};

enum op_type {
	OP_JOIN,     /* a new donor and its session */
	OP_SESSION,  /* a donor's session: joined (again) */
	OP_LEFT,     /* a session is over */
	OP_RENAME,   /* a donor */
	OP_JOB,      /* a new job, with its first snapshot */
	OP_CHUNK,    /* ledger row, output and delta, batch: one result */
	OP_SETTLE,   /* ledger row; the batch is verified or dropped */
	OP_NOTE,     /* a ledger row alone (frozen, thawed) */
	OP_SNAPSHOT, /* of a job; outputs that it covers go */
	OP_FINISH,   /* ledger row; a job's answer and last snapshot */
	OP_LOAD,     /* read: what is known of the job with this digest */
};

struct donor_record {
	uint64_t id;
	bool trusted;
	char name[NAME_BYTES], device[DEVICE_BYTES];
	uint8_t token_sha256[SHA256_BYTES], pass_sha256[SHA256_BYTES];
};

struct session_record {
	uint64_t session, donor, threads;
};

struct job_record {
	uint64_t id, total;
	uint8_t digest[SHA256_BYTES];
	char spec[SPEC_BYTES], kind[KIND_BYTES];
	uint64_t playlist; /* place in the playlist + 1, or 0 */
	bool finished;
};

/* A result from which an audit would take its piece. */
struct candidate {
	char kind[KIND_BYTES];
	uint64_t from, units, seed, piece;
	struct buf input, expected; /* owned; expected: the piece's bytes */
};

void candidate_init(struct candidate *c);
void candidate_deinit(struct candidate *c);

struct batch_record {
	uint64_t id, donor, job, opened_ms; /* Unix */
	uint64_t credit_us, units;
	struct candidate candidate;
};

/* A ledger row of a job as a restart needs it. */
struct loaded_row {
	enum ledger_type type;
	uint64_t seq, donor, from, units, credit_us, batch;
	struct bytes delta; /* NULL once a snapshot covers it */
};

/* All that is known of a job; rows by seq; memory of the arena. */
struct loaded {
	struct arena arena;
	bool found;
	struct job_record job;
	struct bytes snapshot, answer; /* answer: JSON text when finished */
	uint64_t snapshot_seq;         /* rows up to here are in it */
	struct loaded_row *rows;
	size_t count;
};

void loaded_free(struct loaded *l); /* NULL is fine */

struct op {
	struct op *next;
	enum op_type type;
	/* JOIN, RENAME; JOIN, SESSION, LEFT; JOB, SNAPSHOT, FINISH, LOAD. */
	struct donor_record donor;
	struct session_record session;
	struct job_record job;
	/* CHUNK, SETTLE, NOTE, FINISH. In: without at_ms, seq and hashes;
	 * back: whole. */
	struct ledger_row row;
	struct buf output, delta; /* CHUNK */
	bool replaces;            /* CHUNK: candidate is the batch's now */
	struct candidate candidate;
	struct buf snapshot; /* JOB, SNAPSHOT, FINISH */
	struct buf answer;   /* FINISH */
	uint64_t covers;     /* SNAPSHOT, FINISH: seq of the last row in it */
	struct loaded *loaded; /* back: LOAD; SETTLE dropped: its chunks */

	/* The core's own, for when it comes back. */
	uint64_t tag, tag2;
	char *text; /* owned */
};

struct op *op_new(enum op_type type); /* zeroed; NULL when out of memory */
void op_free(struct op *op);          /* NULL is fine */

#endif
