/*
 * utf8: is this text? Rejects overlong forms, surrogates and what lies above
 * U+10FFFF (RFC 3629). Touches nothing.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/bytes.h"

bool utf8_valid(struct bytes text);
/* The next code point of valid UTF-8 at *pos, which moves on; UINT32_MAX
 * when the text is over or not valid there. */
uint32_t utf8_next(struct bytes text, size_t *pos);

#endif
