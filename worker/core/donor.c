#include "worker/core/inner.h"

#include <string.h>

/* The errors that mean: not now. Anything else is a no that was meant. */
static bool is_temporary(struct bytes error)
{
	static const char *const list[] = {
		"wamp.error.no_such_procedure",
		"wamp.error.no_available_callee",
		"wamp.error.max_concurrency_reached",
		"crossbar.error.max_concurrency_reached",
		"wamp.error.timeout",
		"wamp.error.canceled",
		ERROR_UNAVAILABLE,
	};

	for (unsigned i = 0; i < sizeof list / sizeof list[0]; i++)
		if (bytes_equal_str(error, list[i]))
			return true;
	return false;
}

static bool is_closed(struct bytes error)
{
	return bytes_equal_str(error, "wamp.error.closed");
}

static void say_refused(struct core *core, const char *what,
			struct bytes error, const struct client_data *data)
{
	char uri[CORE_NAME_BYTES] = "", text[256] = "";
	struct bytes first = { 0 };

	if (!core->effects->refused)
		return;
	core_copy(uri, sizeof uri, error);
	value_get_str(list_at(data->args, 0), &first);
	core_copy(text, sizeof text, first);
	core->effects->refused(core->ctx, what, uri, text);
}

/* --- donor.*: the coordinator knows a donor by its session --------------- */

/* Asks the router to say who calls. Ours does so by itself; others need it. */
static int call(struct core *core, const char *procedure,
		const struct value *kwargs, client_reply_fn *reply)
{
	struct value_pair disclose = { bytes_str("disclose_me"),
				       value_bool(true) };
	struct value options = value_dict();

	options.dict.pairs = &disclose;
	options.dict.count = options.dict.cap = 1;
	return client_call(core->client, procedure, &options, NULL, kwargs,
			   reply, core, NULL);
}

/* --- donor.join --------------------------------------------------------- */

/* Everybody tries again when a coordinator comes back: not all at once. */
static void retry_later(struct core *core, uint64_t delay_ms)
{
	core->join = JOIN_WAITS;
	core->effects->arm(core->ctx, CORE_TIMER_JOIN,
			   delay_ms + core->session % delay_ms);
}

static void join_failed(struct core *core, struct bytes error,
			const struct client_data *data)
{
	uint64_t delay_ms = core->retry_ms;

	if (is_closed(error))
		return;
	if (is_temporary(error)) {
		/* Said once, when it lasts. */
		if (delay_ms == JOIN_RETRY_MAX_MS / 2)
			say_refused(core, "join", error, data);
		if (delay_ms < JOIN_RETRY_MAX_MS)
			core->retry_ms *= 2;
	} else {
		delay_ms = REFUSED_RETRY_MS;
		say_refused(core, "join", error, data);
	}
	retry_later(core, delay_ms);
}

static bool take_text(const struct value *dict, const char *key, char *dst,
		      size_t size)
{
	struct bytes text;

	return value_get_str(dict_get(dict, key), &text) &&
	       core_copy(dst, size, text);
}

static bool take_donor(struct core *core, const struct value *dict)
{
	return value_get_range(dict_get(dict, "donor"), 1, KIND_INTEGER_MAX,
			       &core->donor) &&
	       take_text(dict, "token", core->token, sizeof core->token) &&
	       take_text(dict, "pass", core->pass, sizeof core->pass) &&
	       take_text(dict, "name", core->name, sizeof core->name);
}

static void ask_me(struct core *core);

static void on_join(void *ctx, struct bytes error,
		    const struct client_data *data)
{
	struct core *core = ctx;

	if (core->join != JOIN_ASKED)
		return;
	if (error.len > 0) {
		join_failed(core, error, data);
	} else if (!take_donor(core, args_dict(data))) {
		join_failed(core, bytes_str("answer of donor.join"), data);
	} else {
		core->join = JOIN_DONE;
		core->retry_ms = JOIN_RETRY_MS;
		donor_reconcile(core);
		work_dispatch(core);
		ask_me(core);
	}
	core_changed(core);
}

static int set_text(struct core *core, struct value *dict, const char *key,
		    const char *text)
{
	return *text ? dict_set(&core->arena, dict, key, value_str(text)) : 0;
}

void donor_join(struct core *core)
{
	struct value kwargs = value_dict();
	int err = set_text(core, &kwargs, "token", core->token);

	if (!err)
		err = set_text(core, &kwargs, "code", core->code);
	if (!err)
		err = set_text(core, &kwargs, "name", core->name);
	if (!err)
		err = set_text(core, &kwargs, "device", core->device);
	if (!err)
		err = dict_set(&core->arena, &kwargs, "threads",
			       value_int(core->threads));
	core->join = JOIN_ASKED;
	if (!err)
		err = call(core, "donor.join", &kwargs, on_join);
	if (err)
		retry_later(core, JOIN_RETRY_MAX_MS);
	arena_reset(&core->arena);
}

/* --- donor.me and the others -------------------------------------------- */

static void on_me(void *ctx, struct bytes error,
		  const struct client_data *data)
{
	struct core *core = ctx;

	/* Another coordinator, which does not know this session yet. */
	if (bytes_equal_str(error, "manyhands.error.not_joined") &&
	    core->join == JOIN_DONE)
		donor_join(core);
	else if (error.len == 0 && core->effects->me)
		core->effects->me(core->ctx, args_dict(data));
}

static void ask_me(struct core *core)
{
	if (core->me_ms == 0 || core->join != JOIN_DONE)
		return;
	core->me_wanted = core->me_gap;
	if (core->me_gap ||
	    call(core, "donor.me", NULL, on_me))
		return;
	core->me_gap = true;
	core->effects->arm(core->ctx, CORE_TIMER_ME, core->me_ms);
}

/* Who was silent and computes after all may be given more. */
void donor_result_sent(struct core *core)
{
	for (unsigned i = 0; i < DUTIES; i++)
		if (core->duties[i].state == DUTY_REVOKED)
			core->duties[i].state = DUTY_NONE;
	donor_reconcile(core);
	ask_me(core);
}

void core_ask_me(struct core *core)
{
	core->me_gap = false;
	ask_me(core);
}

static void me_timer(struct core *core)
{
	bool was_gap = core->me_gap;

	core->me_gap = false;
	if (!was_gap || core->me_wanted)
		ask_me(core);
	else
		core->effects->arm(core->ctx, CORE_TIMER_ME, ME_IDLE_MS);
}

static void on_rename(void *ctx, struct bytes error,
		      const struct client_data *data)
{
	struct core *core = ctx;

	if (error.len > 0)
		say_refused(core, "rename", error, data);
	else
		take_text(args_dict(data), "name", core->name,
			  sizeof core->name);
	core_changed(core);
}

void core_rename(struct core *core, const char *name)
{
	struct value kwargs = value_dict();

	/* Not a donor yet: this is the name to join with. */
	if (core->join != JOIN_DONE)
		core_copy(core->name, sizeof core->name, bytes_str(name));
	else if (!dict_set(&core->arena, &kwargs, "name", value_str(name)))
		(void)call(core, "donor.rename", &kwargs, on_rename);
	arena_reset(&core->arena);
}

static void on_wave(void *ctx, struct bytes error,
		    const struct client_data *data)
{
	if (error.len > 0)
		say_refused(ctx, "wave", error, data);
}

void core_wave(struct core *core)
{
	if (core->join == JOIN_DONE)
		(void)call(core, "donor.wave", NULL, on_wave);
}

/* --- job.finished ------------------------------------------------------- */

static void on_job_finished(void *ctx, uint64_t publication,
			    const struct client_data *data)
{
	struct core *core = ctx;

	(void)publication;
	if (core->effects->job_finished)
		core->effects->job_finished(core->ctx, args_dict(data));
}

void donor_subscribe(struct core *core)
{
	if (core->subscribe)
		(void)client_subscribe(core->client, "job.finished", NULL,
				       on_job_finished, NULL, core);
}

/* --- registering -------------------------------------------------------- */

bool donor_can_work(const struct core *core)
{
	/* A donor that rejoins keeps its pass meanwhile. */
	return core->client && *core->pass && !core->paused &&
	       !core->hidden && !core->leaving;
}

static bool is_wanted(const struct core *core, const struct duty *duty)
{
	return donor_can_work(core) && !core->unfit &&
	       (!duty->audit || core->trusted);
}

static void on_register(void *ctx, struct bytes error,
			const struct client_data *data)
{
	struct duty *duty = ctx;
	struct core *core = duty->core;

	if (is_closed(error) || duty->state != DUTY_ASKED)
		return;
	if (error.len == 0 &&
	    value_get_uint(dict_get(data->details, "registration"),
			   &duty->registration)) {
		duty->state = DUTY_HELD;
		donor_reconcile(core);
	} else {
		duty->state = DUTY_REFUSED;
		say_refused(core, duty->procedure, error, data);
		core->effects->arm(core->ctx, CORE_TIMER_JOIN,
				   REFUSED_RETRY_MS);
	}
	core_changed(core);
}

static void on_unregister(void *ctx, struct bytes error,
			  const struct client_data *data)
{
	struct duty *duty = ctx;

	(void)data;
	if (is_closed(error) || duty->state != DUTY_ENDING)
		return;
	duty->state = DUTY_NONE;
	donor_reconcile(duty->core);
	core_changed(duty->core);
}

static void enter(struct core *core, struct duty *duty)
{
	unsigned each = duty->audit ? 1 : 2;
	struct value options = value_dict();
	int err = dict_set(&core->arena, &options, "invoke",
			   value_str("roundrobin"));

	if (!err)
		err = dict_set(&core->arena, &options, "concurrency",
			       value_int(core->threads * each));
	duty->state = DUTY_ASKED;
	duty->threads = core->threads;
	if (err || client_register(core->client, duty->procedure, &options,
				   work_invoked, work_interrupted, on_register,
				   duty)) {
		duty->state = DUTY_REFUSED;
		core->effects->arm(core->ctx, CORE_TIMER_JOIN,
				   REFUSED_RETRY_MS);
	}
	arena_reset(&core->arena);
}

static void leave(struct core *core, struct duty *duty)
{
	duty->state = DUTY_ENDING;
	if (client_unregister(core->client, duty->registration, on_unregister,
			      duty))
		duty->state = DUTY_HELD;
}

void donor_reconcile(struct core *core)
{
	if (!core->client)
		return;
	for (unsigned i = 0; i < DUTIES; i++) {
		struct duty *duty = &core->duties[i];
		bool wanted = is_wanted(core, duty);

		if (duty->state == DUTY_NONE && wanted)
			enter(core, duty);
		else if (duty->state == DUTY_HELD &&
			 (!wanted || duty->threads != core->threads))
			leave(core, duty);
	}
}

/* One that is being given back already is over with the router's answer. */
void donor_revoked(struct core *core, uint64_t registration)
{
	for (unsigned i = 0; i < DUTIES; i++) {
		struct duty *duty = &core->duties[i];

		if (duty->state == DUTY_HELD &&
		    duty->registration == registration)
			duty->state = DUTY_REVOKED;
	}
}

/* --- session and timers ------------------------------------------------- */

void donor_forget(struct core *core)
{
	core->join = JOIN_NONE;
	core->pass[0] = '\0';
	core->me_gap = core->me_wanted = false;
	core->unfit = false;
	core->retry_ms = JOIN_RETRY_MS;
	for (unsigned i = 0; i < DUTIES; i++)
		core->duties[i].state = DUTY_NONE;
}

static void join_timer(struct core *core)
{
	if (core->join == JOIN_WAITS)
		donor_join(core);
	for (unsigned i = 0; i < DUTIES; i++)
		if (core->duties[i].state == DUTY_REFUSED)
			core->duties[i].state = DUTY_NONE;
	donor_reconcile(core);
}

void core_timer(struct core *core, enum core_timer timer)
{
	if (!core->client)
		return;
	switch (timer) {
	case CORE_TIMER_JOIN:
		join_timer(core);
		break;
	case CORE_TIMER_ME:
		me_timer(core);
		break;
	case CORE_TIMER_UNFIT:
		core->unfit = false;
		donor_reconcile(core);
		break;
	}
}
