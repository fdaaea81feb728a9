/*
 * realm: a name under which sessions see each other: its roles, its dealer,
 * its broker, its sessions. May touch the router's cores; no I/O. Spec:
 * "Realms, Sessions and Transports" (basic).
 */
#ifndef ROUTER_REALM_H
#define ROUTER_REALM_H

#include "router/broker.h"
#include "router/dealer.h"
#include "router/role.h"

struct realm_config {
	char *name;         /* owned, with all below */
	struct role *roles;
	unsigned role_count;
	struct procedure_rule *rules;
	unsigned rule_count;
	struct history_rule *histories;
	unsigned history_count;
};

/* GOODBYE to a session and out with it (router.h). */
typedef void realm_kill_fn(void *ctx, struct session *s, const char *reason,
			   const char *message);

struct realm {
	const struct realm_config *config;
	struct turn *turn;
	struct dealer dealer;
	struct broker broker;
	struct id_map sessions;
	bool is_emptying; /* kill_all: none of its events, by its spec */
	realm_kill_fn *kill;
	void *kill_ctx;
};

/* ERR_NOMEM: it is to be deinited all the same. */
int realm_init(struct realm *r, const struct realm_config *config,
	       struct turn *turn, realm_kill_fn *kill, void *kill_ctx)
	MUST_CHECK;
/* All sessions have left. */
void realm_deinit(struct realm *r);

const struct role *realm_role(const struct realm *r, const char *name);
/* Gives the session its id. The session's identity is set. ERR_NOMEM. */
int realm_join(struct realm *r, struct session *s) MUST_CHECK;
/* WELCOME is sent: now the others may know. */
void realm_announce(struct realm *r, struct session *s);
/* Its state is no more ESTABLISHED. */
void realm_leave(struct realm *r, struct session *s);

#endif
