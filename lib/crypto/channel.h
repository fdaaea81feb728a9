/*
 * channel: channel binding, which no method here does. A peer that asks for
 * one in authextra or CHALLENGE.Extra is refused by its name: it would
 * otherwise trust in a protection that is not there. Spec: "TLS Channel
 * Binding" (cryptosign), "Channel Binding" (WAMP-SCRAM).
 */
#ifndef CRYPTO_CHANNEL_H
#define CRYPTO_CHANNEL_H

#include "wamp/value.h"

/* ERR_UNSUPPORTED when the dict (or NULL) has a channel_binding other than
 * null. `why` may be NULL. */
int channel_refuse(const char *method, const struct value *dict,
		   struct why *why) MUST_CHECK;

#endif
