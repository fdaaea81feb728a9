/*
 * crowd: the real coordinator - coord, store - with a simulated crowd, router
 * and clock, in virtual time. The same seed gives the same run.
 *
 * The router of the simulation gives a call to the next device that has a
 * free slot, answers for those that go, and knows timeouts. Devices come, go,
 * stall, answer late and lie as their settings say. What a chunk costs is
 * what the kind says it is worth (work_us), divided by the device's speed,
 * and a budget is kept by computing fewer units.
 */
#ifndef TESTS_CROWD_H
#define TESTS_CROWD_H

#include "tests/sim/crowd_world.h"

/* --- devices ------------------------------------------------------------- */

static void crowd_join(struct crowd *w, unsigned i)
{
	struct crowd_device *d = &w->devices[i];
	struct coord_event e = { .type = EV_JOIN, .tag = i + 1 };

	d->session = ++w->last_session;
	d->registered = false;
	d->calls = d->computing = 0;
	d->first = NULL;
	d->budget_ms = CROWD_FIRST_BUDGET_MS;
	e.join = (struct coord_join){ .session = d->session,
				      .threads = d->threads,
				      .trusted = d->trusted,
				      .token = bytes_str(d->token),
				      .device = bytes_str("phone") };
	crowd_step(w, &e);
	if (d->stay_ms)
		crowd_at(w, crowd_about(w, d->stay_ms), CROWD_LEAVE, i, NULL);
}

static void crowd_register(struct crowd *w, unsigned i)
{
	struct crowd_device *d = &w->devices[i];
	struct coord_event e = { .type = EV_REGISTERED,
				 .session = d->session };

	if (!d->session || d->registered)
		return;
	d->registered = true;
	crowd_step(w, &e);
	e.procedure = PROCEDURE_AUDIT;
	if (d->trusted)
		crowd_step(w, &e);
}

static void crowd_leave(struct crowd *w, unsigned i)
{
	struct crowd_device *d = &w->devices[i];
	struct coord_event e = { .type = EV_UNREGISTERED,
				 .session = d->session };
	struct crowd_call *call = d->first, *next;

	if (!d->session)
		return;
	for (; call; call = next) {
		next = call->next;
		call->next = NULL;
		crowd_fail(w, call, FAILURE_LOST, 1);
	}
	d->first = NULL;
	d->session = 0;
	d->registered = false;
	crowd_step(w, &e);
	e.type = EV_SESSION_LEFT;
	crowd_step(w, &e);
	crowd_at(w, crowd_about(w, d->away_ms ? d->away_ms : 1000),
		 CROWD_JOIN, i, NULL);
}

/* --- computing ----------------------------------------------------------- */

static void crowd_output(const struct crowd_call *call, uint64_t units,
			 struct buf *out)
{
	struct chunk chunk = { .from = call->from,
			       .count = units,
			       .seed = call->seed,
			       .piece = call->piece,
			       .input = buf_bytes(&call->input) };
	struct compute *c = NULL;
	struct why why;

	if (call->kind->compute->begin(&c, &chunk, &why) != 0) {
		fprintf(stderr, "%s\n", why.text);
		abort();
	}
	while (call->kind->compute->slice(c) < units)
		;
	if (call->kind->compute->end(c, out) != 0)
		abort();
	call->kind->compute->free(c);
}

/* A unit of this chunk, in milliseconds of this device. */
static double crowd_unit_ms(const struct crowd_device *d,
			    const struct crowd_call *call)
{
	double us = 7.0; /* tsp: a kick */

	if (d->units_per_s > 0)
		return 1e3 / d->units_per_s;
	if (call->kind == &fake_kind)
		us = FAKE_UNIT_US;
	else if (strcmp(call->kind->name, "pi") == 0)
		us = 1000;
	return us / 1e3 / d->speed;
}

static bool crowd_forge(struct crowd *w, const struct crowd_device *d,
			const struct crowd_call *call, struct buf *out)
{
	if (call->audit || !out->len)
		return false;
	if (crowd_happens(w, d->garbage))
		out->len = out->len > 3 ? 3 : 0;
	else if (!crowd_happens(w, d->forge))
		return false;
	for (size_t i = 1; i < out->len; i += 8)
		out->data[i] ^= 0x5a;
	return true;
}

/* An audit of tsp repeats the whole chunk, one of the others a unit. */
static uint64_t crowd_units_of_work(const struct crowd_call *call,
				    uint64_t units)
{
	bool whole = strcmp(call->kind->name, "tsp") == 0;

	return call->audit && !whole ? 1 : units;
}

static void crowd_start(struct crowd *w, struct crowd_call *call)
{
	struct crowd_device *d = &w->devices[call->device];
	double unit_ms = crowd_unit_ms(d, call), ms;
	uint64_t units = call->count;
	struct buf *out = calloc(1, sizeof *out);

	assert(out);
	call->started = true;
	d->computing++;
	if (!call->audit) {
		uint32_t budget = d->budget_ms < call->budget_ms ?
					  d->budget_ms :
					  call->budget_ms;

		d->budget_ms = 2 * d->budget_ms < 60000 ? 2 * d->budget_ms :
							  60000;
		if ((double)units * unit_ms > budget)
			units = (uint64_t)(budget / unit_ms) + 1;
		if (units > call->count)
			units = call->count;
	}
	crowd_output(call, units, out);
	d->forged += crowd_forge(w, d, call, out);
	ms = unit_ms * (double)crowd_units_of_work(call, units);
	if (crowd_happens(w, d->stall))
		ms += (double)crowd_about(w, d->stall_ms);
	crowd_push(w, (struct crowd_event){
			      .at_ms = w->now_ms + (uint64_t)(ms + 0.5),
			      .what = CROWD_FINISH,
			      .device = call->device,
			      .call = call,
			      .output = out,
			      .units = units });
}

/* Those that wait at the device, in order. */
static void crowd_start_next(struct crowd *w, unsigned i)
{
	struct crowd_device *d = &w->devices[i];
	struct crowd_call *call = d->first;

	for (; call && d->computing < d->threads; call = call->next)
		if (call->arrived && !call->started)
			crowd_start(w, call);
}

static void crowd_finish(struct crowd *w, struct crowd_event *e)
{
	struct crowd_device *d = &w->devices[e->device];

	e->at_ms = w->now_ms + d->latency_ms;
	e->what = CROWD_RESULT;
	if (d->session == e->call->session) {
		d->computing--;
		crowd_push(w, *e);
		crowd_start_next(w, e->device);
		return;
	}
	buf_deinit(e->output);
	free(e->output);
}

static void crowd_result(struct crowd *w, struct crowd_event *e)
{
	struct crowd_device *d = &w->devices[e->device];
	struct coord_event event = { .type = EV_RESULT };

	if (e->call->open && d->session == e->call->session) {
		crowd_close(w, e->call);
		d->results++;
		event.result = (struct coord_result){
			.call = e->call->lease,
			.lease = e->call->lease,
			.units = e->units,
			.pass = bytes_str(d->pass),
			.output = buf_bytes(e->output),
		};
		crowd_step(w, &event);
	}
	buf_deinit(e->output);
	free(e->output);
}

static void crowd_failed(struct crowd *w, struct crowd_call *call,
			 enum coord_failure failure)
{
	struct coord_event event = { .type = EV_FAILED,
				     .lease = call->lease,
				     .failure = failure };

	if (!call->open)
		return;
	crowd_close(w, call);
	crowd_step(w, &event);
}

/* --- the run ------------------------------------------------------------- */

static void crowd_commit(struct crowd *w)
{
	struct coord_event e = { .type = EV_COMMITTED, .ops = w->ops };
	struct why why;

	if (!w->ops)
		return;
	if (store_apply(w->store, w->ops, w->unix_ms + w->now_ms, &why)) {
		fprintf(stderr, "%s\n", why.text);
		abort();
	}
	w->ops = NULL;
	w->last_op = &w->ops;
	crowd_step(w, &e);
}

static void crowd_handle(struct crowd *w, struct crowd_event *e)
{
	switch (e->what) {
	case CROWD_COMMIT:
		crowd_commit(w);
		break;
	case CROWD_TICK:
		crowd_at(w, CROWD_TICK_MS, CROWD_TICK, 0, NULL);
		crowd_step(w, &(struct coord_event){ .type = EV_TICK });
		break;
	case CROWD_PREPARED:
		crowd_step(w, &(struct coord_event){ .type = EV_PREPARED,
						     .prep = e->prep });
		break;
	case CROWD_JOIN:
		crowd_join(w, e->device);
		break;
	case CROWD_REGISTER:
		crowd_register(w, e->device);
		break;
	case CROWD_LEAVE:
		crowd_leave(w, e->device);
		break;
	case CROWD_ARRIVE:
		e->call->arrived = true;
		if (e->call->open)
			crowd_start_next(w, e->device);
		break;
	case CROWD_FINISH:
		crowd_finish(w, e);
		break;
	case CROWD_RESULT:
		crowd_result(w, e);
		break;
	case CROWD_FAIL:
		crowd_failed(w, e->call, e->failure);
		break;
	case CROWD_TIMEOUT:
		crowd_failed(w, e->call, FAILURE_TIMEOUT);
		break;
	}
}

static void crowd_init(struct crowd *w, uint64_t seed, const char *path,
		       unsigned devices)
{
	struct coord_config config = { .exit_when_done = true,
				       .random = crowd_random,
				       .random_ctx = w,
				       .find_kind = fake_find };
	struct why why = { "" };

	*w = (struct crowd){ .unix_ms = 1700000000000 };
	rng_seed(&w->rng, seed);
	rng_seed(&w->secret, seed + 1);
	map_init(&w->calls);
	w->last_op = &w->ops;
	w->devices = calloc(devices, sizeof *w->devices);
	w->device_count = devices;
	w->coord = coord_new(&config);
	if (!w->devices || !w->coord ||
	    store_open(&w->store, path, &why) != 0 ||
	    store_read(w->store, &coord_reader, w->coord, &why) != 0) {
		fprintf(stderr, "%s\n", why.text);
		abort();
	}
	for (unsigned i = 0; i < devices; i++)
		w->devices[i] = (struct crowd_device){ .speed = 1,
						       .threads = 1,
						       .latency_ms = 20 };
}

/* Everybody comes within `within_ms`. */
static void crowd_begin(struct crowd *w, const char *spec, uint32_t within_ms)
{
	if (coord_queue(w->coord, spec) != 0)
		abort();
	crowd_step(w, &(struct coord_event){ .type = EV_READY });
	crowd_at(w, CROWD_TICK_MS, CROWD_TICK, 0, NULL);
	for (unsigned i = 0; i < w->device_count; i++)
		crowd_at(w, 1 + (within_ms ? rng_below(&w->rng, within_ms) :
					     0),
			 CROWD_JOIN, i, NULL);
}

/* Until the programme is done or the time is over: true when done. */
static bool crowd_run(struct crowd *w, uint64_t until_ms)
{
	while (w->count && !w->done && w->heap[0].at_ms <= until_ms) {
		struct crowd_event e = crowd_pop(w);

		struct crowd_call *call = e.call;

		w->now_ms = e.at_ms;
		crowd_handle(w, &e);
		crowd_unref(call);
	}
	if (!w->done && w->now_ms < until_ms)
		w->now_ms = until_ms;
	return w->done;
}

static void crowd_deinit(struct crowd *w)
{
	while (w->count) {
		struct crowd_event e = crowd_pop(w);

		if (e.output) {
			buf_deinit(e.output);
			free(e.output);
		}
		prep_free(e.prep);
		crowd_unref(e.call);
	}
	while (w->ops) {
		struct op *next = w->ops->next;

		op_free(w->ops);
		w->ops = next;
	}
	free(w->heap);
	free(w->devices);
	coord_free(w->coord);
	store_close(w->store);
	map_deinit(&w->calls);
}

#endif
