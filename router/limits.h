/*
 * limits: what a role may use, and the token bucket that holds a session to
 * its rate. 0 is no limit, but of bytes of messages and output and of those
 * held, for which a configuration's 0 is made a number. Touches nothing.
 */
#ifndef ROUTER_LIMITS_H
#define ROUTER_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct role_limits {
	uint32_t subscriptions;
	uint32_t patterns; /* subscriptions and registrations that are none
			      of an exact URI */
	uint32_t registrations;
	uint32_t calls;      /* not over, as a caller */
	uint32_t rate;       /* messages a second */
	uint32_t burst;      /* and so many at once */
	size_t held_bytes;   /* payloads kept for the queue and rerouting */
	size_t message_bytes; /* of one message */
	size_t output_bytes; /* waiting to be read by the peer */
	uint32_t retained;     /* events kept for its members, together */
	size_t retained_bytes; /* and their memory */
	uint32_t testaments;   /* of one session */
	size_t testament_bytes;
	/* When half of output_bytes is waiting, who feeds it is not read
	 * from, rather than the peer being disconnected; unless it takes
	 * nothing for 10 s (wire.c). */
	bool backpressure;
};

/* What an endpoint says of its connections, besides their roles; 0: nothing,
 * and what holds is the router's own. */
struct endpoint_limits {
	uint32_t message_bytes; /* where a role's is not less */
	uint32_t ping_ms;       /* a ping after so much silence */
	uint32_t pong_ms;       /* the end after so much more */
};

extern const struct role_limits limits_default;  /* after joining */
extern const struct role_limits limits_joining;  /* before */

struct bucket {
	uint64_t at_ms;
	int64_t milli; /* thousandths of a message; below 0: in debt */
};

void bucket_init(struct bucket *b, const struct role_limits *l,
		 uint64_t now_ms);
/* Takes one message. false: it went below zero; read no more until
 * bucket_ready_ms. */
bool bucket_take(struct bucket *b, const struct role_limits *l,
		 uint64_t now_ms);
uint64_t bucket_ready_ms(const struct bucket *b, const struct role_limits *l);

#endif
