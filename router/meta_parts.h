/*
 * meta_parts: what the meta files know of each other; nobody else includes
 * it.
 */
#ifndef ROUTER_META_PARTS_H
#define ROUTER_META_PARTS_H

#include "router/meta.h"

struct meta_call {
	struct realm *realm;
	struct session *caller;
	uint64_t request;
	struct arena *arena;
	const struct value *args, *kwargs;
};

typedef void meta_fn(struct meta_call *c);

struct meta_procedure {
	const char *uri;
	meta_fn *fn;
};

/* Each ends with a NULL. */
extern const struct meta_procedure meta_testament_procedures[];
extern const struct meta_procedure meta_history_procedures[];
extern const struct meta_procedure meta_session_procedures[];
extern const struct meta_procedure meta_procedure_procedures[];
extern const struct meta_procedure meta_registration_procedures[];
extern const struct meta_procedure meta_subscription_procedures[];

/* Of a call's arguments; false: there is none, or they are wrong. */
typedef bool meta_matter_fn(struct meta_call *c, struct matter *out);

meta_matter_fn meta_testament_matter, meta_history_matter;
/* Is that permitted, by the caller's authorizer where it was asked, or by its
 * permissions? On false the call is ended; `text` says what is not. */
bool meta_may(struct meta_call *c, const struct matter *m, const char *text);

/* One of these ends every call. */
void meta_result(struct meta_call *c, struct value result);
void meta_done(struct meta_call *c); /* a RESULT without arguments */
void meta_error(struct meta_call *c, const char *uri, const char *text);

/* invalid_argument; false, so that what checks an argument can end in it. */
bool meta_refuse(struct meta_call *c, const char *text);

/* NULL when absent; null is as absent. */
const struct value *meta_kwarg(const struct meta_call *c, const char *key);
/* A required argument; on false the call is ended. */
bool meta_arg_id(struct meta_call *c, uint32_t at, uint64_t *out);
bool meta_arg_text(struct meta_call *c, uint32_t at, struct bytes *out);
/* The first argument's; NULL: there is none such, the call is ended. */
const struct subscription *meta_arg_subscription(struct meta_call *c);
/* Optional, by place or as a keyword: NULL when absent. */
bool meta_arg_reason(struct meta_call *c, uint32_t at, const char **out);
/* Of the optional `match` in an options argument. */
bool meta_arg_match(struct meta_call *c, uint32_t at, enum uri_match *out);

/* Building; a failed allocation leaves something out: the caller of the meta
 * API gets what fits in memory. */
void meta_set(struct arena *a, struct value *dict, const char *key,
	      struct value v);
void meta_add(struct arena *a, struct value *list, struct value v);
struct value meta_id(uint64_t id);
/* ISO 8601, in the arena. */
struct value meta_time(struct arena *a, uint64_t unix_ms);

struct value meta_registration_details(struct arena *a,
				       const struct registration *r);
struct value meta_subscription_details(struct arena *a,
				       const struct subscription *s);

#endif
