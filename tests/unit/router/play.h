/*
 * play: a sequence played to a router in virtual time. After every step
 * dealer_check holds, every call is answered exactly once, the parts of a
 * stream come in their order, and a callee gets a caller's calls in theirs.
 */
#ifndef TEST_ROUTER_PLAY_H
#define TEST_ROUTER_PLAY_H

#include "room.h"
#include "sequence.h"

enum { CALLS_MAX = OPS_MAX + 1, HELD_MAX = 128 };

/* Mistakes made on purpose, to see that they are found. */
enum fault {
	FAULT_NONE,
	FAULT_COUNTER, /* the dealer counts a call more after an UNREGISTER */
	FAULT_WORD,    /* no caller may hear wamp.error.canceled */
};

struct made_call {
	bool answered;
	bool any_order; /* declined, sharded or by a pattern */
	bool more;      /* a stream whose final part was not sent */
	unsigned procedure, parts;
	uint64_t request;
};

/* An invocation that a peer has not answered. */
struct held {
	uint64_t id;
	unsigned caller, seq, parts;
};

struct actor {
	struct peer peer;
	bool here, streaming;
	unsigned index, generation; /* calls carry these */
	uint64_t request;
	struct made_call calls[CALLS_MAX]; /* by seq, from 1 */
	unsigned call_count;
	uint64_t rule_request; /* of setting a rule */
	uint64_t registrations[TARGETS];
	struct held held[HELD_MAX];
	unsigned held_count;
	/* the last seq that came from each caller, for each procedure */
	unsigned last[PEERS][PROCEDURES];
};

struct play {
	struct room room;
	struct procedure_rule rules[4];
	struct actor actors[PEERS];
	enum fault fault;
};

/* --- what is heard ------------------------------------------------------- */

static void forget_caller(struct play *p, unsigned who)
{
	for (unsigned i = 0; i < PEERS; i++) {
		struct actor *a = &p->actors[i];

		memset(a->last[who], 0, sizeof a->last[who]);
		for (unsigned j = 0; j < a->held_count; j++)
			if (a->held[j].caller == who)
				a->held[j].caller = PEERS; /* nobody */
	}
}

static void heard_answer(struct actor *a, uint64_t request)
{
	for (unsigned seq = 1; seq <= a->call_count; seq++) {
		if (a->calls[seq].request != request)
			continue;
		assert_false(a->calls[seq].answered); /* exactly once */
		a->calls[seq].answered = true;
		return;
	}
	assert_int_equal(request, a->rule_request); /* or never made */
	a->rule_request = 0;
}

static bool is_later_part(struct actor *a, uint64_t id, unsigned part)
{
	for (unsigned i = 0; i < a->held_count; i++) {
		if (a->held[i].id != id)
			continue;
		assert_int_equal(part, a->held[i].parts);
		a->held[i].parts++;
		return true;
	}
	return false;
}

/* [68, id, registration, details, [caller, generation, seq, part]] */
static void heard_invocation(struct play *p, struct actor *a, uint64_t id,
			     const char *text)
{
	const char *args = strrchr(text, '[');
	unsigned caller, generation, seq, part;
	struct made_call *call;

	assert_int_equal(sscanf(args, "[%u,%u,%u,%u]", &caller, &generation,
				&seq, &part), 4);
	if (is_later_part(a, id, part))
		return;
	assert_int_equal(part, 0);
	assert_true(caller < PEERS && a->held_count < HELD_MAX);
	if (p->actors[caller].generation != generation) {
		a->held[a->held_count++] = (struct held){ id, PEERS, 0, 1 };
		return;
	}
	a->held[a->held_count++] = (struct held){ id, caller, seq, 1 };
	call = &p->actors[caller].calls[seq];
	if (call->any_order)
		return;
	assert_true(seq > a->last[caller][call->procedure]);
	a->last[caller][call->procedure] = seq;
}

static void listen_to(struct play *p, struct actor *a)
{
	const char *text;

	while ((text = heard(&a->peer))) {
		unsigned type = (unsigned)strtoul(text + 1, NULL, 10);

		if (p->fault == FAULT_WORD && type == MSG_ERROR)
			assert_null(strstr(text, "wamp.error.canceled"));
		if (type == MSG_INVOCATION)
			heard_invocation(p, a, number_at(&a->peer, 1), text);
		else if (type == MSG_RESULT && !strstr(text, "progress"))
			heard_answer(a, number_at(&a->peer, 1));
		else if (type == MSG_ERROR &&
			 number_at(&a->peer, 1) == MSG_CALL)
			heard_answer(a, number_at(&a->peer, 2));
	}
	peer_forget(&a->peer);
}

static void listen_all(struct play *p)
{
	for (unsigned i = 0; i < PEERS; i++)
		listen_to(p, &p->actors[i]);
}

/* --- what is done -------------------------------------------------------- */

static void do_join(struct play *p, struct actor *a, const struct op *op)
{
	unsigned generation = a->generation + 1;

	peer_forget(&a->peer);
	memset(a, 0, sizeof *a);
	a->generation = generation;
	a->index = op->who;
	a->here = true;
	a->streaming = op->a == 2;
	forget_caller(p, op->who);
	if (op->a == 0)
		peer_join_plain(&a->peer, &p->room);
	else if (op->a == 1)
		peer_join(&a->peer, &p->room);
	else
		peer_join_with(&a->peer, &p->room,
			       "'progressive_call_invocations':true,"
			       "'progressive_call_results':true,"
			       "'registration_revocation':true,"
			       "'call_canceling':true");
}

static void do_lose(struct actor *a)
{
	a->here = false;
	peer_lose(&a->peer);
}

static void do_kill(struct play *p, struct actor *a)
{
	struct realm *realm = &p->room.router.realms[0];

	realm->kill(realm->kill_ctx, a->peer.session, "wamp.close.killed",
		    NULL);
	room_check(&p->room);
	listen_all(p);
	do_lose(a);
}

static const char *match_of(unsigned target)
{
	return target == TARGETS - 1 ? ",'match':'prefix'" : "";
}

static void do_register(struct actor *a, const struct op *op)
{
	uint64_t id;

	say(&a->peer, "[64,%llu,{'invoke':'%s','concurrency':%d%s%s},'%s']",
	    (unsigned long long)++a->request, policies[op->b],
	    op->n & CONCURRENCY_MASK ? op->n & CONCURRENCY_MASK : 1,
	    op->n & FORCE_BIT ? ",'force_reregister':true" : "",
	    match_of(op->a), targets[op->a]);
	for (unsigned i = 0; i < a->peer.heard_count; i++)
		if (sscanf(a->peer.heard[i], "[65,%*u,%lu]", &id) == 1)
			a->registrations[op->a] = id;
}

static void do_unregister(struct play *p, struct actor *a,
			  const struct op *op)
{
	if (!a->registrations[op->a])
		return;
	say(&a->peer, "[66,%llu,%llu]", (unsigned long long)++a->request,
	    (unsigned long long)a->registrations[op->a]);
	a->registrations[op->a] = 0;
	if (p->fault == FAULT_COUNTER)
		p->room.router.realms[0].dealer.call_count++;
}

static void do_remove(struct play *p, struct actor *a, const struct op *op)
{
	(void)dealer_remove_callee(&p->room.router.realms[0].dealer,
				   a->registrations[op->a],
				   a->peer.session->id, "enough");
}

static void say_call(struct actor *a, unsigned seq, const char *options)
{
	struct made_call *call = &a->calls[seq];

	say(&a->peer, "[48,%llu,{'timeout':%s%s},'%s',[%u,%u,%u,%u]]",
	    (unsigned long long)call->request, options,
	    call->more ? ",'progress':true" : "", targets[call->procedure],
	    a->index, a->generation, seq, call->parts);
	call->parts++;
}

static void do_call(struct actor *a, const struct op *op)
{
	unsigned seq = a->call_count + 1, shard = op->n & SHARD_MASK;
	char options[96];

	if (seq >= CALLS_MAX)
		return;
	a->call_count = seq;
	a->calls[seq] = (struct made_call){
		.procedure = op->a,
		.request = ++a->request,
		/* Its shard may go to one who has had later calls; and so may
		 * those of a pattern, whose procedure is registered, too. */
		.any_order = shard || op->a == PROCEDURES - 1,
		.more = op->n & STREAM_BIT && a->streaming,
	};
	snprintf(options, sizeof options,
		 shard ? "%u%s,'runmode':'partition','rkey':'%u'" : "%u%s",
		 op->b, op->n & STREAM_BIT ? ",'receive_progress':true" : "",
		 shard);
	say_call(a, seq, options);
}

/* The op->a'th of the calls that may go on. */
static void do_part(struct actor *a, const struct op *op)
{
	unsigned open = 0, at;

	for (unsigned i = 1; i <= a->call_count; i++)
		open += a->calls[i].more && !a->calls[i].answered;
	if (!open)
		return;
	at = op->a % open;
	for (unsigned i = 1; i <= a->call_count; i++) {
		if (!a->calls[i].more || a->calls[i].answered || at--)
			continue;
		a->calls[i].more = !op->b;
		say_call(a, i, "0");
		return;
	}
}

/* Progress is not the last word. */
static void answer(struct play *p, struct actor *a, unsigned at,
		   const char *const word[2])
{
	struct held h = a->held[at];

	if (!strstr(word[1], "progress"))
		a->held[at] = a->held[--a->held_count];
	if (strstr(word[1], "unavailable") && h.caller < PEERS)
		p->actors[h.caller].calls[h.seq].any_order = true;
	say(&a->peer, "%s%llu%s", word[0], (unsigned long long)h.id, word[1]);
}

static void do_cancel(struct actor *a, const struct op *op)
{
	if (a->call_count)
		say(&a->peer, "[49,%llu,{'mode':'%s'}]",
		    (unsigned long long)
			    a->calls[1 + op->a % a->call_count].request,
		    modes[op->b]);
}

static void do_rule(struct actor *a, const struct op *op)
{
	say(&a->peer, "[48,%llu,{},'wamp.x_manyhands.procedure.set',"
		      "[{'uri':'%s'%s,%s}]]",
	    (unsigned long long)(a->rule_request = ++a->request),
	    targets[op->a], match_of(op->a), rule_texts[op->b]);
}

static void play_here(struct play *p, struct actor *a, const struct op *op)
{
	switch ((enum op_kind)op->kind) {
	case OP_LOSE:
		do_lose(a);
		break;
	case OP_KILL:
		do_kill(p, a);
		break;
	case OP_REGISTER:
		do_register(a, op);
		break;
	case OP_UNREGISTER:
		do_unregister(p, a, op);
		break;
	case OP_REMOVE:
		do_remove(p, a, op);
		break;
	case OP_CALL:
		do_call(a, op);
		break;
	case OP_PART:
		do_part(a, op);
		break;
	case OP_ANSWER:
		if (a->held_count)
			answer(p, a, op->a % a->held_count, words[op->b]);
		break;
	case OP_CANCEL:
		do_cancel(a, op);
		break;
	case OP_WAIT:
		room_wait(&p->room, op->a);
		break;
	case OP_RULE:
		do_rule(a, op);
		break;
	default:
		break;
	}
}

static void play_op(struct play *p, const struct op *op)
{
	struct actor *a = &p->actors[op->who];

	if (a->here)
		play_here(p, a, op);
	else if (op->kind == OP_JOIN)
		do_join(p, a, op);
	listen_all(p);
	room_check(&p->room);
}

/* --- beginning and end --------------------------------------------------- */

static void play_begin(struct play *p, enum fault fault)
{
	static const struct procedure_rule rules[] = {
		{ .match = URI_PREFIX, .queue_max = 3 },
		{ .pins_invoke = true, .invoke = INVOKE_ROUNDROBIN,
		  .concurrency_max = 2, .queue_max = 2 },
		{ .match = URI_PREFIX, .queue_max = 3, .waits = true },
		{ .match = URI_PREFIX, .queue_max = 3, .waits = true },
	};
	static const char *const uris[] = { "q.", "q.two", "w.", "p." };

	memset(p, 0, sizeof *p);
	p->fault = fault;
	for (unsigned i = 0; i < 4; i++) {
		p->rules[i] = rules[i];
		p->rules[i].uri = bytes_str(uris[i]);
	}
	room_init_with(&p->room, p->rules, 4);
	room_open(&p->room);
}

/* Callees answer all that they have, until there is nothing. */
static void answer_all(struct play *p)
{
	for (bool busy = true; busy;) {
		busy = false;
		for (unsigned i = 0; i < PEERS; i++) {
			struct actor *a = &p->actors[i];

			while (a->here && a->held_count) {
				answer(p, a, 0, words[1]);
				listen_all(p);
				busy = true;
			}
		}
	}
}

/* Only what waits for a callee that is not there is open now. */
static void play_settle(struct play *p)
{
	const struct dealer *d = &p->room.router.realms[0].dealer;
	size_t waiting = 0, open = 0;

	answer_all(p);
	ring_each(at, &d->waiting)
		waiting += ring_item(at, struct registration,
				     of_waiting)->queue_count;
	for (unsigned i = 0; i < PEERS; i++)
		for (unsigned s = 1; p->actors[i].here &&
				     s <= p->actors[i].call_count; s++)
			open += !p->actors[i].calls[s].answered;
	assert_int_equal(open, waiting);
	assert_int_equal(d->call_count, waiting);
}

static void play_end(struct play *p)
{
	for (unsigned i = 0; i < PEERS; i++)
		peer_deinit(&p->actors[i].peer);
	room_deinit(&p->room);
}

/* Returns when all was well; else an assertion fails. */
static void play_sequence(const struct sequence *s, enum fault fault)
{
	static struct play p;

	play_begin(&p, fault);
	for (unsigned i = 0; i < s->count; i++)
		play_op(&p, &s->ops[i]);
	play_settle(&p);
	play_end(&p);
}

#endif
