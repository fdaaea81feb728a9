/*
 * core: what a worker decides, without I/O, clock or threads: the same C in
 * the native worker and in the phone's hub (WebAssembly). It joins as a donor,
 * registers compute.chunk while it can work, keeps the chunks that wait, hands
 * them to the shell's compute threads and sends back what these made of them.
 *
 * The shell owns session, threads and timers. It tells the core what happened
 * (the functions below) and does what the core wants (struct core_effects).
 * Invocations and replies come in through lib/wamp/client by themselves. From
 * inside an effect only the functions marked "look" may be called. Touches
 * lib/wamp and compute only; procedures and their arguments are those of
 * coordinator/rpc.h.
 */
#ifndef WORKER_CORE_H
#define WORKER_CORE_H

#include "compute/kind.h"
#include "wamp/client.h"

struct core;

enum {
	CORE_THREADS_MAX = 1024,
	CORE_NAME_BYTES = 128,  /* longer strings of the coordinator's are cut */
	CORE_TOKEN_BYTES = 128,
	CORE_JOB_BYTES = 128,
	CORE_FIRST_BUDGET_MS = 250,
};

/* budget_ms of a chunk that is computed to its end, as audits are. */
#define CORE_NO_BUDGET UINT64_MAX
#define CORE_ALL_KINDS UINT32_MAX

enum core_phase {
	CORE_OFFLINE, /* no session */
	CORE_JOINING, /* a session, not yet a donor */
	CORE_WORKING,
	CORE_PAUSED,  /* paused, hidden or leaving */
};

/* One timer each; arming again replaces. */
enum core_timer { CORE_TIMER_JOIN, CORE_TIMER_ME, CORE_TIMER_UNFIT };
enum { CORE_TIMERS = 3 };

struct core_chunk {
	const struct kind *kind;
	struct chunk chunk; /* input borrowed until core_finished */
	uint64_t budget_ms; /* stop after the slice in which so much has passed
			       since begin, with one unit at least */
	const char *job;    /* for display; as input */
	uint64_t lease;
};

/* What a thread made of its chunk; borrowed during the call. */
struct core_result {
	int err;           /* of begin or end; 0 with units > 0 */
	const char *why;   /* for people; may be NULL */
	uint64_t units;    /* 0 when it was stopped before the first one */
	struct bytes output;
};

struct core_effects {
	/* Compute this on thread i, which is free. */
	void (*start)(void *ctx, unsigned thread,
		      const struct core_chunk *chunk);
	/* End thread i's chunk after the slice under way. wanted: the units
	 * done so far count, at least one if that is soon. core_finished
	 * follows in any case. */
	void (*stop)(void *ctx, unsigned thread, bool wanted);
	/* Call core_timer in so many milliseconds. */
	void (*arm)(void *ctx, enum core_timer timer, uint64_t delay_ms);
	/* core_look may have changed. */
	void (*changed)(void *ctx);
	/* The four below may be NULL. The answer of donor.me; the event
	 * job.finished; both a dict. */
	void (*me)(void *ctx, const struct value *me);
	void (*job_finished)(void *ctx, const struct value *event);
	/* donor.join, .rename or .wave ("join", …) was refused. */
	void (*refused)(void *ctx, const char *what, const char *error,
			const char *text);
};

struct core_config {
	const char *device; /* "laptop", "phone", … */
	const char *name;   /* wanted; NULL: the coordinator gives one */
	const char *token;  /* of an earlier join; NULL: a new donor */
	const char *code;   /* for joining; NULL: none */
	unsigned threads;   /* 1 … threads_max */
	unsigned threads_max;
	uint32_t kinds;     /* bit i: kind_at(i); CORE_ALL_KINDS */
	bool trusted;       /* registers compute.audit too */
	bool subscribe;     /* to job.finished */
	uint64_t me_ms;     /* donor.me after a result, at most once in this */
	const struct core_effects *effects;
	void *ctx; /* of the effects */
};

/* For people: borrowed until the next call that is not marked "look". */
struct core_state {
	enum core_phase phase;
	uint64_t donor;    /* 0: not joined yet */
	const char *token, *name; /* "" when there is none */
	unsigned threads, computing, waiting;
	uint64_t chunks;   /* results sent */
	uint64_t audits;   /* of these, audits */
	bool registered;   /* compute.chunk is */
};

/* Strings are copied. NULL when out of memory or threads are out of range. */
struct core *core_new(const struct core_config *config);
/* The client must be gone or lost before; the threads must be stopped. */
void core_free(struct core *core);

/* Comma-separated names -> bits. ERR_RANGE with the known ones in why. */
int core_kinds_parse(const char *names, uint32_t *kinds, struct why *why);

/* --- what happened ------------------------------------------------------ */

/* The client has joined its realm; it is borrowed until core_lost. */
void core_joined(struct core *core, struct client *client, uint64_t session);
/* The session is over; chunks that compute are stopped, nothing of them is
 * sent. Also fine when there was none. */
void core_lost(struct core *core);
/* The client's `revoked`. */
void core_revoked(struct core *core, uint64_t registration);
/* Thread i is free again. True when the result was sent. */
bool core_finished(struct core *core, unsigned thread,
		   const struct core_result *result);
void core_timer(struct core *core, enum core_timer timer);
void core_pause(struct core *core, bool paused);    /* by the user */
void core_hidden(struct core *core, bool hidden);   /* by the system */
void core_threads(struct core *core, unsigned threads);
/* Hands everything back for good; over when core_is_idle. */
void core_leave(struct core *core);
void core_rename(struct core *core, const char *name);
void core_wave(struct core *core);
void core_ask_me(struct core *core); /* donor.me now */

/* --- look --------------------------------------------------------------- */

struct core_state core_look(const struct core *core);
/* Nothing computes, nothing waits, nothing is registered. */
bool core_is_idle(const struct core *core);

#endif
