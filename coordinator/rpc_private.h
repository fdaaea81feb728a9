/* rpc_private: the inside of rpc, shared by rpc*.c and nobody else. */
#ifndef COORDINATOR_RPC_PRIVATE_H
#define COORDINATOR_RPC_PRIVATE_H

#include "coordinator/rpc.h"
#include "coordinator/view.h"

enum { PROCEDURES_CALLED = 2 };

/* compute.chunk, compute.audit, by enum coord_procedure. */
extern const char *const rpc_called[PROCEDURES_CALLED];

/* One of our procedures that is being called: waits for the coord. */
struct asked {
	uint64_t invocation;
};

typedef void serve_fn(struct rpc *r, uint64_t invocation,
		      const struct client_data *data);
struct served {
	const char *uri;
	serve_fn *fn;
};
enum { SERVED_MAX = 16 };
extern const struct served rpc_served[];
extern const unsigned rpc_served_count;

/* One of our procedures in this session. */
struct registration {
	struct rpc *rpc;
	const struct served *served;
	bool asked, done;
};

/* What is known of the registration of compute.chunk or compute.audit. */
struct called {
	struct rpc *rpc;
	enum coord_procedure which;
	uint64_t registration; /* 0: none, or not known */
	bool looking, again;   /* a lookup is under way; one more after it */
};

struct rpc {
	struct rpc_config config;
	struct client *client;  /* NULL without a session */
	struct arena arena;     /* scratch of one message out */
	struct map asked;       /* tag -> struct asked, owned */
	struct map open;        /* lease -> its open call; the client's replies
				   free them */
	uint64_t last_tag;
	unsigned registered;
	bool ready, refused;    /* refused: exists already, try again */
	bool by_force;
	uint64_t refused_ms;    /* since when; 0: not */
	uint64_t retry_ms, look_ms;
	struct called called[PROCEDURES_CALLED];
	struct registration registrations[SERVED_MAX];
};

uint64_t rpc_now(const struct rpc *r);
void rpc_event(struct rpc *r, const struct coord_event *e);
/* The keyword arguments, or a dict that is the only positional one. */
const struct value *rpc_dict(const struct client_data *data);

/* rpc_call.c */
int rpc_call(struct rpc *r, struct coord *c, uint64_t lease);
void rpc_cancel(struct rpc *r, uint64_t lease);

/* rpc_meta.c */
void rpc_meta_subscribe(struct rpc *r);
void rpc_meta_look(struct rpc *r);
void rpc_meta_remove(struct rpc *r, uint64_t session);

/* rpc_serve.c */
void rpc_yield(struct rpc *r, uint64_t invocation, const struct value *kwargs);
void rpc_error(struct rpc *r, uint64_t invocation, const char *uri,
	       const char *text);
/* The invocation that waits with this tag, which is used up; 0: gone. */
uint64_t rpc_asked(struct rpc *r, uint64_t tag);

/* rpc_tell.c */
void rpc_tell(struct rpc *r, struct coord *c, const struct coord_effect *e);

#endif
