/* Pages, the join URL and Origins, without a socket. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "folder.h"

#include "router/qr.h"
#include "router/web.h"

static void web_with_pages(struct web *w)
{
	struct why why;
	char deep[128];

	snprintf(deep, sizeof deep, "%s/deep", dir);
	mkdir(deep, 0700);
	write_times("index.html", "<p>index</p>", 100);
	write_file("stage.html", "<p>stage</p>");
	write_file("host.html", "<p>host</p>");
	write_file(".secret", "hidden");
	write_file("worker.wasm", "\1\2\3");
	write_file("deep/a.js", "let a;");
	web_init(w);
	web_add_port(w, 8080, false);
	w->own_pages = true;
	assert_int_equal(files_load(&w->files, dir, &why), 0);
}

static struct http_response get(struct web *w, const char *path,
				const char *accept, const char *none_match)
{
	struct http_request q = {
		.path = bytes_str(path),
		.host = bytes_str("10.0.0.7:8080"),
		.accept_encoding = bytes_str(accept),
		.if_none_match = bytes_str(none_match),
		.peer = "10.0.0.9:1",
	};
	struct http_response r = { 0 };

	web_http(w, &q, &r);
	return r;
}

static void test_web__files_by_their_names(void **state)
{
	struct web w;
	struct http_response r;

	(void)state;
	web_with_pages(&w);
	r = get(&w, "/", "", "");
	assert_int_equal(r.status, 200);
	assert_string_equal(r.content_type, "text/html; charset=utf-8");
	assert_int_equal(r.body.len, 1200);
	r = get(&w, "/stage", "", "");
	assert_true(bytes_equal_str(r.body, "<p>stage</p>"));
	assert_string_equal(get(&w, "/worker.wasm", "", "").content_type,
			    "application/wasm");
	assert_int_equal(get(&w, "/deep/a.js", "", "").status, 200);
	assert_int_equal(get(&w, "/lab", "", "").status, 404);
	web_deinit(&w);
}

/* There is only the manifest: no path leads out of it. */
static void test_web__nothing_else_can_be_asked_for(void **state)
{
	static const char *const paths[] = {
		"/.secret", "/../etc/passwd", "/deep/../index.html", "/deep",
		"/deep/", "//index.html", "/index.html/", "/INDEX.html", "",
		"/etc/passwd",
	};
	struct web w;

	(void)state;
	web_with_pages(&w);
	for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++)
		assert_int_equal(get(&w, paths[i], "", "").status, 404);
	web_deinit(&w);
}

static void test_web__gzip_and_etag(void **state)
{
	struct web w;
	struct http_response r;
	char etag[64];

	(void)state;
	web_with_pages(&w);
	r = get(&w, "/", "br, gzip", "");
	assert_non_null(strstr(r.headers, "Content-Encoding: gzip\r\n"));
	assert_non_null(strstr(r.headers, "Vary: Accept-Encoding\r\n"));
	assert_true(r.body.len < 200);
	assert_int_equal(r.body.data[0], 0x1f);
	assert_int_equal(sscanf(strstr(r.headers, "ETag: "), "ETag: %63s",
				etag), 1);
	r = get(&w, "/", "gzip", etag);
	assert_int_equal(r.status, 304);
	assert_int_equal(r.body.len, 0);
	/* Not the same bytes, so not the same tag. */
	assert_int_equal(get(&w, "/", "", etag).status, 200);
	assert_null(strstr(get(&w, "/", "gzip;q=0", "").headers,
			   "Content-Encoding"));
	/* Too small to be worth it. */
	assert_null(strstr(get(&w, "/stage", "gzip", "").headers,
			   "Content-Encoding"));
	web_deinit(&w);
}

static void test_web__policy_names_the_host(void **state)
{
	struct web w;
	struct http_request q = { .path = bytes_str("/"),
				  .host = bytes_str("evil.com; script-src *") };
	struct http_response r;

	(void)state;
	web_with_pages(&w);
	r = get(&w, "/", "", "");
	assert_non_null(strstr(r.headers,
			       "connect-src 'self' ws://10.0.0.7:8080 "
			       "wss://10.0.0.7:8080\r\n"));
	web_http(&w, &q, &r);
	assert_null(strstr(r.headers, "evil"));
	assert_non_null(strstr(r.headers, "connect-src 'self'\r\n"));
	web_deinit(&w);
}

/* What a page of an operator's loads is the operator's to say. */
static void test_web__policy_is_for_our_own_pages(void **state)
{
	struct web_path path = { .type = PATH_STATIC, .path = "/more",
				 .text = dir };
	struct web w;
	struct why why;

	(void)state;
	web_with_pages(&w);
	assert_int_equal(web_load_paths(&w, &path, 1, &why), 0);
	assert_non_null(strstr(get(&w, "/stage", "", "").headers,
			       "Content-Security-Policy"));
	assert_string_equal(strtok((char *)get(&w, "/more/stage.html", "", "")
					   .headers, "\r\n"),
			    "X-Content-Type-Options: nosniff");
	assert_null(strstr(get(&w, "/more/stage.html", "", "").headers,
			   "Content-Security-Policy"));
	/* What is not there is said by us. */
	assert_non_null(strstr(get(&w, "/more/none.html", "", "").headers,
			       "Content-Security-Policy"));
	w.own_pages = false;
	assert_null(strstr(get(&w, "/stage", "", "").headers,
			   "Content-Security-Policy"));
	assert_non_null(strstr(get(&w, "/join.json", "", "").headers,
			       "Content-Security-Policy"));
	web_deinit(&w);
}

/* By ?router=, which stays in the pages' addresses. */
static void test_web__pages_of_another_router(void **state)
{
	struct web w;
	struct http_request q = { .path = bytes_str("/host"),
				  .query = bytes_str("router=ws://a/ws") };
	struct http_response r = { 0 };

	(void)state;
	web_with_pages(&w);
	w.router = "wss://r.example:1/ws";
	r = get(&w, "/", "", "");
	assert_int_equal(r.status, 302);
	assert_non_null(strstr(r.headers,
			       "Location: /?router=wss://r.example:1/ws\r\n"));
	assert_non_null(strstr(r.headers, " wss://r.example:1/ws\r\n"));
	web_http(&w, &q, &r);
	assert_true(bytes_equal_str(r.body, "<p>host</p>"));
	assert_null(strstr(r.headers, "ws://a/ws"));
	assert_int_equal(get(&w, "/join.json", "", "").status, 200);
	web_deinit(&w);
	assert_true(web_router_valid("ws://127.0.0.1:8080/ws"));
	assert_false(web_router_valid("http://a/"));
	assert_false(web_router_valid("ws://"));
	assert_false(web_router_valid("ws://a/ws;script-src"));
	assert_false(web_router_valid("ws://a/ws?x"));
}


static void test_web__join_url(void **state)
{
	struct web w;
	struct http_response r;

	(void)state;
	web_with_pages(&w);
	r = get(&w, "/join.json", "", "");
	assert_int_equal(r.status, 200);
	assert_true(r.copy);
	assert_memory_equal(r.body.data, "{\"url\":\"http://", 15);
	w.public_url = "https://hands.example/";
	r = get(&w, "/join.json", "", "");
	assert_true(bytes_equal_str(r.body,
		"{\"url\":\"https://hands.example/\"}\n"));
	r = get(&w, "/qr.svg", "", "");
	assert_string_equal(r.content_type, "image/svg+xml");
	assert_memory_equal(r.body.data, "<svg ", 5);
	web_deinit(&w);
}

static void test_web__origins(void **state)
{
	static char one[] = "https://more.example";
	char *origins[] = { one };
	struct web w;

	(void)state;
	web_init(&w);
	web_add_port(&w, 8080, false);
	w.public_url = "https://hands.example/join";
	w.origins = origins;
	w.origin_count = 1;
	assert_true(web_origin(&w, bytes_str("http://localhost:8080")));
	assert_true(web_origin(&w, bytes_str("http://127.0.0.1:8080")));
	assert_true(web_origin(&w, bytes_str("https://hands.example")));
	assert_true(web_origin(&w, bytes_str("https://more.example")));
	assert_false(web_origin(&w, bytes_str("http://localhost:8081")));
	assert_false(web_origin(&w, bytes_str("http://localhost")));
	assert_false(web_origin(&w, bytes_str("http://evil.example:8080")));
	assert_false(web_origin(&w, bytes_str("https://hands.example.evil")));
	assert_false(web_origin(&w, bytes_str("http://hands.example")));
	assert_false(web_origin(&w, bytes_str("null")));
	assert_false(web_origin(&w, bytes_str("")));
	/* All its ports are its own. */
	web_add_port(&w, 443, true);
	assert_true(web_origin(&w, bytes_str("https://localhost")));
	assert_true(web_origin(&w, bytes_str("http://localhost:8080")));
	/* By the scheme that is spoken there. */
	assert_false(web_origin(&w, bytes_str("http://localhost:443")));
	assert_false(web_origin(&w, bytes_str("https://localhost:8080")));
	assert_false(web_origin(&w, bytes_str("http://localhost")));
	assert_false(web_origin(&w, bytes_str("http://more.example")));
	assert_false(web_origin(&w, bytes_str("wss://localhost:443")));
	web_deinit(&w);
}

static bool allows(const char *pattern, const char *origin)
{
	char *origins[] = { (char *)pattern };
	struct web w;
	bool welcome;

	web_init(&w);
	web_add_port(&w, 8080, false);
	w.origins = origins;
	w.origin_count = 1;
	welcome = web_origin(&w, bytes_str(origin));
	web_deinit(&w);
	return welcome;
}

static void test_web__origins_with_stars(void **state)
{
	(void)state;
	assert_true(allows("*", "https://any.example:9"));
	assert_true(allows("*", "null"));
	assert_true(allows("https://*.a.example", "https://b.a.example"));
	assert_true(allows("https://*.a.example", "https://a.a.a.example"));
	assert_false(allows("https://*.a.example", "https://a.example"));
	assert_false(allows("https://*.a.example", "http://b.a.example"));
	assert_false(allows("https://*.a.example", "https://b.a.example:80"));
	assert_false(allows("https://*.a.example", "https://b.a.example.c"));
	assert_true(allows("http://a.example:*", "http://a.example:81"));
	assert_true(allows("http://a.example:*", "http://a.example"));
	assert_false(allows("http://a.example:*", "https://a.example"));
	assert_false(allows("http://a.example:*", "http://a.example.b"));
	assert_true(allows("*://a.example:443", "https://a.example"));
	assert_false(allows("*://a.example:443", "http://a.example"));
	assert_true(allows("http*://*a*:8*", "https://bab:81"));
	assert_false(allows("http*://*a*:8*", "https://bab:91"));
	/* Without one: the scheme's own port is not spelled out by pages. */
	assert_true(allows("https://a.example:443", "https://a.example"));
	assert_true(allows("http://a.example:80/", "http://a.example"));
	assert_false(allows("http://a.example:443", "http://a.example"));
	assert_false(allows("a.example", "http://a.example"));
}

static void test_web__public_urls(void **state)
{
	(void)state;
	assert_true(web_url_valid("http://a"));
	assert_true(web_url_valid("https://a.example:99/x?y"));
	assert_false(web_url_valid("ws://a"));
	assert_false(web_url_valid("http://"));
	assert_false(web_url_valid("http:///x"));
	assert_false(web_url_valid("http://a\"b"));
	assert_false(web_url_valid("http://a b"));
	assert_false(web_url_valid("a.example"));
}

/* A configured folder that is not there has no files; --web's is wanted. */
static void test_web__missing_folder(void **state)
{
	struct web_path path = { .type = PATH_STATIC, .path = "/more",
				 .text = "/nowhere/web" };
	struct files f;
	struct web w;
	struct why why = { "" };

	(void)state;
	files_init(&f);
	assert_int_equal(files_load(&f, "/nowhere/web", &why), ERR_NOT_FOUND);
	assert_non_null(strstr(why.text, "/nowhere/web"));
	web_init(&w);
	assert_int_equal(web_load_pages(&w, "/nowhere/web", &why), 0);
	assert_int_equal(web_load_paths(&w, &path, 1, &why), 0);
	assert_int_equal(get(&w, "/more/a", "", "").status, 404);
	web_deinit(&w);
}

/* Nothing is read, and yet it says what reading would. */
static void test_web__check_is_as_strict_as_reading(void **state)
{
	char text[200], good[64];
	struct files f;
	struct why checked = { "" }, read = { "" };
	int err;

	(void)state;
	snprintf(good, sizeof good, "%s/fine", dir);
	mkdir(good, 0700);
	assert_int_equal(files_check(good, &checked), 0);
	snprintf(text, sizeof text, "%s/fine/file", dir);
	close(open(text, O_CREAT, 0600));
	err = files_check(text, &checked);
	assert_int_equal(err, ERR_IO); /* no folder */
	files_init(&f);
	assert_int_equal(files_load(&f, text, &read), err);
	assert_string_equal(read.text, checked.text);
	snprintf(text, sizeof text, "%s/fine/lost", dir);
	assert_int_equal(symlink("nowhere", text), 0);
	err = files_check(good, &checked);
	assert_int_equal(err, ERR_IO); /* a link that leads nowhere */
	assert_int_equal(files_load(&f, good, &read), err);
	assert_string_equal(read.text, checked.text);
	unlink(text);
	/* A folder that is in itself has no end. */
	assert_int_equal(symlink(".", text), 0);
	err = files_check(good, &checked);
	assert_int_equal(err, ERR_LIMIT);
	assert_int_equal(files_load(&f, good, &read), err);
	assert_string_equal(read.text, checked.text);
}

/* A module in the middle of a finder pattern is dark, the margin is not. */
static void test_qr__is_drawn(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out);
	assert_int_equal(qr_svg(&out, "http://192.0.2.1:8080/"), 0);
	assert_int_equal(buf_add_u8(&out, 0), 0);
	assert_non_null(strstr((char *)out.data, "M4 4h7v1h-7z"));
	assert_null(strstr((char *)out.data, "M3 "));
	buf_deinit(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_web__files_by_their_names),
		cmocka_unit_test(test_web__nothing_else_can_be_asked_for),
		cmocka_unit_test(test_web__gzip_and_etag),
		cmocka_unit_test(test_web__policy_names_the_host),
		cmocka_unit_test(test_web__policy_is_for_our_own_pages),
		cmocka_unit_test(test_web__pages_of_another_router),
		cmocka_unit_test(test_web__join_url),
		cmocka_unit_test(test_web__origins),
		cmocka_unit_test(test_web__origins_with_stars),
		cmocka_unit_test(test_web__public_urls),
		cmocka_unit_test(test_web__missing_folder),
		cmocka_unit_test(test_web__check_is_as_strict_as_reading),
		cmocka_unit_test(test_qr__is_drawn),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
