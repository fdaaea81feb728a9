/*
 * fuzz_codec: what must hold for any input of each codec; a failed assert is a
 * finding. Each fuzz_*.c is a libFuzzer program of its own: `make fuzz` builds
 * and runs them.
 */
#ifndef TESTS_FUZZ_CODEC_H
#define TESTS_FUZZ_CODEC_H

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "wamp/message.h"

static void fuzz_split(const struct serializer *s, struct bytes in)
{
	struct bytes split[MESSAGE_ELEMENTS_MAX], cut[MESSAGE_ELEMENTS_MAX];
	unsigned n, m;

	if (s->split(in, &wamp_limits_default, split, &n))
		return;
	assert(s->check(in, &wamp_limits_default) == 0);
	assert(s->cut(in, &wamp_limits_default, cut, &m) == 0 && m == n);
	for (unsigned i = 0; i < n; i++)
		assert(s->check(split[i], &wamp_limits_default) == 0 &&
		       s->check(cut[i], &wamp_limits_default) == 0);
}

/* What decodes encodes again, and decodes to the same. */
static void fuzz_decode(const struct serializer *s, struct bytes in)
{
	struct value *v, *again;
	struct arena a;
	struct buf out;

	arena_init(&a, 4096);
	buf_init(&out);
	if (s->decode(&a, in, &wamp_limits_default, &v) == 0 &&
	    s->encode(&out, v) == 0) {
		struct wamp_limits wide = wamp_limits_default;

		wide.bytes_max *= 6; /* "\x01" as \u0001 */
		assert(s->decode(&a, buf_bytes(&out), &wide, &again) == 0);
		assert(value_equal(v, again));
	}
	buf_deinit(&out);
	arena_deinit(&a);
}

#endif
