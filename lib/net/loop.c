#include "net/loop_private.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

struct watch {
	uv_signal_t handle;
	loop_fn *fn;
	void *ctx;
	struct watch *next;
};

struct timer {
	uv_timer_t handle;
	loop_fn *fn;
	void *ctx;
};

struct wake {
	uv_async_t handle;
	loop_fn *fn;
	void *ctx;
};

/* --- the loop ------------------------------------------------------------ */

static void keep_turning(uv_idle_t *idle)
{
	(void)idle; /* active is enough: the wait for events is then short */
}

static void measure(struct loop *l)
{
	uint64_t now = uv_hrtime(), idle = uv_metrics_idle_time(&l->uv);
	uint64_t all = now - l->turn_ns, waited = idle - l->idle_ns;

	if (l->turn_ns && all > waited && all - waited > l->longest_ns)
		l->longest_ns = all - waited;
	l->turn_ns = now;
	l->idle_ns = idle;
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct loop *l = prepare->data;

	stream_flush_all(l);
	measure(l);
	if (l->dirty_count)
		uv_idle_start(&l->idle, keep_turning);
	else
		uv_idle_stop(&l->idle);
}

static void on_check(uv_check_t *check)
{
	stream_flush_all(check->data);
}

/* The three handles can not fail to start; prepare keeps the loop alive. */
static void start_own_handles(struct loop *l)
{
	uv_prepare_init(&l->uv, &l->prepare);
	uv_check_init(&l->uv, &l->check);
	uv_idle_init(&l->uv, &l->idle);
	l->prepare.data = l;
	l->check.data = l;
	uv_prepare_start(&l->prepare, on_prepare);
	uv_check_start(&l->check, on_check);
}

struct loop *loop_new(void)
{
	struct loop *l = calloc(1, sizeof *l);
	char *buffer = malloc(2 * LOOP_READ_BYTES);

	if (!l || !buffer || uv_loop_init(&l->uv)) {
		free(buffer);
		free(l);
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN);
	l->read_buffer = buffer;
	/* Without it the longest turn is said too long; nothing else. */
	(void)uv_loop_configure(&l->uv, UV_METRICS_IDLE_TIME);
	l->plain_buffer = (uint8_t *)buffer + LOOP_READ_BYTES;
	TAILQ_INIT(&l->dirty);
	start_own_handles(l);
	return l;
}

static void must_be_closing(uv_handle_t *handle, void *ctx)
{
	(void)ctx;
	assert(uv_is_closing(handle));
}

void loop_free(struct loop *l)
{
	struct watch *w, *next;
	int err;

	if (!l)
		return;
	uv_close((uv_handle_t *)&l->prepare, NULL);
	uv_close((uv_handle_t *)&l->check, NULL);
	uv_close((uv_handle_t *)&l->idle, NULL);
	for (w = l->watches; w; w = w->next)
		uv_close((uv_handle_t *)&w->handle, NULL);
	uv_walk(&l->uv, must_be_closing, NULL);
	do /* a loop_stop that came late ends one run */
		uv_run(&l->uv, UV_RUN_DEFAULT);
	while (uv_loop_alive(&l->uv));
	err = uv_loop_close(&l->uv);
	assert(!err);
	(void)err;
	for (w = l->watches; w; w = next) {
		next = w->next;
		free(w);
	}
	free(l->read_buffer);
	free(l);
}

void loop_run(struct loop *l)
{
	uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
	uv_stop(&l->uv);
}

/* --- clocks -------------------------------------------------------------- */

uint64_t loop_now_ms(const struct loop *l)
{
	return uv_now(&l->uv);
}

uint64_t loop_take_longest_us(struct loop *l)
{
	uint64_t us = l->longest_ns / 1000;

	l->longest_ns = 0;
	return us;
}

uint64_t clock_monotonic_ms(void)
{
	return uv_hrtime() / 1000000;
}

uint64_t clock_unix_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- timers -------------------------------------------------------------- */

static void on_timer(uv_timer_t *handle)
{
	struct timer *t = handle->data;

	t->fn(t->ctx);
}

static void free_owner(uv_handle_t *handle)
{
	free(handle->data);
}

struct timer *timer_new(struct loop *l, loop_fn *fn, void *ctx)
{
	struct timer *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	uv_timer_init(&l->uv, &t->handle);
	t->handle.data = t;
	t->fn = fn;
	t->ctx = ctx;
	return t;
}

void timer_start(struct timer *t, uint64_t delay_ms, uint64_t repeat_ms)
{
	uv_timer_start(&t->handle, on_timer, delay_ms, repeat_ms);
}

void timer_stop(struct timer *t)
{
	uv_timer_stop(&t->handle);
}

void timer_free(struct timer *t)
{
	if (t)
		uv_close((uv_handle_t *)&t->handle, free_owner);
}

/* --- wake-ups ------------------------------------------------------------ */

static void on_wake(uv_async_t *handle)
{
	struct wake *w = handle->data;

	w->fn(w->ctx);
}

struct wake *wake_new(struct loop *l, loop_fn *fn, void *ctx)
{
	struct wake *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	if (uv_async_init(&l->uv, &w->handle, on_wake)) {
		free(w);
		return NULL;
	}
	w->handle.data = w;
	w->fn = fn;
	w->ctx = ctx;
	return w;
}

void wake_send(struct wake *w)
{
	uv_async_send(&w->handle);
}

void wake_free(struct wake *w)
{
	if (w)
		uv_close((uv_handle_t *)&w->handle, free_owner);
}

/* --- signals ------------------------------------------------------------- */

static void on_signal(uv_signal_t *handle, int signum)
{
	struct watch *w = handle->data;

	(void)signum;
	w->fn(w->ctx);
}

int loop_on_signal(struct loop *l, int signum, loop_fn *fn, void *ctx)
{
	struct watch *w = calloc(1, sizeof *w);

	if (!w)
		return ERR_NOMEM;
	if (uv_signal_init(&l->uv, &w->handle)) {
		free(w);
		return ERR_NOMEM;
	}
	w->handle.data = w;
	w->fn = fn;
	w->ctx = ctx;
	w->next = l->watches;
	l->watches = w;
	return uv_signal_start(&w->handle, on_signal, signum) ? ERR_IO : 0;
}
