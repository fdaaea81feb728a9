/* Requests that have a body, and answers that come later. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "net/http.h"
#include "net/loop_private.h"
#include "net/server_private.h"

enum { BODY_MAX = 100000 };

/* What was asked, and what is owed. */
struct body {
	struct fixture f; /* the first: *state and the callbacks' ctx */
	struct http_later *later;
	struct http_later *laters[4]; /* all of them */
	unsigned later_count, gone;
	char text[64];
	size_t bytes;
};

static size_t body_max(void *ctx, struct bytes path)
{
	(void)ctx;
	return path.len >= 5 && !memcmp(path.data, "/post", 5) ? BODY_MAX : 0;
}

static const struct http_response well = {
	.status = 200, .content_type = "text/plain",
	.body = { (const uint8_t *)"well", 4 },
};

static const struct http_response full = { .status = 503 };

static void on_gone(void *ctx)
{
	((struct body *)ctx)->gone++;
}

static void on_http(void *ctx, const struct http_request *request,
		    struct http_response *response)
{
	struct body *b = ctx;

	b->f.w.requests++;
	b->bytes = request->body.len;
	snprintf(b->text, sizeof b->text, "%s %.*s %.*s",
		 request->post      ? "post"
		 : request->options ? "options"
				    : "get",
		 (int)request->content_type.len,
		 request->content_type.data ?
			 (const char *)request->content_type.data : "",
		 request->body.len < 40 ? (int)request->body.len : 0,
		 request->body.data ? (const char *)request->body.data : "");
	if (bytes_equal_str(request->path, "/post/later")) {
		b->later = http_later(request, on_gone, b);
		if (b->later)
			b->laters[b->later_count++ % 4] = b->later;
		else
			*response = full;
	} else if (bytes_equal_str(request->path, "/post/now")) {
		http_answer(http_later(request, on_gone, b), &well);
	} else {
		*response = well;
	}
}

static int set_up(void **state)
{
	struct body *b = calloc(1, sizeof *b);

	assert_non_null(b);
	fixture_init(&b->f);
	b->f.w.config.http = on_http;
	b->f.w.config.body_max = body_max;
	*state = b;
	return 0;
}

static void test_body__comes_whole(void **state)
{
	struct body *b = *state;

	fixture_connect(&b->f);
	raw_text(&b->f.r, "POST /post HTTP/1.1\r\nHost: x\r\n"
			  "Content-Type: text/x\r\nContent-Length: 5\r\n\r\n"
			  "helloGET /post HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_status(&b->f.r, 200);
	raw_expect_status(&b->f.r, 200);
	assert_int_equal(b->f.w.requests, 2);
	assert_string_equal(b->text, "get  ");
	raw_text(&b->f.r, "PUT /post HTTP/1.1\r\nHost: x\r\n"
			  "Content-Length: 2\r\n\r\nhi");
	raw_expect_status(&b->f.r, 200);
	assert_string_equal(b->text, "post  hi");
	raw_text(&b->f.r, "OPTIONS /post HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_status(&b->f.r, 200);
	assert_string_equal(b->text, "options  ");
}

static void test_body__comes_in_pieces(void **state)
{
	static char piece[1001];
	struct body *b = *state;

	memset(piece, 'x', 1000);
	fixture_connect(&b->f);
	raw_text(&b->f.r, "POST /post HTTP/1.1\r\nHost: x\r\n"
			  "Content-Length: 100000\r\n\r");
	for (int i = 0; i < 10; i++)
		turn(&b->f.w);
	raw_text(&b->f.r, "\n");
	for (int i = 0; i < 99; i++) {
		raw_text(&b->f.r, piece);
		turn(&b->f.w);
	}
	assert_int_equal(b->f.w.requests, 0);
	raw_text(&b->f.r, piece);
	raw_expect_status(&b->f.r, 200);
	assert_int_equal(b->bytes, BODY_MAX);
	/* And the connection goes on. */
	raw_text(&b->f.r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_status(&b->f.r, 200);
}

static void test_body__is_waited_for(void **state)
{
	struct body *b = *state;

	fixture_connect(&b->f);
	raw_text(&b->f.r, "POST /post HTTP/1.1\r\nHost: x\r\n"
			  "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	raw_expect_text(&b->f.r, "HTTP/1.1 100 Continue\r\n\r\n");
	buf_clear(&b->f.r.in);
	raw_text(&b->f.r, "hi");
	raw_expect_status(&b->f.r, 200);
	assert_string_equal(b->text, "post  hi");
}

static void test_body__takes_too_long(void **state)
{
	struct body *b = *state;

	b->f.w.config.head_ms = 30;
	fixture_connect(&b->f);
	raw_text(&b->f.r, "POST /post HTTP/1.1\r\nHost: x\r\n"
			  "Content-Length: 2\r\n\r\nh");
	raw_expect_status(&b->f.r, 408);
	raw_expect_end(&b->f.r);
	assert_int_equal(b->f.w.requests, 0);
}

static void test_body__is_refused(void **state)
{
	static const struct {
		const char *head;
		unsigned status;
	} cases[] = {
		{ "POST / HTTP/1.1\r\nContent-Length: 2\r\n", 405 },
		{ "OPTIONS / HTTP/1.1\r\n", 405 },
		{ "DELETE /post HTTP/1.1\r\n", 405 },
		{ "POST /post HTTP/1.1\r\nContent-Length: 100001\r\n", 413 },
		{ "POST /post HTTP/1.1\r\nContent-Length: "
		  "99999999999999999999999999\r\n", 400 },
		{ "POST /post HTTP/1.1\r\nContent-Length: -1\r\n", 400 },
		{ "POST /post HTTP/1.1\r\nContent-Length: 0x2\r\n", 400 },
		{ "POST /post HTTP/1.1\r\nContent-Length: 2\r\n"
		  "Content-Length: 3\r\n", 400 },
		{ "POST /post HTTP/1.1\r\nTransfer-Encoding: chunked\r\n",
		  501 },
		{ "GET /post HTTP/1.1\r\nContent-Length: 2\r\n", 400 },
		{ "POST /post HTTP/1.1\r\nContent-Length: 2\r\n"
		  "Expect: miracles\r\n", 417 },
	};
	struct body *b = *state;

	world_start(&b->f.w);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		raw_connect(&b->f.r, &b->f.w);
		raw_text(&b->f.r, cases[i].head);
		raw_text(&b->f.r, "Host: x\r\n\r\n");
		raw_expect_status(&b->f.r, cases[i].status);
		raw_expect_end(&b->f.r);
		raw_close(&b->f.r);
	}
	assert_int_equal(b->f.w.requests, 0);
}

/* --- answers that come later --------------------------------------------- */

static bool has_later(void *ctx)
{
	return ((struct body *)ctx)->later != NULL;
}

static void ask_later(struct body *b)
{
	raw_text(&b->f.r, "POST /post/later HTTP/1.1\r\nHost: x\r\n"
			  "Content-Length: 2\r\n\r\nhi");
	until(&b->f.w, has_later, b);
}

static void test_body__the_answer_comes_later(void **state)
{
	struct body *b = *state;

	fixture_connect(&b->f);
	ask_later(b);
	raw_text(&b->f.r, "POST /post/now HTTP/1.1\r\nHost: x\r\n\r\n");
	for (int i = 0; i < 10; i++)
		turn(&b->f.w);
	assert_int_equal(b->f.w.requests, 1); /* one at a time */
	http_answer(b->later, &well);
	raw_expect_status(&b->f.r, 200);
	raw_expect_status(&b->f.r, 200);
	assert_int_equal(b->f.w.requests, 2);
}

static void test_body__the_answer_survives_the_connection(void **state)
{
	struct body *b = *state;

	fixture_connect(&b->f);
	ask_later(b);
	server_stop(b->f.w.server);
	raw_expect_end(&b->f.r);
	assert_int_equal(b->gone, 1);
	http_answer(b->later, &well);
	assert_int_equal(b->f.r.in.len, 0);
}

static bool is_gone(void *ctx)
{
	return ((struct body *)ctx)->gone > 0;
}

static void test_body__who_leaves_meanwhile_is_noticed(void **state)
{
	struct body *b = *state;

	fixture_connect(&b->f);
	ask_later(b);
	raw_text(&b->f.r, "GET / HTTP/1.1\r\n"); /* is kept, not answered */
	raw_close(&b->f.r);
	until(&b->f.w, is_gone, b);
	assert_int_equal(b->gone, 1);
	assert_int_equal(b->f.w.requests, 1);
	http_answer(b->later, &well);
	assert_int_equal(b->gone, 1);
}

static void test_body__who_was_answered_is_not_missed(void **state)
{
	struct body *b = *state;

	fixture_connect(&b->f);
	ask_later(b);
	http_answer(b->later, &well);
	raw_expect_status(&b->f.r, 200);
	raw_close(&b->f.r);
	assert_int_equal(b->gone, 0);
}

/* Who talks on while its answer is waited for fills no memory; all that it
 * said is heard in the end. */
static void test_body__what_is_said_meanwhile_has_a_limit(void **state)
{
	static char gets[200 * 42 + 1];
	struct body *b = *state;

	for (size_t i = 0; i < 200; i++)
		memcpy(gets + i * 42, "GET /post HTTP/1.1\r\nHost: xxxxxxxxxx"
				      "xx\r\n\r\n", 42);
	fixture_connect(&b->f);
	ask_later(b);
	for (int i = 0; i < 20; i++)
		raw_text(&b->f.r, gets);
	for (int i = 0; i < 200; i++)
		turn(&b->f.w);
	assert_int_equal(b->f.w.requests, 1);
	assert_true(TAILQ_FIRST(&b->f.w.server->waiting.all)->in.len <
		    HTTP_HEAD_MAX + LOOP_READ_BYTES);
	http_answer(b->later, &well);
	for (int i = 0; i < 1 + 20 * 200; i++)
		raw_expect_status(&b->f.r, 200);
	assert_int_equal(b->f.w.requests, 1 + 20 * 200);
}

static void test_body__who_waits_is_not_half_open(void **state)
{
	struct body *b = *state;
	struct raw others[3];

	b->f.w.config.half_open_max = 2;
	fixture_connect(&b->f);
	ask_later(b);
	for (int i = 0; i < 3; i++)
		raw_connect(&others[i], &b->f.w);
	raw_expect_end(&others[0]);
	assert_false(b->f.r.ended);
	assert_int_equal(b->gone, 0);
	/* Answered, it is one of them again, and the youngest. */
	http_answer(b->later, &well);
	raw_expect_status(&b->f.r, 200);
	raw_expect_end(&others[1]);
	for (int i = 0; i < 3; i++)
		raw_close(&others[i]);
}

static void test_body__so_many_may_wait(void **state)
{
	struct body *b = *state;
	struct raw second, third;

	b->f.w.config.waiting_max = 2;
	fixture_connect(&b->f);
	ask_later(b);
	b->later = NULL;
	raw_connect(&second, &b->f.w);
	raw_text(&second, "POST /post/later HTTP/1.1\r\nHost: x\r\n\r\n");
	until(&b->f.w, has_later, b);
	raw_connect(&third, &b->f.w);
	raw_text(&third, "POST /post/later HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_status(&third, 503);
	/* Who leaves makes room. */
	raw_close(&second);
	until(&b->f.w, is_gone, b);
	b->later = NULL;
	raw_text(&third, "POST /post/later HTTP/1.1\r\nHost: x\r\n\r\n");
	until(&b->f.w, has_later, b);
	for (unsigned i = 0; i < b->later_count; i++)
		http_answer(b->laters[i], &well);
	raw_expect_status(&third, 200);
	raw_close(&third);
}

static void test_body__the_answer_takes_too_long(void **state)
{
	struct body *b = *state;

	b->f.w.config.later_ms = 30;
	fixture_connect(&b->f);
	ask_later(b);
	raw_expect_status(&b->f.r, 504);
	raw_expect_end(&b->f.r);
	assert_int_equal(b->gone, 1);
	http_answer(b->later, &well);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_body__comes_whole),
		TEST(test_body__comes_in_pieces),
		TEST(test_body__is_waited_for),
		TEST(test_body__takes_too_long),
		TEST(test_body__is_refused),
		TEST(test_body__the_answer_comes_later),
		TEST(test_body__the_answer_survives_the_connection),
		TEST(test_body__who_leaves_meanwhile_is_noticed),
		TEST(test_body__who_was_answered_is_not_missed),
		TEST(test_body__what_is_said_meanwhile_has_a_limit),
		TEST(test_body__who_waits_is_not_half_open),
		TEST(test_body__so_many_may_wait),
		TEST(test_body__the_answer_takes_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
