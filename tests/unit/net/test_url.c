/* What is a router's URL, and what is not. */
#include <string.h>

#include "net_test.h"

static void accepts(const char *text, enum url_scheme scheme, const char *host,
		    unsigned port, const char *path)
{
	struct why why = { "" };
	struct url u;

	if (url_parse(text, &u, &why))
		fail_msg("%s", why.text);
	assert_int_equal(u.scheme, scheme);
	assert_string_equal(u.host, host);
	assert_int_equal(u.port, port);
	assert_string_equal(u.path, path);
}

static void test_url__accepts(void **state)
{
	(void)state;
	accepts("ws://127.0.0.1:8080/ws", URL_WS, "127.0.0.1", 8080, "/ws");
	accepts("ws://localhost:0/", URL_WS, "localhost", 0, "/");
	accepts("ws://localhost:8080", URL_WS, "localhost", 8080, "/ws");
	accepts("ws://a.example/x?y=1", URL_WS, "a.example", 80, "/x?y=1");
	accepts("wss://a.example/ws", URL_WSS, "a.example", 443, "/ws");
	accepts("ws://[::1]:65535/ws", URL_WS, "::1", 65535, "/ws");
	accepts("rs://10.0.0.1:9000", URL_RS, "10.0.0.1", 9000, "");
	accepts("rss://10.0.0.1:9000", URL_RSS, "10.0.0.1", 9000, "");
	accepts("unix:///run/x y.sock", URL_UNIX, "", 0, "/run/x y.sock");
}

static void test_url__refuses(void **state)
{
	static const char *const bad[] = {
		"",
		"localhost:8080",
		"http://localhost:8080/ws",
		"ws:/localhost",
		"ws://",
		"ws://:8080/ws",
		"ws://host:/ws",
		"ws://host:65536/ws",
		"ws://host:-1/ws",
		"ws://host:80x/ws",
		"ws://host:8080ws",
		"ws://[::1:80/ws",
		"ws://[]:80/ws",
		"ws://[localhost]:80/ws",
		"ws://me@host:80/ws",
		"ws://host:80/a b",
		"ws://host:80/a\r\nX: y",
		"ws://host:80/#here",
		"ws://h\x01st:80/",
		"rs://host",
		"unix://relative",
	};
	struct why why;
	struct url u;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		why.text[0] = '\0';
		if (!url_parse(bad[i], &u, &why))
			fail_msg("accepted: %s", bad[i]);
		assert_non_null(strstr(why.text, "accepted"));
	}
}

static void test_url__long_parts_are_refused(void **state)
{
	char text[2000] = "ws://";
	struct url u;

	(void)state;
	memset(text + 5, 'h', 300);
	strcpy(text + 305, ":80/");
	assert_int_equal(url_parse(text, &u, NULL), ERR_USAGE);
	strcpy(text, "ws://h:80/");
	memset(text + 10, 'p', 600);
	text[610] = '\0';
	assert_int_equal(url_parse(text, &u, NULL), ERR_USAGE);
}

static void test_url__is_local(void **state)
{
	static const struct {
		const char *text;
		bool local;
	} cases[] = {
		{ "ws://127.0.0.1:1/", true },
		{ "ws://127.255.0.9:1/", true },
		{ "ws://[::1]:1/", true },
		{ "ws://LocalHost:1/", true },
		{ "unix:///x", true },
		{ "ws://127.example.org:1/", false },
		{ "ws://128.0.0.1:1/", false },
		{ "ws://localhost.example.org:1/", false },
		{ "ws://[::2]:1/", false },
	};
	struct url u;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(url_parse(cases[i].text, &u, NULL), 0);
		assert_int_equal(url_is_local(&u), cases[i].local);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_url__accepts),
		cmocka_unit_test(test_url__refuses),
		cmocka_unit_test(test_url__long_parts_are_refused),
		cmocka_unit_test(test_url__is_local),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
