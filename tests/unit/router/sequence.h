/*
 * sequence: what sessions may do to a dealer, as a list of small steps: made
 * from a seed, printed, and read again. A step that makes no sense where it
 * stands does nothing, so that any part of a sequence is one, too.
 */
#ifndef TEST_ROUTER_SEQUENCE_H
#define TEST_ROUTER_SEQUENCE_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"

#define SEQUENCE_OK __attribute__((unused))

enum { PEERS = 5, PROCEDURES = 5, TARGETS = 6, POLICIES = 6, RULES = 10,
       WORDS = 6, MODES = 3, JOINS = 3, OPS_MAX = 64 };

/* The last one is a pattern: registered, but not called. */
static const char *const targets[TARGETS] = { "q.one", "q.two", "n.p", "w.a",
					      "p.x", "p." };
static const char *const policies[POLICIES] = { "single", "first", "last",
						"random", "roundrobin",
						"leastloaded" };
static const char *const rule_texts[RULES] = {
	"'concurrency_max':1", "'concurrency_max':null", "'queue':0",
	"'queue':3", "'invoke':'leastloaded'", "'invoke':'first'",
	"'invoke':'single'", "'invoke':null", "'wait':null",
	"'wait':true,'queue':2",
};
static const char *const modes[MODES] = { "skip", "kill", "killnowait" };
static const char *const joins[JOINS] = { "plain", "with features",
					  "streaming" };
/* Around the invocation's id. */
static const char *const words[WORDS][2] = {
	{ "[70,", ",{},[1]]" },
	{ "[70,", ",{}]" },
	{ "[8,68,", ",{},'some.error']" },
	{ "[8,68,", ",{},'wamp.error.unavailable']" },
	{ "[8,68,", ",{},'wamp.error.canceled']" },
	{ "[70,", ",{'progress':true},[2]]" },
};

#define OP_LIST(X)                                                            \
	X(JOIN, "join")             /* a: of joins */                         \
	X(LOSE, "lose")                                                       \
	X(KILL, "kill")                                                       \
	X(REGISTER, "register")     /* a: target, b: policy, n: see below */  \
	X(UNREGISTER, "unregister") /* a: target */                           \
	X(REMOVE, "remove")         /* a: target */                           \
	X(CALL, "call")             /* a: target, b: timeout, n: see below */ \
	X(PART, "part")             /* a: which stream, b: final */           \
	X(ANSWER, "answer")         /* a: which invocation, b: of words */    \
	X(CANCEL, "cancel")         /* a: which call, b: of modes */          \
	X(WAIT, "wait")             /* a: ms */                               \
	X(RULE, "rule")             /* a: target, b: of rule_texts */

#define OP_ENUM(name, text) OP_##name,
#define OP_NAME(name, text) text,
enum op_kind { OP_LIST(OP_ENUM) OP_KINDS };
static const char *const op_names[] = { OP_LIST(OP_NAME) };

enum { CONCURRENCY_MASK = 3, FORCE_BIT = 4 }; /* n of a register */
enum { SHARD_MASK = 3, STREAM_BIT = 4 };      /* n of a call; shard 0: none */

struct op {
	uint8_t kind, who, a, b, n;
};

struct sequence {
	struct op ops[OPS_MAX];
	unsigned count;
};

/* --- from a seed --------------------------------------------------------- */

static uint8_t below_(struct rng *rng, uint32_t n)
{
	return (uint8_t)rng_below(rng, n);
}

static enum op_kind some_kind(struct rng *rng)
{
	static const uint8_t weights[OP_KINDS] = {
		[OP_LOSE] = 2, [OP_KILL] = 1, [OP_REGISTER] = 8,
		[OP_UNREGISTER] = 2, [OP_REMOVE] = 1, [OP_CALL] = 14,
		[OP_PART] = 3, [OP_ANSWER] = 12, [OP_CANCEL] = 4,
		[OP_WAIT] = 4, [OP_RULE] = 2,
	};
	unsigned at = below_(rng, 53), kind = 0;

	while (at >= weights[kind])
		at -= weights[kind++];
	return (enum op_kind)kind;
}

static struct op some_op(struct rng *rng, bool here[PEERS])
{
	struct op op = { .who = below_(rng, PEERS) };

	op.kind = here[op.who] ? (uint8_t)some_kind(rng) : OP_JOIN;
	op.a = below_(rng, TARGETS);
	if (op.kind == OP_JOIN || op.kind == OP_LOSE || op.kind == OP_KILL)
		here[op.who] = op.kind == OP_JOIN;
	switch ((enum op_kind)op.kind) {
	case OP_JOIN:
		op.a = below_(rng, JOINS);
		break;
	case OP_REGISTER:
		/* Policies agree mostly, so that sharing happens. */
		op.b = below_(rng, 8) ? (uint8_t)(5 - op.a % 5)
				      : below_(rng, POLICIES);
		op.n = (uint8_t)(1 + below_(rng, 3) +
				 (below_(rng, 6) ? 0 : FORCE_BIT));
		break;
	case OP_CALL:
		op.a = below_(rng, PROCEDURES);
		op.b = below_(rng, 2) ? 0 : (uint8_t)(1 + below_(rng, 100));
		op.n = (uint8_t)((below_(rng, 3) ? 0 : 1 + below_(rng, 3)) +
				 (below_(rng, 4) ? 0 : STREAM_BIT));
		break;
	case OP_PART:
		op.b = below_(rng, 2);
		break;
	case OP_ANSWER:
		op.b = below_(rng, WORDS);
		break;
	case OP_CANCEL:
		op.a = below_(rng, OPS_MAX);
		op.b = below_(rng, MODES);
		break;
	case OP_WAIT:
		op.a = below_(rng, 60);
		break;
	case OP_RULE:
		op.b = below_(rng, RULES);
		break;
	default:
		break;
	}
	return op;
}

SEQUENCE_OK static void sequence_from_seed(struct sequence *s, uint64_t seed)
{
	bool here[PEERS] = { false };
	struct rng rng;

	rng_seed(&rng, seed);
	for (s->count = 0; s->count < OPS_MAX; s->count++)
		s->ops[s->count] = some_op(&rng, here);
}

/* --- as text ------------------------------------------------------------- */

/* "kind:who:a:b:n" for each, with blanks between. */
SEQUENCE_OK static void sequence_write(const struct sequence *s, FILE *out)
{
	for (unsigned i = 0; i < s->count; i++) {
		const struct op *op = &s->ops[i];

		fprintf(out, "%s%s:%u:%u:%u:%u", i ? " " : "",
			op_names[op->kind], op->who, op->a, op->b, op->n);
	}
}

static bool op_fits(const struct op *op)
{
	static const uint8_t a[OP_KINDS] = {
		[OP_JOIN] = JOINS, [OP_REGISTER] = TARGETS,
		[OP_UNREGISTER] = TARGETS, [OP_REMOVE] = TARGETS,
		[OP_CALL] = PROCEDURES, [OP_RULE] = TARGETS,
	};
	static const uint8_t b[OP_KINDS] = {
		[OP_REGISTER] = POLICIES, [OP_ANSWER] = WORDS,
		[OP_CANCEL] = MODES, [OP_RULE] = RULES,
	};

	return op->who < PEERS && (!a[op->kind] || op->a < a[op->kind]) &&
	       (!b[op->kind] || op->b < b[op->kind]);
}

static bool op_read(const char *text, struct op *op)
{
	char name[16];

	if (sscanf(text, "%15[a-z]:%hhu:%hhu:%hhu:%hhu", name, &op->who,
		   &op->a, &op->b, &op->n) != 5)
		return false;
	for (op->kind = 0; op->kind < OP_KINDS; op->kind++)
		if (!strcmp(op_names[op->kind], name))
			return op_fits(op);
	return false;
}

/* What sequence_write has written. */
SEQUENCE_OK static bool sequence_read(struct sequence *s, const char *text)
{
	s->count = 0;
	text += strspn(text, " ");
	while (*text) {
		if (s->count == OPS_MAX ||
		    !op_read(text, &s->ops[s->count++]))
			return false;
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	return true;
}

static void op_describe(const struct op *op, FILE *out)
{
	fprintf(out, "peer %u: ", op->who);
	switch ((enum op_kind)op->kind) {
	case OP_JOIN:
		fprintf(out, "joins, %s", joins[op->a]);
		break;
	case OP_REGISTER:
		fprintf(out, "registers %s, %s, concurrency %d%s",
			targets[op->a], policies[op->b],
			op->n & CONCURRENCY_MASK,
			op->n & FORCE_BIT ? ", by force" : "");
		break;
	case OP_CALL:
		fprintf(out, "calls %s, timeout %u ms, shard %d%s",
			targets[op->a], op->b, op->n & SHARD_MASK,
			op->n & STREAM_BIT ? ", in parts" : "");
		break;
	case OP_PART:
		fprintf(out, "the %s part of its stream %u",
			op->b ? "final" : "next", op->a);
		break;
	case OP_ANSWER:
		fprintf(out, "answers its invocation %u: %s…%s", op->a,
			words[op->b][0], words[op->b][1]);
		break;
	case OP_CANCEL:
		fprintf(out, "cancels its call %u, %s", op->a, modes[op->b]);
		break;
	case OP_WAIT:
		fprintf(out, "waits %u ms", op->a);
		break;
	case OP_RULE:
		fprintf(out, "sets for %s: %s", targets[op->a],
			rule_texts[op->b]);
		break;
	case OP_UNREGISTER:
	case OP_REMOVE:
		fprintf(out, "%s: %s", op_names[op->kind], targets[op->a]);
		break;
	default:
		fprintf(out, "%s", op_names[op->kind]);
		break;
	}
	fputc('\n', out);
}

/* One step a line. */
SEQUENCE_OK static void sequence_describe(const struct sequence *s, FILE *out)
{
	for (unsigned i = 0; i < s->count; i++) {
		fprintf(out, "%3u. ", i + 1);
		op_describe(&s->ops[i], out);
	}
}

#endif
