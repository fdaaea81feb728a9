#include "net/peer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/random.h"
#include "net/transport_private.h"

enum { DELAY_FIRST_MS = 200, DELAY_MAX_MS = 10000, LEAVE_MS = 2000 };

enum phase {
	WAITING, /* for the timer, to dial */
	DIALING,
	OPENING, /* connected; not joined yet */
	JOINED,
	LEAVING, /* told to; the timer ends it by force */
	CLOSING, /* the session is over, its connection not yet */
	OVER,    /* for good */
	PHASES,
};

struct peer {
	struct loop *loop;
	struct peer_config config;
	struct client *client; /* owned */
	struct timer *timer;   /* owned */
	enum phase phase;
	struct dial *dial;           /* owned while DIALING */
	struct transport *transport; /* owned until it has closed */
	unsigned delay_ms;
	bool leaving; /* do not dial again */
	bool freed;   /* goes when the transport has closed */

	/* Why the session ended, for `left`. */
	bool refused;
	char reason[128], message[256];
};

static void set_phase(struct peer *p, enum phase to)
{
	static const bool allowed[PHASES][PHASES] = {
		[WAITING][DIALING] = true, [WAITING][OVER] = true,
		[DIALING][OPENING] = true, [DIALING][WAITING] = true,
		[DIALING][OVER] = true,    [OPENING][JOINED] = true,
		[OPENING][CLOSING] = true, [JOINED][LEAVING] = true,
		[JOINED][CLOSING] = true,  [LEAVING][CLOSING] = true,
		[CLOSING][WAITING] = true, [CLOSING][OVER] = true,
	};

	assert(allowed[p->phase][to]);
	p->phase = to;
}

/* --- the end of a connection --------------------------------------------- */

static void note(struct peer *p, const char *reason, const char *message)
{
	if (*p->reason)
		return;
	snprintf(p->reason, sizeof p->reason, "%s", reason);
	snprintf(p->message, sizeof p->message, "%s", message);
}

/* Half of the delay is fixed, half random, so that a hall full of workers
 * does not come back at once. */
static void dial_later(struct peer *p)
{
	unsigned half = p->delay_ms / 2;

	set_phase(p, WAITING);
	timer_start(p->timer, half + random_u64() % (half + 1), 0);
	p->delay_ms *= 2;
	if (p->delay_ms > DELAY_MAX_MS)
		p->delay_ms = DELAY_MAX_MS;
}

/* There is neither connection nor session any more. */
static void over(struct peer *p)
{
	char reason[sizeof p->reason], message[sizeof p->message];
	bool again = !p->config.once && !p->leaving, refused = p->refused;

	memcpy(reason, p->reason, sizeof reason);
	memcpy(message, p->message, sizeof message);
	*p->reason = *p->message = '\0';
	p->refused = false;
	if (again) {
		dial_later(p);
	} else {
		timer_stop(p->timer);
		set_phase(p, OVER);
	}
	if (p->config.left)
		p->config.left(p->config.ctx, refused, reason, message, again);
}

/* --- the transport's callbacks ------------------------------------------- */

static void on_message(void *ctx, struct bytes message)
{
	struct peer *p = ctx;

	if (p->freed || p->phase == CLOSING)
		return;
	if (client_receive(p->client, message) && p->transport)
		transport_close(p->transport, 1002, "protocol violation");
}

static void free_parts(struct peer *p)
{
	client_free(p->client);
	free(p);
}

static void on_closed(void *ctx, const char *why)
{
	struct peer *p = ctx;

	note(p, "wamp.error.closed", why);
	if (p->phase != CLOSING)
		set_phase(p, CLOSING);
	/* Its callbacks may free the peer, as long as there is a transport to
	 * wait for. */
	if (!p->freed)
		client_lost(p->client);
	p->transport = NULL;
	if (p->freed)
		free_parts(p);
	else
		over(p);
}

static const struct transport_handler transport_handler = {
	.message = on_message,
	.closed = on_closed,
};

/* --- the client's callbacks ---------------------------------------------- */

static void on_send(void *ctx, struct bytes message)
{
	struct peer *p = ctx;

	if (p->transport) /* what it can not take closes it */
		(void)transport_send(p->transport, message);
}

static void on_joined(void *ctx, uint64_t session, const struct value *details)
{
	struct peer *p = ctx;

	if (p->phase != OPENING)
		return;
	set_phase(p, JOINED);
	p->delay_ms = DELAY_FIRST_MS;
	if (p->config.joined)
		p->config.joined(p->config.ctx, p->client, session, details);
}

/* ABORT, GOODBYE or its answer, or a violation: inside client_receive. */
static void on_left(void *ctx, struct bytes reason, struct bytes message)
{
	struct peer *p = ctx;
	char uri[sizeof p->reason], text[sizeof p->message];

	snprintf(uri, sizeof uri, "%.*s", (int)reason.len,
		 (const char *)reason.data);
	snprintf(text, sizeof text, "%.*s", (int)message.len,
		 (const char *)message.data);
	p->refused = p->phase == OPENING;
	note(p, uri, text);
	if (p->phase != CLOSING)
		set_phase(p, CLOSING);
	if (p->transport)
		transport_close(p->transport, 1000, "");
}

static void on_revoked(void *ctx, uint64_t registration, struct bytes reason)
{
	struct peer *p = ctx;
	char text[sizeof p->reason];

	snprintf(text, sizeof text, "%.*s", (int)reason.len,
		 (const char *)reason.data);
	if (p->config.revoked)
		p->config.revoked(p->config.ctx, registration, text);
}

/* --- dialing ------------------------------------------------------------- */

static void on_connected(void *ctx, struct transport *t)
{
	struct peer *p = ctx;

	p->dial = NULL;
	p->transport = t;
	set_phase(p, OPENING);
	transport_handle(t, &transport_handler, p);
	if (client_open(p->client))
		transport_drop(t, err_text(ERR_NOMEM));
}

static void on_failed(void *ctx, const char *why)
{
	struct peer *p = ctx;

	p->dial = NULL;
	note(p, "wamp.error.closed", why);
	over(p);
}

static const struct dial_handler dial_handler = { on_connected, on_failed };

static void dial(struct peer *p)
{
	set_phase(p, DIALING);
	p->dial = dial_start(p->loop, &p->config.where,
			     p->config.client.serializer, &p->config.transport,
			     p->config.tls, &dial_handler, p);
	if (!p->dial)
		on_failed(p, err_text(ERR_NOMEM));
	else if (p->config.batched)
		dial_batched(p->dial);
}

static void on_timer(void *ctx)
{
	struct peer *p = ctx;

	if (p->phase == WAITING && !p->leaving)
		dial(p);
	else if (p->transport)
		transport_drop(p->transport, "no goodbye in time");
	else if (p->phase != OVER)
		over(p);
}

/* --- the owner's calls --------------------------------------------------- */

struct peer *peer_new(struct loop *l, const struct peer_config *config)
{
	struct peer *p = calloc(1, sizeof *p);
	struct client_config client = config->client;

	if (!p)
		return NULL;
	client.send = on_send;
	client.joined = on_joined;
	client.left = on_left;
	client.revoked = on_revoked;
	client.ctx = p;
	p->loop = l;
	p->config = *config;
	p->delay_ms = DELAY_FIRST_MS;
	p->client = client_new(&client);
	p->timer = timer_new(l, on_timer, p);
	if (!p->client || !p->timer) {
		timer_free(p->timer);
		free_parts(p);
		return NULL;
	}
	timer_start(p->timer, 0, 0);
	return p;
}

struct client *peer_client(struct peer *p)
{
	return p->phase == JOINED ? p->client : NULL;
}

bool peer_is_congested(const struct peer *p)
{
	return p->transport && transport_output(p->transport) >=
				       p->config.transport.output_max / 2;
}

void peer_leave(struct peer *p, const char *reason)
{
	if (p->leaving || p->phase == OVER)
		return;
	p->leaving = true;
	note(p, reason ? reason : "wamp.close.normal", "");
	if (p->dial)
		dial_cancel(p->dial);
	p->dial = NULL;
	if (p->phase == JOINED && !client_goodbye(p->client, reason)) {
		set_phase(p, LEAVING);
		timer_start(p->timer, LEAVE_MS, 0);
		return;
	}
	if (p->transport)
		transport_close(p->transport, 1000, "");
	/* `left` comes in a later turn in any case. */
	timer_start(p->timer, p->transport ? LEAVE_MS : 0, 0);
}

void peer_reconnect(struct peer *p)
{
	if (p->transport)
		transport_drop(p->transport, "asked to connect again");
	else if (p->phase == WAITING && !p->leaving)
		timer_start(p->timer, 0, 0);
}

void peer_free(struct peer *p)
{
	if (!p)
		return;
	assert(!p->freed);
	p->freed = true;
	timer_free(p->timer);
	if (p->dial)
		dial_cancel(p->dial);
	if (p->transport)
		transport_drop(p->transport, "no longer wanted");
	else
		free_parts(p);
}
