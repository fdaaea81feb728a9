#include "worker/pool.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum slot_state { SLOT_FREE, SLOT_GIVEN, SLOT_DONE };
enum slot_stop { STOP_NOT, STOP_WANTED, STOP_UNWANTED };

struct slot {
	struct pool *pool;
	pthread_t thread;
	pthread_cond_t given;
	/* Under the pool's lock. */
	enum slot_state state;
	enum slot_stop stop;
	/* The owner's before GIVEN and after DONE, the thread's between. */
	struct core_chunk chunk;
	struct core_result result;
	struct buf output;
	struct why why;
	uint64_t spent_us;
};

struct pool {
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool ending;
	void (*wake)(void *ctx);
	void *ctx;
	unsigned threads;
	struct slot slots[];
};

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* --- a compute thread --------------------------------------------------- */

static enum slot_stop asked_to_stop(struct slot *s)
{
	enum slot_stop stop;

	pthread_mutex_lock(&s->pool->lock);
	stop = s->pool->ending ? STOP_UNWANTED : s->stop;
	pthread_mutex_unlock(&s->pool->lock);
	return stop;
}

/* Slices until the count is done, the budget is over or somebody wants it to
 * end; returns the units done, 0 when nothing is wanted. */
static uint64_t run_slices(struct slot *s, struct compute *c, uint64_t began)
{
	const struct core_chunk *chunk = &s->chunk;
	uint64_t units;

	for (;;) {
		enum slot_stop stop;

		units = chunk->kind->compute->slice(c);
		if (units >= chunk->chunk.count)
			return chunk->chunk.count;
		stop = asked_to_stop(s);
		if (stop == STOP_UNWANTED)
			return 0;
		if (stop == STOP_WANTED)
			return units;
		if (units > 0 && chunk->budget_ms != CORE_NO_BUDGET &&
		    (now_us() - began) / 1000 >= chunk->budget_ms)
			return units;
	}
}

static void compute(struct slot *s)
{
	const struct compute_ops *ops = s->chunk.kind->compute;
	struct core_result *r = &s->result;
	uint64_t began = now_us();
	struct compute *c = NULL;

	*r = (struct core_result){ .why = s->why.text };
	s->why.text[0] = '\0';
	buf_clear(&s->output);
	r->err = ops->begin(&c, &s->chunk.chunk, &s->why);
	if (!r->err)
		r->units = run_slices(s, c, began);
	if (r->units > 0)
		r->err = ops->end(c, &s->output);
	if (c)
		ops->free(c);
	r->output = buf_bytes(&s->output);
	s->spent_us = now_us() - began;
}

static void *thread_main(void *arg)
{
	struct slot *s = arg;
	struct pool *p = s->pool;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (s->state != SLOT_GIVEN && !p->ending)
			pthread_cond_wait(&s->given, &p->lock);
		if (p->ending)
			break;
		pthread_mutex_unlock(&p->lock);
		compute(s);
		pthread_mutex_lock(&p->lock);
		s->state = SLOT_DONE;
		pthread_cond_signal(&p->done);
		if (p->wake && !p->ending)
			p->wake(p->ctx);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* --- the owner ---------------------------------------------------------- */

static int start_thread(struct pool *p)
{
	struct slot *s = &p->slots[p->threads];

	s->pool = p;
	buf_init(&s->output);
	if (pthread_cond_init(&s->given, NULL))
		return ERR_NOMEM;
	if (pthread_create(&s->thread, NULL, thread_main, s)) {
		pthread_cond_destroy(&s->given);
		return ERR_NOMEM;
	}
	p->threads++;
	return 0;
}

struct pool *pool_new(unsigned threads, void (*wake)(void *ctx), void *ctx)
{
	struct pool *p = calloc(1, sizeof *p + threads * sizeof p->slots[0]);
	pthread_condattr_t attr;

	if (!p)
		return NULL;
	p->wake = wake;
	p->ctx = ctx;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->done, &attr);
	pthread_condattr_destroy(&attr);
	for (unsigned i = 0; i < threads; i++)
		if (start_thread(p)) {
			pool_free(p);
			return NULL;
		}
	return p;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	for (unsigned i = 0; i < p->threads; i++)
		pthread_cond_signal(&p->slots[i].given);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->threads; i++) {
		pthread_join(p->slots[i].thread, NULL);
		pthread_cond_destroy(&p->slots[i].given);
		buf_deinit(&p->slots[i].output);
	}
	pthread_cond_destroy(&p->done);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

void pool_start(struct pool *p, unsigned thread,
		const struct core_chunk *chunk)
{
	struct slot *s = &p->slots[thread];

	pthread_mutex_lock(&p->lock);
	assert(thread < p->threads && s->state == SLOT_FREE);
	s->chunk = *chunk;
	s->stop = STOP_NOT;
	s->state = SLOT_GIVEN;
	pthread_cond_signal(&s->given);
	pthread_mutex_unlock(&p->lock);
}

void pool_stop(struct pool *p, unsigned thread, bool wanted)
{
	struct slot *s = &p->slots[thread];

	assert(thread < p->threads);
	pthread_mutex_lock(&p->lock);
	if (s->state == SLOT_GIVEN && s->stop != STOP_UNWANTED)
		s->stop = wanted ? STOP_WANTED : STOP_UNWANTED;
	pthread_mutex_unlock(&p->lock);
}

/* The lock is held. */
static struct slot *slot_done(struct pool *p)
{
	for (unsigned i = 0; i < p->threads; i++)
		if (p->slots[i].state == SLOT_DONE)
			return &p->slots[i];
	return NULL;
}

bool pool_take(struct pool *p, struct pool_result *out)
{
	struct slot *s;

	pthread_mutex_lock(&p->lock);
	s = slot_done(p);
	if (s)
		s->state = SLOT_FREE;
	pthread_mutex_unlock(&p->lock);
	if (!s)
		return false;
	*out = (struct pool_result){
		.thread = (unsigned)(s - p->slots),
		.result = s->result,
		.spent_us = s->spent_us,
	};
	return true;
}

void pool_wait(struct pool *p, uint64_t ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_mutex_lock(&p->lock);
	while (!slot_done(p) &&
	       pthread_cond_timedwait(&p->done, &p->lock, &until) == 0)
		;
	pthread_mutex_unlock(&p->lock);
}
