#include "coordinator/writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct list {
	struct op *first, **last;
	size_t count;
};

struct writer {
	struct store *store;
	void (*wake)(void *ctx);
	void *ctx;
	pthread_t thread;

	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t more;
	struct list waiting, done;
	size_t writing;
	bool stop;
	int state;
	struct why why;
};

static void list_init(struct list *l)
{
	l->first = NULL;
	l->last = &l->first;
	l->count = 0;
}

static void list_push(struct list *l, struct op *op)
{
	op->next = NULL;
	*l->last = op;
	l->last = &op->next;
	l->count++;
}

static struct op *list_take(struct list *l)
{
	struct op *first = l->first;

	list_init(l);
	return first;
}

static size_t free_ops(struct op *op)
{
	size_t count = 0;

	while (op) {
		struct op *next = op->next;

		op_free(op);
		op = next;
		count++;
	}
	return count;
}

static struct timespec monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t;
}

static struct timespec after_ms(struct timespec t, long ms)
{
	t.tv_nsec += ms * 1000000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return t;
}

static uint64_t unix_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* With the lock: until there are ops and it is time to write them. False
 * when it is over. */
static bool wait_for_group(struct writer *w, struct timespec last)
{
	struct timespec until = after_ms(last, WRITER_GROUP_MS);

	while (!w->waiting.first && !w->stop)
		pthread_cond_wait(&w->more, &w->lock);
	while (!w->stop && w->waiting.count < WRITER_GROUP_OPS &&
	       pthread_cond_timedwait(&w->more, &w->lock, &until) == 0)
		;
	return w->waiting.first != NULL;
}

/* With the lock: waits a while before the next try. False: give up. */
static bool wait_for_retry(struct writer *w)
{
	struct timespec until = after_ms(monotonic(), WRITER_RETRY_MS);

	while (!w->stop &&
	       pthread_cond_timedwait(&w->more, &w->lock, &until) == 0)
		;
	return !w->stop;
}

/* Without the lock. */
static int write_group(struct writer *w, struct op *ops)
{
	struct why why;
	int err = store_apply(w->store, ops, unix_ms(), &why);

	/* Memory may come back as disk space may. */
	if (err == ERR_NOMEM)
		err = ERR_IO;
	pthread_mutex_lock(&w->lock);
	w->state = err;
	if (err)
		w->why = why;
	pthread_mutex_unlock(&w->lock);
	return err;
}

static void put_back(struct writer *w, struct op *ops, size_t count)
{
	struct op *last = ops;

	while (last->next)
		last = last->next;
	last->next = w->waiting.first;
	if (!w->waiting.first)
		w->waiting.last = &last->next;
	w->waiting.first = ops;
	w->waiting.count += count;
}

static void put_done(struct writer *w, struct op *ops)
{
	while (ops) {
		struct op *next = ops->next;

		list_push(&w->done, ops);
		ops = next;
	}
}

static void *work(void *arg)
{
	struct writer *w = arg;
	struct timespec last = monotonic();
	bool go_on = true;

	pthread_mutex_lock(&w->lock);
	while (go_on && wait_for_group(w, last)) {
		size_t count = w->waiting.count;
		struct op *ops = list_take(&w->waiting);
		int err;

		w->writing = count;
		pthread_mutex_unlock(&w->lock);
		last = monotonic();
		err = write_group(w, ops);
		pthread_mutex_lock(&w->lock);
		w->writing = 0;
		if (!err)
			put_done(w, ops);
		else
			put_back(w, ops, count);
		w->wake(w->ctx);
		if (err)
			go_on = err == ERR_IO && wait_for_retry(w);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static int init_sync(struct writer *w)
{
	pthread_condattr_t attr;

	if (pthread_condattr_init(&attr) != 0)
		return ERR_NOMEM;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (pthread_cond_init(&w->more, &attr) != 0)
		return ERR_NOMEM;
	return pthread_mutex_init(&w->lock, NULL) ? ERR_NOMEM : 0;
}

struct writer *writer_new(struct store *store, void (*wake)(void *ctx),
			  void *ctx)
{
	struct writer *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->store = store;
	w->wake = wake;
	w->ctx = ctx;
	list_init(&w->waiting);
	list_init(&w->done);
	if (init_sync(w) != 0 ||
	    pthread_create(&w->thread, NULL, work, w) != 0) {
		free(w);
		return NULL;
	}
	return w;
}

void writer_add(struct writer *w, struct op *op)
{
	pthread_mutex_lock(&w->lock);
	list_push(&w->waiting, op);
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
}

struct op *writer_take(struct writer *w)
{
	struct op *ops;

	pthread_mutex_lock(&w->lock);
	ops = list_take(&w->done);
	pthread_mutex_unlock(&w->lock);
	return ops;
}

int writer_state(struct writer *w, struct why *why)
{
	int state;

	pthread_mutex_lock(&w->lock);
	state = w->state;
	if (state && why)
		*why = w->why;
	pthread_mutex_unlock(&w->lock);
	return state;
}

size_t writer_depth(struct writer *w)
{
	size_t depth;

	pthread_mutex_lock(&w->lock);
	depth = w->waiting.count + w->writing;
	pthread_mutex_unlock(&w->lock);
	return depth;
}

size_t writer_free(struct writer *w)
{
	size_t lost;

	if (!w)
		return 0;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->more);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	lost = free_ops(list_take(&w->waiting));
	free_ops(list_take(&w->done));
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return lost;
}
