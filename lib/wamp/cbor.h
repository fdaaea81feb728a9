/*
 * cbor: CBOR (RFC 8949) as WAMP uses it: our own walk checks a message without
 * building anything (cbor_walk.c); what passed is built in cbor_build.c, and
 * cbor.c encodes. Both read heads by the one function below: that is less
 * code, and less that can differ, than callbacks of a library (the tests
 * compare with one). These files are left out of the WebAssembly build. Base
 * only.
 *
 * Read are all forms of lengths, definite and indefinite, all integers and
 * floats, and undefined as null. Some tags are understood: 55799 ("this is
 * CBOR") in front of all; 64 on byte strings, as which JavaScript's encoders
 * send a Uint8Array; and the bignums' (2 and 3) of CBOR_BIG_BYTES_MAX bytes at
 * most, as Python's cbor writes integers from 2^63 on. Dates (0 and 1) are
 * passed on unopened, if they are some (date.h); building one is
 * ERR_UNSUPPORTED. Whatever else has a tag is refused: without its tag it
 * would be another value, and with it unread it would reach receivers who
 * break off where its content is not what the tag says.
 */
#ifndef WAMP_CBOR_H
#define WAMP_CBOR_H

#include "wamp/serializer.h"

enum cbor_major {
	CBOR_UINT,
	CBOR_NEGATIVE, /* -1 - argument */
	CBOR_BIN,
	CBOR_STR,
	CBOR_LIST,
	CBOR_DICT,
	CBOR_TAG,
	CBOR_OTHER, /* simple values and floats */
};

/* What the low five bits of an item's first byte say. */
enum cbor_info {
	CBOR_FALSE = 20,
	CBOR_TRUE = 21,
	CBOR_NULL = 22,
	CBOR_UNDEFINED = 23,
	CBOR_ONE_BYTE = 24, /* of argument; then 2, 4 and 8 */
	CBOR_HALF = 25,
	CBOR_SINGLE = 26,
	CBOR_DOUBLE = 27,
	CBOR_INDEFINITE = 31, /* with CBOR_OTHER: the break */
};

enum {
	CBOR_TAG_DATE = 0,    /* a text */
	CBOR_TAG_SECONDS = 1, /* since 1970: an integer or float */
	CBOR_TAG_BIG = 2,
	CBOR_TAG_BIG_NEGATIVE = 3, /* -1 - argument */
	CBOR_TAG_BYTES = 64,
	CBOR_BIG_BYTES_MAX = 212, /* in decimal JSON reads it */
	CBOR_MARK_BYTES = 3
};

struct cbor_head {
	enum cbor_major major;
	uint8_t info;
	uint64_t argument; /* value, bits, bytes, items, pairs or tag */
};

/* Reads the head at *at and moves *at behind it. */
static inline int cbor_read_head(struct bytes text, size_t *at,
				 struct cbor_head *head)
{
	const uint8_t *p;
	unsigned bytes;

	if (*at == text.len)
		return ERR_TRUNCATED;
	p = text.data + *at;
	head->major = (enum cbor_major)(*p >> 5);
	head->info = *p++ & 31;
	head->argument = head->info;
	++*at;
	if (head->info < CBOR_ONE_BYTE || head->info == CBOR_INDEFINITE)
		return 0;
	if (head->info > CBOR_DOUBLE)
		return ERR_MALFORMED;
	bytes = 1u << (head->info - CBOR_ONE_BYTE);
	if (bytes > text.len - *at)
		return ERR_TRUNCATED;
	*at += bytes;
	for (head->argument = 0; bytes; bytes--)
		head->argument = head->argument << 8 | *p++;
	return 0;
}

static inline bool cbor_is_break(const struct cbor_head *head)
{
	return head->major == CBOR_OTHER && head->info == CBOR_INDEFINITE;
}

/* The bytes of tag 55799 at the beginning: 0 or CBOR_MARK_BYTES. */
size_t cbor_mark(struct bytes text);

/* A real of 32 bits, or of 64. */
double cbor_single(uint64_t single);
double cbor_double(uint64_t bits);

/* An item that was passed. */
int cbor_build(struct arena *a, struct bytes item, struct value *out);
/* A real of 16 bits. */
double cbor_half(uint64_t half);

/* One complete item, nothing after it. */
int cbor_check(struct bytes item, const struct wamp_limits *limits);
int cbor_split(struct bytes message, const struct wamp_limits *limits,
	       struct bytes elements[MESSAGE_ELEMENTS_MAX], unsigned *count);
int cbor_cut(struct bytes message, const struct wamp_limits *limits,
	     struct bytes elements[MESSAGE_ELEMENTS_MAX], unsigned *count);

#endif
