/*
 * role: what the members of an authrole may do and use. Touches nothing.
 */
#ifndef ROUTER_ROLE_H
#define ROUTER_ROLE_H

#include "router/access.h"
#include "router/limits.h"

struct role {
	char *name; /* owned */
	struct access access;
	struct role_limits limits;
	char *authorizer; /* owned; a procedure, or NULL (authorize.h) */
};

static inline const char *role_name(const struct role *role)
{
	return role->name;
}

#endif
