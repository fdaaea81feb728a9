/*
 * message: WAMP's messages, decoded and checked by one table (type -> elements
 * and their types, who may send it), and encoded again. When a message may come
 * is for the session to know: client.h, router/session.h.
 *
 * The payload (Arguments, ArgumentsKw) stays as raw slices in its serializer;
 * the header's elements are decoded. Spec: "Messages", "Message Codes and
 * Direction" (basic profile). No I/O; base and this library only.
 */
#ifndef WAMP_MESSAGE_H
#define WAMP_MESSAGE_H

#include "wamp/serializer.h"

enum message_type {
	MSG_HELLO = 1,
	MSG_WELCOME = 2,
	MSG_ABORT = 3,
	MSG_CHALLENGE = 4,
	MSG_AUTHENTICATE = 5,
	MSG_GOODBYE = 6,
	MSG_ERROR = 8,
	MSG_PUBLISH = 16,
	MSG_PUBLISHED = 17,
	MSG_SUBSCRIBE = 32,
	MSG_SUBSCRIBED = 33,
	MSG_UNSUBSCRIBE = 34,
	MSG_UNSUBSCRIBED = 35,
	MSG_EVENT = 36,
	MSG_CALL = 48,
	MSG_CANCEL = 49,
	MSG_RESULT = 50,
	MSG_REGISTER = 64,
	MSG_REGISTERED = 65,
	MSG_UNREGISTER = 66,
	MSG_UNREGISTERED = 67,
	MSG_INVOCATION = 68,
	MSG_INTERRUPT = 69,
	MSG_YIELD = 70,
};

/* Raw slices in the language of `serializer`; absent: data NULL. kwargs is
 * never there without args. Either may come as null, which reads as absent.
 * Several EVENTs may share one payload. */
struct payload {
	const struct serializer *serializer;
	struct bytes args, kwargs;
};

struct message {
	enum message_type type;
	uint64_t request;  /* of the request, or of the INVOCATION */
	enum message_type request_type; /* ERROR only */
	uint64_t subject;  /* session of WELCOME; subscription, registration;
			      publication of PUBLISHED */
	uint64_t publication; /* EVENT only */
	/* Realm, Reason, Error, Topic, Procedure, AuthMethod, Signature. A
	 * Realm that came as null, which leaves it to the router, has no
	 * data. */
	struct bytes uri;
	const struct value *options; /* Options, Details or Extra; a dict, NULL
					reads as an empty one. Decoded, it has
					no null in it: that is as absent */
	struct payload payload;
};

enum message_side { FROM_CLIENT = 1, FROM_ROUTER = 2 };

/* Decodes and checks what came in: `side` says who sent it. Errors:
 * ERR_MALFORMED (not the serializer's language, not a list, wrong type of an
 * element, unknown message type, id out of 1 … 2^53), ERR_LIMIT, ERR_DENIED
 * (a message that this side never sends), ERR_NOMEM. `why` says which. All
 * but the payload slices and strings (borrowed from raw) is the arena's. */
int message_decode(struct arena *a, const struct serializer *serializer,
		   struct bytes raw, const struct wamp_limits *limits,
		   enum message_side side, struct message *out,
		   struct why *why);

/* The same, but the payload is only cut off, not checked: for our own client
 * session, in which a payload that will not decode fails that one call
 * (payload_decode checks it). */
int message_decode_header(struct arena *a, const struct serializer *serializer,
			  struct bytes raw, const struct wamp_limits *limits,
			  enum message_side side, struct message *out,
			  struct why *why);

/* Appends the message in `serializer`. A payload in another serializer is
 * transcoded (scratch from the arena). On error the buf is as it was. */
int message_encode(struct buf *out, const struct serializer *serializer,
		   const struct message *m, struct arena *scratch,
		   const struct wamp_limits *limits);

/* Encodes values as a payload in `serializer`, memory from `storage`; args
 * (a list) and kwargs (a dict) may be NULL. */
int payload_encode(struct payload *out, const struct serializer *serializer,
		   struct buf *storage, const struct value *args,
		   const struct value *kwargs);
/* The inverse: an absent list or dict comes out as an empty one. */
int payload_decode(struct arena *a, const struct payload *payload,
		   const struct wamp_limits *limits, struct value **args,
		   struct value **kwargs);

/* "CALL", or "?" when unknown. */
const char *message_name(enum message_type type);

#endif
