/*
 * relay: the bare limit of a router on this machine: the same hops and bytes
 * on the same net layer, without WAMP. A connection says with one byte what it
 * is, `r` (caller) or `e` (callee), and gets it back; what a caller sends goes
 * to the next callee, and what a callee sends goes to the caller whose message
 * it has had the longest. `wampload --mode raw` is its load.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "net/server.h"

enum {
	CALLEES_MAX = 1024,
	WAITING_MAX = 1 << 17, /* messages that a callee has; a power of 2 */
};

struct line {
	struct relay *relay;
	struct transport *transport;
	bool is_callee, is_known;
	unsigned users; /* itself, and messages of it at callees */
	struct line **waiting; /* owned: whose messages it has, in order */
	unsigned first, past;
};

struct relay {
	struct loop *loop;
	struct line *callees[CALLEES_MAX];
	unsigned callee_count, next;
};

static void release(struct line *line)
{
	if (--line->users)
		return;
	free(line->waiting);
	free(line);
}

static void greet(struct line *line, struct bytes message)
{
	struct relay *r = line->relay;

	line->is_known = true;
	line->is_callee = *message.data == 'e';
	if (line->is_callee && r->callee_count < CALLEES_MAX) {
		line->waiting = calloc(WAITING_MAX, sizeof(struct line *));
		if (line->waiting)
			r->callees[r->callee_count++] = line;
	}
	(void)transport_send(line->transport, message);
}

static void to_callee(struct line *line, struct bytes message)
{
	struct relay *r = line->relay;
	struct line *callee;

	if (!r->callee_count)
		return;
	callee = r->callees[r->next++ % r->callee_count];
	if (callee->past - callee->first == WAITING_MAX) {
		transport_close(line->transport, 1008, "too many in flight");
		return;
	}
	callee->waiting[callee->past++ % WAITING_MAX] = line;
	line->users++;
	(void)transport_send(callee->transport, message);
}

static void to_caller(struct line *callee, struct bytes message)
{
	struct line *line;

	if (!callee->waiting || callee->first == callee->past)
		return;
	line = callee->waiting[callee->first++ % WAITING_MAX];
	if (line->transport)
		(void)transport_send(line->transport, message);
	release(line);
}

static void on_message(void *ctx, struct bytes message)
{
	struct line *line = ctx;

	if (!message.len)
		return;
	if (!line->is_known)
		greet(line, message);
	else if (line->is_callee)
		to_caller(line, message);
	else
		to_callee(line, message);
}

static void on_closed(void *ctx, const char *why)
{
	struct line *line = ctx;
	struct relay *r = line->relay;

	(void)why;
	line->transport = NULL;
	for (unsigned i = 0; i < r->callee_count; i++)
		if (r->callees[i] == line)
			r->callees[i--] = r->callees[--r->callee_count];
	while (line->waiting && line->first != line->past)
		release(line->waiting[line->first++ % WAITING_MAX]);
	release(line);
}

static void on_accepted(void *ctx, struct transport *t)
{
	static const struct transport_handler handler = {
		.message = on_message,
		.closed = on_closed,
	};
	struct line *line = calloc(1, sizeof *line);

	if (!line) {
		transport_close(t, 1011, "out of memory");
		return;
	}
	line->relay = ctx;
	line->transport = t;
	line->users = 1;
	transport_handle(t, &handler, line);
}

static void on_http(void *ctx, const struct http_request *request,
		    struct http_response *response)
{
	(void)ctx;
	(void)request;
	response->status = 404;
}

/* Its end is the process's: nothing is worth keeping. */
static void on_signal(void *ctx)
{
	loop_stop(ctx);
}

static int listen_all(struct server *server, char **urls)
{
	struct why why = { "" };
	struct url where;

	for (; *urls; urls++)
		if (url_parse(*urls, &where, &why) ||
		    server_listen(server, &where, NULL, &why)) {
			fprintf(stderr, "relay: %s: %s\n", *urls, why.text);
			return 2;
		}
	return 0;
}

int main(int argc, char **argv)
{
	static const char *const subprotocols[] = { "wamp.2.msgpack",
						    "wamp.2.cbor",
						    "wamp.2.json", NULL };
	struct relay relay = { .loop = loop_new() };
	const struct server_config config = {
		.subprotocols = subprotocols,
		.ws_path = "/ws",
		.limits = transport_limits_default,
		.http = on_http,
		.accepted = on_accepted,
		.ctx = &relay,
	};
	struct server *server;

	log_open("relay");
	if (argc < 2) {
		fprintf(stderr, "relay: accepted are URLs to listen at: "
				"ws://host:port/ws, rs://host:port, "
				"unix:///path\n");
		return 2;
	}
	server = relay.loop ? server_new(relay.loop, &config) : NULL;
	if (!server || loop_on_signal(relay.loop, SIGTERM, on_signal,
				      relay.loop)) {
		fprintf(stderr, "relay: out of memory\n");
		return 1;
	}
	if (listen_all(server, argv + 1))
		return 2;
	loop_run(relay.loop);
	server_stop(server); /* removes its unix sockets */
	return 0;
}
