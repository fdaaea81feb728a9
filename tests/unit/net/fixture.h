/*
 * fixture: what most tests of lib/net begin with: a world that is not started
 * yet, so that its config can be changed, and one client that speaks bytes.
 */
#ifndef NET_FIXTURE_H
#define NET_FIXTURE_H

#include "net_test.h"

struct fixture {
	struct world w; /* the first: also the ctx of the server's callbacks */
	struct raw r;
};

void fixture_init(struct fixture *f);
void fixture_deinit(struct fixture *f);
/* The same, of a fixture on the heap: *state. */
int fixture_set_up(void **state);
int fixture_tear_down(void **state);

#define FIXTURE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

/* Starts the world; the client connects, and asks for this subprotocol. */
void fixture_connect(struct fixture *f);
void fixture_upgrade(struct fixture *f, const char *subprotocol);

/* Of the world's first session: a condition. */
bool is_session_closed(void *world);
/* It is closed with this code, which the client hears, and for this reason. */
void fixture_expect_close(struct fixture *f, unsigned code, const char *why);

#endif
