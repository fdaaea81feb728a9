/*
 * server_private: what server.c (listening, counting), server_http.c (one
 * connection until it is a transport or over), server_answer.c (what it is
 * answered), server_upgrade.c (one that asks for a WebSocket) and server_raw.c
 * (one that says it speaks RawSocket) share. Nobody else includes it.
 */
#ifndef NET_SERVER_PRIVATE_H
#define NET_SERVER_PRIVATE_H

#include "net/address.h"
#include "net/http.h"
#include "net/server.h"
#include "net/transport_private.h"

struct listener;

enum http_state {
	HTTP_READING,   /* a head, or waits for one */
	HTTP_WAITING,   /* for an answer that comes later; what is read meanwhile
			   is kept, so that the peer's end is seen */
	HTTP_ANSWERING, /* the answer is not yet written; nothing is read */
	HTTP_LINGERING, /* refused: drops what comes until the peer is gone */
	HTTP_STATES,
};

struct http_conn;

/* The oldest first. */
struct http_conns {
	TAILQ_HEAD(, http_conn) all;
	unsigned count;
};

/* A connection that speaks HTTP, or nothing yet. */
struct http_conn {
	struct server *server;
	struct stream *stream; /* owned until it has closed */
	TAILQ_ENTRY(http_conn) link; /* in its list of the server's */
	struct http_conns *list;     /* with how many are in it */
	enum http_state state;
	struct buf in;   /* read, not used up: begins with a head */
	size_t seen;     /* of it, looked through for the head's end */
	size_t whole;    /* bytes of the request, when its head is there */
	struct http_later *later; /* borrowed; of HTTP_WAITING */
	struct buf path; /* of the request being answered */
	bool keep_alive;
	bool served; /* a request: it is HTTP for good */
	bool full;   /* the server is: whatever it asks is refused */
	uint64_t began_ms; /* accepted then */
	uint64_t due_ms; /* it is closed unless it got on until then */
	char peer[ADDRESS_TEXT_MAX];
	bool local;
};

struct server {
	struct loop *loop;
	struct server_config config;
	struct listener *listeners; /* owned */
	struct timer *retry;        /* owned until stopped */
	struct http_conns half_open; /* speak HTTP or nothing yet */
	struct http_conns waiting;   /* HTTP_WAITING */
	unsigned connections; /* both, and transports */
	unsigned open_listeners;
	bool stopped, freed;
	bool told_full; /* and not yet well below it again */
};

/* A connection was accepted: takes the stream. `full`: only to say so, in its
 * own language. */
void http_conn_start(struct server *s, struct stream *stream, bool full);
/* Closes it at once. */
void http_conn_drop(struct http_conn *c);
/* One of its allowed moves. */
void http_conn_set_state(struct http_conn *c, enum http_state to);
/* It is closed unless it gets on within this time. */
void http_conn_wait_for(struct http_conn *c, uint32_t limit_ms);
/* It got on: others are older now, or belong to another list than it. */
void http_conn_move_to(struct http_conn *c, struct http_conns *list);
/* So many speak HTTP or nothing yet as may: the oldest go. */
void http_conns_limit(struct server *s);
/* Nothing more will be read: what is in the output is written, then the end. */
void http_conn_linger(struct http_conn *c);
/* Answers so, and lingers. `what` is text for people. */
void http_conn_refuse(struct http_conn *c, unsigned status, const char *what);
/* The request that is whole: its path is in c->path. Asks the program. */
void http_conn_answer(struct http_conn *c, const struct http_head *head,
		      struct bytes query, struct bytes body);
/* Whose answer comes later speaks to nobody, and is told so. */
void http_conn_detach(struct http_conn *c);
/* It becomes a transport, whose gone and ctx are filled in here; c is no more.
 * The answer to its handshake is in the output; `rest`, in c->in, came with
 * its handshake. */
void http_conn_hand_over(struct http_conn *c, struct transport_origin *origin,
			 struct bytes rest);
/* Does a WebSocket belong to this target? */
bool http_conn_is_ws_path(const struct http_conn *c, struct bytes target);
/* A head that asks for an upgrade; `rest`, in c->in, came with it. Refused, or
 * handed over. */
void http_conn_upgrade(struct http_conn *c, const struct http_head *head,
		       struct bytes rest);
/* What is in c->in begins with RawSocket's magic. */
void raw_conn_take(struct http_conn *c);
/* One connection less; frees the server when it was the last thing. */
void server_conn_gone(struct server *s);

#endif
