/*
 * net_test: what the tests of lib/net share: a server that echoes in one
 * loop, a raw client of that loop that sends and collects bytes, and waiting
 * for a condition. A watchdog ends a test that hangs; no time decides one.
 * fixture.h is a world with such a client, caller.h our own client.
 */
#ifndef NET_TEST_H
#define NET_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "net/server.h"
#include "net/stream.h"
#include "net/transport_private.h"

enum { SESSIONS_MAX = 16 };

/* One accepted transport: echoes, counts. */
struct session {
	struct world *world;
	struct transport *t; /* NULL when closed */
	unsigned messages;
	size_t bytes;
	bool closed;
	char why[160];
	unsigned drained;
	struct buf last;
};

struct world {
	struct loop *loop;
	struct server *server;
	struct server_config config;
	struct url url;
	struct session sessions[SESSIONS_MAX];
	unsigned session_count;
	/* NULL: echoes. */
	void (*on_message)(struct session *s, struct bytes message);
	char long_body[200000];
	char text[64]; /* of /copy */
	unsigned requests;
};

/* Fills in a config that tests change before world_start; with `tls` in it
 * the server takes nothing else. */
void world_init(struct world *w);
void world_start(struct world *w);
/* Closes what is open, frees all; the loop asserts that nothing is left. */
void world_free(struct world *w);
/* Nobody is connected: a condition. */
bool world_is_quiet(void *world);

typedef bool condition(void *ctx);
/* Turns the loop until it holds; fails the test after 20 s. */
void until(struct world *w, condition *holds, void *ctx);
void turn(struct world *w); /* one turn that does not wait */

/* A client that speaks bytes. */
struct raw {
	struct world *world;
	struct stream *stream;
	struct buf in;
	bool connected, ended, closed;
	uv_connect_t connect;
};

void raw_connect(struct raw *r, struct world *w);
void raw_send(struct raw *r, const void *data, size_t len);
void raw_text(struct raw *r, const char *text);
void raw_close(struct raw *r); /* and waits for it; twice is fine */
/* Waits for so many bytes, for the text, for the end. */
void raw_expect_len(struct raw *r, size_t len);
void raw_expect_text(struct raw *r, const char *text);
void raw_expect_end(struct raw *r);
/* Waits for a whole answer that begins with this status; its head and body
 * are dropped. */
void raw_expect_status(struct raw *r, unsigned status);
/* Connects and upgrades with this subprotocol. */
void raw_upgrade(struct raw *r, struct world *w, const char *subprotocol);
/* A masked frame; the key is not zero. */
void raw_frame(struct raw *r, uint8_t first, const void *data, size_t len);
/* Waits for a frame of less than 126 bytes and takes it. */
void raw_expect_frame(struct raw *r, uint8_t first, const void *data,
		      size_t len);
/* Waits for a CLOSE frame with this code, and for the end. */
void raw_expect_close(struct raw *r, unsigned code);

extern const char upgrade_head[]; /* ends before the subprotocol's value */

#endif
