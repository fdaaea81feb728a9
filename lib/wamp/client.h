/*
 * client: a WAMP client session without I/O: all four roles, for the
 * coordinator, the workers (natively and in WebAssembly) and wampload.
 *
 * The owner feeds whole messages in (`client_receive`) and gets whole
 * messages out through `send`; time and randomness are not needed. Callbacks
 * run inside client_receive; from them every function here may be called but
 * client_free. A payload that will not decode fails that one call, not the
 * session. Base and this library only; no OpenSSL: authentication other than
 * ticket comes through the `challenge` callback. Spec: "Sessions", "Publish and
 * Subscribe", "Remote Procedure Calls" (basic profile).
 */
#ifndef WAMP_CLIENT_H
#define WAMP_CLIENT_H

#include "wamp/message.h"

struct client;

/* A decoded reply, invocation or event; all borrowed until the callback
 * returns. args is a list and kwargs a dict, never NULL (but on a failed
 * call that was lost: both empty). */
struct client_data {
	const struct value *details;
	const struct value *args, *kwargs;
};

struct client_config {
	const struct serializer *serializer;
	struct wamp_limits limits;
	const char *realm;
	const char *agent;
	const char *authid;  /* NULL: anonymous */
	const char *ticket;  /* NULL: none. Copied, never logged */
	/* For methods other than ticket: appends the signature. NULL: the
	 * session aborts on such a CHALLENGE. */
	const char *authmethod;
	/* A dict for HELLO.Details.authextra, or NULL. Not copied: read at each
	 * client_open, so that an owner may put a fresh nonce in before. */
	const struct value *authextra;
	int (*challenge)(void *ctx, struct bytes method,
			 const struct value *extra, struct buf *signature);
	/* After challenge: fills AUTHENTICATE.Extra, an empty dict; memory
	 * from `a`. NULL: it stays empty. */
	int (*answer)(void *ctx, struct arena *a, struct value *extra);
	/* WELCOME's details: may the session begin? An error: this is not who
	 * we think (SCRAM's verifier), and the session aborts with
	 * wamp.error.authentication_failed. NULL: yes. */
	int (*welcome)(void *ctx, const struct value *details);

	/* One message out. Never fails for the client: a transport that can
	 * not take it closes itself later. */
	void (*send)(void *ctx, struct bytes message);
	void (*joined)(void *ctx, uint64_t session,
		       const struct value *details);
	/* The session is over: ABORT, GOODBYE, or protocol violation by the
	 * router. All open calls have been failed before (`wamp.error.closed`
	 * to reply functions). The owner closes the transport. */
	void (*left)(void *ctx, struct bytes reason, struct bytes message);
	/* The router took a registration away ("Registration Revocation"):
	 * nothing more comes in for it; what came in may still be answered.
	 * May be NULL. */
	void (*revoked)(void *ctx, uint64_t registration, struct bytes reason);
	void *ctx; /* of all above */
};

/* `error` is empty for success. data of a progressive result has
 * details.progress = true and the call stays open. */
typedef void client_reply_fn(void *ctx, struct bytes error,
			     const struct client_data *data);
typedef void client_invocation_fn(void *ctx, uint64_t invocation,
				  const struct client_data *data);
/* A caller or router wants an invocation to stop. */
typedef void client_interrupt_fn(void *ctx, uint64_t invocation,
				 struct bytes mode);
typedef void client_event_fn(void *ctx, uint64_t publication,
			     const struct client_data *data);

/* Copies the config. NULL when out of memory. */
struct client *client_new(const struct client_config *config);
void client_free(struct client *c);

/* The transport is open: sends HELLO. A client may be opened again after it
 * was closed; registrations and subscriptions are the owner's to repeat. */
int client_open(struct client *c);
/* One message from the router: 0, or an error after which the transport must
 * be closed (left has been called). */
int client_receive(struct client *c, struct bytes message);
/* The transport is gone: fails all that is open. */
void client_lost(struct client *c);
bool client_is_joined(const struct client *c);

/* The requests return 0 or ERR_STATE (not joined), ERR_NOMEM; `reply` may be
 * NULL where it says so; it is called exactly once unless progressive.
 * options, args, kwargs are borrowed during the call and may be NULL. */
int client_call(struct client *c, const char *procedure,
		const struct value *options, const struct value *args,
		const struct value *kwargs, client_reply_fn *reply, void *ctx,
		uint64_t *request /* may be NULL */);
int client_cancel(struct client *c, uint64_t request, const char *mode);
/* reply: NULL allowed; on success details has no meaning and *registration
 * is in the reply's details as key "registration". Invocations start only
 * after it. `interrupt` may be NULL. */
int client_register(struct client *c, const char *procedure,
		    const struct value *options, client_invocation_fn *invoke,
		    client_interrupt_fn *interrupt, client_reply_fn *reply,
		    void *ctx);
int client_unregister(struct client *c, uint64_t registration,
		      client_reply_fn *reply, void *ctx);
int client_yield(struct client *c, uint64_t invocation,
		 const struct value *options, const struct value *args,
		 const struct value *kwargs);
int client_error(struct client *c, uint64_t invocation, const char *error,
		 const struct value *args, const struct value *kwargs);
/* The subscription's id is in the reply's details as "subscription". */
int client_subscribe(struct client *c, const char *topic,
		     const struct value *options, client_event_fn *event,
		     client_reply_fn *reply, void *ctx);
int client_unsubscribe(struct client *c, uint64_t subscription,
		       client_reply_fn *reply, void *ctx);
/* reply non-NULL asks for an acknowledgement. */
int client_publish(struct client *c, const char *topic,
		   const struct value *options, const struct value *args,
		   const struct value *kwargs, client_reply_fn *reply,
		   void *ctx);
/* Sends GOODBYE; `left` follows with the router's answer. */
int client_goodbye(struct client *c, const char *reason);

#endif
