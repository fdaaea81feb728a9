/*
 * audience: who may receive a publication: the publisher's black- and
 * whitelists, by session, authid and authrole, and whether it gets its own
 * event. Spec: "Subscriber Black- and Whitelisting", "Publisher Exclusion"
 * (advanced). May touch base, wamp and session.
 */
#ifndef ROUTER_AUDIENCE_H
#define ROUTER_AUDIENCE_H

#include "router/session.h"

struct sorted_ids {
	bool given;
	uint64_t *ids;
	uint32_t count;
};

struct sorted_texts {
	bool given;
	struct bytes *texts;
	uint32_t count;
};

struct audience {
	uint64_t excluded; /* the publisher's session, or 0 */
	struct sorted_ids exclude, eligible;
	struct sorted_texts exclude_authid, exclude_authrole;
	struct sorted_texts eligible_authid, eligible_authrole;
	bool is_everybody; /* no list was given */
};

/* From PUBLISH.Options; memory from the arena. ERR_NOMEM; ERR_USAGE: a list
 * is not one of ids or texts. */
int audience_read(struct audience *a, struct arena *arena,
		  const struct value *options,
		  const struct session *publisher) MUST_CHECK;
bool audience_lists_have(const struct audience *a, const struct session *s);
static inline bool audience_has(const struct audience *a,
				const struct session *s)
{
	return s->id != a->excluded &&
	       (a->is_everybody || audience_lists_have(a, s));
}
/* As above, without what is about sessions: for who comes later. */
bool audience_has_identity(const struct audience *a, const struct session *s);
/* Does it name sessions? They will be gone when an event is kept. */
bool audience_names_sessions(const struct audience *a);

/* A copy in memory of the caller's, aligned for any type, of as many bytes as
 * audience_bytes says. */
size_t audience_bytes(const struct audience *a);
void audience_copy(struct audience *to, const struct audience *from,
		   void *memory);

#endif
