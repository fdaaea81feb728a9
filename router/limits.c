#include "router/limits.h"

const struct role_limits limits_default = {
	.subscriptions = 1024,
	.patterns = 64,
	.registrations = 1024,
	.calls = 1024,
	.rate = 0,
	.burst = 0,
	.held_bytes = 64u << 20,
	.message_bytes = 1u << 20,
	.output_bytes = 256u << 10,
	.retained = 1024,
	.retained_bytes = 4u << 20,
	.testaments = 16,
	.testament_bytes = 64u << 10,
	.backpressure = false,
};

const struct role_limits limits_joining = {
	.message_bytes = 64u << 10,
	.output_bytes = 64u << 10,
};

static int64_t capacity(const struct role_limits *l)
{
	return 1000 * (int64_t)(l->burst ? l->burst : l->rate);
}

void bucket_init(struct bucket *b, const struct role_limits *l,
		 uint64_t now_ms)
{
	b->at_ms = now_ms;
	b->milli = capacity(l);
}

static void refill(struct bucket *b, const struct role_limits *l,
		   uint64_t now_ms)
{
	uint64_t passed = now_ms - b->at_ms;
	/* An hour fills any bucket; more would only overflow. */
	int64_t more = (int64_t)(passed < 3600000 ? passed : 3600000) *
		       l->rate;

	b->at_ms = now_ms;
	b->milli = b->milli + more < capacity(l) ? b->milli + more
						 : capacity(l);
}

bool bucket_take(struct bucket *b, const struct role_limits *l,
		 uint64_t now_ms)
{
	if (!l->rate)
		return true;
	refill(b, l, now_ms);
	/* What the transport had read already is a debt, but no endless one.
	 */
	if (b->milli > -capacity(l))
		b->milli -= 1000;
	return b->milli >= 0;
}

uint64_t bucket_ready_ms(const struct bucket *b, const struct role_limits *l)
{
	if (!l->rate || b->milli >= 0)
		return b->at_ms;
	return b->at_ms + (uint64_t)(-b->milli + l->rate - 1) / l->rate;
}
