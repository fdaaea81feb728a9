/* The golden vectors of tests/vectors (VECTORS_DIR elsewhere), replayed
 * through the table of kinds: each line must give the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compute/kind.h"

enum { CHUNKS_MIN = 200 };

struct line {
	char kind[32];
	struct chunk chunk; /* count: the units done */
	uint8_t *input, *output; /* owned */
	size_t output_len;
};

/* What follows `"key":` in a line of JSON without blanks, or NULL. */
static const char *value_of(const char *line, const char *key)
{
	char name[32];
	const char *at;

	snprintf(name, sizeof name, "\"%s\":", key);
	at = strstr(line, name);
	return at ? at + strlen(name) : NULL;
}

static uint64_t number_of(const char *line, const char *key)
{
	const char *at = value_of(line, key);

	assert_non_null(at);
	assert_in_range(*at, '0', '9');
	return strtoull(at, NULL, 10);
}

static uint8_t *bytes_of_hex(const char *line, const char *key, size_t *len)
{
	const char *at = value_of(line, key);
	uint8_t *out;
	char *hex;

	assert_non_null(at);
	assert_int_equal(*at, '"');
	hex = strndup(at + 1, strcspn(at + 1, "\""));
	assert_non_null(hex);
	*len = strlen(hex) / 2;
	out = malloc(*len + 1);
	assert_non_null(out);
	assert_true(bytes_unhex(hex, out, *len));
	free(hex);
	return out;
}

static void parse_line(const char *text, struct line *l)
{
	size_t input_len;

	assert_int_equal(
		sscanf(text, "{\"kind\":\"%31[a-z]\"", l->kind), 1);
	l->input = bytes_of_hex(text, "input", &input_len);
	l->output = bytes_of_hex(text, "output", &l->output_len);
	l->chunk = (struct chunk){
		.from = number_of(text, "from"),
		.count = number_of(text, "units"),
		.seed = number_of(text, "seed"),
		.piece = value_of(text, "piece") ? number_of(text, "piece")
						 : PIECE_ALL,
		.input = { l->input, input_len },
	};
	assert_true(l->chunk.count >= 1 &&
		    l->chunk.count <= number_of(text, "count"));
}

static void replay(const struct kind *kind, const struct line *l,
		   unsigned number)
{
	struct compute *c = NULL;
	struct buf output;
	struct why why;

	buf_init(&output);
	if (kind->compute->begin(&c, &l->chunk, &why))
		fail_msg("line %u: %s", number, why.text);
	while (kind->compute->slice(c) < l->chunk.count)
		;
	assert_int_equal(kind->compute->end(c, &output), 0);
	if (!bytes_equal(buf_bytes(&output),
			 bytes_of(l->output, l->output_len)))
		fail_msg("%s.jsonl, line %u: other bytes", l->kind, number);
	kind->compute->free(c);
	buf_deinit(&output);
}

static void check_file(const char *name)
{
	const char *dir = getenv("VECTORS_DIR");
	const struct kind *kind = kind_find(bytes_str(name));
	char path[4096], *text = NULL;
	unsigned number = 0;
	size_t cap = 0;
	FILE *f;

	assert_non_null(kind);
	snprintf(path, sizeof path, "%s/%s.jsonl", dir ? dir : "tests/vectors",
		 name);
	f = fopen(path, "r");
	if (!f)
		fail_msg("%s can not be read", path);
	while (getline(&text, &cap, f) > 0) {
		struct line l = { 0 };

		number++;
		parse_line(text, &l);
		assert_string_equal(l.kind, name);
		replay(kind, &l, number);
		free(l.input);
		free(l.output);
	}
	free(text);
	fclose(f);
	assert_true(number >= CHUNKS_MIN);
}

static void test_vectors__pi(void **state)
{
	(void)state;
	check_file("pi");
}

static void test_vectors__tsp(void **state)
{
	(void)state;
	check_file("tsp");
}

/* A kind that is added brings its vectors. */
static void test_vectors__every_kind_has_some(void **state)
{
	const struct kind *kind;

	(void)state;
	for (unsigned i = 0; (kind = kind_at(i)) != NULL; i++)
		assert_true(strcmp(kind->name, "pi") == 0 ||
			    strcmp(kind->name, "tsp") == 0);
	assert_null(kind_find(bytes_str("p")));
	assert_null(kind_find(bytes_of("pi\0", 3)));
	assert_null(kind_find(bytes_of(NULL, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors__pi),
		cmocka_unit_test(test_vectors__tsp),
		cmocka_unit_test(test_vectors__every_kind_has_some),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
