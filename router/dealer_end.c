/* How calls end: answered by the callee, declined, canceled, or somebody
 * left. Spec: "Calling and Invocations", "Caller Leaving During an RPC
 * Invocation", "Callee Leaving During an RPC Invocation"
 * (basic); "Progressive Call Results", "Call Canceling", "Call Re-Routing"
 * (advanced). */
#include "router/dealer_parts.h"

#include <assert.h>
#include <stdlib.h>

#include "router/attributes.h"

/* --- answering the caller ------------------------------------------------ */

void call_answered(struct dealer *d, struct call *call)
{
	assert(call->state != CALL_ANSWERED);
	deadline_clear(d, call);
	if (call->caller)
		id_map_take(&call->caller->requests, call->request);
	d->answered_total++;
}

void call_fail(struct dealer *d, struct call *call, const char *uri,
	       const char *text)
{
	session_error(call->caller, MSG_CALL, call->request, uri, text);
	d->errors_total++;
	call_answered(d, call);
	if (call->state == CALL_IN_FLIGHT && call->callee) {
		call->state = CALL_ANSWERED;
		call_drop_payload(call);
		return;
	}
	if (call->registration)
		queue_remove(d, call);
	call_over(d, call);
}

void call_interrupt(struct call *call, const char *mode)
{
	struct session *s = call->callee->session;
	struct value options = value_dict();
	struct message m = { .type = MSG_INTERRUPT,
			     .request = call->invocation,
			     .options = &options };

	if (!(s->features & CALLEE_CANCELING) ||
	    dict_set(&s->turn->arena, &options, "mode", value_str(mode)))
		return;
	(void)session_send(s, &m);
}

void call_finish(struct dealer *d, struct call *call)
{
	struct callee *c = call->callee;

	id_map_take(&c->session->invocations, call->invocation);
	call_over(d, call);
	callee_done(d, c);
}

static const char *unsaid_uri(int err)
{
	return err == ERR_LIMIT ? "wamp.error.payload_size_exceeded"
				: "wamp.error.invalid_argument";
}

static const char *unsaid(int err)
{
	return err == ERR_LIMIT ?
		       "the answer is longer than the caller takes" :
		       "the answer can not be said in the caller's serializer";
}

/* --- YIELD, ERROR -------------------------------------------------------- */

/* Ids are issued in sequence: what is not open and was issued is over. */
static bool find_invocation(struct session *s, uint64_t id,
			    struct call **out)
{
	*out = id_map_get(&s->invocations, id);
	return *out || s->invocations_wrapped || id <= s->last_invocation;
}

/* A caller that does not keep up is not fed faster than it reads. */
static void mind_congestion(struct session *caller, struct session *callee)
{
	if (caller && session_is_congested(caller))
		session_hold(caller, callee);
}

/* "Payload Passthru Mode": a caller that has not announced it does not get
 * such a result, and the callee is told. */
static bool refuse_passthru(struct session *s, const struct call *call,
			    const struct message *m)
{
	if (!passthru_asked(m->options) ||
	    call->caller->features & CALLER_PASSTHRU)
		return false;
	session_error(s, MSG_YIELD, m->request,
		      "wamp.error.feature_not_supported",
		      "the caller has not announced payload_passthru_mode");
	return true;
}

static const char no_memory[] = "out of memory";

static const char *wrong_uri(const char *wrong)
{
	return wrong == no_memory ? "wamp.error.unavailable"
				  : "wamp.error.invalid_argument";
}

/* RESULT.Details: what there is of the passthru's attributes; others that a
 * callee might say are not forwarded. NULL, or what is wrong. */
static const char *result_details(struct arena *a, const struct message *yield,
				  struct value *details)
{
	struct passthru passthru;
	const char *wrong = NULL;

	*details = value_dict();
	if (passthru_read(yield->options, &passthru, &wrong) &&
	    passthru_add(a, details, &passthru))
		wrong = no_memory;
	return wrong;
}

/* What the caller has of it is of no use without this part. */
static void break_off(struct dealer *d, struct call *call, const char *uri,
		      const char *text)
{
	call_interrupt(call, "killnowait");
	call_fail(d, call, uri, text);
}

static const char no_passthru[] =
	"the result is in payload passthru mode, which the caller has not "
	"announced";

static void progress(struct dealer *d, struct session *s, struct call *call,
		     const struct message *m)
{
	struct value details;
	struct message result = { .type = MSG_RESULT,
				  .request = call->request,
				  .options = &details,
				  .payload = m->payload };
	const char *wrong;
	int err;

	/* The caller's wish counts, whatever the callee has announced: wampy
	 * sends progress and announces nothing. */
	if (call->state != CALL_IN_FLIGHT || !call->receive_progress)
		return;
	/* It has begun to answer: nobody else can. */
	call_drop_payload(call);
	if (call->heap_at)
		deadline_set(d, call);
	if (refuse_passthru(s, call, m)) {
		break_off(d, call, "wamp.error.feature_not_supported",
			  no_passthru);
		return;
	}
	wrong = result_details(&d->turn->arena, m, &details);
	if (!wrong && dict_set(&d->turn->arena, &details, "progress",
			       value_bool(true)))
		wrong = no_memory;
	if (wrong) {
		break_off(d, call, wrong_uri(wrong), wrong);
		return;
	}
	err = session_send(call->caller, &result);
	if (err && err != ERR_CLOSED)
		break_off(d, call, unsaid_uri(err), unsaid(err));
	else
		mind_congestion(call->caller, s);
}

static void result(struct dealer *d, struct session *s, struct call *call,
		   const struct message *m)
{
	struct value details;
	const char *wrong;
	int err;

	if (refuse_passthru(s, call, m)) {
		call_fail(d, call, "wamp.error.feature_not_supported",
			  no_passthru);
		return;
	}
	wrong = result_details(&d->turn->arena, m, &details);
	if (wrong) {
		call_fail(d, call, wrong_uri(wrong), wrong);
		return;
	}
	err = session_send(call->caller,
			   &(struct message){ .type = MSG_RESULT,
					      .request = call->request,
					      .options = &details,
					      .payload = m->payload });
	if (err && err != ERR_CLOSED) {
		call_fail(d, call, unsaid_uri(err), unsaid(err));
		return;
	}
	call_answered(d, call);
	mind_congestion(call->caller, s);
}

static void wrong_yield(struct dealer *d, struct call *call,
			const char *wrong)
{
	callee_note(d, call, WORD_ERROR);
	if (call->state == CALL_IN_FLIGHT)
		call_fail(d, call, "wamp.error.invalid_argument", wrong);
	call_finish(d, call);
}

bool dealer_yield(struct dealer *d, struct session *s,
		  const struct message *m)
{
	const char *wrong = attributes_wrong(m);
	struct call *call;

	if (!find_invocation(s, m->request, &call))
		return false;
	if (!call)
		return true;
	if (wrong) {
		wrong_yield(d, call, wrong);
		return true;
	}
	if (value_is_true(dict_get(m->options, "progress"))) {
		progress(d, s, call, m);
		return true;
	}
	callee_note(d, call, WORD_DONE);
	if (call->state == CALL_IN_FLIGHT)
		result(d, s, call, m);
	call_finish(d, call);
	return true;
}

/* "Call Re-Routing": to the head of the queue, never again to whom declined
 * it. false: there is no memory for it. */
static bool reroute(struct dealer *d, struct session *s, struct call *call)
{
	struct callee *c = call->callee;
	struct registration *r = c->registration;
	uint64_t *more;

	if (!call->is_kept)
		return false;
	more = realloc(call->declined,
		       (call->declined_count + 1) * sizeof *more);
	if (!more)
		return false;
	call->declined = more;
	if (r->is_over || r->is_waiting)
		r = wait_successor(d, call);
	if (!r)
		return false;
	more[call->declined_count++] = s->id;
	d->rerouted_total++;
	callee_note(d, call, WORD_DECLINED);
	id_map_take(&s->invocations, call->invocation);
	ring_remove(&call->in_place);
	call->callee = NULL;
	queue_put_back(r, call);
	if (call->timeout_ms && !call->heap_at)
		deadline_set(d, call);
	callee_done(d, c);
	/* callee_done drained the queue when c is still attached. */
	queue_drain(d, r);
	queue_fail_declined(d, r);
	return true;
}

/* ERROR.Details as those of RESULT: only the passthru's attributes. */
static int send_error(struct dealer *d, struct call *call,
		      const struct message *m, struct bytes uri)
{
	struct value details;

	if (result_details(&d->turn->arena, m, &details))
		details = value_dict();
	return session_send(call->caller,
			    &(struct message){ .type = MSG_ERROR,
					       .request_type = MSG_CALL,
					       .request = call->request,
					       .uri = uri,
					       .options = &details,
					       .payload = m->payload });
}

/* What is no URI would end the caller's session, and what its arguments say is
 * less than which error it is. */
static void forward_error(struct dealer *d, struct call *call,
			  const struct message *m, struct bytes uri)
{
	bool valid = uri_valid(uri, URI_EXACT, false);
	int err = valid ? send_error(d, call, m, uri) : 0;
	const char *copy;

	if (!valid) {
		session_error(call->caller, MSG_CALL, call->request,
			      "wamp.error.invalid_uri",
			      "the callee's error is not a valid URI");
	} else if (err && err != ERR_CLOSED) {
		copy = arena_str(&d->turn->arena, uri);
		session_error(call->caller, MSG_CALL, call->request,
			      copy ? copy : "wamp.error.unavailable",
			      unsaid(err));
	}
	d->errors_total++;
	call_answered(d, call);
	mind_congestion(call->caller, call->callee->session);
}

/* There is no other callee to ask, and there was none. */
static bool was_the_only_one(const struct call *call)
{
	return call->callee->registration->invoke == INVOKE_SINGLE;
}

bool dealer_error(struct dealer *d, struct session *s,
		  const struct message *m)
{
	struct bytes uri = m->uri;
	struct call *call;

	if (!find_invocation(s, m->request, &call))
		return false;
	if (!call)
		return true;
	if (call->state == CALL_IN_FLIGHT && !call->killed &&
	    bytes_equal_str(uri, "wamp.error.unavailable")) {
		if (reroute(d, s, call))
			return true;
		if (was_the_only_one(call))
			uri = bytes_str("wamp.error.no_available_callee");
	}
	callee_note(d, call, WORD_ERROR);
	if (call->state == CALL_IN_FLIGHT)
		forward_error(d, call, m, uri);
	call_finish(d, call);
	return true;
}

/* --- CANCEL -------------------------------------------------------------- */

enum cancel_mode { CANCEL_SKIP, CANCEL_KILL, CANCEL_KILLNOWAIT };

static enum cancel_mode cancel_mode(const struct message *m,
				    const struct call *call)
{
	struct bytes mode = { .len = 0 };

	(void)value_get_str(dict_get(m->options, "mode"), &mode);
	if (!call->callee ||
	    !(call->callee->session->features & CALLEE_CANCELING) ||
	    bytes_equal_str(mode, "skip"))
		return CANCEL_SKIP;
	return bytes_equal_str(mode, "kill") ? CANCEL_KILL
					     : CANCEL_KILLNOWAIT;
}

void dealer_cancel(struct dealer *d, struct session *s,
		   const struct message *m)
{
	struct call *call = id_map_get(&s->requests, m->request);

	if (!call)
		return; /* it was answered meanwhile */
	switch (cancel_mode(m, call)) {
	case CANCEL_KILL:
		if (!call->killed)
			call_interrupt(call, "kill");
		call->killed = true;
		return;
	case CANCEL_KILLNOWAIT:
		call_interrupt(call, "killnowait");
		break;
	case CANCEL_SKIP:
		break;
	}
	d->canceled_total++;
	call_fail(d, call, "wamp.error.canceled", NULL);
}

/* --- leaving ------------------------------------------------------------- */

/* "Caller Leaving": nobody waits any more; callees are told. */
static void caller_leaves(struct dealer *d, struct session *s)
{
	ring_each_safe(at, &s->calls) {
		struct call *call = ring_item(at, struct call, of_caller);

		if (call->state == CALL_QUEUED) {
			queue_remove(d, call);
			call_answered(d, call);
			call_over(d, call);
			continue;
		}
		if (call->state == CALL_IN_FLIGHT) {
			call_interrupt(call, "killnowait");
			call_answered(d, call);
			call_drop_payload(call);
			call->state = CALL_ANSWERED;
		}
		ring_remove(&call->of_caller);
		call->caller = NULL;
		s->call_count--;
	}
}

/* "Callee Leaving": its callers get wamp.error.canceled. */
static void callee_leaves(struct dealer *d, struct callee *c)
{
	if (c->attached)
		callee_detach(d, c);
	while (!ring_is_empty(&c->calls)) {
		struct call *call = ring_item(c->calls.next, struct call,
					      in_place);

		if (call->state == CALL_IN_FLIGHT)
			call_fail(d, call, "wamp.error.canceled",
				  "the callee has left");
		id_map_take(&c->session->invocations, call->invocation);
		call_over(d, call);
		c->in_flight--;
	}
	callee_free(d, c);
}

void dealer_leave(struct dealer *d, struct session *s)
{
	assert(s->state != SESSION_ESTABLISHED);
	caller_leaves(d, s);
	/* None of its callees takes what another one leaves. */
	ring_each(at, &s->callees)
		callee_update(ring_item(at, struct callee, of_session));
	while (!ring_is_empty(&s->callees))
		callee_leaves(d, ring_item(s->callees.next, struct callee,
					   of_session));
}
