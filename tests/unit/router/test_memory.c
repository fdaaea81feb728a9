/* Each allocation of a router's day fails once: sessions may be refused or
 * end, nothing leaks, nothing breaks, and the next ones are served. */
#include "tests/unit/base/fail_malloc.h"

#include "room.h"

enum { ACTORS = 4 };

/* The fake connection's own memory must not fail: it counts only. */
static int quiet_send(void *ctx, struct bytes message)
{
	(void)message;
	return ((struct peer *)ctx)->closed ? ERR_CLOSED : 0;
}

static const struct link_ops quiet = { quiet_send, peer_close, peer_pause,
				       peer_limit, peer_output };

static bool connect_quietly(struct peer *p, struct room *room)
{
	struct link link = { .ops = &quiet, .ctx = p,
			     .serializer = &serializer_json,
			     .confidential = true, .transport = "fake" };

	memset(p, 0, sizeof *p);
	p->room = room;
	p->session = router_connect(&room->router, &link, &room->authn);
	return p->session != NULL;
}

/* Raw text; a connection that is closed is lost, as net would tell. */
static void tell(struct peer *p, const char *text)
{
	if (!p->session)
		return;
	router_receive(&p->room->router, p->session, bytes_str(text));
	if (p->closed) {
		router_lost(&p->room->router, p->session);
		p->session = NULL;
	}
	dealer_check(&p->room->router.realms[0].dealer);
}

#define HELLO                                                                 \
	"[1,\"realm1\",{\"roles\":{\"caller\":{},\"callee\":{\"features\":"   \
	"{\"call_canceling\":true,\"progressive_call_results\":true,"         \
	"\"progressive_call_invocations\":true,"                             \
	"\"payload_passthru_mode\":true,"                                    \
	"\"registration_revocation\":true}}}}]"
#define HELLO_STREAMING                                                       \
	"[1,\"realm1\",{\"roles\":{\"caller\":{\"features\":"               \
	"{\"progressive_call_invocations\":true,"                            \
	"\"payload_passthru_mode\":true}}}}]"

static const struct {
	unsigned who;
	const char *text;
} day[] = {
	{ 0, HELLO },
	{ 1, HELLO },
	{ 2, HELLO },
	{ 0, "[32,1,{},\"wamp.session.on_join\"]" },
	{ 0, "[32,2,{\"match\":\"prefix\"},\"wamp.registration.\"]" },
	{ 3, HELLO_STREAMING },
	{ 1, "[64,1,{\"invoke\":\"roundrobin\",\"concurrency\":1},"
	     "\"q.p\"]" },
	{ 2, "[64,1,{\"invoke\":\"roundrobin\",\"concurrency\":1},"
	     "\"q.p\"]" },
	{ 2, "[64,2,{\"match\":\"wildcard\",\"disclose_caller\":true},"
	     "\"x..y\"]" },
	{ 3, "[48,1,{\"timeout\":50,\"disclose_me\":true},\"q.p\",[1]]" },
	{ 3, "[48,2,{},\"q.p\",[2],{\"k\":3}]" },
	{ 3, "[48,3,{},\"q.p\",[3]]" },
	{ 3, "[48,4,{\"receive_progress\":true},\"x.a.y\"]" },
	{ 1, "[8,68,1,{},\"wamp.error.unavailable\"]" },
	{ 2, "[70,1,{},[1]]" },
	{ 2, "[70,2,{\"progress\":true},[1]]" },
	{ 2, "[70,2,{\"progress\":true,\"ppt_scheme\":\"y\"},[1]]" },
	{ 2, "[70,2,{},[1]]" },
	{ 3, "[49,3,{\"mode\":\"kill\"}]" },
	{ 3, "[48,5,{\"progress\":true,\"ppt_scheme\":\"x\"},\"q.p\",[1]]" },
	{ 3, "[48,6,{\"progress\":true,\"ppt_scheme\":\"x\"},\"q.p\",[2]]" },
	{ 3, "[48,7,{\"progress\":true},\"q.p\",[3]]" },
	{ 3, "[48,5,{\"progress\":true},\"q.p\",[4]]" },
	{ 3, "[48,6,{\"progress\":true},\"q.p\",[5]]" },
	{ 3, "[48,7,{},\"q.p\",[6]]" },
	{ 2, "[8,68,3,{},\"wamp.error.unavailable\"]" },
	{ 2, "[8,68,4,{},\"wamp.error.unavailable\"]" },
	{ 1, "[70,2,{\"ppt_scheme\":\"y\"}]" },
	{ 3, "[48,6,{},\"q.p\",[7]]" },
	{ 0, "[16,3,{\"acknowledge\":true,\"exclude\":[1,2],"
	     "\"eligible_authrole\":[\"anyone\"]},\"a.b\",[1]]" },
	{ 3, "[32,5,{\"match\":\"prefix\"},\"a.\"]" },
	{ 1, "[48,2,{},\"wamp.session.add_testament\",[\"a.last\",[1]],"
	     "{\"publish_options\":{\"exclude\":[1],\"retain\":true}}]" },
	{ 2, "[16,3,{\"retain\":true},\"a.b\",[1]]" },
	{ 3, "[32,6,{\"get_retained\":true,\"match\":\"wildcard\"},"
	     "\"a.\"]" },
	{ 0, "[48,7,{},\"wamp.x_manyhands.procedure.set\",[{\"uri\":\"w.\","
	     "\"match\":\"prefix\",\"queue\":3,\"wait\":true}]]" },
	{ 3, "[48,8,{},\"w.p\",[1]]" },
	{ 3, "[48,9,{},\"w.p\",[2]]" },
	{ 3, "[48,10,{},\"w.q\",[3]]" },
	{ 1, "[64,3,{\"invoke\":\"first\",\"concurrency\":1},\"w.p\"]" },
	{ 2, "[64,3,{\"invoke\":\"last\",\"concurrency\":1,"
	     "\"force_reregister\":true},\"w.p\"]" },
	{ 3, "[48,11,{},\"w.p\",[4]]" },
	{ 2, "[6,{},\"wamp.close.close_realm\"]" },
	{ 1, "[64,4,{\"match\":\"prefix\"},\"w.\"]" },
	{ 0, "[48,4,{},\"wamp.registration.list\"]" },
	{ 0, "[48,5,{},\"wamp.session.list\"]" },
	{ 0, "[48,6,{},\"wamp.session.kill_by_authrole\",[\"keeper\"]]" },
	{ 1, "[6,{},\"wamp.close.close_realm\"]" },
};

static void live_a_day(struct room *room, struct peer *peers)
{
	for (unsigned i = 0; i < ACTORS; i++)
		(void)connect_quietly(&peers[i], room);
	for (unsigned i = 0; i < sizeof day / sizeof *day; i++)
		tell(&peers[day[i].who], day[i].text);
	room->now_ms += 100;
	router_set_time(&room->router, room->now_ms, 0);
	router_tick(&room->router);
	dealer_check(&room->router.realms[0].dealer);
}

static void lose_all(struct room *room, struct peer *peers)
{
	for (unsigned i = 0; i < ACTORS; i++)
		if (peers[i].session)
			router_lost(&room->router, peers[i].session);
}

/* Afterwards all is as it was. */
static void serve_another(struct room *room)
{
	struct peer p;

	peer_join(&p, room);
	peer_register(&p, 1, "", "q.p");
	say(&p, "[48,2,{},'q.p',[1]]");
	hears(&p, "[68,1,*,{},[1]]");
	peer_deinit(&p);
}

static void test_memory__each_allocation_fails_once(void **state)
{
	struct procedure_rule rule = { .uri = bytes_str("q.p"),
				       .queue_max = 5 };
	bool failed = true;

	(void)state;
	for (size_t n = 1; failed; n++) {
		struct room room;
		struct peer peers[ACTORS];

		room_init_with(&room, &rule, 1);
		room_open(&room);
		fail_malloc_at(n);
		live_a_day(&room, peers);
		failed = fail_malloc_off();
		lose_all(&room, peers);
		serve_another(&room);
		room_deinit(&room);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory__each_allocation_fails_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
