#include "router/realm.h"

#include <assert.h>
#include <string.h>

#include "router/meta.h"
#include "router/testament.h"

int realm_init(struct realm *r, const struct realm_config *config,
	       struct turn *turn, realm_kill_fn *kill, void *kill_ctx)
{
	*r = (struct realm){ .config = config, .turn = turn, .kill = kill,
			     .kill_ctx = kill_ctx };
	id_map_init(&r->sessions);
	dealer_init(&r->dealer, turn, config->rules, config->rule_count,
		    meta_happened, r);
	broker_init(&r->broker, turn, meta_happened, r);
	return broker_add_histories(&r->broker, config->histories,
				    config->history_count);
}

void realm_deinit(struct realm *r)
{
	assert(!r->sessions.count);
	dealer_deinit(&r->dealer);
	broker_deinit(&r->broker);
	id_map_deinit(&r->sessions);
}

const struct role *realm_role(const struct realm *r, const char *name)
{
	for (unsigned i = 0; i < r->config->role_count; i++)
		if (!strcmp(r->config->roles[i].name, name))
			return &r->config->roles[i];
	return NULL;
}

int realm_join(struct realm *r, struct session *s)
{
	int err = id_map_reserve(&r->sessions, r->sessions.count + 1);

	if (err)
		return err;
	/* A challenge may have promised one already. */
	while (!s->id || id_map_get(&r->sessions, s->id))
		s->id = turn_random_id(r->turn);
	id_map_add(&r->sessions, s->id, s);
	s->realm = r;
	s->joined_unix_ms = r->turn->unix_ms;
	return 0;
}

void realm_announce(struct realm *r, struct session *s)
{
	meta_session_joined(r, s);
}

/* "Session Meta API", kill_all: generates neither. */
static void leave_silently(struct session *s)
{
	testaments_flush(s, SCOPE_DETACHED);
	testaments_flush(s, SCOPE_DESTROYED);
}

void realm_leave(struct realm *r, struct session *s)
{
	assert(s->state != SESSION_ESTABLISHED && s->realm == r);
	id_map_take(&r->sessions, s->id);
	session_release_feeders(s);
	broker_leave(&r->broker, s);
	dealer_leave(&r->dealer, s);
	s->realm = NULL;
	if (r->is_emptying) {
		leave_silently(s);
		return;
	}
	testaments_publish(&r->broker, s);
	meta_session_left(r, s);
}
