#include "worker/local.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "worker/local_job.h"

/* How soon a signal or the end of the time is noticed. */
enum { WAIT_MS = 50 };

static volatile sig_atomic_t interrupted;

static void on_signal(int signum)
{
	(void)signum;
	interrupted = 1;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	/* The second one ends the process at once. */
	action.sa_flags = (int)SA_RESETHAND;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int complain(const struct why *why, int code)
{
	fprintf(stderr, "worker: %s\n", why->text);
	return code;
}

/* Runs until it is done, the time is over or a signal comes; the chunks that
 * are out then end early and count. */
static int run(struct local_job *l, double seconds, struct why *why)
{
	double began = now_s();
	bool ending = false;
	int err = 0;

	while (!err && !local_job_done(l) && (!ending || l->lent_count > 0)) {
		if (!ending && local_job_lend(l))
			return why_set(why, ERR_STATE,
				       "the job has nothing to hand out");
		pool_wait(l->pool, WAIT_MS);
		while ((err = local_job_take(l, why)) > 0)
			;
		if (ending || (!interrupted &&
			       (seconds <= 0 || now_s() - began < seconds)))
			continue;
		ending = true;
		local_job_stop(l, true);
	}
	return err;
}

/* A JSON string's inside; the spec came from the command line. */
static void print_escaped(const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
}

static void print_json(const struct local_job *l, const char *spec,
		       double elapsed_s, const struct buf *answer)
{
	printf("{\"kind\": \"%s\", \"spec\": \"", l->kind->name);
	print_escaped(spec);
	printf("\", \"units\": %llu, \"chunks\": %llu, \"elapsed_s\": %.3f, "
	       "\"done\": %s, \"core_seconds\": %.3f, \"answer\": %.*s}\n",
	       (unsigned long long)l->units, (unsigned long long)l->chunks,
	       elapsed_s, local_job_done(l) ? "true" : "false",
	       (double)l->work_us / 1e6, (int)answer->len,
	       (const char *)answer->data);
}

static void print_plain(const struct local_job *l, const char *spec,
			double elapsed_s, const struct buf *answer)
{
	printf("%s: %llu units (%s) in %.3f s%s\n%.*s\n", spec,
	       (unsigned long long)l->units, l->kind->unit, elapsed_s,
	       local_job_done(l) ? "" : ", not finished", (int)answer->len,
	       (const char *)answer->data);
}

static int print_answer(const struct local_job *l,
			const struct local_options *o, double elapsed_s)
{
	struct buf answer;
	int err;

	buf_init(&answer);
	err = l->kind->job->answer(l->job, &answer);
	if (!err && o->json)
		print_json(l, o->what, elapsed_s, &answer);
	else if (!err)
		print_plain(l, o->what, elapsed_s, &answer);
	buf_deinit(&answer);
	return err;
}

int local_solve(const struct local_options *o)
{
	struct local_job l;
	struct why why = { "" };
	double began;
	int code = 0;
	int err = local_job_init(&l, o->what, o->threads, o->seed,
				 o->places_file, &why);

	if (err) {
		local_job_deinit(&l);
		return complain(&why, err == ERR_NOMEM ? 1 : 2);
	}
	catch_signals();
	began = now_s();
	err = run(&l, o->seconds, &why);
	if (err) {
		code = complain(&why, 1);
	} else if (print_answer(&l, o, now_s() - began)) {
		why_set(&why, ERR_NOMEM, "out of memory for the answer");
		code = complain(&why, 1);
	}
	local_job_deinit(&l);
	return code;
}
