#include "router/ask.h"

#include <stdlib.h>

#include "router/local.h"

/* One for each realm and role in which something was ever asked. */
struct asker {
	struct ring in_router;
	struct realm *realm;
	const struct role *role;
	struct local *local;
};

int ask_init(struct router *r)
{
	static const struct permission all = { .match = URI_PREFIX,
					       .allow = ALLOW_ALL };

	ring_init(&r->askers);
	r->own_role = (struct role){ .name = (char *)"trusted",
				     .limits = limits_default };
	r->own_role.limits.calls = 0;
	r->own_role.limits.output_bytes = 64u << 20;
	access_init(&r->own_role.access, 1);
	if (access_add(&r->own_role.access, &all) ||
	    access_seal(&r->own_role.access)) {
		access_deinit(&r->own_role.access);
		return ERR_NOMEM;
	}
	return 0;
}

void ask_deinit(struct router *r)
{
	while (!ring_is_empty(&r->askers)) {
		struct asker *a = ring_item(r->askers.next, struct asker,
					    in_router);

		ring_remove(&a->in_router);
		free(a);
	}
	access_deinit(&r->own_role.access);
}

static struct asker *find(struct router *r, const struct realm *realm,
			  const struct role *role)
{
	ring_each(at, &r->askers) {
		struct asker *a = ring_item(at, struct asker, in_router);

		if (a->realm == realm && a->role == role)
			return a;
	}
	return NULL;
}

static struct asker *asker_for(struct router *r, struct realm *realm,
			       const struct role *role)
{
	struct asker *a = find(r, realm, role);

	if (a)
		return a;
	a = malloc(sizeof *a);
	if (!a)
		return NULL;
	*a = (struct asker){ .realm = realm, .role = role };
	a->local = local_open(r, realm, role, "router");
	if (!a->local) {
		free(a);
		return NULL;
	}
	ring_add(&r->askers, &a->in_router);
	return a;
}

int ask(struct router *r, struct realm *realm, const struct role *role,
	const char *procedure, const struct value *args, client_reply_fn *fn,
	void *ctx)
{
	struct asker *a;
	struct value options = value_dict();
	int err;

	if (r->going_down)
		return ERR_STATE;
	a = asker_for(r, realm, role ? role : &r->own_role);
	if (!a)
		return ERR_NOMEM;
	err = dict_set(&r->turn.arena, &options, "timeout",
		       value_int(ASK_MS));
	return err ? err : client_call(local_client(a->local), procedure,
				       &options, args, NULL, fn, ctx, NULL);
}
