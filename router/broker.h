/*
 * broker: routes events from publishers to subscribers. No I/O: messages come
 * decoded and authorised, events go out through sessions; one that does not
 * read them is disconnected by its connection's output limit, never silently
 * left out. Where there is no memory to say an event, the publication has
 * failed: no PUBLISHED, and an ERROR to who asked for one. May touch base,
 * wamp, session and uri_map. Spec: "Publish and Subscribe" (basic), and of the
 * advanced profile what each file names.
 *
 * All subscribers of the same topic and match share a subscription, and an
 * event is encoded once per subscription and serializer. An event that one of
 * them can not say (a NaN in JSON, an integer beyond 64 bits in MessagePack)
 * is not altered: those subscribers do not get it, which is counted, as nobody
 * can be told; nor do those whose RawSocket takes no message so long.
 *
 * A subscription with a history stands before its first subscriber and after
 * its last. wamp.subscription.on_create and on_delete tell of these two as of
 * any other's: "a topic which was previously without subscribers" gets one,
 * and no on_subscribe may come without an on_create ("Subscriptions Meta
 * API"). So who counts them knows which topics anybody listens to, whatever
 * the configuration keeps; lookup, match, list and get know it all the while,
 * under the same id. What the configuration makes raises nothing.
 */
#ifndef ROUTER_BROKER_H
#define ROUTER_BROKER_H

#include "router/access.h"
#include "router/happening.h"
#include "router/history.h"
#include "router/retained.h"
#include "router/session.h"
#include "router/uri_map.h"

enum { SERIALIZERS = SERIALIZER_CBOR + 1 };

struct subscription {
	uint64_t id;
	struct bytes uri; /* owned */
	enum uri_match match;
	uint64_t created_unix_ms;
	struct ring subscribers; /* in the order of subscribing */
	uint32_t subscriber_count;
	struct history *history; /* owned; NULL: it has none */
};

/* A session's place in a subscription. */
struct subscriber {
	struct subscription *subscription;
	struct session *session;
	struct ring in_subscription, of_session;
};

struct broker {
	struct turn *turn;
	happened_fn *happened; /* may be NULL */
	void *happened_ctx;
	struct uri_map subscriptions;
	struct id_map by_id;
	struct retained retained;
	struct buf encoded[SERIALIZERS]; /* the event being published */
	uint64_t publications_total, events_total;
	/* Not in the subscriber's serializer, or for want of memory. */
	uint64_t events_unsaid_total;
};

void broker_init(struct broker *b, struct turn *turn, happened_fn *happened,
		 void *ctx);
/* Subscriptions that stay when nobody has them: those with a history. What
 * was made before an error is for broker_deinit. ERR_NOMEM. */
int broker_add_histories(struct broker *b, const struct history_rule *rules,
			 unsigned count) MUST_CHECK;
/* All sessions have left before. */
void broker_deinit(struct broker *b);

void broker_subscribe(struct broker *b, struct session *s,
		      const struct message *m);
void broker_unsubscribe(struct broker *b, struct session *s,
			const struct message *m);
void broker_leave(struct broker *b, struct session *s);
/* Takes a session's subscription away; the subscriber is told if it
 * understands that. `reason` may be NULL. false: it has none such. */
bool broker_remove_subscriber(struct broker *b, uint64_t subscription,
			      uint64_t session, const char *reason);

/* `grant`: what the subscribers are told of the publisher. */
void broker_publish(struct broker *b, struct session *s,
		    const struct message *m, struct grant grant);
/* An event of the router's own. */
void broker_publish_meta(struct broker *b, const char *topic,
			 const struct value *args);
/* Would anybody get it? Spares the making of events for nobody. */
bool broker_has_subscribers(const struct broker *b, const char *topic);

struct subscription *broker_lookup(const struct broker *b,
				   enum uri_match match, struct bytes uri);
struct subscription *broker_get(const struct broker *b, uint64_t id);

#endif
