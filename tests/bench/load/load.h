/*
 * load: the frame that wampload's modes share: slots that are kept open, or
 * filled at a rate, the clock, and how it all ends. A mode makes its members,
 * calls load_ready for each that is, sends what a slot asks for, and says when
 * it was answered.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>

#include "net/peer.h"
#include "tests/bench/load/figures.h"

struct load;
struct slot;
struct member;

struct mode {
	const char *name;
	/* How many members there are, and how many of the last are callees or
	 * subscribers. */
	unsigned (*members)(const struct load *l);
	int (*make)(struct load *l, struct member *m); /* begins to connect */
	/* Sends it; on an error the run has failed. */
	int (*send)(struct load *l, struct slot *slot);
	void (*unmake)(struct member *m);
};

struct options {
	const char *router, *realm, *procedure, *ca;
	struct tls *tls; /* borrowed; for wss:// and rss:// */
	const struct serializer *serializer;
	const struct mode *mode;
	unsigned callers, callees, inflight, payload, seconds, router_pid;
	unsigned rate; /* a second; 0: as many as are answered */
	bool json, batched;
};

struct member {
	struct load *load;
	unsigned number;
	bool answers;                /* callee, subscriber */
	struct peer *peer;           /* owned */
	struct client *client;       /* while joined */
	struct dial *dial;           /* owned while it dials */
	struct transport *transport; /* raw only */
};

/* One of the calls that are kept open. */
struct slot {
	struct load *load;
	unsigned number;
	struct member *caller;
	uint64_t begun_ns;
	bool open;
	unsigned waiting; /* subscribers that have not got it yet */
};

struct load {
	const struct options *options;
	struct url where;
	struct loop *loop;      /* owned */
	struct timer *timer;    /* owned */
	struct wake *spin;      /* owned: looks at the clock again and again */
	struct member *members; /* owned */
	struct slot *slots;     /* owned */
	struct figures *figures; /* owned */
	struct arena arena;
	struct value args; /* of the payload */
	unsigned connecting; /* the next member that will */
	unsigned ready, open, next_slot;
	bool joined; /* at least one */
	bool usage;  /* the router is not there */
	bool running, stopping, failed;
	uint64_t begun_ns, ended_ns;
	double cpu_begun, cpu_ended;
	uint64_t sent, errors, missed;
	char first_error[128];
};

extern const struct mode mode_calls, mode_events, mode_raw;

/* The exit code. */
int load_run(const struct options *o, const struct url *where);
int sessions_run(const struct options *o, const struct url *where);
void load_ready(struct member *m);
/* `error`: empty for success. */
void load_answered(struct slot *slot, struct bytes error);
void load_fail(struct load *l, const char *what, const char *why);
/* The peer of a member, that calls `joined` and fails the load when it is
 * lost. */
int load_join(struct member *m,
	      void (*joined)(void *ctx, struct client *c, uint64_t session,
			     const struct value *details));

#endif
