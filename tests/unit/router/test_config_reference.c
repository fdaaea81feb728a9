/* CONFIG.md names every key that the configuration's readers know: the words
 * are taken from their sources. */
#include "room.h"

#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include "router/config.h"

static char reference[1 << 17];
static unsigned words;

static void read_whole(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t length;

	assert_non_null(f);
	length = fread(out, 1, size - 1, f);
	assert_true(length < size - 1);
	out[length] = '\0';
	fclose(f);
}

static void check_word(const char *word, size_t length, const char *where)
{
	char quoted[80];

	snprintf(quoted, sizeof quoted, "`%.*s`", (int)length, word);
	if (!strstr(reference, quoted))
		fail_msg("router/CONFIG.md lacks %s, of %s", quoted, where);
	words++;
}

/* The blank-separated words of a literal; returns its end. */
static const char *check_literal(const char *at, const char *where)
{
	const char *end = strchr(at, '"');

	assert_non_null(end);
	while (at < end) {
		size_t length = strcspn(at, " \"");

		if (length)
			check_word(at, length, where);
		at += length + (at[length] == ' ');
	}
	return end + 1;
}

/* All literals from `at` on, until the text `end`. */
static void check_until(const char *at, const char *end, const char *where)
{
	const char *last = strstr(at, end);

	assert_non_null(last);
	while (at < last)
		at = *at == '"' ? check_literal(at + 1, where) : at + 1;
}

static unsigned check_all(const char *source, const char *begin,
			  const char *end, const char *where)
{
	unsigned count = 0;

	for (const char *at = source; (at = strstr(at, begin)); count++) {
		at += strlen(begin);
		check_until(at, end, where);
	}
	return count;
}

static void test_config_reference__has_every_key(void **state)
{
	static char source[1 << 17];
	unsigned lists = 0, forms = 0, idle = 0, types = 0, whole = 0;
	glob_t files;

	(void)state;
	read_whole("router/CONFIG.md", reference, sizeof reference);
	assert_int_equal(glob("router/config*.c", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		const char *path = files.gl_pathv[i];

		if (strstr(path, "config_json.c"))
			continue; /* what others call */
		read_whole(path, source, sizeof source);
		lists += check_all(source, "cfg_object(", ")", path);
		lists += check_all(source, "cfg_object_but(", ")", path);
		forms += check_all(source, "forms[] = {", "};", path);
		idle += check_all(source, "define FIXED_OPTIONS", "\n\n",
				  path);
		types += check_all(source, "define PATH_TYPES", "\n/*", path);
		types += check_all(source, "define FOREIGN_TYPES", "\n\n",
				   path);
		whole += check_all(source, "char *keys = workers ?", ";",
				   path);
	}
	globfree(&files);
	/* The patterns above find what they are meant to. */
	assert_true(lists >= 30 && words >= 200);
	assert_true(forms == 1 && idle == 1 && types == 2 && whole == 1);
}

/* The example at its top is a configuration without mistakes and warnings. */
static void test_config_reference__its_example_is_well(void **state)
{
	char dir[] = "/tmp/manyhands-reference-XXXXXX";
	char path[64], web[64];
	const char *begin, *end;
	struct config c;
	struct buf notes;
	struct why why = { "" };
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/c.json", dir);
	snprintf(web, sizeof web, "%s/web", dir);
	assert_int_equal(mkdir(web, 0700), 0);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	read_whole("router/CONFIG.md", reference, sizeof reference);
	begin = strstr(reference, "```json\n");
	assert_non_null(begin);
	begin += strlen("```json\n");
	end = strstr(begin, "```");
	assert_non_null(end);
	assert_int_equal(write(fd, begin, (size_t)(end - begin)), end - begin);
	close(fd);
	buf_init(&notes);
	assert_int_equal(config_load_noted(&c, path, &notes, &why), 0);
	assert_int_equal(notes.len, 0);
	assert_string_equal(c.transports[0].ws_path, "/ws");
	buf_deinit(&notes);
	config_deinit(&c);
	unlink(path);
	rmdir(web);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config_reference__has_every_key),
		cmocka_unit_test(test_config_reference__its_example_is_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
