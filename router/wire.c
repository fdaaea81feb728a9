#include "router/wire.h"

#include <stdio.h>
#include <stdlib.h>

struct wire {
	struct wires *all;
	struct transport *transport;
	struct session *session;
	const struct endpoint_limits *limits; /* borrowed */
};

enum {
	PING_MS = 20000,
	PONG_MS = 40000,
	STALL_MS = 60000,
	HOLDING_STALL_MS = 10000, /* where others wait for it to read */
};

struct transport_limits wire_limits(const struct role_limits *l,
				    const struct endpoint_limits *endpoint)
{
	uint32_t ping = endpoint->ping_ms ? endpoint->ping_ms : PING_MS;
	uint32_t pong = endpoint->pong_ms ? endpoint->pong_ms : PONG_MS;
	size_t most = endpoint->message_bytes;

	return (struct transport_limits){
		.message_max = most && most < l->message_bytes
				       ? most
				       : l->message_bytes,
		.fragments_max = 1024,
		.message_ms = 15000,
		.output_max = l->output_bytes,
		.stall_ms = l->backpressure ? HOLDING_STALL_MS : STALL_MS,
		.ping_ms = ping,
		.silence_ms = ping + pong,
	};
}

/* --- time ---------------------------------------------------------------- */

/* The loop's clock stands still within a turn, and so does the other. */
static void set_time(struct wires *w)
{
	uint64_t now = loop_now_ms(w->loop);

	if (now == w->now_ms)
		return;
	w->now_ms = now;
	router_set_time(w->router, now, clock_unix_ms());
}

/* The timer is only ever set earlier, and looks again when it fires. */
static void rearm(struct wires *w)
{
	uint64_t due = router_due_ms(w->router), now = loop_now_ms(w->loop);

	if (due >= w->armed_ms)
		return;
	w->armed_ms = due;
	timer_start(w->timer, due > now ? due - now : 0, 0);
}

static void on_timer(void *ctx)
{
	struct wires *w = ctx;

	w->armed_ms = UINT64_MAX;
	set_time(w);
	router_tick(w->router);
	rearm(w);
}

int wires_init(struct wires *w, struct loop *loop, struct router *router)
{
	*w = (struct wires){ .loop = loop, .router = router,
			     .armed_ms = UINT64_MAX };
	w->timer = timer_new(loop, on_timer, w);
	return w->timer ? 0 : ERR_NOMEM;
}

void wires_deinit(struct wires *w)
{
	timer_free(w->timer);
}

static void count(struct traffic *t, struct bytes message)
{
	t->messages++;
	t->bytes += message.len;
}

/* --- the router asks ----------------------------------------------------- */

static int wire_send(void *ctx, struct bytes message)
{
	struct wire *wire = ctx;

	count(&wire->all->sent, message);
	return transport_send(wire->transport, message);
}

static void wire_close(void *ctx, unsigned code, const char *why)
{
	transport_close(((struct wire *)ctx)->transport, code, why);
}

static void wire_pause(void *ctx, bool on)
{
	struct wire *wire = ctx;

	if (on)
		transport_pause(wire->transport);
	else
		transport_resume(wire->transport);
}

static void wire_limit(void *ctx, const struct role_limits *limits)
{
	struct wire *wire = ctx;
	struct transport_limits l = wire_limits(limits, wire->limits);

	transport_limit(wire->transport, &l);
}

static size_t wire_output(void *ctx)
{
	return transport_output(((struct wire *)ctx)->transport);
}

static const struct link_ops ops = {
	wire_send, wire_close, wire_pause, wire_limit, wire_output,
};

/* --- the connection tells ------------------------------------------------ */

static void on_message(void *ctx, struct bytes message)
{
	struct wire *wire = ctx;

	count(&wire->all->received, message);
	set_time(wire->all);
	router_receive(wire->all->router, wire->session, message);
	rearm(wire->all);
}

static void on_drained(void *ctx)
{
	struct wire *wire = ctx;

	set_time(wire->all);
	router_drained(wire->all->router, wire->session);
	rearm(wire->all);
}

static void on_closed(void *ctx, const char *why)
{
	struct wire *wire = ctx;
	struct wires *w = wire->all;

	(void)why;
	set_time(w);
	if (wire->session)
		router_lost(w->router, wire->session);
	rearm(w);
	free(wire);
	if (!--w->count && w->emptied)
		w->emptied(w->ctx);
}

static const struct transport_handler handler = {
	on_message, on_closed, on_drained,
};

/* A connection for which there is no memory is closed and forgotten. */
static void ignore_message(void *ctx, struct bytes message)
{
	(void)ctx;
	(void)message;
}

static void ignore_closed(void *ctx, const char *why)
{
	(void)ctx;
	(void)why;
}

static void turn_away(struct transport *t)
{
	static const struct transport_handler nobody = {
		ignore_message, ignore_closed, NULL,
	};

	transport_handle(t, &nobody, NULL);
	transport_close(t, 1013, "out of memory");
}

void wires_accept(struct wires *w, struct transport *t,
		  const struct authn *authn,
		  const struct endpoint_limits *endpoint)
{
	struct wire *wire = malloc(sizeof *wire);
	const struct tls_cert *cert = transport_client_cert(t);
	struct link link = {
		.ops = &ops,
		.ctx = wire,
		.serializer = transport_serializer(t),
		.confidential = transport_is_local(t) ||
				transport_is_secure(t) ||
				transport_is_proxied_tls(t),
		.message_max = transport_peer_max(t),
		.transport = "websocket",
		.age_ms = transport_age_ms(t),
	};

	if (!wire) {
		turn_away(t);
		return;
	}
	snprintf(link.peer, sizeof link.peer, "%s", transport_peer(t));
	if (cert) {
		snprintf(link.cert_cn, sizeof link.cert_cn, "%s", cert->cn);
		snprintf(link.cert_sha1, sizeof link.cert_sha1, "%s",
			 cert->sha1);
	}
	snprintf(link.cookie, sizeof link.cookie, "%s", transport_tag(t));
	set_time(w);
	*wire = (struct wire){ w, t, router_connect(w->router, &link, authn),
			       endpoint };
	if (!wire->session) {
		free(wire);
		turn_away(t);
		return;
	}
	w->count++;
	transport_handle(t, &handler, wire);
	rearm(w);
}

void wires_settle(struct wires *w)
{
	set_time(w);
	router_settle(w->router);
	rearm(w);
}

void wires_shutdown(struct wires *w, const char *reason)
{
	set_time(w);
	router_shutdown(w->router, reason);
	rearm(w);
}
