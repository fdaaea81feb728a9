/* Cookies: who proved it once on a connection need not again. */
#include "door.h"

#define COOKIE "0123456789abcdef0123456789abcdef"

static void with_cookie(struct door *d, const char *cookie,
			const char *method)
{
	peer_deinit(&d->peer);
	peer_init(&d->peer, &d->room);
	snprintf(d->peer.session->link.cookie, COOKIE_SIZE, "%s", cookie);
	say(&d->peer, "[1,'realm1',{" ALL_ROLES ",'authmethods':['%s'],"
		      "'authid':'kim'}]", method);
}

static void cookie_door(struct door *d)
{
	door_open(d, AUTHN_TICKET);
	d->kim.secret = (char *)"s3cret";
	d->room.authn.ways[AUTHN_COOKIE].on = true;
	d->room.authn.cookie_ms = 60000;
}

#define NOT_BY_COOKIE "[3,*'wamp.error.no_matching_auth_method']"

static void test_authn__a_cookie_is_who_proved_it(void **state)
{
	struct door d;

	(void)state;
	cookie_door(&d);
	with_cookie(&d, COOKIE, "cookie");
	hears(&d.peer, NOT_BY_COOKIE);
	with_cookie(&d, COOKIE, "ticket");
	hears(&d.peer, "[4,'ticket',{}]");
	say(&d.peer, "[5,'s3cret',{}]");
	hears(&d.peer, "[2,*");
	with_cookie(&d, COOKIE, "cookie");
	hears(&d.peer, "[2,*'authid':'kim','authrole':'keeper',"
		       "'authmethod':'cookie'*");
	with_cookie(&d, "1" COOKIE, "cookie");
	hears(&d.peer, NOT_BY_COOKIE);
	with_cookie(&d, "", "cookie");
	hears(&d.peer, NOT_BY_COOKIE);
	room_wait(&d.room, 60000);
	with_cookie(&d, COOKIE, "cookie");
	hears(&d.peer, NOT_BY_COOKIE);
	door_close(&d);
}

static void test_authn__a_failed_proof_gives_a_cookie_nothing(void **state)
{
	struct door d;

	(void)state;
	cookie_door(&d);
	with_cookie(&d, COOKIE, "ticket");
	hears(&d.peer, "[4,'ticket',{}]");
	say(&d.peer, "[5,'wrong',{}]");
	hears(&d.peer, DENIED);
	with_cookie(&d, COOKIE, "cookie");
	hears(&d.peer, NOT_BY_COOKIE);
	door_close(&d);
}

static void test_authn__anonymous_gives_a_cookie_nothing(void **state)
{
	struct door d;

	(void)state;
	cookie_door(&d);
	d.room.authn.anonymous_role = (char *)"guest";
	with_cookie(&d, COOKIE, "anonymous");
	hears(&d.peer, "[2,*");
	with_cookie(&d, COOKIE, "cookie");
	hears(&d.peer, NOT_BY_COOKIE);
	door_close(&d);
}

static void test_authn__the_number_of_cookies_has_a_limit(void **state)
{
	struct cookies c;
	char text[COOKIE_SIZE];

	(void)state;
	cookies_init(&c);
	for (unsigned i = 0; i < COOKIES_MAX + 1; i++) {
		snprintf(text, sizeof text, "%032x", i);
		cookies_keep(&c, text, "r", "a", "b", 0, 1000);
	}
	assert_int_equal(c.count, COOKIES_MAX);
	assert_true(cookies_known(&c, text, "r", 1));
	assert_false(cookies_known(&c, text, "other", 1));
	snprintf(text, sizeof text, "%032x", 0);
	assert_false(cookies_known(&c, text, "r", 1));
	assert_false(cookies_known(&c, text, "r", 1000));
	assert_int_equal(c.count, 0);
	cookies_deinit(&c);
}

static void test_authn__cookies_are_read_and_written(void **state)
{
	char text[COOKIE_SIZE];
	struct buf out;

	(void)state;
	assert_true(cookie_read(bytes_str("a=b; cbtid=" COOKIE "; c=d"),
				text));
	assert_string_equal(text, COOKIE);
	assert_false(cookie_read(bytes_str("cbtid=" COOKIE "0"), text));
	assert_false(cookie_read(bytes_str("xcbtid=" COOKIE), text));
	assert_false(cookie_read(bytes_str("cbtid=0;"), text));
	assert_false(cookie_read(bytes_str(""), text));
	buf_init(&out);
	assert_int_equal(cookie_write(&out, COOKIE, 5000, true), 0);
	buf_add_u8(&out, 0);
	assert_string_equal((const char *)out.data,
			    "Set-Cookie: cbtid=" COOKIE "; HttpOnly; "
			    "SameSite=Strict; Path=/; Max-Age=5; Secure\r\n");
	buf_deinit(&out);
}

/* A text that nobody proved anything with is not taken over. */
static void test_authn__a_cookie_can_not_be_laid_under_somebody(void **state)
{
	char text[COOKIE_SIZE], again[COOKIE_SIZE];
	struct buf out;
	struct door d;

	(void)state;
	buf_init(&out);
	door_open(&d, AUTHN_COOKIE);
	assert_int_equal(cookie_open(&d.room.router.cookies,
				     &d.room.router.turn,
				     bytes_str("cbtid=" COOKIE), 1000, false,
				     &out, text), 0);
	assert_string_not_equal(text, COOKIE);
	assert_true(out.len > 0);
	buf_clear(&out);
	cookies_keep(&d.room.router.cookies, COOKIE, "r", "a", "b",
		     d.room.now_ms, 1000);
	assert_int_equal(cookie_open(&d.room.router.cookies,
				     &d.room.router.turn,
				     bytes_str("cbtid=" COOKIE), 1000, false,
				     &out, again), 0);
	assert_string_equal(again, COOKIE);
	assert_int_equal(out.len, 0);
	buf_deinit(&out);
	door_close(&d);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_authn__a_cookie_is_who_proved_it),
		cmocka_unit_test(test_authn__a_failed_proof_gives_a_cookie_nothing),
		cmocka_unit_test(test_authn__anonymous_gives_a_cookie_nothing),
		cmocka_unit_test(test_authn__the_number_of_cookies_has_a_limit),
		cmocka_unit_test(test_authn__cookies_are_read_and_written),
		cmocka_unit_test(test_authn__a_cookie_can_not_be_laid_under_somebody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
