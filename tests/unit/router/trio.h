/*
 * trio: a room with three who have joined: `a` and the publisher, anonymous in
 * the role anyone, and kim, who is a keeper. All may do everything.
 */
#ifndef TEST_ROUTER_TRIO_H
#define TEST_ROUTER_TRIO_H

#include "room.h"

typedef unsigned long long ull;

struct trio {
	struct room room;
	struct peer a, kim, publisher; /* kim: of role keeper */
};

UNUSED_OK static void join_as_kim(struct peer *p, struct room *room)
{
	peer_init(p, room);
	say(p, "[1,'realm1',{'authid':'kim','authmethods':['ticket'],"
	       ALL_ROLES "}]");
	hears(p, "[4,*");
	say(p, "[5,'s3cret',{}]");
	hears(p, "[2,*");
}

/* Then the test changes what it wants to, and opens it. */
UNUSED_OK static void trio_prepare(struct trio *t)
{
	room_init_with(&t->room, NULL, 0);
	room_allow(&t->room.roles[2], "", URI_PREFIX, ALLOW_ALL);
}

UNUSED_OK static void trio_open(struct trio *t)
{
	room_open(&t->room);
	peer_join(&t->a, &t->room);
	join_as_kim(&t->kim, &t->room);
	peer_join(&t->publisher, &t->room);
}

UNUSED_OK static void trio_init(struct trio *t)
{
	trio_prepare(t);
	trio_open(t);
}

UNUSED_OK static void trio_deinit(struct trio *t)
{
	peer_deinit(&t->a);
	peer_deinit(&t->kim);
	peer_deinit(&t->publisher);
	room_deinit(&t->room);
}

UNUSED_OK static ull id_of(const struct peer *p)
{
	return (ull)p->session->id;
}

/* `rest`: the topic and the payload. */
UNUSED_OK static void publish(struct peer *p, const char *options,
			      const char *rest)
{
	say(p, "[16,%llu,{%s},%s]", (ull)p->session->last_request + 1,
	    options, rest);
}

#endif
