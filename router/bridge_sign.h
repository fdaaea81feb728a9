/*
 * bridge_sign: is a request to a bridge signed by who knows its secret, now,
 * and for the first time? The query has key, timestamp, seq, nonce and
 * signature, the base64url of the HMAC-SHA-256 of the first four and the body
 * one after the other: Crossbar.io's "Signed Requests", as its client
 * crossbarconnect makes them. No I/O; the clock is an argument.
 *
 * SECURITY: signatures are compared in constant time. One that was accepted is
 * remembered as long as its timestamp would be, REPLAYS_MAX at a time: beyond,
 * requests are refused (503) rather than replays let in. Only who knows the
 * secret can fill it. Without a window (0) a signature is remembered for
 * BRIDGE_WINDOW_S only.
 */
#ifndef ROUTER_BRIDGE_SIGN_H
#define ROUTER_BRIDGE_SIGN_H

#include "base/arena.h"
#include "router/bridge_config.h"
#include "wamp/id_map.h"

enum { REPLAYS_MAX = 1 << 18 };

struct replays {
	struct id_map young, old; /* accepted signatures, by their first bits */
	uint64_t since_ms;        /* when young was empty */
};

void replays_init(struct replays *r);
void replays_deinit(struct replays *r);

/* 0, or the status to refuse with; *why says it (a constant). */
unsigned bridge_check_signature(const struct bridge_config *c,
				struct replays *r, struct bytes query,
				struct bytes body, uint64_t unix_ms,
				const char **why);

#endif
