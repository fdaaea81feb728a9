/*
 * client_private: what the four files of the client share. client.c is the
 * session's life, sending, receiving and the end; client_opening.c its
 * establishment and authentication; client_requests.c what the owner asks for,
 * client_replies.c what the router sends. Nobody else includes this.
 */
#ifndef WAMP_CLIENT_PRIVATE_H
#define WAMP_CLIENT_PRIVATE_H

#include "wamp/client.h"
#include "wamp/id_map.h"

enum client_state {
	CLIENT_CLOSED,
	CLIENT_OPENING, /* HELLO or AUTHENTICATE is sent */
	CLIENT_JOINED,
	CLIENT_LEAVING, /* GOODBYE is sent */
	CLIENT_STATES,
};

/* A registration or a subscription: whom to call. */
struct handler {
	client_invocation_fn *invoke;
	client_interrupt_fn *interrupt; /* may be NULL */
	client_event_fn *event;
	void *ctx;
	struct handler *next; /* owned: of one subscription, asked for twice */
};

/* What the router has still to answer. */
struct request {
	enum message_type type;
	client_reply_fn *reply; /* may be NULL */
	void *ctx;
	uint64_t subject;        /* of UNREGISTER, UNSUBSCRIBE */
	struct handler *handler; /* owned; of REGISTER, SUBSCRIBE */
};

/* What we have still to answer. */
struct invocation {
	client_interrupt_fn *interrupt; /* may be NULL */
	void *ctx;
};

struct client {
	struct client_config config; /* its strings are owned */
	enum client_state state;
	uint64_t session;
	uint64_t last_request; /* ids are 1, 2, 3 … in a session */
	bool receiving;        /* client_receive is on the stack */

	struct id_map requests;      /* owned struct request */
	struct id_map registrations; /* owned struct handler */
	struct id_map subscriptions; /* owned struct handler */
	struct id_map invocations;   /* owned struct invocation */

	struct arena in;  /* the message that is being received */
	struct arena out; /* scratch of one message that is being sent */
	struct buf payload, message; /* likewise */
};

/* Empty, none of them NULL. */
extern const struct client_data client_no_data;

void client_set_state(struct client *c, enum client_state to);

/* Encodes into c->message. m's payload is overwritten by args and kwargs,
 * both may be NULL. */
int client_encode(struct client *c, struct message *m,
		  const struct value *args, const struct value *kwargs);
/* Hands c->message to the transport. */
void client_flush(struct client *c);
/* Both, for messages that open no request. */
int client_send(struct client *c, struct message *m, const struct value *args,
		const struct value *kwargs);

/* The session ends: everything open fails, then `left` is called. Returns
 * err. */
int client_end(struct client *c, struct bytes reason, struct bytes text,
	       int err);
/* ABORT from our side; what follows is to be the end. */
void client_abort(struct client *c, const char *reason, const char *text);
/* The router broke the protocol: ABORT, and the end. */
int client_violation(struct client *c, const char *what);
/* WELCOME and CHALLENGE; anything else is a violation. */
int client_receive_opening(struct client *c, const struct message *m);
/* Everything that needs a session: RESULT, EVENT, INVOCATION … */
int client_dispatch(struct client *c, const struct message *m);

void client_handlers_free(struct handler *h);

#endif
