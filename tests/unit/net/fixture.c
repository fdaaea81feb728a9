#include "fixture.h"

#include <stdlib.h>

void fixture_init(struct fixture *f)
{
	world_init(&f->w);
	f->r = (struct raw){ .stream = NULL };
}

void fixture_deinit(struct fixture *f)
{
	raw_close(&f->r);
	world_free(&f->w);
}

int fixture_set_up(void **state)
{
	struct fixture *f = malloc(sizeof *f);

	assert_non_null(f);
	fixture_init(f);
	*state = f;
	return 0;
}

int fixture_tear_down(void **state)
{
	fixture_deinit(*state);
	free(*state);
	return 0;
}

void fixture_connect(struct fixture *f)
{
	world_start(&f->w);
	raw_connect(&f->r, &f->w);
}

void fixture_upgrade(struct fixture *f, const char *subprotocol)
{
	world_start(&f->w);
	raw_upgrade(&f->r, &f->w, subprotocol);
}

bool is_session_closed(void *world)
{
	return ((struct world *)world)->sessions[0].closed;
}

void fixture_expect_close(struct fixture *f, unsigned code, const char *why)
{
	raw_expect_close(&f->r, code);
	raw_close(&f->r);
	assert_int_equal(f->w.session_count, 1);
	until(&f->w, is_session_closed, &f->w);
	assert_string_equal(f->w.sessions[0].why, why);
}
