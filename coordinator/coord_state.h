/*
 * coord_state: the inside of coord, shared by coord*.c and nobody else.
 */
#ifndef COORDINATOR_COORD_STATE_H
#define COORDINATOR_COORD_STATE_H

#include <sys/queue.h>

#include "coordinator/board.h"
#include "coordinator/budget.h"
#include "coordinator/coord.h"
#include "coordinator/rate.h"
#include "coordinator/trust.h"

enum {
	LATE_MS_MIN = 15000,    /* lent also to another device after this */
	TIMEOUT_MS_MIN = 75000, /* the call is given up after this */
	TIMEOUT_SPARE_MS = 5000, /* for a router that knows no timeout */
	LENDS_A_STEP = 128, /* so that no turn of the loop is long */
	LEAST_US = 50000,   /* of the reference core: worth a call */
	COPIES_MAX = 3,     /* of a range lent at the same time */
	SLOW_MS_MIN = 50,   /* after back-pressure, doubling */
	SLOW_MS_MAX = 2000,
	SNAPSHOT_MS = 30000,
	SNAPSHOT_CHUNKS = 2000,
	ALONE_MS = 10000, /* ends unaudited if nobody can audit for so long */
	REJECTED_MAX = 20, /* in a row: its registration is removed */
	WAVE_MS = 5000,
	OUTPUT_BYTES_MAX = 512 * 1024,
	QUEUE_MAX = 100,
	DEPTH_MAX = 20000, /* ops on their way: lend no more */
};

enum pjob_state {
	PJOB_QUEUED,
	PJOB_PARSING,
	PJOB_LOADING,
	PJOB_PREPARING,
	PJOB_RUNNING,
	PJOB_FINISHING, /* its answer is on the way to the disk */
	PJOB_FINISHED,
	PJOB_FAILED,
	PJOB_LEFT, /* given up by the host; goes on if queued again */
};

/* A job of the programme. */
struct pjob {
	TAILQ_ENTRY(pjob) link;
	uint64_t serial; /* of this process; the ledger's is record.id */
	enum pjob_state state;
	struct job_record record;
	const struct kind *kind;
	struct prep *prep;     /* owned, while LOADING */
	bool overtaken;        /* the ledger went on while PREPARING */
	struct job *job;       /* owned, from RUNNING on; may be NULL later */
	struct ranges *ranges; /* owned, from RUNNING on */
	struct tally tally;    /* what is on disk */
	struct map earners;    /* donor id -> donor */
	uint64_t rejected, late, duplicates;
	uint32_t parts;        /* lent now */
	uint64_t revision;     /* of the picture */
	uint64_t merged;       /* since the last snapshot */
	uint64_t snapshot_ms, alone_ms;
	struct buf answer;     /* when finished */
	struct why error;      /* when failed */
	char name[KIND_BYTES + 24];
};

TAILQ_HEAD(programme, pjob);

/* A planned chunk that is lent, to one device or more. */
struct part {
	TAILQ_ENTRY(part) link; /* in `again` */
	struct pjob *pjob;
	uint64_t from;
	struct planned planned;
	uint32_t budget_ms;
	unsigned open;  /* leases */
	bool settled;   /* a result was accepted */
	bool again;     /* to be lent to another device too */
};

TAILQ_HEAD(parts, part);

/* One open call. */
struct lease {
	TAILQ_ENTRY(lease) link; /* in `leases`, by lent_ms */
	uint64_t id, lent_ms, late_ms, end_ms;
	struct part *part;   /* or, of an audit, NULL … */
	struct batch *batch; /* … and this */
	bool trusted;        /* an audit by compute.audit */
	bool late;
	uint32_t budget_ms;
};

TAILQ_HEAD(leases, lease);

struct coord {
	struct coord_config config;
	struct coord_effect *effects; /* owned: a ring */
	size_t effect_first, effect_count, effect_cap;

	struct programme programme;
	uint64_t last_serial, last_job, playlist; /* of what was ever there */
	struct job_record resume; /* of the playlist, unfinished; id 0: none */
	bool failed;              /* a job failed */

	struct donors donors;
	struct trust trust;
	struct board board;

	struct leases leases;
	struct parts again;
	struct map leases_by_id;
	uint64_t last_lease;
	unsigned open_chunks, open_audits;
	uint64_t chunks_lent;
	uint64_t audit_from; /* no audit before so many were; 0: not drawn */

	bool ready, paused, no_meta, spare, behind, fatal, done;
	bool progress_due;
	char trouble[sizeof(struct why)]; /* of the store; "" when none */
	uint32_t limit; /* of open chunks, learned from back-pressure */
	uint32_t slow_ms;
	uint64_t slow_until_ms, audit_after_ms;
	uint64_t first_lent_ms, now_ms, progress_ms, found_ms, silent_ms;
	uint64_t seq;   /* of the last ledger row that has come back */
	uint64_t depth; /* ops on their way */
	uint32_t generation;
	struct rate rate;
	struct budget budget;
};

/* coord.c */
uint64_t coord_random(struct coord *c);
/* Out of memory here ends the program: the ledger has all that counts. */
void coord_emit(struct coord *c, const struct coord_effect *e);
void coord_out_of_memory(struct coord *c);
void coord_store(struct coord *c, struct op *op); /* takes */
/* `text`: a constant, or NULL. */
void coord_reply(struct coord *c, uint64_t tag, const char *text);
void coord_refuse(struct coord *c, uint64_t tag, int err, const char *text);
void coord_log(struct coord *c, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* coord_pjob.c: one job of the programme, its states and its end */
struct pjob *pjob_new(struct coord *c, const char *spec, uint64_t playlist);
void pjob_free(struct coord *c, struct pjob *p);
struct pjob *pjob_by_serial(const struct coord *c, uint64_t serial);
struct pjob *pjob_by_id(const struct coord *c, uint64_t id);
void pjob_set_state(struct coord *c, struct pjob *p, enum pjob_state state);
bool pjob_is_over(const struct pjob *p);
bool pjob_is_done(struct coord *c, struct pjob *p); /* it may finish */
void pjob_fail(struct coord *c, struct pjob *p, const struct why *why);
void pjob_finish(struct coord *c, struct pjob *p);
void pjob_snapshot(struct coord *c, struct pjob *p);
void programme_finished(struct coord *c, struct op *op);

/* coord_start.c: its way from the queue to where it runs */
void pjob_start(struct coord *c, struct pjob *p);
void programme_loaded(struct coord *c, struct op *op);
void programme_prepared(struct coord *c, struct prep *prep); /* takes */
/* Is a job that the ledger has being made ready? */
bool programme_resumes(const struct coord *c);
/* A batch of this job was settled. */
void programme_settled(struct coord *c, uint64_t job);

/* coord_programme.c: which job is next */
struct pjob *pjob_current(const struct coord *c); /* NULL: none */
bool pjob_is_twice(const struct coord *c, const struct pjob *p);
void programme_step(struct coord *c);
void programme_snapshots(struct coord *c);
void programme_next(struct coord *c);
void programme_free(struct coord *c);

/* coord_lend.c */
void lend_step(struct coord *c);
void lend_tick(struct coord *c);
void lend_slow_down(struct coord *c, bool fewer);
struct lease *lease_find(const struct coord *c, uint64_t id);
/* The call is over. The part goes back to the pool unless another lease of
 * it is open or it has been settled. */
void lease_close(struct coord *c, struct lease *lease);
void lend_failed(struct coord *c, uint64_t lease, enum coord_failure failure);
void lend_lost(struct coord *c);
void lend_free(struct coord *c);
/* A new lease; NULL: no memory. Of a part or a batch. */
struct lease *lease_new(struct coord *c, struct part *part,
			struct batch *batch, uint32_t budget_ms);

/* coord_result.c */
void result_step(struct coord *c, const struct coord_result *r);

/* coord_audit.c */
void audit_step(struct coord *c);
bool audit_by_donors(const struct coord *c);
void audit_result(struct coord *c, struct lease *lease,
		  const struct coord_result *r);

/* coord_commit.c */
/* Has the picture's revision moved? Keeps the new one. */
bool pjob_look(struct pjob *p);
void commit_step(struct coord *c, struct op *ops); /* takes */

/* coord_people.c */
void people_step(struct coord *c, const struct coord_event *e);
void people_joined(struct coord *c, const struct op *op);
void people_renamed(struct coord *c, const struct op *op);
void people_noted(struct coord *c, const struct op *op);
void people_callees(struct coord *c, const struct coord_event *e);

#endif
