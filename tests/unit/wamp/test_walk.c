/* The walk's search for equal keys, with keys chosen to collide: the source
 * itself is included, for its hash. */
#include "lib/wamp/walk.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { KEYS = 60, KEY_BYTES = 8, SLOTS = 128 };

/* KEYS texts whose hashes all want the same slot. */
static void colliding(struct walk *w, uint8_t text[KEYS * KEY_BYTES])
{
	unsigned tries = 0;

	for (uint32_t n = 0; n < KEYS;) {
		struct walk_key key = { .at = n * KEY_BYTES,
					.len = KEY_BYTES };
		char digits[KEY_BYTES + 1];

		snprintf(digits, sizeof digits, "%08u", tries++);
		memcpy(text + n * KEY_BYTES, digits, KEY_BYTES);
		if (hash_key(w, &key) % SLOTS == 0)
			w->keys[n++] = key;
	}
}

static void test_walk__colliding_keys_are_sorted(void **state)
{
	struct walk_key keys[KEYS];
	uint8_t text[KEYS * KEY_BYTES] = { 0 };
	struct walk w = { .text = bytes_of(text, sizeof text), .keys = keys };

	(void)state;
	colliding(&w, text);
	assert_int_equal(find_hashed(&w, keys, KEYS), FOUND_UNKNOWN);
	assert_false(has_duplicate(&w, keys, KEYS));
	for (unsigned i = 1; i < KEYS; i++) {
		colliding(&w, text);
		keys[i].at = keys[i / 2].at;
		assert_true(has_duplicate(&w, keys, KEYS));
	}
}

static void test_walk__few_keys_of_one_slot_are_hashed(void **state)
{
	struct walk_key keys[KEYS];
	uint8_t text[KEYS * KEY_BYTES] = { 0 };
	struct walk w = { .text = bytes_of(text, sizeof text), .keys = keys };

	(void)state;
	colliding(&w, text);
	assert_int_equal(find_hashed(&w, keys, 13), FOUND_NONE);
	keys[12] = keys[3];
	assert_int_equal(find_hashed(&w, keys, 13), FOUND_ONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walk__colliding_keys_are_sorted),
		cmocka_unit_test(test_walk__few_keys_of_one_slot_are_hashed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
