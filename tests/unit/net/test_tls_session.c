/* tls_session without any socket: what one side has for the wire is given to
 * the other, whole or byte by byte, and allocations fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/base/fail_malloc.h"
#include "net/tls_session.h"
#include "tls_test.h"

enum { LONG_BYTES = 200000 };

struct side {
	struct tls_session *s;
	uint8_t *got; /* LONG_BYTES */
	size_t len;
	int err;
	struct why why;
};

struct pair {
	struct tls *server_tls, *client_tls;
	struct side server, client;
};

static void side_free(struct side *side)
{
	tls_session_free(side->s);
	free(side->got);
	*side = (struct side){ .s = NULL };
}

static bool side_start(struct side *side, struct tls *tls, const char *host)
{
	*side = (struct side){ .got = malloc(LONG_BYTES) };
	side->s = side->got ? tls_session_new(tls, host) : NULL;
	return side->s != NULL;
}

static bool start(struct pair *p)
{
	return side_start(&p->server, p->server_tls, NULL) &&
	       side_start(&p->client, p->client_tls, "localhost");
}

static void end(struct pair *p)
{
	side_free(&p->server);
	side_free(&p->client);
}

static void open_pair(struct pair *p)
{
	memset(p, 0, sizeof *p);
	p->server_tls = make_tls(true, "server", "good");
	p->client_tls = make_tls(false, "kim", "good");
	assert_true(start(p));
}

static void close_pair(struct pair *p)
{
	end(p);
	tls_free(p->server_tls);
	tls_free(p->client_tls);
}

static void take(struct side *to, struct bytes data)
{
	size_t len;

	if (to->err)
		return;
	tls_give(to->s, data);
	do {
		to->err = tls_take(to->s, to->got + to->len,
				   LONG_BYTES - to->len, &len, &to->why);
		to->len += len;
	} while (!to->err && len && to->len < LONG_BYTES);
}

/* All that waits, in pieces of at most `step` bytes. */
static bool carry(struct side *from, struct side *to, size_t step)
{
	struct buf *wire = tls_wire(from->s);
	struct buf moved = *wire;
	bool some = moved.len > 0;

	buf_init(wire);
	for (size_t at = 0; at < moved.len; at += step)
		take(to, bytes_of(moved.data + at,
				  moved.len - at < step ? moved.len - at
							: step));
	buf_deinit(&moved);
	return some;
}

static void talk(struct pair *p, size_t step)
{
	bool some = true;

	while (some) {
		some = carry(&p->client, &p->server, step);
		some = carry(&p->server, &p->client, step) || some;
	}
}

/* --- what is said -------------------------------------------------------- */

static void test_tls_session__in_pieces_of_any_length(void **state)
{
	static const size_t steps[] = { 1, 7, 1000, 16384, LONG_BYTES };
	static uint8_t data[LONG_BYTES];

	(void)state;
	for (size_t i = 0; i < LONG_BYTES; i++)
		data[i] = (uint8_t)(i * 31 + (i >> 8));
	for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct pair p;

		open_pair(&p);
		assert_false(tls_is_ready(p.client.s));
		talk(&p, steps[i]);
		assert_true(tls_is_ready(p.client.s));
		assert_true(tls_is_ready(p.server.s));
		assert_string_equal(tls_peer_cert(p.server.s)->cn, "kim");
		assert_string_equal(tls_peer_cert(p.client.s)->cn, "router");
		assert_int_equal(tls_put(p.client.s, bytes_of(data, LONG_BYTES)),
				 0);
		assert_int_equal(tls_put(p.server.s, bytes_str("short")), 0);
		talk(&p, steps[i]);
		assert_int_equal(p.server.len, LONG_BYTES);
		assert_memory_equal(p.server.got, data, LONG_BYTES);
		assert_int_equal(p.client.len, 5);
		close_pair(&p);
	}
}

static void test_tls_session__an_end_is_told_from_a_break(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	assert_false(tls_end(p.client.s)); /* nothing was begun */
	talk(&p, LONG_BYTES);
	assert_int_equal(tls_put(p.client.s, bytes_str("last")), 0);
	assert_true(tls_end(p.client.s));
	assert_false(tls_end(p.client.s)); /* no news */
	talk(&p, LONG_BYTES);
	assert_int_equal(p.server.err, ERR_CLOSED);
	assert_memory_equal(p.server.got, "last", 4);
	close_pair(&p);

	open_pair(&p);
	talk(&p, LONG_BYTES);
	assert_int_equal(tls_put(p.client.s, bytes_str("changed")), 0);
	tls_wire(p.client.s)->data[tls_wire(p.client.s)->len - 1] ^= 1;
	assert_int_equal(tls_put(p.client.s, bytes_str("more")), 0);
	(void)carry(&p.client, &p.server, LONG_BYTES);
	assert_int_equal(p.server.err, ERR_DENIED);
	assert_int_equal(p.server.len, 0);
	assert_true(tls_wire(p.server.s)->len > 0); /* it is told */
	assert_false(tls_is_ready(p.server.s));
	close_pair(&p);
}

/* A ClientHello of TLS 1.1 (RFC 4346, 7.4.1.2) with one suite and nothing
 * else is answered by the alert protocol_version. */
static void test_tls_session__nothing_before_1_2(void **state)
{
	static const uint8_t hello[50] = {
		0x16, 3, 1, 0, 45, 1, 0, 0, 41, 3, 2, /* then 32 of random */
		[43] = 0, 0, 2, 0xc0, 9, 1, 0,
	};
	struct pair p;

	(void)state;
	open_pair(&p);
	take(&p.server, bytes_of(hello, sizeof hello));
	assert_int_equal(p.server.err, ERR_DENIED);
	assert_int_equal(tls_wire(p.server.s)->len, 7);
	assert_int_equal(tls_wire(p.server.s)->data[0], 0x15);
	assert_int_equal(tls_wire(p.server.s)->data[6], 70);
	close_pair(&p);
}

/* --- memory -------------------------------------------------------------- */

/* OpenSSL allocates thousands of times: each of the first, then some. */
static size_t next(size_t n)
{
	return n < 100 ? n + 1 : n + 61;
}

/* Both ends of a connection: what was said, if all was well. */
static bool whole(struct pair *p)
{
	bool well = start(p);

	if (well)
		talk(p, LONG_BYTES);
	well = well && tls_is_ready(p->client.s) &&
	       tls_is_ready(p->server.s) &&
	       tls_put(p->client.s, bytes_str("hello")) == 0 &&
	       tls_put(p->server.s, bytes_str("and to you")) == 0;
	if (well) {
		talk(p, LONG_BYTES);
		(void)tls_peer_cert(p->server.s);
		(void)tls_end(p->client.s);
		talk(p, LONG_BYTES);
	}
	well = well && p->server.len == 5 && p->client.len == 10 &&
	       !memcmp(p->server.got, "hello", 5);
	end(p);
	return well;
}

static void test_tls_session__allocations_fail(void **state)
{
	struct pair p;
	size_t n = 1, tries = 0;
	bool hit = true;

	(void)state;
	open_pair(&p);
	end(&p);
	assert_true(whole(&p)); /* what OpenSSL makes once is there */
	while (hit) {
		fail_malloc_at(n);
		(void)whole(&p);
		hit = fail_malloc_off();
		n = next(n);
		if (++tries % 4 == 0)
			assert_true(whole(&p));
	}
	assert_true(n > 100);
	assert_true(whole(&p));
	close_pair(&p);
}

/* After it the files in use are the old ones. */
static void test_tls_session__a_reload_without_memory(void **state)
{
	struct pair p;
	struct why why;
	size_t n = 1, tries = 0;
	bool hit = true;

	(void)state;
	open_pair(&p);
	end(&p);
	assert_int_equal(tls_reload(p.server_tls, &why), 0);
	while (hit) {
		fail_malloc_at(n);
		(void)tls_reload(p.server_tls, &why);
		hit = fail_malloc_off();
		n = next(n);
		if (++tries % 4 == 0)
			assert_true(whole(&p));
	}
	assert_true(n > 100);
	assert_true(whole(&p));
	close_pair(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls_session__in_pieces_of_any_length),
		cmocka_unit_test(
			test_tls_session__an_end_is_told_from_a_break),
		cmocka_unit_test(test_tls_session__nothing_before_1_2),
		cmocka_unit_test(test_tls_session__allocations_fail),
		cmocka_unit_test(test_tls_session__a_reload_without_memory),
	};

	return cmocka_run_group_tests(tests, make_certs, remove_certs);
}
