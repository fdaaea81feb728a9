#include "net/stream_private.h"

#include <assert.h>

/* Of a tail that goes through TLS, at a time: the rest is not copied yet. */
enum { TAIL_BYTES = 64 * 1024 };

int stream_secure(struct stream *s, struct tls *tls, const char *host)
{
	assert(!s->tls && !s->reading);
	s->tls = tls_session_new(tls, host);
	if (!s->tls)
		return ERR_NOMEM;
	stream_dirty(s);
	return 0;
}

bool stream_is_secure(const struct stream *s)
{
	return s->tls != NULL;
}

bool stream_is_ready(const struct stream *s)
{
	return s->tls && tls_is_ready(s->tls);
}

const struct tls_cert *stream_cert(struct stream *s)
{
	return s->tls ? tls_peer_cert(s->tls) : NULL;
}

/* One read's records are given at once. */
void stream_tls_data(struct stream *s, struct bytes data)
{
	uint8_t *plain = s->loop->plain_buffer;
	struct why why;
	size_t len;
	int err;

	tls_give(s->tls, data);
	do {
		err = tls_take(s->tls, plain, LOOP_READ_BYTES, &len, &why);
		if (len)
			s->handler->data(s->ctx, bytes_of(plain, len));
		if (s->closing)
			return;
	} while (!err && len == LOOP_READ_BYTES);
	stream_dirty(s); /* answers, and what waited for the handshake */
	if (!err)
		return;
	stream_push(s); /* at least try to say why */
	stream_end(s, err == ERR_CLOSED ? "the peer closed it" : why.text);
}

/* What is queued becomes what the wire carries; of a tail, a part. Before the
 * handshake is done, only that goes out. */
int stream_tls_seal(struct stream *s)
{
	size_t part = s->tail.len < TAIL_BYTES ? s->tail.len : TAIL_BYTES;
	int err;

	if (!tls_is_ready(s->tls))
		return 0;
	err = tls_put(s->tls, buf_bytes(&s->out));
	if (!err)
		err = tls_put(s->tls, bytes_of(s->tail.data, part));
	s->tail = bytes_of(s->tail.data + part, s->tail.len - part);
	if (s->out.cap > STREAM_KEEP_BYTES)
		buf_deinit(&s->out);
	buf_clear(&s->out);
	return err;
}

void stream_tls_say_end(struct stream *s)
{
	if (!stream_output(s) && !s->error && tls_end(s->tls))
		stream_push(s);
}
