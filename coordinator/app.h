/*
 * app: the coordinator's program while it runs: what happens on the loop
 * becomes events of coord, and coord's effects are done: stored, prepared,
 * told to the session, logged. Decides nothing but when the program ends. May
 * touch everything of this room but store and flags' reading; main.c makes it
 * and takes it apart.
 */
#ifndef COORDINATOR_APP_H
#define COORDINATOR_APP_H

#include "coordinator/coord.h"
#include "coordinator/flags.h"
#include "coordinator/prepare.h"
#include "coordinator/rpc.h"
#include "coordinator/writer.h"
#include "net/loop.h"
#include "net/peer.h"

enum { EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* All are owned. */
struct app {
	struct flags flags;
	struct job_env env;
	struct loop *loop;
	struct tls *tls; /* NULL: none */
	struct peer *peer;
	struct coord *coord;
	struct rpc *rpc;
	struct store *store;
	struct writer *writer;
	struct prepare *prepare;
	struct wake *wake;
	struct timer *tick, *soon;
	uint64_t started_ms;
	bool joined_once, draining, stopping;
	bool in_trouble; /* the coord was told of the store's trouble */
	int code;        /* to exit with */
	char last_error[256]; /* of dialling */
};

uint64_t app_now_ms(void *ctx); /* monotonic; ctx is not looked at */
/* Leaves the router; the loop ends when that is done. */
void app_stop(struct app *app, int code);
/* The object of --json. */
void app_print_result(struct app *app);

/* What others call, each with the app as its ctx: rpc, … */
void app_event(void *ctx, const struct coord_event *event);
void app_failed(void *ctx, const char *why);
/* … the timers, writer and prepare having something, … */
void app_tick(void *ctx);
void app_wake(void *ctx);
/* … and the peer. */
void app_joined(void *ctx, struct client *client, uint64_t session,
		const struct value *details);
void app_left(void *ctx, bool refused, const char *reason,
	      const char *message, bool again);
void app_revoked(void *ctx, uint64_t registration, const char *reason);

#endif
