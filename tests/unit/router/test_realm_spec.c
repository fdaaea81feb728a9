/* Realms: the same names in two of them are two things, and nothing crosses.
 * Spec: "Realms" (basic); "Session Meta API", "Registration Meta API"
 * (advanced): events and procedures are of the realm. */
#include "room.h"

typedef unsigned long long ull;

struct house {
	struct room room;
	struct realm_config realms[2];
	struct peer one, other, guest; /* one and guest: of realm1 */
};

static void join_realm(struct peer *p, struct room *room, const char *realm)
{
	peer_init(p, room);
	say(p, "[1,'%s',{" ALL_ROLES "}]", realm);
	hears(p, "[2,*");
}

static void house_init(struct house *h)
{
	struct router_config config = { .realms = h->realms, .realm_count = 2,
					.random = room_random,
					.random_ctx = &h->room };

	room_init_with(&h->room, NULL, 0);
	h->realms[0] = h->realms[1] = h->room.realm;
	h->realms[1].name = (char *)"realm2";
	for (unsigned i = 0; i < ROOM_ROLES; i++)
		assert_int_equal(access_seal(&h->room.roles[i].access), 0);
	assert_int_equal(router_init(&h->room.router, &config), 0);
	router_set_time(&h->room.router, 1000, 1700000000000);
	join_realm(&h->one, &h->room, "realm1");
	join_realm(&h->guest, &h->room, "realm1");
	join_realm(&h->other, &h->room, "realm2");
}

static void house_deinit(struct house *h)
{
	peer_deinit(&h->one);
	peer_deinit(&h->guest);
	peer_deinit(&h->other);
	room_deinit(&h->room);
}

static void test_realm__procedures(void **state)
{
	struct house h;
	ull id;

	(void)state;
	house_init(&h);
	id = peer_register(&h.one, 1, "", "a.b");
	say(&h.other, "[48,1,{},'a.b']");
	hears(&h.other, "[8,48,1,{},'wamp.error.no_such_procedure']");
	say(&h.other, "[66,2,%llu]", id);
	hears(&h.other, "[8,66,2,{},'wamp.error.no_such_registration']");
	peer_register(&h.other, 3, "", "a.b"); /* single in each */
	say(&h.guest, "[48,1,{},'a.b',[1]]");
	hears(&h.one, "[68,1,*,{},[1]]");
	hears_nothing(&h.other);
	say(&h.other, "[48,4,{},'a.b',[2]]");
	hears(&h.other, "[68,1,*,{},[2]]");
	hears_nothing(&h.one);
	house_deinit(&h);
}

static void test_realm__topics(void **state)
{
	struct house h;

	(void)state;
	house_init(&h);
	say(&h.guest, "[32,1,{'match':'prefix'},'a']");
	say(&h.other, "[32,1,{'match':'prefix'},'a']");
	hears(&h.guest, "[33,*");
	hears(&h.other, "[33,*");
	say(&h.one, "[16,1,{'retain':true},'a.b',[1]]");
	hears(&h.guest, "[36,*,*,{'topic':'a.b'},[1]]");
	say(&h.other, "[32,2,{'get_retained':true},'a.b']");
	hears(&h.other, "[33,*");
	hears_nothing(&h.other);
	house_deinit(&h);
}

static void test_realm__meta_procedures(void **state)
{
	struct house h;
	char want[96];
	ull id;

	(void)state;
	house_init(&h);
	id = peer_register(&h.one, 1, "", "a.b");
	say(&h.other, "[48,1,{},'wamp.session.list']");
	snprintf(want, sizeof want, "[50,1,{},[[%llu]]]",
		 (ull)h.other.session->id);
	hears(&h.other, want);
	say(&h.other, "[48,2,{},'wamp.session.get',[%llu]]",
	    (ull)h.one.session->id);
	hears(&h.other, "[8,48,2,{},'wamp.error.no_such_session'*");
	say(&h.other, "[48,3,{},'wamp.session.kill',[%llu]]",
	    (ull)h.one.session->id);
	hears(&h.other, "[8,48,3,{},'wamp.error.no_such_session'*");
	say(&h.other, "[48,4,{},'wamp.registration.get',[%llu]]", id);
	hears(&h.other, "[8,48,4,{},'wamp.error.no_such_registration'*");
	say(&h.other, "[48,5,{},'wamp.registration.match',['a.b']]");
	hears(&h.other, "[50,5,{},[null]]");
	assert_false(h.one.closed);
	house_deinit(&h);
}

/* Of joining, registering and leaving. */
static void test_realm__meta_events(void **state)
{
	struct house h;

	(void)state;
	house_init(&h);
	say(&h.other, "[32,1,{'match':'prefix'},'wamp.']");
	say(&h.guest, "[32,1,{'match':'prefix'},'wamp.registration.']");
	hears(&h.other, "[33,*");
	hears(&h.guest, "[33,*");
	peer_register(&h.one, 1, "", "a.b");
	hears(&h.guest, "[36,*,*,{'topic':'wamp.registration.on_create'},*");
	hears(&h.guest, "[36,*,*,{'topic':'wamp.registration.on_register'},*");
	peer_lose(&h.one);
	hears(&h.guest,
	      "[36,*,*,{'topic':'wamp.registration.on_unregister'},*");
	hears(&h.guest, "[36,*,*,{'topic':'wamp.registration.on_delete'},*");
	hears_nothing(&h.other);
	house_deinit(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_realm__procedures),
		cmocka_unit_test(test_realm__topics),
		cmocka_unit_test(test_realm__meta_procedures),
		cmocka_unit_test(test_realm__meta_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
