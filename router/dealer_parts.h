/*
 * dealer_parts: what the dealer's files know of each other; nobody else
 * includes it.
 */
#ifndef ROUTER_DEALER_PARTS_H
#define ROUTER_DEALER_PARTS_H

#include "router/dealer.h"

/* --- dealer.c ------------------------------------------------------------ */

void dealer_tell(struct dealer *d, enum happening what,
		 const struct session *s, const struct registration *r);
/* Gone for everybody but the callees that still have calls to answer. */
void registration_delete(struct dealer *d, struct registration *r);
void registration_free(struct registration *r);
/* Without an id, in no list. NULL when out of memory. */
struct registration *registration_alloc(struct dealer *d,
					enum uri_match match,
					struct bytes uri);

/* --- dealer_wait.c ------------------------------------------------------- */

/* Does the rule let calls wait where there is no callee? */
bool wait_allowed(const struct dealer *d, enum uri_match match,
		  struct bytes uri);
/* Queues a call of what nobody has registered, where that is allowed.
 * ERR_LIMIT, ERR_NOMEM. */
int wait_add(struct dealer *d, struct call *call);
/* `r` has lost its last callee and is found no more: its calls go to who else
 * matches them, or wait where the rule says so. true: some do. */
bool wait_keep(struct dealer *d, struct registration *r);
/* `r` is new: what has waited for it is queued there. */
void wait_end(struct dealer *d, struct registration *r);
/* Its queue is empty: nothing to live on for. */
void wait_forget(struct dealer *d, struct registration *r);
/* Where a call goes whose callee declines it after its registration has lost
 * all callees. NULL: nowhere. */
struct registration *wait_successor(struct dealer *d, const struct call *call);

/* --- dealer_callee.c ----------------------------------------------------- */

/* The session's record in it, attached or not; NULL: none. */
struct callee *callee_find(const struct registration *r,
			   const struct session *s);
/* A record that is not attached yet; NULL when out of memory. */
struct callee *callee_new(struct registration *r, struct session *s);
void callee_attach(struct callee *c, uint32_t concurrency);
/* After its in_flight, concurrency or attachment changed. */
void callee_update(struct callee *c);
bool callee_has_slot(const struct callee *c);
/* Its slot is given back; a callee with nothing left to do is freed. */
void callee_done(struct dealer *d, struct callee *c);
/* Out of its registration; the record stays while calls are in flight. */
void callee_detach(struct dealer *d, struct callee *c);
void callee_free(struct dealer *d, struct callee *c);
/* It asks for another concurrency. */
void callee_want(struct callee *c, uint32_t concurrency);
/* Its registration's concurrency_max has changed. */
void callee_limit(struct callee *c);
/* The callee has said its last word to this call. */
enum word { WORD_DONE, WORD_ERROR, WORD_DECLINED };
void callee_note(const struct dealer *d, const struct call *call,
		 enum word word);

/* --- dealer_shard.c ------------------------------------------------------ */

/* Reads CALL.Options.runmode and rkey. NULL, or what is wrong. */
const char *shard_read(const struct dealer *d, struct call *call,
		       const struct value *options);
/* The callee it belongs to, busy or not; NULL: all have declined it. */
struct callee *shard_owner(const struct registration *r,
			   const struct call *call);
/* The same, remembered while nobody comes or goes. */
struct callee *shard_find(const struct registration *r, struct call *call);

/* --- dealer_rule.c ------------------------------------------------------- */

void rules_deinit(struct dealer *d);

/* --- dealer_policy.c ----------------------------------------------------- */

/* A callee with a free slot that has not declined the call; NULL: none. */
struct callee *policy_pick(struct dealer *d, struct registration *r,
			   struct call *call);

/* --- dealer_queue.c ------------------------------------------------------ */

/* ERR_LIMIT when full, ERR_NOMEM. Keeps a copy of the payload. */
int queue_add(struct dealer *d, struct registration *r, struct call *call);
/* A declined call goes to the head; nothing can fail. */
void queue_put_back(struct registration *r, struct call *call);
/* Among those that are there, by its age; nothing can fail. */
void queue_insert(struct registration *r, struct call *call);
/* Ends its registration, when that one only waits and this was the last. */
void queue_remove(struct dealer *d, struct call *call);
/* Dispatches from the head on while there are free slots. */
void queue_drain(struct dealer *d, struct registration *r);
/* Ends calls that everybody who is left has declined. */
void queue_fail_declined(struct dealer *d, struct registration *r);
/* Ends all. */
void queue_fail(struct dealer *d, struct registration *r, const char *uri,
		const char *text);

/* --- dealer_call.c ------------------------------------------------------- */

/* Sends the INVOCATION and takes the slot; or ends the call, when its payload
 * can not be said to this callee. */
void call_dispatch(struct dealer *d, struct call *call, struct callee *c);
/* An INVOCATION to its callee: the first, or one more of a stream; `more`:
 * another will follow. 0, or why the payload can not be said. */
int call_send(struct dealer *d, struct call *call,
	      const struct payload *payload, bool more);
/* Ends it with what call_send gave. */
void call_refuse_payload(struct dealer *d, struct call *call, int err);
/* It will not take it, or lacks what the call needs. */
bool call_is_declined_by(const struct call *call, const struct session *s);
/* Nobody in the registration has what the call needs. */
bool call_needs_too_much(const struct call *call,
			 const struct registration *r);

/* --- dealer_payload.c ---------------------------------------------------- */

/* Copies all that the message had into the call. ERR_NOMEM, ERR_LIMIT. */
int call_keep_payload(struct call *call);
void call_drop_payload(struct call *call);

/* --- dealer_progress.c --------------------------------------------------- */

/* Makes it a stream, whose first part it is. ERR_NOMEM. */
int stream_begin(struct call *call, struct bytes uri);
/* After the first part was sent. false: the call was ended. */
bool stream_send_kept(struct dealer *d, struct call *call);
void stream_drop_parts(struct call *call);
void stream_free(struct stream *stream);
void stream_check(const struct call *call);

/* --- dealer_end.c -------------------------------------------------------- */

/* The caller gets an ERROR; the call is neither queued nor in flight after
 * it, but may still hold its callee's slot (CALL_ANSWERED). `text` may be
 * NULL. */
void call_fail(struct dealer *d, struct call *call, const char *uri,
	       const char *text);
/* The caller is answered, or gone. */
void call_answered(struct dealer *d, struct call *call);
/* Out of all lists, and freed. Gives back no slot. */
void call_over(struct dealer *d, struct call *call);
/* INTERRUPT to a callee that announced call_canceling. */
void call_interrupt(struct call *call, const char *mode);
/* The callee has answered or left: the slot is free, the call over. */
void call_finish(struct dealer *d, struct call *call);

/* --- dealer_timeout.c ---------------------------------------------------- */

/* Room for one deadline a call. */
int deadline_reserve(struct dealer *d);
void deadline_set(struct dealer *d, struct call *call);
void deadline_clear(struct dealer *d, struct call *call);

#endif
