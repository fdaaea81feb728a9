/*
 * support: what the tests of this room share: hex, and all codecs by short
 * names. Included by one source file of a test program each.
 */
#ifndef TESTS_WAMP_SUPPORT_H
#define TESTS_WAMP_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wamp/message.h"

#define UNUSED __attribute__((unused))

enum { LANGUAGES = 3 };

static const struct serializer *const every[LANGUAGES] UNUSED = {
	&serializer_msgpack, &serializer_json, &serializer_cbor
};

/* The bytes of a hex text (spaces allowed), in memory of exactly their size,
 * so that a sanitizer sees each read behind the end. Free `data`. */
UNUSED static struct bytes from_hex(const char *hex)
{
	char *digits = malloc(strlen(hex) + 1);
	uint8_t *out;
	size_t n = 0;

	assert_non_null(digits);
	for (; *hex; hex++)
		if (*hex != ' ')
			digits[n++] = *hex;
	digits[n] = '\0';
	out = malloc(n / 2 ? n / 2 : 1);
	assert_non_null(out);
	assert_true(bytes_unhex(digits, out, n / 2));
	free(digits);
	return bytes_of(out, n / 2);
}

/* An exact copy, for the same reason. Free `data`. */
UNUSED static struct bytes exact(struct bytes b)
{
	uint8_t *out = malloc(b.len ? b.len : 1);

	assert_non_null(out);
	if (b.len)
		memcpy(out, b.data, b.len);
	return bytes_of(out, b.len);
}

UNUSED static void assert_bytes(struct bytes got, const char *hex)
{
	struct bytes want = from_hex(hex);

	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.data, want.data, want.len);
	free((void *)want.data);
}

UNUSED static void assert_text(struct bytes got, const char *want)
{
	assert_int_equal(got.len, strlen(want));
	assert_memory_equal(got.data, want, got.len);
}

/* check of an exact copy. */
UNUSED static int check_text(const char *json)
{
	struct bytes copy = exact(bytes_str(json));
	int err = serializer_json.check(copy, &wamp_limits_default);

	free((void *)copy.data);
	return err;
}

UNUSED static int check_hex(const char *hex)
{
	struct bytes raw = from_hex(hex);
	int err = serializer_msgpack.check(raw, &wamp_limits_default);

	free((void *)raw.data);
	return err;
}

/* A message in hex; is it one that can be taken apart? */
struct splittable {
	const char *hex;
	bool ok;
};

/* split and cut agree on what that is. */
UNUSED static void assert_splits(const struct serializer *by,
				 const struct splittable *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct bytes raw = from_hex(cases[i].hex);
		struct bytes e[MESSAGE_ELEMENTS_MAX];
		unsigned elements;

		assert_int_equal(by->split(raw, &wamp_limits_default, e,
					   &elements) == 0,
				 cases[i].ok);
		assert_int_equal(by->cut(raw, &wamp_limits_default, e,
					 &elements) == 0,
				 cases[i].ok);
		free((void *)raw.data);
	}
}

/* A tree from JSON, for tests that need one. */
UNUSED static struct value *tree(struct arena *a, const char *json)
{
	struct value *v = NULL;

	assert_int_equal(serializer_json.decode(a, bytes_str(json),
						&wamp_limits_default, &v),
			 0);
	return v;
}

#endif
