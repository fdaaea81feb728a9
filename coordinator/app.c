#include "coordinator/app.h"

#include <stdio.h>

#include "base/log.h"
#include "coordinator/view.h"

enum { FIRST_JOIN_MS = 10000 }; /* the router has to be there by then */

uint64_t app_now_ms(void *ctx)
{
	(void)ctx;
	return clock_monotonic_ms();
}

void app_stop(struct app *app, int code)
{
	if (app->stopping)
		return;
	app->stopping = true;
	app->code = code;
	peer_leave(app->peer, "wamp.close.system_shutdown");
}

/* --- what is printed ----------------------------------------------------- */

static void print(struct app *app, struct value *(*view)(struct app *,
							  struct arena *))
{
	struct arena arena;
	struct value *v;
	struct buf json;

	arena_init(&arena, 64 * 1024);
	buf_init(&json);
	v = view(app, &arena);
	if (v && serializer_json.encode(&json, v) == 0 &&
	    buf_add_u8(&json, '\n') == 0) {
		fwrite(json.data, 1, json.len, stdout);
		fflush(stdout);
	}
	buf_deinit(&json);
	arena_deinit(&arena);
}

static struct value *status(struct app *app, struct arena *a)
{
	return view_status(a, app->coord, app_now_ms(NULL), true);
}

static struct value *result(struct app *app, struct arena *a)
{
	return view_result(a, app->coord, app_now_ms(NULL));
}

void app_print_result(struct app *app)
{
	print(app, result);
}

/* --- effects ------------------------------------------------------------- */

static void prepare_job(struct app *app, struct prep *prep)
{
	if (prepare_add(app->prepare, prep) == 0)
		return;
	prep->err = why_set(&prep->why, ERR_LIMIT, "job %.80s: too many are "
						   "being prepared",
			    prep->spec);
	coord_step(app->coord,
		   &(struct coord_event){ .type = EV_PREPARED, .prep = prep },
		   app_now_ms(NULL));
}

static void tell(struct app *app, const struct coord_effect *e)
{
	struct coord_event failed = { .type = EV_FAILED,
				      .lease = e->lease,
				      .failure = FAILURE_SEND };

	if (rpc_effect(app->rpc, app->coord, e) != 0)
		coord_step(app->coord, &failed, app_now_ms(NULL));
}

static void do_effect(struct app *app, struct coord_effect *e)
{
	switch (e->type) {
	case EF_STORE:
		writer_add(app->writer, e->op);
		break;
	case EF_PREPARE:
		prepare_job(app, e->prep);
		break;
	case EF_LOG:
		log_line(LOG_WARN, "%s", e->why.text);
		break;
	case EF_DONE:
		if (e->err == ERR_NOMEM)
			log_line(LOG_ERROR, "out of memory");
		app_stop(app, e->err ? EXIT_FAILED : 0);
		break;
	case EF_TELL_PROGRESS:
		if (app->flags.status && !app->stopping)
			print(app, status);
		tell(app, e);
		break;
	default:
		tell(app, e);
		break;
	}
}

/* Steps, and does what comes of it. An event that comes while effects are
 * being done is stepped at once; its effects join the queue. */
void app_event(void *ctx, const struct coord_event *event)
{
	struct app *app = ctx;
	struct coord_effect e;

	coord_step(app->coord, event, app_now_ms(NULL));
	if (app->draining)
		return;
	app->draining = true;
	while (coord_effect(app->coord, &e))
		do_effect(app, &e);
	app->draining = false;
	if (coord_is_behind(app->coord))
		timer_start(app->soon, 1, 0);
}

/* --- what happens -------------------------------------------------------- */

static void look_at_store(struct app *app)
{
	struct coord_event e = { .type = EV_STORE };
	struct why why = { "" };
	int state = writer_state(app->writer, &why);

	if (state && state != ERR_IO) {
		log_line(LOG_ERROR, "%s", why.text);
		app_stop(app, EXIT_FAILED);
		return;
	}
	if (!state && !app->in_trouble)
		return;
	app->in_trouble = state != 0;
	e.text = bytes_str(state ? why.text : "");
	app_event(app, &e);
}

void app_wake(void *ctx)
{
	struct app *app = ctx;
	struct op *ops = writer_take(app->writer);
	struct prep *prep;

	if (ops)
		app_event(app, &(struct coord_event){ .type = EV_COMMITTED,
						      .ops = ops });
	while ((prep = prepare_take(app->prepare)) != NULL)
		app_event(app, &(struct coord_event){ .type = EV_PREPARED,
						      .prep = prep });
	look_at_store(app);
}

void app_tick(void *ctx)
{
	struct app *app = ctx;

	if (!app->joined_once && !app->stopping &&
	    app_now_ms(NULL) - app->started_ms >= FIRST_JOIN_MS) {
		log_line(LOG_ERROR,
			 "router %s: not there (%s); accepted is the URL of "
			 "a router that runs",
			 app->flags.router_text, app->last_error);
		app_stop(app, EXIT_USAGE);
	}
	rpc_tick(app->rpc);
	app_event(app, &(struct coord_event){ .type = EV_TICK });
}

void app_failed(void *ctx, const char *why)
{
	log_line(LOG_ERROR, "%s", why);
	app_stop(ctx, EXIT_FAILED);
}

void app_joined(void *ctx, struct client *client, uint64_t session,
		const struct value *details)
{
	struct app *app = ctx;

	(void)session;
	(void)details;
	if (app->joined_once)
		log_line(LOG_INFO, "joined the router again");
	app->joined_once = true;
	rpc_joined(app->rpc, client);
}

/* Nobody else may take them away: another coordinator is there now. */
void app_revoked(void *ctx, uint64_t registration, const char *reason)
{
	struct app *app = ctx;

	(void)registration;
	if (app->stopping)
		return;
	log_line(LOG_ERROR, "another coordinator has taken over%s%s",
		 *reason ? ": " : "", reason);
	app_stop(app, EXIT_FAILED);
}

void app_left(void *ctx, bool refused, const char *reason,
	      const char *message, bool again)
{
	struct app *app = ctx;

	snprintf(app->last_error, sizeof app->last_error, "%s%s%s",
		 reason ? reason : "", message && *message ? ": " : "",
		 message ? message : "");
	rpc_lost(app->rpc);
	if (app->stopping && !again) {
		loop_stop(app->loop);
		return;
	}
	if (refused && (!app->joined_once || !again)) {
		log_line(LOG_ERROR, "router %s refuses: %s",
			 app->flags.router_text, app->last_error);
		app_stop(app, EXIT_FAILED);
	} else if (app->joined_once) {
		log_line(LOG_WARN, "the router is gone (%s); trying again",
			 app->last_error);
	}
}
