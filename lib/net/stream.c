#include "net/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/stream_private.h"

/* --- life ---------------------------------------------------------------- */

static struct stream *new_of(struct loop *l, bool local)
{
	struct stream *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	if (local ? uv_pipe_init(&l->uv, &s->u.pipe, 0)
		  : uv_tcp_init(&l->uv, &s->u.tcp)) {
		free(s);
		return NULL;
	}
	uv_timer_init(&l->uv, &s->timer);
	s->u.handle.data = s;
	s->timer.data = s;
	s->open_handles = 2;
	s->loop = l;
	buf_init(&s->out);
	buf_init(&s->writing);
	return s;
}

struct stream *stream_new(struct loop *l)
{
	return new_of(l, false);
}

struct stream *stream_new_unix(struct loop *l)
{
	return new_of(l, true);
}

struct loop *stream_loop(const struct stream *s)
{
	return s->loop;
}

uv_stream_t *stream_uv(struct stream *s)
{
	return &s->u.stream;
}

uv_tcp_t *stream_tcp(struct stream *s)
{
	assert(s->u.handle.type == UV_TCP);
	return &s->u.tcp;
}

uv_pipe_t *stream_unix(struct stream *s)
{
	assert(s->u.handle.type == UV_NAMED_PIPE);
	return &s->u.pipe;
}

void stream_nodelay(struct stream *s)
{
	if (s->u.handle.type == UV_TCP)
		(void)uv_tcp_nodelay(&s->u.tcp, 1);
}

void stream_peer(struct stream *s, char text[ADDRESS_TEXT_MAX], bool *local)
{
	struct sockaddr_storage a = { 0 };
	int len = sizeof a;

	text[0] = '\0';
	*local = s->u.handle.type == UV_NAMED_PIPE;
	if (*local) {
		strcpy(text, "unix");
		return;
	}
	if (uv_tcp_getpeername(&s->u.tcp, (struct sockaddr *)&a, &len))
		return;
	address_text((struct sockaddr *)&a, text);
	*local = address_is_local((struct sockaddr *)&a);
}

void stream_handle(struct stream *s, const struct stream_handler *handler,
		   void *ctx)
{
	s->handler = handler;
	s->ctx = ctx;
}

static void undirty(struct stream *s)
{
	if (!s->dirty)
		return;
	s->dirty = false;
	s->loop->dirty_count--;
	TAILQ_REMOVE(&s->loop->dirty, s, dirty_link);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct stream *s = handle->data;

	if (--s->open_handles)
		return;
	assert(!s->dirty);
	if (s->handler)
		s->handler->closed(s->ctx);
	tls_session_free(s->tls);
	buf_deinit(&s->out);
	buf_deinit(&s->writing);
	free(s);
}

void stream_close(struct stream *s)
{
	if (s->closing)
		return;
	if (s->tls)
		stream_tls_say_end(s);
	s->closing = true;
	undirty(s);
	uv_close(&s->u.handle, on_handle_closed);
	uv_close((uv_handle_t *)&s->timer, on_handle_closed);
}

bool stream_is_closing(const struct stream *s)
{
	return s->closing;
}

void stream_end(struct stream *s, const char *why)
{
	if (s->ended || s->closing)
		return;
	s->ended = true;
	stream_read(s, false);
	s->handler->ended(s->ctx, why);
}

/* TLS says its end (close_notify): what ends without may have been cut by
 * somebody on the way. */
static void end(struct stream *s, int error)
{
	stream_end(s, error != UV_EOF ? uv_strerror(error)
		      : s->tls	      ? "it was cut: TLS was not ended before"
				      : "the peer closed it");
}

/* --- reading ------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct stream *s = handle->data;

	(void)suggested;
	*buf = uv_buf_init(s->loop->read_buffer, LOOP_READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
	struct stream *s = stream->data;

	if (len > 0 && !s->closing && s->tls)
		stream_tls_data(s, bytes_of(buf->base, (size_t)len));
	else if (len > 0 && !s->closing)
		s->handler->data(s->ctx, bytes_of(buf->base, (size_t)len));
	else if (len < 0)
		end(s, (int)len);
}

void stream_read(struct stream *s, bool on)
{
	on = on && !s->ended && !s->closing;
	if (on == s->reading)
		return;
	s->reading = on;
	if (!on)
		uv_read_stop(&s->u.stream);
	else if (uv_read_start(&s->u.stream, on_alloc, on_read)) {
		s->reading = false;
		s->error = UV_ENOTCONN;
		stream_dirty(s);
	}
}

/* --- writing ------------------------------------------------------------- */

struct buf *stream_out(struct stream *s)
{
	return &s->out;
}

void stream_dirty(struct stream *s)
{
	if (s->dirty || s->closing)
		return;
	s->dirty = true;
	s->loop->dirty_count++;
	TAILQ_INSERT_TAIL(&s->loop->dirty, s, dirty_link);
}

void stream_tail(struct stream *s, struct bytes tail)
{
	assert(!s->tail.len);
	s->tail = tail;
	stream_dirty(s);
}

size_t stream_queued(const struct stream *s)
{
	if (s->tls)
		return s->out.len + s->tail.len + tls_wire(s->tls)->len;
	return s->out.len + (s->busy ? 0 : s->tail.len);
}

static size_t being_written(const struct stream *s)
{
	return s->busy ? uv_stream_get_write_queue_size(&s->u.stream) : 0;
}

size_t stream_output(const struct stream *s)
{
	return stream_queued(s) + being_written(s);
}

uint64_t stream_taken(const struct stream *s)
{
	return s->taken - being_written(s);
}

void stream_trim(struct stream *s)
{
	if (!s->out.len)
		buf_deinit(&s->out);
	if (!s->busy)
		buf_deinit(&s->writing);
	if (s->tls && !tls_wire(s->tls)->len)
		buf_deinit(tls_wire(s->tls));
}

/* What is left of `writing` and its tail. */
static unsigned rest(const struct stream *s, uv_buf_t bufs[2])
{
	size_t head = s->writing.len, done = s->written;
	unsigned count = 0;

	if (done < head) {
		bufs[count++] = uv_buf_init((char *)s->writing.data + done,
					    (unsigned)(head - done));
		done = head;
	}
	if (!s->tls && done - head < s->tail.len)
		bufs[count++] = uv_buf_init(
			(char *)s->tail.data + (done - head),
			(unsigned)(s->tail.len - (done - head)));
	return count;
}

static void written_all(struct stream *s)
{
	if (s->writing.cap > STREAM_KEEP_BYTES)
		buf_deinit(&s->writing);
	buf_clear(&s->writing);
	if (!s->tls)
		s->tail = bytes_of(NULL, 0);
	s->written = 0;
}

static void on_shutdown(uv_shutdown_t *request, int status)
{
	(void)request;
	(void)status; /* a broken connection is seen by reading */
}

static void shut_if_wanted(struct stream *s)
{
	if (!s->shutting || s->shut || s->closing || stream_output(s))
		return;
	if (s->tls && tls_end(s->tls)) {
		stream_dirty(s); /* that goes first */
		return;
	}
	s->shut = true;
	(void)uv_shutdown(&s->shutdown, &s->u.stream, on_shutdown);
}

static void on_write(uv_write_t *request, int status)
{
	struct stream *s = request->handle->data;

	s->busy = false;
	written_all(s);
	if (s->closing)
		return;
	if (status < 0) {
		end(s, status);
		return;
	}
	if (stream_queued(s))
		stream_dirty(s);
	shut_if_wanted(s);
	if (s->handler->flushed)
		s->handler->flushed(s->ctx);
}

/* The kernel is full: libuv writes the rest when it can. */
static void write_rest(struct stream *s)
{
	uv_buf_t bufs[2];
	unsigned count = rest(s, bufs);

	s->error = uv_write(&s->write, &s->u.stream, bufs, count, on_write);
	s->busy = s->error == 0;
}

/* `writing`, which is empty as nothing is under way, takes what is queued. */
static void take_queued(struct stream *s)
{
	struct buf *from = s->tls ? tls_wire(s->tls) : &s->out;
	struct buf queued;

	if (s->tls && stream_tls_seal(s)) {
		s->error = UV_ENOMEM;
		stream_dirty(s);
	}
	queued = *from;
	*from = s->writing;
	s->writing = queued;
}

void stream_push(struct stream *s)
{
	uv_buf_t bufs[2];
	unsigned count;
	int done;

	if (s->busy || s->error || s->closing || s->shut)
		return;
	take_queued(s);
	count = rest(s, bufs);
	if (!count)
		return;
	s->taken += s->writing.len + (s->tls ? 0 : s->tail.len);
	stream_dirty(s); /* so that `flushed` comes */
	done = uv_try_write(&s->u.stream, bufs, count);
	if (done == UV_EAGAIN)
		done = 0;
	if (done < 0) {
		s->error = done;
		return;
	}
	s->written = (size_t)done;
	if (rest(s, bufs))
		write_rest(s);
	else
		written_all(s);
}

static void flush(struct stream *s)
{
	if (s->handler->flushing)
		s->handler->flushing(s->ctx);
	if (s->closing)
		return;
	stream_push(s);
	undirty(s);
	if (s->error) {
		end(s, s->error);
		return;
	}
	if (s->tail.len && s->tls && !s->busy && tls_is_ready(s->tls))
		stream_dirty(s); /* its next part */
	shut_if_wanted(s);
	if (s->handler->flushed)
		s->handler->flushed(s->ctx);
}

void stream_flush_all(struct loop *l)
{
	struct stream *s;

	/* What is queued by the callbacks waits for the next time. */
	for (unsigned n = l->dirty_count; n; n--) {
		s = TAILQ_FIRST(&l->dirty);
		if (!s)
			break;
		flush(s);
	}
}

void stream_shutdown(struct stream *s)
{
	s->shutting = true;
	stream_dirty(s);
}

/* --- the timer ----------------------------------------------------------- */

static void on_due(uv_timer_t *timer)
{
	struct stream *s = timer->data;

	s->due_ms = 0;
	s->handler->due(s->ctx);
}

void stream_wake_by(struct stream *s, uint64_t at_ms)
{
	uint64_t now = loop_now_ms(s->loop);

	if (s->closing || (s->due_ms && s->due_ms <= at_ms))
		return;
	s->due_ms = at_ms ? at_ms : 1;
	uv_timer_start(&s->timer, on_due, at_ms > now ? at_ms - now : 0, 0);
}
