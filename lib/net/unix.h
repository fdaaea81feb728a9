/*
 * unix: the files of unix sockets: making one to listen on, without taking
 * what is somebody else's. The server's only.
 */
#ifndef NET_UNIX_H
#define NET_UNIX_H

#include "base/err.h"
#include "net/loop_private.h"

/* Binds to the path, not yet listening: nobody but the user may connect (mode
 * 0600). A socket file nobody listens on is removed before; any other file is
 * left alone, and ERR_IO says what is there. Closing the pipe removes the
 * file. */
int unix_bind(uv_pipe_t *pipe, const char *path, struct why *why) MUST_CHECK;

#endif
