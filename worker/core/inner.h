/*
 * inner: what the files of the core share: core.c (life, state),
 * donor.c (donor.*, registering) and work.c (invocations, chunks, results).
 * For nobody else.
 */
#ifndef WORKER_CORE_INNER_H
#define WORKER_CORE_INNER_H

#include "base/arena.h"
#include "worker/core/tasks.h"

#define ERROR_UNAVAILABLE "wamp.error.unavailable"
#define ERROR_INVALID "wamp.error.invalid_argument"
#define ERROR_CANCELED "wamp.error.canceled"

enum {
	JOIN_RETRY_MS = 500,
	JOIN_RETRY_MAX_MS = 8000,
	REFUSED_RETRY_MS = 15000, /* after a no that was meant */
	ME_IDLE_MS = 15000,       /* donor.me when nothing else is said: after
				     a coordinator's restart it tells us so */
	UNFIT_MS = 5000,          /* off the list after an unknown kind */
};

enum join_state { JOIN_NONE, JOIN_ASKED, JOIN_DONE, JOIN_WAITS };

enum duty_state {
	DUTY_NONE,
	DUTY_ASKED,  /* REGISTER is under way */
	DUTY_HELD,
	DUTY_ENDING, /* UNREGISTER is under way */
	DUTY_REFUSED, /* until the join timer */
	DUTY_REVOKED, /* taken away, as we were silent: until a result */
};

/* A procedure that we offer. */
struct duty {
	struct core *core;
	const char *procedure;
	bool audit;
	enum duty_state state;
	unsigned threads; /* that were announced */
	uint64_t registration;
};

enum { DUTIES = 2 };

struct thread {
	struct task *task; /* NULL: free */
	uint64_t budget_ms; /* its own: grows to the chunk's */
};

struct core {
	const struct core_effects *effects;
	void *ctx;
	struct arena arena; /* of the message being built */

	/* Fixed. */
	char device[CORE_NAME_BYTES], code[CORE_NAME_BYTES];
	uint32_t kinds;
	bool trusted, subscribe;
	uint64_t me_ms;
	unsigned threads_max;

	/* Who we are. */
	char name[CORE_NAME_BYTES], token[CORE_TOKEN_BYTES];
	char pass[CORE_TOKEN_BYTES]; /* "": not a donor in this session */
	uint64_t donor;

	/* Session. */
	struct client *client; /* NULL without one */
	uint64_t session;
	enum join_state join;
	uint64_t retry_ms;
	struct duty duties[DUTIES];
	bool me_gap;    /* the time between two donor.me runs */
	bool me_wanted;

	/* May we work? */
	bool paused, hidden, leaving, unfit;

	/* Work. */
	unsigned threads;
	struct thread *thread; /* owned, threads_max of them */
	struct tasks tasks;
	uint64_t chunks, audits;
};

void core_changed(struct core *core);
/* A copy that fits, or false and dst as it was. */
bool core_copy(char *dst, size_t size, struct bytes text);

/* --- donor.c ------------------------------------------------------------ */

void donor_join(struct core *core);
void donor_subscribe(struct core *core); /* once a session */
/* Registers and unregisters as things are now. */
void donor_reconcile(struct core *core);
bool donor_can_work(const struct core *core);
void donor_result_sent(struct core *core);
void donor_revoked(struct core *core, uint64_t registration);
void donor_forget(struct core *core); /* the session is over */

/* --- work.c ------------------------------------------------------------- */

client_invocation_fn work_invoked;
client_interrupt_fn work_interrupted;
/* Gives back what waits; what computes ends early. */
void work_withdraw(struct core *core);
/* The session is over: nothing can be sent any more. */
void work_drop(struct core *core);
void work_dispatch(struct core *core);

#endif
