/*
 * room: a router with fake connections, for the tests of this folder. Speaks
 * JSON written with ' for "; what a session hears is kept as text and compared
 * with a pattern in which * stands for anything.
 */
#ifndef TEST_ROUTER_ROOM_H
#define TEST_ROUTER_ROOM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "router/router.h"

#define UNUSED_OK __attribute__((unused))

enum { ROOM_ROLES = 3, PEER_HEARD_MAX = 512 };

struct room {
	struct router router;
	struct realm_config realm, two[2];
	struct role roles[ROOM_ROLES]; /* anyone, guest, keeper */
	struct authn authn;
	struct principal principals[1];
	struct rng rng;
	uint64_t now_ms;
};

struct peer {
	struct room *room;
	struct session *session; /* NULL: lost */
	char *heard[PEER_HEARD_MAX];
	unsigned heard_count, heard_next;
	bool closed, paused;
	size_t output;
	uint64_t age_ms; /* of its connection, before peer_connect */
	struct role_limits limits;
	const struct serializer *serializer;
};

/* --- the fake connection ------------------------------------------------- */

UNUSED_OK static int peer_send(void *ctx, struct bytes message)
{
	struct peer *p = ctx;
	struct arena a;
	struct value *v;
	struct buf text;

	if (p->closed)
		return ERR_CLOSED;
	assert_true(p->heard_count < PEER_HEARD_MAX);
	arena_init(&a, 4096);
	buf_init(&text);
	assert_int_equal(p->serializer->decode(&a, message,
					       &wamp_limits_default, &v), 0);
	assert_int_equal(serializer_json.encode(&text, v), 0);
	buf_add_u8(&text, 0);
	assert_true(buf_ok(&text));
	p->heard[p->heard_count++] = (char *)text.data;
	arena_deinit(&a);
	return 0;
}

UNUSED_OK static void peer_close(void *ctx, unsigned code, const char *why)
{
	(void)code;
	(void)why;
	((struct peer *)ctx)->closed = true;
}

UNUSED_OK static void peer_pause(void *ctx, bool on)
{
	((struct peer *)ctx)->paused = on;
}

UNUSED_OK static void peer_limit(void *ctx, const struct role_limits *limits)
{
	((struct peer *)ctx)->limits = *limits;
}

UNUSED_OK static size_t peer_output(void *ctx)
{
	return ((struct peer *)ctx)->output;
}

static const struct link_ops peer_ops UNUSED_OK = {
	peer_send, peer_close, peer_pause, peer_limit, peer_output,
};

/* --- the room ------------------------------------------------------------ */

UNUSED_OK static uint64_t room_random(void *ctx)
{
	return rng_next(&((struct room *)ctx)->rng);
}

UNUSED_OK static void room_allow(struct role *role, const char *uri,
				 enum uri_match match, unsigned allow)
{
	struct permission p = { .uri = bytes_str(uri), .match = match,
				.allow = allow };

	assert_int_equal(access_add(&role->access, &p), 0);
}

UNUSED_OK static void room_init_with(struct room *room,
				     struct procedure_rule *rules,
				     unsigned rule_count)
{
	static const char *const names[] = { "anyone", "guest", "keeper" };

	memset(room, 0, sizeof *room);
	rng_seed(&room->rng, 7);
	for (unsigned i = 0; i < ROOM_ROLES; i++) {
		room->roles[i].name = (char *)names[i];
		room->roles[i].limits = limits_default;
		access_init(&room->roles[i].access, 1);
	}
	room_allow(&room->roles[0], "", URI_PREFIX, ALLOW_ALL);
	room->realm = (struct realm_config){ (char *)"realm1", room->roles,
					     ROOM_ROLES, rules, rule_count,
					     NULL, 0 };
	room->authn.anonymous_role = (char *)"anyone";
	room->principals[0] = (struct principal){
		.authid = (char *)"kim", .role = (char *)"keeper",
		.secret = (char *)"s3cret",
	};
	room->authn.ways[AUTHN_TICKET] = (struct authn_way){
		.on = true, .principals = room->principals, .count = 1,
	};
}

/* Of the test's own, all with the room's roles. */
UNUSED_OK static void room_open_realms(struct room *room,
				       const struct realm_config *realms,
				       unsigned count)
{
	struct router_config config = { realms, count, false, room_random,
					room, 1700000000000 };

	for (unsigned i = 0; i < ROOM_ROLES; i++)
		assert_int_equal(access_seal(&room->roles[i].access), 0);
	assert_int_equal(router_init(&room->router, &config), 0);
	room->now_ms = 1000;
	router_set_time(&room->router, room->now_ms, 1700000000000);
}

/* After roles and rules are as the test wants them. */
UNUSED_OK static void room_open(struct room *room)
{
	room_open_realms(room, &room->realm, 1);
}

UNUSED_OK static void room_init(struct room *room)
{
	room_init_with(room, NULL, 0);
	room_open(room);
}

/* realm2 has the same roles. */
UNUSED_OK static void room_init_two(struct room *room)
{
	room_init_with(room, NULL, 0);
	room->two[0] = room->two[1] = room->realm;
	room->two[1].name = (char *)"realm2";
	room_open_realms(room, room->two, 2);
}

UNUSED_OK static void room_check(struct room *room)
{
	dealer_check(&room->router.realms[0].dealer);
}

UNUSED_OK static void room_wait(struct room *room, uint64_t ms)
{
	room->now_ms += ms;
	router_set_time(&room->router, room->now_ms, 1700000000000);
	router_tick(&room->router);
	room_check(room);
}

UNUSED_OK static void room_deinit(struct room *room)
{
	router_deinit(&room->router);
	for (unsigned i = 0; i < ROOM_ROLES; i++)
		access_deinit(&room->roles[i].access);
}

/* --- peers --------------------------------------------------------------- */

UNUSED_OK static void peer_connect(struct peer *p, struct room *room)
{
	struct link link = { .ops = &peer_ops, .ctx = p,
			     .serializer = p->serializer,
			     .confidential = true, .transport = "fake",
			     .age_ms = p->age_ms };

	p->room = room;
	p->session = router_connect(&room->router, &link, &room->authn);
	assert_non_null(p->session);
}

__attribute__((format(printf, 2, 3)))
UNUSED_OK static void say(struct peer *p, const char *fmt, ...)
{
	char text[4096];
	struct arena a;
	struct value *v;
	struct buf out;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	for (char *c = text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	arena_init(&a, 4096);
	buf_init(&out);
	assert_int_equal(serializer_json.decode(&a, bytes_str(text),
						&wamp_limits_default, &v), 0);
	assert_int_equal(p->serializer->encode(&out, v), 0);
	router_receive(&p->room->router, p->session, buf_bytes(&out));
	buf_deinit(&out);
	arena_deinit(&a);
	room_check(p->room);
}

/* * stands for any text. */
UNUSED_OK static bool looks_like(const char *pattern, const char *text)
{
	char want = *pattern == '\'' ? '"' : *pattern;

	if (!want)
		return !*text;
	if (want == '*')
		return looks_like(pattern + 1, text) ||
		       (*text && looks_like(pattern, text + 1));
	return *text == want && looks_like(pattern + 1, text + 1);
}

/* The next message; NULL: none. */
UNUSED_OK static const char *heard(struct peer *p)
{
	return p->heard_next < p->heard_count ? p->heard[p->heard_next++]
					      : NULL;
}

#define hears(p, pattern)                                                     \
	do {                                                                  \
		const char *text_ = heard(p);                                 \
		if (!text_ || !looks_like(pattern, text_))                    \
			fail_msg("wanted %s, heard %s", pattern,              \
				 text_ ? text_ : "nothing");                  \
	} while (0)

#define hears_nothing(p)                                                      \
	do {                                                                  \
		const char *text_ = heard(p);                                 \
		if (text_)                                                    \
			fail_msg("heard %s", text_);                          \
	} while (0)

/* As hears, with a pattern that printf makes. */
__attribute__((format(printf, 2, 3)))
UNUSED_OK static void hears_as(struct peer *p, const char *fmt, ...)
{
	char pattern[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(pattern, sizeof pattern, fmt, args);
	va_end(args);
	hears(p, pattern);
}

/* The number at that place of the last heard message, from 0. */
UNUSED_OK static uint64_t number_at(struct peer *p, unsigned place)
{
	const char *c = p->heard[p->heard_next - 1] + 1;

	while (place-- && c)
		c = strchr(c, ',') + 1;
	return strtoull(c, NULL, 10);
}

#define ALL_ROLES                                                             \
	"'roles':{'caller':{},'publisher':{},'subscriber':{'features':{}},"   \
	"'callee':{'features':{'call_canceling':true,"                        \
	"'progressive_call_results':true,'registration_revocation':true}}}"

UNUSED_OK static void peer_init(struct peer *p, struct room *room)
{
	memset(p, 0, sizeof *p);
	p->serializer = &serializer_json;
	peer_connect(p, room);
}

/* A session that has joined; its WELCOME is heard. */
UNUSED_OK static void peer_join(struct peer *p, struct room *room)
{
	peer_init(p, room);
	say(p, "[1,'realm1',{" ALL_ROLES "}]");
	hears(p, "[2,*");
}

/* As a client that announces no feature. */
UNUSED_OK static void peer_join_plain(struct peer *p, struct room *room)
{
	peer_init(p, room);
	say(p, "[1,'realm1',{'roles':{'caller':{},'callee':{}}}]");
	hears(p, "[2,*");
}

/* As one that announces these features, of all roles alike. */
UNUSED_OK static void peer_join_with(struct peer *p, struct room *room,
				     const char *features)
{
	peer_init(p, room);
	say(p, "[1,'realm1',{'roles':{'caller':{'features':{%s}},"
	       "'callee':{'features':{%s}},'publisher':{'features':{%s}},"
	       "'subscriber':{'features':{%s}}}}]",
	    features, features, features, features);
	hears(p, "[2,*");
}

UNUSED_OK static void peer_lose(struct peer *p)
{
	router_lost(&p->room->router, p->session);
	p->session = NULL;
	room_check(p->room);
}

UNUSED_OK static void peer_forget(struct peer *p)
{
	for (unsigned i = 0; i < p->heard_count; i++)
		free(p->heard[i]);
	p->heard_count = p->heard_next = 0;
}

UNUSED_OK static void peer_deinit(struct peer *p)
{
	if (p->session)
		peer_lose(p);
	peer_forget(p);
}

/* Subscribes, and gives the subscription's id. */
UNUSED_OK static unsigned long long peer_subscribe(struct peer *p,
						   const char *options,
						   const char *uri)
{
	say(p, "[32,%llu,{%s},'%s']",
	    (unsigned long long)p->session->last_request + 1, options, uri);
	hears(p, "[33,*,*]");
	return number_at(p, 2);
}

/* Registers, and gives the registration's id. */
UNUSED_OK static uint64_t peer_register(struct peer *p, unsigned request,
					const char *options, const char *uri)
{
	say(p, "[64,%u,{%s},'%s']", request, options, uri);
	hears(p, "[65,*,*]");
	return number_at(p, 2);
}

/* A CALL of the meta API's, "session" or another, and what is heard then; the
 * format begins within the procedure's name: "get',[%llu]". */
__attribute__((format(printf, 4, 5))) UNUSED_OK static void
peer_asks(struct peer *p, const char *api, const char *wanted, const char *fmt,
	  ...)
{
	char call[256];
	va_list list;

	va_start(list, fmt);
	vsnprintf(call, sizeof call, fmt, list);
	va_end(list);
	say(p, "[48,%llu,{},'wamp.%s.%s]",
	    (unsigned long long)p->session->last_request + 1, api, call);
	hears(p, wanted);
}

#endif
