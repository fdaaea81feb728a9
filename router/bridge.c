#include "router/bridge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "router/bridge_request.h"
#include "router/bridge_sign.h"
#include "router/local.h"

enum { ORIGIN_BYTES_MAX = 255, CORS_BYTES_MAX = 512, SCRATCH_BYTES = 4096 };

struct bridge {
	struct router *router;
	const struct bridge_config *config;
	bool calls;
	struct realm *realm;
	const struct role *role;
	struct local *local; /* the router's; NULL: not opened yet */
	struct replays replays;
	bridge_settle_fn *settle;
	void *ctx;
	struct buf headers, body; /* of the answer being made */
};

/* A request whose answer comes from the realm. */
struct asked {
	struct bridge *bridge;
	struct http_later *later;
	uint64_t call; /* the request's id, of a call */
	char origin[ORIGIN_BYTES_MAX + 1];
};

/* --- answers ------------------------------------------------------------- */

/* May this stand in a header of ours? */
static bool is_plain(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < ' ' || text.data[i] >= 0x7f)
			return false;
	return true;
}

static void add_headers(struct bridge *b, const char *origin)
{
	buf_clear(&b->headers);
	(void)buf_printf(&b->headers,
			 "Access-Control-Allow-Origin: %s\r\n"
			 "Vary: Origin\r\n"
			 "Cache-Control: no-store\r\n"
			 "X-Content-Type-Options: nosniff\r\n",
			 *origin ? origin : "*");
}

static void finish(struct bridge *b, unsigned status, struct http_response *r)
{
	(void)buf_add_u8(&b->headers, 0);
	*r = (struct http_response){
		.status = status,
		.content_type = "application/json; charset=UTF-8",
		.headers = (const char *)b->headers.data,
		.body = buf_bytes(&b->body),
		.copy = true,
	};
	if (!buf_ok(&b->headers) || !buf_ok(&b->body))
		*r = (struct http_response){ .status = 503 };
}

/* The body: this value. */
static void write_value(struct bridge *b, const struct value *v,
			unsigned status, struct http_response *r)
{
	int err;

	buf_clear(&b->body);
	err = serializer_json.encode(&b->body, v);
	if (err) {
		buf_clear(&b->body);
		(void)buf_add_str(&b->body,
				  "{\"error\":\"the result can not be said "
				  "in JSON\",\"args\":[],\"kwargs\":{}}");
		status = 500;
	}
	finish(b, status, r);
}

/* What JSON escapes is in none of the texts of ours but in names of keys. */
static void refuse(struct bridge *b, unsigned status, const char *why,
		   struct http_response *r)
{
	struct value dict = value_dict();
	struct arena a;
	int err;

	arena_init(&a, SCRATCH_BYTES);
	err = dict_set(&a, &dict, "error", value_str(why));
	err = err ? err : dict_set(&a, &dict, "args", value_list());
	err = err ? err : dict_set(&a, &dict, "kwargs", value_dict());
	if (status == 405)
		(void)buf_add_str(&b->headers,
				  "Allow: POST, PUT, OPTIONS\r\n");
	if (err)
		*r = (struct http_response){ .status = 503 };
	else
		write_value(b, &dict, status, r);
	arena_deinit(&a);
}

/* --- what the realm answers ---------------------------------------------- */

static unsigned status_of(struct bytes error)
{
	if (bytes_equal_str(error, "wamp.error.timeout"))
		return 504;
	if (bytes_equal_str(error, "wamp.error.closed"))
		return 503;
	return 200; /* an answer as good as any */
}

static int make_answer(const struct bridge *b, struct arena *a,
		       struct bytes error, const struct client_data *data,
		       struct value *out)
{
	const struct value *id;
	int err = 0;

	*out = value_dict();
	if (error.len) {
		err = dict_set(a, out, "error", value_text(error));
	} else if (!b->calls) {
		id = dict_get(data->details, "publication");
		return dict_set(a, out, "id", id ? *id : value_null());
	}
	err = err ? err : dict_set(a, out, "args", *data->args);
	if (!err && (error.len || value_count(data->kwargs)))
		err = dict_set(a, out, "kwargs", *data->kwargs);
	return err;
}

static void on_reply(void *ctx, struct bytes error,
		     const struct client_data *data)
{
	struct asked *asked = ctx;
	struct bridge *b = asked->bridge;
	struct http_response r;
	struct value answer;
	struct arena a;

	arena_init(&a, SCRATCH_BYTES);
	add_headers(b, asked->origin);
	if (make_answer(b, &a, error, data, &answer))
		refuse(b, 503, "out of memory", &r);
	else
		write_value(b, &answer, status_of(error), &r);
	http_answer(asked->later, &r);
	arena_deinit(&a);
	free(asked);
}

/* --- asking it ----------------------------------------------------------- */

static struct client *client_of(struct bridge *b)
{
	if (!b->local)
		b->local = local_open(b->router, b->realm, b->role,
				      b->calls ? "caller" : "publisher");
	return b->local ? local_client(b->local) : NULL;
}

/* No call waits for ever. */
static int limit_time(struct arena *a, struct value *options)
{
	const struct value *v = dict_get(options, "timeout");
	uint64_t ms;

	if (v && (!value_get_uint(v, &ms) || (ms && ms < BRIDGE_CALL_MS)))
		return 0; /* the dealer says what is wrong with it */
	return dict_set(a, options, "timeout", value_int(BRIDGE_CALL_MS));
}

/* Nobody waits any more: the call is ended, too, so that its callee can stop
 * and its place is free. on_reply follows. */
static void on_gone(void *ctx)
{
	struct asked *asked = ctx;
	struct bridge *b = asked->bridge;

	/* A session that is over has no call: it has failed already. */
	if (asked->call && b->local &&
	    !client_cancel(local_client(b->local), asked->call, "killnowait"))
		b->settle(b->ctx);
}

/* on_reply follows, in the router's next turn. */
static int say(struct bridge *b, struct arena *a, struct bridge_request *q,
	       struct asked *asked)
{
	struct client *c = client_of(b);
	int err;

	if (!c)
		return ERR_NOMEM;
	if (b->calls) {
		err = limit_time(a, &q->options);
		return err ? err : client_call(c, q->uri, &q->options,
					       &q->args, &q->kwargs,
					       on_reply, asked, &asked->call);
	}
	err = dict_set(a, &q->options, "acknowledge", value_bool(true));
	return err ? err : client_publish(c, q->uri, &q->options, &q->args,
					  &q->kwargs, on_reply, asked);
}

static void ask_realm(struct bridge *b, struct arena *a,
		      struct bridge_request *request,
		      const struct http_request *q, struct http_response *r)
{
	struct asked *asked = calloc(1, sizeof *asked);
	int err;

	if (!asked) {
		refuse(b, 503, "out of memory", r);
		return;
	}
	asked->bridge = b;
	if (q->origin.len)
		memcpy(asked->origin, q->origin.data, q->origin.len);
	asked->later = http_later(q, on_gone, asked);
	err = asked->later ? say(b, a, request, asked) : ERR_NOMEM;
	if (!err) {
		b->settle(b->ctx);
		return;
	}
	refuse(b, 503, asked->later ? "out of memory, or the router goes down"
				    : "too many requests wait, or out of memory",
	       r);
	if (asked->later)
		http_answer(asked->later, r);
	free(asked);
}

/* --- requests ------------------------------------------------------------ */

static bool is_let_in(const struct bridge_config *c, const char *peer)
{
	for (unsigned i = 0; i < c->network_count; i++)
		if (network_has(&c->networks[i], peer))
			return true;
	return !c->network_count;
}

/* 0, or the status to refuse with. */
static unsigned check(struct bridge *b, const struct http_request *q,
		      const char **why)
{
	const struct bridge_config *c = b->config;
	unsigned status;

	*why = "requests from this address are not accepted";
	if (!is_let_in(c, q->peer))
		return 400;
	*why = "requests are accepted over TLS only";
	if (c->require_tls && !q->secure)
		return 400;
	status = bridge_check_type(q->content_type, why);
	if (status)
		return status;
	return bridge_check_signature(c, &b->replays, q->query, q->body,
				      b->router->turn.unix_ms, why);
}

static void take(struct bridge *b, const struct http_request *q,
		 struct http_response *r)
{
	struct bridge_request request;
	struct arena a;
	const char *why;
	unsigned status;

	b->settle(b->ctx); /* the router's clock is now */
	arena_init(&a, SCRATCH_BYTES);
	status = check(b, q, &why);
	if (!status)
		status = bridge_read_request(&a, q->body,
					     &b->router->turn.limits, b->calls,
					     &request, &why);
	if (status)
		refuse(b, status, why, r);
	else
		ask_realm(b, &a, &request, q, r);
	arena_deinit(&a);
}

/* A page asks whether it may ask. */
static void answer_options(struct bridge *b, const struct http_request *q,
			   struct http_response *r)
{
	(void)buf_add_str(&b->headers,
			  "Allow: POST, PUT, OPTIONS\r\n"
			  "Access-Control-Allow-Methods: POST,PUT,OPTIONS\r\n");
	if (q->cors_headers.len && q->cors_headers.len <= CORS_BYTES_MAX &&
	    is_plain(q->cors_headers))
		(void)buf_printf(&b->headers,
				 "Access-Control-Allow-Headers: %.*s\r\n",
				 (int)q->cors_headers.len,
				 (const char *)q->cors_headers.data);
	finish(b, 200, r);
}

void bridge_http(struct bridge *b, const struct http_request *q, bool welcome,
		 struct http_response *r)
{
	char origin[ORIGIN_BYTES_MAX + 1] = "";

	welcome = welcome && q->origin.len <= ORIGIN_BYTES_MAX &&
		  is_plain(q->origin);
	if (welcome && q->origin.len)
		memcpy(origin, q->origin.data, q->origin.len);
	buf_clear(&b->body);
	add_headers(b, origin);
	if (!welcome)
		refuse(b, 403, "pages of this origin may not ask", r);
	else if (q->options)
		answer_options(b, q, r);
	else if (!q->post)
		refuse(b, 405, "only POST and PUT are spoken here", r);
	else
		take(b, q, r);
}

/* --- life ---------------------------------------------------------------- */

struct bridge *bridge_new(struct router *r, const struct bridge_config *c,
			  bool calls, bridge_settle_fn *settle, void *ctx)
{
	struct bridge *b = calloc(1, sizeof *b);

	if (!b)
		return NULL;
	*b = (struct bridge){ .router = r, .config = c, .calls = calls,
			      .settle = settle, .ctx = ctx };
	b->realm = router_realm(r, bytes_str(c->realm));
	b->role = b->realm ? realm_role(b->realm, c->role) : NULL;
	assert(b->role); /* the configuration was checked */
	buf_init(&b->headers);
	buf_init(&b->body);
	replays_init(&b->replays);
	settle(ctx); /* the router's clock is now */
	if (client_of(b))
		return b;
	bridge_free(b);
	return NULL;
}

void bridge_free(struct bridge *b)
{
	if (!b)
		return;
	replays_deinit(&b->replays);
	buf_deinit(&b->headers);
	buf_deinit(&b->body);
	free(b);
}
