#include "router/local.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/parcels.h"

struct local {
	struct router *router;
	struct realm *realm;
	const struct role *role;
	const char *authid;
	struct client *client;   /* owned */
	struct session *session; /* owned; NULL: not joined */
	struct parcels said;  /* by the client, for the router */
	struct parcels heard; /* by the client, from the router */
	struct ring in_router;
	struct ring waiting; /* in the router's, when there is work */
	bool paused;
	bool over;   /* the router closed the connection */
	bool closed; /* by its owner: freed when nobody is inside it */
};

/* --- the two ends -------------------------------------------------------- */

static bool has_work(const struct local *l)
{
	return l->closed || l->over || l->heard.first ||
	       (l->said.first && !l->paused);
}

/* Keeps its place among those that wait. */
static void mind(struct local *l)
{
	if (!has_work(l))
		ring_remove(&l->waiting);
	else if (ring_is_empty(&l->waiting))
		ring_add(&l->router->locals_waiting, &l->waiting);
}

static void client_says(void *ctx, struct bytes message)
{
	struct local *l = ctx;

	/* A connection that can not take it ends. */
	if (!l->over && parcels_add(&l->said, message))
		l->over = true;
	mind(l);
}

static int link_send(void *ctx, struct bytes message)
{
	struct local *l = ctx;
	int err = l->over || l->closed ? ERR_CLOSED
				       : parcels_add(&l->heard, message);

	if (err == ERR_NOMEM)
		l->over = true;
	mind(l);
	return err;
}

static void link_close(void *ctx, unsigned code, const char *why)
{
	struct local *l = ctx;

	(void)code;
	(void)why;
	l->over = true;
	mind(l);
}

static void link_pause(void *ctx, bool on)
{
	struct local *l = ctx;

	l->paused = on;
	mind(l);
}

static void link_limit(void *ctx, const struct role_limits *limits)
{
	(void)ctx;
	(void)limits;
}

static size_t link_output(void *ctx)
{
	return ((struct local *)ctx)->heard.bytes;
}

static const struct link_ops ops = {
	link_send, link_close, link_pause, link_limit, link_output,
};

/* --- joining ------------------------------------------------------------- */

static struct session *make_session(struct local *l)
{
	struct link link = { .ops = &ops, .ctx = l,
			     .serializer = &serializer_msgpack,
			     .confidential = true, .transport = "local",
			     .peer = "local" };
	struct session *s = router_connect(l->router, &link, NULL);

	if (!s)
		return NULL;
	s->role = l->role;
	s->limits = &l->role->limits;
	s->authmethod = "internal";
	s->authprovider = "local";
	s->authid = strdup(l->authid);
	bucket_init(&s->bucket, s->limits, l->router->turn.now_ms);
	ring_remove(&s->waiting);
	return s;
}

/* The client's HELLO needs no proof, but says what it is able to do. */
static bool hear_hello(struct local *l, struct session *s)
{
	struct parcel *p = parcels_take(&l->said);
	struct turn *turn = &l->router->turn;
	struct message hello;
	struct why why;
	bool ok = p && !message_decode(&turn->arena, &serializer_msgpack,
				       bytes_of(p->bytes, p->len),
				       &turn->limits, FROM_CLIENT, &hello,
				       &why);

	if (ok)
		(void)session_learn_features(s, hello.options);
	parcel_free(p);
	return ok;
}

/* Behind the session's back, so that the client has joined at once. */
static bool hear_welcome(struct local *l)
{
	struct message m = { .type = MSG_WELCOME, .subject = l->session->id };
	struct turn *turn = &l->router->turn;
	struct buf out;
	bool ok;

	buf_init(&out);
	ok = !message_encode(&out, &serializer_msgpack, &m, &turn->arena,
			     &turn->limits) &&
	     !client_receive(l->client, buf_bytes(&out));
	buf_deinit(&out);
	return ok;
}

/* Nothing of its life before is left. */
static void clear(struct local *l)
{
	parcels_clear(&l->said);
	parcels_clear(&l->heard);
	l->over = l->paused = false;
	mind(l);
}

static void join(struct local *l)
{
	struct session *s = make_session(l);

	if (!s)
		return;
	l->session = s;
	if (!s->authid || client_open(l->client) || !hear_hello(l, s) ||
	    realm_join(l->realm, s)) {
		l->over = true;
		mind(l);
		return;
	}
	session_set_state(s, SESSION_ESTABLISHED);
	if (hear_welcome(l)) {
		realm_announce(l->realm, s);
	} else {
		l->over = true;
		mind(l);
	}
}

/* Its connection is gone: both ends are told. */
static void part(struct local *l)
{
	struct session *s = l->session;

	client_lost(l->client);
	if (s)
		router_lost(l->router, s);
	l->session = NULL;
	clear(l);
}

/* --- a local's life ------------------------------------------------------ */

static struct client *make_client(struct local *l)
{
	struct client_config config = {
		.serializer = &serializer_msgpack,
		.limits = l->router->turn.limits,
		.realm = l->realm->config->name,
		.agent = "manyhands",
		.authid = l->authid,
		.send = client_says,
		.ctx = l,
	};

	return client_new(&config);
}

static void local_free(struct local *l)
{
	part(l);
	ring_remove(&l->in_router);
	ring_remove(&l->waiting);
	client_free(l->client);
	free(l);
}

struct local *local_open(struct router *r, struct realm *realm,
			 const struct role *role, const char *authid)
{
	struct local *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	*l = (struct local){ .router = r, .realm = realm, .role = role,
			     .authid = authid };
	parcels_init(&l->said);
	parcels_init(&l->heard);
	ring_init(&l->waiting);
	ring_init(&l->in_router);
	l->client = make_client(l);
	if (!l->client) {
		free(l);
		return NULL;
	}
	ring_add(&r->locals, &l->in_router);
	join(l);
	if (client_is_joined(l->client) && !l->over)
		return l;
	local_close(l);
	return NULL;
}

void local_close(struct local *l)
{
	l->closed = true;
	client_lost(l->client);
	mind(l);
}

struct client *local_client(struct local *l)
{
	if (!l->session && !l->closed && !l->router->going_down)
		join(l);
	return l->client;
}

/* --- turns --------------------------------------------------------------- */

static void tell_router(struct local *l)
{
	struct parcel *p = parcels_take(&l->said);

	router_receive(l->router, l->session, bytes_of(p->bytes, p->len));
	parcel_free(p);
}

static void tell_client(struct local *l)
{
	struct parcel *p = parcels_take(&l->heard);

	/* What it can not read ends the session, as on any connection. */
	if (client_receive(l->client, bytes_of(p->bytes, p->len)))
		l->over = true;
	parcel_free(p);
	if (!l->heard.first)
		router_drained(l->router, l->session);
	else
		router_settle(l->router);
}

static void step(struct local *l)
{
	if (l->heard.first)
		tell_client(l);
	else if (l->over)
		part(l);
	else if (l->said.first && !l->paused)
		tell_router(l);
	mind(l); /* as the last: the others first */
}

void locals_settle(struct router *r)
{
	unsigned left = LOCAL_TURN_MESSAGES;

	if (r->settling)
		return;
	r->settling = true;
	while (left-- && !ring_is_empty(&r->locals_waiting)) {
		struct local *l = ring_item(r->locals_waiting.next,
					    struct local, waiting);

		ring_remove(&l->waiting);
		if (l->closed)
			local_free(l);
		else
			step(l);
	}
	r->settling = false;
}

bool locals_are_waiting(const struct router *r)
{
	return !ring_is_empty(&r->locals_waiting);
}

void locals_deinit(struct router *r)
{
	r->settling = true; /* the turns are over */
	while (!ring_is_empty(&r->locals))
		local_free(ring_item(r->locals.next, struct local,
				     in_router));
}
