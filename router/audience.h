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
	const struct session *excluded; /* the publisher, or NULL */
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
bool audience_has(const struct audience *a, const struct session *s);

#endif
