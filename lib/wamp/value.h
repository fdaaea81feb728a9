/*
 * value: the one in-memory model of WAMP payloads, a tree in an arena. Spec:
 * "Serializers" (basic profile), which types there are.
 *
 * Codecs build and read it; the programs build it with the helpers below.
 * All memory is the arena's; strings and binaries may also be borrowed from
 * the message or from constants, and must outlive the tree. Strings are valid
 * UTF-8, not terminated. May touch base only.
 */
#ifndef WAMP_VALUE_H
#define WAMP_VALUE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

enum value_type {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_INT,  /* all integers that fit in int64_t */
	VALUE_UINT, /* integers above INT64_MAX only */
	VALUE_BIG,  /* integers beyond 64 bits, in decimal digits: only carried
		       from JSON and CBOR to them, nothing else reads them */
	VALUE_REAL,
	VALUE_STR,
	VALUE_BIN,
	VALUE_LIST,
	VALUE_DICT, /* keys are unique strings, in the order of insertion */
};

struct value_pair;

struct value {
	enum value_type type;
	union {
		bool boolean;
		int64_t integer;
		uint64_t uinteger;
		double real;
		struct bytes str; /* VALUE_STR, VALUE_BIN and VALUE_BIG */
		struct {
			struct value *items;
			uint32_t count, cap;
		} list;
		struct {
			struct value_pair *pairs;
			uint32_t count, cap;
		} dict;
	};
};

struct value_pair {
	struct bytes key;
	struct value value;
};

/* Leaves, by value. */
struct value value_null(void);
struct value value_bool(bool b);
struct value value_int(int64_t i);
struct value value_uint(uint64_t u);
struct value value_real(double d);
struct value value_str(const char *s);       /* borrowed */
struct value value_text(struct bytes text);  /* borrowed */
struct value value_bin(struct bytes binary); /* borrowed */
struct value value_big(struct bytes decimal); /* borrowed */
struct value value_list(void);               /* empty */
struct value value_dict(void);               /* empty */

/* Building: append a copy of `v` (shallow). ERR_NOMEM or 0. `dict_set`
 * replaces a key that is there. `key` is borrowed. */
int list_add(struct arena *a, struct value *list, struct value v) MUST_CHECK;
int dict_set(struct arena *a, struct value *dict, const char *key,
	     struct value v) MUST_CHECK;
/* For codecs: appends a key that is known not to be there. */
int dict_add(struct arena *a, struct value *dict, struct bytes key,
	     struct value v) MUST_CHECK;

/* Reading. Each is NULL, false or 0 when the value is NULL, absent or of
 * another type; an integer is not a bool; a real is not an integer. */
const struct value *dict_get(const struct value *dict, const char *key);
const struct value *list_at(const struct value *list, uint32_t i);
uint32_t value_count(const struct value *v); /* of a list or dict */
bool value_get_bool(const struct value *v, bool *out);
bool value_get_uint(const struct value *v, uint64_t *out); /* >= 0 */
bool value_get_int(const struct value *v, int64_t *out);
bool value_get_real(const struct value *v, double *out); /* integers too */
bool value_get_str(const struct value *v, struct bytes *out);
/* A byte string; also a JSON text in WAMP's binary convention has become
 * VALUE_BIN in the codec already. */
bool value_get_bin(const struct value *v, struct bytes *out);
/* An id or a number of the contracts: integer in min … max. */
bool value_get_range(const struct value *v, uint64_t min, uint64_t max,
		     uint64_t *out);
/* An id: as value_get_range up to 2^53, or the double that JavaScript's
 * encoders of MessagePack and CBOR (wampy's) make of an integer that is too
 * long for 32 bits; up to 2^53 that is exact. */
bool value_get_id(const struct value *v, uint64_t min, uint64_t *out);
bool value_is_true(const struct value *v); /* the boolean true */

/* A deep copy into another arena, strings too; NULL when out of memory or
 * deeper than VALUE_DEPTH_MAX. */
struct value *value_copy(struct arena *a, const struct value *v);
/* Same types and contents; dicts in any order, reals bit by bit. */
bool value_equal(const struct value *a, const struct value *b);

/* No tree is deeper: what recurses over one is bounded by this. */
enum { VALUE_DEPTH_MAX = 64 };

#endif
