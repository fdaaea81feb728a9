/*
 * coord: what the coordinator decides, without I/O: an event and the time in,
 * effects out. It holds the programme of jobs with their ranges, the leases,
 * the donors and their batches, and the window: how many calls may be open.
 *
 * Something becomes visible (merged, credited, published, acknowledged) only
 * when the op that says so has come back from the store. Effects are queued
 * and drained by the owner after the step (coord_effect). Randomness comes
 * from a function of the owner's; clocks only as now_ms (monotonic). May touch
 * base, crypto's hashes, compute, and this room's pure modules.
 */
#ifndef COORDINATOR_COORD_H
#define COORDINATOR_COORD_H

#include "coordinator/donors.h"
#include "coordinator/prep.h"
#include "coordinator/store.h"

struct coord;

struct coord_config {
	bool playlist;       /* when the queue is empty, go on with it */
	bool exit_when_done; /* EF_DONE when the queue is empty */
	uint64_t (*random)(void *ctx); /* uniform; not to be guessed */
	void *random_ctx;
	/* Instead of kind_find, for tests; NULL: kind_find. */
	const struct kind *(*find_kind)(struct bytes name);
};

/* NULL when out of memory. */
struct coord *coord_new(const struct coord_config *config);
void coord_free(struct coord *c);

/* Before the first step: what the store has. The ctx is the coord. */
extern const struct store_reader coord_reader;
/* A job of the command line, behind those that are queued. 0, ERR_LIMIT or
 * ERR_NOMEM. */
int coord_queue(struct coord *c, const char *spec);

/* --- what happens -------------------------------------------------------- */

enum coord_procedure { PROCEDURE_CHUNK, PROCEDURE_AUDIT };

enum coord_failure {
	FAILURE_BUSY,      /* no free slot, unavailable */
	FAILURE_LOST,      /* the callee is gone: canceled */
	FAILURE_NO_CALLEE, /* nobody is registered */
	FAILURE_TIMEOUT,
	FAILURE_SEND,      /* could not be sent */
	FAILURE_WORKER,    /* anything else that the callee said */
	FAILURE_GARBAGE,   /* a result that is none */
};

enum coord_event_type {
	EV_TICK,         /* every 50 … 500 ms */
	EV_READY,        /* a session with all procedures registered */
	EV_LOST,         /* the session is over, and all that was open in it */
	EV_REGISTERED,   /* .session, .procedure */
	EV_UNREGISTERED, /* .session, .procedure */
	EV_CALLEES,      /* .procedure: exactly these .sessions */
	EV_NO_META,      /* who is registered can not be known */
	EV_SESSION_LEFT, /* .session */
	EV_RESULT,       /* .result */
	EV_FAILED,       /* .lease, .failure */
	EV_COMMITTED,    /* .ops: taken */
	EV_STORE,        /* .text: the store's trouble, "" when it is over */
	EV_PREPARED,     /* .prep: taken */
	EV_JOIN,         /* .join */
	EV_RENAME,       /* .tag, .session, .name */
	EV_WAVE,         /* .tag, .session */
	EV_START, EV_PAUSE, EV_NEXT, /* by the host; .tag */
	EV_QUEUE,        /* .tag, .text: a spec */
	EV_FREEZE,       /* .tag, .donor, .frozen */
};

struct coord_join {
	uint64_t session, threads; /* threads: 1 … THREADS_MAX */
	bool trusted;
	struct bytes token, name, device; /* may be empty */
};

struct coord_result {
	uint64_t call;  /* the lease that was called */
	uint64_t lease; /* as the worker says; and all below */
	uint64_t units;
	struct bytes pass, output;
};

struct coord_event {
	enum coord_event_type type;
	uint64_t tag; /* given back in the reply */
	uint64_t session, donor, lease;
	enum coord_procedure procedure;
	enum coord_failure failure;
	bool frozen;
	struct bytes name, text;
	struct coord_join join;
	struct coord_result result;
	const uint64_t *sessions;
	size_t session_count;
	struct op *ops;
	struct prep *prep;
};

/* Everything in the event is borrowed but what is marked taken. */
void coord_step(struct coord *c, const struct coord_event *e, uint64_t now_ms);

/* --- what is to be done -------------------------------------------------- */

enum coord_effect_type {
	EF_CALL,        /* .lease: see coord_call */
	EF_CANCEL,      /* .lease: its reply is not waited for any more */
	EF_REMOVE,      /* .session: takes chunks and never answers */
	EF_STORE,       /* .op: for the writer; now the owner's */
	EF_PREPARE,     /* .prep: for the other thread; now the owner's */
	EF_JOINED,      /* .tag, .donor, .token, .pass: reply to EV_JOIN */
	EF_REPLY,       /* .tag: done; .donor: of EV_RENAME; .text: "queue"
			   of EV_QUEUE */
	EF_REFUSE,      /* .tag, .err, .why */
	EF_TELL_JOINED, /* publish: .donor */
	EF_TELL_FOUND,  /* publish: .donor, .text: "wave" or "gain" */
	EF_TELL_FINISHED, /* publish: .tag: see coord_finished */
	EF_TELL_PROGRESS, /* publish: coord_status, coord_credited */
	EF_TELL_BOARD,    /* publish: coord_top */
	EF_LOG,         /* .why: a line for the person at the terminal */
	EF_DONE,        /* .err: 0, or the exit code is 1 */
};

struct coord_effect {
	enum coord_effect_type type;
	uint64_t tag, lease, session, donor;
	struct op *op;
	struct prep *prep;
	char token[SECRET_BYTES], pass[SECRET_BYTES];
	const char *text; /* a constant */
	int err;
	struct why why;
};

/* The next one, in order; false when there is none. */
bool coord_effect(struct coord *c, struct coord_effect *out);

struct coord_call {
	bool audit;                /* with units and piece */
	enum coord_procedure procedure;
	const char *job, *kind;
	uint64_t from, count, seed, piece;
	uint32_t budget_ms, timeout_ms;
	struct bytes input;
};

/* What to send for EF_CALL; borrowed until the next step. False when the
 * lease is over already. */
bool coord_call(const struct coord *c, uint64_t lease,
		struct coord_call *out);

/* --- looking ------------------------------------------------------------- */

struct coord_status {
	char job[KIND_BYTES + 24]; /* "" when none */
	const char *spec, *kind, *unit, *state, *error; /* error may be NULL */
	uint64_t units, total, verified, chunks, rejected, unconfirmed, late,
		duplicates;
	double progress, rate, chunks_per_s, eta_s; /* eta_s < 0: unknown */
	double elapsed_s;
	uint32_t devices, threads, donors, donors_trusted;
	uint64_t revision, verified_us, pending_us;
	const char *audit;
	const struct kind *of; /* NULL when there is no job to ask for more */
	const struct job *kind_job;
	bool done;
};

void coord_status(const struct coord *c, uint64_t now_ms,
		  struct coord_status *out);
/* The specs that wait: NULL after the last. */
const char *coord_queued(const struct coord *c, size_t i);
/* A page of the current job's picture. ERR_NOT_FOUND when there is none. */
int coord_picture(const struct coord *c, uint64_t since, unsigned page,
		  struct picture *out);
/* The current job's answer, JSON text appended, finished or not;
 * ERR_NOT_FOUND: no job. */
int coord_answer(const struct coord *c, struct buf *out);
/* Of the job that EF_TELL_FINISHED is about (.tag); all borrowed. */
struct coord_finished {
	const char *job, *kind, *spec;
	struct bytes answer; /* JSON */
};
bool coord_finished(const struct coord *c, uint64_t tag,
		    struct coord_finished *out);
/* Donors credited since the last time it was asked: calls fn for each. */
void coord_credited(struct coord *c, void (*fn)(void *ctx, uint64_t donor),
		    void *ctx);

const struct donor *coord_donor(const struct coord *c, uint64_t id);
/* Who joined with this session; NULL: nobody. */
const struct donor *coord_donor_of(const struct coord *c, uint64_t session);
/* The ranking: NULL after the last; and how many are ranked. */
const struct donor *coord_ranked(const struct coord *c, size_t i);
size_t coord_ranked_count(const struct coord *c);
/* All donors, in no order; start with *at = 0. */
const struct donor *coord_each_donor(const struct coord *c, size_t *at);
/* Where it would give out more if it were called again at once. */
bool coord_is_behind(const struct coord *c);
unsigned coord_open_calls(const struct coord *c);

#endif
