/*
 * happening: what dealer and broker tell of registrations and subscriptions,
 * for the meta events (meta.h). Touches nothing.
 */
#ifndef ROUTER_HAPPENING_H
#define ROUTER_HAPPENING_H

#include <stdint.h>

enum happening {
	REGISTRATION_CREATED,
	REGISTRATION_REGISTERED,
	REGISTRATION_UNREGISTERED,
	REGISTRATION_DELETED,
	SUBSCRIPTION_CREATED,
	SUBSCRIPTION_SUBSCRIBED,
	SUBSCRIPTION_UNSUBSCRIBED,
	SUBSCRIPTION_DELETED,
};

/* `subject` is the registration or subscription, still there. May send, but
 * change nothing. */
typedef void happened_fn(void *ctx, enum happening what, uint64_t session,
			 const void *subject);

#endif
