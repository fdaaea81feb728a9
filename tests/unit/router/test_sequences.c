/* Random sequences of everything that sessions can do to a dealer: join,
 * register (and by force, by every policy), call (by shards), answer, decline, cancel, wait, unregister, leave, be killed,
 * in any order, in virtual time. After every step dealer_check holds, every
 * call is answered exactly once, and a callee gets a caller's calls in their
 * order. MANYHANDS_SEQUENCES says how many (default
 * 100,000); a failure prints
 * the seed, and MANYHANDS_SEED runs that one alone. */
#include <signal.h>
#include <unistd.h>

#include "room.h"

enum {
	PEERS = 5,
	STEPS = 60,
	CALLS_MAX = STEPS + 1,
	HELD_MAX = 128,
	PROCEDURES = 3,
};

struct made_call {
	bool answered, declined;
	unsigned procedure;
};

/* An invocation that a peer has not answered. */
struct held {
	uint64_t id;
	unsigned caller, seq;
};

struct actor {
	struct peer peer;
	bool here;
	unsigned generation; /* calls carry it: not those of an earlier one */
	uint64_t request;
	struct made_call calls[CALLS_MAX]; /* by seq, from 1 */
	uint64_t call_request[CALLS_MAX];
	unsigned call_count;
	uint64_t rule_request; /* of setting a rule */
	uint64_t registrations[PROCEDURES];
	struct held held[HELD_MAX];
	unsigned held_count;
	/* the last seq that came from each caller, for each procedure */
	unsigned last[PEERS][PROCEDURES];
};

struct play {
	struct room room;
	struct procedure_rule rules[2];
	struct rng rng;
	struct actor actors[PEERS];
};

static uint64_t current_seed;

static void on_abort(int signum)
{
	char text[64];
	int length = snprintf(text, sizeof text, "failed with seed %llu\n",
			      (unsigned long long)current_seed);

	(void)signum;
	(void)!write(STDERR_FILENO, text, (size_t)length);
}

static const char *const procedures[PROCEDURES] = { "q.one", "q.two", "n.p" };

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
		if (a->call_request[seq] != request)
			continue;
		assert_false(a->calls[seq].answered); /* exactly once */
		a->calls[seq].answered = true;
		return;
	}
	assert_int_equal(request, a->rule_request); /* or never made */
	a->rule_request = 0;
}

/* [68, id, registration, details, [caller, generation, seq]] */
static void heard_invocation(struct play *p, struct actor *a, uint64_t id,
			     const char *text)
{
	const char *args = strrchr(text, '[');
	unsigned caller, generation, seq, procedure;
	struct held *h;

	assert_int_equal(sscanf(args, "[%u,%u,%u]", &caller, &generation,
				&seq), 3);
	assert_true(caller < PEERS && a->held_count < HELD_MAX);
	h = &a->held[a->held_count++];
	*h = (struct held){ id, caller, seq };
	if (p->actors[caller].generation != generation) {
		h->caller = PEERS;
		return;
	}
	procedure = p->actors[caller].calls[seq].procedure;
	if (p->actors[caller].calls[seq].declined)
		return;
	assert_true(seq > a->last[caller][procedure]);
	a->last[caller][procedure] = seq;
}

static void listen_to(struct play *p, struct actor *a)
{
	const char *text;

	while ((text = heard(&a->peer))) {
		unsigned type = (unsigned)strtoul(text + 1, NULL, 10);

		if (type == MSG_INVOCATION)
			heard_invocation(p, a, number_at(&a->peer, 1), text);
		else if (type == MSG_RESULT)
			heard_answer(a, number_at(&a->peer, 1));
		else if (type == MSG_ERROR &&
			 number_at(&a->peer, 1) == MSG_CALL)
			heard_answer(a, number_at(&a->peer, 2));
	}
	peer_forget(&a->peer);
}

static void listen(struct play *p)
{
	for (unsigned i = 0; i < PEERS; i++)
		listen_to(p, &p->actors[i]);
}

/* --- what is done -------------------------------------------------------- */

static unsigned below(struct play *p, unsigned n)
{
	return rng_below(&p->rng, n);
}

static void join(struct play *p, struct actor *a)
{
	unsigned generation = a->generation + 1;

	peer_forget(&a->peer);
	memset(a, 0, sizeof *a);
	a->generation = generation;
	a->here = true;
	forget_caller(p, (unsigned)(a - p->actors));
	if (below(p, 3))
		peer_join(&a->peer, &p->room);
	else
		peer_join_plain(&a->peer, &p->room);
}

static void lose(struct play *p, struct actor *a)
{
	(void)p;
	a->here = false;
	peer_lose(&a->peer);
}

static void do_register(struct play *p, struct actor *a)
{
	static const char *const policies[] = { "single", "first", "last",
						"random", "roundrobin",
						"leastloaded" };
	unsigned which = below(p, PROCEDURES);
	uint64_t id;

	listen(p);
	/* The policies agree in most sequences, so that sharing happens. */
	say(&a->peer, "[64,%llu,{'invoke':'%s','concurrency':%u%s},'%s']",
	    (unsigned long long)++a->request,
	    policies[below(p, 8) ? 5 - which : below(p, 6)],
	    1 + below(p, 3),
	    below(p, 6) ? "" : ",'force_reregister':true", procedures[which]);
	for (unsigned i = 0; i < a->peer.heard_count; i++)
		if (sscanf(a->peer.heard[i], "[65,%*u,%lu]", &id) == 1)
			a->registrations[which] = id;
}

static void do_unregister(struct play *p, struct actor *a)
{
	unsigned which = below(p, PROCEDURES);

	if (a->registrations[which])
		say(&a->peer, "[66,%llu,%llu]",
		    (unsigned long long)++a->request,
		    (unsigned long long)a->registrations[which]);
	a->registrations[which] = 0;
}

static void do_call(struct play *p, struct actor *a)
{
	unsigned which = below(p, PROCEDURES), seq;
	char shard[48];
	bool sharded;

	if (a->call_count + 1 >= CALLS_MAX)
		return;
	seq = ++a->call_count;
	a->calls[seq].procedure = which;
	a->call_request[seq] = ++a->request;
	sharded = !below(p, 3);
	/* Its shard may go to one who has had later calls. */
	a->calls[seq].declined = sharded;
	snprintf(shard, sizeof shard, ",'runmode':'partition','rkey':'%u'",
		 below(p, 3));
	say(&a->peer, "[48,%llu,{'timeout':%u%s},'%s',[%u,%u,%u]]",
	    (unsigned long long)a->request,
	    below(p, 2) ? 0 : 1 + below(p, 100), sharded ? shard : "",
	    procedures[which],
	    (unsigned)(a - p->actors), a->generation, seq);
}

/* `before` and `after` stand around the id. */
static void answer(struct play *p, struct actor *a, unsigned at,
		   const char *before, const char *after)
{
	struct held h = a->held[at];

	a->held[at] = a->held[--a->held_count];
	if (strstr(after, "unavailable") && h.caller < PEERS)
		p->actors[h.caller].calls[h.seq].declined = true;
	say(&a->peer, "%s%llu%s", before, (unsigned long long)h.id, after);
}

static void do_answer(struct play *p, struct actor *a)
{
	static const char *const words[][2] = {
		{ "[70,", ",{},[1]]" },
		{ "[70,", ",{}]" },
		{ "[8,68,", ",{},'some.error']" },
		{ "[8,68,", ",{},'wamp.error.unavailable']" },
		{ "[8,68,", ",{},'wamp.error.canceled']" },
	};
	unsigned which = below(p, 5);

	listen(p);
	if (a->held_count)
		answer(p, a, below(p, a->held_count), words[which][0],
		       words[which][1]);
}

static void do_cancel(struct play *p, struct actor *a)
{
	static const char *const modes[] = { "skip", "kill", "killnowait" };

	if (a->call_count)
		say(&a->peer, "[49,%llu,{'mode':'%s'}]",
		    (unsigned long long)
			    a->call_request[1 + below(p, a->call_count)],
		    modes[below(p, 3)]);
}

static void do_kill(struct play *p, struct actor *a)
{
	struct realm *realm = &p->room.router.realms[0];

	realm->kill(realm->kill_ctx, a->peer.session, "wamp.close.killed",
		    NULL);
	room_check(&p->room);
	listen(p);
	lose(p, a);
}

static void do_set_rule(struct play *p, struct actor *a)
{
	static const char *const rules[] = {
		"'concurrency_max':1", "'concurrency_max':null",
		"'queue':0", "'queue':3", "'invoke':'leastloaded'",
		"'invoke':'first'", "'invoke':'single'", "'invoke':null",
	};

	say(&a->peer, "[48,%llu,{},'wamp.x_manyhands.procedure.set',"
		      "[{'uri':'%s',%s}]]",
	    (unsigned long long)(a->rule_request = ++a->request),
	    procedures[below(p, PROCEDURES)], rules[below(p, 8)]);
}

static void do_remove_callee(struct play *p, struct actor *a)
{
	struct dealer *d = &p->room.router.realms[0].dealer;
	unsigned which = below(p, PROCEDURES);

	(void)dealer_remove_callee(d, a->registrations[which],
				   a->peer.session->id, "enough");
	room_check(&p->room);
}

static void step(struct play *p)
{
	struct actor *a = &p->actors[below(p, PEERS)];

	if (!a->here) {
		join(p, a);
		return;
	}
	switch (below(p, 26)) {
	case 24:
		do_set_rule(p, a);
		break;
	case 25:
		do_remove_callee(p, a);
		break;
	case 0:
		lose(p, a);
		break;
	case 1:
		do_kill(p, a);
		break;
	case 2:
		do_unregister(p, a);
		break;
	case 3:
	case 4:
		room_wait(&p->room, below(p, 60));
		break;
	case 5:
	case 6:
		do_cancel(p, a);
		break;
	case 7:
	case 8:
	case 9:
	case 10:
		do_register(p, a);
		break;
	case 11:
	case 12:
	case 13:
	case 14:
	case 15:
	case 16:
		do_answer(p, a);
		break;
	default:
		do_call(p, a);
		break;
	}
	listen(p);
}

/* --- beginning and end --------------------------------------------------- */

static void begin(struct play *p, uint64_t seed)
{
	memset(p, 0, sizeof *p);
	rng_seed(&p->rng, seed);
	p->rules[0] = (struct procedure_rule){ .uri = bytes_str("q."),
					       .match = URI_PREFIX,
					       .queue_max = 3 };
	p->rules[1] = (struct procedure_rule){ .uri = bytes_str("q.two"),
					       .pins_invoke = true,
					       .invoke = INVOKE_ROUNDROBIN,
					       .concurrency_max = 2,
					       .queue_max = 2 };
	room_init_with(&p->room, p->rules, 2);
	room_open(&p->room);
}

/* Callees answer all that they have, until there is nothing; then nobody
 * waits for anything. */
static void settle(struct play *p)
{
	for (bool busy = true; busy;) {
		busy = false;
		for (unsigned i = 0; i < PEERS; i++) {
			struct actor *a = &p->actors[i];

			while (a->here && a->held_count) {
				answer(p, a, 0, "[70,", ",{}]");
				listen(p);
				busy = true;
			}
		}
	}
	for (unsigned i = 0; i < PEERS; i++)
		for (unsigned s = 1; p->actors[i].here &&
				     s <= p->actors[i].call_count; s++)
			assert_true(p->actors[i].calls[s].answered);
	assert_int_equal(p->room.router.realms[0].dealer.call_count, 0);
}

static void end(struct play *p)
{
	for (unsigned i = 0; i < PEERS; i++)
		peer_deinit(&p->actors[i].peer);
	room_deinit(&p->room);
}

static void run(uint64_t seed)
{
	static struct play p;

	current_seed = seed;
	begin(&p, seed);
	for (unsigned i = 0; i < STEPS; i++)
		step(&p);
	settle(&p);
	end(&p);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void test_sequences__invariants_hold(void **state)
{
	uint64_t count = number_from("MANYHANDS_SEQUENCES", 100000);
	uint64_t only = number_from("MANYHANDS_SEED", 0);

	(void)state;
	signal(SIGABRT, on_abort);
	if (only) {
		run(only);
		return;
	}
	for (uint64_t seed = 1; seed <= count; seed++)
		run(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequences__invariants_hold),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	if (failed)
		fprintf(stderr, "failed with seed %llu\n",
			(unsigned long long)current_seed);
	return failed;
}
