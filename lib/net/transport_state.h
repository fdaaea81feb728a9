/*
 * transport_state: the inside of a transport, for transport.c (what comes in
 * and goes out), transport_close.c (goodbyes, whoever says them first),
 * transport_batch.c (several messages in one) and transport_time.c (what must
 * not take too long). Nobody else includes this.
 */
#ifndef NET_TRANSPORT_STATE_H
#define NET_TRANSPORT_STATE_H

#include "net/address.h"
#include "net/frames.h"
#include "net/transport_private.h"
#include "wamp/batch.h"

enum { TRANSPORT_CLOSE_MS = 2000 }; /* for a goodbye, unless it is said */

enum transport_state {
	TRANSPORT_OPEN,
	TRANSPORT_CLOSING,  /* our CLOSE is queued; the peer's is awaited */
	TRANSPORT_DRAINING, /* both have said it, or the peer broke a rule: what
			       comes is dropped until it ends the connection */
	TRANSPORT_STATES,
};

struct transport {
	struct stream *stream; /* owned until it has closed */
	struct frames frames;
	const struct serializer *serializer;
	enum batch_framing framing;
	struct buf batch;         /* goes out as one message in this turn */
	unsigned batch_messages;  /* in it */
	struct transport_limits limits;
	const struct transport_handler *handler;
	void *ctx;
	void (*gone)(void *ctx);
	void *gone_ctx;
	char *origin; /* owned */
	char peer[ADDRESS_TEXT_MAX], tag[TRANSPORT_TAG_SIZE];
	char why[128];
	bool client, local, proxy_tls;

	enum transport_state state;
	bool owner_paused, self_paused;
	bool high;    /* output reached half; drained is owed */
	bool pinged;  /* and nothing heard since */
	uint64_t age_ms; /* as it began */
	uint64_t heard_ms;
	uint64_t suspect_ms; /* silent too long since, by the clock; 0: not */
	uint64_t begun_ms, begun_at; /* what is partial: when, which; 0: none */
	uint64_t taken, looked_ms; /* output that waits: at the last look; 0:
				      none does */
	unsigned looks;            /* at it, without progress */
	uint64_t close_by_ms;
	unsigned pongs;
	bool pong_waits;
	uint8_t pong[WS_CONTROL_MAX];
	size_t pong_len;
};

uint64_t transport_now_ms(const struct transport *t);
/* Reads from the stream or not, as it is now to be. */
void transport_update_reading(struct transport *t);
/* The peer broke a rule: it is told and not listened to any more. */
void transport_fail(struct transport *t, unsigned code, const char *why);
/* The peer's CLOSE has come: of frames_handler. */
void transport_on_close(void *ctx, unsigned code, struct bytes reason);

/* One message of the serializer has come, alone or in a batch. */
void transport_give(struct transport *t, struct bytes message);
void transport_give_batch(struct transport *t, struct bytes batch);
/* Sends one, now or with others; the caller closes on an error. */
int transport_put(struct transport *t, struct bytes head, struct bytes tail);
/* What was put becomes a message in the stream's output. */
int transport_seal_batch(struct transport *t);
/* How long a message of the frames may be. */
size_t transport_frame_max(const struct transport *t);

bool transport_is_reading(const struct transport *t);
/* Sets the timer, when something has begun that must end in time. */
void transport_arm(struct transport *t);
void transport_due(void *ctx); /* the timer's */

#endif
