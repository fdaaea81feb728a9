/*
 * loop_private: the inside of the loop, for the files of lib/net that own
 * libuv handles. Nobody else includes this.
 */
#ifndef NET_LOOP_PRIVATE_H
#define NET_LOOP_PRIVATE_H

#include <sys/queue.h>
#include <uv.h>

#include "net/loop.h"

struct stream;
struct watch;

enum { LOOP_READ_BYTES = 65536 };

TAILQ_HEAD(stream_list, stream);

/* A socket of either kind. */
union any_socket {
	uv_handle_t handle;
	uv_stream_t stream;
	uv_tcp_t tcp;
	uv_pipe_t pipe;
};

struct loop {
	uv_loop_t uv;
	uv_prepare_t prepare; /* before and after the wait for events: */
	uv_check_t check;     /* write what the turn has queued */
	uv_idle_t idle;       /* active: something is still queued */
	struct stream_list dirty;
	unsigned dirty_count;
	struct watch *watches; /* owned: the signals */
	uint64_t turn_ns, idle_ns; /* when this turn began, and how long all
				      waits were until then */
	uint64_t longest_ns;
	char *read_buffer;     /* owned; what is read is used up at once */
	uint8_t *plain_buffer; /* what TLS made of it; follows that one */
};

/* In stream.c: writes what was queued up to now, once a stream. */
void stream_flush_all(struct loop *l);

#endif
