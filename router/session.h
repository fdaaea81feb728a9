/*
 * session: one WAMP session on its connection: its state, who it is, what it
 * may use, and how it is answered. Which roles it plays is kept by dealer and
 * broker in the members marked theirs. May touch base and wamp; the
 * connection is behind `struct link`. Spec: "Sessions".
 */
#ifndef ROUTER_SESSION_H
#define ROUTER_SESSION_H

#include "router/limits.h"
#include "router/ring.h"
#include "router/turn.h"
#include "wamp/id_map.h"
#include "wamp/message.h"
#include "wamp/uri.h"

/* What the router asks of a connection. None of these calls back. */
struct link_ops {
	/* Copies it. An error: it can not be sent, and the connection is
	 * being closed (router_lost follows). */
	int (*send)(void *ctx, struct bytes message);
	/* After what was sent. router_lost follows. */
	void (*close)(void *ctx, unsigned code, const char *why);
	void (*pause)(void *ctx, bool on);
	void (*limit)(void *ctx, const struct role_limits *limits);
	size_t (*output)(void *ctx); /* bytes not yet taken */
};

enum { COOKIE_SIZE = 33 }; /* 32 hex digits */

struct link {
	const struct link_ops *ops;
	void *ctx;
	const struct serializer *serializer;
	size_t message_max; /* bytes that it takes in one; 0: any */
	bool confidential; /* loopback, unix or TLS: tickets may travel */
	const char *transport; /* "websocket" */
	uint64_t age_ms; /* of the connection, as the session begins */
	char peer[72];
	/* Of the client's TLS certificate, verified by net; "" without one. */
	char cert_cn[65], cert_sha1[60]; /* "AB:CD:…" */
	char cookie[COOKIE_SIZE];        /* that the page has; "" without */
};

enum session_state {
	SESSION_NEW,         /* no HELLO yet */
	SESSION_CHALLENGING, /* CHALLENGE sent */
	SESSION_ASKING,      /* an authenticator; nothing may come meanwhile */
	SESSION_ESTABLISHED,
	SESSION_CLOSING, /* our GOODBYE sent; out of its realm */
	SESSION_OVER,    /* nothing is said or heard any more */
};

/* Announced in HELLO.Details.roles; a bit each. */
enum feature {
	CALLEE_CANCELING = 1 << 0,
	CALLEE_PROGRESSIVE = 1 << 1,
	CALLEE_TIMEOUT = 1 << 2,
	CALLEE_REVOCATION = 1 << 3,
	SUBSCRIBER_REVOCATION = 1 << 4,
	CALLER_STREAMING = 1 << 5, /* progressive call invocations */
	CALLEE_STREAMING = 1 << 6,
	CALLER_PASSTHRU = 1 << 7, /* payload passthru mode */
	CALLEE_PASSTHRU = 1 << 8,
	PUBLISHER_PASSTHRU = 1 << 9,
	SUBSCRIBER_PASSTHRU = 1 << 10,
};

/* Why it is not read from. */
enum pause_reason {
	PAUSE_RATE = 1 << 0,
	PAUSE_FEEDS = 1 << 1,
	PAUSE_DECISION = 1 << 2, /* an authorizer is being asked */
};

struct realm;
struct role;
struct authn_attempt;
struct authz;

struct session {
	struct turn *turn;
	struct link link;
	enum session_state state;
	uint64_t id;
	struct realm *realm;     /* NULL before and after */
	const struct role *role;
	const struct role_limits *limits;
	char *authid;            /* owned */
	const char *authmethod, *authprovider;
	unsigned features;
	uint64_t joined_unix_ms;
	const void *authn; /* struct authn: how this connection may join */
	struct authn_attempt *attempt; /* owned; to join (authn.h) */
	struct authz *authz; /* owned; NULL: nothing was asked (authorize.h) */

	uint64_t last_request;    /* of the client's */
	uint64_t last_invocation; /* issued to it */
	bool invocations_wrapped; /* every id was issued once */

	struct bucket bucket;
	unsigned paused;
	struct ring feeders; /* sessions not read from, as I am full */
	struct ring feeds;   /* my place in such a list */

	/* dealer's */
	struct ring callees; /* struct callee */
	struct ring calls;   /* struct call, as its caller, until over */
	struct id_map requests;    /* CALL.Request -> call, unanswered */
	struct id_map invocations; /* INVOCATION.Request -> call, not over */
	uint32_t registration_count, call_count;
	size_t held_bytes;

	/* broker's */
	struct ring subscribers; /* struct subscriber */
	uint32_t subscription_count;
	struct ring testaments; /* struct testament */
	uint32_t testament_count;
	size_t testament_bytes;

	uint32_t pattern_count; /* of both */

	/* router's */
	struct ring in_router; /* of all */
	struct ring waiting;   /* for a deadline */
	struct ring throttled;
	uint64_t deadline_ms;
};

void session_init(struct session *s, struct turn *turn,
		  const struct link *link);
void session_deinit(struct session *s);

/* "IDs", session scope: from 1 in steps of 1, and 1 again after 2^53. */
static inline uint64_t session_next_id(uint64_t last)
{
	return last == WAMP_ID_MAX ? 1 : last + 1;
}

/* Moves along the table of allowed moves only. */
void session_set_state(struct session *s, enum session_state to);

/* Encodes and sends. 0; ERR_CLOSED when nobody is there any more; otherwise
 * the message can not be said in this session's serializer or is too large,
 * and nothing was sent. Out of memory closes the session: nothing is lost
 * silently. */
int session_send(struct session *s, const struct message *m);
/* What was encoded for its serializer already. ERR_LIMIT: it is longer than
 * the peer takes, and was not sent. */
int session_send_raw(struct session *s, struct bytes message) MUST_CHECK;

/* ERROR to a request; `text`, when not NULL, is its first argument. */
void session_error(struct session *s, enum message_type type,
		   uint64_t request, const char *uri, const char *text);
/* REGISTERED and the like: a request and the id it is about (0: none). */
void session_acknowledge(struct session *s, enum message_type type,
			 uint64_t request, uint64_t subject);
/* RESULT of a call that the router answers itself. */
void session_result(struct session *s, uint64_t request,
		    const struct value *args);
void session_result_with(struct session *s, uint64_t request,
			 const struct value *args, const struct value *kwargs);

/* ABORT, and the connection is closed. The owner takes it out of its realm
 * then. */
void session_abort(struct session *s, const char *uri, const char *text);
/* Sends GOODBYE. `text` may be NULL. */
void session_goodbye(struct session *s, const char *uri, const char *text);

/* Who is fed from `s` is congested: `from` is not read from until it is not. */
bool session_is_congested(const struct session *s);
void session_hold(struct session *s, struct session *from);
void session_release_feeders(struct session *s);
void session_pause(struct session *s, enum pause_reason reason, bool on);

/* Reads HELLO.Details.roles; false when it announces none of WAMP's. */
bool session_learn_features(struct session *s, const struct value *details);

#endif
