/* TLS between dial and server, in one loop: who is believed, who is told
 * what, and who speaks none. */
#include <sys/socket.h>

#include "caller.h"
#include "fixture.h"
#include "net/transport_state.h"
#include "tls_test.h"

/* The two sides' certificates and whom they trust. */
static void set_up(struct world *w, const char *name, const char *ca)
{
	world_init(w);
	w->config.tls = make_tls(true, name, ca);
	world_start(w);
}

static void tear_down(struct world *w)
{
	world_free(w);
	tls_free(w->config.tls);
}

static void dial_up(struct caller *c, struct world *w, const char *scheme,
		    const char *host, struct tls *tls)
{
	char text[64];
	struct url url;

	snprintf(text, sizeof text, "%s://%s:%u", scheme, host, w->url.port);
	assert_int_equal(url_parse(text, &url, NULL), 0);
	strcpy(url.path, "/ws");
	caller_dial(c, w, &url, &serializer_msgpack, tls);
}

/* --- who is believed ----------------------------------------------------- */

static void test_tls__echo_of_all_lengths(void **state)
{
	static const size_t lengths[] = { 0,	 1,	16383, 16384,
					  16385, 65535, 70000, 1 << 20 };
	char *data = malloc(1 << 20);

	(void)state;
	assert_non_null(data);
	for (size_t i = 0; i < 1 << 20; i++)
		data[i] = (char)(i * 7);
	for (int raw = 0; raw < 2; raw++) {
		struct tls *tls = make_tls(false, NULL, "good");
		struct world w;
		struct caller c;

		set_up(&w, "server", NULL);
		dial_up(&c, &w, raw ? "rss" : "wss", "127.0.0.1", tls);
		assert_string_equal(c.why, "");
		for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
			caller_echo(&c, data, lengths[i]);
		assert_true(transport_is_secure(c.t));
		assert_true(transport_is_secure(w.sessions[0].t));
		assert_null(transport_client_cert(w.sessions[0].t));
		caller_hang_up(&c);
		tear_down(&w);
		tls_free(tls);
	}
	free(data);
}

/* `wanted`: in the reason; NULL: it is believed. */
static void expect(const char *server, const char *host, const char *ca,
		   const char *wanted)
{
	struct tls *tls = make_tls(false, NULL, ca);
	struct world w;
	struct caller c;

	set_up(&w, server, NULL);
	dial_up(&c, &w, "wss", host, tls);
	assert_int_equal(c.connected, wanted == NULL);
	if (wanted && !strstr(c.why, wanted))
		fail_msg("%s at %s: %s", server, host, c.why);
	caller_hang_up(&c);
	until(&w, world_is_quiet, &w);
	tear_down(&w);
	tls_free(tls);
}

static void test_tls__a_server_is_who_its_certificate_says(void **state)
{
	(void)state;
	expect("server", "localhost", "good", NULL);
	expect("server", "127.0.0.1", "good", NULL);
	expect("server", "localhost", "other", "its certificate: unable to");
	expect("server", "localhost", NULL, "its certificate: unable to");
	expect("away", "localhost", "good", "ostname mismatch");
	expect("away", "127.0.0.1", "good", "IP address mismatch");
}

/* Who shows `name`'s certificate to a server that asks for good's. */
static void knock(struct world *w, struct caller *c, struct tls **tls,
		  const char *name)
{
	*tls = make_tls(false, name, "good");
	set_up(w, "server", "good");
	dial_up(c, w, "wss", "localhost", *tls);
}

static void test_tls__a_client_shows_a_certificate(void **state)
{
	char path[64], sha1[60] = "";
	const struct tls_cert *cert;
	struct world w;
	struct caller c;
	struct tls *tls;
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/kim.sha1", certs);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(sha1, sizeof sha1, f));
	fclose(f);
	knock(&w, &c, &tls, "kim");
	assert_true(c.connected);
	cert = transport_client_cert(w.sessions[0].t);
	assert_non_null(cert);
	assert_string_equal(cert->cn, "kim");
	assert_int_equal(strlen(cert->sha1), 59);
	assert_memory_equal(cert->sha1, sha1, 59);
	assert_int_equal(strlen(cert->sha256), 95);
	caller_hang_up(&c);
	tear_down(&w);
	tls_free(tls);
}

static void test_tls__a_client_may_show_none_but_no_strangers(void **state)
{
	struct world w;
	struct caller c;
	struct tls *tls;

	(void)state;
	knock(&w, &c, &tls, NULL);
	assert_true(c.connected);
	assert_null(transport_client_cert(w.sessions[0].t));
	caller_hang_up(&c);
	tear_down(&w);
	tls_free(tls);

	knock(&w, &c, &tls, "eve");
	assert_true(c.failed);
	assert_int_equal(w.session_count, 0);
	caller_hang_up(&c);
	until(&w, world_is_quiet, &w);
	tear_down(&w);
	tls_free(tls);
}

/* Connections outlive what they were made of. */
static void test_tls__a_reload_is_for_new_connections(void **state)
{
	struct tls *tls = make_tls(false, NULL, "good");
	char script[256];
	struct why why;
	struct world w;
	struct caller c, later;

	(void)state;
	set_up(&w, "server", NULL);
	dial_up(&c, &w, "wss", "localhost", tls);
	assert_true(c.connected);
	snprintf(script, sizeof script,
		 "cd %s && cp server.pem was.pem && cp other.pem server.pem",
		 certs);
	assert_int_equal(system(script), 0);
	assert_int_equal(tls_reload(w.config.tls, &why), ERR_USAGE);
	assert_non_null(strstr(why.text, "not the key of the certificate"));
	caller_echo(&c, "still", 5);
	dial_up(&later, &w, "wss", "localhost", tls);
	assert_true(later.connected); /* with the one before */
	caller_hang_up(&later);
	snprintf(script, sizeof script, "cd %s && mv was.pem server.pem",
		 certs);
	assert_int_equal(system(script), 0);
	assert_int_equal(tls_reload(w.config.tls, &why), 0);
	caller_echo(&c, "and still", 9);
	tls_free(tls); /* of a connection that is open */
	caller_echo(&c, "for good", 8);
	caller_hang_up(&c);
	tear_down(&w);
}

/* --- who speaks none ----------------------------------------------------- */

static void test_tls__other_words_are_closed(void **state)
{
	static const char *const words[] = {
		"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n",
		"\x7f\xf1\xff\xff", "\x16\x03\x01\xff\xff\xff\xff",
	};
	struct world w;
	struct raw r;

	(void)state;
	set_up(&w, "server", NULL);
	for (unsigned i = 0; i < 3; i++) {
		raw_connect(&r, &w);
		raw_text(&r, words[i]);
		if (i == 1) /* less than a record's head */
			raw_text(&r, "more");
		raw_expect_end(&r);
		assert_true(r.in.len <= 7); /* an alert at most */
		raw_close(&r);
	}
	until(&w, world_is_quiet, &w);
	assert_int_equal(w.requests, 0);
	tear_down(&w);
}

static void test_tls__half_a_handshake_has_its_time(void **state)
{
	struct world w;
	struct raw r;

	(void)state;
	world_init(&w);
	w.config.tls = make_tls(true, "server", NULL);
	w.config.head_ms = 30;
	world_start(&w);
	raw_connect(&r, &w);
	raw_send(&r, "\x16\x03\x01\x02\x00\x01", 6);
	raw_expect_end(&r);
	raw_close(&r);
	until(&w, world_is_quiet, &w);
	tear_down(&w);
}

/* --- the end ------------------------------------------------------------- */

static bool is_gone(void *ctx)
{
	return ((struct session *)ctx)->closed;
}

/* What it says of the other side's end. */
static void end_how(const char *scheme, bool cut, const char *wanted)
{
	struct tls *tls = make_tls(false, NULL, "good");
	struct world w;
	struct caller c;
	uv_os_fd_t fd;

	set_up(&w, "server", NULL);
	dial_up(&c, &w, scheme, "127.0.0.1", tls);
	caller_echo(&c, "still here", 10);
	if (cut) {
		assert_int_equal(uv_fileno((uv_handle_t *)stream_uv(
						   c.t->stream), &fd), 0);
		assert_int_equal(shutdown(fd, SHUT_WR), 0);
	} else {
		transport_close(c.t, 1000, "done");
	}
	until(&w, is_gone, &w.sessions[0]);
	assert_string_equal(w.sessions[0].why, wanted);
	caller_hang_up(&c);
	tear_down(&w);
	tls_free(tls);
}

static void test_tls__a_cut_is_told_from_an_end(void **state)
{
	(void)state;
	end_how("rss", false, "the peer closed it");
	end_how("rss", true, "it was cut: TLS was not ended before");
	end_how("wss", true, "it was cut: TLS was not ended before");
}

/* --- who does not read --------------------------------------------------- */

/* What waits in TLS's layer counts as output. */
static void test_tls__a_slow_reader_is_cut_by_output_max(void **state)
{
	static char big[50000];
	struct tls *tls = make_tls(false, NULL, "good");
	struct world w;
	struct caller c;
	size_t sent = 0;
	int err = 0;

	(void)state;
	world_init(&w);
	w.config.tls = make_tls(true, "server", NULL);
	w.config.limits.output_max = 200000;
	world_start(&w);
	dial_up(&c, &w, "wss", "localhost", tls);
	assert_true(c.connected);
	transport_pause(c.t);
	while (!err && sent < 64u << 20) {
		err = transport_send(w.sessions[0].t,
				     bytes_of(big, sizeof big));
		sent += sizeof big;
		turn(&w);
		if (!err)
			assert_true(transport_output(w.sessions[0].t) <
				    (8u << 20));
	}
	assert_int_equal(err, ERR_LIMIT);
	until(&w, is_session_closed, &w);
	transport_resume(c.t);
	caller_hang_up(&c);
	tear_down(&w);
	tls_free(tls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls__echo_of_all_lengths),
		cmocka_unit_test(test_tls__a_server_is_who_its_certificate_says),
		cmocka_unit_test(test_tls__a_client_shows_a_certificate),
		cmocka_unit_test(
			test_tls__a_client_may_show_none_but_no_strangers),
		cmocka_unit_test(test_tls__a_reload_is_for_new_connections),
		cmocka_unit_test(test_tls__other_words_are_closed),
		cmocka_unit_test(test_tls__half_a_handshake_has_its_time),
		cmocka_unit_test(test_tls__a_cut_is_told_from_an_end),
		cmocka_unit_test(test_tls__a_slow_reader_is_cut_by_output_max),
	};

	return cmocka_run_group_tests(tests, make_certs, remove_certs);
}
