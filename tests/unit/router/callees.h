/*
 * callees: a room with a caller and two callees, all of every role.
 */
#ifndef TEST_ROUTER_CALLEES_H
#define TEST_ROUTER_CALLEES_H

#include "room.h"

struct trio {
	struct room room;
	struct peer caller, a, b;
};

UNUSED_OK static void trio_init(struct trio *t, struct procedure_rule *rules,
				unsigned count)
{
	room_init_with(&t->room, rules, count);
	room_open(&t->room);
	peer_join(&t->caller, &t->room);
	peer_join(&t->a, &t->room);
	peer_join(&t->b, &t->room);
}

UNUSED_OK static void trio_deinit(struct trio *t)
{
	peer_deinit(&t->caller);
	peer_deinit(&t->a);
	peer_deinit(&t->b);
	room_deinit(&t->room);
}

#endif
