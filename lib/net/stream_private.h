/*
 * stream_private: the inside of a stream, for stream.c and stream_tls.c.
 */
#ifndef NET_STREAM_PRIVATE_H
#define NET_STREAM_PRIVATE_H

#include "net/stream.h"
#include "net/tls_session.h"

/* Larger buffers are given back as soon as they are empty. */
enum { STREAM_KEEP_BYTES = 256 * 1024 };

struct stream {
	union any_socket u;
	uv_timer_t timer;
	uv_write_t write;
	uv_shutdown_t shutdown;
	struct loop *loop;
	const struct stream_handler *handler;
	void *ctx;
	struct tls_session *tls; /* owned; NULL: none */

	struct buf out;      /* queued */
	struct buf writing;  /* what the kernel or libuv is at */
	size_t written;      /* of `writing` and the tail, before it was busy */
	struct bytes tail;   /* borrowed: follows out, then writing */
	uint64_t taken;      /* all that ever was in `writing` or a tail */

	TAILQ_ENTRY(stream) dirty_link;
	uint64_t due_ms; /* 0: the timer is off */
	int error;       /* of writing, not yet told */
	unsigned open_handles;
	bool dirty;
	bool busy; /* a uv_write is under way */
	bool reading;
	bool ended; /* told */
	bool shutting, shut;
	bool closing;
};

/* In stream.c: nothing more comes in; the owner is told once. */
void stream_end(struct stream *s, const char *why);

/* In stream_tls.c, of a stream with TLS: what the wire brought; what is queued
 * and may go out now becomes what the wire carries, ERR_NOMEM: it is spoilt;
 * and, before it is closed, the peer is told that this is the end, unless
 * something is lost on the way. */
void stream_tls_data(struct stream *s, struct bytes data);
int stream_tls_seal(struct stream *s) MUST_CHECK;
void stream_tls_say_end(struct stream *s);

#endif
