/* Requests that have a body, and answers that come later. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http.h"
#include "net/loop_private.h"
#include "net/server_private.h"
#include "net_test.h"

enum { BODY_MAX = 100000 };

struct fixture {
	struct world w; /* the first: the callbacks' ctx */
	struct raw r;
	struct http_later *later;
	struct http_later *laters[4]; /* all of them */
	unsigned later_count, gone;
	char body[64];
	size_t body_bytes;
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
	((struct fixture *)ctx)->gone++;
}

static void on_http(void *ctx, const struct http_request *request,
		    struct http_response *response)
{
	struct fixture *f = ctx;

	f->w.requests++;
	f->body_bytes = request->body.len;
	snprintf(f->body, sizeof f->body, "%s %.*s %.*s",
		 request->post      ? "post"
		 : request->options ? "options"
				    : "get",
		 (int)request->content_type.len,
		 request->content_type.data ?
			 (const char *)request->content_type.data : "",
		 request->body.len < 40 ? (int)request->body.len : 0,
		 request->body.data ? (const char *)request->body.data : "");
	if (bytes_equal_str(request->path, "/post/later")) {
		f->later = http_later(request, on_gone, f);
		if (f->later)
			f->laters[f->later_count++ % 4] = f->later;
		else
			*response = full;
	} else if (bytes_equal_str(request->path, "/post/now")) {
		http_answer(http_later(request, on_gone, f), &well);
	} else {
		*response = well;
	}
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	world_init(&f->w);
	f->w.config.http = on_http;
	f->w.config.body_max = body_max;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	raw_close(&f->r);
	world_free(&f->w);
	free(f);
	return 0;
}

static void open_raw(struct fixture *f)
{
	world_start(&f->w);
	raw_connect(&f->r, &f->w);
}

static void test_body__comes_whole(void **state)
{
	struct fixture *f = *state;

	open_raw(f);
	raw_text(&f->r, "POST /post HTTP/1.1\r\nHost: x\r\n"
			"Content-Type: text/x\r\nContent-Length: 5\r\n\r\n"
			"helloGET /post HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_status(&f->r, 200);
	raw_expect_status(&f->r, 200);
	assert_int_equal(f->w.requests, 2);
	assert_string_equal(f->body, "get  ");
	raw_text(&f->r, "PUT /post HTTP/1.1\r\nHost: x\r\n"
			"Content-Length: 2\r\n\r\nhi");
	raw_expect_status(&f->r, 200);
	assert_string_equal(f->body, "post  hi");
	raw_text(&f->r, "OPTIONS /post HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_status(&f->r, 200);
	assert_string_equal(f->body, "options  ");
}

static void test_body__comes_in_pieces(void **state)
{
	static char piece[1001];
	struct fixture *f = *state;

	memset(piece, 'x', 1000);
	open_raw(f);
	raw_text(&f->r, "POST /post HTTP/1.1\r\nHost: x\r\n"
			"Content-Length: 100000\r\n\r");
	for (int i = 0; i < 10; i++)
		turn(&f->w);
	raw_text(&f->r, "\n");
	for (int i = 0; i < 99; i++) {
		raw_text(&f->r, piece);
		turn(&f->w);
	}
	assert_int_equal(f->w.requests, 0);
	raw_text(&f->r, piece);
	raw_expect_status(&f->r, 200);
	assert_int_equal(f->body_bytes, BODY_MAX);
	/* And the connection goes on. */
	raw_text(&f->r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_status(&f->r, 200);
}

static void test_body__is_waited_for(void **state)
{
	struct fixture *f = *state;

	open_raw(f);
	raw_text(&f->r, "POST /post HTTP/1.1\r\nHost: x\r\n"
			"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	raw_expect_text(&f->r, "HTTP/1.1 100 Continue\r\n\r\n");
	buf_clear(&f->r.in);
	raw_text(&f->r, "hi");
	raw_expect_status(&f->r, 200);
	assert_string_equal(f->body, "post  hi");
}

static void test_body__takes_too_long(void **state)
{
	struct fixture *f = *state;

	f->w.config.head_ms = 30;
	open_raw(f);
	raw_text(&f->r, "POST /post HTTP/1.1\r\nHost: x\r\n"
			"Content-Length: 2\r\n\r\nh");
	raw_expect_status(&f->r, 408);
	raw_expect_end(&f->r);
	assert_int_equal(f->w.requests, 0);
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
	struct fixture *f = *state;

	world_start(&f->w);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		raw_connect(&f->r, &f->w);
		raw_text(&f->r, cases[i].head);
		raw_text(&f->r, "Host: x\r\n\r\n");
		raw_expect_status(&f->r, cases[i].status);
		raw_expect_end(&f->r);
		raw_close(&f->r);
	}
	assert_int_equal(f->w.requests, 0);
}

/* --- answers that come later --------------------------------------------- */

static bool has_later(void *ctx)
{
	return ((struct fixture *)ctx)->later != NULL;
}

static void ask_later(struct fixture *f)
{
	raw_text(&f->r, "POST /post/later HTTP/1.1\r\nHost: x\r\n"
			"Content-Length: 2\r\n\r\nhi");
	until(&f->w, has_later, f);
}

static void test_body__the_answer_comes_later(void **state)
{
	struct fixture *f = *state;

	open_raw(f);
	ask_later(f);
	raw_text(&f->r, "POST /post/now HTTP/1.1\r\nHost: x\r\n\r\n");
	for (int i = 0; i < 10; i++)
		turn(&f->w);
	assert_int_equal(f->w.requests, 1); /* one at a time */
	http_answer(f->later, &well);
	raw_expect_status(&f->r, 200);
	raw_expect_status(&f->r, 200);
	assert_int_equal(f->w.requests, 2);
}

static void test_body__the_answer_survives_the_connection(void **state)
{
	struct fixture *f = *state;

	open_raw(f);
	ask_later(f);
	server_stop(f->w.server);
	raw_expect_end(&f->r);
	assert_int_equal(f->gone, 1);
	http_answer(f->later, &well);
	assert_int_equal(f->r.in.len, 0);
}

static bool is_gone(void *ctx)
{
	return ((struct fixture *)ctx)->gone > 0;
}

static void test_body__who_leaves_meanwhile_is_noticed(void **state)
{
	struct fixture *f = *state;

	open_raw(f);
	ask_later(f);
	raw_text(&f->r, "GET / HTTP/1.1\r\n"); /* is kept, not answered */
	raw_close(&f->r);
	until(&f->w, is_gone, f);
	assert_int_equal(f->gone, 1);
	assert_int_equal(f->w.requests, 1);
	http_answer(f->later, &well);
	assert_int_equal(f->gone, 1);
}

static void test_body__who_was_answered_is_not_missed(void **state)
{
	struct fixture *f = *state;

	open_raw(f);
	ask_later(f);
	http_answer(f->later, &well);
	raw_expect_status(&f->r, 200);
	raw_close(&f->r);
	assert_int_equal(f->gone, 0);
}

/* Who talks on while its answer is waited for fills no memory; all that it
 * said is heard in the end. */
static void test_body__what_is_said_meanwhile_has_a_limit(void **state)
{
	static char gets[200 * 42 + 1];
	struct fixture *f = *state;

	for (size_t i = 0; i < 200; i++)
		memcpy(gets + i * 42, "GET /post HTTP/1.1\r\nHost: xxxxxxxxxx"
				      "xx\r\n\r\n", 42);
	open_raw(f);
	ask_later(f);
	for (int i = 0; i < 20; i++)
		raw_text(&f->r, gets);
	for (int i = 0; i < 200; i++)
		turn(&f->w);
	assert_int_equal(f->w.requests, 1);
	assert_true(TAILQ_FIRST(&f->w.server->waiting.all)->in.len <
		    HTTP_HEAD_MAX + LOOP_READ_BYTES);
	http_answer(f->later, &well);
	for (int i = 0; i < 1 + 20 * 200; i++)
		raw_expect_status(&f->r, 200);
	assert_int_equal(f->w.requests, 1 + 20 * 200);
}

static void test_body__who_waits_is_not_half_open(void **state)
{
	struct fixture *f = *state;
	struct raw others[3];

	f->w.config.half_open_max = 2;
	open_raw(f);
	ask_later(f);
	for (int i = 0; i < 3; i++)
		raw_connect(&others[i], &f->w);
	raw_expect_end(&others[0]);
	assert_false(f->r.ended);
	assert_int_equal(f->gone, 0);
	/* Answered, it is one of them again, and the youngest. */
	http_answer(f->later, &well);
	raw_expect_status(&f->r, 200);
	raw_expect_end(&others[1]);
	for (int i = 0; i < 3; i++)
		raw_close(&others[i]);
}

static void test_body__so_many_may_wait(void **state)
{
	struct fixture *f = *state;
	struct raw second, third;

	f->w.config.waiting_max = 2;
	open_raw(f);
	ask_later(f);
	f->later = NULL;
	raw_connect(&second, &f->w);
	raw_text(&second, "POST /post/later HTTP/1.1\r\nHost: x\r\n\r\n");
	until(&f->w, has_later, f);
	raw_connect(&third, &f->w);
	raw_text(&third, "POST /post/later HTTP/1.1\r\nHost: x\r\n\r\n");
	raw_expect_status(&third, 503);
	/* Who leaves makes room. */
	raw_close(&second);
	until(&f->w, is_gone, f);
	f->later = NULL;
	raw_text(&third, "POST /post/later HTTP/1.1\r\nHost: x\r\n\r\n");
	until(&f->w, has_later, f);
	for (unsigned i = 0; i < f->later_count; i++)
		http_answer(f->laters[i], &well);
	raw_expect_status(&third, 200);
	raw_close(&third);
}

static void test_body__the_answer_takes_too_long(void **state)
{
	struct fixture *f = *state;

	f->w.config.later_ms = 30;
	open_raw(f);
	ask_later(f);
	raw_expect_status(&f->r, 504);
	raw_expect_end(&f->r);
	assert_int_equal(f->gone, 1);
	http_answer(f->later, &well);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

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
