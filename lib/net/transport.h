/*
 * transport: a connection that carries whole WAMP messages: a WebSocket or a
 * RawSocket, over TCP, TLS or a unix socket.
 *
 * Messages out are queued and written once per loop turn; messages in are
 * given one at a time. Where batches are spoken (wamp.2.*.batched), a turn's
 * messages share WebSocket messages of up to 64 KiB, and one that comes in may
 * be so much longer than message_max, which is for each message in it. A
 * server's transport stops reading while half of output_max is waiting, so that
 * who does not read is not answered for ever. The owner gets `closed` exactly
 * once, after which the transport frees itself when the callback returns.
 * Callbacks may call everything here; none is called from inside a call (a
 * close asked for is reported in a later turn). Spec: "Transports" (basic).
 * May touch this library and wamp's serializers.
 */
#ifndef NET_TRANSPORT_H
#define NET_TRANSPORT_H

#include "base/bytes.h"
#include "base/err.h"
#include "net/tls.h"
#include "wamp/serializer.h"

struct transport;

enum { TRANSPORT_TAG_SIZE = 40 };

/* A time of 0 is no limit (but close_ms). */
struct transport_limits {
	size_t message_max;       /* in; larger closes it (1009) */
	unsigned fragments_max;   /* per message */
	uint32_t message_ms;      /* a message begun must end; 15,000 */
	size_t output_max;        /* queued beyond what is being written */
	uint32_t stall_ms;        /* no progress in writing; 60,000 */
	uint32_t ping_ms;         /* a ping after so much silence; 0: never */
	uint32_t silence_ms;      /* nothing heard at all: closed; 60,000 */
	uint32_t close_ms;        /* for a goodbye; 0: 2,000 */
};

/* What a client gets; a server sets its own by role. */
extern const struct transport_limits transport_limits_default;

struct transport_handler {
	/* One whole message, borrowed until it returns. */
	void (*message)(void *ctx, struct bytes message);
	/* Gone, whoever did it; `why` is for the log. */
	void (*closed)(void *ctx, const char *why);
	/* May be NULL. The output that had reached half of output_max is below
	 * a quarter again. */
	void (*drained)(void *ctx);
};

void transport_handle(struct transport *t,
		      const struct transport_handler *handler, void *ctx);
/* Copies the message into the output. ERR_LIMIT when output_max is passed, or
 * what a RawSocket's peer said it takes in one message: the transport is being
 * closed, as a message must not be lost silently.
 * ERR_CLOSED after a close. */
int transport_send(struct transport *t, struct bytes message);
/* Two parts, one message (a header that was built, a payload that is
 * forwarded). */
int transport_send2(struct transport *t, struct bytes head, struct bytes tail);
/* Writes what is queued, says goodbye (WebSocket `code`, e.g. 1000, 1001,
 * 1002, 1008; a RawSocket has no words for it) and closes; by force after
 * 2 s. */
void transport_close(struct transport *t, unsigned code, const char *why);
/* Stops reading from the socket (back-pressure), and goes on. What had been
 * read already is still given. */
void transport_pause(struct transport *t);
void transport_resume(struct transport *t);
void transport_limit(struct transport *t, const struct transport_limits *l);
/* Bytes queued and not yet taken by the kernel. */
size_t transport_output(const struct transport *t);
const struct serializer *transport_serializer(const struct transport *t);
/* "127.0.0.1:51234", "unix"; and the Origin header or "". */
const char *transport_peer(const struct transport *t);
const char *transport_origin(const struct transport *t);
/* How long the connection had been there when it became this transport. */
uint64_t transport_age_ms(const struct transport *t);
/* What server_config.opening wrote, or "". */
const char *transport_tag(const struct transport *t);
bool transport_is_local(const struct transport *t); /* loopback or unix */
/* What the peer takes in one message, as a RawSocket's says; 0: it has not
 * said. A longer one ends the connection. */
size_t transport_peer_max(const struct transport *t);
bool transport_is_secure(const struct transport *t); /* TLS */
/* Of the certificate that a client has shown and that was verified; borrowed;
 * NULL: none. */
const struct tls_cert *transport_client_cert(const struct transport *t);
/* A proxy on this machine speaks for somebody who came to it over TLS. */
bool transport_is_proxied_tls(const struct transport *t);

#endif
