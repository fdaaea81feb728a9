/* The input is a script of what some peers of one router do: each record is
 * an operation, who does it, and bytes that choose its words. After each one
 * the dealer's invariants are asserted, and everything that a peer hears must
 * be a message. Build with -lcmocka and the router's sources (`make fuzz`). */
#include "../unit/router/room.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PEERS = 4, IDS = 8, RAW_MAX = 64 };

/* Ids of one kind that were heard, the newest ones. */
struct ids {
	uint64_t all[IDS];
	unsigned count;
};

struct script {
	const uint8_t *at, *end;
	struct room room;
	struct peer peers[PEERS];
	unsigned requests[PEERS];
	struct ids registrations, subscriptions, invocations[PEERS];
};

static unsigned next(struct script *s)
{
	return s->at < s->end ? *s->at++ : 0;
}

#define PICK(s, words) (words)[next(s) % (sizeof(words) / sizeof *(words))]

static const char *const uris[] = { "a", "a.b", "a.b.c", "q.a", "", "a..c",
				    "wamp.x", "a.b#" };
static const char *const uri_options[] = {
	"", "'match':'exact'", "'match':'prefix'", "'match':'wildcard'",
	"'match':7",
};
static const char *const invokes[] = { "single", "first", "last", "random",
				       "roundrobin", "leastloaded", "none" };
static const char *const call_options[] = {
	"", "'timeout':5", "'receive_progress':true", "'disclose_me':true",
	"'progress':true", "'rkey':'x','runmode':'partition'",
	"'rkey':'y','runmode':'partition'", "'timeout':-1", "'ppt_scheme':'x'",
};
static const char *const publish_options[] = {
	"", "'acknowledge':true", "'exclude_me':false", "'exclude':[1]",
	"'eligible_authrole':['anyone']", "'retain':true",
	"'acknowledge':true,'eligible':'no list'",
};
static const char *const errors[] = { "wamp.error.unavailable", "a.error",
				      "wamp.error.canceled", "bad uri #" };
static const char *const modes[] = { "skip", "kill", "killnowait", "none" };
static const char *const metas[] = {
	"wamp.session.list", "wamp.session.count", "wamp.session.kill_all",
	"wamp.session.kill", "wamp.session.get", "wamp.registration.list",
	"wamp.registration.match", "wamp.registration.remove_callee",
	"wamp.registration.get", "wamp.subscription.list",
	"wamp.subscription.get_events", "wamp.subscription.list_subscribers",
	"wamp.session.add_testament", "wamp.session.flush_testaments",
};
static const char *const meta_args[] = {
	"", "1", "'a'", "'a',['x'],{}", "'a',['x'],{},{},'detached'",
	"9007199254740993", "{}", "'a',{'match':'prefix'}",
};

static uint64_t an_id(struct script *s, const struct ids *ids)
{
	unsigned which = next(s);

	return ids->count && which % 8 ? ids->all[which % ids->count] : which;
}

static void keep_id(struct ids *ids, uint64_t id)
{
	ids->all[ids->count < IDS ? ids->count++ : id % IDS] = id;
}

/* What a peer heard may be spoken of from now on. */
static void listen(struct script *s, unsigned who)
{
	struct peer *p = &s->peers[who];
	const char *text;

	while ((text = heard(p))) {
		if (!strncmp(text, "[65,", 4))
			keep_id(&s->registrations, number_at(p, 2));
		else if (!strncmp(text, "[33,", 4))
			keep_id(&s->subscriptions, number_at(p, 2));
		else if (!strncmp(text, "[68,", 4))
			keep_id(&s->invocations[who], number_at(p, 1));
	}
	peer_forget(p);
}

static void join(struct script *s, unsigned who)
{
	struct peer *p = &s->peers[who];

	if (p->session)
		peer_lose(p);
	s->requests[who] = 0;
	s->invocations[who].count = 0;
	peer_init(p, &s->room);
	if (next(s) % 4)
		say(p, "[1,'realm1',{" ALL_ROLES "}]");
	else
		say(p, "[1,'realm1',{'roles':{'caller':{},'callee':{}}}]");
}

static void say_request(struct script *s, unsigned who, unsigned op)
{
	struct peer *p = &s->peers[who];
	unsigned id = ++s->requests[who];

	switch (op) {
	case 0:
		say(p, "[64,%u,{'invoke':'%s','concurrency':%u,"
		       "'force_reregister':%s},'%s']",
		    id, PICK(s, invokes), next(s) % 4, next(s) % 8 ? "false"
								   : "true",
		    PICK(s, uris));
		break;
	case 1:
		say(p, "[64,%u,{%s},'%s']", id, PICK(s, uri_options),
		    PICK(s, uris));
		break;
	case 2:
		say(p, "[66,%u,%llu]", id,
		    (unsigned long long)an_id(s, &s->registrations));
		break;
	case 3:
		say(p, "[48,%u,{%s},'%s',[%u]]", id, PICK(s, call_options),
		    PICK(s, uris), next(s));
		break;
	case 4:
		say(p, "[32,%u,{%s},'%s']", id, PICK(s, uri_options),
		    PICK(s, uris));
		break;
	case 5:
		say(p, "[34,%u,%llu]", id,
		    (unsigned long long)an_id(s, &s->subscriptions));
		break;
	case 6:
		say(p, "[16,%u,{%s},'%s',[%u]]", id, PICK(s, publish_options),
		    PICK(s, uris), next(s));
		break;
	default:
		say(p, "[48,%u,{},'%s',[%s]]", id, PICK(s, metas),
		    PICK(s, meta_args));
	}
}

static void say_answer(struct script *s, unsigned who, unsigned op)
{
	struct peer *p = &s->peers[who];
	unsigned long long id = an_id(s, &s->invocations[who]);

	switch (op) {
	case 0:
		say(p, "[70,%llu,{},[1]]", id);
		break;
	case 1:
		say(p, "[70,%llu,{'progress':true},[1]]", id);
		break;
	case 2:
		say(p, "[8,68,%llu,{},'%s']", id, PICK(s, errors));
		break;
	default:
		say(p, "[49,%u,{'mode':'%s'}]", next(s) % 16, PICK(s, modes));
	}
}

/* A later part of a progressive call; or a repeated request id. */
static void say_again(struct script *s, unsigned who)
{
	say(&s->peers[who], "[48,%u,{%s},'%s',[]]", s->requests[who],
	    PICK(s, call_options), PICK(s, uris));
}

static void say_raw(struct script *s, unsigned who)
{
	size_t len = next(s) % RAW_MAX, left = (size_t)(s->end - s->at);

	len = len < left ? len : left;
	router_receive(&s->room.router, s->peers[who].session,
		       bytes_of(s->at, len));
	s->at += len;
	room_check(&s->room);
}

static void step(struct script *s)
{
	unsigned op = next(s) % 20, who = next(s) % PEERS;
	struct peer *p = &s->peers[who];

	if (op == 19)
		room_wait(&s->room, next(s) * 50);
	else if (!p->session || p->closed || op == 18)
		join(s, who);
	else if (op < 8)
		say_request(s, who, op);
	else if (op < 15)
		say_answer(s, who, op % 4);
	else if (op == 15)
		say_again(s, who);
	else if (op == 16)
		say_raw(s, who);
	else
		say(p, "[6,{},'wamp.close.normal']");
	for (unsigned i = 0; i < PEERS; i++)
		listen(s, i);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct script s; /* large */
	struct procedure_rule rules[] = {
		{ .uri = bytes_str("q."), .match = URI_PREFIX,
		  .concurrency_max = 2, .queue_max = 3 },
	};

	memset(&s, 0, sizeof s);
	s.at = data;
	s.end = data + size;
	room_init_with(&s.room, rules, 1);
	room_open(&s.room);
	while (s.at < s.end)
		step(&s);
	for (unsigned i = 0; i < PEERS; i++)
		peer_deinit(&s.peers[i]);
	room_deinit(&s.room);
	return 0;
}
