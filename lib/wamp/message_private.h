/*
 * message_private: the table of messages, which message.c (decoding) has and
 * message_encode.c reads, too. Nobody else includes this.
 */
#ifndef WAMP_MESSAGE_PRIVATE_H
#define WAMP_MESSAGE_PRIVATE_H

#include "wamp/message.h"

/* "Messages": what stands behind the type, one letter an element:
 *   r  request id (0 where the router revokes: R)
 *   s  id of the subject    p  id of a publication
 *   t  type of a request    u  URI or other text
 *   d  dict                 o  dict that may be missing
 * and, where `payload` says so, Arguments|list and ArgumentsKw|dict, both of
 * which may be missing. */
struct shape {
	char name[15];
	uint8_t sides;
	char elements[5];
	bool payload;
};

/* NULL: there is no such message. */
const struct shape *message_shape(uint64_t type);

#endif
