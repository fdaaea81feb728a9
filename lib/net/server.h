/*
 * server: listens on TCP ports and unix sockets; tells by the first byte what
 * is spoken; answers HTTP from what the program says, and turns upgrades and
 * RawSockets into transports.
 *
 * HTTP here is GET and HEAD of small things kept in memory, and POST (or PUT)
 * to paths of which the program says how long a body it takes there; the
 * answer may come later. Transfer-Encoding, duplicate headers that matter,
 * obs-fold and absolute forms are refused (400, 501); requests end within
 * 15 s, their heads within 8 KiB; keep-alive is kept, 60 s. Spec: "WebSocket
 * Transport" (basic), "RawSocket Transport" (advanced). May touch this library.
 */
#ifndef NET_SERVER_H
#define NET_SERVER_H

#include "net/loop.h"
#include "net/tls.h"
#include "net/transport.h"
#include "net/url.h"

struct server;

struct http_request {
	struct bytes path;  /* decoded, without the query; starts with / */
	struct bytes query; /* raw, without the ? */
	bool head, post, options; /* none: GET; post: PUT, too */
	struct bytes host, if_none_match, accept_encoding; /* or empty */
	struct bytes content_type, origin, cors_headers;   /* or empty */
	struct bytes body;                                 /* of a POST */
	const char *peer;
	bool secure; /* TLS */
	bool local; /* from loopback or a unix socket, and no proxy there says
		       that it asks for somebody else */
	struct http_conn *conn; /* for http_later */
};

/* The answer to a request, when it comes later than the callback's end. */
struct http_later;

/* All borrowed beyond the callback: type and headers until the next turn, the
 * body as long as the server, or until the next turn when `copy` is set.
 * `headers`: whole lines, each ended by CRLF, or NULL. */
struct http_response {
	unsigned status;
	const char *content_type;
	const char *headers;
	struct bytes body;
	bool copy;
};

typedef void http_gone_fn(void *ctx);

/* Within the http callback: the answer comes later, the response is not looked
 * at. NULL: out of memory, or as many wait as may; then it is. `gone` is told
 * once that nobody waits any more: the peer has closed its connection, or it
 * took too long. NULL: that is of no interest. */
struct http_later *http_later(const struct http_request *request,
			      http_gone_fn *gone, void *ctx);
/* To be called once, also when the connection is gone meanwhile: takes
 * `later`. May be called before the http callback returns, and by `gone`. */
void http_answer(struct http_later *later,
		 const struct http_response *response);

struct server_config {
	const char *const *subprotocols; /* NULL-ended, e.g. wamp.2.msgpack;
					    RawSocket's serializers too */
	const char *ws_path;             /* upgrades elsewhere: 404 */
	char *const *ws_more;            /* also there; NULL-ended, or NULL */
	bool ws_anywhere;                /* whatever the path is */
	struct transport_limits limits;  /* of a new transport */
	size_t message_max; /* what RawSocket's handshake promises to take, as
			       it can not be raised later as limits can;
			       0: limits.message_max */
	struct tls *tls;          /* borrowed; of wss:// and rss:// */
	unsigned half_open_max;   /* that speak HTTP or nothing yet; beyond:
				     the oldest is closed; 0: 512 */
	unsigned connections_max; /* beyond: refused with 503, or RawSocket's
				     4; 0: 10,000 */
	unsigned waiting_max; /* for answers that come later, which are not
				 half open; beyond: http_later refuses;
				 0: 2,048 */
	uint32_t head_ms; /* for a head to be complete; 0: 15,000 */
	uint32_t idle_ms; /* between requests; 0: 60,000 */
	/* The longest body that a POST to this path may have; 0, or NULL: only
	 * GET and HEAD are spoken there. */
	size_t (*body_max)(void *ctx, struct bytes path);
	uint32_t later_ms; /* for an answer to come; 0: 600,000 */
	/* Somebody is refused as connections_max are there; not said again
	 * before a tenth of them has gone. NULL: nobody wants to know. */
	void (*full)(void *ctx);
	/* Fills the response. */
	void (*http)(void *ctx, const struct http_request *request,
		     struct http_response *response);
	/* May this page's Origin connect? Called when there is one. NULL: no
	 * page may. */
	bool (*origin)(void *ctx, struct bytes origin);
	/* A WebSocket opens, its origin is welcome: appends whole header lines
	 * to the answer, each ended by CRLF, and may write a text that the
	 * transport keeps. `cookie`: the header, or empty; secure: https. An
	 * error drops the connection. NULL: nothing to add. */
	int (*opening)(void *ctx, struct bytes cookie, bool secure,
		       struct buf *headers, char tag[TRANSPORT_TAG_SIZE]);
	/* A new transport: call transport_handle now. */
	void (*accepted)(void *ctx, struct transport *t);
	void *ctx;
};

/* Copies the config. */
struct server *server_new(struct loop *l, const struct server_config *config);
/* Listens also there; ERR_IO with the reason (port in use). The port that was
 * got is in *port (may be NULL). ws:// and rs:// are the same: both are spoken
 * on every port; wss:// and rss:// are, too, and take nothing but TLS. A unix
 * socket is the user's only (mode 0600), takes the place of one nobody listens
 * on, and is removed by server_stop. */
int server_listen(struct server *s, const struct url *where, unsigned *port,
		  struct why *why);
/* Open now: HTTP and transports. */
unsigned server_connections(const struct server *s);
/* Stops listening and closes HTTP connections; transports live on. */
void server_stop(struct server *s);
/* After server_stop, when every transport is closed. */
void server_free(struct server *s);

#endif
