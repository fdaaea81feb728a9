/*
 * json: JSON (RFC 8259) as WAMP uses it: our own walk checks a message
 * without building anything (json_walk.c); what passed is built and encoded
 * in json.c; json_text.c has the strings: escapes and WAMP's convention for
 * binaries ("\u0000" and base64; spec: "Binary support in JSON").
 * One grammar for both paths, integers and reals kept apart, and integers of
 * any length exact: that is why no JSON library is in between (the tests
 * compare with one). A real over the range of doubles (1e400) is refused, and
 * infinities and NaN can not be written. These files are left out of the
 * WebAssembly build. Base only.
 */
#ifndef WAMP_JSON_H
#define WAMP_JSON_H

#include "base/buf.h"
#include "wamp/serializer.h"

/* A longer number token is refused (ERR_LIMIT). */
enum { JSON_NUMBER_BYTES_MAX = 512 };

/* One complete item, white space around it allowed. */
int json_check(struct bytes item, const struct wamp_limits *limits);
int json_split(struct bytes message, const struct wamp_limits *limits,
	       struct bytes elements[MESSAGE_ELEMENTS_MAX], unsigned *count);
int json_cut(struct bytes message, const struct wamp_limits *limits,
	     struct bytes elements[MESSAGE_ELEMENTS_MAX], unsigned *count);

/* The value of a number token, which one beyond 64 bits borrows. false when it
 * is over the reals' range. */
bool json_number(struct bytes token, struct value *out);

/* --- strings: `raw` is what stands between the quotes -------------------- */

/* The escape sequence at *at, behind the backslash: its code point, and *at
 * behind it; UINT32_MAX when it is none (a lone surrogate, too). */
uint32_t json_escape_next(struct bytes raw, size_t *at);
/* The text of a raw string that was passed; `out` has room for raw.len
 * bytes. Returns the length. */
size_t json_unescape(struct bytes raw, uint8_t *out);
/* Does it start with the binaries' mark, "\u0000"? */
bool json_marks_binary(struct bytes raw);
/* Base64 with padding, no white space. */
bool json_base64_valid(struct bytes text);
/* Decodes valid base64 in place or into `out` (3/4 of text.len). */
size_t json_base64_decode(struct bytes text, uint8_t *out);

int json_add_text(struct buf *out, struct bytes text);
int json_add_binary(struct buf *out, struct bytes binary);

enum { JSON_MARK_BYTES = 6 }; /* of "\u0000" */

#endif
