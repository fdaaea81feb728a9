/*
 * dealer: routes calls to callees: registrations, shared among callees by a
 * policy, a concurrency per callee, a queue where all are busy; canceling and
 * timeouts. No I/O: messages come decoded and authorised, answers go out
 * through sessions. May touch base, wamp, session, uri_map, passthru, and of
 * access what a call is granted. Spec: "Remote Procedure Calls" (basic), and
 * of the advanced profile what each file names.
 *
 * A call is in exactly one state until it is over:
 *
 *   queued -> in flight -> over        answered by its callee
 *   queued -> over                     canceled, timed out, caller gone, …
 *   in flight -> queued                its callee declined it: to the head
 *   in flight -> answered -> over      canceled, timed out or caller gone:
 *                                      the callee's slot stays taken until
 *                                      the callee answers or leaves, so that
 *                                      a sleeping one is not fed on and on
 *
 * Invariants, asserted by dealer_check: each callee has at most `concurrency`
 * calls; nothing is queued while a callee that may take it has a free slot (of
 * a sharded call: the one callee that its shard belongs to; else any that has
 * not declined it); every caller is answered exactly once; the queue keeps its
 * limit (a call that was declined does not count, as it was let in before);
 * no call waits for a callee whose procedure is registered.
 *
 * Readings of what the specification leaves open. A busy `first` or `last`
 * passes a call on to the next in line. Queued calls of a registration whose
 * last callee leaves end with wamp.error.no_such_procedure: they never ran;
 * but where a rule says `wait`, they wait for the next callee.
 * Canceling without a mode, or by none of the three, is killnowait. A callee
 * that unregisters still answers what it has; if it registers again those
 * calls count. A callee that has not announced what a call needs (payload
 * passthru mode, progressive invocations) is passed over as if it had
 * declined; when all are so, the call ends with
 * wamp.error.feature_not_supported. A callee that has sent a progressive
 * result has taken its call and can not decline it any more.
 * REGISTER.Options.disclose_caller discloses the callers to that callee. Of
 * the Details and Options of others only the passthru's attributes go on: into
 * INVOCATION, RESULT and ERROR; all else in these is the router's word. An
 * answer that can not be said in the caller's serializer ends the call with an
 * ERROR, also a progressive one (the callee is interrupted); of a callee's
 * ERROR the URI stays, unless it is none. Between a caller and a callee
 * invocations keep the order of the calls, but where a call is queued: those
 * of other procedures pass it.
 *
 * `leastloaded` compares in flight / concurrency; a callee without a
 * concurrency counts as one with 1: among such the fewest in flight decide,
 * beside others it is asked when they are full. Ties go in turn.
 *
 * "Sharded Registration" is a sketch; the reading: a CALL with Options.runmode
 * "partition" and Options.rkey (a text) goes to the callee that its rkey
 * belongs to, the same one while it lives, by rendezvous hashing over the
 * attached callees: when one comes or goes, only its own shards move. It waits
 * for that callee rather than going to another. One that declines it gives up
 * that call, which goes to the next in the rkey's order. Without runmode an
 * rkey means nothing; there is no other runmode. With `single` there is but
 * one callee.
 *
 * REGISTER.Options.force_reregister puts the newcomer in the place of all
 * callees that are there: they get UNREGISTERED if they have announced
 * registration_revocation, and answer what they have in flight; the
 * registration and its queue live on, with the newcomer's policy where none is
 * pinned. A callee that is there itself stays, with the new options. Who may
 * register may force, but where a rule says `force: false`.
 *
 * With the rule's `wait`, which is ours, a CALL of a procedure that nobody has
 * registered is queued as any other, within the rule's queue, by its own URI.
 * It goes to whoever registers first what matches it, with the others that
 * wait for that one the oldest first; so do the calls that are left of a
 * registration, unless another matches them now: they are queued there by
 * their age. Where they wait has no id, and no meta procedure shows it.
 */
#ifndef ROUTER_DEALER_H
#define ROUTER_DEALER_H

#include "router/access.h"
#include "router/happening.h"
#include "router/passthru.h"
#include "router/session.h"
#include "router/uri_map.h"

enum invoke_policy {
	INVOKE_SINGLE,
	INVOKE_FIRST,
	INVOKE_LAST,
	INVOKE_RANDOM,
	INVOKE_ROUNDROBIN,
	INVOKE_LEASTLOADED,
};

bool invoke_parse(struct bytes text, enum invoke_policy *out);
const char *invoke_name(enum invoke_policy policy);

/* What the configuration fixes for the procedures that it matches. */
struct procedure_rule {
	struct bytes uri; /* owned by the config */
	enum uri_match match;
	bool pins_invoke;
	enum invoke_policy invoke;
	uint32_t concurrency_max; /* 0: none; a larger one is lowered */
	uint32_t queue_max;       /* calls; 0: no queue */
	bool denies_force;        /* force_reregister is refused */
	bool waits;               /* without a callee, for the next one */
};

/* What callees have done with their calls. */
struct callee_work {
	uint64_t done, errors, declined;
	uint64_t busy_ms; /* from INVOCATION to the last word, of done and
			     errors; of the loop's clock */
};

struct registration {
	uint64_t id;
	struct bytes uri; /* owned */
	enum uri_match match;
	enum invoke_policy invoke;
	uint64_t created_unix_ms;
	uint32_t concurrency_max, queue_max;
	uint32_t queue_carried; /* were in it when queue_max was lowered */
	struct ring callees; /* in the order of registering */
	struct ring leaving; /* unregistered, with calls to answer */
	uint32_t callee_count, free_count;
	struct callee *last_picked; /* in turn; NULL: none */
	uint64_t membership; /* counts callees' coming and going */
	struct callee_work work; /* of all callees, gone ones too */
	struct ring queue; /* the oldest first */
	uint32_t queue_count, declined_count; /* these are in it, too */
	uint32_t needy_count; /* and these: calls with needs */
	bool is_over; /* deleted; lives on for `leaving` */
	bool is_waiting; /* deleted or never made; lives on for its queue */
	struct ring of_waiting; /* in the dealer's `waiting` */
};

/* A session's place in a registration. */
struct callee {
	struct registration *registration;
	struct session *session;
	uint32_t concurrency; /* 0: no limit */
	uint32_t wanted;      /* what it asked for: lowered by a rule */
	uint32_t in_flight;
	uint32_t carried; /* had from an earlier registering: may be above
			     concurrency until answered */
	bool attached, is_free;
	struct callee_work work;
	bool forward_timeout, disclose_caller;
	struct ring in_registration, of_session;
	struct ring calls;
};

/* A call whose arguments come in parts ("Progressive Call Invocations"). */
struct stream {
	struct buf header; /* owned; the URI and the call's passthru, as the
			      Details of every part are the first one's */
	struct bytes uri;
	uint64_t registration; /* that the first INVOCATION named */
	bool more;             /* the final part has not come yet */
	struct ring parts;     /* kept ones, but for the first */
	size_t held_bytes;     /* of those */
};

enum call_state { CALL_QUEUED, CALL_IN_FLIGHT, CALL_ANSWERED };

struct call {
	enum call_state state;
	struct session *caller; /* NULL: gone */
	uint64_t request;
	uint64_t number; /* by age */
	struct registration *registration; /* while queued; or NULL */
	struct callee *callee;             /* while not queued; or NULL */
	uint64_t invocation;
	uint64_t begun_ms; /* its INVOCATION */
	bool is_sharded;
	uint64_t shard; /* hash of its rkey */
	struct callee *owner; /* of the shard, at owner_at; or NULL */
	uint64_t owner_at;    /* registration's membership then */
	bool receive_progress;
	struct grant grant;
	unsigned needs; /* features that its callee must have announced */
	bool killed; /* INTERRUPT sent, mode kill: the callee's word counts */
	uint64_t timeout_ms, deadline_ms; /* 0: none */
	size_t heap_at; /* place in the heap of deadlines, from 1; 0: none */
	struct stream *stream; /* owned; NULL: an ordinary call */
	struct bytes procedure; /* these three are the message's while it is
				   being handled, and then, if is_kept, in
				   `kept` */
	struct passthru passthru;
	struct payload payload;
	struct buf kept; /* procedure, passthru, payload */
	bool is_kept;
	uint64_t *declined; /* owned: sessions that will not take it */
	uint32_t declined_count;
	struct ring in_dealer, of_caller, in_place; /* queue or callee */
};

struct dealer {
	struct turn *turn;
	const struct procedure_rule *rules; /* borrowed */
	unsigned rule_count;
	struct procedure_rule *set; /* owned, with the URIs; go before rules */
	unsigned set_count;
	happened_fn *happened; /* may be NULL */
	void *happened_ctx;
	struct uri_map registrations;
	struct id_map by_id;
	struct uri_map waits; /* registrations without a callee: not above */
	struct ring waiting;  /* the same, as a list */
	struct ring calls; /* all that are not over */
	size_t call_count;
	struct call **heap; /* owned; by deadline_ms, from 1 */
	size_t heap_count, heap_cap;
	struct ring spare; /* calls to use again */
	unsigned spare_count;
	/* counters since the start */
	uint64_t calls_total, answered_total;
	uint64_t errors_total; /* of those answered, these three */
	uint64_t timeouts_total, canceled_total;
	uint64_t rerouted_total;
	uint64_t seed; /* of shards */
};

void dealer_init(struct dealer *d, struct turn *turn,
		 const struct procedure_rule *rules, unsigned rule_count,
		 happened_fn *happened, void *ctx);
/* All sessions have left before. */
void dealer_deinit(struct dealer *d);

void dealer_register(struct dealer *d, struct session *s,
		     const struct message *m);
void dealer_unregister(struct dealer *d, struct session *s,
		       const struct message *m);
/* `grant`: what the callee is told of the caller. */
void dealer_call(struct dealer *d, struct session *s, const struct message *m,
		 struct grant grant);
/* A CALL whose request id is not new. NULL, or how it violates the protocol.
 */
const char *dealer_continue(struct dealer *d, struct session *s,
			    const struct message *m) MUST_CHECK;
void dealer_cancel(struct dealer *d, struct session *s,
		   const struct message *m);
/* These two: false when the invocation was never issued to the session, which
 * violates the protocol. */
bool dealer_yield(struct dealer *d, struct session *s,
		  const struct message *m) MUST_CHECK;
bool dealer_error(struct dealer *d, struct session *s,
		  const struct message *m) MUST_CHECK;
/* Its state is no more ESTABLISHED: nothing is sent to it. */
void dealer_leave(struct dealer *d, struct session *s);
/* Times out what is due. */
void dealer_tick(struct dealer *d);
/* When that will be the next time; UINT64_MAX: never. */
uint64_t dealer_due_ms(const struct dealer *d);

/* Takes a callee out of a registration, whoever asks for it. `reason` may be
 * NULL. false: it is not there. */
bool dealer_remove_callee(struct dealer *d, uint64_t registration,
			  uint64_t session, const char *reason);

enum { RULES_SET_MAX = 1024 };

/* The rule for exactly this URI and match, or else the first that matches it;
 * of those set at run time before those of the configuration. A pattern only
 * has the rule that is written for it. NULL: none. */
const struct procedure_rule *dealer_rule(const struct dealer *d,
					 enum uri_match match,
					 struct bytes uri);
/* Sets the rule for its URI and match (copied), for what will be registered
 * and for what is: callees above a lowered concurrency go on, and get nothing
 * more until they are below it; a raised one drains the queue; calls above a
 * lowered queue stay in it; `single` keeps the callees that are there and lets
 * nobody join; without `waits` what waits for a callee ends. 0, ERR_NOMEM, or
 * ERR_LIMIT: RULES_SET_MAX are set. */
int dealer_set_rule(struct dealer *d, const struct procedure_rule *rule)
	MUST_CHECK;

struct registration *dealer_lookup(const struct dealer *d,
				   enum uri_match match, struct bytes uri);
struct registration *dealer_match(const struct dealer *d, struct bytes uri);
struct registration *dealer_get(const struct dealer *d, uint64_t id);

typedef void dealer_registration_fn(void *ctx, const struct registration *r);
/* Every registration, in no order. */
void dealer_each_registration(const struct dealer *d,
			      dealer_registration_fn *fn, void *ctx);

/* Asserts every invariant; for tests, after every step. */
void dealer_check(const struct dealer *d);

#endif
