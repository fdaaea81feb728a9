/* Distances against TSPLIB's definitions in libm, and trigonometry. */
#include "tests/unit/compute/tsp_run.h"

#include <math.h>

#include "compute/tsp/geo.h"

static void test_geo__cos_and_acos_follow_libm(void **state)
{
	double worst = 0, worst_acos = 0;

	(void)state;
	for (int i = -70000; i <= 70000; i++) {
		double x = i * 1e-4;

		worst = fmax(worst, fabs(geo_cos(x) - cos(x)));
		worst = fmax(worst, fabs(geo_sin(x) - sin(x)));
		if (fabs(x) <= 1)
			worst_acos = fmax(worst_acos,
					  fabs(geo_acos(x) - acos(x)));
	}
	assert_true(worst < 4e-16);
	assert_true(worst_acos < 9e-16);
	assert_true(geo_acos(1.5) == 0 && geo_acos(1) == 0);
	assert_true(geo_acos(-1) == acos(-1));
}

static double file_coordinate(const struct instance *in, uint32_t i, int k)
{
	return (double)in->raw[i].c[k] / pow(10, in->decimals);
}

/* TSPLIB 95, section 2.3, with libm. */
static int32_t geo_by_libm(const struct instance *in, uint32_t i, uint32_t j)
{
	double lat[2], lon[2], q1, q2, q3;
	uint32_t c[2] = { i, j };

	for (int k = 0; k < 2; k++) {
		double x = file_coordinate(in, c[k], 0);
		double y = file_coordinate(in, c[k], 1);

		lat[k] = 3.141592 * (trunc(x) + 5.0 * (x - trunc(x)) / 3.0) /
			 180.0;
		lon[k] = 3.141592 * (trunc(y) + 5.0 * (y - trunc(y)) / 3.0) /
			 180.0;
	}
	q1 = cos(lon[0] - lon[1]);
	q2 = cos(lat[0] - lat[1]);
	q3 = cos(lat[0] + lat[1]);
	return (int32_t)(6378.388 * acos(0.5 * ((1.0 + q1) * q2 -
						(1.0 - q1) * q3)) + 1.0);
}

static void compare_geo(const char *file)
{
	struct instance in;
	struct point *points;
	struct space s;
	struct why why;

	if (tsplib_read(&in, file, &why))
		fail_msg("%s", why.text);
	points = calloc(in.n, sizeof *points);
	s = (struct space){ in.metric, in.n, points };
	for (uint32_t i = 0; i < in.n; i++)
		assert_true(metric_point(in.metric, in.decimals, &in.raw[i],
					 &points[i]));
	for (uint32_t i = 0; i < in.n; i++)
		for (uint32_t j = 0; j < in.n; j++)
			if (i != j)
				assert_int_equal(metric_distance(&s, i, j),
						 geo_by_libm(&in, i, j));
	free(points);
	instance_deinit(&in);
}

static void test_metric__geo_equals_libm_on_instances(void **state)
{
	(void)state;
	compare_geo(instance_file("ulysses22"));
	compare_geo(instance_file("gr96"));
}

static void test_metric__geo_equals_libm_on_random_pairs(void **state)
{
	struct buf text;
	struct rng rng;
	const char *file;

	(void)state;
	rng_seed(&rng, 7);
	buf_init(&text);
	buf_printf(&text, "DIMENSION: 400\nEDGE_WEIGHT_TYPE: GEO\n"
			  "NODE_COORD_SECTION\n");
	for (int i = 1; i <= 400; i++)
		buf_printf(&text, "%d %d.%02u %d.%02u\n", i,
			   (int)rng_below(&rng, 179) - 89,
			   rng_below(&rng, 60), (int)rng_below(&rng, 359) - 179,
			   rng_below(&rng, 60));
	buf_add_u8(&text, 0);
	file = temp_file((const char *)text.data);
	compare_geo(file);
	unlink(file);
	buf_deinit(&text);
}

static void test_metric__plane_distances(void **state)
{
	static const struct point p[] = { { 0, 0, 0 }, { 3, 4, 0 },
					  { 1, 1, 0 }, { 10, 0, 0 },
					  { 0, 2.5, 0 }, { 0, 0, 0 } };
	struct space s = { METRIC_EUC_2D, 6, p };

	(void)state;
	assert_int_equal(metric_distance(&s, 0, 1), 5);
	assert_int_equal(metric_distance(&s, 0, 2), 1);
	assert_int_equal(metric_distance(&s, 0, 4), 3);
	assert_int_equal(metric_distance(&s, 0, 5), 0);
	s.metric = METRIC_CEIL_2D;
	assert_int_equal(metric_distance(&s, 0, 1), 5);
	assert_int_equal(metric_distance(&s, 0, 2), 2);
	/* sqrt(100/10) = 3.16…: rounds to 3, which is less, so 4 */
	s.metric = METRIC_ATT;
	assert_int_equal(metric_distance(&s, 0, 3), 4);
	/* sqrt(25/10) = 1.58: rounds to 2 */
	assert_int_equal(metric_distance(&s, 0, 1), 2);
}

static void test_metric__sphere_is_the_chord(void **state)
{
	struct raw_point raw[] = { { { 0, 0 } }, { { 0, 1800000 } },
				   { { 900000, 0 } }, { { 432627, -29253 } } };
	struct point p[4];
	struct space s = { METRIC_SPHERE, 4, p };

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_true(metric_point(METRIC_SPHERE, 4, &raw[i], &p[i]));
	assert_int_equal(metric_distance(&s, 0, 1), 2 * 637101);
	assert_int_equal(metric_distance(&s, 0, 2),
			 (int)lround(637101 * sqrt(2)));
	assert_true(p[3].x == rint(p[3].x) && p[3].z == rint(p[3].z));
	raw[0].c[0] = 900001;
	assert_false(metric_point(METRIC_SPHERE, 4, &raw[0], &p[0]));
}

/* Lengths that TSPLIB's documentation gives for the tour 1, 2, … n. */
static void test_metric__canonical_tours(void **state)
{
	static const struct {
		const char *name;
		int64_t length;
	} known[] = { { "pcb442", 221440 }, { "gr96", 0 },
		      { "berlin52", 22205 } };

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct instance in;
		struct point *points;
		struct space s;
		struct why why;
		int64_t sum = 0;

		if (known[k].length == 0)
			continue;
		if (tsplib_read(&in, instance_file(known[k].name), &why))
			fail_msg("%s", why.text);
		points = calloc(in.n, sizeof *points);
		s = (struct space){ in.metric, in.n, points };
		for (uint32_t i = 0; i < in.n; i++)
			metric_point(in.metric, in.decimals, &in.raw[i],
				     &points[i]);
		for (uint32_t i = 0; i < in.n; i++)
			sum += metric_distance(&s, i, (i + 1) % in.n);
		assert_int_equal(sum, known[k].length);
		free(points);
		instance_deinit(&in);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_geo__cos_and_acos_follow_libm),
		cmocka_unit_test(test_metric__geo_equals_libm_on_instances),
		cmocka_unit_test(test_metric__geo_equals_libm_on_random_pairs),
		cmocka_unit_test(test_metric__plane_distances),
		cmocka_unit_test(test_metric__sphere_is_the_chord),
		cmocka_unit_test(test_metric__canonical_tours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
