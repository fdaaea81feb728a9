/* From CALL to INVOCATION. Spec: "Calling and Invocations" (basic); "Caller
 * Identification", "Pattern-based Registrations" (Details.procedure),
 * "Progressive Call Results", "Call Timeouts" (advanced). What follows the
 * first CALL of a progressive one is dealer_progress.c's. */
#include "router/dealer_parts.h"
#include "router/role.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { SPARE_CALLS_MAX = 4096, SPARE_KEPT_BYTES_MAX = 4096 };

/* --- the record ---------------------------------------------------------- */

static struct call *call_alloc(struct dealer *d)
{
	struct call *call;
	struct buf kept;

	if (ring_is_empty(&d->spare)) {
		call = calloc(1, sizeof *call);
		if (!call)
			return NULL;
		buf_init(&call->kept);
	} else {
		call = ring_item(d->spare.next, struct call, in_dealer);
		ring_remove(&call->in_dealer);
		d->spare_count--;
	}
	kept = call->kept;
	*call = (struct call){ .kept = kept };
	ring_init(&call->in_dealer);
	ring_init(&call->of_caller);
	ring_init(&call->in_place);
	return call;
}

static void call_release(struct dealer *d, struct call *call)
{
	free(call->declined);
	stream_free(call->stream);
	buf_clear(&call->kept);
	if (call->kept.cap > SPARE_KEPT_BYTES_MAX) {
		buf_deinit(&call->kept);
		buf_init(&call->kept);
	}
	if (d->spare_count < SPARE_CALLS_MAX) {
		ring_push(&d->spare, &call->in_dealer);
		d->spare_count++;
		return;
	}
	buf_deinit(&call->kept);
	free(call);
}

void call_over(struct dealer *d, struct call *call)
{
	struct session *caller = call->caller;

	deadline_clear(d, call);
	call_drop_payload(call);
	if (caller) {
		caller->call_count--;
		ring_remove(&call->of_caller);
	}
	ring_remove(&call->in_place);
	ring_remove(&call->in_dealer);
	d->call_count--;
	call_release(d, call);
}

static bool lacks(const struct session *s, unsigned needs)
{
	return (s->features & needs) != needs;
}

bool call_needs_too_much(const struct call *call,
			 const struct registration *r)
{
	if (!call->needs)
		return false;
	ring_each(at, &r->callees)
		if (!lacks(ring_item(at, struct callee,
				     in_registration)->session, call->needs))
			return false;
	return true;
}

bool call_is_declined_by(const struct call *call, const struct session *s)
{
	if (lacks(s, call->needs))
		return true;
	for (uint32_t i = 0; i < call->declined_count; i++)
		if (call->declined[i] == s->id)
			return true;
	return false;
}

/* --- INVOCATION ---------------------------------------------------------- */

static int add_caller(struct arena *a, struct value *details,
		      const struct session *caller)
{
	int err = dict_set(a, details, "caller",
			   value_int((int64_t)caller->id));

	if (!err)
		err = dict_set(a, details, "caller_authid",
			       value_str(caller->authid));
	if (!err)
		err = dict_set(a, details, "caller_authrole",
			       value_str(role_name(caller->role)));
	return err;
}

/* Such a callee minds the time itself ("Callee-Initiated Timeouts"). */
static bool minds_timeout(const struct callee *c)
{
	return c->forward_timeout && c->session->features & CALLEE_TIMEOUT;
}

/* What the router says of the caller. */
static int add_grant(struct arena *a, struct value *details,
		     const struct call *call)
{
	int err = 0;

	/* The callee may ask for it, too: "Caller Identification". */
	if (call->grant.disclose || call->callee->disclose_caller)
		err = add_caller(a, details, call->caller);
	if (!err && call->grant.has_trustlevel)
		err = dict_set(a, details, "trustlevel",
			       value_int(call->grant.trustlevel));
	return err;
}

static int make_details(struct arena *a, const struct call *call, bool more,
			struct value *details)
{
	const struct callee *c = call->callee;
	int err = 0;

	*details = value_dict();
	if (more)
		err = dict_set(a, details, "progress", value_bool(true));
	if (!err && c->registration->match != URI_EXACT)
		err = dict_set(a, details, "procedure",
			       value_text(call->procedure));
	if (!err)
		err = add_grant(a, details, call);
	if (!err && call->receive_progress &&
	    c->session->features & CALLEE_PROGRESSIVE)
		err = dict_set(a, details, "receive_progress",
			       value_bool(true));
	if (!err && call->timeout_ms && minds_timeout(c))
		err = dict_set(a, details, "timeout",
			       value_int((int64_t)call->timeout_ms));
	return err ? err : passthru_add(a, details, &call->passthru);
}

int call_send(struct dealer *d, struct call *call,
	      const struct payload *payload, bool more)
{
	struct session *s = call->callee->session;
	struct value details;
	struct message m = {
		.type = MSG_INVOCATION,
		.request = call->invocation,
		.subject = call->stream ? call->stream->registration
					: call->callee->registration->id,
		.options = &details,
		.payload = *payload,
	};
	int err = make_details(&d->turn->arena, call, more, &details);

	if (!err)
		err = session_send(s, &m);
	/* Nobody there: what follows from that comes with dealer_leave. */
	return err == ERR_CLOSED ? 0 : err;
}

static int send_first(struct dealer *d, struct call *call, struct callee *c)
{
	struct session *s = c->session;
	int err = id_map_reserve(&s->invocations, s->invocations.count + 1);

	if (err)
		return err;
	call->callee = c;
	call->invocation = session_next_id(s->last_invocation);
	if (call->stream)
		call->stream->registration = c->registration->id;
	err = call_send(d, call, &call->payload, call->stream != NULL);
	if (err)
		call->callee = NULL;
	return err;
}

static void take_slot(struct call *call, struct callee *c)
{
	struct session *s = c->session;

	call->state = CALL_IN_FLIGHT;
	call->begun_ms = s->turn->now_ms;
	s->invocations_wrapped |= call->invocation < s->last_invocation;
	s->last_invocation = call->invocation;
	id_map_add(&s->invocations, call->invocation, call);
	ring_add(&c->calls, &call->in_place);
	c->in_flight++;
	callee_update(c);
}

void call_refuse_payload(struct dealer *d, struct call *call, int err)
{
	if (err == ERR_NOMEM)
		call_fail(d, call, "wamp.error.unavailable", "out of memory");
	else if (err == ERR_LIMIT)
		call_fail(d, call, "wamp.error.payload_size_exceeded",
			  "the arguments are longer than the callee takes");
	else
		call_fail(d, call, "wamp.error.invalid_argument",
			  "the arguments can not be said in the callee's "
			  "serializer");
}

void call_dispatch(struct dealer *d, struct call *call, struct callee *c)
{
	int err = send_first(d, call, c);

	if (err) {
		call_refuse_payload(d, call, err);
		return;
	}
	take_slot(call, c);
	if (call->stream && !stream_send_kept(d, call))
		return;
	if (minds_timeout(c))
		deadline_clear(d, call);
	/* Nobody else can be asked: nothing to keep. */
	if (!call->is_kept || c->registration->invoke == INVOKE_SINGLE)
		call_drop_payload(call);
}

/* --- CALL ---------------------------------------------------------------- */

static struct call *call_new(struct dealer *d, struct session *s,
			     const struct message *m)
{
	struct call *call;

	if (deadline_reserve(d) ||
	    id_map_reserve(&s->requests, s->requests.count + 1))
		return NULL;
	call = call_alloc(d);
	if (!call)
		return NULL;
	call->caller = s;
	call->request = m->request;
	call->payload = m->payload;
	id_map_add(&s->requests, m->request, call);
	ring_add(&s->calls, &call->of_caller);
	ring_add(&d->calls, &call->in_dealer);
	s->call_count++;
	d->call_count++;
	call->number = ++d->calls_total;
	return call;
}

static const char *read_options(struct call *call, const struct value *o)
{
	const struct value *timeout = dict_get(o, "timeout");
	const char *wrong;

	if (timeout && timeout->type != VALUE_NULL &&
	    !value_get_range(timeout, 0, WAMP_ID_MAX, &call->timeout_ms))
		return "timeout: accepted are integers from 0, milliseconds";
	call->receive_progress = value_is_true(dict_get(o,
							"receive_progress"));
	call->grant.disclose |= value_is_true(dict_get(o, "disclose_me"));
	if (!passthru_read(o, &call->passthru, &wrong))
		return wrong;
	if (passthru_is_on(&call->passthru))
		call->needs |= CALLEE_PASSTHRU;
	return NULL;
}

static void refuse_busy(struct dealer *d, struct call *call,
			const struct registration *r, int err)
{
	char text[128];

	if (err == ERR_NOMEM)
		snprintf(text, sizeof text, "out of memory");
	else
		snprintf(text, sizeof text,
			 "all %u callees are busy, and %u calls are queued",
			 r->callee_count, r->queue_count);
	call_fail(d, call, "crossbar.error.max_concurrency_reached", text);
}

/* A new call overtakes nobody: what is queued while a callee has a free slot
 * has been declined by that callee. */
static void route(struct dealer *d, struct registration *r, struct call *call)
{
	struct callee *c = policy_pick(d, r, call);
	int err = 0;

	if (!c && call_needs_too_much(call, r)) {
		call_fail(d, call, "wamp.error.feature_not_supported",
			  "no callee has announced what the call needs");
		return;
	}
	if (!c) {
		err = queue_add(d, r, call);
		if (err)
			refuse_busy(d, call, r, err);
		return;
	}
	/* Another callee may have to be asked. Without the memory for it the
	 * call can only not be rerouted. */
	if (r->invoke != INVOKE_SINGLE)
		err = call_keep_payload(call);
	(void)err;
	call_dispatch(d, call, c);
}

/* Nobody has registered what it calls. */
static void route_nowhere(struct dealer *d, struct call *call)
{
	int err = wait_add(d, call);

	if (err == ERR_LIMIT)
		call_fail(d, call, "crossbar.error.max_concurrency_reached",
			  "there is no callee, and no room to wait for one");
	else if (err)
		call_fail(d, call, "wamp.error.unavailable", "out of memory");
}

void dealer_call(struct dealer *d, struct session *s, const struct message *m,
		 struct grant grant)
{
	struct registration *r = dealer_match(d, m->uri);
	struct call *call;
	const char *wrong;

	if (!r && !wait_allowed(d, URI_EXACT, m->uri)) {
		session_error(s, MSG_CALL, m->request,
			      "wamp.error.no_such_procedure", NULL);
		return;
	}
	if (s->limits->calls && s->call_count >= s->limits->calls) {
		session_error(s, MSG_CALL, m->request,
			      "crossbar.error.max_concurrency_reached",
			      "too many calls of this session are open");
		return;
	}
	call = call_new(d, s, m);
	if (!call) {
		session_error(s, MSG_CALL, m->request,
			      "wamp.error.unavailable", "out of memory");
		return;
	}
	call->grant = grant;
	wrong = read_options(call, m->options);
	if (!wrong)
		wrong = shard_read(d, call, m->options);
	if (wrong) {
		call_fail(d, call, "wamp.error.invalid_argument", wrong);
		return;
	}
	call->procedure = m->uri;
	if (value_is_true(dict_get(m->options, "progress")) &&
	    stream_begin(call, m->uri)) {
		call_fail(d, call, "wamp.error.unavailable", "out of memory");
		return;
	}
	deadline_set(d, call);
	if (r)
		route(d, r, call);
	else
		route_nowhere(d, call);
}
