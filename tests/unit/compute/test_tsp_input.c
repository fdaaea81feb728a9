/* What a job refuses, and with which words. */
#include "tests/unit/compute/tsp_run.h"

static char last_why[256];

static int parse(const char *spec, const char *places)
{
	struct job_env env = { .places_file = places };
	struct job *job = NULL;
	struct why why = { "" };
	int err = tsp_job.parse(&job, spec, &env, &why);

	strcpy(last_why, why.text);
	assert_true((err == 0) == (job != NULL));
	assert_true((err == 0) == (why.text[0] == 0));
	assert_null(strchr(why.text, '\n'));
	tsp_job.free(job);
	return err;
}

static int parse_text(const char *text)
{
	const char *file = temp_file(text);
	int err = parse(file, NULL);

	unlink(file);
	return err;
}

static void assert_why(const char *part)
{
	if (!strstr(last_why, part))
		fail_msg("`%s` is not in `%s`", part, last_why);
}

#define HEAD "NAME: t\nTYPE: TSP\nDIMENSION: 4\nEDGE_WEIGHT_TYPE: EUC_2D\n"
#define COORDS "NODE_COORD_SECTION\n"
#define SQUARE "1 0 0\n2 0 9\n3 9 9\n4 9 0\n"

static void test_tsplib__accepts(void **state)
{
	(void)state;
	assert_int_equal(parse_text(HEAD COORDS SQUARE "EOF\n"), 0);
	assert_int_equal(parse_text(HEAD COORDS SQUARE), 0);
	assert_int_equal(parse_text("NAME : t\r\nCOMMENT : a b : c\r\n"
				    "TYPE : TSP\r\nDIMENSION : 4\r\n"
				    "EDGE_WEIGHT_TYPE : CEIL_2D\r\n"
				    "NODE_COORD_SECTION\r\n4 9 0\r\n 1 0 0\r\n"
				    "2 0 9\r\n3 9 9\r\nEOF\r\n"), 0);
	assert_int_equal(parse_text(HEAD COORDS "1 -1.5e+02 0\n2 1.e1 9\n"
				    "3 .5 9\n4 +9 0.123456789012\nEOF"), 0);
}

static void test_tsplib__refuses(void **state)
{
	static const struct {
		const char *text;
		int err;
		const char *why;
	} bad[] = {
		{ "", ERR_TRUNCATED, "is empty" },
		{ "hello\n", ERR_UNSUPPORTED, "hello is not supported" },
		{ HEAD, ERR_TRUNCATED, "no NODE_COORD_SECTION" },
		{ HEAD COORDS "1 0 0\n2 0 9\n", ERR_TRUNCATED,
		  "ends after 2 of 4 cities" },
		{ HEAD COORDS SQUARE "5 1 1\n", ERR_RANGE, "more cities" },
		{ HEAD COORDS "1 0 0\n1 0 9\n", ERR_EXISTS,
		  "line 7: city 1 for the second time" },
		{ HEAD COORDS "1 0 0\n7 0 9\n", ERR_RANGE, "1 to DIMENSION" },
		{ HEAD COORDS "1 0\n", ERR_MALFORMED, "two coordinates" },
		{ HEAD COORDS "1 0 0 0\n", ERR_MALFORMED, "more than" },
		{ HEAD COORDS "1 0 x\n", ERR_MALFORMED, "no number" },
		{ HEAD COORDS "1 0 nan\n", ERR_MALFORMED, "no number" },
		{ HEAD COORDS "1 0 1e300\n2 0 9\n3 9 9\n4 9 0\n", ERR_RANGE,
		  "city 1 lies out of range" },
		{ "TYPE: ATSP\n", ERR_UNSUPPORTED, "TYPE ATSP" },
		{ "EDGE_WEIGHT_TYPE: EXPLICIT\n", ERR_UNSUPPORTED,
		  "EXPLICIT is not supported; accepted are EUC_2D, CEIL_2D, "
		  "GEO and ATT" },
		{ "EDGE_WEIGHT_TYPE: MAN_2D\n", ERR_UNSUPPORTED, "MAN_2D" },
		{ "DIMENSION: 2\n", ERR_RANGE, "3 to 250000" },
		{ "DIMENSION: 99999999999999999999\n", ERR_RANGE, "3 to" },
		{ "DIMENSION: -5\n", ERR_RANGE, "3 to" },
		{ "DIMENSION: 4\n" COORDS, ERR_MALFORMED,
		  "no EDGE_WEIGHT_TYPE" },
		{ "EDGE_WEIGHT_TYPE: GEO\n" COORDS, ERR_MALFORMED,
		  "no DIMENSION" },
		{ "TYPE: \x01\x02T\n", ERR_UNSUPPORTED, "TYPE ??T" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(parse_text(bad[i].text), bad[i].err);
		assert_why(bad[i].why);
	}
}

static void test_tsplib__unreadable(void **state)
{
	(void)state;
	assert_int_equal(parse("/nonexistent/x.tsp", NULL), ERR_NOT_FOUND);
	assert_why("/nonexistent/x.tsp: there is no such file");
	assert_int_equal(parse("/tmp", NULL), ERR_IO);
	assert_why("can not be read");
	assert_int_equal(parse("/dev/zero", NULL), ERR_LIMIT);
}

/* Any cut of a good file is refused or, where only the end is missing, read. */
static void test_tsplib__cut_anywhere(void **state)
{
	static const char text[] = HEAD COORDS SQUARE "EOF\n";
	char cut[sizeof text];

	(void)state;
	for (size_t len = 0; len < sizeof text - 6; len++) {
		memcpy(cut, text, len);
		cut[len] = 0;
		assert_int_not_equal(parse_text(cut), 0);
	}
}

static void test_tsplib__instances(void **state)
{
	static const struct {
		const char *name;
		uint32_t n;
		enum metric metric;
		int64_t optimum;
	} known[] = {
		{ "ulysses22", 22, METRIC_GEO, 7013 },
		{ "att48", 48, METRIC_ATT, 10628 },
		{ "berlin52", 52, METRIC_EUC_2D, 7542 },
		{ "gr96", 96, METRIC_GEO, 55209 },
		{ "dsj1000", 1000, METRIC_CEIL_2D, 18660188 },
		{ "pr2392", 2392, METRIC_EUC_2D, 378032 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct instance in;
		struct why why;

		if (tsplib_read(&in, instance_file(known[i].name), &why))
			fail_msg("%s", why.text);
		assert_int_equal(in.n, known[i].n);
		assert_int_equal(in.metric, known[i].metric);
		assert_true(in.decimals <= METRIC_DECIMALS_MAX);
		assert_int_equal(tsplib_optimum(&in), known[i].optimum);
		instance_deinit(&in);
	}
}

/* The file's decimals come out as the doubles that strtod gives. */
static void test_tsplib__decimals_are_exact(void **state)
{
	static const char *const words[] = { "245552.778", "1.07500e+04",
					     "0.1", "-3.3333", "12345.6789",
					     "7e-3" };
	struct instance in;
	struct point p;
	struct buf text;
	struct why why;
	const char *file;

	(void)state;
	for (int digits = 0; digits < 2; digits++) {
		buf_init(&text);
		buf_printf(&text, "DIMENSION: 6\nEDGE_WEIGHT_TYPE: EUC_2D\n"
				  COORDS);
		for (int i = 0; i < 6; i++)
			buf_printf(&text, "%d %s %s\n", i + 1, words[i],
				   digits ? "0.12345678901234567" : "0");
		buf_add_u8(&text, 0);
		file = temp_file((const char *)text.data);
		assert_int_equal(tsplib_read(&in, file, &why), 0);
		assert_int_equal(in.decimals,
				 digits ? METRIC_RAW_DOUBLES : 4);
		for (uint32_t i = 0; i < 6; i++) {
			metric_point(in.metric, in.decimals, &in.raw[i], &p);
			assert_true(p.x == strtod(words[i], NULL));
			assert_true(p.y == (digits ? 0.12345678901234567 : 0));
		}
		unlink(file);
		instance_deinit(&in);
		buf_deinit(&text);
	}
}

#define PLACES                                                                \
	"ES\t3255944\t40.4165\t-3.70256\tMadrid\n"                            \
	"DE\t3426354\t52.52437\t13.41053\tBerlin\n"                           \
	"ES\t1621537\t41.38879\t2.15899\tBarcelona\n"                         \
	"ES\t814208\t39.46975\t-0.37739\tValencia\n"                          \
	"ES\t814208\t39.46975\t-0.37739\tThe same again\n"                    \
	"ES\t354860\t43.26271\t-2.92528\tBilbao\n"

static void test_places__accepts(void **state)
{
	static const struct {
		const char *spec;
		uint32_t n;
		uint64_t kicks;
	} good[] = {
		{ "places?region=ES&count=4", 4, 4000 },
		{ "places?count=3&region=es&kicks=77", 3, 77 },
		{ "places?region=world", 6, 6000 },
		{ "places", 6, 6000 },
		{ "places&kicks=5", 6, 5 },
	};
	char file[64];

	(void)state;
	strcpy(file, temp_file(PLACES));
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct job_env env = { .places_file = file };
		struct job *job;
		struct why why;

		if (tsp_job.parse(&job, good[i].spec, &env, &why))
			fail_msg("%s: %s", good[i].spec, why.text);
		assert_int_equal(job->in.n, good[i].n);
		assert_int_equal(job->in.metric, METRIC_SPHERE);
		assert_int_equal(tsp_job.total(job), good[i].kicks);
		assert_int_equal(tsp_job.prepare(job, &why), 0);
		assert_whole(job);
		tsp_job.free(job);
	}
	unlink(file);
}

static void test_places__refuses(void **state)
{
	static const struct {
		const char *spec, *why;
	} bad[] = {
		{ "places?region=XX", "region=XX is unknown; accepted are" },
		{ "places?region=Spain", "region=Spain is unknown" },
		{ "places?region=", "unknown" },
		{ "places?region=DE", "has 1 places, too few" },
		{ "places?region=ES&count=6", "accepted are 3 to 5" },
		{ "places?region=ES&count=2", "accepted are 3 to 5" },
		{ "places?region=ES&count=0", "whole numbers from 1" },
		{ "places?count=-4", "whole numbers from 1" },
		{ "places?count=4x", "whole numbers from 1" },
		{ "places?kicks=99999999999999999999", "whole numbers" },
		{ "places?regoin=ES", "unknown option regoin" },
		{ "places?region", "accepted are region=" },
		{ "x.tsp&count=4", "unknown option count" },
		{ "", "accepted are FILE.tsp" },
	};
	char file[64];

	(void)state;
	strcpy(file, temp_file(PLACES));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_not_equal(parse(bad[i].spec, file), 0);
		assert_why(bad[i].why);
	}
	unlink(file);
	assert_int_equal(parse("places", NULL), ERR_NOT_FOUND);
	assert_why("list of places");
	strcpy(file, temp_file(PLACES "garbage\n"));
	assert_int_equal(parse("places", file), ERR_MALFORMED);
	assert_why("line 7");
	unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tsplib__accepts),
		cmocka_unit_test(test_tsplib__refuses),
		cmocka_unit_test(test_tsplib__unreadable),
		cmocka_unit_test(test_tsplib__cut_anywhere),
		cmocka_unit_test(test_tsplib__instances),
		cmocka_unit_test(test_tsplib__decimals_are_exact),
		cmocka_unit_test(test_places__accepts),
		cmocka_unit_test(test_places__refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
