/* The bridges' other end: what a realm hears and answers, what happens when
 * who asked is gone, and when the n-th allocation fails. The connection is a
 * fake; net's own part is tested with net. */
#include "tests/unit/base/fail_malloc.h"

#include "ear.h"

#include "crypto/base64.h"
#include "crypto/mac.h"
#include "router/bridge.h"

struct http_later {
	http_gone_fn *gone;
	void *ctx;
};

struct desk {
	struct room room;
	struct bridge_config config;
	struct bridge *bridge;
	struct ear worker;
};

/* What net would keep; one request at a time is under way. */
static struct {
	struct http_later later;
	bool pending, none_left;
	unsigned answers, status;
	char body[EAR_TEXT_SIZE];
} wire;

struct http_later *http_later(const struct http_request *request,
			      http_gone_fn *gone, void *ctx)
{
	(void)request;
	if (wire.none_left)
		return NULL;
	wire.later = (struct http_later){ gone, ctx };
	wire.pending = true;
	return &wire.later;
}

static void take(const struct http_response *r)
{
	wire.answers++;
	wire.status = r->status;
	assert_true(r->body.len < sizeof wire.body);
	if (r->body.len)
		memcpy(wire.body, r->body.data, r->body.len);
	wire.body[r->body.len] = '\0';
}

void http_answer(struct http_later *later, const struct http_response *r)
{
	assert_ptr_equal(later, &wire.later);
	assert_true(wire.pending);
	wire.pending = false;
	take(r);
}

/* --- the desk ------------------------------------------------------------ */

static void settle(void *ctx)
{
	router_settle(&((struct desk *)ctx)->room.router);
}

static void desk_staff(struct desk *d)
{
	if (d->worker.session)
		return;
	ear_connect(&d->worker, &d->room, "", "");
	ear_tell(&d->worker, "[1,'realm1',{'roles':{'subscriber':{},'callee':"
			     "{'features':{'call_canceling':true}}}}]");
	ear_tell(&d->worker, "[64,1,{'concurrency':1},'com.p']");
	ear_tell(&d->worker, "[32,2,{},'com.t']");
	assert_true(looks_like("[33,2,*", ear_last(&d->worker)));
	d->worker.count = 0;
}

static void desk_open(struct desk *d, bool calls, bool is_signed)
{
	memset(d, 0, sizeof *d);
	memset(&wire, 0, sizeof wire);
	room_init(&d->room);
	d->config = (struct bridge_config){ .realm = (char *)"realm1",
					    .role = (char *)"anyone",
					    .window_s = 300 };
	if (is_signed) {
		d->config.key = (char *)"app";
		d->config.secret = (char *)"s3cret";
	}
	desk_staff(d);
	d->bridge = bridge_new(&d->room.router, &d->config, calls, settle, d);
	assert_non_null(d->bridge);
}

static void desk_close(struct desk *d)
{
	ear_lose(&d->worker);
	room_deinit(&d->room);
	bridge_free(d->bridge);
	assert_false(wire.pending);
}

/* Room's clock says 2023-11-14T22:13:20Z. */
static void sign(char *query, size_t size, unsigned nonce, const char *body)
{
	static const char time[] = "2023-11-14T22:13:20.000Z";
	char text[512], signature[64];
	uint8_t mac[SHA256_BYTES];

	snprintf(text, sizeof text, "app%s1%u%s", time, nonce, body);
	assert_int_equal(hmac_sha256(bytes_str("s3cret"), bytes_str(text),
				     mac), 0);
	base64_encode(bytes_of(mac, sizeof mac), signature);
	for (char *at = signature; *at; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	snprintf(query, size, "key=app&timestamp=%s&seq=1&nonce=%u&signature="
			      "%s", time, nonce, signature);
}

/* With ' for ". */
static void post(struct desk *d, const char *said, const char *query)
{
	static char body[EAR_TEXT_SIZE];
	struct http_request q = { .post = true, .peer = "127.0.0.1:9",
				  .query = bytes_str(query) };
	struct http_response r = { .status = 404 };
	unsigned before = wire.answers;

	snprintf(body, sizeof body, "%s", said);
	for (char *c = body; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	q.body = bytes_str(body);
	q.content_type = bytes_str("application/json");
	bridge_http(d->bridge, &q, true, &r);
	if (!wire.pending && wire.answers == before)
		take(&r);
	ear_mind(&d->worker);
}

static void work(struct desk *d, const char *verb)
{
	char text[64];

	assert_true(looks_like("[68,*", ear_last(&d->worker)));
	snprintf(text, sizeof text, "[%s%llu,{},[7]]", verb,
		 strtoull(ear_last(&d->worker) + 4, NULL, 10));
	d->worker.count = 0;
	ear_tell(&d->worker, text);
}

#define CALL "{'procedure':'com.p','args':[1]}"
#define PUBLISH "{'topic':'com.t','args':[1]}"

static void test_bridge__a_call_is_answered_once(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, true, false);
	post(&d, CALL, "");
	assert_true(wire.pending);
	work(&d, "70,");
	assert_int_equal(wire.status, 200);
	assert_string_equal(wire.body, "{\"args\":[7]}");
	assert_int_equal(wire.answers, 1);
	desk_close(&d);
}

/* The callee is told to stop, and who comes next has its place. */
static void test_bridge__who_is_gone_waits_no_more(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, true, false);
	post(&d, CALL, "");
	assert_true(looks_like("[68,1,*", ear_last(&d.worker)));
	wire.later.gone(wire.later.ctx);
	assert_true(looks_like("[69,1,{*'mode':'killnowait'*",
			       ear_last(&d.worker)));
	assert_false(wire.pending); /* its answer is nobody's */
	assert_true(looks_like("*wamp.error.canceled*", wire.body));
	d.worker.count = 0;
	ear_tell(&d.worker, "[8,68,1,{},'wamp.error.canceled']");
	post(&d, CALL, "");
	work(&d, "70,");
	assert_int_equal(wire.status, 200);
	assert_int_equal(d.room.router.session_count, 2);
	desk_close(&d);
}

/* An event can not be called back. */
static void test_bridge__an_event_is_said_all_the_same(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, false, false);
	post(&d, PUBLISH, "");
	assert_int_equal(wire.status, 200);
	assert_true(looks_like("{'id':*}", wire.body));
	assert_true(looks_like("[36,*,[1]]", ear_last(&d.worker)));
	desk_close(&d);
}

static void test_bridge__too_many_that_wait_are_told(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, true, false);
	wire.none_left = true;
	post(&d, CALL, "");
	assert_int_equal(wire.status, 503);
	assert_true(looks_like("*too many*", wire.body));
	assert_int_equal(d.worker.count, 0);
	wire.none_left = false;
	post(&d, CALL, "");
	work(&d, "70,");
	assert_int_equal(wire.status, 200);
	desk_close(&d);
}

static void test_bridge__the_router_goes_down_meanwhile(void **state)
{
	struct desk d;

	(void)state;
	desk_open(&d, true, false);
	post(&d, CALL, "");
	assert_true(wire.pending);
	router_shutdown(&d.room.router, "wamp.close.system_shutdown");
	assert_false(wire.pending);
	assert_int_equal(wire.answers, 1);
	assert_true(looks_like("*'wamp.*", wire.body));
	post(&d, CALL, "");
	assert_int_equal(wire.status, 503);
	desk_close(&d);
}

/* --- without memory ------------------------------------------------------ */

/* A request to its end: 200, or 503 for want of memory. */
static void ask(struct desk *d, bool calls, bool is_signed, unsigned nonce,
		bool may_fail)
{
	unsigned before = wire.answers;
	size_t left = fail_malloc_pause();
	char query[256] = "", body[] = "{\"procedure\":\"com.p\",\"args\":[1]}",
	     event[] = "{\"topic\":\"com.t\",\"args\":[1]}";

	if (is_signed)
		sign(query, sizeof query, nonce, calls ? body : event);
	fail_malloc_go_on(left);
	post(d, calls ? CALL : PUBLISH, query);
	if (wire.pending && d->worker.session &&
	    looks_like("[68,*", ear_last(&d->worker)))
		work(d, "70,");
	if (wire.pending) { /* nobody is left to answer */
		fail_malloc_off();
		d->room.now_ms += BRIDGE_CALL_MS;
		router_set_time(&d->room.router, d->room.now_ms,
				1700000000000);
		router_tick(&d->room.router);
	}
	assert_int_equal(wire.answers, before + 1);
	if (may_fail && wire.status != 200)
		assert_true(wire.status >= 500 ||
			    looks_like("*wamp.error.*", wire.body));
	else
		assert_int_equal(wire.status, 200);
}

static void fail_each(bool calls, bool is_signed)
{
	struct desk d;
	bool failed = true;
	unsigned refused = 0;

	for (size_t n = 1; failed; n++) {
		desk_open(&d, calls, is_signed);
		fail_malloc_at(n);
		ask(&d, calls, is_signed, 1, true);
		failed = fail_malloc_off() || wire.status != 200;
		refused += wire.status != 200;
		ear_mind(&d.worker);
		desk_staff(&d);
		ask(&d, calls, is_signed, 2, false);
		desk_close(&d);
	}
	assert_true(refused > 3);
}

static void test_bridge__each_allocation_fails_once(void **state)
{
	(void)state;
	fail_each(true, false);
	fail_each(true, true);
	fail_each(false, false);
	fail_each(false, true);
}

static void test_bridge__without_memory_none_is_made(void **state)
{
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct desk d = { .bridge = NULL };
		struct bridge *b;

		room_init(&d.room);
		d.config = (struct bridge_config){ .realm = (char *)"realm1",
						   .role = (char *)"anyone" };
		fail_malloc_at(n);
		b = bridge_new(&d.room.router, &d.config, true, settle, &d);
		failed = fail_malloc_off();
		assert_true(b || failed);
		router_settle(&d.room.router);
		room_deinit(&d.room);
		bridge_free(b);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bridge__a_call_is_answered_once),
		cmocka_unit_test(test_bridge__who_is_gone_waits_no_more),
		cmocka_unit_test(test_bridge__an_event_is_said_all_the_same),
		cmocka_unit_test(test_bridge__too_many_that_wait_are_told),
		cmocka_unit_test(test_bridge__the_router_goes_down_meanwhile),
		cmocka_unit_test(test_bridge__each_allocation_fails_once),
		cmocka_unit_test(test_bridge__without_memory_none_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
