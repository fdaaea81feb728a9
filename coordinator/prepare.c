#include "coordinator/prepare.h"

#include <pthread.h>
#include <stdlib.h>

enum { WAITING_MAX = 8 };

/* A short queue; the programme prepares one or two at a time. */
struct queue {
	struct prep *items[WAITING_MAX];
	unsigned count;
};

struct prepare {
	const struct job_env *env;
	void (*wake)(void *ctx);
	void *ctx;
	pthread_t thread;

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t more;
	struct queue waiting, done;
	bool busy, stop;
};

static struct prep *pop(struct queue *q)
{
	struct prep *first;

	if (!q->count)
		return NULL;
	first = q->items[0];
	q->count--;
	for (unsigned i = 0; i < q->count; i++)
		q->items[i] = q->items[i + 1];
	return first;
}

static void *work(void *arg)
{
	struct prepare *p = arg;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		struct prep *prep;

		while (!p->waiting.count && !p->stop)
			pthread_cond_wait(&p->more, &p->lock);
		if (p->stop)
			break;
		prep = pop(&p->waiting);
		p->busy = true;
		pthread_mutex_unlock(&p->lock);
		prep_run(prep, p->env);
		pthread_mutex_lock(&p->lock);
		p->busy = false;
		p->done.items[p->done.count++] = prep;
		p->wake(p->ctx);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct prepare *prepare_new(const struct job_env *env, void (*wake)(void *),
			    void *ctx)
{
	struct prepare *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->env = env;
	p->wake = wake;
	p->ctx = ctx;
	if (pthread_mutex_init(&p->lock, NULL) != 0 ||
	    pthread_cond_init(&p->more, NULL) != 0 ||
	    pthread_create(&p->thread, NULL, work, p) != 0) {
		free(p);
		return NULL;
	}
	return p;
}

int prepare_add(struct prepare *p, struct prep *prep)
{
	int err = ERR_NOMEM;

	pthread_mutex_lock(&p->lock);
	/* What is in work needs its place in `done` too. */
	if (p->waiting.count + p->done.count + p->busy < WAITING_MAX) {
		p->waiting.items[p->waiting.count++] = prep;
		err = 0;
	}
	pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
	return err;
}

struct prep *prepare_take(struct prepare *p)
{
	struct prep *prep;

	pthread_mutex_lock(&p->lock);
	prep = pop(&p->done);
	pthread_mutex_unlock(&p->lock);
	return prep;
}

static void free_queue(struct queue *q)
{
	struct prep *prep;

	while ((prep = pop(q)) != NULL)
		prep_free(prep);
}

bool prepare_free(struct prepare *p)
{
	bool busy;

	if (!p)
		return true;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	busy = p->busy;
	pthread_cond_signal(&p->more);
	pthread_mutex_unlock(&p->lock);
	if (busy)
		return false;
	pthread_join(p->thread, NULL);
	free_queue(&p->waiting);
	free_queue(&p->done);
	pthread_cond_destroy(&p->more);
	pthread_mutex_destroy(&p->lock);
	free(p);
	return true;
}
