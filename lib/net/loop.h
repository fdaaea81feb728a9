/*
 * loop: the one event loop of a process: timers, signals, wake-ups from other
 * threads. With the rest of lib/net the only home of libuv (and of TLS, wslay
 * and llhttp): no type of theirs is seen outside.
 *
 * Everything here belongs to the loop's thread but `wake_send`. A handle is
 * freed by its *_free function at any time, also from its own callback; the
 * memory goes when libuv has closed it.
 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct timer;
struct wake;

/* NULL when out of memory. Also makes the process ignore SIGPIPE. */
struct loop *loop_new(void);
/* All that was made with it must have been freed before. */
void loop_free(struct loop *l);
/* Runs until loop_stop. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* Monotonic, of this turn; and of right now. */
uint64_t loop_now_ms(const struct loop *l);
/* The longest turn so far, without the wait for events, and then begin anew.
 * Microseconds. */
uint64_t loop_take_longest_us(struct loop *l);
uint64_t clock_monotonic_ms(void);
uint64_t clock_unix_ms(void);

typedef void loop_fn(void *ctx);

struct timer *timer_new(struct loop *l, loop_fn *fn, void *ctx);
/* repeat_ms 0: once. Starting again replaces. */
void timer_start(struct timer *t, uint64_t delay_ms, uint64_t repeat_ms);
void timer_stop(struct timer *t);
void timer_free(struct timer *t); /* NULL is fine */

/* Runs fn on the loop's thread soon after wake_send, at least once for any
 * number of sends. */
struct wake *wake_new(struct loop *l, loop_fn *fn, void *ctx);
void wake_send(struct wake *w); /* any thread */
void wake_free(struct wake *w);

/* fn runs on the loop, not in a signal handler; for the loop's life. */
int loop_on_signal(struct loop *l, int signum, loop_fn *fn, void *ctx);

#endif
