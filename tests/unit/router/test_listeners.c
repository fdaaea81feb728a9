/* What listeners make of the configuration, before anything is opened. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "router/listeners.h"

static char host[] = "127.0.0.1", ws_path[] = "/ws", unix_path[] = "/tmp/r";

static void check_place(const struct transport_config *c,
			enum url_scheme scheme, const char *at_host,
			const char *path)
{
	struct url where;

	listener_locate(c, &where);
	assert_int_equal(where.scheme, scheme);
	assert_string_equal(where.host, at_host);
	assert_string_equal(where.path, path);
	assert_int_equal(where.port, c->port);
}

/* A port with a WebSocket is one of WebSockets; TLS makes it the secure one of
 * the two. */
static void test_listeners__where_an_endpoint_is(void **state)
{
	struct tls_files tls = { .key = "k" };
	struct transport_config c = { .interface = host, .port = 8080 };

	(void)state;
	check_place(&c, URL_RS, host, "");
	c.tls = &tls;
	check_place(&c, URL_RSS, host, "");
	c.ws_path = ws_path;
	check_place(&c, URL_WSS, host, "/ws");
	c.tls = NULL;
	check_place(&c, URL_WS, host, "/ws");
}

static void test_listeners__a_unix_socket_has_no_host(void **state)
{
	const struct transport_config c = { .unix_path = unix_path,
					    .ws_path = ws_path };

	(void)state;
	check_place(&c, URL_UNIX, "", unix_path);
}

static void check_subprotocols(unsigned speaks, const char *const *wanted)
{
	const char *out[SUBPROTOCOLS_MAX + 1];
	unsigned i;

	listener_subprotocols(speaks, out);
	for (i = 0; wanted[i]; i++) {
		assert_non_null(out[i]);
		assert_string_equal(out[i], wanted[i]);
	}
	assert_null(out[i]);
}

/* The order is the one in which they are picked. */
static void test_listeners__subprotocols_best_first(void **state)
{
	static const char *const all[] = {
		"wamp.2.msgpack", "wamp.2.msgpack.batched",
		"wamp.2.cbor",	  "wamp.2.cbor.batched",
		"wamp.2.json",	  "wamp.2.json.batched",
		NULL,
	};
	static const char *const json[] = { "wamp.2.json",
					    "wamp.2.json.batched", NULL };
	static const char *const none[] = { NULL };

	(void)state;
	check_subprotocols(SPEAKS_ALL, all);
	check_subprotocols(SPEAKS_JSON, json);
	check_subprotocols(0, none);
}

/* One promise is made to all, before it is known who comes. */
static void test_listeners__the_largest_message_of_any_role(void **state)
{
	struct role roles[2] = { { .limits = limits_default },
				 { .limits = limits_default } };
	struct realm_config realms[2] = { { .roles = roles, .role_count = 1 },
					  { .roles = roles,
					    .role_count = 2 } };
	const struct config c = { .realms = realms, .realm_count = 2 };
	const struct config empty = { .realm_count = 0 };
	struct transport_config at = { .port = 0 };

	(void)state;
	assert_int_equal(listener_message_max(&empty, &at),
			 limits_joining.message_bytes);
	roles[1].limits.message_bytes = 5000000;
	assert_int_equal(listener_message_max(&c, &at), 5000000);
	roles[0].limits.message_bytes = 6000000;
	assert_int_equal(listener_message_max(&c, &at), 6000000);
	at.limits.message_bytes = 7000000;
	assert_int_equal(listener_message_max(&c, &at), 6000000);
	at.limits.message_bytes = 1000;
	assert_int_equal(listener_message_max(&c, &at), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listeners__where_an_endpoint_is),
		cmocka_unit_test(test_listeners__a_unix_socket_has_no_host),
		cmocka_unit_test(test_listeners__subprotocols_best_first),
		cmocka_unit_test(
			test_listeners__the_largest_message_of_any_role),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
