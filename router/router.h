/*
 * router: all realms and sessions of a process, without I/O: connections come
 * and go, messages come in, time passes. Keeps the protocol's rules, asks
 * access, and hands on to dealer, broker and meta. May touch everything of
 * this room but main, listeners and files. Spec: "Sessions", "Protocol
 * Errors" (basic).
 */
#ifndef ROUTER_ROUTER_H
#define ROUTER_ROUTER_H

#include "router/authn.h"
#include "router/cookies.h"
#include "router/realm.h"

enum {
	ROUTER_PRETEND_BYTES = 16,
	HELLO_MS = 15000,    /* to have joined, since the connection came */
	HELLO_LEAST_MS = 1000, /* of that, when TLS and HTTP took the rest */
	GOODBYE_MS = 1000,   /* to answer our GOODBYE */
};

struct router {
	struct turn turn;
	struct realm *realms; /* owned */
	unsigned realm_count;
	struct ring sessions;  /* all */
	struct ring joining;   /* by deadline */
	struct ring closing;   /* by deadline */
	struct ring throttled;
	struct ring locals, locals_waiting; /* struct local */
	bool settling;   /* locals are being told what waits for them */
	bool going_down; /* router_shutdown was said */
	struct ring askers;        /* struct asker (ask.h) */
	struct role own_role;      /* of whom the router asks as */
	struct cookies cookies;
	struct bytes message; /* that is being handled */
	/* A secret: challenges of who does not exist are made of it. */
	uint8_t pretend[ROUTER_PRETEND_BYTES];
	size_t session_count;
	uint64_t joined_total;
	uint64_t received[MSG_YIELD + 1]; /* by type, since the start */
};

struct router_config {
	const struct realm_config *realms; /* borrowed */
	unsigned realm_count;
	bool uri_strict;
	uint64_t (*random)(void *ctx);
	void *random_ctx;
	uint64_t unix_ms; /* now */
};

/* 0 or ERR_NOMEM. */
int router_init(struct router *r, const struct router_config *config)
	MUST_CHECK;
/* Who does not exist is challenged with a salt made of this, which stays the
 * same when the router is started again; without it, of something random. */
void router_pretend(struct router *r,
		    const uint8_t key[ROUTER_PRETEND_BYTES]);
/* All sessions are lost. */
void router_deinit(struct router *r);

/* The clock of what follows. */
void router_set_time(struct router *r, uint64_t now_ms, uint64_t unix_ms);

/* A connection: its session, or NULL when out of memory. `authn` is borrowed
 * for its life. */
struct session *router_connect(struct router *r, const struct link *link,
			       const struct authn *authn);
/* One message from it. */
void router_receive(struct router *r, struct session *s,
		    struct bytes message);
/* What it said while it was waited for is handled now (authorize.h). */
void router_resume(struct router *r, struct session *s);
/* It has read much of what was waiting for it. */
void router_drained(struct router *r, struct session *s);
/* The connection is gone; the session is freed. */
void router_lost(struct router *r, struct session *s);

/* What clients inside the process said outside of a turn is heard now. */
void router_settle(struct router *r);

/* Does what is due, and says when it is wanted again (UINT64_MAX: never). */
void router_tick(struct router *r);
uint64_t router_due_ms(const struct router *r);

/* GOODBYE to all; their connections close within GOODBYE_MS of ticks. */
void router_shutdown(struct router *r, const char *reason);

struct realm *router_realm(struct router *r, struct bytes name);

#endif
