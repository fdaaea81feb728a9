/*
 * prepare: the thread on which jobs are parsed and made ready (prep.h), one
 * after the other. May touch prep and threads.
 */
#ifndef COORDINATOR_PREPARE_H
#define COORDINATOR_PREPARE_H

#include "coordinator/prep.h"

struct prepare;

/* `env` stays borrowed; `wake` is called from the thread when prepare_take
 * has something. NULL when out of memory or threads. */
struct prepare *prepare_new(const struct job_env *env, void (*wake)(void *),
			    void *ctx);
/* Takes. 0, or ERR_NOMEM (then the prep is still the caller's). */
int prepare_add(struct prepare *p, struct prep *prep) MUST_CHECK;
struct prep *prepare_take(struct prepare *p); /* NULL: nothing */
/* Ends the thread. False when it is in the middle of a job: then nothing is
 * freed, and the process should end. NULL is fine. */
bool prepare_free(struct prepare *p);

#endif
