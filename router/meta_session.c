/* Spec: "Session Meta API" (advanced). */
#include <string.h>

#include "router/meta_parts.h"

static struct value details_of(struct arena *a, const struct session *s)
{
	struct value dict = value_dict(), transport = value_dict();

	meta_set(a, &transport, "type", value_str(s->link.transport));
	meta_set(a, &transport, "peer", value_str(s->link.peer));
	meta_set(a, &transport, "serializer",
		 value_str(s->link.serializer->name));
	meta_set(a, &dict, "session", meta_id(s->id));
	meta_set(a, &dict, "authid", value_str(s->authid));
	meta_set(a, &dict, "authrole", value_str(role_name(s->role)));
	meta_set(a, &dict, "authmethod", value_str(s->authmethod));
	meta_set(a, &dict, "authprovider", value_str(s->authprovider));
	meta_set(a, &dict, "transport", transport);
	return dict;
}

void meta_session_joined(struct realm *r, const struct session *s)
{
	struct arena *a = &r->turn->arena;
	struct value args = value_list();

	if (!broker_has_subscribers(&r->broker, "wamp.session.on_join"))
		return;
	meta_add(a, &args, details_of(a, s));
	broker_publish_meta(&r->broker, "wamp.session.on_join", &args);
}

void meta_session_left(struct realm *r, const struct session *s)
{
	struct arena *a = &r->turn->arena;
	struct value args = value_list();

	if (!broker_has_subscribers(&r->broker, "wamp.session.on_leave"))
		return;
	meta_add(a, &args, meta_id(s->id));
	meta_add(a, &args, value_str(s->authid));
	meta_add(a, &args, value_str(role_name(s->role)));
	broker_publish_meta(&r->broker, "wamp.session.on_leave", &args);
}

/* --- looking ------------------------------------------------------------- */

static struct session *at_slot(const struct realm *r, size_t i)
{
	const struct id_slot *slot = &r->sessions.slots[i];

	return slot->id ? slot->item : NULL;
}

/* The optional list of authroles, which Crossbar.io's clients may say by its
 * name; false: the call is ended. */
static bool arg_roles(struct meta_call *c, const struct value **out)
{
	const struct value *v = list_at(c->args, 0);
	struct bytes role;

	if (!v)
		v = meta_kwarg(c, "filter_authroles");
	*out = v && v->type != VALUE_NULL ? v : NULL;
	if (*out && v->type != VALUE_LIST)
		return meta_refuse(c, "filter_authroles: a list of texts is "
				      "wanted");
	for (uint32_t i = 0; i < value_count(*out); i++)
		if (!value_get_str(list_at(v, i), &role))
			return meta_refuse(c, "filter_authroles: a list of "
					      "texts is wanted");
	return true;
}

/* No list: everybody. */
static bool is_wanted(const struct session *s, const struct value *roles)
{
	for (uint32_t i = 0; i < value_count(roles); i++) {
		struct bytes role;

		if (value_get_str(list_at(roles, i), &role) &&
		    bytes_equal_str(role, role_name(s->role)))
			return true;
	}
	return !roles;
}

static void session_count(struct meta_call *c)
{
	const struct value *roles;
	int64_t count = 0;

	if (!arg_roles(c, &roles))
		return;
	for (size_t i = 0; i < c->realm->sessions.cap; i++) {
		const struct session *s = at_slot(c->realm, i);

		count += s && is_wanted(s, roles);
	}
	meta_result(c, value_int(count));
}

static void session_list(struct meta_call *c)
{
	const struct value *roles;
	struct value ids = value_list();

	if (!arg_roles(c, &roles))
		return;
	for (size_t i = 0; i < c->realm->sessions.cap; i++) {
		const struct session *s = at_slot(c->realm, i);

		if (s && is_wanted(s, roles))
			meta_add(c->arena, &ids, meta_id(s->id));
	}
	meta_result(c, ids);
}

static void session_get(struct meta_call *c)
{
	const struct session *s;
	uint64_t id;

	if (!meta_arg_id(c, 0, &id))
		return;
	s = id_map_get(&c->realm->sessions, id);
	if (s)
		meta_result(c, details_of(c->arena, s));
	else
		meta_error(c, "wamp.error.no_such_session", NULL);
}

/* --- killing ------------------------------------------------------------- */

struct farewell {
	const char *reason, *message; /* in the arena */
};

static bool read_farewell(struct meta_call *c, struct farewell *out)
{
	struct bytes reason = bytes_str("wamp.close.killed"), message;
	const struct value *v = meta_kwarg(c, "reason");

	*out = (struct farewell){ .message = NULL };
	if (v && !(value_get_str(v, &reason) &&
		   uri_valid(reason, URI_EXACT, false))) {
		meta_error(c, "wamp.error.invalid_uri",
			   "reason: a URI is wanted");
		return false;
	}
	v = meta_kwarg(c, "message");
	if (v && !value_get_str(v, &message))
		return meta_refuse(c, "message: a text is wanted");
	out->reason = arena_str(c->arena, reason);
	if (v)
		out->message = arena_str(c->arena, message);
	if (!out->reason)
		meta_error(c, "wamp.error.unavailable", "out of memory");
	return out->reason != NULL;
}

static void session_kill(struct meta_call *c)
{
	struct farewell f;
	struct session *s;
	uint64_t id;

	if (!meta_arg_id(c, 0, &id))
		return;
	s = id_map_get(&c->realm->sessions, id);
	if (!s || s == c->caller) {
		meta_error(c, "wamp.error.no_such_session", NULL);
		return;
	}
	if (!read_farewell(c, &f))
		return;
	c->realm->kill(c->realm->kill_ctx, s, f.reason, f.message);
	meta_done(c);
}

typedef bool chosen_fn(const struct session *s, struct bytes key);

static bool has_authid(const struct session *s, struct bytes key)
{
	return bytes_equal_str(key, s->authid);
}

static bool has_authrole(const struct session *s, struct bytes key)
{
	return bytes_equal_str(key, role_name(s->role));
}

static bool is_any(const struct session *s, struct bytes key)
{
	(void)s;
	(void)key;
	return true;
}

/* Ids first: what is killed leaves the map. The list of those killed, or
 * false when the call is ended already. */
static bool kill_chosen(struct meta_call *c, chosen_fn *chosen,
			struct bytes key, struct value *killed)
{
	struct farewell f;

	*killed = value_list();
	if (!read_farewell(c, &f))
		return false;
	for (size_t i = 0; i < c->realm->sessions.cap; i++) {
		const struct session *s = at_slot(c->realm, i);

		if (s && s != c->caller && chosen(s, key))
			meta_add(c->arena, killed, meta_id(s->id));
	}
	for (uint32_t i = 0; i < value_count(killed); i++) {
		uint64_t id = 0;
		struct session *s;

		(void)value_get_uint(list_at(killed, i), &id);
		s = id_map_get(&c->realm->sessions, id);
		if (s)
			c->realm->kill(c->realm->kill_ctx, s, f.reason,
				       f.message);
	}
	return true;
}

static void session_kill_by_authid(struct meta_call *c)
{
	struct value killed;
	struct bytes authid;

	if (meta_arg_text(c, 0, &authid) &&
	    kill_chosen(c, has_authid, authid, &killed))
		meta_result(c, killed);
}

static void session_kill_by_authrole(struct meta_call *c)
{
	struct value killed;
	struct bytes authrole;

	if (meta_arg_text(c, 0, &authrole) &&
	    kill_chosen(c, has_authrole, authrole, &killed))
		meta_result(c, value_int(value_count(&killed)));
}

static void session_kill_all(struct meta_call *c)
{
	struct value killed;
	bool done;

	c->realm->is_emptying = true;
	done = kill_chosen(c, is_any, bytes_of(NULL, 0), &killed);
	c->realm->is_emptying = false;
	if (done)
		meta_result(c, value_int(value_count(&killed)));
}

const struct meta_procedure meta_session_procedures[] = {
	{ "wamp.session.count", session_count },
	{ "wamp.session.list", session_list },
	{ "wamp.session.get", session_get },
	{ "wamp.session.kill", session_kill },
	{ "wamp.session.kill_by_authid", session_kill_by_authid },
	{ "wamp.session.kill_by_authrole", session_kill_by_authrole },
	{ "wamp.session.kill_all", session_kill_all },
	{ NULL, NULL },
};
