/*
 * caller: our own client in a world's loop: it dials, keeps what it hears, and
 * waits for its echo.
 */
#ifndef NET_CALLER_H
#define NET_CALLER_H

#include "net/dial.h"
#include "net_test.h"

struct caller {
	struct world *world;
	struct dial *dial;
	struct transport *t; /* NULL before it is connected, and after */
	bool connected, failed, closed;
	char why[1024];
	unsigned messages;
	size_t bytes;
	struct buf last; /* message */
};

/* Dials; nothing is decided before a later turn. `tls`: NULL: none. */
void caller_begin(struct caller *c, struct world *w, const struct url *url,
		  const struct serializer *serializer, struct tls *tls);
/* Until it is connected or has failed. */
void caller_wait(struct caller *c);
/* Both. */
void caller_dial(struct caller *c, struct world *w, const struct url *url,
		 const struct serializer *serializer, struct tls *tls);
/* Both, and it must be connected. */
void caller_connect(struct caller *c, struct world *w, const struct url *url,
		    const struct serializer *serializer);
/* Closes what is open, waits for its end, frees what was heard. */
void caller_hang_up(struct caller *c);

/* Conditions. */
bool caller_is_decided(void *caller);
bool caller_is_closed(void *caller);
bool caller_has_message(void *caller); /* or is closed */

/* Sends it in two parts, and gets it back as one message. */
void caller_echo(struct caller *c, const void *data, size_t len);

#endif
