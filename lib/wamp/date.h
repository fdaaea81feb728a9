/*
 * date: which dates of CBOR (tags 0 and 1, RFC 8949, 3.4.1 and 3.4.2) and
 * MessagePack (extension -1) are passed on. They stay raw between peers of the
 * same serializer, and in another one can not be said; nobody here reads them.
 * But the peer's decoder does, and many break off where there is no such day:
 * what is passed is valid, of the years 1 to 9999. Base only.
 */
#ifndef WAMP_DATE_H
#define WAMP_DATE_H

#include "base/bytes.h"

/* "2013-03-21T20:04:00Z", with a fraction or an offset (RFC 3339). No leap
 * second, as most readers know none. */
bool date_text_valid(struct bytes text);
/* Since 1970. NaN is none. */
bool date_seconds_valid(double seconds);
/* MessagePack's: 4, 8 or 12 bytes of data. */
bool date_timestamp_valid(const uint8_t *data, size_t len);

#endif
