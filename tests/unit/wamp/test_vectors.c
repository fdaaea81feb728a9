/* Messages that other people's encoders wrote (tests/vectors/wamp): read from
 * each language and written in each. */
#include "support.h"

#include <stdio.h>

#include "base/buf.h"

static const struct wamp_limits *const limits = &wamp_limits_default;

struct vector {
	struct bytes name;
	enum message_side side;
	bool same;
	struct bytes raw[LANGUAGES]; /* of malloc, exact */
};

static struct bytes unhexed(struct bytes text)
{
	char *copy = malloc(text.len + 1);
	struct bytes out;

	assert_non_null(copy);
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	out = from_hex(copy);
	free(copy);
	return out;
}

static struct bytes text_of(const struct value *line, const char *key)
{
	struct bytes text;

	assert_true(value_get_str(dict_get(line, key), &text));
	return text;
}

static void vector_read(struct vector *v, struct arena *a, struct bytes text)
{
	struct value *line;

	assert_int_equal(serializer_json.decode(a, text, limits, &line), 0);
	v->name = text_of(line, "name");
	v->side = bytes_equal_str(text_of(line, "from"), "client")
			  ? FROM_CLIENT
			  : FROM_ROUTER;
	v->same = value_is_true(dict_get(line, "same"));
	v->raw[0] = unhexed(text_of(line, "msgpack"));
	v->raw[1] = exact(text_of(line, "json"));
	v->raw[2] = unhexed(text_of(line, "cbor"));
}

static bool same_values(struct arena *a, const struct serializer *s,
			struct bytes one, struct bytes other)
{
	struct value *x, *y;

	return !s->decode(a, one, limits, &x) &&
	       !s->decode(a, other, limits, &y) && value_equal(x, y);
}

static void complain(const struct vector *v, int from, int to,
		     const char *what)
{
	fail_msg("%.*s, from %s to %s: %s", (int)v->name.len,
		 (const char *)v->name.data, every[from]->name,
		 every[to]->name, what);
}

static void translate(const struct vector *v, int from, int to)
{
	struct arena a;
	struct message m;
	struct why why = { "" };
	struct buf out;

	arena_init(&a, 4096);
	buf_init(&out);
	if (message_decode(&a, every[from], v->raw[from], limits, v->side, &m,
			   &why))
		complain(v, from, to, why.text);
	else if (message_encode(&out, every[to], &m, &a, limits))
		complain(v, from, to, "not encoded");
	else if (!same_values(&a, every[to], buf_bytes(&out), v->raw[to]))
		complain(v, from, to, "another value");
	else if (v->same && !bytes_equal(buf_bytes(&out), v->raw[to]))
		complain(v, from, to, "other bytes");
	buf_deinit(&out);
	arena_deinit(&a);
}

static void check_line(struct bytes text)
{
	struct vector v;
	struct arena a;

	arena_init(&a, 4096);
	vector_read(&v, &a, text);
	for (int k = 0; k < LANGUAGES * LANGUAGES; k++)
		translate(&v, k / LANGUAGES, k % LANGUAGES);
	for (int k = 0; k < LANGUAGES; k++)
		free((void *)v.raw[k].data);
	arena_deinit(&a);
}

static void test_vectors__each_from_each_language_to_each(void **state)
{
	FILE *f = fopen("tests/vectors/wamp/messages.jsonl", "r");
	char *line = NULL;
	size_t cap = 0;
	unsigned count = 0;
	ssize_t len;

	(void)state;
	assert_non_null(f);
	for (; (len = getline(&line, &cap, f)) > 0; count++)
		check_line(bytes_of(line, (size_t)len));
	free(line);
	fclose(f);
	assert_true(count > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_vectors__each_from_each_language_to_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
