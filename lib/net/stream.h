/*
 * stream: one connected byte stream, TCP or a unix socket: reading, coalesced
 * writing, one lazy timer, closing. TLS, where wanted, is a layer between
 * `data` and the socket, of which the owner sees nothing. Knows no protocol.
 *
 * What is to go out is appended to stream_out and written once per loop turn,
 * however many messages it is. Callbacks come from the loop, never from
 * inside a call of this file. The memory is the stream's own: it goes after
 * `closed`.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include "base/buf.h"
#include "net/address.h"
#include "net/loop_private.h"
#include "net/tls.h"

struct stream;

struct stream_handler {
	void (*data)(void *ctx, struct bytes data);
	/* The peer has ended it or it broke: nothing more comes in. The owner
	 * closes it, now or later. At most once. */
	void (*ended)(void *ctx, const char *why);
	/* Its turn to write has come: the last chance to append. May close it.
	 * May be NULL. */
	void (*flushing)(void *ctx);
	/* The kernel took some output; ask stream_output. May be NULL. */
	void (*flushed)(void *ctx);
	/* The time of stream_wake_by has come. */
	void (*due)(void *ctx);
	/* After stream_close; the stream is freed when this returns. */
	void (*closed)(void *ctx);
};

/* NULL when out of memory. Not connected, not reading. */
struct stream *stream_new(struct loop *l);
struct stream *stream_new_unix(struct loop *l);
struct loop *stream_loop(const struct stream *s);
uv_stream_t *stream_uv(struct stream *s); /* to accept */
uv_tcp_t *stream_tcp(struct stream *s); /* to connect; of stream_new only */
uv_pipe_t *stream_unix(struct stream *s); /* of stream_new_unix only */
/* TCP: nothing is held back to fill a packet. */
void stream_nodelay(struct stream *s);
/* Who is there: "127.0.0.1:51234", "unix", "" when unknown; is it this
 * machine? */
void stream_peer(struct stream *s, char text[ADDRESS_TEXT_MAX], bool *local);
/* Before anything is read or written: all of it goes through TLS. `host`: whom
 * a client expects there; NULL: a server's side. What is queued meanwhile goes
 * out when the handshake is done; when it fails, `ended` says why. */
int stream_secure(struct stream *s, struct tls *tls,
		  const char *host) MUST_CHECK;
bool stream_is_secure(const struct stream *s);
/* Is TLS's handshake done? */
bool stream_is_ready(const struct stream *s);
/* The peer's verified certificate, borrowed; NULL: none. */
const struct tls_cert *stream_cert(struct stream *s);
/* Replaces the owner. */
void stream_handle(struct stream *s, const struct stream_handler *handler,
		   void *ctx);
/* Reading is off at first; turning it on or off twice is fine. */
void stream_read(struct stream *s, bool on);

/* Append whole units here, then call stream_dirty. */
struct buf *stream_out(struct stream *s);
void stream_dirty(struct stream *s);
/* Borrowed bytes that follow what is in stream_out now; they must live until
 * the output is empty, and nothing may be appended before. */
void stream_tail(struct stream *s, struct bytes tail);
/* Offers what is queued to the kernel at once; `flushed` and `ended` come
 * later as usual. */
void stream_push(struct stream *s);
size_t stream_queued(const struct stream *s); /* not yet being written */
size_t stream_output(const struct stream *s); /* not yet in the kernel */
/* How much the kernel has taken so far: grows while there is progress. */
uint64_t stream_taken(const struct stream *s);
/* Gives back the memory of empty buffers. */
void stream_trim(struct stream *s);

/* Calls `due` at that time (loop_now_ms) or before; an earlier call stands. */
void stream_wake_by(struct stream *s, uint64_t at_ms);
/* Ends the output when all of it is written; reading goes on. */
void stream_shutdown(struct stream *s);
/* At once; what is queued is lost. */
void stream_close(struct stream *s);
bool stream_is_closing(const struct stream *s);

#endif
