/* Which callee a sharded call belongs to: rendezvous hashing of its rkey over
 * the attached callees. Spec: "Sharded Registration" (advanced, a sketch; our
 * reading is in dealer.h). */
#include "router/dealer_parts.h"

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9;
	x ^= x >> 27;
	x *= 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* Seeded, so that nobody can choose the callee by the key. */
static uint64_t hash_of(uint64_t seed, struct bytes key)
{
	uint64_t hash = mix(seed ^ key.len);

	for (size_t i = 0; i < key.len; i++)
		hash = mix(hash ^ key.data[i]) + seed;
	return hash;
}

const char *shard_read(const struct dealer *d, struct call *call,
		       const struct value *options)
{
	const struct value *runmode = dict_get(options, "runmode");
	struct bytes text;

	if (!runmode || runmode->type == VALUE_NULL)
		return NULL;
	if (!value_get_str(runmode, &text) ||
	    !bytes_equal_str(text, "partition"))
		return "runmode: accepted is partition";
	if (!value_get_str(dict_get(options, "rkey"), &text))
		return "rkey: with runmode partition a text is wanted";
	call->is_sharded = true;
	call->shard = hash_of(d->seed, text);
	return NULL;
}

struct callee *shard_owner(const struct registration *r,
			   const struct call *call)
{
	struct callee *owner = NULL;
	uint64_t best = 0;

	ring_each(at, &r->callees) {
		struct callee *c = ring_item(at, struct callee,
					     in_registration);
		uint64_t score = mix(call->shard ^ mix(c->session->id));

		if ((owner && score <= best) ||
		    call_is_declined_by(call, c->session))
			continue;
		owner = c;
		best = score;
	}
	return owner;
}

struct callee *shard_find(const struct registration *r, struct call *call)
{
	if (!call->owner || call->owner_at != r->membership) {
		call->owner = shard_owner(r, call);
		call->owner_at = r->membership;
	}
	return call->owner;
}
