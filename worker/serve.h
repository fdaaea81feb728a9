/*
 * serve: the native worker: one loop thread with the session and the core,
 * and the pool's threads that compute. Only wires: what is decided is in
 * core. Touches lib/net, the pool and the core.
 */
#ifndef WORKER_SERVE_H
#define WORKER_SERVE_H

#include "net/url.h"
#include "worker/options.h"

/* Runs until SIGINT or SIGTERM (0), or the router refuses (1). */
int serve(const struct options *options, const struct url *where);

#endif
